"""Which endpoint walks which steps, and who may do what: docs/auth-endpoints.md, from the tables themselves."""

from collections.abc import Iterable, Sequence

from auth.endpoints import ENDPOINTS
from auth.exchange import Endpoint, Step
from auth.profiles import PROFILES, Profile


def endpoints_page() -> str:
    """The page as Markdown."""
    parts = [
        "# Endpoints of the authorization server",
        "Written by `scripts/schema` from `auth/endpoints/` and `auth/profiles.py`; do not edit. An endpoint is a "
        "tuple of steps, one check a file in `auth/steps/`; a number says when the endpoint takes the step.",
        "## What each follows",
        _table(
            ("endpoint", "follows", "steps"),
            ((f"`{_title(one)}`", ", ".join(one.follows), str(len(one.steps))) for one in ENDPOINTS),
        ),
        "## Steps and endpoints",
        matrix([one for one in ENDPOINTS if len(one.steps) > 1]),
        "## What each step checks",
        _table(("step", "checks"), ((f"`{step.__name__}`", _first_line(step)) for step in _steps(ENDPOINTS))),
        "## Profiles of apps",
        _table(("", *(f"`{name}`" for name in PROFILES)), _profile_rows(tuple(PROFILES.values()))),
    ]
    return "\n\n".join(parts) + "\n"


def matrix(endpoints: Sequence[Endpoint]) -> str:
    """Steps down, endpoints across."""
    rows = []
    for step in _steps(endpoints):
        turns = [str(one.steps.index(step) + 1) if step in one.steps else "" for one in endpoints]
        rows.append((f"`{step.__name__}`", *turns))
    return _table(("step", *(_title(one) for one in endpoints)), rows)


def _steps(endpoints: Iterable[Endpoint]) -> list[Step]:
    return list(dict.fromkeys(step for endpoint in endpoints for step in endpoint.steps))


def _title(endpoint: Endpoint) -> str:
    return f"{'/'.join(endpoint.methods)} {endpoint.path}"


def _first_line(step: Step) -> str:
    return " ".join((step.__doc__ or "").split("\n\n")[0].split())


def _profile_rows(profiles: Sequence[Profile]) -> list[tuple[str, ...]]:
    def row(name: str, told: Iterable[str | bool]) -> tuple[str, ...]:
        return (name, *("yes" if one is True else "no" if one is False else one for one in told))

    return [
        row("authenticates by", (", ".join(one.authentication) for one in profiles)),
        row("grant types", (", ".join(one.grant_types) for one in profiles)),
        row("on request", (", ".join(_short(name) for name in one.grant_types_on_request) for one in profiles)),
        row("redirects of native apps", (one.native_redirects for one in profiles)),
        row("a consent may be remembered", (one.remembers_consent for one in profiles)),
        row("refresh tokens rotate", (one.rotates for one in profiles)),
        row("must push requests", (one.pushes_requests for one in profiles)),
        row("must prove possession", (one.proves_possession for one in profiles)),
    ]


def _short(grant_type: str) -> str:
    return grant_type.rpartition(":")[2]


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    lines += [f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in rows]
    return "\n".join(lines)
