# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tokens: one request for all processes, never an old one, never a foreign file trusted."""

from __future__ import annotations

import concurrent.futures
import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import time
import typing as t

import pytest
from ansible_collections.teamchat.zoom.plugins.module_utils._answers import Answer
from ansible_collections.teamchat.zoom.plugins.module_utils._connection import Connection
from ansible_collections.teamchat.zoom.plugins.module_utils._errors import (
    AuthenticationFailed,
    PermissionDenied,
    ServiceFailed,
    ZoomError,
)
from ansible_collections.teamchat.zoom.plugins.module_utils._state import StateFolder
from ansible_collections.teamchat.zoom.plugins.module_utils._tokens import Token, Tokens, read_token
from ansible_collections.teamchat.zoom.tests.sandbox import seeds
from ansible_collections.teamchat.zoom.tests.sandbox.running import Sandbox
from ansible_collections.teamchat.zoom.tests.unit.callers import Caller
from hypothesis import given
from hypothesis import strategies as st

Connect = t.Callable[..., Connection]
Params = dict[str, t.Any]
FIELDS = {"message": "hello", "to_channel": seeds.OPS}


def unwarned(text: str) -> None:
    raise AssertionError(f"unexpected warning: {text}")


def state_file(state_dir: str) -> pathlib.Path:
    (found,) = pathlib.Path(state_dir).glob("token-*.json")
    return found


def never() -> Token:
    raise AssertionError("a token was fetched")


@pytest.fixture
def tokens(connect: Connect, app: Params, state_dir: str) -> t.Callable[..., Tokens]:
    """The tokens of a process of its own; keywords change the connection."""

    def make(**changes: t.Any) -> Tokens:
        connection = connect(**{**app, "state_dir": state_dir, **changes})
        return Tokens(connection, StateFolder(connection.state_dir, unwarned))

    return make


def fetching(value: str, life: float = 3600.0) -> t.Callable[[], Token]:
    return lambda: Token(value, time.time() + life)


# Kept and shared


def test_a_token_is_kept_for_the_process_and_for_others(tokens: t.Callable[..., Tokens]) -> None:
    first = tokens()
    assert first.get(fetching("one"), 1.0) == "one"
    assert first.get(never, 1.0) == "one"
    assert tokens().get(never, 1.0) == "one"


def test_a_process_that_has_a_token_does_not_look_into_the_folder(
    tokens: t.Callable[..., Tokens], tmp_path: pathlib.Path, state_dir: str
) -> None:
    own = tokens()
    assert own.get(fetching("one"), 1.0) == "one"
    # Looking would be a warning now.
    pathlib.Path(state_dir).rename(tmp_path / "away")
    pathlib.Path(state_dir).touch()
    assert own.get(never, 1.0) == "one"


def test_a_given_token_is_used_as_it_is_and_not_kept(tokens: t.Callable[..., Tokens], state_dir: str) -> None:
    given_one = tokens(access_token="given", account_id=None, client_id=None, client_secret=None)
    assert given_one.get(never, 1.0) == "given"
    assert not given_one.renewable("given")
    assert not os.path.exists(state_dir)


@pytest.mark.parametrize(("life", "fetched_again"), [(59.0, True), (62.0, False), (90000.0, True)])
def test_a_token_is_not_used_in_its_last_minute(
    tokens: t.Callable[..., Tokens], life: float, fetched_again: bool
) -> None:
    kept = tokens()
    kept.get(fetching("one", life), 1.0)
    expected = "two" if fetched_again else "one"
    assert kept.get(fetching("two"), 1.0) == expected
    assert tokens().get(never, 1.0) == expected


@pytest.mark.parametrize(
    "change",
    [
        {"client_secret": "another-secret"},
        {"client_id": "another-client"},
        {"account_id": "another-account"},
        {"oauth_url": "https://zoomgov.com/oauth/token"},
    ],
)
def test_a_changed_credential_never_gets_the_old_token(tokens: t.Callable[..., Tokens], change: dict[str, str]) -> None:
    tokens().get(fetching("one"), 1.0)
    assert tokens(**change).get(fetching("two"), 1.0) == "two"
    assert tokens().get(never, 1.0) == "one"


