"""The reference of composition's codes is what the code and its cases say, and a section a code."""

from __future__ import annotations

import re

from reference import PAGE, page

from router.composition.codes import ERRORS, HINTS
from router.composition.remedies import REMEDIES


def test_the_page_is_what_the_cases_say() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run scripts/schema"


def test_every_code_has_a_section_and_a_remedy() -> None:
    sections = re.findall(r"^## (\w+)$", page(), re.MULTILINE)
    assert sections == [*sorted(ERRORS), *sorted(HINTS)]
    assert set(REMEDIES) == set(ERRORS) | set(HINTS)
