"""Settings of the authorization server: read once, frozen, checked before anything starts."""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from auth.errors import SettingsInvalid

LOOPBACK_HOSTS = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True, slots=True)
class AuthSettings:
    """How one authorization server runs.

    Raises `SettingsInvalid` when a value is unsafe: the issuer is what every token, redirect and metadata document
    says, so it comes from here and never from request headers (RFC 9700 section 4.13).
    """

    issuer: str
    """Public base URL, no trailing slash, no path; https except on loopback."""
    audience: str
    """Resource identifier of the router (RFC 8707); the `aud` of every access token."""
    database_url: str = "sqlite+aiosqlite:///var/auth.sqlite"
    """Async SQLAlchemy URL; sqlite+aiosqlite or postgresql+asyncpg."""
    keys_dir: Path = Path("var/keys")
    """Folder of the private signing keys; made with mode 0700, files 0600."""
    access_token_seconds: int = 300
    """Life of an access token; also the longest a revocation can go unnoticed when the feed is down."""
    code_seconds: int = 60
    """Life of an authorization code."""
    pushed_request_seconds: int = 300
    """Life of a pushed authorization request: the time a citizen has to sign in and answer (RFC 9126 section 2.2)."""
    device_code_seconds: int = 600
    """Time a citizen has to enter the code that a device shows."""
    refresh_token_seconds: int = 30 * 86_400
    """Life of a refresh token family, from the consent on."""
    session_seconds: int = 8 * 3_600
    """Life of a citizen's browser session."""
    key_rotation_seconds: int = 90 * 86_400
    """How long one signing key signs."""
    key_lead_seconds: int = 600
    """How long a new key is published before it signs; longer than any verifier caches the JWKS."""
    poll_seconds: float = 0.5
    """How often revocations and keys written by other processes are read."""
    sandbox: bool = False
    """Sandbox mode: demo accounts and longer, flagged tokens may be made."""
    sandbox_token_seconds: int = 3_600
    """Life of a token made by `issue_sandbox_token`."""
    allow_insecure_issuer: bool = False
    """Accept an http issuer that is not loopback (a private network under test); cookies are then not Secure."""

    def __post_init__(self) -> None:
        for name in ("issuer", "audience"):
            _check_url(name, getattr(self, name), allow_http=self.allow_insecure_issuer)
        issuer = urlsplit(self.issuer)
        if issuer.path or issuer.query:
            raise SettingsInvalid("issuer must be scheme and host only, without a trailing slash")
        if urlsplit(self.database_url).scheme not in {"sqlite+aiosqlite", "postgresql+asyncpg"}:
            raise SettingsInvalid("database_url must start with sqlite+aiosqlite: or postgresql+asyncpg:")
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name.endswith("_seconds") and not value > 0:
                raise SettingsInvalid(f"{field.name} must be positive")
        if max(self.access_token_seconds, self.code_seconds, self.pushed_request_seconds) > 600:
            raise SettingsInvalid("access tokens, codes and pushed requests live at most 600 seconds")

    @property
    def secure(self) -> bool:
        """Whether cookies can be Secure and host-prefixed."""
        return self.issuer.startswith("https://")


def read_settings(file: Path | None = None, environ: Mapping[str, str] = os.environ) -> AuthSettings:
    """Read the `[auth]` table of a TOML file, then AUTH_<FIELD> variables over it.

    Raises `SettingsInvalid` for an unknown key, a value of the wrong kind, or one that fails the checks.
    """
    values: dict[str, Any] = {}
    if file is not None:
        table = tomllib.loads(file.read_text(encoding="utf-8")).get("auth", {})
        values.update(table)
    kinds = {field.name: field.type for field in fields(AuthSettings)}
    for name in kinds:
        if (text := environ.get(f"AUTH_{name.upper()}")) is not None:
            values[name] = text
    if unknown := sorted(values.keys() - kinds.keys()):
        raise SettingsInvalid(f"unknown setting: {', '.join(unknown)}")
    if missing := sorted({"issuer", "audience"} - values.keys()):
        raise SettingsInvalid(f"missing setting: {', '.join(missing)}")
    return AuthSettings(**{name: _value(name, kinds[name], value) for name, value in values.items()})


def _value(name: str, kind: Any, value: Any) -> Any:
    try:
        if kind is bool and isinstance(value, str):
            return {"1": True, "true": True, "0": False, "false": False}[value.lower()]
        return value if kind is bool and isinstance(value, bool) else kind(value)
    except (KeyError, TypeError, ValueError) as error:
        raise SettingsInvalid(f"{name} must be a {kind.__name__}") from error


def _check_url(name: str, value: str, *, allow_http: bool) -> None:
    try:
        parts = urlsplit(value)
        host, _port = parts.hostname, parts.port
    except ValueError as error:
        raise SettingsInvalid(f"{name} is not a URL") from error
    if not host or parts.scheme not in {"http", "https"} or parts.fragment or parts.username is not None:
        raise SettingsInvalid(f"{name} must be an absolute http(s) URL without user or fragment")
    if parts.scheme == "http" and host not in LOOPBACK_HOSTS and not allow_http:
        raise SettingsInvalid(f"{name} must be https unless its host is loopback")
