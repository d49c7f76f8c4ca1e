# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines as the callback writes them, and the report of a run that the documentation shows."""

from __future__ import annotations

import typing as t

from ansible_collections.teamchat.zoom.plugins.plugin_utils._report import Report

START = 1_795_168_800.0

Line = dict[str, t.Any]


def run(**values: t.Any) -> Line:
    line: Line = {
        "e": "run",
        "at": START,
        "playbook": "site.yml",
        "user": "deploy",
        "controller": "ctl-1",
        "git": {"branch": "main", "commit": "3f2c1d9"},
        "limit": "web",
        "tags": [],
        "skip_tags": [],
        "check": False,
        "diff": False,
        "inventory": ["hosts.yml"],
        "ci": None,
        "adhoc": False,
        "ansible": "2.21.0",
    }
    return {**line, **values}


def called(title: str) -> Line:
    """What a play says that the run is called."""
    return {"e": "vars", "at": START, "zoom_chat_title": title}


def play(name: str = "web", after: float = 1, identity: str | None = None) -> Line:
    return {"e": "play", "at": START + after, "play": identity or name, "name": name, "pattern": name}


def task(name: str, after: float = 2, play: str = "web", path: str = "site.yml:7", **values: t.Any) -> Line:
    line = {"e": "task", "at": START + after, "task": name, "play": play, "name": name, "action": "command"}
    return {**line, "role": None, "path": path, "handler": False, **values}


def ok(task: str, host: str, after: float = 3, changed: bool = False) -> Line:
    return {"e": "ok", "at": START + after, "task": task, "host": host, "changed": changed}


def failed(task: str, host: str, msg: str, after: float = 4, **values: t.Any) -> Line:
    return {"e": "failed", "at": START + after, "task": task, "host": host, "msg": msg, "ignored": False, **values}


def unreachable(task: str, host: str, msg: str, after: float = 4, **values: t.Any) -> Line:
    return {"e": "unreachable", "at": START + after, "task": task, "host": host, "msg": msg, "ignored": False, **values}


def cleared(*hosts: str, after: float = 5) -> Line:
    return {"e": "cleared", "at": START + after, "hosts": list(hosts)}


def counts(**values: int) -> dict[str, int]:
    return {
        **dict.fromkeys(("ok", "changed", "failures", "unreachable", "skipped", "rescued", "ignored"), 0),
        **values,
    }


def stats(hosts: dict[str, dict[str, int]], after: float = 252) -> Line:
    return {"e": "stats", "at": START + after, "hosts": hosts}


def report_of(*lines: t.Any, interrupted: bool = False) -> Report:
    """The report of a run that has ended after these lines."""
    report = Report()
    for line in lines:
        report.add(line)
    report.finish(interrupted)
    return report


NGINX = "No package matching 'nginx-1.29' found available, installed or updated"
TIMED_OUT = "Failed to connect to the host via ssh: connect to host web11 port 22: Connection timed out"


def example_lines() -> list[Line]:
    """40 web servers of which two fail and one is not reached; what the documentation shows."""
    hosts = [f"web{number:02}" for number in range(1, 41)]
    job = {"system": "GitLab", "url": "https://gitlab.example.com/ops/site/-/jobs/4711", "job": "deploy"}
    lines = [run(ci=job), play()]
    recap = {host: counts(ok=9, changed=2 if number < 15 else 0, skipped=1) for number, host in enumerate(hosts)}
    steps = [
        ("Gather facts", 2, 19, "site.yml:3"),
        ("Set up the package source", 22, 31, "roles/common/tasks/main.yml:4"),
        ("Install nginx", 54, 88, "roles/nginx/tasks/main.yml:12"),
        ("Write the configuration", 143, 12, "roles/nginx/tasks/main.yml:21"),
        ("Fetch certificates", 156, 41, "roles/tls/tasks/main.yml:8"),
        ("Restart nginx", 198, 23, "roles/nginx/handlers/main.yml:2"),
        ("Wait until the page answers", 222, 29, "site.yml:31"),
    ]
    gone: set[str] = set()
    for name, start, lasts, path in steps:
        lines.append(task(name, start, path=path))
        for number, host in enumerate(hosts):
            after = start + lasts * (number + 1) / len(hosts)
            if host in gone:
                continue
            if name == "Gather facts" and host == "web11":
                lines.append(unreachable(name, host, TIMED_OUT, after))
                recap[host] = counts(unreachable=1)
            elif name == "Install nginx" and host in ("web03", "web07"):
                lines.append(failed(name, host, NGINX, after, rc=1))
                recap[host] = counts(ok=2, changed=1, failures=1)
            else:
                lines.append(ok(name, host, after, changed=number < 15 and name == "Install nginx"))
                continue
            gone.add(host)
    return [*lines, stats(recap), {"e": "end", "at": START + 252, "lost": 0}]
