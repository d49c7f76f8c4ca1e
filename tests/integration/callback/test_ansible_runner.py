# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs of ansible-runner, which is what AWX and Automation Platform run playbooks with.

It starts them in a terminal of their own, takes the output with a callback of its own, and kills those that are
cancelled.
"""

from __future__ import annotations

import dataclasses
import json
import os
import pathlib
import signal
import subprocess
import sys
import textwrap
import typing as t

import pytest
from ansible_collections.teamchat.zoom.tests.integration.callback.conftest import Told, until
from ansible_collections.teamchat.zoom.tests.integration.callback.test_faults import (
    SLOW,
    family,
    interrupted,
    kill_all_but_couriers,
    wait_for_the_second_task,
)
from ansible_collections.teamchat.zoom.tests.integration.callback.test_summaries import FAILING, without_time
from ansible_collections.teamchat.zoom.tests.integration.runs import ANSIBLE_PLAYBOOK
from ansible_collections.teamchat.zoom.tests.sandbox import seeds


@dataclasses.dataclass(frozen=True)
class Job:
    """What ansible-runner keeps of a job that has ended."""

    artifacts: pathlib.Path

    def read(self, name: str) -> str:
        return (self.artifacts / name).read_text(encoding="utf-8")

    def events(self) -> list[dict[str, t.Any]]:
        return [json.loads(path.read_text(encoding="utf-8")) for path in self.artifacts.glob("job_events/*.json")]

    def result_of(self, task: str) -> dict[str, t.Any]:
        """The result of a task that has succeeded on one host."""
        (event,) = [
            event["event_data"]
            for event in self.events()
            if event["event"] == "runner_on_ok" and event["event_data"]["task"] == task
        ]
        return t.cast("dict[str, t.Any]", event["res"])


def run_job(
    told: Told,
    text: str,
    extra_vars: dict[str, t.Any] | None = None,
    watch: t.Callable[[subprocess.Popen[str]], None] | None = None,
) -> Job:
    folder = told.folder / "runner"
    for name, content in (
        ("project/playbook.yml", textwrap.dedent(text)),
        ("inventory/hosts", "localhost ansible_connection=local\n"),
        ("env/extravars", json.dumps(extra_vars or {})),
    ):
        (folder / name).parent.mkdir(parents=True)
        (folder / name).write_text(content, encoding="utf-8")
    python = "import sys; from ansible_runner.__main__ import main; sys.exit(main())"
    run = told.command(
        *(sys.executable, "-c", python, "run", str(folder), "-p", "playbook.yml", "--ident", "job"),
        environment={
            "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
            "PATH": f"{ANSIBLE_PLAYBOOK.parent}{os.pathsep}{os.environ['PATH']}",
        },
        watch=watch,
    )
    assert "zoom_chat" not in run.output, run.output
    job = Job(folder / "artifacts" / "job")
    assert run.returncode == int(job.read("rc")), run.output
    return job


def test_a_job_that_fails_is_told(told: Told) -> None:
    job = run_job(told, FAILING.replace("web*", "localhost"))
    assert (job.read("status"), job.read("rc")) == ("failed", "2")
    assert without_time(told.title()) == "❌ playbook.yml failed · localhost"


@pytest.mark.parametrize("in_process", [True, False], ids=["in-process", "module"])
def test_a_job_sends_messages(told: Told, in_process: bool) -> None:
    job = run_job(
        told,
        f"""
        - hosts: localhost
          gather_facts: false
          tasks:
            - name: Send
              teamchat.zoom.zoom_chat_message:
                to_channel: "{seeds.DEPLOYMENTS}"
                msg: Sent by a job
        """,
        {"zoom_chat_in_process": in_process},
    )
    assert (job.read("status"), job.read("rc")) == ("successful", "0")
    message = told.main(seeds.DEPLOYMENTS)
    assert message["message"] == "Sent by a job"
    assert job.result_of("Send")["id"] == message["id"]
    assert without_time(told.title()) == "✅ playbook.yml succeeded · localhost changed"
    shown = job.read("stdout") + json.dumps(job.events())
    assert message["id"] in shown
    assert seeds.CLIENT_SECRET not in shown


def test_a_job_that_is_cancelled_is_told_as_interrupted(told: Told) -> None:
    def cancel(process: subprocess.Popen[str]) -> None:
        wait_for_the_second_task(process)
        found = family(process.pid)
        process.send_signal(signal.SIGTERM)
        assert until(told.mains), "nothing was told"
        kill_all_but_couriers(found)

    job = run_job(told, SLOW, watch=cancel)
    assert (job.read("status"), job.read("rc")) == ("canceled", "254")
    interrupted(told)
