"""SDL as Strawberry prints it is accepted as it is, and the checked-in subgraphs compose without a hint."""

from __future__ import annotations

from pathlib import Path

import pytest
import strawberry
from graphql import parse
from strawberry.federation.schema_directives import Key

from router.composition import SubgraphSource, compose
from router.federation.supergraph import read_supergraph

SCHEMA = Path(__file__).parents[3] / "schema"


@strawberry.federation.type(keys=["id"])
class Place:
    id: strawberry.ID
    lat: float = strawberry.federation.field(shareable=True)

    @classmethod
    def resolve_reference(cls, id: strawberry.ID) -> Place:
        return cls(id=id, lat=0.0)


@strawberry.federation.type(keys=[Key(fields="code", resolvable=False)])
class Region:
    code: str


@strawberry.type
class Query:
    @strawberry.federation.field(requires_scopes=[["place:read"]], tags=["public"])
    def places(self) -> list[Place]:
        return []

    @strawberry.federation.field(inaccessible=True)
    def region(self) -> Region | None:
        return None


@pytest.mark.parametrize("version", [None, "2.7", "2.11"])
def test_strawberry_sdl_composes(version: str | None) -> None:
    options = {} if version is None else {"federation_version": version}
    sdl = strawberry.federation.Schema(query=Query, **options).as_str()
    supergraph = read_supergraph(compose([SubgraphSource("places", "http://places", sdl)]).supergraph_sdl)
    query = supergraph.api_schema.query_type
    assert query is not None
    assert set(query.fields) == {"places"}
    assert "Query.places" in supergraph.requirements


@pytest.mark.skipif(not (SCHEMA / "supergraph.graphql").exists(), reason="no schema is checked in")
def test_the_checked_in_subgraphs_compose_without_hints() -> None:
    files = [path for path in SCHEMA.glob("*.graphql") if path.stem != "supergraph"]
    composed = compose(SubgraphSource(path.stem, f"http://{path.stem}", path.read_text("utf-8")) for path in files)
    assert composed.hints == ()
    assert parse(composed.supergraph_sdl)
