# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Recognising a message in what Zoom lists."""

from __future__ import annotations

import time
import typing as t

import pytest
from ansible_collections.teamchat.zoom.plugins.module_utils._errors import InvalidRequest, NotFound, ZoomError
from ansible_collections.teamchat.zoom.plugins.module_utils._files import Attachment
from ansible_collections.teamchat.zoom.plugins.module_utils._wanted import (
    Wanted,
    bare_id,
    files_of,
    is_missing_message,
    moment_of,
)

FIELDS = {"message": "a & b", "to_channel": "x"}
MESSAGE = {"id": "A", "message": "a &amp; b ", "sender": "Deploy@Example.com"}


@pytest.mark.parametrize(
    ("changes", "user_id", "same"),
    [
        ({}, "deploy@example.com", True),
        ({}, "me", True),
        ({"sender": "alice@example.com"}, "deploy@example.com", False),
        ({"sender": "alice@example.com"}, "me", True),
        ({"sender": ""}, "deploy@example.com", True),
        ({"message": "a &lt; b"}, "me", False),
        ({"message": None}, "me", False),
        ({"message": 7}, "me", False),
        ({"reply_main_message_id": "B"}, "me", False),
        ({"files": [{"file_name": "x", "file_size": 1}]}, "me", False),
    ],
)
def test_a_message_is_known_by_text_thread_files_and_sender(
    changes: dict[str, t.Any], user_id: str, same: bool
) -> None:
    assert Wanted(FIELDS).is_message({**MESSAGE, **changes}, user_id) is same


def test_a_reply_is_known_by_its_thread_in_braces_or_not() -> None:
    wanted = Wanted({**FIELDS, "reply_main_message_id": "ab-c"})
    assert wanted.is_message({**MESSAGE, "reply_main_message_id": "{AB-C}"}, "me")
    assert not wanted.is_message(MESSAGE, "me")


@pytest.mark.parametrize(("message_id", "bare"), [("{ab-C}", "AB-C"), ("x7X", "X7X"), (None, "")])
def test_an_id_has_no_braces_and_one_case(message_id: t.Optional[str], bare: str) -> None:
    assert bare_id(message_id) == bare


def test_no_text_is_the_same_as_an_empty_one() -> None:
    for fields in ({}, {"message": ""}, {"message": None}):
        for message in ({}, {"message": ""}, {"message": None}):
            assert Wanted(fields).is_message(message, "me")


def test_files_are_compared_in_any_order() -> None:
    wanted = Wanted(FIELDS, (Attachment("b", 2), Attachment("a", 1)))
    files = [{"file_name": "a", "file_size": 1}, {"file_name": "b", "file_size": 2}]
    assert wanted.is_message({**MESSAGE, "files": files}, "me")
    assert not wanted.is_message({**MESSAGE, "files": files[:1]}, "me")


@pytest.mark.parametrize(
    ("message", "files"),
    [
        ({}, []),
        ({"file_name": "a", "file_size": 3}, [("a", 3)]),
        ({"files": ["x", {"file_name": "a"}, {"file_name": "b", "file_size": "3"}]}, [("a", -1), ("b", -1)]),
    ],
)
def test_files_of_any_answer(message: dict[str, t.Any], files: list[tuple[str, int]]) -> None:
    assert files_of(message) == files


def test_a_draft_is_known_by_text_thread_files_and_time() -> None:
    wanted = Wanted({**FIELDS, "scheduled_time": "2030-01-01T00:00:00Z"})
    draft = {"message": "a &amp; b", "scheduled_time": "2030-01-01T00:00:00Z"}
    assert wanted.is_draft(draft)
    assert not wanted.is_draft({**draft, "scheduled_time": "2030-01-01T00:01:00Z"})
    assert not wanted.is_draft({**draft, "message": "b"})
    assert not wanted.is_draft({**draft, "reply_main_message_id": "A"})
    assert not wanted.is_draft({**draft, "files": [{"file_name": "a", "file_size": 1}]})


def test_a_moment_that_is_none_is_now() -> None:
    assert moment_of({"timestamp": 1500}) == 1.5
    assert moment_of({"timestamp": 249_999_999_999_999}) == 249_999_999_999.999
    for timestamp in (None, "1500", 2.5e14, 9e14, 1e15, -1, -1e15, 1e300, float("nan")):
        assert abs(moment_of({"timestamp": timestamp}) - time.time()) < 5


@pytest.mark.parametrize(
    ("error", "missing"),
    [
        (NotFound("x", code=300, message="Channel does not exist: A"), True),
        (NotFound("x", code=4131), True),
        (NotFound("x", code=404, message="The message does not exist."), True),
        (NotFound("x", code=404, message="Message Does Not Exist: A"), True),
        (NotFound("x", code=404), False),
        (NotFound("x", code=4130, message="Channel does not exist: x"), False),
        (NotFound("x", code=1001, message="User does not exist: x"), False),
        (InvalidRequest("x", code=300), False),
    ],
)
def test_a_missing_message_is_told_from_a_missing_conversation(error: ZoomError, missing: bool) -> None:
    assert is_missing_message(error) is missing
    error.given_up = True
    assert not is_missing_message(error)
