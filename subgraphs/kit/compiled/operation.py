"""Compiles an operation, and runs it.

An operation becomes one ``CompiledOperation`` for each combination of its ``@skip`` and ``@include`` variables; they
live together in an ``Operation``, which also knows why it cannot be compiled, where that is so.
"""

from __future__ import annotations

import itertools
import linecache
import logging
import weakref
from collections.abc import Callable, Mapping
from typing import Any

from graphql import DocumentNode, FragmentDefinitionNode, GraphQLError, OperationDefinitionNode
from graphql.execution import ExecutionResult
from graphql.execution.values import VariableValues
from strawberry import Schema

from subgraphs.kit.compiled.emit import Emitted, KnownOfSchema, emit
from subgraphs.kit.compiled.running import CollectorPaused, Pending, Run, partial
from subgraphs.kit.compiled.selections import NotCompiled, condition_names, find_operation, read_operation
from subgraphs.kit.compiled.slots import FieldSlot, KnownTypes
from subgraphs.kit.compiled.variables import Variables

log = logging.getLogger("strawberry.compiled")

MOST_VARIANTS = 16
"""Combinations of conditions compiled for one operation; the rest run by stock Strawberry."""
_COUNT = itertools.count(1)


class CompiledOperation:
    """An operation as Python functions. ``source`` is what they were made from; tracebacks show its lines."""

    def __init__(
        self,
        emitted: Emitted,
        schema: Schema,
        operation: OperationDefinitionNode,
        fragments: dict[str, FragmentDefinitionNode],
        top: str,
        known: KnownTypes,
    ) -> None:
        self.source = emitted.source
        self.schema = schema._schema
        self.operation = operation
        self.fragments = fragments
        self.known = known
        name = operation.name.value if operation.name else "anonymous"
        self.file_name = f"<compiled {operation.operation.value} {name} {next(_COUNT)}>"
        names = emitted.names
        exec(compile(emitted.source, self.file_name, "exec"), names)  # noqa: S102  # written by emit.py alone
        for shape, attribute, function in emitted.links:
            setattr(shape, attribute, names[function])
        self._serial: tuple[tuple[FieldSlot, Callable[..., Any]], ...] | None = None
        self._top: Callable[..., Any] = _nothing
        if emitted.serial:
            self._serial = tuple((slot, names[function]) for slot, function in emitted.serial)
        elif top in names:
            self._top = names[top]
        lines = emitted.source.splitlines(keepends=True)
        linecache.cache[self.file_name] = (len(emitted.source), None, lines, self.file_name)
        weakref.finalize(self, linecache.cache.pop, self.file_name, None).atexit = False

    def begin(self, run: Run) -> None:
        """Run everything that needs no waiting; what is left is in ``run.fresh``. Mutations: the first field."""
        with CollectorPaused():
            try:
                run.finish(self._top(run, run.root, None))
            except Exception as error:
                run.fail(error)

    async def complete(self, run: Run) -> None:
        """Run to the end."""
        if self._serial is None:
            self.begin(run)
            if run.fresh:
                await run.drive()
            return
        for slot, function in self._serial_fields(run):
            self._serial_step(run, slot, function)
            if run.fresh:
                await run.drive()

    def complete_now(self, run: Run) -> bool:
        """Run to the end without an event loop; False where something has to be awaited."""
        if self._serial is None:
            self.begin(run)
        else:
            for slot, function in self._serial_fields(run):
                self._serial_step(run, slot, function)
                if self._is_waiting(run):
                    break
        waiting = self._is_waiting(run)
        run.abandon()
        return not waiting

    @staticmethod
    def _is_waiting(run: Run) -> bool:
        return any(not run.is_gone(pending) for pending in run.fresh)

    def _serial_fields(self, run: Run) -> Any:
        run.finish(partial(run, {}, []))
        for slot, function in self._serial or ():
            if run.top is None:
                return
            yield slot, function

    @staticmethod
    def _serial_step(run: Run, slot: FieldSlot, function: Callable[..., Any]) -> None:
        top = run.top
        if top is None or top.children is None:
            return
        try:
            value = function(run, run.root, None)
        except Exception as error:
            run.fail(error)
            return
        if type(value) is Pending:
            slot.hold(top.children, value)
            value.parent = top
            value = value.data
        top.data[slot.key] = value


