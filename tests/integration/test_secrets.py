# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets appear nowhere, whatever happens, at the highest verbosity, in any shape."""

from __future__ import annotations

import base64
import json
import pathlib
import subprocess
import threading
import time
import typing as t
from urllib.parse import quote, quote_plus

from ansible_collections.teamchat.zoom.tests.integration.runs import ANSIBLE_PLAYBOOK, Playbook, Run
from ansible_collections.teamchat.zoom.tests.sandbox import seeds
from ansible_collections.teamchat.zoom.tests.sandbox.running import Sandbox

ODD_TOKEN = "tok\"en\\+/=%&?'wrong-8Zq7"
ODD_SECRET = "gehe!m\"\\+/=%&'wrong-5Xw2"
FOREIGN_SECRET = "gehe!m ü-secret-6Vb4"
PROXY_PASSWORD = "pr0xy+pass=word-3Kd9"

EVERYTHING = """
- hosts: localhost
  gather_facts: false
  module_defaults:
    group/teamchat.zoom.zoom:
      account_id: "{{ account_id }}"
      client_id: "{{ client_id }}"
      client_secret: "{{ client_secret }}"
      to_channel: "{{ channel }}"
      msg: Hello
      max_wait: 0
  tasks:
    - name: Sent
      teamchat.zoom.zoom_chat_message:
        timeout: 20
    - name: Checked
      teamchat.zoom.zoom_chat_message:
        timeout: 20
      check_mode: true
      diff: true
    - name: Wrong token
      teamchat.zoom.zoom_chat_message:
        access_token: "{{ odd_token }}"
        account_id:
        client_id:
        client_secret:
      ignore_errors: true
    - name: Wrong secret
      teamchat.zoom.zoom_chat_message:
        client_secret: "{{ odd_secret }}"
      ignore_errors: true
    - name: Foreign secret
      teamchat.zoom.zoom_chat_message:
        client_secret: "{{ foreign_secret }}"
      ignore_errors: true
    - name: Wrong proxy
      teamchat.zoom.zoom_chat_message:
        proxy: "http://deploy:{{ proxy_password }}@127.0.0.1:1"
      ignore_errors: true
    - name: Both kinds of credentials
      teamchat.zoom.zoom_chat_message:
        access_token: "{{ odd_token }}"
      ignore_errors: true
    - name: Wrong text
      teamchat.zoom.zoom_chat_message:
        msg: "  "
      ignore_errors: true
    - name: Unknown option
      teamchat.zoom.zoom_chat_message:
        subject: There is no such option
      ignore_errors: true
    - name: Wrong type
      teamchat.zoom.zoom_chat_message:
        timeout: soon
      ignore_errors: true
    - name: Closed port
      teamchat.zoom.zoom_chat_message:
        api_url: http://127.0.0.1:1/v2
      ignore_errors: true
    - name: In a loop
      teamchat.zoom.zoom_chat_message:
        access_token: "{{ item }}"
        account_id:
        client_id:
        client_secret:
      loop: "{{ [odd_token, user_token] }}"
      loop_control:
        label: a token
      no_log: true
      ignore_errors: true
    - name: Refused
      teamchat.zoom.zoom_chat_message:
        to_channel: nowhere
      ignore_errors: true
"""


def shapes(secret: str) -> set[str]:
    raw = secret.encode()
    encoded = base64.b64encode(raw).decode()
    return {
        secret,
        quote(secret),
        quote(secret, safe=""),
        quote_plus(secret),
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        repr(secret)[1:-1],
        encoded,
        encoded.rstrip("="),
        base64.urlsafe_b64encode(raw).decode().rstrip("="),
        raw.hex(),
    }


def extra_vars() -> dict[str, str]:
    return {
        "account_id": seeds.ACCOUNT_ID,
        "client_id": seeds.CLIENT_ID,
        "client_secret": seeds.CLIENT_SECRET,
        "user_token": seeds.USER_TOKEN,
        "odd_token": ODD_TOKEN,
        "odd_secret": ODD_SECRET,
        "foreign_secret": FOREIGN_SECRET,
        "proxy_password": PROXY_PASSWORD,
        "channel": seeds.OPS,
    }


def fetched_tokens(state_dir: pathlib.Path) -> list[str]:
    files = state_dir.glob("token-*")
    found = [json.loads(file.read_text()).get("access_token") for file in files if file.stat().st_size]
    assert found, "no token was fetched"
    return found


