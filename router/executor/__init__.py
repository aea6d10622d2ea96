"""Executor: a query plan → a compiled program → response bytes; and the ways to reach subgraphs."""

from router.executor.compile import CompiledPlan, compile_plan
from router.executor.http import HttpSettings, HttpTransport
from router.executor.in_process import InProcessTransport
from router.executor.settings import ExecutionSettings
from router.executor.transport import SubgraphRequest, SubgraphResponse, Transport

__all__ = [
    "CompiledPlan",
    "ExecutionSettings",
    "HttpSettings",
    "HttpTransport",
    "InProcessTransport",
    "SubgraphRequest",
    "SubgraphResponse",
    "Transport",
    "compile_plan",
]
