"""The token endpoint against bad and good requests; numbers are those of the project's list of 55 attacks."""

from __future__ import annotations

import base64
import statistics
import time
from typing import Any
from urllib.parse import urlencode

import jwt
import pytest

from auth import scopes
from auth.registration import rotate_secret

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def basic(credentials: bytes) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(credentials).decode()}


class TestClientCredentials:
    def test_a_token_of_the_app_itself(self, live: Any) -> None:
        response = live.token({"grant_type": "client_credentials", "scope": "rail:book rail:read"}, live.app)
        body = response.json()
        assert (response.status_code, response.headers["cache-control"]) == (200, "no-store")
        assert set(body) == {"access_token", "token_type", "expires_in", "scope"}
        assert (body["token_type"], body["expires_in"], body["scope"]) == ("Bearer", 300, "rail:read rail:book")

    def test_without_scope_all_of_the_apps_scopes(self, live: Any) -> None:
        body = live.token({"grant_type": "client_credentials"}, live.app).json()
        assert set(body["scope"].split()) == set(scopes.SCOPES) - {"lodge:book"}

    def test_secret_in_the_body(self, live: Any) -> None:
        form = {"client_id": live.app.client_id, "client_secret": live.app.secret}
        assert live.token({"grant_type": "client_credentials", **form}).status_code == 200

    @pytest.mark.parametrize("scope", ["lodge:book", "rail:read lodge:book", "rail:readx", "열차", "*", "RAIL:READ"])
    def test_32_a_scope_not_granted(self, live: Any, scope: str) -> None:
        response = live.token({"grant_type": "client_credentials", "scope": scope}, live.app)
        assert (response.status_code, response.json()["error"]) == (400, "invalid_scope")

    def test_31_a_public_app_may_not(self, live: Any) -> None:
        response = live.token({"grant_type": "client_credentials"}, live.native)
        assert (response.status_code, response.json()["error"]) == (400, "unauthorized_client")

    @pytest.mark.parametrize(
        ("resource", "status"), [("{audience}", 200), ("https://evil.example", 400), ("{audience}/", 400)]
    )
    def test_17_resource(self, live: Any, resource: str, status: int) -> None:
        form = {"grant_type": "client_credentials", "resource": resource.format(audience=live.server.audience)}
        response = live.token(form, live.app)
        assert response.status_code == status
        if status == 400:
            assert response.json()["error"] == "invalid_target"

    def test_one_good_resource_does_not_cover_a_bad_one(self, live: Any) -> None:
        body = urlencode(
            [
                ("grant_type", "client_credentials"),
                ("resource", live.server.audience),
                ("resource", "https://evil.example"),
            ]
        )
        with live.http() as http:
            response = http.post("/oauth/token", content=body, headers=FORM, auth=(live.app.client_id, live.app.secret))
        assert (response.status_code, response.json()["error"]) == (400, "invalid_target")