def secrets_of(playbook: Playbook) -> dict[str, str]:
    """Every secret that a run had to do with, by what it is."""
    fixed = {
        "client secret": seeds.CLIENT_SECRET,
        "user token": seeds.USER_TOKEN,
        "odd token": ODD_TOKEN,
        "odd secret": ODD_SECRET,
        "foreign secret": FOREIGN_SECRET,
        "proxy's password": PROXY_PASSWORD,
        "Basic": f"{seeds.CLIENT_ID}:{seeds.CLIENT_SECRET}",
        "odd Basic": f"{seeds.CLIENT_ID}:{ODD_SECRET}",
        "proxy's Basic": f"deploy:{PROXY_PASSWORD}",
    }
    return {**fixed, **{f"token {n}": token for n, token in enumerate(fetched_tokens(playbook.state_dir))}}


def assert_nowhere(secrets: dict[str, str], places: dict[str, str]) -> None:
    found = {
        (name, place, shape)
        for name, secret in secrets.items()
        for shape in shapes(secret)
        for place, text in places.items()
        if shape in text
    }
    assert not found


def places_of(run: Run, playbook: Playbook) -> dict[str, str]:
    return {
        "stdout": run.stdout,
        "stderr": run.stderr,
        "log": playbook.log.read_text(encoding="utf-8"),
        "results": json.dumps([result.result for result in run.results], ensure_ascii=False),
        "results, escaped": json.dumps([result.result for result in run.results]),
    }


def test_no_secret_is_shown_whatever_happens(both_ways: Playbook, sandbox: Sandbox) -> None:
    run = both_ways.run(
        EVERYTHING,
        "-vvvv",
        extra_vars=extra_vars(),
        environment={
            "ANSIBLE_LOG_PATH": str(both_ways.log),
            "ZOOM_ACCOUNT_ID": None,
            "ZOOM_CLIENT_ID": None,
            "ZOOM_CLIENT_SECRET": None,
            "ZOOM_USER_ID": None,
        },
    )
    assert run.returncode == 0, run.output
    reasons = {result.task: result.result.get("failure", {}).get("reason") for result in run.results}
    assert reasons == {
        "Sent": None,
        "Checked": None,
        "Wrong token": "authentication",
        "Wrong secret": "authentication",
        "Foreign secret": "invalid",
        "Wrong proxy": "network",
        "Both kinds of credentials": "invalid",
        "Wrong text": "invalid",
        "Unknown option": None,
        "Wrong type": None,
        "Closed port": "network",
        "In a loop": None,
        "Refused": "not_found",
    }
    assert len(sandbox.messages()) == 2
    assert run.of("Closed port")["msg"].startswith("No connection to 127.0.0.1:1: Connection refused.")
    assert_nowhere(secrets_of(both_ways), places_of(run, both_ways))


def test_no_secret_is_shown_by_errors_of_the_service(both_ways: Playbook, sandbox: Sandbox) -> None:
    faults = ("500", "html-200", "html-502", "cut-json", "no-id", "redirect", "401", "429-daily", "reset", "validation")
    tasks = "".join(
        f"""
    - name: Arm {fault}
      ansible.builtin.uri:
        url: "{{{{ sandbox_url }}}}/_sandbox/faults"
        method: POST
        body_format: json
        body: {{fault: "{fault}", operation: send}}
        status_code: 201
    - name: Struck by {fault}
      teamchat.zoom.zoom_chat_message:
        to_channel: "{{{{ channel }}}}"
        msg: Hello
        max_wait: 0
        client_secret: "{{{{ client_secret }}}}"
      ignore_errors: true
"""
        for fault in faults
    )
    run = both_ways.run(
        f"- hosts: localhost\n  gather_facts: false\n  tasks:\n{tasks}",
        "-vvvv",
        extra_vars={**extra_vars(), "sandbox_url": sandbox.url},
        environment={"ANSIBLE_LOG_PATH": str(both_ways.log), "ZOOM_CLIENT_SECRET": None},
    )
    assert run.returncode == 0, run.output
    assert {result.status for result in run.results if result.task.startswith("Struck")} == {"ignored", "ok"}
    assert [result.task for result in run.results if "Traceback" in json.dumps(result.result)] == []
    assert_nowhere(secrets_of(both_ways), places_of(run, both_ways))


