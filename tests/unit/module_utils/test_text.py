# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Positions, comparing, grapheme clusters, splitting and shortening of formatted texts."""

from __future__ import annotations

import typing as t
import unicodedata

import pytest
from ansible_collections.teamchat.zoom.plugins.module_utils._text import (
    LINE_FORMATS,
    FormattedText,
    Mention,
    RichText,
    _cluster_end,
    index_at,
    normalise,
    split,
    truncate,
    utf16_length,
    utf16_offsets,
)
from hypothesis import given, settings
from hypothesis import strategies as st

FAMILY = "👨‍👩‍👧‍👦"

# Texts rich in what makes positions and clusters hard.
AWKWARD = st.text(
    st.one_of(
        st.sampled_from([*"ab \n\t\r@é日ᄀ가\u0301\u200d\ufe0f👍🏽🇩🇪👩🚀क\u094dष\u00a0\u2028\ud83d", "&"]),
        st.characters(),
    ),
    max_size=60,
)


def slice_utf16(text: str, start: int, end: int) -> str:
    """What stands from ``start`` to ``end``, inclusive, counted by an encoder."""
    data = text.encode("utf-16-le", "surrogatepass")
    return data[2 * start : 2 * end + 2].decode("utf-16-le", "surrogatepass")


def ranges(message: FormattedText) -> list[RichText | Mention]:
    return [*message.rich_text, *message.mentions]


class Visible(t.NamedTuple):
    """A character that can be seen, and what applies to it."""

    character: str
    formats: frozenset[tuple[str, str]]
    mentions: frozenset[str]


def visible(message: FormattedText) -> list[Visible]:
    found = []
    position = 0
    for character in message.text:
        formats = frozenset(
            (entry.format_type, entry.format_attr)
            for entry in message.rich_text
            if entry.start_position <= position <= entry.end_position
        )
        mentions = frozenset(
            str(mention.at_contact)
            for mention in message.mentions
            if mention.start_position <= position <= mention.end_position
        )
        if not character.isspace():
            found.append(Visible(character, formats, mentions))
        position += 2 if ord(character) > 0xFFFF else 1
    return found


# Values


def test_fields_are_zooms_with_a_format_attr_always_and_a_contact_only_where_there_is_one() -> None:
    message = FormattedText(
        "@all bold", (RichText(5, 8, "Bold"),), (Mention(0, 3, 2), Mention(5, 8, 1, "ann@example.com"))
    )
    assert message.as_fields() == {
        "message": "@all bold",
        "rich_text": [{"start_position": 5, "end_position": 8, "format_type": "Bold", "format_attr": ""}],
        "at_items": [
            {"start_position": 0, "end_position": 3, "at_type": 2},
            {"start_position": 5, "end_position": 8, "at_type": 1, "at_contact": "ann@example.com"},
        ],
    }


def test_fields_of_a_plain_text_are_the_text_alone() -> None:
    assert FormattedText("hello").as_fields() == {"message": "hello"}


def test_stripping_moves_clips_and_drops_ranges() -> None:
    message = FormattedText(
        " \n@Ann bold \n",
        (RichText(0, 1, "Italic"), RichText(7, 11, "Bold")),
        (Mention(2, 5, 1, "ann"),),
    )
    assert message.stripped() == FormattedText("@Ann bold", (RichText(5, 8, "Bold"),), (Mention(0, 3, 1, "ann"),))


def test_stripping_a_blank_text_leaves_nothing() -> None:
    assert FormattedText(" \n ", (RichText(0, 2, "Bold"),)).stripped() == FormattedText("")


# Positions


@settings(deadline=None)
@given(AWKWARD)
def test_length_and_offsets_are_those_of_a_utf_16_encoder(text: str) -> None:
    length = len(text.encode("utf-16-le", "surrogatepass")) // 2
    assert utf16_length(text) == length
    offsets = utf16_offsets(text)
    assert offsets == [utf16_length(text[:index]) for index in range(len(text) + 1)]
    assert [index_at(offsets, offset) for offset in offsets] == list(range(len(text) + 1))


def test_the_second_half_of_a_pair_belongs_to_its_character() -> None:
    assert [index_at(utf16_offsets("a🎉b"), position) for position in range(5)] == [0, 1, 1, 2, 3]


# Comparing


