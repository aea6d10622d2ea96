"""What federation adds, a function a feature: each puts one more use of it into a drawing, or nothing if none fits."""

from __future__ import annotations

from collections.abc import Callable

from tests.fuzz.drafts import FieldDraft, SubgraphDraft, TypeDraft
from tests.fuzz.schemas import Abstract, Drawing, Entity

Feature = Callable[[Drawing], None]


def shared_field(drawing: Drawing) -> None:
    """A field of an entity that several subgraphs resolve."""
    place = _two_places(drawing)
    if place is None:
        return
    first, second, name = place
    made = drawing.some_field(first, name)
    if not drawing.allowed(second, made.named):
        return
    for subgraph in (first, second):
        drawing.need(subgraph, made.named)
        for argument in made.arguments.values():
            drawing.need(subgraph, argument.type.strip("[]!"))
        shared = {"shareable": ""} if subgraph.version == 2 else {}
        drawing.open(subgraph, name).fields[made.name] = made.copy(**shared)
    if drawing.chance(0.25):
        # What one promises and the other does not, clients are not promised.
        theirs = drawing.open(second, name).fields[made.name]
        theirs.type = made.type[:-1] if made.type.endswith("!") else f"{made.type}!"


def shared_root(drawing: Drawing) -> None:
    """A root field that several subgraphs resolve."""
    if len(drawing.subgraphs) < 2:
        return
    first, second = drawing.random.sample(drawing.subgraphs, 2)
    made = drawing.some_field(first, "Query", leaf=False)
    if not drawing.allowed(second, made.named):
        return
    for subgraph in (first, second):
        drawing.need(subgraph, made.named)
        for argument in made.arguments.values():
            drawing.need(subgraph, argument.type.strip("[]!"))
        shared = {"shareable": ""} if subgraph.version == 2 else {}
        root = drawing.need(subgraph, "Query")
        assert root is not None
        root.fields[made.name] = made.copy(**shared)


def requires(drawing: Drawing) -> None:
    """A field that needs others of its object, known to other subgraphs; those may need fields themselves."""
    random = drawing.random
    names = [name for name in drawing.entities if _places(drawing, name)]
    if not names:
        return
    name = random.choice(names)
    subgraph = random.choice(_places(drawing, name))
    part = drawing.need(subgraph, name)
    assert part is not None
    texts = []
    candidates = _foreign_fields(drawing, subgraph, name)
    for each in random.sample(candidates, min(len(candidates), random.randint(1, 2))):
        text = _required(drawing, subgraph, each, 2)
        if text is not None and _put_external(drawing, subgraph, name, each):
            texts.append(text)
    if texts:
        made = drawing.some_field(subgraph, name, leaf=drawing.chance(0.8) or None)
        made.directives["requires"] = f'fields: "{" ".join(texts)}"'
        drawing.open(subgraph, name).fields[made.name] = made


def _required(drawing: Drawing, subgraph: SubgraphDraft, field: FieldDraft, depth: int) -> str | None:
    """The field's text in a field set; None when it cannot be had here."""
    given = [
        f"{name}: {drawing._present(each.type)}"
        for name, each in field.arguments.items()
        if each.type.endswith("!") or drawing.chance(0.5)
    ]
    told = f"({', '.join(given)})".replace("\\", "\\\\").replace('"', '\\"') if given else ""
    named = field.named
    if named in drawing.values:
        if depth == 0 or not drawing.allowed(subgraph, named):
            return None
        drawing.need(subgraph, named)
        parts = [_required(drawing, subgraph, each, depth - 1) for each in drawing.values[named]]
        parts = [each for each in parts if each][: drawing.random.randint(1, 2)]
        return f"{field.name}{told} {{ {' '.join(filter(None, parts))} }}" if parts else None
    if named in drawing.entities:
        if depth == 0 or not drawing.allowed(subgraph, named):
            return None
        part = drawing.need(subgraph, named)
        assert part is not None
        texts = [drawing.random.choice(list(part.keys))]
        foreign = [each for each in _foreign_fields(drawing, subgraph, named) if each.named not in drawing.abstracts]
        if foreign and drawing.chance(0.6):
            each = drawing.random.choice(foreign)
            text = _required(drawing, subgraph, each, depth - 1)
            if text is not None and _put_external(drawing, subgraph, named, each):
                texts = [text]
        return f"{field.name}{told} {{ {' '.join(texts)} }}"
    if named in drawing.abstracts:
        abstract = drawing.abstracts[named]
        leaves = [each.name for each in abstract.fields if each.named not in {**drawing.entities, **drawing.values}]
        if depth == 0 or not drawing.allowed(subgraph, named) or not leaves:
            return None
        drawing.need(subgraph, named)
        leaf = drawing.random.choice(leaves)
        known = abstract.types[0] in subgraph.types  # where the interface is an object here, its types are not
        asked = f"... on {abstract.types[0]} {{ {leaf} }}" if known and drawing.chance(0.5) else leaf
        return f"{field.name}{told} {{ __typename {asked} }}"
    return field.name + told


