"""Citizens and their passwords: argon2id (RFC 9106), hashed in a thread, attempts counted."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, delete, select

from auth.credentials import new_id, new_secret
from auth.database import Database
from auth.errors import NotRegistered, RegistrationRefused
from auth.models import BrowserSession, Citizen

MINIMUM_PASSWORD = 10
MAXIMUM_PASSWORD = 200
ATTEMPTS_PER_LOGIN = 10
ATTEMPTS_PER_ADDRESS = 40
ATTEMPT_WINDOW_SECONDS = 900
_MAXIMUM_COUNTED = 10_000


class Passwords:
    """Hashing and checking; two at a time, since each takes 64 MiB and a core for some 50 ms (RFC 9106 section 4)."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._turns = asyncio.Semaphore(2)
        self._nobody: str | None = None

    async def hash(self, password: str) -> str:
        """argon2id in PHC form."""
        async with self._turns:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def check(self, stored: str | None, password: str) -> bool:
        """Whether the password fits; an absent citizen costs the same time."""
        async with self._turns:
            if self._nobody is None:
                self._nobody = await asyncio.to_thread(self._hasher.hash, new_secret())
            fits = await asyncio.to_thread(self._verify, stored or self._nobody, password)
        return fits and stored is not None

    def _verify(self, stored: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return False


class Attempts:
    """Failed sign-ins per key (login, and address), bounded; the oldest keys are forgotten first."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._failures: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def exhausted(self, key: str, allowed: int) -> bool:
        """Whether the key has used up its allowed attempts in the present window."""
        started, count = self._failures.get(key, (0.0, 0))
        return count >= allowed and self._clock() - started < ATTEMPT_WINDOW_SECONDS

    def failed(self, key: str) -> None:
        """Count one failure."""
        now = self._clock()
        started, count = self._failures.pop(key, (now, 0))
        self._failures[key] = (now, 1) if now - started >= ATTEMPT_WINDOW_SECONDS else (started, count + 1)
        if len(self._failures) > _MAXIMUM_COUNTED:
            self._failures.popitem(last=False)

    def succeeded(self, key: str) -> None:
        """Forget the failures of a key."""
        self._failures.pop(key, None)


def login_form(login: str) -> str:
    """The stored form of a login name: trimmed, case-folded."""
    return login.strip().casefold()


async def create_citizen(
    database: Database, passwords: Passwords, *, login: str, name: str, password: str, now: int
) -> str:
    """Register a citizen; returns the id `u_…`.

    Raises `RegistrationRefused` for an empty or taken login, or a password outside 10 to 200 characters.
    """
    login = login_form(login)
    if not 1 <= len(login) <= 64 or not 1 <= len(name) <= 60:
        raise RegistrationRefused("login must have 1 to 64 characters, name 1 to 60")
    citizen = Citizen(
        id=new_id("u"), login=login, name=name, password_hash=await _hash(passwords, password), created_at=now
    )
    try:
        async with database.write() as session:
            session.add(citizen)
    except IntegrityError as error:
        raise RegistrationRefused(f"login {login!r} is taken") from error
    return citizen.id


async def set_password(database: Database, passwords: Passwords, *, login: str, password: str) -> None:
    """Replace a citizen's password and end every session.

    Raises `NotRegistered`, or `RegistrationRefused` for the password's length.
    """
    hashed = await _hash(passwords, password)
    async with database.write() as session:
        citizen = (await session.exec(select(Citizen).where(Citizen.login == login_form(login)))).first()
        if citizen is None:
            raise NotRegistered(f"no citizen {login!r}")
        citizen.password_hash = hashed
        session.add(citizen)
        await session.exec(delete(BrowserSession).where(col(BrowserSession.citizen_id) == citizen.id))


async def find_citizen(database: Database, login: str) -> Citizen | None:
    """The citizen of a login name, unless disabled."""
    async with database.read() as session:
        citizen = (await session.exec(select(Citizen).where(Citizen.login == login_form(login)))).first()
    return citizen if citizen is not None and citizen.disabled_at is None else None


async def get_citizen(database: Database, citizen_id: str) -> Citizen | None:
    """The citizen of an id, unless disabled."""
    async with database.read() as session:
        citizen = await session.get(Citizen, citizen_id)
    return citizen if citizen is not None and citizen.disabled_at is None else None


async def _hash(passwords: Passwords, password: str) -> str:
    if not MINIMUM_PASSWORD <= len(password) <= MAXIMUM_PASSWORD:
        raise RegistrationRefused(f"a password has {MINIMUM_PASSWORD} to {MAXIMUM_PASSWORD} characters")
    return await passwords.hash(password)
