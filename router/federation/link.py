"""The link spec (https://specs.apollo.dev/link/v1.0): which features a schema uses, and under which names.

A feature is named by a URL ``identity/vMAJOR.MINOR``. Its elements are written ``alias__element`` (a directive of the
feature's own name just ``@alias``) unless imported, when they take the imported name. Names of directives carry a
leading ``@`` in imports and nowhere else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

LINK = "https://specs.apollo.dev/link"
CORE = "https://specs.apollo.dev/core"
FEDERATION = "https://specs.apollo.dev/federation"
TAG = "https://specs.apollo.dev/tag"
INACCESSIBLE = "https://specs.apollo.dev/inaccessible"

_VERSION = re.compile(r"v(\d+)\.(\d+)")
_ELEMENT = re.compile(r"@?[_A-Za-z][_0-9A-Za-z]*")
# Dots and dashes are no GraphQL name, yet older schemas have them; such a feature is reached by imports only.
_ALIAS = re.compile(r"[_A-Za-z][-._0-9A-Za-z]*")


class LinkError(Exception):
    """A ``@link`` that breaks the link spec; ``code`` is the field's error code."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True, order=True)
class Version:
    """A feature's version. Before 1.0 every minor version stands alone."""

    major: int
    minor: int

    @classmethod
    def parse(cls, text: str) -> Version:
        """Read ``v2.3``; raises LinkError INVALID_LINK_IDENTIFIER."""
        match = _VERSION.fullmatch(text)
        if match is None:
            raise LinkError("INVALID_LINK_IDENTIFIER", f"Expected a version string (of the form v1.2), got {text}")
        return cls(int(match[1]), int(match[2]))

    def __str__(self) -> str:
        return f"v{self.major}.{self.minor}"


@dataclass(frozen=True, slots=True)
class FeatureUrl:
    """``https://specs.apollo.dev/federation/v2.3`` taken apart; ``identity`` is all before the version."""

    identity: str
    name: str
    version: Version

    @classmethod
    def parse(cls, text: object) -> FeatureUrl:
        """Raises LinkError INVALID_LINK_IDENTIFIER when there is no path, name or version in it."""
        if not isinstance(text, str):
            raise LinkError("INVALID_LINK_IDENTIFIER", f"A feature url must be a string, got {text!r}")
        parts = urlsplit(text)
        if not parts.scheme:
            raise LinkError("INVALID_LINK_IDENTIFIER", f'Invalid feature url "{text}"')
        path = parts.path.split("/")
        if len(path) < 2 or parts.path == "/":
            raise LinkError("INVALID_LINK_IDENTIFIER", f"Missing path in feature url '{text}'")
        if not path[-1]:
            raise LinkError("INVALID_LINK_IDENTIFIER", f"Missing version component in feature url '{text}'")
        version = Version.parse(path[-1])
        if not path[-2]:
            raise LinkError("INVALID_LINK_IDENTIFIER", f"Missing feature name component in feature url '{text}'")
        host = parts.netloc.rpartition("@")[2]
        return cls(f"{parts.scheme}://{host}{'/'.join(path[:-1])}", path[-2], version)

    def __str__(self) -> str:
        return f"{self.identity}/{self.version}"


@dataclass(frozen=True, slots=True)
class Import:
    """One imported element: ``@key`` or ``FieldSet`` in the feature, and its name here; both with ``@`` if "
    "directive."""

    name: str
    alias: str

    @property
    def shown(self) -> str:
        """As error messages print it."""
        return f'"{self.name}"' if self.name == self.alias else f'"{self.name}" as "{self.alias}"'


