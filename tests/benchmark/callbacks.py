# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a callback adds to a run of 200 hosts and 10 tasks: none, ours, and community.general.slack.

Tasks that do nothing keep all processors busy with Ansible itself; tasks that take their time on a host do not.
"""

from __future__ import annotations

import contextlib
import dataclasses
import http.server
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import threading
import typing as t

import yaml

from ..sandbox import seeds
from ..sandbox.running import running_sandbox
from ..unit.plugin_utils import couriers
from . import peer
from .figures import ROOT, Figure, at_most

HOSTS = 200
TASKS = 10
LATENCY = 0.2
FLUSH_TIMEOUT = 5
NOTHING = {"ansible.builtin.debug": {"msg": "Measured"}}
# Seconds that a task takes on its host; a module over SSH takes longer.
ON_THE_HOST = 0.1
# A run takes most of a minute, so fewer rounds tell as much as with single tasks.
_FEW_ROUNDS = 3
# Runs of tasks that do nothing differ by more than what is to be seen.
_MANY_ROUNDS = 7
# Characters that Zoom takes in one message.
_LONGEST_MESSAGE = 1024


@dataclasses.dataclass(frozen=True)
class _Taken:
    """Seconds that a run took, and seconds of processor time: user and system, of all its processes."""

    seconds: float
    processor: float

    @classmethod
    def median(cls, runs: t.Iterable[_Taken]) -> _Taken:
        found = list(runs)
        return cls(statistics.median(run.seconds for run in found), statistics.median(run.processor for run in found))

    def __sub__(self, other: _Taken) -> _Taken:
        return _Taken(self.seconds - other.seconds, self.processor - other.processor)


def callback_cost(rounds: int) -> list[Figure]:
    """What a healthy server that takes 200 ms to answer costs a run, and one that never does."""
    few = min(rounds, _FEW_ROUNDS)
    many = min(2 * rounds, _MANY_ROUNDS)
    with tempfile.TemporaryDirectory(prefix="zoom-bench-") as home:
        with running_sandbox(latency=LATENCY) as sandbox, _slack(LATENCY) as webhook:
            variants = {"none": {}, "ours": _ours(sandbox.environment()), "slack": _theirs(webhook)}
            working = _Runs(home, {"ansible.builtin.raw": f"sleep {ON_THE_HOST}"}).measured(few, variants)
            idle = _Runs(home, NOTHING).measured(many, variants)
        with running_sandbox() as sandbox, _slack(None) as webhook:
            sandbox.fault("hang", times=None, seconds=600)
            variants = {"none": {}, "ours": _ours(sandbox.environment()), "slack": _theirs(webhook)}
            # Long runs differ by seconds from each other, and what a server adds to a run comes at its end.
            without, added = _Runs(home, NOTHING, tasks=1).measured(few, variants)
    what = f"server that never answers, one task that does nothing ({without.seconds:.1f} s without)"
    ours = f"callback with flush_timeout {FLUSH_TIMEOUT} s, {what}"
    return [
        *_healthy(f"tasks of {ON_THE_HOST} s", *working, few),
        *_healthy("tasks that do nothing", *idle, many),
        at_most(ours, added["ours"].seconds, FLUSH_TIMEOUT + 1, "{:+.1f} s", rounds=few),
        Figure(f"community.general.slack, {what}", f"{added['slack'].seconds:+.1f} s", rounds=few),
    ]


def _healthy(tasks: str, without: _Taken, added: dict[str, _Taken], rounds: int) -> list[Figure]:
    """Wall time beside its limit, and processor time, which differs less from run to run."""
    what = f"healthy server with {LATENCY * 1000:.0f} ms latency, {tasks}"
    seconds = f"{what} ({without.seconds:.1f} s without)"
    processor = f"{what}: processor time ({without.processor:.1f} s without)"
    form = "{:+.1f} %"

    def share(part: float, whole: float) -> str:
        return form.format(part / whole * 100)

    ours, slack = added["ours"], added["slack"]
    return [
        at_most(f"callback, {seconds}", ours.seconds / without.seconds * 100, 1, form, rounds=rounds),
        Figure(f"community.general.slack, {seconds}", share(slack.seconds, without.seconds), rounds=rounds),
        Figure(f"callback, {processor}", share(ours.processor, without.processor), rounds=rounds),
        Figure(f"community.general.slack, {processor}", share(slack.processor, without.processor), rounds=rounds),
    ]


def callback_flood() -> list[Figure]:
    """10,000 hosts that all fail, each with a long error, told to a real courier."""
    with running_sandbox() as sandbox:
        peak = couriers.flood(couriers.options(sandbox, max_failures=500, max_hosts=500, report_file="always"))
        texts = [message["message"] for message in sandbox.messages()]
    return [
        at_most("callback, 10,000 hosts that all fail: messages", len(texts), 10, "{:.0f}"),
        at_most("the longest of them", max(map(len, texts)), _LONGEST_MESSAGE, "{:.0f} characters"),
        at_most("the courier's memory", peak / 1024**2, 150, "{:.0f} MB"),
    ]


def _ours(environment: dict[str, str]) -> dict[str, str]:
    return {
        **environment,
        "ANSIBLE_CALLBACKS_ENABLED": "teamchat.zoom.zoom_chat",
        "ZOOM_CHAT_TO_CHANNEL": seeds.OPS,
        "ZOOM_CHAT_FLUSH_TIMEOUT": str(FLUSH_TIMEOUT),
        "ZOOM_CHAT_OUTBOX": "false",
    }


def _theirs(webhook: str) -> dict[str, str]:
    return {"ANSIBLE_CALLBACKS_ENABLED": "community.general.slack", "SLACK_WEBHOOK_URL": webhook}


class _Runs:
    def __init__(self, home: str, task: dict[str, t.Any], tasks: int = TASKS) -> None:
        path = pathlib.Path(home, "measure.yml")
        all_tasks = [{"name": f"Task {number}", **task} for number in range(tasks)]
        play = {"name": "Measure", "hosts": "all", "connection": "local", "gather_facts": False, "tasks": all_tasks}
        path.write_text(yaml.safe_dump([play]), encoding="utf-8")
        hosts = "".join(f"host{number:03}," for number in range(HOSTS))
        timed = pathlib.Path(__file__).with_name("timed.py")
        self._command = [sys.executable, str(timed), str(peer.ansible_playbook()), str(path), "-i", hosts]
        self._home = home

    def measured(self, rounds: int, variants: dict[str, dict[str, str]]) -> tuple[_Taken, dict[str, _Taken]]:
        """What the variant ``none`` takes, and what each variant adds to it.

        Runs differ by more than a callback adds, mostly from one minute to the next. So a run is compared with the
        one without a callback in the same round, and each round goes the other way round.
        """
        taken: dict[str, list[_Taken]] = {name: [] for name in variants}
        order = list(variants.items())
        for _round in range(rounds):
            for name, environment in order:
                taken[name].append(self._taken(environment))
            order.reverse()
        added = {
            name: _Taken.median(here - without for here, without in zip(runs, taken["none"]))
            for name, runs in taken.items()
        }
        return _Taken.median(taken["none"]), added

    def _taken(self, changes: dict[str, str]) -> _Taken:
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("ZOOM_", "ANSIBLE_"))},
            "ANSIBLE_COLLECTIONS_PATH": f"{ROOT / '.collections'}{os.pathsep}{peer.collections()}",
            "ANSIBLE_HOME": self._home,
            **changes,
        }
        done = subprocess.run(self._command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"The playbook failed:\n{done.stderr[-4000:]}")
        return _Taken(**json.loads(done.stdout))


@contextlib.contextmanager
def _slack(latency: float | None) -> t.Iterator[str]:
    """Slack's webhook, as far as the peer needs it; without a latency it never answers."""
    stopped = threading.Event()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            if stopped.wait(latency):
                return
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, format: str, *args: t.Any) -> None:  # noqa: A002 (the base class's name)
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/services/hook"
    finally:
        stopped.set()
        server.shutdown()
        thread.join()
        server.server_close()