class TestClientAuthentication:
    @pytest.mark.parametrize(
        ("credentials", "status", "error"),
        [
            ("{client}:wrong", 401, "invalid_client"),
            ("{client}:", 401, "invalid_client"),
            ("c_aaaaaaaaaaaaaaaaaaaaaaaaaa:x", 401, "invalid_client"),
            ("관리자:비밀", 401, "invalid_client"),
            ("{client}:비밀번호", 401, "invalid_client"),
            ("{native}:", 401, "invalid_client"),
            ("{native}:x", 401, "invalid_client"),
            ("no colon", 400, "invalid_request"),
        ],
    )
    def test_28_29_basic(self, live: Any, credentials: str, status: int, error: str) -> None:
        text = credentials.format(client=live.app.client_id, native=live.native.client_id)
        with live.http() as http:
            response = http.post(
                "/oauth/token", data={"grant_type": "client_credentials"}, headers=basic(text.encode())
            )
        assert (response.status_code, response.json()["error"]) == (status, error)
        assert ("www-authenticate" in response.headers) == (status == 401)
        if status == 401:
            assert response.headers["www-authenticate"].startswith("Basic ")

    @pytest.mark.parametrize(
        "header",
        [
            "Basic",
            "Basic !!!",
            "Basic " + base64.b64encode(b"\xff\xfe:\xff").decode(),
            "Bearer abc",
            "Basic =",
            "Basic " + "A" * 60_000,
        ],
    )
    def test_29_a_header_that_is_not_basic_utf8(self, live: Any, header: str) -> None:
        with live.http() as http:
            response = http.post(
                "/oauth/token", data={"grant_type": "client_credentials"}, headers={"Authorization": header}
            )
        assert response.status_code in (400, 401)
        assert response.json()["error"] in ("invalid_request", "invalid_client")

    @pytest.mark.parametrize(
        ("form", "status"),
        [
            ({"client_id": "{client}", "client_secret": "wrong"}, 401),
            ({"client_id": "{client}", "client_secret": "비밀"}, 401),
            ({"client_id": "{client}"}, 401),
            ({"client_id": "c_aaaaaaaaaaaaaaaaaaaaaaaaaa", "client_secret": "x"}, 401),
            ({"client_secret": "x"}, 401),
            ({}, 401),
        ],
    )
    def test_28_post(self, live: Any, form: dict[str, str], status: int) -> None:
        filled = {name: value.format(client=live.app.client_id) for name, value in form.items()}
        response = live.token({"grant_type": "client_credentials", **filled})
        assert (response.status_code, response.json()["error"]) == (status, "invalid_client")

    def test_28_unknown_client_and_wrong_secret_look_the_same(self, live: Any) -> None:
        with live.http() as http:

            def ask(client_id: str) -> tuple[Any, float]:
                started = time.perf_counter()
                response = http.post(
                    "/oauth/token", data={"grant_type": "client_credentials"}, auth=(client_id, "x" * 43)
                )
                taken = time.perf_counter() - started
                return (response.status_code, response.text, response.headers.get("www-authenticate")), taken

            # In turns, so that whatever else the machine does falls on both.
            pairs = [(ask(live.app.client_id), ask("c_aaaaaaaaaaaaaaaaaaaaaaaaaa")) for _ in range(150)]
        known, unknown = zip(*pairs, strict=True)
        assert {answer for answer, _ in known} == {answer for answer, _ in unknown}
        medians = [statistics.median(taken for _, taken in answers) for answers in (known, unknown)]
        assert max(medians) < 2 * min(medians)

    @pytest.mark.parametrize(
        ("form", "why"),
        [
            ({"client_secret": "x"}, "secret twice"),
            ({"client_id": "{client}", "client_secret": "{secret}"}, "both"),
            ({"client_assertion": "x.y.z"}, "assertion too"),
            ({"client_id": "{other}"}, "another client"),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )
    def test_30_two_ways_at_once(self, live: Any, form: dict[str, str], why: str) -> None:
        names = {"client": live.app.client_id, "secret": live.app.secret, "other": live.other.client_id}
        filled = {name: value.format(**names) for name, value in form.items()}
        response = live.token({"grant_type": "client_credentials", **filled}, live.app)
        assert (response.status_code, response.json()["error"]) == (400, "invalid_request"), why

    def test_basic_with_its_own_client_id_in_the_body_is_fine(self, live: Any) -> None:
        form = {"grant_type": "client_credentials", "client_id": live.app.client_id}
        assert live.token(form, live.app).status_code == 200

    def test_two_secrets_overlap_and_the_old_one_ends(self, live: Any) -> None:
        first = live.run(rotate_secret(live.server, live.other.client_id, overlap_seconds=60))
        form = {"grant_type": "client_credentials"}
        assert live.token(form, live.other).status_code == 200
        assert live.token(form, first).status_code == 200
        live.clock.forward(61)
        assert live.token(form, live.other).status_code == 401
        assert live.token(form, first).status_code == 200
        live.other = first


class TestForm:
    @pytest.mark.parametrize(
        ("grant_type", "error"),
        [
            (None, "invalid_request"),
            ("", "invalid_request"),
            ("password", "unsupported_grant_type"),
            ("implicit", "unsupported_grant_type"),
            ("코드", "unsupported_grant_type"),
            ('"', "unsupported_grant_type"),
        ],
    )
    def test_33_grant_type(self, live: Any, grant_type: str | None, error: str) -> None:
        response = live.token({} if grant_type is None else {"grant_type": grant_type}, live.app)
        assert (response.status_code, response.json()["error"]) == (400, error)
        assert response.json()["error_description"].isascii()

    @pytest.mark.parametrize("name", ["grant_type", "scope", "unheard_of"])
    def test_34_repeated_parameter(self, live: Any, name: str) -> None:
        body = urlencode([("grant_type", "client_credentials"), (name, "rail:read"), (name, "rail:read")])
        with live.http() as http:
            response = http.post("/oauth/token", content=body, headers=FORM, auth=(live.app.client_id, live.app.secret))
        assert (response.status_code, response.json()["error"]) == (400, "invalid_request")

    def test_34_parameters_in_the_url(self, live: Any) -> None:
        with live.http() as http:
            response = http.post(
                "/oauth/token?scope=rail:read",
                data={"grant_type": "client_credentials"},
                auth=(live.app.client_id, live.app.secret),
            )
        assert (response.status_code, response.json()["error"]) == (400, "invalid_request")

    @pytest.mark.parametrize("content_type", ["application/json", "multipart/form-data; boundary=x", "text/plain", ""])
    def test_34_another_media_type(self, live: Any, content_type: str) -> None:
        with live.http() as http:
            response = http.post(
                "/oauth/token",
                content=b'{"grant_type":"client_credentials"}',
                headers={"Content-Type": content_type},
                auth=(live.app.client_id, live.app.secret),
            )
        assert (response.status_code, response.json()["error"]) == (400, "invalid_request")

    @pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
    def test_35_another_method(self, live: Any, method: str) -> None:
        with live.http() as http:
            response = http.request(method, "/oauth/token")
        assert (response.status_code, response.headers["allow"]) == (405, "POST")

    def test_36_a_code_of_200_kilobytes(self, live: Any) -> None:
        response = live.token({"grant_type": "authorization_code", "code": "x" * 200_000}, live.app)
        assert (response.status_code, response.json()["error"]) == (413, "invalid_request")

    def test_36_two_thousand_fields(self, live: Any) -> None:
        response = live.token({"grant_type": "client_credentials", **{f"f{n}": "" for n in range(2_000)}}, live.app)
        assert (response.status_code, response.json()["error"]) == (400, "invalid_request")

    @pytest.mark.parametrize("body", [b"grant_type=%ff", b"grant_type=\xff", b"grant_type=a%00b", b"%", b"a=%ED%A0%80"])
    def test_29_bytes_that_are_not_utf8(self, live: Any, body: bytes) -> None:
        with live.http() as http:
            response = http.post("/oauth/token", content=body, headers=FORM, auth=(live.app.client_id, live.app.secret))
        assert (response.status_code, response.json()["error"]) == (400, "invalid_request")

    def test_a_page_of_any_origin_may_call_it(self, live: Any) -> None:
        with live.http() as http:
            asked = http.options("/oauth/token", headers={"Origin": "https://spa.example"})
        assert (asked.status_code, asked.headers["access-control-allow-origin"]) == (204, "*")
        assert "access-control-allow-credentials" not in asked.headers


class TestAuthorizationCode:
    def test_the_whole_flow(self, live: Any) -> None:
        body = live.tokens()
        assert set(body) == {"access_token", "token_type", "expires_in", "scope", "refresh_token"}
        assert body["scope"] == "rail:read lodge:read"

    @pytest.mark.parametrize(
        ("change", "why"),
        [
            ({"redirect_uri": "https://app.example/cb/"}, "19 other redirect uri"),
            ({"redirect_uri": None}, "19 no redirect uri"),
            ({"code_verifier": "a" * 43}, "20 wrong verifier"),
            ({"code_verifier": None}, "20 no verifier"),
            ({"code_verifier": "짧"}, "20 malformed verifier"),
            ({"code": "x" * 43}, "unknown code"),
            ({"code": "코드"}, "Korean code"),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )
    def test_a_code_that_does_not_fit(self, live: Any, change: dict[str, Any], why: str) -> None:
        form = {**live.code(), **change}
        response = live.token({name: value for name, value in form.items() if value is not None}, live.app)
        assert (response.status_code, response.json()["error"]) == (400, "invalid_grant"), why

    def test_no_code(self, live: Any) -> None:
        response = live.token({"grant_type": "authorization_code"}, live.app)
        assert (response.status_code, response.json()["error"]) == (400, "invalid_request")

    def test_18_the_code_of_another_app_and_it_stays_good_for_its_own(self, live: Any) -> None:
        form = live.code()
        stolen = live.token(form, live.other)
        assert (stolen.status_code, stolen.json()["error"]) == (400, "invalid_grant")
        assert live.token(form, live.app).status_code == 200

    def test_18_a_native_apps_code_needs_that_app(self, live: Any) -> None:
        form = live.code(live.native)
        assert live.token(form, live.app).json()["error"] == "invalid_grant"
        assert live.token(form, live.native).status_code == 200

    def test_22_a_replayed_code_kills_what_it_gave(self, live: Any) -> None:
        form = live.code()
        body = live.token(form, live.app).json()
        claims = jwt.decode(body["access_token"], options={"verify_signature": False})
        assert not live.server.is_revoked(claims)
        replayed = live.token(form, live.app)
        assert (replayed.status_code, replayed.json()["error"]) == (400, "invalid_grant")
        assert live.server.is_revoked(claims)
        refresh = {"grant_type": "refresh_token", "refresh_token": body["refresh_token"]}
        assert live.token(refresh, live.app).json()["error"] == "invalid_grant"

    def test_24_a_code_lives_a_minute(self, live: Any) -> None:
        early, late = live.code(), live.code()
        live.clock.forward(55)
        assert live.token(early, live.app).status_code == 200
        live.clock.forward(10)
        assert live.token(late, live.app).json()["error"] == "invalid_grant"


class TestRefresh:
    def test_25_a_public_app_rotates_and_reuse_ends_the_family(self, live: Any) -> None:
        first = live.tokens(live.native)["refresh_token"]
        second = live.token({"grant_type": "refresh_token", "refresh_token": first}, live.native).json()
        third = live.token(
            {"grant_type": "refresh_token", "refresh_token": second["refresh_token"]}, live.native
        ).json()
        assert len({first, second["refresh_token"], third["refresh_token"]}) == 3
        reused = live.token({"grant_type": "refresh_token", "refresh_token": first}, live.native)
        assert (reused.status_code, reused.json()["error"]) == (400, "invalid_grant")
        newest = live.token({"grant_type": "refresh_token", "refresh_token": third["refresh_token"]}, live.native)
        assert newest.json()["error"] == "invalid_grant"
        claims = jwt.decode(third["access_token"], options={"verify_signature": False})
        assert live.server.is_revoked(claims)

    def test_a_confidential_app_keeps_its_token(self, live: Any) -> None:
        form = {"grant_type": "refresh_token", "refresh_token": live.tokens()["refresh_token"]}
        for _ in range(3):
            response = live.token(form, live.app)
            assert response.status_code == 200
            assert "refresh_token" not in response.json()

    @pytest.mark.parametrize(
        ("scope", "error", "granted"),
        [
            ("rail:read", None, "rail:read"),
            ("", None, "rail:read lodge:read"),
            ("rail:read rail:book", "invalid_scope", None),
            ("열차", "invalid_scope", None),
        ],
    )
    def test_26_scope(self, live: Any, scope: str, error: str | None, granted: str | None) -> None:
        form = {"grant_type": "refresh_token", "refresh_token": live.tokens()["refresh_token"], "scope": scope}
        body = live.token(form, live.app).json()
        assert (body.get("error"), body.get("scope")) == (error, granted)

    def test_26_another_apps_token_is_refused_and_stays_good(self, live: Any) -> None:
        form = {"grant_type": "refresh_token", "refresh_token": live.tokens()["refresh_token"]}
        assert live.token(form, live.other).json()["error"] == "invalid_grant"
        assert live.token(form, live.native).json()["error"] == "invalid_grant"
        assert live.token(form, live.app).status_code == 200

    @pytest.mark.parametrize("token", ["x", "갱신", "' OR 1=1 --"])
    def test_garbage(self, live: Any, token: str) -> None:
        response = live.token({"grant_type": "refresh_token", "refresh_token": token}, live.app)
        assert (response.status_code, response.json()["error"]) == (400, "invalid_grant")

    def test_a_family_ends_thirty_days_after_the_consent(self, live: Any) -> None:
        form = {"grant_type": "refresh_token", "refresh_token": live.tokens()["refresh_token"]}
        live.clock.forward(29 * 86_400)
        assert live.token(form, live.app).status_code == 200
        live.clock.forward(2 * 86_400)
        assert live.token(form, live.app).json()["error"] == "invalid_grant"
