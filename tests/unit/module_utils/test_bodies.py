# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bodies as a real parser sees them: every text arrives as it was given."""

from __future__ import annotations

import email.parser
import email.policy
import json
import time
import typing as t

import pytest
from ansible_collections.teamchat.zoom.plugins.module_utils._bodies import (
    Body,
    json_body,
    multipart_body,
    multipart_fields,
)
from hypothesis import given
from hypothesis import strategies as st

if t.TYPE_CHECKING:
    from email.message import EmailMessage

TEXTS = [
    "plain",
    "Grüße, 你好, שלום",
    "👩‍👩‍👧‍👦 🇩🇪 🚀",
    "\"double\" 'single' `back`",
    "a & b < c > d &amp; &lt;",
    "one\ntwo\n\nthree\n",
    "one\r\ntwo\rthree",
    "\ttab and trailing space ",
    "--boundary--\r\n--",
    'Content-Disposition: form-data; name="to_channel"\r\n\r\nevil',
    "%41%0d%0a + = ;",
    "back\\slash \\u0041 \\n",
    "zero\u200bwidth \ufeff and \u2028 lines",
    "NUL \0 inside",
]


def parsed(body: Body) -> dict[str, tuple[str, str]]:
    """Each part's name, with its Content-Disposition and its text."""
    head = f"Content-Type: {body.content_type}\r\nMIME-Version: 1.0\r\n\r\n".encode()
    message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + body.read())
    assert message.is_multipart()
    assert not message.defects
    found = {}
    for part in t.cast("t.Iterator[EmailMessage]", message.iter_parts()):
        content = part.get_payload(decode=True)
        assert isinstance(content, bytes)
        found[str(part["content-disposition"].params["name"])] = (
            str(part["content-disposition"]),
            content.decode(),
        )
    return found


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_arrives_unchanged_in_multipart(text: str) -> None:
    assert parsed(multipart_body({"message": text, "to_channel": "abc"})) == {
        "message": ('form-data; name="message"', text),
        "to_channel": ('form-data; name="to_channel"', "abc"),
    }


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_arrives_unchanged_in_json(text: str) -> None:
    body = json_body({"message": text})
    assert body.content_type == "application/json; charset=utf-8"
    assert json.loads(body.read().decode("utf-8")) == {"message": text}


@given(st.text(st.characters(codec="utf-8"), max_size=200))
def test_any_text_arrives_unchanged_in_both_shapes(text: str) -> None:
    assert parsed(multipart_body({"message": text, "z": "last"}))["message"][1] == text
    assert json.loads(json_body({"message": text}).read()) == {"message": text}


def test_lists_travel_in_multipart_as_a_json_string() -> None:
    items = [{"at_type": 1, "at_contact": "zoë@example.com", "start_position": 0, "end_position": 3}]
    fields = multipart_fields({"message": "@Zoë", "at_items": items})
    assert fields["message"] == "@Zoë"
    assert "zoë" in fields["at_items"]
    assert json.loads(fields["at_items"]) == items


def test_no_part_looks_like_a_file() -> None:
    assert b"filename" not in multipart_body({"message": "text"}).read()


def test_a_body_knows_whether_it_has_begun_to_leave() -> None:
    body = Body(b"abcdef", "text/plain")
    assert (len(body), body.begun) == (6, False)
    assert body.read(4) == b"abcd"
    assert body.begun
    assert body.read() == b"ef"
    assert body.read() == b""
    body.rewind()
    assert not body.begun
    assert b"".join(body) == b"abcdef"
    assert body.begun


def test_a_body_knows_how_long_it_was_on_its_way() -> None:
    body = Body(b"x" * 1_000_000, "text/plain")
    for _attempt in range(2):
        assert body.read(500_000)
        time.sleep(0.1)
        assert body.read(500_000)
        body.rewind()
        # What lies between two attempts does not count.
        time.sleep(0.5)
    assert 0.2 <= body.on_the_way < 0.5
    body.leaving = 3600.0
    assert body.on_the_way == 1_000_000 / 65536
