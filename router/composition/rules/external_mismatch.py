"""EXTERNAL_TYPE_MISMATCH, EXTERNAL_ARGUMENT_MISSING, EXTERNAL_ARGUMENT_TYPE_MISMATCH,
EXTERNAL_ARGUMENT_DEFAULT_MISMATCH: an external field must describe the field others resolve."""

from __future__ import annotations

from typing import TYPE_CHECKING

from router.composition.merge.mismatch import tell_all
from router.composition.merge.references import told_default
from router.composition.model import Field, InputValue
from router.composition.problems import in_subgraphs
from router.composition.values import same_value

if TYPE_CHECKING:
    from router.composition.merge.context import Merging, Sources


def check_externals(m: Merging, sources: Sources[Field], merged: Field, same_types: bool) -> None:
    """Compare each external version with the merged field: its type may be a subtype, its arguments wider."""
    externals = [each for name, each in sources.items() if each is not None and m.is_external(name, each)]
    if not externals:
        return
    coordinate = merged.coordinate
    if not all(_fits(m, merged.type, each.type, same_types) for each in externals):
        story = tell_all(
            {name: f'type "{each.type}"' for name, each in sources.items() if each}, f'type "{merged.type}"'
        )
        message = (
            f'Type of field "{coordinate}" is incompatible across subgraphs (where marked @external): it has {story}'
        )
        m.findings.refuse("EXTERNAL_TYPE_MISMATCH", message, m.locate(sources))
    for argument in merged.arguments.values():
        _check_argument(m, sources, externals, merged, argument)


def _fits(m: Merging, merged: str, external: str, same_types: bool) -> bool:
    return merged == external or (not same_types and m.is_strict_subtype(merged, external))


def _check_argument(
    m: Merging, sources: Sources[Field], externals: list[Field], merged: Field, argument: InputValue
) -> None:
    where = f'(where "{merged.coordinate}" is marked @external)'
    versions = {name: source.arguments.get(argument.name) for name, source in sources.items() if source is not None}
    given = [each.arguments.get(argument.name) for each in externals]
    if any(each is None for each in given):
        having = in_subgraphs([name for name, each in versions.items() if each is not None])
        lacking = in_subgraphs([name for name, each in versions.items() if each is None])
        m.findings.refuse(
            "EXTERNAL_ARGUMENT_MISSING",
            f'Field "{merged.coordinate}" is missing argument "{argument.coordinate}" in some subgraphs where it is '
            f'marked @external: argument "{argument.coordinate}" is declared in {having} but not in {lacking}.',
            m.locate(sources),
        )
    present = [each for each in given if each is not None]
    if any(each.type != argument.type and not m.is_strict_subtype(each.type, argument.type) for each in present):
        story = tell_all(
            {name: f'type "{each.type}"' for name, each in versions.items() if each}, f'type "{argument.type}"'
        )
        message = f'Type of argument "{argument.coordinate}" is incompatible across subgraphs {where}: it has {story}'
        m.findings.refuse("EXTERNAL_ARGUMENT_TYPE_MISMATCH", message, m.locate(versions))
    if not all(same_value(each.default, argument.default) for each in present):
        story = tell_all({name: told_default(each.default) for name, each in versions.items() if each})
        message = f'Argument "{argument.coordinate}" has incompatible defaults across subgraphs {where}: it has {story}'
        m.findings.refuse("EXTERNAL_ARGUMENT_DEFAULT_MISMATCH", message, m.locate(versions))
