# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the names of people to positions, and the check of positions that are given."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.teamchat.zoom.plugins.module_utils._errors import InvalidOption
from ansible_collections.teamchat.zoom.plugins.module_utils._mentions import at_items_from, check_at_items
from ansible_collections.teamchat.zoom.plugins.module_utils._text import Mention
from hypothesis import given, settings
from hypothesis import strategies as st


def alice(**other: t.Any) -> dict[str, t.Any]:
    return {"text": "@Alice", "contact": "alice@example.com", **other}


def test_a_mention_stands_where_its_text_stands_with_an_inclusive_end() -> None:
    assert at_items_from("Hi @Alice!", [alice()]) == (Mention(3, 8, 1, "alice@example.com"),)


def test_positions_are_counted_in_utf_16_code_units() -> None:
    mentions = [{"text": "@Zoë 🎉", "contact": "zoe@example.com"}]
    assert at_items_from("🎉é @Zoë 🎉 @Alice", [*mentions, alice()]) == (
        Mention(4, 10, 1, "zoe@example.com"),
        Mention(12, 17, 1, "alice@example.com"),
    )


def test_all_mentions_everyone_without_a_contact() -> None:
    assert at_items_from("@all hello", [{"text": "@all", "contact": None}]) == (Mention(0, 3, 2),)


def test_the_result_is_in_the_order_of_the_text() -> None:
    assert at_items_from("@Alice and @all", [{"text": "@all"}, alice()]) == (
        Mention(0, 5, 1, "alice@example.com"),
        Mention(11, 14, 2),
    )


def test_a_text_listed_again_takes_the_next_place() -> None:
    mentions = [alice(contact="first@example.com"), alice(contact="second@example.com")]
    assert at_items_from("@Alice, @Alice, @Alice", mentions) == (
        Mention(0, 5, 1, "first@example.com"),
        Mention(8, 13, 1, "second@example.com"),
    )


def test_a_name_is_not_looked_for_inside_a_longer_one() -> None:
    mentions = [{"text": "@Al", "contact": "al@example.com"}, alice()]
    assert at_items_from("@Alice, bob@Al.example, @Al", mentions) == (
        Mention(0, 5, 1, "alice@example.com"),
        Mention(24, 26, 1, "al@example.com"),
    )


def test_a_name_that_stands_only_inside_a_longer_word_is_found_there() -> None:
    mentions = [{"text": "@田中", "contact": "tanaka@example.com"}]
    assert at_items_from("お疲れ様@田中さん", mentions) == (Mention(4, 6, 1, "tanaka@example.com"),)


def test_what_is_not_declared_mentions_nobody() -> None:
    assert at_items_from("@all @Alice", []) == ()


@pytest.mark.parametrize(
    ("mentions", "error"),
    [
        (
            [alice(), {"text": "Bob", "contact": "bob@example.com"}],
            "mentions[1].text is 'Bob', but it must be a string that starts with @ and a name.",
        ),
        ([{"text": "@ "}], "mentions[0].text is '@ ', but it must be a string that starts with @ and a name."),
        ([{"text": 7}], "mentions[0].text is 7, but it must be a string that starts with @ and a name."),
        ([{}], "mentions[0].text is not given, but it must be a string that starts with @ and a name."),
        (
            [{"text": "@Carol", "contact": "carol@example.com"}],
            "mentions[0].text is '@Carol', which is not in msg; it must stand there exactly as given.",
        ),
        (
            [alice(), alice()],
            "mentions[1].text is '@Alice', which stands in msg only once but is listed more often in mentions.",
        ),
        (
            [{"text": "@Bob", "contact": "b"}] * 3,
            "mentions[2].text is '@Bob', which stands in msg only 2 times but is listed more often in mentions.",
        ),
        (
            [{"text": "@Alice"}],
            "mentions[0].contact is not given, but '@Alice' needs an e-mail address or a member id; "
            "only @all goes without.",
        ),
        (
            [alice(contact=" ")],
            "mentions[0].contact is ' ', but '@Alice' needs an e-mail address or a member id; only @all goes without.",
        ),
        (
            [alice(), {"text": "@Alice Smith", "contact": "smith@example.com"}],
            "mentions[1].text '@Alice Smith' (positions 0 to 11) overlaps with mentions[0].text '@Alice' "
            "(positions 0 to 5), but each character can belong to one mention only.",
        ),
        ([alice(id=1)], "mentions[0] has the key 'id', but it may only have contact, text."),
        (["@Alice"], "mentions[0] is '@Alice', but it must be a dictionary of contact, text."),
        (
            [{"text": "@" + "x" * 80, "contact": "x"}],
            f"mentions[0].text is '@{'x' * 58}…, which is not in msg; it must stand there exactly as given.",
        ),
        (
            [{"text": "@" + "x" * 58, "contact": "x"}],
            f"mentions[0].text is '@{'x' * 58}…, which is not in msg; it must stand there exactly as given.",
        ),
        (
            [{"text": "@" + "x" * 57, "contact": "x"}],
            f"mentions[0].text is '@{'x' * 57}', which is not in msg; it must stand there exactly as given.",
        ),
    ],
)
def test_mentions_that_cannot_be_are_refused(mentions: list[t.Any], error: str) -> None:
    with pytest.raises(InvalidOption) as caught:
        at_items_from("@Alice Smith, @Bob and @Bob", mentions)
    assert str(caught.value) == error


