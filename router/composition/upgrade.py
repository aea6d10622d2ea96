"""Federation v1 subgraphs lifted to v2: what v1 meant silently is written out, what it ignored is taken away.

A v1 schema knows no ``@shareable``: its value types and shared fields become shareable where another subgraph has them.
Its ``extend type`` of an entity becomes a plain definition, whose key fields are no longer external.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from graphql import DocumentNode, parse

from router.composition.definitions import missing_definitions
from router.composition.model import COMPOSITE, FEDERATION_TYPES, Applied, Field, InputValue, Kind, Schema, Type, has
from router.composition.problems import Findings, in_subgraphs
from router.composition.read import read_schema
from router.composition.rules.extension_with_no_base import is_federation_extension, is_root_extension
from router.composition.rules.interface_object_usage import CODE as INTERFACE_OBJECT_USAGE
from router.composition.rules.subgraph_rules import check_subgraph
from router.composition.subgraph import Subgraph
from router.composition.types import base
from router.composition.upgrade_field_sets import without_inactive_fields, written_fields
from router.composition.values import same_value
from router.federation.directives import LINK_SPEC, UPGRADED, federation_spec
from router.federation.link import Feature, Import, LinkError, link_features

_SPEC = federation_spec(UPGRADED)
assert _SPEC is not None
FEDERATION_2_SPEC = _SPEC
FEDERATION_2 = Feature(
    FEDERATION_2_SPEC.url,
    "federation",
    tuple(Import(f"@{directive.name}", f"@{directive.name}") for directive in FEDERATION_2_SPEC.directives),
)


def upgrade_subgraphs(subgraphs: Sequence[Subgraph], findings: Findings) -> list[Subgraph]:
    """All subgraphs as Federation v2. Finds EXTENSION_WITH_NO_BASE, TYPE_WITH_ONLY_UNUSED_EXTERNAL, definitions v2 does
    not accept, and INTERFACE_OBJECT_USAGE_ERROR where an interface key of v1 seems to serve an interface object."""
    if all(subgraph.is_federation_2 for subgraph in subgraphs):
        return list(subgraphs)
    upgraded, sound = [], []
    for subgraph in subgraphs:
        own = Findings()
        upgraded.append(subgraph if subgraph.is_federation_2 else _upgrade(subgraph, subgraphs, own))
        findings.problems.extend(own.problems)
        if not own.problems:
            sound.append(subgraph)
    _check_interface_objects(sound, findings)
    return upgraded


def _upgrade(subgraph: Subgraph, everyone: Sequence[Subgraph], findings: Findings) -> Subgraph:
    for each in subgraph.schema.types.values():
        _check_base(subgraph, each, everyone, findings)
    lifted = _with_federation_2(subgraph, findings)
    if findings.problems:
        return lifted
    for step in (
        _fields_as_strings,
        _without_useless_externals,
        lambda each: _without_key_externals(each, everyone),
        without_inactive_fields,
        _as_definitions,
        _without_interface_directives,
        _without_provides_on_leaves,
        lambda each: _without_unused_externals(each, findings),
        lambda each: _with_shareable(each, subgraph, everyone),
        lambda each: _without_repeated_tags(each, everyone),
    ):
        lifted = step(lifted)
    if not findings.problems:
        check_subgraph(lifted, findings)
    return lifted


def _check_base(subgraph: Subgraph, each: Type, everyone: Sequence[Subgraph], findings: Findings) -> None:
    if is_root_extension(subgraph, each) or not is_federation_extension(subgraph, each):
        return
    if each.name in FEDERATION_TYPES:
        return
    others = (other.schema.types.get(each.name) for other in everyone if other is not subgraph)
    if not any(other is not None and other.defined and other.kind in COMPOSITE for other in others):
        findings.refuse(
            "EXTENSION_WITH_NO_BASE",
            f'[{subgraph.name}] Type "{each.name}" is an extension type, but there is no type definition for '
            f'"{each.name}" in any subgraph.',
            subgraph.locate(*each.extensions[:1]),
        )


def _with_federation_2(subgraph: Subgraph, findings: Findings) -> Subgraph:
    """The schema with v2's definitions in place of v1's, linked as if its author had done so."""
    schema = subgraph.schema
    ours = {"_FieldSet"}
    types = {name: each for name, each in schema.types.items() if name not in ours}
    # Definitions without a place in the source were added for v1.
    directives = {name: each for name, each in schema.directives.items() if each.node is None or each.node.loc}
    schema = replace(schema, types=types, directives=directives)
    alias = "link"
    while subgraph.links is None and alias in directives and _is_foreign_link(schema, alias):
        alias = f"{alias}1"
    before = subgraph.links.features if subgraph.links else (Feature(LINK_SPEC.url, alias),)
    try:
        links = link_features((*before, FEDERATION_2))
    except LinkError as error:
        findings.refuse(error.code, f"[{subgraph.name}] {error.message}", subgraph.locate(schema.node))
        return subgraph
    added = [missing_definitions(_renamed_field_set(schema), FEDERATION_2_SPEC, FEDERATION_2, findings, subgraph.name)]
    extra = read_schema(_parsed(added))
    schema = replace(
        schema, types={**schema.types, **extra.types}, directives={**schema.directives, **extra.directives}
    )
    return replace(
        subgraph,
        schema=schema,
        federation=FEDERATION_2,
        spec=FEDERATION_2_SPEC,
        links=links,
    )


def _is_foreign_link(schema: Schema, name: str) -> bool:
    return not has(schema, name)


def _renamed_field_set(schema: Schema) -> Schema:
    """Definitions that spell ``_FieldSet`` mean v2's ``federation__FieldSet``."""

    def argument(each: InputValue) -> InputValue:
        return replace(each, type=each.type.replace("_FieldSet", "federation__FieldSet"))

    directives = {
        name: replace(each, arguments={key: argument(value) for key, value in each.arguments.items()})
        for name, each in schema.directives.items()
    }
    return replace(schema, directives=directives)


