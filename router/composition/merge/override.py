"""``@override``: which subgraphs' versions of a field no longer count, and under which label."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from difflib import get_close_matches

from router.composition.merge.context import Merging, Sources
from router.composition.model import Applied, Field, Kind
from router.composition.problems import listed
from router.composition.subgraph import Subgraph

_LABEL = re.compile(r"[a-zA-Z][a-zA-Z0-9_\-:./]*|percent\((\d{1,2}(\.\d{1,8})?|100)\)")
COLLISION = "OVERRIDE_COLLISION_WITH_ANOTHER_DIRECTIVE"


@dataclass(frozen=True, slots=True)
class Overrides:
    """Subgraph names: overridden yet still ``used`` by directives, overridden and ``unused``, overriding an
    ``unknown`` subgraph; ``labels`` of both sides of a migration in progress."""

    used: frozenset[str] = frozenset()
    unused: frozenset[str] = frozenset()
    unknown: frozenset[str] = frozenset()
    labels: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class _Found:
    used: set[str] = field(default_factory=set)
    unused: set[str] = field(default_factory=set)
    unknown: set[str] = field(default_factory=set)
    labels: dict[str, str] = field(default_factory=dict)


def read_overrides(m: Merging, sources: Sources[Field], coordinate: str) -> Overrides:
    """Judge every ``@override`` on a field.

    Finds OVERRIDE_ON_INTERFACE, OVERRIDE_FROM_SELF_ERROR, OVERRIDE_SOURCE_HAS_OVERRIDE, OVERRIDE_LABEL_INVALID,
    OVERRIDE_COLLISION_WITH_ANOTHER_DIRECTIVE and hints FROM_SUBGRAPH_DOES_NOT_EXIST, OVERRIDE_DIRECTIVE_CAN_BE_REMOVED,
    OVERRIDDEN_FIELD_CAN_BE_REMOVED, OVERRIDE_MIGRATION_IN_PROGRESS.
    """
    overriding = {
        name: given[0]
        for name, source in sources.items()
        if source is not None and (given := m.by_name[name].applied(source, "override"))
    }
    found = _Found()
    for name, applied in overriding.items():
        _judge(m, sources, coordinate, m.by_name[name], applied, overriding, found)
    return Overrides(frozenset(found.used), frozenset(found.unused), frozenset(found.unknown), found.labels)


def _judge(
    m: Merging,
    sources: Sources[Field],
    coordinate: str,
    subgraph: Subgraph,
    applied: Applied,
    overriding: dict[str, Applied],
    found: _Found,
) -> None:
    findings, place, target = m.findings, subgraph.locate(applied.node), str(applied.arguments.get("from"))
    type_name, _, field_name = coordinate.partition(".")
    on_here = f'field "{coordinate}" on subgraph "{subgraph.name}"'
    if subgraph.schema.kind(type_name) is Kind.INTERFACE:
        message = f"@override cannot be used on {on_here}: @override is not supported on interface type fields."
        findings.refuse("OVERRIDE_ON_INTERFACE", message, place)
    elif subgraph.is_interface_object(type_name):
        message = f"@override is not yet supported on fields of @interfaceObject types: cannot be used on {on_here}."
        findings.refuse(COLLISION, message, place)
    elif target not in m.by_name:
        found.unknown.add(subgraph.name)
        close = get_close_matches(target, list(m.by_name), n=1)
        guess = f' Did you mean "{close[0]}"?' if close else ""
        message = f'Source subgraph "{target}" for {on_here} does not exist.{guess}'
        findings.hint("FROM_SUBGRAPH_DOES_NOT_EXIST", message, coordinate, place)
    elif target == subgraph.name:
        message = f'Source and destination subgraphs "{target}" are the same for overridden field "{coordinate}"'
        findings.refuse("OVERRIDE_FROM_SELF_ERROR", message, place)
    elif target in overriding:
        findings.refuse(
            "OVERRIDE_SOURCE_HAS_OVERRIDE",
            f'F{on_here[1:]} is also marked with directive @override in subgraph "{target}". Only one @override '
            "directive is allowed per field.",
            (*place, *m.by_name[target].locate(overriding[target].node)),
        )
    elif abstracted := m.abstracted(type_name, field_name, m.by_name[target]):
        types = listed((each.parent for each in abstracted), "type", "types")
        findings.refuse(
            COLLISION,
            f'Invalid @override on field "{coordinate}" of subgraph "{subgraph.name}": source subgraph "{target}" '
            f'does not have field "{coordinate}" but abstract it in {types} and overriding abstracted fields is not '
            "supported.",
            place,
        )
    elif (replaced := sources.get(target)) is None:
        message = f"F{on_here[1:]} no longer exists in the from subgraph. The @override directive can be removed."
        findings.hint("OVERRIDE_DIRECTIVE_CAN_BE_REMOVED", message, coordinate, place)
    else:
        own = sources[subgraph.name]
        assert own is not None
        _replace(m, own, replaced, subgraph, m.by_name[target], applied, found)


def _replace(
    m: Merging, own: Field, replaced: Field, subgraph: Subgraph, target: Subgraph, applied: Applied, found: _Found
) -> None:
    """The override names a field that is there: it takes effect unless other directives forbid it."""
    findings, coordinate, place = m.findings, own.coordinate, subgraph.locate(applied.node)
    conflict = _conflict(own, replaced, subgraph, target)
    if conflict is not None:
        directive, holder = conflict
        findings.refuse(
            COLLISION,
            f'@override cannot be used on field "{coordinate}" on subgraph "{subgraph.name}" since "{coordinate}" on '
            f'"{holder.name}" is marked with directive "@{holder.directive_name(directive)}"',
            (*place, *target.locate(replaced.node)),
        )
        return
    label = applied.arguments.get("label")
    used = target.is_used(coordinate)
    still = (
        "It is still used in some federation directive(s) (@key, @requires, and/or @provides) and/or to satisfy "
        "interface constraint(s)"
    )
    there, name = target.locate(replaced.node), target.name
    if target.is_external(coordinate):
        findings.hint(
            "OVERRIDE_DIRECTIVE_CAN_BE_REMOVED",
            f'Field "{coordinate}" on subgraph "{subgraph.name}" is not resolved anymore by the from subgraph (it is '
            f'marked "@external" in "{name}"). The @override directive can be removed.',
            coordinate,
            place,
        )
    else:
        (found.used if used else found.unused).add(name)
        if not label:
            advice = f"{still}, but consider marking it @external explicitly or removing it along with its references."
            message = (
                f'Field "{coordinate}" on subgraph "{name}" is overridden. '
                f"{advice if used else 'Consider removing it.'}"
            )
            findings.hint("OVERRIDDEN_FIELD_CAN_BE_REMOVED", message, coordinate, there)
    if not label:
        return
    if _LABEL.fullmatch(str(label)):
        found.labels[subgraph.name] = found.labels[name] = str(label)
    else:
        findings.refuse(
            "OVERRIDE_LABEL_INVALID",
            f'Invalid @override label "{label}" on field "{coordinate}" on subgraph "{subgraph.name}": labels must '
            "start with a letter and after that may contain alphanumerics, underscores, minuses, colons, periods, or "
            'slashes. Alternatively, labels may be of the form "percent(x)" where x is a float between 0-100 '
            "inclusive.",
            place,
        )
    if used:
        message = (
            f'Field "{coordinate}" on subgraph "{name}" is being migrated via progressive @override. {still}. '
            "Once the migration is complete, consider marking it @external explicitly or removing it along with its "
            "references."
        )
    else:
        message = (
            f'Field "{coordinate}" is currently being migrated with progressive @override. Once the migration is '
            f'complete, remove the field from subgraph "{name}".'
        )
    findings.hint("OVERRIDE_MIGRATION_IN_PROGRESS", message, coordinate, there)


def _conflict(own: Field, replaced: Field, subgraph: Subgraph, target: Subgraph) -> tuple[str, Subgraph] | None:
    for directive in ("requires", "provides"):
        if target.has(replaced, directive):
            return directive, target
    return ("external", subgraph) if subgraph.is_external(own.coordinate) else None
