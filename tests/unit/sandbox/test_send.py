# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sending and replying: what the sandbox takes, keeps and refuses."""

from __future__ import annotations

import datetime
import json
import typing as t

import pytest
import requests
from ansible_collections.teamchat.zoom.tests.sandbox import seeds
from ansible_collections.teamchat.zoom.tests.sandbox.running import Sandbox

Api = t.Callable[..., requests.Response]
SEND = f"chat/users/{seeds.SENDER}/messages"
TEXT = "Grüße 🎉 \"quoted\" 'single' a&b <c>\nsecond line\ttab"


def refusal(answer: requests.Response) -> tuple[int, int, str]:
    body = answer.json()
    return answer.status_code, body["code"], body["message"]


def as_form(fields: dict[str, str]) -> dict[str, tuple[None, str]]:
    return {name: (None, value) for name, value in fields.items()}


def test_json_message_arrives_unchanged(sandbox: Sandbox, api: Api) -> None:
    answer = api("POST", SEND, json={"message": TEXT, "to_channel": seeds.OPS})
    assert answer.status_code == 201
    (message,) = sandbox.messages()
    assert answer.json() == {"id": message["id"]}
    assert message["message"] == TEXT
    assert (message["channel"], message["contact"]) == (seeds.OPS, None)
    assert (message["sender"], message["sender_display_name"]) == (seeds.SENDER, "Deploy Bot")
    assert (message["status"], message["content_type"]) == ("Normal", "application/json")


def test_multipart_message_arrives_unchanged(sandbox: Sandbox, api: Api) -> None:
    at_items = [{"at_type": 1, "at_contact": "alice@example.com", "start_position": 0, "end_position": 4}]
    fields = {"message": TEXT, "to_contact": "alice@example.com", "at_items": json.dumps(at_items)}
    assert api("POST", SEND, files=as_form(fields)).status_code == 201
    (message,) = sandbox.messages()
    assert message["message"] == TEXT
    assert message["at_items"] == at_items
    assert (message["channel"], message["contact"]) == (None, seeds.user_id("alice"))
    assert message["content_type"] == "multipart/form-data"


@pytest.mark.parametrize("who", ["alice@example.com", seeds.user_id("alice"), "sandboxMember_alice"])
def test_contact_is_found_by_address_user_id_and_member_id(sandbox: Sandbox, api: Api, who: str) -> None:
    api("POST", SEND, json={"message": "x", "to_contact": who})
    assert sandbox.messages()[0]["contact"] == seeds.user_id("alice")


def test_channel_is_found_by_jid(sandbox: Sandbox, api: Api) -> None:
    api("POST", SEND, json={"message": "x", "to_channel": f"{seeds.OPS}@conference.xmpp.zoom.us"})
    assert sandbox.messages()[0]["channel"] == seeds.OPS


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"to_contact": "nobody@example.com"}, (404, 1001, "User does not exist: nobody@example.com.")),
        ({"to_channel": "nowhere"}, (404, 4130, "Channel does not exist: nowhere.")),
        ({"to_channel": seeds.FOREIGN}, (404, 4130, f"Channel does not exist: {seeds.FOREIGN}.")),
        ({"to_channel": seeds.ENCRYPTED}, (400, 5419, "Can not send message to an E2E channel.")),
        ({"to_channel": seeds.ARCHIVED}, (400, 5420, "Can not send message to an archived channel.")),
        ({"to_contact": "erin@example.com"}, (400, 5421, "Can not send message to a blocked contact.")),
        ({}, (400, 300, "Must provide either contact or channel parameter.")),
        (
            {"to_channel": seeds.OPS, "to_contact": "alice@example.com"},
            (400, 300, "Must provide either contact or channel parameter."),
        ),
        (
            {"to_channel": seeds.OPS, "reply_main_message_id": "gone"},
            (400, 300, "Message does not exist: gone."),
        ),
        ({"to_channel": seeds.OPS, "message": " \n"}, (400, 5301, "Message sending failed.")),
    ],
)
@pytest.mark.parametrize("multipart", [False, True], ids=["json", "multipart"])
def test_documented_refusals(
    sandbox: Sandbox, api: Api, fields: dict[str, str], expected: tuple[int, int, str], multipart: bool
) -> None:
    whole = {"message": "x", **fields}
    answer = api("POST", SEND, files=as_form(whole)) if multipart else api("POST", SEND, json=whole)
    assert refusal(answer) == expected
    assert sandbox.messages() == []


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"file_ids": ["gone"]}, (400, 5404, "File does not exist: gone.")),
        (
            {"interactive_cards": [{"card_json": "{cut"}]},
            (400, 5405, "Failed to create interactive card."),
        ),
    ],
)
def test_documented_refusals_of_attachments(api: Api, fields: dict[str, t.Any], expected: tuple[int, int, str]) -> None:
    assert refusal(api("POST", SEND, json={"message": "x", "to_channel": seeds.OPS, **fields})) == expected


