"""Who may read what: @authenticated, @requiresScopes and @policy over one operation.

Semantics (Apollo federation specs ``authenticated`` v0.1, ``requiresScopes`` v0.1, ``policy`` v0.1):
a selected field is granted when the demands of its coordinate and those of the type it returns (object, interface,
union, enum or scalar) are all met; a type condition adds the demands of its type to the fields below it; a field
selected on an interface must meet the demands of every type that may stand there, because which one does is not known
yet. A demand is an OR of ANDs over exact names: ``rail:readx`` never satisfies ``rail:read``.
``@policy`` names hold when the verified token lists them in its ``policies`` claim.

Everything here is pure. ``access_of`` reads an operation once; a request then costs one set intersection and a look-up.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import product
from typing import Any

from graphql import GraphQLNamedType, get_named_type, is_abstract_type, is_object_type

from router.caller import Caller
from router.errors import Forbidden, RequestError, RouterError, Unauthenticated
from router.federation.requirements import AnyOfAll, Requirement
from router.federation.supergraph import Supergraph
from router.operation.model import Field, InlineFragment, Operation, Selection

UNAUTHORIZED = "UNAUTHORIZED_FIELD_OR_TYPE"
TYPENAME = Field(response_key="__typename", name="__typename")
"""Left where a whole selection set was refused, so that the parent object is still asked for."""

MEMO_SIZE = 64
"""Different sets of granted scopes remembered for one operation."""


@dataclass(frozen=True, slots=True)
class Demand:
    """One requirement and where it was declared (``Type`` or ``Type.field``)."""

    coordinate: str
    requirement: Requirement


@dataclass(frozen=True, slots=True)
class Refusal:
    """One selection taken out of the operation.

    ``path`` is made of response keys without list marks; ``parent_type`` the type the selection stood in, so that a
    selection under a type condition is answered null for objects of that type only.
    """

    path: tuple[str, ...]
    parent_type: str
    coordinate: str
    required_scopes: AnyOfAll = ()
    code: str = UNAUTHORIZED


@dataclass(frozen=True, slots=True)
class Granted:
    """The part of a caller that decides about one operation; hashable, the key of memo and plan cache."""

    authenticated: bool
    scopes: frozenset[str]
    policies: frozenset[str]

    def meets(self, requirement: Requirement) -> bool:
        """Whether every kind of demand is met."""
        return (
            (self.authenticated or not requirement.authenticated)
            and _any_of_all(requirement.scopes, self.scopes)
            and _any_of_all(requirement.policies, self.policies)
        )


def _any_of_all(alternatives: AnyOfAll, held: frozenset[str]) -> bool:
    return not alternatives or any(held.issuperset(names) for names in alternatives)


def is_authenticated(caller: Caller) -> bool:
    """Whether a verified token came with the request."""
    return caller.subject is not None or caller.client_id is not None


@dataclass(frozen=True, eq=False)
class AccessRules:
    """The demands of one supergraph, looked up by selection."""

    supergraph: Supergraph
    _known: dict[tuple[str, str], tuple[Demand, ...]] = field(default_factory=dict)

    def of_type(self, name: str) -> tuple[Demand, ...]:
        """What the type itself asks for."""
        requirement = self.supergraph.requirements.get(name)
        return () if requirement is None else (Demand(name, requirement),)

    def of_field(self, parent: str, name: str) -> tuple[Demand, ...]:
        """What selecting ``name`` on ``parent`` asks for, the returned type included."""
        key = (parent, name)
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = tuple(dict.fromkeys(self._collect(parent, name)))
        return found

    def _collect(self, parent: str, name: str) -> Iterable[Demand]:
        yield from self.of_type(f"{parent}.{name}")
        yield from self.of_type(self.returned(parent, name))
        schema_type = self.supergraph.schema.type_map.get(parent)
        if schema_type is not None and is_abstract_type(schema_type):
            for possible in self.supergraph.schema.get_possible_types(schema_type):
                yield from self.of_type(possible.name)
                yield from self.of_type(f"{possible.name}.{name}")

    def returned(self, parent: str, name: str) -> str:
        """The name of the type the field returns, wrappers taken off."""
        fields: Mapping[str, Any] = getattr(self.supergraph.schema.type_map[parent], "fields", {})
        named: GraphQLNamedType = get_named_type(fields[name].type)
        return named.name

    def narrowed(self, parent: str, condition: str | None) -> str:
        """The type below a type condition; an object type stays itself under an interface condition."""
        if condition is None or is_object_type(self.supergraph.schema.type_map.get(parent)):
            return parent
        return condition


@lru_cache(maxsize=16)
def access_rules(supergraph: Supergraph) -> AccessRules:
    """The rules of a supergraph (compared by identity)."""
    return AccessRules(supergraph)


@dataclass(frozen=True, eq=False)
class Access:
    """One operation with all its demands read; keep it with the cached document."""

    operation: Operation
    rules: AccessRules
    demands: tuple[Demand, ...]
    scopes: frozenset[str]
    policies: frozenset[str]
    authenticated: bool
    _memo: OrderedDict[Granted, tuple[Operation, tuple[Refusal, ...]]] = field(default_factory=OrderedDict)

    def granted(self, caller: Caller) -> Granted:
        """What of the caller matters here; equal values mean equal answers, plans and programs."""
        held = caller.claims.get("policies") if self.policies else None
        policies = frozenset(name for name in held if isinstance(name, str)) if isinstance(held, list) else frozenset()
        return Granted(
            authenticated=self.authenticated and is_authenticated(caller),
            scopes=self.scopes & caller.scopes,
            policies=self.policies & policies,
        )

    def filtered(self, granted: Granted) -> tuple[Operation, tuple[Refusal, ...]]:
        """The operation without what is refused, and the refusals in order of selection."""
        known = self._memo.get(granted)
        if known is None:
            known = self._memo[granted] = _filter(self.operation, self.rules, granted)
            if len(self._memo) > MEMO_SIZE:
                self._memo.popitem(last=False)
        return known

    def authorise(self, caller: Caller) -> tuple[Operation, tuple[Refusal, ...]]:
        """As ``filtered``; raises ``Unauthenticated`` or ``Forbidden`` when no selected root field is granted."""
        if not self.demands:
            return self.operation, ()
        operation, refusals = self.filtered(self.granted(caller))
        if refusals and not _asks_anything(operation):
            raise _refused_whole(refusals, caller)
        return operation, refusals


def access_of(operation: Operation, supergraph: Supergraph) -> Access:
    """Read the demands of an operation once; the rest is per caller."""
    rules = access_rules(supergraph)
    demands = tuple(dict.fromkeys(_demands(operation, rules))) if supergraph.requirements else ()
    return Access(
        operation=operation,
        rules=rules,
        demands=demands,
        scopes=_names(demand.requirement.scopes for demand in demands),
        policies=_names(demand.requirement.policies for demand in demands),
        authenticated=any(demand.requirement.authenticated for demand in demands),
    )


def authorise(operation: Operation, supergraph: Supergraph, caller: Caller) -> tuple[Operation, tuple[Refusal, ...]]:
    """The operation as this caller may run it, and what was refused.

    Raises ``Unauthenticated`` (no token) or ``Forbidden`` when nothing of the operation is left to run.
    """
    return access_of(operation, supergraph).authorise(caller)


def refusal_error(refusal: Refusal, path: tuple[str | int, ...], affected_path: str) -> RouterError:
    """The one error of a refused selection.

    ``path`` is the real response path, ``affected_path`` the dotted one with ``@`` for "every item of this list".
    """
    asked = " or ".join(" and ".join(names) for names in refusal.required_scopes)
    demand_en = f": it requires {asked}" if asked else ""
    demand_ko = f" (필요한 권한: {asked})" if asked else ""
    return RouterError(
        f"{refusal.coordinate} is not granted to this access token{demand_en}.",
        ko=f"{refusal.coordinate} 항목을 조회할 권한이 없습니다{demand_ko}.",
        code=refusal.code,
        path=path,
        extensions={
            "requiredScopes": [list(names) for names in refusal.required_scopes],
            "affectedPath": affected_path,
        },
    )


def _names(alternatives: Iterable[AnyOfAll]) -> frozenset[str]:
    return frozenset(name for any_of in alternatives for all_of in any_of for name in all_of)


def _demands(operation: Operation, rules: AccessRules) -> Iterable[Demand]:
    yield from rules.of_type(operation.root_type)
    yield from _demands_of(operation.selections, operation.root_type, rules)


def _demands_of(selections: tuple[Selection, ...], parent: str, rules: AccessRules) -> Iterable[Demand]:
    for selection in selections:
        if isinstance(selection, InlineFragment):
            if selection.type_condition is not None:
                yield from rules.of_type(selection.type_condition)
            yield from _demands_of(selection.selections, rules.narrowed(parent, selection.type_condition), rules)
        elif not selection.name.startswith("__"):
            yield from rules.of_field(parent, selection.name)
            if selection.selections:
                yield from _demands_of(selection.selections, rules.returned(parent, selection.name), rules)


def _filter(operation: Operation, rules: AccessRules, granted: Granted) -> tuple[Operation, tuple[Refusal, ...]]:
    refusals: list[Refusal] = []
    kept = _filtered(
        operation.selections, operation.root_type, rules.of_type(operation.root_type), (), rules, granted, refusals
    )
    return (replace(operation, selections=kept), tuple(refusals)) if refusals else (operation, ())


def _filtered(
    selections: tuple[Selection, ...],
    parent: str,
    inherited: tuple[Demand, ...],
    path: tuple[str, ...],
    rules: AccessRules,
    granted: Granted,
    refusals: list[Refusal],
) -> tuple[Selection, ...]:
    kept: list[Selection] = []
    for selection in selections:
        if isinstance(selection, InlineFragment):
            condition = selection.type_condition
            below = rules.narrowed(parent, condition)
            added = inherited if condition is None else (*inherited, *rules.of_type(condition))
            inner = _filtered(selection.selections, below, added, path, rules, granted, refusals)
            if inner:
                kept.append(selection if inner is selection.selections else replace(selection, selections=inner))
        elif selection.name.startswith("__"):
            kept.append(selection)
        else:
            unmet = [
                demand
                for demand in (*inherited, *rules.of_field(parent, selection.name))
                if not granted.meets(demand.requirement)
            ]
            if unmet:
                refusals.append(_refusal((*path, selection.response_key), parent, unmet))
            else:
                kept.append(_descend(selection, parent, path, rules, granted, refusals))
    same = len(kept) == len(selections) and all(a is b for a, b in zip(kept, selections, strict=True))
    return selections if same else tuple(kept)


def _descend(
    selection: Field,
    parent: str,
    path: tuple[str, ...],
    rules: AccessRules,
    granted: Granted,
    refusals: list[Refusal],
) -> Field:
    if not selection.selections:
        return selection
    returned = rules.returned(parent, selection.name)
    inner = _filtered(selection.selections, returned, (), (*path, selection.response_key), rules, granted, refusals)
    return selection if inner is selection.selections else replace(selection, selections=inner or (TYPENAME,))


def _refusal(path: tuple[str, ...], parent: str, unmet: list[Demand]) -> Refusal:
    asked = [demand.requirement.scopes for demand in unmet if demand.requirement.scopes]
    together = dict.fromkeys(tuple(dict.fromkeys(n for names in one for n in names)) for one in product(*asked))
    return Refusal(path, parent, unmet[0].coordinate, tuple(together) if asked else ())


def _asks_anything(operation: Operation) -> bool:
    return any(not isinstance(one, Field) or one.name != "__typename" for one in operation.selections)


def _refused_whole(refusals: tuple[Refusal, ...], caller: Caller) -> RequestError:
    errors = tuple(refusal_error(refusal, refusal.path, ".".join(refusal.path)) for refusal in refusals)
    if is_authenticated(caller):
        return Forbidden(errors[0].message, ko=errors[0].ko, errors=errors)
    return Unauthenticated(errors[0].message, ko=errors[0].ko, errors=errors)
