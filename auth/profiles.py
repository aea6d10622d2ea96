"""Client profiles: what kind of app may do what, as data. Steps ask the profile; nothing asks for its name.

public         runs where a secret cannot be kept: PKCE and rotation instead (RFC 8252, RFC 9700)
confidential   a server with a secret or a key
    fapi2          a server that books and pays: FAPI 2.0 Security Profile, nothing in it is optional
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from auth.grant_types import DEVICE_CODE, TOKEN_EXCHANGE

SECRET_METHODS = ("client_secret_basic", "client_secret_post")


@dataclass(frozen=True, slots=True)
class Profile:
    """The rules of one kind of app."""

    name: str
    authentication: tuple[str, ...]
    """Ways to authenticate, by their registered names (RFC 8414 section 2)."""
    grant_types: tuple[str, ...]
    """Grant types an app of this profile is registered for."""
    grant_types_on_request: tuple[str, ...]
    """Those an app has only when its registration asks for them."""
    native_redirects: bool
    """Redirect URIs may be private-use schemes, and a loopback IP with any port (RFC 8252 section 7)."""
    remembers_consent: bool
    """A citizen's yes may be remembered: only for apps that prove who they are (RFC 8252 section 8.6)."""
    rotates: bool
    """Each use of a refresh token replaces it (RFC 9700 section 4.14), unless it is bound to a key."""
    proves_possession: bool = False
    """Every token is bound to a key: requests for tokens carry a DPoP proof (RFC 9449)."""
    pushes_requests: bool = False
    """Authorization requests come pushed (RFC 9126), never in a URL that a browser could change."""

    @property
    def confidential(self) -> bool:
        """Whether the app proves who it is."""
        return "none" not in self.authentication


_TABLE = (
    Profile(
        name="public",
        authentication=("none",),
        grant_types=("authorization_code", "refresh_token"),
        grant_types_on_request=(DEVICE_CODE,),
        native_redirects=True,
        remembers_consent=False,
        rotates=True,
    ),
    Profile(
        name="confidential",
        authentication=(*SECRET_METHODS, "private_key_jwt"),
        grant_types=("authorization_code", "client_credentials", "refresh_token"),
        grant_types_on_request=(DEVICE_CODE, TOKEN_EXCHANGE),
        native_redirects=False,
        remembers_consent=True,
        rotates=False,
    ),
    Profile(
        name="fapi2",
        authentication=("private_key_jwt",),
        grant_types=("authorization_code", "client_credentials", "refresh_token"),
        grant_types_on_request=(TOKEN_EXCHANGE,),
        native_redirects=False,
        remembers_consent=True,
        rotates=False,
        proves_possession=True,
        pushes_requests=True,
    ),
)
PROFILES: Mapping[str, Profile] = MappingProxyType({profile.name: profile for profile in _TABLE})

AUTHENTICATION_METHODS = tuple(dict.fromkeys(way for profile in _TABLE for way in profile.authentication))
"""Every way to authenticate that some profile allows."""
CONFIDENTIAL_METHODS = tuple(way for way in AUTHENTICATION_METHODS if way != "none")
