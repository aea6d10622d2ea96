"""One subgraph's SDL as the tester reads it, by itself: what it resolves, and an executable schema of its own.

Nothing of ``router.composition`` is used here, so a mistake there cannot hide itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from graphql import (
    DirectiveNode,
    DocumentNode,
    EnumTypeDefinitionNode,
    FieldDefinitionNode,
    GraphQLSchema,
    InputObjectTypeDefinitionNode,
    InterfaceTypeDefinitionNode,
    ObjectTypeDefinitionNode,
    SchemaDefinitionNode,
    SchemaExtensionNode,
    UnionTypeDefinitionNode,
    build_ast_schema,
    parse,
    print_ast,
    value_from_ast_untyped,
)

from router.operation.model import Field, Selection
from router.planner.selections import read_field_set

ROOTS = {"query": "Query", "mutation": "Mutation", "subscription": "Subscription"}


@dataclass(frozen=True)
class Applied:
    """A federation directive under its canonical name, whatever the subgraph calls it."""

    name: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True)
class SubgraphField:
    """A field of a subgraph; ``type`` as printed there."""

    type: str
    external: bool = False
    requires: str | None = None
    provides: str | None = None
    override: str | None = None
    label: str | None = None


@dataclass
class SubgraphType:
    """A type of a subgraph, its extensions joined."""

    kind: str
    fields: dict[str, SubgraphField] = field(default_factory=dict)
    interfaces: set[str] = field(default_factory=set)
    members: set[str] = field(default_factory=set)
    values: set[str] = field(default_factory=set)
    keys: list[tuple[str, bool]] = field(default_factory=list)
    """Field set and whether it is resolvable."""
    interface_object: bool = False


@dataclass(frozen=True, eq=False)
class SubgraphReading:
    """``types`` go by the supergraph's names: renamed root types too."""

    name: str
    sdl: str
    version: int
    types: Mapping[str, SubgraphType]
    root_names: Mapping[str, str]
    """The subgraph's own names of its root types → ours."""
    directives: frozenset[str]
    """Canonical names of the federation directives that are used."""
    renamed: bool
    """Whether an import is renamed."""


@lru_cache(maxsize=256)
def read_subgraph(name: str, sdl: str) -> SubgraphReading:
    """Read a subgraph. Raises GraphQLSyntaxError."""
    document = parse(sdl, no_location=True)
    names, version, renamed = _directive_names(document)
    roots = _root_names(document)
    types: dict[str, SubgraphType] = {}
    used: set[str] = set()
    for node in document.definitions:
        if not hasattr(node, "name") or "type" not in node.kind:
            continue
        own = node.name.value
        kind = node.kind.removesuffix("_definition").removesuffix("_extension").removesuffix("_type")
        type_ = types.setdefault(roots.get(own, own), SubgraphType(kind))
        applied = [_applied(item, names) for item in node.directives or ()]
        used.update(item.name for item in applied)
        type_.interface_object |= any(item.name == "interfaceObject" for item in applied)
        for item in applied:
            if item.name == "key":
                type_.keys.append((_text(item.arguments["fields"]), item.arguments.get("resolvable", True)))
        type_.interfaces.update(item.name.value for item in getattr(node, "interfaces", None) or ())
        type_.members.update(item.name.value for item in getattr(node, "types", None) or ())
        type_.values.update(item.name.value for item in getattr(node, "values", None) or ())
        external = any(item.name == "external" for item in applied)
        for definition in getattr(node, "fields", None) or ():
            on_field = [_applied(item, names) for item in definition.directives or ()]
            used.update(item.name for item in on_field)
            type_.fields[definition.name.value] = _field(definition, on_field, external)
    return SubgraphReading(name, sdl, version, types, roots, frozenset(used), renamed)


def _text(fields: Any) -> str:
    return " ".join(fields) if isinstance(fields, list) else fields


def _field(node: FieldDefinitionNode, applied: list[Applied], external: bool) -> SubgraphField:
    found = {item.name: item.arguments for item in applied}
    return SubgraphField(
        type=print_ast(node.type),
        external=external or "external" in found,
        requires=_text(found["requires"]["fields"]) if "requires" in found else None,
        provides=_text(found["provides"]["fields"]) if "provides" in found else None,
        override=found["override"]["from"] if "override" in found else None,
        label=found["override"].get("label") if "override" in found else None,
    )


