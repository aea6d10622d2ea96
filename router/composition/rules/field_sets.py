"""The ``fields:`` of ``@key``, ``@requires`` and ``@provides``.

Codes, each for every directive ``X`` in KEY, REQUIRES, PROVIDES it makes sense for: X_INVALID_FIELDS_TYPE (no string),
X_INVALID_FIELDS (no valid selection), X_DIRECTIVE_IN_FIELDS_ARG, X_FIELDS_HAS_ARGS, X_FIELDS_MISSING_EXTERNAL,
X_UNSUPPORTED_ON_INTERFACE; and KEY_FIELDS_SELECT_INVALID_TYPE.
"""

from __future__ import annotations

from typing import Protocol

from graphql import DirectiveNode, StringValueNode, print_ast

from router.composition.model import ABSTRACT, Applied, Field, Kind, Type
from router.composition.problems import Findings
from router.composition.rules.selections import SelectionFault, field_of, resolve_selections
from router.composition.subgraph import Subgraph
from router.composition.types import base
from router.federation.field_sets import FieldSelection, Selections, SpreadSelection
from router.federation.link import Version

INTERFACE_KEYS_SINCE = Version(2, 3)


def check_field_sets(subgraph: Subgraph, findings: Findings) -> None:
    """Judge every field set of the subgraph."""
    for directive in ("key", "requires", "provides"):
        for owner, type_name, applied in subgraph.field_sets(directive):
            _check_owner(subgraph, directive, owner, findings, applied)
            _check_fields(subgraph, directive, owner, type_name, applied, findings)


def _check_owner(subgraph: Subgraph, directive: str, owner: Type | Field, findings: Findings, applied: Applied) -> None:
    parent = owner.parent if isinstance(owner, Field) else owner.name
    allowed = directive == "key" and subgraph.federation.url.version >= INTERFACE_KEYS_SINCE
    if subgraph.schema.kind(parent) is not Kind.INTERFACE or allowed:
        return
    name = subgraph.directive_name(directive)
    if isinstance(owner, Field):
        where = f'{_described(owner)} of parent type "{parent}": @{name} is not yet supported within interfaces'
    else:
        where = f'interface "{parent}": @{name} is not yet supported on interfaces'
    findings.refuse(
        f"{directive.upper()}_UNSUPPORTED_ON_INTERFACE",
        f"[{subgraph.name}] Cannot use @{name} on {where}",
        subgraph.locate(applied.node),
    )


def _check_fields(
    subgraph: Subgraph, directive: str, owner: Type | Field, type_name: str, applied: Applied, findings: Findings
) -> None:
    category = directive.upper()

    def refuse(code: str, message: str, *fields: Field) -> None:
        nodes = (applied.node, *(field.node for field in fields))
        text = f"[{subgraph.name}] On {_described(owner)}, for {_written(applied)}: {message}"
        findings.refuse(code, text, subgraph.locate(*nodes))

    text = applied.arguments.get("fields")
    if not isinstance(text, str) or not _is_string(applied):
        refuse(f"{category}_INVALID_FIELDS_TYPE", 'Invalid value for argument "fields": must be a string.')
        return

    def refuse_abstract(found: Field) -> None:
        kind = subgraph.schema.kind(base(found.type))
        if kind in ABSTRACT:
            name = str(kind).removesuffix(" Type")
            message = f'field "{found.coordinate}" is a {name} type which is not allowed in @key'
            raise SelectionFault(message, "KEY_FIELDS_SELECT_INVALID_TYPE")

    try:
        on_field = refuse_abstract if directive == "key" else None
        selections = resolve_selections(subgraph.schema, type_name, text, on_field)
        _refuse_aliases(selections, directive)
    except SelectionFault as fault:
        refuse(fault.code or f"{category}_INVALID_FIELDS", _advised(fault.message, directive))
        return
    _check_selected(subgraph, directive, type_name, selections, False, refuse)


class _Refuse(Protocol):
    """Adds a problem about the field set at hand."""

    def __call__(self, code: str, message: str, *fields: Field) -> None: ...


def _check_selected(
    subgraph: Subgraph, directive: str, type_name: str, selections: Selections, external_above: bool, refuse: _Refuse
) -> None:
    category = directive.upper()
    for selection in selections:
        if isinstance(selection, SpreadSelection):
            continue
        if selection.directives:
            written = ", ".join(selection.directives)
            message = f"cannot have directive applications in the @{directive}(fields:) argument but found {written}."
            refuse(f"{category}_DIRECTIVE_IN_FIELDS_ARG", message)
        if not isinstance(selection, FieldSelection):
            condition = selection.type_condition or type_name
            _check_selected(subgraph, directive, condition, selection.selections, external_above, refuse)
            continue
        found = field_of(subgraph.schema, type_name, selection.name)
        assert found is not None
        external = subgraph.is_external(found.coordinate)
        if found.arguments and directive != "requires":
            message = (
                f"field {found.coordinate} cannot be included because it has arguments (fields with argument are not "
                f"allowed in @{directive})"
            )
            refuse(f"{category}_FIELDS_HAS_ARGS", message, found)
        if selection.selections is None:
            if directive != "key" and not external_above and not external:
                refuse(f"{category}_FIELDS_MISSING_EXTERNAL", _needless(subgraph, directive, found), found)
            continue
        above = external_above or external or _has_external_implementation(subgraph, found)
        _check_selected(subgraph, directive, base(found.type), selection.selections, above, refuse)


def _has_external_implementation(subgraph: Subgraph, found: Field) -> bool:
    if subgraph.schema.kind(found.parent) is not Kind.INTERFACE:
        return False
    return any(
        subgraph.is_external(f"{runtime_type}.{found.name}")
        for runtime_type in subgraph.schema.runtime_types(found.parent)
    )


def _needless(subgraph: Subgraph, directive: str, found: Field) -> str:
    start = f'field "{found.coordinate}" should not be part of a @{directive} since it is already'
    if subgraph.is_fake_external(found.coordinate):
        return (
            f'{start} "effectively" provided by this subgraph (while it is marked @external, it is a @key field of an '
            "extension type, which are not internally considered external for historical/backward compatibility "
            "reasons)"
        )
    return f"{start} provided by this subgraph (it is not marked @external)"


def _refuse_aliases(selections: Selections, directive: str) -> None:
    for selection in selections:
        if isinstance(selection, FieldSelection) and selection.alias:
            raise SelectionFault(
                f'Cannot use alias "{selection.alias}" in "{selection.alias}: {selection.name}": aliases are not '
                f"currently supported in @{directive}"
            )
        if not isinstance(selection, SpreadSelection):
            _refuse_aliases(selection.selections or (), directive)


def _advised(message: str, directive: str) -> str:
    if not message.startswith("Cannot query field"):
        return message
    advice = (
        "the field should either be added to this subgraph or, if it should not be resolved by this subgraph, you "
        "need to add it to this subgraph with @external"
        if directive == "key"
        else "if the field is defined in another subgraph, you need to add it to this subgraph with @external"
    )
    return f"{message.removesuffix('.')} ({advice})."


def _described(owner: Type | Field) -> str:
    return f'{"field" if isinstance(owner, Field) else "type"} "{owner.coordinate}"'


def _written(applied: Applied) -> str:
    return print_ast(applied.node) if applied.node is not None else f"@{applied.name}"


def _is_string(applied: Applied) -> bool:
    """An unquoted name reads like a string once it is a value."""
    if not isinstance(applied.node, DirectiveNode):
        return True
    return all(
        isinstance(argument.value, StringValueNode)
        for argument in applied.node.arguments or ()
        if argument.name.value == "fields"
    )
