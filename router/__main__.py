"""The commands of the router: compose · serve · plan · explain · check.

Exit status: 0 done, 1 the input has errors (they are printed), 2 the command was called wrongly.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from router.commands import EXIT_INPUT, CommandFailed, checking, composition, planning, serving


def parser() -> argparse.ArgumentParser:
    """The command line as a whole."""
    root = argparse.ArgumentParser(
        prog="router",
        description="A GraphQL Federation v2 router: compose subgraphs into a supergraph, serve it, look into it.",
        epilog="Each command explains itself: router COMMAND --help",
    )
    commands = root.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for room in (composition, checking, serving, planning):
        room.add_commands(commands)
    return root


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit status."""
    options = parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except CommandFailed as failure:
        sys.stderr.write(f"router {options.command}: {failure}\n")
        return EXIT_INPUT
    except BrokenPipeError:
        sys.stderr.close()
        return 0
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
