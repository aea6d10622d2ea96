"""Subgraphs as they are being drawn: plain values that know how to become SDL in the dialect of their subgraph."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from router.operation.model import InlineFragment, Selection
from router.planner.selections import read_field_set


@dataclass(frozen=True)
class Argument:
    """``default`` is GraphQL text; None when there is none."""

    type: str
    default: str | None = None


@dataclass
class FieldDraft:
    """A field of one subgraph; ``directives`` by canonical name → arguments as text."""

    name: str
    type: str
    arguments: dict[str, Argument] = field(default_factory=dict)
    directives: dict[str, str] = field(default_factory=dict)

    def copy(self, **directives: str) -> FieldDraft:
        """The same field for another subgraph."""
        return replace(self, arguments=dict(self.arguments), directives=directives)

    @property
    def named(self) -> str:
        """The type without lists and non-null."""
        return self.type.replace("[", "").replace("]", "").replace("!", "")


@dataclass
class TypeDraft:
    """A type of one subgraph. ``keys``: field set → whether it is resolvable."""

    kind: str
    name: str
    fields: dict[str, FieldDraft] = field(default_factory=dict)
    interfaces: list[str] = field(default_factory=list)
    members: list[str] = field(default_factory=list)
    values: list[str] = field(default_factory=list)
    keys: dict[str, bool] = field(default_factory=dict)
    directives: dict[str, str] = field(default_factory=dict)


@dataclass
class SubgraphDraft:
    """One subgraph. ``version`` 1 is a Federation 1 schema; ``local`` are the names of its imported directives."""

    name: str
    version: int = 2
    release: str = "v2.8"
    local: dict[str, str] = field(default_factory=dict)
    unimported: frozenset[str] = frozenset()
    query_name: str = "Query"
    types: dict[str, TypeDraft] = field(default_factory=dict)
    extended: set[str] = field(default_factory=set)
    """Types written as ``extend type``, which Federation 1 did for what others have too."""

    def sdl(self) -> str:
        """The subgraph's SDL."""
        head = list(self._link()) if self.version == 2 else []
        if self.query_name != "Query" and "Query" in self.types:
            roots = ["query: " + self.query_name]
            roots += ["mutation: Mutation"] if "Mutation" in self.types else []
            head.append(f"schema {{ {' '.join(roots)} }}")
        return "\n".join([*head, *(self._type(item) for item in self.types.values())]) + "\n"

    def _link(self) -> Iterator[str]:
        used = {name for item in self.types.values() for name in self._used(item)} - self.unimported
        names = [
            f'{{ name: "@{name}", as: "@{self.local[name]}" }}' if name in self.local else f'"@{name}"'
            for name in sorted(used)
        ]
        imports = f", import: [{', '.join(names)}]" if names else ""
        yield f'extend schema @link(url: "https://specs.apollo.dev/federation/{self.release}"{imports})'

    def _used(self, item: TypeDraft) -> set[str]:
        used: set[str] = set(item.directives) | ({"key"} if item.keys else set())
        return used.union(*(set(each.directives) - {"="} for each in item.fields.values()))

    def _type(self, item: TypeDraft) -> str:
        name = self.query_name if item.name == "Query" else item.name
        match item.kind:
            case "scalar":
                return f"scalar {name}"
            case "enum":
                return f"enum {name} {{ {' '.join(item.values)} }}"
            case "union":
                return f"union {name}{self._directives(item.directives)} = {' | '.join(item.members)}"
        word = {"object": "type", "interface": "interface", "input": "input"}[item.kind]
        extend = "extend " if item.name in self.extended else ""
        implements = f" implements {' & '.join(item.interfaces)}" if item.interfaces else ""
        keys = "".join(self._key(text, resolvable) for text, resolvable in item.keys.items())
        lines = [f"  {self._field(each)}" for each in item.fields.values()]
        head = f"{extend}{word} {name}{implements}{keys}{self._directives(item.directives)}"
        return "\n".join([head + " {", *lines, "}"])

    def _key(self, text: str, resolvable: bool) -> str:
        return f' @{self._name("key")}(fields: "{text}"{"" if resolvable else ", resolvable: false"})'

    def _field(self, item: FieldDraft) -> str:
        arguments = ", ".join(
            f"{name}: {each.type}" + (f" = {each.default}" if each.default is not None else "")
            for name, each in item.arguments.items()
        )
        default = item.directives.get("=")
        told = {name: text for name, text in item.directives.items() if name != "="}
        head = f"{item.name}{f'({arguments})' if arguments else ''}: {item.type}"
        return head + (f" = {default}" if default is not None else "") + self._directives(told)

    def _directives(self, directives: dict[str, str]) -> str:
        return "".join(f" @{self._name(name)}{f'({text})' if text else ''}" for name, text in directives.items())

    def _name(self, canonical: str) -> str:
        if self.version == 2 and canonical in self.unimported:
            return f"federation__{canonical}"
        return self.local.get(canonical, canonical)


def drop_unused_externals(subgraph: SubgraphDraft) -> None:
    """Take out the external fields that no field set names: parts of a feature that did not fit in the end."""
    used: set[tuple[str, str]] = set()
    for part in subgraph.types.values():
        for item in part.fields.values():
            for directive, owner in (("requires", part.name), ("provides", item.named)):
                if directive in item.directives:
                    text = item.directives[directive].split('"', 1)[1].rsplit('"', 1)[0].replace('\\"', '"')
                    _mark_used(subgraph, owner, read_field_set(text.replace("\\\\", "\\")), used)
    for part in subgraph.types.values():
        for name, item in list(part.fields.items()):
            if "external" in item.directives and (part.name, name) not in used:
                del part.fields[name]


def _mark_used(
    subgraph: SubgraphDraft, owner: str, selections: Iterable[Selection], used: set[tuple[str, str]]
) -> None:
    for each in selections:
        if isinstance(each, InlineFragment):
            _mark_used(subgraph, each.type_condition or owner, each.selections, used)
        elif each.name != "__typename":
            used.add((owner, each.name))
            if each.selections:
                _mark_used(subgraph, subgraph.types[owner].fields[each.name].named, each.selections, used)
