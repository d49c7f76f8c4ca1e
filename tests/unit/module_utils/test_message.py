# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""zoom_chat_message from a task's arguments to its result: sent, edited, deleted, checked only, or refused."""

from __future__ import annotations

import datetime
import hashlib
import json
import pathlib
import platform
import sys
import time
import typing as t

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.teamchat.zoom.plugins.module_utils import _markdown
from ansible_collections.teamchat.zoom.plugins.module_utils._desired import CHECK_MODE_ID
from ansible_collections.teamchat.zoom.plugins.module_utils._module import Call
from ansible_collections.teamchat.zoom.plugins.modules.zoom_chat_message import DEFINITION
from ansible_collections.teamchat.zoom.tests.sandbox import seeds
from ansible_collections.teamchat.zoom.tests.sandbox.running import Sandbox
from ansible_collections.teamchat.zoom.tests.unit.clocks import set_clock
from ansible_collections.teamchat.zoom.tests.unit.wire import Peer, Server, answering, http, serving

Arguments = dict[str, t.Any]
Result = dict[str, t.Any]
Task = t.Callable[..., Result]


@pytest.fixture
def task(sandbox: Sandbox) -> Task:
    """Run the module's code with a task's arguments; `check_mode` and `diff` as keywords."""

    def run(check_mode: bool = False, diff: bool = False, **arguments: t.Any) -> Result:
        connection = {
            "access_token": seeds.ACCESS_TOKEN,
            "api_url": sandbox.api_url,
            "oauth_url": sandbox.oauth_url,
            "files_url": sandbox.files_url,
            "user_id": "me",
            "state_dir": "",
            "timeout": 2,
        }
        validation = ArgumentSpecValidator(DEFINITION.full_argument_spec, **DEFINITION.constraints).validate(
            {**connection, **arguments}
        )
        assert validation.error_messages == []
        warnings: list[str] = []
        result = DEFINITION.outcome(Call(validation.validated_parameters, check_mode, diff, warnings.append))
        assert warnings == []
        return result

    return run


def test_a_sent_message_returns_its_id_its_texts_and_a_fact(task: Task, sandbox: Sandbox) -> None:
    result = task(msg="Hello", to_channel=seeds.OPS)
    (arrived,) = sandbox.messages()
    (request,) = sandbox.requests()
    assert result["changed"] is True
    assert result["operation"] == "sent"
    assert (result["id"], result["ids"]) == (arrived["id"], [arrived["id"]])
    assert result["message"] == {"message": "Hello", "to_channel": seeds.OPS}
    assert (result["attempts"], result["tracking_id"]) == (1, request["tracking_id"])
    assert result["ansible_facts"] == {
        "zoom_chat_message": {
            "id": arrived["id"],
            "ids": [arrived["id"]],
            "user_id": "me",
            "to_channel": seeds.OPS,
        }
    }
    assert "diff" not in result
    assert "request" not in result


def test_a_reply_goes_into_the_thread(task: Task, sandbox: Sandbox) -> None:
    main = task(msg="Main", to_contact="alice@example.com")["id"]
    task(msg="Reply", to_contact="alice@example.com", reply_main_message_id=main)
    assert [message["reply_main_message_id"] for message in sandbox.messages()] == [None, main]


def test_diff_shows_the_text_that_was_not_there(task: Task) -> None:
    (diff,) = [task(msg="One\ntwo", to_channel=seeds.OPS, diff=True)["diff"]]
    assert (diff["before"], diff["after"]) == ("", "One\ntwo\n")


AT_ITEMS = [{"start_position": 0, "end_position": 5, "at_type": 1, "at_contact": "alice@example.com"}]


@pytest.mark.parametrize(
    ("body_format", "at_items"),
    [
        (
            "multipart",
            '[{"at_type": 1, "start_position": 0, "end_position": 5, "at_contact": "alice@example.com"}]',
        ),
        ("json", AT_ITEMS),
    ],
)
def test_check_mode_returns_the_whole_request_and_sends_nothing(
    task: Task, sandbox: Sandbox, body_format: str, at_items: t.Any
) -> None:
    result = task(check_mode=True, msg="@Alice hello", to_channel=seeds.OPS, at_items=AT_ITEMS, body_format=body_format)
    assert sandbox.requests() == []
    assert result["changed"] is True
    assert result["id"] == CHECK_MODE_ID == "00000000-0000-0000-0000-000000000000"
    assert (result["attempts"], result["tracking_id"]) == (0, None)
    request = result["request"]
    assert (request["method"], request["url"]) == ("POST", f"{sandbox.api_url}/chat/users/me/messages")
    assert request["body_format"] == body_format
    fields = dict(request["fields"])
    found = fields.pop("at_items")
    assert fields == {"message": "@Alice hello", "to_channel": seeds.OPS}
    if body_format == "json":
        assert found == at_items
    else:
        assert sorted(found.strip("[{}]").split(", ")) == sorted(at_items.strip("[{}]").split(", "))
    assert result["ansible_facts"]["zoom_chat_message"]["id"] == CHECK_MODE_ID
    assert seeds.ACCESS_TOKEN not in repr(result)


