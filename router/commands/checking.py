"""``check``: whether subgraphs compose, operations can be planned, and clients live on with what changes."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from graphql import (
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    build_schema,
    parse,
    separate_operations,
    validate,
)

from router.commands import EXIT_DONE, EXIT_INPUT, CommandFailed, load_supergraph, read_text
from router.commands.composition import add_inputs, named_subgraphs, print_problems, style_of
from router.commands.subgraph_sources import SDL_SUFFIXES, Subgraphs
from router.composition import CompositionErrors, Hint, Problem, compose
from router.composition.check import Change, Severity, compare_access, compare_schemas, worst_first
from router.composition.report import as_json, as_text, summary
from router.composition.usage import used_coordinates
from router.errors import RequestError, RouterError
from router.federation.requirements import Requirement
from router.federation.supergraph import InvalidSupergraph, Supergraph, read_supergraph
from router.operation import parse_request
from router.planner import plan


def add_commands(commands: Any) -> None:
    """Add ``check``."""
    checking = commands.add_parser(
        "check",
        help="check that subgraphs compose, operations can be planned, and clients are not broken",
        description="Check a set of subgraphs, or a supergraph: that it composes, that operations can be planned on it,"
        " and with --against what changes for clients. Exit status 1 when something is wrong.",
    )
    add_inputs(checking)
    checking.add_argument("--supergraph", metavar="FILE", help="supergraph SDL to check instead of subgraphs")
    checking.add_argument(
        "--operation",
        "--operations",
        metavar="PATH",
        action="append",
        default=[],
        help="document to validate and plan, or a folder of them; may be repeated",
    )
    checking.add_argument(
        "--against",
        metavar="PREVIOUS",
        help="a previous supergraph or API schema: classify what changes for clients, and with --operation say whom"
        " it meets",
    )
    checking.add_argument(
        "--fail-on",
        choices=("dangerous", "breaking", "used", "never"),
        default="breaking",
        help="which changes give exit status 1; used: breaking ones that meet one of the operations",
    )
    checking.set_defaults(run=run_check)


@dataclass(frozen=True, slots=True)
class _Operation:
    """One operation of a document: where it stands, its text, which of the document's operations it is."""

    file: str
    text: str
    name: str | None

    @property
    def shown(self) -> str:
        return f"{self.file}: {self.name}" if self.name else self.file


@dataclass(frozen=True, slots=True)
class _Previous:
    """What clients saw before."""

    api_schema: GraphQLSchema
    requirements: dict[str, Requirement] | None


def run_check(options: argparse.Namespace) -> int:
    """``router check``."""
    given = bool(options.subgraphs or options.config)
    if given == (options.supergraph is not None):
        raise CommandFailed("give either subgraphs or --supergraph FILE")
    subgraphs = named_subgraphs(options) if given else Subgraphs(())
    hints: Sequence[Hint] = ()
    if options.supergraph is not None:
        supergraph = load_supergraph(options.supergraph)
    else:
        try:
            composed = compose(subgraphs.sources)
        except CompositionErrors as errors:
            return print_problems(errors.problems, subgraphs, options)
        supergraph, hints = read_supergraph(composed.supergraph_sdl), composed.hints
    operations = [each for path in options.operation for each in _operations(path)]
    # Operations of one document share what is wrong with it.
    problems = list(dict.fromkeys(problem for each in operations for problem in _problems(each, supergraph)))
    if options.against is not None:
        previous = _previous(options.against)
        changes = compare_schemas(previous.api_schema, supergraph.api_schema)
        if previous.requirements is not None:
            access = compare_access(previous.requirements, supergraph.requirements, previous.api_schema)
            changes = worst_first((*changes, *access))
        return _print_changes(_met(changes, operations, previous.api_schema), problems, options)
    if problems:
        return print_problems(problems, subgraphs, options)
    if options.format == "json":
        sys.stdout.write(as_json(hints) + "\n")
    else:
        told = as_text(hints, subgraphs.sources, subgraphs.files, style_of(options, sys.stdout))
        sys.stdout.write(told + "\n\n" if hints else "")
        sys.stdout.write(f"No errors, {summary((), hints) or '0 hints'}.\n")
    return EXIT_DONE