def test_files_are_refused_where_the_account_forbids_them(sandbox: Sandbox, api: Api) -> None:
    sandbox.settings(files_allowed=False)
    answer = api("POST", SEND, json={"message": "x", "to_channel": seeds.OPS, "file_ids": ["any"]})
    assert refusal(answer) == (400, 5403, "Account settings do not allow files to be sent.")


def test_user_who_may_not_chat_is_refused(api: Api) -> None:
    answer = api("POST", "chat/users/mute@example.com/messages", json={"message": "x", "to_channel": seeds.OPS})
    assert refusal(answer) == (400, 5418, "The user can not chat with others.")


def test_unknown_sender_is_refused(api: Api) -> None:
    answer = api("POST", "chat/users/nobody@example.com/messages", json={"message": "x", "to_channel": seeds.OPS})
    assert refusal(answer) == (404, 1001, "User does not exist: nobody@example.com.")


def test_message_of_the_maximum_length_is_taken_and_a_longer_one_is_not(sandbox: Sandbox, api: Api) -> None:
    assert api("POST", SEND, json={"message": "ä" * 1024, "to_channel": seeds.OPS}).status_code == 201
    answer = api("POST", SEND, json={"message": "ä" * 1025, "to_channel": seeds.OPS})
    assert answer.status_code == 400
    assert answer.json() == {
        "code": 300,
        "message": "Validation Failed.",
        "errors": [{"field": "message", "message": "The maximum length is 1024."}],
    }
    sandbox.settings(max_length=4000)
    assert api("POST", SEND, json={"message": "ä" * 1025, "to_channel": seeds.OPS}).status_code == 201


def test_validation_names_every_field_that_is_wrong(api: Api) -> None:
    answer = api("POST", SEND, json={"to_channel": 5, "at_items": [{"at_type": 3}], "file_ids": ["x"] * 7})
    assert answer.json() == {
        "code": 300,
        "message": "Validation Failed.",
        "errors": [
            {"field": "to_channel", "message": "Invalid field."},
            {"field": "at_items[0].at_type", "message": "Invalid field."},
            {"field": "file_ids", "message": "The maximum number of items is 6."},
            {"field": "message", "message": "This field is required."},
        ],
    }


@pytest.mark.parametrize("name", ["rich_text", "file_ids", "interactive_cards", "scheduled_time", "anything"])
def test_multipart_carries_no_other_fields(api: Api, name: str) -> None:
    answer = api("POST", SEND, files=as_form({"message": "x", "to_channel": seeds.OPS, name: "[]"}))
    assert answer.status_code == 400
    assert answer.json() == {
        "code": 300,
        "message": "Validation Failed.",
        "errors": [{"field": name, "message": "Invalid field."}],
    }


def test_multipart_at_items_must_be_json(api: Api) -> None:
    answer = api("POST", SEND, files=as_form({"message": "x", "to_channel": seeds.OPS, "at_items": "[{"}))
    assert answer.json()["errors"] == [{"field": "at_items", "message": "Invalid field."}]


def test_multipart_field_given_twice_is_refused(api: Api) -> None:
    parts = [("message", (None, "x")), ("message", (None, "y")), ("to_channel", (None, seeds.OPS))]
    assert api("POST", SEND, files=parts).json()["errors"] == [{"field": "message", "message": "Given twice."}]


