"""``@join__field``: written only where a field is not the same plain field in every subgraph that has its type."""

from __future__ import annotations

from typing import Any

from router.composition.merge.context import Merging, Sources
from router.composition.merge.override import Overrides
from router.composition.model import Applied, Field, InputValue
from router.composition.subgraph import Subgraph, parse_context
from router.composition.values import EnumName


def join_fields(
    m: Merging, sources: Sources[Field] | Sources[InputValue], parent: str, same_types: bool, overrides: Overrides
) -> tuple[Applied, ...]:
    """One application a subgraph, or none at all."""
    if not _needed(m, sources, parent, same_types, overrides):
        return ()
    return tuple(
        Applied("join__field", _arguments(m, m.by_name[name], source, same_types, overrides))
        for name, source in sources.items()
        if source is not None and (name not in overrides.unused or name in overrides.labels)
    )


def _needed(
    m: Merging, sources: Sources[Field] | Sources[InputValue], parent: str, same_types: bool, overrides: Overrides
) -> bool:
    if not same_types or overrides.used or overrides.labels:
        return True
    for name, source in sources.items():
        subgraph = m.by_name[name]
        if source is None or name in overrides.unused:
            if parent in subgraph.schema.types:
                return True
        elif isinstance(source, Field) and _is_special(m, subgraph, source):
            return True
    return False


def _is_special(m: Merging, subgraph: Subgraph, source: Field) -> bool:
    contextual = any(subgraph.has(argument, "fromContext") for argument in source.arguments.values())
    directed = subgraph.has(source, "provides") or subgraph.has(source, "requires")
    return contextual or directed or m.is_external(subgraph.name, source)


def _arguments(
    m: Merging, subgraph: Subgraph, source: Field | InputValue, same_types: bool, overrides: Overrides
) -> dict[str, Any]:
    arguments: dict[str, Any] = {"graph": EnumName(m.graphs[subgraph.name])}
    for directive in ("requires", "provides"):
        for applied in subgraph.applied(source, directive):
            arguments[directive] = applied.arguments["fields"]
    for applied in subgraph.applied(source, "override"):
        arguments["override"] = applied.arguments["from"]
    if not same_types:
        arguments["type"] = source.type
    if m.is_external(subgraph.name, source):
        arguments["external"] = True
    if subgraph.name in overrides.used:
        arguments["usedOverridden"] = True
    if subgraph.name in overrides.labels:
        arguments["overrideLabel"] = overrides.labels[subgraph.name]
    contextual = _context_arguments(subgraph, source)
    if contextual:
        arguments["contextArguments"] = contextual
    return arguments


def _context_arguments(subgraph: Subgraph, source: Field | InputValue) -> list[dict[str, Any]]:
    found = []
    for argument in source.arguments.values() if isinstance(source, Field) else ():
        for applied in subgraph.applied(argument, "fromContext"):
            context, selection = parse_context(applied.arguments.get("field"))
            found.append(
                {
                    "context": f"{subgraph.name}__{context}",
                    "name": argument.name,
                    "type": argument.type,
                    "selection": selection or "",
                }
            )
    return found