def _operations(path: str) -> Iterator[_Operation]:
    """The operations of a document or of all documents below a folder."""
    if Path(path).is_dir():
        files = sorted(str(each) for each in Path(path).rglob("*") if each.suffix in SDL_SUFFIXES and each.is_file())
        if not files:
            raise CommandFailed(f"{path} has no file ending in {', '.join(SDL_SUFFIXES)}")
    else:
        files = [path]
    for file in files:
        text = read_text(file)
        try:
            nodes = [node for node in parse(text).definitions if isinstance(node, OperationDefinitionNode)]
        except GraphQLError:
            nodes = []
        names = [node.name.value if node.name else None for node in nodes]
        for name in names if len(names) > 1 else [None]:
            yield _Operation(file, text, name)


def _problems(operation: _Operation, supergraph: Supergraph) -> Iterator[Problem]:
    try:
        plan(supergraph, parse_request(operation.text, operation.name, supergraph.api_schema))
    except RouterError as error:
        for one in error.errors if isinstance(error, RequestError) else (error,):
            place = "".join(f":{line}:{column}" for line, column in one.locations[:1])
            yield Problem(str(one.extensions["code"]), f"{operation.file}{place}: {one.message}")


def _previous(name: str) -> _Previous:
    """A supergraph, or any other schema as clients saw it."""
    text = read_text(name)
    if "join__" in text:
        try:
            supergraph = read_supergraph(text)
        except InvalidSupergraph as error:
            raise CommandFailed(f"{name}: {error}") from error
        return _Previous(supergraph.api_schema, dict(supergraph.requirements))
    try:
        return _Previous(build_schema(text), None)
    except (GraphQLError, TypeError) as error:
        raise CommandFailed(f"{name} is neither a supergraph nor a schema: {error}") from error


_Met = list[tuple[Change, tuple[str, ...]]]


def _met(changes: Sequence[Change], operations: Sequence[_Operation], before: GraphQLSchema) -> _Met:
    """Each change with the operations, valid until now, that use what it touches."""
    used: list[tuple[str, frozenset[str]]] = []
    for operation in operations:
        try:
            document = separate_operations(parse(operation.text)).get(operation.name or "") or parse(operation.text)
        except GraphQLError:
            continue
        if not validate(before, document):
            used.append((operation.shown, used_coordinates(before, document)))
    return [(each, tuple(name for name, coordinates in used if each.touches in coordinates)) for each in changes]


def _print_changes(met: _Met, problems: Sequence[Problem], options: argparse.Namespace) -> int:
    if options.format == "json":
        changes = [change.as_json() | {"operations": list(names)} for change, names in met]
        told = {"changes": changes, "problems": [problem.as_json() for problem in problems]}
        sys.stdout.write(json.dumps(told, ensure_ascii=False, indent=2) + "\n")
    else:
        style = style_of(options, sys.stdout)
        colours = {Severity.BREAKING: style.error, Severity.DANGEROUS: style.hint, Severity.SAFE: ""}
        for change, names in met:
            severity = style.paint(colours[change.severity], f"{change.severity:<9}")
            sys.stdout.write(f"{severity}  {change.kind:<28}  {change.description}\n")
            sys.stdout.writelines(f"{'':<11}meets {name}\n" for name in names)
        counts = [(severity, sum(change.severity is severity for change, _ in met)) for severity in Severity]
        total = ", ".join(f"{count} {severity}" for severity, count in counts if count)
        sys.stdout.write(f"{total or 'No change of the API schema'}.\n")
        if problems:
            told_problems = as_text(problems, (), style=style_of(options, sys.stderr))
            sys.stderr.write(f"{told_problems}\n\n{summary(problems, ())}\n")
    return EXIT_INPUT if problems or _fails(met, options.fail_on) else EXIT_DONE


def _fails(met: _Met, fail_on: str) -> bool:
    match fail_on:
        case "never":
            return False
        case "used":
            return any(change.severity is Severity.BREAKING and names for change, names in met)
        case "dangerous":
            return any(change.severity is not Severity.SAFE for change, _ in met)
        case _:
            return any(change.severity is Severity.BREAKING for change, _ in met)
