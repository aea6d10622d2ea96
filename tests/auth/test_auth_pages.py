"""The pages citizens see: language, words, headers, forms; numbers are those of the project's list of 55 attacks."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from auth.language import choose_language
from auth.pages.render import page_headers
from auth.pages.texts import TEXTS
from auth.reasons import REASONS
from auth.registration import create_client
from auth.scopes import SCOPES
from auth.server import AuthServer


class Outline(HTMLParser):
    """What a page is made of, as a browser would read it."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def values(self, tag: str, name: str) -> list[str]:
        return [value for owner, attribute, value in self.attributes if (owner, attribute) == (tag, name)]


def consent_page(live: Any, language: str = "ko", client: Any = None, **changes: str) -> tuple[Any, httpx.Response]:
    browser = live.browser(language)
    parameters, _ = live.request((client or live.app).client_id, prompt="consent", **changes)
    page = browser.get("/oauth/authorize", params=parameters).text
    return browser, browser.get(browser.sign_in(page).headers["location"])


class TestConsentPage:
    @pytest.mark.parametrize(
        ("language", "words"),
        [
            ("ko", "길벗|누리여행|이민지|열차 조회|열차 시각, 좌석, 운임|휴양림 조회|동의하고 계속|거절|app.example"),
            ("en-GB,en;q=0.9", "Gilbeot|Nuri Travel|이민지|Train information|See train times|Allow and continue"),
        ],
    )
    def test_says_who_wants_what_in_the_citizens_language(self, live: Any, language: str, words: str) -> None:
        _, response = consent_page(live, language)
        assert response.status_code == 200
        assert [word for word in words.split("|") if word not in response.text] == []
        assert f'<html lang="{language[:2]}">' in response.text
        assert "예매" not in response.text

    def test_marks_what_can_change_things(self, live: Any) -> None:
        _, response = consent_page(live, scope="rail:read rail:book")
        marked = re.findall(r'<li data-scope="([\w:]+)">(?:(?!</li>).)*변경 가능', response.text)
        assert marked == ["rail:book"]

    def test_a_native_app_is_named_as_such_and_cannot_be_remembered(self, live: Any) -> None:
        _, native = consent_page(live, client=live.native)
        _, web = consent_page(live)
        assert ("이 기기" in native.text, 'name="remember"' in native.text) == (True, False)
        assert 'name="remember"' in web.text

    def test_the_language_can_be_switched_without_losing_the_request(self, live: Any) -> None:
        browser, response = consent_page(live)
        other = Outline(response.text).values("a", "href")
        assert len(other) == 1
        page = browser.get(other[0]).text
        assert '<html lang="en">' in page
        answer = browser.submit("/oauth/consent", page, answer="allow")
        assert set(dict(answer.next_request.url.params)) == {"code", "state", "iss"}

    @pytest.mark.parametrize(
        ("change", "name"),
        [
            ({"csrf": ""}, "without token"),
            ({"csrf": "0" * 64}, "foreign token"),
            ({"csrf": "토큰"}, "Korean token"),
            ({"request": "{request}&scope=rail:book"}, "wider request"),
            ({"request": ""}, "no request"),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )
    def test_49_a_form_not_made_by_this_page(self, live: Any, change: dict[str, str], name: str) -> None:
        browser, response = consent_page(live)
        request = re.search(r'name="request" value="([^"]*)"', response.text)
        assert request
        filled = {key: value.replace("{request}", request[1].replace("&amp;", "&")) for key, value in change.items()}
        answer = browser.submit("/oauth/consent", response.text, answer="allow", **filled)
        assert (answer.status_code, "location" in answer.headers) == (403, False), name

    def test_49_scope_or_client_changed_in_the_form(self, live: Any) -> None:
        browser, response = consent_page(live)
        for old, new in (("scope=rail%3Aread", "scope=rail%3Abook"), (live.app.client_id, live.native.client_id)):
            changed = response.text.replace(old, new)
            assert changed != response.text
            assert browser.submit("/oauth/consent", changed, answer="allow").status_code == 403

    def test_49_the_form_of_another_citizen(self, live: Any) -> None:
        _, mine = consent_page(live)
        attacker, _ = consent_page(live)
        assert attacker.submit("/oauth/consent", mine.text, answer="allow").status_code == 403

    def test_49_a_sign_in_token_does_not_open_the_consent_form(self, live: Any) -> None:
        browser = live.browser()
        page = browser.get("/oauth/authorize", params=live.request()[0]).text
        assert browser.submit("/oauth/consent", page, answer="allow").status_code == 403


class TestHeaders:
    @pytest.mark.parametrize("path", ["/oauth/authorize", "/oauth/login"])
    def test_49_50_every_page_carries_them(self, live: Any, path: str) -> None:
        response = live.browser().get(path, params=live.request()[0])
        policy = response.headers["content-security-policy"]
        assert {"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"} <= set(policy.split("; "))
        assert "unsafe" not in policy
        assert response.headers["x-frame-options"] == "DENY"
        assert response.headers["referrer-policy"] == "no-referrer"
        assert response.headers["x-content-type-options"] == "nosniff"
        assert response.headers["cache-control"] == "no-store"

    def test_error_pages_and_redirects_too(self, live: Any) -> None:
        page = live.browser().get("/oauth/authorize?client_id=x")
        assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
        back = live.browser().get("/oauth/authorize", params=live.request(response_type="token")[0])
        assert back.headers["referrer-policy"] == "no-referrer"

    def test_the_form_may_end_at_the_apps_origin_and_nowhere_else(self, live: Any) -> None:
        _, response = consent_page(live)
        policy = response.headers["content-security-policy"].split("; ")
        assert "form-action 'self' https://app.example" in policy
        wrong = live.browser()
        page = wrong.get("/oauth/authorize", params=live.request()[0]).text
        again = wrong.sign_in(page, password="틀린 비밀번호")
        assert "form-action 'self' https://app.example" in again.headers["content-security-policy"].split("; ")

    def test_nothing_inline_and_nothing_from_elsewhere(self, live: Any) -> None:
        _, response = consent_page(live)
        outline = Outline(response.text)
        assert not {"script", "style", "iframe", "object"} & set(outline.tags)
        names = {name for _, name, _ in outline.attributes}
        assert "style" not in names
        assert not any(name.startswith("on") for name in names)
        loaded = outline.values("link", "href") + outline.values("img", "src")
        assert loaded
        for path in loaded:
            assert live.browser().get(path).status_code == 200

    @pytest.mark.parametrize("name", ["..%2Ftemplates%2Fpage.html", "../render.py", "auth.js", "%00", "인증.css"])
    def test_only_known_files_are_served(self, live: Any, name: str) -> None:
        assert live.browser().get(f"/oauth/assets/{name}").status_code == 404


class TestSignIn:
    def test_a_wrong_password_says_so_and_keeps_the_request(self, live: Any) -> None:
        browser = live.browser()
        page = browser.get("/oauth/authorize", params=live.request()[0]).text
        wrong = browser.sign_in(page, password="wrong password")
        assert (wrong.status_code, "비밀번호가 올바르지 않습니다" in wrong.text, "길벗" in wrong.text) == (
            401,
            True,
            True,
        )
        assert "wrong password" not in wrong.text
        unknown = browser.sign_in(page, login="nobody")
        assert unknown.text.replace('value="nobody"', 'value="minji"') == wrong.text
        assert browser.sign_in(wrong.text).headers["location"].startswith("/oauth/authorize?")

    def test_ten_failures_close_the_door_for_a_while(self, live: Any) -> None:
        browser = live.browser()
        page = browser.get("/oauth/login").text
        answers = [browser.sign_in(page, login="victim", password="guess").status_code for _ in range(11)]
        assert answers == [401] * 10 + [429]
        live.clock.forward(901)
        assert browser.sign_in(page, login="victim", password="guess").status_code == 401

    @pytest.mark.parametrize("target", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:x"])
    def test_50_an_address_to_return_to_is_ignored(self, live: Any, target: str) -> None:
        browser = live.browser()
        page = browser.get(f"/oauth/login?return_to={quote(target)}&next={quote(target)}").text
        assert "evil" not in page
        answer = browser.submit("/oauth/login", page, login="minji", password="correct horse battery", return_to=target)
        assert (answer.status_code, answer.headers["location"]) == (303, "/oauth/login?lang=ko")

    def test_the_session_cookie_is_new_and_out_of_reach_of_scripts(self, live: Any) -> None:
        browser = live.browser()
        page = browser.get("/oauth/login").text
        browser.http.cookies.set("hub_session", "p" * 43)
        cookies = browser.sign_in(page).headers.get_list("set-cookie")
        session = next(cookie for cookie in cookies if cookie.startswith("hub_session="))
        assert "p" * 43 not in session
        assert {"HttpOnly", "Path=/", "SameSite=lax"} <= set(session.split("; "))

    def test_signing_out_ends_the_session(self, live: Any) -> None:
        browser = live.browser()
        browser.sign_in(browser.get("/oauth/login").text)
        kept = dict(browser.http.cookies)
        page = browser.get("/oauth/login").text
        assert "이민지" in page
        assert browser.submit("/oauth/logout", page, csrf="0" * 64).status_code == 403
        assert browser.submit("/oauth/logout", page).status_code == 303
        browser.http.cookies.update(kept)
        assert 'name="password"' in browser.get("/oauth/login").text

    def test_a_session_ends_after_eight_hours(self, live: Any) -> None:
        browser = live.browser()
        browser.sign_in(browser.get("/oauth/login").text)
        live.clock.forward(8 * 3_600 - 60)
        assert "이민지" in browser.get("/oauth/login").text
        live.clock.forward(120)
        assert 'name="password"' in browser.get("/oauth/login").text

    @pytest.mark.parametrize("method", ["PUT", "DELETE"])
    def test_other_methods(self, live: Any, method: str) -> None:
        response = live.browser().http.request(method, "/oauth/login")
        assert (response.status_code, response.headers["allow"]) == (405, "GET, POST")


class TestProxies:
    def test_50_forwarded_headers_change_nothing(self, live: Any) -> None:
        spoof = {"X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example", "Host": "evil.example"}
        with live.http() as http:
            metadata = http.get("/.well-known/oauth-authorization-server", headers=spoof).json()
            answer = http.get("/oauth/authorize", params=live.request(response_type="x")[0], headers=spoof)
        assert "evil" not in str(metadata)
        assert metadata["issuer"] == live.url
        assert dict(answer.next_request.url.params)["iss"] == live.url


class TestEscaping:
    HOSTILE = "<script>alert(1)</script>"

    def test_55_an_apps_name(self, live: Any) -> None:
        clients = live.run(live.server.clients.get(live.app.client_id))
        assert clients is not None
        hostile = live.run(_client_named(live.server, live.app.client_id, self.HOSTILE))
        _, response = consent_page(live, client=hostile)
        assert self.HOSTILE not in response.text
        assert "&lt;script&gt;" in response.text

    @pytest.mark.parametrize("name", ["state", "login_hint", "ui_locales", "unheard_of"])
    def test_55_a_parameter(self, live: Any, name: str) -> None:
        text = f'"><{self.HOSTILE}'
        browser = live.browser()
        response = browser.get("/oauth/authorize", params=live.request(**{name: text})[0])
        assert response.status_code == 200
        assert "<script" not in response.text
        wrong = browser.sign_in(response.text, login=text, password="x")
        assert (wrong.status_code, "<script" in wrong.text) == (401, False)


async def _client_named(server: AuthServer, like: str, name: str) -> Any:
    async with server.database.read() as session:
        from auth.models import Client

        model = await session.get(Client, like)
    assert model is not None
    return await create_client(
        server,
        organisation_id=model.organisation_id,
        name_ko=name,
        name_en=name,
        kind="confidential",
        scopes=["rail:read", "lodge:read"],
        redirect_uris=["https://app.example/cb"],
    )


@pytest.mark.parametrize(
    ("wishes", "header", "language"),
    [
        ((None, None), "", "ko"),
        ((None, None), "en", "en"),
        ((None, None), "en;q=0.5, ko;q=0.8", "ko"),
        ((None, None), "fr, en-US;q=0.2", "en"),
        ((None, None), "ko;q=0, en", "en"),
        ((None, None), "fr", "ko"),
        ((None, None), "en;q=한, ;;;,,,q=", "ko"),
        (("en", None), "ko", "en"),
        (("<b>", "en-GB ko"), "ko", "en"),
        ((None, "fr ko en"), "en", "ko"),
    ],
)
def test_the_language_chosen(wishes: tuple[str | None, str | None], header: str, language: str) -> None:
    assert choose_language(wishes, header) == language


@pytest.mark.parametrize(
    ("redirect_uri", "source"),
    [
        (None, "'self'"),
        ("https://app.example/cb", "'self' https://app.example"),
        ("http://127.0.0.1:5000/cb", "'self' http://127.0.0.1:5000"),
        ("http://[::1]:5000/cb", "'self' http:"),
        ("example.app:/cb", "'self' example.app:"),
    ],
)
def test_where_a_form_may_end(redirect_uri: str | None, source: str) -> None:
    assert f"form-action {source}" in page_headers(redirect_uri)["Content-Security-Policy"].split("; ")


def test_both_languages_have_every_word() -> None:
    assert TEXTS["ko"].keys() == TEXTS["en"].keys()
    assert all(scope.consent_ko and scope.consent_en and scope.title_ko and scope.title_en for scope in SCOPES.values())


def test_reasons_can_stand_in_an_error_description() -> None:
    """RFC 6749 section 5.2: %x20-21 / %x23-5B / %x5D-7E."""
    allowed = re.compile(r"[\x20-\x21\x23-\x5b\x5d-\x7e]+")
    assert [key for key, reason in REASONS.items() if not allowed.fullmatch(reason.en) or not reason.ko] == []
