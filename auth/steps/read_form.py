"""Read a form body: the right media type, at most 16 KiB, no parameter twice."""

from starlette.responses import Response

from auth.errors import Refusal
from auth.exchange import Exchange
from auth.parameters import MAXIMUM_BYTES, first_values, parse_pairs, repeated

_FORM = "application/x-www-form-urlencoded"


async def read_form(exchange: Exchange) -> Response | None:
    """RFC 6749 section 3.2 and appendix B; RFC 8707 allows several `resource`."""
    content_type = exchange.request.headers.get("content-type", "")
    if content_type.partition(";")[0].strip().lower() != _FORM:
        raise Refusal("invalid_request", "form_required")
    body = bytearray()
    async for chunk in exchange.request.stream():
        body += chunk
        if len(body) > MAXIMUM_BYTES:
            raise Refusal("invalid_request", "too_large", status=413)
    pairs = parse_pairs(bytes(body))
    if repeated(pairs):
        raise Refusal("invalid_request", "repeated_parameter")
    exchange.form_pairs = pairs
    exchange.form = first_values(pairs)
    exchange.resources = tuple(value for name, value in pairs if name == "resource")
    return None
