"""The grant type must be supported, and the app registered for it."""

from auth.errors import Refusal
from auth.exchange import Exchange
from auth.grant_types import GRANT_TYPES


def know_grant_type(exchange: Exchange) -> None:
    """RFC 6749 section 5.2."""
    grant_type = exchange.form.get("grant_type")
    if grant_type is None:
        raise Refusal("invalid_request", "missing_grant_type")
    if grant_type not in GRANT_TYPES:
        raise Refusal("unsupported_grant_type", "grant_type_unsupported")


def allow_grant_type(exchange: Exchange) -> None:
    """RFC 6749 section 5.2: unauthorized_client; also a public app that asks for machine tokens (section 4.4)."""
    grant_type = exchange.form["grant_type"]
    client = exchange.client
    if not client.check_grant_type(grant_type) or (grant_type == "client_credentials" and not client.confidential):
        raise Refusal("unauthorized_client", "grant_type_not_allowed")