def _nothing(_run: Run, _root: Any, _at: None) -> dict[str, Any]:
    return {}


class Operation:
    """One operation of a document, compiled when it is first run. ``reason`` says why it is not, or is None."""

    def __init__(
        self, schema: Schema, known: KnownOfSchema, document: DocumentNode, name: str | None, why_not: str | None = None
    ) -> None:
        self.document = document
        self.name = name
        self.reason: str | None = why_not
        self._schema = schema
        self._known = known
        self._variants: dict[tuple[Any, ...], CompiledOperation] = {}
        self._conditions: list[str] = []
        if why_not is not None:
            return
        try:
            self.node = find_operation(document, name)
            self._conditions = condition_names(document, self.node)
            self._variables = Variables(schema._schema, self.node.variable_definitions or ())
            if not self._conditions:
                self._compile(())
        except NotCompiled as reason:
            self.reason = str(reason)
        except GraphQLError as error:
            self.reason = error.message
        except Exception as error:
            # A defect of the compiler must not be one of the service.
            log.exception("an operation was not compiled")
            self.reason = f"the compiler failed: {error!r}"

    def variables(self, inputs: Mapping[str, Any] | None) -> VariableValues | list[GraphQLError]:
        """The coerced variables of a request, or its errors."""
        return self._variables.coerce(inputs)

    def variant(self, variables: VariableValues) -> CompiledOperation | None:
        """The compiled operation for these variables; None: stock Strawberry runs this one."""
        conditions = tuple([variables.coerced.get(name) for name in self._conditions])
        found = self._variants.get(conditions)
        if found is None and len(self._variants) < MOST_VARIANTS and all(type(value) is bool for value in conditions):
            try:
                found = self._compile(conditions)  # type: ignore[arg-type]
            except NotCompiled as reason:
                self.reason = str(reason)
            except Exception as error:
                log.exception("an operation was not compiled")
                self.reason = f"the compiler failed: {error!r}"
        return found

    @property
    def source(self) -> str:
        """The source of all variants compiled so far."""
        return "\n\n".join(variant.source for variant in self._variants.values())

    def _compile(self, conditions: tuple[bool, ...]) -> CompiledOperation:
        settled = dict(zip(self._conditions, conditions, strict=True))
        reading = read_operation(self._schema._schema, self.document, self.node, settled)
        title = f"{self.node.operation.value} {self.node.name.value if self.node.name else '(anonymous)'}"
        if settled:
            title += " where " + ", ".join(f"${name} is {str(value).lower()}" for name, value in settled.items())
        try:
            emitted = emit(reading, self._schema, self._known, title)
            compiled = CompiledOperation(
                emitted,
                self._schema,
                self.node,
                reading.fragments,
                f"object_{reading.top.number}",
                self._known.plain,
            )
        except RecursionError:
            raise NotCompiled("selections nested too deeply to compile") from None
        self._variants[conditions] = compiled
        return compiled

    async def execute(
        self, inputs: Mapping[str, Any] | None, context: Any = None, root: Any = None
    ) -> ExecutionResult | None:
        """The result of a request; None: nothing was run, this one is for stock Strawberry."""
        variables = self.variables(inputs)
        if isinstance(variables, list):
            return ExecutionResult(None, variables)
        compiled = self.variant(variables)
        if compiled is None:
            return None
        run = Run(compiled, root, context, variables, None, False)
        await compiled.complete(run)
        return ExecutionResult(run.data, run.errors or None)

    def begin(
        self,
        compiled: CompiledOperation,
        variables: VariableValues,
        context: Any,
        root: Any,
        extensions: dict[str, Any] | None = None,
        *,
        sync: bool = False,
    ) -> Run:
        """A run of a variant, not yet started."""
        return Run(compiled, root, context, variables, extensions, sync)
