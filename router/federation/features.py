"""Which specifications a supergraph links, and under what names their elements appear (link spec v1.0, core v0.2)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from graphql import value_from_ast_untyped
from graphql.language import ConstDirectiveNode, DirectiveNode, DocumentNode, SchemaDefinitionNode, SchemaExtensionNode


@dataclass(frozen=True, slots=True)
class Feature:
    """A linked specification; ``imports`` pairs the element's own name with its name here, ``@`` kept."""

    identity: str
    version: str
    prefix: str
    imports: tuple[tuple[str, str], ...] = ()

    def owns_directive(self, name: str) -> bool:
        """Whether a directive of that name in this document belongs to the specification."""
        return (
            name == self.prefix or name.startswith(f"{self.prefix}__") or any(f"@{name}" == n for _, n in self.imports)
        )

    def owns_type(self, name: str) -> bool:
        """Whether a type of that name in this document belongs to the specification."""
        return name.startswith(f"{self.prefix}__") or any(name == local for _, local in self.imports)


def directive_arguments(directive: DirectiveNode | ConstDirectiveNode) -> dict[str, object]:
    """The arguments as Python values; enum values as their names."""
    return {argument.name.value: value_from_ast_untyped(argument.value) for argument in directive.arguments or ()}


def _imports(raw: object) -> Iterable[tuple[str, str]]:
    for item in raw if isinstance(raw, list) else ():
        if isinstance(item, str):
            yield item, item
        elif isinstance(item, dict) and isinstance(item.get("name"), str):
            yield item["name"], item.get("as") or item["name"]


def _feature(url: str, alias: object, imports: object) -> Feature:
    parts = url.rstrip("/").split("/")
    version = parts.pop() if len(parts) > 1 and parts[-1].startswith("v") else ""
    return Feature("/".join(parts), version, alias if isinstance(alias, str) else parts[-1], tuple(_imports(imports)))


def linked_features(document: DocumentNode) -> tuple[Feature, ...]:
    """The features linked by the schema definition and its extensions, in order."""
    features = []
    for node in document.definitions:
        if isinstance(node, SchemaDefinitionNode | SchemaExtensionNode):
            for directive in node.directives or ():
                arguments = directive_arguments(directive)
                url = arguments.get("url", arguments.get("feature"))
                if isinstance(url, str):
                    features.append(_feature(url, arguments.get("as"), arguments.get("import")))
    return tuple(features)


def element_name(features: Sequence[Feature], specification: str, directive: str) -> str | None:
    """The name here of a specification's directive, None when the specification is not linked.

    ``element_name(features, "cost", "listSize")`` is ``"listSize"`` when imported, else ``"cost__listSize"``.
    """
    for feature in features:
        if feature.identity.rsplit("/", 1)[-1] == specification:
            imported = dict(feature.imports).get(f"@{directive}")
            if imported is not None:
                return imported.removeprefix("@")
            return feature.prefix if directive == specification else f"{feature.prefix}__{directive}"
    return None
