"""Everything the authorization server can say no with.

    AuthError                      any failure of this package; `.code` is stable
    ├── SettingsInvalid            AUTH_SETTINGS_INVALID     the process must not start
    ├── RegistrationRefused        AUTH_REGISTRATION_REFUSED an app, citizen or organisation breaks a rule
    ├── NotRegistered              AUTH_NOT_REGISTERED       no such client, citizen or organisation
    ├── SandboxDisabled            AUTH_SANDBOX_DISABLED     a sandbox-only act outside sandbox mode
    └── Refusal                    an OAuth error answered over HTTP: (`error` of the RFC, `reason` of `REASONS`)

A `Refusal` never carries text from the request: its words come from `REASONS`, in English for `error_description`
(RFC 6749 section 5.2 allows only printable ASCII there) and in both languages for pages.
"""

from typing import Literal

from auth.reasons import REASONS

Language = Literal["ko", "en"]


class AuthError(Exception):
    """Base of every failure here; `code` is stable, the message is for developers."""

    code = "AUTH_ERROR"


class SettingsInvalid(AuthError):
    """A setting is missing or unsafe."""

    code = "AUTH_SETTINGS_INVALID"


class RegistrationRefused(AuthError):
    """What was to be registered breaks a rule; nothing was written."""

    code = "AUTH_REGISTRATION_REFUSED"


class NotRegistered(AuthError):
    """No such client, citizen or organisation."""

    code = "AUTH_NOT_REGISTERED"


class SandboxDisabled(AuthError):
    """Sandbox conveniences were asked of a server that is not in sandbox mode."""

    code = "AUTH_SANDBOX_DISABLED"


class Refusal(AuthError):
    """One request refused.

    `error`: the OAuth error code (RFC 6749 sections 4.1.2.1 and 5.2, RFC 8707, OpenID Connect Core 3.1.2.6);
    `reason`: key of `REASONS`; `status`: HTTP status where it is not a redirect; `headers`: added to that answer.
    """

    code = "AUTH_REFUSED"

    def __init__(
        self, error: str, reason: str, *, status: int = 400, headers: tuple[tuple[str, str], ...] = ()
    ) -> None:
        super().__init__(f"{error}: {reason}")
        self.error = error
        self.reason = reason
        self.status = status
        self.headers = headers

    @property
    def description(self) -> str:
        """Text for `error_description`."""
        return REASONS[self.reason].en


def client_not_authenticated() -> Refusal:
    """RFC 6749 section 5.2: 401 with the scheme to use; the same answer for an unknown client and a wrong secret."""
    challenge = ("WWW-Authenticate", 'Basic realm="oauth", charset="UTF-8"')
    return Refusal("invalid_client", "client_not_authenticated", status=401, headers=(challenge,))