@pytest.mark.parametrize(
    ("standing", "wanted"),
    [
        ("a\r\nb\rc", "a\nb\nc"),
        ("a\u2028b", "a\nb"),
        ("1 &lt; 2 &amp;&amp; &quot;x&quot; &#39;y&#39; &gt;", "1 < 2 && \"x\" 'y' >"),
        ("use &amp;lt; for &lt;", "use &lt; for <"),
        ("done \t\n\n", "done"),
        ("done  \nnext", "done\nnext"),
        ("a&#13;&#10;b", "a\nb"),
    ],
)
def test_differences_that_zoom_makes_do_not_count(standing: str, wanted: str) -> None:
    assert standing != wanted
    assert normalise(standing) == normalise(wanted)


@pytest.mark.parametrize(
    ("one", "other"),
    [("a", "b"), ("a\nb", "a b"), ("a\n\nb", "a\nb"), (" a", "a"), ("A", "a"), ("a  b", "a b")],
)
def test_differences_that_a_user_makes_count(one: str, other: str) -> None:
    assert normalise(one) != normalise(other)


@settings(deadline=None)
@given(AWKWARD)
def test_normalising_again_changes_nothing(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)


# Grapheme clusters


def clusters_of(text: str) -> list[str]:
    found = []
    start = 0
    while start < len(text):
        end = _cluster_end(text, start, len(text))
        found.append(text[start:end])
        start = end
    return found


@pytest.mark.parametrize(
    "cluster",
    [
        "a",
        "\r\n",
        "a\u0300",
        "e\u0301\u0323",
        "👍🏽",
        "❤️",
        "1️⃣",
        FAMILY,
        "🏳️‍🌈",
        "🙂‍↔️",
        "❤️‍🔥",
        "🇩🇪",
        "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
        "각",
        "\u1100\u1161\u11a8",
        "가\u11a8",
        "กำ",
        "नि",
        "क्षि",
        "\u0600\u0661",
    ],
)
def test_what_a_reader_sees_as_one_character_is_one_cluster(cluster: str) -> None:
    assert clusters_of(f"x{cluster}x") == ["x", cluster, "x"]
    assert clusters_of(cluster * 2) == [cluster, cluster]


@pytest.mark.parametrize(
    ("text", "clusters"),
    [
        ("🇩🇪🇫🇷🇬", ["🇩🇪", "🇫🇷", "🇬"]),
        ("\u0600🇩🇪🇫🇷", ["\u0600🇩🇪", "🇫🇷"]),
        ("\n\r", ["\n", "\r"]),
        ("a\n\u0301", ["a", "\n", "\u0301"]),
        ("\u00ad\u0301", ["\u00ad", "\u0301"]),
        ("\ud83d\u0301", ["\ud83d", "\u0301"]),
        ("\u2028\u0301", ["\u2028", "\u0301"]),
        ("\u2029\u0301", ["\u2029", "\u0301"]),
        ("👩🚀", ["👩", "🚀"]),
        ("a\u200d🚀", ["a\u200d", "🚀"]),
        ("각가", ["각", "가"]),
        ("日本", ["日", "本"]),
        ("a\u200bb", ["a", "\u200b", "b"]),
        ("", []),
    ],
)
def test_what_a_reader_sees_as_several_characters_are_several_clusters(text: str, clusters: list[str]) -> None:
    assert clusters_of(text) == clusters


# The first and the last of each range of each type, and what stands next to the ranges.
HANGUL = {
    "L": "\u1100\u115f\ua960\ua97c",
    "V": "\u1160\u11a7\ud7b0\ud7c6",
    "T": "\u11a8\u11ff\ud7cb\ud7fb",
    "LV": "\uac00\ud788",
    "LVT": "\uac01\uac1b\ud789\ud7a3",
    "": "\u10ff\u1200\ua95f\ua97d\uabff\ud7a4\ud7af\ud7c7\ud7ca\ud7fc",
}
SYLLABLES = {"L L", "L V", "L LV", "L LVT", "V V", "V T", "LV V", "LV T", "T T", "LVT T"}


@pytest.mark.parametrize("first", HANGUL)
@pytest.mark.parametrize("second", HANGUL)
def test_parts_of_a_hangul_syllable_are_joined_and_syllables_are_not(first: str, second: str) -> None:
    for text in (one + other for one in HANGUL[first] for other in HANGUL[second]):
        assert clusters_of(text) == ([text] if f"{first} {second}" in SYLLABLES else list(text))


@settings(deadline=None)
@given(AWKWARD)
def test_clusters_are_the_whole_text_and_marks_never_begin_one(text: str) -> None:
    clusters = clusters_of(text)
    assert "".join(clusters) == text
    assert all(clusters)
    for before, cluster in zip(clusters, clusters[1:]):
        if cluster[0] in "\u0301\u200d\ufe0f🏽":
            assert unicodedata.category(before[-1]) in ("Cc", "Cf", "Cs", "Zl", "Zp")


