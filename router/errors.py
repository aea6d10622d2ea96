"""The router's error tree. Every error a client can see has a stable code; docs/errors.md is generated from here.

RouterError
├── RequestError                  the request never became an execution: no ``data`` in the answer
│   ├── BadRequest                BAD_REQUEST · malformed HTTP body or parameters
│   │   ├── MethodNotAllowed      METHOD_NOT_ALLOWED · the HTTP method, or a mutation over GET
│   │   ├── NotAcceptable         NOT_ACCEPTABLE · no media type of ``Accept`` is ours
│   │   ├── BodyTooLarge          REQUEST_TOO_LARGE
│   │   ├── UrlTooLong            URL_TOO_LONG
│   │   ├── HeadersTooLarge       HEADERS_TOO_LARGE
│   │   ├── BodyTooSlow           REQUEST_TIMEOUT · the body did not come in time
│   │   ├── UnsupportedMediaType  UNSUPPORTED_MEDIA_TYPE
│   │   └── TransportUnsupported  SUBSCRIPTION_OVER_HTTP · the operation needs the WebSocket or an event stream
│   ├── ParseFailed               GRAPHQL_PARSE_FAILED
│   ├── ValidationFailed          GRAPHQL_VALIDATION_FAILED
│   ├── BadVariables              BAD_USER_INPUT
│   ├── OperationNotFound         OPERATION_RESOLUTION_FAILURE
│   ├── LimitExceeded             one code a limit, see policy/limits.py
│   ├── Unauthenticated           UNAUTHENTICATED · token missing, expired, forged
│   │   └── ProofRefused          UNAUTHENTICATED · the DPoP proof beside it
│   └── Forbidden                 UNAUTHORIZED_FIELD_OR_TYPE · the token lacks what every selected root field demands
├── PlanningFailed                QUERY_PLANNING_FAILED · a defect, never the client's fault
├── SubgraphUnavailable           SUBGRAPH_UNAVAILABLE · no GraphQL response came back
├── KeysUnavailable               AUTHENTICATION_UNAVAILABLE · no key to verify a token with can be had
└── Overloaded                    SERVER_BUSY · as much runs at once as may
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class CodeMeaning:
    """What a stable code means, in English and Korean; ``http_status`` is that of an answer without ``data``."""

    http_status: int
    en: str
    ko: str


CODES: Mapping[str, CodeMeaning] = {
    "BAD_REQUEST": CodeMeaning(400, "The HTTP request is not a GraphQL request", "GraphQL 요청 형식이 아닙니다"),
    "PERSISTED_QUERY_NOT_SUPPORTED": CodeMeaning(
        400, "Persisted queries are not supported", "저장된 질의(persisted query)는 지원하지 않습니다"
    ),
    "METHOD_NOT_ALLOWED": CodeMeaning(405, "The HTTP method is not allowed", "허용되지 않은 HTTP 메서드입니다"),
    "NOT_ACCEPTABLE": CodeMeaning(
        406, "No media type of the Accept header can be served", "Accept 헤더의 미디어 형식으로는 응답할 수 없습니다"
    ),
    "REQUEST_TOO_LARGE": CodeMeaning(413, "The request body is too large", "요청 본문이 너무 큽니다"),
    "URL_TOO_LONG": CodeMeaning(414, "The URL is too long; use POST", "URL이 너무 깁니다. POST를 사용하세요"),
    "HEADERS_TOO_LARGE": CodeMeaning(431, "The request headers are too large", "요청 헤더가 너무 큽니다"),
    "REQUEST_TIMEOUT": CodeMeaning(408, "The request body came too slowly", "요청 본문이 제때 도착하지 않았습니다"),
    "UNSUPPORTED_MEDIA_TYPE": CodeMeaning(
        415, "The Content-Type of the request is not supported", "지원하지 않는 Content-Type입니다"
    ),
    "SUBSCRIPTION_OVER_HTTP": CodeMeaning(
        400, "Subscriptions need a WebSocket or an event stream", "구독은 WebSocket 또는 이벤트 스트림이 필요합니다"
    ),
    "GRAPHQL_PARSE_FAILED": CodeMeaning(400, "The document is not GraphQL", "GraphQL 문서를 해석할 수 없습니다"),
    "GRAPHQL_VALIDATION_FAILED": CodeMeaning(
        400, "The document does not fit the schema", "GraphQL 문서가 스키마에 맞지 않습니다"
    ),
    "BAD_USER_INPUT": CodeMeaning(400, "A variable does not fit its type", "변수 값이 형식에 맞지 않습니다"),
    "OPERATION_RESOLUTION_FAILURE": CodeMeaning(
        400, "The operation to run cannot be determined", "실행할 작업을 정할 수 없습니다"
    ),
    "OPERATION_TOO_LARGE": CodeMeaning(
        400, "The operation is larger than the limits allow", "작업이 허용 한도를 넘었습니다"
    ),
    "UNAUTHENTICATED": CodeMeaning(
        401, "The access token is missing, expired or not valid", "접근 토큰이 없거나 만료되었거나 올바르지 않습니다"
    ),
    "UNAUTHORIZED_FIELD_OR_TYPE": CodeMeaning(
        403, "The access token does not grant what the selection demands", "이 항목을 조회할 권한이 없습니다"
    ),
    "QUERY_PLANNING_FAILED": CodeMeaning(500, "No query plan could be made", "질의 계획을 세울 수 없습니다"),
    "SUBGRAPH_UNAVAILABLE": CodeMeaning(502, "A subgraph gave no GraphQL response", "하위 그래프가 응답하지 않습니다"),
    "AUTHENTICATION_UNAVAILABLE": CodeMeaning(
        503, "Access tokens cannot be verified now; try again", "지금은 접근 토큰을 확인할 수 없습니다. 다시 시도하세요"
    ),
    "SERVER_BUSY": CodeMeaning(
        503, "As many requests run as may run at once; try again", "처리 중인 요청이 너무 많습니다. 다시 시도하세요"
    ),
    "TOO_MANY_OPERATIONS": CodeMeaning(
        400, "The WebSocket has as many operations as it may", "한 소켓에서 실행할 수 있는 작업 수를 넘었습니다"
    ),
    "INTROSPECTION_DISABLED": CodeMeaning(
        400, "Introspection is switched off", "스키마 조회(introspection)가 꺼져 있습니다"
    ),
    "NOT_FOUND": CodeMeaning(404, "Nothing is served at this path", "이 경로에는 아무것도 없습니다"),
    "INTERNAL_SERVER_ERROR": CodeMeaning(500, "A defect of the router", "서버 내부 오류입니다"),
}
"""Code → HTTP status and meaning. The limits' codes stand in ``router.policy.limits.LIMIT_CODES``."""


