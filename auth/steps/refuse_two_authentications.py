"""A client authenticates in one way only."""

import base64
import binascii
import re
from urllib.parse import unquote_to_bytes

from auth.errors import Refusal
from auth.exchange import Exchange

_MAXIMUM_HEADER = 1_024


def refuse_two_authentications(exchange: Exchange) -> None:
    """RFC 6749 section 2.3: not more than one method a request. Reads HTTP Basic on the way."""
    if "client_secret" in exchange.form and "client_assertion" in exchange.form:
        raise Refusal("invalid_request", "several_authentications")
    header = exchange.request.headers.get("authorization")
    if header is None:
        return
    exchange.basic = _read_basic(header)
    if "client_secret" in exchange.form or "client_assertion" in exchange.form:
        raise Refusal("invalid_request", "several_authentications")
    if exchange.form.get("client_id", exchange.basic[0]) != exchange.basic[0]:
        raise Refusal("invalid_request", "client_mismatch")


def _read_basic(header: str) -> tuple[str, str]:
    """RFC 6749 section 2.3.1: id and secret are form-encoded before they are joined (RFC 7617)."""
    match = re.fullmatch(r"(?i:basic) +([A-Za-z0-9+/=_-]+)", header[:_MAXIMUM_HEADER])
    if match is None:
        raise Refusal("invalid_request", "malformed_authorization")
    try:
        decoded = base64.b64decode(match[1], validate=True)
        client_id, colon, secret = decoded.partition(b":")
        parts = [unquote_to_bytes(part.replace(b"+", b" ")).decode("utf-8") for part in (client_id, secret)]
    except (binascii.Error, UnicodeDecodeError) as error:
        raise Refusal("invalid_request", "malformed_authorization") from error
    if not colon:
        raise Refusal("invalid_request", "malformed_authorization")
    return parts[0], parts[1]
