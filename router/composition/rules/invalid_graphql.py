"""INVALID_GRAPHQL: a schema breaks the GraphQL specification (section 3) before Federation is even considered."""

from __future__ import annotations

from collections.abc import Iterator

from graphql import (
    DefinitionNode,
    DirectiveDefinitionNode,
    DocumentNode,
    InterfaceTypeDefinitionNode,
    InterfaceTypeExtensionNode,
    Node,
    ObjectTypeDefinitionNode,
    ObjectTypeExtensionNode,
    TypeDefinitionNode,
    TypeExtensionNode,
    UnionTypeDefinitionNode,
    UnionTypeExtensionNode,
    print_ast,
)
from graphql.language import ast
from graphql.validation.rules.known_directives import KnownDirectivesRule
from graphql.validation.rules.known_type_names import KnownTypeNamesRule
from graphql.validation.rules.lone_schema_definition import LoneSchemaDefinitionRule
from graphql.validation.rules.unique_operation_types import UniqueOperationTypesRule
from graphql.validation.specified_rules import specified_sdl_rules
from graphql.validation.validate import validate_sdl

from router.composition.model import (
    FEDERATION_TYPES,
    Applied,
    Field,
    InputValue,
    Kind,
    Schema,
    Type,
    has,
)
from router.composition.problems import Findings, Location, locate
from router.composition.rules.valid_value import is_valid_value
from router.composition.types import BUILT_IN_SCALARS, base, is_required, is_strict_subtype, nullable
from router.composition.values import ABSENT, print_value

CODE = "INVALID_GRAPHQL"
_OUTPUT = frozenset({Kind.SCALAR, Kind.OBJECT, Kind.INTERFACE, Kind.UNION, Kind.ENUM})
_INPUT = frozenset({Kind.SCALAR, Kind.ENUM, Kind.INPUT})
# Several ``schema`` blocks are folded into one, as the composers in the field do.
_RULES = [rule for rule in specified_sdl_rules if rule not in (LoneSchemaDefinitionRule, UniqueOperationTypesRule)]
_IMPLEMENTING = (
    ObjectTypeDefinitionNode,
    ObjectTypeExtensionNode,
    InterfaceTypeDefinitionNode,
    InterfaceTypeExtensionNode,
)
_INTROSPECTION = frozenset(
    {"__Schema", "__Type", "__TypeKind", "__Field", "__InputValue", "__EnumValue", "__Directive", "__DirectiveLocation"}
)


def check_names(document: DocumentNode, subgraph: str, findings: Findings) -> None:
    """Types and directives that are used must exist."""
    for error in validate_sdl(_with_extended_types(document), rules=[KnownTypeNamesRule, KnownDirectivesRule]):
        if error.message.startswith("Unknown"):
            _refuse(subgraph, findings, error.message, *(error.nodes or ()))


def check_directive_types(document: DocumentNode, subgraph: str, findings: Findings) -> None:
    """Whoever defines a directive defines the types of its arguments as well: links complete nothing half written."""
    named = {
        each.name.value for each in document.definitions if isinstance(each, TypeDefinitionNode | TypeExtensionNode)
    }
    for definition in document.definitions:
        for argument in (definition.arguments or ()) if isinstance(definition, DirectiveDefinitionNode) else ():
            name = base(print_ast(argument.type))
            if name not in named and name not in BUILT_IN_SCALARS:
                _refuse(subgraph, findings, f"Unknown type {name}", argument)


def check_document(document: DocumentNode, subgraph: str, findings: Findings) -> None:
    """The SDL rules of the specification; extending a type that another subgraph defines is fine."""
    for error in validate_sdl(_with_extended_types(document), rules=_RULES):
        _refuse(subgraph, findings, error.message, *(error.nodes or ()))
    for message, node in _repeated_names(document):
        _refuse(subgraph, findings, message, node)


def _repeated_names(document: DocumentNode) -> Iterator[tuple[str, Node]]:
    """Members of a union and interfaces of a type are sets, whether written in one definition or in extensions."""
    seen: set[tuple[str, str]] = set()
    for node in document.definitions:
        if isinstance(node, UnionTypeDefinitionNode | UnionTypeExtensionNode):
            what, named = 'Union type "{}" can only include type "{}" once.', node.types
        elif isinstance(
            node,
            ObjectTypeDefinitionNode
            | ObjectTypeExtensionNode
            | InterfaceTypeDefinitionNode
            | InterfaceTypeExtensionNode,
        ):
            what, named = 'Type "{}" can only implement "{}" once.', node.interfaces
        else:
            continue
        for each in named or ():
            pair = node.name.value, each.name.value
            if pair in seen:
                yield what.format(*pair), each
            seen.add(pair)


