# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The client over real HTTP: never lost, never twice, never longer than max_wait."""

from __future__ import annotations

import concurrent.futures
import contextlib
import dataclasses
import json
import os
import pathlib
import time
import typing as t

import pytest
from ansible_collections.teamchat.zoom.plugins.module_utils._client import Sent, conversation_key, shared_session
from ansible_collections.teamchat.zoom.plugins.module_utils._connection import Connection
from ansible_collections.teamchat.zoom.plugins.module_utils._errors import (
    InvalidRequest,
    NetworkFailed,
    NotFound,
    RateLimited,
    ServiceFailed,
    Unconfirmed,
    ZoomError,
)
from ansible_collections.teamchat.zoom.plugins.module_utils._files import Attachment
from ansible_collections.teamchat.zoom.plugins.module_utils._known import KnownMessages
from ansible_collections.teamchat.zoom.plugins.module_utils._state import StateFolder, key
from ansible_collections.teamchat.zoom.plugins.module_utils._throttle import Throttle
from ansible_collections.teamchat.zoom.tests.sandbox import seeds
from ansible_collections.teamchat.zoom.tests.sandbox.running import Sandbox, running_sandbox
from ansible_collections.teamchat.zoom.tests.unit.callers import Caller
from ansible_collections.teamchat.zoom.tests.unit.clocks import set_clock
from ansible_collections.teamchat.zoom.tests.unit.wire import Peer, Server, answering, http, serving

Connect = t.Callable[..., Connection]
Params = dict[str, t.Any]
TEXT = 'Grüße & <b>🚀</b>\nzweite "Zeile"'
FIELDS = {"message": TEXT, "to_channel": seeds.OPS}


def failure_of(caller: Caller, fields: t.Mapping[str, t.Any] | None = None, body_format: str = "json") -> ZoomError:
    with pytest.raises(ZoomError) as caught:
        caller.client.send_message(fields or FIELDS, body_format)
    return caught.value


# What arrives


@pytest.mark.parametrize("body_format", ["multipart", "json"])
def test_a_message_arrives_unchanged(sandbox: Sandbox, connect: Connect, body_format: str) -> None:
    items = [{"at_type": 1, "at_contact": "alice@example.com", "start_position": 0, "end_position": 5}]
    fields = {"message": "@Alice " + TEXT, "to_channel": seeds.OPS, "at_items": items}
    sent = Caller(connect(sandbox)).client.send_message(fields, body_format)
    (arrived,) = sandbox.messages()
    assert (arrived["id"], arrived["message"], arrived["channel"]) == (sent.id, fields["message"], seeds.OPS)
    assert arrived["at_items"] == items
    assert sent.attempts == 1
    (request,) = sandbox.requests()
    assert request["content_type"].split(";")[0] == (
        "multipart/form-data" if body_format == "multipart" else "application/json"
    )
    assert sent.tracking_id == request["tracking_id"]


def test_a_direct_message_and_a_reply_arrive(sandbox: Sandbox, connect: Connect) -> None:
    client = Caller(connect(sandbox)).client
    first = client.send_message({"message": "one", "to_contact": "alice@example.com"}, "multipart")
    reply = {"message": "two", "to_contact": "alice@example.com", "reply_main_message_id": first.id}
    client.send_message(reply, "multipart")
    assert [(m["message"], m["reply_main_message_id"]) for m in sandbox.messages()] == [
        ("one", None),
        ("two", first.id),
    ]


def test_pages_are_followed_to_the_end(sandbox: Sandbox, connect: Connect) -> None:
    for number in range(120):
        sandbox.say(seeds.SENDER, f"message {number}", to_channel=seeds.OPS, age=200 - number)
    now = time.time()
    listed = list(Caller(connect(sandbox)).client.list_messages({"to_channel": seeds.OPS}, now - 300, now + 10))
    assert [message["message"] for message in listed] == [f"message {number}" for number in range(119, -1, -1)]
    assert len(sandbox.requests("list")) == 3


def test_a_page_that_comes_twice_is_the_last_one(connect: Connect) -> None:
    page = {"messages": [{"id": "A"}, "nonsense", None], "next_page_token": "again"}
    with serving(answering(http(200, page))) as server:
        caller = Caller(connect(api_url=server.url))
        assert list(caller.client.list_messages({"to_channel": "x"}, 0, 1)) == [{"id": "A"}] * 2
        caller.session.transport.close()
    assert len(server.received) == 2


def test_an_answer_without_messages_is_an_empty_list(connect: Connect) -> None:
    with serving(answering(http(200, {"messages": {"no": "list"}, "next_page_token": 7}))) as server:
        caller = Caller(connect(api_url=server.url))
        assert list(caller.client.list_messages({"to_channel": "x"}, 0, 1)) == []
        caller.session.transport.close()


# Nothing was sent: try again, or fail at once


