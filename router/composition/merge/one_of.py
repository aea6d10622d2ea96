"""``@oneOf`` on input objects (GraphQL specification, section 3.10.1).

A value goes to every subgraph that takes the type, so what one of them demands holds for the supergraph.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from router.composition.merge.context import Merging
from router.composition.model import Applied, DirectiveDefinition, Type, has

ONE_OF = DirectiveDefinition("oneOf", ("INPUT_OBJECT",))


def one_of(m: Merging, sources: Mapping[str, Type]) -> tuple[Applied, ...]:
    """The application for a merged input object; a subgraph's own directive of that name is another one."""
    standard = (
        name for name in sources if m.by_name[name].schema.directives.get("oneOf", ONE_OF).locations == ONE_OF.locations
    )
    return (Applied("oneOf", {}),) if any(has(sources[name], "oneOf") for name in standard) else ()


def one_of_definition(types: Iterable[Type]) -> dict[str, DirectiveDefinition]:
    """The directive's definition, where a type needs it: older readers do not know it as built in."""
    return {"oneOf": ONE_OF} if any(has(each, "oneOf") for each in types) else {}
