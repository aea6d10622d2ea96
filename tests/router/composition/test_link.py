"""The link spec: names elements take, and links that are refused."""

from __future__ import annotations

import pytest
from case_files import source

from router.composition import CompositionErrors, compose
from router.federation.link import FeatureUrl, LinkError, Version
from router.federation.supergraph import read_supergraph

FEDERATION = "https://specs.apollo.dev/federation/v2.9"


def links(*arguments: str) -> str:
    return "extend schema " + " ".join(f"@link({each})" for each in arguments)


NAMES = {
    "imported": (links(f'url: "{FEDERATION}", import: ["@key"]'), "@key"),
    "imported under another name": (links(f'url: "{FEDERATION}", import: [{{name: "@key", as: "@id"}}]'), "@id"),
    "not imported": (links(f'url: "{FEDERATION}"'), "@federation__key"),
    "feature under another name": (links(f'url: "{FEDERATION}", as: "fed"'), "@fed__key"),
    "link itself under another name": (
        'extend schema @l(url: "https://specs.apollo.dev/link/v1.0", as: "l") '
        f'@l(url: "{FEDERATION}", import: ["@key"])',
        "@key",
    ),
}


@pytest.mark.parametrize("name", NAMES)
def test_the_name_of_key(name: str) -> None:
    link, key = NAMES[name]
    sdl = f'{link}\ntype Query {{ t: T }}\ntype T {key}(fields: "id") {{ id: ID! }}'
    assert '@join__type(graph: A, key: "id")' in compose([source("a", sdl)]).supergraph_sdl


REFUSED = {
    "unknown element": links(f'url: "{FEDERATION}", import: ["@keys"]'),
    "no name": links(f'url: "{FEDERATION}", import: [{{as: "@k"}}]'),
    "unknown key": links(f'url: "{FEDERATION}", import: [{{name: "@key", for: "@k"}}]'),
    "directive as type": links(f'url: "{FEDERATION}", import: [{{name: "@key", as: "key"}}]'),
    "type as directive": links(f'url: "{FEDERATION}", import: [{{name: "FieldSet", as: "@FieldSet"}}]'),
    "number": links(f'url: "{FEDERATION}", import: [1]'),
    "twice": links(f'url: "{FEDERATION}"', 'url: "https://specs.apollo.dev/federation/v2.5"'),
    "alias with two underscores": links(f'url: "{FEDERATION}", as: "a__b"'),
    "alias ending in underscore": links(f'url: "{FEDERATION}", as: "a_"'),
    "alias taken": links(f'url: "{FEDERATION}"', 'url: "https://example.com/federation/v1.0"'),
    "name taken by an import": links(
        f'url: "{FEDERATION}", import: ["@key"]',
        'url: "https://example.com/x/v1.0", import: [{name: "@y", as: "@key"}]',
    ),
    "imported under two names": links(f'url: "{FEDERATION}", import: ["@key", {{name: "@key", as: "@k"}}]'),
    "the tag spec beside federation's tag": links(
        f'url: "{FEDERATION}", import: ["@tag"]', 'url: "https://specs.apollo.dev/tag/v0.3"'
    ),
    "a default name beside its import": links(f'url: "{FEDERATION}", import: ["@shareable"]')
    + "\ndirective @federation__shareable on FIELD_DEFINITION\ntype T { x: Int @federation__shareable }",
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    with pytest.raises(CompositionErrors) as refused:
        compose([source("a", f"type Query {{ q: Int }}\n{REFUSED[name]}")])
    assert {problem.code for problem in refused.value.problems} == {"INVALID_LINK_DIRECTIVE_USAGE"}
    assert all(place.line >= 2 for problem in refused.value.problems for place in problem.locations)


@pytest.mark.parametrize(
    "url", ["nowhere", "https://example.com", "https://example.com/", "https://example.com/a/1.0", 7]
)
def test_urls_without_identity(url: object) -> None:
    with pytest.raises(LinkError) as refused:
        FeatureUrl.parse(url)
    assert refused.value.code == "INVALID_LINK_IDENTIFIER"


def test_a_url_taken_apart() -> None:
    url = FeatureUrl.parse("https://someone@specs.apollo.dev/a/federation/v2.11?x#y")
    assert url == FeatureUrl("https://specs.apollo.dev/a/federation", "federation", Version(2, 11))
    assert str(url) == "https://specs.apollo.dev/a/federation/v2.11"


def test_a_composed_feature_is_linked_in_the_supergraph_under_a_free_name() -> None:
    sdl = """
      extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@composeDirective"])
        @link(url: "https://example.com/join/v1.0", as: "mine", import: ["@note"]) @composeDirective(name: "@note")
      directive @note(text: String) on FIELD_DEFINITION
      type Query { q: Int @note(text: "x") }
    """
    text = compose([source("a", sdl)]).supergraph_sdl
    assert '@link(url: "https://example.com/join/v1.0", as: "_0join", import: ["@note"])' in text
    assert 'q: Int @note(text: "x")' in text
    assert read_supergraph(text).api_schema.query_type is not None
