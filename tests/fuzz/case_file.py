"""One case as one readable text file: subgraphs, data, operation, and what was expected and got.

The first line says what is wrong; sections begin with ``--- kind [name]``. ``expected`` and ``got`` are for the reader:
a replay computes both anew.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tests.fuzz.world import Knobs


@dataclass(frozen=True)
class Case:
    """All that a replay needs. Without ``operation`` only composition is looked at."""

    subgraphs: tuple[tuple[str, str], ...]
    """Name and SDL."""
    knobs: Knobs = field(default_factory=Knobs)
    labels: tuple[str, ...] = ()
    """Override labels that are on."""
    operation: str = ""
    variables: Mapping[str, Any] = field(default_factory=dict)
    valid: bool = True
    """Whether the subgraphs must compose; if not they may, and the verdict must be the same every time."""


@dataclass(frozen=True)
class Finding:
    """Something wrong. Two findings of one ``kind`` are likely of one cause, so shrinking keeps the kind."""

    kind: str
    detail: str
    expected: str = ""
    got: str = ""


def write_case(path: Path, case: Case, finding: Finding | None, title: str = "") -> None:
    """Write a case file."""
    path.write_text(format_case(case, finding, title))


def format_case(case: Case, finding: Finding | None, title: str = "") -> str:
    """The text of a case file."""
    parts = [title or (f"{finding.kind}: {finding.detail}".split("\n")[0] if finding else "nothing is wrong")]
    parts += [f"--- subgraph {name}\n{sdl.strip()}" for name, sdl in case.subgraphs]
    parts.append("--- data\n" + " ".join(f"{name}={value}" for name, value in asdict(case.knobs).items()))
    if case.labels:
        parts.append("--- labels\n" + "\n".join(case.labels))
    if not case.valid:
        parts.append("--- may not compose")
    if case.operation:
        parts.append(f"--- operation\n{case.operation.strip()}")
    if case.variables:
        parts.append("--- variables\n" + json.dumps(case.variables, ensure_ascii=False))
    if finding is not None:
        parts.append(f"--- finding\n{finding.kind}: {finding.detail}")
        if finding.expected or finding.got:
            parts += [f"--- expected\n{finding.expected}", f"--- got\n{finding.got}"]
    return "\n".join(parts) + "\n"


def read_case(path: Path) -> Case:
    """Read a case file. Raises ValueError."""
    _, *sections = ("\n" + path.read_text()).split("\n--- ")
    parts = [(head.split(), body) for head, _, body in (section.partition("\n") for section in sections)]
    named = {head[0]: body for head, body in parts}
    if "subgraph" not in named or "data" not in named:
        raise ValueError(f"{path}: a case file has sections '--- subgraph NAME' and '--- data'")
    knobs = {name: int(value) for name, _, value in (item.partition("=") for item in named["data"].split())}
    return Case(
        subgraphs=tuple((head[1], body) for head, body in parts if head[0] == "subgraph"),
        knobs=Knobs(**knobs),
        labels=tuple(named.get("labels", "").split()),
        operation=named.get("operation", ""),
        variables=json.loads(named.get("variables", "{}")),
        valid="may" not in named,
    )
