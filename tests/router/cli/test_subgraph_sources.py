"""Where ``compose`` and ``check`` take subgraphs from, and how they print what they find."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from router.federation.supergraph import read_supergraph

LINK = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@requiresScopes"])\n'
RAIL = LINK + 'type Query { trains: [Train] }\ntype Train @key(fields: "id") { id: ID! name: String }\n'
LODGE = LINK + 'type Train @key(fields: "id") { id: ID! lodges: Int }\n'
YAML = """
federation_version: =2.9.0
subgraphs:
  rail:
    routing_url: http://rail/graphql
    schema:
      file: ./rail.graphql
  lodge:
    routing_url: http://lodge/graphql
    schema:
      sdl: |
        extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])
        type Train @key(fields: "id") { id: ID! lodges: Int }
"""
TOML = """
[subgraphs.rail]
routing_url = "http://rail/graphql"
schema = { file = "rail.graphql" }

[subgraphs.lodge]
schema = { file = "lodge.graphqls" }
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "rail.graphql").write_text(RAIL)
    (tmp_path / "lodge.graphqls").write_text(LODGE)
    (tmp_path / "README.md").write_text("not a subgraph")
    (tmp_path / "supergraph.yaml").write_text(YAML)
    (tmp_path / "supergraph.toml").write_text(TOML)
    return tmp_path


INPUTS = {
    "a folder": (["."], {}),
    "files": (["rail.graphql", "lodge.graphqls", "--url", "rail=http://rail/"], {"rail": "http://rail/"}),
    "yaml": (["supergraph.yaml"], {"rail": "http://rail/graphql", "lodge": "http://lodge/graphql"}),
    "yaml as rover names it": (
        ["--config", "supergraph.yaml"],
        {"rail": "http://rail/graphql", "lodge": "http://lodge/graphql"},
    ),
    "toml": (["supergraph.toml"], {"rail": "http://rail/graphql"}),
    "yaml and another address": (
        ["supergraph.yaml", "--url", "rail=http://x/"],
        {"rail": "http://x/", "lodge": "http://lodge/graphql"},
    ),
}


