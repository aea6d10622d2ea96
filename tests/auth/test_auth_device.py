"""The device flow (RFC 8628), from the device's side over HTTP and from the citizen's side over pages."""

from __future__ import annotations

import re
from typing import Any

import httpx
import jwt
import pytest

from auth.device_codes import plain, shown
from auth.errors import RegistrationRefused
from auth.grant_types import DEVICE_CODE
from tests.auth.signing import AppKey


@pytest.fixture(scope="module")
def box(live: Any) -> Any:
    """A public app on a device without a browser."""
    return live.register("public", redirect_uris=[], more_grant_types=[DEVICE_CODE], name_ko="거실 화면")


def start(live: Any, client: Any, **form: str) -> dict[str, Any]:
    response = live.post("/oauth/device_authorization", {"scope": "rail:read openid", **form}, client)
    assert response.status_code == 200, response.text
    body: dict[str, Any] = response.json()
    return body


def poll(live: Any, client: Any, started: dict[str, Any], headers: Any = None) -> httpx.Response:
    form = {"grant_type": DEVICE_CODE, "device_code": started["device_code"]}
    response: httpx.Response = live.token(form, client, headers)
    return response


def error_of(response: httpx.Response) -> Any:
    assert response.status_code == 400, response.text
    return response.json()["error"]


def enter(live: Any, typed: str, language: str = "ko", browser: Any = None) -> tuple[Any, httpx.Response]:
    """Sign in, enter a code; the page that follows."""
    browser = browser or live.browser(language)
    page = browser.get("/oauth/device")
    if 'name="password"' in page.text:
        page = browser.get(browser.sign_in(page.text).headers["location"])
    return browser, browser.submit("/oauth/device", page.text, user_code=typed)


def let_in(live: Any, started: dict[str, Any], answer: str = "allow") -> httpx.Response:
    browser, page = enter(live, started["user_code"])
    response: httpx.Response = browser.submit("/oauth/device/answer", page.text, answer=answer)
    assert response.status_code == 200, response.text
    return response


