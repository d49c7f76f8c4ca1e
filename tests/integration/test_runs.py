# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What takes a look from outside at a whole run: what was sent and what was not, what was kept where, warnings."""

from __future__ import annotations

import pathlib
import shlex
import typing as t

import pytest
from ansible_collections.teamchat.zoom.tests.integration.runs import ANSIBLE_PLAYBOOK, Playbook
from ansible_collections.teamchat.zoom.tests.sandbox import seeds
from ansible_collections.teamchat.zoom.tests.sandbox.running import Sandbox, running_sandbox

SEND = """
- hosts: {hosts}
  gather_facts: false
  {keywords}
  tasks:
    - name: Send
      teamchat.zoom.zoom_chat_message:
        to_channel: {channel}
        msg: Hello from {{{{ inventory_hostname }}}}
        {options}
      register: sent
    - name: Answer
      teamchat.zoom.zoom_chat_message:
        to_channel: {channel}
        msg: And again
        reply_to: "{{{{ sent.id }}}}"
        {options}
"""


def send(hosts: str = "localhost", keywords: str = "", options: str = "", channel: str = seeds.OPS) -> str:
    return SEND.format(hosts=hosts, keywords=keywords, options=options, channel=channel)


def left_behind(folder: pathlib.Path) -> list[str]:
    """What the collection keeps on disk, wherever it is below a folder."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*zoom_chat") if path.is_dir())


# Check mode


def test_check_mode_sends_nothing_at_all(both_ways: Playbook, sandbox: Sandbox) -> None:
    run = both_ways.run(send(), "--check", "--diff")
    assert run.returncode == 0, run.output
    assert sandbox.requests() == []
    assert not both_ways.state_dir.exists()
    assert run.of("Send")["changed"] is True
    assert run.of("Answer")["request"]["fields"] == {
        "message": "And again",
        "to_channel": seeds.OPS,
        "reply_main_message_id": "00000000-0000-0000-0000-000000000000",
    }
    assert "+Hello from localhost" in run.stdout


def test_a_task_that_is_checked_among_others_sends_nothing(both_ways: Playbook, sandbox: Sandbox) -> None:
    run = both_ways.run(send(keywords="check_mode: true"))
    assert run.returncode == 0, run.output
    assert sandbox.requests() == []


# Forks


def test_fifty_forks_fetch_one_token_and_send_fifty_messages(playbook: Playbook, sandbox: Sandbox) -> None:
    playbook.in_process = True
    run = playbook.run(
        f"""
        - hosts: web*
          gather_facts: false
          tasks:
            - name: Send
              teamchat.zoom.zoom_chat_message:
                to_channel: {seeds.OPS}
                msg: Hello from {{{{ inventory_hostname }}}}
        """,
        "--forks",
        "50",
        hosts=50,
    )
    assert run.returncode == 0, run.output
    account = sandbox.account()
    assert account["tokens"] == {"issued": 1, "requests": 1}
    assert account["rejected"] == 0
    texts = sorted(message["message"] for message in account["messages"])
    assert texts == sorted(f"Hello from web{number}" for number in range(1, 51))
    assert [result["attempts"] for result in run.all_of("Send")] == [1] * 50


def test_modules_that_run_at_once_fetch_one_token(playbook: Playbook, sandbox: Sandbox) -> None:
    playbook.in_process = False
    run = playbook.run(
        f"""
        - hosts: web*
          gather_facts: false
          tasks:
            - name: Send
              teamchat.zoom.zoom_chat_message:
                to_channel: {seeds.OPS}
                msg: Hello from {{{{ inventory_hostname }}}}
        """,
        "--forks",
        "12",
        hosts=12,
    )
    assert run.returncode == 0, run.output
    account = sandbox.account()
    assert account["tokens"] == {"issued": 1, "requests": 1}
    assert account["rejected"] == 0
    assert len({message["message"] for message in account["messages"]}) == len(account["messages"]) == 12


def test_run_once_sends_once_and_every_host_can_answer(both_ways: Playbook, sandbox: Sandbox) -> None:
    run = both_ways.run(
        f"""
        - hosts: web*
          gather_facts: false
          tasks:
            - name: Send
              teamchat.zoom.zoom_chat_message:
                to_channel: {seeds.OPS}
                msg: Hello from {{{{ inventory_hostname }}}}
              run_once: true
              delegate_to: localhost
              register: notice
            - name: Show
              ansible.builtin.debug:
                msg: "{{{{ notice.id }}}}"
        """,
        hosts=3,
    )
    assert run.returncode == 0, run.output
    messages = sandbox.messages()
    assert [message["message"] for message in messages] == ["Hello from web1"]
    assert [result["msg"] for result in run.all_of("Show")] == [messages[0]["id"]] * 3


def test_each_host_keeps_the_fact_of_its_own_message(both_ways: Playbook, sandbox: Sandbox) -> None:
    run = both_ways.run(
        f"""
        - hosts: web*
          gather_facts: false
          tasks:
            - name: Send
              teamchat.zoom.zoom_chat_message:
                to_channel: {seeds.OPS}
                msg: Hello from {{{{ inventory_hostname }}}}
              delegate_to: localhost
        - hosts: web*
          gather_facts: false
          tasks:
            - name: Answer in a later play
              teamchat.zoom.zoom_chat_message:
                to_channel: "{{{{ ansible_facts.zoom_chat_message.to_channel }}}}"
                reply_to: "{{{{ ansible_facts.zoom_chat_message.id }}}}"
                msg: Goodbye from {{{{ inventory_hostname }}}}
              delegate_to: localhost
        """,
        hosts=2,
    )
    assert run.returncode == 0, run.output
    by_id = {message["id"]: message for message in sandbox.messages()}
    threads = {
        by_id[message["reply_main_message_id"]]["message"]: message["message"]
        for message in by_id.values()
        if message["reply_main_message_id"]
    }
    assert threads == {
        "Hello from web1": "Goodbye from web1",
        "Hello from web2": "Goodbye from web2",
    }


# Where it runs, and what is kept there


def test_the_controller_keeps_its_state_under_ansible_home(both_ways: Playbook, sandbox: Sandbox) -> None:
    run = both_ways.run(send())
    assert run.returncode == 0, run.output
    assert len(sandbox.messages()) == 2
    assert left_behind(both_ways.folder) == ["ansible/zoom_chat"]
    assert sandbox.account()["tokens"]["requests"] == 1


def test_a_second_run_uses_the_token_of_the_first(both_ways: Playbook, sandbox: Sandbox) -> None:
    for _run in range(2):
        run = both_ways.run(send())
        assert run.returncode == 0, run.output
    assert len(sandbox.messages()) == 4
    assert sandbox.account()["tokens"]["requests"] == 1


@pytest.mark.parametrize(("options", "environment"), [("state_dir: ''", None), ("", "")], ids=["option", "environment"])
def test_an_empty_state_dir_keeps_nothing(
    both_ways: Playbook, sandbox: Sandbox, options: str, environment: str | None
) -> None:
    run = both_ways.run(send(options=options), environment={"ZOOM_CHAT_STATE_DIR": environment})
    assert run.returncode == 0, run.output
    assert len(sandbox.messages()) == 2
    assert left_behind(both_ways.folder) == []


@pytest.mark.parametrize("value", ["'{{ playbook_dir }}/task_zoom_chat'", "''"], ids=["folder", "empty"])
def test_the_state_dir_of_a_tasks_environment(playbook: Playbook, sandbox: Sandbox, value: str) -> None:
    run = playbook.run(send(keywords=f"environment: {{ZOOM_CHAT_STATE_DIR: {value}}}"))
    assert run.returncode == 0, run.output
    assert len(sandbox.messages()) == 2
    assert left_behind(playbook.folder) == (["task_zoom_chat"] if "task" in value else [])


@pytest.mark.parametrize("keywords", ["connection: faraway", "{become: true, become_method: disguise}"])
@pytest.mark.parametrize("state_dir", [None, "asked for"], ids=["default", "state_dir"])
def test_elsewhere_the_module_runs_and_keeps_nothing(
    playbook: Playbook, sandbox: Sandbox, keywords: str, state_dir: str | None
) -> None:
    become_home = playbook.folder / "become-home"
    become_home.mkdir()
    lines = keywords.strip("{}").replace(", ", "\n  ")
    run = playbook.run(
        send(keywords=lines, options=f"state_dir: {playbook.folder}/kept_zoom_chat" if state_dir else ""),
        "-vvv",
        environment={
            "BECOME_HOME": str(become_home),
            "ANSIBLE_INJECT_INVOCATION": "1",
            "ZOOM_CHAT_STATE_DIR": f"{playbook.folder}/environment_zoom_chat" if state_dir else None,
        },
    )
    assert run.returncode == 0, run.output
    assert len(sandbox.messages()) == 2
    assert "AnsiballZ_zoom_chat_message.py" in run.stdout
    assert left_behind(playbook.folder) == []
    assert list(become_home.iterdir()) == []
    assert run.of("Send")["invocation"]["module_args"]["state_dir"] == ""


@pytest.mark.parametrize(
    "keywords",
    [
        "connection: faraway",
        "become: true\n  become_method: disguise",
        "environment: {SOMETHING: set}",
        "vars: {zoom_chat_in_process: false}",
        "vars: {zoom_chat_in_process: 'no'}",
        "vars: {zoom_chat_in_process: '{{ 1 == 2 }}'}",
    ],
)
def test_what_asks_for_the_module_gets_it(playbook: Playbook, sandbox: Sandbox, keywords: str) -> None:
    run = playbook.run(send(keywords=keywords), "-vvv", environment={"BECOME_HOME": str(playbook.folder)})
    assert run.returncode == 0, run.output
    assert run.stdout.count("Using module file") == 2
    assert len(sandbox.messages()) == 2


@pytest.mark.parametrize(
    ("hosts", "keywords"),
    [
        ("localhost", ""),
        ("web1", "connection: local"),
        ("localhost", "vars: {zoom_chat_in_process: 'yes'}"),
        ("localhost", "environment: {}"),
        ("localhost", "become: false"),
    ],
)
def test_a_local_task_runs_in_process(playbook: Playbook, sandbox: Sandbox, hosts: str, keywords: str) -> None:
    run = playbook.run(send(hosts, keywords), "-vvv", hosts=1)
    assert run.returncode == 0, run.output
    assert "Using module file" not in run.stdout
    assert len(sandbox.messages()) == 2


# requests is missing


def without_requests(playbook: Playbook) -> dict[str, str]:
    """An environment in which Python does not find requests."""
    folder = playbook.folder / "shim"
    folder.mkdir()
    (folder / "requests.py").write_text("raise ImportError('No module named requests')\n")
    return {"PYTHONPATH": str(folder)}


def test_without_requests_the_error_is_the_usual_one(both_ways: Playbook, sandbox: Sandbox) -> None:
    run = both_ways.run(send(), environment=without_requests(both_ways))
    assert run.returncode == 2
    result = run.of("Send")
    assert result["msg"].startswith("Failed to import the required Python library (requests) on ")
    assert str(ANSIBLE_PLAYBOOK.parent) in result["msg"]
    assert sandbox.requests() == []


def test_with_requests_only_on_the_target_the_module_runs_there(playbook: Playbook, sandbox: Sandbox) -> None:
    interpreter = playbook.folder / "python-with-requests"
    python = ANSIBLE_PLAYBOOK.parent / "python"
    interpreter.write_text(f'#!/bin/sh\nunset PYTHONPATH\nexec {shlex.quote(str(python))} "$@"\n')
    interpreter.chmod(0o755)
    run = playbook.run(
        send(keywords=f"vars: {{ansible_python_interpreter: {interpreter}}}"), environment=without_requests(playbook)
    )
    assert run.returncode == 0, run.output
    assert len(sandbox.messages()) == 2


# Warnings


def warnings_of(*results: dict[str, t.Any]) -> list[str]:
    """Warnings are texts, except that newer versions of Ansible may record them as objects."""
    found = [warning for result in results for warning in result.get("warnings", [])]
    return [warning if isinstance(warning, str) else str(warning) for warning in found]


def test_a_state_folder_that_cannot_be_written_is_one_warning(both_ways: Playbook, sandbox: Sandbox) -> None:
    (both_ways.folder / "file").write_text("not a folder")
    path = both_ways.folder / "file" / "zoom_chat"
    run = both_ways.run(
        f"""
        - hosts: localhost
          gather_facts: false
          tasks:
            - name: Send
              teamchat.zoom.zoom_chat_message:
                to_channel: {seeds.OPS}
                msg: Hello
                state_dir: {path}
        """
    )
    assert run.returncode == 0, run.output
    assert len(sandbox.messages()) == 1
    expected = f"state_dir: {path} cannot be used (Not a directory); tokens, send windows and the outbox are not kept"
    assert warnings_of(run.of("Send")) == [expected]
    assert run.output.count("[WARNING]") == 1


def test_unchecked_certificates_are_one_warning(both_ways: Playbook) -> None:
    with running_sandbox(tls=True) as sandbox:
        run = both_ways.run(
            f"""
            - hosts: localhost
              gather_facts: false
              tasks:
                - name: Send
                  teamchat.zoom.zoom_chat_message:
                    to_channel: {seeds.OPS}
                    msg: Hello
                    validate_certs: false
            """,
            environment=sandbox.environment(),
        )
        assert run.returncode == 0, run.output
        assert len(sandbox.messages()) == 1
    expected = "validate_certs is false: whoever stands between here and Zoom can read the token and the messages."
    assert warnings_of(run.of("Send")) == [expected]
    assert run.output.count("[WARNING]") == 1
    assert "InsecureRequestWarning" not in run.output


def test_checked_certificates_need_their_authority(both_ways: Playbook) -> None:
    with running_sandbox(tls=True) as sandbox:
        run = both_ways.run(
            f"""
            - hosts: localhost
              gather_facts: false
              tasks:
                - name: Unknown authority
                  teamchat.zoom.zoom_chat_message:
                    to_channel: {seeds.OPS}
                    msg: Hello
                  ignore_errors: true
                - name: Known authority
                  teamchat.zoom.zoom_chat_message:
                    to_channel: {seeds.OPS}
                    msg: Hello
                    ca_path: {sandbox.ca_path}
            """,
            environment=sandbox.environment(),
        )
        assert run.returncode == 0, run.output
        assert len(sandbox.messages()) == 1
    assert run.of("Unknown authority")["failure"]["reason"] == "network"
    assert "certificate verify failed" in run.of("Unknown authority")["msg"]
    assert run.of("Known authority")["changed"] is True
    assert warnings_of(*(result.result for result in run.results)) == []


def test_an_ordinary_run_warns_of_nothing(both_ways: Playbook, sandbox: Sandbox) -> None:
    run = both_ways.run(
        f"""
        - hosts: localhost
          gather_facts: false
          module_defaults:
            group/teamchat.zoom.zoom:
              timeout: 5
          tasks:
            - name: Send
              teamchat.zoom.zoom_chat_message: &arguments
                to_channel: {seeds.OPS}
                msg: "@Alice hello"
                at_items: [{{start_position: 0, end_position: 5, at_type: 1, at_contact: alice@example.com}}]
            - name: Send as JSON
              teamchat.zoom.zoom_chat_message:
                <<: *arguments
                body_format: json
            - name: Check
              teamchat.zoom.zoom_chat_message: *arguments
              check_mode: true
              diff: true
            - name: Fail
              teamchat.zoom.zoom_chat_message:
                to_channel: nowhere
                msg: Hello
              ignore_errors: true
            - name: Fail with a wrong option
              teamchat.zoom.zoom_chat_message:
                to_channel: {seeds.OPS}
                msg: Hello
                body_format: xml
              ignore_errors: true
        """
    )
    assert run.returncode == 0, run.output
    assert len(sandbox.messages()) == 2
    assert "WARNING" not in run.output
    assert "DEPRECAT" not in run.output.upper()
    assert [result.task for result in run.results if result.result.keys() & {"warnings", "deprecations"}] == []


def test_an_option_under_both_its_names_is_one_warning(both_ways: Playbook, sandbox: Sandbox) -> None:
    run = both_ways.run(send(options="reply_main_message_id: one"), "--check")
    assert warnings_of(run.of("Answer")) == ["Both option reply_main_message_id and its alias reply_to are set."]
    assert sandbox.requests() == []


# What arrives


def test_json_arrives_as_it_is(both_ways: Playbook, sandbox: Sandbox) -> None:
    """Older versions of Ansible make data of it on the way."""
    text = '{"up": true, "by": null, "name": "Zoë"}'
    run = both_ways.run(
        f"""
        - hosts: localhost
          gather_facts: false
          vars:
            text: '{text}'
          tasks:
            - name: Send
              teamchat.zoom.zoom_chat_message:
                to_channel: {seeds.OPS}
                msg: "{{{{ text }}}}"
                files:
                  - content: "{{{{ text }}}}"
                    name: state.json
            - name: Send data
              teamchat.zoom.zoom_chat_message:
                to_channel: {seeds.OPS}
                msg: [Zoë, 1]
        """
    )
    assert run.returncode == 0, run.output
    message, data = sandbox.messages()
    assert message["message"] == text
    assert [file["size"] for file in message["files"]] == [len(text.encode())]
    assert data["message"] == '["Zoë", 1]'


def test_a_play_that_reads_what_it_has_sent_can_be_checked(both_ways: Playbook, sandbox: Sandbox) -> None:
    run = both_ways.run(
        f"""
        - hosts: localhost
          gather_facts: false
          tasks:
            - name: Send
              teamchat.zoom.zoom_chat_message:
                to_channel: {seeds.OPS}
                msg: Hello
              register: sent
            - name: Read
              teamchat.zoom.zoom_chat_message_info:
                to_channel: {seeds.OPS}
                thread: "{{{{ sent.id }}}}"
        """,
        "--check",
    )
    assert run.returncode == 0, run.output
    assert run.of("Read")["messages"] == []
    assert sandbox.requests() == []


# Where options come from


def test_the_environment_gives_the_connection_and_options_win(both_ways: Playbook, sandbox: Sandbox) -> None:
    run = both_ways.run(
        f"""
        - hosts: localhost
          gather_facts: false
          tasks:
            - name: All from the environment
              teamchat.zoom.zoom_chat_message:
                to_channel: {seeds.OPS}
                msg: from the environment
            - name: Another user
              teamchat.zoom.zoom_chat_message:
                to_channel: {seeds.OPS}
                msg: from the option
                user_id: alice@example.com
            - name: Another kind of credentials
              teamchat.zoom.zoom_chat_message:
                to_channel: {seeds.OPS}
                msg: with a token
                access_token: {seeds.USER_TOKEN}
                user_id: me
        """
    )
    assert run.returncode == 0, run.output
    assert [(message["message"], message["sender"]) for message in sandbox.messages()] == [
        ("from the environment", "deploy@example.com"),
        ("from the option", "alice@example.com"),
        ("with a token", "deploy@example.com"),
    ]
    assert sandbox.account()["tokens"]["requests"] == 1


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        (
            {"ZOOM_ACCOUNT_ID": None, "ZOOM_CLIENT_ID": None, "ZOOM_CLIENT_SECRET": None},
            "No credentials: give access_token (or ZOOM_ACCESS_TOKEN), or account_id, client_id and client_secret"
            " (or ZOOM_ACCOUNT_ID, ZOOM_CLIENT_ID and ZOOM_CLIENT_SECRET).",
        ),
        (
            {"ZOOM_CLIENT_ID": None, "ZOOM_CLIENT_SECRET": ""},
            "client_id and client_secret must be given too: Server-to-Server OAuth needs account_id, client_id and"
            " client_secret, as options or as ZOOM_ACCOUNT_ID, ZOOM_CLIENT_ID, ZOOM_CLIENT_SECRET.",
        ),
        (
            {"ZOOM_ACCESS_TOKEN": "sandbox-account-token"},
            "The environment variables ZOOM_ACCESS_TOKEN and ZOOM_ACCOUNT_ID, ZOOM_CLIENT_ID, ZOOM_CLIENT_SECRET"
            " exclude each other; unset the first or the rest, or give the credentials as options.",
        ),
        (
            {"ZOOM_API_URL": "http://api.zoom.example/v2"},
            "api_url is 'http://api.zoom.example/v2', but plain http is allowed to this machine only (localhost,"
            " 127.0.0.0/8, ::1); use https.",
        ),
    ],
    ids=["none", "half", "both", "url"],
)
def test_an_environment_that_cannot_work_is_an_error(
    both_ways: Playbook, sandbox: Sandbox, environment: dict[str, str | None], message: str
) -> None:
    run = both_ways.run(send(), "--check", environment=environment)
    assert run.returncode == 2
    assert run.of("Send")["msg"] == message
    assert run.of("Send")["failure"]["reason"] == "invalid"
    assert sandbox.requests() == []


def test_every_request_names_the_collection(both_ways: Playbook, sandbox: Sandbox) -> None:
    run = both_ways.run(send())
    assert run.returncode == 0, run.output
    agents = {request["user_agent"] for request in sandbox.requests()}
    assert len(agents) == 1
    assert agents.pop().startswith("teamchat.zoom/")


# What Ansible itself shows


def test_no_log_hides_the_message(both_ways: Playbook, sandbox: Sandbox) -> None:
    run = both_ways.run(
        f"""
        - hosts: localhost
          gather_facts: false
          tasks:
            - name: Send
              teamchat.zoom.zoom_chat_message:
                to_channel: {seeds.OPS}
                msg: a text that nobody may read
              no_log: true
              diff: true
              register: sent
            - name: Use it
              ansible.builtin.assert:
                that: sent.message.message == 'a text that nobody may read'
                quiet: true
        """,
        "-vvvv",
        "--diff",
    )
    assert run.returncode == 0, run.output
    assert [message["message"] for message in sandbox.messages()] == ["a text that nobody may read"]
    assert "a text that" not in run.stdout.replace("sent.message.message == 'a text that nobody may read'", "")
    assert "censored" in run.of("Send")


def test_a_failed_task_is_one_clean_sentence(both_ways: Playbook) -> None:
    run = both_ways.run(send(channel="nowhere"))
    assert run.returncode == 2
    result = run.of("Send")
    assert result["msg"] == "Sending the message failed: Channel does not exist: nowhere (HTTP 404, code 4130)."
    assert result["changed"] is False
    assert "Traceback" not in run.output