# Splitting

URL = "https://ci.example.com/job/42?x=1"


class Segment(t.NamedTuple):
    text: str
    kind: str = ""


SEGMENTS = st.lists(
    st.one_of(
        st.sampled_from(
            [
                Segment("@Zoë 🎉 X", "mention"),
                Segment("the docs page", "AddLink"),
                Segment(URL, "url"),
                Segment("bold 🎉 words", "Bold"),
                Segment("é" + FAMILY, "Italic"),
                Segment("item 👍🏽 one", "BulletedList"),
                Segment("title", "Paragraph"),
                Segment(" "),
                Segment("\n"),
                Segment("  \n\n "),
                Segment("日本語" * 8),
                Segment("e\u0301" * 9),
                Segment("\U0001f600" * 11),
            ]
        ),
        st.text("abc de", min_size=1, max_size=20).map(Segment),
    ),
    max_size=12,
)


def message_of(segments: list[Segment]) -> FormattedText:
    text = ""
    rich_text: list[RichText] = []
    mentions: list[Mention] = []
    for number, segment in enumerate(segments):
        start = utf16_length(text)
        text += segment.text
        end = utf16_length(text) - 1
        if segment.kind == "mention":
            mentions.append(Mention(start, end, 1, f"{number}@example.com"))
        elif segment.kind == "AddLink":
            rich_text.append(RichText(start, end, "AddLink", f"https://example.com/{number}"))
        elif segment.kind not in ("", "url"):
            rich_text.append(RichText(start, end, segment.kind, "h1" if segment.kind == "Paragraph" else ""))
    return FormattedText(text, tuple(rich_text), tuple(mentions))


def with_lines_formatted(message: FormattedText) -> list[Visible]:
    """What can be seen where line formats are taken as Zoom takes them: for the whole line."""
    lines: list[list[Visible]] = []
    start = 0
    for line in message.text.split("\n"):
        end = start + utf16_length(line)
        formats = {
            (entry.format_type, entry.format_attr)
            for entry in message.rich_text
            if entry.format_type in LINE_FORMATS and entry.start_position < end and entry.end_position >= start
        }
        here = [entry for entry in message.rich_text if entry.format_type not in LINE_FORMATS]
        shifted = [
            RichText(entry.start_position - start, entry.end_position - start, entry.format_type, entry.format_attr)
            for entry in here
        ]
        mentions = [
            Mention(mention.start_position - start, mention.end_position - start, 1, mention.at_contact)
            for mention in message.mentions
        ]
        seen = visible(FormattedText(line, tuple(shifted), tuple(mentions)))
        lines.append([one._replace(formats=one.formats | formats) for one in seen])
        start = end + 1
    return [one for line in lines for one in line]


@settings(deadline=None)
@given(SEGMENTS, st.integers(40, 90))
def test_parts_fit_and_together_are_the_message(segments: list[Segment], max_length: int) -> None:
    message = message_of(segments)
    parts = split(message, max_length)
    for part in parts:
        assert len(part.text.encode("utf-16-le")) // 2 <= max_length
        assert part.text.strip()
        for entry in ranges(part):
            assert 0 <= entry.start_position <= entry.end_position < utf16_length(part.text)
    assert [one for part in parts for one in with_lines_formatted(part)] == with_lines_formatted(message)
    if message.text.strip() and utf16_length(message.text) <= max_length:
        assert parts == [message]


@settings(deadline=None)
@given(SEGMENTS, st.integers(40, 90))
def test_mentions_links_and_clusters_stay_in_one_piece(segments: list[Segment], max_length: int) -> None:
    message = message_of(segments)
    parts = split(message, max_length)
    for kind, whole in (("mention", "@Zoë 🎉 X"), ("AddLink", "the docs page")):
        wanted = sum(segment.kind == kind for segment in segments)
        entries = [
            slice_utf16(part.text, entry.start_position, entry.end_position)
            for part in parts
            for entry in (*part.mentions, *part.rich_text)
            if isinstance(entry, Mention if kind == "mention" else RichText)
            and (kind == "mention" or getattr(entry, "format_type", "") == "AddLink")
        ]
        assert entries == [whole] * wanted
    assert sum(part.text.count(FAMILY) for part in parts) == message.text.count(FAMILY)
    assert not any(part.text[0] in "\u0301\u200d🏽" for part in parts)