def _parsed(parts: Sequence[str]) -> DocumentNode:
    return parse("\n".join(parts), no_location=True)


def _fields_as_strings(subgraph: Subgraph) -> Subgraph:
    """v1 read ``fields: ["a", "b"]`` and ``fields: a`` as ``fields: "a b"`` and ``"a"``."""
    names = {subgraph.directive_name(name) for name in ("key", "requires", "provides")}

    def step(applied: Applied) -> Applied:
        return written_fields(applied) if applied.name in names else applied

    def types(each: Type) -> Type:
        return replace(each, applied=tuple(map(step, each.applied)))

    def fields(each: Field) -> Field:
        return replace(each, applied=tuple(map(step, each.applied)))

    return _mapped(_mapped_types(subgraph, types), fields)


def _mapped(subgraph: Subgraph, change: Callable[[Field], Field | None]) -> Subgraph:
    """The subgraph with every output field changed; None takes the field away."""

    def types(each: Type) -> Type:
        changed = ((name, change(field)) for name, field in each.fields.items())
        return replace(each, fields={name: field for name, field in changed if field is not None})

    return _mapped_types(subgraph, types)


def _mapped_types(subgraph: Subgraph, change: Callable[[Type], Type]) -> Subgraph:
    types = {name: change(each) for name, each in subgraph.schema.types.items()}
    return replace(subgraph, schema=replace(subgraph.schema, types=types))


def _dropped(applied: Sequence[Applied], *names: str) -> tuple[Applied, ...]:
    return tuple(each for each in applied if each.name not in names)


def _without_useless_externals(subgraph: Subgraph) -> Subgraph:
    """``@external`` on interface fields and on whole types had no effect in v1."""
    name = subgraph.directive_name("external")

    def change(each: Type) -> Type:
        if each.kind is Kind.OBJECT:
            return replace(each, applied=_dropped(each.applied, name))
        if each.kind is Kind.INTERFACE:
            fields = {key: replace(field, applied=_dropped(field.applied, name)) for key, field in each.fields.items()}
            return replace(each, fields=fields)
        return each

    return _mapped_types(subgraph, change)


