"""What a resolver can reach: the database, the clock, who asks, the read model, services, and batch loaders."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import strawberry
from strawberry.dataloader import DataLoader

from subgraphs.kit.database import Database
from subgraphs.kit.errors import KIT_ERRORS, Language
from subgraphs.kit.time import Clock, utc_now

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

MAX_BATCH = 1000
"""Keys in one SQL statement; a larger batch becomes several (SQLite and PostgreSQL bound the parameters)."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who asks, as the router or the serving door verified it. No subject: an anonymous request."""

    subject: str | None = None
    client_id: str | None = None
    scopes: frozenset[str] = frozenset()
    language: Language = "en"


@dataclass(frozen=True, slots=True)
class Owner:
    """To whom a booking belongs: this citizen by this client; other clients of the same citizen cannot see it."""

    subject: str
    client_id: str


ANONYMOUS = Identity()


@dataclass(slots=True)
class Context:
    """Made anew for each request, so loaders never leak rows between callers."""

    database: Database
    identity: Identity = ANONYMOUS
    clock: Clock = utc_now
    model: Any = None
    services: Mapping[str, Any] = field(default_factory=dict)
    _loaders: dict[tuple[Hashable, ...], DataLoader[Any, Any]] = field(default_factory=dict)

    def loader(self, load: Callable[..., Awaitable[Sequence[V]]], *arguments: Hashable) -> DataLoader[Any, V]:
        """The loader of this request for ``load(context, keys, *arguments) -> values``.

        ``values`` are as many as ``keys`` and in their order, None for an unknown key. All keys asked for in the same
        turn of the event loop come in one call.
        """
        name = (load, *arguments)
        loader = self._loaders.get(name)
        if loader is None:

            async def load_batch(keys: list[Any]) -> Sequence[V]:
                return await load(self, keys, *arguments)

            loader = self._loaders[name] = DataLoader(load_fn=load_batch, max_batch_size=MAX_BATCH)
        return loader

    def owner(self, scope: str | None = None) -> Owner:
        """Who owns what this request books. Raises DomainError UNAUTHENTICATED, or FORBIDDEN without ``scope``."""
        subject, client_id = self.identity.subject, self.identity.client_id
        if subject is None or client_id is None:
            raise KIT_ERRORS.error("UNAUTHENTICATED")
        if scope is not None and scope not in self.identity.scopes:
            raise KIT_ERRORS.error("FORBIDDEN", scope=scope)
        return Owner(subject, client_id)


Info = strawberry.Info[Context, None]
"""The ``info`` of a resolver in this hub."""


def in_order(keys: Sequence[K], rows: Mapping[K, V]) -> list[V | None]:
    """Rows in the order of ``keys``, None where there is none: the last line of a batch loader."""
    return [rows.get(key) for key in keys]
