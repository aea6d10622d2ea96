"""ROOT_QUERY_USED, ROOT_MUTATION_USED, ROOT_SUBSCRIPTION_USED: in the supergraph root types have their default "
"names."""

from __future__ import annotations

import re
from dataclasses import replace

from router.composition.model import ROOT_NAMES, Field, InputValue, Schema, Type
from router.composition.problems import Findings, locate


def rename_roots(schema: Schema, subgraph: str, findings: Findings) -> Schema:
    """The schema with ``Query``, ``Mutation``, ``Subscription`` as root types; refused where the name is taken."""
    for operation, name in schema.roots.items():
        default = ROOT_NAMES[operation]
        if name == default:
            continue
        taken = schema.types.get(default)
        if taken is not None:
            findings.refuse(
                f"ROOT_{operation.upper()}_USED",
                f'[{subgraph}] The schema has a type named "{default}" but it is not set as the {operation} root type '
                f'("{name}" is instead): this is not supported by federation. If a root type does not use its default '
                "name, there should be no other type with that default name.",
                (*locate(subgraph, schema.types[name].node), *locate(subgraph, taken.node)),
            )
            continue
        schema = _renamed(schema, name, default)
    return schema


def _renamed(schema: Schema, before: str, after: str) -> Schema:
    word = re.compile(rf"\b{re.escape(before)}\b")

    def name(text: str) -> str:
        return after if text == before else text

    def argument(each: InputValue) -> InputValue:
        return replace(each, type=word.sub(after, each.type))

    def output(each: Field) -> Field:
        arguments = {key: argument(value) for key, value in each.arguments.items()}
        return replace(each, parent=name(each.parent), type=word.sub(after, each.type), arguments=arguments)

    def renamed(each: Type) -> Type:
        return replace(
            each,
            name=name(each.name),
            interfaces=tuple(map(name, each.interfaces)),
            members=tuple(map(name, each.members)),
            fields={key: output(value) for key, value in each.fields.items()},
        )

    types = {name(key): renamed(each) for key, each in schema.types.items()}
    return replace(schema, types=types, roots={key: name(root) for key, root in schema.roots.items()})
