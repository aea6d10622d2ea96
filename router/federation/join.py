"""The join spec (https://specs.apollo.dev/join): how a supergraph says which subgraph has what.

The version written depends on the newest Federation version among the subgraphs, so that an older router still loads
what it can run: v0.3 from Federation 2.0, v0.4 (override labels) from 2.7, v0.5 (contexts) from 2.8.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from router.federation.directives import JOIN
from router.federation.link import FeatureUrl, Version

V0_3: Final = Version(0, 3)
V0_4: Final = Version(0, 4)
V0_5: Final = Version(0, 5)


def join_version(federation: Version) -> Version:
    """The join spec version for the newest Federation version used."""
    if federation >= Version(2, 8):
        return V0_5
    return V0_4 if federation >= Version(2, 7) else V0_3


def join_url(version: Version) -> FeatureUrl:
    """``https://specs.apollo.dev/join/v0.5``"""
    return FeatureUrl(JOIN, "join", version)


def join_definitions(version: Version) -> str:
    """The SDL of the spec's directives and types, all but the ``join__Graph`` enum."""
    field_arguments = [
        "graph: join__Graph",
        "requires: join__FieldSet",
        "provides: join__FieldSet",
        "type: String",
        "external: Boolean",
        "override: String",
        "usedOverridden: Boolean",
    ]
    definitions = []
    if version >= V0_4:
        field_arguments.append("overrideLabel: String")
        definitions.append(
            "directive @join__directive(graphs: [join__Graph!], name: String!, args: join__DirectiveArguments) "
            "repeatable on SCHEMA | OBJECT | INTERFACE | FIELD_DEFINITION"
        )
        definitions.append("scalar join__DirectiveArguments")
    if version >= V0_5:
        field_arguments.append("contextArguments: [join__ContextArgument!]")
        definitions.append(
            "input join__ContextArgument { name: String! type: String! context: String! selection: join__FieldValue! }"
        )
        definitions.append("scalar join__FieldValue")
    return "\n".join(
        [
            "directive @join__enumValue(graph: join__Graph!) repeatable on ENUM_VALUE",
            f"directive @join__field({', '.join(field_arguments)}) repeatable on FIELD_DEFINITION | "
            "INPUT_FIELD_DEFINITION",
            "directive @join__graph(name: String!, url: String!) on ENUM_VALUE",
            "directive @join__implements(graph: join__Graph!, interface: String!) repeatable on OBJECT | INTERFACE",
            "directive @join__type(graph: join__Graph!, key: join__FieldSet, extension: Boolean! = false, "
            "resolvable: Boolean! = true, isInterfaceObject: Boolean! = false) "
            "repeatable on OBJECT | INTERFACE | UNION | ENUM | INPUT_OBJECT | SCALAR",
            "directive @join__unionMember(graph: join__Graph!, member: String!) repeatable on UNION",
            *definitions,
            "scalar join__FieldSet",
        ]
    )


def graph_names(subgraphs: Sequence[str]) -> Mapping[str, str]:
    """Subgraph name → its value in the ``join__Graph`` enum; names that would coincide get a number."""
    groups: dict[str, list[str]] = {}
    for name in subgraphs:
        groups.setdefault(_enum_value(name), []).append(name)
    return {
        name: value if len(group) == 1 else f"{value}_{number}"
        for value, group in groups.items()
        for number, name in enumerate(group, start=1)
    }


def _enum_value(name: str) -> str:
    value = re.sub(r"[^_0-9A-Za-z]", "_", name)
    value = value if not value[:1].isdigit() else f"_{value}"
    # A value that ends like the numbers given to doubles must not meet one of them.
    value = f"{value}_" if re.search(r"_\d+$", value) else value
    return value.upper()
