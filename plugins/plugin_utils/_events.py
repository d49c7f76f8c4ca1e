# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lines that the callback writes to the courier: one JSON object each, ``e`` names the event.

Every line has ``at``, seconds since the epoch. Texts are bounded and scrubbed by the callback before they
are written, so that a reader may keep them. A reader must bear with lines that it does not know.
"""

from __future__ import annotations

import json
import typing as t

#: The longest line, in bytes. A failure with all that it may hold fits in, even if JSON takes six bytes for each
#: character. What is longer is a defect of the writer, and is not read.
MAX_LINE = 256 * 1024

RUN = "run"
VARS = "vars"
PLAY = "play"
TASK = "task"
OK = "ok"
FAILED = "failed"
UNREACHABLE = "unreachable"
CLEARED = "cleared"
NO_HOSTS = "no_hosts"
STATS = "stats"
END = "end"

NO_HOSTS_MATCHED = "no_hosts_matched"
NO_HOSTS_REMAINING = "no_hosts_remaining"


class Git(t.TypedDict):
    """The revision that the playbook was run from."""

    branch: t.Optional[str]
    #: Seven hexadecimal digits.
    commit: t.Optional[str]


class Ci(t.TypedDict):
    """The job of a CI system that the run is part of."""

    system: str
    url: t.Optional[str]
    job: t.Optional[str]


class Run(t.TypedDict):
    """`run`: the first line, once."""

    #: The playbook's file name.
    playbook: str
    user: t.Optional[str]
    controller: str
    git: t.Optional[Git]
    limit: t.Optional[str]
    tags: list[str]
    skip_tags: list[str]
    check: bool
    diff: bool
    #: The names of inventory files, without folders.
    inventory: list[str]
    ci: t.Optional[Ci]
    adhoc: bool
    ansible: str


class Vars(t.TypedDict, total=False):
    """`vars`: what plays say about their summary; before the line of the play."""

    zoom_chat_title: str
    zoom_chat_mute: bool


class Play(t.TypedDict):
    """`play`: a play begins, or the next batch of it (`serial`)."""

    play: str
    name: str
    pattern: str


class Task(t.TypedDict):
    """`task`: a task begins."""

    task: str
    play: str
    name: str
    action: str
    role: t.Optional[str]
    #: File, relative to the playbook's folder, and line: ``roles/nginx/tasks/main.yml:12``.
    path: t.Optional[str]
    handler: bool


class Ok(t.TypedDict):
    """`ok`: may come late, or be missing for any number of tasks; the true totals come with `stats`."""

    task: str
    host: str
    changed: bool


class Item(t.TypedDict):
    """One item of a loop that failed."""

    item: str
    msg: str


class Failed(t.TypedDict, total=False):
    """`failed`: also for failures that are ignored, or that a `rescue` takes up.

    The texts are the ends of long outputs; those that a result does not have are missing.
    """

    task: str
    host: str
    msg: str
    stderr: str
    stdout: str
    exception: str
    items: list[Item]
    #: Ansible counts it where the failure is ignored.
    changed: bool
    ignored: bool
    rescued: bool
    delegate: t.Optional[str]
    rc: t.Optional[int]


class Unreachable(t.TypedDict):
    """`unreachable`: a host could not be reached; `ignored` with ``ignore_unreachable``."""

    task: str
    host: str
    msg: str
    ignored: bool
    #: The host that could not be reached, where the task was for another one.
    delegate: t.Optional[str]


class Cleared(t.TypedDict):
    """`cleared`: ``clear_host_errors`` has forgiven what failed on these hosts, and that they were not reached."""

    hosts: list[str]


class NoHosts(t.TypedDict):
    """`no_hosts`: the play has none; `reason` is NO_HOSTS_MATCHED or NO_HOSTS_REMAINING."""

    play: t.Optional[str]
    reason: str


class HostStats(t.TypedDict):
    """Ansible's recap of one host. What ``clear_host_errors`` has cleared counts as ignored."""

    ok: int
    changed: int
    failures: int
    unreachable: int
    skipped: int
    rescued: int
    ignored: int


class Stats(t.TypedDict):
    """`stats`: the recap, or a part of it; of many hosts there are several lines."""

    hosts: dict[str, HostStats]


class End(t.TypedDict):
    """`end`: the playbook has run to its end; without it the run was interrupted."""

    #: Failures that could not be told because the pipe was full.
    lost: int


def dump(event: str, at: float, line: t.Mapping[str, t.Any]) -> bytes:
    """A line, with its line end."""
    text = json.dumps({"e": event, "at": round(at, 3), **line}, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "replace") + b"\n"


def load(line: bytes) -> t.Optional[dict[str, t.Any]]:
    """What a line says, or None for one that is damaged."""
    if len(line) > MAX_LINE:
        return None
    try:
        value = json.loads(line.decode("utf-8"))
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict) or not isinstance(value.get("e"), str):
        return None
    return value
