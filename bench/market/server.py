"""Serve the market's subgraphs from prepared bytes, so that they are not what a benchmark measures.

The first request of each kind is executed by graphql-core; its bytes answer all equal ones. With ``--varying`` every
answer carries another number in its texts, so that nothing upstream gains from repetition.
``python -m bench.market.server --port 4200 [--varying]``: each subgraph at ``/<name>``.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from typing import Any, cast

import httptools
import uvloop
from graphql import GraphQLSchema, build_schema, graphql_sync

from bench.market.data import ENTITIES, MARK, ROOTS
from bench.market.schemas import SCHEMAS

FEDERATION = """
  scalar FieldSet scalar _Any
  directive @key(fields: FieldSet!, resolvable: Boolean = true) repeatable on OBJECT | INTERFACE
  directive @shareable on OBJECT | FIELD_DEFINITION
  directive @external on OBJECT | FIELD_DEFINITION
  directive @requires(fields: FieldSet!) on FIELD_DEFINITION
  directive @provides(fields: FieldSet!) on FIELD_DEFINITION
  extend type Query { _entities(representations: [_Any!]!): [_Entity]! }
"""


def executable(name: str) -> GraphQLSchema:
    """The schema of a subgraph with its ``_entities``."""
    return build_schema(f"{SCHEMAS[name]} {FEDERATION} union _Entity = {' | '.join(ENTITIES[name])}")


class Answers:
    """Request bodies → answer bodies of one subgraph."""

    def __init__(self, name: str, *, varying: bool) -> None:
        self._schema = executable(name)
        self._root = {**ROOTS[name], "_entities": self._entities}
        self._resolve = ENTITIES[name]
        self._known: dict[bytes, bytes] = {}
        self._varying = varying
        self._count = 0

    def answer(self, body: bytes) -> bytes:
        """What the subgraph answers to a body."""
        found = self._known.get(body)
        if found is None:
            found = self._execute(body)
            if len(self._known) < 4_000:
                self._known[body] = found
        if not self._varying:
            return found
        self._count += 1
        return found.replace(MARK.encode(), b"%08d" % self._count)

    def _execute(self, body: bytes) -> bytes:
        request = json.loads(body)
        result = graphql_sync(
            self._schema,
            request["query"],
            self._root,
            variable_values=request.get("variables"),
            operation_name=request.get("operationName"),
        )
        return json.dumps(result.formatted, ensure_ascii=False, separators=(",", ":")).encode()

    def _entities(self, _info: Any, representations: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [{**self._resolve[key["__typename"]](key), "__typename": key["__typename"]} for key in representations]


class Subgraphs(asyncio.Protocol):
    """One keep-alive connection of a router."""

    def __init__(self, answers: dict[str, Answers]) -> None:
        self._answers = answers

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._parser = httptools.HttpRequestParser(self)
        self._body: list[bytes] = []

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_url(self, url: bytes) -> None:
        self._name = url.strip(b"/").decode()

    def on_body(self, body: bytes) -> None:
        self._body.append(body)

    def on_message_complete(self) -> None:
        body, self._body = b"".join(self._body), []
        answers = self._answers.get(self._name)
        if answers is None:
            self._transport.write(b"HTTP/1.1 204 No Content\r\n\r\n")
            return
        answer = answers.answer(body)
        self._transport.write(
            b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b" % (len(answer), answer)
        )


async def serve(port: int, *, varying: bool) -> None:
    """Until cancelled."""
    answers = {name: Answers(name, varying=varying) for name in SCHEMAS}
    server = await asyncio.get_running_loop().create_server(lambda: Subgraphs(answers), "127.0.0.1", port)
    async with server:
        await server.serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--varying", action="store_true", help="another number in the texts of every answer")
    options = parser.parse_args()
    uvloop.run(serve(options.port, varying=options.varying))


if __name__ == "__main__":
    main()
