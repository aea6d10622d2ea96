"""How the executor behaves; read once from the router's configuration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

SubgraphErrors = Literal["all", "coded", "none"]


@dataclass(frozen=True, slots=True)
class ExecutionSettings:
    """``subgraph_errors``: which messages of subgraphs reach clients.

    ``all`` forwards every message; ``coded`` (the default) those with an ``extensions.code``, because a subgraph that
    gives a code has worded the error for others, and masks the rest; ``none`` masks all. Codes are always forwarded.
    """

    subgraph_errors: SubgraphErrors = "coded"
    timeout: float = 30.0
    """Seconds one subgraph call may take, whatever the transport."""