def _without_key_externals(subgraph: Subgraph, everyone: Sequence[Subgraph]) -> Subgraph:
    """Key fields of extended types are known here, though v1 wanted them marked external."""
    name = subgraph.directive_name("external")
    known: set[str] = set()
    for each in subgraph.schema.of_kind(Kind.OBJECT, Kind.INTERFACE):
        if not is_federation_extension(subgraph, each) and not is_root_extension(subgraph, each):
            continue
        keys = subgraph.applied(each, "key")
        for key in keys:
            known.update(field.coordinate for field in subgraph.targets(each.name, key, implementations=False))
        for other in everyone if not keys else ():
            theirs = other.schema.types.get(each.name)
            if other.name != subgraph.name and theirs is not None:
                for key in other.applied(theirs, "key")[:1]:
                    known.update(field.coordinate for field in other.targets(each.name, key, implementations=False))
    extended = {
        each.name
        for each in subgraph.schema.of_kind(Kind.OBJECT, Kind.INTERFACE)
        if is_federation_extension(subgraph, each) or is_root_extension(subgraph, each)
    }

    def change(field: Field) -> Field:
        if field.parent in extended and field.coordinate in known:
            return replace(field, applied=_dropped(field.applied, name))
        return field

    return _mapped(subgraph, change)


def _as_definitions(subgraph: Subgraph) -> Subgraph:
    """In v1 ``extend type`` only said that another subgraph has the type too."""

    def change(each: Type) -> Type:
        if not is_federation_extension(subgraph, each) and not is_root_extension(subgraph, each):
            return each
        applied = tuple(replace(one, extension=None) for one in each.applied)
        fields = {name: replace(field, extension=None) for name, field in each.fields.items()}
        return replace(each, applied=applied, fields=fields, defined=True, extensions=())

    return _mapped_types(subgraph, change)


def _without_interface_directives(subgraph: Subgraph) -> Subgraph:
    """``@key``, ``@provides`` and ``@requires`` on interfaces had no effect in v1."""
    key, *others = (subgraph.directive_name(name) for name in ("key", "provides", "requires"))

    def change(each: Type) -> Type:
        if each.kind is not Kind.INTERFACE:
            return each
        fields = {name: replace(field, applied=_dropped(field.applied, *others)) for name, field in each.fields.items()}
        return replace(each, applied=_dropped(each.applied, key), fields=fields)

    return _mapped_types(subgraph, change)


def _without_provides_on_leaves(subgraph: Subgraph) -> Subgraph:
    name = subgraph.directive_name("provides")

    def change(field: Field) -> Field:
        if subgraph.schema.kind(base(field.type)) in COMPOSITE:
            return field
        return replace(field, applied=_dropped(field.applied, name))

    return _mapped(subgraph, change)


def _without_unused_externals(subgraph: Subgraph, findings: Findings) -> Subgraph:
    """v2 asks that external fields be used; v1 did not."""

    def change(field: Field) -> Field | None:
        useless = subgraph.is_external(field.coordinate) and not subgraph.is_used(field.coordinate)
        return None if useless else field

    changed = _mapped(subgraph, change)
    referenced = {*_references(changed.schema), *changed.schema.roots.values()}
    types = dict(changed.schema.types)
    for name, each in changed.schema.types.items():
        if each.kind not in (Kind.OBJECT, Kind.INTERFACE) or each.fields or not subgraph.schema.types[name].fields:
            continue
        if name == changed.schema.roots.get("query"):
            continue
        if name in referenced:
            findings.refuse(
                "TYPE_WITH_ONLY_UNUSED_EXTERNAL",
                f"[{subgraph.name}] Type {name} contains only external fields and all those fields are all unused "
                "(they do not appear in any @key, @provides or @requires).",
                subgraph.locate(each.node),
            )
        else:
            del types[name]
    return replace(changed, schema=replace(changed.schema, types=types))


