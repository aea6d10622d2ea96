"""``compose`` and ``check``: from subgraph schemas to a supergraph, or the reasons why not."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from router.commands import EXIT_DONE, EXIT_INPUT, CommandFailed, load_supergraph, read_text
from router.composition import CompositionErrors, Hint, Problem, SubgraphSource, compose
from router.composition.check import Change, Severity, compare_schemas
from router.composition.report import as_json, as_text, summary
from router.errors import RequestError, RouterError
from router.federation.supergraph import Supergraph, read_supergraph
from router.operation import parse_request
from router.planner import plan


def add_commands(commands: Any) -> None:
    """Add ``compose`` and ``check``."""
    file_help = "JSON list of {name, url, sdl}; - for standard input"
    composing = commands.add_parser(
        "compose",
        help="compose subgraphs into a supergraph",
        description="Write the supergraph of a set of subgraphs to standard output; hints go to standard error."
        " Subgraphs that do not compose give exit status 1 and their errors: with --format json a list of"
        " {code, message, locations} on standard output, else text on standard error.",
    )
    composing.add_argument("subgraphs", metavar="SUBGRAPHS.json", help=file_help)
    composing.add_argument("--format", choices=("text", "json"), default="text", help="form of errors and hints")
    composing.add_argument(
        "--output", metavar="FILE", help="write the supergraph to this file instead, whole or not at all"
    )
    composing.set_defaults(run=run_compose)

    checking = commands.add_parser(
        "check",
        help="check that subgraphs compose, or that operations can be planned",
        description="Check a set of subgraphs, or operations against a supergraph, and print all that is wrong.",
    )
    checking.add_argument("subgraphs", metavar="SUBGRAPHS.json", nargs="?", help=file_help)
    checking.add_argument("--supergraph", metavar="FILE", help="supergraph SDL to check instead of subgraphs")
    checking.add_argument(
        "--operation",
        metavar="FILE",
        action="append",
        default=[],
        help="document to validate and plan; may be repeated",
    )
    checking.add_argument(
        "--against",
        metavar="SUPERGRAPH",
        help="a previous supergraph: list what changes for clients; exit status 1 when that breaks some",
    )
    checking.add_argument("--format", choices=("text", "json"), default="text", help="form of errors and hints")
    checking.set_defaults(run=run_check)


def run_compose(options: argparse.Namespace) -> int:
    """``router compose``."""
    sources = read_subgraphs(options.subgraphs)
    try:
        composed = compose(sources)
    except CompositionErrors as errors:
        return _print_problems(errors.problems, sources, options.format)
    if composed.hints:
        as_asked = as_json(composed.hints) if options.format == "json" else as_text(composed.hints, sources)
        sys.stderr.write(as_asked + "\n")
    if options.output is None:
        sys.stdout.write(_with_newline(composed.supergraph_sdl))
    else:
        write_whole(Path(options.output), _with_newline(composed.supergraph_sdl))
    return EXIT_DONE


def run_check(options: argparse.Namespace) -> int:
    """``router check``."""
    if (options.subgraphs is None) == (options.supergraph is None):
        raise CommandFailed("give either SUBGRAPHS.json or --supergraph FILE")
    sources: list[SubgraphSource] = []
    hints: Sequence[Hint] = ()
    if options.supergraph is not None:
        supergraph = load_supergraph(options.supergraph)
    else:
        sources = read_subgraphs(options.subgraphs)
        try:
            composed = compose(sources)
        except CompositionErrors as errors:
            return _print_problems(errors.problems, sources, options.format)
        supergraph, hints = read_supergraph(composed.supergraph_sdl), composed.hints
    problems = [problem for name in options.operation for problem in _operation_problems(name, supergraph)]
    if problems:
        return _print_problems(problems, sources, options.format)
    if options.against is not None:
        return _print_changes(
            compare_schemas(load_supergraph(options.against).api_schema, supergraph.api_schema), options.format
        )
    if options.format == "json":
        sys.stdout.write(as_json(hints) + "\n")
    else:
        sys.stdout.write(as_text(hints, sources) + "\n" if hints else "")
        sys.stdout.write(f"No errors, {len(hints)} hint{'' if len(hints) == 1 else 's'}.\n")
    return EXIT_DONE


def _operation_problems(name: str, supergraph: Supergraph) -> Iterator[Problem]:
    try:
        plan(supergraph, parse_request(read_text(name), None, supergraph.api_schema))
    except RouterError as error:
        for one in error.errors if isinstance(error, RequestError) else (error,):
            place = "".join(f":{line}:{column}" for line, column in one.locations[:1])
            yield Problem(str(one.extensions["code"]), f"{name}{place}: {one.message}")


def read_subgraphs(name: str) -> list[SubgraphSource]:
    """The subgraphs of a JSON file. Raises ``CommandFailed`` naming the first entry that is wrong."""
    try:
        entries = json.loads(read_text(name))
    except ValueError as error:
        raise CommandFailed(f"{name} is not JSON: {error}") from error
    if not isinstance(entries, list) or not entries:
        raise CommandFailed(f"{name} must be a list of at least one {{name, url, sdl}}")
    sources = []
    for number, entry in enumerate(entries):
        values = [entry.get(key) if isinstance(entry, dict) else None for key in ("name", "url", "sdl")]
        subgraph, url, sdl = values
        if not isinstance(subgraph, str) or not isinstance(sdl, str) or not isinstance(url, str | None):
            raise CommandFailed(f"{name}: entry {number} must be an object with the strings name, url and sdl")
        sources.append(SubgraphSource(name=subgraph, url=url or "", sdl=sdl))
    return sources


def write_whole(path: Path, text: str) -> None:
    """Write a file so that readers see the old text or the new one, never a part."""
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".new")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        Path(temporary).replace(path)
    except OSError as error:
        raise CommandFailed(f"cannot write {path}: {error.strerror}") from error


def _print_problems(problems: Sequence[Problem], sources: Sequence[SubgraphSource], form: str) -> int:
    if form == "json":
        sys.stdout.write(as_json(problems) + "\n")
    else:
        sys.stderr.write(f"{as_text(problems, sources)}\n\n{summary(problems, ())}\n")
    return EXIT_INPUT


def _print_changes(changes: Sequence[Change], form: str) -> int:
    if form == "json":
        sys.stdout.write(json.dumps([change.as_json() for change in changes], ensure_ascii=False, indent=2) + "\n")
    else:
        lines = [f"{change.severity:<9}  {change.description}" for change in changes]
        counts = [(severity, sum(change.severity is severity for change in changes)) for severity in Severity]
        told = ", ".join(f"{count} {severity}" for severity, count in counts if count)
        sys.stdout.write("\n".join([*lines, told or "No change of the API schema."]) + "\n")
    return EXIT_INPUT if any(change.severity is Severity.BREAKING for change in changes) else EXIT_DONE


def _with_newline(text: str) -> str:
    return text if text.endswith("\n") else text + "\n"
