"""What the market's subgraphs answer: plain dicts for graphql-core's default resolver, callables for arguments.

Texts that may differ from answer to answer hold ``MARK``, which the server replaces.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

MARK = "00000000"

SENTENCE = "한 번 사면 오래 쓰는 물건을 찾았는데 배송도 빠르고 설명과 같아서 만족합니다. "
LENGTHS = (446, 302, 275, 145, 446, 302, 275, 145, 145, 145, 800)
"""Characters of each review, as long as those of the public benchmark."""

PRODUCTS = {
    str(number): {"upc": str(number), "name": f"Product {number} {MARK}", "price": 900 * number, "weight": 110 * number}
    for number in range(1, 10)
}
PRODUCT_OF = ("1", "1", "1", "1", "2", "2", "2", "2", "3", "4", "4")
USERS = {
    str(number): {
        "id": str(number),
        "name": f"User {number} {MARK}",
        "username": f"user{number}",
        "birthday": 1234567890,
    }
    for number in range(1, 7)
}


def _review(number: int) -> dict[str, Any]:
    body = (MARK + " lorem ipsum dolor sit amet consectetur adipiscing elit" * 20)[: LENGTHS[number - 1]]
    upc = PRODUCT_OF[number - 1]
    # Callables, so that the answer may nest as deep as it is asked for.
    return {
        "id": str(number),
        "body": body,
        "author": lambda _info: {"id": "1", "username": "user1", "reviews": lambda _info: REVIEWS[:2]},
        "product": lambda _info: _reviewed(upc),
    }


def _reviewed(upc: str) -> dict[str, Any]:
    mine = [number for number, of in enumerate(PRODUCT_OF) if of == upc]
    return {"__typename": "Product", "upc": upc, "reviews": lambda _info: [REVIEWS[number] for number in mine]}


REVIEWS = [_review(number) for number in range(1, len(LENGTHS) + 1)]


def _item(number: int) -> dict[str, Any]:
    return {"id": f"item-{number}", "title": f"Item {number} {MARK}"}


def _row(number: int) -> dict[str, Any]:
    return {
        "id": f"row-{number}",
        "name": f"이름 {number} {MARK}",
        "city": ("Seoul", "Daejeon", "Incheon", "Pohang")[number % 4],
        "note": SENTENCE,
        "amount": number * 37,
        "rate": number / 7,
        "open": number % 3 > 0,
    }


def _result(number: int) -> dict[str, Any]:
    if number % 2:
        return {"__typename": "Ticket", "id": f"t-{number}", "label": MARK, "zone": number % 5}
    return {"__typename": "Parcel", "id": f"p-{number}", "label": MARK, "grams": number * 10, "litres": number % 30}


def _class(key: Mapping[str, Any]) -> dict[str, Any]:
    value = key["zone"] if key["__typename"] == "Ticket" else key["grams"] + key["litres"]
    return {**key, "class": f"C{value % 9}"}


def _offer(key: Mapping[str, Any]) -> dict[str, Any]:
    number = int(str(key["id"]).removeprefix("item-"))
    return {**key, "price": number * 11, "seller": {"id": f"seller-{number}"}}


def _seller(key: Mapping[str, Any]) -> dict[str, Any]:
    return {**key, "name": f"Seller {key['id']} {MARK}", "rating": len(str(key["id"])) / 3}


def _inventory(key: Mapping[str, Any]) -> dict[str, Any]:
    price, weight = key.get("price") or 0, key.get("weight") or 0
    return {**key, "inStock": int(key["upc"]) % 2 > 0, "shippingEstimate": 0 if price > 1000 else weight // 2}


ROOTS: Mapping[str, Mapping[str, Any]] = {
    "accounts": {
        "me": USERS["1"],
        "user": lambda _info, id: USERS.get(id),
        "users": list(USERS.values()),
    },
    "inventory": {"stockedProducts": lambda _info, first=5: [_inventory({"upc": str(n)}) for n in range(1, first + 1)]},
    "products": {"topProducts": lambda _info, first=5: list(PRODUCTS.values())[:first]},
    "reviews": {
        "newestReview": REVIEWS[-1],
        "addReview": lambda _info, upc, body: {**REVIEWS[0], "id": "99", "body": body, "product": _reviewed(upc)},
    },
    "catalogue": {
        "items": lambda _info, first: [_item(n) for n in range(first)],
        "rows": lambda _info, first: [_row(n) for n in range(first)],
    },
    "offers": {"bestOffer": _offer({"id": "item-1"})},
    "sellers": {"firstSeller": _seller({"id": "seller-1"})},
    "search": {"search": lambda _info, first: [_result(n) for n in range(first)]},
    "tariffs": {"tariff": "A"},
    "billing": {"currency": "KRW"},
}

ENTITIES: Mapping[str, Mapping[str, Callable[[Mapping[str, Any]], Mapping[str, Any]]]] = {
    "accounts": {"User": lambda key: USERS[str(key["id"])]},
    "inventory": {"Product": _inventory},
    "products": {"Product": lambda key: PRODUCTS[str(key["upc"])]},
    "reviews": {
        "Product": lambda key: _reviewed(str(key["upc"])),
        "User": lambda key: {**key, "reviews": lambda _info: REVIEWS[:2]},
        "Review": lambda key: next(review for review in REVIEWS if review["id"] == key["id"]),
    },
    "catalogue": {"Item": lambda key: _item(int(str(key["id"]).removeprefix("item-")))},
    "offers": {"Item": _offer, "Seller": dict},
    "sellers": {"Seller": _seller},
    "search": {name: lambda key: _result(int(str(key["id"])[2:])) for name in ("Parcel", "Ticket")},
    "tariffs": dict.fromkeys(("Parcel", "Ticket"), _class),
    "billing": {name: lambda key: {**key, "charge": 100 * len(str(key["class"]))} for name in ("Parcel", "Ticket")},
}
