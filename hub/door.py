"""The hub's one ASGI application: the authorization server's paths, and the router for everything else."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from auth import paths

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]

AUTH_PATHS = ("/oauth/", paths.METADATA)


class HubDoor:
    """Chooses by path; the first comparison is the router's, whose requests are the many."""

    def __init__(self, router: ASGIApp, auth: ASGIApp) -> None:
        self._router = router
        self._auth = auth

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI, without lifespan: the hub opens and closes its rooms itself."""
        path: str = scope["path"]
        if scope["type"] == "http" and path.startswith(AUTH_PATHS):
            await self._auth(scope, receive, send)
        else:
            await self._router(scope, receive, send)
