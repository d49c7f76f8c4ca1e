# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What must never happen: runs that fail, hang or warn because of us, lost and doubled summaries, secrets."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import pathlib
import pty
import re
import signal
import stat
import subprocess
import time
import typing as t

import pytest
from ansible_collections.teamchat.zoom.tests.integration.callback.conftest import CALLBACK, Told, until
from ansible_collections.teamchat.zoom.tests.integration.callback.test_summaries import (
    CHANGING,
    FAILING,
    QUIET,
    without_time,
)
from ansible_collections.teamchat.zoom.tests.integration.runs import ANSIBLE_PLAYBOOK, Run
from ansible_collections.teamchat.zoom.tests.sandbox import seeds
from ansible_collections.teamchat.zoom.tests.sandbox.running import Sandbox, running_sandbox

SLOWLY_FAILING = """
- hosts: web1
  gather_facts: false
  tasks:
    - name: Wait
      ansible.builtin.command: sleep 3
    - name: Break
      ansible.builtin.fail:
        msg: broken
"""
SLOW = """
- name: Slow
  hosts: localhost
  gather_facts: false
  tasks:
    - name: Change
      ansible.builtin.debug:
      changed_when: true
    - name: Wait
      ansible.builtin.command: sleep 30
"""


def warnings(run: Run) -> list[str]:
    """Our warnings, each in one line again."""
    text = " ".join(run.output.split())
    return [found.strip() for found in re.findall(r"\[WARNING\]: (zoom_chat: .*?)(?=\[WARNING\]|PLAY |TASK |$)", text)]


def processes() -> list[tuple[int, int, str]]:
    """Number, parent and command of all processes."""
    command = ["ps", "-e", "-ww", "-o", "pid=,ppid=,args="]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = [line.split(None, 2) for line in listed.splitlines()]
    return [(int(fields[0]), int(fields[1]), fields[2]) for fields in found if len(fields) == 3]


def family(parent: int) -> dict[int, str]:
    """The descendants of a process, with their commands."""
    everyone = processes()
    found: dict[int, str] = {}
    for _generation in range(8):
        found.update({pid: command for pid, above, command in everyone if above == parent or above in found})
    return found


def couriers(told: Told) -> list[int]:
    """The courier processes of a test, recognised by its own folder in their environment."""
    found = []
    for pid, _parent, command in processes():
        if "plugin_utils/_bootstrap.py" in command:
            try:
                environment = pathlib.Path(f"/proc/{pid}/environ").read_bytes()
            except OSError:
                continue
            if str(told.folder).encode() in environment:
                found.append(pid)
    return found


def kill_all_but_couriers(found: dict[int, str]) -> None:
    """End the processes that a run has left behind."""
    for pid, command in found.items():
        if "_bootstrap.py" not in command:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def seconds(work: t.Callable[[], t.Any]) -> float:
    start = time.monotonic()
    work()
    return time.monotonic() - start


# Wrong settings


@pytest.mark.parametrize(
    ("environment", "warning"),
    [
        (
            {"ZOOM_CHAT_TO_CHANNEL": None},
            "zoom_chat: No target: give to_channel (or ZOOM_CHAT_TO_CHANNEL), to_contact, to_channel_name, or"
            " webhook_url. No summary is sent.",
        ),
        (
            {"ZOOM_CLIENT_SECRET": None},
            "zoom_chat: client_secret must be given too: Server-to-Server OAuth needs account_id, client_id and"
            " client_secret, as options or as ZOOM_ACCOUNT_ID, ZOOM_CLIENT_ID, ZOOM_CLIENT_SECRET."
            " No summary is sent.",
        ),
        (
            {"ZOOM_CHAT_NOTIFY_ON": "sometimes"},
            "zoom_chat: notify_on must be one of always, start, success, change, failure, recovery, not 'sometimes'."
            " No summary is sent.",
        ),
        (
            {"ZOOM_CHAT_VALIDATE_CERTS": "nope"},
            "zoom_chat: validate_certs must be true or false, not 'nope'. No summary is sent.",
        ),
    ],
    ids=["target", "credentials", "choice", "boolean"],
)
def test_a_wrong_setting_is_named_once(told: Told, environment: dict[str, str | None], warning: str) -> None:
    run = told.run(FAILING, hosts=2, environment=environment)
    assert run.returncode == 2
    assert warnings(run) == [warning]
    assert told.sandbox.requests() == []


