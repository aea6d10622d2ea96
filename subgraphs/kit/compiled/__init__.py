"""Strawberry, compiled: an operation becomes Python written for it, and answers what stock Strawberry answers.

    from subgraphs.kit.compiled import compiled
    schema = compiled(strawberry.Schema(query=Query))
    result = await schema.execute("{ hello }")

Read in this order: facts (the schema) · selections (the operation) · emit (the source) · operation (compile and run) ·
running (await together) · slots (the exact path for a surprising value) · schema (the door).
"""

from subgraphs.kit.compiled.operation import CompiledOperation, Operation
from subgraphs.kit.compiled.schema import CompiledSchema, Compiler, Operations, compiled, response_json

__all__ = ["CompiledOperation", "CompiledSchema", "Compiler", "Operation", "Operations", "compiled", "response_json"]
