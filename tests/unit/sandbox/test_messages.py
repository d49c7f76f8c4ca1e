# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages that exist: list, get, edit, delete, thread."""

from __future__ import annotations

import datetime
import time
import typing as t

import pytest
import requests
from ansible_collections.teamchat.zoom.tests.sandbox import seeds
from ansible_collections.teamchat.zoom.tests.sandbox.running import Sandbox

Api = t.Callable[..., requests.Response]
MESSAGES = f"chat/users/{seeds.SENDER}/messages"
OPS = {"to_channel": seeds.OPS}
DAY = 86400


def refusal(answer: requests.Response) -> tuple[int, int, str]:
    body = answer.json()
    return answer.status_code, body["code"], body["message"]


def ago(seconds: float) -> str:
    when = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=seconds)
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


def send(api: Api, text: str, **fields: t.Any) -> str:
    answer = api("POST", MESSAGES, json={"message": text, **(fields or OPS)})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def listed(api: Api, **query: t.Any) -> list[str]:
    answer = api("GET", MESSAGES, params={**OPS, **query})
    assert answer.status_code == 200, answer.text
    return [message["message"] for message in answer.json()["messages"]]


def test_list_shows_today_newest_first(sandbox: Sandbox, api: Api) -> None:
    sandbox.say("alice@example.com", "yesterday", age=DAY, **OPS)
    send(api, "one")
    send(api, "two")
    send(api, "elsewhere", to_channel=seeds.INCIDENTS)
    assert listed(api) == ["two", "one"]


def test_list_of_a_message_has_zooms_fields(sandbox: Sandbox, api: Api) -> None:
    mention = {"at_type": 1, "at_contact": "alice@example.com", "start_position": 0, "end_position": 5}
    main = send(api, "main", **OPS)
    reply = send(api, "@Alice", at_items=[mention], reply_main_message_id=main, **OPS)
    shown = api("GET", MESSAGES, params=OPS).json()["messages"][0]
    stored = sandbox.messages()
    assert shown == {
        "id": reply,
        "message": "@Alice",
        "message_type": "plain_text_message",
        "date_time": stored[1]["date_time"],
        "timestamp": stored[1]["timestamp"],
        "sender": seeds.SENDER,
        "send_member_id": "sandboxMember_deploy",
        "sender_display_name": "Deploy Bot",
        "reply_main_message_id": main,
        "reply_main_message_timestamp": stored[0]["timestamp"],
        "at_items": [{**mention, "at_contact_member_id": "sandboxMember_alice"}],
    }
    assert api("GET", f"{MESSAGES}/{reply}", params=OPS).json() == shown


def test_list_covers_the_span_asked_for(sandbox: Sandbox, api: Api) -> None:
    for days in (3, 2, 1):
        sandbox.say("alice@example.com", f"{days} days", age=days * DAY, **OPS)
    assert listed(api, **{"from": ago(2.5 * DAY)}) == ["1 days", "2 days"]
    assert listed(api, **{"from": ago(4 * DAY), "to": ago(1.5 * DAY)}) == ["2 days", "3 days"]
    assert listed(api, date=ago(3 * DAY)[:10]) == ["3 days"]


def test_date_wins_over_from(sandbox: Sandbox, api: Api) -> None:
    sandbox.say("alice@example.com", "old", age=3 * DAY, **OPS)
    sandbox.say("alice@example.com", "newer", age=2 * DAY, **OPS)
    assert listed(api, **{"date": ago(3 * DAY)[:10], "from": ago(4 * DAY)}) == ["old"]


def test_list_reaches_back_six_months(api: Api) -> None:
    assert listed(api, **{"from": ago(180 * DAY)}) == []
    answer = api("GET", MESSAGES, params={**OPS, "from": ago(190 * DAY)})
    assert refusal(answer) == (400, 300, "Only provide past chat messages in recent 6 months.")


