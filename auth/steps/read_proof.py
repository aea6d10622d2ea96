"""Take the DPoP proof of a request: tokens issued in answer are bound to its key."""

from auth.errors import Refusal
from auth.exchange import Exchange
from auth.proofs import read_proof as read
from auth.used_proofs import use_once


async def read_proof(exchange: Exchange) -> None:
    """RFC 9449 section 5. Sets `exchange.proved_key`; each proof is good once. Some profiles must send one."""
    await read_early_proof(exchange)
    if exchange.proved_key is None and exchange.client.profile.proves_possession:
        raise Refusal("invalid_dpop_proof", "proof_missing")


async def read_early_proof(exchange: Exchange) -> None:
    """RFC 9449 section 10.1: with a pushed request a proof may come already, and binds the code to its key."""
    given = exchange.request.headers.getlist("dpop")
    if given:
        exchange.proved_key = await take_proof(exchange, given)


async def take_proof(exchange: Exchange, given: list[str], access_token: str | None = None) -> str:
    """The key of the one proof sent with this request; the answer carries a nonce for the next (section 8.2)."""
    server, request = exchange.server, exchange.request
    exchange.answer_headers["DPoP-Nonce"] = server.nonces.give()
    if len(given) != 1:
        raise Refusal("invalid_dpop_proof", "proof_malformed")
    proof = read(
        given[0],
        method=request.method,
        address=server.issuer + request.scope["path"],
        now=exchange.now,
        nonces=server.nonces,
        access_token=access_token,
    )
    if not await use_once(server.database, "dpop", proof.jkt, proof.jti, proof.expires_at):
        raise Refusal("invalid_dpop_proof", "proof_used")
    return proof.jkt
