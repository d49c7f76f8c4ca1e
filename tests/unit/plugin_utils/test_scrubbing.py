# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""No secrets in outgoing texts, however they are cut."""

from __future__ import annotations

import pytest
from ansible_collections.teamchat.zoom.plugins.plugin_utils._scrubbing import Scrubber
from hypothesis import given
from hypothesis import strategies as st

SECRET = "S3cret/Value+9"
OTHER = "another-secret-of-some-length"


@given(st.text(alphabet="ab", max_size=400), st.text(alphabet="ab", max_size=400), st.integers(1, 60), st.booleans())
def test_no_piece_of_a_secret_is_left_where_a_text_is_cut(before: str, after: str, limit: int, is_tail: bool) -> None:
    scrubber = Scrubber([SECRET, OTHER])
    text = before + SECRET + after + OTHER + before
    kept = (scrubber.tail if is_tail else scrubber.head)(text, limit)
    assert len(kept) <= limit + 1
    for secret in (SECRET, OTHER):
        assert not any(secret[start : start + 4] in kept for start in range(len(secret) - 3)), kept


def test_a_text_that_fits_is_kept_whole() -> None:
    scrubber = Scrubber([])
    assert scrubber.head("x" * 10, 10) == "x" * 10
    assert scrubber.head("x" * 11, 10) == "x" * 10 + "…"
    assert scrubber.tail("abcdef", 3) == "…def"


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("see https://user:pass@git.example/x", "see https://git.example/x"),
        ("see https://user:p@ss@git.example:8443/x", "see https://git.example:8443/x"),
        ("ftp://:pass@host", "ftp://host"),
        ("two http://a:b@c and http://d:e@f/", "two http://c and http://f/"),
        ("ssh://git@github.com/x", "ssh://git@github.com/x"),
        ("https://host/path?mail=a:b@c", "https://host/path?mail=a:b@c"),
        ("at 12:30 mail a@b", "at 12:30 mail a@b"),
    ],
)
def test_links_lose_their_credentials(text: str, clean: str) -> None:
    assert Scrubber([]).scrub({"text": [text]}) == {"text": [clean]}


def test_many_megabytes_cost_nothing() -> None:
    import time

    scrubber = Scrubber([SECRET, OTHER, "third-secret"])
    text = "https://a:b" * 500_000
    start = time.perf_counter()
    scrubber.head(text, 4000)
    scrubber.tail(text, 4000)
    assert time.perf_counter() - start < 0.2