@settings(deadline=None)
@given(st.lists(st.sampled_from([URL, f"log({URL}", f"日本語{URL}", "xy" * 9]), max_size=9), st.integers(len(URL), 50))
def test_urls_in_the_text_stay_in_one_piece(words: list[str], max_length: int) -> None:
    text = " ".join(words)
    parts = split(FormattedText(text), max_length)
    assert sum(part.text.count(URL) for part in parts) == text.count(URL)


@settings(deadline=None)
@given(AWKWARD, st.integers(2, 12))
def test_any_text_is_split_into_parts_that_fit_and_lose_nothing(text: str, max_length: int) -> None:
    parts = split(FormattedText(text), max_length)
    assert all(0 < utf16_length(part.text) <= max_length and part.text.strip() for part in parts)
    assert "".join("".join(part.text.split()) for part in parts) == "".join(text.split())


@pytest.mark.parametrize(
    ("text", "max_length", "parts"),
    [
        ("one two\nthree four", 14, ["one two", "three four"]),
        ("one two\nthree four", 7, ["one two", "three", "four"]),
        ("one\r\ntwo three", 9, ["one", "two three"]),
        ("one\rtwo three", 9, ["one", "two three"]),
        ("one  \n\n  two", 8, ["one", "two"]),
        ("onetwothree", 6, ["onetwo", "three"]),
        ("one two", 7, ["one two"]),
        (" one two", 5, [" one", "two"]),
        ("        one", 4, ["one"]),
        ("to 10\u00a0000", 6, ["to", "10\u00a0000"]),
        ("👍🏽👍🏽👍🏽", 9, ["👍🏽👍🏽", "👍🏽"]),
        ("😀😀😀", 3, ["😀", "😀", "😀"]),
        ("e\u0301e\u0301", 3, ["e\u0301", "e\u0301"]),
        ("a" + "\u0301" * 5, 4, ["a\u0301\u0301\u0301", "\u0301\u0301"]),
        ("ab c" + "\u0301" * 5, 4, ["ab", "c\u0301\u0301\u0301", "\u0301\u0301"]),
        ("", 5, []),
        (" \n ", 5, []),
    ],
)
def test_cuts_fall_on_lines_then_words_then_characters(text: str, max_length: int, parts: list[str]) -> None:
    assert [part.text for part in split(FormattedText(text), max_length)] == parts


def test_a_url_is_moved_whole_out_of_the_word_it_stands_in() -> None:
    parts = split(FormattedText(f"aaaaaaaaaa({URL}"), 40)
    assert [part.text for part in parts] == ["aaaaaaaaaa(", URL]


def test_a_mention_right_after_a_url_is_no_part_of_it() -> None:
    message = FormattedText("https://e.com/x@Ann Lee", (), (Mention(15, 22, 1, "ann@example.com"),))
    assert split(message, 20) == [
        FormattedText("https://e.com/x"),
        FormattedText("@Ann Lee", (), (Mention(0, 7, 1, "ann@example.com"),)),
    ]


@pytest.mark.parametrize("between", ["", "("])
def test_a_url_after_a_mention_stays_in_one_piece(between: str) -> None:
    mention = Mention(0, 3, 1, "ann@example.com")
    url = "https://e.com/x/y/z"
    assert split(FormattedText(f"@Ann{between}{url}", (), (mention,)), 20) == [
        FormattedText(f"@Ann{between}", (), (mention,)),
        FormattedText(url),
    ]


def test_a_link_stays_in_one_piece_and_other_formats_do_not() -> None:
    text = "see the docs page now"
    assert split(FormattedText(text, (RichText(4, 16, "AddLink", "https://e.com"),)), 15) == [
        FormattedText("see"),
        FormattedText("the docs page", (RichText(0, 12, "AddLink", "https://e.com"),)),
        FormattedText("now"),
    ]
    assert split(FormattedText(text, (RichText(4, 16, "Bold"),)), 15) == [
        FormattedText("see the docs", (RichText(4, 11, "Bold"),)),
        FormattedText("page now", (RichText(0, 3, "Bold"),)),
    ]


def test_a_url_that_is_too_long_is_cut_all_the_same() -> None:
    url = "https://example.com/" + "x" * 30
    assert [part.text for part in split(FormattedText(f"see {url}"), 30)] == ["see", url[:30], url[30:]]