def _with_extended_types(document: DocumentNode) -> DocumentNode:
    """The document with an empty definition for each type it only extends."""
    defined = {node.name.value for node in document.definitions if isinstance(node, TypeDefinitionNode)}
    added: dict[str, DefinitionNode] = {}
    for node in document.definitions:
        if isinstance(node, TypeExtensionNode) and node.name.value not in defined:
            definition = getattr(ast, type(node).__name__.replace("Extension", "Definition"))
            added.setdefault(node.name.value, definition(name=node.name, directives=(), loc=node.loc))
    return DocumentNode(definitions=(*document.definitions, *added.values())) if added else document


def _refuse(subgraph: str, findings: Findings, message: str, *nodes: Node | None) -> None:
    prefix = f"[{subgraph}] " if subgraph else ""
    findings.refuse(CODE, f"{prefix}{message}", _places(subgraph, nodes))


def _places(subgraph: str, nodes: tuple[Node | None, ...]) -> Iterator[Location]:
    for node in nodes:
        yield from locate(subgraph, node)


def check_schema(schema: Schema, subgraph: str, findings: Findings) -> None:
    """What the SDL rules do not look at: kinds, emptiness, interfaces, default values, directive arguments."""
    for message, nodes in _faults(schema):
        _refuse(subgraph, findings, message, *nodes)


Fault = tuple[str, tuple[Node | None, ...]]


def _faults(schema: Schema) -> Iterator[Fault]:
    for operation, name in schema.roots.items():
        if schema.kind(name) is not Kind.OBJECT:
            yield f"{operation} root type must be an Object type, it cannot be set to {name}.", (schema.node,)
    for each in schema.types.values():
        if each.name in FEDERATION_TYPES or each.name in _INTROSPECTION:
            continue
        yield from _name_faults(each.name, each.node)
        yield from _type_faults(schema, each)
    for definition in schema.directives.values():
        yield from _name_faults(definition.name, definition.node)
        for argument in definition.arguments.values():
            yield from _input_faults(schema, argument, "argument")
    for element, coordinate in (*_elements(schema), *_directive_arguments(schema)):
        for applied in element:
            yield from _application_faults(schema, applied, coordinate)
    yield from _implementation_faults(schema)
    yield from _input_cycles(schema)


def _name_faults(name: str, node: Node | None) -> Iterator[Fault]:
    if name.startswith("__"):
        yield f'Name "{name}" must not begin with "__", which is reserved by GraphQL introspection.', (node,)


def _type_faults(schema: Schema, each: Type) -> Iterator[Fault]:
    match each.kind:
        case Kind.OBJECT | Kind.INTERFACE:
            # Federation adds fields of its own to the query root.
            if not each.fields and schema.roots.get("query") != each.name:
                yield f"Type {each.name} must define one or more fields.", (each.node,)
            for output in each.fields.values():
                yield from _field_faults(schema, output)
            for interface in each.interfaces:
                if schema.kind(interface) is not Kind.INTERFACE:
                    yield f"Cannot implement {interface} in {each.name}: it is not an interface.", (each.node,)
        case Kind.UNION:
            if not each.members:
                yield f"Union type {each.name} must define one or more member types.", (each.node,)
            for member in each.members:
                if schema.kind(member) is not Kind.OBJECT:
                    yield (
                        f"Union type {each.name} can only include Object types, it cannot include {member}.",
                        (each.node,),
                    )
        case Kind.ENUM:
            if not each.values:
                yield f"Enum type {each.name} must define one or more values.", (each.node,)
            for value in each.values.values():
                yield from _name_faults(value.name, value.node)
        case Kind.INPUT:
            if not each.inputs:
                yield f"Input Object type {each.name} must define one or more fields.", (each.node,)
            for argument in each.inputs.values():
                yield from _input_faults(schema, argument, "input field")
        case _:
            return


def _field_faults(schema: Schema, output: Field) -> Iterator[Fault]:
    yield from _name_faults(output.name, output.node)
    kind = schema.kind(base(output.type))
    if kind is None:
        yield f'The type "{output.type}" of "{output.coordinate}" is unknown.', (output.node,)
    elif kind not in _OUTPUT:
        message = f'The type of "{output.coordinate}" must be Output Type but got "{output.type}", a {kind}.'
        yield message, (output.node,)
    for argument in output.arguments.values():
        yield from _input_faults(schema, argument, "argument")


def _input_faults(schema: Schema, argument: InputValue, what: str) -> Iterator[Fault]:
    yield from _name_faults(argument.name, argument.node)
    kind = schema.kind(base(argument.type))
    if kind is None:
        yield f'The type "{argument.type}" of "{argument.coordinate}" is unknown.', (argument.node,)
    elif kind not in _INPUT:
        message = f'The type of "{argument.coordinate}" must be Input Type but got "{argument.type}", a {kind}.'
        yield message, (argument.node,)
        return
    if argument.required and has(argument, "deprecated"):
        yield f"Required {what} {argument.coordinate} cannot be deprecated.", (argument.node,)
    if argument.default is not ABSENT and not is_valid_value(schema, argument.default, argument.type):
        yield (
            f"Invalid default value (got: {print_value(argument.default)}) provided for {what} {argument.coordinate} "
            f"of type {argument.type}.",
            (argument.node,),
        )


