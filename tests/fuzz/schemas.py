"""Draw a set of subgraphs that composes: entities, value types and abstract types, asked for where they are needed.

``Drawing`` holds what is true of the whole; ``need`` puts into a subgraph whatever a mention of a type makes necessary
there. Everything an entity has can be reached from everywhere, because every subgraph that resolves something of it can
be entered by a key that all others know, or one of them knows both keys.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from tests.fuzz.drafts import Argument, FieldDraft, SubgraphDraft, TypeDraft

ENTITIES = ("Train", "Station", "Citizen", "Booking", "Forest", "Sensor")
VALUES = ("Address", "Price", "Span", "Note")
FIELDS = [
    "name",
    "title",
    "price",
    "stop",
    "owner",
    "size",
    "state",
    "mark",
    "near",
    "next",
    "last",
    "parts",
    "items",
    "code",
    "rank",
    "color",
    "note",
    "score",
    "place",
    "line",
    "seat",
    "level",
    "text",
    "kind",
    "label",
    "unit",
    "view",
]
SCALARS = ("Long", "JSON", "Date")
BUILT_IN = ("String", "Int", "ID", "Float", "Boolean")
WRAPPINGS = ("{}", "{}", "{}", "{}!", "{}!", "[{}]", "[{}!]", "[{}!]!", "[[{}]]", "[[{}!]!]!")
SINGLE = ("{}", "{}", "{}!")


@dataclass
class Entity:
    """``keys``: field sets with the fields they need. With two keys the ``bridge`` is the subgraph that knows both."""

    name: str
    keys: list[tuple[str, list[FieldDraft]]]
    bridge: str | None = None
    barred: set[str] = field(default_factory=set)
    """Subgraphs in which the type may not be, for they know it as an interface object."""


@dataclass
class Abstract:
    """An interface (``fields``) or a union (none); the first of its types is known everywhere it is."""

    name: str
    kind: str
    types: list[str]
    fields: list[FieldDraft] = field(default_factory=list)
    key: str | None = None
    parent: str | None = None
    """The interface this one implements."""
    homes: list[str] = field(default_factory=list)
    """The subgraphs that know the types of an interface with a key; others have it as an interface object."""


@dataclass
class Drawing:
    """A set of subgraphs being drawn."""

    random: Random
    subgraphs: list[SubgraphDraft]
    features: frozenset[str]
    enums: dict[str, list[str]] = field(default_factory=dict)
    inputs: dict[str, list[FieldDraft]] = field(default_factory=dict)
    entities: dict[str, Entity] = field(default_factory=dict)
    values: dict[str, list[FieldDraft]] = field(default_factory=dict)
    abstracts: dict[str, Abstract] = field(default_factory=dict)
    labels: set[str] = field(default_factory=set)
    split: set[str] = field(default_factory=set)
    """Value types of which each subgraph knows a part."""

    def chance(self, share: float) -> bool:
        """True in that share of the calls."""
        return self.random.random() < share

    def new_name(self, owner: str) -> str:
        """A field name that no subgraph's type of this name has yet, nor one it stands for or that stands for it."""
        owners = {owner}
        for abstract in self.abstracts.values():
            if abstract.key and owner in (abstract.name, *abstract.types):
                owners |= {abstract.name, *abstract.types}
        taken = {
            name for each in self.subgraphs for item in owners & each.types.keys() for name in each.types[item].fields
        }
        base = self.random.choice(FIELDS)
        return next(name for name in (base, *(f"{base}{n}" for n in range(2, 99))) if name not in taken)

    def leaf(self) -> str:
        """The name of a scalar or enum."""
        pools = [BUILT_IN, BUILT_IN]
        if "scalars" in self.features:
            pools.append(SCALARS)
        if self.enums:
            pools.append(tuple(self.enums))
        return self.random.choice(self.random.choice(pools))

    def wrapped(self, name: str, *, single: bool = False) -> str:
        """The type in lists and non-null as it happens."""
        choices = SINGLE if single or "lists" not in self.features else WRAPPINGS
        return self.random.choice(choices).format(name)

    def composite(self, subgraph: SubgraphDraft) -> str | None:
        """The name of an object, interface or union the subgraph may have."""
        names = [*self.entities, *self.values, *self.abstracts]
        names = [name for name in names if self.allowed(subgraph, name)]
        return self.random.choice(names) if names else None

    def allowed(self, subgraph: SubgraphDraft, name: str) -> bool:
        """Whether the subgraph may mention the type."""
        known = self.entities.get(name)
        if known is not None:
            return subgraph.name not in known.barred
        if name in self.abstracts and self.abstracts[name].key:
            return subgraph.version == 2
        if name in self.abstracts:
            return all(self.allowed(subgraph, each) for each in self.abstracts[name].types[:1])
        return all(self.allowed(subgraph, each.named) for each in self.values.get(name, ()))

    def some_field(self, subgraph: SubgraphDraft, owner: str, *, leaf: bool | None = None) -> FieldDraft:
        """A new field for a type of the subgraph, its types put there."""
        is_leaf = self.chance(0.6) if leaf is None else leaf
        named = self.leaf() if is_leaf else self.composite(subgraph) or self.leaf()
        drawn = FieldDraft(self.new_name(owner), self.wrapped(named), self.arguments(subgraph))
        self.need(subgraph, named)
        return drawn

    def arguments(self, subgraph: SubgraphDraft) -> dict[str, Argument]:
        """None most of the time."""
        if "arguments" not in self.features or not self.chance(0.25):
            return {}
        found = {}
        for name in self.random.sample(("by", "in", "first", "with"), self.random.randint(1, 2)):
            named = self.random.choice([*BUILT_IN, *self.enums, *self.inputs, *self.inputs])
            if "scalars" in self.features and self.chance(0.15):
                named = self.random.choice(SCALARS)
            self.need(subgraph, named)
            type_ = self.wrapped(named)
            found[name] = Argument(type_, self.default(type_) if self.chance(0.4) else None)
        return found

    def default(self, type_: str) -> str:
        """A literal of an input type."""
        if type_.endswith("!"):
            return self._present(type_)
        if self.chance(0.1):
            return "null"
        if type_.startswith("["):
            inner = type_[1:-1]
            items = [self.default(inner) if not inner.endswith("!") else self._present(inner) for _ in range(2)]
            return f"[{', '.join(items[: self.random.randint(0, 2)])}]"
        return self._present(type_)

    def _present(self, type_: str) -> str:
        type_ = type_.rstrip("!")
        if type_.startswith("["):
            return "[]"
        if type_ in self.enums:
            return self.random.choice(self.enums[type_])
        if type_ in self.inputs:
            given = [each for each in self.inputs[type_] if each.type.endswith("!") and "=" not in each.directives]
            return "{ " + ", ".join(f"{each.name}: {self._present(each.type)}" for each in given) + " }"
        return {
            "Int": "7",
            "Float": "1.5",
            "Boolean": "true",
            "ID": '"7"',
            "Long": "9007199254740993",
            "JSON": '{ a: [1, null], b: "ㄱ" }',
            "Date": '"2026-11-25"',
        }.get(type_, '"대한 \\"민국\\""')

    def need(self, subgraph: SubgraphDraft, name: str) -> TypeDraft | None:
        """The subgraph's own part of a type, made when it is not there; None for built-in scalars."""
        if name in BUILT_IN:
            return None
        if name in subgraph.types:
            return subgraph.types[name]
        if name in SCALARS:
            return subgraph.types.setdefault(name, TypeDraft("scalar", name))
        if name in self.enums:
            return subgraph.types.setdefault(name, TypeDraft("enum", name, values=list(self.enums[name])))
        if name in self.inputs:
            return self._need_input(subgraph, name)
        if name in self.entities:
            return self._need_entity(subgraph, self.entities[name])
        if name in self.values:
            return self._need_value(subgraph, name)
        if name in self.abstracts:
            return self._need_abstract(subgraph, self.abstracts[name])
        return subgraph.types.setdefault(name, TypeDraft("object", name))

    def _need_input(self, subgraph: SubgraphDraft, name: str) -> TypeDraft:
        made = subgraph.types[name] = TypeDraft("input", name)
        for each in self.inputs[name]:
            made.fields[each.name] = each.copy(**each.directives)
            self.need(subgraph, each.named)
        return made

    def _need_value(self, subgraph: SubgraphDraft, name: str) -> TypeDraft:
        made = subgraph.types[name] = TypeDraft("object", name)
        whole = self.chance(0.5)
        if subgraph.version == 2 and whole:
            made.directives["shareable"] = ""
        for each in self.values[name]:
            made.fields[each.name] = each.copy(**({} if whole or subgraph.version == 1 else {"shareable": ""}))
        for each in self.values[name]:
            self.need(subgraph, each.named)
            for argument in each.arguments.values():
                self.need(subgraph, argument.type.strip("[]!"))
        return made

    def _need_entity(self, subgraph: SubgraphDraft, entity: Entity) -> TypeDraft:
        made = subgraph.types[entity.name] = TypeDraft("object", entity.name)
        keys = entity.keys
        if len(keys) > 1 and subgraph.name != entity.bridge:
            keys = self.random.choice([keys[:1], keys[1:], keys])
        resolvable = subgraph.version == 1 or not self.chance(0.3)
        for text, fields in keys:
            made.keys[text] = resolvable or subgraph.name == entity.bridge
            for each in fields:
                made.fields.setdefault(each.name, each.copy())
                self.need(subgraph, each.named)
        return made

    def _need_abstract(self, subgraph: SubgraphDraft, abstract: Abstract) -> TypeDraft:
        made = subgraph.types[abstract.name] = TypeDraft(abstract.kind, abstract.name)
        if abstract.key:
            made.keys[abstract.key] = True
            if subgraph.name not in abstract.homes:
                made.kind, made.directives["interfaceObject"] = "object", ""
                made.fields["id"] = abstract.fields[0].copy()
                return made
        types = [abstract.types[0], *(each for each in abstract.types[1:] if self.chance(0.6))]
        types = [each for each in types if self.allowed(subgraph, each)]
        if abstract.key:
            types = abstract.types
        if abstract.kind == "union":
            made.members = types
        for each in abstract.fields:
            made.fields[each.name] = each.copy()
            self.need(subgraph, each.named)
        for each_type in types:
            part = self.open(subgraph, each_type) if abstract.fields else self.need(subgraph, each_type)
            assert part is not None
            self.implement(subgraph, part, abstract)
        if abstract.parent:
            self.need(subgraph, abstract.parent)
            made.interfaces.append(abstract.parent)
        return made

    def implement(self, subgraph: SubgraphDraft, part: TypeDraft, abstract: Abstract) -> None:
        """Let a type of the subgraph implement an interface, and the interface's own."""
        if abstract.kind == "interface" and abstract.name not in part.interfaces:
            part.interfaces.append(abstract.name)
        for each in abstract.fields:
            if each.name not in part.fields:
                shared = {"shareable": ""} if subgraph.version == 2 and "shareable" not in part.directives else {}
                part.fields[each.name] = each.copy(**shared)
        if abstract.parent:
            self.implement(subgraph, part, self.abstracts[abstract.parent])

    def open(self, subgraph: SubgraphDraft, name: str) -> TypeDraft:
        """The subgraph's part of a type that is to have fields of its own: an entity can be entered there."""
        part = self.need(subgraph, name)
        assert part is not None
        part.keys = dict.fromkeys(part.keys, True)
        return part

    def owners(self, owner: str, name: str) -> list[SubgraphDraft]:
        """The subgraphs that resolve a field."""
        return [
            each
            for each in self.subgraphs
            if owner in each.types
            and name in each.types[owner].fields
            and "external" not in each.types[owner].fields[name].directives
        ]
