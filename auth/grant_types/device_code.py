"""Device code (RFC 8628 section 3.4), once the citizen has said yes; `auth.steps.poll_device` answers before that.

Not on Authlib's `DeviceCodeGrant`, which lets a code be redeemed any number of times and keeps no time of polls.
"""

from typing import Any

from authlib.oauth2.rfc6749 import InvalidGrantError
from authlib.oauth2.rfc6749.grants import BaseGrant, TokenEndpointMixin
from sqlmodel import col, select, update

from auth.credentials import digest
from auth.grant_types import DEVICE_CODE
from auth.models import DeviceCode, Grant
from auth.tokens import Subject


class CitizenDevice(BaseGrant, TokenEndpointMixin):  # type: ignore[misc]
    """A code is spent by an UPDATE that only one request can win, in the transaction that stores the tokens."""

    GRANT_TYPE = DEVICE_CODE

    def validate_token_request(self) -> None:
        """Raises `InvalidGrantError` unless this client's code was approved and is unused."""
        request = self.request
        request.client = request.known_client
        found = self.server.session.exec(
            select(DeviceCode, Grant)
            .join(Grant)
            .where(DeviceCode.digest == digest(request.form["device_code"]))
            .where(DeviceCode.client_id == request.client.id, DeviceCode.state == "approved")
            .where(col(DeviceCode.used_at).is_(None), col(Grant.revoked_at).is_(None))
        ).first()
        if found is None:
            raise InvalidGrantError
        row, grant = found
        request.device = row
        request.user = Subject(grant.citizen_id, grant.id, grant.authenticated_at, request.proved_key)

    def create_token_response(self) -> tuple[int, dict[str, Any], list[tuple[str, str]]]:
        """Tokens as for an authorization code."""
        request = self.request
        spent = self.server.session.exec(
            update(DeviceCode)
            .where(col(DeviceCode.digest) == request.device.digest, col(DeviceCode.used_at).is_(None))
            .values(used_at=request.now)
            .execution_options(synchronize_session=False)
        )
        if spent.rowcount != 1:
            raise InvalidGrantError
        token = self.generate_token(
            user=request.user,
            scope=request.device.scope,
            include_refresh_token=request.client.check_grant_type("refresh_token"),
        )
        self.save_token(token)
        self.server.add_id_token(token, request)
        return 200, token, self.TOKEN_RESPONSE_HEADER
