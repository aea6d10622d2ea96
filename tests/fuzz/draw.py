"""The recipe of a set of subgraphs: leaves, value types, entities, abstract types, then one feature after another."""

from __future__ import annotations

from random import Random

from tests.fuzz.drafts import Argument, FieldDraft, SubgraphDraft, drop_unused_externals
from tests.fuzz.drawn_features import FEATURES
from tests.fuzz.schemas import ENTITIES, VALUES, Abstract, Drawing, Entity

SWITCHES = ("arguments", "lists", "scalars", "enums", "inputs", "values", "interfaces", "unions", "old", "renamed")
NAMES = ("rail", "lodge", "air", "docs", "auth")


def draw(random: Random) -> Drawing:
    """A set of subgraphs. Each run leaves some features out, so that those left meet more often."""
    features = frozenset(each for each in (*SWITCHES, *FEATURES) if random.random() < 0.55)
    count = random.choice((1, 2, 2, 2, 3, 3, 4))
    names = random.sample(NAMES, count)
    drawing = Drawing(random, [SubgraphDraft(name) for name in names], features)
    for subgraph in drawing.subgraphs:
        _dialect(drawing, subgraph)
    _leaves(drawing)
    _values(drawing)
    _entities(drawing)
    _abstracts(drawing)
    for subgraph in drawing.subgraphs:
        _fields(drawing, subgraph)
    for name, feature in FEATURES.items():
        if name in features:
            for _ in range(random.randint(2, 5) if name == "requires" else random.randint(1, 3)):
                feature(drawing)
    _roots(drawing)
    drawing.subgraphs = [each for each in drawing.subgraphs if each.types]
    for subgraph in drawing.subgraphs:
        drop_unused_externals(subgraph)
        if subgraph.version == 1:
            _extend(drawing, subgraph)
    return drawing


def _extend(drawing: Drawing, subgraph: SubgraphDraft) -> None:
    """Write some types of a Federation 1 subgraph as extensions of what others define, their keys as external."""
    for name, part in subgraph.types.items():
        if name == "Query" and subgraph.query_name == "Query" and drawing.chance(0.4):
            subgraph.extended.add(name)
        defined = any(
            name in each.types and name not in each.extended for each in drawing.subgraphs if each is not subgraph
        )
        if name in drawing.entities and defined and drawing.chance(0.5):
            subgraph.extended.add(name)
            for text in part.keys:
                for each in text.split(" {")[0].split():
                    part.fields[each].directives.setdefault("external", "")


def _dialect(drawing: Drawing, subgraph: SubgraphDraft) -> None:
    random = drawing.random
    if "old" in drawing.features and drawing.chance(0.4):
        subgraph.version = 1
    elif "renamed" in drawing.features:
        names = ("key", "shareable", "external", "requires", "provides", "override")
        subgraph.local = {name: f"my{name.title()}" for name in random.sample(names, random.randint(0, 4))}
        subgraph.unimported = frozenset(random.sample(names, random.randint(0, 2)))
        subgraph.local = {name: own for name, own in subgraph.local.items() if name not in subgraph.unimported}
    if drawing.chance(0.1):
        subgraph.query_name = "RootQuery"
    subgraph.release = random.choice(("v2.7", "v2.8", "v2.8", "v2.9"))


def _leaves(drawing: Drawing) -> None:
    random = drawing.random
    if "enums" in drawing.features:
        drawing.enums = {"Grade": ["STANDARD", "FIRST", "true_"], "Line": ["KTX", "ITX"]}
    if "inputs" in drawing.features:
        for name in ("Filter", "Range")[: random.randint(1, 2)]:
            fields = []
            for each in random.sample(("from", "to", "query", "grades", "deep"), random.randint(1, 4)):
                named = random.choice([*("String", "Int", "ID", "Float", "Boolean"), *drawing.enums, *drawing.inputs])
                type_ = drawing.wrapped(named)
                given = {"=": drawing.default(type_)} if drawing.chance(0.4) else {}
                fields.append(FieldDraft(each, type_, directives=given))
            drawing.inputs[name] = fields


def _values(drawing: Drawing) -> None:
    if "values" not in drawing.features:
        return
    for name in VALUES[: drawing.random.randint(1, 3)]:
        fields: dict[str, FieldDraft] = {}
        for _ in range(drawing.random.randint(1, 3)):
            named = drawing.leaf()
            if drawing.values and drawing.chance(0.3):
                named = drawing.random.choice(list(drawing.values))
            field_name = drawing.new_name("")
            fields[field_name] = FieldDraft(field_name, drawing.wrapped(named))
        drawing.values[name] = list(fields.values())