@pytest.mark.parametrize("fault", ["429-qps", "429-seconds", "429-http-date", "429-iso"])
def test_a_rate_limit_is_waited_for(sandbox: Sandbox, connect: Connect, fault: str) -> None:
    sandbox.fault(fault, "send", seconds=1)
    started = time.monotonic()
    assert Caller(connect(sandbox)).client.send_message(FIELDS, "json").attempts == 2
    assert 0.2 < time.monotonic() - started < 4.5
    assert len(sandbox.messages()) == 1


def test_a_refused_connection_is_tried_again(sandbox: Sandbox, connect: Connect) -> None:
    connection = connect(sandbox)
    sandbox.fault("refuse", moment="now", seconds=0.6)
    assert Caller(connection).client.send_message(FIELDS, "json").attempts > 1
    assert len(sandbox.messages()) == 1


def test_the_daily_limit_fails_at_once_and_says_when_to_come_back(sandbox: Sandbox, connect: Connect) -> None:
    sandbox.fault("429-daily", "send", times=None, seconds=4 * 3600)
    started = time.monotonic()
    error = failure_of(Caller(connect(sandbox, max_wait=86400.0)))
    assert time.monotonic() - started < 1
    assert isinstance(error, RateLimited)
    assert str(error) == (
        "Sending the message failed: Zoom answered HTTP 429, the account's daily limit of this API is used up; come"
        " back in 4 h."
    )
    assert error.retry_after == pytest.approx(4 * 3600, abs=5)
    assert len(sandbox.requests("send")) == 1


def test_a_wait_past_max_wait_fails_at_once_and_says_when_to_come_back(sandbox: Sandbox, connect: Connect) -> None:
    sandbox.fault("429-seconds", "send", times=None, seconds=30)
    started = time.monotonic()
    error = failure_of(Caller(connect(sandbox)))
    assert time.monotonic() - started < 1
    assert str(error) == (
        "Sending the message failed: Zoom answered HTTP 429, too many requests; come back in 30 s. Given up after 1"
        " attempt: waiting 30 s more would exceed max_wait (8 s)."
    )
    assert error.failure()["retry_after"] == 30.0
    assert len(sandbox.requests("send")) == 1


def test_a_block_of_zooms_is_obeyed_by_the_next_task_without_asking_again(
    sandbox: Sandbox, connect: Connect, state_dir: str
) -> None:
    connection = connect(sandbox, state_dir=state_dir)
    sandbox.fault("429-seconds", "send", seconds=30)
    failure_of(Caller(connection))
    error = failure_of(Caller(connection))
    assert str(error) == (
        "Sending the message failed: Zoom's limit of messages for the channel is reached; the next one can go in 30 s,"
        " longer than what is left of max_wait (8 s). It was not sent."
    )
    assert error.retry_after == pytest.approx(30, abs=2)
    assert len(sandbox.requests("send")) == 1


def test_a_throttle_wait_past_max_wait_fails_before_sending(sandbox: Sandbox, connect: Connect, state_dir: str) -> None:
    connection = connect(sandbox, state_dir=state_dir, max_wait=0.2)
    for _index in range(10):
        Caller(connection).client.send_message(FIELDS, "json")
    error = failure_of(Caller(connection))
    assert isinstance(error, RateLimited)
    assert str(error) == (
        "Sending the message failed: Zoom's limit of messages for the channel is reached; the next one can go in 1 s,"
        " longer than what is left of max_wait (0.2 s). It was not sent."
    )
    assert error.hint == (
        "Zoom allows 10 messages in 1 s, 30 in 10 s, 60 in 100 s and 450 in 1000 s for each channel. Raise max_wait, or"
        " post one summary instead of a message for each host (run_once)."
    )
    assert not error.maybe_done
    assert len(sandbox.requests("send")) == 10


def test_what_never_reached_zoom_fills_no_window(connect: Connect, closed_port: int, state_dir: str) -> None:
    connection = connect(api_url=f"http://127.0.0.1:{closed_port}", state_dir=state_dir, max_wait=0.0)
    assert [type(failure_of(Caller(connection))) for _index in range(12)] == [NetworkFailed] * 12


def test_when_no_slot_is_left_for_another_attempt_the_failure_of_the_last_one_is_told(
    connect: Connect, state_dir: str
) -> None:
    def block_and_break(server: Server, peer: Peer) -> None:
        throttle = Throttle(StateFolder(state_dir, print), print)
        throttle.blocked(key(server.tls_url, seeds.OPS), 30.0)
        peer.send(b"this is no TLS\r\n")

    with serving(block_and_break) as server:
        error = failure_of(Caller(connect(api_url=server.tls_url, state_dir=state_dir)))
    assert isinstance(error, NetworkFailed)
    assert str(error).startswith(f"TLS to 127.0.0.1:{server.port} failed")
    assert str(error).endswith(" Given up after 1 attempt: waiting 30 s more would exceed max_wait (8 s).")
    assert error.retry_after == pytest.approx(30, abs=2)
    assert server.connections == 1


