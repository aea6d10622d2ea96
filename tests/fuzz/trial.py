"""One case tried: compose → read → plan → compile → run over strict subgraphs, against the plain executor.

What must hold:

- the subgraphs compose, in any order with the same result;
- no subgraph refuses a fetch; mutation fields run in the operation's order;
- the data is the same, byte for byte: by the pipeline, again from its caches, by a plan run without emitted code and
  by the same plan run with it;
- errors: each position the plain executor leaves null because of an error is told by at least one error, no error is
  told of another position, and each error's path is one at which the data really fails. How many errors speak of one
  null is not compared: the specification lets an executor stop at the first, and subgraphs cannot know of each other;
- an error's message is forwarded or masked as the settings say.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Literal

from router.caller import Caller
from router.composition import CompositionErrors, SubgraphSource, compose
from router.errors import RequestError, RouterError
from router.executor import ExecutionSettings, InProcessTransport, SubgraphRequest, compile_plan
from router.executor.json_bytes import dumps, loads, loads_exactly
from router.executor.relocate import MASKED
from router.executor.settings import ErrorPolicy
from router.federation.supergraph import Supergraph, read_supergraph
from router.operation import GraphQLRequest
from router.pipeline import Pipeline, PipelineSettings
from router.planner import plan
from router.policy.limits import Limits
from router.policy.override_labels import OverrideLabels
from tests.fuzz.case_file import Case, Finding
from tests.fuzz.coverage import of_operation, of_plan
from tests.fuzz.exercised import of_subgraphs
from tests.fuzz.facts import Facts, Unfit
from tests.fuzz.monolith import Expected, null_position, run_plainly
from tests.fuzz.reading import read_subgraph
from tests.fuzz.strict import StrictSubgraph
from tests.fuzz.world import World

LIMITS = Limits(max_depth=200, max_aliases=5_000, max_tokens=100_000)
POLICIES: tuple[Literal["all", "coded", "none"], ...] = ("all", "coded", "none")


class Stopped(Exception):
    """A case that cannot go on: ``finding`` says why."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.kind)
        self.finding = finding


@dataclass
class Trial:
    """A composed set of subgraphs on which any number of operations is tried."""

    world: World
    supergraph: Supergraph
    subgraphs: dict[str, StrictSubgraph]
    pipeline: Pipeline
    labels: frozenset[str]
    mutations: list[str]
    exercised: Counter[str] = field(default_factory=Counter)

    def is_valid(self, text: str) -> bool:
        """Whether an operation may be tried. What is read here, the pipeline does not read again."""
        try:
            self.pipeline._read(GraphQLRequest(text, None, {}))
        except RequestError:
            return False
        return True

    async def operation(self, text: str, variables: dict[str, Any]) -> Finding | None:
        """Try one operation."""
        try:
            expected = run_plainly(text, self.world, variables)
            await self._compare(text, variables, expected)
        except Stopped as stopped:
            return stopped.finding
        return None

    async def _compare(self, text: str, variables: dict[str, Any], expected: Expected) -> None:
        try:
            document = self.pipeline._read(GraphQLRequest(text, None, variables)).document
            made = plan(self.supergraph, document.operation, self.labels)
            compiled = compile_plan(made, document.operation, self.supergraph, (), self.pipeline.settings.execution)
        except RouterError as error:
            raise Stopped(Finding("not planned", error.message)) from error
        except Exception as error:
            raise Stopped(Finding(f"crash: {type(error).__name__}", str(error))) from error
        self.exercised.update((*of_plan(made), *of_operation(text)))
        request = GraphQLRequest(text, None, variables)
        first = await self._run(request)
        self._judge("pipeline", expected, first)
        ran, wanted = self.mutations[: len(expected.mutations)], list(expected.mutations)
        # Once the root is null, the fields that have not run yet may run or not (spec section 6.4.4).
        if ran != wanted or (expected.data is not None and len(self.mutations) > len(wanted)):
            raise Stopped(Finding("mutation order", f"{self.mutations}, not {wanted}"))
        again = await self._run(request)
        if again != first:
            raise Stopped(Finding("cached plan differs", "", first.decode(), again.decode()))
        given = document.coerce_variables(variables)
        exact = await compiled(given, Caller(), self.pipeline.transports)
        if exact != first:
            raise Stopped(Finding("interpreted plan differs", "", first.decode(), exact.decode()))
        compiled.compile()
        emitted = await compiled(given, Caller(), self.pipeline.transports)
        if emitted != first:
            raise Stopped(Finding("emitted plan differs", "", first.decode(), emitted.decode()))

    async def _run(self, request: GraphQLRequest) -> bytes:
        self.mutations.clear()
        for subgraph in self.subgraphs.values():
            subgraph.refusals.clear()
        answer = await self.pipeline.execute(request, Caller())
        for subgraph in self.subgraphs.values():
            if subgraph.refusals:
                raise Stopped(Finding(_kind(subgraph.refusals[0]), subgraph.refusals[0], "", answer.body.decode()))
        if answer.outcome != "data":
            raise Stopped(Finding("request error", answer.body.decode()))
        return answer.body

    def _judge(self, way: str, expected: Expected, body: bytes) -> None:
        wanted = dumps(expected.data)
        start = b'{"data":' + wanted
        found = loads_exactly(body)
        if not (body.startswith(start) and body[len(start) :][:1] in b",}"):
            raise Stopped(Finding("other data", _first_difference(expected.data, found["data"]), *_texts(wanted, body)))
        errors = found.get("errors", [])
        told = set()
        for error in errors:
            path = tuple(error.get("path") or ())
            if not path:
                raise Stopped(Finding("error without path", str(error), *_texts(wanted, body)))
            try:
                told.add(null_position(expected.data, path))
            except (KeyError, IndexError, TypeError):
                raise Stopped(Finding("error path leads nowhere", str(error), *_texts(wanted, body))) from None
            if path not in expected.causes:
                if self.world.facts.has_interface_objects and isinstance(_at(expected.data, path), dict):
                    # Where types are not known, a fetch brings for all objects what was asked of one type.
                    told.discard(path)
                    continue
                raise Stopped(Finding("error at a sound place", str(error), *_texts(wanted, body)))
            self._judge_message(error)
        if told != expected.nulled:
            missing, extra = expected.nulled - told, told - expected.nulled
            detail = f"nulls without an error {sorted(map(str, missing))}, errors too many {sorted(map(str, extra))}"
            raise Stopped(Finding("other errors", detail, *_texts(wanted, body)))

    def _judge_message(self, error: dict[str, Any]) -> None:
        policy = self.pipeline.settings.execution.errors.messages
        message, code = error["message"], error.get("extensions", {}).get("code")
        if code == "NULL_IN_NON_NULL_FIELD":
            return
        forwarded = policy == "all" or (policy == "coded" and code == "GONE")
        if forwarded == (message != MASKED["en"]):
            return
        raise Stopped(Finding("message against the policy", f"{policy}: {error}"))


