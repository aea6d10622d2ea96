"""The scope catalogue: what an app can be allowed to do, in the words a citizen reads on the consent page.

`SCOPES` are those of the public services: names are `domain:verb`, the same as in `@requiresScopes` of the schema; a
test of the hub keeps both equal. `IDENTITY_SCOPES` are those of OpenID Connect: they tell an app about the citizen.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from auth.errors import Language


@dataclass(frozen=True, slots=True)
class Scope:
    """One permission: `name` as in tokens, a short title and one plain sentence in each language.

    `changes` is true when it lets the app act (book, pay) and not only read; consent pages mark those.
    """

    name: str
    title_ko: str
    title_en: str
    consent_ko: str
    consent_en: str
    changes: bool = False

    def title(self, language: Language) -> str:
        """Short title for people."""
        return self.title_ko if language == "ko" else self.title_en

    def consent(self, language: Language) -> str:
        """One sentence that says what the citizen allows."""
        return self.consent_ko if language == "ko" else self.consent_en


_CATALOGUE = (
    Scope(
        "rail:read",
        "열차 조회",
        "Train information",
        "열차 시각, 좌석, 운임과 내 승차권 예약 내역을 봅니다.",
        "See train times, seats, fares and your train bookings made with this app.",
    ),
    Scope(
        "rail:book",
        "열차 예매",
        "Train booking",
        "내 이름으로 열차 좌석을 잡고, 결제하고, 취소·환불합니다.",
        "Hold, pay for, cancel and refund train seats in your name.",
        changes=True,
    ),
    Scope(
        "lodge:read",
        "휴양림 조회",
        "Forest lodge information",
        "자연휴양림 객실, 요금과 내 숙박 예약 내역을 봅니다.",
        "See forest lodge rooms, prices and your stays booked with this app.",
    ),
    Scope(
        "lodge:book",
        "휴양림 예약",
        "Forest lodge booking",
        "내 이름으로 휴양림 객실을 잡고, 결제하고, 취소합니다.",
        "Hold, pay for and cancel forest lodge rooms in your name.",
        changes=True,
    ),
    Scope(
        "sensing:read",
        "대기·환경 정보",
        "Air and environment readings",
        "미세먼지 등 지역의 대기·환경 측정값을 봅니다.",
        "See fine dust and other environment readings of places.",
    ),
    Scope(
        "sensing:live",
        "실시간 측정값",
        "Live readings",
        "도로 위 센서의 측정값을 실시간으로 받습니다.",
        "Receive readings of road sensors as they are measured.",
    ),
)
_IDENTITY = (
    Scope(
        "openid",
        "본인 확인",
        "Who you are",
        "앱이 나를 다시 알아볼 수 있도록 내 고유 번호를 알려 줍니다. 이름이나 연락처는 포함되지 않습니다.",
        "Tell the app a number that stands for you, so that it knows you again; neither name nor contact.",
    ),
    Scope("profile", "이름", "Your name", "내 이름을 알려 줍니다.", "Tell the app your name."),
)
SCOPES: Mapping[str, Scope] = MappingProxyType({scope.name: scope for scope in _CATALOGUE})
IDENTITY_SCOPES: Mapping[str, Scope] = MappingProxyType({scope.name: scope for scope in _IDENTITY})
ALL_SCOPES: Mapping[str, Scope] = MappingProxyType({**IDENTITY_SCOPES, **SCOPES})


def split_scope(text: str) -> tuple[str, ...]:
    """The scope names of a space-separated list, first mention first, each once (RFC 6749 section 3.3)."""
    return tuple(dict.fromkeys(name for name in text.split(" ") if name))


def join_scope(names: Iterable[str]) -> str:
    """Space-separated list in catalogue order, so that equal sets give equal text."""
    wanted = set(names)
    return " ".join(name for name in ALL_SCOPES if name in wanted)
