"""``compose``: from subgraph schemas to a supergraph, or the reasons why not."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TextIO

from router.commands import EXIT_DONE, EXIT_INPUT, CommandFailed
from router.commands.subgraph_sources import Subgraphs, read_subgraphs
from router.composition import CompositionErrors, Problem, compose
from router.composition.report import COLOURED, PLAIN, Style, as_json, as_text, summary

INPUT_HELP = (
    "SDL files (named after the subgraph), folders of them, a configuration file as `rover supergraph compose` reads"
    " it (.yaml, .toml, .json), a JSON list of {name, url, sdl}; - for a list or configuration on standard input"
)


def add_commands(commands: Any) -> None:
    """Add ``compose``."""
    composing = commands.add_parser(
        "compose",
        help="compose subgraphs into a supergraph",
        description="Write the supergraph of a set of subgraphs to standard output; hints go to standard error."
        " Subgraphs that do not compose give exit status 1 and their errors: with --format json a list of"
        " {code, message, locations} on standard output, else text on standard error. docs/composition-errors.md"
        " explains every code.",
    )
    add_inputs(composing)
    composing.add_argument(
        "--output", "-o", metavar="FILE", help="write the supergraph to this file instead, whole or not at all"
    )
    composing.set_defaults(run=run_compose)


def add_inputs(parser: argparse.ArgumentParser) -> None:
    """The options that name subgraphs and say how to print what is found."""
    parser.add_argument("subgraphs", metavar="SUBGRAPHS", nargs="*", help=INPUT_HELP)
    parser.add_argument(
        "--config", metavar="FILE", action="append", default=[], help="one more input, as rover's option of this name"
    )
    parser.add_argument(
        "--url", metavar="NAME=URL", action="append", default=[], help="where a subgraph answers; may be repeated"
    )
    parser.add_argument("--format", choices=("text", "json"), default="text", help="form of errors and hints")
    parser.add_argument(
        "--color",
        choices=("auto", "always", "never"),
        default="auto",
        help="colour in texts; auto means on a terminal, unless NO_COLOR is set",
    )


def named_subgraphs(options: argparse.Namespace) -> Subgraphs:
    """The subgraphs the options name. Raises ``CommandFailed``."""
    urls: dict[str, str] = {}
    for each in options.url:
        name, separator, url = each.partition("=")
        if not separator or not name:
            raise CommandFailed(f"--url {each}: write NAME=URL")
        urls[name] = url
    return read_subgraphs([*options.subgraphs, *options.config], urls)


def style_of(options: argparse.Namespace, stream: TextIO) -> Style:
    """Colours if they are asked for, or if the stream is a terminal and nobody objects."""
    wanted = options.color == "always"
    if options.color == "auto":
        wanted = stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return COLOURED if wanted else PLAIN


def run_compose(options: argparse.Namespace) -> int:
    """``router compose``."""
    if not options.subgraphs and not options.config:
        raise CommandFailed("name the subgraphs: files, folders, a configuration file or - (see --help)")
    subgraphs = named_subgraphs(options)
    try:
        composed = compose(subgraphs.sources)
    except CompositionErrors as errors:
        return print_problems(errors.problems, subgraphs, options)
    if composed.hints and options.format == "json":
        sys.stderr.write(as_json(composed.hints) + "\n")
    elif composed.hints:
        told = as_text(composed.hints, subgraphs.sources, subgraphs.files, style_of(options, sys.stderr))
        sys.stderr.write(f"{told}\n\n{summary((), composed.hints)}\n")
    if options.output is None:
        sys.stdout.write(_with_newline(composed.supergraph_sdl))
    else:
        write_whole(Path(options.output), _with_newline(composed.supergraph_sdl))
    return EXIT_DONE


def print_problems(problems: Sequence[Problem], subgraphs: Subgraphs, options: argparse.Namespace) -> int:
    """All problems, as JSON on standard output or as text on standard error; the exit status."""
    if options.format == "json":
        sys.stdout.write(as_json(problems) + "\n")
    else:
        told = as_text(problems, subgraphs.sources, subgraphs.files, style_of(options, sys.stderr))
        sys.stderr.write(f"{told}\n\n{summary(problems, ())}\n")
    return EXIT_INPUT


def write_whole(path: Path, text: str) -> None:
    """Write a file so that readers see the old text or the new one, never a part."""
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".new")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        Path(temporary).replace(path)
    except OSError as error:
        raise CommandFailed(f"cannot write {path}: {error.strerror}") from error


def _with_newline(text: str) -> str:
    return text if text.endswith("\n") else text + "\n"
