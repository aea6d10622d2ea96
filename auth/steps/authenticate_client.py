"""Confidential apps prove themselves with a secret or a signed assertion; public apps only say who they are."""

from auth.client_assertions import ASSERTION_TYPE, assertion_refused, claimed_client, read_assertion
from auth.clients import ClientRecord
from auth.errors import Refusal, client_not_authenticated
from auth.exchange import Exchange
from auth.used_proofs import use_once


async def authenticate_client(exchange: Exchange) -> None:
    """RFC 6749 section 2.3 and 3.2.1; the client's profile says which ways it may use."""
    if "client_assertion" in exchange.form or "client_assertion_type" in exchange.form:
        exchange.known_client = await _by_assertion(exchange)
    else:
        exchange.known_client = await _by_secret(exchange)


async def authenticate_confidential(exchange: Exchange) -> None:
    """The same for endpoints that answer confidential apps only (RFC 7662 section 2.1)."""
    await authenticate_client(exchange)
    if not exchange.client.confidential:
        raise client_not_authenticated()


async def _by_secret(exchange: Exchange) -> ClientRecord:
    """client_secret_basic, client_secret_post, none."""
    client_id, secret = exchange.basic or (exchange.form.get("client_id"), exchange.form.get("client_secret"))
    if client_id is None:
        raise client_not_authenticated() if secret else Refusal("invalid_client", "missing_client_id", status=401)
    client = await exchange.server.clients.get(client_id)
    way = "client_secret_basic" if exchange.basic else "client_secret_post" if secret else "none"
    if client is None or way not in client.profile.authentication:
        raise client_not_authenticated()
    if way != "none" and not client.check_secret(secret or "", exchange.server.clock()):
        raise client_not_authenticated()
    return client


async def _by_assertion(exchange: Exchange) -> ClientRecord:
    """private_key_jwt (RFC 7523 section 3), each assertion once."""
    form, server = exchange.form, exchange.server
    assertion = form.get("client_assertion", "")
    if form.get("client_assertion_type") != ASSERTION_TYPE:
        raise Refusal("invalid_request", "assertion_type")
    client_id = claimed_client(assertion)
    if form.get("client_id", client_id) != client_id:
        raise Refusal("invalid_request", "client_mismatch")
    client = await server.clients.get(client_id) if client_id is not None else None
    if client is None or "private_key_jwt" not in client.profile.authentication:
        raise assertion_refused("client_not_authenticated")
    read = read_assertion(assertion, client.id, client.keys, server.issuer, exchange.now)
    if not await use_once(server.database, "assertion", client.id, read.jti, read.expires_at):
        raise assertion_refused("assertion_replayed")
    return client
