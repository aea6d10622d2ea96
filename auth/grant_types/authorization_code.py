"""Authorization code with PKCE (RFC 6749 section 4.1, RFC 7636, RFC 9700 section 2.1.1)."""

from typing import Any

from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import AuthorizationCodeMixin, InvalidGrantError
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant
from authlib.oauth2.rfc7636 import CodeChallenge
from sqlmodel import col, select, update

from auth.clients import ClientRecord
from auth.credentials import digest, new_id, new_secret
from auth.grant_types.replay import Replayed
from auth.models import AuthorizationCode, Grant
from auth.tokens import Subject


class StoredCode(AuthorizationCodeMixin):  # type: ignore[misc]
    """A code as Authlib asks about it, with the grant it stands for."""

    code_challenge_method = "S256"

    def __init__(self, row: AuthorizationCode, grant: Grant) -> None:
        self.row = row
        self.grant = grant
        self.code_challenge = row.code_challenge

    def get_redirect_uri(self) -> str:
        """The redirect URI of the authorization request."""
        return self.row.redirect_uri

    def get_scope(self) -> str:
        """The scope the citizen consented to."""
        return self.row.scope


class CitizenCode(AuthorizationCodeGrant):  # type: ignore[misc]
    """Codes are stored by digest, live a minute, and are spent by an UPDATE that only one request can win."""

    def generate_authorization_code(self) -> str:
        """256 random bits."""
        return new_secret()

    def save_authorization_code(self, code: str, request: Any) -> None:
        """Write the grant of this consent and its code."""
        subject: Subject = request.user
        grant = Grant(
            id=new_id("g"),
            citizen_id=subject.id,
            client_id=request.client.id,
            scope=request.scope,
            authenticated_at=subject.authenticated_at or request.now,
            created_at=request.now,
        )
        self.server.session.add(grant)
        self.server.session.flush()
        self.server.session.add(
            AuthorizationCode(
                digest=digest(code),
                grant_id=grant.id,
                client_id=request.client.id,
                redirect_uri=request.payload.redirect_uri,
                scope=request.scope,
                code_challenge=request.payload.data["code_challenge"],
                nonce=request.payload.data.get("nonce"),
                jkt=request.payload.data.get("dpop_jkt"),
                expires_at=request.now + self.server.settings.code_seconds,
            )
        )

    def validate_authorization_request(self) -> str:
        """The steps of the authorization endpoint have checked everything; take over what they found."""
        request = self.request
        request.client = request.known_client
        request.scope = request.client.get_allowed_scope(request.payload.scope)
        return str(request.payload.redirect_uri)

    def create_authorization_response(
        self, redirect_uri: str, grant_user: Subject
    ) -> tuple[int, dict[str, str], list[Any]]:
        """The code itself: the endpoint builds the redirect, adding `state` and `iss` and touching nothing else."""
        self.request.user = grant_user
        code = self.generate_authorization_code()
        self.save_authorization_code(code, self.request)
        return 200, {"code": code}, []

    def query_authorization_code(self, code: str, client: ClientRecord) -> StoredCode | None:
        """The code of this client. Raises `Replayed` for a used one, also when it has expired meanwhile."""
        found = self.server.session.exec(
            select(AuthorizationCode, Grant)
            .join(Grant)
            .where(AuthorizationCode.digest == digest(code), AuthorizationCode.client_id == client.id)
        ).first()
        if found is None:
            return None
        row, grant = found
        if row.used_at is not None:
            raise Replayed(grant.id)
        if row.expires_at <= self.request.now or grant.revoked_at is not None:
            return None
        if row.jkt is not None and row.jkt != self.request.proved_key:
            return None
        return StoredCode(row, grant)

    def delete_authorization_code(self, authorization_code: StoredCode) -> None:
        """Spend the code: the one UPDATE that finds it unused wins, in the transaction that stores the tokens."""
        spent = self.server.session.exec(
            update(AuthorizationCode)
            .where(
                col(AuthorizationCode.digest) == authorization_code.row.digest,
                col(AuthorizationCode.used_at).is_(None),
            )
            .values(used_at=self.request.now)
            .execution_options(synchronize_session=False)
        )
        if spent.rowcount != 1:
            raise Replayed(authorization_code.grant.id)

    def create_token_response(self) -> tuple[int, dict[str, Any], list[tuple[str, str]]]:
        """Access and refresh token, and for a citizen who is identified to the app an ID token."""
        status, token, headers = super().create_token_response()
        self.server.add_id_token(token, self.request, self.request.authorization_code.row.nonce)
        return status, token, headers

    def authenticate_user(self, authorization_code: StoredCode) -> Subject:
        """The citizen who consented."""
        grant = authorization_code.grant
        return Subject(grant.citizen_id, grant.id, grant.authenticated_at, self.request.proved_key)


class S256Verifier(CodeChallenge):  # type: ignore[misc]
    """Authlib's verifier check, without `plain` and without a way around it."""

    DEFAULT_CODE_CHALLENGE_METHOD = "S256"
    SUPPORTED_CODE_CHALLENGE_METHOD = ("S256",)
    CODE_CHALLENGE_METHODS = {"S256": CodeChallenge.CODE_CHALLENGE_METHODS["S256"]}  # noqa: RUF012

    def __call__(self, grant: CitizenCode) -> None:
        """Hook into the token request only: the challenge is checked by a step of the authorization endpoint."""
        grant.register_hook("after_validate_token_request", self.validate_code_verifier)

    def validate_code_verifier(self, grant: CitizenCode, result: Any) -> None:
        """RFC 7636 section 4.6: a missing, malformed or wrong verifier is invalid_grant."""
        if "code_verifier" not in grant.request.form:
            raise InvalidGrantError
        try:
            super().validate_code_verifier(grant, result)
        except OAuth2Error as error:
            raise InvalidGrantError from error
