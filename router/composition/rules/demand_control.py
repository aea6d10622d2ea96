"""COST_APPLIED_TO_INTERFACE_FIELD, LIST_SIZE_APPLIED_TO_NON_LIST, LIST_SIZE_INVALID_ASSUMED_SIZE,
LIST_SIZE_INVALID_SLICING_ARGUMENT, LIST_SIZE_INVALID_SIZED_FIELD: https://ibm.github.io/graphql-specs/cost-spec.html"""

from __future__ import annotations

from router.composition.model import COMPOSITE, Applied, Field, Kind
from router.composition.problems import Findings
from router.composition.subgraph import Subgraph
from router.composition.types import base, is_list, nullable


def check_demand_control(subgraph: Subgraph, findings: Findings) -> None:
    """Costs belong to what is resolved; list sizes to lists and to arguments that are numbers."""
    for each in subgraph.fields():
        on_interface = subgraph.schema.kind(each.parent) is Kind.INTERFACE
        for applied in subgraph.applied(each, "cost") if on_interface else ():
            message = f'@cost cannot be applied to interface "{each.coordinate}"'
            _refuse(subgraph, findings, "COST_APPLIED_TO_INTERFACE_FIELD", message, applied, each)
        for applied in subgraph.applied(each, "listSize"):
            _check_list_size(subgraph, each, applied, findings)


def _refuse(subgraph: Subgraph, findings: Findings, code: str, message: str, applied: Applied, each: Field) -> None:
    findings.refuse(code, f"[{subgraph.name}] {message}", subgraph.locate(applied.node, each.node))


def _check_list_size(subgraph: Subgraph, each: Field, applied: Applied, findings: Findings) -> None:
    def refuse(code: str, message: str) -> None:
        _refuse(subgraph, findings, f"LIST_SIZE_{code}", message, applied, each)

    sized = applied.arguments.get("sizedFields") or []
    assumed = applied.arguments.get("assumedSize")
    if not sized and not is_list(each.type):
        refuse("APPLIED_TO_NON_LIST", f'"{each.coordinate}" is not a list')
    if isinstance(assumed, int) and assumed < 0:
        refuse("INVALID_ASSUMED_SIZE", f'Assumed size of "{each.coordinate}" cannot be negative')
    for name in applied.arguments.get("slicingArguments") or []:
        argument = each.arguments.get(name)
        if argument is None:
            message = f'Slicing argument "{name}" is not an argument of "{each.coordinate}"'
            refuse("INVALID_SLICING_ARGUMENT", message)
        elif nullable(argument.type) != "Int":
            refuse("INVALID_SLICING_ARGUMENT", f'Slicing argument "{argument.coordinate}" must be Int or Int!')
    if sized and subgraph.schema.kind(base(each.type)) not in COMPOSITE:
        refuse("INVALID_SIZED_FIELD", f'Sized fields cannot be used because "{each.type}" is not a composite type')
        return
    for name in sized:
        sized_field = subgraph.schema.field(base(each.type), name)
        if sized_field is None:
            refuse("INVALID_SIZED_FIELD", f'Sized field "{name}" is not a field on type "{base(each.type)}"')
        elif not is_list(sized_field.type):
            refuse("APPLIED_TO_NON_LIST", f'Sized field "{sized_field.coordinate}" is not a list')
