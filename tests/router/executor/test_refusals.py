"""Refused selections: null in their place, one error each, everything else answered."""

from typing import Any

import orjson
import pytest
from shop import Shop, supergraph

from router.caller import Caller
from router.executor import compile_plan
from router.operation import parse_request
from router.operation.model import Field, InlineFragment, Operation, Selection
from router.planner import plan
from router.policy.scopes import Refusal


def without(operation: Operation, refusals: list[Refusal]) -> Operation:
    paths = {refusal.path for refusal in refusals}

    def kept(selections: tuple[Selection, ...], path: tuple[str, ...]) -> tuple[Selection, ...]:
        found: list[Selection] = []
        for one in selections:
            if isinstance(one, InlineFragment):
                found.append(InlineFragment(one.type_condition, kept(one.selections, path)))
            elif (here := (*path, one.response_key)) not in paths:
                below = kept(one.selections, here) or ((Field("__typename", "__typename"),) if one.selections else ())
                found.append(Field(one.response_key, one.name, one.arguments, selections=below))
        return tuple(found)

    return Operation(
        operation.kind, operation.name, operation.root_type, operation.variables, kept(operation.selections, ())
    )


def refused(*keys: str, parent: str) -> Refusal:
    return Refusal(keys, parent, f"{parent}.{keys[-1]}", (("shop:read",),))


CASES: list[tuple[str, str, list[Refusal], Any, list[tuple[list[Any], str]]]] = [
    (
        "a nullable field in a list: null everywhere, one error at the first position",
        "{ products { upc inStock name } }",
        [refused("products", "inStock", parent="Product")],
        {"products": [{"upc": str(n), "inStock": None, "name": f"product {n}"} for n in (1, 2, 3)]},
        [(["products", 0, "inStock"], "products.@.inStock")],
    ),
    (
        "a whole object, in the client's order",
        "{ me { id } product(upc: 1) { upc } }",
        [refused("me", parent="Query")],
        {"me": None, "product": {"upc": "1"}},
        [(["me"], "me")],
    ),
    (
        "null spreads from a non-null field",
        "{ product(upc: 1) { upc shipping } me { id } }",
        [refused("product", "shipping", parent="Product")],
        {"product": None, "me": {"id": "1"}},
        [(["product", "shipping"], "product.shipping")],
    ),
    (
        "under null the path ends at the null",
        "{ product(upc: 99) { inStock } }",
        [refused("product", "inStock", parent="Product")],
        {"product": None},
        [(["product"], "product.inStock")],
    ),
    (
        "in an empty list the path ends at the list",
        "{ products(first: 0) { inStock upc } }",
        [refused("products", "inStock", parent="Product")],
        {"products": []},
        [(["products"], "products.@.inStock")],
    ),
    (
        "a selection under a type condition, found later in the list",
        "{ things { upc ... on Product { name } } }",
        [refused("things", "name", parent="Product")],
        {"things": [{"upc": "1", "name": None}, None]},
        [(["things", 0, "name"], "things.@.name")],
    ),
    (
        "everything below an object: the object itself is answered",
        "{ me { name } }",
        [refused("me", "name", parent="User")],
        {"me": {"name": None}},
        [(["me", "name"], "me.name")],
    ),
    (
        "several",
        "{ me { name email } products(first: 1) { inStock } }",
        [refused("me", "email", parent="User"), refused("products", "inStock", parent="Product")],
        {"me": None, "products": [{"inStock": None}]},
        [(["me", "email"], "me.email"), (["products", 0, "inStock"], "products.@.inStock")],
    ),
]


@pytest.mark.parametrize(
    ("text", "refusals", "data", "errors"), [case[1:] for case in CASES], ids=[c[0] for c in CASES]
)
async def test_refused_selections(
    text: str, refusals: list[Refusal], data: Any, errors: list[tuple[list[Any], str]]
) -> None:
    graph, shop = supergraph(), Shop()
    operation = parse_request(text, None, graph.api_schema)
    compiled = compile_plan(plan(graph, without(operation, refusals)), operation, graph, refusals)
    found = orjson.loads(await compiled({}, Caller(), shop.transports))
    assert orjson.dumps(found["data"]) == orjson.dumps(data)
    told = [error for error in found["errors"] if error["extensions"]["code"] == "UNAUTHORIZED_FIELD_OR_TYPE"]
    assert [(error["path"], error["extensions"]["affectedPath"]) for error in told] == errors
    assert all(error["extensions"]["requiredScopes"] == [["shop:read"]] for error in told)
    others = [error for error in found["errors"] if error not in told]
    assert [error["path"] for error in others] == ([["things", 1]] if "things" in text else [])
