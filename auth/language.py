"""Which language a page speaks: an explicit wish first, then the browser's preference, Korean otherwise."""

from auth.errors import Language

DEFAULT: Language = "ko"


def choose_language(wishes: tuple[str | None, ...], accept_language: str) -> Language:
    """`wishes` are values of `lang` and `ui_locales` (space-separated tags); `accept_language` is the header.

    Source: RFC 9110 section 12.5.4; OpenID Connect Core 3.1.2.1 for `ui_locales`.
    """
    for wish in wishes:
        for tag in (wish or "").split(" "):
            if (language := _known(tag)) is not None:
                return language
    weighted = []
    for position, part in enumerate(accept_language[:1_000].split(",")):
        tag, _, parameters = part.partition(";")
        language = _known(tag)
        if language is not None and (weight := _weight(parameters)) > 0:
            weighted.append((-weight, position, language))
    return min(weighted)[2] if weighted else DEFAULT


def _known(tag: str) -> Language | None:
    primary = tag.strip().lower().partition("-")[0]
    if primary == "ko":
        return "ko"
    return "en" if primary == "en" else None


def _weight(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0
