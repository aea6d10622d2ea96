"""docs/composition-errors.md: every code with its meaning, the case that gives it, what is printed then, and the cure.

python tests/router/composition/reference.py [--check]
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from case_files import CASES, read_case

from router.composition import CompositionErrors, SubgraphSource, compose
from router.composition.codes import ERRORS, HINTS
from router.composition.problems import Hint, Problem
from router.composition.remedies import REMEDIES
from router.composition.report import as_text

PAGE = Path(__file__).parents[3] / "docs" / "composition-errors.md"
_INTRODUCTION = """# Errors and hints of composition

Written by `scripts/schema` from the codes, their cases and what `router compose` prints; do not edit. The names are the
field's own. In the examples each part under `# subgraph NAME` is a schema of its own. One that neither links Federation
nor says `# federation 1` links Federation v2.14 with everything imported."""


def page() -> str:
    """The page as Markdown, a section a code."""
    sections = [_INTRODUCTION, "# Errors", *_sections(ERRORS, "errors"), "# Hints", *_sections(HINTS, "hints")]
    return "\n\n".join(sections) + "\n"


def _sections(meanings: Mapping[str, str], folder: str) -> list[str]:
    return [_section(code, meaning, CASES / folder / f"{code}.graphql") for code, meaning in sorted(meanings.items())]


def _section(code: str, meaning: str, case: Path) -> str:
    written = case.read_text(encoding="utf-8").strip()
    sources, found = _told(case)
    printed = as_text([each for each in found if each.code == code][:1], sources)
    return (
        f"## {code}\n\n{meaning}\n\n**Remedy:** {REMEDIES[code]}\n\n```graphql\n{written}\n```\n\n```text\n"
        f"{printed.partition(chr(10) + '  = help')[0]}\n```"
    )


def _told(case: Path) -> tuple[list[SubgraphSource], list[Problem | Hint]]:
    sources, options = read_case(case)
    try:
        return sources, list(compose(sources, options).hints)
    except CompositionErrors as errors:
        return sources, list(errors.problems)


def main(arguments: list[str]) -> int:
    """Write the page, or with ``--check`` only say whether it is as it should be."""
    if "--check" not in arguments:
        PAGE.write_text(page(), encoding="utf-8")
        return 0
    if PAGE.is_file() and PAGE.read_text(encoding="utf-8") == page():
        return 0
    print(f"{PAGE} is not what the code says: run scripts/schema", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
