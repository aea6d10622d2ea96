"""The device flow: where a device asks, and the pages on which a citizen lets it in (RFC 8628)."""

from auth import paths
from auth.exchange import Endpoint
from auth.pages.device import refuse_device
from auth.steps.authenticate_client import authenticate_client
from auth.steps.check_form_token import adopt_request, check_device_answer_token, check_device_code_token
from auth.steps.device_pages import (
    answer_device,
    ask_user_code,
    confirm_device,
    look_up_device,
    read_user_code,
    require_citizen,
)
from auth.steps.load_session import load_session
from auth.steps.match_resource import match_resource
from auth.steps.match_scope import match_scope
from auth.steps.push_request import adopt_form
from auth.steps.read_form import read_form
from auth.steps.refuse_query import refuse_query
from auth.steps.refuse_two_authentications import refuse_two_authentications
from auth.steps.start_device import allow_device, start_device

START_DEVICE = Endpoint(
    path=paths.DEVICE_AUTHORIZATION,
    methods=("POST",),
    follows=("RFC 8628 3.1",),
    steps=(
        refuse_query,
        read_form,
        refuse_two_authentications,
        authenticate_client,
        allow_device,
        adopt_form,
        match_scope,
        match_resource,
        start_device,
    ),
    cors=True,
)

ENTER_CODE = Endpoint(
    path=paths.DEVICE,
    methods=("GET",),
    follows=("RFC 8628 3.3",),
    steps=(read_user_code, load_session, require_citizen, ask_user_code),
    refuse=refuse_device,
)

SHOW_DEVICE = Endpoint(
    path=paths.DEVICE,
    methods=("POST",),
    follows=("RFC 8628 3.3", "RFC 8628 5.1"),
    steps=(refuse_query, read_form, load_session, check_device_code_token, look_up_device, confirm_device),
    refuse=refuse_device,
)

ANSWER_DEVICE = Endpoint(
    path=paths.DEVICE_ANSWER,
    methods=("POST",),
    follows=("RFC 8628 3.3", "RFC 8628 5.4"),
    steps=(
        refuse_query,
        read_form,
        load_session,
        check_device_answer_token,
        adopt_request,
        look_up_device,
        answer_device,
    ),
    refuse=refuse_device,
)