def test_unchecked_certificates_are_one_warning(told: Told) -> None:
    with running_sandbox(tls=True) as sandbox:
        environment = {**sandbox.environment(), "ZOOM_CHAT_VALIDATE_CERTS": "false"}
        run = told.run(QUIET, hosts=1, environment=environment)
        assert run.returncode == 0
        assert len(sandbox.messages()) == 1
    assert warnings(run) == [
        "zoom_chat: validate_certs is false: whoever stands between here and Zoom can read the token and the messages."
    ]


EVERYTHING = """
- hosts: nobody
  gather_facts: false
  tasks: []
- hosts: web*
  gather_facts: false
  tasks:
    - name: Change
      ansible.builtin.debug:
      changed_when: true
      notify: Handle
    - name: Leave
      ansible.builtin.ping:
      when: inventory_hostname == "web2"
      connection: unreachable
    - name: Clear
      ansible.builtin.meta: flush_handlers
    - name: Break
      ansible.builtin.fail:
        msg: broken
    - name: Never
      ansible.builtin.debug:
  handlers:
    - name: Handle
      ansible.builtin.debug:
"""


def test_with_a_wrong_setting_a_run_goes_on_whatever_happens_in_it(told: Told) -> None:
    environment = {"ZOOM_CHAT_TO_CHANNEL": None, "ANSIBLE_CALLBACKS_ENABLED": f"record,{CALLBACK}"}
    run = told.run(EVERYTHING, hosts=2, environment=environment)
    assert run.returncode in (2, 4)
    assert sorted(found.status for found in run.results) == ["failed", "ok", "ok", "ok", "skipped", "unreachable"]
    assert len(warnings(run)) == 1
    assert "No summary is sent." in warnings(run)[0]


def test_a_defect_is_one_warning_and_leaves_the_run_as_it_is(told: Told) -> None:
    """Here at the start of each of two playbooks."""
    site = _site(
        told.folder,
        """if True:
            import socket, sys
            real, kinds = socket.gethostname, [RuntimeError, ValueError]
            def gethostname():
                if sys._getframe(1).f_code.co_filename.endswith("_surroundings.py"):
                    raise kinds.pop(0)("with a secret")
                return real()
            socket.gethostname = gethostname
        """,
    )
    playbooks = [str(told._written("first.yml", QUIET)), str(told._written("second.yml", FAILING))]
    environment = {"PYTHONPATH": str(site), "ANSIBLE_CALLBACKS_ENABLED": f"record,{CALLBACK}"}
    run = told.command(str(ANSIBLE_PLAYBOOK), *playbooks, "-i", "web1,", environment=environment)
    assert run.returncode == 2
    assert [found.status for found in run.results] == ["ok", "failed"]
    assert warnings(run) == [
        "zoom_chat: The summary is incomplete or missing, because of an unexpected RuntimeError (sitecustomize.py:6)."
    ]
    assert "secret" not in run.output
    assert told.sandbox.requests() == []


def test_a_variable_of_the_play_that_cannot_be_filled_in_costs_only_itself(told: Told) -> None:
    variables = "  vars:\n    zoom_chat_title: '{{ there_is_none }}'\n    zoom_chat_mute: '{{ nor_such }}'\n"
    play = QUIET.replace("  tasks:", variables + "  tasks:")
    run = told.run(play + play, hosts=1)
    assert run.returncode == 0
    (warning,) = warnings(run)
    why = r"no effect, because its template cannot be filled in when the play begins \(\w+\)\."
    assert re.fullmatch(f"zoom_chat: zoom_chat_title: {why} zoom_chat_mute: {why}", warning)
    assert told.title().startswith("✅ playbook.yml succeeded")