def test_check_mode_knows_of_a_server_that_refuses_multipart(task: Task, sandbox: Sandbox, state_dir: str) -> None:
    sandbox.settings(multipart="415")
    wanted = {"msg": "@Alice hello", "to_channel": seeds.OPS, "at_items": AT_ITEMS, "state_dir": state_dir}
    formats = []
    for _index in range(2):
        request = task(check_mode=True, **wanted)["request"]
        formats.append((request["body_format"], type(request["fields"]["at_items"])))
        task(**wanted)
    assert formats == [("multipart", str), ("json", list)]
    kinds = [request["content_type"].split(";")[0] for request in sandbox.requests("send")]
    assert kinds == ["multipart/form-data", "application/json", "application/json"]


def test_what_builds_on_check_modes_id_can_be_checked_but_not_sent(task: Task, sandbox: Sandbox) -> None:
    reply = {"msg": "Reply", "to_channel": seeds.OPS, "reply_main_message_id": CHECK_MODE_ID}
    assert task(check_mode=True, **reply)["request"]["fields"]["reply_main_message_id"] == CHECK_MODE_ID
    result = task(**reply)
    assert result["failed"] is True
    assert result["msg"] == (
        "reply_main_message_id is the placeholder that check mode returns; give the id of a message that was sent."
    )
    assert sandbox.requests() == []


@pytest.mark.parametrize("check_mode", [False, True])
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"msg": ""}, "msg is empty; it must have at least one character that is not white space."),
        ({"msg": " \n\t"}, "msg is empty; it must have at least one character that is not white space."),
        (
            {"msg": "abc\udcff"},
            "msg has a character at position 3 that is no Unicode text; it may come from a file or command whose"
            " output is not UTF-8.",
        ),
        (
            {"interactive_cards": [{"a": "\udcff"}]},
            "interactive_cards[0] has a character at position 7 that is no Unicode text; it may come from a file or"
            " command whose output is not UTF-8.",
        ),
        (
            {"msg": "@Al", "mentions": [{"text": "@Al", "contact": "\udcff"}]},
            "mentions[0].contact has a character at position 0 that is no Unicode text; it may come from a file or"
            " command whose output is not UTF-8.",
        ),
        (
            {"at_items": [{"at_type": 1, "at_contact": "a\udcff", "start_position": 0, "end_position": 0}]},
            "at_items[0].at_contact has a character at position 1 that is no Unicode text; it may come from a file or"
            " command whose output is not UTF-8.",
        ),
        ({"to_channel": ""}, "to_channel is empty; leave it out, or give an id."),
        (
            {"to_channel": f" {seeds.OPS}"},
            f"to_channel is ' {seeds.OPS}'; it must be an id or address without white space around it.",
        ),
        (
            {"to_channel": f"{seeds.OPS}\n"},
            f"to_channel is '{seeds.OPS}\\n'; it must be an id or address without white space around it.",
        ),
        (
            {"to_channel": None, "to_contact": "a\0b"},
            "to_contact is 'a\\x00b'; it must be an id or address without white space around it.",
        ),
        (
            {"reply_main_message_id": "abc "},
            "reply_main_message_id is 'abc '; it must be an id or address without white space around it.",
        ),
        ({"user_id": " "}, "user_id is empty; it must be a Zoom user id, an e-mail address, or 'me'."),
        ({"timeout": 0}, "timeout must be a number of seconds greater than 0, not 0."),
        (
            {"api_url": "http://api.zoom.us/v2"},
            "api_url is 'http://api.zoom.us/v2', but plain http is allowed to this machine only (localhost,"
            " 127.0.0.0/8, ::1); use https.",
        ),
    ],
)
def test_what_is_wrong_is_refused_before_anything_is_sent(
    task: Task, sandbox: Sandbox, check_mode: bool, arguments: Arguments, sentence: str
) -> None:
    given = {"msg": "Hello", "to_channel": seeds.OPS, **arguments}
    result = task(check_mode=check_mode, **{name: value for name, value in given.items() if value is not None})
    assert result == {
        "failed": True,
        "changed": False,
        "msg": sentence,
        "ids": [],
        "failure": {
            "reason": "invalid",
            "status": None,
            "code": None,
            "message": None,
            "errors": [],
            "tracking_id": None,
            "retry_after": None,
            "hint": None,
        },
    }
    assert sandbox.requests() == []


def test_texts_and_ids_arrive_unaltered(task: Task, sandbox: Sandbox) -> None:
    jid = f"{seeds.OPS}@conference.xmpp.zoom.us"
    text = "  leading, \ttab, 🚀 \"quoted\" 'text' & <tag>\r\nline"
    assert task(msg=text, to_channel=jid)["message"] == {"message": text, "to_channel": jid}
    assert sandbox.messages()[0]["message"] == text


def test_a_failure_of_zooms_is_a_sentence_and_its_details(task: Task) -> None:
    result = task(msg="Hello", to_channel="nowhere")
    assert result["failed"] is True
    assert result["changed"] is False
    assert result["msg"] == "Sending the message failed: Channel does not exist: nowhere (HTTP 404, code 4130)."
    assert (result["failure"]["reason"], result["failure"]["code"]) == ("not_found", 4130)


def test_a_token_in_the_text_is_masked_in_the_result_only(task: Task, sandbox: Sandbox) -> None:
    result = task(msg=f"my token is {seeds.ACCESS_TOKEN}", to_channel=seeds.OPS, diff=True)
    assert seeds.ACCESS_TOKEN not in repr(result)
    assert result["message"]["message"] == "my token is ********"
    assert sandbox.messages()[0]["message"] == f"my token is {seeds.ACCESS_TOKEN}"