def _entities(drawing: Drawing) -> None:
    random = drawing.random
    for name in ENTITIES[: random.randint(1, 4)]:
        keys = [_key(drawing, name)]
        if drawing.chance(0.3):
            other = _key(drawing, name)
            if other[0] != keys[0][0]:
                keys.append(other)
        bridge = random.choice(drawing.subgraphs).name if len(keys) > 1 else None
        drawing.entities[name] = Entity(name, keys, bridge)
    for entity in drawing.entities.values():
        for subgraph in drawing.subgraphs:
            if subgraph.name == entity.bridge or drawing.chance(0.6):
                drawing.need(subgraph, entity.name)


def _key(drawing: Drawing, name: str) -> tuple[str, list[FieldDraft]]:
    """A field set that identifies an entity, and the fields it needs."""
    choice = drawing.random.random()
    if choice < 0.5:
        return "id", [FieldDraft("id", "ID!")]
    if choice < 0.65:
        type_ = drawing.random.choice(["Int!", "String!", "String", "Long!" if "scalars" in drawing.features else "ID"])
        return "code", [FieldDraft("code", type_)]
    if choice < 0.8:
        region = drawing.random.choice(["String!", "Int", *drawing.enums])
        return "id region", [FieldDraft("id", "ID!"), FieldDraft("region", region)]
    simple = [each for each in drawing.entities.values() if each.keys[0][0] == "id" and len(each.keys) == 1]
    if simple and choice < 0.9:
        owner = drawing.random.choice(simple).name
        return "owner { id }", [FieldDraft("owner", f"{owner}!")]
    drawing.values[f"{name}Info"] = [FieldDraft("number", "String!"), FieldDraft("memo", "String")]
    return "info { number }", [FieldDraft("info", f"{name}Info!")]


def _abstracts(drawing: Drawing) -> None:
    random = drawing.random
    values = [name for name in drawing.values if not name.endswith("Info")]
    if "interfaces" in drawing.features:
        for name in ("Named", "Placed")[: random.randint(1, 2)]:
            pool = [*drawing.entities, *values]
            types = random.sample(pool, random.randint(1, min(3, len(pool))))
            fields = [
                FieldDraft(f"{name.lower()}{n}", drawing.wrapped(_interface_field(drawing)))
                for n in range(random.randint(1, 2))
            ]
            parent = next(iter(drawing.abstracts)) if drawing.abstracts and drawing.chance(0.5) else None
            if parent:
                fields += [each.copy() for each in drawing.abstracts[parent].fields]
            drawing.abstracts[name] = Abstract(name, "interface", types, fields, parent=parent)
            for each in types:
                if each in drawing.values:
                    known = {item.name for item in drawing.values[each]}
                    drawing.values[each] += [item.copy() for item in fields if item.name not in known]
    if "unions" in drawing.features:
        for name in ("Thing", "Result")[: random.randint(1, 2)]:
            pool = [*drawing.entities, *values]
            drawing.abstracts[name] = Abstract(name, "union", random.sample(pool, random.randint(1, min(4, len(pool)))))


def _interface_field(drawing: Drawing) -> str:
    return drawing.random.choice(list(drawing.entities)) if drawing.chance(0.3) else drawing.leaf()


def _fields(drawing: Drawing, subgraph: SubgraphDraft) -> None:
    for name in list(drawing.entities):
        if name not in subgraph.types or drawing.chance(0.2):
            continue
        for _ in range(drawing.random.randint(0, 3)):
            made = drawing.some_field(subgraph, name)
            drawing.open(subgraph, name).fields[made.name] = made


def _roots(drawing: Drawing) -> None:
    random = drawing.random
    for number, subgraph in enumerate(drawing.subgraphs):
        least = 1 if number == 0 else 0
        for _ in range(random.randint(least, 3)):
            named = drawing.composite(subgraph) if drawing.chance(0.85) else drawing.leaf()
            named = named or drawing.leaf()
            type_ = drawing.wrapped(named, single=drawing.chance(0.5))
            made = FieldDraft(drawing.new_name("Query"), type_, drawing.arguments(subgraph))
            if drawing.chance(0.3):
                made.arguments["id"] = Argument("ID!")
            root = drawing.need(subgraph, "Query")
            assert root is not None
            root.fields[made.name] = made
            drawing.need(subgraph, named)
