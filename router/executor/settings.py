"""How the executor behaves; read once from the router's configuration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

SubgraphErrors = Literal["all", "coded", "none"]


@dataclass(frozen=True, slots=True)
class ErrorPolicy:
    """What clients see of the errors of a subgraph.

    ``messages``: ``all`` forwards every message; ``coded`` (the default) those with an ``extensions.code``, because a
    subgraph that gives a code has worded the error for others, and masks the rest; ``none`` masks all.
    ``extensions``: the keys that go with a forwarded message; None means all but those that tell internals.
    A code is always told, and so is the subgraph's name.
    """

    messages: SubgraphErrors = "coded"
    extensions: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class ExecutionSettings:
    """``errors``: for all subgraphs but those in ``errors_of``; ``timeout``: seconds one subgraph call may take."""

    errors: ErrorPolicy = ErrorPolicy()
    errors_of: Mapping[str, ErrorPolicy] = field(default_factory=dict)
    timeout: float = 30.0

    def policy(self, subgraph: str) -> ErrorPolicy:
        """What clients see of this subgraph's errors."""
        return self.errors_of.get(subgraph, self.errors)
