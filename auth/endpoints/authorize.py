"""The authorization endpoint, the form that answers it, and the address where apps push their requests before."""

from auth import paths
from auth.exchange import Endpoint, Step
from auth.pages.redirect import refuse_to_app
from auth.steps.authenticate_client import authenticate_client
from auth.steps.check_form_token import adopt_request, check_consent_token
from auth.steps.find_client import find_client
from auth.steps.issue_code import issue_code
from auth.steps.load_session import load_session
from auth.steps.match_proof_key import match_proof_key
from auth.steps.match_redirect_uri import match_redirect_uri
from auth.steps.match_resource import match_resource
from auth.steps.match_scope import match_scope
from auth.steps.push_request import adopt_form, push_request
from auth.steps.read_form import read_form
from auth.steps.read_openid_parameters import read_openid_parameters
from auth.steps.read_proof import read_early_proof
from auth.steps.read_query import read_query
from auth.steps.recall_pushed import recall_pushed, require_pushed
from auth.steps.record_answer import record_answer
from auth.steps.refuse_query import refuse_query
from auth.steps.refuse_repeats import refuse_repeats
from auth.steps.refuse_request_objects import refuse_request_objects
from auth.steps.refuse_two_authentications import refuse_two_authentications
from auth.steps.require_consent import require_consent
from auth.steps.require_login import require_login
from auth.steps.require_s256 import require_s256
from auth.steps.want_code import want_code

_REQUEST: tuple[Step, ...] = (
    refuse_request_objects,
    want_code,
    match_scope,
    require_s256,
    match_resource,
    match_proof_key,
    read_openid_parameters,
)
"""What makes the request of a known client to one of its redirect URIs a good one."""

CHECKS: tuple[Step, ...] = (
    find_client,
    recall_pushed,
    match_redirect_uri,
    refuse_repeats,
    require_pushed,
    *_REQUEST,
)
"""What makes an authorization request in a URL a good one; run again when the consent form comes back."""

AUTHORIZE = Endpoint(
    path=paths.AUTHORIZE,
    methods=("GET",),
    follows=("RFC 6749 4.1", "RFC 7636", "RFC 8252", "RFC 8707", "RFC 9126 4", "RFC 9207", "RFC 9449 10", "RFC 9700"),
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

PUSH = Endpoint(
    path=paths.PUSH,
    methods=("POST",),
    follows=("RFC 9126", "RFC 9449 10.1"),
    steps=(
        refuse_query,
        read_form,
        refuse_two_authentications,
        authenticate_client,
        read_early_proof,
        adopt_form,
        match_redirect_uri,
        *_REQUEST,
        push_request,
    ),
    cors=True,
)
