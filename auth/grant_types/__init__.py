"""The grants of RFC 6749 as this server gives them, each on Authlib's class of the same name."""
