"""Drop leaf fields in a fragment that the enclosing selection set already selected without conditions."""

from __future__ import annotations

from dataclasses import replace

from graphql import GraphQLSchema

from router.operation.model import Field, Selection


def drop_duplicates(selections: tuple[Selection, ...], parent: str, schema: GraphQLSchema) -> tuple[Selection, ...]:
    """``{ id ... on Train { id number } }`` becomes ``{ id ... on Train { number } }``; order is kept."""
    return _drop(selections, frozenset())


def _drop(selections: tuple[Selection, ...], selected: frozenset[str]) -> tuple[Selection, ...]:
    kept: list[Selection] = []
    seen = set(selected)
    for selection in selections:
        if isinstance(selection, Field):
            if selection.selections:
                kept.append(replace(selection, selections=_drop(selection.selections, frozenset())))
                continue
            if selection.response_key in seen:
                continue
            if not selection.conditions and not selection.directives:
                seen.add(selection.response_key)
            kept.append(selection)
            continue
        inner = _drop(selection.selections, frozenset(seen))
        if inner:
            kept.append(replace(selection, selections=inner))
    return tuple(kept)