def test_a_broken_template_gives_the_usual_text_and_one_warning(told: Told) -> None:
    run = told.run(QUIET, hosts=1, environment={"ZOOM_CHAT_TITLE_TEMPLATE": "{{ nothing.at.all }}"})
    assert run.returncode == 0
    (warning,) = warnings(run)
    assert warning.startswith("zoom_chat: title_template cannot be used, the summary has the standard title: ")
    assert told.title().startswith("✅ playbook.yml succeeded")


def test_without_requests_there_is_one_warning_and_nothing_is_lost(told: Told) -> None:
    shadow = told.folder / "shadow"
    shadow.mkdir()
    (shadow / "requests.py").write_text("raise ImportError('not here')\n", encoding="utf-8")
    run = told.run(QUIET, hosts=1, environment={"PYTHONPATH": str(shadow)})
    assert run.returncode == 0
    (warning,) = warnings(run)
    # Ansible breaks lines within the path of Python too.
    assert re.fullmatch(
        r"zoom_chat: The summary was not delivered: The Python library requests is missing for /.+\. It is kept in"
        r" state_dir, and the next run delivers it\.",
        warning,
    )
    told.tell(QUIET, hosts=1)
    assert until(lambda: len(told.mains()) == 2)


# Servers that do not do what they should


def delivered_late(message: dict[str, t.Any]) -> bool:
    return "\n🕓 Delivered late: the run ended on 20" in message["message"]


@pytest.mark.parametrize("fault", ["reset", "hang", "429-daily", "401", "html-200", "503"])
def test_what_a_server_does_not_take_is_delivered_once_by_the_next_run(
    told: Told, sandbox: Sandbox, fault: str
) -> None:
    # The token is asked for once and then kept: only the API itself is at fault.
    sandbox.fault(fault, "send", times=None)
    sandbox.fault(fault, "list", times=None)
    run = told.run(FAILING, hosts=2, environment={"ZOOM_CHAT_FLUSH_TIMEOUT": "3"})
    assert run.returncode == 2
    (warning,) = warnings(run)
    assert warning.startswith("zoom_chat: The summary was not delivered: "), warning
    assert warning.endswith(" It is kept in state_dir, and the next run delivers it."), warning
    assert told.mains() == []
    (kept,) = told.kept()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    sandbox.clear_faults()
    told.tell(QUIET, hosts=1)
    assert until(lambda: len(told.mains()) == 2 and not told.kept())
    late, now = sorted(told.mains(), key=delivered_late, reverse=True)
    assert delivered_late(late)
    assert not delivered_late(now)
    assert "❌ playbook.yml failed" in late["message"]
    told.tell(QUIET, hosts=1)
    assert len(told.mains()) == 3
    assert len(told.replies()) == 1


def test_a_server_that_refuses_connections(told: Told) -> None:
    nobody = {"ZOOM_API_URL": "http://127.0.0.1:9/v2", "ZOOM_OAUTH_URL": "http://127.0.0.1:9/token"}
    run = told.run(QUIET, hosts=1, environment={"ZOOM_CHAT_FLUSH_TIMEOUT": "2", **nobody})
    assert run.returncode == 0
    assert len(warnings(run)) == 1
    told.tell(QUIET, hosts=1)
    # Another server is another outbox: the first summary waits for its own.
    assert len(told.mains()) == 1
    assert len(told.kept()) == 1


def test_an_answer_that_got_lost_is_no_second_message(told: Told, sandbox: Sandbox) -> None:
    sandbox.fault("hang", "send", moment="after", seconds=20)
    run = told.run(QUIET, hosts=1, environment={"ZOOM_CHAT_FLUSH_TIMEOUT": "3"})
    assert run.returncode == 0
    assert len(told.mains()) == 1
    told.tell(QUIET, hosts=1)
    assert until(lambda: not told.kept())
    assert len(told.mains()) == 2
    assert not any(delivered_late(message) for message in told.mains())


def test_a_server_that_hangs_costs_flush_timeout_and_no_more(told: Told, sandbox: Sandbox) -> None:
    without = seconds(lambda: told.run(QUIET, hosts=1, environment={"ANSIBLE_CALLBACKS_ENABLED": None}))
    sandbox.fault("hang", "*", times=None, seconds=60)
    with_hang = seconds(lambda: told.run(QUIET, hosts=1, environment={"ZOOM_CHAT_FLUSH_TIMEOUT": "4"}))
    assert with_hang - without < 5.0
    assert until(lambda: not couriers(told), 5)


