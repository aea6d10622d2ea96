"""``compose``, ``check``, ``plan`` and ``explain`` from the command line."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from router.federation.supergraph import read_supergraph

# ruff: noqa: ASYNC240 - files are tiny
A = {
    "name": "a",
    "url": "http://a/",
    "sdl": """
      extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])
      type Query { me: User }
      type User @key(fields: "id") { id: ID! name: String }
    """,
}
B = {
    "name": "b",
    "url": "http://b/",
    "sdl": """
      extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])
      type User @key(fields: "id") { id: ID! age: Int }
    """,
}
BROKEN = {
    "name": "c",
    "url": "http://c/",
    "sdl": "type Query { me: User name: String } type User { id: ID! name: Int }",
}


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "good.json").write_text(json.dumps([A, B]))
    (tmp_path / "bad.json").write_text(json.dumps([A, B, BROKEN]))
    (tmp_path / "operation.graphql").write_text("query Q($x: Boolean!) { me { name age @include(if: $x) } }")
    (tmp_path / "wrong.graphql").write_text("{ me {\n nothing } }")
    return tmp_path


def test_the_module_is_the_command() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "router", "--help"], capture_output=True, text=True, timeout=30, check=True
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("usage: router ")


async def test_compose_writes_a_supergraph_to_standard_output(files: Path, command: Any) -> None:
    done = await command("compose", str(files / "good.json"))
    assert (done.status, done.errors) == (0, "")
    assert set(read_supergraph(done.output).subgraphs) == {"a", "b"}


async def test_compose_reads_standard_input_and_writes_a_file_whole(files: Path, command: Any) -> None:
    output = files / "supergraph.graphql"
    done = await command("compose", "-", "--output", str(output), standard_input=json.dumps([A, B]))
    assert (done.status, done.output) == (0, "")
    assert read_supergraph(output.read_text()).api_schema.query_type is not None
    await command("compose", str(files / "bad.json"), "--output", str(output))
    assert read_supergraph(output.read_text()).api_schema.query_type is not None
    assert [one.name for one in files.iterdir() if one.name.endswith(".new")] == []


async def test_subgraphs_that_do_not_compose_give_status_1_and_their_errors(files: Path, command: Any) -> None:
    for name in ("compose", "check"):
        done = await command(name, str(files / "bad.json"), "--format", "json")
        assert done.status == 1
        problems = json.loads(done.output)
        assert problems
        assert all(set(one) == {"code", "message", "locations"} for one in problems)
        text = await command(name, str(files / "bad.json"))
        assert (text.status, text.output) == (1, "")
        assert problems[0]["code"] in text.errors


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "is not JSON"),
        ("{}", "must be a list"),
        ("[]", "must be a list"),
        ("[1]", "entry 0"),
        ('[{"name":"a"}]', "entry 0"),
        ('[{"name":"a","url":1,"sdl":""}]', "entry 0"),
        ("\ud800", "is not"),
    ],
)
async def test_a_list_of_subgraphs_that_is_none_is_refused_in_one_line(
    tmp_path: Path, command: Any, text: str, message: str
) -> None:
    (tmp_path / "in.json").write_bytes(text.encode("utf-8", "surrogatepass"))
    done = await command("compose", str(tmp_path / "in.json"))
    assert (done.status, done.output) == (1, "")
    assert message in done.errors
    assert done.errors.count("\n") == 1


async def test_check_says_how_subgraphs_and_operations_fare(files: Path, command: Any) -> None:
    good = await command("check", str(files / "good.json"), "--operation", str(files / "operation.graphql"))
    assert good.status == 0
    assert good.output.startswith("No errors")
    wrong = await command(
        "check", str(files / "good.json"), "--operation", str(files / "wrong.graphql"), "--format", "json"
    )
    assert wrong.status == 1
    (problem,) = json.loads(wrong.output)
    assert problem["code"] == "GRAPHQL_VALIDATION_FAILED"
    assert "wrong.graphql:2:2" in problem["message"]
    neither = await command("check")
    assert neither.status == 1


@pytest.fixture
async def composed(files: Path, command: Any) -> list[str]:
    output = files / "supergraph.graphql"
    await command("compose", str(files / "good.json"), "--output", str(output))
    return ["--supergraph", str(output), "--operation", str(files / "operation.graphql")]


async def test_plan_prints_text_json_and_dot(composed: list[str], command: Any) -> None:
    text = await command("plan", *composed)
    assert text.status == 0
    assert text.output.startswith("QueryPlan {")
    assert 'Fetch(service: "b")' in text.output
    plan = json.loads((await command("plan", *composed, "--format", "json")).output)
    assert plan["kind"] == "QueryPlan"
    assert plan["node"]["kind"] == "Sequence"
    assert plan["node"]["nodes"][0]["serviceName"] == "a"
    assert (await command("plan", *composed, "--format", "dot")).output.startswith("digraph")


async def test_plan_and_explain_switch_override_labels_on(files: Path, command: Any) -> None:
    link = '@link(url: "https://specs.apollo.dev/federation/v2.7", import: ["@key", "@override"])'
    moved = {
        "name": "b",
        "url": "http://b/",
        "sdl": f"""extend schema {link}
          type User @key(fields: "id") {{ id: ID! name: String @override(from: "a", label: "percent(5)") }}""",
    }
    (files / "moving.json").write_text(json.dumps([A, moved]))
    (files / "name.graphql").write_text("{ me { name } }")
    supergraph = str(files / "moving.graphql")
    await command("compose", str(files / "moving.json"), "--output", supergraph)
    arguments = ["--supergraph", supergraph, "--operation", str(files / "name.graphql")]
    assert 'service: "b"' not in (await command("plan", *arguments)).output
    assert 'service: "b"' in (await command("plan", *arguments, "--label", "percent(5)")).output
    assert 'service: "b"' in (await command("explain", *arguments, "--label", "percent(5)")).output
    (files / "router.toml").write_text('[override_labels]\n"percent(5)" = true')
    explained = await command("explain", *arguments, "--config", str(files / "router.toml"))
    assert 'service: "b"' in explained.output
    wrong = await command("plan", *arguments, "--label", "percent(6)")
    assert (wrong.status, "known: percent(5)" in wrong.errors) == (1, True)


async def test_plan_and_explain_show_what_is_delivered_in_parts(files: Path, composed: list[str], command: Any) -> None:
    operation = 'query ($later: Boolean = true) { me { id ... @defer(if: $later, label: "n") { name } } }'
    (files / "later.graphql").write_text(operation)
    arguments = [*composed[:2], "--operation", str(files / "later.graphql")]
    shown = await command("plan", *arguments, "--incremental")
    assert (shown.status, shown.errors) == (0, "")
    assert 'Deferred(depends: [0], path: "me", label: "n")' in shown.output
    whole = await command("plan", *arguments, "--incremental", "--variables", '{"later": false}')
    assert "Defer" not in whole.output
    unknown = await command("plan", *arguments)
    assert "Unknown directive '@defer'" in unknown.errors
    (files / "router.toml").write_text("[pipeline]\nincremental = true")
    explained = await command("explain", *arguments, "--config", str(files / "router.toml"))
    assert "── planner: in parts" in explained.output
    assert "async def execute_part_1(run)" in explained.output


async def test_plan_refuses_an_operation_with_place_and_code(files: Path, composed: list[str], command: Any) -> None:
    done = await command("plan", *composed[:2], "--operation", str(files / "wrong.graphql"))
    assert (done.status, done.output) == (1, "")
    assert done.errors.startswith("2:2: GRAPHQL_VALIDATION_FAILED: ")


async def test_explain_prints_every_stage_in_order(composed: list[str], command: Any) -> None:
    done = await command("explain", *composed, "--variables", '{"x": true}', "--scopes", "a b")
    assert (done.status, done.errors) == (0, "")
    rooms = [line.strip("─ ") for line in done.output.splitlines() if line.startswith("── ")]
    assert rooms == [
        "request",
        "operation",
        "policy",
        "planner: graph",
        "planner: routes",
        "planner: fetches",
        "planner",
        "executor.compile",
        "variables",
    ]
    assert "async def execute(run)" in done.output


async def test_explain_refuses_what_the_router_would_refuse(composed: list[str], command: Any) -> None:
    without = await command("explain", *composed)
    assert "BAD_USER_INPUT" in without.errors
    assert "── executor.compile" in without.output, "the plan is shown all the same"
    assert "변수 값이 형식에 맞지 않습니다" in (await command("explain", *composed, "--language", "ko")).errors
    assert "--variables is not JSON" in (await command("explain", *composed, "--variables", "{")).errors


async def test_a_file_that_is_no_supergraph_is_refused(files: Path, command: Any) -> None:
    for name in ("good.json", "operation.graphql"):
        done = await command("plan", "--supergraph", str(files / name), "--operation", str(files / "operation.graphql"))
        assert done.status == 1
        assert "supergraph" in done.errors
        assert done.errors.count("\n") == 1


@pytest.mark.parametrize(
    "arguments", [[], ["nothing"], ["plan"], ["serve", "--port", "x"], ["plan", "--format", "xml"]]
)
async def test_a_wrong_call_gives_status_2_and_the_usage(arguments: list[str], command: Any) -> None:
    done = await command(*arguments)
    assert (done.status, done.output) == (2, "")
    assert "usage: router" in done.errors


@pytest.mark.parametrize("name", ["compose", "check", "serve", "plan", "explain"])
async def test_each_command_explains_itself(name: str, command: Any) -> None:
    done = await command(name, "--help")
    assert done.status == 0
    assert f"usage: router {name}" in done.output
    assert len(done.output) > 300