def _references(schema: Schema) -> Iterator[str]:
    for each in schema.types.values():
        yield from each.interfaces
        yield from each.members
        for field in each.fields.values():
            yield base(field.type)


def _with_shareable(subgraph: Subgraph, original: Subgraph, everyone: Sequence[Subgraph]) -> Subgraph:
    """Every field, or whole value type, that another subgraph resolves too."""
    shareable = Applied(subgraph.directive_name("shareable"))
    others = [other for other in everyone if other.name != subgraph.name]
    subscription = subgraph.schema.roots.get("subscription")

    def resolves(other: Subgraph, field: Field) -> bool:
        theirs = other.schema.field(field.parent, field.name)
        return theirs is not None and not other.is_fully_external(theirs.coordinate)

    def shared(field: Field) -> Field:
        if original.is_shareable(field.coordinate) or has(field, shareable.name):
            return field
        if not any(resolves(other, field) for other in others):
            return field
        return replace(field, applied=(*field.applied, shareable))

    def change(each: Type) -> Type:
        if each.kind is not Kind.OBJECT or each.name == subscription:
            return each
        if subgraph.has(each, "key") or subgraph.schema.operation_of(each.name):
            return replace(each, fields={name: shared(field) for name, field in each.fields.items()})
        theirs = (other.schema.kind(each.name) for other in others if each.name in other.schema.types)
        if not any(kind in (Kind.OBJECT, Kind.INTERFACE) for kind in theirs) or has(each, shareable.name):
            return each
        return replace(each, applied=(*each.applied, shareable))

    return _mapped_types(subgraph, change)


def _without_repeated_tags(subgraph: Subgraph, everyone: Sequence[Subgraph]) -> Subgraph:
    """A tag on an external field is needless where the resolving subgraph has it."""
    external = subgraph.directive_name("external")

    def elsewhere(field: Field) -> list[Mapping[str, object]]:
        theirs = [other.schema.field(field.parent, field.name) for other in everyone if other.name != subgraph.name]
        return [
            applied.arguments
            for each in theirs
            if each is not None and not has(each, "external")
            for applied in each.applied
            if applied.name == "tag"
        ]

    def change(field: Field) -> Field:
        if not has(field, external) or not has(field, "tag"):
            return field
        given = elsewhere(field)
        kept = tuple(
            applied
            for applied in field.applied
            if applied.name != "tag" or not any(same_value(dict(applied.arguments), dict(each)) for each in given)
        )
        return replace(field, applied=kept)

    return _mapped(subgraph, change)


def _check_interface_objects(subgraphs: Sequence[Subgraph], findings: Findings) -> None:
    """A v1 key on an interface was never more than a remark: it cannot serve an interface object."""
    names = {
        each.name
        for subgraph in subgraphs
        for each in subgraph.schema.types.values()
        if subgraph.is_federation_2 and subgraph.is_interface_object(each.name)
    }
    for name in sorted(names):
        old = [
            each.name
            for each in subgraphs
            if not each.is_federation_2 and each.schema.kind(name) is Kind.INTERFACE and each.is_entity(name)
        ]
        new = [each.name for each in subgraphs if each.is_federation_2 and each.is_interface_object(name)]
        if old:
            findings.refuse(
                INTERFACE_OBJECT_USAGE,
                f'The @interfaceObject directive is used on type "{name}" in {in_subgraphs(new)}, which requires '
                "other subgraphs to resolve its type name via an interface @key. However, @key on an interface in a "
                "federation 1 subgraph does not mean it can fulfill the __typename-resolution requirement that "
                f"@interfaceObject depends on. For {in_subgraphs(old)}, either upgrade them to federation 2 subgraphs "
                "or remove @key from the type.",
            )
