"""Source → Subgraph: parse, find the links, add what they bring, refuse what is no GraphQL schema."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from graphql import (
    DefinitionNode,
    DirectiveDefinitionNode,
    DocumentNode,
    ExecutableDefinitionNode,
    GraphQLSyntaxError,
    ObjectTypeDefinitionNode,
    ObjectTypeExtensionNode,
    parse,
    print_ast,
)

from router.composition.definitions import missing_definitions
from router.composition.model import FEDERATION_FIELDS, ROOT_NAMES, Applied, Kind, Schema, Type
from router.composition.problems import Findings, Location, locate
from router.composition.read import read_schema
from router.composition.rules.invalid_graphql import (
    check_directive_types,
    check_document,
    check_names,
    check_schema,
)
from router.composition.rules.link_usage import check_shadowing
from router.composition.rules.root_type_used import rename_roots
from router.composition.subgraph import Subgraph, SubgraphSource
from router.federation.directives import FEDERATION_1, LINK_SPEC, FeatureSpec, known_spec
from router.federation.link import (
    CORE,
    FEDERATION,
    LINK,
    Feature,
    FeatureUrl,
    Import,
    LinkError,
    Links,
    link_features,
    read_feature,
)

BARE_FEDERATION_1 = Feature(
    FEDERATION_1.url,
    "federation",
    (
        *(Import(f"@{directive.name}", f"@{directive.name}") for directive in FEDERATION_1.directives),
        Import("FieldSet", "_FieldSet"),
    ),
)
"""Stands for the link a Federation v1 schema does not have: its directives have no prefix."""


def load_subgraph(source: SubgraphSource, findings: Findings) -> Subgraph | None:
    """A valid subgraph schema, or None with the reasons added to ``findings``.

    A root type whose name is taken is told too, and leaves the rest fit to be judged.
    """
    own = Findings()
    subgraph = _load(source, own)
    findings.problems.extend(own.problems)
    return subgraph


def _load(source: SubgraphSource, findings: Findings) -> Subgraph | None:
    if source.name == "_":
        findings.refuse("INVALID_SUBGRAPH_NAME", "Invalid name _ for a subgraph: this name is reserved")
        return None
    document = _parse(source, findings)
    if document is None:
        return None
    check_directive_types(document, source.name, findings)
    if findings.problems:
        return None
    written = read_schema(document)
    links = find_links(written, source.name, findings)
    if findings.problems:
        return None
    federation, spec = _federation(written, links, source.name, findings)
    if findings.problems:
        return None
    if spec is FEDERATION_1:
        document = _without_federation_fields(_without_loose_definitions(document))
        written = read_schema(document)
    document, schema = _completed(document, written, links, federation, spec, findings, source.name)
    check_names(document, source.name, findings)
    if findings.problems:
        return None
    check_document(document, source.name, findings)
    check_schema(schema, source.name, findings)
    check_shadowing(schema, links, source.name, findings)
    if findings.problems:
        return None
    schema = _with_query(rename_roots(schema, source.name, findings))
    return Subgraph(source.name, source.url, schema, federation, spec, links, source.sdl)


def _with_query(schema: Schema) -> Schema:
    """Every subgraph has a query root: Federation's own fields are on it."""
    if "query" in schema.roots:
        return schema
    query = Type(ROOT_NAMES["query"], Kind.OBJECT)
    return replace(schema, types={**schema.types, query.name: query}, roots={"query": query.name, **schema.roots})


def _parse(source: SubgraphSource, findings: Findings) -> DocumentNode | None:
    try:
        document = parse(source.sdl)
    except GraphQLSyntaxError as error:
        places = [Location(source.name, place.line, place.column) for place in error.locations or ()]
        findings.refuse("INVALID_GRAPHQL", f"[{source.name}] {error.message}", places)
        return None
    for node in document.definitions:
        if isinstance(node, ExecutableDefinitionNode):
            message = f"[{source.name}] Invalid executable definition found while building schema"
            findings.refuse("INVALID_GRAPHQL", message, locate(source.name, node))
    return None if findings.problems else document


def find_links(schema: Schema, subgraph: str, findings: Findings) -> Links | None:
    """The features linked with ``@link``; None when the schema does not use the link spec.

    The link to the link spec itself may be left out when Federation is linked with the plain name ``@link``.
    """
    itself = next((applied for applied in schema.applied if _links_itself(applied)), None)
    if itself is None:
        if not any(applied.name == "link" and _url(applied).startswith(FEDERATION) for applied in schema.applied):
            return None
        features = [Feature(LINK_SPEC.url, "link")]
        rest = [applied for applied in schema.applied if applied.name == "link"]
    else:
        features = []
        rest = [itself, *(each for each in schema.applied if each.name == itself.name and each is not itself)]
    for applied in rest:
        features.extend(_feature(applied, subgraph, findings))
    if findings.problems:
        return None
    try:
        return link_features(features)
    except LinkError as error:
        places = [place for applied in rest for place in locate(subgraph, applied.node)]
        findings.refuse(error.code, f"[{subgraph}] {error.message}", places)
        return None


