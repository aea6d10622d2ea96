"""Signing keys: rotation with overlap, files nobody else can read, several servers on one database."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import jwt


def kids(server: Any) -> list[str]:
    return [key["kid"] for key in server.jwks()["keys"]]


def signing(live: Any) -> str:
    token, _ = live.server.tokens.issue(_subject(), live.app.client_id, "rail:read")
    return jwt.get_unverified_header(token)["kid"]


def _subject() -> Any:
    from auth.tokens import Subject

    return Subject("c_test")


def test_private_keys_are_files_only_the_owner_can_read(live_anywhere: Any) -> None:
    folder: Path = live_anywhere.server.settings.keys_dir
    files = list(folder.iterdir())
    assert [file.stem for file in files] == kids(live_anywhere.server)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_a_new_key_is_published_before_it_signs_and_the_old_one_stays_until_its_tokens_are_dead(
    live_anywhere: Any,
) -> None:
    live = live_anywhere
    keys, settings = live.server.keys, live.server.settings
    old = signing(live)
    new = live.run(keys.rotate())
    assert set(kids(live.server)) == {old, new}
    assert signing(live) == old
    live.clock.forward(settings.key_lead_seconds + 1)
    assert signing(live) == new
    assert old in kids(live.server)
    live.clock.forward(settings.key_rotation_seconds)
    live.run(keys.refresh())
    assert old in kids(live.server), "tokens of its last day may be alive"
    live.clock.forward(settings.key_lead_seconds + settings.sandbox_token_seconds + 61)
    assert old not in kids(live.server)


def test_the_next_key_is_made_in_time_by_itself(live_anywhere: Any) -> None:
    live = live_anywhere
    settings = live.server.settings
    first = signing(live)
    live.clock.forward(settings.key_rotation_seconds - settings.key_lead_seconds + 1)
    live.run(live.server.keys.refresh())
    assert len(kids(live.server)) == 2
    assert signing(live) == first
    live.clock.forward(settings.key_lead_seconds)
    assert signing(live) != first
    live.run(live.server.keys.refresh())
    assert len(kids(live.server)) == 2, "no third key"


def test_a_second_server_with_the_files_uses_the_same_key(live_anywhere: Any, tmp_path: Path) -> None:
    with live_anywhere.also(tmp_path) as second:
        assert signing(second) == signing(live_anywhere)


def test_a_second_server_without_the_files_adds_its_own_and_both_publish_both(
    live_anywhere: Any, tmp_path: Path
) -> None:
    with live_anywhere.also(tmp_path / "elsewhere") as second:
        assert signing(second) != signing(live_anywhere)
        live_anywhere.run(live_anywhere.server.keys.refresh())
        assert set(kids(second.server)) == set(kids(live_anywhere.server))
        assert {signing(second), signing(live_anywhere)} == set(kids(second.server))
