"""The error tree: its drawing, its table of codes, and both languages agree with the classes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from router import errors
from router.errors import CODES, RouterError, errors_reference
from router.policy.limits import LIMIT_CODES


def tree(root: type[RouterError] = RouterError) -> Iterator[type[RouterError]]:
    for one in root.__subclasses__():
        if one.__module__ == "router.errors":
            yield one
            yield from tree(one)


def test_every_error_stands_in_the_drawing() -> None:
    drawn = set(re.findall(r"[├└]── (\w+)", errors.__doc__ or ""))
    assert drawn == {one.__name__ for one in tree()}


def test_every_code_of_an_error_is_in_the_table_with_its_status() -> None:
    for one in tree():
        if one.code not in ("OPERATION_TOO_LARGE",):
            assert CODES[one.code].http_status == one.http_status, one


def test_the_reference_has_a_row_a_code_in_both_languages() -> None:
    text = errors_reference(LIMIT_CODES)
    for code, meaning in {**CODES, **LIMIT_CODES}.items():
        assert f"| `{code}` | {meaning.http_status} | {meaning.en} | {meaning.ko} |" in text


def test_a_message_known_in_english_only_is_led_by_its_code_s_korean_meaning() -> None:
    error = errors.ParseFailed("Expected Name.")
    assert error.formatted("ko")["message"] == "GraphQL 문서를 해석할 수 없습니다: Expected Name."
    assert error.formatted()["message"] == "Expected Name."