def test_ctrl_c_while_the_summary_is_delivered_ends_the_waiting_and_not_the_delivery(
    told: Told, sandbox: Sandbox
) -> None:
    sandbox.fault("slow", "send", seconds=6)
    waited = 0.0

    def interrupt(process: subprocess.Popen[str]) -> None:
        nonlocal waited
        assert until(lambda: sandbox.account()["struck"])
        process.send_signal(signal.SIGINT)
        waited = seconds(lambda: process.wait(20))
        assert couriers(told)

    run = told.tell(QUIET, hosts=1, watch=interrupt)
    assert run.returncode == 0
    assert waited < 4
    assert until(lambda: not couriers(told))
    assert told.title().startswith("✅ playbook.yml succeeded")
    assert not told.kept()


@pytest.mark.parametrize("is_kept", [True, False], ids=["folder is a file", "folder is closed"])
def test_a_state_folder_that_cannot_be_used(told: Told, is_kept: bool) -> None:
    folder = told.folder / "state"
    folder.write_text("in the way", encoding="utf-8") if is_kept else folder.symlink_to("/nowhere")
    run = told.run(QUIET, hosts=1, environment={"ZOOM_CHAT_STATE_DIR": str(folder)})
    assert run.returncode == 0
    (warning,) = warnings(run)
    assert warning.startswith("zoom_chat: state_dir: ")
    assert told.title().startswith("✅ playbook.yml succeeded")


def test_a_full_disk(told: Told) -> None:
    """A limit on the size of files, for the courier alone, is as good as a full disk."""
    code = (
        "import resource, signal, sys\n"
        "if sys.argv[0].endswith('_bootstrap.py'):\n"
        "    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "    resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))\n"
    )
    run = told.run(QUIET, hosts=1, environment={"PYTHONPATH": str(_site(told.folder, code))})
    assert run.returncode == 0
    (warning,) = warnings(run)
    assert "File too large" in warning
    assert told.title().startswith("✅ playbook.yml succeeded")


def _site(folder: pathlib.Path, code: str) -> pathlib.Path:
    site = folder / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text(code, encoding="utf-8")
    return site


# Processes that end


def test_a_courier_that_is_killed_is_replaced(told: Told) -> None:
    def kill(_process: subprocess.Popen[str]) -> None:
        found = until(lambda: couriers(told))
        assert found
        for courier in found:
            os.kill(courier, signal.SIGKILL)

    run = told.tell(
        SLOWLY_FAILING,
        hosts=1,
        watch=kill,
    )
    assert run.returncode == 2
    assert told.title().startswith("❌ playbook.yml failed · web1")
    assert len(told.replies()) == 1


def test_the_message_of_a_courier_that_is_killed_becomes_the_summary(told: Told) -> None:
    def kill(_process: subprocess.Popen[str]) -> None:
        assert until(lambda: list(told.state_dir.glob("running-*.json")))
        assert told.title().startswith("▶️ playbook.yml started")
        for courier in couriers(told):
            os.kill(courier, signal.SIGKILL)

    run = told.tell(
        SLOWLY_FAILING,
        hosts=1,
        watch=kill,
        environment={"ZOOM_CHAT_LIVE": "true"},
    )
    assert run.returncode == 2
    assert told.title().startswith("❌ playbook.yml failed · web1")
    assert len(told.replies()) == 1


def test_a_courier_that_cannot_be_started(told: Told) -> None:
    """Its Python ends at once, whatever the reason."""
    site = _site(told.folder, "import os, sys\nif sys.argv[0].endswith('_bootstrap.py'):\n    os._exit(3)\n")
    run = told.run(FAILING, hosts=2, environment={"PYTHONPATH": str(site)})
    assert run.returncode == 2
    assert warnings(run) == [
        "zoom_chat: The courier process was ended from outside, twice; the summary was not delivered."
    ]


