"""The endpoints apps and routers call by themselves: token, revocation and its feed, introspection."""

from auth import paths
from auth.exchange import Endpoint, Step
from auth.steps.authenticate_client import authenticate_client, authenticate_confidential
from auth.steps.introspect import introspect
from auth.steps.match_grant_type import allow_grant_type, know_grant_type
from auth.steps.match_resource import match_resource
from auth.steps.poll_device import poll_device
from auth.steps.read_form import read_form
from auth.steps.read_proof import read_proof
from auth.steps.read_subject_token import read_subject_token
from auth.steps.redeem import redeem
from auth.steps.refuse_query import refuse_query
from auth.steps.refuse_two_authentications import refuse_two_authentications
from auth.steps.require_token import require_token
from auth.steps.revoke import revoke
from auth.steps.stream_revocations import require_resource_server, stream_revocations

_FORM: tuple[Step, ...] = (refuse_query, read_form, refuse_two_authentications)

TOKEN = Endpoint(
    path=paths.TOKEN,
    methods=("POST",),
    follows=(
        "RFC 6749 3.2",
        "RFC 7636 4.5",
        "RFC 8628 3.4",
        "RFC 8693",
        "RFC 8707",
        "RFC 9068",
        "RFC 9449 5",
        "RFC 9700",
    ),
    steps=(
        *_FORM,
        know_grant_type,
        authenticate_client,
        read_proof,
        allow_grant_type,
        match_resource,
        poll_device,
        read_subject_token,
        redeem,
    ),
    cors=True,
)

REVOKE = Endpoint(
    path=paths.REVOKE,
    methods=("POST",),
    follows=("RFC 7009",),
    steps=(*_FORM, authenticate_client, require_token, revoke),
    cors=True,
)

REVOCATIONS = Endpoint(
    path=paths.REVOCATIONS,
    methods=("POST",),
    follows=("ADR 0044",),
    steps=(*_FORM, authenticate_confidential, require_resource_server, stream_revocations),
)

INTROSPECT = Endpoint(
    path=paths.INTROSPECT,
    methods=("POST",),
    follows=("RFC 7662", "RFC 9701"),
    steps=(*_FORM, authenticate_confidential, require_token, introspect),
)