# Edit and delete


@pytest.fixture
def notice(task: Task) -> str:
    return str(task(msg="Half", to_channel=seeds.OPS)["id"])


def written(sandbox: Sandbox) -> list[str]:
    """The operations that changed something, or tried."""
    return [request["operation"] for request in sandbox.requests() if request["method"] != "GET"]


@pytest.mark.parametrize("entities", [False, True])
@pytest.mark.parametrize("text", ['<b> & "x"\ny', '<b> & "x" \r\ny\t\n\n', "&lt;b&gt; &amp; &quot;x&quot;\ny"])
def test_an_edit_compares_what_zoom_keeps_of_a_text(task: Task, sandbox: Sandbox, text: str, entities: bool) -> None:
    sandbox.settings(entities=entities)
    sent = task(msg='<b> & "x"\ny', to_channel=seeds.OPS)["id"]
    result = task(msg=text, to_channel=seeds.OPS, message_id=sent, diff=True)
    assert (result["changed"], result["operation"], result["id"]) == (False, "unchanged", sent)
    assert result["diff"]["before"] == result["diff"]["after"]
    assert written(sandbox) == ["send"]


def test_an_edit_of_ones_own_changes_once(task: Task, sandbox: Sandbox, notice: str) -> None:
    first, second = [task(msg="All", to_channel=seeds.OPS, message_id=notice) for _index in range(2)]
    assert [first["changed"], second["changed"]] == [True, False]
    assert [first["attempts"], second["attempts"]] == [1, 0]
    assert [message["message"] for message in sandbox.messages()] == ["All"]
    assert written(sandbox) == ["send", "edit"]


@pytest.mark.parametrize("check_mode", [True, False])
@pytest.mark.parametrize("diff", [True, False])
def test_what_another_wrote_is_neither_edited_nor_deleted(
    task: Task, sandbox: Sandbox, check_mode: bool, diff: bool
) -> None:
    theirs = sandbox.say("alice@example.com", "Mine", to_channel=seeds.OPS)
    where = {"to_channel": seeds.OPS, "message_id": theirs, "user_id": seeds.SENDER, "check_mode": check_mode}
    edited = task(msg="Yours", diff=diff, **where)
    assert edited["msg"] == (
        "Editing the message failed: it was sent by alice@example.com, and Zoom lets only its sender change a message."
    )
    assert edited["failure"]["reason"] == "permission"
    deleted = task(state="absent", diff=diff, **where)
    assert deleted["failed"] is True
    assert deleted["failure"]["reason"] == "permission"
    assert "edit" not in written(sandbox)
    assert [message["status"] for message in sandbox.messages()] == ["Normal"]


def test_what_another_wrote_is_left_alone_when_it_says_what_is_wanted(task: Task, sandbox: Sandbox) -> None:
    theirs = sandbox.say("alice@example.com", "Same", to_channel=seeds.OPS)
    result = task(msg="Same", to_channel=seeds.OPS, message_id=theirs, user_id=seeds.SENDER)
    assert (result["changed"], result["operation"]) == (False, "unchanged")


def test_with_me_zoom_says_whose_message_it_is(task: Task, sandbox: Sandbox) -> None:
    theirs = sandbox.say("alice@example.com", "Mine", to_channel=seeds.OPS)
    result = task(msg="Yours", to_channel=seeds.OPS, message_id=theirs)
    assert result["msg"] == (
        "Editing the message failed: Only the sender of this message can make updates (HTTP 400, code 200)."
    )


def test_files_of_an_edit_are_taken_back_when_one_cannot_be_uploaded(task: Task, sandbox: Sandbox) -> None:
    sent = task(msg="Logs", to_channel=seeds.OPS, files=[{"name": "a", "content": "a"}])["id"]
    sandbox.fault("error:400:300:Maximum file size exceeded.", "upload", after=1)
    files = [{"name": "b", "content": "bb"}, {"name": "c", "content": "cc"}]
    result = task(msg="Logs", to_channel=seeds.OPS, message_id=sent, files=files)
    assert result["msg"] == "Uploading the file 'c' failed: Maximum file size exceeded (HTTP 400, code 300)."
    assert [(upload["name"], upload["deleted"]) for upload in sandbox.account()["uploads"]] == [
        ("a", False),
        ("b", True),
    ]
    assert "edit" not in written(sandbox)


@pytest.mark.parametrize("later", [None, "error:400:300:The file does not exist."])
def test_files_of_an_edit_stay_when_it_may_have_been_done(task: Task, sandbox: Sandbox, later: str | None) -> None:
    sent = task(msg="Logs", to_channel=seeds.OPS, files=[{"name": "a", "content": "a"}])["id"]
    sandbox.fault("reset", "edit", moment="after")
    if later:
        sandbox.fault(later, "edit")
    files = [{"name": "b", "content": "bb"}]
    result = task(msg="Logs", to_channel=seeds.OPS, message_id=sent, files=files, max_wait=2 if later else 0)
    assert (result["failed"], result["failure"]["reason"]) == (True, "invalid" if later else "network")
    assert [file["name"] for file in sandbox.messages()[0]["files"]] == ["b"]
    assert [(upload["name"], upload["deleted"]) for upload in sandbox.account()["uploads"]] == [
        ("a", False),
        ("b", False),
    ]


