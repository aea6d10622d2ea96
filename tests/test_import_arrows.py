"""Imports point one way: the order of the rooms below is the order in which data flows and files are read."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

PACKAGES: dict[str, frozenset[str]] = {
    "router": frozenset(),
    "sensors_bridge": frozenset(),
    "auth": frozenset(),
    "subgraphs": frozenset({"sensors_bridge"}),
    "hub": frozenset({"router", "sensors_bridge", "auth", "subgraphs"}),
}

ROUTER_ROOMS = (
    "errors",
    "caller",
    "lru",
    "codings",
    "operation",
    "federation",
    "composition",
    "planner",
    "policy",
    "executor",
    "pipeline",
    "config",
    "over_http",
    "subscriptions",
    "app",
    "door",
    "server",
    "workers",
    "commands",
    "__main__",
)


def imported(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.module
            yield from (f"{node.module}.{name.name}" for name in node.names)


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_imports_only_what_lies_before_it(package: str) -> None:
    allowed = PACKAGES[package] | {package}
    wrong = [
        f"{file.relative_to(ROOT)} imports {module}"
        for file in sorted((ROOT / package).rglob("*.py"))
        for module in imported(file)
        if module.split(".")[0] in PACKAGES and module.split(".")[0] not in allowed
    ]
    assert wrong == []


def test_a_room_of_the_router_imports_only_rooms_before_it() -> None:
    wrong = []
    for file in sorted((ROOT / "router").rglob("*.py")):
        room = file.relative_to(ROOT / "router").parts[0].removesuffix(".py")
        if room == "__init__":
            continue
        before = ROUTER_ROOMS[: ROUTER_ROOMS.index(room) + 1]
        for module in imported(file):
            parts = module.split(".")
            if parts[0] == "router" and len(parts) > 1 and parts[1] not in before:
                wrong.append(f"{file.relative_to(ROOT)} imports {module}")
    assert wrong == []


COMPILED_ROOMS = (
    "running",
    "info",
    "arguments",
    "variables",
    "slots",
    "facts",
    "selections",
    "emit",
    "operation",
    "schema",
)


def test_compiled_strawberry_imports_nothing_of_ours_but_its_own_rooms_before() -> None:
    folder = ROOT / "subgraphs" / "kit" / "compiled"
    assert {file.stem for file in folder.glob("*.py")} == {"__init__", *COMPILED_ROOMS}
    wrong = []
    for place, room in enumerate(COMPILED_ROOMS):
        before = {f"subgraphs.kit.compiled.{name}" for name in COMPILED_ROOMS[:place]}
        names = [name for name in runtime_imports(folder / f"{room}.py") if name.split(".")[0] in PACKAGES]
        wrong += [f"{room} imports {name}" for name in names if ".".join(name.split(".")[:4]) not in before]
    assert wrong == []


def runtime_imports(file: Path) -> Iterator[str]:
    """Modules imported when the file runs: what only a type checker reads is left out."""
    for node in ast.parse(file.read_text()).body:
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
        elif isinstance(node, ast.Import):
            yield from (name.name for name in node.names)


def test_no_domain_imports_another() -> None:
    domains = {path.name for path in (ROOT / "subgraphs").iterdir() if path.is_dir()} - {"kit", "__pycache__"}
    wrong = [
        f"{file.relative_to(ROOT)} imports {module}"
        for domain in sorted(domains)
        for file in sorted((ROOT / "subgraphs" / domain).rglob("*.py"))
        for module in imported(file)
        if module.startswith("subgraphs.") and module.split(".")[1] in domains - {domain}
    ]
    assert wrong == []
