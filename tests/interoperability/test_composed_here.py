"""Our supergraphs are read by Apollo's own library, checks on, to the API schema and the subgraphs we say."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
from graphql import build_schema, lexicographic_sort_schema, print_schema

from router.federation.supergraph import read_supergraph
from tests.interoperability.cases import cases, composed_here
from tests.interoperability.node import run_node


@cache
def readings() -> dict[str, Any]:
    read: dict[str, Any] = run_node("read.cjs", given={name: composed_here(name) for name in cases()})
    return read


@pytest.mark.parametrize("name", cases())
def test_a_supergraph_of_ours_is_read_as_we_mean_it(name: str) -> None:
    read, here = readings()[name], read_supergraph(composed_here(name))
    assert "error" not in read
    assert sorted(read["subgraphs"]) == sorted(here.subgraphs)
    theirs = build_schema(read["api"], assume_valid_sdl=True)
    assert print_schema(lexicographic_sort_schema(theirs)) == print_schema(lexicographic_sort_schema(here.api_schema))