def _applied(node: DirectiveNode, names: Mapping[str, str]) -> Applied:
    arguments = {argument.name.value: value_from_ast_untyped(argument.value) for argument in node.arguments or ()}
    own = node.name.value
    return Applied(names.get(own, own.partition("__")[2] or own), arguments)


def _directive_names(document: DocumentNode) -> tuple[dict[str, str], int, bool]:
    """Local name → canonical name of the imported directives; the version; whether one is renamed."""
    for node in document.definitions:
        if isinstance(node, SchemaDefinitionNode | SchemaExtensionNode):
            for item in node.directives or ():
                link = {argument.name.value: value_from_ast_untyped(argument.value) for argument in item.arguments}
                if item.name.value == "link" and "/federation/" in link.get("url", ""):
                    names: dict[str, str] = {}
                    for imported in link.get("import", ()):
                        pair = imported if isinstance(imported, dict) else {"name": imported}
                        names[pair.get("as", pair["name"]).lstrip("@")] = pair["name"].lstrip("@")
                    return names, 2, any(own != canonical for own, canonical in names.items())
    return {}, 1, False


def _root_names(document: DocumentNode) -> dict[str, str]:
    names = {name: name for name in ROOTS.values()}
    for node in document.definitions:
        if isinstance(node, SchemaDefinitionNode | SchemaExtensionNode) and node.operation_types:
            for operation in node.operation_types:
                names = {own: ours for own, ours in names.items() if ours != ROOTS[operation.operation.value]}
                names[operation.type.name.value] = ROOTS[operation.operation.value]
    return names


DEFINITIONS = {
    "object": ObjectTypeDefinitionNode,
    "interface": InterfaceTypeDefinitionNode,
    "union": UnionTypeDefinitionNode,
    "enum": EnumTypeDefinitionNode,
    "input_object": InputObjectTypeDefinitionNode,
}
MACHINERY = """
scalar _Any
type _Service { sdl: String }
"""


@lru_cache(maxsize=256)
def executable_schema(reading: SubgraphReading) -> GraphQLSchema:
    """What the subgraph's server validates against: its types without federation, with ``_entities``."""
    joined: dict[str, Any] = {}
    for node in parse(reading.sdl, no_location=True).definitions:
        if not hasattr(node, "name") or "type" not in node.kind:
            continue
        kind = node.kind.removesuffix("_definition").removesuffix("_extension").removesuffix("_type")
        parts = joined.setdefault(node.name.value, {"kind": kind, "name": node.name})
        for part in ("fields", "interfaces", "types", "values"):
            if getattr(node, part, None):
                parts[part] = (*parts.get(part, ()), *getattr(node, part))
    own = {ours: own for own, ours in reading.root_names.items()}
    entities = sorted(name for name, type_ in reading.types.items() if type_.kind == "object" and type_.keys)
    query = own["Query"]
    fields = "_service: _Service! " + ("_entities(representations: [_Any!]!): [_Entity]!" if entities else "")
    extra = parse(f"type {query} {{ {fields} }}", no_location=True).definitions[0]
    assert isinstance(extra, ObjectTypeDefinitionNode)
    root = joined.setdefault(query, {"kind": "object", "name": extra.name})
    root["fields"] = (*root.get("fields", ()), *(extra.fields or ()))
    definitions = [
        DEFINITIONS[parts.pop("kind")](**parts, directives=())
        for parts in joined.values()
        if parts["kind"] in DEFINITIONS
    ]
    machinery = [MACHINERY, *(f"scalar {name}" for name, type_ in reading.types.items() if type_.kind == "scalar")]
    if entities:
        machinery.append(f"union _Entity = {' | '.join(entities)}")
    roots = [f"{kind}: {own[ours]}" for kind, ours in ROOTS.items() if own.get(ours) in joined]
    machinery.append(f"schema {{ {' '.join(roots)} }}")
    added = parse("\n".join(machinery), no_location=True).definitions
    return build_ast_schema(DocumentNode(definitions=(*definitions, *added)), assume_valid=True, assume_valid_sdl=True)


def fields_of(selections: tuple[Selection, ...]) -> Iterator[Field]:
    """The fields of a field set's first level, fragments opened."""
    for selection in selections:
        if isinstance(selection, Field):
            yield selection
        else:
            yield from fields_of(selection.selections)


def field_set(text: str) -> tuple[Selection, ...]:
    """A field set as selections."""
    return read_field_set(text)
