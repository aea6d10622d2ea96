"""Directive applications: united when repeatable, otherwise the commonest, or merged by the spec's strategy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from router.composition.merge.context import Merging, Sources
from router.composition.merge.mismatch import tell
from router.composition.merge.strategies import STRATEGIES
from router.composition.model import Applied, Element, Schema, applications
from router.composition.subgraph import Subgraph
from router.composition.values import ABSENT, print_value, same_value
from router.federation.directives import DirectiveSpec

Extra = Mapping[str, Sequence[tuple[Applied, ...]]]
"""Directive name → more applications to merge, from types an element shares access control with."""


def merge_applied(
    m: Merging, sources: Sources[Element | Schema], coordinate: str | None, extra: Extra | None = None
) -> tuple[Applied, ...]:
    """The merged applications of every directive that composes.

    Finds hints MERGED_NON_REPEATABLE_DIRECTIVE_ARGUMENTS and INCONSISTENT_NON_REPEATABLE_DIRECTIVE_ARGUMENTS.
    """
    extra = extra or {}
    names = dict.fromkeys(
        applied.name
        for subgraph, source in sources.items()
        if source is not None
        for applied in source.applied
        if m.directives.is_merged(subgraph, applied.name)
    )
    names.update(dict.fromkeys(name for name, more in extra.items() if more))
    merged: list[Applied] = []
    for name in names:
        per_source = [
            (m.by_name[subgraph], found)
            for subgraph, source in sources.items()
            if source is not None and (found := applications(source, name))
        ]
        if m.directives.is_repeatable(name):
            merged.extend(_united(m, name, per_source))
        else:
            merged.append(_agreed(m, name, per_source, extra.get(name, ()), sources, coordinate))
    return tuple(merged)


_PerSource = Sequence[tuple[Subgraph, tuple[Applied, ...]]]


def _united(m: Merging, name: str, per_source: _PerSource) -> list[Applied]:
    """Each different application once."""
    seen: list[dict[str, Any]] = []
    united = []
    composed = m.directives.by_name.get(name)
    scoped = composed is not None and composed.spec.composition is not None and composed.spec.composition.scoped
    for subgraph, found in per_source:
        for applied in found:
            full = _with_defaults(subgraph, applied)
            if any(same_value(full, each) for each in seen):
                continue
            seen.append(full)
            arguments = dict(applied.arguments)
            if scoped:
                arguments["name"] = f"{subgraph.name}__{arguments['name']}"
            united.append(Applied(name, arguments))
    return united


def _agreed(
    m: Merging,
    name: str,
    per_source: _PerSource,
    more: Sequence[tuple[Applied, ...]],
    sources: Sources[Element | Schema],
    coordinate: str | None,
) -> Applied:
    different: list[tuple[Applied, dict[str, Any]]] = []
    counts: list[int] = []
    any_subgraph = m.subgraphs[0]
    for subgraph, found in [*per_source, *((any_subgraph, each) for each in more)]:
        full = _with_defaults(subgraph, found[0])
        for index, (_, other) in enumerate(different):
            if same_value(full, other):
                counts[index] += 1
                break
        else:
            different.append((found[0], full))
            counts.append(1)
    if len(different) == 1:
        return Applied(name, different[0][0].arguments)
    where = coordinate or "schema"
    composed = m.directives.by_name.get(name)
    if composed is not None and composed.spec.merges_arguments:
        strategies = ", ".join(f'"{each.name}": {each.strategy}' for each in composed.spec.arguments)
        m.findings.hint(
            "MERGED_NON_REPEATABLE_DIRECTIVE_ARGUMENTS",
            f'Directive @{name} is applied to "{where}" in multiple subgraphs with different arguments. Merging '
            f"strategies used by arguments: {{ {strategies} }}",
        )
        return Applied(name, merge_arguments(composed.spec, [full for _, full in different]))
    chosen = different[counts.index(max(counts))][0]
    said = {subgraph.name: _shown(found[0]) for subgraph, found in per_source}
    story = tell(
        said,
        _shown(chosen),
        lambda text, names: f"The supergraph will use {text} (from {names}), but found ",
        lambda text, names: f"{text} in {names}",
    )
    m.findings.hint(
        "INCONSISTENT_NON_REPEATABLE_DIRECTIVE_ARGUMENTS",
        f'Non-repeatable directive @{name} is applied to "{where}" in multiple subgraphs but with incompatible '
        f"arguments. {story}.",
        coordinate,
        m.locate(sources),
    )
    return Applied(name, chosen.arguments)


def merge_arguments(spec: DirectiveSpec, values: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """One set of arguments out of several, argument by argument."""
    merged = {}
    for argument in spec.arguments:
        given = [each.get(argument.name) for each in values]
        result = STRATEGIES[argument.strategy or ""](given)
        if result is not None:
            merged[argument.name] = result
    return merged


def _with_defaults(subgraph: Subgraph, applied: Applied) -> dict[str, Any]:
    definition = subgraph.schema.directives.get(applied.name)
    arguments = dict(applied.arguments)
    for name, argument in (definition.arguments if definition else {}).items():
        if name not in arguments and argument.default is not ABSENT:
            arguments[name] = argument.default
    if applied.name == "deprecated":
        arguments.setdefault("reason", "No longer supported")
    return arguments


def _shown(applied: Applied) -> str:
    if not applied.arguments:
        return "no arguments"
    return f"arguments {print_value(dict(applied.arguments))}"
