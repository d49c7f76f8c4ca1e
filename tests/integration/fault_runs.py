# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs each fault in front of each operation, and judges what came of it, for the tests and for the benchmark.

All cases run side by side as the hosts of one playbook, each with a sandbox of its own, because nearly all of
their time is waiting.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import dataclasses
import datetime
import json
import os
import pathlib
import resource
import socket
import typing as t

from ansible_collections.teamchat.zoom.tests.integration.fault_table import (
    MAX_WAIT,
    OPERATIONS,
    SECTIONS,
    TIMEOUT,
    Outcome,
    Row,
)
from ansible_collections.teamchat.zoom.tests.integration.runs import Playbook, Run, TaskResult
from ansible_collections.teamchat.zoom.tests.sandbox import seeds
from ansible_collections.teamchat.zoom.tests.sandbox.running import Sandbox, running_sandbox

#: The most seconds between the first and the last request of a task, give or take one.
LONGEST_SPAN = MAX_WAIT + 1.0
TEXT = 'Deployment & "everything" 🚀\nsecond line'
#: How many cases run at the same time. Modules need a processor each while they start.
BATCH = {True: 60, False: 20}

TASKS = """
- hosts: all:!localhost
  gather_facts: false
  strategy: free
  serial: %(batch)s
  tasks:
    - name: Use the token that will expire
      teamchat.zoom.zoom_chat_message:
        to_channel: "{{ case.arguments.to_channel }}"
        msg: Before
        user_id: "{{ case.arguments.user_id }}"
        api_url: "{{ case.arguments.api_url }}"
        oauth_url: "{{ case.arguments.oauth_url }}"
        state_dir: "{{ case.arguments.state_dir }}"
      when: case.stale
    - name: Let it expire
      ansible.builtin.command: sleep 1
      when: case.stale
    - name: Have the server refuse connections
      ansible.builtin.uri:
        url: "{{ case.sandbox }}/_sandbox/faults"
        method: POST
        body_format: json
        body: {fault: refuse, seconds: 2.5, operation: "{{ case.operation }}"}
        status_code: 201
      when: case.refusing
    - name: Begin
      ansible.builtin.debug:
        msg: "{{ now(utc=true).timestamp() }}"
    - name: Act
      teamchat.zoom.zoom_chat_message:
        %(acting)s
      ignore_errors: true
    - name: End
      ansible.builtin.debug:
        msg: "{{ now(utc=true).timestamp() }}"
"""


@dataclasses.dataclass(frozen=True, eq=False)
class Case:
    """A row of the table and the operation that it strikes."""

    number: int
    row: Row
    operation: str

    @property
    def host(self) -> str:
        return f"web{self.number}"

    @property
    def outcome(self) -> Outcome:
        return self.row.outcomes[self.operation]

    @property
    def label(self) -> str:
        return f"{self.operation}: {self.row.said}"


CASES = [
    Case(number, row, operation)
    for number, (row, operation) in enumerate(
        (
            (row, operation)
            # What takes long runs together.
            for row in sorted((row for rows in SECTIONS.values() for row in rows), key=lambda row: row.is_long)
            for operation in OPERATIONS
            if operation in row.outcomes
        ),
        1,
    )
]


@dataclasses.dataclass
class Place:
    """A case's sandbox, the arguments of its task, and an older message of the same text."""

    sandbox: Sandbox
    arguments: dict[str, t.Any]
    older: str

    def done(self) -> list[str]:
        """The ids of the messages that are as the task wants them."""
        others = [message for message in self.sandbox.messages() if message["id"] != self.older]
        if self.arguments.get("state") == "absent":
            return [message["id"] for message in others if message["status"] == "Deleted"]
        files = [file["name"] for file in self.arguments.get("files", ())]
        return [
            message["id"]
            for message in others
            if message["message"] == TEXT and [file["name"] for file in message["files"]] == files
        ]

    def span(self, begin: float) -> float:
        """Seconds between the first and the last request of the task that began then, give or take one."""
        moments = [
            datetime.datetime.fromisoformat(request["time"].replace("Z", "+00:00")).timestamp()
            for request in self.sandbox.requests()
        ]
        own = [moment for moment in moments if moment >= int(begin)]
        return max(own) - min(own) if own else 0.0


@dataclasses.dataclass(frozen=True)
class Seen:
    """What came of a case; the span lies between the first and the last request."""

    failed: bool
    result: dict[str, t.Any]
    seconds: float
    span: float
    done: list[str]


