"""A pytest plugin for Strawberry's own suite: notes every outcome; with COMPILED set, schemas run compiled."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
import strawberry.utils
from strawberry import Schema

OUTCOMES: dict[str, str] = {}

# Names that suites of other versions import.
for name, value in (("IS_GQL_32", False), ("IS_GQL_33", True)):
    if not hasattr(strawberry.utils, name):
        setattr(strawberry.utils, name, value)


class EmojiHooks:
    """Hooks the suite's conftest implements for a plugin that is not needed here."""

    def pytest_emoji_xfailed(self, config: pytest.Config) -> None:
        """Words for an expected failure."""

    def pytest_emoji_skipped(self, config: pytest.Config) -> None:
        """Words for a skipped test."""


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    """Declare them, where the plugin is not installed."""
    if not pluginmanager.has_plugin("emoji"):
        pluginmanager.add_hookspecs(EmojiHooks)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Note the outcome; a failure of any phase counts."""
    if report.when == "call" or report.outcome != "passed":
        OUTCOMES[report.nodeid] = report.outcome


def pytest_unconfigure(config: pytest.Config) -> None:
    """Write them down."""
    Path(os.environ["OUTCOMES"]).write_text(json.dumps(OUTCOMES))


def run_compiled() -> None:
    """Let every ``Schema`` execute through a compiled one of its own."""
    from subgraphs.kit.compiled import CompiledSchema

    by_stock, by_stock_now = Schema.execute, Schema.execute_sync

    class Stock:
        """The schema with its own ``execute``."""

        def __init__(self, schema: Schema) -> None:
            self.schema = schema

        def __getattr__(self, name: str) -> Any:
            return getattr(self.schema, name)

        async def execute(self, *arguments: Any) -> Any:
            return await by_stock(self.schema, *arguments)

        def execute_sync(self, *arguments: Any) -> Any:
            return by_stock_now(self.schema, *arguments)

    def of(schema: Schema) -> CompiledSchema:
        if "_compiled" not in schema.__dict__:
            made = CompiledSchema(schema)
            made.stock = Stock(schema)  # type: ignore[assignment]
            schema.__dict__["_compiled"] = made
        found: CompiledSchema = schema.__dict__["_compiled"]
        return found

    async def execute(self: Schema, *arguments: Any, **named: Any) -> Any:
        return await of(self).execute(*arguments, **named)

    def execute_sync(self: Schema, *arguments: Any, **named: Any) -> Any:
        return of(self).execute_sync(*arguments, **named)

    Schema.execute = execute  # type: ignore[method-assign, assignment]
    Schema.execute_sync = execute_sync  # type: ignore[method-assign, assignment]


if os.environ.get("COMPILED"):
    run_compiled()
