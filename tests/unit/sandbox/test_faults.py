# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults on demand: each one strikes as it says, before or after the work is done, and leaves a record."""

from __future__ import annotations

import contextlib
import datetime
import email.utils
import time
import typing as t

import pytest
import requests
from ansible_collections.teamchat.zoom.tests.sandbox import seeds
from ansible_collections.teamchat.zoom.tests.sandbox.running import Sandbox

Api = t.Callable[..., requests.Response]
SEND = f"chat/users/{seeds.SENDER}/messages"
MESSAGE = {"message": "x", "to_channel": seeds.OPS}
UTC = datetime.timezone.utc


def send(api: Api, **options: t.Any) -> requests.Response:
    return api("POST", SEND, json=MESSAGE, **options)


def moments(sandbox: Sandbox) -> list[tuple[str, str, str]]:
    return [(s["fault"], s["operation"], s["moment"]) for s in sandbox.account()["struck"]]


@pytest.mark.parametrize("fault", ["reset", "hang", "500", "html-502", "refuse"])
@pytest.mark.parametrize(("moment", "arrived"), [("before", 0), ("after", 1)])
def test_moment_decides_whether_the_work_is_done(
    sandbox: Sandbox, api: Api, fault: str, moment: str, arrived: int
) -> None:
    sandbox.fault(fault, "send", moment=moment, seconds=0.1)
    with contextlib.suppress(requests.ConnectionError):
        assert send(api).status_code >= 500
    time.sleep(0.15)
    assert len(sandbox.messages()) == arrived
    assert moments(sandbox) == [(fault, "send", moment)]
    assert [(r["fault"], r["authorized"]) for r in sandbox.requests("send")] == [(fault, True)]
    assert send(api).status_code == 201


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        ("401", 401, 124),
        ("429-qps", 429, 429),
        ("500", 500, 500),
        ("validation", 400, 300),
        ("error:400:5301:Message sending failed.", 400, 5301),
        ("error:404:4130:Channel: does not exist", 404, 4130),
    ],
)
def test_faults_that_answer_in_json(sandbox: Sandbox, api: Api, fault: str, status: int, code: int) -> None:
    sandbox.fault(fault, "send")
    answer = send(api)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    (request,) = sandbox.requests("send")
    assert (request["status"], request["code"]) == (status, code)


def test_error_fault_keeps_colons_of_its_message(sandbox: Sandbox, api: Api) -> None:
    sandbox.fault("error:404:1001:User: does not exist", "send")
    assert send(api).json() == {"code": 1001, "message": "User: does not exist"}


@pytest.mark.parametrize(
    ("fault", "status", "content_type", "start"),
    [
        ("502", 502, "text/plain", "502 Bad Gateway"),
        ("503", 503, "text/plain", "503 Service Unavailable"),
        ("504", 504, "text/plain", "504 Gateway Time-out"),
        ("html-200", 200, "text/html", "<html>"),
        ("html-502", 502, "text/html", "<html>"),
    ],
)
def test_faults_that_answer_otherwise(
    sandbox: Sandbox, api: Api, fault: str, status: int, content_type: str, start: str
) -> None:
    sandbox.fault(fault, "send")
    answer = send(api)
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, content_type)
    assert answer.text.startswith(start)


def test_retry_after_in_its_three_kinds(sandbox: Sandbox, api: Api) -> None:
    for fault in ("429-seconds", "429-http-date", "429-iso", "429-daily"):
        sandbox.fault(fault, "send", seconds=90)
    start = datetime.datetime.now(UTC)
    seconds, http_date, iso, daily = (send(api).headers for _index in range(4))
    assert (seconds["Retry-After"], seconds["X-RateLimit-Type"]) == ("90", "QPS")
    for when in (
        email.utils.parsedate_to_datetime(http_date["Retry-After"]),
        datetime.datetime.fromisoformat(iso["Retry-After"].replace("Z", "+00:00")),
    ):
        assert datetime.timedelta(seconds=89) < when - start < datetime.timedelta(seconds=95)
    assert daily["X-RateLimit-Type"] == "Daily-limit"


