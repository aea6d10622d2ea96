"""The authorization endpoint and the form that answers it."""

from auth import paths
from auth.exchange import Endpoint, Step
from auth.pages.redirect import refuse_to_app
from auth.steps.check_form_token import adopt_request, check_consent_token
from auth.steps.find_client import find_client
from auth.steps.issue_code import issue_code
from auth.steps.load_session import load_session
from auth.steps.match_proof_key import match_proof_key
from auth.steps.match_redirect_uri import match_redirect_uri
from auth.steps.match_resource import match_resource
from auth.steps.match_scope import match_scope
from auth.steps.read_form import read_form
from auth.steps.read_openid_parameters import read_openid_parameters
from auth.steps.read_query import read_query
from auth.steps.record_answer import record_answer
from auth.steps.refuse_query import refuse_query
from auth.steps.refuse_repeats import refuse_repeats
from auth.steps.refuse_request_objects import refuse_request_objects
from auth.steps.require_consent import require_consent
from auth.steps.require_login import require_login
from auth.steps.require_s256 import require_s256
from auth.steps.want_code import want_code

CHECKS: tuple[Step, ...] = (
    find_client,
    match_redirect_uri,
    refuse_repeats,
    refuse_request_objects,
    want_code,
    match_scope,
    require_s256,
    match_resource,
    match_proof_key,
    read_openid_parameters,
)
"""What makes an authorization request a good one; run again when the consent form comes back."""

AUTHORIZE = Endpoint(
    path=paths.AUTHORIZE,
    methods=("GET",),
    follows=("RFC 6749 4.1", "RFC 7636", "RFC 8252", "RFC 8707", "RFC 9207", "RFC 9449 10", "RFC 9700"),
    steps=(read_query, *CHECKS, load_session, require_login, require_consent, issue_code),
    refuse=refuse_to_app,
)

CONSENT = Endpoint(
    path=paths.CONSENT,
    methods=("POST",),
    follows=("RFC 6749 4.1.2", "RFC 9207", "RFC 9700 4.16"),
    steps=(
        refuse_query,
        read_form,
        load_session,
        check_consent_token,
        adopt_request,
        *CHECKS,
        record_answer,
        issue_code,
    ),
    refuse=refuse_to_app,
)
