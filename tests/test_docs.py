"""The documentation is run: the README's query, its commands' names, its links."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from tests.hub.conftest import Hub
from tests.hub.conftest import hub as hub
from tests.hub.conftest import travel_day as travel_day

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def test_the_readme_query_answers(hub: Hub, travel_day: date) -> None:
    (query,) = re.findall(r"```graphql\n(.*?)```", README, re.DOTALL)
    token = hub.token("rail:read", "lodge:read", "sensing:read")
    answer = hub.ask(query, {"day": travel_day.isoformat()}, token=token)
    assert "errors" not in answer
    (run,) = answer["data"]["trains"]["nodes"]
    assert run["destination"]["station"]["place"]["lodges"]["nodes"]


def test_every_script_the_readme_names_is_there_and_runs() -> None:
    named = set(re.findall(r"scripts/[a-z]+", README))
    assert named
    for script in named:
        assert os.access(ROOT / script, os.X_OK), script


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text()):
        assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_the_tour_starts_with_a_command_that_works() -> None:
    (command,) = re.findall(r"```sh\n(.*?)```", (ROOT / "docs" / "tour.md").read_text(), re.DOTALL)
    arguments = shlex.split(command.replace("\\\n", " "))
    shown = subprocess.run(
        [sys.executable, *arguments[1:]], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    for room in ("request", "operation", "policy", "planner: graph", "planner: routes", "planner: fetches", "executor"):
        assert re.search(rf"^── .*{room}", shown, re.MULTILINE), room