@contextlib.contextmanager
def placed(case: Case, unused_port: int, state: pathlib.Path) -> t.Iterator[Place]:
    """The sandbox of a case, with its fault armed, and what its task is given."""
    row, operation = case.row, case.operation
    settings = {"windows": "off", **row.settings, **({"token_ttl": 0.8} if row.place == "stale" else {})}
    with running_sandbox(tls=row.place == "untrusted", **settings) as sandbox:
        arguments = {
            "msg": TEXT,
            "to_channel": seeds.OPS,
            "user_id": seeds.SENDER,
            "api_url": sandbox.api_url,
            "oauth_url": sandbox.oauth_url,
            "files_url": sandbox.files_url,
            "timeout": TIMEOUT,
            "max_wait": MAX_WAIT,
            "state_dir": str(state / case.host),
            **row.arguments,
        }
        if row.place in ("closed", "untrusted", "refusing") and operation != "token":
            arguments["access_token"] = seeds.ACCESS_TOKEN
        if row.place == "closed":
            closed = {"token": "oauth_url", "upload": "files_url"}.get(operation, "api_url")
            arguments[closed] = f"http://127.0.0.1:{unused_port}/v2"
        if operation == "reply":
            arguments["reply_main_message_id"] = sandbox.say(seeds.SENDER, "Main", to_channel=seeds.OPS, age=60)
        elif operation in ("edit", "delete"):
            arguments["message_id"] = sandbox.say(seeds.SENDER, "To be changed", to_channel=seeds.OPS, age=60)
        elif operation == "upload":
            arguments["files"] = [{"content": "a log", "name": "deploy.log"}]
        if operation == "delete":
            del arguments["msg"]
            arguments["state"] = "absent"
        # The same text, from before: it is not the message of this task.
        older = sandbox.say(seeds.SENDER, TEXT, to_channel=seeds.OPS, age=600)
        if operation == "list":
            sandbox.fault("reset", "send", moment="after")
        if row.fault:
            sandbox.fault(row.fault, operation, **row.options)
        yield Place(sandbox, arguments, older)


def option_lines(names: t.Iterable[str]) -> str:
    """A task's options, each from the case or left out."""
    return "\n        ".join(f'{name}: "{{{{ case.arguments.{name} | default(omit) }}}}"' for name in sorted(names))


@dataclasses.dataclass
class Matrix:
    """One run of all cases."""

    run: Run
    seen: dict[Case, Seen]
    state: pathlib.Path
    in_process: bool


def run_all(folder: pathlib.Path, in_process: bool) -> Matrix:
    state = folder / "state"
    state.mkdir(mode=0o700)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, 8192)), hard))
    with contextlib.ExitStack() as stack:
        unused = stack.enter_context(socket.socket())
        unused.bind(("127.0.0.1", 0))
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            entering = [placed(case, unused.getsockname()[1], state) for case in CASES]
            places = dict(zip(CASES, pool.map(stack.enter_context, entering)))
        (folder / "host_vars").mkdir()
        for case, place in places.items():
            variables = {
                "sandbox": place.sandbox.url,
                "arguments": place.arguments,
                "operation": case.operation,
                "stale": case.row.place == "stale",
                "refusing": case.row.place == "refusing",
            }
            (folder / "host_vars" / f"{case.host}.json").write_text(json.dumps({"case": variables}), encoding="utf-8")
        names = {name for place in places.values() for name in place.arguments}
        environment = {
            "ZOOM_ACCOUNT_ID": seeds.ACCOUNT_ID,
            "ZOOM_CLIENT_ID": seeds.CLIENT_ID,
            "ZOOM_CLIENT_SECRET": seeds.CLIENT_SECRET,
        }
        run = Playbook(folder, environment, in_process).run(
            TASKS
            % {
                "batch": BATCH[in_process],
                "acting": option_lines(names),
            },
            "-f",
            str(BATCH[in_process]),
            hosts=len(CASES),
            # The coverage of hundreds of workers would take longer than their work.
            environment={name: None for name in os.environ if name.startswith("COVERAGE_")},
        )
        found = {(result.task, result.host): result for result in run.results}
        seen = {case: seen_of(case, place, found) for case, place in places.items()}
    return Matrix(run, seen, state, in_process)


def seen_of(case: Case, place: Place, found: dict[tuple[str, str], TaskResult]) -> Seen:
    act = found[("Act", case.host)]
    begin, end = (float(found[(name, case.host)].result["msg"]) for name in ("Begin", "End"))
    return Seen(act.status == "ignored", act.result, end - begin, place.span(begin), place.done())


def wrongs(case: Case, seen: Seen) -> list[str]:
    """What the table wants of the end of a task and is not so; nothing when it has ended as documented."""
    result, outcome = seen.result, case.outcome
    if outcome.reasons:
        wanted = {
            "failed": seen.failed,
            "a reason that is documented": (result.get("failure") or {}).get("reason") in outcome.reasons,
            "one sentence": result.get("msg", "").endswith(".") and "\n" not in result["msg"],
        }
    else:
        wanted = {
            "done": not seen.failed,
            "the id of the only message": seen.done == [result.get("id")],
            "changed": result.get("changed") is True,
        }
    wanted["as many messages as documented"] = len(seen.done) == outcome.messages
    return [what for what, holds in wanted.items() if not holds]
