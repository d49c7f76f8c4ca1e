# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A message belongs to one task only."""

from __future__ import annotations

import concurrent.futures
import math
import pathlib
import time

import pytest
from ansible_collections.teamchat.zoom.plugins.module_utils import _known
from ansible_collections.teamchat.zoom.plugins.module_utils._known import KnownMessages
from ansible_collections.teamchat.zoom.plugins.module_utils._state import StateFolder, key


def unwarned(text: str) -> None:
    raise AssertionError(f"unexpected warning: {text}")


def known(state_dir: str) -> KnownMessages:
    return KnownMessages(StateFolder(state_dir, unwarned))


def test_a_message_can_be_claimed_once_by_a_process(state_dir: str) -> None:
    own = known(state_dir)
    assert own.claim("ops", "A")
    assert not own.claim("ops", "A")
    assert own.claim("ops", "B")


def test_a_message_of_another_process_cannot_be_claimed(state_dir: str) -> None:
    assert known(state_dir).claim("ops", "A")
    assert not known(state_dir).claim("ops", "A")
    assert known(state_dir).claim("ops", "B")


def test_what_another_one_found_is_no_longer_that_of_the_task_that_sent_it(state_dir: str) -> None:
    assert known(state_dir).claim("ops", "A")
    assert not known(state_dir).sent("ops", "A")
    known(state_dir).forget("ops", "A")
    assert known(state_dir).sent("ops", "A")


def test_several_answers_may_name_the_same_message(state_dir: str) -> None:
    own = known(state_dir)
    assert own.sent("ops", "A")
    assert own.sent("ops", "A")
    assert known(state_dir).sent("ops", "A")
    assert not own.claim("ops", "A")
    assert not known(state_dir).claim("ops", "A")


def test_a_message_that_was_deleted_is_forgotten_by_all(state_dir: str) -> None:
    own = known(state_dir)
    assert own.claim("ops", "A")
    assert own.claim("ops", "B")
    assert known(state_dir).age("ops", "A") < 60
    known(state_dir).forget("ops", "A")
    assert known(state_dir).age("ops", "A") == math.inf
    assert known(state_dir).age("ops", "B") < 60


def test_without_a_state_folder_each_process_knows_its_own() -> None:
    own = known("")
    assert own.claim("ops", "A")
    assert not own.claim("ops", "A")
    assert known("").claim("ops", "A")


def test_what_is_long_past_is_forgotten(state_dir: str) -> None:
    state = StateFolder(state_dir, unwarned)
    name = "sent-" + key("ops")
    state.write(name, {"sent": {"old": time.time() - 3700, "future": time.time() + 3700, "new": time.time() - 60}})
    assert known(state_dir).claim("ops", "A")
    assert set((state.read(name) or {})["sent"]) == {"new", "A"}


@pytest.mark.parametrize(
    "stored",
    [
        {},
        {"sent": None},
        {"sent": [], "found": {}},
        {"sent": {"A": "x", "B": None, "C": [1], "D": 10**400}, "found": ["A", 7]},
    ],
)
def test_a_damaged_file_is_replaced(state_dir: str, stored: dict[str, object]) -> None:
    StateFolder(state_dir, unwarned).write("sent-" + key("ops"), stored)
    assert known(state_dir).claim("ops", "A")
    assert not known(state_dir).claim("ops", "A")


def test_a_lock_that_is_never_free_does_not_stop_a_message(state_dir: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_known, "_LOCK_SECONDS", 0.05)
    with StateFolder(state_dir, unwarned).lock("sent-" + key("ops"), 1.0):
        own = known(state_dir)
        assert own.claim("ops", "A")
        assert own.age("ops", "A") < 60
        assert own.age("ops", "B") == math.inf
        own.forget("ops", "A")
        assert own.age("ops", "A") == math.inf


def test_one_of_many_gets_the_message(tmp_path: pathlib.Path) -> None:
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        won = list(pool.map(lambda _number: known(str(tmp_path / "s")).claim("ops", "A"), range(16)))
    assert won.count(True) == 1
