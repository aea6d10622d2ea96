"""Emit a request's collector: ``collect_n(E, I, R)`` gives its representations and the table of its objects.

``E``, ``I`` and ``R`` hold, by request, the entities (of a root request: its data), the position of each object's
representation by the object's identity, and the representations. Objects are looked for where they lie: in the answer
they are nested in, of which each entity is visited once.
"""

from __future__ import annotations

from contextlib import ExitStack

from router.executor.emit_collector import hashable
from router.executor.fetches import PreparedFetch, keys_of
from router.executor.representations import Representations, Wanted
from router.executor.source import SourceWriter
from router.executor.unmerged.schedule import Request, Schedule
from router.executor.unmerged.sources import ROOT, Sources, Unfit
from router.planner.nodes import Path

MAX_NESTED_LISTS = 15
"""Python nests at most twenty blocks."""


class CollectorEmitter:
    """Writes the collectors of one plan; ``derived`` tells which requests share the table of an earlier one."""

    def __init__(self, writer: SourceWriter, sources: Sources, schedule: Schedule) -> None:
        self._writer = writer
        self._sources = sources
        self._schedule = schedule
        self.derived: dict[int, int] = {}
        self._alike: Wanted | None = None

    def emit(self, request: Request) -> None:
        """Write the collector of an entity request. Raises Unfit."""
        earlier = self._earlier(request)
        with self._writer.block(f"def collect_{request.number}(E, I, R):"):
            if earlier is None:
                self._general(request)
            else:
                self.derived[request.number] = self.derived.get(earlier, earlier)
                self._from_earlier(request, earlier)
        self._writer.line()

    def _general(self, request: Request) -> None:
        writer = self._writer
        self._alike = _alike(request)
        if self._alike is None:
            writer.line("representations, index, known = [], {}, {}")
        else:
            writer.line("index, known = {}, {}")
            writer.line("number = known.setdefault")
        walked: set[tuple[int, Path]] = set()
        for fetch in request.fetches:
            path = keys_of(fetch.path)
            for base in self._sources.places[path].bases:
                source = self._sources.fetches[base]
                walk = (self._schedule.of[base], fetch.path[len(source.path) :])
                if walk in walked:
                    continue
                walked.add(walk)
                with ExitStack() as blocks:
                    here = f"E[{walk[0]}]"
                    if source.representations is not None:
                        entity = writer.fresh("v")
                        blocks.enter_context(writer.block(f"for {entity} in {here}:"))
                        blocks.enter_context(writer.block(f"if {entity} is not None:"))
                        here = entity
                    here = self._walk(blocks, here, walk[1])
                    self._object(fetch, path, base, here)
        if self._alike is not None:
            names = ", ".join(f"k{at}" for at in range(len(self._alike.fields)))
            pairs = [f"'__typename': {self._alike.sent_type!r}"]
            pairs += [f"{field.name!r}: k{at}" for at, field in enumerate(self._alike.fields)]
            writer.line(f"representations = [{{{', '.join(pairs)}}} for {names} in known]")
        writer.line("return representations, index")

    def _walk(self, blocks: ExitStack, here: str, steps: Path) -> str:
        if steps.count("@") > MAX_NESTED_LISTS:
            raise Unfit("lists nested too deeply")
        writer = self._writer
        for step in steps:
            found = writer.fresh("v")
            if step == "@":
                blocks.enter_context(writer.block(f"for {found} in {here}:"))
            else:
                writer.line(f"{found} = {here}[{step!r}]")
            blocks.enter_context(writer.block(f"if {found} is not None:"))
            here = found
        return here

    def _object(self, fetch: PreparedFetch, path: Path, base: int, here: str) -> None:
        """What to do with an object of ``base``: nothing, for types of which it does not hold what is sent."""
        writer = self._writer
        standing = self._sources.types(path, base)
        wanted = [name for name in _plan(fetch).by_type if name in standing]
        branches = [(name, reads) for name in wanted if (reads := self._reads(fetch, path, base, name, here))]
        if not branches:
            writer.line("pass")
            return
        if len(standing) == 1:
            only = branches[0][0]
            with writer.block(f"if {here}.get('__typename', {only!r}) != {only!r}:"):
                writer.line("raise TypeError('an object of another type')")
            self._representation(fetch, branches[0][0], branches[0][1], here)
            return
        if self._sources.giver(path, base, branches[0][0], "__typename") != base:
            raise Unfit("a type told by another answer")
        writer.line(f"type_name = {here}['__typename']")
        for number, (name, reads) in enumerate(branches):
            with writer.block(f"{'elif' if number else 'if'} type_name == {name!r}:"):
                self._representation(fetch, name, reads, here)

    def _reads(self, fetch: PreparedFetch, path: Path, base: int, type_name: str, here: str) -> list[str] | None:
        """Expressions of the fields to send; None when an answer before this fetch does not hold one of them."""
        reads = []
        for field in _plan(fetch).by_type[type_name].fields:
            try:
                giver = self._sources.giver(
                    path, base, type_name, field.response_key, self._schedule.follows[fetch.number]
                )
            except Unfit:
                return None
            read = f"{self._held(giver, base, here)}[{field.response_key!r}]"
            if field.selections:
                selections = self._writer.constant(self._writer.fresh("SELECT_"), field.selections)
                read = f"selected({read}, {selections}, SCHEMA)"
            reads.append(read)
        return reads

    def _held(self, giver: int, base: int, here: str) -> str:
        if giver in (base, ROOT):
            return here
        request = self._schedule.of[giver]
        return f"E[{request}][I[{request}][id({here})]]"

    def _representation(self, fetch: PreparedFetch, type_name: str, reads: list[str], here: str) -> None:
        writer, wanted = self._writer, _plan(fetch).by_type[type_name]
        if self._alike is not None:
            key = reads[0] if len(reads) == 1 else f"({', '.join(reads)})"
            writer.line(f"index[id({here})] = number({key}, len(known))")
            return
        values = [writer.fresh("k") for _ in reads]
        for value, read in zip(values, reads, strict=True):
            writer.line(f"{value} = {read}")
        pairs = [f"'__typename': {wanted.sent_type!r}"]
        pairs += [f"{field.name!r}: {value}" for field, value in zip(wanted.fields, values, strict=True)]
        display = "{" + ", ".join(pairs) + "}"
        if _are_hashable(fetch, type_name):
            key = f"({', '.join([repr(type_name), *values])},)"
        else:
            writer.line(f"representation = {display}")
            display, key = "representation", "dumps(representation)"
        writer.line(f"position = known.setdefault({key}, len(representations))")
        with writer.block("if position == len(representations):"):
            writer.line(f"representations.append({display})")
        writer.line(f"index[id({here})] = position")

    def _earlier(self, request: Request) -> int | None:
        """An earlier request for the same objects, whose representations and entities hold all that is to be sent."""
        first = request.fetches[0]
        for number in sorted({self._schedule.of[before] for before in self._schedule.follows[first.number]}):
            earlier = self._schedule.requests[number]
            if earlier.fetches[0].representations is None:
                continue
            if all(self._holds(earlier, fetch) for fetch in request.fetches) and {
                fetch.path for fetch in request.fetches
            } == {fetch.path for fetch in earlier.fetches}:
                return number
        return None

    def _holds(self, earlier: Request, fetch: PreparedFetch) -> bool:
        plan = _plan(fetch)
        same = next((other for other in earlier.fetches if other.path == fetch.path), None)
        if same is None or same.number not in self._schedule.follows[fetch.number] or len(plan.by_type) != 1:
            return False
        ((type_name, wanted),) = plan.by_type.items()
        before = _plan(same).by_type
        if list(before) != [type_name] or any(field.selections for field in wanted.fields):
            return False
        sent = {field.response_key for field in before[type_name].fields if not field.selections}
        path = keys_of(fetch.path)
        given = self._sources.places[path].gives.get(type_name, {})
        asked = {field.response_key for field in wanted.fields}
        return len(sent) == len(before[type_name].fields) <= len(asked & sent) and all(
            key in sent or given.get(key) == [same.number] for key in asked
        )

    def _from_earlier(self, request: Request, earlier: int) -> None:
        fetch = request.fetches[0]
        ((type_name, wanted),) = _plan(fetch).by_type.items()
        (same,) = [other for other in self._schedule.requests[earlier].fetches if other.path == fetch.path]
        names = {field.response_key: field.name for field in _plan(same).by_type[type_name].fields}
        pairs = [f"'__typename': {wanted.sent_type!r}"]
        for field in wanted.fields:
            known = names.get(field.response_key)
            read = f"r[{known!r}]" if known is not None else f"e[{field.response_key!r}]"
            pairs.append(f"{field.name!r}: {read}")
        table = self.derived[request.number]
        self._writer.line(f"representations = [{{{', '.join(pairs)}}} for r, e in zip(R[{earlier}], E[{earlier}])]")
        self._writer.line(f"return representations, I[{table}]")


def _plan(fetch: PreparedFetch) -> Representations:
    assert fetch.representations is not None
    return fetch.representations


def _are_hashable(fetch: PreparedFetch, type_name: str) -> bool:
    return all(hashable(fetch.schema, type_name, field.name) for field in _plan(fetch).by_type[type_name].fields)


def _alike(request: Request) -> Wanted | None:
    """What is sent when all representations are of one type and their fields tell them apart."""
    kinds = [(fetch, name, wanted) for fetch in request.fetches for name, wanted in _plan(fetch).by_type.items()]
    _, type_name, first = kinds[0]
    names = [field.name for field in first.fields]
    for fetch, name, wanted in kinds:
        same = name == type_name and [field.name for field in wanted.fields] == names
        if not same or not names or not _are_hashable(fetch, name):
            return None
    return first