def test_a_link_that_is_too_long_keeps_its_address_on_both_sides() -> None:
    message = FormattedText("aaaa bbbb cccc", (RichText(0, 13, "AddLink", "https://e.com"),))
    assert split(message, 9) == [
        FormattedText("aaaa bbbb", (RichText(0, 8, "AddLink", "https://e.com"),)),
        FormattedText("cccc", (RichText(0, 3, "AddLink", "https://e.com"),)),
    ]


def test_a_mention_that_is_too_long_notifies_once() -> None:
    message = FormattedText("@aaaa bbbb", (), (Mention(0, 9, 1, "a@example.com"),))
    assert split(message, 6) == [
        FormattedText("@aaaa", (), (Mention(0, 4, 1, "a@example.com"),)),
        FormattedText("bbbb"),
    ]


def test_formats_of_a_line_hold_on_both_sides_of_a_cut_in_it() -> None:
    message = FormattedText("one two\nthree", (RichText(0, 0, "BulletedList"), RichText(8, 12, "Quote")))
    assert split(message, 5) == [
        FormattedText("one", (RichText(0, 2, "BulletedList"),)),
        FormattedText("two", (RichText(0, 2, "BulletedList"),)),
        FormattedText("three", (RichText(0, 4, "Quote"),)),
    ]


def test_the_format_of_a_line_begins_where_the_line_does() -> None:
    assert split(FormattedText("\none two", (RichText(5, 5, "Quote"),)), 5) == [
        FormattedText("\none", (RichText(1, 3, "Quote"),)),
        FormattedText("two", (RichText(0, 2, "Quote"),)),
    ]


def test_a_message_that_just_fits_is_left_as_it_is() -> None:
    message = FormattedText("one two", (RichText(0, 0, "Quote"),))
    assert split(message, 7) == [message]
    assert truncate(message, 7) == message


def test_a_limit_that_cannot_hold_every_character_is_refused() -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        split(FormattedText("a"), 1)
    assert str(caught.value) == ("max_length must be at least 2, because some characters take two UTF-16 code units")


# Shortening


@pytest.mark.parametrize(
    ("text", "max_length", "shortened"),
    [
        ("one two three", 13, "one two three"),
        ("one two three", 12, "one two…"),
        ("abcde fghijk", 11, "abcde…"),
        ("title\none two three", 14, "title\none two…"),
        ("a: onetwothreefour", 10, "a: onetwo…"),
        ("👍🏽👍🏽", 7, "👍🏽…"),
        ("👍🏽", 1, "…"),
        (URL, 20, URL[:19] + "…"),
        (f"see {URL}", 20, "see…"),
        ("日本語日本語", 4, "日本語…"),
    ],
)
def test_shortening_keeps_words_characters_and_links_whole(text: str, max_length: int, shortened: str) -> None:
    assert truncate(FormattedText(text), max_length).text == shortened


def test_shortening_clips_ranges_and_leaves_the_marker_plain() -> None:
    message = FormattedText("bold bold bold @Ann", (RichText(0, 13, "Bold"),), (Mention(15, 18, 1, "ann@example.com"),))
    assert truncate(message, 16, " [cut]") == FormattedText("bold bold [cut]", (RichText(0, 8, "Bold"),))


def test_a_link_that_is_cut_is_cut_between_characters() -> None:
    message = FormattedText("👍🏽👍🏽👍🏽", (RichText(0, 11, "AddLink", "https://e.com"),))
    assert truncate(message, 8) == FormattedText("👍🏽…", (RichText(0, 3, "AddLink", "https://e.com"),))
    message = FormattedText("aaaa bbbb cccc", (RichText(0, 13, "AddLink", "https://e.com"),))
    assert truncate(message, 12) == FormattedText("aaaa bbbb c…", (RichText(0, 10, "AddLink", "https://e.com"),))


def test_a_marker_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        truncate(FormattedText("a" * 9), 5, " [cut]")
    assert str(caught.value) == "max_length must be at least the length of the marker, 6"


@settings(deadline=None)
@given(SEGMENTS, st.integers(1, 60))
def test_a_shortened_message_is_the_beginning_of_the_message(segments: list[Segment], max_length: int) -> None:
    message = message_of(segments)
    short = truncate(message, max_length)
    assert utf16_length(short.text) <= max_length
    if short == message:
        assert utf16_length(message.text) <= max_length
    else:
        seen = with_lines_formatted(short)
        assert seen[-1].character == "…"
        characters = [one.character for one in seen[:-1]]
        assert characters == [one.character for one in with_lines_formatted(message)[: len(characters)]]
        for entry in ranges(short):
            assert 0 <= entry.start_position <= entry.end_position < utf16_length(short.text) - 1
