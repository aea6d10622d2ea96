"""Pushed authorization requests (RFC 9126), and the profile that puts PAR, DPoP and private_key_jwt together."""

from __future__ import annotations

from typing import Any

import jwt
import pytest

from auth.errors import RegistrationRefused
from auth.pushed_requests import PREFIX
from tests.auth.signing import AppKey

PATH = "/oauth/par"
KEY = AppKey()


def push(live: Any, client: Any = None, headers: Any = None, **changes: str | None) -> tuple[Any, str]:
    """The answer to a good request, changed, and its PKCE verifier."""
    client = client or live.app
    parameters, verifier = live.request(client.client_id, **changes)
    return live.post(PATH, parameters, client, headers), verifier


def short(client: Any, response: Any) -> dict[str, str]:
    """What stands in the URL afterwards."""
    assert response.status_code == 201, response.text
    return {"client_id": client.client_id, "request_uri": response.json()["request_uri"]}


def redeem(live: Any, client: Any, answer: dict[str, str], verifier: str, headers: Any = None) -> Any:
    uri = live.request(client.client_id)[0]["redirect_uri"]
    form = {"grant_type": "authorization_code", "code": answer["code"], "redirect_uri": uri, "code_verifier": verifier}
    return live.token(form, client, headers)


class TestPushing:
    @pytest.mark.parametrize("kind", ["app", "native"])
    def test_the_whole_flow(self, live: Any, kind: str) -> None:
        client = getattr(live, kind)
        response, verifier = push(live, client, state="한글 상태", scope="openid rail:read", nonce="n")
        assert set(response.json()) == {"request_uri", "expires_in"}
        assert response.json()["request_uri"].startswith(PREFIX)
        assert (response.json()["expires_in"], response.headers["cache-control"]) == (300, "no-store")
        answer = live.browser().authorize(short(client, response))
        assert (answer["state"], answer["iss"]) == ("한글 상태", live.url)
        tokens = redeem(live, client, answer, verifier).json()
        assert tokens["scope"] == "openid rail:read"
        assert jwt.decode(tokens["id_token"], options={"verify_signature": False})["nonce"] == "n"

    @pytest.mark.parametrize(
        ("change", "error"),
        [
            ({"redirect_uri": "https://evil.example/cb"}, "invalid_request"),
            ({"redirect_uri": None}, "invalid_request"),
            ({"scope": "lodge:book"}, "invalid_scope"),
            ({"scope": "열차"}, "invalid_scope"),
            ({"response_type": "token"}, "unsupported_response_type"),
            ({"response_type": None}, "invalid_request"),
            ({"code_challenge": None}, "invalid_request"),
            ({"code_challenge_method": "plain"}, "invalid_request"),
            ({"resource": "https://evil.example"}, "invalid_target"),
            ({"prompt": "unheard"}, "invalid_request"),
            ({"request_uri": PREFIX + "x"}, "invalid_request"),
            ({"request_uri": "http://169.254.169.254/"}, "invalid_request"),
            ({"request": "e30.e30."}, "request_not_supported"),
            ({"dpop_jkt": "short"}, "invalid_request"),
        ],
        ids=str,
    )
    def test_48_a_bad_request_is_told_to_the_app_before_any_browser_moves(
        self, live: Any, change: dict[str, Any], error: str
    ) -> None:
        response, _ = push(live, **change)
        assert (response.status_code, response.json()["error"]) == (400, error)

    def test_48_not_without_client_authentication(self, live: Any) -> None:
        parameters, _ = live.request()
        assert live.post(PATH, parameters).status_code == 401
        response = live.post(PATH, {**parameters, "client_secret": "x" * 43})
        assert (response.status_code, response.json()["error"]) == (401, "invalid_client")

    def test_48_not_for_another_client(self, live: Any) -> None:
        response = live.post(PATH, live.request(live.other.client_id)[0], live.app)
        assert (response.status_code, response.json()["error"]) == (400, "invalid_request")

    def test_credentials_are_not_kept(self, live: Any) -> None:
        parameters, _ = live.request()
        response = live.post(PATH, {**parameters, "client_secret": live.app.secret})
        page = live.browser().get("/oauth/authorize", params=short(live.app, response)).text
        assert live.app.secret not in page


