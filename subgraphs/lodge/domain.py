"""The lodge subgraph, complete."""

from __future__ import annotations

from pathlib import Path

from subgraphs.kit.subgraph import Subgraph
from subgraphs.lodge.catalogue import load_catalogue
from subgraphs.lodge.errors import LODGE_ERRORS
from subgraphs.lodge.importers import IMPORTERS
from subgraphs.lodge.models import METADATA
from subgraphs.lodge.schema import SCHEMA
from subgraphs.lodge.seed import seed
from subgraphs.lodge.service.settlement import sweep

LODGE = Subgraph(
    name="lodge",
    schema=SCHEMA,
    errors=LODGE_ERRORS,
    metadata=METADATA,
    migrations=Path(__file__).parent / "migrations",
    seed=seed,
    load_model=load_catalogue,
    importers=IMPORTERS,
    background=(sweep,),
)
