"""Progressive @override: which labels are on for a request, on which a plan depends, and how many plans that makes."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from functools import cache
from itertools import chain, combinations
from typing import Any

import orjson
import pytest

from router.caller import Caller
from router.composition import SubgraphSource, compose
from router.config import Settings
from router.executor import InProcessTransport, SubgraphRequest
from router.federation.supergraph import Supergraph, read_supergraph
from router.operation import GraphQLRequest, parse_request
from router.pipeline import Pipeline, PipelineSettings
from router.planner import plan
from router.policy.override_labels import LabelHook, Labels, OverrideLabels, Share, labels_met, labels_of, percentage
from router.server import check_subgraph_settings, pipeline_settings

LINK = (
    'extend schema @link(url: "https://specs.apollo.dev/federation/v2.8", import: ["@key", "@shareable", "@external",'
    ' "@requires", "@override", "@context", "@fromContext"])\n'
)
OLD = """
type Query { item: Item node: Node shelf: Shelf zone: Zone plain: Int }
interface Node { id: ID! size: Int }
type Item implements Node @key(fields: "id") {
  id: ID! size: Int price: Int weight: Int @shareable name: String color: String
}
type Shelf @key(fields: "id") @key(fields: "code") { id: ID! code: String @shareable top: Item @shareable }
type Zone @context(name: "zone") @key(fields: "id") { id: ID! currency: String @shareable lot: Lot }
type Lot @key(fields: "id") { id: ID! price(currency: String @fromContext(field: "$zone { currency }")): Int }
"""
NEW = """
type Item @key(fields: "id") {
  id: ID!
  size: Int @override(from: "old", label: "size-moves")
  price: Int @override(from: "old", label: "percent(20)")
  weight: Int @shareable @override(from: "old", label: "percent(50)")
  color: String @override(from: "old", label: "colour/v2")
}
type Shelf @key(fields: "id") { id: ID! code: String @shareable @override(from: "old", label: "code-moves") }
type Zone @key(fields: "id") { id: ID! currency: String @shareable @override(from: "old", label: "zone:currency") }
"""
POST = """
type Item @key(fields: "id") { id: ID! weight: Int @external postage: Int @requires(fields: "weight") }
type Shelf @key(fields: "code") { code: String @shareable height: Int top: Item @shareable }
"""
THIRD = """
type Item @key(fields: "id") { id: ID! weight: Int @shareable }
type Shelf @key(fields: "id") { id: ID! code: String @shareable }
type Zone @key(fields: "id") { id: ID! currency: String @shareable }
"""
SUBGRAPHS = {"old": OLD, "new": NEW, "post": POST, "third": THIRD}
ALL = frozenset(
    {"size-moves", "percent(20)", "percent(50)", "colour/v2", "code-moves", "zone:currency"},
)
ANYONE = Caller()


@cache
def supergraph() -> Supergraph:
    sources = [SubgraphSource(name, f"http://{name}", LINK + sdl) for name, sdl in SUBGRAPHS.items()]
    return read_supergraph(compose(sources).supergraph_sdl)


def test_a_supergraph_knows_its_labels() -> None:
    assert labels_of(supergraph()) == ALL


MET = {
    "nothing moves": ("{ item { id name } plain }", set()),
    "a field that moves": ("{ item { price } }", {"percent(20)"}),
    "several": ("{ item { price color } }", {"percent(20)", "colour/v2"}),
    "under an alias, in a fragment": (
        "{ a: item { ...F } } fragment F on Item { b: weight }",
        {"percent(50)"},
    ),
    "behind an interface": ("{ node { size } }", {"size-moves"}),
    "behind a type condition": ("{ node { ... on Item { color } } }", {"colour/v2"}),
    "what a field requires": ("{ item { postage } }", {"percent(50)"}),
    "what is read from a context": ("{ zone { lot { price } } }", {"zone:currency"}),
    "a key of a type that is met": ("{ shelf { height } }", {"code-moves"}),
    "below a type met through its key": ("{ shelf { top { price } } }", {"code-moves", "percent(20)"}),
    "introspection": ("{ __schema { types { name } } item { __typename } }", set()),
}


@pytest.mark.parametrize(("text", "labels"), MET.values(), ids=MET)
def test_labels_that_matter_are_those_the_operation_meets(text: str, labels: set[str]) -> None:
    assert labels_met(parse_request(text, None, supergraph().api_schema), supergraph()) == labels


@pytest.mark.parametrize("text", [text for text, _ in MET.values()], ids=MET)
def test_a_plan_depends_on_no_other_label(text: str) -> None:
    operation = parse_request(text, None, supergraph().api_schema)
    met = labels_met(operation, supergraph())
    sets = chain.from_iterable(combinations(sorted(ALL), size) for size in range(len(ALL) + 1))
    plans = {frozenset(labels): plan(supergraph(), operation, frozenset(labels)) for labels in sets}
    assert all(made == plans[labels & met] for labels, made in plans.items())
    assert not met or len(set(plans.values())) > 1


SHARES: dict[str, tuple[str, Mapping[str, Share], float, bool]] = {
    "percent(20) below its share": ("percent(20)", {}, 0.1999, True),
    "percent(20) at its share": ("percent(20)", {}, 0.2, False),
    "percent(0) never": ("percent(0)", {}, 0.0, False),
    "percent(100) always": ("percent(100)", {}, 0.999999, True),
    "percent with a fraction": ("percent(0.00000001)", {}, 0.0, True),
    "a label nobody decides is off": ("moves", {}, 0.0, False),
    "switched on": ("moves", {"moves": True}, 0.999999, True),
    "switched off": ("moves", {"moves": False}, 0.0, False),
    "a share, below": ("moves", {"moves": 12.5}, 0.12, True),
    "a share, above": ("moves", {"moves": 12.5}, 0.13, False),
    "a percent label switched off": ("percent(100)", {"percent(100)": False}, 0.0, False),
    "a percent label switched on": ("percent(20)", {"percent(20)": True}, 0.9, True),
}


@pytest.mark.parametrize(("label", "shares", "point", "on"), SHARES.values(), ids=SHARES)
def test_a_share_decides(label: str, shares: Mapping[str, Share], point: float, on: bool) -> None:
    labels = OverrideLabels(shares, draw=lambda: point)
    assert labels.active(frozenset({label, "other"}), ANYONE) == (frozenset({label}) if on else frozenset())


@pytest.mark.parametrize("share", [-1, 100.5, float("nan"), "yes", None, [1]])
def test_what_is_no_share_is_refused(share: Any) -> None:
    with pytest.raises(ValueError, match="a percentage from 0 to 100"):
        percentage(share)


def broken(caller: Caller, labels: Labels) -> Mapping[str, Share]:
    raise LookupError("the flag server is away")


HOOKS: dict[str, tuple[LabelHook, set[str]]] = {
    "decides by caller": (lambda caller, labels: {"a": caller.client_id == "canary"}, {"a", "on"}),
    "goes before the settings": (lambda caller, labels: {"on": False}, set()),
    "may answer a percentage": (lambda caller, labels: {"a": 60}, {"a", "on"}),
    "sees the labels": (lambda caller, labels: dict.fromkeys(labels, True), {"a", "b", "on"}),
    "its unknown labels do not count": (lambda caller, labels: {"elsewhere": True}, {"on"}),
    "fails": (broken, {"on"}),
    "answers no share": (lambda caller, labels: {"on": "no"}, {"on"}),  # type: ignore[dict-item]
}


@pytest.mark.parametrize(("hook", "on"), HOOKS.values(), ids=HOOKS)
def test_a_hook_decides_for_an_embedder(hook: LabelHook, on: set[str]) -> None:
    labels = OverrideLabels({"on": True}, hook, draw=lambda: 0.5)
    assert labels.active(frozenset({"a", "b", "on"}), Caller(client_id="canary")) == on


def test_always_leaves_chance_out() -> None:
    labels = OverrideLabels({"on": True, "half": 50})
    assert labels.always(frozenset({"on", "half", "percent(100)", "percent(99)"})) == {"on", "percent(100)"}


class Asked:
    """Transports that answer every entity with the subgraph's number, and count who was asked for what."""

    def __init__(self) -> None:
        self.texts: list[tuple[str, str]] = []
        self.transports = {name: InProcessTransport(self._answer(name)) for name in SUBGRAPHS}

    def _answer(self, name: str) -> Callable[[SubgraphRequest, Caller], Any]:
        async def execute(request: SubgraphRequest, caller: Caller) -> Any:
            self.texts.append((name, request.query))
            fields = {"price": 1, "weight": 2, "color": name, "postage": 3}
            item = {"__typename": "Item", "id": "1", "name": "it", **fields}
            held = {key: value for key, value in item.items() if key in request.query}
            if "representations" in request.variables:
                return {"data": {"_entities": [held]}}
            return {"data": {"item": held}}

        return execute


