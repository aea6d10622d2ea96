"""The commands ``compose`` and ``check`` as functions: arguments in, exit status out, text to the given streams.

Exit status: 0 done, 1 the input has errors or the check found breaking changes, 2 called wrongly.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from graphql import GraphQLError

from router.composition import Composed, CompositionErrors, SubgraphSource, compose
from router.composition.check import Change, Severity, compare_supergraphs
from router.composition.problems import Problem
from router.composition.report import as_json, as_text, summary


def add_compose_arguments(parser: argparse.ArgumentParser) -> None:
    """``SUBGRAPHS.json [--format text|json] [--output FILE]``"""
    parser.add_argument("subgraphs", type=Path, metavar="SUBGRAPHS.json", help="a list of {name, url, sdl}")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="how errors and hints are printed")
    parser.add_argument(
        "--output", type=Path, metavar="FILE", help="where the supergraph goes instead of standard output"
    )


def add_check_arguments(parser: argparse.ArgumentParser) -> None:
    """``SUBGRAPHS.json --against SUPERGRAPH [--format text|json]``"""
    parser.add_argument("subgraphs", type=Path, metavar="SUBGRAPHS.json", help="a list of {name, url, sdl}")
    parser.add_argument("--against", type=Path, required=True, metavar="SUPERGRAPH", help="the previous supergraph")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="how the changes are printed")


def compose_command(arguments: Sequence[str], out: TextIO | None = None, err: TextIO | None = None) -> int:
    """Compose; the supergraph to ``out``, hints to ``err``. Errors go to ``out`` as JSON, to ``err`` as text."""
    parser = argparse.ArgumentParser(prog="router compose")
    add_compose_arguments(parser)
    return run_compose(parser.parse_args(arguments), out or sys.stdout, err or sys.stderr)


def check_command(arguments: Sequence[str], out: TextIO | None = None, err: TextIO | None = None) -> int:
    """Compose and compare with a previous supergraph; 1 when that breaks clients."""
    parser = argparse.ArgumentParser(prog="router check")
    add_check_arguments(parser)
    return run_check(parser.parse_args(arguments), out or sys.stdout, err or sys.stderr)


def run_compose(options: argparse.Namespace, out: TextIO, err: TextIO) -> int:
    """``compose`` with parsed options."""
    composed = _composed(options.subgraphs, options.format, out, err)
    if composed is None:
        return 1
    if options.output is not None:
        options.output.write_text(composed.supergraph_sdl, encoding="utf-8")
    else:
        out.write(composed.supergraph_sdl)
    return 0


def run_check(options: argparse.Namespace, out: TextIO, err: TextIO) -> int:
    """``check`` with parsed options."""
    composed = _composed(options.subgraphs, options.format, out, err)
    if composed is None:
        return 1
    try:
        changes = compare_supergraphs(options.against.read_text(encoding="utf-8"), composed.supergraph_sdl)
    except (OSError, UnicodeDecodeError, GraphQLError, ValueError) as error:
        err.write(f"error[INVALID_FEDERATION_SUPERGRAPH]: {options.against}: {error}\n")
        return 1
    if options.format == "json":
        out.write(json.dumps([change.as_json() for change in changes], ensure_ascii=False, indent=2) + "\n")
    else:
        out.write(_told(changes))
    return 1 if any(change.severity is Severity.BREAKING for change in changes) else 0


def _told(changes: Sequence[Change]) -> str:
    if not changes:
        return "No change of the API schema.\n"
    lines = [f"{change.severity:<9}  {change.description}" for change in changes]
    counts = {severity: sum(change.severity is severity for change in changes) for severity in Severity}
    lines.append(", ".join(f"{count} {severity}" for severity, count in counts.items() if count))
    return "\n".join(lines) + "\n"


def read_sources(path: Path) -> list[SubgraphSource]:
    """The subgraphs of a file ``[{name, url, sdl}]``; raises CompositionErrors INVALID_SUBGRAPHS_FILE."""

    def refuse(message: str) -> CompositionErrors:
        return CompositionErrors([Problem("INVALID_SUBGRAPHS_FILE", f"{path}: {message}")])

    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise refuse(str(error)) from error
    if not isinstance(entries, list):
        raise refuse("expected a list of {name, url, sdl}")
    sources: list[SubgraphSource] = []
    for index, entry in enumerate(entries):
        keys = {"name": True, "url": False, "sdl": True}
        for key, needed in keys.items():
            value = entry.get(key, None if needed else "") if isinstance(entry, dict) else None
            if not isinstance(value, str) or (key == "name" and not value):
                raise refuse(f"entry {index} needs a text {key!r}")
        if any(source.name == entry["name"] for source in sources):
            raise refuse(f'there are two subgraphs named "{entry["name"]}"')
        sources.append(SubgraphSource(entry["name"], entry.get("url", ""), entry["sdl"]))
    if not sources:
        raise refuse("there is no subgraph in it")
    return sources


def _composed(path: Path, style: str, out: TextIO, err: TextIO) -> Composed | None:
    sources: list[SubgraphSource] = []
    try:
        sources = read_sources(path)
        composed = compose(sources)
    except CompositionErrors as refused:
        if style == "json":
            out.write(as_json(refused.problems) + "\n")
        else:
            err.write(f"{as_text(refused.problems, sources)}\n\n{summary(refused.problems, ())}\n")
        return None
    if composed.hints:
        err.write((as_json(composed.hints) if style == "json" else as_text(composed.hints, sources)) + "\n")
    return composed