def test_daily_limit_ends_hours_ahead(sandbox: Sandbox, api: Api) -> None:
    sandbox.fault("429-daily", "send")
    answer = send(api)
    until = datetime.datetime.fromisoformat(answer.headers["Retry-After"].replace("Z", "+00:00"))
    assert until - datetime.datetime.now(UTC) > datetime.timedelta(hours=3)
    assert answer.json()["message"].startswith("You have reached the maximum daily rate limit for this API.")


def test_cut_json_ends_short_of_its_length(sandbox: Sandbox, api: Api) -> None:
    sandbox.fault("cut-json", "send")
    with pytest.raises(requests.exceptions.ChunkedEncodingError, match="IncompleteRead"):
        send(api)
    assert len(sandbox.messages()) == 1


def test_cut_body_json_is_a_whole_answer_with_half_a_body(sandbox: Sandbox, api: Api) -> None:
    sandbox.fault("cut-body-json", "send")
    answer = send(api)
    assert answer.status_code == 201
    assert answer.text == f'{{"id": "{sandbox.messages()[0]["id"]}"}}'[:23]


@pytest.mark.parametrize(("fault", "text"), [("empty-201", ""), ("no-id", "{}")])
def test_success_without_an_id(sandbox: Sandbox, api: Api, fault: str, text: str) -> None:
    sandbox.fault(fault, "send")
    answer = send(api)
    assert (answer.status_code, answer.text) == (201, text)
    assert len(sandbox.messages()) == 1


@pytest.mark.parametrize(("fault", "status"), [("redirect", 307), ("redirect-303", 303)])
def test_redirect_to_a_foreign_host(sandbox: Sandbox, api: Api, fault: str, status: int) -> None:
    sandbox.fault(fault, "send")
    answer = send(api, allow_redirects=False)
    assert (answer.status_code, answer.headers["Location"]) == (status, "https://attacker.example/")
    sandbox.fault(fault, "send", url="http://127.0.0.1:9/")
    assert send(api, allow_redirects=False).headers["Location"] == "http://127.0.0.1:9/"


def test_slow_answer_is_right_but_late(sandbox: Sandbox, api: Api) -> None:
    sandbox.fault("slow", "send", seconds=0.3)
    start = time.monotonic()
    answer = send(api)
    assert time.monotonic() - start >= 0.3
    assert answer.json() == {"id": sandbox.messages()[0]["id"]}


def test_answers_without_a_body_come_late_or_not_at_all(sandbox: Sandbox, api: Api) -> None:
    path = f"{SEND}/{send(api).json()['id']}"
    sandbox.fault("slow", "edit", seconds=0.3)
    start = time.monotonic()
    assert api("PUT", path, json={**MESSAGE, "message": "y"}).status_code == 204
    assert time.monotonic() - start >= 0.3
    sandbox.fault("cut-json", "delete", seconds=0.1)
    with pytest.raises(requests.ConnectionError):
        api("DELETE", path, params={"to_channel": seeds.OPS})
    assert [(m["message"], m["status"]) for m in sandbox.messages()] == [("y", "Deleted")]


def test_hang_gives_no_answer(sandbox: Sandbox, api: Api) -> None:
    sandbox.fault("hang", "send", seconds=0.3)
    start = time.monotonic()
    with pytest.raises(requests.ConnectionError):
        send(api)
    assert time.monotonic() - start >= 0.3


def test_reset_is_a_reset(sandbox: Sandbox, api: Api) -> None:
    sandbox.fault("reset", "send")
    with pytest.raises(requests.ConnectionError, match="Connection reset by peer"):
        send(api)


def test_refuse_refuses_at_once_and_comes_back_on_the_same_port(sandbox: Sandbox, api: Api) -> None:
    sandbox.fault("refuse", "send", seconds=0.4)
    time.sleep(0.1)
    with pytest.raises(requests.ConnectionError, match="Connection refused"):
        send(api)
    time.sleep(0.4)
    assert send(api).status_code == 201
    assert moments(sandbox) == [("refuse", "send", "now")]


def test_refuse_of_uploads_leaves_the_api_alone(sandbox: Sandbox, api: Api) -> None:
    sandbox.fault("refuse", "upload", seconds=0.4)
    time.sleep(0.1)
    assert send(api).status_code == 201
    with pytest.raises(requests.ConnectionError, match="Connection refused"):
        api("POST", f"chat/users/{seeds.SENDER}/files", url=sandbox.files_url, files={"file": ("x", b"x")})
    time.sleep(0.4)


