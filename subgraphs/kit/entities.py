"""The federated schema of a subgraph: stock Strawberry with three habits of our own.

Representations are never changed (Strawberry pops ``__typename`` from the caller's own mapping), bad ones are answered
null with a coded error at their place, and a type's ``resolve_reference`` is called with the keys it names only.
Batching needs nothing here: ``resolve_reference`` returns ``info.context.loader(...).load(key)`` and all entities of
one request meet in one call of the loader.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, Literal

import strawberry
from strawberry.federation.schema import FederationAny
from strawberry.schema.config import StrawberryConfig

from subgraphs.kit.errors import KIT_ERRORS, DomainError
from subgraphs.kit.time import SCALARS

_CAPITAL = re.compile(r"(?<!^)([A-Z])")
FEDERATION_VERSION: Literal["2.9"] = "2.9"


class FederatedSchema(strawberry.federation.Schema):
    """A Strawberry federation schema with the hub's scalars and the entity rules above."""

    def entities_resolver(self, info: strawberry.Info, representations: list[FederationAny]) -> list[FederationAny]:
        """``Query._entities``: as many answers as representations, in their order."""
        answers: list[Any] = []
        for representation in representations:
            try:
                answers.append(self._entity(info, representation))
            except DomainError as error:
                answers.append(error)
        return answers

    def _entity(self, info: strawberry.Info, representation: Any) -> Any:
        if not isinstance(representation, Mapping):
            raise KIT_ERRORS.error("BAD_REPRESENTATION")
        entry = self.schema_converter.type_map.get(str(representation.get("__typename")))
        origin = getattr(getattr(entry, "definition", None), "origin", None)
        if origin is None or not hasattr(origin, "resolve_reference"):
            raise KIT_ERRORS.error("BAD_REPRESENTATION")
        accepted, required = _parameters(origin)
        named = {to_snake_case(str(name)): value for name, value in representation.items()}
        arguments = {name: value for name, value in named.items() if name in accepted and name != "info"}
        if not required <= arguments.keys():
            raise KIT_ERRORS.error("BAD_REPRESENTATION")
        if "info" in accepted:
            arguments["info"] = info
        return origin.resolve_reference(**arguments)


@lru_cache(maxsize=1024)
def to_snake_case(name: str) -> str:
    """``korailCode`` → ``korail_code``, as Strawberry names Python parameters."""
    return _CAPITAL.sub(r"_\1", name).lower()


@lru_cache(maxsize=256)
def _parameters(origin: Any) -> tuple[frozenset[str], frozenset[str]]:
    """Names ``resolve_reference`` accepts, and those it cannot do without (``info`` aside)."""
    parameters = inspect.signature(origin.resolve_reference).parameters
    required = {name for name, parameter in parameters.items() if parameter.default is inspect.Parameter.empty}
    return frozenset(parameters), frozenset(required - {"info"})


def federated_schema(
    query: type,
    *,
    mutation: type | None = None,
    subscription: type | None = None,
    types: Iterable[type] = (),
) -> FederatedSchema:
    """The schema of a subgraph from its root types; entities reachable from no field are named in ``types``."""
    return FederatedSchema(
        query=query,
        mutation=mutation,
        subscription=subscription,
        types=tuple(types),
        federation_version=FEDERATION_VERSION,
        config=StrawberryConfig(scalar_map=SCALARS, disable_field_suggestions=False),
    )