@pytest.mark.parametrize("name", INPUTS)
async def test_subgraphs_are_read_from(name: str, folder: Path, command: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    arguments, urls = INPUTS[name]
    done = await command("compose", *arguments)
    assert (done.status, done.errors) == (0, "")
    found = {name: each.url for name, each in read_supergraph(done.output).subgraphs.items()}
    assert found == {"rail": "", "lodge": "", **urls}


async def test_standard_input_takes_a_configuration_too(
    folder: Path, command: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    done = await command("compose", "-", standard_input=YAML)
    assert (done.status, done.errors) == (0, "")


REFUSED = {
    "nothing": ([], "name the subgraphs"),
    "no such file": (["missing.graphql"], "cannot read missing.graphql"),
    "no such folder": (["missing"], "no such file or folder"),
    "another kind of file": (["README.md"], "a file ending in .graphql"),
    "an empty folder": (["empty"], "has no file ending in"),
    "an address for nobody": (["rail.graphql", "--url", "rial=http://x/"], "'rial', which is no subgraph"),
    "an address without a name": (["rail.graphql", "--url", "http://x/"], "write NAME=URL"),
    "broken yaml": (["broken.yaml"], "is not YAML"),
    "yaml of something else": (["other.yaml"], "a map `subgraphs`"),
    "a schema to fetch": (["remote.yaml"], "not fetched"),
    "no schema": (["no-schema.yaml"], "subgraph 'rail' needs a string `routing_url` and a map `schema`"),
}


@pytest.mark.parametrize("name", REFUSED)
async def test_an_input_that_is_none_is_refused_in_one_line(
    name: str, folder: Path, command: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    (folder / "empty").mkdir()
    (folder / "broken.yaml").write_text("subgraphs: [")
    (folder / "other.yaml").write_text("services: {}")
    (folder / "remote.yaml").write_text("subgraphs: {rail: {schema: {subgraph_url: http://rail/}}}")
    (folder / "no-schema.yaml").write_text("subgraphs: {rail: {routing_url: http://rail/}}")
    arguments, message = REFUSED[name]
    done = await command("compose", *arguments)
    assert (done.status, done.output) == (1, "")
    assert message in done.errors
    assert done.errors.count("\n") == 1


async def test_places_are_told_by_file(folder: Path, command: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    (folder / "lodge.graphqls").write_text(LODGE + "type Query {\n  trains: [Train]\n}\n")
    plain = await command("compose", ".")
    assert plain.status == 1
    assert "\n  --> lodge.graphqls:4:3\n" in plain.errors
    assert "\n  ::: rail.graphql:2:14\n" in plain.errors
    assert "\n  = help: Mark the field @shareable" in plain.errors
    assert plain.errors.endswith("\n\n1 error\n")
    coloured = await command("compose", ".", "--color", "always")
    assert coloured.errors.startswith("\x1b[")
    assert "\x1b" not in plain.errors


@pytest.fixture
async def changed(folder: Path, command: Any, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder after a change; before.graphql is the supergraph from before it."""
    monkeypatch.chdir(folder)
    await command("compose", "supergraph.toml", "--output", "before.supergraph")
    (folder / "rail.graphql").write_text(RAIL.replace("name: String", 'title: String @requiresScopes(scopes: [["x"]])'))
    (folder / "lodge.graphqls").write_text(LODGE.replace("lodges: Int", 'lodges: Int @requiresScopes(scopes: [["x"]])'))
    (folder / "operations").mkdir()
    (folder / "operations" / "names.graphql").write_text(
        "query Names { trains { ...T } } fragment T on Train { name } query Ids { trains { id } }"
    )
    (folder / "operations" / "lodges.graphql").write_text("{ trains { lodges } }")
    return folder


async def test_changes_are_classified_and_say_whom_they_meet(changed: Path, command: Any) -> None:
    done = await command(
        "check", "supergraph.toml", "--against", "before.supergraph", "--operations", "operations", "--format", "json"
    )
    assert done.status == 1
    told = json.loads(done.output)
    assert [(each["severity"], each["kind"], each["coordinate"], each["operations"]) for each in told["changes"]] == [
        ("breaking", "ACCESS_TIGHTENED", "Train.lodges", ["operations/lodges.graphql"]),
        ("breaking", "FIELD_REMOVED", "Train.name", ["operations/names.graphql: Names"]),
        ("safe", "FIELD_ADDED", "Train.title", []),
    ]
    assert [each["code"] for each in told["problems"]] == ["GRAPHQL_VALIDATION_FAILED"]


@pytest.mark.parametrize(
    ("operations", "fail_on", "status"),
    [
        ([], "breaking", 1),
        ([], "never", 0),
        ([], "used", 0),
        (["--operation", "operations/lodges.graphql"], "used", 1),
        (["--operation", "operations/lodges.graphql"], "never", 0),
    ],
)
async def test_what_fails_a_check(
    operations: list[str], fail_on: str, status: int, changed: Path, command: Any
) -> None:
    done = await command(
        "check", "supergraph.toml", "--against", "before.supergraph", "--fail-on", fail_on, *operations
    )
    assert (done.status, done.errors) == (status, "")
    assert done.output.endswith("\n2 breaking, 1 safe.\n")


async def test_a_plain_schema_is_a_previous_one_too(changed: Path, command: Any) -> None:
    (changed / "api.graphql").write_text(
        "type Query { trains: [Train] } type Train { id: ID! lodges: Int name: String }"
    )
    done = await command("check", "supergraph.toml", "--against", "api.graphql")
    assert done.status == 1
    assert done.output.splitlines()[-1] == "1 breaking, 1 safe."
    (changed / "api.graphql").write_text("type Query {")
    refused = await command("check", "supergraph.toml", "--against", "api.graphql")
    assert (refused.status, refused.output) == (1, "")
    assert "neither a supergraph nor a schema" in refused.errors