def test_the_files_of_a_message_can_be_taken_away(task: Task, sandbox: Sandbox) -> None:
    sent = task(msg="Logs", to_channel=seeds.OPS, files=[{"name": "a", "content": "a"}])["id"]
    results = [task(msg="Logs", to_channel=seeds.OPS, message_id=sent, files=[]) for _index in range(2)]
    assert [result["operation"] for result in results] == ["edited", "unchanged"]
    assert sandbox.messages()[0]["files"] == []
    assert sandbox.messages()[0]["message"] == "Logs"


def test_cards_of_an_edit_are_compared_by_value(task: Task, sandbox: Sandbox) -> None:
    sent = task(msg="Card", to_channel=seeds.OPS, interactive_cards=[{"a": 1, "b": 2}])["id"]
    operations = [
        task(msg="Card", to_channel=seeds.OPS, message_id=sent, interactive_cards=cards)["operation"]
        for cards in (['{"b":2,"a":1}'], [{"a": 2}], [{"a": 2}])
    ]
    assert operations == ["unchanged", "edited", "unchanged"]
    assert written(sandbox) == ["send", "edit"]


@pytest.mark.parametrize("card_json", ["no JSON", None, 7])
def test_a_card_that_zoom_does_not_show_is_replaced(card_json: t.Any) -> None:
    """Also one whose JSON cannot be read equals none."""
    standing = {"id": "A", "message": "Card", "interactive_cards": [{"card_id": "1", "card_json": card_json}]}
    with serving(answering(http(200, standing), http(204))) as server:
        arguments = {
            "api_url": server.url,
            "access_token": seeds.ACCESS_TOKEN,
            "user_id": "me",
            "state_dir": "",
            "msg": "Card",
            "to_channel": seeds.OPS,
            "message_id": "A",
            "interactive_cards": [{"a": 1}],
        }
        validation = ArgumentSpecValidator(DEFINITION.full_argument_spec).validate(arguments)
        result = DEFINITION.outcome(Call(validation.validated_parameters, False, False, pytest.fail))
    assert result["operation"] == "edited"
    assert json.loads(server.received[1].body)["interactive_cards"] == [{"card_json": '{"a": 1}'}]


def test_a_message_is_deleted_once(task: Task, sandbox: Sandbox, notice: str) -> None:
    where = {"to_channel": seeds.OPS, "message_id": notice, "state": "absent"}
    checked = task(check_mode=True, **where)
    assert (checked["changed"], checked["operation"]) == (True, "deleted")
    assert checked["request"] == {
        "method": "DELETE",
        "url": f"{sandbox.api_url}/chat/users/me/messages/{notice}",
        "body_format": None,
        "fields": {"to_channel": seeds.OPS},
    }
    assert written(sandbox) == ["send"]
    results = [task(**where) for _index in range(2)]
    assert [(result["changed"], result["operation"]) for result in results] == [(True, "deleted"), (False, "unchanged")]
    assert task(check_mode=True, **where)["changed"] is False
    assert [message["status"] for message in sandbox.messages()] == ["Deleted"]


def test_an_edit_and_a_deletion_of_what_check_mode_would_have_sent_can_be_checked(task: Task, sandbox: Sandbox) -> None:
    where = {"to_channel": seeds.OPS, "message_id": CHECK_MODE_ID, "check_mode": True, "diff": True}
    edited = task(msg="All", **where)
    assert (edited["operation"], edited["request"]["method"]) == ("edited", "PUT")
    assert (edited["diff"]["before"], edited["diff"]["after"]) == ("", "All\n")
    with_file = task(msg="All", files=[{"name": "a", "content": "aa"}], **where)
    assert with_file["request"]["fields"]["file_ids"] == [CHECK_MODE_ID]
    assert with_file["diff"]["after"] == "All\n[file] a (2 bytes)\n"
    deleted = task(state="absent", **where)
    assert (deleted["operation"], deleted["request"]["method"]) == ("deleted", "DELETE")
    assert (deleted["diff"]["before"], deleted["diff"]["after"]) == ("", "")
    assert sandbox.requests() == []


@pytest.mark.parametrize("check_mode", [False, True])
def test_the_diff_of_a_deletion_shows_what_goes(task: Task, check_mode: bool) -> None:
    sent = task(msg="Logs", to_channel=seeds.OPS, files=[{"name": "a", "content": "aa"}])["id"]
    where = {"to_channel": seeds.OPS, "message_id": sent, "state": "absent", "diff": True}
    diff = task(check_mode=check_mode, **where)["diff"]
    assert (diff["before"], diff["after"]) == ("Logs\n[file] a (2 bytes)\n", "")
    task(**where)
    gone = task(check_mode=check_mode, **where)
    assert (gone["changed"], gone["diff"]["before"], gone["diff"]["after"]) == (False, "", "")


@pytest.mark.parametrize("check_mode", [False, True])
def test_a_deletion_in_a_channel_that_does_not_exist_is_an_error(task: Task, check_mode: bool) -> None:
    message_id = "00112233-4455-6677-8899-AABBCCDDEEFF"
    result = task(state="absent", message_id=message_id, to_channel="nowhere", check_mode=check_mode)
    doing = "Reading" if check_mode else "Deleting"
    assert result["msg"] == f"{doing} the message failed: Channel does not exist: nowhere (HTTP 404, code 4130)."
    assert result["changed"] is False