def test_fault_strikes_its_operation_as_often_as_told(sandbox: Sandbox, api: Api) -> None:
    sandbox.fault("500", "send", times=2, after=1)
    assert api("GET", SEND, params={"to_channel": seeds.OPS}).status_code == 200
    assert [send(api).status_code for _index in range(4)] == [201, 500, 500, 201]
    assert sandbox.account()["faults"] == []


def test_fault_without_end_lasts_until_cleared(sandbox: Sandbox, api: Api) -> None:
    sandbox.fault("500", times=None)
    assert [send(api).status_code for _index in range(3)] == [500] * 3
    sandbox.clear_faults()
    assert send(api).status_code == 201


def test_replies_and_sends_are_struck_apart(sandbox: Sandbox, api: Api) -> None:
    sandbox.fault("500", "reply")
    main = send(api).json()["id"]
    reply = {**MESSAGE, "reply_main_message_id": main}
    assert [api("POST", SEND, json=reply).status_code for _index in range(2)] == [500, 201]


@pytest.mark.parametrize(
    ("operation", "method", "path", "options"),
    [
        ("list", "GET", SEND, {"params": {"to_channel": seeds.OPS}}),
        ("get", "GET", f"{SEND}/x", {"params": {"to_channel": seeds.OPS}}),
        ("edit", "PUT", f"{SEND}/x", {"json": MESSAGE}),
        ("delete", "DELETE", f"{SEND}/x", {"params": {"to_channel": seeds.OPS}}),
        ("thread", "GET", f"{SEND}/x/thread", {"params": {"to_channel": seeds.OPS, "from": "x"}}),
        ("channels", "GET", f"chat/users/{seeds.SENDER}/channels", {}),
        ("channel", "GET", f"chat/channels/{seeds.OPS}", {}),
        ("file_info", "GET", "chat/files/x", {}),
        ("delete_file", "DELETE", "chat/files/x", {}),
    ],
)
def test_every_operation_can_be_struck(
    sandbox: Sandbox, api: Api, operation: str, method: str, path: str, options: dict[str, t.Any]
) -> None:
    sandbox.fault("503", operation)
    assert api(method, path, **options).status_code == 503
    assert moments(sandbox) == [("503", operation, "before")]


@pytest.mark.parametrize("operation", ["upload", "send_file", "redirect"])
def test_uploads_can_be_struck(sandbox: Sandbox, api: Api, operation: str) -> None:
    sandbox.fault("503", operation)
    url = sandbox.files_url if operation == "redirect" else sandbox.storage_url
    path = f"{SEND}/files" if operation == "send_file" else f"chat/users/{seeds.SENDER}/files"
    assert api("POST", path, url=url, files={"file": ("x", b"x")}).status_code == 503


def test_token_requests_can_be_struck(sandbox: Sandbox) -> None:
    sandbox.fault("401", "token")
    answer = requests.post(sandbox.oauth_url, auth=(seeds.CLIENT_ID, seeds.CLIENT_SECRET), timeout=10)
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


@pytest.mark.parametrize(
    ("wish", "text"),
    [
        ({"fault": "unheard"}, "There is no fault 'unheard', only: refuse, reset, hang, slow, "),
        ({"fault": "500", "moment": "now"}, "500 has no moment 'now', only refuse has"),
        (
            {"fault": "slow", "moment": "before"},
            "slow spoils the answer to work that was done: its moment is 'after'",
        ),
        ({"fault": "500", "sometimes": 1}, "Additional properties are not allowed"),
    ],
)
def test_wrong_wishes_are_refused(sandbox: Sandbox, wish: dict[str, t.Any], text: str) -> None:
    answer = requests.post(f"{sandbox.url}/_sandbox/faults", json=wish, timeout=10)
    assert answer.status_code == 400
    assert text in answer.json()["message"]
    assert sandbox.account()["faults"] == []


def test_latency_delays_every_answer(sandbox: Sandbox, api: Api) -> None:
    sandbox.settings(latency=0.2)
    start = time.monotonic()
    assert send(api).status_code == 201
    assert time.monotonic() - start >= 0.2
