"""What every domain of the registry keeps: checked-in schema, migrations, seed, entities, error texts."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from graphql import GraphQLObjectType, get_named_type, is_leaf_type, is_required_argument
from sqlalchemy import event, func, select

from hub.schema import composed
from subgraphs.kit import KIT_ERRORS, Database, OpenSubgraph, differences, migrate
from subgraphs.kit.migrations import write_revision
from subgraphs.registry import DOMAINS, domain
from tests.subgraphs.contract.conftest import ENTITIES, EVERYTHING, NOW, Known

ROOT = Path(__file__).parents[3]
TABLES = {**{subgraph.name: subgraph.errors for subgraph in DOMAINS}, "kit": KIT_ERRORS}


@contextmanager
def counted(database: Database) -> Iterator[list[str]]:
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    event.listen(database.reader.sync_engine, "before_cursor_execute", note)
    event.listen(database.writer.sync_engine, "before_cursor_execute", note)
    yield statements
    event.remove(database.reader.sync_engine, "before_cursor_execute", note)
    event.remove(database.writer.sync_engine, "before_cursor_execute", note)


def key_sets(name: str) -> set[tuple[str, str]]:
    """(type, key fields) of every resolvable @key in the SDL."""
    found = set()
    for declared in re.finditer(r"^type (\w+)([^{]*)\{", domain(name).sdl(), re.MULTILINE):
        for key in re.finditer(r'@key\(fields: "([^"]+)"(, resolvable: false)?', declared[2]):
            if key[2] is None:
                found.add((declared[1], key[1]))
    return found


def selection(name: str, type_name: str) -> str:
    """All fields of a type that can be asked without arguments; of objects their plain fields."""
    schema = domain(name).schema._schema
    parent = schema.type_map[type_name]
    assert isinstance(parent, GraphQLObjectType)
    parts = []
    for field_name, field in parent.fields.items():
        if any(is_required_argument(argument) for argument in field.args.values()):
            continue
        target = get_named_type(field.type)
        if is_leaf_type(target):
            parts.append(field_name)
        elif isinstance(target, GraphQLObjectType):
            plain = [
                inner_name
                for inner_name, inner in target.fields.items()
                if is_leaf_type(get_named_type(inner.type))
                and not any(is_required_argument(argument) for argument in inner.args.values())
            ]
            if plain:
                parts.append(f"{field_name} {{ {' '.join(plain)} }}")
    return " ".join(parts)


def entity_query(type_name: str, chosen: str) -> str:
    return f"query($r: [_Any!]!) {{ _entities(representations: $r) {{ ... on {type_name} {{ {chosen} }} }} }}"


async def ask_entities(opened: OpenSubgraph, type_name: str, chosen: str, keys: list[dict[str, Any]]) -> list[Any]:
    representations = [{"__typename": type_name, **key} for key in keys]
    answer = await opened.execute(entity_query(type_name, chosen), {"r": representations}, identity=EVERYTHING)
    assert "errors" not in answer, answer["errors"]
    assert all(representation["__typename"] == type_name for representation in representations), "input was changed"
    return list(answer["data"]["_entities"])


def test_the_checked_in_sdl_is_what_the_code_says(name: str) -> None:
    assert (ROOT / "schema" / f"{name}.graphql").read_text() == domain(name).sdl()


async def test_the_served_sdl_is_the_checked_in_one(opened: OpenSubgraph) -> None:
    answer = await opened.execute("{ _service { sdl } }")
    assert answer["data"]["_service"]["sdl"].strip() == opened.subgraph.sdl().strip()


def test_the_domains_compose_without_a_hint() -> None:
    assert list(composed().hints) == []


def test_names_are_distinct() -> None:
    assert len({subgraph.name for subgraph in DOMAINS}) == len(DOMAINS)


async def test_migrations_make_what_the_models_say(name: str, database_url: str, tmp_path: Path) -> None:
    subgraph, database = domain(name), Database(database_url)
    assert subgraph.migrations is not None
    try:
        for _ in range(2):
            await migrate(database, name, subgraph.metadata, subgraph.migrations)
        assert await differences(database, name, subgraph.metadata) == []
    finally:
        await database.aclose()


async def test_an_up_to_date_database_is_recognised_by_a_look(opened: OpenSubgraph) -> None:
    subgraph = opened.subgraph
    assert subgraph.migrations is not None
    with counted(opened.database) as statements:
        await migrate(opened.database, subgraph.name, subgraph.metadata, subgraph.migrations)
    assert not [
        statement for statement in statements if not statement.lstrip().upper().startswith(("SELECT", "PRAGMA"))
    ]


async def test_two_domains_share_a_database_without_seeing_each_other(sqlite_url: str, tmp_path: Path) -> None:
    database = Database(sqlite_url)
    for subgraph in DOMAINS:
        assert subgraph.migrations is not None
        await migrate(database, subgraph.name, subgraph.metadata, subgraph.migrations)
    for subgraph in DOMAINS:
        assert await differences(database, subgraph.name, subgraph.metadata) == []
    await database.aclose()


async def test_a_model_without_its_migration_is_noticed(sqlite_url: str, tmp_path: Path) -> None:
    """The test above can fail: rail's models against an empty chain of migrations differ in every table."""
    rail, database = domain("rail"), Database(sqlite_url)
    found = await differences(database, "rail", rail.metadata)
    assert {item[1].name for item in found if item[0] == "add_table"} == set(rail.metadata.tables)
    await write_revision(database, "rail", rail.metadata, tmp_path / "versions", "everything")
    await migrate(database, "rail", rail.metadata, tmp_path / "versions")
    assert await differences(database, "rail", rail.metadata) == []
    await database.aclose()


