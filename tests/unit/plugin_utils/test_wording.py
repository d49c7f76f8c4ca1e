# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Durations, numbers and lists of hosts as people write them."""

from __future__ import annotations

import pytest
from ansible_collections.teamchat.zoom.plugins.plugin_utils._wording import (
    counted,
    duration,
    folded,
    hosts,
    natural_key,
    number,
)
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (-5, "0 s"),
        (0.01, "0.1 s"),
        (2, "2 s"),
        (2.44, "2.4 s"),
        (2.94, "2.9 s"),
        (3.4, "3 s"),
        (59.4, "59 s"),
        (59.6, "1 min"),
        (252, "4 min 12 s"),
        (3599.7, "1 h"),
        (11_100, "3 h 5 min"),
        (86_369, "23 h 59 min"),
        (86_370, "1 d"),
        (187_200, "2 d 4 h"),
        (8_640_000, "100 d"),
    ],
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_plurals() -> None:
    assert [counted(1, "host"), counted(2, "host"), counted(0, "host")] == ["1 host", "2 hosts", "0 hosts"]
    assert [number(9_999), number(10_000), number(-12_345)] == ["9999", "10\u202f000", "-12\u202f345"]
    assert counted(12_345, "entry", "entries") == "12\u202f345 entries"


@pytest.mark.parametrize(
    ("names", "text"),
    [
        (["web10", "web2"], "web2, web10"),
        (["web07", "web03", "web04", "web05", "web06"], "web[03-07]"),
        (["web9", "web10", "web11"], "web[9-11]"),
        (["web09", "web10"], "web09, web10"),
        (["a1.x", "a2.x", "a3.x", "a3.y"], "a[1-3].x, a3.y"),
        (["r1-n1", "r1-n2", "r1-n3", "r2-n1"], "r1-n[1-3], r2-n1"),
        (["n099", "n100", "n101"], "n[099-101]"),
        (["n99", "n100", "n0101"], "n99, n100, n0101"),
        (["n00", "n1", "n2"], "n00, n1, n2"),
        (["db", "web1", "x"], "db, web1, x"),
        (["ba", "b_x", "BB"], "b_x, ba, BB"),
        ([], ""),
    ],
)
def test_hosts_are_sorted_and_folded(names: list[str], text: str) -> None:
    assert hosts(names, 10) == text


def test_more_hosts_than_wanted_are_counted() -> None:
    names = [f"h{number}x" for number in range(0, 74, 2)]
    assert hosts(names, 10) == "h0x, h2x, h4x, h6x, h8x, h10x, h12x, h14x, h16x, h18x and 27 more"
    assert hosts(["a", "c", "e"], 2) == "a, c, e"
    assert hosts(["a", "c", "web1", "web2", "web3"], 2) == "a, c and 3 more"
    assert [hosts(["a", "c", "e"], most) for most in (1, 0, -1)] == ["a and 2 more"] * 3
    assert hosts([f"web{number}" for number in range(10_000)], 10) == "web[0-9999]"


@given(st.sets(st.text(alphabet="ab01289.-", min_size=1, max_size=6)))
def test_folding_loses_no_host(names: set[str]) -> None:
    assert sum(size for _entry, size in folded(sorted(names, key=natural_key))) == len(names)