def test_a_summary_that_fails_leaves_the_count_of_hosts_to_the_next_one_alone(told: Told) -> None:
    """The couriers of the first of two playbooks end at once, and the second playbook's do not."""
    site = _site(
        told.folder,
        f"""if True:
            import os, sys
            if sys.argv[0].endswith("_bootstrap.py"):
                with open({str(told.folder / "couriers")!r}, "a+") as started:
                    started.write("x")
                    started.seek(0)
                    if len(started.read()) <= 2:
                        os._exit(3)
        """,
    )
    told.run(CHANGING, "--syntax-check", hosts=2)
    second = str(told._written("second.yml", QUIET.replace("web*", "web2")))
    run = told.command(
        str(ANSIBLE_PLAYBOOK), "-i", "inventory", "playbook.yml", second, environment={"PYTHONPATH": str(site)}
    )
    assert run.returncode == 0, run.output
    assert len(warnings(run)) == 1
    assert without_time(told.title()) == "✅ second.yml succeeded · web2, nothing changed"
    assert told.lines() == ["web2: 1 ok"]


def test_a_courier_that_stands_still(told: Told) -> None:
    """Nothing is read from the pipe: the run goes on, and waits at its end for flush_timeout at most."""
    site = _site(
        told.folder, "import sys, time\nif sys.argv[0].endswith('_bootstrap.py'):\n    time.sleep(8)\n    sys.exit(1)\n"
    )
    run = told.run(FAILING, hosts=2, environment={"PYTHONPATH": str(site), "ZOOM_CHAT_FLUSH_TIMEOUT": "2"})
    assert run.returncode == 2
    assert warnings(run) == ["zoom_chat: The courier did not answer within flush_timeout (2 s)."]


def interrupted(told: Told) -> None:
    """The only message says what had happened until then."""
    assert until(told.mains), "nothing was told"
    assert until(lambda: not couriers(told), 20)
    assert told.title().startswith("🛑 playbook.yml was interrupted · localhost changed"), told.main()["message"]
    assert "during Wait (Slow)" in told.lines()


def wait_for_the_second_task(process: subprocess.Popen[t.Any]) -> None:
    assert until(lambda: "sleep 30" in family(process.pid).values())


@pytest.mark.parametrize(
    ("signals", "returncodes"),
    [
        ([signal.SIGKILL], {-9}),
        ([signal.SIGTERM], {-15, 143}),
        ([signal.SIGINT], {99}),
        ([signal.SIGINT, signal.SIGINT], {99, 130, -2, 1, 250}),
    ],
    ids=["SIGKILL", "SIGTERM", "Ctrl-C", "Ctrl-C twice"],
)
def test_a_run_that_is_ended_is_told_as_interrupted(
    told: Told, signals: list[signal.Signals], returncodes: set[int]
) -> None:
    def end(process: subprocess.Popen[str]) -> None:
        wait_for_the_second_task(process)
        workers = family(process.pid)
        for number in signals:
            process.send_signal(number)
            time.sleep(0.2)
        if signals == [signal.SIGKILL]:
            # What it leaves behind holds the pipes of this test, and would have held the courier's.
            assert until(told.mains)
            kill_all_but_couriers(workers)

    run = told.run(SLOW, watch=end)
    assert run.returncode in returncodes, run.output
    interrupted(told)


def test_a_handler_that_runs_again_is_what_is_interrupted(told: Told) -> None:
    def end(process: subprocess.Popen[str]) -> None:
        wait_for_the_second_task(process)
        process.send_signal(signal.SIGINT)

    told.tell(
        """
        - name: Slow
          hosts: localhost
          gather_facts: false
          vars:
            how_long: 0
          tasks:
            - name: Change
              ansible.builtin.debug:
              changed_when: true
              notify: Restart
            - ansible.builtin.meta: flush_handlers
            - name: Change again
              ansible.builtin.set_fact:
                how_long: 30
              changed_when: true
              notify: Restart
          handlers:
            - name: Restart
              ansible.builtin.command: sleep {{ how_long }}
        """,
        watch=end,
    )
    assert until(told.mains), "nothing was told"
    assert "during Restart (Slow)" in told.lines()


