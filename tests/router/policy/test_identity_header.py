"""The signed identity a router sends to subgraphs in other processes: what the hub's subgraphs believe."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from router.caller import Caller
from router.config import ConfigError, Settings, SubgraphSettings
from router.federation.supergraph import read_supergraph
from router.policy.identity_header import STEP_S, VALID_S, IdentityHeader
from router.server import check_subgraph_settings
from subgraphs.kit.context import Identity
from subgraphs.kit.identity import BadIdentity, read_identity
from tests.test_schema_files import SCHEMA

SECRET = "a secret of both sides"
CITIZEN = Caller("시민-1", "app", frozenset({"rail:book", "rail:read"}), language="ko", headers={"traceparent": "00-1"})
NOW = 1_800_000_000.0


def header(caller: Caller, at: float = NOW, secret: str = SECRET) -> dict[str, str]:
    return dict(IdentityHeader(secret, "Hub-Identity", clock=lambda: at)(caller))


def read(headers: dict[str, str], at: float = NOW, secret: str = SECRET) -> Identity:
    return read_identity(headers, secret.encode(), clock=lambda: datetime.fromtimestamp(at, UTC))


@pytest.mark.parametrize(
    "caller",
    [CITIZEN, Caller(None, "app", frozenset({"rail:read"})), Caller("s", None), replace(CITIZEN, scopes=frozenset())],
)
def test_a_subgraph_reads_who_asks(caller: Caller) -> None:
    assert read(header(caller)) == Identity(caller.subject, caller.client_id, caller.scopes, caller.language)  # type: ignore[arg-type]
    assert header(caller).get("traceparent") == caller.headers.get("traceparent")


def test_nobody_has_no_identity_and_cannot_bring_one() -> None:
    forged = header(CITIZEN)["hub-identity"]
    assert header(Caller(headers={"hub-identity": forged, "accept-language": "ko"})) == {"accept-language": "ko"}
    mine = header(replace(CITIZEN, subject="other", headers={"hub-identity": forged}))
    assert read(mine).subject == "other"


def test_a_header_lives_a_minute() -> None:
    sent = header(CITIZEN)
    assert read(sent, NOW + VALID_S - STEP_S)
    with pytest.raises(BadIdentity, match="expired"):
        read(sent, NOW + VALID_S + 1)


def test_another_secret_does_not_fit() -> None:
    with pytest.raises(BadIdentity, match="signature"):
        read(header(CITIZEN, secret="another secret of ours"))


def test_a_callers_header_is_the_same_for_some_seconds_and_no_other_callers() -> None:
    clock = [NOW]
    headers = IdentityHeader(SECRET, "hub-identity", clock=lambda: clock[0])
    first = headers(CITIZEN)
    clock[0] += STEP_S - 1
    assert headers(CITIZEN) == first
    assert headers(replace(CITIZEN, scopes=frozenset())) != first
    assert headers(replace(CITIZEN, client_id="other")) != first
    clock[0] += STEP_S
    assert headers(CITIZEN) != first


@pytest.mark.parametrize(
    ("own", "problem"),
    [
        (SubgraphSettings(identity_secret="short"), "identity_secret must have at least 16 characters"),
        (SubgraphSettings(identity_secret=SECRET, identity_header="content-length"), "identity_header"),
        (SubgraphSettings(identity_secret=SECRET, identity_header="a b"), "identity_header"),
    ],
)
def test_settings_that_protect_nothing_are_refused(own: SubgraphSettings, problem: str) -> None:
    supergraph = read_supergraph((SCHEMA / "supergraph.graphql").read_text())
    with pytest.raises(ConfigError, match=problem):
        check_subgraph_settings(supergraph, Settings(subgraphs={"rail": own}))
