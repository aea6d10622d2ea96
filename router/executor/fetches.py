"""What a plan knows of one fetch before any request: its bytes, its keys, how its data is merged."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from graphql import (
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    get_named_type,
    is_specified_scalar_type,
)

from router.executor.paths import ON
from router.executor.representations import Representations, read_requires
from router.executor.transport import request_head
from router.operation.model import InlineFragment, OperationKind, Selection
from router.planner.nodes import (
    ConditionNode,
    Defer,
    Fetch,
    Flatten,
    KeyRenamer,
    Node,
    Parallel,
    Path,
    Sequence,
    SubscriptionNode,
)

ENTITIES = "_entities"


@dataclass(frozen=True, slots=True, eq=False)
class PreparedFetch:
    """One fetch, its constant work done."""

    number: int
    subgraph: str
    query: str
    operation_name: str | None
    head: bytes
    variables: tuple[str, ...]
    is_mutation: bool
    exact_numbers: bool
    """Whether a field may hold a custom scalar, and so an integer of any size."""
    path: Path
    """Response path of the objects the result is merged into; ``()`` for a root fetch."""
    keys: tuple[str, ...]
    """Response keys the fetch is for, at its root or on its entities."""
    objects: frozenset[Path]
    """Response paths, without lists, of the keys among them that hold objects."""
    renames: tuple[KeyRenamer, ...]
    representations: Representations | None
    deep: bool
    """Whether another fetch gives one of the same object fields, so that merging must look inside."""
    schema: GraphQLSchema
    untyped: frozenset[str]
    """Interfaces that are an object type in some subgraph: their name as ``__typename`` says nothing."""
    folds: bool
    """Whether objects with equal representations are equal altogether, so that one may stand for all of them."""


@lru_cache(maxsize=16)
def _free_form_fields(schema: GraphQLSchema) -> frozenset[str]:
    """The names of fields that hold a custom scalar on any type."""
    return frozenset(
        name
        for type_ in schema.type_map.values()
        if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType)
        for name, field in type_.fields.items()
        if isinstance(named := get_named_type(field.type), GraphQLScalarType) and not is_specified_scalar_type(named)
    )


def fetches_of(node: Node | None, path: Path = ()) -> Iterator[tuple[Fetch, Path]]:
    """All fetches of a plan in reading order, each with its flatten path."""
    match node:
        case Fetch():
            yield node, path
        case Flatten():
            yield from fetches_of(node.node, (*path, *node.path))
        case Sequence() | Parallel():
            for child in node.nodes:
                yield from fetches_of(child, path)
        case ConditionNode():
            yield from fetches_of(node.if_clause, path)
            yield from fetches_of(node.else_clause, path)
        case SubscriptionNode():
            yield from fetches_of(node.primary, path)
            yield from fetches_of(node.rest, path)
        case Defer():
            yield from fetches_of(node.primary, path)
            for part in node.deferred:
                yield from fetches_of(part.node, path)


def prepare_fetches(
    node: Node | None, schema: GraphQLSchema, untyped: frozenset[str] = frozenset()
) -> dict[int, PreparedFetch]:
    """Prepared fetches by the ``id`` of the plan's fetch nodes, in reading order."""
    found = list(fetches_of(node))
    contents = [Contents(fetch, path) for fetch, path in found]
    in_context = any(fetch.context_rewrites for fetch, _ in found)
    prepared: dict[int, PreparedFetch] = {}
    for number, (fetch, path) in enumerate(found):
        renames = tuple(rewrite for rewrite in fetch.output_rewrites if isinstance(rewrite, KeyRenamer))
        mine = contents[number]
        shared = any(
            not mine.top_objects.isdisjoint(other.objects) for at, other in enumerate(contents) if at != number
        )
        representations = read_requires(fetch, path, schema) if fetch.requires else None
        prepared[id(fetch)] = PreparedFetch(
            number=number,
            subgraph=fetch.subgraph,
            query=fetch.operation,
            operation_name=fetch.operation_name,
            head=request_head(fetch.operation, fetch.operation_name),
            variables=fetch.variables,
            is_mutation=fetch.kind is OperationKind.MUTATION,
            exact_numbers=not mine.names.isdisjoint(_free_form_fields(schema)),
            path=path,
            keys=mine.keys,
            objects=mine.top_objects,
            renames=renames,
            representations=representations,
            deep=shared or bool(renames),
            schema=schema,
            untyped=untyped,
            folds=representations is not None and not in_context and _folds(representations, contents),
        )
    return prepared


def _folds(plan: Representations, contents: list[Contents]) -> bool:
    """Whether a representation says all that was fetched of an object at the path.

    What other entity fetches merge into such objects follows from what was fetched of them, so equal objects stay
    equal; values filled in from the context would not, nor do aliases that are undone later.
    """
    if not plan.path or plan.path[-1] == "@" or plan.path[-1].startswith(ON) or "@" not in plan.path:
        return False
    here = keys_of(plan.path)
    makers = [content for content in contents if here in content.below]
    fetched = {key for content in makers for key in content.below[here]} - {"__typename"}
    return not any(content.renamed for content in makers) and all(
        wanted.sent_type == type_name
        and fetched <= {field.response_key for field in wanted.fields if not field.selections}
        for type_name, wanted in plan.by_type.items()
    )


def keys_of(path: Path) -> Path:
    """The response keys of a path, without lists and type conditions."""
    return tuple(step for step in path if step != "@" and not step.startswith(ON))


def shared_paths(fetches: Iterable[PreparedFetch]) -> frozenset[Path]:
    """Response paths, without lists, whose values several positions may have in common.

    An entity is asked for once and merged into all objects that stand for it, so they hold the very same lists and
    objects below it; what was collected or projected of one of them holds for all.
    """
    prepared = list(fetches)
    merged = {path for fetch in prepared if "@" in fetch.path for path in fetch.objects}
    return frozenset(merged | {keys_of(fetch.path) for fetch in prepared if fetch.folds})


class Contents:
    """Response keys in a fetch's operation: those at its top, and the paths of all that hold objects."""

    def __init__(self, fetch: Fetch, path: Path) -> None:
        self.renamed = bool(fetch.output_rewrites)
        self.names: set[str] = set()
        self.below: dict[Path, dict[str, None]] = {}
        self._noted: set[tuple[int, Path]] = set()
        base = keys_of(path)
        self._note(fetch.selections, base)
        self.keys = tuple(name for name in self.below.pop(base, ()) if name != "__typename")
        self.objects = frozenset(self.below)
        self.top_objects = frozenset(found for found in self.objects if len(found) == len(base) + 1)

    def _note(self, selections: tuple[Selection, ...], base: Path) -> None:
        # Possible types share selection sets: each is read once a path, or nesting would multiply them.
        if (id(selections), base) in self._noted:
            return
        self._noted.add((id(selections), base))
        for selection in selections:
            if isinstance(selection, InlineFragment):
                self._note(selection.selections, base)
                continue
            self.names.add(selection.name)
            self.below.setdefault(base, {})[selection.response_key] = None
            if selection.selections:
                self._note(selection.selections, (*base, selection.response_key))
