"""A credential that may be used once was used again."""

from authlib.oauth2.rfc6749 import InvalidGrantError


class Replayed(InvalidGrantError):  # type: ignore[misc]
    """A used code or a rotated refresh token came back; the whole grant must die (RFC 6749 4.1.2, RFC 9700 4.14)."""

    def __init__(self, grant_id: str) -> None:
        super().__init__()
        self.grant_id = grant_id
