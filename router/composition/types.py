"""Type references are kept as their text (``[ID!]!``): equal texts are equal types."""

from __future__ import annotations

import re
from collections.abc import Callable

_WRAPPING = re.compile(r"[\[\]!]")
BUILT_IN_SCALARS = frozenset({"Int", "Float", "String", "Boolean", "ID"})


def base(reference: str) -> str:
    """``[ID!]!`` → ``ID``"""
    return _WRAPPING.sub("", reference)


def is_required(reference: str) -> bool:
    """Whether the type is non-null."""
    return reference.endswith("!")


def nullable(reference: str) -> str:
    """``ID!`` → ``ID``"""
    return reference[:-1] if reference.endswith("!") else reference


def is_list(reference: str) -> bool:
    """``[ID]`` and ``[ID]!``"""
    return reference.startswith("[")


def item(reference: str) -> str:
    """``[ID!]!`` → ``ID!``"""
    return nullable(reference)[1:-1]


def is_strict_subtype(reference: str, candidate: str, is_direct_subtype: Callable[[str, str], bool]) -> bool:
    """Whether ``candidate`` may stand where ``reference`` is expected without being it.

    A non-null type is a subtype of its nullable form, a list of a list of supertypes, and named types as
    ``is_direct_subtype(supertype, subtype)`` says (union members, implementations).
    """
    if is_required(candidate):
        inner = nullable(candidate)
        if is_required(reference):
            return is_strict_subtype(nullable(reference), inner, is_direct_subtype)
        return reference == inner or is_strict_subtype(reference, inner, is_direct_subtype)
    if is_required(reference):
        return False
    if is_list(candidate) or is_list(reference):
        both = is_list(candidate) and is_list(reference)
        return both and is_strict_subtype(item(reference), item(candidate), is_direct_subtype)
    return reference != candidate and is_direct_subtype(reference, candidate)
