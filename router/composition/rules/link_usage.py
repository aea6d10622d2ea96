"""INVALID_LINK_DIRECTIVE_USAGE after linking: an import must not share its element with the default name.

(The other faults of this code, and INVALID_LINK_IDENTIFIER, are found while the link is read: federation/link.py.)
"""

from __future__ import annotations

from router.composition.model import Schema
from router.composition.problems import Findings, locate
from router.composition.types import base
from router.federation.link import Links


def check_shadowing(schema: Schema, links: Links | None, subgraph: str, findings: Findings) -> None:
    """``import: ["@key"]`` beside a used ``@federation__key`` would split one directive in two."""
    if links is None:
        return
    used = _used_names(schema, links)
    elements = [(each.name, False, each.node) for each in schema.types.values()]
    elements += [(each.name, True, each.node) for each in schema.directives.values()]
    for name, directive, node in elements:
        shadowing = links.shadowing_import(name, directive=directive)
        if shadowing is None or (f"@{name}" if directive else name) not in used:
            continue
        feature, item = shadowing
        findings.refuse(
            "INVALID_LINK_DIRECTIVE_USAGE",
            f'[{subgraph}] Cannot import {item.shown} from feature "{feature.url.identity}" since there\'s a used '
            f'definition for the namespaced name "{"@" if directive else ""}{name}". Please switch usages of the '
            "namespaced name to the import name and remove the definition.",
            locate(subgraph, node),
        )


def _used_names(schema: Schema, links: Links) -> set[str]:
    """Directives that are applied; types referred to by anything that is not itself shadowed."""
    used = {f"@{applied.name}" for applied in schema.applied} | set(schema.roots.values())
    for each in schema.types.values():
        used.update(f"@{applied.name}" for applied in each.applied)
        references = [*each.interfaces, *each.members]
        for output in each.fields.values():
            references.append(base(output.type))
            used.update(f"@{applied.name}" for applied in output.applied)
            for argument in output.arguments.values():
                references.append(base(argument.type))
                used.update(f"@{applied.name}" for applied in argument.applied)
        for argument in each.inputs.values():
            references.append(base(argument.type))
            used.update(f"@{applied.name}" for applied in argument.applied)
        for value in each.values.values():
            used.update(f"@{applied.name}" for applied in value.applied)
        if links.shadowing_import(each.name, directive=False) is None:
            used.update(references)
    for definition in schema.directives.values():
        if links.shadowing_import(definition.name, directive=True) is None:
            used.update(base(argument.type) for argument in definition.arguments.values())
    return used
