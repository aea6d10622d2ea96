"""The grants this server gives, each on Authlib's class of the same name where there is one."""

GRANT_TYPES = ("authorization_code", "client_credentials", "refresh_token")
