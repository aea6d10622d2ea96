"""Runs the scripts beside this file in Node, with the packages pinned in web/package-lock.json."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

WEB = Path(__file__).parents[2] / "web"
PACKAGES = (
    "@apollo/composition",
    "@apollo/federation-internals",
    "@apollo/gateway",
    "@graphql-hive/gateway-runtime",
    "@graphql-hive/router-runtime",
    "@theguild/federation-composition",
)


def run_node(script: str, *arguments: str, given: Any) -> Any:
    """What the script makes of ``given``, JSON in and out. Fails the test when Node or a package is missing."""
    node = shutil.which("node")
    missing = [name for name in PACKAGES if not (WEB / "node_modules" / name).is_dir()]
    if node is None or missing:
        pytest.fail(f"Node or {missing} is missing: run scripts/assets --dev")
    command = [node, str(Path(__file__).with_name(script)), str(WEB), *arguments]
    done = subprocess.run(command, input=json.dumps(given), capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)
