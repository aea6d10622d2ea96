"""How large an operation may be. Each limit has its own code, so that a client knows what to make smaller.

Three doors, in the order of the pipeline: ``check_text`` before parsing (bytes, tokens, nesting: what could hurt the
parser), ``check_document`` after parsing and before validation (what fragments would expand to, so that a few hundred
bytes of nested fragments cannot become millions of fields), ``check_operation`` on the normalised operation.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from graphql import DocumentNode, FieldNode, FragmentDefinitionNode, FragmentSpreadNode, GraphQLSchema, SelectionSetNode
from graphql.language import OperationDefinitionNode

from router.errors import CodeMeaning, LimitExceeded
from router.operation.model import Field, Operation, Selection
from router.policy.cost import CostWeights, estimate_cost, setting


@dataclass(frozen=True, slots=True)
class Limits:
    """Upper bounds, all inclusive. The defaults let GraphiQL's introspection and page-long operations through."""

    max_text_bytes: int = setting(100_000, "UTF-8 bytes of the document.")
    max_tokens: int = setting(10_000, "Tokens of the document.")
    max_depth: int = setting(40, "Fields inside fields.")
    max_fields: int = setting(5_000, "Fields, fragments written out.")
    max_aliases: int = setting(100, "Aliases, fragments written out.")
    max_root_fields: int = setting(30, "Fields of the root type.")
    max_directives: int = setting(100, "Directives, fragments written out.")
    max_cost: int = setting(100_000, "Estimated cost, see router/policy/cost.py.")
    cost: CostWeights = field(default_factory=CostWeights)


LIMIT_CODES: Mapping[str, CodeMeaning] = {
    "MAX_TEXT_BYTES_EXCEEDED": CodeMeaning(400, "The document has too many bytes", "문서가 너무 깁니다"),
    "MAX_TOKENS_EXCEEDED": CodeMeaning(400, "The document has too many tokens", "문서의 토큰이 너무 많습니다"),
    "MAX_DEPTH_EXCEEDED": CodeMeaning(400, "The operation is nested too deeply", "작업의 중첩이 너무 깊습니다"),
    "MAX_FIELDS_EXCEEDED": CodeMeaning(400, "The operation selects too many fields", "작업의 필드가 너무 많습니다"),
    "MAX_ALIASES_EXCEEDED": CodeMeaning(400, "The operation has too many aliases", "작업의 별칭이 너무 많습니다"),
    "MAX_ROOT_FIELDS_EXCEEDED": CodeMeaning(
        400, "The operation has too many root fields", "작업의 최상위 필드가 너무 많습니다"
    ),
    "MAX_DIRECTIVES_EXCEEDED": CodeMeaning(
        400, "The operation has too many directives", "작업의 지시어가 너무 많습니다"
    ),
    "MAX_COST_EXCEEDED": CodeMeaning(400, "The operation costs too much", "작업의 비용이 너무 큽니다"),
}

_TOKENS = re.compile(
    r'"""(?:[^"\\]|\\.|"(?!""))*"""|"(?:[^"\\\n]|\\.)*"|\#[^\n\r]*'
    r"|[_A-Za-z][_0-9A-Za-z]*|-?[0-9][0-9.eE+-]*|\.\.\.|[!$&():=@\[\]{|}]",
    re.DOTALL,
)
_OPENING, _CLOSING = frozenset("{[("), frozenset("}])")


def check_text(text: str, limits: Limits) -> None:
    """Refuse a text the parser should not see: too long, too many tokens, brackets nested too deeply.

    Raises ``LimitExceeded``. Comments and strings count as no token and one token; brackets in them do not nest.
    """
    size = len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
    _check("MAX_TEXT_BYTES_EXCEEDED", size, limits.max_text_bytes, "bytes")
    tokens = depth = 0
    # An operation of depth d nests d braces, and its innermost arguments may nest lists and objects as deep again.
    deepest = 2 * limits.max_depth + 2
    for match in _TOKENS.finditer(text):
        first = text[match.start()]
        if first == "#":
            continue
        tokens += 1
        if first in _OPENING:
            depth += 1
            if depth > deepest:
                raise _exceeded("MAX_DEPTH_EXCEEDED", limits.max_depth, "levels")
        elif first in _CLOSING:
            depth -= 1
        if tokens > limits.max_tokens:
            raise _exceeded("MAX_TOKENS_EXCEEDED", limits.max_tokens, "tokens")


@dataclass(slots=True)
class _Size:
    """Size of a selection set with its fragments written out."""

    fields: int = 0
    aliases: int = 0
    directives: int = 0
    depth: int = 0


