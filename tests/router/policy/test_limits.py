"""How large an operation may be, and which code tells what is too large."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from graphql import build_schema, get_introspection_query, parse

from router.errors import LimitExceeded
from router.operation import parse_request
from router.policy.cost import CostWeights, estimate_cost
from router.policy.limits import LIMIT_CODES, Limits, check_document, check_operation, check_text

SCHEMA = build_schema(
    """
    directive @cost(weight: String!) on FIELD_DEFINITION | OBJECT | ENUM | SCALAR | ARGUMENT_DEFINITION
    directive @listSize(
      assumedSize: Int, slicingArguments: [String!], sizedFields: [String!], requireOneSlicingArgument: Boolean = true
    ) on FIELD_DEFINITION
    type Query {
      one: Thing many: [Thing!]! page(first: Int, last: Int): Connection
      dear: Int @cost(weight: "7") five: [Thing] @listSize(assumedSize: 5)
      top(n: Int): [Thing] @listSize(slicingArguments: ["n"]) argument(heavy: Int @cost(weight: "3")): Int
      sized(first: Int): Sized @listSize(slicingArguments: ["first"], sizedFields: ["items"])
    }
    type Mutation { change: Thing }
    type Thing { id: ID next: Thing things: [Thing!] heavy: Heavy }
    type Heavy @cost(weight: "20") { id: ID }
    type Connection { nodes: [Thing!]! totalCount: Int }
    type Sized { items: [Thing!]! others: [Thing!]! }
    """
)


def exceeded(check: Callable[[], None]) -> str | None:
    try:
        check()
    except LimitExceeded as error:
        assert error.http_status == 400
        assert error.message_in("ko") != error.message
        assert error.extensions["limit"] > 0
        return str(error.extensions["code"])
    return None


def nested(depth: int) -> str:
    return "{one" + "{next" * (depth - 2) + "{id}" + "}" * (depth - 2) + "}"


TEXTS: dict[str, tuple[str, Limits, str | None]] = {
    "as long as allowed": ("{one{id}}", Limits(max_text_bytes=9), None),
    "a byte longer": ("{one{id}} ", Limits(max_text_bytes=9), "MAX_TEXT_BYTES_EXCEEDED"),
    "Korean counts in UTF-8": ("{one}#서울", Limits(max_text_bytes=8), "MAX_TEXT_BYTES_EXCEEDED"),
    "as many tokens as allowed": ("{one{id}}", Limits(max_tokens=6), None),
    "a token more": ("{one{id,id}}", Limits(max_tokens=6), "MAX_TOKENS_EXCEEDED"),
    "comments are no tokens": ("{one{id}}#" + "a " * 50, Limits(max_tokens=6), None),
    "a string is one token": ('{a(b:"c d e f g")}', Limits(max_tokens=8), None),
    "a block string is one token": ('{a(b:"""c "d" e\n\\""" f""")}', Limits(max_tokens=8), None),
    "brackets in strings and comments do not nest": (
        '{a(b:"' + "{" * 99 + '")}#' + "[" * 99,
        Limits(max_depth=3),
        None,
    ),
    "braces without end": ("{a" * 30_000, Limits(), "MAX_DEPTH_EXCEEDED"),
    "lists without end": ("{a(b:" + "[" * 20_000, Limits(), "MAX_DEPTH_EXCEEDED"),
    "an endless string is no token": ('{a(b:"' + "\\" * 50_000, Limits(max_tokens=5), None),
    "only quotes": ('"' * 90_000, Limits(), "MAX_TOKENS_EXCEEDED"),
    "NUL and lone surrogates": ("{a\x00\ud800}", Limits(), None),
    "empty": ("", Limits(), None),
}


@pytest.mark.parametrize("case", TEXTS)
def test_a_text_is_checked_before_it_is_parsed(case: str) -> None:
    text, limits, code = TEXTS[case]
    assert exceeded(lambda: check_text(text, limits)) == code


def test_no_text_makes_the_check_backtrack() -> None:
    """It would not end before the runner's timeout: these texts are where a scanner can go wrong."""
    for hostile in (
        '"' * 99_999,
        '"""' * 33_333,
        '{a(b:"' + "\\" * 99_000,
        "\\" * 99_999,
        '"\\"' * 33_333,
        "-" * 99_999,
    ):
        exceeded(lambda hostile=hostile: check_text(hostile, Limits(max_tokens=10**9)))


def chain(length: int) -> str:
    """Fragments that double at each step: a few hundred bytes that write out to 2 ** length fields."""
    links = "".join(f"fragment f{n} on Thing{{a:next{{...f{n + 1}}} b:next{{...f{n + 1}}}}}" for n in range(length))
    return "{one{...f0}}" + links + f"fragment f{length} on Thing{{id}}"


def line(length: int) -> str:
    """Fragments that go one field deeper at each step."""
    links = "".join(f"fragment f{n} on Thing{{next{{...f{n + 1}}}}}" for n in range(length))
    return "{one{...f0}}" + links + f"fragment f{length} on Thing{{id}}"