def test_the_state_file_is_private_and_named_without_a_secret(tokens: t.Callable[..., Tokens], state_dir: str) -> None:
    tokens().get(fetching("one"), 1.0)
    assert state_file(state_dir).stat().st_mode & 0o777 == 0o600
    assert os.stat(state_dir).st_mode & 0o777 == 0o700
    assert seeds.CLIENT_SECRET not in " ".join(os.listdir(state_dir))
    assert seeds.CLIENT_SECRET not in state_file(state_dir).read_text()


def test_without_a_state_folder_the_process_keeps_it(tokens: t.Callable[..., Tokens]) -> None:
    kept = tokens(state_dir="")
    assert kept.get(fetching("one"), 1.0) == "one"
    assert kept.get(never, 1.0) == "one"
    assert tokens(state_dir="").get(fetching("two"), 1.0) == "two"


def test_a_rejected_token_is_forgotten_everywhere(tokens: t.Callable[..., Tokens]) -> None:
    first, second = tokens(), tokens()
    first.get(fetching("one"), 1.0)
    second.get(never, 1.0)
    assert first.renewable("one")
    assert first.get(fetching("two"), 1.0) == "two"
    # The other process learns of the new one instead of fetching a third.
    assert second.renewable("one")
    assert second.get(never, 1.0) == "two"


def test_a_rejected_token_is_not_used_again_though_another_process_holds_the_lock(
    tokens: t.Callable[..., Tokens], state_dir: str
) -> None:
    own = tokens()
    assert own.get(fetching("one"), 1.0) == "one"
    with StateFolder(state_dir, unwarned).lock(own._name, 1.0):
        assert own.renewable("one")
        with pytest.raises(ServiceFailed):
            own.get(never, 0.1)
    # The other one has ended without a new token.
    assert own.get(fetching("two"), 1.0) == "two"
    assert tokens().get(never, 1.0) == "two"


def test_a_token_that_oauth_gives_again_is_used_again(tokens: t.Callable[..., Tokens]) -> None:
    own = tokens()
    own.get(fetching("one"), 1.0)
    assert own.renewable("one")
    assert own.get(fetching("one"), 1.0) == "one"
    assert own.get(never, 1.0) == "one"


def test_who_waits_in_vain_for_another_ones_token_is_told_so(tokens: t.Callable[..., Tokens], state_dir: str) -> None:
    waiting = tokens()
    with StateFolder(state_dir, unwarned).lock(waiting._name, 1.0), pytest.raises(ServiceFailed) as caught:
        waiting.get(never, 0.1)
    assert str(caught.value) == (
        "Fetching a token failed: another task has been trying to fetch it all the time that max_wait allows."
    )
    assert caught.value.hint == "Its own error says why; Zoom's OAuth may be down: https://status.zoom.us."


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not JSON",
        b"[]",
        b"{}",
        b'{"access_token": "x"}',
        b'{"access_token": 7, "expires_at": 99999999999}',
        b'{"access_token": "", "expires_at": 99999999999}',
        b'{"access_token": "a b", "expires_at": %d}',
        b'{"access_token": "a\\r\\nX-Evil: 1", "expires_at": %d}',
        b'{"access_token": "\\u00e4", "expires_at": %d}',
        b'{"access_token": "evil", "expires_at": "soon"}',
        b'{"access_token": "evil", "expires_at": true}',
        b'{"access_token": "evil", "expires_at": 99999999999}',
        b'{"access_token": "evil", "expires_at": 1e999}',
        b'{"access_token": "evil", "expires_at": NaN}',
        b"\0" * 1000,
        b"[" * 100_000,
    ],
)
def test_a_damaged_state_file_is_replaced(tokens: t.Callable[..., Tokens], state_dir: str, content: bytes) -> None:
    tokens().get(fetching("one"), 1.0)
    file = state_file(state_dir)
    file.write_bytes(content.replace(b"%d", str(int(time.time()) + 3000).encode()))
    assert tokens().get(fetching("two"), 1.0) == "two"
    assert json.loads(file.read_bytes())["access_token"] == "two"


def test_a_file_that_others_could_write_is_not_trusted(tokens: t.Callable[..., Tokens], state_dir: str) -> None:
    tokens().get(fetching("one"), 1.0)
    state_file(state_dir).chmod(0o644)
    assert tokens().get(fetching("two"), 1.0) == "two"
    assert state_file(state_dir).stat().st_mode & 0o777 == 0o600


