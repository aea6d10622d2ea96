# ruff: noqa: E501 - the supergraph below keeps its definitions on one line each
"""Who may read what: @authenticated, @requiresScopes and @policy on fields and every kind of type."""

from __future__ import annotations

from typing import Any

import pytest

from router.caller import Caller
from router.errors import Forbidden, Unauthenticated
from router.federation.supergraph import Supergraph, read_supergraph
from router.operation import parse_request
from router.operation.model import Field, Operation, Selection
from router.policy.scopes import access_of, authorise

SUPERGRAPH = """
schema
  @link(url: "https://specs.apollo.dev/link/v1.0")
  @link(url: "https://specs.apollo.dev/join/v0.5", for: EXECUTION)
  @link(url: "https://specs.apollo.dev/authenticated/v0.1", for: SECURITY)
  @link(url: "https://specs.apollo.dev/requiresScopes/v0.1", for: SECURITY)
  @link(url: "https://specs.apollo.dev/policy/v0.1", for: SECURITY)
{ query: Query mutation: Mutation }

directive @link(url: String, as: String, for: link__Purpose, import: [link__Import]) repeatable on SCHEMA
directive @join__graph(name: String!, url: String!) on ENUM_VALUE
directive @join__type(graph: join__Graph!, key: join__FieldSet, extension: Boolean! = false, resolvable: Boolean! = true, isInterfaceObject: Boolean! = false) repeatable on OBJECT | INTERFACE | UNION | ENUM | INPUT_OBJECT | SCALAR
directive @join__field(graph: join__Graph, requires: join__FieldSet, provides: join__FieldSet) repeatable on FIELD_DEFINITION | INPUT_FIELD_DEFINITION
directive @join__implements(graph: join__Graph!, interface: String!) repeatable on OBJECT | INTERFACE
directive @join__unionMember(graph: join__Graph!, member: String!) repeatable on UNION
directive @join__enumValue(graph: join__Graph!) repeatable on ENUM_VALUE
directive @authenticated on FIELD_DEFINITION | OBJECT | INTERFACE | SCALAR | ENUM
directive @requiresScopes(scopes: [[requiresScopes__Scope!]!]!) on FIELD_DEFINITION | OBJECT | INTERFACE | SCALAR | ENUM
directive @policy(policies: [[policy__Policy!]!]!) on FIELD_DEFINITION | OBJECT | INTERFACE | SCALAR | ENUM
scalar link__Import
enum link__Purpose { SECURITY EXECUTION }
scalar join__FieldSet
scalar requiresScopes__Scope
scalar policy__Policy
enum join__Graph { A @join__graph(name: "a", url: "http://a") }

type Query @join__type(graph: A) {
  open: String
  me: String @authenticated
  trains: [Train!] @requiresScopes(scopes: [["rail:read"]])
  either: String @requiresScopes(scopes: [["a", "b"], ["c"]])
  vip: String @policy(policies: [["gold"]])
  both: String @authenticated @requiresScopes(scopes: [["x"]])
  lodge: Lodge
  lodges: [Lodge!]!
  air: Air
  when: Secret
  level: Level
  node: Node
  thing: Thing
  shape: Shape
}
type Mutation @join__type(graph: A) { book: String @requiresScopes(scopes: [["rail:book"]]) }
type Train @join__type(graph: A) { id: ID! number: String seats: [Seat!]! }
type Seat @join__type(graph: A) { free: Boolean price: Int @requiresScopes(scopes: [["rail:price"]]) }
type Lodge implements Node @join__type(graph: A) @join__implements(graph: A, interface: "Node") @requiresScopes(scopes: [["lodge:read"]]) { id: ID! name: String secret: String @requiresScopes(scopes: [["lodge:secret"]]) self: Lodge }
type Station implements Node @join__type(graph: A) @join__implements(graph: A, interface: "Node") { id: ID! name: String @requiresScopes(scopes: [["station:name"]]) code: Int }
interface Node @join__type(graph: A) { id: ID! name: String }
interface Shape @join__type(graph: A) @authenticated { id: ID! }
type Circle implements Shape @join__type(graph: A) @join__implements(graph: A, interface: "Shape") { id: ID! }
union Thing @join__type(graph: A) @join__unionMember(graph: A, member: "Lodge") @join__unionMember(graph: A, member: "Station") = Lodge | Station
scalar Secret @join__type(graph: A) @requiresScopes(scopes: [["time"]])
enum Level @join__type(graph: A) @authenticated { LOW @join__enumValue(graph: A) }
type Air @join__type(graph: A) { pm10: Int level: Level }
"""