def test_when_no_slot_is_left_after_a_look_in_vain_the_message_is_not_looked_for_again(
    connect: Connect, state_dir: str
) -> None:
    def handle(server: Server, peer: Peer) -> None:
        while (request := peer.read()) is not None:
            server.received.append(request)
            if request.method == "POST":
                Throttle(StateFolder(state_dir, print), print).blocked(key(server.url, seeds.OPS), 60.0)
            peer.send(http(504) if request.method == "POST" else http(200, {"messages": []}))

    with serving(handle) as server:
        caller = Caller(connect(api_url=server.url, state_dir=state_dir, max_wait=20.0))
        error = failure_of(caller)
        caller.session.transport.close()
    assert isinstance(error, ServiceFailed)
    assert str(error).startswith("Sending the message failed: Zoom answered HTTP 504")
    assert str(error).count("Given up after 1 attempt: ") == 1
    assert [request.method for request in server.received] == ["POST", "GET", "GET", "GET"]


def test_a_direct_message_is_not_throttled(sandbox: Sandbox, connect: Connect, state_dir: str) -> None:
    caller = Caller(connect(sandbox, state_dir=state_dir, max_wait=0.0))
    for _index in range(12):
        caller.client.send_message({"message": "x", "to_contact": "alice@example.com"}, "json")
    assert len(sandbox.messages()) == 12


@pytest.mark.parametrize(
    ("fields", "kind", "sentence"),
    [
        (
            {"message": "x", "to_channel": "nowhere"},
            NotFound,
            "Sending the message failed: Channel does not exist: nowhere (HTTP 404, code 4130).",
        ),
        (
            {"message": "x", "to_contact": "nobody@example.com"},
            NotFound,
            "Sending the message failed: User does not exist: nobody@example.com (HTTP 404, code 1001).",
        ),
        (
            {"message": "x", "to_channel": seeds.ARCHIVED},
            InvalidRequest,
            "Sending the message failed: Can not send message to an archived channel (HTTP 400, code 5420).",
        ),
    ],
)
def test_a_refusal_of_zooms_is_final(
    sandbox: Sandbox, connect: Connect, fields: Params, kind: type[ZoomError], sentence: str
) -> None:
    error = failure_of(Caller(connect(sandbox)), fields)
    assert isinstance(error, kind)
    assert str(error) == sentence
    assert len(sandbox.requests()) == 1


def test_with_max_wait_zero_nothing_is_tried_twice(sandbox: Sandbox, connect: Connect) -> None:
    sandbox.fault("429-qps", "send", times=None)
    error = failure_of(Caller(connect(sandbox, max_wait=0.0)))
    assert str(error).startswith(
        "Sending the message failed: Zoom answered HTTP 429, too many requests. Given up after 1 attempt: waiting 1 s"
        " more would exceed max_wait (0 s)."
    )
    assert len(sandbox.requests("send")) == 1


def test_a_time_to_come_back_at_that_is_over_is_no_reason_for_haste(sandbox: Sandbox, connect: Connect) -> None:
    sandbox.fault("429-seconds", "send", times=None, seconds=0)
    error = failure_of(Caller(connect(sandbox, max_wait=1.5)), {"message": "x", "to_contact": "alice@example.com"})
    assert isinstance(error, RateLimited)
    # After 0.25 to 0.5 s, after 0.5 to 1 s, after 1 to 2 s.
    assert 2 <= len(sandbox.requests("send")) <= 3


def test_a_token_that_is_not_to_be_had_is_said_once(sandbox: Sandbox, connect: Connect) -> None:
    app = {"account_id": seeds.ACCOUNT_ID, "client_id": seeds.CLIENT_ID, "client_secret": seeds.CLIENT_SECRET}
    sandbox.fault("503", "token", times=None)
    error = failure_of(Caller(connect(sandbox, access_token=None, max_wait=0.0, **app)))
    assert str(error).count("Given up") == 1
    assert "Given up after 1 attempt: " in str(error)
    assert len(sandbox.requests("token")) == 1


def test_a_channels_jid_counts_in_the_windows_of_its_id(sandbox: Sandbox, connect: Connect, state_dir: str) -> None:
    connection = connect(sandbox, state_dir=state_dir)
    sandbox.fault("429-seconds", "send", seconds=30)
    failure_of(Caller(connection))
    error = failure_of(Caller(connection), {**FIELDS, "to_channel": f"{FIELDS['to_channel']}@conference.xmpp.zoom.us"})
    assert "Zoom's limit of messages for the channel is reached" in str(error)
    assert len(sandbox.requests("send")) == 1


