"""Token exchange (RFC 8693), service to service: same subject, no more rights, no longer life, and one end."""

from __future__ import annotations

from typing import Any

import jwt
import pytest

from auth.errors import RegistrationRefused
from auth.grant_types import TOKEN_EXCHANGE
from auth.kill_switch import set_client_state
from auth.registration import create_client, create_organisation
from tests.auth.signing import AppKey

ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"


def claims_of(token: str) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims


@pytest.fixture(scope="module")
def service(live: Any) -> Any:
    """A service of the same organisation as the app; it may read trains and lodges."""
    scopes = ["openid", "rail:read", "lodge:read"]
    return live.register(redirect_uris=[], scopes=scopes, more_grant_types=[TOKEN_EXCHANGE])


def swap(live: Any, client: Any, token: str, headers: Any = None, **form: str | None) -> Any:
    whole = {
        "grant_type": TOKEN_EXCHANGE,
        "subject_token": token,
        "subject_token_type": ACCESS_TOKEN,
        **form,
    }
    return live.token({name: value for name, value in whole.items() if value is not None}, client, headers)


def test_the_new_token_speaks_for_the_same_citizen_through_the_service(live: Any, service: Any) -> None:
    old = live.tokens(scope="openid rail:read rail:book")["access_token"]
    live.clock.forward(60)
    body = swap(live, service, old).json()
    assert set(body) == {"access_token", "issued_token_type", "token_type", "expires_in", "scope"}
    assert (body["issued_token_type"], body["token_type"], body["scope"]) == (ACCESS_TOKEN, "Bearer", "rail:read")
    before, after = claims_of(old), claims_of(body["access_token"])
    assert {name: after[name] for name in ("sub", "grant_id", "auth_time", "aud", "iss")} == {
        name: before[name] for name in ("sub", "grant_id", "auth_time", "aud", "iss")
    }
    assert after["client_id"] == service.client_id
    assert after["act"] == {"sub": service.client_id, "act": {"sub": live.app.client_id}}
    assert after["exp"] <= before["exp"], "no longer life"


def test_a_machines_token_can_be_exchanged_too(live: Any, service: Any) -> None:
    old = live.token({"grant_type": "client_credentials", "scope": "rail:read"}, live.app).json()["access_token"]
    after = claims_of(swap(live, service, old, scope="rail:read").json()["access_token"])
    assert (after["sub"], after["client_id"]) == (live.app.client_id, service.client_id)


@pytest.mark.parametrize("scope", ["rail:book", "lodge:read rail:book", "sensing:live", "openid", "열차"])
def test_it_may_do_no_more_than_the_old_one_and_the_service(live: Any, service: Any, scope: str) -> None:
    old = live.tokens(scope="openid rail:read rail:book sensing:live lodge:read")["access_token"]
    response = swap(live, service, old, scope=scope)
    assert (response.status_code, response.json()["error"]) == (400, "invalid_scope")


def test_nothing_in_common_is_nothing_to_give(live: Any, service: Any) -> None:
    old = live.tokens(scope="sensing:live")["access_token"]
    assert swap(live, service, old).json()["error"] == "invalid_scope"


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"subject_token": None}, "invalid_request"),
        ({"subject_token_type": None}, "invalid_request"),
        ({"subject_token_type": "urn:ietf:params:oauth:token-type:id_token"}, "invalid_request"),
        ({"requested_token_type": "urn:ietf:params:oauth:token-type:refresh_token"}, "invalid_request"),
        ({"actor_token": "x", "actor_token_type": ACCESS_TOKEN}, "invalid_request"),
        ({"subject_token": "x"}, "invalid_request"),
        ({"subject_token": "토큰"}, "invalid_request"),
        ({"audience": "https://evil.example"}, "invalid_target"),
        ({"resource": "https://evil.example"}, "invalid_target"),
    ],
    ids=str,
)
def test_what_cannot_be_exchanged(live: Any, service: Any, form: dict[str, Any], error: str) -> None:
    old = live.tokens()["access_token"]
    response = swap(live, service, old, **form)
    assert (response.status_code, response.json()["error"]) == (400, error)


def test_neither_can_a_refresh_or_id_token_nor_an_expired_or_revoked_one(live: Any, service: Any) -> None:
    tokens = live.tokens(scope="openid rail:read")
    expired, revoked = live.tokens()["access_token"], live.tokens()["access_token"]
    live.post("/oauth/revoke", {"token": revoked}, live.app)
    live.clock.forward(301)
    for token in (tokens["refresh_token"], tokens["id_token"], expired, revoked):
        assert swap(live, service, token).json()["error"] == "invalid_request"


def test_another_organisations_token_is_refused(live: Any) -> None:
    organisation = live.run(create_organisation(live.server, name_ko="남의 기관", name_en="Others"))
    stranger = live.run(
        create_client(
            live.server,
            organisation_id=organisation,
            name_ko="남의 앱",
            name_en="Stranger",
            kind="confidential",
            scopes=["rail:read"],
            more_grant_types=[TOKEN_EXCHANGE],
        )
    )
    response = swap(live, stranger, live.tokens()["access_token"])
    assert (response.status_code, response.json()["error"]) == (400, "invalid_request")


def test_only_for_apps_that_asked_for_it_and_prove_who_they_are(live: Any) -> None:
    assert swap(live, live.other, live.tokens()["access_token"]).json()["error"] == "unauthorized_client"
    with pytest.raises(RegistrationRefused):
        live.register("public", more_grant_types=[TOKEN_EXCHANGE])


def test_a_bound_token_is_exchanged_for_a_bound_one_only(live: Any, service: Any) -> None:
    old = live.token(live.code(), live.app, live.proof(AppKey())).json()["access_token"]
    assert swap(live, service, old).json()["error"] == "invalid_dpop_proof"
    own = AppKey()
    body = swap(live, service, old, live.proof(own)).json()
    assert claims_of(body["access_token"])["cnf"] == {"jkt": own.thumbprint}


def test_a_chain_has_four_links_at_most(live: Any, service: Any) -> None:
    token = live.tokens()["access_token"]
    for _ in range(4):
        token = swap(live, service, token).json()["access_token"]
    assert swap(live, service, token).json()["error"] == "invalid_request"


@pytest.mark.parametrize("ended", ["token", "grant", "first app", "service"])
def test_it_dies_with_what_it_came_from(live: Any, service: Any, ended: str) -> None:
    app = live.register()
    old = live.tokens(app)["access_token"]
    new = claims_of(swap(live, service, swap(live, service, old).json()["access_token"]).json()["access_token"])
    assert not live.server.is_revoked(new)
    if ended == "token":
        live.post("/oauth/revoke", {"token": old}, app)
    elif ended == "grant":
        live.run(live.server.end_grant(new["grant_id"]))
    else:
        client_id = app.client_id if ended == "first app" else service.client_id
        live.run(set_client_state(live.server, client_id, "suspended"))
        live.run(set_client_state(live.server, client_id, "active"))
    assert live.server.is_revoked(new)
    live.clock.forward(2)
