"""The connect spec (https://specs.apollo.dev/connect): REST connectors written into a subgraph's schema.

A router that knows connectors runs them; composition only has to carry them along inside ``@join__directive``.
"""

from __future__ import annotations

from router.federation.directives import CONNECT, ArgumentSpec, DirectiveSpec, FeatureSpec
from router.federation.link import Version

_HEADERS = ArgumentSpec("headers", "[HTTPHeaderMapping!]")
_PATH = (ArgumentSpec("path", "JSONSelection"), ArgumentSpec("queryParams", "JSONSelection"))
_METHODS = tuple(ArgumentSpec(method, "URLPathTemplate") for method in ("GET", "POST", "PUT", "PATCH", "DELETE"))
_ANSWER = (ArgumentSpec("errors", "ConnectorErrors"), ArgumentSpec("isSuccess", "JSONSelection"))

_INPUTS = (
    ("ConnectorErrors", (ArgumentSpec("message", "JSONSelection"), ArgumentSpec("extensions", "JSONSelection"))),
    (
        "HTTPHeaderMapping",
        (ArgumentSpec("name", "String!"), ArgumentSpec("from", "String"), ArgumentSpec("value", "String")),
    ),
    ("ConnectBatch", (ArgumentSpec("maxSize", "Int"),)),
    ("SourceHTTP", (ArgumentSpec("baseURL", "String!"), _HEADERS, *_PATH)),
    ("ConnectHTTP", (*_METHODS, ArgumentSpec("body", "JSONSelection"), _HEADERS, *_PATH)),
)
_DIRECTIVES = (
    DirectiveSpec(
        "connect",
        ("FIELD_DEFINITION", "OBJECT"),
        (
            ArgumentSpec("source", "String"),
            ArgumentSpec("id", "String"),
            ArgumentSpec("http", "ConnectHTTP"),
            ArgumentSpec("batch", "ConnectBatch"),
            *_ANSWER,
            ArgumentSpec("selection", "JSONSelection!"),
            ArgumentSpec("entity", "Boolean", False),
        ),
        repeatable=True,
    ),
    DirectiveSpec(
        "source",
        ("SCHEMA",),
        (ArgumentSpec("name", "String!"), ArgumentSpec("http", "SourceHTTP!"), *_ANSWER),
        repeatable=True,
    ),
)


def _version(minor: int, since: int) -> FeatureSpec:
    return FeatureSpec(
        CONNECT,
        Version(0, minor),
        _DIRECTIVES,
        scalars=("URLPathTemplate", "JSONSelection"),
        inputs=_INPUTS,
        since=Version(2, since),
        purpose="EXECUTION",
    )


CONNECT_SPECS = (_version(1, 10), _version(2, 11), _version(3, 12), _version(4, 13))
LATEST_CONNECT = Version(0, 3)
"""What the supergraph links unless a subgraph is already ahead: v0.4 is a preview."""
