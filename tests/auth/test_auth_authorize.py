"""The authorization endpoint against bad and good requests; numbers are those of the project's list of 55 attacks."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest

APP = "https://app.example/cb"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"

PAGE_CASES: list[tuple[str, dict[str, str | None], str]] = [
    ("1 unknown client", {"client_id": "c_aaaaaaaaaaaaaaaaaaaaaaaaaa"}, "invalid_client"),
    ("1 client id of another shape", {"client_id": "앱' OR 1=1"}, "invalid_client"),
    ("1 no client id", {"client_id": None}, "invalid_request"),
    ("2 other host", {"redirect_uri": "https://evil.example/cb"}, "invalid_request"),
    ("2 no redirect uri", {"redirect_uri": None}, "invalid_request"),
    ("3 trailing slash", {"redirect_uri": APP + "/"}, "invalid_request"),
    ("3 query added", {"redirect_uri": APP + "?x=1"}, "invalid_request"),
    ("3 upper case", {"redirect_uri": "https://app.example/CB"}, "invalid_request"),
    ("3 fragment", {"redirect_uri": APP + "#f"}, "invalid_request"),
    ("3 dot segment", {"redirect_uri": "https://app.example/x/../cb"}, "invalid_request"),
    ("3 user info", {"redirect_uri": "https://app.example@evil.example/cb"}, "invalid_request"),
    ("3 http", {"redirect_uri": "http://app.example/cb"}, "invalid_request"),
    ("3 port", {"redirect_uri": "https://app.example:8443/cb"}, "invalid_request"),
    ("3 percent encoded", {"redirect_uri": "https://app.example/%63b"}, "invalid_request"),
    ("4 Korean", {"redirect_uri": "https://앱.example/콜백"}, "invalid_request"),
    ("4 quoted", {"redirect_uri": 'https://app.example/"cb"'}, "invalid_request"),
    ("4 javascript", {"redirect_uri": "javascript:alert(1)"}, "invalid_request"),
    ("5 loopback of a web app", {"redirect_uri": "http://127.0.0.1:5000/cb"}, "invalid_request"),
    ("55 NUL in state", {"state": "a\x00b"}, "invalid_request"),
    ("55 line break in state", {"state": "a\r\nSet-Cookie: x=1"}, "invalid_request"),
]

REDIRECT_CASES: list[tuple[str, dict[str, str | None], str]] = [
    ("6 no challenge", {"code_challenge": None}, "invalid_request"),
    (
        "21 no PKCE at all, so no verifier without a challenge",
        {"code_challenge": None, "code_challenge_method": None},
        "invalid_request",
    ),
    ("7 plain", {"code_challenge_method": "plain"}, "invalid_request"),
    ("8 method missing", {"code_challenge_method": None}, "invalid_request"),
    ("9 short challenge", {"code_challenge": "abc"}, "invalid_request"),
    ("9 challenge of other characters", {"code_challenge": "가" * 43}, "invalid_request"),
    ("10 implicit", {"response_type": "token"}, "unsupported_response_type"),
    ("10 hybrid", {"response_type": "code id_token"}, "unsupported_response_type"),
    ("11 Korean response type", {"response_type": "코드"}, "unsupported_response_type"),
    ("11 no response type", {"response_type": None}, "invalid_request"),
    ("12 scope not granted to the app", {"scope": "rail:read lodge:book"}, "invalid_scope"),
    ("12 unknown scope", {"scope": "rail:readx"}, "invalid_scope"),
    ("12 Korean scope", {"scope": "열차"}, "invalid_scope"),
    ("14 nobody signed in", {"prompt": "none"}, "login_required"),
    ("14 prompt none with another", {"prompt": "none login"}, "invalid_request"),
    ("14 unknown prompt", {"prompt": "팝업"}, "invalid_request"),
    ("15 request uri", {"request_uri": "http://169.254.169.254/"}, "request_uri_not_supported"),
    ("16 request object", {"request": "eyJhbGciOiJub25lIn0.e30."}, "request_not_supported"),
    ("17 foreign resource", {"resource": "https://evil.example"}, "invalid_target"),
]


@pytest.mark.parametrize(("changes", "error"), [case[1:] for case in PAGE_CASES], ids=[case[0] for case in PAGE_CASES])
def test_a_request_that_cannot_be_trusted_stays_on_a_page(live: Any, changes: dict[str, Any], error: str) -> None:
    parameters, _ = live.request(**changes)
    response = live.browser().get("/oauth/authorize", params=parameters)
    assert (response.status_code, "location" in response.headers) == (400, False)
    assert response.headers["content-type"].startswith("text/html")
    assert f"<code>{error}</code>" in response.text


@pytest.mark.parametrize(
    ("changes", "error"), [case[1:] for case in REDIRECT_CASES], ids=[case[0] for case in REDIRECT_CASES]
)
def test_a_bad_request_of_a_known_app_goes_back_to_it(live: Any, changes: dict[str, Any], error: str) -> None:
    parameters, _ = live.request(**changes)
    response = live.browser().get("/oauth/authorize", params=parameters)
    assert response.status_code == 303
    location = response.headers["location"]
    assert location.startswith(APP + "?error=")
    answer = dict(item.split("=", 1) for item in location.partition("?")[2].split("&"))
    assert (answer["error"], answer["state"]) == (error, "s-1")
    assert answer["iss"] == urlencode({"": live.url})[1:]
    assert "code" not in answer
    assert location.isascii()


@pytest.mark.parametrize(
    ("name", "values", "outcome"),
    [
        ("client_id", ("{client}", "{client}"), "page"),
        ("redirect_uri", (APP, "https://evil.example/cb"), "page"),
        ("state", ("a", "b"), "redirect without state"),
        ("scope", ("rail:read", "rail:read"), "redirect"),
        ("code_challenge", (CHALLENGE, CHALLENGE), "redirect"),
        ("unheard_of", ("1", "1"), "redirect"),
    ],
)
def test_13_a_repeated_parameter(live: Any, name: str, values: tuple[str, ...], outcome: str) -> None:
    parameters, _ = live.request()
    parameters.pop(name, None)
    pairs = [*parameters.items(), *((name, value.format(client=live.app.client_id)) for value in values)]
    response = live.browser().get("/oauth/authorize?" + urlencode(pairs))
    if outcome == "page":
        assert response.status_code == 400
        return
    answer = dict(response.next_request.url.params)
    assert answer["error"] == "invalid_request"
    assert answer.get("state") == (None if outcome == "redirect without state" else "s-1")


@pytest.mark.parametrize(
    ("redirect_uri", "accepted"),
    [
        ("http://127.0.0.1/cb", True),
        ("http://127.0.0.1:51004/cb", True),
        ("http://127.0.0.1:51004/cb/", False),
        ("http://127.0.0.1:51004/other", False),
        ("http://127.0.0.1:51004/cb?x=1", False),
        ("http://localhost:51004/cb", False),
        ("http://[::1]:51004/cb", False),
        ("http://127.0.0.2:51004/cb", False),
        ("https://127.0.0.1:51004/cb", False),
        ("http://127.0.0.1:51004@evil.example/cb", False),
        ("http://127.0.0.1:５/cb", False),
    ],
)
def test_5_a_native_app_may_use_any_port_of_its_loopback_address(live: Any, redirect_uri: str, accepted: bool) -> None:
    parameters, _ = live.request(live.native.client_id, redirect_uri=redirect_uri)
    response = live.browser().get("/oauth/authorize", params=parameters)
    assert response.status_code == (200 if accepted else 400)


@pytest.mark.parametrize("raw", ["client_id=%ff", "state=%ED%A0%80", "state=%C0%80", "scope=%zz", "a=%"])
def test_55_bytes_that_are_not_utf8_are_refused(live: Any, raw: str) -> None:
    parameters, _ = live.request()
    response = live.browser().get(f"/oauth/authorize?{urlencode(parameters)}&{raw}")
    assert response.status_code == 400


def test_36_too_many_parameters_and_too_long_ones(live: Any) -> None:
    parameters, _ = live.request()
    query = urlencode(parameters)
    assert live.browser().get(f"/oauth/authorize?{query}&" + "&".join(f"p{n}=1" for n in range(60))).status_code == 400
    assert live.browser().get(f"/oauth/authorize?{query}&x={'y' * 17_000}").status_code == 413


def test_the_whole_flow_gives_a_code_with_state_and_issuer(live: Any) -> None:
    parameters, _ = live.request(state="한글 상태 &=?")
    answer = live.browser().authorize(parameters)
    assert set(answer) == {"code", "state", "iss"}
    assert (answer["state"], answer["iss"], len(answer["code"])) == ("한글 상태 &=?", live.url, 43)


def test_saying_no_goes_back_as_access_denied(live: Any) -> None:
    parameters, _ = live.request()
    answer = live.browser().authorize(parameters, answer="deny")
    assert (answer["error"], answer["state"]) == ("access_denied", "s-1")
    assert "code" not in answer


class TestPrompt:
    def test_none_with_a_session_but_no_consent_is_consent_required(self, live: Any) -> None:
        browser = live.browser()
        browser.authorize(live.request(live.other.client_id, scope="rail:read")[0])
        parameters, _ = live.request(live.other.client_id, scope="rail:read", prompt="none")
        assert browser.authorize(parameters)["error"] == "consent_required"

    def test_none_with_a_remembered_consent_gives_a_code_without_a_page(self, live: Any) -> None:
        browser = live.browser()
        browser.authorize(live.request()[0], remember="yes")
        response = browser.get("/oauth/authorize", params=live.request(prompt="none")[0])
        assert "code" in dict(response.next_request.url.params)
        wider = live.request(prompt="none", scope="rail:read rail:book")[0]
        assert browser.authorize(wider)["error"] == "consent_required"

    def test_a_native_app_is_never_remembered(self, live: Any) -> None:
        browser = live.browser()
        browser.authorize(live.request(live.native.client_id)[0], remember="yes")
        parameters, _ = live.request(live.native.client_id, prompt="none")
        assert browser.authorize(parameters)["error"] == "consent_required"

    @pytest.mark.parametrize("prompt", ["login", "select_account"])
    def test_login_asks_again_although_somebody_is_signed_in(self, live: Any, prompt: str) -> None:
        browser = live.browser()
        browser.authorize(live.request()[0])
        page = browser.get("/oauth/authorize", params=live.request(prompt=prompt)[0]).text
        assert 'name="password"' in page
        assert "prompt" not in browser.sign_in(page).headers["location"]

    def test_consent_asks_again_although_it_was_remembered(self, live: Any) -> None:
        browser = live.browser()
        browser.authorize(live.request()[0], remember="yes")
        page = browser.get("/oauth/authorize", params=live.request(prompt="consent")[0]).text
        assert 'value="allow"' in page
