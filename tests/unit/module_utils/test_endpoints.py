# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The client's endpoints for the whole life of a message, over the sandbox."""

from __future__ import annotations

import pathlib
import time
import typing as t

import pytest
from ansible_collections.teamchat.zoom.plugins.module_utils._connection import Connection
from ansible_collections.teamchat.zoom.plugins.module_utils._errors import (
    InvalidOption,
    NotFound,
    PermissionDenied,
    ServiceFailed,
)
from ansible_collections.teamchat.zoom.plugins.module_utils._files import Attachment
from ansible_collections.teamchat.zoom.tests.sandbox import seeds
from ansible_collections.teamchat.zoom.tests.sandbox.running import Sandbox
from ansible_collections.teamchat.zoom.tests.unit.callers import Caller
from ansible_collections.teamchat.zoom.tests.unit.wire import answering, http, serving

Connect = t.Callable[..., Connection]
OPS = {"to_channel": seeds.OPS}


def test_a_message_is_read_edited_and_deleted(sandbox: Sandbox, connect: Connect) -> None:
    client = Caller(connect(sandbox)).client
    sent = sandbox.say(seeds.SENDER, "One", to_channel=seeds.OPS)
    assert client.get_message(OPS, sent)["message"] == "One"
    assert client.edit_message(OPS, sent, {"message": "Two"}).attempts == 1
    assert client.get_message(OPS, sent)["message"] == "Two"
    deleted = client.delete_message(OPS, sent)
    assert deleted is not None
    assert deleted.id == sent
    assert client.delete_message(OPS, sent) is None
    with pytest.raises(NotFound):
        client.get_message(OPS, sent)


def test_a_fresh_message_is_waited_for(sandbox: Sandbox, connect: Connect) -> None:
    sandbox.settings(visible_after=1)
    client = Caller(connect(sandbox)).client
    sent = client.send_message({"message": "One", **OPS}, "json").id
    assert client.get_message(OPS, sent)["message"] == "One"


def test_a_fresh_message_that_zoom_does_not_know_yet_is_not_taken_for_deleted(
    sandbox: Sandbox, connect: Connect
) -> None:
    sandbox.settings(visible_after=1)
    client = Caller(connect(sandbox, max_wait=0.0)).client
    sent = client.send_message({"message": "One", **OPS}, "json").id
    with pytest.raises(NotFound) as caught:
        client.delete_message(OPS, sent)
    assert " Given up after 1 attempt: waiting 1 s more would exceed max_wait (0 s)." in str(caught.value)
    assert [message["status"] for message in sandbox.messages()] == ["Normal"]
    time.sleep(1.0)
    assert client.delete_message(OPS, sent) is not None
    assert [message["status"] for message in sandbox.messages()] == ["Deleted"]


def test_a_fresh_message_can_be_answered_as_soon_as_zoom_knows_it(sandbox: Sandbox, connect: Connect) -> None:
    sandbox.settings(visible_after=1)
    client = Caller(connect(sandbox)).client
    main = client.send_message({"message": "One", **OPS}, "json").id
    sent = client.send_message({"message": "Reply", "reply_main_message_id": main, **OPS}, "json")
    assert sent.attempts > 1
    assert [message["reply_main_message_id"] for message in sandbox.messages()] == [None, main]


def test_an_answer_without_a_message_is_none_of_zooms(connect: Connect) -> None:
    with serving(answering(http(200, {"message": "Welcome"}))) as server, pytest.raises(ServiceFailed) as caught:
        Caller(connect(api_url=server.url)).client.get_message(OPS, "A")
    assert caught.value.sentence == "Reading the message failed: the answer has no message."
    assert caught.value.hint == "Check api_url, proxies and sign-in pages."


def test_a_channel_that_is_gone_is_no_missing_message(sandbox: Sandbox, connect: Connect) -> None:
    with pytest.raises(NotFound) as caught:
        Caller(connect(sandbox)).client.delete_message({"to_channel": "nowhere"}, "A")
    assert caught.value.code == 4130


def test_files_are_uploaded_sent_and_taken_back(sandbox: Sandbox, connect: Connect) -> None:
    client = Caller(connect(sandbox)).client
    file = Attachment('a "b" 🚀.txt', 4, content=b"\0\r\n\xff")
    upload = client.upload_file(file)
    sent = client.send_file({**OPS}, file)
    client.delete_file(upload)
    first, second = sandbox.account()["uploads"]
    assert (first["id"], first["name"], first["size"], first["deleted"]) == (upload, file.name, 4, True)
    assert (second["name"], second["sha256"]) == (file.name, file.described()["sha256"])
    (message,) = sandbox.messages()
    assert (message["id"], message["files"][0]["id"]) == (sent.id, second["id"])
    with pytest.raises(NotFound):
        client.delete_file(upload)


def test_a_file_that_goes_while_it_is_sent_is_no_network_failure(
    sandbox: Sandbox, connect: Connect, tmp_path: pathlib.Path
) -> None:
    file = Attachment("gone", 10, path=str(tmp_path / "gone"))
    with pytest.raises(InvalidOption) as caught:
        Caller(connect(sandbox)).client.send_file({**OPS}, file)
    assert caught.value.sentence == "files: gone can no longer be read: No such file or directory."
    assert not caught.value.maybe_done
    assert sandbox.messages() == []


def test_a_long_thread_is_read_to_its_end(sandbox: Sandbox, connect: Connect) -> None:
    main = sandbox.say(seeds.SENDER, "Main", to_channel=seeds.OPS, age=500)
    for number in range(150):
        sandbox.say("bob@example.com", f"{number}", to_channel=seeds.OPS, reply_main_message_id=main, age=400 - number)
    thread = Caller(connect(sandbox)).client.thread(OPS, main, time.time() - 3600)
    assert [message["message"] for message in thread] == ["Main", *(str(number) for number in range(150))]
    assert len(sandbox.requests("thread")) == 2


def test_channels_are_listed_and_read(sandbox: Sandbox, connect: Connect) -> None:
    sandbox.settings(filler_channels=230)
    client = Caller(connect(sandbox)).client
    listed = [channel["id"] for channel in client.list_channels()]
    assert seeds.channel_id("filler-230") in listed
    assert seeds.FOREIGN not in listed
    assert client.get_channel(seeds.OPS)["name"] == "ops"
    with pytest.raises(PermissionDenied):
        client.get_channel(seeds.FOREIGN)
