"""The commands of ``python -m router``, one module a group; each has ``add_commands`` and functions to run.

Exit status: 0 done, 1 the input has errors (they are printed), 2 the command was called wrongly.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from router.config import ConfigError, Settings, read_settings
from router.federation.supergraph import InvalidSupergraph, Supergraph, read_supergraph

EXIT_DONE = 0
EXIT_INPUT = 1

STANDARD_INPUT = "-"


class CommandFailed(Exception):
    """The input cannot be used; the message says why, in one line or several."""


def read_text(name: str) -> str:
    """The text of a file, or of standard input for ``-``."""
    try:
        return sys.stdin.read() if name == STANDARD_INPUT else Path(name).read_text(encoding="utf-8")
    except OSError as error:
        raise CommandFailed(f"cannot read {name}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise CommandFailed(f"{name} is not UTF-8 text: {error.reason} at byte {error.start}") from error


def load_supergraph(name: str) -> Supergraph:
    """The supergraph in a file."""
    try:
        return read_supergraph(read_text(name))
    except InvalidSupergraph as error:
        raise CommandFailed(f"{name}: {error}") from error


def load_settings(file: str | None) -> Settings:
    """The settings of a configuration file and the environment."""
    try:
        return read_settings(Path(file) if file is not None else None, os.environ)
    except ConfigError as error:
        raise CommandFailed(str(error)) from error
