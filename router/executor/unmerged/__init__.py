"""Run a plan without merging: every subgraph's answer stays as it came, and the client's answer is read from all.

The general way (``compile``, ``runtime``) merges entities into the objects they belong to. Here nothing is written to,
so that equal answers in flight are parsed once for all who wait, and work is done once for each entity however often it
is met. Objects and entities find each other by tables: the identity of an object gives its representation's number,
which gives its entity.

sources.py    which answer gives which key at which place; says why a plan does not qualify
schedule.py   fetches that ask the same become one request; who waits for whom
collect.py    emit: representations, from the answers they lie in
answer.py     emit: the client's answer
program.py    emit: all of it, one program
run.py        one run; at the first surprise it stops
replay.py     the general way again, with the answers there are
"""

from router.executor.unmerged.program import UnmergedProgram, unmerged_program

__all__ = ["UnmergedProgram", "unmerged_program"]