def provides(drawing: Drawing) -> None:
    """A field that brings, on its own way only, what other subgraphs know of its object."""
    random = drawing.random
    modern = [each for each in drawing.subgraphs if each.version == 2]
    if not modern:
        return
    subgraph = random.choice(modern)
    names = [name for name in drawing.entities if drawing.allowed(subgraph, name)]
    if not names:
        return
    name = random.choice(names)
    drawing.need(subgraph, name)
    candidates = [
        each
        for each in _foreign_fields(drawing, subgraph, name)
        if each.named not in drawing.entities
        and not each.arguments
        and each.named not in drawing.abstracts
        and all(other.version == 2 for other in drawing.owners(name, each.name))
    ]
    if not candidates:
        return
    each = random.choice(candidates)
    if each.named in drawing.values and not drawing.allowed(subgraph, each.named):
        return
    text = _required(drawing, subgraph, each, 1)
    if text is None:
        return
    if not _put_external(drawing, subgraph, name, each):
        return
    for owner in drawing.owners(name, each.name):
        owner.types[name].fields[each.name].directives["shareable"] = ""
    made = FieldDraft(drawing.new_name("Query"), drawing.wrapped(name), drawing.arguments(subgraph))
    target = name
    abstracts = [
        item for item in drawing.abstracts.values() if name in item.types and drawing.allowed(subgraph, item.name)
    ]
    if abstracts and drawing.chance(0.5):
        target = random.choice(abstracts).name
        text = f"... on {name} {{ {text} }}"
        made.type = made.type.replace(name, target)
        part = drawing.need(subgraph, target)
        assert part is not None
        _join(drawing, subgraph, target, name, part)
    made.directives["provides"] = f'fields: "{text}"'
    root = drawing.need(subgraph, "Query")
    assert root is not None
    root.fields[made.name] = made


def _join(drawing: Drawing, subgraph: SubgraphDraft, target: str, name: str, part: TypeDraft) -> None:
    """Make a type one of the types of an abstract type in a subgraph."""
    abstract = drawing.abstracts[target]
    own = drawing.open(subgraph, name) if abstract.fields else drawing.need(subgraph, name)
    assert own is not None
    if abstract.kind == "union":
        if name not in part.members:
            part.members.append(name)
    else:
        drawing.implement(subgraph, own, abstract)


def _places(drawing: Drawing, name: str) -> list[SubgraphDraft]:
    """The subgraphs that may have fields of an entity."""
    return [each for each in drawing.subgraphs if drawing.allowed(each, name)]


def _two_places(drawing: Drawing) -> tuple[SubgraphDraft, SubgraphDraft, str] | None:
    names = [name for name in drawing.entities if len(_places(drawing, name)) > 1]
    if not names:
        return None
    name = drawing.random.choice(names)
    first, second = drawing.random.sample(_places(drawing, name), 2)
    return first, second, name