def test_a_symbolic_link_in_its_place_is_neither_read_nor_written_through(
    tokens: t.Callable[..., Tokens], state_dir: str, tmp_path: pathlib.Path
) -> None:
    tokens().get(fetching("one"), 1.0)
    file = state_file(state_dir)
    planted = tmp_path / "planted"
    planted.write_bytes(file.read_bytes().replace(b"one", b"evil"))
    planted.chmod(0o600)
    before = planted.read_bytes()
    file.unlink()
    file.symlink_to(planted)
    assert tokens().get(fetching("two"), 1.0) == "two"
    assert planted.read_bytes() == before
    assert not file.is_symlink()


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(), inner, max_size=2),
    max_leaves=4,
)


@given(st.fixed_dictionaries({}, optional={"access_token": _VALUES, "expires_at": _VALUES}))
def test_what_a_state_file_holds_never_crashes(stored: dict[str, t.Any]) -> None:
    token = Token.from_state(stored)
    assert token is None or isinstance(token.is_fresh(time.time()), bool)


def test_an_expiry_beyond_floats_is_no_token() -> None:
    assert Token.from_state({"access_token": "x", "expires_at": 10**400}) is None


# What OAuth answers


def oauth_answer(body: t.Any, status: int = 200) -> Answer:
    return Answer(status, {}, body if isinstance(body, bytes) else json.dumps(body).encode())


@pytest.mark.parametrize(
    ("expires_in", "life"),
    [(3600, 3600), (120.5, 120.5), (0, 3600), (-5, 3600), ("3600", 3600), (None, 3600), (True, 3600), (10**9, 3600)],
)
def test_the_life_of_a_token_is_what_oauth_says_or_an_hour(expires_in: t.Any, life: float) -> None:
    token = read_token(oauth_answer({"access_token": "x", "expires_in": expires_in}))
    assert token.value == "x"
    assert token.expires_at == pytest.approx(time.time() + life, abs=2)


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", {}, [], {"access_token": ""}, {"access_token": 7}, {"access_token": "a b"}, {"access_token": "ä"}],
)
def test_an_answer_without_a_token_is_said(body: t.Any) -> None:
    with pytest.raises(ServiceFailed) as caught:
        read_token(oauth_answer(body))
    assert str(caught.value) == "Fetching a token failed: the answer has no access_token."
    assert caught.value.hint == (
        "Check oauth_url: it must be Zoom's token address, such as https://zoom.us/oauth/token."
    )
    assert caught.value.transient


def test_an_error_with_status_200_is_an_error() -> None:
    with pytest.raises(AuthenticationFailed) as caught:
        read_token(oauth_answer({"reason": "The application is disabled", "error": "invalid_client"}))
    assert str(caught.value) == "Zoom gave no token: The application is disabled (HTTP 200)."
    assert caught.value.hint == (
        "The app is not active: open it in the Zoom App Marketplace and choose 'Activate your app'."
    )


@given(st.integers(200, 299), st.binary())
def test_no_answer_of_oauth_crashes_the_reading(status: int, content: bytes) -> None:
    with pytest.raises(ZoomError):
        read_token(oauth_answer(content, status))


# With the sandbox


def test_a_wrong_secret_a_wrong_account_and_a_disabled_app_are_told_apart(
    sandbox: Sandbox, connect: Connect, app: Params
) -> None:
    cases: list[tuple[dict[str, str], str, str]] = [
        (
            {"client_secret": "wrong"},
            "Zoom gave no token: Invalid client_id or client_secret (HTTP 400).",
            "client_id or client_secret is wrong: copy both again from the app's page 'App Credentials'.",
        ),
        (
            {"account_id": "wrong"},
            "Zoom gave no token: Bad Request (HTTP 400).",
            "account_id is wrong, or the app belongs to another account: copy it from the app's page 'App"
            " Credentials'.",
        ),
        (
            {"client_id": seeds.DISABLED_CLIENT_ID, "client_secret": seeds.DISABLED_CLIENT_SECRET},
            "Zoom gave no token: The application is disabled (HTTP 400).",
            "The app is not active: open it in the Zoom App Marketplace and choose 'Activate your app'.",
        ),
    ]
    for change, sentence, hint in cases:
        with pytest.raises(AuthenticationFailed) as caught:
            Caller(connect(sandbox, **{**app, **change})).client.send_message(FIELDS, "json")
        assert (str(caught.value), caught.value.hint) == (sentence, hint)
    assert len(sandbox.requests("token")) == len(cases)
    assert sandbox.messages() == []