def form(*parts: bytes) -> bytes:
    return b"".join(b"--cut\r\n" + part + b"\r\n" for part in parts) + b"--cut--\r\n"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (
            form(b"Content-Disposition: form-data; name=message\r\n\r\nx"),
            (400, 300, "Invalid 'Content-Disposition' in multipart form"),
        ),
        (form(b"Content-Type: text/plain\r\n\r\nx"), (400, 300, "Invalid 'Content-Disposition' in multipart form")),
        (b"nonsense", (400, 300, "Invalid multipart form.")),
        (form(b'Content-Disposition: form-data; name="message"\r\n\r\n\xff'), (400, 300, "Validation Failed.")),
    ],
)
def test_broken_multipart_is_refused(api: Api, body: bytes, expected: tuple[int, int, str]) -> None:
    headers = {"Content-Type": "multipart/form-data; boundary=cut"}
    assert refusal(api("POST", SEND, data=body, headers=headers)) == expected


def test_multipart_without_boundary_is_refused(api: Api) -> None:
    answer = api("POST", SEND, data=b"x", headers={"Content-Type": "multipart/form-data"})
    assert refusal(answer) == (400, 300, "Invalid multipart form.")


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"', b"\xff", b"null"])
def test_body_that_is_no_json_object_is_refused(api: Api, body: bytes) -> None:
    answer = api("POST", SEND, data=body, headers={"Content-Type": "application/json"})
    assert refusal(answer) == (400, 300, "Request Body should be a valid JSON object.")


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_other_content_types_are_refused(api: Api, content_type: str) -> None:
    answer = api("POST", SEND, data=b"message=x", headers={"Content-Type": content_type})
    assert refusal(answer) == (415, 300, "Unsupported Media Type.")


@pytest.mark.parametrize(
    ("how", "status", "text"),
    [
        ("415", 415, '{"code": 300, "message": "Unsupported Media Type."}'),
        ("empty-400", 400, ""),
        ("300-json", 400, '{"code": 300, "message": "Request Body should be a valid JSON object."}'),
    ],
)
def test_servers_that_refuse_multipart_are_emulated(
    sandbox: Sandbox, api: Api, how: str, status: int, text: str
) -> None:
    sandbox.settings(multipart=how)
    fields = {"message": "x", "to_channel": seeds.OPS}
    answer = api("POST", SEND, files=as_form(fields))
    assert (answer.status_code, answer.text) == (status, text)
    assert sandbox.messages() == []
    assert api("POST", SEND, json=fields).status_code == 201


def test_reply_stands_in_the_thread_with_or_without_braces(sandbox: Sandbox, api: Api) -> None:
    main = api("POST", SEND, json={"message": "main", "to_channel": seeds.OPS}).json()["id"]
    for written in (main, f"{{{main}}}", main.lower()):
        fields = {"message": "reply", "to_channel": seeds.OPS, "reply_main_message_id": written}
        assert api("POST", SEND, json=fields).status_code == 201
    assert [m["reply_main_message_id"] for m in sandbox.messages()] == [None, main, main, main]
    assert [r["operation"] for r in sandbox.requests()] == ["send", "reply", "reply", "reply"]


def test_only_main_messages_of_the_same_conversation_take_replies(api: Api) -> None:
    main = api("POST", SEND, json={"message": "main", "to_channel": seeds.OPS}).json()["id"]
    fields = {"message": "reply", "to_channel": seeds.OPS, "reply_main_message_id": main}
    reply = api("POST", SEND, json=fields).json()["id"]
    answer = api("POST", SEND, json={**fields, "reply_main_message_id": reply})
    assert refusal(answer) == (400, 5402, "This only supports replies to a main message.")
    answer = api("POST", SEND, json={**fields, "to_channel": seeds.INCIDENTS})
    assert refusal(answer) == (400, 300, f"Message does not exist: {main}.")


def test_white_space_at_the_end_is_cut(sandbox: Sandbox, api: Api) -> None:
    api("POST", SEND, json={"message": "  x \n\n", "to_channel": seeds.OPS})
    sandbox.settings(trim=False)
    api("POST", SEND, json={"message": "  x \n\n", "to_channel": seeds.OPS})
    assert [m["message"] for m in sandbox.messages()] == ["  x", "  x \n\n"]