# Answers that quote the request


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, f"<html><h1>Bad request</h1><pre>{'x' * 50} Authorization: QUOTED</pre></html>"),
        (200, f"<html><h1>Please sign in</h1><pre>{'x' * 50} Authorization: QUOTED</pre></html>"),
        (403, f"The gateway refuses this; the headers were: {'x' * 40}; authorization=QUOTED"),
        (502, f"{'ü' * 80}; authorization=QUOTED"),
        (502, f"{' ' * 930}authorization=QUOTED"),
        (400, {"code": 300, "message": f"{'x' * 960} QUOTED"}),
        (200, {"code": 300, "message": f"{'x' * 960} QUOTED"}),
        (400, {"code": 300, "message": "No", "errors": [{"field": "x" * 960, "message": "QUOTED"}]}),
        (400, {"code": 300, "message": "No", "errors": ["x" * 960, "QUOTED"]}),
    ],
)
def test_of_a_secret_that_is_quoted_no_part_is_told(connect: Connect, status: int, body: str | Params) -> None:
    token = "Zx9q7Wk2LmN8pRt4VbY6cDf1" * 20

    def quote(_server: Server, peer: Peer) -> None:
        while (request := peer.read()) is not None:
            text = body if isinstance(body, str) else json.dumps(body)
            peer.send(http(status, text.replace("QUOTED", request.headers["authorization"]).encode()))

    with serving(quote) as server:
        caller = Caller(connect(api_url=server.url, access_token=token, max_wait=0.0))
        error = failure_of(caller)
        caller.session.transport.close()
    assert "Bearer " in str(error)
    assert token[:4] not in str(error) + json.dumps(error.failure())


# Servers that take no multipart


@pytest.mark.parametrize("multipart", ["415", "empty-400", "300-json"])
def test_a_server_that_refuses_multipart_gets_json_and_is_remembered(
    sandbox: Sandbox, connect: Connect, state_dir: str, multipart: str
) -> None:
    sandbox.settings(multipart=multipart)
    connection = connect(sandbox, state_dir=state_dir)
    assert Caller(connection).client.send_message(FIELDS, "multipart").attempts == 2
    assert Caller(connection).client.send_message(FIELDS, "multipart").attempts == 1
    kinds = [request["content_type"].split(";")[0] for request in sandbox.requests("send")]
    assert kinds == ["multipart/form-data", "application/json", "application/json"]
    assert [message["message"] for message in sandbox.messages()] == [TEXT, TEXT]


def test_the_memory_is_for_one_server_and_ends(sandbox: Sandbox, connect: Connect, state_dir: str) -> None:
    connection = connect(sandbox, state_dir=state_dir)
    state = StateFolder(state_dir, print)
    state.write("multipart-refused-" + key("https://api.zoom.us/v2"), {"at": time.time()})
    state.write("multipart-refused-" + key(connection.api_url), {"at": time.time() - 8 * 86400.0})
    Caller(connection).client.send_message(FIELDS, "multipart")
    assert sandbox.requests("send")[0]["content_type"].startswith("multipart/form-data")


@pytest.mark.parametrize("at", ["yesterday", None, True, 10**400, -1.0, 1e300])
def test_a_damaged_memory_is_none(sandbox: Sandbox, connect: Connect, state_dir: str, at: t.Any) -> None:
    connection = connect(sandbox, state_dir=state_dir)
    StateFolder(state_dir, print).write("multipart-refused-" + key(connection.api_url), {"at": at})
    Caller(connection).client.send_message(FIELDS, "multipart")
    assert sandbox.requests("send")[0]["content_type"].startswith("multipart/form-data")


def test_a_refusal_of_the_message_is_not_taken_for_one_of_multipart(
    sandbox: Sandbox, connect: Connect, state_dir: str
) -> None:
    sandbox.fault("validation", "send")
    error = failure_of(Caller(connect(sandbox, state_dir=state_dir)), FIELDS, "multipart")
    assert str(error) == ("Sending the message failed: Validation Failed: message: Invalid field (HTTP 400, code 300).")
    assert len(sandbox.requests("send")) == 1


def test_a_body_that_is_too_large_is_not_sent_in_the_other_shape(connect: Connect) -> None:
    with serving(answering(http(413, {"message": "Request Entity Too Large"}))) as server:
        error = failure_of(Caller(connect(api_url=server.url)), body_format="multipart")
    assert (type(error), error.status) == (InvalidRequest, 413)
    assert len(server.received) == 1


def test_a_server_that_refuses_both_shapes_is_not_remembered(connect: Connect, state_dir: str) -> None:
    with serving(answering(http(400))) as server:
        caller = Caller(connect(api_url=server.url, state_dir=state_dir))
        error = failure_of(caller, {"message": "x", "to_contact": "a"}, "multipart")
        caller.session.transport.close()
    assert str(error) == "Sending the message failed: Zoom answered HTTP 400 with an empty body."
    assert len(server.received) == 2
    assert not os.path.exists(state_dir) or os.listdir(state_dir) == []


# Unknown outcomes


@dataclasses.dataclass
class Trial:
    """What a send in front of a fault led to, and what stands in the sandbox afterwards."""

    outcome: Sent | ZoomError
    seconds: float
    messages: list[dict[str, t.Any]]
    sends: int

    @property
    def ids(self) -> list[str]:
        return [message["id"] for message in self.messages]


@dataclasses.dataclass(frozen=True)
class Case:
    fault: str
    moment: str
    visible_after: float = 0.0
    times: int | None = 1
    write_only: bool = False
    reply: bool = False
    state: bool = True


