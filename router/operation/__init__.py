"""Operation: text → ``Operation`` (parse, validate, normalise) and variables → coerced values."""

from router.operation.cache_key import operation_key
from router.operation.parse import Document, parse_request, prepare
from router.operation.request import GraphQLRequest
from router.operation.variables import coerce_variables

__all__ = ["Document", "GraphQLRequest", "coerce_variables", "operation_key", "parse_request", "prepare"]
