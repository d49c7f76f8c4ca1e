# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lines between callback and courier."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.teamchat.zoom.plugins.plugin_utils import _events
from hypothesis import given
from hypothesis import strategies as st

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.text(min_size=1).filter(lambda name: name not in ("e", "at"))


@given(st.text(), st.dictionaries(NAMES, JSON_VALUES, max_size=4))
def test_what_is_written_is_one_line_and_reads_the_same(event: str, fields: dict[str, t.Any]) -> None:
    line = _events.dump(event, 12.3456, fields)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert _events.load(line[:-1]) == {"e": event, "at": 12.346, **fields}


def test_half_of_a_surrogate_pair_does_not_stop_a_line() -> None:
    line = _events.dump("failed", 1.0, {"msg": "cut \ud83d"})
    assert _events.load(line) == {"e": "failed", "at": 1.0, "msg": "cut ?"}


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{",
        b"[]",
        b'"run"',
        b'{"at":1}',
        b'{"e":1}',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"e":"run","x":"' + b"x" * _events.MAX_LINE + b'"}',
    ],
    ids=["empty", "cut", "list", "text", "nameless", "number", "no UTF-8", "deep", "long"],
)
def test_a_damaged_line_is_none(line: bytes) -> None:
    assert _events.load(line) is None