def test_pages_follow_the_token(api: Api) -> None:
    for number in range(5):
        send(api, str(number))
    found, token = [], ""
    for _page in range(3):
        body = api("GET", MESSAGES, params={**OPS, "page_size": 2, "next_page_token": token}).json()
        found += [message["message"] for message in body["messages"]]
        token = body["next_page_token"]
    assert (found, token) == (["4", "3", "2", "1", "0"], "")


def test_page_token_is_good_for_its_query_only(api: Api) -> None:
    for number in range(3):
        send(api, str(number))
    token = api("GET", MESSAGES, params={**OPS, "page_size": 2}).json()["next_page_token"]
    for query in ({**OPS, "page_size": 1}, {"to_channel": seeds.INCIDENTS, "page_size": 2}):
        answer = api("GET", MESSAGES, params={**query, "next_page_token": token})
        assert refusal(answer) == (400, 300, "The next page token is invalid or expired.")


@pytest.mark.parametrize("query", [{"page_size": 51}, {"page_size": "x"}, {"date": "today"}, {"from": "2026-01-01"}])
def test_list_validates_its_query(api: Api, query: dict[str, t.Any]) -> None:
    assert refusal(api("GET", MESSAGES, params={**OPS, **query})) == (400, 300, "Validation Failed.")


def test_list_searches_texts_and_files_of_all_conversations(api: Api) -> None:
    send(api, "Deploy one")
    send(api, "other")
    send(api, "deploy two", to_contact="alice@example.com")
    query = {"search_type": "message", "search_key": "DEPLOY"}
    found = api("GET", MESSAGES, params=query).json()["messages"]
    assert [message["message"] for message in found] == ["deploy two", "Deploy one"]
    assert listed(api, **query) == ["Deploy one"]
    assert listed(api, search_type="file", search_key="deploy") == []
    assert refusal(api("GET", MESSAGES, params={**OPS, "search_key": "x"})) == (
        400,
        300,
        "Invalid parameter: search_type.",
    )


def test_deleted_messages_show_only_when_asked_for(api: Api) -> None:
    message = send(api, "gone")
    send(api, "stays")
    assert api("DELETE", f"{MESSAGES}/{message}", params=OPS).status_code == 204
    assert listed(api) == ["stays"]
    query = {**OPS, "include_deleted_and_edited_message": "true"}
    shown = api("GET", MESSAGES, params=query).json()["messages"]
    assert [(m["message"], m["status"]) for m in shown] == [("stays", "Normal"), ("", "Deleted")]


def test_children_can_be_left_out(api: Api) -> None:
    main = send(api, "main")
    send(api, "child", reply_main_message_id=main, **OPS)
    assert listed(api) == ["child", "main"]
    assert listed(api, exclude_child_message="true") == ["main"]


def test_direct_messages_are_seen_from_both_sides(api: Api) -> None:
    send(api, "to alice", to_contact="alice@example.com")
    path = "chat/users/alice@example.com/messages"
    shown = api("GET", path, params={"to_contact": seeds.SENDER}).json()["messages"]
    assert [message["message"] for message in shown] == ["to alice"]
    assert api("GET", path, params={"to_contact": "bob@example.com"}).json()["messages"] == []


def test_new_message_shows_only_after_a_while(sandbox: Sandbox, api: Api) -> None:
    sandbox.settings(visible_after=0.3)
    message = send(api, "x")
    one = f"{MESSAGES}/{message}"
    assert listed(api) == []
    assert refusal(api("GET", one, params=OPS)) == (400, 300, f"Channel does not exist: {message}")
    answer = api("PUT", one, json={"message": "y", **OPS})
    assert refusal(answer) == (400, 300, f"Message does not exist: {message}.")
    answer = api("POST", MESSAGES, json={"message": "y", "reply_main_message_id": message, **OPS})
    assert refusal(answer) == (400, 300, f"Message does not exist: {message}.")
    assert [m["message"] for m in sandbox.messages()] == ["x"]
    time.sleep(0.35)
    assert listed(api) == ["x"]
    assert api("PUT", one, json={"message": "y", **OPS}).status_code == 204