class TestDevice:
    def test_the_whole_flow(self, live: Any, box: Any) -> None:
        started = start(live, box)
        assert set(started) == {
            "device_code", "user_code", "verification_uri", "verification_uri_complete", "expires_in", "interval",
        }  # fmt: skip
        assert re.fullmatch(r"[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}", started["user_code"])
        assert started["verification_uri_complete"] == f"{live.url}/oauth/device?user_code={started['user_code']}"
        assert error_of(poll(live, box, started)) == "authorization_pending"
        let_in(live, started)
        tokens = poll(live, box, started).json()
        assert tokens["scope"] == "openid rail:read"
        claims = jwt.decode(tokens["access_token"], options={"verify_signature": False})
        assert claims["sub"].startswith("u_")
        assert jwt.decode(tokens["id_token"], options={"verify_signature": False})["sub"] == claims["sub"]
        again = live.token({"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}, box).json()
        assert again["scope"] == "openid rail:read"

    def test_45_a_code_is_good_once(self, live: Any, box: Any) -> None:
        started = start(live, box)
        let_in(live, started)
        assert poll(live, box, started).status_code == 200
        assert error_of(poll(live, box, started)) == "invalid_grant"

    def test_45_a_no_is_access_denied(self, live: Any, box: Any) -> None:
        started = start(live, box)
        let_in(live, started, "deny")
        assert error_of(poll(live, box, started)) == "access_denied"

    @pytest.mark.parametrize("code", ["x", "x" * 43, "코드", "' OR 1=1 --"])
    def test_45_an_unknown_code(self, live: Any, box: Any, code: str) -> None:
        assert error_of(poll(live, box, {"device_code": code})) == "invalid_grant"

    def test_45_another_apps_code(self, live: Any, box: Any) -> None:
        other = live.register("public", redirect_uris=[], more_grant_types=[DEVICE_CODE])
        started = start(live, box)
        let_in(live, started)
        assert error_of(poll(live, other, started)) == "invalid_grant"
        assert poll(live, box, started).status_code == 200

    def test_45_no_code_at_all(self, live: Any, box: Any) -> None:
        assert error_of(live.token({"grant_type": DEVICE_CODE}, box)) == "invalid_request"

    def test_45_expired(self, live: Any, box: Any) -> None:
        started = start(live, box)
        live.clock.forward(601)
        assert error_of(poll(live, box, started)) == "expired_token"
        _, page = enter(live, started["user_code"])
        assert page.status_code == 400

    def test_45_asking_too_often_slows_down_by_five_seconds(self, live: Any, box: Any) -> None:
        started = start(live, box)
        assert error_of(poll(live, box, started)) == "authorization_pending"
        assert error_of(poll(live, box, started)) == "slow_down"
        live.clock.forward(6)
        assert error_of(poll(live, box, started)) == "slow_down", "ten seconds now"
        live.clock.forward(16)
        assert error_of(poll(live, box, started)) == "authorization_pending"
        let_in(live, started)
        assert poll(live, box, started).status_code == 200

    def test_45_a_confidential_app_needs_its_secret(self, live: Any) -> None:
        client = live.register(more_grant_types=[DEVICE_CODE])
        named = {"client_id": client.client_id, "scope": "rail:read"}
        assert live.post("/oauth/device_authorization", named).status_code == 401
        started = start(live, client)
        let_in(live, started)
        form = {"grant_type": DEVICE_CODE, "device_code": started["device_code"], "client_id": client.client_id}
        assert live.token(form).status_code == 401
        assert poll(live, client, started).status_code == 200

    def test_only_apps_registered_for_it(self, live: Any) -> None:
        response = live.post("/oauth/device_authorization", {"scope": "rail:read"}, live.native)
        assert (response.status_code, response.json()["error"]) == (400, "unauthorized_client")
        assert (
            error_of(live.token({"grant_type": DEVICE_CODE, "device_code": "x"}, live.native)) == "unauthorized_client"
        )
        with pytest.raises(RegistrationRefused):
            live.register("fapi2", jwks=AppKey().jwks, more_grant_types=[DEVICE_CODE])

    @pytest.mark.parametrize(
        ("form", "error"),
        [
            ({"scope": "rail:fly"}, "invalid_scope"),
            ({"scope": "열차"}, "invalid_scope"),
            ({"resource": "https://evil.example"}, "invalid_target"),
        ],
    )
    def test_a_bad_start(self, live: Any, box: Any, form: dict[str, str], error: str) -> None:
        assert error_of(live.post("/oauth/device_authorization", form, box)) == error

    def test_a_proof_binds_the_tokens(self, live: Any, box: Any) -> None:
        key, started = AppKey(), start(live, box)
        let_in(live, started)
        assert poll(live, box, started, live.proof(key)).json()["token_type"] == "DPoP"


class TestPages:
    @pytest.mark.parametrize(
        ("language", "words"),
        [
            ("ko", "거실 화면|누리여행|이민지|열차 조회|본인 확인|내 앞의 기기|이 기기 연결|거절"),
            ("en", "New app|Nuri Travel|이민지|Train information|a device before you|Connect this device|Deny"),
        ],
    )
    def test_say_which_app_asks_for_what_and_warn(self, live: Any, box: Any, language: str, words: str) -> None:
        started = start(live, box)
        _, page = enter(live, started["user_code"], language)
        assert [word for word in [*words.split("|"), started["user_code"]] if word not in page.text] == []
        assert "frame-ancestors 'none'" in page.headers["content-security-policy"]

    @pytest.mark.parametrize("typed", ["{code}", "{lower}", " {spaced} ", "{bare}"])
    def test_a_code_may_be_typed_in_any_way(self, live: Any, box: Any, typed: str) -> None:
        code = start(live, box)["user_code"]
        ways = {"code": code, "lower": code.lower(), "spaced": code.replace("-", " "), "bare": code.replace("-", "")}
        _, page = enter(live, typed.format(**ways))
        assert 'value="allow"' in page.text

    def test_a_code_in_the_address_is_filled_in_but_not_taken_for_a_yes(self, live: Any, box: Any) -> None:
        started = start(live, box)
        browser = live.browser("en")
        page = browser.get("/oauth/device", params={"user_code": started["user_code"]})
        followed = browser.sign_in(page.text).headers["location"]
        assert followed.startswith("/oauth/device?")
        form = browser.get(followed).text
        assert f'value="{started["user_code"]}"' in form
        assert 'value="allow"' not in form

    def test_the_language_can_be_switched_on_the_way(self, live: Any, box: Any) -> None:
        browser = live.browser()
        page = browser.get("/oauth/device", params={"user_code": "BCDF-GHJK"}).text
        other = re.search(r'<a class="switch" href="([^"]*)"', page)
        assert other
        assert '<html lang="en">' in browser.get(other[1].replace("&amp;", "&")).text
        started = start(live, box)
        signed_in, confirm = enter(live, started["user_code"])
        other = re.search(r'<a class="switch" href="([^"]*)"', confirm.text)
        assert other
        again = signed_in.get(other[1].replace("&amp;", "&")).text
        assert ('<html lang="en">' in again, started["user_code"] in again) == (True, True)

    def test_says_when_it_is_done(self, live: Any, box: Any) -> None:
        assert "기기를 연결했습니다" in let_in(live, start(live, box)).text
        assert "연결하지 않았습니다" in let_in(live, start(live, box), "deny").text

    @pytest.mark.parametrize("typed", ["", "BCDF", "코드", "BCDF-GHJK-LMNP", "<script>"])
    def test_a_wrong_code_shows_the_form_again(self, live: Any, typed: str) -> None:
        _, page = enter(live, typed)
        assert (page.status_code, 'role="alert"' in page.text, "<script>" in page.text) == (400, True, False)

    def test_45_ten_wrong_codes_close_the_door(self, live_alone: Any) -> None:
        live = live_alone
        box = live.register("public", redirect_uris=[], more_grant_types=[DEVICE_CODE])
        started = start(live, box)
        browser = None
        for _ in range(10):
            browser, page = enter(live, "BCDF-GHJK", browser=browser)
            assert page.status_code == 400
        _, page = enter(live, started["user_code"], browser=browser)
        assert (page.status_code, 'value="allow"' in page.text) == (429, False)
        live.clock.forward(901)
        assert poll(live, box, started).json()["error"] == "expired_token"

    def test_49_the_answer_is_bound_to_browser_and_code(self, live: Any, box: Any) -> None:
        started, other = start(live, box), start(live, box)
        browser, page = enter(live, started["user_code"])
        stranger, _ = enter(live, other["user_code"])
        assert stranger.submit("/oauth/device/answer", page.text, answer="allow").status_code == 403
        changed = page.text.replace(plain(started["user_code"]), plain(other["user_code"]))
        assert changed != page.text
        assert browser.submit("/oauth/device/answer", changed, answer="allow").status_code == 403
        assert browser.submit("/oauth/device", page.text, user_code=other["user_code"]).status_code == 403
        assert error_of(poll(live, box, other)) == "authorization_pending"

    def test_an_answer_counts_once(self, live: Any, box: Any) -> None:
        started = start(live, box)
        browser, page = enter(live, started["user_code"])
        assert browser.submit("/oauth/device/answer", page.text, answer="deny").status_code == 200
        assert browser.submit("/oauth/device/answer", page.text, answer="allow").status_code == 400
        assert error_of(poll(live, box, started)) == "access_denied"


def test_typed_and_shown_codes() -> None:
    assert plain(" bcdf-ghjk ") == "BCDFGHJK"
    assert plain("AEIOU0189열쇠") == ""
    assert shown("BCDFGHJK") == "BCDF-GHJK"