PARAMS: Params = {
    "access_token": None,
    "account_id": seeds.ACCOUNT_ID,
    "user_id": seeds.SENDER,
    "timeout": 1.0,
    "max_wait": 12.0,
    "validate_certs": True,
    "ca_path": None,
    "proxy": None,
}
LOST = ("reset", "hang", "500", "502", "503", "504", "html-200", "html-502")
SPOILT = ("cut-json", "cut-body-json", "no-id", "empty-201")
DONE = [
    *(Case(fault, "after", visible) for fault in (*LOST, *SPOILT) for visible in (0.0, 1.0, 3.0)),
    Case("reset", "after", reply=True),
    Case("504", "after", 1.0, reply=True),
    Case("reset", "after", state=False),
]
NOT_DONE = [
    *(Case(fault, "before") for fault in LOST),
    Case("reset", "before", reply=True),
]
WRITE_ONLY = [*(Case(fault, "after", write_only=True) for fault in ("reset", "hang", "502", "no-id"))]
WRITE_ONLY += [*(Case(fault, "before", write_only=True) for fault in ("reset", "hang", "502"))]
FOR_EVER = [Case(fault, "before", times=None) for fault in ("hang", "503", "html-200")]


@pytest.fixture(scope="module")
def trials(tmp_path_factory: pytest.TempPathFactory) -> dict[Case, Trial]:
    """All cases at once, each with a sandbox of its own: most of their time is waiting."""

    def run(case: Case) -> Trial:
        state_dir = str(tmp_path_factory.mktemp("state")) if case.state else ""
        with running_sandbox(windows="off", visible_after=case.visible_after) as sandbox:
            fields = dict(FIELDS)
            if case.reply:
                fields["reply_main_message_id"] = sandbox.say(seeds.SENDER, "main", to_channel=seeds.OPS, age=60)
            # The same text, written before: it is not the one that is looked for.
            sandbox.say(seeds.SENDER, TEXT, to_channel=seeds.OPS, age=30)
            standing = len(sandbox.messages())
            write_only = (seeds.WRITE_ONLY_CLIENT_ID, seeds.WRITE_ONLY_CLIENT_SECRET)
            client_id, client_secret = write_only if case.write_only else (seeds.CLIENT_ID, seeds.CLIENT_SECRET)
            options = {
                **PARAMS,
                "client_id": client_id,
                "client_secret": client_secret,
                "api_url": sandbox.api_url,
                "oauth_url": sandbox.oauth_url,
                "files_url": sandbox.files_url,
                "state_dir": state_dir,
            }
            caller = Caller(Connection.from_params(options))
            operation = "reply" if case.reply else "send"
            sandbox.fault(case.fault, operation, moment=case.moment, times=case.times)
            started = time.monotonic()
            try:
                outcome: Sent | ZoomError = caller.client.send_message(fields, "multipart")
            except ZoomError as error:
                outcome = error
            seconds = time.monotonic() - started
            return Trial(outcome, seconds, sandbox.messages()[standing:], len(sandbox.requests(operation)))

    cases = [*DONE, *NOT_DONE, *WRITE_ONLY, *FOR_EVER]
    with concurrent.futures.ThreadPoolExecutor(len(cases)) as pool:
        return dict(zip(cases, pool.map(run, cases)))


def label(case: Case) -> str:
    return "-".join(str(value) for value in dataclasses.astuple(case))


@pytest.mark.parametrize("case", DONE, ids=label)
def test_a_message_that_arrived_in_spite_of_the_fault_is_found_and_not_sent_again(
    case: Case, trials: dict[Case, Trial]
) -> None:
    trial = trials[case]
    assert isinstance(trial.outcome, Sent)
    assert trial.ids == [trial.outcome.id]
    assert trial.sends == trial.outcome.attempts == 1
    assert trial.seconds < case.visible_after + 6


@pytest.mark.parametrize("case", NOT_DONE, ids=label)
def test_a_message_that_is_not_found_is_sent_again(case: Case, trials: dict[Case, Trial]) -> None:
    trial = trials[case]
    assert isinstance(trial.outcome, Sent)
    assert trial.ids == [trial.outcome.id]
    assert trial.sends == trial.outcome.attempts == 2


@pytest.mark.parametrize("case", WRITE_ONLY, ids=label)
def test_where_looking_is_not_allowed_the_outcome_is_unconfirmed(case: Case, trials: dict[Case, Trial]) -> None:
    trial = trials[case]
    assert isinstance(trial.outcome, Unconfirmed)
    assert str(trial.outcome).startswith("It is not known whether the message was sent: ")
    assert str(trial.outcome).endswith(
        "; looking for it failed too: Listing messages failed: Invalid access token, does not contain scopes:"
        "[team_chat:read:list_user_messages, team_chat:read:list_user_messages:admin] (HTTP 400, code 4711)."
    )
    assert trial.outcome.failure()["reason"] == "unconfirmed"
    assert trial.outcome.hint == (
        "Look into the conversation before you send it again. With the scope"
        " team_chat:read:list_user_messages:admin (classic chat_message:read:admin) the module finds out itself."
    )
    assert len(trial.messages) == (1 if case.moment == "after" else 0)
    assert trial.sends == 1