def test_edit_changes_text_and_clears_formatting(sandbox: Sandbox, api: Api) -> None:
    bold = {"start_position": 0, "end_position": 0, "format_type": "Bold", "format_attr": ""}
    message = send(api, "before", rich_text=[bold], **OPS)
    answer = api("PUT", f"{MESSAGES}/{{{message}}}", json={"message": "after \n", **OPS})
    assert (answer.status_code, answer.text) == (204, "")
    (stored,) = sandbox.messages()
    assert (stored["message"], stored["status"], stored["history"]) == ("after", "Edited", ["before"])
    assert stored["rich_text"] == []
    assert listed(api) == ["after"]


def test_only_the_sender_edits_and_deletes(sandbox: Sandbox, api: Api) -> None:
    message = sandbox.say("alice@example.com", "mine", **OPS)
    expected = (400, 200, "Only the sender of this message can make updates.")
    assert refusal(api("PUT", f"{MESSAGES}/{message}", json={"message": "x", **OPS})) == expected
    assert refusal(api("DELETE", f"{MESSAGES}/{message}", params=OPS)) == expected
    assert sandbox.messages()[0]["status"] == "Normal"


def test_deleted_message_is_gone_for_every_operation(sandbox: Sandbox, api: Api) -> None:
    message = send(api, "x")
    one = f"{MESSAGES}/{message}"
    api("DELETE", one, params=OPS)
    assert sandbox.messages()[0]["status"] == "Deleted"
    assert refusal(api("DELETE", one, params=OPS)) == (400, 300, f"Channel does not exist: {message}")
    assert refusal(api("GET", one, params=OPS)) == (400, 300, f"Channel does not exist: {message}")
    answer = api("PUT", one, json={"message": "y", **OPS})
    assert refusal(answer) == (400, 300, f"Message does not exist: {message}.")
    answer = api("GET", f"{one}/thread", params={**OPS, "from": ago(60)})
    assert refusal(answer) == (404, 4131, f"Message does not exist: {message}.")


def test_text_message_does_not_take_files_by_edit(api: Api) -> None:
    message = send(api, "x")
    answer = api("PUT", f"{MESSAGES}/{message}", json={"message": "x", "file_ids": ["any"], **OPS})
    text = "A plain text message that is sent without any files is not allowed to update with the file."
    assert refusal(answer) == (400, 300, text)


def test_cards_are_edited_by_id_or_replaced(sandbox: Sandbox, api: Api) -> None:
    message = send(api, "x", interactive_cards=[{"card_json": '{"a": 1}'}], **OPS)
    one = f"{MESSAGES}/{message}"
    card = sandbox.messages()[0]["interactive_cards"][0]
    edited = [{"card_id": card["card_id"], "card_json": '{"a": 2}'}]
    assert api("PUT", one, json={"interactive_cards": edited, **OPS}).status_code == 204
    assert sandbox.messages()[0]["interactive_cards"] == edited
    answer = api("PUT", one, json={"interactive_cards": [{"card_id": "gone"}], **OPS})
    assert refusal(answer) == (400, 5046, "Interactive Cards does not exist: `gone`.")
    answer = api("PUT", one, json={"interactive_cards": [{"card_json": "{"}], **OPS})
    assert refusal(answer) == (400, 5045, "Failed to create interactive card.")
    assert api("PUT", one, json={"interactive_cards": [], **OPS}).status_code == 204
    assert sandbox.messages()[0]["interactive_cards"] == []


