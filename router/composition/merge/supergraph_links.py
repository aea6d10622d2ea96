"""The ``@link`` applications of the supergraph: link and join, then one a spec whose directives are in use."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from router.composition.merge.context import Merging
from router.composition.merge.directives import SpecDirective
from router.composition.values import print_value
from router.federation.directives import LINK_SPEC, FeatureSpec
from router.federation.join import join_url, join_version
from router.federation.link import Feature, FeatureUrl, Import


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
    """In a settled order: link, join, known specs as they are first used, the subgraphs' own features."""
    links = [
        SupergraphLink(Feature(LINK_SPEC.url, "link"), LINK_SPEC),
        SupergraphLink(Feature(join_url(join_version(m.federation)), "join", (), "EXECUTION")),
    ]
    by_spec: dict[str, list[SpecDirective]] = {}
    for each in (*m.directives.by_name.values(), *m.directives.wrapped.values()):
        by_spec.setdefault(each.feature.identity, []).append(each)
    for directives in by_spec.values():
        spec = directives[0].feature
        links.append(SupergraphLink(_feature(m, spec, directives), spec))
    for feature, names in m.directives.custom.features:
        imports = tuple(Import(f"@{element}", f"@{name}") for name, element in names)
        links.append(SupergraphLink(Feature(feature.url, feature.url.name, imports)))
    return tuple(links)


def _feature(m: Merging, spec: FeatureSpec, directives: list[SpecDirective]) -> Feature:
    plain = Feature(FeatureUrl(spec.identity, spec.name, spec.version), spec.name, (), spec.purpose)
    imports = tuple(
        Import(f"@{each.element}", f"@{each.name}")
        for each in directives
        if each.name not in m.directives.wrapped and each.name != plain.directive_name(each.element)
    )
    return Feature(plain.url, plain.alias, imports, spec.purpose)