def check_document(document: DocumentNode, limits: Limits) -> None:
    """Refuse a document whose fragments, written out, are too large; linear in the text, not in the expansion.

    Raises ``LimitExceeded``. Fragment cycles and unknown fragments are left to validation.
    """
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    known: dict[str, _Size] = {}
    for node in document.definitions:
        if isinstance(node, OperationDefinitionNode):
            size = _size(node.selection_set, fragments, known, limits)
            size.directives += len(node.directives or ())
            _check_size(size, limits)
    for name in fragments:
        _check_size(_fragment_size(name, fragments, known, limits), limits)


def _check_size(size: _Size, limits: Limits) -> None:
    _check("MAX_DEPTH_EXCEEDED", size.depth, limits.max_depth, "levels")
    _check("MAX_ALIASES_EXCEEDED", size.aliases, limits.max_aliases, "aliases")
    _check("MAX_DIRECTIVES_EXCEEDED", size.directives, limits.max_directives, "directives")
    _check("MAX_FIELDS_EXCEEDED", size.fields, limits.max_fields, "fields")


def _fragment_size(
    name: str, fragments: Mapping[str, FragmentDefinitionNode], known: dict[str, _Size], limits: Limits
) -> _Size:
    size = known.get(name)
    if size is None:
        known[name] = _Size()
        if name in fragments:
            size = known[name] = _size(fragments[name].selection_set, fragments, known, limits)
            # Checked at once: a chain of fragments would otherwise be walked to its end with ever larger numbers.
            _check_size(size, limits)
        return known[name]
    return size


def _size(
    selections: SelectionSetNode | None,
    fragments: Mapping[str, FragmentDefinitionNode],
    known: dict[str, _Size],
    limits: Limits,
) -> _Size:
    total = _Size()
    for node in selections.selections if selections is not None else ():
        total.directives += len(node.directives or ())
        if isinstance(node, FieldNode):
            inner = _size(node.selection_set, fragments, known, limits)
            total.fields += 1
            total.aliases += node.alias is not None and node.alias.value != node.name.value
            total.depth = max(total.depth, inner.depth + 1)
        elif isinstance(node, FragmentSpreadNode):
            inner = _fragment_size(node.name.value, fragments, known, limits)
            total.depth = max(total.depth, inner.depth)
        else:
            inner = _size(getattr(node, "selection_set", None), fragments, known, limits)
            total.depth = max(total.depth, inner.depth)
        total.fields += inner.fields
        total.aliases += inner.aliases
        total.directives += inner.directives
    return total


def check_operation(operation: Operation, schema: GraphQLSchema, limits: Limits) -> None:
    """Refuse an operation that is too deep, too wide or too dear. Raises ``LimitExceeded``."""
    depth, fields, aliases, directives = _measure(operation.selections)
    _check("MAX_DEPTH_EXCEEDED", depth, limits.max_depth, "levels")
    _check("MAX_ROOT_FIELDS_EXCEEDED", _width(operation.selections), limits.max_root_fields, "root fields")
    _check("MAX_ALIASES_EXCEEDED", aliases, limits.max_aliases, "aliases")
    _check("MAX_DIRECTIVES_EXCEEDED", directives + len(operation.directives), limits.max_directives, "directives")
    _check("MAX_FIELDS_EXCEEDED", fields, limits.max_fields, "fields")
    cost = estimate_cost(operation, schema, limits.cost)
    if cost > limits.max_cost:
        raise _exceeded("MAX_COST_EXCEEDED", limits.max_cost, "points", estimated=cost)


def _width(selections: tuple[Selection, ...]) -> int:
    return sum(1 if isinstance(one, Field) else _width(one.selections) for one in selections)


def _measure(selections: tuple[Selection, ...]) -> tuple[int, int, int, int]:
    depth = fields = aliases = directives = 0
    for one in selections:
        inner = _measure(one.selections)
        is_field = isinstance(one, Field)
        depth = max(depth, inner[0] + is_field)
        fields += inner[1] + is_field
        aliases += inner[2] + (isinstance(one, Field) and one.response_key != one.name)
        directives += inner[3] + len(one.directives) + len(one.conditions)
    return depth, fields, aliases, directives


def _check(code: str, found: int, allowed: int, unit: str) -> None:
    if found > allowed:
        raise _exceeded(code, allowed, unit)


_UNITS_KO = {
    "bytes": "바이트",
    "tokens": "토큰",
    "levels": "단계",
    "fields": "필드",
    "aliases": "별칭",
    "root fields": "최상위 필드",
    "directives": "지시어",
    "points": "점",
}


def _exceeded(code: str, allowed: int, unit: str, **extensions: int) -> LimitExceeded:
    meaning = LIMIT_CODES[code]
    return LimitExceeded(
        f"{meaning.en}: at most {allowed} {unit} are allowed.",
        ko=f"{meaning.ko}. 최대 {allowed} {_UNITS_KO[unit]}까지 허용됩니다.",
        code=code,
        extensions={"limit": allowed, **extensions},
    )