@pytest.fixture(scope="module")
def supergraph() -> Supergraph:
    return read_supergraph(SUPERGRAPH)


def caller(*scopes: str, policies: list[Any] | None = None) -> Caller:
    return Caller(subject="s", client_id="c", scopes=frozenset(scopes), claims={"policies": policies})


ANONYMOUS = Caller()


def shown(selections: tuple[Selection, ...]) -> str:
    parts = []
    for one in selections:
        head = one.response_key if isinstance(one, Field) else f"...{one.type_condition or ''}"
        parts.append(f"{head}{{{shown(one.selections)}}}" if one.selections else head)
    return " ".join(parts)


def parsed(text: str, supergraph: Supergraph) -> Operation:
    return parse_request(text, None, supergraph.api_schema)


# operation, caller, what is left, refused paths with the scopes asked for
CASES: dict[str, tuple[str, Caller, str, list[tuple[str, list[list[str]]]]]] = {
    "nothing demanded": ("{open}", ANONYMOUS, "open", []),
    "field with scope held": ("{trains{id}}", caller("rail:read"), "trains{id}", []),
    "a longer name is another scope": (
        "{open trains{id}}",
        caller("rail:readx"),
        "open",
        [("trains", [["rail:read"]])],
    ),
    "a shorter name is another scope": ("{open trains{id}}", caller("rail"), "open", [("trains", [["rail:read"]])]),
    "authenticated by any token": ("{me}", caller(), "me", []),
    "authenticated, no token": ("{open me}", ANONYMOUS, "open", [("me", [])]),
    "one alternative whole": ("{either}", caller("a", "b"), "either", []),
    "the other alternative": ("{either}", caller("c"), "either", []),
    "half an alternative": ("{open either}", caller("a"), "open", [("either", [["a", "b"], ["c"]])]),
    "policy in the token": ("{vip}", caller(policies=["gold", 7]), "vip", []),
    "policy not in the token": ("{open vip}", caller(policies=["silver"]), "open", [("vip", [])]),
    "two kinds of demand, one met": ("{open both}", caller(), "open", [("both", [["x"]])]),
    "two kinds of demand, both met": ("{both}", caller("x"), "both", []),
    "demand of the object type": ("{open lodge{id}}", caller(), "open", [("lodge", [["lodge:read"]])]),
    "demand of a list's item type": ("{open lodges{id}}", caller(), "open", [("lodges", [["lodge:read"]])]),
    "demand of a scalar": ("{open when}", caller(), "open", [("when", [["time"]])]),
    "demand of an enum": ("{air{pm10 level}}", ANONYMOUS, "air{pm10}", [("air.level", [])]),
    "demand of an interface": ("{open shape{id}}", ANONYMOUS, "open", [("shape", [])]),
    "a nested field": (
        "{trains{seats{free price}}}",
        caller("rail:read"),
        "trains{seats{free}}",
        [("trains.seats.price", [["rail:price"]])],
    ),
    "all of a selection set": (
        "{trains{id seats{price}}}",
        caller("rail:read"),
        "trains{id seats{__typename}}",
        [("trains.seats.price", [["rail:price"]])],
    ),
    "aliases give the path": (
        "{open t:trains{s:seats{p:price free}}}",
        caller("rail:read"),
        "open t{s{free}}",
        [("t.s.p", [["rail:price"]])],
    ),
    "the refused parent hides its children": ("{open lodge{secret}}", caller(), "open", [("lodge", [["lodge:read"]])]),
    "deep in itself": (
        "{lodge{self{self{secret name}}}}",
        caller("lodge:read"),
        "lodge{self{self{name}}}",
        [("lodge.self.self.secret", [["lodge:secret"]])],
    ),
    "on an interface every possible type is asked": (
        "{node{id name}}",
        caller("lodge:read"),
        "node{id}",
        [("node.name", [["station:name"]])],
    ),
    "on an interface, all types granted": (
        "{node{id name}}",
        caller("lodge:read", "station:name"),
        "node{id name}",
        [],
    ),
    "a type condition asks for its own type only": (
        "{node{...on Station{code}}}",
        caller(),
        "node{...Station{code}}",
        [],
    ),
    "a type condition on a refused type": (
        "{thing{...on Lodge{id name} ...on Station{code}}}",
        caller(),
        "thing{...Station{code}}",
        [("thing.id", [["lodge:read"]]), ("thing.name", [["lodge:read"]])],
    ),
    "__typename is always granted": (
        "{thing{__typename ...on Lodge{name}}}",
        caller(),
        "thing{__typename}",
        [("thing.name", [["lodge:read"]])],
    ),
    "introspection is not refused": (
        "{__schema{queryType{name}} me}",
        ANONYMOUS,
        "__schema{queryType{name}}",
        [("me", [])],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_an_operation_keeps_what_is_granted(case: str, supergraph: Supergraph) -> None:
    text, who, left, refused = CASES[case]
    operation, refusals = authorise(parsed(text, supergraph), supergraph, who)
    assert shown(operation.selections) == left
    assert [(".".join(one.path), [list(names) for names in one.required_scopes]) for one in refusals] == refused
    assert {one.code for one in refusals} <= {"UNAUTHORIZED_FIELD_OR_TYPE"}


def test_what_is_untouched_is_the_same_object(supergraph: Supergraph) -> None:
    operation = parsed("{open air{pm10} trains{id}}", supergraph)
    assert authorise(operation, supergraph, caller("rail:read"))[0] is operation
    filtered, _ = authorise(operation, supergraph, caller())
    assert filtered.selections[1] is operation.selections[1]


def test_a_fragment_refusal_knows_the_type_it_stands_for(supergraph: Supergraph) -> None:
    _, refusals = authorise(parsed("{node{id ...on Lodge{secret}}}", supergraph), supergraph, caller("lodge:read"))
    assert [(one.parent_type, one.coordinate) for one in refusals] == [("Lodge", "Lodge.secret")]


@pytest.mark.parametrize("text", ["{trains{id}}", "{__typename trains{id} me}", "mutation{book}"])
def test_an_operation_refused_whole_is_unauthenticated_without_and_forbidden_with_a_token(
    text: str, supergraph: Supergraph
) -> None:
    operation = parsed(text, supergraph)
    with pytest.raises(Unauthenticated) as nobody:
        authorise(operation, supergraph, ANONYMOUS)
    assert nobody.value.http_status == 401
    if "me" not in text:
        with pytest.raises(Forbidden) as poor:
            authorise(operation, supergraph, caller("other"))
        assert poor.value.http_status == 403
        assert poor.value.errors[0].extensions["code"] == "UNAUTHORIZED_FIELD_OR_TYPE"
        assert poor.value.errors[0].extensions["requiredScopes"] in ([["rail:read"]], [["rail:book"]])


def test_callers_that_differ_in_nothing_the_operation_asks_share_one_answer(supergraph: Supergraph) -> None:
    access = access_of(parsed("{open trains{id}}", supergraph), supergraph)
    assert access.granted(caller("rail:read", "lodge:read")) == access.granted(caller("rail:read"))
    assert access.authorise(caller("lodge:read"))[0] is access.authorise(caller("sensing:read"))[0]
    assert len(access._memo) == 1


def test_the_memory_of_answers_is_bounded(supergraph: Supergraph) -> None:
    access = access_of(parsed("{open trains{id}}", supergraph), supergraph)
    for number in range(200):
        access.filtered(access.granted(caller("rail:read")).__class__(False, frozenset({str(number)}), frozenset()))
    assert len(access._memo) == 64
