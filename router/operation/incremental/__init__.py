"""Incremental delivery: an operation's @defer and @stream read, decided by variables, and divided into parts."""

from router.operation.incremental.directives import with_incremental_delivery
from router.operation.incremental.marks import Choices, Marked, marked
from router.operation.incremental.model import PRIMARY, ClientPath, Deferral, Divided, Stream

__all__ = [
    "PRIMARY",
    "Choices",
    "ClientPath",
    "Deferral",
    "Divided",
    "Marked",
    "Stream",
    "marked",
    "with_incremental_delivery",
]
