# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sandbox's own interfaces: account, events, reset, settings, transcript, page, TLS, command line."""

from __future__ import annotations

import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import time
import typing as t

import pytest
import requests
from ansible_collections.teamchat.zoom.tests.sandbox import seeds
from ansible_collections.teamchat.zoom.tests.sandbox.running import Sandbox, running_sandbox

Api = t.Callable[..., requests.Response]
SEND = f"chat/users/{seeds.SENDER}/messages"
ROOT = pathlib.Path(__file__).parents[3]
COMMAND = [sys.executable, "-m", "tests.sandbox"]


def test_account_tells_of_every_request(sandbox: Sandbox, api: Api) -> None:
    api("POST", SEND, json={"message": "x", "to_channel": "nowhere"}, headers={"User-Agent": "probe/1"})
    (request,) = sandbox.requests()
    assert re.fullmatch(r"v=2\.0;clid=sandbox;rid=WEB_[0-9a-f]{32}", request.pop("tracking_id"))
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", request.pop("time"))
    assert request == {
        "n": 1,
        "operation": "send",
        "method": "POST",
        "path": f"/v2/{SEND}",
        "query": {},
        "status": 404,
        "code": 4130,
        "user_agent": "probe/1",
        "content_type": "application/json",
        "authorized": True,
        "fault": None,
        "body_size": 41,
    }


def test_account_holds_no_secret(sandbox: Sandbox, api: Api) -> None:
    api("POST", SEND, json={"message": "x", "to_channel": seeds.OPS})
    text = json.dumps(sandbox.account())
    for secret in (seeds.ACCESS_TOKEN, seeds.CLIENT_SECRET, seeds.WEBHOOK_TOKEN, seeds.SECURE_WEBHOOK_SECRET):
        assert secret not in text


def test_reset_brings_back_the_beginning(sandbox: Sandbox, api: Api) -> None:
    before = {**sandbox.account(), "revision": 0}
    sandbox.settings(max_length=5, filler_channels=3)
    sandbox.fault("500", "list")
    api("POST", SEND, json={"message": "x", "to_channel": seeds.OPS})
    sandbox.reset()
    assert {**sandbox.account(), "revision": 0} == before


def test_reset_ends_tokens_that_were_issued(sandbox: Sandbox, api: Api) -> None:
    grant = {"grant_type": "account_credentials", "account_id": seeds.ACCOUNT_ID}
    app = (seeds.CLIENT_ID, seeds.CLIENT_SECRET)
    token = requests.post(sandbox.oauth_url, auth=app, data=grant, timeout=10).json()["access_token"]
    sandbox.reset()
    assert api("GET", f"chat/channels/{seeds.OPS}", token=token).status_code == 401


def test_unknown_settings_are_refused(sandbox: Sandbox) -> None:
    with pytest.raises(ValueError, match="'speed' was unexpected"):
        sandbox.settings(speed=1)
    with pytest.raises(ValueError, match="'sometimes' is not one of"):
        sandbox.settings(multipart="sometimes")


def test_events_tell_of_changes(sandbox: Sandbox, api: Api) -> None:
    with requests.get(f"{sandbox.url}/_sandbox/events", stream=True, timeout=10) as stream:
        lines = stream.iter_lines(decode_unicode=True)
        first = [next(lines) for _index in range(3)]
        api("POST", SEND, json={"message": "x", "to_channel": seeds.OPS})
        second = [next(lines) for _index in range(3)]
    assert (first[0], second[0]) == ("event: change", "event: change")
    assert int(second[1].removeprefix("data: ")) > int(first[1].removeprefix("data: "))


def test_messages_of_people_can_be_put_in(sandbox: Sandbox) -> None:
    main = sandbox.say("alice@example.com", "hi", to_channel=seeds.OPS, age=60)
    sandbox.say("bob@example.com", "hello", to_channel=seeds.OPS, reply_main_message_id=main)
    first, second = sandbox.messages()
    assert (first["sender"], second["reply_main_message_id"]) == ("alice@example.com", main)
    assert 59_000 <= second["timestamp"] - first["timestamp"] <= 70_000
    with pytest.raises(ValueError, match="There is no user nobody"):
        sandbox.say("nobody", "hi", to_channel=seeds.OPS)