class TestUsing:
    def test_48_it_gives_one_code(self, live: Any) -> None:
        response, _ = push(live, prompt="consent")
        wanted, browser = short(live.app, response), live.browser()
        first = browser.get("/oauth/authorize", params=wanted)
        assert browser.get("/oauth/authorize", params=wanted).status_code == first.status_code == 200, (
            "pages may reload"
        )
        assert "code" in browser.authorize(wanted)
        again = browser.get("/oauth/authorize", params=wanted)
        assert (again.status_code, "invalid_request_uri" in again.text) == (400, True)
        assert "location" not in again.headers

    def test_48_a_no_uses_it_up_too(self, live: Any) -> None:
        response, _ = push(live, prompt="consent")
        browser = live.browser()
        assert browser.authorize(short(live.app, response), answer="deny")["error"] == "access_denied"
        assert browser.get("/oauth/authorize", params=short(live.app, response)).status_code == 400

    def test_48_another_apps_unknown_and_expired_ones_are_refused(self, live: Any) -> None:
        response, _ = push(live)
        for wanted in (
            {**short(live.app, response), "client_id": live.other.client_id},
            {"client_id": live.app.client_id, "request_uri": PREFIX + "x" * 43},
            {"client_id": live.app.client_id, "request_uri": PREFIX},
            {"client_id": live.app.client_id, "request_uri": PREFIX + "한글"},
        ):
            page = live.browser().get("/oauth/authorize", params=wanted)
            assert (page.status_code, "location" in page.headers) == (400, False)
        live.clock.forward(301)
        assert live.browser().get("/oauth/authorize", params=short(live.app, response)).status_code == 400

    def test_what_stands_beside_it_in_the_url_does_not_count(self, live: Any) -> None:
        response, verifier = push(live, scope="rail:read", state="pushed")
        wider = {
            **short(live.app, response),
            "scope": "rail:read rail:book",
            "state": "x",
            "redirect_uri": "https://evil",
        }
        answer = live.browser().authorize(wider)
        assert answer["state"] == "pushed"
        assert redeem(live, live.app, answer, verifier).json()["scope"] == "rail:read"

    @pytest.mark.parametrize("change", [{"prompt": "login"}, {"max_age": "0"}, {"prompt": "login consent"}])
    def test_a_sign_in_it_asks_for_is_asked_for_once(self, live: Any, change: dict[str, str]) -> None:
        browser = live.browser()
        browser.authorize(live.request()[0])
        live.clock.forward(5)
        response, _ = push(live, **change)
        page = browser.get("/oauth/authorize", params=short(live.app, response)).text
        assert 'name="password"' in page
        assert "code" in browser.authorize(short(live.app, response))

    def test_a_proof_sent_with_it_binds_the_code(self, live: Any) -> None:
        response, verifier = push(live, headers=live.proof(KEY, PATH))
        answer = live.browser().authorize(short(live.app, response))
        for headers in (None, live.proof(AppKey())):
            assert redeem(live, live.app, answer, verifier, headers).json()["error"] == "invalid_grant"
        tokens = redeem(live, live.app, answer, verifier, live.proof(KEY)).json()
        assert tokens["token_type"] == "DPoP"

    def test_44_a_proof_by_another_key_than_the_named_one(self, live: Any) -> None:
        response, _ = push(live, headers=live.proof(KEY, PATH), dpop_jkt=AppKey().thumbprint)
        assert (response.status_code, response.json()["error"]) == (400, "invalid_dpop_proof")


@pytest.fixture(scope="module")
def bank(live: Any) -> Any:
    """An app of the profile fapi2."""
    return live.register("fapi2", jwks=KEY.jwks)


class TestFapi2:
    """The three together: nothing of the profile can be left out."""

    def credentials(self, live: Any, bank: Any) -> dict[str, str]:
        return KEY.credentials(bank.client_id, live.url, live.clock())

    def pushed(self, live: Any, bank: Any, **changes: str) -> tuple[dict[str, str], str]:
        parameters, verifier = live.request(bank.client_id, **changes)
        response = live.post(PATH, {**parameters, **self.credentials(live, bank)})
        return short(bank, response), verifier

    def test_the_whole_flow_with_refresh(self, live: Any, bank: Any) -> None:
        wanted, verifier = self.pushed(live, bank, scope="openid lodge:book")
        answer = live.browser().authorize(wanted)
        form = {
            "grant_type": "authorization_code",
            "code": answer["code"],
            "redirect_uri": live.request(bank.client_id)[0]["redirect_uri"],
            "code_verifier": verifier,
        }
        without = live.token({**form, **self.credentials(live, bank)})
        assert (without.status_code, without.json()["error"]) == (400, "invalid_dpop_proof")
        tokens = live.token({**form, **self.credentials(live, bank)}, headers=live.proof(KEY)).json()
        assert (tokens["token_type"], tokens["scope"]) == ("DPoP", "openid lodge:book")
        refresh = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
        for _ in range(2):
            body = live.token({**refresh, **self.credentials(live, bank)}, headers=live.proof(KEY)).json()
            assert (body["token_type"], "refresh_token" in body) == ("DPoP", False)

    def test_a_request_in_the_url_is_refused(self, live: Any, bank: Any) -> None:
        parameters, _ = live.request(bank.client_id)
        answer = live.browser().authorize(parameters)
        assert (answer["error"], "code" in answer) == ("invalid_request", False)

    def test_machine_tokens_are_bound_too(self, live: Any, bank: Any) -> None:
        form = {"grant_type": "client_credentials", "scope": "rail:read"}
        assert live.token({**form, **self.credentials(live, bank)}).json()["error"] == "invalid_dpop_proof"
        body = live.token({**form, **self.credentials(live, bank)}, headers=live.proof(KEY)).json()
        assert body["token_type"] == "DPoP"

    def test_it_has_no_secret_and_needs_keys(self, live: Any, bank: Any) -> None:
        assert bank.secret is None
        with pytest.raises(RegistrationRefused):
            live.register("fapi2")
        response = live.token({"grant_type": "client_credentials", "client_id": bank.client_id, "client_secret": "x"})
        assert response.status_code == 401
