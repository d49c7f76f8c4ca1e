# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A runner of playbooks whose runs are told to the sandbox."""

from __future__ import annotations

import dataclasses
import pathlib
import signal
import time
import typing as t

import pytest
from ansible_collections.teamchat.zoom.tests.integration.runs import ANSIBLE_PLAYBOOK, HERE, Playbook, Run
from ansible_collections.teamchat.zoom.tests.sandbox import seeds
from ansible_collections.teamchat.zoom.tests.sandbox.running import Sandbox

CALLBACK = "teamchat.zoom.zoom_chat"


def until(condition: t.Callable[[], t.Any], seconds: float = 20.0) -> t.Any:
    """Wait for a condition, and return what it gave."""
    deadline = time.monotonic() + seconds
    while True:
        found = condition()
        if found or time.monotonic() > deadline:
            return found
        time.sleep(0.05)


@dataclasses.dataclass
class Told(Playbook):
    """Runs playbooks with the callback, and reads what it told."""

    sandbox: t.Any = None

    def tell(self, text: str, *arguments: str, **options: t.Any) -> Run:
        """Run a playbook; the callback must neither warn, nor change the way that the run ends."""
        run = self.run(text, *arguments, **options)
        assert "zoom_chat" not in run.output, run.output
        assert "Traceback" not in run.output, run.output
        assert "DEPRECATION" not in run.output, run.output
        return run

    def mains(self, channel: str = seeds.OPS) -> list[dict[str, t.Any]]:
        return [
            message
            for message in self.sandbox.messages()
            if message["channel"] == channel and message["reply_main_message_id"] is None
        ]

    def main(self, channel: str = seeds.OPS) -> dict[str, t.Any]:
        """The only main message of a channel."""
        (message,) = self.mains(channel)
        return message

    def title(self) -> str:
        return str(self.main()["message"].split("\n")[0])

    def lines(self) -> list[str]:
        """The only summary, without its title and the line of who ran it."""
        return [line for line in self.main()["message"].split("\n")[1:] if not line.startswith("by ")]

    def replies(self, channel: str = seeds.OPS) -> list[str]:
        return [
            message["message"]
            for message in self.sandbox.messages()
            if message["channel"] == channel and message["reply_main_message_id"] is not None and not message["files"]
        ]

    def kept(self) -> list[pathlib.Path]:
        """The files of the outbox."""
        return list(self.state_dir.glob("outbox-*.json"))

    def files(self) -> list[dict[str, t.Any]]:
        return [file for message in self.sandbox.messages() for file in message["files"]]


@pytest.fixture(scope="session", autouse=True)
def _signals_as_in_a_terminal() -> None:
    """What runs in the background ignores these, and would hand that on to Ansible; a handler is not handed on."""
    for number in (signal.SIGINT, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, lambda _number, _frame: None)


@pytest.fixture
def told(sandbox: Sandbox, tmp_path: pathlib.Path) -> Told:
    """The callback is enabled and given a channel, and nothing else."""
    here = pathlib.Path(__file__).resolve().parent
    environment = {
        **sandbox.environment(),
        "ANSIBLE_CALLBACKS_ENABLED": CALLBACK,
        "ANSIBLE_CONNECTION_PLUGINS": f"{HERE / 'connection_plugins'}:{here / 'connection_plugins'}",
        "ANSIBLE_PYTHON_INTERPRETER": str(ANSIBLE_PLAYBOOK.with_name("python")),
        "ZOOM_CHAT_TO_CHANNEL": seeds.OPS,
        "USER": "deploy",
        "LOGNAME": "deploy",
    }
    return Told(tmp_path, environment, sandbox=sandbox)
