"""Types and default values: outputs take the most general type, inputs the most special, defaults must be one."""

from __future__ import annotations

from collections.abc import Mapping

from router.composition.merge.context import Merging, Sources
from router.composition.merge.mismatch import tell, tell_all
from router.composition.model import Field, InputValue
from router.composition.values import ABSENT, Value, print_value, same_value


def merge_type(
    m: Merging, sources: Sources[Field] | Sources[InputValue], coordinate: str, *, is_input: bool, what: str
) -> tuple[str, bool]:
    """The merged type, and whether all subgraphs have just that.

    Finds FIELD_TYPE_MISMATCH, FIELD_ARGUMENT_TYPE_MISMATCH and the hints INCONSISTENT_BUT_COMPATIBLE_FIELD_TYPE,
    INCONSISTENT_BUT_COMPATIBLE_ARGUMENT_TYPE. ``what`` is ``field`` or ``argument``.
    """
    said: Mapping[str, str] = {name: source.type for name, source in sources.items() if source is not None}
    merged = next(iter(said.values()))
    compatible = True
    for reference in said.values():
        if reference == merged:
            continue
        if m.is_strict_subtype(merged, reference):
            merged = reference if is_input else merged
        elif m.is_strict_subtype(reference, merged):
            merged = merged if is_input else reference
        else:
            compatible = False
    if not compatible:
        code = "FIELD_ARGUMENT_TYPE_MISMATCH" if what == "argument" else "FIELD_TYPE_MISMATCH"
        story = tell_all({name: f'type "{reference}"' for name, reference in said.items()}, f'type "{merged}"')
        message = f'Type of {what} "{coordinate}" is incompatible across subgraphs: it has {story}'
        m.findings.refuse(code, message, m.locate(sources))
        return merged, False
    if len(set(said.values())) == 1:
        return merged, True
    relation = "supertype" if is_input else "subtype"
    story = tell(
        said,
        merged,
        lambda text, names: f'will use type "{text}" (from {names}) in supergraph but "{coordinate}" has ',
        lambda text, names: f'{relation} "{text}" in {names}',
    )
    m.findings.hint(
        f"INCONSISTENT_BUT_COMPATIBLE_{what.upper()}_TYPE",
        f'Type of {what} "{coordinate}" is inconsistent but compatible across subgraphs: {story}.',
        coordinate,
        m.locate(sources),
    )
    return merged, False


def merge_default(m: Merging, sources: Sources[InputValue], coordinate: str, what: str) -> Value:
    """The default all subgraphs share, ABSENT when only some have one.

    Finds FIELD_ARGUMENT_DEFAULT_MISMATCH, INPUT_FIELD_DEFAULT_MISMATCH and hint INCONSISTENT_DEFAULT_VALUE_PRESENCE.
    ``what`` is ``Argument`` or ``Input field``.
    """
    defaults = {name: source.default for name, source in sources.items() if source is not None}
    given = [default for default in defaults.values() if default is not ABSENT]
    if not given:
        return ABSENT
    if not all(same_value(given[0], default) for default in given):
        code = "FIELD_ARGUMENT_DEFAULT_MISMATCH" if what == "Argument" else "INPUT_FIELD_DEFAULT_MISMATCH"
        story = tell_all({name: told_default(default) for name, default in defaults.items()})
        message = f'{what} "{coordinate}" has incompatible default values across subgraphs: it has {story}'
        m.findings.refuse(code, message, m.locate(sources))
        return given[0]
    if len(given) == len(defaults):
        return given[0]
    said = {name: "" if default is ABSENT else print_value(default) for name, default in defaults.items()}
    story = tell(
        said,
        "",
        lambda _, names: f"will not use a default in the supergraph (there is no default in {names}) but ",
        lambda text, names: f'"{coordinate}" has default value {text} in {names}',
    )
    message = f'{what} "{coordinate}" has a default value in only some subgraphs: {story}.'
    m.findings.hint("INCONSISTENT_DEFAULT_VALUE_PRESENCE", message, coordinate, m.locate(sources))
    return ABSENT


def told_default(default: Value) -> str:
    """As messages put it."""
    return "no default value" if default is ABSENT else f"default value {print_value(default)}"
