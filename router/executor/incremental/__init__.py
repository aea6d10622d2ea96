"""Incremental delivery (@defer, @stream): one response in several payloads. ADR 0024 says what is honoured and why."""

from router.executor.incremental.compile import IncrementalPlan
from router.executor.incremental.payloads import Payload, WireFormat, draft, path_based, whole

__all__ = ["IncrementalPlan", "Payload", "WireFormat", "draft", "path_based", "whole"]
