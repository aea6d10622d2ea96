"""Rail, as the registry sees it."""

from __future__ import annotations

from pathlib import Path

from subgraphs.kit.subgraph import Subgraph
from subgraphs.rail.errors import ERRORS
from subgraphs.rail.importers import IMPORTERS
from subgraphs.rail.models import METADATA
from subgraphs.rail.schema import SCHEMA
from subgraphs.rail.seed import seed
from subgraphs.rail.service.reference import load_timetable
from subgraphs.rail.service.sweeper import sweep

RAIL = Subgraph(
    name="rail",
    schema=SCHEMA,
    errors=ERRORS,
    metadata=METADATA,
    migrations=Path(__file__).parent / "migrations",
    seed=seed,
    load_model=load_timetable,
    importers=IMPORTERS,
    background=(sweep,),
)