def test_a_terminal_that_is_closed(told: Told) -> None:
    told.run(SLOW, "--syntax-check")
    controlling, terminal = pty.openpty()
    process = subprocess.Popen(
        [str(ANSIBLE_PLAYBOOK), "-i", "inventory", "playbook.yml"],
        cwd=told.folder,
        env=told._environment(told.folder / "results.jsonl", {}),
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        start_new_session=True,
        preexec_fn=_take_terminal,
    )
    os.close(terminal)
    wait_for_the_second_task(process)
    os.close(controlling)
    process.wait(timeout=20)
    interrupted(told)


def _take_terminal() -> None:
    import fcntl
    import termios

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


FINE = """
- name: Fine
  hosts: localhost
  gather_facts: false
  tasks:
    - name: Look
      ansible.builtin.debug:
      changed_when: true
"""
NO_SUCH_HOSTS = """
- name: Broken
  hosts: "{{ there_is_no_such_variable }}"
  tasks: []
"""
NO_SUCH_FILE = """
- name: Broken
  hosts: localhost
  gather_facts: false
  tasks:
    - name: Include
      ansible.builtin.include_tasks: broken.yml
"""


@pytest.mark.parametrize("broken", [NO_SUCH_HOSTS, NO_SUCH_FILE], ids=["hosts", "included file"])
def test_a_playbook_that_ends_with_an_error_is_interrupted(told: Told, sandbox: Sandbox, broken: str) -> None:
    """And that is told when Ansible ends: in a container, everything else would end with it."""
    told._written("broken.yml", '- name: Broken\n  ansible.builtin.debug: {msg: "a"\n')
    without = told.run(FINE + broken, environment={"ANSIBLE_CALLBACKS_ENABLED": None})
    # Longer than the run itself takes.
    sandbox.fault("slow", "token", seconds=3)
    run = told.tell(FINE + broken)
    (message,) = sandbox.messages()
    assert message["message"].startswith("🛑 playbook.yml was interrupted · localhost changed")
    assert run.returncode == without.returncode != 0


def test_what_is_not_delivered_of_an_interrupted_run_costs_flush_timeout_and_a_warning(
    told: Told, sandbox: Sandbox
) -> None:
    sandbox.fault("hang", "send", times=None, seconds=60)
    run = told.run(FINE + NO_SUCH_HOSTS, environment={"ZOOM_CHAT_FLUSH_TIMEOUT": "2"})
    assert run.returncode in (1, 4)
    assert warnings(run) == [
        "zoom_chat: The summary was not delivered: Zoom did not take it within flush_timeout (2 s). It is kept in"
        " state_dir, and the next run delivers it."
    ]
    assert "Traceback" not in run.output


def test_ctrl_c_once_more_ends_the_waiting_of_an_interrupted_run(told: Told, sandbox: Sandbox) -> None:
    sandbox.fault("slow", "send", seconds=6)
    waited = 0.0

    def interrupt(process: subprocess.Popen[str]) -> None:
        nonlocal waited
        wait_for_the_second_task(process)
        process.send_signal(signal.SIGINT)
        assert until(lambda: sandbox.account()["struck"])
        assert process.poll() is None
        process.send_signal(signal.SIGINT)
        waited = seconds(lambda: process.wait(20))

    run = told.tell(SLOW, watch=interrupt)
    assert run.returncode == 99
    assert waited < 4
    interrupted(told)
    assert not told.kept()


# Secrets


