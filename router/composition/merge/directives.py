"""Which directives reach the supergraph, under which name, linked from which spec."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from router.composition.merge.compose_directive import CustomDirectives, custom_directives
from router.composition.model import BUILT_IN_DIRECTIVES, Applied, DirectiveDefinition, Schema
from router.composition.problems import Findings, Location, in_subgraphs
from router.composition.subgraph import Subgraph
from router.federation.directives import CONNECT, JOIN, DirectiveSpec, FeatureSpec, known_spec, latest_spec
from router.federation.link import CORE, FEDERATION, LINK, FeatureUrl, Version

UNMERGED_FEATURES = frozenset({FEDERATION, LINK, CORE, CONNECT, JOIN})


@dataclass(frozen=True, slots=True)
class SpecDirective:
    """A spec's directive in the supergraph: ``element`` in the spec, ``name`` in the supergraph."""

    element: str
    name: str
    spec: DirectiveSpec
    feature: FeatureSpec


@dataclass(frozen=True)
class ComposedDirectives:
    """``by_name``: spec directives merged application by application; ``wrapped``: those carried by join__directive."""

    by_name: Mapping[str, SpecDirective] = field(default_factory=dict)
    wrapped: Mapping[str, SpecDirective] = field(default_factory=dict)
    custom: CustomDirectives = field(default_factory=CustomDirectives)
    inaccessible: str | None = None

    def is_merged(self, subgraph: str, name: str) -> bool:
        """Whether applications of the directive in that subgraph are merged."""
        if self.custom.composes(subgraph, name):
            return True
        return name not in self.wrapped and (name in self.by_name or name in BUILT_IN_DIRECTIVES)

    def is_repeatable(self, name: str) -> bool:
        if name in self.custom.definitions:
            return self.custom.definitions[name].repeatable
        return name in self.by_name and self.by_name[name].spec.repeatable

    def access_control(self) -> dict[str, str]:
        """Element → name in the supergraph, of the access control directives in use."""
        elements = ("authenticated", "requiresScopes", "policy")
        found = {each.element: name for name, each in self.by_name.items()}
        return {element: found[element] for element in elements if element in found}


def composed_directives(subgraphs: Sequence[Subgraph], federation: Version, findings: Findings) -> ComposedDirectives:
    """Finds LINK_IMPORT_NAME_MISMATCH and what compose_directive finds."""
    by_name: dict[str, SpecDirective] = {}
    wrapped: dict[str, SpecDirective] = {}
    for element, (url, spec, definitions) in _used_spec_directives(subgraphs).items():
        names = {subgraph: definition.name for subgraph, definition in definitions.items()}
        if len(set(names.values())) > 1:
            _refuse_names(element[1], url, names, subgraphs, findings)
            break
        assert spec.composition is not None
        name = next(iter(names.values()))
        directive = SpecDirective(spec.name, name, spec, supergraph_spec(spec.composition.identity))
        (wrapped if spec.composition.wrapped else by_name)[name] = directive
    inaccessible = next((name for name, each in by_name.items() if each.element == "inaccessible"), None)
    return ComposedDirectives(by_name, wrapped, custom_directives(subgraphs, findings), inaccessible)


def supergraph_spec(identity: str) -> FeatureSpec:
    """The version of a spec the supergraph links: the newest there is."""
    return latest_spec(identity)


_Used = dict[tuple[str, str, int], tuple[FeatureUrl, DirectiveSpec, dict[str, DirectiveDefinition]]]


def _used_spec_directives(subgraphs: Sequence[Subgraph]) -> _Used:
    """The composing directives of known features that are applied at least once, with who uses them.

    Versions of one major are one; before 1.0 each minor stands alone.
    """
    found: _Used = {}
    for subgraph in subgraphs:
        applied = applied_names(subgraph.schema)
        for definition in subgraph.schema.directives.values():
            origin = subgraph.links.origin(definition.name, directive=True) if subgraph.links else None
            if origin is None or origin.name is None or definition.name not in applied:
                continue
            url = origin.feature.url
            known = known_spec(url)
            spec = known.directive(origin.name) if known else None
            if spec is None or spec.composition is None:
                continue
            series = url.version.major or -url.version.minor
            key = (url.identity, origin.name, series)
            newest, _, definitions = found.get(key, (url, spec, {}))
            definitions[subgraph.name] = definition
            found[key] = (max(newest, url, key=lambda each: each.version), spec, definitions)
    return found


def applied_names(schema: Schema) -> frozenset[str]:
    """The directives applied anywhere in a schema."""
    names: set[str] = set()

    def add(applied: tuple[Applied, ...]) -> None:
        names.update(each.name for each in applied)

    add(schema.applied)
    for each in schema.types.values():
        add(each.applied)
        for output in each.fields.values():
            add(output.applied)
            for argument in output.arguments.values():
                add(argument.applied)
        for argument in each.inputs.values():
            add(argument.applied)
        for value in each.values.values():
            add(value.applied)
    for definition in schema.directives.values():
        for argument in definition.arguments.values():
            add(argument.applied)
    return frozenset(names)


def _refuse_names(
    element: str, url: FeatureUrl, names: Mapping[str, str], subgraphs: Sequence[Subgraph], findings: Findings
) -> None:
    places: list[Location] = []
    for subgraph in subgraphs:
        if subgraph.name in names:
            places.extend(
                subgraph.locate(*(each.node for each in subgraph.schema.applied if url.identity in str(each)))
            )
    groups: dict[str, list[str]] = {}
    for subgraph_name, name in names.items():
        groups.setdefault(name, []).append(subgraph_name)
    story = " but ".join(f'"@{name}" in {in_subgraphs(users)}' for name, users in groups.items())
    findings.refuse(
        "LINK_IMPORT_NAME_MISMATCH",
        f'The "@{element}" directive (from {url}) is imported with mismatched name between subgraphs: it is imported '
        f"as {story}",
        places,
    )
