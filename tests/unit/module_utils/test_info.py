# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading messages and channels: spans, ids, threads, and what is asked wrongly."""

from __future__ import annotations

import datetime
import typing as t

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.teamchat.zoom.plugins.module_utils._module import Call, Definition
from ansible_collections.teamchat.zoom.plugins.modules import zoom_chat_channel_info, zoom_chat_message_info
from ansible_collections.teamchat.zoom.tests.sandbox import seeds
from ansible_collections.teamchat.zoom.tests.sandbox.running import Sandbox
from ansible_collections.teamchat.zoom.tests.unit.clocks import set_clock
from ansible_collections.teamchat.zoom.tests.unit.wire import answering, http, serving

Result = dict[str, t.Any]
Read = t.Callable[..., Result]
MESSAGES, CHANNELS = zoom_chat_message_info.DEFINITION, zoom_chat_channel_info.DEFINITION


@pytest.fixture
def read(sandbox: Sandbox, state_dir: str) -> Read:
    def run(definition: Definition = MESSAGES, check_mode: bool = False, **arguments: t.Any) -> Result:
        connection = {
            "access_token": seeds.ACCESS_TOKEN,
            "api_url": sandbox.api_url,
            "oauth_url": sandbox.oauth_url,
            "files_url": sandbox.files_url,
            "user_id": seeds.SENDER,
            "state_dir": state_dir,
            "timeout": 2,
        }
        validation = ArgumentSpecValidator(definition.full_argument_spec, **definition.constraints).validate(
            {**connection, **arguments}
        )
        assert validation.error_messages == []
        return definition.outcome(Call(validation.validated_parameters, check_mode, False, lambda _warning: None))

    return run


def texts(result: Result) -> list[str]:
    return [message["message"] for message in result["messages"]]


def test_all_pages_are_read_and_no_more_than_the_limit_asks_for(read: Read, sandbox: Sandbox) -> None:
    for number in range(120):
        sandbox.say("bob@example.com", str(number), to_channel=seeds.OPS, age=300 - number)
    everything = [str(number) for number in range(119, -1, -1)]
    assert texts(read(to_channel=seeds.OPS)) == everything
    assert len(sandbox.requests("list")) == 3
    assert texts(read(to_channel=seeds.OPS, limit=60)) == everything[:60]
    assert len(sandbox.requests("list")) == 5


@pytest.mark.parametrize(
    ("since", "found"), [("30s", 0), ("2m", 1), ("1h", 2), ("1 h", 2), ("2d", 3), ("1w", 3), (None, 2)]
)
def test_a_duration_is_before_now(read: Read, sandbox: Sandbox, since: str | None, found: int) -> None:
    for age in (60, 1800, 100000):
        sandbox.say("bob@example.com", str(age), to_channel=seeds.OPS, age=age)
    result = read(to_channel=seeds.OPS, **({"since": since} if since else {}))
    assert texts(result) == ["60", "1800", "100000"][:found]


@pytest.mark.parametrize(("skew", "lists"), [(-4000, 2), (-300, 2), (-20, 1), (20, 1), (300, 2), (4000, 2)])
def test_a_wrong_clock_does_not_hide_the_newest_messages(
    read: Read, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, skew: int, lists: int
) -> None:
    for age in (10, 2000, 5000):
        sandbox.say("bob@example.com", str(age), to_channel=seeds.OPS, age=age)
    set_clock(monkeypatch, skew)
    assert texts(read(to_channel=seeds.OPS, since="1h")) == ["10", "2000"]
    assert len(sandbox.requests("list")) == lists


