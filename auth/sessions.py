"""Browser sessions of citizens: a random cookie, of which the database holds the digest."""

from dataclasses import dataclass

from sqlmodel import col, delete, select
from starlette.requests import Request
from starlette.responses import Response

from auth.config import AuthSettings
from auth.credentials import digest, new_secret
from auth.database import Database
from auth.models import BrowserSession, Citizen


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A citizen's live session; `cookie` keys the anti-forgery tokens of this browser's forms."""

    cookie: str
    citizen_id: str
    name: str
    authenticated_at: int


@dataclass(frozen=True, slots=True)
class Cookies:
    """Names and attributes: host-prefixed and Secure on https (RFC 6265bis section 4.1.3.2)."""

    secure: bool

    @property
    def session(self) -> str:
        """Cookie of a signed-in browser."""
        return "__Host-hub_session" if self.secure else "hub_session"

    @property
    def visit(self) -> str:
        """Cookie of a browser that has not signed in yet; keys the sign-in form."""
        return "__Host-hub_visit" if self.secure else "hub_visit"

    def read(self, request: Request, name: str) -> str | None:
        """A cookie's value when it has the length of ours."""
        value = request.cookies.get(name, "")
        return value if len(value) == 43 and value.isascii() else None

    def give(self, response: Response, name: str, value: str, seconds: int) -> None:
        """Set a cookie that scripts cannot read and other sites' forms do not send."""
        response.set_cookie(name, value, max_age=seconds, path="/", secure=self.secure, httponly=True, samesite="lax")

    def take(self, response: Response, name: str) -> None:
        """Remove a cookie."""
        response.delete_cookie(name, path="/", secure=self.secure, httponly=True, samesite="lax")


async def open_session(database: Database, settings: AuthSettings, citizen_id: str, now: int) -> str:
    """Start a session; returns the new cookie, so a cookie planted before the sign-in is worth nothing."""
    cookie = new_secret()
    async with database.write() as session:
        session.add(
            BrowserSession(
                digest=digest(cookie),
                citizen_id=citizen_id,
                authenticated_at=now,
                expires_at=now + settings.session_seconds,
            )
        )
    return cookie


async def find_session(database: Database, cookie: str, now: int) -> SignedIn | None:
    """The live session of a cookie, of a citizen who is not disabled."""
    async with database.read() as session:
        found = (
            await session.exec(
                select(BrowserSession, Citizen)
                .join(Citizen)
                .where(BrowserSession.digest == digest(cookie), BrowserSession.expires_at > now)
                .where(col(Citizen.disabled_at).is_(None))
            )
        ).first()
    if found is None:
        return None
    row, citizen = found
    return SignedIn(cookie, citizen.id, citizen.name, row.authenticated_at)


async def close_session(database: Database, cookie: str) -> None:
    """End the session of a cookie."""
    async with database.write() as session:
        await session.exec(delete(BrowserSession).where(col(BrowserSession.digest) == digest(cookie)))
