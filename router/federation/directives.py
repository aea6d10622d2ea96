"""The features Federation knows: their versions, directives and types, and how each directive composes.

Sources: https://specs.apollo.dev (federation v2.0 to v2.14 and the small specs it is made of). A type name inside an
argument that is one of the feature's own types is written bare here and takes its local name when added to a schema.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Final

from router.federation.link import CORE, FEDERATION, INACCESSIBLE, LINK, TAG, FeatureUrl, Version

AUTHENTICATED: Final = "https://specs.apollo.dev/authenticated"
REQUIRES_SCOPES: Final = "https://specs.apollo.dev/requiresScopes"
POLICY: Final = "https://specs.apollo.dev/policy"
CONTEXT: Final = "https://specs.apollo.dev/context"
COST: Final = "https://specs.apollo.dev/cost"
CACHE_TAG: Final = "https://specs.apollo.dev/cacheTag"
CONNECT: Final = "https://specs.apollo.dev/connect"
JOIN: Final = "https://specs.apollo.dev/join"

ACCESS_CONTROL: Final = ("authenticated", "requiresScopes", "policy")
NO_DEFAULT: Final = object()


@dataclass(frozen=True, slots=True)
class ArgumentSpec:
    """An argument of a spec's directive; ``strategy`` merges values that differ between subgraphs."""

    name: str
    type: str
    default: object = NO_DEFAULT
    strategy: str | None = None


@dataclass(frozen=True, slots=True)
class Composition:
    """How applications reach the supergraph: ``identity`` is the spec linked there.

    With ``wrapped`` they travel inside ``@join__directive``; ``scoped`` prefixes ``name`` with the subgraph's name.
    """

    identity: str
    wrapped: bool = False
    scoped: bool = False


@dataclass(frozen=True, slots=True)
class DirectiveSpec:
    """A directive as its spec defines it."""

    name: str
    locations: tuple[str, ...]
    arguments: tuple[ArgumentSpec, ...] = ()
    repeatable: bool = False
    composition: Composition | None = None

    @property
    def merges_arguments(self) -> bool:
        return any(argument.strategy for argument in self.arguments)


@dataclass(frozen=True, slots=True)
class FeatureSpec:
    """One version of a feature. ``since`` is the Federation version that brought it."""

    identity: str
    version: Version
    directives: tuple[DirectiveSpec, ...]
    scalars: tuple[str, ...] = ()
    enums: tuple[tuple[str, tuple[str, ...]], ...] = ()
    inputs: tuple[tuple[str, tuple[ArgumentSpec, ...]], ...] = ()
    since: Version | None = None
    purpose: str | None = None

    @property
    def name(self) -> str:
        return self.identity.rpartition("/")[2]

    @property
    def url(self) -> FeatureUrl:
        return FeatureUrl(self.identity, self.name, self.version)

    @property
    def elements(self) -> tuple[str, ...]:
        """Every name that can be imported, directives with ``@``."""
        return (*(f"@{directive.name}" for directive in self.directives), *self.types)

    @property
    def types(self) -> tuple[str, ...]:
        """The feature's own types."""
        return (*self.scalars, *(name for name, _ in self.enums), *(name for name, _ in self.inputs))

    def directive(self, name: str) -> DirectiveSpec | None:
        return next((directive for directive in self.directives if directive.name == name), None)


_FIELDS = (ArgumentSpec("fields", "FieldSet!"),)
_EXTRA_LOCATIONS = ("ARGUMENT_DEFINITION", "SCALAR", "ENUM", "ENUM_VALUE", "INPUT_OBJECT", "INPUT_FIELD_DEFINITION")
_OUTPUT_LOCATIONS = ("FIELD_DEFINITION", "OBJECT", "INTERFACE", "UNION")
_SECURED_LOCATIONS = ("FIELD_DEFINITION", "OBJECT", "INTERFACE", "SCALAR", "ENUM")


def _tag(*extra: str) -> DirectiveSpec:
    return DirectiveSpec(
        "tag",
        (*_OUTPUT_LOCATIONS, *extra),
        (ArgumentSpec("name", "String!"),),
        repeatable=True,
        composition=Composition(TAG),
    )


def _inaccessible(*extra: str) -> DirectiveSpec:
    return DirectiveSpec("inaccessible", (*_OUTPUT_LOCATIONS, *extra), composition=Composition(INACCESSIBLE))


