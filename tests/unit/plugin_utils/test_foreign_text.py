# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever a host sends, what is left of it is text."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.teamchat.zoom.plugins.plugin_utils._foreign_text import (
    clean,
    mentions_nobody,
    one_line,
    shortened,
    web_address,
    without_credentials,
)
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("given_text", "expected"),
    [
        ("\x1b[1;31mred\x1b[0m \x9b32mgreen", "red green"),
        ("\x1b]8;;https://evil.example\x07link\x1b]8;;\x07", "link"),
        ("\x1b]0;title\x1b\\after", "after"),
        ("10%\r20%\r\ndone", "10%\n20%\ndone"),
        ("one\u2028two\x85three\x0bfour", "one\ntwo\nthree\nfour"),
        ("a\u202eb\u2066c\u200fd\ufeffe\u200bf\u00adg", "abcdefg"),
        ("\ud83d lone", "\ufffd lone"),
        ("nul\x00 bell\x07 tab\tend", "nul bell tab end"),
        ("👩\u200d👩\u200d👧 \u0645\u200c\u06cc", "👩\u200d👩\u200d👧 \u0645\u200c\u06cc"),
        ("z" + "\u0301" * 40 + "!", "z" + "\u0301" * 5 + "!"),
        ("y" + "\u0301" * 5 + "z" + "\u20dd" * 6, "y" + "\u0301" * 5 + "z" + "\u20dd" * 5),
        ("a\n\n\n\n\nb  \n", "a\n\nb"),
        ("a\ufffeb\uffffc\U0010fffed\ufdd0e\ufdeff\ue000g", "abcdefg"),
        ("\ufdcf\ufdf0\ufffd", "\ufdcf\ufdf0\ufffd"),
        ("\x9b32mgreen", "green"),
        ("a  \n  b", "a\n  b"),
        ("\u0301" * 6 + "a", "\u0301" * 5 + "a"),
        ("a\x1cb\x1dc\x1ed\x0ce\u2029f", "a\nb\nc\nd\ne\nf"),
        ("a" * 80 + "b" * 41 + "c" * 40, "a" * 80 + "…" + "c" * 40),
        ("a" * 160, "a" * 160),
        (None, ""),
        (7, ""),
    ],
)
def test_only_text_is_left(given_text: t.Any, expected: str) -> None:
    assert clean(given_text, 500) == expected


def test_long_texts_keep_their_beginning_or_their_end() -> None:
    assert clean("one two three", 8) == "one two…"
    assert clean("one two three", 6, tail=True) == "…three"
    assert clean("one two three", 7, tail=True) == "…three"
    assert one_line("one\n  two   three four", 12) == "one two…"


def test_what_is_taken_out_makes_a_text_shorter_but_little_work() -> None:
    assert (clean("ab" + "\0" * 6, 2), clean("ab" + "\0" * 7, 2)) == ("ab", "a…")
    assert (clean("\0" * 6 + "ab", 2, tail=True), clean("\0" * 7 + "ab", 2, tail=True)) == ("ab", "…b")
    assert (clean("\0" * 8 + "ab", 2), clean("ab" + "\0" * 8, 2, tail=True)) == ("…", "…")
    assert (clean("a", 1), clean("ab", 1), clean("ab", 0)) == ("a", "…", "")
    assert clean("\x1b[1m" + "\0" * 9 + "ab", 5) == "ab"
    for limit, most in ((5, 200), (50, 200), (60, 240)):
        assert one_line("a" + " " * (most - 2) + "b", limit) == "a b"
        assert one_line("a" + " " * (most - 1) + "b", limit) == "a…"


def test_a_text_is_cut_after_a_word_that_keeps_more_than_half() -> None:
    assert shortened("abcde fghij", 11) == "abcde fghij"
    assert shortened("abcde fghij", 10) == "abcde fgh…"
    assert shortened("abcde fghij", 9) == "abcde…"
    assert shortened("ab cd ef gh", 10) == "ab cd ef…"
    assert shortened("abc      efgh", 9) == "abc…"
    assert [shortened("ab", limit) for limit in (2, 1, 0, -1)] == ["ab", "…", "…", "…"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://bob:s3cret@h.example/x", "https://h.example/x"),
        ("https://bob:p@ss@h.example/x", "https://h.example/x"),
        ("https://ghp_token@github.com/a.git", "https://github.com/a.git"),
        ("postgres://app:s3cret@db:5432/x", "postgres://db:5432/x"),
        ("ssh://git@github.com/a.git", "ssh://git@github.com/a.git"),
        ("https://h.example/@someone and bob@example.com", "https://h.example/@someone and bob@example.com"),
    ],
)
def test_credentials_leave_urls(text: str, expected: str) -> None:
    assert without_credentials(f"see {text} now") == f"see {expected} now"


def test_words_that_mention_everyone_are_broken_up() -> None:
    assert mentions_nobody("@all @Here bob@all.example @allen <!x|Bob>") == (
        "@\u2060all @\u2060Here bob@\u2060all.example @allen <\u2060!x|Bob>"
    )


@pytest.mark.parametrize(
    ("value", "address"),
    [
        (" https://h.example:80/a?b#c\n", "https://h.example:80/a?b#c"),
        ("http://a@b@h.example/@x", "http://h.example/@x"),
        ("https://h.example/" + "a" * 982, "https://h.example/" + "a" * 982),
        ("https://h.example/" + "a" * 983, ""),
        ("HTTPS://h.example/X", "https://h.example/X"),
        ("ftp://h.example", ""),
        ("https:///path", ""),
        ("https://h.example/ü", ""),
        ("https://h.example/\x7f", ""),
        *((f"https://h.example/{character}x", "") for character in " <>\"'`|\\"),
        (None, ""),
    ],
)
def test_web_addresses(value: t.Any, address: str) -> None:
    assert web_address(value) == address


@given(
    st.text(alphabet=st.characters() | st.sampled_from("\x1b[]\x9b\r\n:/@"), max_size=300),
    st.integers(1, 100),
    st.booleans(),
)
def test_result_is_never_longer_than_asked_for_and_stays_what_it_is(text: str, limit: int, tail: bool) -> None:
    found = clean(text, limit, tail=tail)

    assert len(found) <= limit
    assert found == found.strip()
    assert not set(found) & set("\x1b\r\x00\x9b\u202e\u2028")
    found.encode("utf-8")


@given(st.text(max_size=60) | st.text(max_size=40).map(lambda rest: "https://" + rest))
def test_a_web_address_is_one_or_nothing(value: str) -> None:
    address = web_address(value)
    assert address == "" or (address.startswith(("http://", "https://")) and address.isascii() and '"' not in address)
