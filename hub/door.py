"""The hub's one ASGI application: the authorization server's paths, and the router for everything else."""

from __future__ import annotations

from auth import paths
from router.app import ASGIApp, Receive, Scope, Send

AUTH_PATHS = ("/oauth/", paths.METADATA, paths.OPENID_METADATA)


class HubDoor:
    """Chooses by path."""

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
