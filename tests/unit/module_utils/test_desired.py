# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a task's options to the message that it wants: bounds, zones, cards, mentions and long texts."""

from __future__ import annotations

import datetime
import json
import typing as t

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.teamchat.zoom.plugins.module_utils._desired import CHECK_MODE_ID, Desired, desired_message
from ansible_collections.teamchat.zoom.plugins.module_utils._errors import InvalidOption
from ansible_collections.teamchat.zoom.plugins.modules.zoom_chat_message import DEFINITION

CHANNEL = "6f7073"


def desired(check_mode: bool = False, **options: t.Any) -> Desired:
    given = {"msg": "Hello", "to_channel": CHANNEL, **options}
    validation = ArgumentSpecValidator(DEFINITION.argument_spec).validate(
        {name: value for name, value in given.items() if value is not None}
    )
    assert validation.error_messages == []
    return desired_message(validation.validated_parameters, check_mode=check_mode)


def refusal(**options: t.Any) -> str:
    with pytest.raises(InvalidOption) as caught:
        desired(**options)
    return caught.value.sentence


def ahead(span: datetime.timedelta, zone: datetime.tzinfo = datetime.timezone.utc) -> datetime.datetime:
    return datetime.datetime.now(zone).replace(microsecond=0) + span


@pytest.mark.parametrize("hours", [-12, -3.5, 0, 5.75, 14])
def test_a_scheduled_time_becomes_utc(hours: float) -> None:
    moment = ahead(datetime.timedelta(hours=2), datetime.timezone(datetime.timedelta(hours=hours)))
    expected = moment.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert desired(scheduled_time=moment.isoformat()).fields == {"scheduled_time": expected}


def test_a_scheduled_time_may_end_in_z() -> None:
    text = ahead(datetime.timedelta(days=179)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert desired(scheduled_time=text).fields == {"scheduled_time": text}
    assert desired(scheduled_time=f" {text.lower()} ").fields == {"scheduled_time": text}


@pytest.mark.parametrize(
    "span",
    [
        datetime.timedelta(minutes=30),
        datetime.timedelta(minutes=-30),
        datetime.timedelta(days=180, minutes=1),
        datetime.timedelta(days=9999),
    ],
)
def test_zoom_schedules_from_half_an_hour_to_half_a_year(span: datetime.timedelta) -> None:
    text = ahead(span).isoformat()
    assert refusal(scheduled_time=text) == (
        f"scheduled_time is '{text}'; Zoom takes times that are more than 30 minutes and at most 180 days ahead."
    )


@pytest.mark.parametrize("span", [datetime.timedelta(minutes=31), datetime.timedelta(days=180)])
def test_the_bounds_themselves_can_be_scheduled(span: datetime.timedelta) -> None:
    assert "scheduled_time" in desired(scheduled_time=ahead(span).isoformat()).fields


@pytest.mark.parametrize("text", ["", "soon", "12:00", "2030-13-01T00:00:00Z", "2030-01-01T00:00:00", "2030-01-01"])
def test_a_scheduled_time_needs_a_date_a_time_and_a_zone(text: str) -> None:
    assert refusal(scheduled_time=text) == (
        f"scheduled_time is '{text}'; it must be an ISO-8601 date and time with a zone, such as"
        " 2026-03-01T09:00:00+01:00."
    )


def test_a_thread_cannot_be_scheduled() -> None:
    at = ahead(datetime.timedelta(hours=1)).isoformat()
    assert refusal(msg="word " * 10, max_length=20, scheduled_time=at) == (
        "msg has 50 characters, but max_length is 20, and Zoom cannot schedule a thread; shorten it, or set"
        " long_message=truncate."
    )
    assert len(desired(msg="word " * 10, max_length=20, scheduled_time=at, long_message="truncate").parts) == 1


def test_cards_become_json_strings_and_strings_stay_as_they_are() -> None:
    (first, second) = desired(interactive_cards=[{"text": "Grüße"}, '{"a":  1}']).fields["interactive_cards"]
    assert json.loads(first["card_json"]) == {"text": "Grüße"}
    assert "Grüße" in first["card_json"]
    assert second == {"card_json": '{"a":  1}'}


@pytest.mark.parametrize(
    ("cards", "sentence"),
    [
        ([{}] * 6, "interactive_cards has 6 entries; Zoom takes 5 at most."),
        (
            [{}, "{"],
            "interactive_cards[1] is no JSON: Expecting property name enclosed in double quotes: line 1 column 2"
            " (char 1).",
        ),
        (["[]"], "interactive_cards[0] must be a dictionary, or a JSON string of one."),
        ([7], "interactive_cards[0] must be a dictionary, or a JSON string of one."),
    ],
)
def test_what_is_no_card_is_refused(cards: list[t.Any], sentence: str) -> None:
    assert refusal(interactive_cards=cards) == sentence


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"msg": None}, "msg must be given, except with files and with state=absent."),
        ({"msg": None, "files": []}, "msg must be given, except with files and with state=absent."),
        (
            {"msg": None, "files": [{"content": "a", "name": "a"}], "interactive_cards": [{}]},
            "interactive_cards needs msg; files without a text are messages of their own.",
        ),
        (
            {"msg": None, "files": [{"content": "a", "name": "a"}], "mentions": [{"text": "@all"}]},
            "mentions needs msg; files without a text are messages of their own.",
        ),
        (
            {
                "msg": None,
                "files": [{"content": "a", "name": "a"}],
                "at_items": [{"at_type": 2, "start_position": 0, "end_position": 1}],
            },
            "at_items needs msg; files without a text are messages of their own.",
        ),
        (
            {"msg": None, "state": "absent"},
            "message_id must be given with state=absent; it names the message to delete.",
        ),
        (
            {"to_channel": None},
            "to_channel, to_contact and to_channel_name are all empty; exactly one of them must be given.",
        ),
        ({"unique_within": 0}, "unique_within must be a number of seconds, more than 0 and at most 180 days, not 0."),
        ({"max_length": 15}, "max_length must be at least 16, not 15."),
        (
            {"msg": "🚀" * 9, "max_length": 16, "long_message": "fail"},
            "msg has 18 characters, but max_length is 16 and long_message=fail.",
        ),
        (
            {"message_id": CHECK_MODE_ID},
            "message_id is the placeholder that check mode returns; give the id of a message that was sent.",
        ),
    ],
)
def test_what_is_wrong_is_named(options: dict[str, t.Any], sentence: str) -> None:
    assert refusal(**options) == sentence


def test_a_text_of_just_the_length_is_one_message() -> None:
    assert [part.text for part in desired(msg="🚀" * 8, max_length=16).parts] == ["🚀" * 8]


def test_what_multipart_cannot_carry_goes_as_json() -> None:
    wanted = desired()
    assert wanted.body_format_for({"message": "Hello"}) == "multipart"
    for field in ("rich_text", "file_ids", "interactive_cards", "scheduled_time"):
        assert wanted.body_format_for({"message": "Hello", field: []}) == "json"


def test_an_edit_without_files_leaves_them_alone() -> None:
    assert desired(message_id="A").files is None
    assert desired(message_id="A", files=[]).files == ()