@pytest.mark.parametrize("case", FOR_EVER, ids=label)
def test_a_fault_that_stays_ends_within_max_wait(case: Case, trials: dict[Case, Trial]) -> None:
    trial = trials[case]
    assert isinstance(trial.outcome, (Unconfirmed, ServiceFailed, NetworkFailed))
    assert trial.messages == []
    assert trial.seconds < 12.0 + 1.0 + 0.5


def test_no_time_to_look_is_unconfirmed_and_says_so(sandbox: Sandbox, connect: Connect) -> None:
    sandbox.fault("reset", "send", moment="after")
    error = failure_of(Caller(connect(sandbox, max_wait=0.5)))
    assert isinstance(error, Unconfirmed)
    port = sandbox.url.rpartition(":")[2]
    assert str(error) == (
        f"It is not known whether the message was sent: The connection to 127.0.0.1:{port} broke before the answer was"
        " complete: Connection reset by peer; there is no time left of max_wait to look for it."
    )
    assert len(sandbox.messages()) == 1


Scene = t.Callable[[Sandbox, Connection], tuple[list[str], list[str]]]


def someone_else_wrote_it(sandbox: Sandbox, connection: Connection) -> tuple[list[str], list[str]]:
    sandbox.fault("reset", "send", moment="before")
    other = sandbox.say("alice@example.com", TEXT, to_channel=seeds.OPS, age=-0.5)
    sent = Caller(connection).client.send_message(FIELDS, "json")
    return [other, sent.id], [message["id"] for message in sandbox.messages()]


def it_stands_in_another_thread(sandbox: Sandbox, connection: Connection) -> tuple[list[str], list[str]]:
    main = sandbox.say(seeds.SENDER, "main", to_channel=seeds.OPS, age=60)
    sandbox.fault("reset", "send", moment="before")
    other = sandbox.say(seeds.SENDER, TEXT, to_channel=seeds.OPS, reply_main_message_id=main, age=-0.5)
    sent = Caller(connection).client.send_message(FIELDS, "json")
    return [main, other, sent.id], [message["id"] for message in sandbox.messages()]


def it_was_sent_by_the_loops_last_item(sandbox: Sandbox, connection: Connection) -> tuple[list[str], list[str]]:
    caller = Caller(connection)
    first = caller.client.send_message(FIELDS, "json")
    sandbox.fault("reset", "send", moment="before")
    second = caller.next_task().send_message(FIELDS, "json")
    return [first.id, second.id], [message["id"] for message in sandbox.messages()]


SCENES: list[Scene] = [someone_else_wrote_it, it_stands_in_another_thread, it_was_sent_by_the_loops_last_item]


def test_a_message_that_is_not_the_tasks_own_is_not_taken_for_it(connect: Connect, app: Params) -> None:
    def play(scene: Scene) -> tuple[list[str], list[str]]:
        with running_sandbox(windows="off") as sandbox:
            return scene(sandbox, connect(sandbox, **app, timeout=2.0, max_wait=12.0))

    with concurrent.futures.ThreadPoolExecutor(len(SCENES)) as pool:
        for expected, standing in pool.map(play, SCENES):
            assert len(set(expected)) == len(expected)
            assert standing == expected


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_scheduled_message_is_looked_for_among_the_scheduled(sandbox: Sandbox, connect: Connect, moment: str) -> None:
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))
    other = Caller(connect(sandbox)).client.send_message({**FIELDS, "message": "Other", "scheduled_time": at}, "json")
    sandbox.fault("reset", "send", moment=moment)
    sent = Caller(connect(sandbox)).client.send_message({**FIELDS, "scheduled_time": at}, "json")
    assert [draft["id"] for draft in sandbox.account()["scheduled"]] == [other.id, sent.id]
    assert sent.attempts == (1 if moment == "after" else 2)
    assert sandbox.requests("list") == []


def test_where_the_scheduled_may_not_be_listed_the_hint_is_about_them(sandbox: Sandbox, connect: Connect) -> None:
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))
    sandbox.fault("reset", "send", moment="after")
    sandbox.fault("error:400:4711:Invalid access token, does not contain scopes.", "scheduled")
    error = failure_of(Caller(connect(sandbox)), {**FIELDS, "scheduled_time": at})
    assert isinstance(error, Unconfirmed)
    assert error.hint == (
        "Look into the scheduled messages before you send it again. With the scope"
        " team_chat:read:list_scheduled_messages (classic chat_message:read) the module finds out itself."
    )


def test_entities_and_trimmed_space_do_not_hide_the_message(sandbox: Sandbox, connect: Connect) -> None:
    sandbox.settings(entities=True)
    sandbox.fault("reset", "send", moment="after")
    sent = Caller(connect(sandbox)).client.send_message({**FIELDS, "message": "a & b <c>\r\nd  \n\n"}, "json")
    assert [message["id"] for message in sandbox.messages()] == [sent.id]