def test_transcript_reads_like_a_chat(sandbox: Sandbox, api: Api) -> None:
    mention = {"at_type": 1, "at_contact": "alice@example.com", "start_position": 0, "end_position": 5}
    fields = {"message": "@Alice deployed\nall of it", "to_channel": seeds.OPS, "at_items": [mention]}
    main = api("POST", SEND, json=fields).json()["id"]
    api("POST", SEND, json={"message": "done", "to_channel": seeds.OPS, "reply_main_message_id": main})
    gone = api("POST", SEND, json={"message": "typo", "to_channel": seeds.OPS}).json()["id"]
    api("DELETE", f"{SEND}/{gone}", params={"to_channel": seeds.OPS})
    api("PUT", f"{SEND}/{main}", json={"message": "deployed", "to_channel": seeds.OPS})
    api("POST", SEND, json={"message": "psst", "to_contact": "alice@example.com"})
    text = re.sub(r"\d\d:\d\d:\d\d", "12:00:00", sandbox.transcript())
    assert text == (
        "#ops\n"
        "  12:00:00 Deploy Bot: deployed (edited)\n"
        "    [before] @Alice deployed\n"
        "    [before] all of it\n"
        "    └ 12:00:00 Deploy Bot: done\n"
        "  12:00:00 Deploy Bot: (deleted)\n"
        "\n"
        "Alice Adams and Deploy Bot\n"
        "  12:00:00 Deploy Bot: psst\n"
    )


def test_transcript_of_nothing(sandbox: Sandbox) -> None:
    assert sandbox.transcript() == "Nothing arrived.\n"


