"""The source of a few operations, as checked in. ``GOLDEN=write pytest …`` writes them anew after a wanted change."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from subgraphs.kit.compiled import compiled
from tests.subgraphs.compiled.feature_schema import SCHEMA

FOLDER = Path(__file__).parent / "golden"
OPERATIONS = {
    "leaves_and_lists": "query Leaves { page(size: 3) { total items { name lives } } ids floats flavours span }",
    "abstract_types": '{ pets { name ... on Dog { tricks } } eitherPet { ... on Cat { lives } } node(id: "x") { id } }',
    "calls": '{ about(word: "v") aboutLater guarded shouted scalars(flavour: ACID) byParent }',
    "serial_mutation": 'mutation Notes { a: note(word: "1") noteNow(word: "2") __typename }',
}


@pytest.mark.parametrize("name", OPERATIONS)
def test_source(name: str) -> None:
    source, file = compiled(SCHEMA).explain(OPERATIONS[name]), FOLDER / f"{name}.txt"
    if os.environ.get("GOLDEN") == "write":
        file.write_text(source)
    assert source == file.read_text()


def test_no_golden_source_is_left_over() -> None:
    assert {file.stem for file in FOLDER.iterdir()} == set(OPERATIONS)
