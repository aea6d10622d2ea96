"""The ``@link`` applications of the supergraph: link and join, then one a spec whose directives are in use."""

from __future__ import annotations

import itertools
import re
import string
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from router.composition.merge.context import Merging
from router.composition.merge.directives import SpecDirective
from router.composition.values import print_value
from router.federation.connect import LATEST_CONNECT
from router.federation.directives import CONNECT, LINK_SPEC, FeatureSpec, known_spec
from router.federation.join import join_url, join_version
from router.federation.link import Feature, FeatureUrl, Import, LinkError, link_features, split_prefix

_NAME = re.compile(r"[_A-Za-z][_0-9A-Za-z]*")


@dataclass(frozen=True, slots=True)
class SupergraphLink:
    """``spec`` None for features we do not know: the subgraphs' own, and join, which is written apart."""

    feature: Feature
    spec: FeatureSpec | None = None

    def arguments(self) -> Iterator[str]:
        """As they stand in ``@link(…)``."""
        yield f"url: {print_value(str(self.feature.url))}"
        if self.feature.alias != self.feature.url.name:
            yield f"as: {print_value(self.feature.alias)}"
        if self.feature.purpose is not None:
            yield f"for: {self.feature.purpose}"
        if self.feature.imports:
            yield f"import: [{', '.join(map(_written, self.feature.imports))}]"


def _written(item: Import) -> str:
    if item.name == item.alias:
        return print_value(item.name)
    return f"{{name: {print_value(item.name)}, as: {print_value(item.alias)}}}"


def supergraph_links(m: Merging) -> tuple[SupergraphLink, ...]:
    """In a settled order: link, join, known specs as they are first used, the subgraphs' own features, connect.

    Finds INVALID_LINK_DIRECTIVE_USAGE where a composed directive took a name of the supergraph's own.
    """
    links = [
        SupergraphLink(Feature(LINK_SPEC.url, "link"), LINK_SPEC),
        SupergraphLink(Feature(join_url(join_version(m.federation)), "join", (), "EXECUTION")),
    ]
    wanted = [*links, *_known_links(m), *_custom_links(m)]
    aliases = _Aliases(m, [link.feature for link in wanted])
    for link in wanted[2:]:
        links.append(SupergraphLink(aliases.settle(link.feature), link.spec))
    links.extend(_connect_links(m))
    try:
        link_features([link.feature for link in links])
    except LinkError as error:
        m.findings.refuse(error.code, error.message)
    return tuple(links)


def _known_links(m: Merging) -> Iterator[SupergraphLink]:
    by_spec: dict[str, list[SpecDirective]] = {}
    for each in (*m.directives.by_name.values(), *m.directives.wrapped.values()):
        by_spec.setdefault(each.feature.identity, []).append(each)
    for directives in by_spec.values():
        spec = directives[0].feature
        imports = tuple(
            Import(f"@{each.element}", f"@{each.name}") for each in directives if each.name not in m.directives.wrapped
        )
        yield SupergraphLink(Feature(spec.url, spec.name, imports, spec.purpose), spec)


def _custom_links(m: Merging) -> Iterator[SupergraphLink]:
    for feature, names in m.directives.custom.features:
        imports = tuple(Import(f"@{element}", f"@{name}") for name, element in names)
        yield SupergraphLink(Feature(feature.url, feature.url.name, imports))


def _connect_links(m: Merging) -> Iterator[SupergraphLink]:
    """Connectors themselves travel with their subgraphs; the supergraph only says that there are some."""
    features = (subgraph.links.feature(CONNECT) for subgraph in m.subgraphs if subgraph.links)
    versions = [feature.url.version for feature in features if feature is not None]
    if versions:
        url = FeatureUrl(CONNECT, "connect", max(LATEST_CONNECT, *versions))
        yield SupergraphLink(Feature(url, "connect", (), "EXECUTION"))


class _Aliases:
    """A spec is linked under its own name unless a composed directive has that name; then under one nobody has."""

    def __init__(self, m: Merging, features: Sequence[Feature]) -> None:
        self._features = features
        self._number = 0
        schemas = [subgraph.schema for subgraph in m.subgraphs]
        names = {name for schema in schemas for name in (*schema.types, *schema.directives)}
        imported = {item.alias.removeprefix("@") for feature in features for item in feature.imports}
        self._taken = names | imported | {feature.alias for feature in features}
        self._settled = {feature.alias for feature in features[:2]}

    def settle(self, feature: Feature) -> Feature:
        """The feature under a usable alias; imports that say what the alias says anyway are left out."""
        alias = feature.url.name if self._is_usable(feature) else self._fresh(feature.url.name)
        self._settled.add(alias)
        settled = Feature(feature.url, alias, (), feature.purpose)
        if not _is_known(feature):
            return Feature(feature.url, alias, feature.imports, feature.purpose)
        needed = tuple(
            item for item in feature.imports if item.alias[1:] != settled.directive_name(item.name.removeprefix("@"))
        )
        return Feature(feature.url, alias, needed, feature.purpose)

    def _is_usable(self, feature: Feature) -> bool:
        alias = feature.url.name
        if "__" in alias or alias.endswith("_") or not _NAME.fullmatch(alias) or alias in self._settled:
            return False
        return not any(_confuses(alias, other, item, feature) for other in self._features for item in other.imports)

    def _fresh(self, name: str) -> str:
        prefix = next(each for each in _prefixes() if not any(taken.startswith(each) for taken in self._taken))
        self._number += 1
        return f"{prefix}{self._number - 1}{re.sub('[^a-zA-Z]', '', name)}"


def _is_known(feature: Feature) -> bool:
    return known_spec(feature.url) is not None


def _confuses(alias: str, other: Feature, item: Import, feature: Feature) -> bool:
    """Whether an import reads like an element of a feature of that alias, which it is not."""
    name, element = item.alias.removeprefix("@"), item.name.removeprefix("@")
    own = other.url.identity == feature.url.identity
    split = split_prefix(name)
    if split is not None and split[0] == alias and (not own or split[1] != element):
        return True
    return item.name.startswith("@") and name == alias and (not own or element != feature.url.name)


def _prefixes() -> Iterator[str]:
    """``_``, ``a``, ``b``, … and when all are taken ``_a``, ``_b``, …"""
    letters = string.ascii_letters
    for length in itertools.count(1):
        for rest in itertools.product(letters + string.digits, repeat=length - 1):
            for first in f"_{letters}":
                yield first + "".join(rest)
