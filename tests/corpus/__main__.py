"""``python -m tests.corpus composition|queryplan|execution|strawberry PATH``: score a corpus, one line at the end."""

from __future__ import annotations

import importlib
import sys


def main(arguments: list[str]) -> int:
    """Print what differs, then one line of percentages. Each corpus has a module of its name with ``main([path])``."""
    if len(arguments) != 2 or arguments[0] not in ("composition", "queryplan", "execution", "strawberry"):
        print(
            "usage: scripts/corpus composition|queryplan|execution FILE, scripts/corpus strawberry CHECKOUT",
            file=sys.stderr,
        )
        return 2
    code: int = importlib.import_module(f"tests.corpus.{arguments[0]}").main(arguments[1:])
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