NEITHER = {
    ("GET", ""): (400, 300, "Must provide either contact or channel parameter."),
    ("GET", "/x"): (400, 300, 'Must provide either "contact" or "channel" parameter.'),
    ("PUT", "/x"): (400, 300, "Must provide either contact or channel parameter."),
    ("DELETE", "/x"): (400, 300, 'You must provide the "to_contact" or the "to_channel" query parameter.'),
    ("GET", "/x/thread"): (400, 4234, "The `to_channel` cannot be blank."),
}
NOT_MEMBER = {
    ("GET", ""): (
        400,
        200,
        "Unauthorized request. You do not have permission to access this user's chat messages.",
    ),
    ("GET", "/x"): (400, 200, 'The provided "to_contact" or "to_channel" parameter is invalid.'),
    ("PUT", "/x"): (404, 4130, f"Channel does not exist: {seeds.FOREIGN}."),
    ("DELETE", "/x"): (400, 200, "The contact or the channel parameter provided is invalid."),
    ("GET", "/x/thread"): (403, 403, "Authenticated user has not permitted access to the targeted resource."),
}
UNKNOWN = {
    ("GET", ""): (404, 4130, "Channel does not exist: nowhere."),
    ("GET", "/x"): (404, 4130, "Channel does not exist: nowhere"),
    ("PUT", "/x"): (404, 4130, "Channel does not exist: nowhere."),
    ("DELETE", "/x"): (404, 4130, "Channel does not exist: nowhere"),
    ("GET", "/x/thread"): (404, 4130, "Channel does not exist: nowhere."),
}


@pytest.mark.parametrize("endpoint", NEITHER)
def test_conversation_must_be_named_known_and_ones_own(api: Api, endpoint: tuple[str, str]) -> None:
    method, path = endpoint

    def answer(fields: dict[str, str]) -> tuple[int, int, str]:
        if method == "PUT":
            return refusal(api(method, MESSAGES + path, json={"message": "x", **fields}))
        query = {**fields, **({"from": ago(60)} if path == "/x/thread" else {})}
        return refusal(api(method, MESSAGES + path, params=query))

    assert answer({}) == NEITHER[endpoint]
    assert answer({"to_channel": "nowhere"}) == UNKNOWN[endpoint]
    assert answer({"to_channel": seeds.FOREIGN}) == NOT_MEMBER[endpoint]


def test_thread_shows_main_message_and_replies(api: Api) -> None:
    main = send(api, "main")
    replies = [send(api, text, reply_main_message_id=main, **OPS) for text in ("one", "two", "three")]
    send(api, "elsewhere")
    path = f"{MESSAGES}/{main}/thread"
    body = api("GET", path, params={**OPS, "from": ago(60), "sort": "asc", "limit": 2}).json()
    assert body["total"] == 3
    assert [(m["msg_id"], m["is_reply"]) for m in body["messages"]] == [
        (f"{{{main}}}", False),
        (f"{{{replies[0]}}}", True),
        (f"{{{replies[1]}}}", True),
    ]
    query = {**OPS, "from": ago(60), "need_main_message": "false"}
    assert [m["message"] for m in api("GET", path, params=query).json()["messages"]] == ["three", "two", "one"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, (400, 4233, "The `from` cannot be blank.")),
        ({"from": ago(60), "limit": 101}, (400, 4231, "The 'limit' cannot exceed 100.")),
        ({"from": ago(60), "sort": "up"}, (400, 4232, "The `sort` can only be passed `asc` or `desc`.")),
        ({"from": "yesterday"}, (400, 300, "Invalid parameter: from.")),
    ],
)
def test_thread_refusals(api: Api, query: dict[str, t.Any], expected: tuple[int, int, str]) -> None:
    main = send(api, "main")
    assert refusal(api("GET", f"{MESSAGES}/{main}/thread", params={**OPS, **query})) == expected


def test_thread_of_a_reply_does_not_exist(api: Api) -> None:
    main = send(api, "main")
    reply = send(api, "reply", reply_main_message_id=main, **OPS)
    answer = api("GET", f"{MESSAGES}/{reply}/thread", params={**OPS, "from": ago(60)})
    assert refusal(answer) == (404, 4131, f"Message does not exist: {reply}.")


def test_entities_can_be_shown(sandbox: Sandbox, api: Api) -> None:
    send(api, 'a<b> & "c"')
    sandbox.settings(entities=True)
    assert listed(api) == ['a&lt;b&gt; &amp; "c"']
    assert sandbox.messages()[0]["message"] == 'a<b> & "c"'