def pipeline(labels: OverrideLabels, asked: Asked | None = None) -> Pipeline:
    settings = PipelineSettings(override_labels=labels)
    return Pipeline(supergraph(), (asked or Asked()).transports, settings)


async def ask(one: Pipeline, text: str, caller: Caller = ANYONE) -> Any:
    answer = orjson.loads((await one.execute(GraphQLRequest(text, None, {}), caller)).body)
    assert "errors" not in answer, answer
    return answer["data"]


async def test_percent_20_asks_the_new_subgraph_for_a_fifth_of_the_requests() -> None:
    asked = Asked()
    one = pipeline(OverrideLabels(draw=random.Random(20260101).random), asked)
    for _ in range(5_000):
        assert await ask(one, "{ item { price } }") == {"item": {"price": 1}}
    moved = sum(name == "new" for name, _ in asked.texts)
    # 20 % of 5,000 with a standard deviation of 28: five of them.
    assert 860 <= moved <= 1_140
    assert one.counters.plans_made == 2


async def test_the_default_draws_at_random() -> None:
    one = pipeline(OverrideLabels())
    for _ in range(200):
        await ask(one, "{ item { weight } }")
    assert one.counters.plans_made == 2


async def test_labels_of_one_operation_make_one_plan_more_than_there_are_labels() -> None:
    shares = {"colour/v2": 35, "size-moves": 65}
    one = pipeline(OverrideLabels(shares, draw=random.Random(1).random))
    for _ in range(300):
        await ask(one, "{ item { price weight color } }")
    assert one.counters.plans_made == 3 + 1


