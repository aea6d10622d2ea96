"""Show the consent page unless the citizen asked to be remembered for these scopes."""

from starlette.responses import Response

from auth.consents import remembered_scopes
from auth.errors import Refusal
from auth.exchange import Exchange
from auth.pages.consent import consent_page
from auth.scopes import split_scope


async def require_consent(exchange: Exchange) -> Response | None:
    """RFC 8252 section 8.6: an app that cannot prove who it is never gets a code without a page."""
    assert exchange.signed_in is not None
    wanted = split_scope(exchange.client.get_allowed_scope(exchange.parameters.get("scope")) or "")
    if exchange.client.profile.remembers_consent and "consent" not in exchange.prompts:
        remembered = await remembered_scopes(
            exchange.server.database, exchange.signed_in.citizen_id, exchange.client.id
        )
        if remembered.issuperset(wanted):
            return None
    if "none" in exchange.prompts:
        raise Refusal("consent_required", "consent_needed")
    return consent_page(exchange, wanted)