def test_no_secret_leaves(told: Told, sandbox: Sandbox) -> None:
    vault_password = "vault-pass-Zq8#kept"
    (told.folder / "vault-password").write_text(vault_password + "\n", encoding="utf-8")
    secret = seeds.CLIENT_SECRET
    told.tell(
        f"""
        - name: Secrets
          hosts: web1
          gather_facts: false
          tasks:
            - name: Hidden {{{{ not_to_be_seen }}}}
              ansible.builtin.fail:
                msg: "{{{{ not_to_be_seen }}}}"
              no_log: true
              ignore_errors: true
            - name: Loud
              ansible.builtin.shell: |
                echo "client {secret} {base64.b64encode(secret.encode()).decode()}" >&2
                echo 'vault {vault_password}'
                echo 'link https://someone:pa55word@git.example/x'
                exit 1
              environment:
                FROM_THE_ENVIRONMENT: environment-value
              ignore_errors: true
            - name: Louder
              ansible.builtin.fail:
                msg: "{secret} {vault_password} ftp://someone:pa55word@ftp.example/ {"x" * 20000} {secret}"
        """,
        "--vault-password-file",
        str(told.folder / "vault-password"),
        hosts=1,
        extra_vars={"not_to_be_seen": "hidden-value-81", "extra": "extra-value"},
        environment={"ZOOM_CHAT_REPORT_FILE": "always", "ZOOM_CHAT_OUTBOX": "true"},
    )
    folder = told.folder / "dry"
    told.run(
        (told.folder / "playbook.yml").read_text(encoding="utf-8"),
        "--vault-password-file",
        str(told.folder / "vault-password"),
        hosts=1,
        extra_vars={"not_to_be_seen": "hidden-value-81", "extra": "extra-value"},
        environment={"ZOOM_CHAT_REPORT_FILE": "always", "ZOOM_CHAT_DRY_RUN_DIR": str(folder)},
    )
    files = [path.read_text(encoding="utf-8") for path in folder.rglob("*") if path.is_file()]
    assert len(files) > 4
    seen = json.dumps(sandbox.messages()) + "".join(files)
    assert "ftp://ftp.example/" in seen
    for hidden in (
        secret,
        base64.b64encode(secret.encode()).decode().rstrip("="),
        vault_password,
        "pa55word",
        "hidden-value-81",
        "extra-value",
        "environment-value",
    ):
        assert hidden not in seen, hidden


def test_a_host_whose_name_holds_a_secret_is_one_host(told: Told) -> None:
    """As with the name of the stage for the vault's password; and somebody is mentioned all the same."""
    (told.folder / "vault-password").write_text("production\n", encoding="utf-8")
    (told.folder / "stage").write_text(
        "[production]\nproduction-web1 ansible_connection=local\nproduction-web2 ansible_connection=local\n",
        encoding="utf-8",
    )
    told.tell(
        """
        - hosts: production
          gather_facts: false
          tasks:
            - name: Look
              ansible.builtin.debug:
            - name: Break
              ansible.builtin.fail:
                msg: broken
              when: inventory_hostname == 'production-web2'
        """,
        "-i",
        str(told.folder / "stage"),
        "--vault-password-file",
        str(told.folder / "vault-password"),
        environment={"ZOOM_CHAT_MENTION_ON_FAILURE": "alice@example.com"},
    )
    assert without_time(told.title()) == "❌ playbook.yml failed · 1 of 2 hosts"
    assert told.lines() == ["********: 1 failed, 1 ok", "• Break: ********-web2", "@alice@example.com"]
    assert [item["at_contact"] for item in told.main()["at_items"]] == ["alice@example.com"]


def test_no_secret_stands_in_arguments_or_the_environment_of_the_courier(told: Told) -> None:
    configuration = told.folder / "own.cfg"
    configuration.write_text("[callback_zoom_chat]\naccess_token = sandbox-account-token\n", encoding="utf-8")
    seen: list[bytes] = []

    def look(_process: subprocess.Popen[str]) -> None:
        (courier,) = until(lambda: couriers(told))
        for name in ("cmdline", "environ"):
            seen.append(pathlib.Path(f"/proc/{courier}/{name}").read_bytes())

    if not pathlib.Path("/proc/self/environ").exists():
        pytest.skip("needs /proc")
    told.run(
        SLOW.replace("sleep 30", "sleep 1"),
        environment={
            "ANSIBLE_CONFIG": str(configuration),
            **dict.fromkeys(("ZOOM_CLIENT_ID", "ZOOM_CLIENT_SECRET", "ZOOM_ACCOUNT_ID")),
        },
        watch=look,
    )
    assert len(seen) == 2
    assert b"sandbox-account-token" not in b"".join(seen)
    assert told.title().startswith("✅ playbook.yml succeeded")
