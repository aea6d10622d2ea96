"""The grants this server gives, each on Authlib's class of the same name where there is one."""

DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"
GRANT_TYPES = ("authorization_code", "client_credentials", "refresh_token", DEVICE_CODE)
