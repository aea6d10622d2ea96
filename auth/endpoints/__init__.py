"""Every address of the authorization server, each a tuple of steps naming the documents it follows.

docs/auth-endpoints.md is the matrix of steps and endpoints.
"""

from auth.endpoints.authorize import AUTHORIZE, CONSENT, PUSH
from auth.endpoints.device import ANSWER_DEVICE, ENTER_CODE, SHOW_DEVICE, START_DEVICE
from auth.endpoints.documents import JWKS, METADATA, OPENID_METADATA
from auth.endpoints.sign_in import LOGIN, LOGOUT, SHOW_LOGIN
from auth.endpoints.token import INTROSPECT, REVOCATIONS, REVOKE, TOKEN
from auth.endpoints.userinfo import USERINFO
from auth.exchange import Endpoint

ENDPOINTS: tuple[Endpoint, ...] = (
    PUSH, AUTHORIZE, CONSENT, START_DEVICE, ENTER_CODE, SHOW_DEVICE, ANSWER_DEVICE, SHOW_LOGIN, LOGIN, LOGOUT,
    TOKEN, REVOKE, REVOCATIONS, INTROSPECT, USERINFO, JWKS, METADATA, OPENID_METADATA,
)  # fmt: skip

__all__ = ["ENDPOINTS"]
