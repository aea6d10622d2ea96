"""The words of every refusal: English for `error_description`, both languages for pages."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a request was refused, in plain words. `en` is printable ASCII without quote or backslash."""

    en: str
    ko: str


_REASONS = {
    # reading the request
    "malformed_parameters": Reason(
        "The parameters are not valid UTF-8 form encoding, or contain control characters.",
        "매개변수가 올바른 UTF-8 형식이 아니거나 제어 문자를 포함합니다.",
    ),
    "too_large": Reason("The request is larger than 16 KiB.", "요청이 16 KiB보다 큽니다."),
    "too_many_fields": Reason("The request has more than 50 fields.", "요청의 항목이 50개를 넘습니다."),
    "form_required": Reason(
        "The body must be application/x-www-form-urlencoded.",
        "본문은 application/x-www-form-urlencoded 형식이어야 합니다.",
    ),
    "query_not_allowed": Reason(
        "Parameters belong in the body, never in the URL.", "매개변수는 URL이 아니라 본문에 담아야 합니다."
    ),
    "repeated_parameter": Reason("A parameter is repeated.", "같은 매개변수가 두 번 이상 있습니다."),
    "method_not_allowed": Reason("This address does not answer that method.", "이 주소가 지원하지 않는 방식입니다."),
    # the client
    "unknown_client": Reason("No app is registered under this client_id.", "등록되지 않은 앱입니다."),
    "missing_client_id": Reason("The client_id is missing.", "client_id가 없습니다."),
    "client_not_authenticated": Reason("The client could not be authenticated.", "앱의 신원을 확인하지 못했습니다."),
    "malformed_authorization": Reason(
        "The Authorization header is malformed.", "Authorization 헤더의 형식이 올바르지 않습니다."
    ),
    "several_authentications": Reason(
        "The client used more than one way to authenticate.", "앱 인증 방법을 두 가지 이상 함께 사용했습니다."
    ),
    "client_mismatch": Reason(
        "The client_id in the body is not the authenticated client.", "본문의 client_id가 인증된 앱과 다릅니다."
    ),
    "assertion_type": Reason(
        "The client_assertion_type must be urn:ietf:params:oauth:client-assertion-type:jwt-bearer.",
        "client_assertion_type은 urn:ietf:params:oauth:client-assertion-type:jwt-bearer여야 합니다.",
    ),
    "assertion_subject": Reason(
        "The client assertion must have the client_id as iss and sub.",
        "client_assertion의 iss와 sub는 client_id여야 합니다.",
    ),
    "assertion_audience": Reason(
        "The client assertion must have the issuer of this server as its only aud, as a string.",
        "client_assertion의 aud는 이 서버의 issuer 하나(문자열)여야 합니다.",
    ),
    "assertion_times": Reason(
        "The client assertion has expired, lives longer than 600 seconds, starts later, or has malformed times.",
        "client_assertion이 만료되었거나 600초를 넘거나 아직 유효하지 않거나 시각 형식이 잘못되었습니다.",
    ),
    "assertion_id": Reason(
        "The client assertion needs a jti of at most 255 characters.",
        "client_assertion에 255자 이하의 jti가 필요합니다.",
    ),
    "assertion_replayed": Reason("The client assertion was used before.", "이미 사용한 client_assertion입니다."),
    "proof_missing": Reason("This app must send a DPoP proof.", "이 앱은 DPoP 증명을 보내야 합니다."),
    "proof_malformed": Reason(
        "The DPoP proof is not exactly one JWT of type dpop+jwt signed with ES256, PS256 or EdDSA by the key in it.",
        "DPoP 증명은 담긴 키로 ES256, PS256 또는 EdDSA 서명한 dpop+jwt 하나여야 합니다.",
    ),
    "proof_request": Reason(
        "The htm or htu of the DPoP proof is not the method or address of this request.",
        "DPoP 증명의 htm 또는 htu가 이 요청과 다릅니다.",
    ),
    "proof_time": Reason(
        "The iat of the DPoP proof is more than 60 seconds old, in the future, or no number.",
        "DPoP 증명의 iat가 60초보다 오래되었거나 미래이거나 숫자가 아닙니다.",
    ),
    "proof_id": Reason(
        "The DPoP proof needs a jti of at most 255 characters.", "DPoP 증명에 255자 이하의 jti가 필요합니다."
    ),
    "proof_token": Reason(
        "The ath of the DPoP proof is not the hash of the access token.",
        "DPoP 증명의 ath가 접근 토큰의 해시와 다릅니다.",
    ),
    "proof_nonce": Reason(
        "The DPoP proof needs the nonce of the DPoP-Nonce header.", "DPoP 증명에 DPoP-Nonce 헤더의 nonce가 필요합니다."
    ),
    "proof_used": Reason("The DPoP proof was used before.", "이미 사용한 DPoP 증명입니다."),
    "proof_key": Reason(
        "The DPoP proof is by another key than the one that was named.", "DPoP 증명의 키가 지정된 키와 다릅니다."
    ),
    "malformed_proof_key": Reason(
        "A dpop_jkt has exactly 43 base64url characters.", "dpop_jkt는 base64url 43자입니다."
    ),
    "wrong_token_scheme": Reason(
        "A token bound to a key is sent as DPoP with a proof, any other as Bearer.",
        "키에 묶인 토큰은 DPoP로 증명과 함께, 그 밖의 토큰은 Bearer로 보내야 합니다.",
    ),
    # the authorization request
    "missing_redirect_uri": Reason("The redirect_uri is missing.", "redirect_uri가 없습니다."),
    "redirect_uri_mismatch": Reason(
        "The redirect_uri is not exactly one that the app registered.",
        "redirect_uri가 앱이 등록한 주소와 정확히 일치하지 않습니다.",
    ),
    "missing_response_type": Reason("The response_type is missing.", "response_type이 없습니다."),
    "response_type_not_code": Reason("Only response_type=code is supported.", "response_type=code만 지원합니다."),
    "request_object": Reason("Request objects are not supported.", "request 객체는 지원하지 않습니다."),
    "request_uri": Reason("Request URIs are not supported.", "request_uri는 지원하지 않습니다."),
    "pushed_request_uri": Reason(
        "A pushed request cannot itself be a request_uri.", "미리 보내는 요청에는 request_uri를 쓸 수 없습니다."
    ),
    "unknown_pushed_request": Reason(
        "The request_uri is unknown, expired, used, or was pushed by another app.",
        "request_uri를 알 수 없거나 만료·사용되었거나 다른 앱이 보낸 것입니다.",
    ),
    "not_pushed": Reason(
        "This app must push its authorization request first (RFC 9126).",
        "이 앱은 인가 요청을 먼저 서버로 보내야 합니다(RFC 9126).",
    ),
    "missing_code_challenge": Reason("PKCE is required: code_challenge is missing.", "PKCE code_challenge가 없습니다."),
    "challenge_not_s256": Reason("Only code_challenge_method=S256 is supported.", "PKCE는 S256만 지원합니다."),
    "malformed_code_challenge": Reason(
        "An S256 code_challenge has exactly 43 base64url characters.", "S256 code_challenge는 base64url 43자입니다."
    ),
    "scope_not_granted": Reason(
        "A requested scope is unknown or was not granted to this app.",
        "요청한 권한이 없거나 이 앱에 허용되지 않았습니다.",
    ),
    "unknown_resource": Reason("The requested resource is not served here.", "요청한 리소스를 제공하지 않습니다."),
    "long_nonce": Reason("A nonce has at most 255 characters.", "nonce는 255자까지입니다."),
    "bad_max_age": Reason("The max_age is not a number of seconds.", "max_age는 초 단위 숫자여야 합니다."),
    "unknown_prompt": Reason("The prompt value is not supported.", "지원하지 않는 prompt 값입니다."),
    "login_needed": Reason("The citizen is not signed in.", "로그인이 필요합니다."),
    "consent_needed": Reason("The citizen has not consented yet.", "동의가 필요합니다."),
    "denied": Reason("The citizen said no.", "이용자가 동의하지 않았습니다."),
    # the token request
    "missing_grant_type": Reason("The grant_type is missing.", "grant_type이 없습니다."),
    "grant_type_unsupported": Reason("The grant_type is not supported.", "지원하지 않는 grant_type입니다."),
    "grant_type_not_allowed": Reason(
        "This app may not use that grant_type.", "이 앱은 해당 grant_type을 사용할 수 없습니다."
    ),
    "missing_code": Reason("The code is missing.", "code가 없습니다."),
    "bad_code": Reason(
        "The code is unknown, expired, used, or was issued to another app.",
        "코드를 알 수 없거나 만료·사용되었거나 다른 앱에 발급되었습니다.",
    ),
    "bad_verifier": Reason("The code_verifier does not match.", "code_verifier가 일치하지 않습니다."),
    "bad_refresh_token": Reason(
        "The refresh token is unknown, expired, revoked, or was issued to another app.",
        "갱신 토큰을 알 수 없거나 만료·취소되었거나 다른 앱에 발급되었습니다.",
    ),
    "missing_access_token": Reason("An access token is needed.", "접근 토큰이 필요합니다."),
    "bad_access_token": Reason(
        "The access token is malformed, expired, revoked, or not from here.",
        "접근 토큰의 형식이 잘못되었거나 만료·취소되었거나 이 서버의 것이 아닙니다.",
    ),
    "openid_not_granted": Reason(
        "The access token was not granted the scope openid.", "접근 토큰에 openid 권한이 없습니다."
    ),
    "subject_token_type": Reason(
        "A subject_token of the type urn:ietf:params:oauth:token-type:access_token is needed.",
        "urn:ietf:params:oauth:token-type:access_token 형식의 subject_token이 필요합니다.",
    ),
    "requested_token_type": Reason("Only access tokens are issued.", "접근 토큰만 발급합니다."),
    "actor_token": Reason(
        "There is no actor_token here: the app that asks is the actor.",
        "actor_token은 쓰지 않습니다. 요청하는 앱이 행위자입니다.",
    ),
    "bad_subject_token": Reason(
        "The subject_token is not a live access token of an app of the same organisation.",
        "subject_token이 같은 기관 앱의 유효한 접근 토큰이 아닙니다.",
    ),
    "long_chain": Reason("A token is exchanged four times at most.", "토큰 교환은 네 번까지입니다."),
    "missing_device_code": Reason("The device_code is missing.", "device_code가 없습니다."),
    "bad_device_code": Reason(
        "The device_code is unknown, used, or was issued to another app.",
        "device_code를 알 수 없거나 사용되었거나 다른 앱에 발급되었습니다.",
    ),
    "device_expired": Reason("Nobody entered the code of this device in time.", "코드가 제때 입력되지 않았습니다."),
    "device_pending": Reason("The citizen has not answered yet.", "이용자가 아직 답하지 않았습니다."),
    "device_too_fast": Reason(
        "Wait five seconds longer between two polls from now on.", "지금부터 5초씩 더 기다렸다가 다시 물어 주세요."
    ),
    "not_a_resource_server": Reason(
        "This app is not the resource server that tokens are for.", "이 앱은 토큰의 대상인 리소스 서버가 아닙니다."
    ),
    "missing_token": Reason("The token is missing.", "token이 없습니다."),
    "not_accepted": Reason("The request was not accepted.", "요청을 처리할 수 없습니다."),
    # not the caller's fault
    "database_away": Reason(
        "The service is not available right now. Please try again.",
        "지금은 서비스를 이용할 수 없습니다. 잠시 뒤 다시 시도해 주세요.",
    ),
    "defect": Reason("Something went wrong here.", "서버에 문제가 생겼습니다."),
    # pages
    "csrf": Reason(
        "The form is out of date or was not made by this page. Please start again.",
        "양식이 만료되었거나 이 페이지에서 만든 것이 아닙니다. 처음부터 다시 시도해 주세요.",
    ),
    "wrong_password": Reason("The ID or the password is wrong.", "아이디 또는 비밀번호가 올바르지 않습니다."),
    "wrong_user_code": Reason(
        "No device waits with this code. Compare it with the device; it may have expired.",
        "이 코드로 기다리는 기기가 없습니다. 기기의 코드와 비교해 주세요. 시간이 지났을 수 있습니다.",
    ),
    "too_many_attempts": Reason(
        "Too many attempts. Please wait 15 minutes and try again.",
        "시도 횟수를 초과했습니다. 15분 뒤에 다시 시도해 주세요.",
    ),
}
REASONS: Mapping[str, Reason] = MappingProxyType(_REASONS)