def _links_itself(applied: Applied) -> bool:
    if not isinstance(applied.arguments.get("url", applied.arguments.get("feature")), str):
        return False
    try:
        identity = FeatureUrl.parse(_url(applied)).identity
    except LinkError:
        return False
    default = {LINK: "link", CORE: "core"}.get(identity)
    return default is not None and applied.name == applied.arguments.get("as", default)


def _url(applied: Applied) -> str:
    return str(applied.arguments.get("url", applied.arguments.get("feature", "")))


def _feature(applied: Applied, subgraph: str, findings: Findings) -> Iterator[Feature]:
    try:
        url = FeatureUrl.parse(_url(applied))
        spec = known_spec(url)
        if url.identity in (LINK, CORE) and spec is None:
            message = f"Schema uses unknown version {url.version} of the {url.name} spec"
            raise LinkError("UNKNOWN_LINK_VERSION", message)
        yield read_feature(applied.arguments, spec.elements if spec and spec.elements else None, url)
    except LinkError as error:
        findings.refuse(error.code, f"[{subgraph}] {error.message}", locate(subgraph, applied.node))
    except ExceptionGroup as group:
        for fault in group.exceptions:
            code = fault.code if isinstance(fault, LinkError) else "INVALID_LINK_DIRECTIVE_USAGE"
            findings.refuse(code, f"[{subgraph}] {fault}", locate(subgraph, applied.node))


def _federation(schema: Schema, links: Links | None, subgraph: str, findings: Findings) -> tuple[Feature, FeatureSpec]:
    feature = links.feature(FEDERATION) if links else None
    if feature is None:
        return BARE_FEDERATION_1, FEDERATION_1
    spec = known_spec(feature.url)
    if spec is None:
        message = (
            f"[{subgraph}] Invalid version {feature.url.version} for the federation feature in @link directive on "
            "schema"
        )
        nodes = [applied.node for applied in schema.applied if _url(applied) == str(feature.url)]
        places = [place for node in nodes for place in locate(subgraph, node)]
        findings.refuse("UNKNOWN_FEDERATION_LINK_VERSION", message, places)
        return feature, FEDERATION_1
    return feature, spec


def _completed(
    document: DocumentNode,
    schema: Schema,
    links: Links | None,
    federation: Feature,
    spec: FeatureSpec,
    findings: Findings,
    subgraph: str,
) -> tuple[DocumentNode, Schema]:
    """The document, and the schema read from it, with the definitions its links leave to us."""
    parts: list[tuple[FeatureSpec, Feature]] = []
    if links is not None:
        itself = links.features[0]
        # Who defines the directive that links the link spec means what is written: it is not held against the spec.
        if itself.alias not in schema.directives or not any(map(_links_itself, schema.applied)):
            parts.append((known_spec(itself.url) or LINK_SPEC, itself))
    elif any(applied.name == "link" for applied in schema.applied):
        parts.append((LINK_SPEC, Feature(LINK_SPEC.url, "link")))
    parts.append((spec, federation))
    for feature in links or ():
        known = known_spec(feature.url)
        if known is not None and feature is not federation and feature is not links.features[0]:  # type: ignore[union-attr]
            parts.append((known, feature))
    for part, feature in parts:
        sdl = missing_definitions(schema, part, feature, findings, subgraph)
        if not sdl.strip():
            continue
        added = parse(sdl, no_location=True)
        document = DocumentNode(definitions=(*document.definitions, *added.definitions), loc=document.loc)
        read = read_schema(added)
        schema = replace(
            schema, types={**schema.types, **read.types}, directives={**schema.directives, **read.directives}
        )
    return document, schema


def _without_loose_definitions(document: DocumentNode) -> DocumentNode:
    """Federation v1 let its directives be defined without arguments or with looser ``fields``; ours replace them."""

    def is_loose(node: DefinitionNode) -> bool:
        if not isinstance(node, DirectiveDefinitionNode) or node.name.value not in ("key", "provides", "requires"):
            return False
        arguments = node.arguments or ()
        written = [(argument.name.value, print_ast(argument.type)) for argument in arguments]
        return not written or written in [[("fields", name)] for name in ("String", "_FieldSet", "FieldSet")]

    definitions = tuple(node for node in document.definitions if not is_loose(node))
    return DocumentNode(definitions=definitions, loc=document.loc)


def _without_federation_fields(document: DocumentNode) -> DocumentNode:
    """Federation v1 accepted ``_entities`` and ``_service`` whose types are nowhere defined; they come back later."""
    query = read_schema(document).roots.get("query")
    definitions = []
    for node in document.definitions:
        if isinstance(node, ObjectTypeDefinitionNode | ObjectTypeExtensionNode) and node.name.value == query:
            kept = tuple(field for field in node.fields or () if field.name.value not in FEDERATION_FIELDS)
            node = type(node)(**{key: getattr(node, key) for key in node.keys} | {"fields": kept})
        definitions.append(node)
    return DocumentNode(definitions=tuple(definitions), loc=document.loc)