def _elements(schema: Schema) -> Iterator[tuple[tuple[Applied, ...], str]]:
    yield schema.applied, "schema"
    for each in schema.types.values():
        yield each.applied, each.name
        for output in each.fields.values():
            yield output.applied, output.coordinate
            for argument in output.arguments.values():
                yield argument.applied, argument.coordinate
        for value in each.values.values():
            yield value.applied, value.coordinate
        for argument in each.inputs.values():
            yield argument.applied, argument.coordinate


def _directive_arguments(schema: Schema) -> Iterator[tuple[tuple[Applied, ...], str]]:
    for definition in schema.directives.values():
        for argument in definition.arguments.values():
            yield argument.applied, argument.coordinate


def _application_faults(schema: Schema, applied: Applied, coordinate: str) -> Iterator[Fault]:
    definition = schema.directives.get(applied.name)
    if definition is None:
        return
    for name, value in applied.arguments.items():
        argument = definition.arguments.get(name)
        if argument is not None and not is_valid_value(schema, value, argument.type, complete=False):
            yield (
                f'Invalid value for "{argument.coordinate}" of type "{argument.type}" in application of '
                f'"@{applied.name}" to "{coordinate}".',
                (applied.node, argument.node),
            )


def _implementation_faults(schema: Schema) -> Iterator[Fault]:
    for each in schema.of_kind(Kind.OBJECT, Kind.INTERFACE):
        if each.name in each.interfaces:
            yield (
                f"Type {each.name} cannot implement itself because it would create a circular reference.",
                (each.node,),
            )
        for name in each.interfaces:
            interface = schema.types.get(name)
            if interface is not None and interface.kind is Kind.INTERFACE:
                yield from _implements(schema, each, interface)


def _implements(schema: Schema, each: Type, interface: Type) -> Iterator[Fault]:
    for name, declared in interface.fields.items():
        output = each.fields.get(name)
        if output is None:
            yield (
                f"Interface field {declared.coordinate} expected but {each.name} does not provide it.",
                (
                    declared.node,
                    each.node,
                ),
            )
            continue
        if output.type != declared.type and not is_strict_subtype(
            declared.type, output.type, lambda supertype, subtype: is_direct_subtype(schema, supertype, subtype)
        ):
            yield (
                f"Interface field {declared.coordinate} expects type {declared.type} but {output.coordinate} of type "
                f"{output.type} is not a proper subtype.",
                (declared.node, output.node),
            )
        yield from _argument_faults(declared, output)
    for inherited in interface.interfaces:
        if inherited not in each.interfaces and inherited != each.name:
            yield (
                f"Type {each.name} must implement {inherited} because it is implemented by {interface.name}.",
                (each.node,),
            )


def _argument_faults(declared: Field, output: Field) -> Iterator[Fault]:
    for name, expected in declared.arguments.items():
        argument = output.arguments.get(name)
        if argument is None:
            message = (
                f"Interface field argument {expected.coordinate} expected but {output.coordinate} does not provide it."
            )
            yield message, (expected.node, output.node)
        elif argument.type != expected.type:
            yield (
                f"Interface field argument {expected.coordinate} expects type {expected.type} but "
                f"{argument.coordinate} is type {argument.type}.",
                (expected.node, argument.node),
            )
    for name, argument in output.arguments.items():
        if name not in declared.arguments and argument.required:
            yield (
                f"Field {output.coordinate} includes required argument {name} that is missing from the Interface field "
                f"{declared.coordinate}.",
                (argument.node, declared.node),
            )


def is_direct_subtype(schema: Schema, supertype: str, subtype: str) -> bool:
    """Whether ``subtype`` is a member of the union, or implements the interface, ``supertype``."""
    general, special = schema.types.get(supertype), schema.types.get(subtype)
    if general is None or special is None:
        return False
    return subtype in general.members if general.kind is Kind.UNION else supertype in special.interfaces


def _input_cycles(schema: Schema) -> Iterator[Fault]:
    """An input object that needs itself, through non-null fields only, has no finite value."""
    finished: set[str] = set()

    def visit(name: str, path: list[InputValue], entered: dict[str, int]) -> Iterator[Fault]:
        if name in finished:
            return
        finished.add(name)
        entered[name] = len(path)
        for argument in schema.types[name].inputs.values():
            target = nullable(argument.type)
            if not is_required(argument.type) or schema.kind(target) is not Kind.INPUT:
                continue
            path.append(argument)
            if target in entered:
                cycle = path[entered[target] :]
                names = ".".join(each.name for each in cycle)
                yield (
                    f'Cannot reference Input Object "{target}" within itself through a series of non-null fields: '
                    f'"{names}".',
                    tuple(each.node for each in cycle),
                )
            else:
                yield from visit(target, path, entered)
            path.pop()
        del entered[name]

    for each in schema.of_kind(Kind.INPUT):
        yield from visit(each.name, [], {})
