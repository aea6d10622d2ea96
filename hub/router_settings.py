"""The router's settings inside the hub: ``router.toml`` of the data folder, and the hub's own addresses over it."""

from __future__ import annotations

import secrets
from dataclasses import replace
from pathlib import Path

from hub.identity import GRAPHQL_PATH
from hub.settings import Settings
from router import config

ASSETS = Path(__file__).parent / "assets" / "vendor"


def router_settings(settings: Settings) -> config.Settings:
    """The router's settings.

    Raises router.config.ConfigError for a ``router.toml`` that cannot be used.
    """
    file = settings.data / "router.toml"
    read = config.read_settings(file if file.is_file() else None)
    return replace(
        read,
        server=replace(read.server, host=settings.host, port=settings.port),
        http=replace(read.http, path=GRAPHQL_PATH, public_url=settings.url, assets=str(ASSETS)),
        token=replace(
            read.token,
            issuer=settings.url,
            audience=settings.url + GRAPHQL_PATH,
            dpop_nonce_secret=read.token.dpop_nonce_secret or secrets.token_hex(32),
        ),
    )
