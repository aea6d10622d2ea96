"""Client credentials (RFC 6749 section 4.4): an app acts for itself. No database, no refresh token."""

from typing import Any

from authlib.oauth2.rfc6749 import InvalidScopeError
from authlib.oauth2.rfc6749.grants import ClientCredentialsGrant

from auth.tokens import Subject


class MachineCredentials(ClientCredentialsGrant):  # type: ignore[misc]
    """Authlib drops scopes silently or not at all; here every requested scope must have been granted to the app."""

    def validate_requested_scope(self) -> None:
        """Raises `InvalidScopeError` unless the app holds every requested scope, and at least one."""
        granted = self.request.client.get_machine_scope(self.request.payload.scope)
        if not granted:
            raise InvalidScopeError
        self.request.scope = granted

    def create_token_response(self) -> tuple[int, dict[str, Any], list[tuple[str, str]]]:
        """RFC 6749 section 4.4.3, without Authlib's logging of the token."""
        token = self.generate_token(
            user=Subject(self.request.client.id, jkt=self.request.proved_key),
            scope=self.request.scope,
            include_refresh_token=False,
        )
        return 200, token, self.TOKEN_RESPONSE_HEADER
