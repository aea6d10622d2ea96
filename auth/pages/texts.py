"""The words of the pages. Both languages have the same keys; a test keeps it so."""

from collections.abc import Mapping
from types import MappingProxyType

from auth.errors import Language

_KO = {
    "hub": "공공서비스 허브",
    "switch": "English",
    "sign_in_title": "로그인",
    "sign_in_for": "계속하려면 로그인해 주세요.",
    "sign_in_to": "앱에 연결하려면 로그인해 주세요.",
    "login": "아이디",
    "password": "비밀번호",
    "sign_in": "로그인",
    "sign_out": "로그아웃",
    "signed_in_as": "로그인되어 있습니다.",
    "consent_title": "연결 동의",
    "consent_wants": "앱이 아래 권한을 요청합니다.",
    "consent_scopes": "요청한 권한",
    "changes": "변경 가능",
    "organisation": "운영 기관",
    "returns_to": "동의하면 이동하는 곳",
    "signed_in": "로그인한 사람",
    "remember": "다음부터 이 앱에는 묻지 않기",
    "allow": "동의하고 계속",
    "deny": "거절",
    "sandbox": "샌드박스",
    "sandbox_note": "시험용 앱입니다. 실제 예약이나 결제는 일어나지 않습니다.",
    "native_note": "이 기기에 설치된 앱입니다. 내가 직접 실행한 앱인지 확인해 주세요.",
    "revoke_note": "비밀번호는 앱에 전달되지 않습니다.",
    "error_title": "요청을 처리할 수 없습니다",
    "error_what": "앱이 보낸 요청에 문제가 있어 여기서 멈췄습니다. 아무 정보도 앱에 전달되지 않았습니다.",
    "error_code": "오류 코드",
    "this_device": "이 기기",
}
_EN = {
    "hub": "Public Services Hub",
    "switch": "한국어",
    "sign_in_title": "Sign in",
    "sign_in_for": "Please sign in to continue.",
    "sign_in_to": "Please sign in to connect this app.",
    "login": "ID",
    "password": "Password",
    "sign_in": "Sign in",
    "sign_out": "Sign out",
    "signed_in_as": "You are signed in.",
    "consent_title": "Connect an app",
    "consent_wants": "This app asks for the permissions below.",
    "consent_scopes": "What it asks for",
    "changes": "Can make changes",
    "organisation": "Run by",
    "returns_to": "If you allow, you go to",
    "signed_in": "Signed in as",
    "remember": "Do not ask again for this app",
    "allow": "Allow and continue",
    "deny": "Deny",
    "sandbox": "Sandbox",
    "sandbox_note": "This is a test app. No real booking or payment happens.",
    "native_note": "This app is installed on this device. Make sure that you started it yourself.",
    "revoke_note": "Your password is never given to the app.",
    "error_title": "This request cannot be completed",
    "error_what": "The app sent a request with a problem, so we stopped here. Nothing was given to the app.",
    "error_code": "Error code",
    "this_device": "this device",
}
TEXTS: Mapping[Language, Mapping[str, str]] = MappingProxyType(
    {"ko": MappingProxyType(_KO), "en": MappingProxyType(_EN)}
)