def test_page_is_served_live_and_as_an_export(sandbox: Sandbox, api: Api) -> None:
    api("POST", SEND, json={"message": "seen on the page", "to_channel": seeds.OPS})
    live = requests.get(f"{sandbox.url}/", timeout=10)
    assert (live.status_code, live.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert "seen on the page" not in live.text
    assert "seen on the page" in sandbox.page()


def test_sandbox_that_runs_elsewhere_is_reached_by_its_url(sandbox: Sandbox) -> None:
    other = Sandbox(sandbox.url)
    assert other.environment() == sandbox.environment()
    other.close()


def test_settings_are_given_at_the_start_and_outlive_a_reset() -> None:
    with running_sandbox(max_length=7) as sandbox:
        sandbox.settings(max_length=8)
        sandbox.reset()
        assert sandbox.settings()["max_length"] == 7


def test_tls_with_an_authority_of_its_own() -> None:
    with running_sandbox(tls=True) as sandbox:
        assert sandbox.ca_path is not None
        assert {url.split(":")[0] for url in (sandbox.api_url, sandbox.oauth_url, sandbox.files_url)} == {"https"}
        url = f"{sandbox.api_url}/chat/channels/{seeds.OPS}"
        headers = {"Authorization": f"Bearer {seeds.ACCESS_TOKEN}"}
        assert requests.get(url, headers=headers, verify=sandbox.ca_path, timeout=10).status_code == 200
        with pytest.raises(requests.exceptions.SSLError):
            requests.get(url, timeout=10)
        sandbox.fault("reset", "channel")
        with pytest.raises(requests.ConnectionError):
            requests.get(url, headers=headers, verify=sandbox.ca_path, timeout=10)


def test_stopping_does_not_wait_for_a_request_that_hangs() -> None:
    with running_sandbox() as sandbox:
        sandbox.fault("hang", "channel", seconds=30)
        with pytest.raises(requests.exceptions.ReadTimeout):
            requests.get(f"{sandbox.api_url}/chat/channels/x", timeout=0.2)
        start = time.monotonic()
    assert time.monotonic() - start < 3


def test_stopping_does_not_wait_for_a_port_that_refuses() -> None:
    with running_sandbox() as sandbox:
        sandbox.fault("refuse", seconds=30)
        time.sleep(0.1)
        start = time.monotonic()
    assert time.monotonic() - start < 3


def test_port_that_is_taken_is_an_error() -> None:
    with (
        running_sandbox() as sandbox,
        pytest.raises(OSError, match="Address already in use"),
        running_sandbox(port=int(sandbox.url.rpartition(":")[2])),
    ):
        pass


def wait_for(path: pathlib.Path, process: subprocess.Popen[str]) -> dict[str, t.Any]:
    for _index in range(200):
        if path.exists():
            return t.cast("dict[str, t.Any]", json.loads(path.read_text()))
        assert process.poll() is None
        time.sleep(0.05)
    raise AssertionError("the sandbox did not get ready")


def test_serve_until_terminated(tmp_path: pathlib.Path) -> None:
    ready_file = tmp_path / "ready.json"
    with subprocess.Popen(
        [*COMMAND, "serve", "--ready-file", str(ready_file)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        ready = wait_for(ready_file, process)
        sandbox = Sandbox(ready["url"])
        sandbox.say("alice@example.com", "hi", to_channel=seeds.OPS)
        sandbox.close()
        shown = subprocess.run(
            [*COMMAND, "transcript", "--url", ready["url"]], cwd=ROOT, capture_output=True, text=True, check=True
        )
        process.send_signal(signal.SIGTERM)
        output, _stderr = process.communicate(timeout=10)
    assert process.returncode == 0
    assert ready["pid"] == process.pid
    assert ready["webhook_url"] == f"{ready['url']}/chat/webhooks/incomingwebhook/{seeds.WEBHOOK_ID}"
    assert output == (
        f"Zoom Team Chat sandbox: page {ready['url']}/  API {ready['api_url']}  OAuth {ready['oauth_url']}  "
        f"files {ready['files_url']}\n"
        f"export ZOOM_API_URL={ready['api_url']} ZOOM_OAUTH_URL={ready['oauth_url']} "
        f"ZOOM_FILES_URL={ready['files_url']} ZOOM_SANDBOX_URL={ready['url']} "
        f"ZOOM_ACCOUNT_ID={seeds.ACCOUNT_ID} ZOOM_CLIENT_ID={seeds.CLIENT_ID} "
        f"ZOOM_CLIENT_SECRET={seeds.CLIENT_SECRET} ZOOM_USER_ID={seeds.SENDER}\n"
    )
    assert re.fullmatch(r"#ops\n  \d\d:\d\d:\d\d Alice Adams: hi\n", shown.stdout)


def test_run_gives_the_environment_and_the_exit_code() -> None:
    script = (
        "import json, os; print(json.dumps({k: v for k, v in os.environ.items() if k.startswith('ZOOM_')})); exit(7)"
    )
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ZOOM_")}
    done = subprocess.run(
        [*COMMAND, "run", "--", sys.executable, "-c", script],
        cwd=ROOT,
        env={
            **clean,
            "ZOOM_ACCESS_TOKEN": "real",
            "ZOOM_CHAT_WEBHOOK_URL": "https://example.com",
            "ZOOM_CHAT_LIVE": "1",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (7, "")
    environment = json.loads(done.stdout)
    url = environment["ZOOM_SANDBOX_URL"]
    assert {**environment, "ZOOM_FILES_URL": ""} == {
        "ZOOM_API_URL": f"{url}/v2",
        "ZOOM_OAUTH_URL": f"{url}/oauth/token",
        "ZOOM_FILES_URL": "",
        "ZOOM_SANDBOX_URL": url,
        "ZOOM_ACCOUNT_ID": seeds.ACCOUNT_ID,
        "ZOOM_CLIENT_ID": seeds.CLIENT_ID,
        "ZOOM_CLIENT_SECRET": seeds.CLIENT_SECRET,
        "ZOOM_USER_ID": seeds.SENDER,
        # How to reach the real Zoom is not passed on, what the callback is to do is.
        "ZOOM_CHAT_LIVE": "1",
    }


@pytest.mark.parametrize("says", [True, False])
def test_run_shows_what_arrived_when_asked_to(says: bool) -> None:
    script = (
        "import os; from tests.sandbox.running import Sandbox;"
        f"Sandbox(os.environ['ZOOM_SANDBOX_URL']).say('alice@example.com', 'hi', to_channel='{seeds.OPS}')"
    )
    done = subprocess.run(
        [*COMMAND, "run", "--show", "--", sys.executable, "-c", script if says else "exit(3)"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0 if says else 3, "")
    arrived = r"#ops\n  \d\d:\d\d:\d\d Alice Adams: hi\n" if says else r"Nothing arrived\.\n"
    assert re.fullmatch(rf"\nWhat arrived in Zoom Team Chat:\n\n{arrived}\n", done.stdout), done.stdout


def test_wrong_settings_are_told_in_one_line() -> None:
    done = subprocess.run(
        [*COMMAND, "serve", "--settings", '{"speed": 1}'], cwd=ROOT, capture_output=True, text=True, check=False
    )
    message = "sandbox: Additional properties are not allowed ('speed' was unexpected)\n"
    assert (done.returncode, done.stderr) == (1, message)
