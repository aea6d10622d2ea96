"""Descriptions: the one most subgraphs give, and never an empty one where there is another."""

from __future__ import annotations

from collections import Counter

from router.composition.merge.context import Merging, Sources
from router.composition.merge.mismatch import tell
from router.composition.model import DirectiveDefinition, Element, Schema


def merge_description(
    m: Merging, sources: Sources[Element | DirectiveDefinition | Schema], coordinate: str | None
) -> str | None:
    """Finds hint INCONSISTENT_DESCRIPTION. ``coordinate`` None is the schema definition."""
    said = {name: source.description for name, source in sources.items() if source and source.description is not None}
    counts = Counter(text for text in said.values() if text)
    if not counts:
        return next(iter(said.values()), None)
    chosen = counts.most_common(1)[0][0]
    if len(counts) > 1:
        what = f'Element "{coordinate}"' if coordinate else "The schema definition"
        story = tell(
            said,
            chosen,
            lambda text, names: f"The supergraph will use description (from {names}):\n{_quoted(text)}",
            lambda text, names: f"\nIn {names}, the description is:\n{_quoted(text)}",
        )
        places = m.locate({name: sources[name] for name in said})
        message = f"{what} has inconsistent descriptions across subgraphs. {story}"
        m.findings.hint("INCONSISTENT_DESCRIPTION", message, coordinate, places)
    return chosen


def _quoted(text: str) -> str:
    indented = text.replace("\n", "\n  ")
    return f'  """\n  {indented}\n  """'
