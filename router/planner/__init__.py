"""The planner: from an operation to a query plan, in small steps over plain values.

graph      what each subgraph can answer                      graph.py
members    union members whose answer depends on the choice   common_members.py
routes     where every selected field is had                  routes.py, moves.py, choose.py, split.py, contexts.py
fetches    the routes' visits as a DAG of fetch steps         fetches.py, tree.py, client_keys.py
passes     the DAG made smaller                               passes/
assemble   the DAG as a tree of plan nodes                    assemble.py, operation_text.py
show       the plan, or every stage, for people and tools     show.py, show_stages.py

``planning.py`` calls them in this order; docs/planner.md explains them.
"""

from router.planner.planning import PlanStages, plan, plan_stages

__all__ = ["PlanStages", "plan", "plan_stages"]