_TAG_V2 = _tag(*_EXTRA_LOCATIONS)
_TAG_V3 = _tag(*_EXTRA_LOCATIONS, "SCHEMA")
_INACCESSIBLE_V2 = _inaccessible(*_EXTRA_LOCATIONS)
_AUTHENTICATED = DirectiveSpec("authenticated", _SECURED_LOCATIONS, composition=Composition(AUTHENTICATED))
_REQUIRES_SCOPES = DirectiveSpec(
    "requiresScopes",
    _SECURED_LOCATIONS,
    (ArgumentSpec("scopes", "[[Scope!]!]!", strategy="DNF_CONJUNCTION"),),
    composition=Composition(REQUIRES_SCOPES),
)
_POLICY = DirectiveSpec(
    "policy",
    _SECURED_LOCATIONS,
    (ArgumentSpec("policies", "[[Policy!]!]!", strategy="DNF_CONJUNCTION"),),
    composition=Composition(POLICY),
)
_CONTEXT = DirectiveSpec(
    "context",
    ("INTERFACE", "OBJECT", "UNION"),
    (ArgumentSpec("name", "String!"),),
    repeatable=True,
    composition=Composition(CONTEXT, scoped=True),
)
_FROM_CONTEXT = DirectiveSpec("fromContext", ("ARGUMENT_DEFINITION",), (ArgumentSpec("field", "ContextFieldValue"),))
_COST = DirectiveSpec(
    "cost",
    ("ARGUMENT_DEFINITION", "ENUM", "FIELD_DEFINITION", "INPUT_FIELD_DEFINITION", "OBJECT", "SCALAR"),
    (ArgumentSpec("weight", "Int!", strategy="MAX"),),
    composition=Composition(COST),
)
_LIST_SIZE = DirectiveSpec(
    "listSize",
    ("FIELD_DEFINITION",),
    (
        ArgumentSpec("assumedSize", "Int", strategy="NULLABLE_MAX"),
        ArgumentSpec("slicingArguments", "[String!]", strategy="NULLABLE_UNION"),
        ArgumentSpec("sizedFields", "[String!]", strategy="NULLABLE_UNION"),
        ArgumentSpec("requireOneSlicingArgument", "Boolean", True, strategy="NULLABLE_AND"),
    ),
    composition=Composition(COST),
)
_CACHE_TAG = DirectiveSpec(
    "cacheTag",
    ("OBJECT", "FIELD_DEFINITION"),
    (ArgumentSpec("format", "String!"),),
    repeatable=True,
    composition=Composition(CACHE_TAG, wrapped=True),
)
_LEGACY = (
    DirectiveSpec(
        "key", ("OBJECT", "INTERFACE"), (*_FIELDS, ArgumentSpec("resolvable", "Boolean", True)), repeatable=True
    ),
    DirectiveSpec("requires", ("FIELD_DEFINITION",), _FIELDS),
    DirectiveSpec("provides", ("FIELD_DEFINITION",), _FIELDS),
    DirectiveSpec("external", ("OBJECT", "FIELD_DEFINITION"), (ArgumentSpec("reason", "String"),)),
    _TAG_V2,
    DirectiveSpec("extends", ("OBJECT", "INTERFACE")),
)

FEDERATION_1: Final = FeatureSpec(FEDERATION, Version(1, 0), _LEGACY, scalars=("FieldSet",))
"""What a subgraph without a link to Federation v2 knows; its FieldSet is written ``_FieldSet``."""

LATEST: Final = Version(2, 14)
UPGRADED: Final = Version(2, 4)
"""The version a Federation v1 subgraph is lifted to: older schemas rely on its directives, and on no later one."""


@cache
def federation_spec(version: Version) -> FeatureSpec | None:
    """The Federation v2 spec of that version, None when there is no such version."""
    if not Version(2, 0) <= version <= LATEST:
        return None
    directives = {directive.name: directive for directive in _LEGACY}

    def add(since: int, *added: DirectiveSpec) -> None:
        if version.minor >= since:
            directives.update({directive.name: directive for directive in added})

    field_or_object = ("OBJECT", "FIELD_DEFINITION")
    override = DirectiveSpec("override", ("FIELD_DEFINITION",), (ArgumentSpec("from", "String!"),))
    add(0, DirectiveSpec("shareable", field_or_object), _INACCESSIBLE_V2, override)
    add(1, DirectiveSpec("composeDirective", ("SCHEMA",), (ArgumentSpec("name", "String"),), repeatable=True))
    add(2, DirectiveSpec("shareable", field_or_object, repeatable=True))
    add(3, DirectiveSpec("interfaceObject", ("OBJECT",)), _TAG_V3)
    add(5, _AUTHENTICATED, _REQUIRES_SCOPES)
    add(6, _POLICY)
    add(7, replace(override, arguments=(*override.arguments, ArgumentSpec("label", "String"))))
    add(8, _CONTEXT, _FROM_CONTEXT)
    add(9, _COST, _LIST_SIZE)
    add(12, _CACHE_TAG)
    scalars = ["FieldSet"]
    scalars += ["Scope"] if version.minor >= 5 else []
    scalars += ["Policy"] if version.minor >= 6 else []
    scalars += ["ContextFieldValue"] if version.minor >= 8 else []
    return FeatureSpec(FEDERATION, version, tuple(directives.values()), scalars=tuple(scalars))


