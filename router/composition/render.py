"""Merged schema → supergraph SDL: links first, then definitions by name, so that equal subgraphs give equal text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from graphql import StringValueNode, parse, parse_value, print_ast
from graphql.language.block_string import print_block_string

from router.composition.merge import Merged
from router.composition.merge.context import Merging
from router.composition.merge.supergraph_links import SupergraphLink
from router.composition.model import (
    Applied,
    DirectiveDefinition,
    EnumValue,
    Field,
    InputValue,
    Kind,
    Schema,
    Type,
)
from router.composition.types import is_list, is_required, item, nullable
from router.composition.values import ABSENT, EnumName, Value, print_value
from router.federation.directives import LINK_SPEC, PURPOSES, argument_sdl, definition_sdl
from router.federation.join import join_definitions, join_version

_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*)")
_PURPOSE_TEXTS = {
    "SECURITY": "`SECURITY` features provide metadata necessary to securely resolve fields.",
    "EXECUTION": "`EXECUTION` features provide metadata necessary for operation execution.",
}
_KEYWORDS = {
    Kind.SCALAR: "scalar",
    Kind.OBJECT: "type",
    Kind.INTERFACE: "interface",
    Kind.UNION: "union",
    Kind.ENUM: "enum",
    Kind.INPUT: "input",
}


def render(merged: Merged) -> str:
    """The supergraph as text: https://specs.apollo.dev/join over https://specs.apollo.dev/link/v1.0."""
    schema, m = merged.schema, merged.merging
    links = merged.links
    directives = {
        **_spec_directives(m, links),
        **{each.name: _directive(schema, each) for each in schema.directives.values()},
    }
    types = {**_spec_types(m, links), **{each.name: _type(schema, each) for each in schema.types.values()}}
    blocks = [
        _schema_block(schema, links),
        *(directives[name] for name in sorted(directives)),
        *(types[name] for name in sorted(types)),
    ]
    return "\n\n".join(blocks) + "\n"


def _schema_block(schema: Schema, links: Sequence[SupergraphLink]) -> str:
    lines = ["schema"]
    lines += [f"  @link({', '.join(link.arguments())})" for link in links]
    lines += [f"  {_applied(each)}" for each in schema.applied]
    lines.append("{")
    lines += [f"  {operation}: {name}" for operation, name in schema.roots.items()]
    lines.append("}")
    return _described(schema.description, "", "\n".join(lines))


def _spec_directives(m: Merging, links: Sequence[SupergraphLink]) -> dict[str, str]:
    arguments = ", ".join(argument_sdl(each, _LINK_TYPES) for each in LINK_SPEC.directives[0].arguments)
    written = {"link": f"directive @link({arguments}) repeatable on SCHEMA"}
    for node in parse(join_definitions(join_version(m.federation)), no_location=True).definitions:
        text = print_ast(node)
        if text.startswith("directive @"):
            written[node.name.value] = text  # type: ignore[attr-defined]
    for link in links:
        type_names = {name: link.feature.type_name(name) for name in link.spec.scalars} if link.spec else {}
        for directive in link.spec.directives if link.spec else ():
            if directive.name != "link" and link.spec and link.spec.name != "join":
                name = link.feature.directive_name(directive.name)
                written[name] = definition_sdl(directive, name, type_names)
    return written


_LINK_TYPES = {"Purpose": "link__Purpose", "Import": "link__Import"}


def _spec_types(m: Merging, links: Sequence[SupergraphLink]) -> dict[str, str]:
    values = "\n\n".join(f'  """\n  {_PURPOSE_TEXTS[name]}\n  """\n  {name}' for name in PURPOSES)
    written = {"link__Import": "scalar link__Import", "link__Purpose": f"enum link__Purpose {{\n{values}\n}}"}
    for node in parse(join_definitions(join_version(m.federation)), no_location=True).definitions:
        text = print_ast(node)
        if not text.startswith("directive @"):
            written[node.name.value] = text  # type: ignore[attr-defined]
    graphs = "\n".join(
        f"  {m.graphs[each.name]} @join__graph(name: {print_value(each.name)}, url: {print_value(each.url)})"
        for each in m.subgraphs
    )
    written["join__Graph"] = f"enum join__Graph {{\n{graphs}\n}}"
    for link in links:
        for name in link.spec.scalars if link.spec and link.spec is not LINK_SPEC else ():
            local = link.feature.type_name(name)
            written[local] = f"scalar {local}"
    return written


