"""The ASGI door of the authorization server."""

import contextlib
import time
from collections.abc import AsyncIterator, Callable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from auth import paths
from auth.config import AuthSettings
from auth.endpoints import ENDPOINTS
from auth.exchange import Address
from auth.pages.render import asset
from auth.server import AuthServer


def routes(server: AuthServer) -> list[BaseRoute]:
    """One route a path."""
    by_path = dict.fromkeys(endpoint.path for endpoint in ENDPOINTS)
    found: list[BaseRoute] = [
        Route(path, Address(tuple(endpoint for endpoint in ENDPOINTS if endpoint.path == path), server))
        for path in by_path
    ]
    found.append(Route(paths.ASSETS + "/{name}", _asset, methods=["GET"]))
    return found


def app_of(server: AuthServer) -> Starlette:
    """An application on a server that is open already; its owner closes it."""
    return Starlette(routes=routes(server))


def build_app(settings: AuthSettings, *, clock: Callable[[], float] = time.time) -> Starlette:
    """An application that opens its server when it starts; `app.state.auth` is the `AuthServer` then."""

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        server = await AuthServer.open(settings, clock=clock)
        app.state.auth = server
        app.router.routes[:] = routes(server)
        try:
            yield
        finally:
            await server.aclose()

    return Starlette(lifespan=lifespan)


async def _asset(request: Request) -> Response:
    return asset(request.path_params["name"]) or Response("not found", status_code=404, media_type="text/plain")