async def test_an_operation_without_labels_draws_nothing_and_has_one_plan() -> None:
    def draw() -> float:
        raise AssertionError("drawn")

    one = pipeline(OverrideLabels({"colour/v2": 50}, draw=draw))
    await ask(one, "{ item { name } }")
    await ask(one, "{ item { name } }")
    assert one.counters.plans_made == 1


async def test_a_hook_gets_the_caller_of_the_request() -> None:
    asked = Asked()
    one = pipeline(OverrideLabels(hook=lambda caller, labels: {"colour/v2": caller.client_id == "canary"}), asked)
    assert await ask(one, "{ item { color } }") == {"item": {"color": "old"}}
    assert await ask(one, "{ item { color } }", Caller(client_id="canary")) == {"item": {"color": "new"}}


def test_settings_and_an_embedders_hook_reach_the_pipeline(caplog: pytest.LogCaptureFixture) -> None:
    settings = Settings(override_labels={"colour/v2": True, "done-already": 5})
    labels = pipeline_settings(settings, (), lambda caller, labels: {"size-moves": True}).override_labels
    assert labels.active(frozenset({"colour/v2", "size-moves", "code-moves"}), ANYONE) == {"colour/v2", "size-moves"}
    check_subgraph_settings(supergraph(), settings)
    (warning,) = caplog.messages
    assert "'done-already'" in warning
