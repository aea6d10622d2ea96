"""Access requirements a supergraph declares: @authenticated, @requiresScopes, @policy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graphql.language import DocumentNode

from router.federation.api_schema import TypeDefinition
from router.federation.features import Feature, directive_arguments, element_name

AnyOfAll = tuple[tuple[str, ...], ...]
"""Alternatives, each of which asks for all of its names: ``(("a", "b"), ("c",))`` is (a and b) or c."""


@dataclass(frozen=True, slots=True)
class Requirement:
    """What a caller must show for one type or field; empty alternatives ask for nothing."""

    authenticated: bool = False
    scopes: AnyOfAll = ()
    policies: AnyOfAll = ()


def _alternatives(raw: object) -> AnyOfAll:
    if not isinstance(raw, list):
        return ()
    return tuple(tuple(names) if isinstance(names, list) else (str(names),) for names in raw)


def _requirement(node: Any, authenticated: str | None, scopes: str | None, policy: str | None) -> Requirement:
    found: dict[str, Any] = {}
    for directive in node.directives or ():
        name = directive.name.value
        if name == authenticated:
            found["authenticated"] = True
        elif name == scopes:
            found["scopes"] = _alternatives(directive_arguments(directive).get("scopes"))
        elif name == policy:
            found["policies"] = _alternatives(directive_arguments(directive).get("policies"))
    return Requirement(**found)


def read_requirements(document: DocumentNode, features: Sequence[Feature]) -> Mapping[str, Requirement]:
    """By coordinate (``Type`` or ``Type.field``), only where something is asked for."""
    names = tuple(element_name(features, name, name) for name in ("authenticated", "requiresScopes", "policy"))
    if not any(names):
        return {}
    found = {}
    for node in document.definitions:
        if isinstance(node, TypeDefinition):
            found[node.name.value] = _requirement(node, *names)
            for field in getattr(node, "fields", None) or ():
                found[f"{node.name.value}.{field.name.value}"] = _requirement(field, *names)
    return {coordinate: requirement for coordinate, requirement in found.items() if requirement != Requirement()}
