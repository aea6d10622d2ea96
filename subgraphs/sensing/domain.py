"""The sensing subgraph, complete."""

from __future__ import annotations

from pathlib import Path

from subgraphs.kit.subgraph import Subgraph
from subgraphs.sensing.errors import SENSING_ERRORS
from subgraphs.sensing.importers import IMPORTERS
from subgraphs.sensing.models import METADATA
from subgraphs.sensing.read_model import load_model
from subgraphs.sensing.schema import SCHEMA
from subgraphs.sensing.seed import seed
from subgraphs.sensing.service.stations import keep_simulated

SENSING = Subgraph(
    name="sensing",
    schema=SCHEMA,
    errors=SENSING_ERRORS,
    metadata=METADATA,
    migrations=Path(__file__).parent / "migrations",
    seed=seed,
    load_model=load_model,
    importers=IMPORTERS,
    background=(keep_simulated,),
)