def _described(description: str | None, indent: str, text: str) -> str:
    if description is None:
        return f"{indent}{text}"
    block = _quoted(description)
    quoted = "\n".join(f"{indent}{line}" if line else line for line in block.split("\n"))
    return f"{quoted}\n{indent}{text}"


def _quoted(description: str) -> str:
    """A block string, or a plain one where the block's trimming of white space would change the text."""
    block = print_block_string(description)
    if "\n" not in block and description:
        block = f'"""\n{block[3:-3]}\n"""'
    value = parse_value(block, no_location=True)
    return block if isinstance(value, StringValueNode) and value.value == description else print_value(description)


def _applied(each: Applied) -> str:
    arguments = ", ".join(f"{name}: {print_value(value)}" for name, value in each.arguments.items())
    return f"@{each.name}({arguments})" if arguments else f"@{each.name}"


def _inline(applied: Iterable[Applied]) -> str:
    return "".join(f" {_applied(each)}" for each in applied)


def _directive(schema: Schema, each: DirectiveDefinition) -> str:
    arguments = _arguments(schema, each.arguments.values(), "")
    repeatable = " repeatable" if each.repeatable else ""
    text = f"directive @{each.name}{arguments}{repeatable} on {' | '.join(each.locations)}"
    return _described(each.description, "", text)


def _type(schema: Schema, each: Type) -> str:
    implements = f" implements {' & '.join(each.interfaces)}" if each.interfaces else ""
    head = f"{_KEYWORDS[each.kind]} {each.name}{implements}"
    for applied in each.applied:
        head += f"\n  {_applied(applied)}"
    body = ""
    match each.kind:
        case Kind.UNION:
            body = f"\n = {' | '.join(each.members)}"
        case Kind.SCALAR:
            body = ""
        case _:
            body = "\n{\n" + "\n".join(_members(schema, each)) + "\n}"
    return _described(each.description, "", head + body)


def _members(schema: Schema, each: Type) -> Iterator[str]:
    parts = [
        *((value.description, _value(value)) for value in each.values.values()),
        *((output.description, _field(schema, output)) for output in each.fields.values()),
        *((argument.description, _input(schema, argument)) for argument in each.inputs.values()),
    ]
    for index, (description, text) in enumerate(parts):
        gap = "\n" if description is not None and index else ""
        yield gap + _described(description, "  ", text)


def _value(value: EnumValue) -> str:
    return f"{value.name}{_inline(value.applied)}"


def _field(schema: Schema, output: Field) -> str:
    arguments = _arguments(schema, output.arguments.values(), "  ")
    return f"{output.name}{arguments}: {output.type}{_inline(output.applied)}"


def _arguments(schema: Schema, arguments: Iterable[InputValue], indent: str) -> str:
    given = list(arguments)
    if not given:
        return ""
    if all(each.description is None for each in given):
        return f"({', '.join(_input(schema, each) for each in given)})"
    lines = "\n".join(_described(each.description, f"{indent}  ", _input(schema, each)) for each in given)
    return f"(\n{lines}\n{indent})"


def _input(schema: Schema, argument: InputValue) -> str:
    default = "" if argument.default is ABSENT else f" = {print_value(_typed(schema, argument.default, argument.type))}"
    return f"{argument.name}: {argument.type}{default}{_inline(argument.applied)}"


def _typed(schema: Schema, value: Value, reference: str) -> Value:
    """Enum values that were written as strings become names, and IDs that are numbers lose their quotes."""
    if is_required(reference):
        return _typed(schema, value, nullable(reference))
    if isinstance(value, list):
        inner = item(reference) if is_list(reference) else reference
        return [_typed(schema, each, inner) for each in value]
    if is_list(reference):
        return _typed(schema, value, item(reference))
    if reference == "ID" and isinstance(value, str) and _INTEGER.fullmatch(value):
        return int(value)
    kind = schema.kind(reference)
    if isinstance(value, str):
        return EnumName(value) if kind is Kind.ENUM else str(value)
    if reference == "Int" and isinstance(value, float) and value.is_integer():
        return int(value)
    if kind is Kind.INPUT and isinstance(value, dict):
        inputs = schema.types[reference].inputs
        return {
            name: _typed(schema, each, inputs[name].type) if name in inputs else each for name, each in value.items()
        }
    return value
