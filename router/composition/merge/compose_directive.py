"""``@composeDirective``: directives of the subgraphs' own features that reach the supergraph.

Finds DIRECTIVE_COMPOSITION_ERROR and the hints DIRECTIVE_COMPOSITION_INFO, DIRECTIVE_COMPOSITION_WARN.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from router.composition.model import Applied, DirectiveDefinition
from router.composition.problems import Findings, Location, in_subgraphs
from router.composition.subgraph import Subgraph
from router.federation.link import Feature

ERROR = "DIRECTIVE_COMPOSITION_ERROR"
_OURS = frozenset(
    f"https://specs.apollo.dev/{name}"
    for name in (
        "core",
        "join",
        "link",
        "tag",
        "inaccessible",
        "federation",
        "authenticated",
        "requiresScopes",
        "source",
        "context",
        "cost",
    )
)
_COMPOSED_ANYWAY = ("tag", "inaccessible", "authenticated", "requiresScopes", "policy", "context")


@dataclass(frozen=True)
class CustomDirectives:
    """``subgraphs``: who composes which names; ``definitions``: from the newest version of each feature;
    ``features``: what the supergraph links, with (name in the supergraph, name in the feature) pairs."""

    subgraphs: Mapping[str, frozenset[str]] = field(default_factory=dict)
    definitions: Mapping[str, DirectiveDefinition] = field(default_factory=dict)
    features: tuple[tuple[Feature, tuple[tuple[str, str], ...]], ...] = ()

    def composes(self, subgraph: str, name: str) -> bool:
        return name in self.subgraphs.get(subgraph, ())


@dataclass(frozen=True, slots=True)
class _Request:
    """One valid ``@composeDirective``: ``element`` in the feature, ``name`` in the schema."""

    subgraph: Subgraph
    feature: Feature
    element: str
    name: str
    applied: Applied

    @property
    def identity(self) -> str:
        return self.feature.url.identity

    @property
    def place(self) -> tuple[Location, ...]:
        return self.subgraph.locate(self.applied.node)


def custom_directives(subgraphs: Sequence[Subgraph], findings: Findings) -> CustomDirectives:
    """All requests of all subgraphs, as far as they agree."""
    requests = [request for subgraph in subgraphs for request in _requests(subgraph, subgraphs, findings)]
    latest: dict[str, tuple[Feature, tuple[str, ...]]] = {}
    for identity in dict.fromkeys(feature.url.identity for each in subgraphs for feature in each.links or ()):
        found = _latest(identity, requests, subgraphs, findings)
        if found is not None:
            latest[identity] = found
    refused = _disagreeing(requests, subgraphs, findings)
    kept = [each for each in requests if each.identity in latest and each.name not in refused]
    composed: dict[str, set[str]] = {}
    for request in kept:
        composed.setdefault(request.subgraph.name, set()).add(request.name)
    by_name = {request.name: request for request in requests}
    definitions = _definitions(by_name, latest, subgraphs, findings)
    features = tuple(
        (feature, tuple((each.name, each.element) for each in by_name.values() if each.identity == identity))
        for identity, (feature, _) in latest.items()
        if identity not in _OURS
    )
    return CustomDirectives({name: frozenset(names) for name, names in composed.items()}, definitions, features)


def _requests(subgraph: Subgraph, subgraphs: Sequence[Subgraph], findings: Findings) -> Iterable[_Request]:
    for applied in subgraph.applied(subgraph.schema, "composeDirective"):
        place = subgraph.locate(applied.node)
        written = applied.arguments.get("name")
        if not isinstance(written, str) or not written:
            message = f'Argument to @composeDirective in subgraph "{subgraph.name}" cannot be NULL or an empty String'
            findings.refuse(ERROR, message, place)
            continue
        if not written.startswith("@"):
            message = f'Argument to @composeDirective "{written}" in subgraph "{subgraph.name}" must have a leading "@"'
            findings.refuse(ERROR, message, place)
            continue
        request = _request(subgraph, written[1:], applied, subgraphs, findings)
        if request is not None:
            yield request


def _request(
    subgraph: Subgraph, name: str, applied: Applied, subgraphs: Sequence[Subgraph], findings: Findings
) -> _Request | None:
    place = subgraph.locate(applied.node)

    def refuse(reason: str) -> None:
        findings.refuse(
            ERROR, f'Directive "@{name}" in subgraph "{subgraph.name}" cannot be composed because {reason}', place
        )

    if name not in subgraph.schema.directives:
        findings.refuse(
            ERROR,
            f'Could not find matching directive definition for argument to @composeDirective "@{name}" in subgraph '
            f'"{subgraph.name}".',
            place,
        )
        return None
    origin = subgraph.links.origin(name, directive=True) if subgraph.links else None
    if origin is None:
        refuse("it is not a member of a core feature")
        return None
    if origin.name is None:
        refuse("it is imported to a different name")
        return None
    if origin.feature.url.identity in _OURS:
        _refuse_ours(subgraph, name, applied, findings)
        return None
    for ours in ("tag", "inaccessible"):
        clashing = [each.name for each in subgraphs if each.defines(ours) and each.directive_name(ours) == name]
        if clashing:
            refuse(
                f'it conflicts with automatically composed federation directive "@{ours}". Conflict exists in '
                f"subgraph(s): ({','.join(clashing)})"
            )
            return None
    return _Request(subgraph, origin.feature, origin.name, name, applied)


def _refuse_ours(subgraph: Subgraph, name: str, applied: Applied, findings: Findings) -> None:
    place = subgraph.locate(applied.node)
    if any(subgraph.directive_name(each) == name for each in _COMPOSED_ANYWAY):
        findings.hint(
            "DIRECTIVE_COMPOSITION_INFO",
            f'Directive "@{name}" should not be explicitly manually composed since it is a federation directive '
            "composed by default",
            f"@{name}",
            place,
        )
        return
    message = f'Composing federation directive "@{name}" in subgraph "{subgraph.name}" is not supported'
    findings.refuse(ERROR, message, place)


def _latest(
    identity: str, requests: Sequence[_Request], subgraphs: Sequence[Subgraph], findings: Findings
) -> tuple[Feature, tuple[str, ...]] | None:
    """The newest version of a feature with composed directives, and the subgraphs on that version."""
    users = {each.subgraph.name for each in requests if each.identity == identity}
    linked = [(each.name, feature) for each in subgraphs if each.links and (feature := each.links.feature(identity))]
    places = [place for each in subgraphs for place in _link_places(each, identity)]
    hinted = False
    best: tuple[str, Feature] | None = None
    for name, feature in linked:
        if best is None:
            best = (name, feature)
            continue
        if best[1].url.version.major != feature.url.version.major:
            if best[0] in users and name in users:
                message = (
                    f'Core feature "{identity}" requested to be merged has major version mismatch across subgraphs'
                )
                findings.refuse(ERROR, message, places)
                return None
            if not hinted:
                message = f'Non-composed core feature "{identity}" has major version mismatch across subgraphs'
                findings.hint("DIRECTIVE_COMPOSITION_INFO", message, None, places)
                hinted = True
            best = best if best[0] in users else (name, feature)
        elif (best[0] in users) != (name in users):
            best = best if best[0] in users else (name, feature)
        elif best[1].url.version.minor <= feature.url.version.minor:
            best = (name, feature)
    if best is None or best[0] not in users:
        return None
    version = best[1].url.version
    return best[1], tuple(name for name, feature in reversed(linked) if feature.url.version == version)


def _link_places(subgraph: Subgraph, identity: str) -> tuple[Location, ...]:
    nodes = (
        each.node for each in subgraph.schema.applied if str(each.arguments.get("url", "")).startswith(f"{identity}/v")
    )
    return subgraph.locate(*nodes)


def _disagreeing(requests: Sequence[_Request], subgraphs: Sequence[Subgraph], findings: Findings) -> set[str]:
    """Names that mean different things, or things that have different names, in different subgraphs."""
    refused: set[str] = set()
    for name in dict.fromkeys(each.name for each in requests):
        same_name = [each for each in requests if each.name == name]
        places = [place for each in same_name for place in each.place]
        if len({each.element for each in same_name}) > 1:
            refused.add(name)
            message = f'Composed directive "@{name}" does not refer to the same directive in every subgraph'
            findings.refuse(ERROR, message, places)
        if len({each.identity for each in same_name}) > 1:
            refused.add(name)
            message = f'Composed directive "@{name}" is not linked by the same core feature in every subgraph'
            findings.refuse(ERROR, message, places)
    for element in dict.fromkeys(each.element for each in requests):
        same = [each for each in requests if each.element == element]
        if len({each.name for each in same}) > 1:
            refused.update(each.name for each in same)
            story = " and ".join(f'"@{each.name}" in subgraph "{each.subgraph.name}"' for each in same)
            places = [place for each in same for place in each.place]
            findings.refuse(ERROR, f"Composed directive is not named consistently in all subgraphs: {story}", places)
        _hint_other_names(same, subgraphs, findings)
    return refused


def _hint_other_names(same: Sequence[_Request], subgraphs: Sequence[Subgraph], findings: Findings) -> None:
    composing = {each.subgraph.name for each in same}
    first = same[0]
    different = []
    for subgraph in subgraphs:
        feature = subgraph.links.feature(first.identity) if subgraph.links else None
        if feature is None or subgraph.name in composing:
            continue
        imported = next((item for item in feature.imports if item.name == f"@{first.element}"), None)
        if imported is not None and imported.alias != f"@{first.name}":
            different.append(subgraph)
    if different:
        findings.hint(
            "DIRECTIVE_COMPOSITION_WARN",
            f'Composed directive "@{first.element}" is named differently in a subgraph that doesn\'t export it. '
            "Consistent "
            "naming will be required to export it.",
            None,
            [place for subgraph in different for place in _link_places(subgraph, first.identity)],
        )


def _definitions(
    by_name: Mapping[str, _Request],
    latest: Mapping[str, tuple[Feature, tuple[str, ...]]],
    subgraphs: Sequence[Subgraph],
    findings: Findings,
) -> dict[str, DirectiveDefinition]:
    found: dict[str, DirectiveDefinition] = {}
    for name, request in by_name.items():
        if request.identity not in latest:
            continue
        feature, users = latest[request.identity]
        definition = None
        for subgraph in (each for user in users for each in subgraphs if each.name == user):
            linked = subgraph.links.feature(request.identity) if subgraph.links else None
            if linked is not None:
                definition = definition or subgraph.schema.directives.get(linked.directive_name(request.element))
        if definition is None:
            verb = "does" if len(users) == 1 else "do"
            findings.refuse(
                ERROR,
                f'Core feature "{feature.url}" in {in_subgraphs(users)} {verb} not have a directive definition for '
                f'"@{name}"',
                [place for each in subgraphs if each.name in users for place in _link_places(each, request.identity)],
            )
        else:
            found[name] = definition
    return found