def test_a_deletion_whose_answer_is_lost_is_a_deletion(task: Task, sandbox: Sandbox) -> None:
    notice = sandbox.say(seeds.SENDER, "Half", to_channel=seeds.OPS)
    sandbox.fault("reset", "delete", moment="after")
    result = task(to_channel=seeds.OPS, message_id=notice, state="absent")
    assert (result["changed"], result["operation"], result["attempts"]) == (True, "deleted", 2)


# unique_within


def test_the_same_message_is_found_on_a_later_page(task: Task, sandbox: Sandbox) -> None:
    first = sandbox.say(seeds.SENDER, "db01 is full", to_channel=seeds.OPS, age=500)
    for number in range(120):
        sandbox.say("alice@example.com", f"noise {number}", to_channel=seeds.OPS, age=400 - number)
    result = task(msg="db01 is full", to_channel=seeds.OPS, unique_within=600, user_id=seeds.SENDER)
    assert (result["changed"], result["operation"], result["id"]) == (False, "unchanged", first)
    assert len(sandbox.requests("list")) == 3
    assert written(sandbox) == []


@pytest.mark.parametrize(("skew", "lists"), [(-4000, 2), (-300, 2), (-20, 1), (20, 1), (300, 2), (4000, 2)])
def test_a_wrong_clock_does_not_hide_the_same_message(
    task: Task, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, state_dir: str, skew: int, lists: int
) -> None:
    standing = sandbox.say(seeds.SENDER, "db01 is full", to_channel=seeds.OPS)
    set_clock(monkeypatch, skew)
    # Its state folder makes the task one of a new process, which has heard nothing of Zoom's clock.
    wanted = {"to_channel": seeds.OPS, "unique_within": 3600, "user_id": seeds.SENDER, "state_dir": state_dir}
    result = task(msg="db01 is full", **wanted)
    assert (result["operation"], result["id"]) == ("unchanged", standing)
    assert len(sandbox.requests("list")) == lists
    # By now the process knows.
    task(msg="db01 is full", **wanted)
    assert len(sandbox.requests("list")) == lists + 1


@pytest.mark.parametrize(
    ("standing", "arguments"),
    [
        ({"sender": "alice@example.com"}, {}),
        ({"age": 700}, {}),
        ({"message": "db01 is full!"}, {}),
        ({"to_channel": seeds.DEPLOYMENTS}, {}),
        ({}, {"files": [{"name": "a", "content": "a"}]}),
        ({}, {"interactive_cards": [{"content": {"body": []}}]}),
    ],
)
def test_what_differs_is_another_message(
    task: Task, sandbox: Sandbox, standing: Arguments, arguments: Arguments
) -> None:
    sandbox.say(**{"sender": seeds.SENDER, "message": "db01 is full", "to_channel": seeds.OPS, **standing})
    wanted = {"msg": "db01 is full", "to_channel": seeds.OPS, "unique_within": 600, "user_id": seeds.SENDER}
    result = task(**wanted, **arguments)
    assert (result["changed"], result["operation"]) == (True, "sent")
    assert task(**wanted, **arguments)["id"] == result["id"]
    assert len(sandbox.messages()) == 2


def test_another_card_is_another_message(task: Task) -> None:
    wanted = {"msg": "Backup status", "to_channel": seeds.OPS, "unique_within": 600}
    results = [task(**wanted, interactive_cards=[{"head": state}]) for state in ("ok", "failed", "ok")]
    assert [result["operation"] for result in results] == ["sent", "sent", "unchanged"]
    assert results[2]["id"] == results[0]["id"]
    assert task(**wanted)["operation"] == "sent"


def test_a_reply_is_unique_in_its_thread_only(task: Task, sandbox: Sandbox, notice: str) -> None:
    wanted = {"msg": "Half", "to_channel": seeds.OPS, "unique_within": 600}
    assert task(**wanted)["id"] == notice
    replies = [task(**wanted, reply_main_message_id=notice) for _index in range(2)]
    assert [reply["changed"] for reply in replies] == [True, False]
    assert len(sandbox.messages()) == 2


def test_a_text_of_equal_parts_needs_as_many_messages(task: Task, sandbox: Sandbox) -> None:
    text = "\n".join(["the same words"] * 3)
    results = [task(msg=text, to_channel=seeds.OPS, max_length=16, unique_within=600) for _index in range(2)]
    assert [result["changed"] for result in results] == [True, False]
    assert results[0]["ids"] == results[1]["ids"] == [message["id"] for message in sandbox.messages()]
    assert len(set(results[0]["ids"])) == 3


def test_files_without_a_text_are_unique_in_their_thread(task: Task, sandbox: Sandbox, notice: str) -> None:
    where = {"to_channel": seeds.OPS, "reply_main_message_id": notice, "unique_within": 600, "diff": True}
    first, second = [task(files=TWO, **where) for _index in range(2)]
    assert [first["changed"], second["changed"]] == [True, False]
    _main, *replies = sandbox.messages()
    assert [reply["reply_main_message_id"] for reply in replies] == [notice, notice]
    assert first["ids"] == second["ids"] == [reply["id"] for reply in replies]
    digests = [hashlib.sha256(text).hexdigest() for text in (b"a", b"b")]
    lines = f"[file] a.txt (1 bytes, sha256 {digests[0]})\n[file] b.txt (1 bytes, sha256 {digests[1]})\n"
    assert [(result["diff"]["before"], result["diff"]["after"]) for result in (first, second)] == [
        ("", lines),
        (lines, lines),
    ]
    # In another place they are other messages.
    assert task(files=TWO, to_channel=seeds.OPS, unique_within=600)["changed"] is True


