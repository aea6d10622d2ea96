"""The grants this server gives, each on Authlib's class of the same name where there is one."""

DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"
TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"  # noqa: S105
GRANT_TYPES = ("authorization_code", "client_credentials", "refresh_token", DEVICE_CODE, TOKEN_EXCHANGE)
STATELESS = frozenset({"client_credentials", TOKEN_EXCHANGE})
"""Grants that write nothing."""