def test_a_span_between_two_times(read: Read, sandbox: Sandbox) -> None:
    now = datetime.datetime.now(datetime.timezone(datetime.timedelta(hours=5.5)))
    for age in (60, 1800, 7200):
        sandbox.say("bob@example.com", str(age), to_channel=seeds.OPS, age=age)
    since, until = (now - datetime.timedelta(seconds=seconds) for seconds in (5000, 600))
    assert texts(read(to_channel=seeds.OPS, since=since.isoformat(), until=until.isoformat())) == ["1800"]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"since": "52w"}, "since is '52w'; Zoom gives messages of the last six months only."),
        ({"since": "1h", "until": "1h"}, "until is '1h', which is not after since, '1h'."),
        ({"limit": 0}, "limit must be at least 1, not 0."),
        ({"limit": 10**20}, f"limit must be at most 1000000000, not {10**20}; leave it out to get all."),
        ({"search": "x" * 257}, "search has 257 characters; Zoom takes 256 at most."),
        (
            {"search": "a\udcff"},
            "search has a character at position 1 that is no Unicode text; it may come from a file or command whose"
            " output is not UTF-8.",
        ),
        ({"message_id": " "}, "message_id is empty; leave it out, or give an id."),
        *(
            (
                {"since": text},
                f"since is '{text}'; it must be a duration such as 30m, 12h or 7d, or an ISO-8601 time with a zone such"
                " as 2026-03-01T09:00:00+01:00.",
            )
            for text in ("", "-1h", "1y", "1.5h", "2026-03-01T09:00:00", "2026-02-30T09:00:00Z")
        ),
    ],
)
def test_what_is_asked_wrongly_is_refused(read: Read, sandbox: Sandbox, options: Result, sentence: str) -> None:
    result = read(to_channel=seeds.OPS, **options)
    assert (result["failed"], result["msg"]) == (True, sentence)
    assert sandbox.requests() == []


def test_a_missing_message_is_none_and_a_missing_channel_an_error(read: Read) -> None:
    assert read(to_channel=seeds.OPS, message_id="missing")["messages"] == []
    assert read(to_channel="nowhere", message_id="missing")["failure"]["reason"] == "not_found"


@pytest.mark.parametrize("option", ["message_id", "thread"])
def test_a_message_that_check_mode_did_not_send_is_none(read: Read, sandbox: Sandbox, option: str) -> None:
    given = {"to_channel": seeds.OPS, option: "00000000-0000-0000-0000-000000000000"}
    assert read(check_mode=True, **given) == {"changed": False, "messages": []}
    assert read(**given)["msg"] == (
        f"{option} is the placeholder that check mode returns; give the id of a message that was sent."
    )
    assert sandbox.requests() == []


def test_a_thread_of_a_message_that_is_gone_is_an_error(read: Read) -> None:
    assert read(to_channel=seeds.OPS, thread="missing")["failure"]["reason"] == "not_found"


def test_a_message_looks_the_same_however_it_is_read(read: Read, sandbox: Sandbox) -> None:
    main = sandbox.say(seeds.SENDER, "Main", to_channel=seeds.OPS, age=60)
    reply = sandbox.say("bob@example.com", "Reply", to_channel=seeds.OPS, age=30, reply_main_message_id=main)
    (by_id,) = read(to_channel=seeds.OPS, message_id=reply)["messages"]
    assert read(to_channel=seeds.OPS, thread=main)["messages"][1] == by_id
    assert read(to_channel=seeds.OPS)["messages"][0] == by_id
    assert read(to_channel=seeds.OPS, search="REPLY")["messages"] == [by_id]
    assert (by_id["id"], by_id["sender"], by_id["reply_main_message_id"]) == (reply, "bob@example.com", main)


def test_a_remembered_name_of_a_channel_that_is_gone_is_looked_up_again(read: Read, sandbox: Sandbox) -> None:
    sandbox.settings(filler_channels=1)
    assert read(to_channel_name="filler-01")["messages"] == []
    sandbox.reset()
    result = read(to_channel_name="filler-01")
    assert result["msg"].startswith("to_channel_name is 'filler-01', but the user named by user_id is in no channel of")


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        ({"name": "ops"}, ["ops"]),
        ({"name": "OPS"}, []),
        ({"name": "duplicate"}, ["duplicate", "duplicate"]),
        ({"name": "duplicate", "limit": 1}, ["duplicate"]),
        ({"channel_id": seeds.OPS}, ["ops"]),
        ({"channel_id": seeds.FOREIGN}, []),
        ({"channel_id": "nowhere"}, []),
    ],
)
def test_channels_are_read_by_id_and_exact_name(read: Read, arguments: Result, names: list[str]) -> None:
    result = read(CHANNELS, **arguments)
    assert ([channel["name"] for channel in result["channels"]], result["changed"]) == (names, False)


