"""The domains of the hub, one line each.

A new domain is a package whose ``domain.py`` builds its ``Subgraph`` value (``LODGE = Subgraph(...)``), and a line
here.
"""

from __future__ import annotations

from subgraphs.kit.subgraph import Subgraph
from subgraphs.lodge.domain import LODGE
from subgraphs.rail.domain import RAIL
from subgraphs.sensing.domain import SENSING

DOMAINS: tuple[Subgraph, ...] = (RAIL, LODGE, SENSING)


def domain(name: str) -> Subgraph:
    """The domain of that name. Raises KeyError."""
    return {subgraph.name: subgraph for subgraph in DOMAINS}[name]