BOLD = {"start_position": 0, "end_position": 1, "format_type": "Bold", "format_attr": ""}


@pytest.mark.parametrize(
    ("entries", "kept"),
    [
        ([BOLD], [BOLD]),
        ([{**BOLD, "end_position": 3}], [{**BOLD, "end_position": 3}]),
        ([BOLD, {**BOLD, "end_position": 4}], []),
        ([BOLD, {**BOLD, "start_position": -1}], []),
        ([BOLD, {"start_position": 0, "end_position": 1, "format_type": "Italic"}], [BOLD]),
    ],
    ids=["inside", "last-utf16-unit", "past-the-end", "before-the-start", "without-format_attr"],
)
def test_formatting_vanishes_silently_as_with_zoom(
    sandbox: Sandbox, api: Api, entries: list[dict[str, t.Any]], kept: list[dict[str, t.Any]]
) -> None:
    # "🎉ab" is three characters and four UTF-16 units.
    answer = api("POST", SEND, json={"message": "🎉ab", "to_channel": seeds.OPS, "rich_text": entries})
    assert answer.status_code == 201
    assert sandbox.messages()[0]["rich_text"] == kept


def in_minutes(minutes: float) -> str:
    when = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=minutes)
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


def test_scheduled_message_becomes_a_draft(sandbox: Sandbox, api: Api) -> None:
    when = in_minutes(31)
    answer = api("POST", SEND, json={"message": "later", "to_channel": seeds.OPS, "scheduled_time": when})
    assert answer.status_code == 201
    assert sandbox.messages() == []
    (draft,) = sandbox.account()["scheduled"]
    assert (draft["id"], draft["scheduled_time"], draft["message"]) == (answer.json()["id"], when, "later")
    listed = api("GET", "chat/messages/schedule", params={"to_channel": seeds.OPS}).json()["messages"]
    assert [(d["draft_id"], d["scheduled_time"]) for d in listed] == [(draft["id"], when)]
    where = {"to_channel": seeds.OPS}
    assert api("DELETE", f"chat/messages/schedule/{draft['id']}", params=where).status_code == 204
    answer = api("DELETE", f"chat/messages/schedule/{draft['id']}", params=where)
    assert refusal(answer) == (400, 5404, f"Invalid draft id: {draft['id']}.")


@pytest.mark.parametrize(
    "when",
    [in_minutes(29), in_minutes(181 * 24 * 60), "2030-01-01T00:00:00+01:00"],
    ids=["too early", "too late", "not UTC"],
)
def test_scheduled_time_must_be_in_zooms_window(api: Api, when: str) -> None:
    answer = api("POST", SEND, json={"message": "later", "to_channel": seeds.OPS, "scheduled_time": when})
    assert refusal(answer) == (
        400,
        300,
        "Invalid parameter: send_time. The time requirement is more than 30 minutes from now and within 180 days.",
    )


def test_cards_are_kept(sandbox: Sandbox, api: Api) -> None:
    card = json.dumps({"content": {"head": {"text": "Deployed"}}})
    fields = {"message": "x", "to_channel": seeds.OPS, "interactive_cards": [{"card_json": card}]}
    assert api("POST", SEND, json=fields).status_code == 201
    assert sandbox.messages()[0]["interactive_cards"][0]["card_json"] == card


def test_every_answer_carries_a_tracking_id_that_the_account_knows(sandbox: Sandbox, api: Api) -> None:
    answers = [api("POST", SEND, json={"message": "x", "to_channel": where}) for where in (seeds.OPS, "nowhere")]
    assert [a.headers["x-zm-trackingid"] for a in answers] == [r["tracking_id"] for r in sandbox.requests()]


def test_unknown_route(sandbox: Sandbox, api: Api) -> None:
    assert refusal(api("GET", "chat/nothing")) == (404, 64041, "Route Not Found")
    assert refusal(api("PATCH", SEND)) == (404, 64041, "Route Not Found")
    assert [(r["operation"], r["status"], r["code"]) for r in sandbox.requests()] == [("unknown", 404, 64041)] * 2
