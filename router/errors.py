"""The router's error tree. Every error a client can see has a stable code; docs/errors.md is generated from here.

RouterError
├── RequestError                  the request never became an execution: no ``data`` in the answer
│   ├── BadRequest                BAD_REQUEST · malformed HTTP body or parameters
│   ├── ParseFailed               GRAPHQL_PARSE_FAILED
│   ├── ValidationFailed          GRAPHQL_VALIDATION_FAILED
│   ├── BadVariables              BAD_USER_INPUT
│   ├── OperationNotFound         OPERATION_RESOLUTION_FAILURE
│   ├── LimitExceeded             one code a limit, see policy/limits.py
│   └── Unauthenticated           UNAUTHENTICATED · token missing, expired, forged
├── PlanningFailed                QUERY_PLANNING_FAILED · a defect, never the client's fault
└── SubgraphUnavailable           SUBGRAPH_UNAVAILABLE · no GraphQL response came back
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar


class RouterError(Exception):
    """Base of all errors; ``code`` is stable, ``message`` is plain English for the client."""

    code: ClassVar[str] = "INTERNAL_SERVER_ERROR"
    http_status: ClassVar[int] = 500

    def __init__(
        self,
        message: str,
        *,
        path: Sequence[str | int] | None = None,
        locations: Sequence[tuple[int, int]] = (),
        extensions: Mapping[str, Any] | None = None,
        code: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.path = None if path is None else tuple(path)
        self.locations = tuple(locations)
        self.extensions = {"code": code or self.code, **(extensions or {})}

    def formatted(self) -> dict[str, Any]:
        """The error as a GraphQL response error (spec section 7.1.2)."""
        error: dict[str, Any] = {"message": self.message}
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


class PlanningFailed(RouterError):
    """No plan exists for a valid operation: the supergraph is not satisfiable, or a defect."""

    code = "QUERY_PLANNING_FAILED"


class SubgraphUnavailable(RouterError):
    """A subgraph gave no GraphQL response: refused, timed out, or not JSON."""

    code = "SUBGRAPH_UNAVAILABLE"
    http_status = 502