class RouterError(Exception):
    """Base of all errors; ``code`` is stable, ``message`` plain English for the client, ``ko`` the same in Korean."""

    code: ClassVar[str] = "INTERNAL_SERVER_ERROR"
    http_status: ClassVar[int] = 500

    def __init__(
        self,
        message: str,
        *,
        ko: str | None = None,
        path: Sequence[str | int] | None = None,
        locations: Sequence[tuple[int, int]] = (),
        extensions: Mapping[str, Any] | None = None,
        code: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.ko = ko
        self.path = None if path is None else tuple(path)
        self.locations = tuple(locations)
        self.extensions = {"code": code or self.code, **(extensions or {})}

    def message_in(self, language: str) -> str:
        """The message in ``"ko"`` or ``"en"``; a text known in English only is led by the code's Korean meaning."""
        if language != "ko":
            return self.message
        if self.ko is not None:
            return self.ko
        meaning = CODES.get(self.extensions["code"])
        return self.message if meaning is None else f"{meaning.ko}: {self.message}"

    def formatted(self, language: str = "en") -> dict[str, Any]:
        """The error as a GraphQL response error (spec section 7.1.2)."""
        error: dict[str, Any] = {"message": self.message_in(language)}
        if self.locations:
            error["locations"] = [{"line": line, "column": column} for line, column in self.locations]
        if self.path is not None:
            error["path"] = list(self.path)
        error["extensions"] = self.extensions
        return error


class RequestError(RouterError):
    """The request is refused before execution; ``errors`` holds all that was found."""

    code = "BAD_REQUEST"
    http_status = 400

    def __init__(self, message: str, *, errors: Sequence[RouterError] = (), **details: Any) -> None:
        super().__init__(message, **details)
        self.errors: tuple[RouterError, ...] = tuple(errors) or (self,)


class BadRequest(RequestError):
    """The HTTP body or its parameters are not a GraphQL request."""


class MethodNotAllowed(BadRequest):
    """The HTTP method cannot carry this request; ``allow`` lists those that can (RFC 9110 section 15.5.6)."""

    code = "METHOD_NOT_ALLOWED"
    http_status = 405

    def __init__(self, message: str, *, allow: Sequence[str], **details: Any) -> None:
        super().__init__(message, **details)
        self.allow = tuple(allow)


class NotAcceptable(BadRequest):
    """No media type of the Accept header can be served."""

    code = "NOT_ACCEPTABLE"
    http_status = 406


class BodyTooLarge(BadRequest):
    """The request body is longer than the limit."""

    code = "REQUEST_TOO_LARGE"
    http_status = 413


class UrlTooLong(BadRequest):
    """The URL of a GET is longer than the limit."""

    code = "URL_TOO_LONG"
    http_status = 414


class HeadersTooLarge(BadRequest):
    """Request line and headers are longer than the limit (RFC 6585 section 5)."""

    code = "HEADERS_TOO_LARGE"
    http_status = 431


class BodyTooSlow(BadRequest):
    """The request body did not come in time."""

    code = "REQUEST_TIMEOUT"
    http_status = 408


class UnsupportedMediaType(BadRequest):
    """The request's Content-Type is missing or cannot be read."""

    code = "UNSUPPORTED_MEDIA_TYPE"
    http_status = 415


class TransportUnsupported(BadRequest):
    """A subscription came over plain HTTP."""

    code = "SUBSCRIPTION_OVER_HTTP"


class ParseFailed(RequestError):
    """The document is not GraphQL."""

    code = "GRAPHQL_PARSE_FAILED"


class ValidationFailed(RequestError):
    """The document does not fit the schema."""

    code = "GRAPHQL_VALIDATION_FAILED"


class BadVariables(RequestError):
    """A variable's value does not fit its type."""

    code = "BAD_USER_INPUT"


class OperationNotFound(RequestError):
    """No operation of that name, or several and no name."""

    code = "OPERATION_RESOLUTION_FAILURE"


class LimitExceeded(RequestError):
    """The operation is larger than the limits allow."""

    code = "OPERATION_TOO_LARGE"


class Unauthenticated(RequestError):
    """The access token is missing, malformed, expired or not ours."""

    code = "UNAUTHENTICATED"
    http_status = 401


class ProofRefused(Unauthenticated):
    """The DPoP proof beside a token is missing or not good (RFC 9449 section 7.1).

    ``error`` is the code of the challenge; ``nonce`` goes into ``DPoP-Nonce``, empty where none is asked for.
    """

    def __init__(self, message: str, *, ko: str, error: str, nonce: str) -> None:
        super().__init__(message, ko=ko)
        self.error = error
        self.nonce = nonce


class Forbidden(RequestError):
    """The token is good but grants none of the selected root fields."""

    code = "UNAUTHORIZED_FIELD_OR_TYPE"
    http_status = 403


class PlanningFailed(RouterError):
    """No plan exists for a valid operation: the supergraph is not satisfiable, or a defect."""

    code = "QUERY_PLANNING_FAILED"


class SubgraphUnavailable(RouterError):
    """A subgraph gave no GraphQL response: refused, timed out, or not JSON."""

    code = "SUBGRAPH_UNAVAILABLE"
    http_status = 502


class KeysUnavailable(RouterError):
    """No signing key can be had from the authorization server."""

    code = "AUTHENTICATION_UNAVAILABLE"
    http_status = 503


class Overloaded(RouterError):
    """As many requests or streams run at once as the settings allow."""

    code = "SERVER_BUSY"
    http_status = 503


def errors_reference(limit_codes: Mapping[str, CodeMeaning]) -> str:
    """The router's part of docs/errors.md, as Markdown: one row a code, with its HTTP status and both meanings."""
    rows = [
        f"| `{code}` | {meaning.http_status} | {meaning.en} | {meaning.ko} |"
        for code, meaning in {**CODES, **limit_codes}.items()
    ]
    return "\n".join(["| Code | HTTP status | Meaning | 뜻 |", "| --- | --- | --- | --- |", *rows, ""])