async def contents(opened: OpenSubgraph) -> dict[str, Counter[str]]:
    async with opened.database.read() as session:
        return {
            table.name: Counter(repr(tuple(row)) for row in (await session.execute(select(table))).all())
            for table in opened.subgraph.metadata.sorted_tables
        }


async def test_seeding_again_changes_nothing(opened: OpenSubgraph) -> None:
    before = await contents(opened)
    assert sum(len(rows) for rows in before.values()) > 20
    await opened.subgraph.seed(opened.database, lambda: NOW)
    assert await contents(opened) == before


async def test_every_seeded_fact_names_its_source(opened: OpenSubgraph) -> None:
    for table in opened.subgraph.metadata.sorted_tables:
        if "source" in table.c:
            async with opened.database.read() as session:
                empty = select(func.count()).select_from(table).where(func.length(table.c.source) < 3)
                assert (await session.execute(empty)).scalar_one() == 0, table.name


async def known_entities(opened: OpenSubgraph) -> dict[tuple[str, str], Known]:
    known: dict[tuple[str, str], Known] = await ENTITIES[opened.subgraph.name](opened)
    return known


async def test_every_key_of_every_entity_is_under_test(opened: OpenSubgraph) -> None:
    known = await known_entities(opened)
    assert set(known) == key_sets(opened.subgraph.name)
    assert all(len(case.exists) >= 5 for case in known.values())


async def test_representations_are_answered_in_order_with_null_for_unknown(opened: OpenSubgraph) -> None:
    for (type_name, key), case in (await known_entities(opened)).items():
        keys = [case.unknown, *reversed(case.exists), case.unknown, case.exists[0], case.exists[0]]
        answers = await ask_entities(opened, type_name, key, keys)
        assert answers == [None if asked == case.unknown else asked for asked in keys], (type_name, key)


async def test_a_batch_of_entities_costs_one_statement_at_most(opened: OpenSubgraph) -> None:
    for (type_name, key), case in (await known_entities(opened)).items():
        with counted(opened.database) as statements:
            await ask_entities(opened, type_name, key, case.exists)
        assert len(statements) <= 1, (type_name, statements)


async def test_statements_do_not_grow_with_the_batch(opened: OpenSubgraph) -> None:
    for (type_name, _), case in (await known_entities(opened)).items():
        chosen = selection(opened.subgraph.name, type_name)
        counts = []
        for keys in (case.exists[:1], case.exists):
            with counted(opened.database) as statements:
                await ask_entities(opened, type_name, chosen, keys)
            counts.append(len(statements))
        assert counts[1] <= max(1, counts[0]), (type_name, chosen, statements)


async def test_what_is_no_representation_is_answered_null_with_a_code(opened: OpenSubgraph) -> None:
    query = "query($r: [_Any!]!) { _entities(representations: $r) { __typename } }"
    bad: list[Any] = [
        {},
        {"__typename": "Nothing"},
        {"__typename": "Query"},
        {"id": "1"},
        "text",
        7,
        [],
        {"__typename": 7},
    ]
    answer = await opened.execute(query, {"r": bad}, identity=EVERYTHING)
    assert answer["data"]["_entities"] == [None] * len(bad)
    assert [error["path"] for error in answer["errors"]] == [["_entities", at] for at in range(len(bad))]
    assert {error["extensions"]["code"] for error in answer["errors"]} == {"BAD_REPRESENTATION"}


async def test_a_representation_without_its_key_is_answered_null_with_a_code(opened: OpenSubgraph) -> None:
    for type_name, _ in await known_entities(opened):
        answer = await opened.execute(
            entity_query(type_name, "__typename"), {"r": [{"__typename": type_name}]}, identity=EVERYTHING
        )
        codes = [error["extensions"]["code"] for error in answer.get("errors", [])]
        assert answer["data"]["_entities"] == [None] and codes in ([], ["BAD_REPRESENTATION"]), type_name


def domain_sources(name: str) -> Iterator[ast.AST]:
    for file in sorted((ROOT / "subgraphs" / name).rglob("*.py")):
        yield ast.parse(file.read_text(encoding="utf-8"))


def codes_in(name: str) -> set[str]:
    """Every string literal of a domain's code (its error table aside) that looks like an error code."""
    found: set[str] = set()
    for tree in domain_sources(name):
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(node.value)
    return found


@pytest.mark.parametrize("table", sorted(TABLES))
def test_every_code_has_both_languages_and_says_when(table: str) -> None:
    for code, text in TABLES[table].texts.items():
        assert re.search("[가-힣]", text.ko), code
        assert re.search("[a-z]", text.en) and not re.search("[가-힣]", text.en), code
        assert text.when, code
        assert set(re.findall(r"{(\w+)", text.ko)) ^ set(re.findall(r"{(\w+)", text.en)) <= {"reason", "reasonKo"}, code


def test_every_raised_code_is_in_a_table(name: str) -> None:
    raised = set()
    for tree in domain_sources(name):
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "error":
                raised |= {
                    argument.value
                    for argument in node.args[:1]
                    if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
                }
    codes = {code for code in raised if re.fullmatch(r"[A-Z][A-Z0-9_]+", code)}
    assert codes
    assert codes <= set(TABLES[name].texts) | set(KIT_ERRORS.texts)


def test_every_code_of_a_table_is_used(name: str) -> None:
    """Written once in the table, and at least once where it is raised."""
    uses = Counter(
        node.value
        for tree in domain_sources(name)
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )
    assert {code for code in TABLES[name].texts if uses[code] < 2} == set()
