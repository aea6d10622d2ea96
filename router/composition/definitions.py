"""Definitions a schema may leave out: what its links bring, and whether those it wrote itself agree with the specs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from router.composition.model import DirectiveDefinition, InputValue, Kind, Schema, Type
from router.composition.problems import Findings, locate
from router.composition.types import BUILT_IN_SCALARS, is_list, is_required, item, nullable
from router.composition.values import ABSENT, Value, print_value, same_value
from router.federation.directives import (
    NO_DEFAULT,
    ArgumentSpec,
    DirectiveSpec,
    FeatureSpec,
    argument_sdl,
    definition_sdl,
    local_type,
)
from router.federation.link import Feature


def missing_definitions(schema: Schema, spec: FeatureSpec, feature: Feature, findings: Findings, subgraph: str) -> str:
    """SDL of the elements of ``spec`` the schema does not define; those it does define are compared with the spec.

    Finds DIRECTIVE_DEFINITION_INVALID and TYPE_DEFINITION_INVALID.
    """
    names = {name: feature.type_name(name) for name in spec.types}
    lines = [
        *_missing_types(schema, spec, names, findings, subgraph),
        *_missing_inputs(schema, spec, names, findings, subgraph),
    ]
    for directive in spec.directives:
        name = feature.directive_name(directive.name)
        existing = schema.directives.get(name)
        if existing is None:
            lines.append(definition_sdl(directive, name, names))
        else:
            _compare(existing, directive, names, schema, findings, subgraph)
    return "\n".join(lines)


def _missing_types(
    schema: Schema, spec: FeatureSpec, names: Mapping[str, str], findings: Findings, subgraph: str
) -> Iterator[str]:
    for name in spec.scalars:
        existing = schema.types.get(names[name])
        if existing is None:
            yield f"scalar {names[name]}"
        else:
            _same_kind(existing, Kind.SCALAR, findings, subgraph)
    for name, values in spec.enums:
        existing = schema.types.get(names[name])
        if existing is None:
            yield f"enum {names[name]} {{ {' '.join(values)} }}"
        elif _same_kind(existing, Kind.ENUM, findings, subgraph) and sorted(existing.values) != sorted(values):
            findings.refuse(
                "TYPE_DEFINITION_INVALID",
                f'[{subgraph}] Invalid definition for type "{name}": expected values [{", ".join(sorted(values))}] but '
                f"found [{', '.join(sorted(existing.values))}].",
                locate(subgraph, existing.node),
            )


def _missing_inputs(
    schema: Schema, spec: FeatureSpec, names: Mapping[str, str], findings: Findings, subgraph: str
) -> Iterator[str]:
    for name, fields in spec.inputs:
        existing = schema.types.get(names[name])
        if existing is None:
            yield f"input {names[name]} {{ {' '.join(argument_sdl(each, names) for each in fields)} }}"
        elif _same_kind(existing, Kind.INPUT, findings, subgraph):
            for fault, written in _field_faults(existing, fields, names):
                findings.refuse(
                    "TYPE_DEFINITION_INVALID",
                    f"[{subgraph}] Invalid definition for type {name}: {fault}",
                    locate(subgraph, existing.node if written is None else written.node),
                )


def _field_faults(
    existing: Type, fields: tuple[ArgumentSpec, ...], names: Mapping[str, str]
) -> Iterator[tuple[str, InputValue | None]]:
    for each in fields:
        expected, written = local_type(each.type, names), existing.inputs.get(each.name)
        if written is None:
            if is_required(expected):
                yield f'missing required input field "{each.name}"', None
        elif expected not in (written.type, nullable(written.type)):
            message = f'input field "{each.name}" should have type "{expected}" but found type "{written.type}"'
            yield message, written
    for name, written in existing.inputs.items():
        if all(each.name != name for each in fields):
            yield f'unknown/unsupported input field "{name}"', written


def _same_kind(existing: Type, kind: Kind, findings: Findings, subgraph: str) -> bool:
    if existing.kind is kind:
        return True
    findings.refuse(
        "TYPE_DEFINITION_INVALID",
        f"[{subgraph}] Invalid definition for type {existing.name}: {existing.name} should be a {kind} but is defined "
        f"as a {existing.kind}",
        locate(subgraph, existing.node),
    )
    return False


def _compare(
    existing: DirectiveDefinition,
    spec: DirectiveSpec,
    names: Mapping[str, str],
    schema: Schema,
    findings: Findings,
    subgraph: str,
) -> None:
    """A definition may be narrower than the spec's, never wider."""
    for fault, written in _faults(existing, spec, names, schema):
        node = existing.node if written is None else written.node
        findings.refuse(
            "DIRECTIVE_DEFINITION_INVALID",
            f'[{subgraph}] Invalid definition for directive "@{existing.name}": {fault}',
            locate(subgraph, node),
        )


def _faults(
    existing: DirectiveDefinition, spec: DirectiveSpec, names: Mapping[str, str], schema: Schema
) -> Iterator[tuple[str, InputValue | None]]:
    for argument in spec.arguments:
        yield from _argument_faults(existing, argument, local_type(argument.type, names), schema)
    known = {argument.name for argument in spec.arguments}
    for name, written in existing.arguments.items():
        if name not in known:
            yield f'unknown/unsupported argument "{name}"', written
    if existing.repeatable and not spec.repeatable:
        yield f'"@{existing.name}" should not be repeatable', None
    if not set(existing.locations) <= set(spec.locations):
        allowed, found = ", ".join(spec.locations), ", ".join(existing.locations)
        yield f'"@{existing.name}" should have locations {allowed}, but found (non-subset) {found}', None


def _argument_faults(
    existing: DirectiveDefinition, spec: ArgumentSpec, expected: str, schema: Schema
) -> Iterator[tuple[str, InputValue | None]]:
    default: Value = ABSENT if spec.default is NO_DEFAULT else spec.default
    written = existing.arguments.get(spec.name)
    if written is None:
        if is_required(expected) and default is ABSENT:
            yield f'missing required argument "{spec.name}"', None
        return
    # Making an optional argument mandatory only binds the author of the schema.
    found = nullable(written.type) if is_required(written.type) and not is_required(expected) else written.type
    if found != expected and not _is_redefinition(expected, found, schema):
        yield f'argument "{spec.name}" should have type "{expected}" but found type "{written.type}"', written
    elif not is_required(written.type) and not same_value(default, written.default):
        yield (
            f'argument "{spec.name}" should have default value {print_value(default)} but found default value '
            f"{print_value(written.default)}",
            written,
        )


def _is_redefinition(expected: str, found: str, schema: Schema) -> bool:
    """A spec's own scalar may be narrowed to a built-in type, commonly ``String``."""
    if is_required(expected):
        return is_required(found) and _is_redefinition(nullable(expected), nullable(found), schema)
    if is_list(expected):
        return is_list(found) and _is_redefinition(item(expected), item(found), schema)

    def is_custom_scalar(reference: str) -> bool:
        if is_list(reference) or is_required(reference):
            return False
        known = schema.types.get(reference)
        return reference not in BUILT_IN_SCALARS and (known is None or known.kind is Kind.SCALAR)

    return is_custom_scalar(expected) and not is_custom_scalar(found)
