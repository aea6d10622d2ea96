"""How the router is served: by its own door, or by uvicorn on uvloop and httptools; and what it is made of."""

from __future__ import annotations

import gc
import logging
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any, cast, get_args

from router.app import ASGIApp, OpenPipeline, RouterApp
from router.config import ConfigError, Settings, SubgraphSettings
from router.door import Door
from router.door.sockets import CuttableSocket
from router.executor import ExecutionSettings
from router.executor.http import HeadersFor, HttpSettings, HttpTransport, forwardable, forwarded_headers
from router.executor.settings import ErrorPolicy, SubgraphErrors
from router.federation.supergraph import Supergraph
from router.pipeline import Pipeline, PipelineSettings
from router.policy.identity_header import IdentityHeader
from router.policy.override_labels import LabelHook, OverrideLabels, labels_of
from router.subscriptions.upstream import subscribe

logger = logging.getLogger(__name__)

DOORS = ("own", "uvicorn")
YOUNG_OBJECTS = 10_000
"""New containers between two collections of the youngest generation."""
MIN_SECRET = 16
"""Characters of a secret under which identities are signed."""


def uvicorn_options(settings: Settings) -> dict[str, Any]:
    """Keyword arguments for ``uvicorn.Config`` and ``uvicorn.run``.

    The log is kept at warnings: uvicorn's line for an accepted WebSocket has the query string in it, and people do put
    tokens there.
    """
    server, subscriptions = settings.server, settings.subscriptions
    return {
        "host": server.host,
        "port": server.port,
        "backlog": server.backlog,
        "loop": "uvloop",
        "http": "httptools",
        "ws": CuttableSocket,
        "ws_max_size": subscriptions.max_message_bytes,
        "ws_ping_interval": subscriptions.keep_alive_s,
        "ws_ping_timeout": subscriptions.keep_alive_s,
        "ws_per_message_deflate": False,
        "lifespan": "on",
        "log_level": "info" if server.access_log else "warning",
        "access_log": server.access_log,
        "server_header": False,
        "date_header": True,
        "proxy_headers": False,
        "timeout_graceful_shutdown": server.drain_s,
    }


def door_of(router: RouterApp, settings: Settings, app: ASGIApp | None = None) -> Door:
    """The router's own server over ``router``, or over an application around it that leaves GraphQL to it."""
    return Door(app or router, settings, uvicorn_options(settings), router.direct, router.end_streams)


def pipeline_settings(
    settings: Settings, subgraphs: Iterable[str] = (), label_hook: LabelHook | None = None
) -> PipelineSettings:
    """What the pipeline takes of the settings. Raises ``ConfigError`` for an error policy that is none.

    ``subgraphs`` are the names in the supergraph; ``label_hook`` goes before the settings in deciding about labels of
    ``@override``.
    """
    keys = settings.pipeline
    everyone = error_policy("pipeline.subgraph_errors", keys.subgraph_errors, keys.subgraph_error_extensions)
    longest = max([one.timeout_s for one in settings.subgraphs.values()] + [SubgraphSettings().timeout_s])
    configured = {_folded(name): one for name, one in settings.subgraphs.items()}
    errors_of = {
        name: error_policy(
            f"subgraphs.{name}.errors",
            own.errors or keys.subgraph_errors,
            own.error_extensions or keys.subgraph_error_extensions,
        )
        for name in subgraphs
        if (own := configured.get(_folded(name))) is not None
    }
    return PipelineSettings(
        limits=settings.limits,
        execution=ExecutionSettings(everyone, errors_of, longest),
        documents=keys.documents,
        plans=keys.plans,
        suggestions=keys.suggestions,
        introspection=keys.introspection,
        incremental=keys.incremental,
        override_labels=OverrideLabels(settings.override_labels, label_hook),
    )


