"""``plan``, ``explain`` and ``check``: look into what the router makes of an operation, without serving it."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from router.caller import Caller
from router.commands import EXIT_DONE, EXIT_INPUT, CommandFailed, load_settings, load_supergraph, read_text
from router.config import Settings
from router.errors import RequestError, RouterError
from router.federation.supergraph import Supergraph
from router.operation import GraphQLRequest, parse_request, prepare
from router.operation.incremental import with_incremental_delivery
from router.pipeline import Pipeline, Stage
from router.planner import plan
from router.planner.nodes import QueryPlan
from router.planner.parts import plan_in_parts
from router.planner.show import show_text, to_dot, to_json
from router.policy.override_labels import Labels, labels_of
from router.policy.scopes import Refusal
from router.server import http_transports, pipeline_settings


def add_commands(commands: Any) -> None:
    """Add ``plan`` and ``explain``."""
    planning = commands.add_parser(
        "plan",
        help="print the query plan of an operation",
        description="Print the query plan of one operation: which subgraphs are asked what, in which order.",
    )
    _add_operation_arguments(planning)
    planning.add_argument(
        "--format", choices=("text", "json", "dot"), default="text", help="text (default), json, or dot for Graphviz"
    )
    planning.add_argument(
        "--incremental",
        action="store_true",
        help="know @defer and @stream, as the setting pipeline.incremental makes the router do, and plan in parts",
    )
    planning.add_argument(
        "--variables", default="{}", metavar="JSON", help="with --incremental: Booleans the parts depend on"
    )
    planning.set_defaults(run=run_plan)

    explaining = commands.add_parser(
        "explain",
        help="print what each room of the router makes of an operation",
        description="Print every stage of one operation: request, operation, policy, each step of planning, the query"
        " plan, the Python source it is compiled to, and the variables; with --run also the answer.",
    )
    _add_operation_arguments(explaining)
    explaining.add_argument("--variables", default="{}", metavar="JSON", help="values of the operation's variables")
    explaining.add_argument(
        "--scopes",
        metavar="SCOPES",
        help="scopes of the caller, separated by spaces; without it the caller is anonymous",
    )
    explaining.add_argument("--language", choices=("en", "ko"), default="en", help="language of messages")
    explaining.add_argument("--config", metavar="FILE", help="settings (TOML)")
    explaining.add_argument("--run", dest="run_it", action="store_true", help="ask the subgraphs and print the answer")
    explaining.set_defaults(run=run_explain)


def run_plan(options: argparse.Namespace) -> int:
    """``router plan``."""
    supergraph = load_supergraph(options.supergraph)
    try:
        labels = _labels(options.label, supergraph)
        text, name = read_text(options.operation), options.operation_name
        if options.incremental:
            query_plan = _plan_in_parts(supergraph, text, name, _variables(options.variables), labels)
        else:
            query_plan = plan(supergraph, parse_request(text, name, supergraph.api_schema), labels)
    except RouterError as error:
        return _refused(error)
    sys.stdout.write(_shown(query_plan, options.format) + "\n")
    return EXIT_DONE


def _plan_in_parts(
    supergraph: Supergraph, text: str, name: str | None, variables: dict[str, Any], labels: Labels
) -> QueryPlan:
    schema, names = with_incremental_delivery(supergraph.api_schema)
    document = prepare(text, name, schema, incremental=names)
    found = None
    if document.marked is not None:
        choices = document.marked.choices({**document.marked.defaults, **variables})
        supergraph = replace(supergraph, api_schema=schema)
        found = plan_in_parts(supergraph, document.marked, choices, lambda operation: (operation, ()), labels)
    return plan(supergraph, document.operation, labels) if found is None else found.plan


def run_explain(options: argparse.Namespace) -> int:
    """``router explain``."""
    supergraph = load_supergraph(options.supergraph)
    request = GraphQLRequest(read_text(options.operation), options.operation_name, _variables(options.variables))
    caller = Caller(language=options.language)
    if options.scopes is not None:
        scopes = frozenset(options.scopes.split())
        caller = Caller(subject="explain", client_id="explain", scopes=scopes, language=options.language)
    settings = load_settings(options.config)
    labels = _labels(options.label, supergraph)
    try:
        return asyncio.run(_explain(supergraph, request, caller, settings, options.run_it, labels))
    except RouterError as error:
        return _refused(error, options.language)


async def _explain(
    supergraph: Supergraph,
    request: GraphQLRequest,
    caller: Caller,
    settings: Settings,
    run_it: bool,
    labels: Labels,
) -> int:
    transports = http_transports(supergraph, settings) if run_it else {}
    pipeline = Pipeline(supergraph, transports, pipeline_settings(settings, supergraph.subgraphs))
    try:
        async for stage in pipeline.trace(request, caller, run=run_it, labels=labels):
            sys.stdout.write(f"── {stage.room} {'─' * max(3, 76 - len(stage.room))}\n{_stage_text(stage)}\n\n")
    finally:
        await pipeline.aclose()
    return EXIT_DONE


def _stage_text(stage: Stage) -> str:
    output = stage.output
    if isinstance(output, GraphQLRequest):
        return "\n".join(
            [
                output.query.strip(),
                f"operationName: {output.operation_name}",
                f"variables: {json.dumps(dict(output.variables), ensure_ascii=False)}",
            ]
        )
    if isinstance(output, QueryPlan):
        return show_text(output)
    if isinstance(output, bytes):
        return json.dumps(json.loads(output), ensure_ascii=False, indent=2)
    if isinstance(output, dict) and "refusals" in output:
        return "\n".join([output["operation"].strip(), *map(_refusal_text, output["refusals"])])
    return output.strip() if isinstance(output, str) else json.dumps(output, ensure_ascii=False, default=str)


def _refusal_text(refusal: Refusal) -> str:
    asked = " or ".join(" and ".join(names) for names in refusal.required_scopes) or "a token or policy"
    return f"refused: {'.'.join(refusal.path)} ({refusal.coordinate}) requires {asked}"


def _add_operation_arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("--supergraph", required=True, metavar="FILE", help="supergraph SDL")
    command.add_argument("--operation", required=True, metavar="FILE", help="GraphQL document; - for standard input")
    command.add_argument("--operation-name", metavar="NAME", help="which operation, when the document has several")
    command.add_argument(
        "--label", action="append", default=[], metavar="LABEL", help="an override label that is on; may be repeated"
    )


def _labels(given: Sequence[str], supergraph: Supergraph) -> Labels:
    known = labels_of(supergraph)
    for label in given:
        if label not in known:
            raise CommandFailed(
                f"no field has the override label {label!r}; known: {', '.join(sorted(known)) or 'none'}"
            )
    return frozenset(given)


def _variables(text: str) -> dict[str, Any]:
    try:
        variables = json.loads(text)
    except ValueError as error:
        raise CommandFailed(f"--variables is not JSON: {error}") from error
    if not isinstance(variables, dict):
        raise CommandFailed("--variables must be a JSON object")
    return variables


def _shown(query_plan: QueryPlan, form: str) -> str:
    if form == "json":
        return json.dumps(to_json(query_plan), ensure_ascii=False, indent=2)
    return to_dot(query_plan) if form == "dot" else show_text(query_plan)


def _refused(error: RouterError, language: str = "en") -> int:
    errors: Sequence[RouterError] = error.errors if isinstance(error, RequestError) else (error,)
    for one in errors:
        place = "".join(f"{line}:{column}: " for line, column in one.locations[:1])
        sys.stderr.write(f"{place}{one.extensions['code']}: {one.message_in(language)}\n")
    return EXIT_INPUT
