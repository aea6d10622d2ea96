"""The token that a service wants to exchange for one of its own."""

from auth.errors import Refusal
from auth.exchange import Exchange
from auth.grant_types import TOKEN_EXCHANGE
from auth.grant_types.token_exchange import ACCESS_TOKEN_TYPE, MAXIMUM_CHAIN


async def read_subject_token(exchange: Exchange) -> None:
    """RFC 8693 sections 2.1 and 2.2.2; other grants pass. Sets `exchange.claims`.

    The app that got the token and the one that exchanges it belong to one organisation: a citizen who let an app in
    let its organisation in, and nobody else. A token that is bound to a key is exchanged for a bound one only.
    """
    form, server = exchange.form, exchange.server
    if form["grant_type"] != TOKEN_EXCHANGE:
        return
    if form.get("subject_token_type") != ACCESS_TOKEN_TYPE or "subject_token" not in form:
        raise Refusal("invalid_request", "subject_token_type")
    if form.get("requested_token_type", ACCESS_TOKEN_TYPE) != ACCESS_TOKEN_TYPE:
        raise Refusal("invalid_request", "requested_token_type")
    if "actor_token" in form or "actor_token_type" in form:
        raise Refusal("invalid_request", "actor_token")
    if form.get("audience", server.audience) != server.audience:
        raise Refusal("invalid_target", "unknown_resource")
    claims = server.tokens.read(form["subject_token"])
    if claims is None or server.is_revoked(claims):
        raise Refusal("invalid_request", "bad_subject_token")
    issued_to = await server.clients.get(claims["client_id"])
    if issued_to is None or issued_to.organisation_id != exchange.client.organisation_id:
        raise Refusal("invalid_request", "bad_subject_token")
    if "cnf" in claims and exchange.proved_key is None:
        raise Refusal("invalid_dpop_proof", "proof_missing")
    if len(claims.get("from", ())) >= MAXIMUM_CHAIN:
        raise Refusal("invalid_request", "long_chain")
    exchange.claims = claims
