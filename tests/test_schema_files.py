"""``schema/`` is what the code says, composes without a finding, and stays standard."""

from __future__ import annotations

from pathlib import Path

from graphql import build_schema

from hub.reference import check_reference
from hub.schema import check_schema, composed, files
from router.federation.supergraph import read_supergraph
from subgraphs.registry import DOMAINS

SCHEMA = Path(__file__).parents[1] / "schema"


def test_the_checked_in_files_are_what_the_code_says() -> None:
    assert check_schema(SCHEMA) == 0


def test_the_page_of_error_codes_is_what_the_code_says() -> None:
    assert check_reference(SCHEMA.parent / "docs") == 0


def test_a_changed_file_is_noticed(tmp_path: Path) -> None:
    for name, text in files().items():
        (tmp_path / name).write_text(text + ("\n" if name == "rail.graphql" else ""))
    assert check_schema(tmp_path) == 1


def test_the_subgraphs_compose_without_hints() -> None:
    assert composed().hints == ()


def test_the_supergraph_is_a_schema_of_the_join_spec() -> None:
    text = (SCHEMA / "supergraph.graphql").read_text()
    assert '@link(url: "https://specs.apollo.dev/join/v0.5", for: EXECUTION)' in text
    build_schema(text)
    assert set(read_supergraph(text).subgraphs) == {domain.name for domain in DOMAINS}


def test_composition_does_not_depend_on_the_order_of_the_subgraphs() -> None:
    from hub.schema import sources
    from router.composition import compose

    assert compose(reversed(sources())).supergraph_sdl == compose(sources()).supergraph_sdl