def error_policy(name: str, messages: str, extensions: Sequence[str]) -> ErrorPolicy:
    """The policy two settings say; ``name`` is that of the first. Raises ``ConfigError``."""
    if messages not in get_args(SubgraphErrors):
        raise ConfigError(f"{name} is one of {', '.join(get_args(SubgraphErrors))}, not {messages!r}")
    return ErrorPolicy(cast(SubgraphErrors, messages), None if "*" in extensions else frozenset(extensions))


def check_subgraph_settings(supergraph: Supergraph, settings: Settings) -> None:
    """Refuse settings for subgraphs the supergraph does not have, and weak secrets. Raises ``ConfigError``.

    A label nobody has is only warned of: it goes from the supergraph when a migration is done.
    """
    for label in sorted(set(settings.override_labels) - labels_of(supergraph)):
        logger.warning("the settings name an override label %r, which no field of the supergraph has", label)
    known = {_folded(name) for name in supergraph.subgraphs}
    for name, own in settings.subgraphs.items():
        if 0 < len(own.identity_secret) < MIN_SECRET:
            raise ConfigError(f"subgraphs.{name}.identity_secret must have at least {MIN_SECRET} characters")
        if not forwardable(own.identity_header, ""):
            raise ConfigError(f"subgraphs.{name}.identity_header: {own.identity_header!r} cannot carry an identity")
        if _folded(name) not in known:
            raise ConfigError(
                f"settings name a subgraph {name!r}; the supergraph has {', '.join(supergraph.subgraphs)}"
            )


def http_transports(supergraph: Supergraph, settings: Settings) -> Mapping[str, HttpTransport]:
    """A transport to each subgraph at its configured URL, else at that of the supergraph.

    Raises ``ValueError`` for a URL that is no http URL.
    """
    configured = {_folded(name): one for name, one in settings.subgraphs.items()}
    transports = {}
    for name, info in supergraph.subgraphs.items():
        own = configured.get(_folded(name), SubgraphSettings())
        url = own.url or info.url
        headers_for: HeadersFor = (
            IdentityHeader(own.identity_secret, own.identity_header) if own.identity_secret else forwarded_headers
        )
        try:
            transports[name] = HttpTransport(
                url,
                HttpSettings(timeout=own.timeout_s, share_reads=own.share_reads, accept_encoding=own.accept_encoding),
                open_subscription=subscribe,
                subscription_url=own.subscription_url or None,
                headers_for=headers_for,
            )
        except ValueError as error:
            raise ValueError(f"subgraph {name!r} cannot be reached at {url!r}: {error}") from error
    return transports


def make_pipeline(supergraph: Supergraph, settings: Settings, *, label_hook: LabelHook | None = None) -> Pipeline:
    """The pipeline of a supergraph whose subgraphs speak HTTP; the caller closes it."""
    transports = http_transports(supergraph, settings)
    return Pipeline(supergraph, transports, pipeline_settings(settings, supergraph.subgraphs, label_hook))


def http_pipeline(supergraph: Supergraph, settings: Settings, *, label_hook: LabelHook | None = None) -> OpenPipeline:
    """Opens the pipeline of a supergraph whose subgraphs speak HTTP, for ``build_app``."""

    @asynccontextmanager
    async def opened() -> AsyncIterator[Pipeline]:
        pipeline = make_pipeline(supergraph, settings, label_hook=label_hook)
        try:
            with settled_memory():
                yield pipeline
        finally:
            await pipeline.aclose()

    return opened


@contextmanager
def settled_memory() -> Iterator[None]:
    """Take what lives now out of garbage collection: schemas are large, and each full collection would read them.

    Requests make many objects and hardly a cycle, so what is new is looked through less often than Python's default.
    """
    before = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


def settle_again() -> None:
    """Within ``settled_memory``, after much of what lives was replaced: let go of the old, take out the new."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()


def _folded(name: str) -> str:
    """Subgraph names as the environment can spell them."""
    return name.lower().replace("-", "_")