def test_a_missing_scope_is_named(sandbox: Sandbox, connect: Connect, app: Params) -> None:
    unscoped = {"client_id": seeds.UNSCOPED_CLIENT_ID, "client_secret": seeds.UNSCOPED_CLIENT_SECRET}
    with pytest.raises(PermissionDenied) as caught:
        Caller(connect(sandbox, **{**app, **unscoped})).client.send_message(FIELDS, "json")
    assert str(caught.value) == (
        "Sending the message failed: Invalid access token, does not contain scopes:[team_chat:write:user_message,"
        " team_chat:write:user_message:admin] (HTTP 400, code 4711)."
    )
    assert str(caught.value.hint).startswith("Add the missing scope to the app in the Zoom App Marketplace")


def test_a_token_that_expired_is_renewed_once(sandbox: Sandbox, connect: Connect, app: Params, state_dir: str) -> None:
    # Zoom's answer rounds the life down to 0, which the client takes for an hour.
    sandbox.settings(token_ttl=0.3)
    caller = Caller(connect(sandbox, **app, state_dir=state_dir))
    caller.client.send_message(FIELDS, "json")
    time.sleep(0.4)
    sent = caller.next_task().send_message(FIELDS, "json")
    assert sent.attempts == 2
    assert [request["status"] for request in sandbox.requests("send")] == [201, 401, 201]
    assert sandbox.account()["tokens"]["requests"] == 2
    assert len(sandbox.messages()) == 2


def test_a_token_that_is_rejected_again_is_not_renewed_again(
    sandbox: Sandbox, connect: Connect, app: Params, state_dir: str
) -> None:
    sandbox.fault("401", "send", times=None)
    with pytest.raises(AuthenticationFailed) as caught:
        Caller(connect(sandbox, **app, state_dir=state_dir)).client.send_message(FIELDS, "json")
    assert str(caught.value) == "Sending the message failed: Invalid access token (HTTP 401, code 124)."
    assert len(sandbox.requests("send")) == 2
    assert sandbox.account()["tokens"]["requests"] == 2


def test_code_124_is_a_rejected_token_whatever_its_status(sandbox: Sandbox, connect: Connect, app: Params) -> None:
    sandbox.fault("error:400:124:Invalid access token.", "send")
    assert Caller(connect(sandbox, **app)).client.send_message(FIELDS, "json").attempts == 2
    assert sandbox.account()["tokens"]["requests"] == 2


@pytest.mark.parametrize("code", [4700, 4711])
@pytest.mark.parametrize(("age", "attempts"), [(61.0, 2), (None, 2), (30.0, None)])
def test_a_token_without_a_scope_is_replaced_when_it_is_old(
    sandbox: Sandbox, connect: Connect, app: Params, state_dir: str, age: float | None, attempts: int | None, code: int
) -> None:
    connection = connect(sandbox, **app, state_dir=state_dir)
    Caller(connection).client.send_message(FIELDS, "json")
    stored = json.loads(state_file(state_dir).read_bytes())
    assert abs(stored["fetched_at"] - time.time()) < 5
    if age is None:
        # An earlier version of the collection did not write it.
        del stored["fetched_at"]
    else:
        stored["fetched_at"] -= age
    state_file(state_dir).write_text(json.dumps(stored))
    sandbox.fault(f"error:400:{code}:Invalid access token, does not contain scopes:[x].", "send")
    later = Caller(connection)
    if attempts:
        assert later.client.send_message(FIELDS, "json").attempts == attempts
        assert sandbox.account()["tokens"]["requests"] == 2
    else:
        with pytest.raises(PermissionDenied):
            later.client.send_message(FIELDS, "json")
        assert sandbox.account()["tokens"]["requests"] == 1


@pytest.mark.parametrize("token", [seeds.EXPIRED_TOKEN, "no-such-token"])
def test_a_given_token_that_is_rejected_fails_at_once(sandbox: Sandbox, connect: Connect, token: str) -> None:
    with pytest.raises(AuthenticationFailed) as caught:
        Caller(connect(sandbox, access_token=token)).client.send_message(FIELDS, "json")
    assert caught.value.failure()["reason"] == "authentication"
    assert len(sandbox.requests()) == 1


def test_a_token_request_is_repeated_while_oauth_is_down(sandbox: Sandbox, connect: Connect, app: Params) -> None:
    sandbox.fault("503", "token", times=2)
    assert Caller(connect(sandbox, **app)).client.send_message(FIELDS, "json").attempts == 1
    assert len(sandbox.requests("token")) == 3


