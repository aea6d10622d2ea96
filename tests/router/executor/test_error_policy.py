"""What clients see of the errors of subgraphs: masked or forwarded by policy, the subgraph named, no internals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
import pytest
from shop import Shop, supergraph
from ways import answer_by_each_way

from router.caller import Caller
from router.config import ConfigError, PipelineKeys, Settings, SubgraphSettings
from router.executor import ExecutionSettings, HttpSettings, HttpTransport
from router.executor.settings import ErrorPolicy
from router.operation import GraphQLRequest
from router.pipeline import Pipeline, PipelineSettings
from router.server import pipeline_settings
from tests.conftest import open_port

MASKED = "A subgraph could not answer this part."
ALL, CODED, NONE = ErrorPolicy("all"), ErrorPolicy("coded"), ErrorPolicy("none")


async def told(error: Any, execution: ExecutionSettings, caller: Caller = Caller()) -> dict[str, Any]:  # noqa: B008
    shop = Shop()
    shop.answers["users"] = lambda _: {"data": {"me": None}, "errors": [error]}
    pipeline = Pipeline(supergraph(), shop.transports, PipelineSettings(execution=execution))
    answer = orjson.loads(await answer_by_each_way(pipeline, GraphQLRequest("{ me { id } }", None, {}), caller))
    assert answer["data"] == {"me": None}
    (shown,) = answer["errors"]
    assert shown["extensions"].pop("serviceName") == "users"
    return dict(shown)


CODE = {"message": "sold out", "extensions": {"code": "SOLD_OUT", "seats": 0, "stacktrace": ["at 10.0.0.7"]}}
PLAIN = {"message": "SELECT failed on 10.0.0.7", "extensions": {"table": "seats", "exception": {"a": 1}}}

POLICIES: dict[str, tuple[ErrorPolicy, Any, str, Mapping[str, Any]]] = {
    "coded forwards what has a code": (CODED, CODE, "sold out", {"code": "SOLD_OUT", "seats": 0}),
    "coded masks what has none": (CODED, PLAIN, MASKED, {"code": "SUBGRAPH_ERROR"}),
    "coded masks a code that is no text": (
        CODED,
        {"message": "x", "extensions": {"code": 7}},
        MASKED,
        {"code": "SUBGRAPH_ERROR"},
    ),
    "all forwards all": (ALL, PLAIN, PLAIN["message"], {"table": "seats"}),
    "internals are left out, however they are spelt": (
        ALL,
        {"message": "m", "extensions": {"stackTrace": "a", "originalError": {}, "DEBUG": 1, "tracing": 2, "fee": 5}},
        "m",
        {"fee": 5},
    ),
    "none masks all but tells codes": (NONE, CODE, MASKED, {"code": "SOLD_OUT"}),
    "none, without a code": (NONE, PLAIN, MASKED, {"code": "SUBGRAPH_ERROR"}),
    "listed extensions only": (
        ErrorPolicy("all", frozenset({"table"})),
        {"message": "m", "extensions": {"table": "seats", "row": 5, "code": "C"}},
        "m",
        {"table": "seats", "code": "C"},
    ),
    "no extension but the code": (ErrorPolicy("all", frozenset()), CODE, "sold out", {"code": "SOLD_OUT"}),
    "an extension that is listed by name": (
        ErrorPolicy("all", frozenset({"stacktrace"})),
        CODE,
        "sold out",
        {"code": "SOLD_OUT", "stacktrace": ["at 10.0.0.7"]},
    ),
    "a message that is no text": (ALL, {"message": 5}, MASKED, {"code": "SUBGRAPH_ERROR"}),
    "an error that is no object": (ALL, "nonsense", MASKED, {"code": "SUBGRAPH_ERROR"}),
    "extensions that are no object": (ALL, {"message": "m", "extensions": [1]}, "m", {}),
    "a subgraph cannot pass for another": (
        ALL,
        {"message": "m", "extensions": {"serviceName": "stock"}},
        "m",
        {},
    ),
}


@pytest.mark.parametrize(("policy", "error", "message", "extensions"), POLICIES.values(), ids=POLICIES)
async def test_a_policy_forwards_or_masks(
    policy: ErrorPolicy, error: Any, message: str, extensions: Mapping[str, Any]
) -> None:
    shown = await told(error, ExecutionSettings(policy))
    assert (shown["message"], shown["extensions"]) == (message, extensions)


async def test_a_subgraph_may_have_a_policy_of_its_own() -> None:
    assert (await told(PLAIN, ExecutionSettings(NONE, {"users": ALL})))["message"] == PLAIN["message"]
    assert (await told(PLAIN, ExecutionSettings(ALL, {"users": NONE})))["message"] == MASKED
    assert (await told(PLAIN, ExecutionSettings(ALL, {"stock": NONE})))["message"] == PLAIN["message"]


async def test_a_masked_message_is_in_the_callers_language() -> None:
    shown = await told(PLAIN, ExecutionSettings(NONE), Caller(language="ko"))
    assert shown["message"] == "하위 그래프가 이 부분에 답하지 못했습니다."


def test_settings_say_the_policies() -> None:
    keys = PipelineKeys(subgraph_errors="none", subgraph_error_extensions=("hint",))
    own = {"user-data": SubgraphSettings(errors="all"), "stock": SubgraphSettings(error_extensions=("*",))}
    execution = pipeline_settings(Settings(pipeline=keys, subgraphs=own), ["user_data", "stock", "other"]).execution
    assert execution.policy("user_data") == ErrorPolicy("all", frozenset({"hint"}))
    assert execution.policy("stock") == ErrorPolicy("none")
    assert execution.policy("other") == ErrorPolicy("none", frozenset({"hint"}))
    assert pipeline_settings(Settings()).execution.errors == ErrorPolicy("coded")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (Settings(pipeline=PipelineKeys(subgraph_errors="some")), "pipeline.subgraph_errors is one of"),
        (Settings(subgraphs={"stock": SubgraphSettings(errors="some")}), "subgraphs.stock.errors is one of"),
    ],
)
def test_a_policy_that_is_none_is_refused(settings: Settings, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        pipeline_settings(settings, ["stock"])


@pytest.mark.parametrize("policy", [ALL, CODED, NONE])
async def test_the_address_of_a_subgraph_that_is_away_is_never_told(policy: ErrorPolicy) -> None:
    port = open_port()
    transport = HttpTransport(f"http://127.0.0.1:{port}/secret-path", HttpSettings(timeout=2))
    settings = PipelineSettings(execution=ExecutionSettings(policy))
    pipeline = Pipeline(supergraph(), {**Shop().transports, "users": transport}, settings)
    body = (await pipeline.execute(GraphQLRequest("{ me { id } }", None, {}), Caller())).body.decode()
    await pipeline.aclose()
    assert "SUBGRAPH_UNAVAILABLE" in body
    for part in ("127.0.0.1", str(port), "secret-path", "refused", "Errno"):
        assert part not in body