@dataclass(frozen=True, slots=True)
class Feature:
    """One application of ``@link``."""

    url: FeatureUrl
    alias: str
    imports: tuple[Import, ...] = ()
    purpose: str | None = None

    def directive_name(self, name: str) -> str:
        """The name in this schema of the feature's directive (both without ``@``)."""
        for element in self.imports:
            if element.name == f"@{name}":
                return element.alias[1:]
        return self.alias if name == self.url.name else f"{self.alias}__{name}"

    def type_name(self, name: str) -> str:
        """The name in this schema of the feature's type."""
        for element in self.imports:
            if element.name == name:
                return element.alias
        return f"{self.alias}__{name}"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an element comes from. ``name`` is None when the feature imports that element under another name."""

    feature: Feature
    name: str | None


def split_prefix(name: str) -> tuple[str, str] | None:
    """``federation__key`` → (``federation``, ``key``); None for a name without a prefix."""
    prefix, separator, rest = name.partition("__")
    return (prefix, rest) if separator else None


@dataclass(frozen=True)
class Links:
    """All features of one schema; the first is the link spec itself."""

    features: tuple[Feature, ...]

    def __iter__(self) -> Iterator[Feature]:
        return iter(self.features)

    @cached_property
    def _by_alias(self) -> Mapping[str, Feature]:
        return {feature.alias: feature for feature in self.features}

    @cached_property
    def _by_import(self) -> Mapping[str, tuple[Feature, str]]:
        return {item.alias: (feature, item.name) for feature in self.features for item in feature.imports}

    def feature(self, identity: str) -> Feature | None:
        """The feature of that identity."""
        return next((feature for feature in self.features if feature.url.identity == identity), None)

    def origin(self, name: str, *, directive: bool) -> Origin | None:
        """The feature an element belongs to, by import or by its prefixed default name."""
        imported = self._by_import.get(f"@{name}" if directive else name)
        if imported is not None:
            return Origin(imported[0], imported[1].removeprefix("@"))
        default = self._default_origin(name, directive=directive)
        if default is None:
            return None
        feature, element = default
        written = f"@{element}" if directive else element
        shadowed = any(item.name == written for item in feature.imports)
        return Origin(feature, None if shadowed else element)

    def shadowing_import(self, name: str, *, directive: bool) -> tuple[Feature, Import] | None:
        """The import that takes the place of a default name still in use, an ambiguity the link spec forbids."""
        default = self._default_origin(name, directive=directive)
        if default is None:
            return None
        feature, element = default
        written, here = (f"@{element}", f"@{name}") if directive else (element, name)
        return next(((feature, item) for item in feature.imports if item.name == written and item.alias != here), None)

    def _default_origin(self, name: str, *, directive: bool) -> tuple[Feature, str] | None:
        split = split_prefix(name)
        if split is not None and split[0] in self._by_alias:
            return self._by_alias[split[0]], split[1]
        if directive and name in self._by_alias:
            feature = self._by_alias[name]
            return feature, feature.url.name
        return None


def parse_imports(value: object, known: Sequence[str] | None) -> tuple[Import, ...]:
    """Read the ``import:`` argument (strings or ``{name, as}``).

    ``known`` lists the feature's elements where we know it. Raises an ExceptionGroup of LinkError
    INVALID_LINK_DIRECTIVE_USAGE with every fault found.
    """
    if not value:
        return ()
    faults: list[LinkError] = []
    imports: list[Import] = []
    for element in value if isinstance(value, list) else [value]:
        try:
            imports.append(_parse_import(element, known))
        except LinkError as fault:
            faults.append(fault)
    if faults:
        raise ExceptionGroup("invalid imports", faults)
    return tuple(imports)


def _parse_import(element: object, known: Sequence[str] | None) -> Import:
    argument = "@link(import:) argument"
    if isinstance(element, str):
        name, alias = element, element
    elif isinstance(element, dict):
        for key, value in element.items():
            if key not in ("name", "as"):
                raise _usage(f'Unknown field "{key}" for sub-value {element!r} of {argument}.')
            if not isinstance(value, str):
                raise _usage(
                    f'Invalid value for the "{key}" field for sub-value {element!r} of {argument}: must be a string.'
                )
            if not _ELEMENT.fullmatch(value):
                raise _usage(
                    f'Invalid value for the "{key}" field for sub-value {element!r} of {argument}: must use a '
                    "GraphQL name."
                )
        if "name" not in element:
            raise _usage(f'Invalid sub-value {element!r} for {argument}: missing mandatory "name" field.')
        name, alias = element["name"], element.get("as") or element["name"]
    else:
        raise _usage(
            f"Invalid sub-value {element!r} for {argument}: values should be either strings or input object values "
            'of the form { name: "<importedElement>", as: "<alias>" }.'
        )
    if name.startswith("@") and not alias.startswith("@"):
        raise _usage(
            f"Invalid @link import renaming: directive \"{name}\" imported name should start with a '@' character, "
            f'but got "{alias}".'
        )
    if alias.startswith("@") and not name.startswith("@"):
        raise _usage(
            f"Invalid @link import renaming: type \"{name}\" imported name should not start with a '@' character, "
            f'but got "{alias}".'
        )
    if known is not None and name not in known:
        guess = f' Did you mean directive "@{name}"?' if f"@{name}" in known else ""
        raise _usage(f'Cannot import unknown element "{name}".{guess}')
    return Import(name, alias)


def _usage(message: str) -> LinkError:
    return LinkError("INVALID_LINK_DIRECTIVE_USAGE", message)


@dataclass(frozen=True, slots=True)
class _Names:
    """What is taken while features are added one after another."""

    identities: Mapping[str, Feature]
    aliases: Mapping[str, Feature]
    imports: Mapping[str, tuple[Feature, Import]]


def link_features(features: Sequence[Feature]) -> Links:
    """Check that the features do not collide and give them as one value.

    Raises LinkError INVALID_LINK_DIRECTIVE_USAGE: same feature twice, same alias twice, an unusable alias, an import
    that could be mistaken for another element.
    """
    identities: dict[str, Feature] = {}
    aliases: dict[str, Feature] = {}
    imports: dict[str, tuple[Feature, Import]] = {}
    for feature in features:
        taken = _Names(identities, aliases, imports)
        _check_alias(feature, taken)
        for item in feature.imports:
            _check_import(feature, item, taken)
            imports[item.alias] = (feature, item)
        identities[feature.url.identity] = feature
        aliases[feature.alias] = feature
    return Links(tuple(features))


def _check_alias(feature: Feature, taken: _Names) -> None:
    identity, alias = feature.url.identity, feature.alias
    if identity in taken.identities:
        raise _usage(f'Cannot link feature "{identity}" since it has already been linked in the schema.')
    # Older composers write just these two; their specs have no other element, so no name is split wrongly.
    legacy = not feature.imports and (identity, alias) in {
        (TAG, "federation__tag"),
        (INACCESSIBLE, "federation__inaccessible"),
    }
    rename = 'Please rename to a compliant name via "as".'
    if "__" in alias and not legacy:
        raise _usage(f'Cannot link feature "{identity}" as "{alias}" since it contains "__". {rename}')
    if alias.endswith("_"):
        raise _usage(f'Cannot link feature "{identity}" as "{alias}" since it ends in "_". {rename}')
    if not _ALIAS.fullmatch(alias):
        raise _usage(f'Cannot link feature "{identity}" as "{alias}" since it is not a valid GraphQL name. {rename}')
    for written, (other, item) in taken.imports.items():
        split = split_prefix(written.removeprefix("@"))
        prefixed = split is not None and split[0] == alias and other.alias != alias
        if prefixed or written == f"@{alias}":
            _refuse_confusion(other, item, feature)
    if alias in taken.aliases:
        other = taken.aliases[alias]
        _check_supergraph_spec(other, feature)
        raise _usage(
            f'Cannot link feature {identity} as "{alias}" since another feature "{other.url.identity}" already uses '
            'that alias. Please rename the feature to avoid conflicts via "as".'
        )


def _check_import(feature: Feature, item: Import, taken: _Names) -> None:
    identity = feature.url.identity
    directive = item.name.startswith("@")
    element, here = item.name.removeprefix("@"), item.alias.removeprefix("@")
    rename = 'Please rename the import to avoid conflicts via "as".'
    split = split_prefix(here)
    if split is not None:
        if split[0] == feature.alias and split[1] != element:
            raise _usage(
                f'Cannot import {item.shown} from feature "{identity}" since it can be confused with the namespaced '
                f'name for "{"@" if directive else ""}{split[1]}". {rename}'
            )
        if split[0] != feature.alias and split[0] in taken.aliases:
            _refuse_confusion(feature, item, taken.aliases[split[0]])
    if directive and here == feature.alias and element != feature.url.name:
        raise _usage(
            f'Cannot import {item.shown} from feature "{identity}" since it can be confused with the namespaced name '
            f'for "@{feature.url.name}". {rename}'
        )
    if directive and here != feature.alias and here in taken.aliases:
        _refuse_confusion(feature, item, taken.aliases[here])
    twice = next((other for other in feature.imports if other.name == item.name and other.alias != item.alias), None)
    if twice is not None:
        raise _usage(
            f'Cannot import {item.shown} from feature "{identity}" since it was previously imported as '
            f'"{twice.alias}". Please remove one of these imports.'
        )
    if item.alias in taken.imports:
        other, previous = taken.imports[item.alias]
        if other.url.identity != identity:
            _check_supergraph_spec(other, feature)
            raise _usage(
                f'Cannot import {item.shown} from feature "{identity}" since it was previously imported from feature '
                f'"{other.url.identity}". {rename}'
            )
        if previous.name != item.name:
            raise _usage(
                f'Cannot import {item.shown} from feature "{identity}" since it was previously imported for '
                f'"{previous.name}". {rename}'
            )


def _refuse_confusion(importing: Feature, item: Import, other: Feature) -> None:
    _check_supergraph_spec(importing, other)
    raise _usage(
        f'Cannot import {item.shown} from feature "{importing.url.identity}" since it can be confused with a '
        f'namespaced name from another linked feature "{other.url.identity}". Please rename the import or feature to '
        'avoid conflicts via "as".'
    )


def _check_supergraph_spec(one: Feature, other: Feature) -> None:
    """Linking the supergraph's tag or inaccessible spec beside the federation spec asks for a plainer message."""
    identities = {one.url.identity, other.url.identity}
    if FEDERATION not in identities:
        return
    for name, identity in (("tag", TAG), ("inaccessible", INACCESSIBLE)):
        if identity in identities:
            raise _usage(
                f'Please import "@{name}" from the feature "{FEDERATION}" instead of using "{identity}" to avoid '
                "potential unexpected behavior in the future."
            )


def read_feature(arguments: Mapping[str, Any], known: Sequence[str] | None, url: FeatureUrl) -> Feature:
    """A feature from the arguments of one ``@link`` (or ``@core``) application; raises as parse_imports does."""
    alias = arguments.get("as") or url.name
    return Feature(url, str(alias), parse_imports(arguments.get("import"), known), arguments.get("for"))
