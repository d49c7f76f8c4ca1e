# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The targets of ansible-test that run side by side."""

from __future__ import annotations

import os
import pathlib
import signal

import pytest
from ansible_collections.teamchat.zoom.tests.integration import run


@pytest.mark.parametrize(
    ("most", "streams"),
    [
        (1, [["long", "middle", "short", "tiny"]]),
        (2, [["long"], ["middle", "short", "tiny"]]),
        (9, [["long"], ["middle"], ["short"], ["tiny"]]),
    ],
)
def test_targets_are_dealt_to_streams_that_take_about_as_long(most: int, streams: list[list[str]]) -> None:
    assert run.dealt({"tiny": 1, "middle": 4, "long": 10, "short": 3}, most) == streams


def copy_with_targets(folder: pathlib.Path, *names: str) -> pathlib.Path:
    copy = folder / "ansible_collections" / "teamchat" / "zoom"
    for name in names:
        aliases = copy / "tests" / "integration" / "targets" / name / "aliases"
        aliases.parent.mkdir(parents=True)
        aliases.write_text("some weight", encoding="utf-8")
    return copy


@pytest.mark.parametrize(("codes", "code"), [([0, 0], 0), ([0, 1], 1), ([2, 0], 1), ([0, -signal.SIGKILL], 1)])
def test_all_fails_when_one_stream_failed_or_was_killed(
    codes: list[int], code: int, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "run", lambda _copy, targets, _shown: codes[int(targets[0])])
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    assert run.main(str(copy_with_targets(tmp_path, "0", "1"))) == code


def test_each_stream_has_a_key_of_its_own_where_ansible_test_looks_first(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys: list[str] = []

    def read_key(copy: pathlib.Path, _targets: list[str], _shown: bool) -> int:
        # ansible_test/_internal/core_ci.py, SshKey.get_in_tree_key_pair_paths
        private, public = (copy / "tests" / "output" / ".tmp" / name for name in ("id_rsa", "id_rsa.pub"))
        assert "PRIVATE KEY" in private.read_text(encoding="utf-8")
        keys.append(public.read_text(encoding="utf-8"))
        return 0

    monkeypatch.setattr(run, "run", read_key)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    copy = copy_with_targets(tmp_path, "one", "two")
    assert run.main(str(copy)) == 0
    # A key that is there stays.
    assert run.main(str(copy)) == 0
    assert len(keys) == 4
    assert len(set(keys)) == 3