class Processes:
    """Looks at the processes below a given one, and at all command lines, for as long as it lives."""

    def __init__(self) -> None:
        self.command_lines: set[str] = set()
        self.environments: set[str] = set()

    def watch(self, process: subprocess.Popen[str]) -> None:
        threading.Thread(target=self._watch, args=(process,)).start()

    def _watch(self, process: subprocess.Popen[str]) -> None:
        while process.poll() is None:
            for folder in pathlib.Path("/proc").glob("[0-9]*"):
                self.command_lines.add(_content(folder / "cmdline"))
                if str(process.pid) in _ancestors(folder.name):
                    self.environments.add(_content(folder / "environ"))
            time.sleep(0.03)


def _content(path: pathlib.Path) -> str:
    try:
        return path.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
    except OSError:
        return ""


def _ancestors(pid: str) -> t.Iterator[str]:
    while pid not in ("", "0"):
        yield pid
        # The name of the process, in brackets, may contain spaces.
        pid = (_content(pathlib.Path("/proc", pid, "stat")).rpartition(")")[2].split() or ["", ""])[1]


def test_no_secret_is_in_the_process_list(both_ways: Playbook, sandbox: Sandbox) -> None:
    sandbox.settings(latency=0.7)
    seen = Processes()
    run = both_ways.run(
        """
        - hosts: localhost
          gather_facts: false
          module_defaults:
            group/teamchat.zoom.zoom:
              client_secret: "{{ client_secret }}"
              to_channel: "{{ channel }}"
          tasks:
            - name: Slow
              teamchat.zoom.zoom_chat_message:
                msg: Hello
            - name: In the background
              teamchat.zoom.zoom_chat_message:
                msg: Hello
              async: 30
              poll: 1
        """,
        extra_vars=extra_vars(),
        environment={"ZOOM_CLIENT_SECRET": None, "ANSIBLE_LOG_PATH": str(both_ways.log)},
        watch=seen.watch,
    )
    assert run.returncode == 0, run.output
    assert any(str(ANSIBLE_PLAYBOOK) in line for line in seen.command_lines)
    assert any("async_wrapper" in line for line in seen.command_lines)
    assert any(str(both_ways.ansible_home) in environment for environment in seen.environments)
    places = {
        **places_of(run, both_ways),
        "command lines": "\n".join(seen.command_lines),
        "environments": "\n".join(seen.environments),
    }
    assert_nowhere(secrets_of(both_ways), places)


def test_an_encrypted_secret_is_used_and_not_shown(both_ways: Playbook, sandbox: Sandbox) -> None:
    password = both_ways.folder / "vault-password"
    password.write_text("a password for tests\n")
    encrypted = subprocess.run(
        [ANSIBLE_PLAYBOOK.with_name("ansible-vault"), "encrypt_string", "--vault-password-file", password],
        input=seeds.CLIENT_SECRET,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        check=True,
    ).stdout
    (both_ways.folder / "secrets.yml").write_text(f"client_secret: {encrypted}")
    run = both_ways.run(
        """
        - hosts: localhost
          gather_facts: false
          vars_files: [secrets.yml]
          tasks:
            - name: Send
              teamchat.zoom.zoom_chat_message:
                client_secret: "{{ client_secret }}"
                to_channel: "{{ channel }}"
                msg: Hello
            - name: Fail
              teamchat.zoom.zoom_chat_message:
                client_secret: "{{ client_secret }}"
                to_channel: "{{ channel }}"
                msg: ""
              ignore_errors: true
        """,
        "-vvvv",
        "--vault-password-file",
        str(password),
        extra_vars={"channel": seeds.OPS},
        environment={"ZOOM_CLIENT_SECRET": None, "ANSIBLE_LOG_PATH": str(both_ways.log)},
    )
    assert run.returncode == 0, run.output
    assert run.of("Send")["changed"] is True
    assert [message["message"] for message in sandbox.messages()] == ["Hello"]
    assert_nowhere(secrets_of(both_ways), places_of(run, both_ways))


def test_the_state_is_readable_by_its_owner_alone(both_ways: Playbook, sandbox: Sandbox) -> None:
    run = both_ways.run(
        """
        - hosts: localhost
          gather_facts: false
          tasks:
            - name: Send
              teamchat.zoom.zoom_chat_message:
                to_channel: "{{ channel }}"
                msg: Hello
        """,
        extra_vars=extra_vars(),
    )
    assert run.returncode == 0, run.output
    assert len(sandbox.messages()) == 1
    assert both_ways.state_dir.stat().st_mode & 0o777 == 0o700
    files = list(both_ways.state_dir.iterdir())
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}
    assert_nowhere(secrets_of(both_ways), {"file names": "\n".join(file.name for file in files)})
