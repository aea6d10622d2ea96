"""The pipeline: every request gets an answer; texts and plans are worked out once; caches are bounded."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import orjson
import pytest
from shop import Shop, supergraph

from router.caller import Caller
from router.errors import PlanningFailed
from router.federation.supergraph import Supergraph, read_supergraph
from router.operation import GraphQLRequest
from router.operation.model import Operation, OperationKind
from router.pipeline import Answer, Pipeline, PipelineSettings
from router.planner import plan
from router.planner.nodes import QueryPlan
from router.policy.limits import Limits
from router.policy.override_labels import Labels

ANONYMOUS = Caller()


def pipeline(settings: PipelineSettings | None = None, planner: Any = plan) -> Pipeline:
    return Pipeline(supergraph(), Shop().transports, settings, planner)


async def ask(one: Pipeline, text: str, variables: dict[str, Any] | None = None, caller: Caller = ANONYMOUS) -> Answer:
    return await one.execute(GraphQLRequest(text, None, variables or {}), caller)


async def test_answers() -> None:
    answer = await ask(pipeline(), "query($n: Int!) { products(first: $n) { name } }", {"n": 1})
    assert answer == Answer(b'{"data":{"products":[{"name":"product 1"}]}}', "data", 200)


REFUSED = [
    ("{", {}, "GRAPHQL_PARSE_FAILED", 400),
    ("{ nope }", {}, "GRAPHQL_VALIDATION_FAILED", 400),
    ("{ product(upc: 1) { kind } secret }", {}, "GRAPHQL_VALIDATION_FAILED", 400),
    ("query($n: Int!) { products(first: $n) { name } }", {}, "BAD_USER_INPUT", 400),
    ("query($n: Int!) { products(first: $n) { name } }", {"n": "x"}, "BAD_USER_INPUT", 400),
    ("query A { me { id } } query B { me { id } }", {}, "OPERATION_RESOLUTION_FAILURE", 400),
    ("{ " + "me { id } " * 5_000 + "}", {}, "MAX_TOKENS_EXCEEDED", 400),
    ("subscription { priced { name } }", {}, "SUBSCRIPTION_OVER_HTTP", 400),
]


@pytest.mark.parametrize(("text", "variables", "code", "status"), REFUSED)
async def test_refusals_are_answers_without_data(text: str, variables: dict[str, Any], code: str, status: int) -> None:
    answer = await ask(pipeline(), text, variables)
    body = orjson.loads(answer.body)
    assert (answer.outcome, answer.http_status) == ("request_error", status)
    assert "data" not in body
    assert body["errors"][0]["extensions"]["code"] == code


@pytest.mark.parametrize(
    ("failure", "code"),
    [
        (PlanningFailed("no way to Product.name"), "QUERY_PLANNING_FAILED"),
        (RuntimeError("bug"), "INTERNAL_SERVER_ERROR"),
    ],
)
async def test_defects_are_answers_too_and_tell_nothing(failure: Exception, code: str) -> None:
    def broken(graph: Supergraph, operation: Operation, labels: Labels) -> QueryPlan:
        raise failure

    answer = await ask(pipeline(planner=broken), "{ me { id } }")
    assert answer.http_status == 500
    assert orjson.loads(answer.body)["errors"][0]["extensions"]["code"] == code
    assert b"bug" not in answer.body


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("{ me { id } }", OperationKind.QUERY),
        ("mutation { greet }", OperationKind.MUTATION),
        ("subscription { priced { name } }", OperationKind.SUBSCRIPTION),
        ("{", None),
    ],
)
def test_kind_of_a_request(text: str, kind: OperationKind | None) -> None:
    assert pipeline().kind_of(GraphQLRequest(text)) is kind


class CountingPlanner:
    def __init__(self, before: Callable[[], None] = lambda: None) -> None:
        self.planned: list[str | None] = []
        self.before = before

    def __call__(self, graph: Supergraph, operation: Operation, labels: Labels) -> QueryPlan:
        self.planned.append(operation.name)
        self.before()
        return plan(graph, operation, labels)


async def test_an_operation_is_planned_once_however_it_is_written() -> None:
    planner = CountingPlanner()
    one = pipeline(planner=planner)
    for text in (
        "query Q { me { id name } }",
        "query Q{me{...F}} fragment F on User{id name}",
        "query Q { me { id name } }",
    ):
        assert (await ask(one, text)).outcome == "data"
    assert planner.planned == ["Q"]
    assert (one.counters.requests, one.counters.plans_made) == (3, 1)
    assert (one.counters.plan_hits, one.counters.document_hits) == (2, 1)


async def test_concurrent_requests_wait_for_one_plan_while_the_loop_runs_on() -> None:
    planner = CountingPlanner(before=lambda: time.sleep(0.05))
    one = pipeline(planner=planner)
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(0.002)
            ticks += 1

    ticking = asyncio.create_task(tick())
    calls = [asyncio.create_task(ask(one, "query Q { me { id } }")) for _ in range(10)]
    await asyncio.sleep(0.01)
    calls[0].cancel()
    answers = await asyncio.gather(*calls, return_exceptions=True)
    ticking.cancel()
    assert isinstance(answers[0], asyncio.CancelledError)
    assert all(isinstance(answer, Answer) and answer.outcome == "data" for answer in answers[1:])
    assert planner.planned == ["Q"]
    assert ticks > 5


async def test_a_plan_is_compiled_after_its_first_request_is_on_its_way() -> None:
    one, text = pipeline(), "{ products { shipping reviews { author { name } } } }"
    first = await ask(one, text)
    (made,) = one._plans._entries.values()
    one._thread.submit(lambda: None).result()
    assert "async def execute(run):" in made.source
    assert await ask(one, text) == first


async def test_a_failed_plan_is_not_kept() -> None:
    failures = [PlanningFailed("first")]

    def sometimes(graph: Supergraph, operation: Operation, labels: Labels) -> QueryPlan:
        if failures:
            raise failures.pop()
        return plan(graph, operation, labels)

    one = pipeline(planner=sometimes)
    assert (await ask(one, "{ me { id } }")).http_status == 500
    assert (await ask(one, "{ me { id } }")).http_status == 200


async def test_caches_are_bounded() -> None:
    planner = CountingPlanner()
    one = pipeline(PipelineSettings(documents=2, plans=2), planner)
    for name in ("A", "B", "C", "A"):
        await ask(one, f"query {name} {{ me {{ id }} }}")
    assert planner.planned == ["A", "B", "C", "A"]
    assert len(one._documents) == 2
    assert len(one._plans) == 2


async def test_introspection_can_be_switched_off() -> None:
    closed = pipeline(PipelineSettings(introspection=False))
    answer = await ask(closed, "{ __schema { queryType { name } } }")
    assert orjson.loads(answer.body)["errors"][0]["extensions"]["code"] == "INTROSPECTION_DISABLED"
    assert (await ask(closed, "{ __typename }")).body == b'{"data":{"__typename":"Query"}}'


async def test_limits_come_first() -> None:
    small = pipeline(PipelineSettings(limits=Limits(max_depth=2)))
    answer = await ask(small, "{ products { reviews { id } } }")
    assert orjson.loads(answer.body)["errors"][0]["extensions"]["code"] == "MAX_DEPTH_EXCEEDED"


GUARDED = (
    supergraph()
    .sdl.replace(
        '@link(url: "https://specs.apollo.dev/inaccessible/v0.2", for: SECURITY)',
        '@link(url: "https://specs.apollo.dev/inaccessible/v0.2", for: SECURITY)'
        ' @link(url: "https://specs.apollo.dev/requiresScopes/v0.1", for: SECURITY)',
    )
    .replace(
        "directive @inaccessible on",
        "scalar requiresScopes__Scope"
        " directive @requiresScopes(scopes: [[requiresScopes__Scope!]!]!) on FIELD_DEFINITION"
        " directive @inaccessible on",
    )
    .replace("inStock: Boolean @", 'inStock: Boolean @requiresScopes(scopes: [["stock:read"]]) @')
)


async def test_each_set_of_granted_scopes_has_its_own_plan_and_answer() -> None:
    shop = Shop()
    one = Pipeline(read_supergraph(GUARDED), shop.transports)
    text = "{ products(first: 1) { upc inStock } }"
    granted = Caller("citizen", scopes=frozenset({"stock:read", "other"}))
    refused = Caller("citizen", scopes=frozenset({"other"}))
    for _ in range(2):
        open_answer = orjson.loads((await ask(one, text, caller=granted)).body)
        closed_answer = orjson.loads((await ask(one, text, caller=refused)).body)
        assert open_answer == {"data": {"products": [{"upc": "1", "inStock": True}]}}
        assert closed_answer["data"] == {"products": [{"upc": "1", "inStock": None}]}
        (error,) = closed_answer["errors"]
        assert error["path"] == ["products", 0, "inStock"]
        assert error["locations"] == [{"line": 1, "column": text.index("inStock") + 1}]
        assert error["extensions"] == {
            "code": "UNAUTHORIZED_FIELD_OR_TYPE",
            "requiredScopes": [["stock:read"]],
            "affectedPath": "products.@.inStock",
        }
    assert one.counters.plans_made == 2
    assert [name for name, _ in shop.requests].count("stock") == 2


async def test_trace_shows_what_each_room_made() -> None:
    rooms = {stage.room: stage.output async for stage in pipeline().trace(GraphQLRequest("{ me { id } }"), ANONYMOUS)}
    assert list(rooms) == [
        "request",
        "operation",
        "policy",
        "planner: graph",
        "planner: routes",
        "planner: fetches",
        "planner",
        "executor.compile",
        "variables",
        "run",
    ]
    assert rooms["operation"] == "query { me { id } }"
    assert "async def execute(run):" in rooms["executor.compile"]
    assert rooms["run"] == b'{"data":{"me":{"id":"1"}}}'


async def test_subscribe_answers_what_is_no_subscription_at_once() -> None:
    one = pipeline()
    assert isinstance(await one.subscribe(GraphQLRequest("{ me { id } }"), ANONYMOUS), Answer)
    refused = await one.subscribe(GraphQLRequest("subscription { nope }"), ANONYMOUS)
    assert isinstance(refused, Answer)
    assert refused.outcome == "request_error"
