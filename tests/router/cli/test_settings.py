"""Settings from file and environment: what is taken, what is refused, and that every key is documented."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import pytest

from router.config import ConfigError, Settings, read_settings, settings_reference


def written(folder: Path, text: str) -> Path:
    file = folder / "router.toml"
    file.write_text(text)
    return file


def test_nothing_given_means_the_defaults() -> None:
    assert read_settings() == Settings()


def test_the_file_sets_and_the_environment_wins(tmp_path: Path) -> None:
    file = written(
        tmp_path,
        """
        [server]
        port = 5000
        [http]
        cors_origins = ["https://a"]
        graphiql = false
        [limits]
        max_depth = 7
        [limits.cost]
        list_size = 3
        [subscriptions]
        init_timeout_s = 1
        [subgraphs.rail]
        url = "http://rail/"
        [override_labels]
        "fares:v2" = 12.5
        moved = true
        "percent(20)" = false
        """,
    )
    settings = read_settings(
        file,
        {
            "ROUTER_SERVER_PORT": "6000",
            "ROUTER_SERVER_ACCESS_LOG": "yes",
            "ROUTER_LIMITS_COST_OBJECT": "2",
            "ROUTER_HTTP_FORWARD_HEADERS": "authorization, x-trace,",
            "ROUTER_SUBGRAPH_RAIL_TIMEOUT_S": "2.5",
            "ROUTER_SUBGRAPH_FOREST_LODGE_URL": "http://lodge/",
            "ROUTE": "ignored",
        },
    )
    assert (settings.server.port, settings.server.access_log) == (6000, True)
    assert (settings.http.cors_origins, settings.http.graphiql) == (("https://a",), False)
    assert settings.http.forward_headers == ("authorization", "x-trace")
    assert (settings.limits.max_depth, settings.limits.cost.list_size, settings.limits.cost.object) == (7, 3, 2)
    assert settings.subscriptions.init_timeout_s == 1.0
    assert (settings.subgraphs["rail"].url, settings.subgraphs["rail"].timeout_s) == ("http://rail/", 2.5)
    assert settings.subgraphs["forest_lodge"].url == "http://lodge/"
    assert settings.override_labels == {"fares:v2": 12.5, "moved": True, "percent(20)": False}


FILES = {
    "unknown section": ("[sever]", "unknown section [sever]"),
    "unknown key": ("[server]\nprot = 1", "unknown key 'prot' in [server]"),
    "unknown key of a subgraph": ("[subgraphs.a]\nurls = 'x'", "unknown key 'urls' in [subgraphs.a]"),
    "text for a number": ("[server]\nport = '1'", "'port' in [server]"),
    "number for text": ("[http]\npath = 1", "'path' in [http]"),
    "true for a number": ("[server]\nport = true", "'port' in [server]"),
    "a fraction for a whole number": ("[server]\nport = 1.5", "a whole number"),
    "a negative number": ("[server]\nport = -1", "must not be negative"),
    "text for a list": ("[http]\ncors_origins = 'x'", "a list of strings"),
    "a list of numbers": ("[http]\ncors_origins = [1]", "a list of strings"),
    "a section that is a value": ("server = 1", "must be a table"),
    "subgraphs that are a value": ("subgraphs = 1", "must be a table"),
    "a subgraph that is a value": ("[subgraphs]\na = 1", "must be a table"),
    "labels that are a value": ("override_labels = true", "[override_labels]"),
    "text for a label": ("[override_labels]\na = 'on'", "'a' in [override_labels]"),
    "more than all requests": ("[override_labels]\na = 101", "a percentage from 0 to 100, not 101"),
    "not TOML": ("[", "is not TOML"),
    "infinity": ("[subscriptions]\ninit_timeout_s = inf", "must not be negative"),
}


@pytest.mark.parametrize("case", FILES)
def test_a_wrong_file_is_refused_by_the_name_of_the_key(case: str, tmp_path: Path) -> None:
    text, message = FILES[case]
    with pytest.raises(ConfigError) as refused:
        read_settings(written(tmp_path, text))
    assert message in str(refused.value)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot read"):
        read_settings(tmp_path / "nothing.toml")


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("ROUTER_SERVER_PROT", "1", "unknown environment variable ROUTER_SERVER_PROT"),
        ("ROUTER_SERVER_PORT", "x", "ROUTER_SERVER_PORT must be a whole number"),
        ("ROUTER_SERVER_PORT", "-1", "must not be negative"),
        ("ROUTER_HTTP_GRAPHIQL", "maybe", "ROUTER_HTTP_GRAPHIQL must be true or false"),
        ("ROUTER_SUBGRAPH_RAIL_PATH", "x", "unknown environment variable"),
    ],
)
def test_a_wrong_variable_is_refused_by_its_name(name: str, value: str, message: str) -> None:
    with pytest.raises(ConfigError) as refused:
        read_settings(None, {name: value})
    assert message in str(refused.value)


def test_every_key_stands_in_the_reference_with_its_documentation() -> None:
    lines = settings_reference().splitlines()

    def check(value: Any) -> None:
        for one in fields(value):
            inner = getattr(value, one.name)
            if is_dataclass(inner):
                check(inner)
            elif one.name not in ("subgraphs", "override_labels"):
                (line,) = [
                    line for line in lines if line.startswith(f"# {one.name} = ") and one.metadata["doc"] in line
                ]
                assert line.endswith(".")

    check(Settings())
    assert "[override_labels]" in settings_reference()
