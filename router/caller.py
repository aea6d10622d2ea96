"""Who asks: made by the door from a verified token, read by policy, forwarded by transports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, already verified. ``headers`` are those the configuration lets through to subgraphs, lower case."""

    subject: str | None = None
    client_id: str | None = None
    scopes: frozenset[str] = frozenset()
    claims: Mapping[str, Any] = field(default_factory=dict)
    language: str = "en"
    headers: Mapping[str, str] = field(default_factory=dict)
    expires_at: float | None = None
    """Unix seconds at which the token ends; a subscription ends then too."""
