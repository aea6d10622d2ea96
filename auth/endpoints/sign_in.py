"""Signing in and out."""

from auth import paths
from auth.exchange import Endpoint, Step
from auth.pages.redirect import refuse_on_page, refuse_sign_in
from auth.steps.check_form_token import adopt_request, check_sign_out_token, check_visit_token
from auth.steps.check_password import check_password
from auth.steps.find_client import recall_app
from auth.steps.load_session import load_session
from auth.steps.read_form import read_form
from auth.steps.refuse_query import refuse_query
from auth.steps.sign_in_pages import show_sign_in, sign_out

_SHOW: tuple[Step, ...] = (load_session, show_sign_in)
_CHECK: tuple[Step, ...] = (refuse_query, read_form, check_visit_token, adopt_request, recall_app, check_password)

SHOW_LOGIN = Endpoint(paths.LOGIN, ("GET",), ("RFC 9700 4.11",), _SHOW, refuse_on_page)
LOGIN = Endpoint(paths.LOGIN, ("POST",), ("RFC 9700 4.11",), _CHECK, refuse_sign_in)
LOGOUT = Endpoint(
    paths.LOGOUT,
    ("POST",),
    ("RFC 9700 4.7",),
    (refuse_query, read_form, load_session, check_sign_out_token, sign_out),
    refuse_on_page,
)
