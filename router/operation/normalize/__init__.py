"""From a validated document to an ``Operation``: a tuple of small passes, one a file.

``inline`` leaves the syntax tree (fragments spread, constant conditions folded); the passes after it map selections to
selections and keep the order in which response keys are first met, which is the order of the answer.
"""

from __future__ import annotations

from collections.abc import Callable

from graphql import FragmentDefinitionNode, GraphQLSchema, OperationDefinitionNode, print_ast

from router.operation.model import Operation, OperationKind, Selection, VariableDefinition
from router.operation.normalize.dedupe import drop_duplicates
from router.operation.normalize.inline import MAX_SELECTIONS, Inliner
from router.operation.normalize.merge import merge_fields
from router.operation.normalize.prune import prune_type_conditions

Pass = Callable[[tuple[Selection, ...], str, GraphQLSchema], tuple[Selection, ...]]

PASSES: tuple[Pass, ...] = (prune_type_conditions, merge_fields, drop_duplicates)


def normalise(
    definition: OperationDefinitionNode,
    fragments: dict[str, FragmentDefinitionNode],
    schema: GraphQLSchema,
    max_selections: int = MAX_SELECTIONS,
    ignored: frozenset[str] = frozenset(),
) -> Operation:
    """The operation with fragments spread, constant conditions folded, ``ignored`` directives gone, selections merged.

    Raises LimitExceeded when the fragments expand to more than ``max_selections`` selections.
    """
    kind = OperationKind(definition.operation.value)
    root = schema.get_root_type(definition.operation)
    assert root is not None, "validation has checked that the root type exists"
    inliner = Inliner(fragments, max_selections, ignored)
    selections = inliner.selections(definition.selection_set)
    for run in PASSES:
        selections = run(selections, root.name, schema)
    return Operation(
        kind=kind,
        name=definition.name.value if definition.name else None,
        root_type=root.name,
        variables=tuple(
            VariableDefinition(
                name=variable.variable.name.value,
                type=print_ast(variable.type),
                default=print_ast(variable.default_value) if variable.default_value else None,
            )
            for variable in definition.variable_definitions or ()
        ),
        selections=selections,
        directives=inliner.directives(definition.directives),
    )
