"""Issue the authorization code through Authlib's core and send the browser back."""

from starlette.responses import Response

from auth.core import CoreReply, CoreRequest
from auth.errors import Refusal
from auth.exchange import Exchange
from auth.pages.redirect import redirect_back
from auth.pushed_requests import spend
from auth.tokens import Subject


async def issue_code(exchange: Exchange) -> Response:
    """RFC 6749 section 4.1.2, with `iss` (RFC 9207). A pushed request gives one code."""
    server, signed_in, pushed = exchange.server, exchange.signed_in, exchange.pushed
    assert signed_in is not None
    request = CoreRequest("GET", exchange.parameters, exchange.client, exchange.now)
    subject = Subject(signed_in.citizen_id, authenticated_at=signed_in.authenticated_at)

    def answer() -> CoreReply:
        grant = server.core.get_authorization_grant(request)
        reply: CoreReply = server.core.create_authorization_response(request, grant_user=subject, grant=grant)
        return reply

    async with server.database.write() as session:
        if pushed is not None and not await session.run_sync(lambda sync: spend(sync, pushed, exchange.now)):
            raise Refusal("invalid_request_uri", "unknown_pushed_request")
        reply = await session.run_sync(lambda sync: server.core.within(sync, answer))
    return redirect_back(exchange, {"code": reply.body["code"]})
