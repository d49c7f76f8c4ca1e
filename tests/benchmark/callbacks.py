# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a callback adds to a run of 200 hosts and 10 tasks: none, ours, and community.general.slack.

Tasks that do nothing keep all processors busy with Ansible itself; tasks that take their time on a host do not.
"""

from __future__ import annotations

import contextlib
import http.server
import os
import pathlib
import statistics
import subprocess
import tempfile
import threading
import time
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
# A run takes several seconds, so fewer rounds tell as much as with single tasks.
_MOST_ROUNDS = 3
# Characters that Zoom takes in one message.
_LONGEST_MESSAGE = 1024


def callback_cost(rounds: int) -> list[Figure]:
    """Wall time with a healthy server that takes 200 ms to answer, and with one that never does."""
    rounds = min(rounds, _MOST_ROUNDS)
    with tempfile.TemporaryDirectory(prefix="zoom-bench-") as home:
        with running_sandbox(latency=LATENCY) as sandbox, _slack(LATENCY) as webhook:
            variants = {"none": {}, "ours": _ours(sandbox.environment()), "slack": _theirs(webhook)}
            working = _Runs(home, {"ansible.builtin.raw": f"sleep {ON_THE_HOST}"}).measured(rounds, variants)
            idle = _Runs(home, NOTHING).measured(rounds, variants)
        with running_sandbox() as sandbox, _slack(None) as webhook:
            sandbox.fault("hang", times=None, seconds=600)
            variants = {"none": {}, "ours": _ours(sandbox.environment()), "slack": _theirs(webhook)}
            hanging = _Runs(home, NOTHING).measured(rounds, variants)
    figures = []
    for tasks, (without, added) in (
        (f"tasks of {ON_THE_HOST} s", working),
        ("tasks that do nothing", idle),
    ):
        what = f"healthy server with {LATENCY * 1000:.0f} ms latency, {tasks} ({without:.1f} s without)"
        figures += [
            at_most(f"callback, {what}", added["ours"] / without * 100, 1, "{:+.1f} %", rounds=rounds),
            Figure(f"community.general.slack, {what}", f"{added['slack'] / without:+.1%}", rounds=rounds),
        ]
    without, added = hanging
    what = f"server that never answers ({without:.1f} s without)"
    return [
        *figures,
        at_most(f"callback, {what}", added["ours"], FLUSH_TIMEOUT + 1, "{:+.1f} s", rounds=rounds),
        Figure(f"community.general.slack, {what}", f"{added['slack']:+.1f} s", rounds=rounds),
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
    def __init__(self, home: str, task: dict[str, t.Any]) -> None:
        path = pathlib.Path(home, "measure.yml")
        tasks = [{"name": f"Task {number}", **task} for number in range(TASKS)]
        play = {"name": "Measure", "hosts": "all", "connection": "local", "gather_facts": False, "tasks": tasks}
        path.write_text(yaml.safe_dump([play]), encoding="utf-8")
        hosts = "".join(f"host{number:03}," for number in range(HOSTS))
        self._command = [str(peer.ansible_playbook()), str(path), "-i", hosts]
        self._home = home

    def measured(self, rounds: int, variants: dict[str, dict[str, str]]) -> tuple[float, dict[str, float]]:
        """Seconds of the variant ``none``, and what each variant adds to them.

        Runs differ by more than a callback adds, mostly from one minute to the next. So a run is compared with the
        one without a callback in the same round, and each round goes the other way round.
        """
        times: dict[str, list[float]] = {name: [] for name in variants}
        order = list(variants.items())
        for _round in range(rounds):
            for name, environment in order:
                times[name].append(self._seconds(environment))
            order.reverse()
        added = {
            name: statistics.median(here - without for here, without in zip(taken, times["none"]))
            for name, taken in times.items()
        }
        return statistics.median(times["none"]), added

    def _seconds(self, changes: dict[str, str]) -> float:
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("ZOOM_", "ANSIBLE_"))},
            "ANSIBLE_COLLECTIONS_PATH": f"{ROOT / '.collections'}{os.pathsep}{peer.collections()}",
            "ANSIBLE_HOME": self._home,
            **changes,
        }
        begun = time.perf_counter()
        done = subprocess.run(self._command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"The playbook failed:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
        return time.perf_counter() - begun


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
