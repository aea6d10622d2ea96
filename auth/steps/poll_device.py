"""A device asks whether the citizen has answered."""

from auth.device_codes import Poll, poll
from auth.errors import Refusal
from auth.exchange import Exchange
from auth.grant_types import DEVICE_CODE

_ERRORS: dict[Poll, tuple[str, str]] = {
    "unknown": ("invalid_grant", "bad_device_code"),
    "expired": ("expired_token", "device_expired"),
    "denied": ("access_denied", "denied"),
    "pending": ("authorization_pending", "device_pending"),
    "too_fast": ("slow_down", "device_too_fast"),
}


async def poll_device(exchange: Exchange) -> None:
    """RFC 8628 section 3.5. Every poll is written down, also when it is refused; other grants pass."""
    if exchange.form["grant_type"] != DEVICE_CODE:
        return
    device_code = exchange.form.get("device_code")
    if device_code is None:
        raise Refusal("invalid_request", "missing_device_code")
    found = await poll(exchange.server.database, device_code, exchange.client.id, exchange.now)
    if found in _ERRORS:
        raise Refusal(*_ERRORS[found])