def _foreign_fields(drawing: Drawing, subgraph: SubgraphDraft, name: str) -> list[FieldDraft]:
    """Fields of a type that other subgraphs resolve and this one does not."""
    part = subgraph.types.get(name)
    found = {}
    for other in drawing.subgraphs:
        if other is subgraph or name not in other.types:
            continue
        for each in other.types[name].fields.values():
            own = part.fields.get(each.name) if part else None
            if "external" in each.directives or (own is not None and "external" not in own.directives):
                continue
            if each.named in drawing.split:
                continue
            if drawing.allowed(subgraph, each.named) and not _by_label(drawing, name, each.name):
                found[each.name] = each
    return list(found.values())


def _by_label(drawing: Drawing, name: str, field: str) -> bool:
    """Whether a label decides who resolves a field; composition does not let @requires depend on that."""
    return any(
        "label" in each.types[name].fields[field].directives.get("override", "")
        for each in drawing.subgraphs
        if name in each.types and field in each.types[name].fields
    )


def _put_external(drawing: Drawing, subgraph: SubgraphDraft, name: str, field: FieldDraft) -> bool:
    """Make a field known here as another's; not when it has meanwhile become this subgraph's own."""
    part = drawing.need(subgraph, name)
    assert part is not None
    if field.name in part.fields:
        return "external" in part.fields[field.name].directives
    part.fields[field.name] = field.copy(external="")
    drawing.need(subgraph, field.named)
    for argument in field.arguments.values():
        drawing.need(subgraph, argument.type.strip("[]!"))
    return True


def override(drawing: Drawing) -> None:
    """A field taken over from another subgraph, at once or by a label."""
    random = drawing.random
    takers = [each for each in drawing.subgraphs if each.version == 2]
    if not takers:
        return
    subgraph = random.choice(takers)
    places = [
        (name, each, owner)
        for name in (*drawing.entities, "Query")
        if name == "Query" or drawing.allowed(subgraph, name)
        for owner in drawing.subgraphs
        if owner is not subgraph and name in owner.types
        for each in owner.types[name].fields.values()
        if not each.directives and _is_only_here(drawing, name, each, owner) and drawing.allowed(subgraph, each.named)
    ]
    if not places:
        return
    name, each, owner = random.choice(places)
    told = f'from: "{owner.name}"'
    label = random.choice((None, None, "percent(0)", "percent(100)", "new-catalog", "b"))
    if label is not None:
        told += f', label: "{label}"'
        drawing.labels.add(label)
    part = drawing.need(subgraph, "Query") if name == "Query" else drawing.open(subgraph, name)
    assert part is not None
    drawing.need(subgraph, each.named)
    for argument in each.arguments.values():
        drawing.need(subgraph, argument.type.strip("[]!"))
    part.fields.setdefault(each.name, each.copy(override=told))


def _is_only_here(drawing: Drawing, name: str, field: FieldDraft, owner: SubgraphDraft) -> bool:
    """Whether no other subgraph knows the field, and no key or interface needs it, which brings it elsewhere later."""
    if any(name in each.types and field.name in {f.name for f in each.fields} for each in drawing.abstracts.values()):
        return False
    if name in drawing.entities and any(
        field.name == each.name for _, fields in drawing.entities[name].keys for each in fields
    ):
        return False
    return not any(
        other is not owner and name in other.types and field.name in other.types[name].fields
        for other in drawing.subgraphs
    )


