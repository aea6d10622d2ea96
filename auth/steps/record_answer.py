"""The citizen's answer on the consent page."""

from auth.consents import record_consent
from auth.errors import Refusal
from auth.exchange import Exchange
from auth.pushed_requests import spend
from auth.scopes import split_scope


async def record_answer(exchange: Exchange) -> None:
    """RFC 6749 section 4.1.2.1: a no goes back as access_denied; the profile says whose yes is remembered."""
    pushed = exchange.pushed
    if exchange.form.get("answer") != "allow":
        if pushed is not None:
            async with exchange.server.database.write() as session:
                await session.run_sync(lambda sync: spend(sync, pushed, exchange.now))
        raise Refusal("access_denied", "denied")
    assert exchange.signed_in is not None
    client = exchange.client
    await record_consent(
        exchange.server.database,
        exchange.signed_in.citizen_id,
        client.id,
        split_scope(client.get_allowed_scope(exchange.parameters.get("scope")) or ""),
        remember=client.profile.remembers_consent and exchange.form.get("remember") == "yes",
        now=exchange.now,
    )
