"""``scripts/audit`` says what is missing; the audit itself needs Node packages and has no place in the quick tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.gateway_audit import Result, main


def test_a_checkout_that_is_not_prepared_is_told_with_the_way_to_prepare_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path / "nowhere")]) == 2
    assert "src/cli.ts is missing" in capsys.readouterr().err
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "cli.ts").touch()
    assert main([str(tmp_path)]) == 2
    told = capsys.readouterr().err
    assert "node_modules/tsx is missing" in told
    assert "npm install" in told


def test_a_suite_whose_router_fails_has_no_case_passed() -> None:
    assert Result("node", 3, "..X").passed == 2
    assert Result("node", 3, "...", "the router ended").passed == 0
