"""The hub's settings: command line over environment over defaults, read once, frozen."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

ENVIRONMENT_PREFIX = "HUB_"


class SettingsError(Exception):
    """A setting has a value it cannot have; the message names the setting."""


def _setting(default: Any, text: str) -> Any:
    return field(default=default, metadata={"text": text})


@dataclass(frozen=True, slots=True)
class Settings:
    """Each field is a command line option (``--data``) and an environment variable (``HUB_DATA``)."""

    host: str = _setting("127.0.0.1", "address to listen on")
    port: int = _setting(8000, "port to listen on")
    public_url: str = _setting("", "address clients use, as in tokens; default: http://HOST:PORT")
    data: Path = _setting(Path("var"), "folder for databases and keys")
    database: str = _setting("", "PostgreSQL server URL (postgresql+asyncpg://…/); default: SQLite files under DATA")
    broker: str = _setting("", "MQTT broker URL (mqtt://…); default: an embedded broker on a private port")
    taxis: int = _setting(40, "taxis in the replay of roof-light readings; 0 replays nothing")
    rate: float = _setting(1.0, "messages a second of each taxi in the replay")
    seed: int = _setting(1, "seed of the replay; the same seed drives the same way")
    retention_days: float = _setting(0.0, "days that readings are kept; 0: 30 with a broker by URL, 1 with our own")
    quiet: bool = _setting(False, "print nothing but errors")
    log_level: str = _setting("warning", "debug, info, warning or error")

    def __post_init__(self) -> None:
        if not 0 < self.port < 65536:
            raise SettingsError(f"port: {self.port} is not between 1 and 65535")
        if self.taxis < 0 or self.taxis > 100_000:
            raise SettingsError(f"taxis: {self.taxis} is not between 0 and 100000")
        if not 0 <= self.rate <= 1000:
            raise SettingsError(f"rate: {self.rate} is not between 0 and 1000")
        if not 0 <= self.retention_days <= 3650:
            raise SettingsError(f"retention_days: {self.retention_days} is not between 0 and 3650")
        if self.log_level not in ("debug", "info", "warning", "error"):
            raise SettingsError(f"log_level: {self.log_level!r} is not debug, info, warning or error")
        if self.database and not self.database.startswith("postgresql+asyncpg://"):
            raise SettingsError("database: must start with postgresql+asyncpg://")

    @property
    def url(self) -> str:
        """The hub's public base URL, without a trailing slash."""
        return self.public_url.rstrip("/") or f"http://{self.host}:{self.port}"

    @property
    def days_kept(self) -> float:
        """Retention of readings in days; replayed taxis write millions of rows a day, real ones are worth keeping."""
        return self.retention_days or (30.0 if self.broker else 1.0)

    def database_url(self, name: str) -> str:
        """Async SQLAlchemy URL of one room's database: ``hub_<name>`` on the server, or ``<name>.db`` in the folder."""
        if self.database:
            return f"{self.database.rstrip('/')}/hub_{name}"
        return f"sqlite+aiosqlite:///{self.data / name}.db"


def environment_values(environment: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """The settings given as ``HUB_…``, with their types.

    Raises:
        SettingsError: a value does not fit its type.
    """
    values: dict[str, Any] = {}
    for item in fields(Settings):
        text = environment.get(ENVIRONMENT_PREFIX + item.name.upper())
        if text is None:
            continue
        values[item.name] = parse_value(item.name, text)
    return values


def parse_value(name: str, text: str) -> Any:
    """One setting's value from text.

    Raises:
        SettingsError: the text does not fit the type of the default.
    """
    default: Any = next(item.default for item in fields(Settings) if item.name == name)
    try:
        if isinstance(default, bool):
            return {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}[text.lower()]
        return type(default)(text)
    except (KeyError, ValueError) as problem:
        raise SettingsError(f"{name}: {text!r} is not a {type(default).__name__}") from problem
