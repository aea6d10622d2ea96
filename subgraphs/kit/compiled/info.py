"""The ``info`` of resolvers, made only when a resolver asks for it, its costly part only when that is read."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from graphql.pyutils import Path
from graphql.pyutils.gather_with_cancel import gather_with_cancel
from graphql.type.definition import GraphQLResolveInfoHelpers
from strawberry.schema.schema import _OperationContextAwareGraphQLResolveInfo
from strawberry.types.info import Info

from subgraphs.kit.compiled.running import Link, Run, is_awaitable

if TYPE_CHECKING:
    from subgraphs.kit.compiled.slots import FieldSlot


def graphql_path(link: Link) -> Path | None:
    """graphql-core's form of a path."""
    path: Path | None = None
    chain = []
    while link is not None:
        chain.append(link)
        link = link[0]
    for _, key, type_name in reversed(chain):
        path = Path(path, key, type_name)
    return path


def raw_info(run: Run, slot: FieldSlot, at: Link) -> Any:
    """graphql-core's resolve info of a field, as Strawberry's executor builds it; ``at`` is the object's link."""

    def track(values: Sequence[Any]) -> None:
        run.settle(value for value in values if is_awaitable(value))

    def gather(values: Sequence[Awaitable[Any]]) -> Awaitable[list[Any]]:
        return gather_with_cancel(*values)

    plan = run.plan
    return _OperationContextAwareGraphQLResolveInfo(
        slot.name,
        list(slot.nodes),
        slot.definition.type,
        slot.parent,
        graphql_path((at, slot.key, slot.parent.name)),  # type: ignore[arg-type]
        plan.schema,
        plan.fragments,
        run.root,
        plan.operation,
        run.variables.coerced,
        run.context,
        is_awaitable,
        None,
        GraphQLResolveInfoHelpers(gather=gather, track=track),
        run.extensions,  # type: ignore[arg-type]
    )


class LazyInfo(Info[Any, Any]):
    """Strawberry's ``Info`` that builds graphql-core's part at the first look."""

    def __init__(self, run: Run, slot: FieldSlot, at: Link) -> None:
        self._run = run
        self._slot = slot
        self._at = at
        self._field = slot.strawberry_field

    @cached_property
    def _raw_info(self) -> Any:  # type: ignore[override]
        return raw_info(self._run, self._slot, self._at)

    @property
    def context(self) -> Any:
        """The context of the request."""
        return self._run.context

    @property
    def root_value(self) -> Any:
        """The root value of the request."""
        return self._run.root


def info_maker(info_class: type[Info[Any, Any]]) -> Any:
    """What makes the info of a call: ``LazyInfo``, or the project's own class with graphql-core's part in it."""
    if info_class is Info:
        return LazyInfo

    def make(run: Run, slot: FieldSlot, at: Link) -> Info[Any, Any]:
        return info_class(_raw_info=raw_info(run, slot, at), _field=slot.strawberry_field)

    return make