def _at(data: Any, path: tuple[str | int, ...]) -> Any:
    for step in path:
        if data is None:
            return None
        data = data[step]
    return data


def _kind(refusal: str) -> str:
    words = refusal.split()
    return f"subgraph {' '.join(words[1:3])}"


def _texts(wanted: bytes, body: bytes) -> tuple[str, str]:
    return wanted.decode(), body.decode()


def _first_difference(expected: Any, found: Any, path: str = "data") -> str:
    if isinstance(expected, dict) and isinstance(found, dict):
        if list(expected) != list(found):
            return f"{path}: keys {list(found)}, not {list(expected)}"
        for key, item in expected.items():
            if inner := _first_difference(item, found[key], f"{path}.{key}"):
                return inner
        return ""
    if isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        return next((d for i, e in enumerate(expected) if (d := _first_difference(e, found[i], f"{path}.{i}"))), "")
    return "" if dumps(expected) == dumps(found) else f"{path}: {found!r}, not {expected!r}"[:300]


def composed(case: Case) -> str | Finding:
    """The supergraph, or what is wrong with composing. A refusal of what may be refused is the text ``""``."""
    sources = [SubgraphSource(name, f"http://{name}.test", sdl) for name, sdl in case.subgraphs]
    verdicts = []
    for order in (sources, sources[::-1]):
        try:
            verdicts.append((compose(order).supergraph_sdl, ""))
        except CompositionErrors as refused:
            verdicts.append(("", " ".join(sorted(f"{each.code}: {each.message}" for each in refused.problems))))
        except Exception as error:
            return Finding(f"composition crash: {type(error).__name__}", str(error))
    if verdicts[0] != verdicts[1]:
        return Finding("verdict depends on order", "", *(sdl or codes for sdl, codes in verdicts))
    sdl, problems = verdicts[0]
    if problems and case.valid:
        return Finding("not composed: " + problems.split(":")[0], problems)
    return sdl


def begin(case: Case) -> Trial | Finding | None:
    """Compose and set everything up. None when the subgraphs may be refused and are."""
    sdl = composed(case)
    if isinstance(sdl, Finding):
        return sdl
    if not sdl:
        return None
    try:
        supergraph = read_supergraph(sdl)
    except Exception as error:
        return Finding(f"supergraph unreadable: {type(error).__name__}", str(error))
    readings = tuple(read_subgraph(name, sdl) for name, sdl in case.subgraphs)
    world = World(Facts(supergraph, readings), case.knobs)
    labels, mutations = frozenset(case.labels), list[str]()
    exercised = Counter(of_subgraphs(readings))
    strict = {item.name: StrictSubgraph(world, item, labels, mutations, exercised) for item in readings}
    settings = PipelineSettings(
        limits=LIMITS,
        execution=ExecutionSettings(ErrorPolicy(POLICIES[case.knobs.seed % len(POLICIES)])),
        override_labels=OverrideLabels(dict.fromkeys(labels, 100)),
    )
    transports = {name: InProcessTransport(_send(subgraph)) for name, subgraph in strict.items()}
    pipeline = Pipeline(supergraph, transports, settings)
    return Trial(world, supergraph, strict, pipeline, labels, mutations, exercised)


def _send(subgraph: StrictSubgraph) -> Any:
    async def execute(request: SubgraphRequest, caller: Caller) -> Any:
        return (loads_exactly if request.exact_numbers else loads)(subgraph.answer(request.body))

    return execute


def replay(case: Case) -> Finding | None:
    """Try a case by itself, from nothing."""

    async def run() -> Finding | None:
        trial = begin(case)
        if not isinstance(trial, Trial) or not case.operation:
            return trial if isinstance(trial, Finding) else None
        try:
            if not trial.is_valid(case.operation):
                return Finding("invalid operation", case.operation)
            return await trial.operation(case.operation, dict(case.variables))
        finally:
            await trial.pipeline.aclose()

    try:
        return asyncio.run(run())
    except Unfit:
        return None