def test_what_is_scheduled_is_unique_too(task: Task, sandbox: Sandbox) -> None:
    soon = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)
    wanted = {"msg": "Later", "to_channel": seeds.OPS, "unique_within": 600}
    results = [
        task(**wanted, scheduled_time=(soon + datetime.timedelta(minutes=minutes)).isoformat(timespec="seconds"))
        for minutes in (0, 0, 1)
    ]
    assert [result["operation"] for result in results] == ["scheduled", "unchanged", "scheduled"]
    assert results[1]["id"] == results[0]["id"]
    assert len(sandbox.account()["scheduled"]) == 2


def test_what_is_scheduled_for_another_thread_or_with_other_files_is_another_message(
    task: Task, sandbox: Sandbox, notice: str
) -> None:
    soon = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)
    wanted = {"msg": "Later", "to_channel": seeds.OPS, "unique_within": 600, "scheduled_time": soon.isoformat()}
    others: list[Arguments] = [{}, {"reply_main_message_id": notice}, {"files": TWO}]
    results = [task(**wanted, **other) for other in others * 2]
    assert [result["operation"] for result in results] == ["scheduled"] * 3 + ["unchanged"] * 3
    assert [result["id"] for result in results[3:]] == [result["id"] for result in results[:3]]
    assert len(sandbox.account()["scheduled"]) == 3


# Long texts

LINES = ["The first line of all three", "and a second line of them", "🚀 and a third"]
LONG = {"msg": "\n".join(LINES), "to_channel": seeds.OPS, "max_length": 30}


@pytest.mark.parametrize("fault", ["429-qps", "reset"])
def test_parts_stay_in_order_when_one_is_sent_again(task: Task, sandbox: Sandbox, fault: str) -> None:
    sandbox.fault(fault, "reply", moment="before")
    result = task(**LONG)
    assert [message["message"] for message in sandbox.messages()] == LINES
    assert result["ids"] == [message["id"] for message in sandbox.messages()]
    assert [message["reply_main_message_id"] for message in sandbox.messages()] == [None, result["id"], result["id"]]
    assert result["attempts"] == 4


def test_a_failure_in_the_middle_names_what_went_out_and_is_completed(task: Task, sandbox: Sandbox) -> None:
    sandbox.fault("error:400:5301:Message sending failed.", "reply")
    failed = task(**LONG, unique_within=600)
    (first,) = sandbox.messages()
    assert failed["msg"] == (
        "Sending the message failed: Message sending failed (HTTP 400, code 5301)."
        f" Sent before that: 1 of 3 messages ({first['id']})."
    )
    assert (failed["changed"], failed["ids"]) == (True, [first["id"]])
    # What it only found there it has not sent.
    sandbox.fault("error:400:5301:Message sending failed.", "reply")
    again = task(**LONG, unique_within=600)
    assert again["msg"] == "Sending the message failed: Message sending failed (HTTP 400, code 5301)."
    assert (again["changed"], again["ids"]) == (False, [])
    completed = task(**LONG, unique_within=600)
    assert (completed["changed"], completed["attempts"]) == (True, 2)
    assert completed["ids"] == [message["id"] for message in sandbox.messages()]
    assert [message["message"] for message in sandbox.messages()] == LINES
    assert task(**LONG, unique_within=600)["operation"] == "unchanged"


def test_formatting_and_mentions_go_with_their_part(task: Task, sandbox: Sandbox) -> None:
    result = task(
        msg="The first line of **all three**\n\n@Alice **and** the rest",
        to_channel=seeds.OPS,
        max_length=30,
        markup="markdown",
        mentions=[{"text": "@Alice", "contact": "alice@example.com"}],
    )
    texts, ranges = [], []
    for message in sandbox.messages():
        texts.append(message["message"])
        ranges.append([message["message"][r["start_position"] : r["end_position"] + 1] for r in message["rich_text"]])
    assert texts == ["The first line of all three", "@Alice and the rest"]
    assert ranges == [["all three"], ["and"]]
    assert "at_items" not in result["messages"][0]
    assert [(item["start_position"], item["end_position"]) for item in result["messages"][1]["at_items"]] == [(0, 5)]


# Files


def test_a_file_is_sent_byte_for_byte_and_measured(task: Task, sandbox: Sandbox, tmp_path: pathlib.Path) -> None:
    content = bytes(range(256)) * 300 + b"\r\n--boundary--\r\n"
    path = tmp_path / 'it\'s "odd" 🚀.bin'
    path.write_bytes(content)
    result = task(msg="See", to_channel=seeds.OPS, files=[str(path)])
    digest = hashlib.sha256(content).hexdigest()
    assert result["files"] == [{"name": path.name, "size": len(content), "sha256": digest}]
    (upload,) = sandbox.account()["uploads"]
    assert (upload["name"], upload["size"], upload["sha256"]) == (path.name, len(content), digest)
    assert [request["query"] for request in sandbox.requests("upload")] == [{"postToPersonalChat": "false"}]
    assert [file["sha256"] for file in sandbox.messages()[0]["files"]] == [digest]