def interface_object(drawing: Drawing) -> None:
    """An interface with a key: some subgraphs know its types, others only the interface and give it fields."""
    random = drawing.random
    if len(drawing.subgraphs) < 2 or f"Asset{len(drawing.abstracts)}" in drawing.abstracts:
        return
    modern = [each for each in drawing.subgraphs if each.version == 2]
    if len(modern) < 2:
        return
    name = f"Asset{len(drawing.abstracts)}"
    key = [FieldDraft("id", "ID!")]
    shared = [FieldDraft(f"tag{n}", drawing.wrapped("String")) for n in range(random.randint(0, 2))]
    types = [f"{name}{letter}" for letter in "ABC"[: random.randint(1, 3)]]
    homes = random.sample(modern, random.randint(1, len(modern) - 1))
    barred = {each.name for each in drawing.subgraphs if each not in homes}
    for each_type in types:
        drawing.entities[each_type] = Entity(each_type, [("id", key)], barred=set(barred))
    drawing.abstracts[name] = Abstract(
        name, "interface", types, [*key, *shared], key="id", homes=[h.name for h in homes]
    )
    for home in homes:
        drawing.need(home, name)
        for each_type in types:
            if drawing.chance(0.6):
                made = drawing.some_field(home, each_type)
                drawing.open(home, each_type).fields[made.name] = made
    for other in modern:
        if other in homes or not drawing.chance(0.8):
            continue
        part = drawing.need(other, name)
        assert part is not None
        for _ in range(random.randint(1, 2)):
            made = drawing.some_field(other, name)
            part.fields[made.name] = made


def inaccessible(drawing: Drawing) -> None:
    """A field, argument or enum value that clients do not see."""
    random = drawing.random
    modern = [each for each in drawing.subgraphs if each.version == 2]
    places = [
        (subgraph, part, each)
        for subgraph in modern
        for part in subgraph.types.values()
        if part.kind == "object" and len(part.fields) > 1 and part.name in drawing.entities
        for each in part.fields.values()
        if "external" not in each.directives
        and not any(each.name == item.name for abstract in drawing.abstracts.values() for item in abstract.fields)
    ]
    if not places:
        return
    _, part, each = random.choice(places)
    fields = [
        item
        for other in drawing.subgraphs
        if part.name in other.types
        for item in other.types[part.name].fields.values()
    ]
    hidden = {item.name for item in fields if "inaccessible" in item.directives}
    if {item.name for item in fields} - hidden - {each.name}:
        each.directives["inaccessible"] = ""


def mutations(drawing: Drawing) -> None:
    """A field of the mutation root."""
    subgraph = drawing.random.choice(drawing.subgraphs)
    made = drawing.some_field(subgraph, "Mutation", leaf=drawing.chance(0.3))
    part = drawing.need(subgraph, "Mutation")
    assert part is not None
    part.fields[made.name] = made


def pieces(drawing: Drawing) -> None:
    """A value type of which each subgraph knows a part, reached by a field that all of them share."""
    random = drawing.random
    modern = [each for each in drawing.subgraphs if each.version == 2]
    if len(modern) < 2:
        return
    name = f"Piece{sum(each.startswith('Piece') for each in drawing.split)}"
    drawing.split.add(name)
    subgraphs = random.sample(modern, random.randint(2, min(3, len(modern))))
    entity = next(
        (each for each in random.sample(list(drawing.entities), len(drawing.entities)) if drawing.chance(0.5)), "Query"
    )
    if entity != "Query" and not all(drawing.allowed(each, entity) for each in subgraphs):
        entity = "Query"
    made = FieldDraft(drawing.new_name(entity), drawing.wrapped(name))
    common = FieldDraft("common", drawing.wrapped(drawing.leaf()))
    for number, subgraph in enumerate(subgraphs):
        root = drawing.need(subgraph, "Query") if entity == "Query" else drawing.open(subgraph, entity)
        assert root is not None
        root.fields[made.name] = made.copy(shareable="")
        part = drawing.need(subgraph, name)
        assert part is not None
        part.directives["shareable"] = ""
        if drawing.chance(0.5):
            part.fields["common"] = common.copy()
            drawing.need(subgraph, common.named)
        for _ in range(random.randint(1, 2)):
            own = drawing.some_field(subgraph, name, leaf=True)
            own.name = f"{own.name}{'abc'[number]}"
            part.fields[own.name] = own


FEATURES: dict[str, Feature] = {
    "shared fields": shared_field,
    "shared roots": shared_root,
    "interface objects": interface_object,
    "pieces": pieces,
    "mutations": mutations,
    "override": override,
    "requires": requires,
    "provides": provides,
    "inaccessible": inaccessible,
}