def test_a_limit_of_channels_has_bounds_too(read: Read, sandbox: Sandbox) -> None:
    sentence = f"limit must be at most 1000000000, not {10**20}; leave it out to get all."
    assert read(CHANNELS, limit=10**20)["msg"] == sentence
    assert sandbox.requests() == []
    assert len(read(CHANNELS, limit=10**9)["channels"]) > 2


@pytest.mark.parametrize("timestamp", [9e14, -9e13, 2.5e14 - 1, 0, 1e300, "soon", None])
def test_a_message_of_no_time_is_one_of_some_time(read: Read, timestamp: t.Any) -> None:
    with serving(answering(http(200, {"id": "A", "message": "x", "timestamp": timestamp}))) as server:
        (message,) = read(to_channel="x", message_id="A", api_url=server.url)["messages"]
    assert datetime.datetime.strptime(message["date_time"], "%Y-%m-%dT%H:%M:%SZ")
    assert message["timestamp"] == timestamp


AWKWARD_NAMES = ["👩\u200d💻 devs", "Équipe\u00a0: ops", " ops ", "a\u200bb", "\ue000", "\u202eops"]


@pytest.mark.parametrize("name", AWKWARD_NAMES)
def test_a_channel_is_found_whatever_its_name(read: Read, name: str) -> None:
    listed = {"channels": [{"id": "other", "name": "ops"}, {"id": "found", "name": name}]}
    with serving(answering(http(200, listed), http(200, {"messages": []}))) as server:
        result = read(CHANNELS, name=name, api_url=server.url)
        assert [channel["id"] for channel in result["channels"]] == ["found"]
    with serving(answering(http(200, listed), http(200, {"messages": []}))) as server:
        assert read(to_channel_name=name, api_url=server.url)["messages"] == []
        assert "to_channel=found&" in server.received[1].target


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        (" \u00a0", "is empty; leave it out, or give the name of a channel."),
        ("a\tb", "is 'a\\tb'; the name of a channel has no control characters, such as tabs and line ends."),
        ("ops\n", "is 'ops\\n'; the name of a channel has no control characters, such as tabs and line ends."),
        ("\x7f", "is '\\x7f'; the name of a channel has no control characters, such as tabs and line ends."),
        ("\x9f", "is '\\x9f'; the name of a channel has no control characters, such as tabs and line ends."),
        (
            "a\udcff",
            "has a character at position 1 that is no Unicode text; it may come from a file or command whose output is"
            " not UTF-8.",
        ),
    ],
)
def test_what_can_be_no_name_of_a_channel_is_refused(read: Read, sandbox: Sandbox, name: str, wrong: str) -> None:
    assert read(CHANNELS, name=name)["msg"] == f"name {wrong}"
    assert read(to_channel_name=name)["msg"] == f"to_channel_name {wrong}"
    assert sandbox.requests() == []


def test_an_id_of_a_channel_has_no_such_characters(read: Read, sandbox: Sandbox) -> None:
    for options in ({"channel_id": "a\u200db"}, {"channel_id": " a"}):
        assert read(CHANNELS, **options)["msg"].endswith("it must be an id or address without white space around it.")
    assert sandbox.requests() == []


def test_a_missing_scope_is_not_taken_for_a_missing_channel(read: Read, sandbox: Sandbox) -> None:
    sandbox.fault("error:403:4711:Invalid access token, does not contain scopes.", "channel")
    result = read(CHANNELS, channel_id=seeds.OPS)
    assert (result["failed"], result["failure"]["reason"], result["failure"]["code"]) == (True, "permission", 4711)


def test_a_wrong_api_url_is_not_taken_for_a_missing_channel(read: Read, sandbox: Sandbox) -> None:
    sandbox.fault("error:404:64041:Route Not Found.", "channel")
    result = read(CHANNELS, channel_id=seeds.OPS)
    assert result["msg"] == "Reading the channel failed: Route Not Found (HTTP 404, code 64041)."


def test_without_a_name_all_channels_of_the_user_are_read(read: Read) -> None:
    names = [channel["name"] for channel in read(CHANNELS)["channels"]]
    assert {"ops", "duplicate"} < set(names)
    assert [channel["name"] for channel in read(CHANNELS, limit=2)["channels"]] == names[:2]