TWO = [{"name": "a.txt", "content": "a"}, {"name": "b.txt", "content": "b"}]


@pytest.mark.parametrize(
    ("operation", "after", "uploads"), [("upload", 0, []), ("upload", 1, ["a.txt"]), ("send", 0, ["a.txt", "b.txt"])]
)
def test_uploads_are_taken_back_when_the_message_does_not_go_out(
    task: Task, sandbox: Sandbox, operation: str, after: int, uploads: list[str]
) -> None:
    sandbox.fault("error:400:5403:Account settings do not allow files to be sent.", operation, after=after)
    result = task(msg="Two files", to_channel=seeds.OPS, files=TWO)
    assert (result["failed"], result["changed"], result["ids"]) == (True, False, [])
    assert sandbox.messages() == []
    found = sandbox.account()["uploads"]
    assert [upload["name"] for upload in found] == uploads
    assert all(upload["deleted"] for upload in found)


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("text", ["Two files", None])
def test_lost_answers_leave_each_file_there_once(task: Task, sandbox: Sandbox, moment: str, text: str | None) -> None:
    sandbox.fault("reset", "send" if text else "send_file", moment=moment)
    result = task(to_channel=seeds.OPS, files=TWO, **({"msg": text} if text else {}))
    assert result["ids"] == [message["id"] for message in sandbox.messages()]
    names = [[file["name"] for file in message["files"]] for message in sandbox.messages()]
    assert names == ([["a.txt", "b.txt"]] if text else [["a.txt"], ["b.txt"]])


def test_uploads_stay_when_it_is_not_known_whether_the_message_went_out(task: Task, sandbox: Sandbox) -> None:
    sandbox.fault("reset", "send", moment="after")
    sandbox.fault("error:403:200:No permission.", "list")
    result = task(msg="Two files", to_channel=seeds.OPS, files=TWO)
    assert result["failure"]["reason"] == "unconfirmed"
    assert [upload["deleted"] for upload in sandbox.account()["uploads"]] == [False, False]


def test_check_mode_uploads_nothing_and_names_the_files(task: Task, sandbox: Sandbox) -> None:
    result = task(msg="Two", to_channel=seeds.OPS, files=TWO, check_mode=True, diff=True)
    assert sandbox.requests() == []
    assert result["request"]["fields"]["file_ids"] == [CHECK_MODE_ID, CHECK_MODE_ID]
    assert [(file["name"], file["size"]) for file in result["files"]] == [("a.txt", 1), ("b.txt", 1)]
    digests = [hashlib.sha256(text).hexdigest() for text in (b"a", b"b")]
    assert result["diff"]["after"] == (
        f"Two\n[file] a.txt (1 bytes, sha256 {digests[0]})\n[file] b.txt (1 bytes, sha256 {digests[1]})\n"
    )


# What an edit cannot do


@pytest.mark.parametrize("check_mode", [False, True])
@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (
            {"msg": "*x*", "markup": "markdown"},
            "markup=markdown does not go with message_id: Zoom cannot change the formatting of a message. Use"
            " markup=plain, or send a new message.",
        ),
        (
            {"msg": "@all", "mentions": [{"text": "@all"}]},
            "mentions does not go with message_id: Zoom cannot change the mentions of a message. Send a new message"
            " instead.",
        ),
        ({"files": []}, "msg must be given to edit a message; to delete it, set state=absent."),
        (
            {"msg": "word " * 300},
            "msg has 1500 characters, but max_length is 1024, and an edited message cannot be split; shorten it, or set"
            " long_message=truncate.",
        ),
    ],
    ids=["markup", "mentions", "no text", "too long"],
)
def test_an_edit_that_zoom_cannot_do_is_refused_before_anything_is_sent(
    task: Task, sandbox: Sandbox, options: Arguments, sentence: str, check_mode: bool
) -> None:
    sent = task(msg="Before", to_channel=seeds.OPS)
    asked = len(sandbox.requests())
    result = task(check_mode=check_mode, message_id=sent["id"], to_channel=seeds.OPS, **options)
    assert (result["failed"], result["changed"], result["msg"]) == (True, False, sentence)
    assert result["failure"]["reason"] == "invalid"
    assert len(sandbox.requests()) == asked


@pytest.mark.parametrize("check_mode", [False, True])
def test_a_message_with_a_file_and_no_text_cannot_be_edited(task: Task, sandbox: Sandbox, check_mode: bool) -> None:
    sent = task(files=[{"name": "a.log", "content": "aaa"}], to_channel=seeds.OPS)
    result = task(check_mode=check_mode, message_id=sent["id"], msg="Text", to_channel=seeds.OPS)
    assert result["msg"] == "message_id names a message that has a file and no text; Zoom cannot edit it."
    assert result["failure"]["hint"] == "Delete it with state=absent and send a new one."
    assert sandbox.messages()[0]["message"] == ""


@pytest.mark.parametrize("check_mode", [False, True])
def test_files_cannot_be_added_to_a_message_without(task: Task, sandbox: Sandbox, check_mode: bool) -> None:
    sent = task(msg="Plain", to_channel=seeds.OPS)
    file = {"name": "a.log", "content": "aaa"}
    result = task(check_mode=check_mode, message_id=sent["id"], msg="Plain", files=[file], to_channel=seeds.OPS)
    assert result["msg"] == (
        "files cannot be added to this message: Zoom does not allow that for one that was sent without."
    )
    assert sandbox.requests("upload") == []