def _feature(
    identity: str,
    version: tuple[int, int],
    *directives: DirectiveSpec,
    scalars: tuple[str, ...] = (),
    since: tuple[int, int] | None = None,
    purpose: str | None = None,
) -> FeatureSpec:
    return FeatureSpec(
        identity, Version(*version), directives, scalars, since=since and Version(*since), purpose=purpose
    )


PURPOSES: Final = ("SECURITY", "EXECUTION")
_LINK_ARGUMENTS = (
    ArgumentSpec("url", "String"),
    ArgumentSpec("as", "String"),
    ArgumentSpec("for", "Purpose"),
    ArgumentSpec("import", "[Import]"),
)
_CORE_ARGUMENTS = (ArgumentSpec("feature", "String"), ArgumentSpec("as", "String"))

LINK_SPEC: Final = FeatureSpec(
    LINK,
    Version(1, 0),
    (DirectiveSpec("link", ("SCHEMA",), _LINK_ARGUMENTS, repeatable=True),),
    scalars=("Import",),
    enums=(("Purpose", PURPOSES),),
)

_SMALL_SPECS = (
    LINK_SPEC,
    _feature(CORE, (0, 1), DirectiveSpec("core", ("SCHEMA",), _CORE_ARGUMENTS, repeatable=True)),
    FeatureSpec(
        CORE,
        Version(0, 2),
        (DirectiveSpec("core", ("SCHEMA",), (*_CORE_ARGUMENTS, _LINK_ARGUMENTS[2]), repeatable=True),),
        enums=(("Purpose", PURPOSES),),
    ),
    _feature(TAG, (0, 1), _tag()),
    _feature(TAG, (0, 2), _TAG_V2),
    _feature(TAG, (0, 3), _TAG_V3, since=(2, 0)),
    _feature(INACCESSIBLE, (0, 1), _inaccessible(), purpose="SECURITY"),
    _feature(INACCESSIBLE, (0, 2), _INACCESSIBLE_V2, since=(2, 0), purpose="SECURITY"),
    _feature(AUTHENTICATED, (0, 1), _AUTHENTICATED, since=(2, 5), purpose="SECURITY"),
    _feature(REQUIRES_SCOPES, (0, 1), _REQUIRES_SCOPES, scalars=("Scope",), purpose="SECURITY"),
    _feature(POLICY, (0, 1), _POLICY, scalars=("Policy",), purpose="SECURITY"),
    _feature(CONTEXT, (0, 1), _CONTEXT, _FROM_CONTEXT, scalars=("ContextFieldValue",), purpose="SECURITY"),
    _feature(COST, (0, 1), _COST, _LIST_SIZE, since=(2, 9)),
    _feature(CACHE_TAG, (0, 1), purpose="EXECUTION"),
)
_KNOWN: Mapping[tuple[str, Version], FeatureSpec] = {(spec.identity, spec.version): spec for spec in _SMALL_SPECS}


def known_spec(url: FeatureUrl) -> FeatureSpec | None:
    """The spec behind a feature url, None when we do not know that feature or that version of it."""
    if url.identity == FEDERATION:
        return federation_spec(url.version)
    if url.identity == CONNECT:
        from router.federation.connect import CONNECT_SPECS

        return next((spec for spec in CONNECT_SPECS if spec.version == url.version), None)
    return _KNOWN.get((url.identity, url.version))


def latest_spec(identity: str) -> FeatureSpec:
    """The newest known version of a feature; raises KeyError for one we do not know."""
    versions = [version for known, version in _KNOWN if known == identity]
    if not versions:
        raise KeyError(identity)
    return _KNOWN[identity, max(versions)]


def definition_sdl(directive: DirectiveSpec, name: str, type_names: Mapping[str, str]) -> str:
    """The directive's definition under the name it has in a schema; ``type_names`` maps the feature's own types."""
    arguments = ", ".join(argument_sdl(argument, type_names) for argument in directive.arguments)
    repeatable = " repeatable" if directive.repeatable else ""
    locations = " | ".join(directive.locations)
    return f"directive @{name}{f'({arguments})' if arguments else ''}{repeatable} on {locations}"


def argument_sdl(argument: ArgumentSpec, type_names: Mapping[str, str]) -> str:
    default = "" if argument.default is NO_DEFAULT else f" = {str(argument.default).lower()}"
    return f"{argument.name}: {local_type(argument.type, type_names)}{default}"


def local_type(reference: str, type_names: Mapping[str, str]) -> str:
    """``[[Scope!]!]!`` → ``[[federation__Scope!]!]!``"""
    name = reference.strip("[]!")
    return reference.replace(name, type_names.get(name, name))
