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


@pytest.mark.parametrize(("codes", "code"), [([0, 0], 0), ([0, 1], 1), ([2, 0], 1), ([0, -signal.SIGKILL], 1)])
def test_all_fails_when_one_stream_failed_or_was_killed(
    codes: list[int], code: int, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "run", lambda _copy, targets, _shown: codes[int(targets[0])])
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    copy = tmp_path / "ansible_collections" / "teamchat" / "zoom"
    for name in ("0", "1"):
        aliases = copy / "tests" / "integration" / "targets" / name / "aliases"
        aliases.parent.mkdir(parents=True)
        aliases.write_text("some weight", encoding="utf-8")
    assert run.main(str(copy)) == code
