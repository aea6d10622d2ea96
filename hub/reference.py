"""Pages of docs/ that are generated from the code: every error code, and the steps of every auth endpoint."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from auth.endpoints.matrix import endpoints_page
from auth.reasons import REASONS
from router.composition.codes import ERRORS as ERROR_CODES
from router.composition.codes import HINTS as HINT_CODES
from router.errors import errors_reference
from router.policy.limits import LIMIT_CODES
from subgraphs.kit.errors import KIT_ERRORS, errors_page
from subgraphs.registry import DOMAINS


def errors() -> str:
    """The page as Markdown."""
    auth = "\n".join(f"| `{name}` | {reason.ko} | {reason.en} |" for name, reason in REASONS.items())
    parts = [
        "# Error codes",
        "Written by `scripts/schema` from the tables in the code; do not edit. A code keeps its meaning for ever.",
        "GraphQL errors carry the code in `extensions.code` and speak Korean when `Accept-Language` prefers it.",
        "# Router",
        errors_reference(LIMIT_CODES).strip(),
        "# Composition",
        "Errors of `router compose`; the supergraph is not written. The names are the field's own; each leads to its"
        " example and remedy.",
        _table(ERROR_CODES),
        "Hints: the supergraph is written, and this is worth a look.",
        _table(HINT_CODES),
        "# Subgraphs",
        errors_page([KIT_ERRORS, *(domain.errors for domain in DOMAINS)]).strip(),
        "# Authorization server",
        "The `error` member is the RFC's; `error_description` is the English text below, pages show either.",
        "| reason | ko | en |\n|---|---|---|\n" + auth,
    ]
    return "\n\n".join(parts) + "\n"


def _table(meanings: Mapping[str, str]) -> str:
    linked = (
        (f"[`{code}`](composition-errors.md#{code.lower()})", meaning) for code, meaning in sorted(meanings.items())
    )
    rows = "\n".join(f"| {code} | {meaning} |" for code, meaning in linked)
    return f"| code | meaning |\n|---|---|\n{rows}"


def pages() -> Mapping[str, str]:
    """File name → text of each generated page."""
    return {"errors.md": errors(), "auth-endpoints.md": endpoints_page()}


def write_reference(folder: Path) -> int:
    """Write the pages; the exit status is 0."""
    for name, text in pages().items():
        (folder / name).write_text(text, encoding="utf-8")
    return 0


def check_reference(folder: Path) -> int:
    """Compare the pages; the exit status is 1 when one differs."""
    status = 0
    for name, text in pages().items():
        page = folder / name
        if not page.is_file() or page.read_text(encoding="utf-8") != text:
            print(f"{page} is not what the code says: run scripts/schema", file=sys.stderr)
            status = 1
    return status