def test_two_senders_of_one_text_get_a_message_each(
    sandbox: Sandbox, connect: Connect, app: Params, state_dir: str
) -> None:
    """One message arrived in spite of its reset, the other did not: neither is lost, neither counts twice."""
    connection = connect(sandbox, **app, state_dir=state_dir, timeout=2.0, max_wait=12.0)
    Caller(connection).client.send_message({"message": "first", "to_channel": seeds.OPS}, "json")
    sandbox.fault("reset", "send", moment="after")
    sandbox.fault("reset", "send", moment="before")
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        sent = list(pool.map(lambda _n: Caller(connection).client.send_message(FIELDS, "json"), range(2)))
    arrived = [message["id"] for message in sandbox.messages() if message["message"] == TEXT]
    assert sorted(arrived) == sorted(one.id for one in sent)
    assert len(set(arrived)) == 2


@pytest.mark.parametrize(("moment", "requests"), [("before", 4), ("after", 3)])
def test_a_task_whose_message_another_one_took_for_its_own_has_one_too(
    sandbox: Sandbox, connect: Connect, app: Params, state_dir: str, moment: str, requests: int
) -> None:
    """The second task finds the first one's message, of the same text, before the first one has its answer."""
    connection = connect(sandbox, **app, state_dir=state_dir, timeout=6.0, max_wait=20.0)
    Caller(connection).client.send_message({"message": "first", "to_channel": seeds.OPS}, "json")
    sandbox.fault("slow", "send", seconds=4)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        one = pool.submit(lambda: Caller(connection).client.send_message(FIELDS, "json"))
        while len(sandbox.messages()) < 2 and not one.done():
            time.sleep(0.05)
        sandbox.fault("reset", "send", moment=moment)
        other = pool.submit(lambda: Caller(connection).client.send_message(FIELDS, "json"))
        ids = [one.result().id, other.result().id]
    arrived = [message["id"] for message in sandbox.messages() if message["message"] == TEXT]
    assert sorted(ids) == sorted(arrived)
    assert len(set(ids)) == 2
    assert ids[1] == arrived[0]
    assert len(sandbox.requests("send")) == requests


def test_a_server_may_give_every_message_the_same_id(connect: Connect, state_dir: str) -> None:
    """As one does that stands in for Zoom; even where the id was found, a message is sent twice at most."""
    posted, listed = http(201, {"id": "A"}), http(200, {"messages": [{"id": "A", "message": TEXT}]})
    with serving(answering(posted, posted, http(504), listed, posted, http(200, {}), listed, listed, posted)) as server:
        connection = connect(api_url=server.url, state_dir=state_dir)
        for count in (1, 2):
            assert Caller(connection).client.send_message(FIELDS, "json").id == "A"
            assert len(server.received) == count
        known = KnownMessages(StateFolder(state_dir, print))
        known.forget(conversation_key(connection, FIELDS), "A")
        for count in (4, 9):
            assert Caller(connection).client.send_message(FIELDS, "json").id == "A"
            assert len(server.received) == count


@pytest.mark.parametrize("skew", [-7200, 7200])
def test_a_clock_that_is_wrong_by_hours_does_not_mislead(
    sandbox: Sandbox, connect: Connect, monkeypatch: pytest.MonkeyPatch, skew: int
) -> None:
    """The server's clock counts: an old message of the same text is not ours, a new one is found."""
    caller = Caller(connect(sandbox))
    sandbox.say(seeds.SENDER, TEXT, to_channel=seeds.OPS, age=600)
    sandbox.fault("reset", "send", moment="after")
    set_clock(monkeypatch, skew)
    sent = caller.client.send_message(FIELDS, "json")
    assert [message["id"] for message in sandbox.messages()][1:] == [sent.id]


NONSENSE: list[Params] = [
    {"messages": [{"id": 7, "message": TEXT}]},
    {"messages": [{"id": "", "message": ["x"]}, {"message": TEXT, "timestamp": 10**400}]},
    {"messages": [{"id": None, "message": TEXT, "sender": 7, "timestamp": True, "reply_main_message_id": 3}]},
    {},
]


def test_a_list_of_nonsense_holds_no_message_of_ours(connect: Connect) -> None:
    def send(listed: Params) -> str:
        def handle(server: Server, peer: Peer) -> None:
            while (request := peer.read()) is not None:
                server.received.append(request)
                posts = sum(one.method == "POST" for one in server.received)
                if request.method == "GET":
                    peer.send(http(200, listed))
                else:
                    peer.send(http(504) if posts == 1 else http(201, {"id": "B"}))

        with serving(handle) as server:
            caller = Caller(connect(api_url=server.url, max_wait=12.0))
            sent = caller.client.send_message({"message": TEXT, "to_contact": "a"}, "json")
            caller.session.transport.close()
        return sent.id

    with concurrent.futures.ThreadPoolExecutor(len(NONSENSE)) as pool:
        assert list(pool.map(send, NONSENSE)) == ["B"] * len(NONSENSE)


# Time


@pytest.mark.parametrize("max_wait", [0.0, 1.5])
@pytest.mark.parametrize("operation", ["token", "send", "list", "*"])
def test_a_task_never_takes_longer_than_max_wait_and_one_timeout(
    connect: Connect, app: Params, operation: str, max_wait: float
) -> None:
    with running_sandbox(windows="off") as sandbox:
        sandbox.fault("hang", operation, times=None)
        if operation == "list":
            sandbox.fault("reset", "send", moment="after")
        caller = Caller(connect(sandbox, **app, timeout=1.0, max_wait=max_wait))
        started = time.monotonic()
        error = failure_of(caller)
        assert time.monotonic() - started < max_wait + 1.0 + 0.4
    assert error.failure()["reason"] in ("network", "unconfirmed")


