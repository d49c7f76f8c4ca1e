# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The callback's options as they are documented, and runs that are told to a courier without Ansible."""

from __future__ import annotations

import contextlib
import os
import pathlib
import threading
import time
import typing as t
import uuid

import yaml
from ansible_collections.teamchat.zoom.plugins.callback import zoom_chat
from ansible_collections.teamchat.zoom.plugins.doc_fragments import callback_connection
from ansible_collections.teamchat.zoom.plugins.plugin_utils import _events
from ansible_collections.teamchat.zoom.plugins.plugin_utils._pipe import Pipe
from ansible_collections.teamchat.zoom.tests.sandbox import seeds
from ansible_collections.teamchat.zoom.tests.sandbox.running import Sandbox
from ansible_collections.teamchat.zoom.tests.unit.plugin_utils import lines

Line = dict[str, t.Any]


def documented() -> dict[str, dict[str, t.Any]]:
    """All options of the callback, as its documentation has them."""
    fragment = yaml.safe_load(callback_connection.ModuleDocFragment.DOCUMENTATION)["options"]
    return {**fragment, **yaml.safe_load(zoom_chat.DOCUMENTATION)["options"]}


def options(sandbox: Sandbox | None = None, **changes: t.Any) -> dict[str, t.Any]:
    """The defaults, with the sandbox's app, its channel `ops`, and changes."""
    values = {name: option.get("default") for name, option in documented().items()}
    values["state_dir"] = ""
    if sandbox is not None:
        values.update(
            account_id=seeds.ACCOUNT_ID,
            client_id=seeds.CLIENT_ID,
            client_secret=seeds.CLIENT_SECRET,
            user_id=seeds.SENDER,
            api_url=sandbox.api_url,
            oauth_url=sandbox.oauth_url,
            files_url=sandbox.files_url,
            to_channel=seeds.OPS,
        )
    return {**values, **changes}


def order(given: t.Mapping[str, t.Any], **changes: t.Any) -> dict[str, t.Any]:
    """A courier's first line."""
    made = {"options": dict(given), "secrets": [], "parent": os.getpid(), "playbook": "/site.yml"}
    return {**made, "run": uuid.uuid4().hex, **changes}


def dumped(line: Line) -> bytes:
    rest = {name: value for name, value in line.items() if name not in ("e", "at")}
    return _events.dump(line["e"], line["at"], rest)


def told(
    given: t.Mapping[str, t.Any], lines: t.Iterable[Line], timeout: float = 20.0, *, to_its_end: bool = True
) -> list[str]:
    """Tell a run to a courier, and return its warnings.

    :param to_its_end: wait, as the callback does not, until the courier has done what it still had to do.
    """
    pipe = Pipe(order(given))
    for line in lines:
        pipe.write(dumped(line))
    answer = pipe.finish([], timeout)
    assert answer is not None, "the courier did not answer"
    deadline = time.monotonic() + timeout
    # The pipe has given the process up, so Popen does not know any more whether it has ended.
    with contextlib.suppress(ChildProcessError):
        while to_its_end and os.waitpid(courier_of(pipe), os.WNOHANG) == (0, 0):
            assert time.monotonic() < deadline, "the courier has not ended"
            time.sleep(0.01)
    return t.cast("list[str]", answer["warnings"])


def courier_of(pipe: Pipe) -> int:
    return pipe._process._process.pid


def flood(given: t.Mapping[str, t.Any], hosts: int = 10_000) -> int:
    """Tell a courier that so many hosts failed, each with a long error; the most bytes of memory that it took."""
    names = [f"web{number:05}" for number in range(hosts)]
    reasons = [f"{number}: " + "no package found, " * 200 for number in range(97)]
    now = time.time()
    pipe = Pipe(order(given))
    peak = 0
    process = pathlib.Path("/proc", str(courier_of(pipe)), "status")

    def watch() -> None:
        nonlocal peak
        while True:
            try:
                status = process.read_text(encoding="utf-8")
            except OSError:
                return
            found = [int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM")]
            # A process that has ended and not been waited for has none.
            if not found:
                return
            peak = max(peak, *found)
            time.sleep(0.01)

    watching = threading.Thread(target=watch)
    watching.start()
    for line in (lines.run(), lines.play()):
        pipe.write(dumped({**line, "at": now}))
    for number, host in enumerate(names):
        task, text = f"Task {number % 13}", reasons[number % 97]
        pipe.write(_events.dump("task", now, {**lines.task(task), "e": None, "task": task}))
        failed = {"task": task, "host": host, "msg": text, "stderr": text, "ignored": False}
        pipe.write(_events.dump("failed", now, failed))
    recap = {host: lines.counts(failures=1) for host in names}
    last = [
        _events.dump("stats", now, {"hosts": dict(list(recap.items())[start : start + 500])})
        for start in range(0, hosts, 500)
    ]
    answer = pipe.finish([*last, _events.dump("end", time.time(), {"lost": 0})], 60)
    watching.join()
    assert answer == {"warnings": []}, answer
    return peak
