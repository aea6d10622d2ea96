"""Names for operations in caches: equal for texts that differ in layout or fragments only."""

from __future__ import annotations

from hashlib import blake2b

from router.operation.model import Argument, Field, Operation, Selection


def operation_key(operation: Operation) -> str:
    """A 128-bit digest of the normalised operation; source locations take no part."""
    parts: list[str] = [operation.kind, operation.name or "", operation.root_type]
    parts.extend(f"${v.name}:{v.type}={v.default}" for v in operation.variables)
    for directive in operation.directives:
        parts.append(f"@{directive.name}{_arguments(directive.arguments)}")
    _selections(operation.selections, parts)
    return blake2b("\0".join(parts).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _selections(selections: tuple[Selection, ...], parts: list[str]) -> None:
    parts.append("{")
    for selection in selections:
        if isinstance(selection, Field):
            parts.append(f"{selection.response_key}:{selection.name}{_arguments(selection.arguments)}")
        else:
            parts.append(f"...{selection.type_condition or ''}")
        parts.extend(f"@{c.variable}={c.expected}" for c in selection.conditions)
        parts.extend(f"@{d.name}{_arguments(d.arguments)}" for d in selection.directives)
        if selection.selections:
            _selections(selection.selections, parts)
    parts.append("}")


def _arguments(arguments: tuple[Argument, ...]) -> str:
    return f"({','.join(f'{a.name}:{a.value}' for a in arguments)})" if arguments else ""
