# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The targets of ansible-test that run side by side."""

from __future__ import annotations

import pytest
from ansible_collections.teamchat.zoom.tests.integration.run import dealt


@pytest.mark.parametrize(
    ("most", "streams"),
    [
        (1, [["long", "middle", "short", "tiny"]]),
        (2, [["long"], ["middle", "short", "tiny"]]),
        (9, [["long"], ["middle"], ["short"], ["tiny"]]),
    ],
)
def test_targets_are_dealt_to_streams_that_take_about_as_long(most: int, streams: list[list[str]]) -> None:
    assert dealt({"tiny": 1, "middle": 4, "long": 10, "short": 3}, most) == streams