def test_a_token_that_comes_late_leaves_less_time_for_the_message(connect: Connect, app: Params) -> None:
    with running_sandbox(windows="off") as sandbox:
        sandbox.fault("slow", "token", seconds=1.5)
        sandbox.fault("hang", "send", times=None)
        caller = Caller(connect(sandbox, **app, timeout=1.0, max_wait=1.0))
        started = time.monotonic()
        failure_of(caller)
        assert time.monotonic() - started < 1.0 + 1.0 + 0.5


@pytest.fixture
def large(tmp_path: pathlib.Path) -> Attachment:
    """A file that may be longer on its way than the tests of it have time."""
    path = tmp_path / "large.bin"
    with path.open("wb") as stream:
        stream.truncate(16 * 1024 * 1024)
    return Attachment(path.name, path.stat().st_size, path=str(path))


def say_nothing(peer: Peer) -> None:
    peer.wait(20)


def trickle(peer: Peer) -> None:
    peer.send(b"HTTP/1.1 201 Created\r\nContent-Length: 1000\r\n\r\n")
    for _index in range(100):
        peer.send(b"x")
        peer.wait(0.1)


@pytest.mark.parametrize("answer", [say_nothing, trickle])
def test_to_wait_for_the_answer_to_a_large_file_is_waiting(
    connect: Connect, large: Attachment, answer: t.Callable[[Peer], None]
) -> None:
    def handle(server: Server, peer: Peer) -> None:
        request = peer.read()
        assert request
        server.received.append(request)
        answer(peer)

    with serving(handle) as server:
        caller = Caller(connect(api_url=server.url, files_url=server.url, timeout=2.0, max_wait=2.0))
        started = time.monotonic()
        with pytest.raises(NetworkFailed):
            caller.client.upload_file(large)
        assert time.monotonic() - started < 2.0 + 2.0
        assert len(server.received) == 1


def test_to_connect_for_a_large_file_is_waiting(connect: Connect, large: Attachment, never_accepting: int) -> None:
    url = f"http://127.0.0.1:{never_accepting}"
    caller = Caller(connect(api_url=url, files_url=url, timeout=2.0, max_wait=2.0))
    started = time.monotonic()
    with pytest.raises(NetworkFailed) as caught:
        caller.client.send_file({"to_channel": seeds.OPS}, large)
    assert time.monotonic() - started < 2.0 + 2.0
    assert "did not answer within 2 s. Given up after 1 attempt: " in str(caught.value)


@pytest.mark.parametrize("redirected", [False, True])
def test_a_large_file_may_be_longer_on_its_way_than_max_wait(
    connect: Connect, large: Attachment, redirected: bool
) -> None:
    answers = [http(503), http(201, {"id": "A"})]
    if redirected:
        answers.insert(0, http(307, b"", {"Location": "/elsewhere"}))

    def handle(server: Server, peer: Peer) -> None:
        while (request := peer.read(slowly=0.0 if server.received else 3.0)) is not None:
            server.received.append(request)
            peer.send(answers[len(server.received) - 1])

    with serving(handle) as server:
        caller = Caller(connect(api_url=server.url, files_url=server.url, timeout=2.0, max_wait=2.0))
        started = time.monotonic()
        assert caller.client.upload_file(large) == "A"
        assert time.monotonic() - started > 3.0
        caller.session.transport.close()
    assert len(server.received) == len(answers)
    assert {len(request.body) >= large.size for request in server.received} == {True}


# Sessions


def test_tasks_with_equal_options_share_a_session(connect: Connect) -> None:
    assert shared_session(connect()) is shared_session(connect())
    assert shared_session(connect()) is not shared_session(connect(user_id="alice@example.com"))


def test_a_forked_child_has_sessions_of_its_own(connect: Connect) -> None:
    connection = connect()
    mine = shared_session(connection)
    reader, writer = os.pipe()
    with contextlib.closing(os.fdopen(reader, "rb")) as stream:
        child = os.fork()
        if child == 0:
            os.write(writer, json.dumps(shared_session(connection) is mine).encode())
            os._exit(0)
        os.close(writer)
        os.waitpid(child, 0)
        assert json.loads(stream.read()) is False
    assert shared_session(connection) is mine


def test_an_unusable_state_folder_is_one_warning_and_the_message_is_sent(
    sandbox: Sandbox, connect: Connect, app: Params
) -> None:
    caller = Caller(connect(sandbox, **app, state_dir="/proc/no-such-folder/zoom_chat"))
    caller.client.send_message(FIELDS, "json")
    assert len(caller.warnings) == 1
    assert caller.warnings[0].startswith("state_dir: /proc/no-such-folder/zoom_chat cannot be used (")
    assert len(sandbox.messages()) == 1