DOCUMENTS: dict[str, tuple[str, Limits, str | None]] = {
    "usual": ("{one{...f}} fragment f on Thing{id next{id}}", Limits(), None),
    "fragments count where they are spread": (
        "{one{...f} two:one{...f}} fragment f on Thing{id x:id}",
        Limits(max_fields=5),
        "MAX_FIELDS_EXCEEDED",
    ),
    "doubling fragments": (chain(30), Limits(max_depth=100), "MAX_ALIASES_EXCEEDED"),
    "doubling fragments without aliases": (
        chain(30).replace("a:", "").replace("b:", ""),
        Limits(max_depth=100),
        "MAX_FIELDS_EXCEEDED",
    ),
    "deep through fragments": (line(50), Limits(), "MAX_DEPTH_EXCEEDED"),
    "not too deep through fragments": (line(30), Limits(), None),
    "an unused fragment counts too": ("{one{id}}" + chain(30)[12:], Limits(max_depth=100), "MAX_ALIASES_EXCEEDED"),
    "cycles are left to validation": (
        "{one{...f}} fragment f on Thing{next{...g}} fragment g on Thing{...f}",
        Limits(),
        None,
    ),
    "unknown fragments are left to validation": ("{one{...f}}", Limits(), None),
    "directives": (
        "{one @include(if:true) @skip(if:false){id @x @y}}",
        Limits(max_directives=3),
        "MAX_DIRECTIVES_EXCEEDED",
    ),
}


@pytest.mark.parametrize("case", DOCUMENTS)
def test_a_document_is_checked_with_its_fragments_written_out(case: str) -> None:
    text, limits, code = DOCUMENTS[case]
    assert exceeded(lambda: check_document(parse(text), limits)) == code


OPERATIONS: dict[str, tuple[str, Limits, str | None]] = {
    "as deep as allowed": (nested(8), Limits(max_depth=8), None),
    "a level deeper": (nested(9), Limits(max_depth=8), "MAX_DEPTH_EXCEEDED"),
    "root fields": ("{a:one{id} b:one{id} c:one{id}}", Limits(max_root_fields=2), "MAX_ROOT_FIELDS_EXCEEDED"),
    "root fields in fragments": (
        "{...{a:one{id}} ...on Query{b:one{id} c:one{id}}}",
        Limits(max_root_fields=2),
        "MAX_ROOT_FIELDS_EXCEEDED",
    ),
    "aliases": ("{one{a:id b:id}}", Limits(max_aliases=1), "MAX_ALIASES_EXCEEDED"),
    "an alias that is the name is none": ("{one{id:id}}", Limits(max_aliases=0), None),
    "fields": ("{one{id next{id}}}", Limits(max_fields=3), "MAX_FIELDS_EXCEEDED"),
    "conditions count as directives": (
        "query($a:Boolean!){one{id @include(if:$a) next @skip(if:$a){id}}}",
        Limits(max_directives=1),
        "MAX_DIRECTIVES_EXCEEDED",
    ),
    "cost": ("{many{things{things{id}}}}", Limits(max_cost=1000), "MAX_COST_EXCEEDED"),
}


@pytest.mark.parametrize("case", OPERATIONS)
def test_an_operation_is_checked_against_each_limit(case: str) -> None:
    text, limits, code = OPERATIONS[case]
    operation = parse_request(text, None, SCHEMA)
    assert exceeded(lambda: check_operation(operation, SCHEMA, limits)) == code


COSTS = {
    "{one{id}}": 1,
    "{one{next{id}}}": 2,
    "{many{id}}": 10,
    "{many{things{id}}}": 10 + 10 * 10,
    "{five{id}}": 5,
    "{dear}": 7,
    "{one{heavy{id}}}": 1 + 20,
    "{argument(heavy:1)}": 3,
    "{argument}": 0,
    "{top(n:3){id}}": 3,
    "{top{id}}": 10,
    "{page(first:4){nodes{id} totalCount}}": 1 + 4,
    "{page(first:4,last:9){nodes{id}}}": 1 + 9,
    "{page{nodes{id}}}": 1 + 10,
    "query($n:Int=2){page(first:$n){nodes{id}}}": 1 + 2,
    "query($n:Int){page(first:$n){nodes{id}}}": 1 + 10,
    "{sized(first:3){items{id} others{id}}}": 1 + 3 + 10,
    "{...on Query{one{id}}}": 1,
    "mutation{change{id}}": 10 + 1,
    "{__schema{types{name}}}": 0,
}


@pytest.mark.parametrize("text", COSTS)
def test_the_cost_is_told_before_anything_runs(text: str) -> None:
    assert estimate_cost(parse_request(text, None, SCHEMA), SCHEMA, CostWeights()) == COSTS[text]


def test_the_defaults_let_introspection_and_the_parser_s_deepest_text_through() -> None:
    text = get_introspection_query(directive_is_repeatable=True, schema_description=True, input_value_deprecation=True)
    check_text(text, Limits())
    check_document(parse(text), Limits())
    check_operation(parse_request(text, None, SCHEMA), SCHEMA, Limits())
    deepest = nested(Limits().max_depth)
    check_text(deepest, Limits())
    check_operation(parse_request(deepest, None, SCHEMA), SCHEMA, Limits())


def test_the_parser_survives_every_nesting_that_the_text_check_lets_through() -> None:
    levels = 2 * Limits().max_depth
    text = "{a(b:" + "[" * levels + "]" * levels + ")}"
    check_text(text, Limits())
    parse(text)


def test_every_limit_has_a_meaning_in_both_languages() -> None:
    assert all(meaning.en and meaning.ko and meaning.http_status == 400 for meaning in LIMIT_CODES.values())