def test_mentions_and_markdown_do_not_mix_with_positions(task: Task) -> None:
    items = [{"start_position": 0, "end_position": 3, "at_type": 2}]
    result = task(msg="@all", markup="markdown", at_items=items, to_channel=seeds.OPS)
    assert result["msg"] == "at_items does not go with markup=markdown, which moves positions; use mentions."


def test_markdown_without_its_library_is_refused_with_what_to_install(
    task: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "markdown_it", None)
    _markdown.parser.cache_clear()
    result = task(msg="*x*", markup="markdown", to_channel=seeds.OPS)
    assert result["msg"] == (
        "markup=markdown needs the Python library markdown-it-py, which is missing on"
        f" {platform.node()} ({sys.executable})."
    )
    assert result["failure"]["hint"] == f"Install it there: {sys.executable} -m pip install markdown-it-py"
    assert task(msg="x", to_channel=seeds.OPS)["changed"] is True


def test_markdown_that_renders_to_nothing_is_refused(task: Task) -> None:
    result = task(msg="```\n```", markup="markdown", to_channel=seeds.OPS)
    assert result["msg"] == ("msg has no text once its markdown is rendered; it must have at least one character.")


def warning_call(options: dict[str, t.Any], warnings: list[str]) -> Call:
    """A task with these arguments that may warn."""
    params = ArgumentSpecValidator(DEFINITION.full_argument_spec).validate(options).validated_parameters
    return Call(params, False, False, warnings.append)


def test_an_upload_that_cannot_be_taken_back_is_a_warning(sandbox: Sandbox) -> None:
    sandbox.fault("error:400:5301:Message sending failed.", "send")
    sandbox.fault("401", "delete_file")
    options = {
        "access_token": seeds.ACCESS_TOKEN,
        "api_url": sandbox.api_url,
        "files_url": sandbox.files_url,
        "state_dir": "",
        "msg": "With a file",
        "to_channel": seeds.OPS,
        "files": [{"name": "a.log", "content": "aaa"}],
    }
    warnings: list[str] = []
    result = DEFINITION.outcome(warning_call(options, warnings))
    assert result["failure"]["code"] == 5301
    (warning,) = warnings
    assert warning.startswith("The uploaded file ")
    assert " was not taken back: " in warning


def test_uploads_that_cannot_be_taken_back_take_no_time_each(sandbox: Sandbox) -> None:
    sandbox.fault("hang", "upload", after=2, times=None)
    sandbox.fault("hang", "delete_file", times=None)
    options = {
        "access_token": seeds.ACCESS_TOKEN,
        "api_url": sandbox.api_url,
        "files_url": sandbox.files_url,
        "state_dir": "",
        "timeout": 2,
        "max_wait": 3,
        "msg": "With files",
        "to_channel": seeds.OPS,
        "files": [*TWO, {"name": "c.txt", "content": "c"}],
    }
    warnings: list[str] = []
    started = time.monotonic()
    result = DEFINITION.outcome(warning_call(options, warnings))
    assert time.monotonic() - started < 3 + 2 + 0.5
    assert " did not arrive in time. Given up after " in result["msg"]
    (warning,) = warnings
    ids = [upload["id"] for upload in sandbox.account()["uploads"]]
    assert len(ids) == 2
    assert warning.startswith(f"The uploaded files {ids[0]}, {ids[1]} were not taken back: The answer of 127.0.0.1:")
    assert len(sandbox.requests("delete_file")) == 1


def test_a_warning_that_quotes_an_answer_shows_no_token(monkeypatch: pytest.MonkeyPatch) -> None:
    """A gateway that echoes the request; the token comes from the environment, where Ansible does not see it."""

    def handle(_server: Server, peer: Peer) -> None:
        while (request := peer.read()) is not None:
            if request.method == "DELETE":
                peer.send(http(403, f"Blocked: {request.headers['authorization']}".encode()))
            elif request.target.endswith("/messages"):
                peer.send(http(400, {"code": 5420, "message": "archived"}))
            else:
                peer.send(http(201, {"id": "F1"}))

    monkeypatch.setenv("ZOOM_ACCESS_TOKEN", seeds.ACCESS_TOKEN)
    warnings: list[str] = []
    with serving(handle) as server:
        options = {
            "api_url": server.url,
            "files_url": server.url,
            "state_dir": "",
            "msg": "With a file",
            "to_channel": seeds.OPS,
            "files": [{"name": "a.log", "content": "aaa"}],
        }
        call = warning_call(options, warnings)
        assert DEFINITION.outcome(call)["failure"]["code"] == 5420
        call.client()._session.transport.close()
    assert warnings == [
        "The uploaded file F1 was not taken back: Taking back an uploaded file failed: HTTP 403, Blocked: Bearer"
        " ********."
    ]


@pytest.mark.parametrize("check_mode", [False, True])
def test_deleting_what_somebody_else_may_not_see_is_an_error(task: Task, check_mode: bool) -> None:
    message_id = "00112233-4455-6677-8899-AABBCCDDEEFF"
    result = task(state="absent", message_id=message_id, to_channel=seeds.FOREIGN, check_mode=check_mode)
    assert result["failed"] is True
    assert result["failure"]["reason"] in ("not_found", "permission")
