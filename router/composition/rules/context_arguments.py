"""``@context`` and ``@fromContext``: CONTEXT_NAME_INVALID, CONTEXT_NOT_SET, NO_CONTEXT_IN_SELECTION,
CONTEXT_NO_RESOLVABLE_KEY, and through context_selections CONTEXT_INVALID_SELECTION."""

from __future__ import annotations

import re

from router.composition.model import COMPOSITE, Applied, Field, InputValue, Kind
from router.composition.problems import Findings
from router.composition.rules.context_selections import check_selection
from router.composition.subgraph import Subgraph, parse_context
from router.composition.values import ABSENT

_NAME = re.compile(r"[A-Za-z]\w*", re.ASCII)


def check_contexts(subgraph: Subgraph, findings: Findings) -> None:
    """A context has a plain name, is set somewhere, and fills arguments of entities only."""
    _check_names(subgraph, findings)
    name = subgraph.directive_name("fromContext")
    for definition in subgraph.schema.directives.values():
        for argument in definition.arguments.values():
            if any(applied.name == name for applied in argument.applied):
                message = f'@fromContext argument cannot be used on a directive definition "{argument.coordinate}".'
                findings.refuse("CONTEXT_NOT_SET", f"[{subgraph.name}] {message}", subgraph.locate(argument.node))
    for owner, argument, applied in subgraph.contextual_arguments():
        _check_argument(subgraph, owner, argument, applied, findings)


def _check_names(subgraph: Subgraph, findings: Findings) -> None:
    for owner in subgraph.schema.of_kind(*COMPOSITE):
        for applied in subgraph.applied(owner, "context"):
            name = str(applied.arguments.get("name"))
            if "_" in name:
                message = f'Context name "{name}" may not contain an underscore.'
            elif not _NAME.fullmatch(name):
                message = f'Context name "{name}" is invalid. It should have only alphanumeric characters.'
            else:
                continue
            findings.refuse("CONTEXT_NAME_INVALID", f"[{subgraph.name}] {message}", subgraph.locate(applied.node))


def _check_argument(
    subgraph: Subgraph, owner: Field, argument: InputValue, applied: Applied, findings: Findings
) -> None:
    where = argument.coordinate

    def refuse(code: str, message: str) -> None:
        findings.refuse(code, f"[{subgraph.name}] {message}", subgraph.locate(applied.node))

    schema = subgraph.schema
    if schema.kind(owner.parent) is not Kind.OBJECT:
        message = f'@fromContext argument cannot be used on a field that exists on an abstract type "{where}".'
        refuse("CONTEXT_NOT_SET", message)
        return
    for interface in schema.types[owner.parent].interfaces:
        if schema.field(interface, owner.name) is not None:
            refuse(
                "CONTEXT_NOT_SET",
                "@fromContext argument cannot be used on a field implementing an interface field "
                f'"{interface}.{owner.name}".',
            )
    if argument.default is not ABSENT:
        refuse("CONTEXT_NOT_SET", f'@fromContext arguments may not have a default value: "{where}".')
    context, selection = parse_context(applied.arguments.get("field"))
    if not context or not selection:
        written = applied.arguments.get("field")
        refuse("NO_CONTEXT_IN_SELECTION", f'@fromContext argument does not reference a context "{written}".')
        return
    if context in subgraph.contexts:
        check_selection(subgraph, context, selection, argument, findings)
    else:
        refuse("CONTEXT_NOT_SET", f'Context "{context}" is used at location "{where}" but is never set.')
    keys = subgraph.applied(schema.types[owner.parent], "key")
    if all(key.arguments.get("resolvable") is False for key in keys):
        message = f'Object "{owner.parent}" has no resolvable key but has a field with a contextual argument.'
        refuse("CONTEXT_NO_RESOLVABLE_KEY", message)
