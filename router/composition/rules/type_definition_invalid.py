"""TYPE_DEFINITION_INVALID: ``_Any``, ``_Service`` and ``_Entity``, where a subgraph writes them down, are Federation's.

(Types of the linked specs are compared with the specs in composition/definitions.py.)
"""

from __future__ import annotations

from router.composition.model import Kind
from router.composition.problems import Findings
from router.composition.subgraph import Subgraph
from router.composition.types import nullable


def check_federation_types(subgraph: Subgraph, findings: Findings) -> None:
    """Their kinds, the ``sdl`` field of ``_Service``, and all entities as members of ``_Entity``."""
    types = subgraph.schema.types

    def refuse(name: str, message: str) -> None:
        findings.refuse("TYPE_DEFINITION_INVALID", f"[{subgraph.name}] {message}", subgraph.locate(types[name].node))

    for name, kind in (("_Any", Kind.SCALAR), ("_Service", Kind.OBJECT), ("_Entity", Kind.UNION)):
        if name in types and types[name].kind is not kind:
            message = (
                f"Invalid definition for type {name}: {name} should be a {kind} but is defined as a {types[name].kind}"
            )
            refuse(name, message)
            return
    if "_Service" in types:
        sdl = types["_Service"].fields.get("sdl")
        if sdl is None:
            refuse("_Service", "Invalid definition of type _Service: missing field sdl")
        elif nullable(sdl.type) != "String":
            message = (
                f"Invalid definition for field sdl of type _Service: should have type String but found type {sdl.type}"
            )
            refuse("_Service", message)
    if "_Entity" in types and types["_Entity"].members:
        expected = sorted(each.name for each in subgraph.schema.of_kind(Kind.OBJECT) if subgraph.is_entity(each.name))
        found = sorted(types["_Entity"].members)
        if not expected:
            refuse(
                "_Entity",
                "Invalid definition of type _Entity: expected the union type to not exist/have no members but it is "
                "defined.",
            )
        elif expected != found:
            message = f"Invalid definition of type _Entity: expected members [{', '.join(expected)}] but found"
            refuse("_Entity", f"{message} [{', '.join(found)}].")