@settings(deadline=None)
@given(st.text("@AB 🎉é", max_size=30), st.lists(st.text("AB🎉", min_size=1, max_size=2), max_size=3))
def test_each_mention_covers_its_text_exactly(text: str, names: list[str]) -> None:
    mentions = [{"text": f"@{name}", "contact": str(number)} for number, name in enumerate(names)]
    data = text.encode("utf-16-le")
    try:
        found = at_items_from(text, mentions)
    except InvalidOption:
        # Only an overlap or a text that is not there often enough is a reason.
        assert len(names) > 1 or f"@{names[0]}" not in text
        return
    assert sorted(int(str(mention.at_contact)) for mention in found) == list(range(len(names)))
    for mention in found:
        covered = data[2 * mention.start_position : 2 * mention.end_position + 2].decode("utf-16-le")
        assert covered == f"@{names[int(str(mention.at_contact))]}"
    assert check_at_items(text, [mention.as_fields() for mention in found]) == found


def item(**other: t.Any) -> dict[str, t.Any]:
    return {"start_position": 0, "end_position": 5, "at_type": 1, "at_contact": "alice@example.com", **other}


def test_zooms_objects_pass_as_they_are() -> None:
    items = [item(start_position="11", end_position="14", at_type="2", at_contact=""), item()]
    assert check_at_items("@Alice and @all", items) == (
        Mention(0, 5, 1, "alice@example.com"),
        Mention(11, 14, 2),
    )
    assert check_at_items("@", [item(end_position=0)]) == (Mention(0, 0, 1, "alice@example.com"),)


def test_the_last_position_is_counted_in_utf_16_code_units() -> None:
    items = [item(start_position=2, end_position=7)]
    assert check_at_items("🎉@Alice", items) == (Mention(2, 7, 1, "alice@example.com"),)


@pytest.mark.parametrize(
    ("items", "error"),
    [
        (
            [item(), item(start_position=15)],
            "at_items[1].start_position is 15, but it must be from 0 to 14, because msg is 15 UTF-16 code units long.",
        ),
        (
            [item(start_position=-1)],
            "at_items[0].start_position is -1, but it must be from 0 to 14, because msg is 15 UTF-16 code units long.",
        ),
        (
            [item(end_position=15)],
            "at_items[0].end_position is 15, but it must be from 0 (start_position) to 14, the last position "
            "in msg, counted in UTF-16 code units; the end is inclusive.",
        ),
        (
            [item(start_position=6)],
            "at_items[0].end_position is 5, but it must be from 6 (start_position) to 14, the last position "
            "in msg, counted in UTF-16 code units; the end is inclusive.",
        ),
        ([item(at_type=3)], "at_items[0].at_type is 3, but it must be 1 (a contact) or 2 (all)."),
        ([item(at_type=True)], "at_items[0].at_type is True, but it must be an integer."),
        ([item(start_position="a")], "at_items[0].start_position is 'a', but it must be an integer."),
        ([item(end_position=5.0)], "at_items[0].end_position is 5.0, but it must be an integer."),
        (
            [{"start_position": 0, "at_type": 2}],
            "at_items[0].end_position is not given, but it must be an integer.",
        ),
        (
            [item(at_contact=None)],
            "at_items[0].at_contact is not given, but at_type 1 needs an e-mail address or a member id.",
        ),
        (
            [item(at_contact=" ")],
            "at_items[0].at_contact is ' ', but at_type 1 needs an e-mail address or a member id.",
        ),
        ([item(at_contact=["x"])], "at_items[0].at_contact is ['x'], but it must be a string."),
        (
            [item(start=0)],
            "at_items[0] has the key 'start', but it may only have at_contact, at_type, end_position, start_position.",
        ),
        (
            [7],
            "at_items[0] is 7, but it must be a dictionary of at_contact, at_type, end_position, start_position.",
        ),
        (
            [item(start_position=5, end_position=7), item()],
            "at_items[0] (positions 5 to 7) overlaps with at_items[1] (positions 0 to 5), "
            "but each character can belong to one mention only.",
        ),
    ],
)
def test_objects_that_zoom_would_not_understand_are_refused(items: list[t.Any], error: str) -> None:
    with pytest.raises(InvalidOption) as caught:
        check_at_items("@Alice and @all", items)
    assert str(caught.value) == error


def test_no_position_is_right_in_an_empty_text() -> None:
    with pytest.raises(InvalidOption) as caught:
        check_at_items("", [item()])
    assert str(caught.value) == "at_items[0].start_position is 0, but msg is empty."