def test_every_token_is_known_as_a_secret(sandbox: Sandbox, connect: Connect, app: Params, state_dir: str) -> None:
    caller = Caller(connect(sandbox, **app, state_dir=state_dir))
    caller.client.send_message(FIELDS, "json")
    token = json.loads(state_file(state_dir).read_bytes())["access_token"]
    basic = "c2FuZGJveC1jbGllbnQtaWQ6c2FuZGJveC1jbGllbnQtc2VjcmV0"
    shown = f"{token} {seeds.CLIENT_SECRET} Basic {basic}"
    assert caller.secrets.scrub(shown) == "******** ******** Basic ********"


def test_many_threads_with_an_empty_state_folder_make_one_token_request(
    sandbox: Sandbox, connect: Connect, app: Params, state_dir: str
) -> None:
    connection = connect(sandbox, **app, state_dir=state_dir, timeout=5.0)

    def send(_number: int) -> str:
        return (
            Caller(connection).client.send_message({"message": "hello", "to_contact": "alice@example.com"}, "json").id
        )

    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        ids = list(pool.map(send, range(24)))
    assert len(set(ids)) == 24
    assert sandbox.account()["tokens"]["requests"] == 1


_PROCESS = """
import json, sys
from ansible_collections.teamchat.zoom.plugins.module_utils._connection import Connection
from ansible_collections.teamchat.zoom.tests.unit.callers import Caller
connection = Connection(**json.loads(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
for _index in range(int(sys.argv[2])):
    caller = Caller(connection)
    caller.session.tokens.renewable(caller.session.tokens._kept.value if caller.session.tokens._kept else "")
    caller.session.state.remove(caller.session.tokens._name) if sys.argv[3] == "churn" else None
    caller.client._token()
"""


def process(connection: Connection, times: int, how: str = "") -> subprocess.Popen[str]:
    """A process that asks for a token as often as said, once it is told to begin."""
    options = {name: getattr(connection, name) for name in connection.__dataclass_fields__}
    child = subprocess.Popen(
        [sys.executable, "-c", _PROCESS, json.dumps(options), str(times), how],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "ready\n"
    return child


def begin(child: subprocess.Popen[str]) -> None:
    assert child.stdin is not None
    child.stdin.write("\n")
    child.stdin.flush()


def close(child: subprocess.Popen[str]) -> None:
    for stream in (child.stdin, child.stdout):
        assert stream is not None
        stream.close()


def test_processes_with_an_empty_state_folder_make_one_token_request(
    sandbox: Sandbox, connect: Connect, app: Params, state_dir: str
) -> None:
    connection = connect(sandbox, **app, state_dir=state_dir, timeout=5.0)
    children = [process(connection, 1) for _index in range(6)]
    for child in children:
        begin(child)
    for child in children:
        assert child.wait(20) == 0
        close(child)
    assert sandbox.account()["tokens"]["requests"] == 1


def test_a_killed_process_leaves_a_folder_that_the_next_one_uses(
    sandbox: Sandbox, connect: Connect, app: Params, state_dir: str
) -> None:
    connection = connect(sandbox, **app, state_dir=state_dir, timeout=5.0)
    for _index in range(5):
        child = process(connection, 10_000, "churn")
        begin(child)
        time.sleep(random.uniform(0.01, 0.15))
        child.send_signal(signal.SIGKILL)
        assert child.wait(5) == -signal.SIGKILL
        close(child)
        caller = Caller(connection)
        started = time.monotonic()
        caller.client.send_message({"message": "after the kill", "to_contact": "alice@example.com"}, "json")
        assert time.monotonic() - started < 3
        assert caller.warnings == []
    assert len(sandbox.messages()) == 5


def test_a_process_that_is_killed_while_it_fetches_gives_the_lock_back(
    sandbox: Sandbox, connect: Connect, app: Params, state_dir: str
) -> None:
    connection = connect(sandbox, **app, state_dir=state_dir, timeout=5.0)
    sandbox.fault("hang", "token", seconds=30)
    child = process(connection, 1)
    begin(child)
    deadline = time.monotonic() + 5
    while not sandbox.requests("token") and time.monotonic() < deadline:
        time.sleep(0.02)
    child.send_signal(signal.SIGKILL)
    child.wait(5)
    close(child)
    started = time.monotonic()
    Caller(connection).client.send_message(FIELDS, "json")
    assert time.monotonic() - started < 2
    assert len(sandbox.requests("token")) == 2
