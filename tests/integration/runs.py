# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real runs of ansible-playbook, and what came of them."""

from __future__ import annotations

import dataclasses
import json
import os
import pathlib
import subprocess
import sys
import textwrap
import typing as t

HERE = pathlib.Path(__file__).resolve().parent
COLLECTIONS = HERE.parents[1] / ".collections"
#: Another version of Ansible is tested by naming its executable.
ANSIBLE_PLAYBOOK = pathlib.Path(
    os.environ.get("ANSIBLE_PLAYBOOK") or pathlib.Path(sys.executable).parent / "ansible-playbook"
)

# Seconds after which a run hangs; on a machine that is busy with other things, the longest takes five minutes.
_LONGEST = 1200


@dataclasses.dataclass(frozen=True)
class TaskResult:
    """What one task gave on one host; ``status`` is ok, failed, ignored, unreachable or skipped."""

    task: str
    host: str
    status: str
    result: dict[str, t.Any]


@dataclasses.dataclass(frozen=True)
class Run:
    """A run that has ended."""

    returncode: int
    stdout: str
    stderr: str
    results: list[TaskResult]

    @property
    def output(self) -> str:
        return self.stdout + self.stderr

    def all_of(self, task: str) -> list[dict[str, t.Any]]:
        """The results of a task, of all hosts."""
        return [found.result for found in self.results if found.task == task]

    def of(self, task: str) -> dict[str, t.Any]:
        """The only result of a task."""
        found = self.all_of(task)
        assert len(found) == 1, f"{task}: {len(found)} results\n{self.output}"
        return found[0]


@dataclasses.dataclass
class Playbook:
    """Runs playbooks in a folder of their own: home, Ansible's home, and nothing of this machine's settings."""

    folder: pathlib.Path
    environment: dict[str, str]
    in_process: bool | None = None
    """None leaves the variable unset."""

    @property
    def home(self) -> pathlib.Path:
        return self.folder / "home"

    @property
    def ansible_home(self) -> pathlib.Path:
        return self.folder / "ansible"

    @property
    def state_dir(self) -> pathlib.Path:
        """Where the controller keeps its state by default."""
        return self.ansible_home / "zoom_chat"

    @property
    def log(self) -> pathlib.Path:
        return self.folder / "ansible.log"

    def run(
        self,
        text: str,
        *arguments: str,
        hosts: int = 0,
        environment: t.Mapping[str, str | None] | None = None,
        extra_vars: t.Mapping[str, t.Any] | None = None,
        watch: t.Callable[[subprocess.Popen[str]], None] | None = None,
    ) -> Run:
        """Run a playbook.

        :param text: YAML; indentation common to all lines is removed.
        :param hosts: how many hosts, named web1 and so on, there are besides localhost.
        :param environment: changes to the environment; None unsets.
        :param extra_vars: go into a file, so that they do not show in the process list.
        :param watch: called with the running process.
        """
        return self.command(
            str(ANSIBLE_PLAYBOOK),
            str(self._written("playbook.yml", textwrap.dedent(text))),
            "-i",
            str(self._written("inventory", _inventory(hosts))),
            *self._extra_vars(extra_vars or {}),
            *arguments,
            environment=environment,
            watch=watch,
        )

    def command(
        self,
        *command: str,
        folder: pathlib.Path | None = None,
        environment: t.Mapping[str, str | None] | None = None,
        watch: t.Callable[[subprocess.Popen[str]], None] | None = None,
    ) -> Run:
        """Run any command in the same surroundings, by default in the same folder."""
        recorded = self.folder / "results.jsonl"
        recorded.unlink(missing_ok=True)
        with subprocess.Popen(
            command,
            cwd=folder or self.folder,
            env=self._environment(recorded, environment or {}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            if watch:
                watch(process)
            try:
                stdout, stderr = process.communicate(timeout=_LONGEST)
            except subprocess.TimeoutExpired:
                # Or the end of this block would wait for it for ever.
                process.kill()
                raise
        lines = recorded.read_text(encoding="utf-8").splitlines() if recorded.exists() else []
        return Run(process.returncode, stdout, stderr, [TaskResult(**json.loads(line)) for line in lines])

    def _written(self, name: str, text: str) -> pathlib.Path:
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path

    def _extra_vars(self, extra_vars: t.Mapping[str, t.Any]) -> list[str]:
        values = dict(extra_vars)
        if self.in_process is not None:
            values["zoom_chat_in_process"] = self.in_process
        return ["-e", f"@{self._written('extra.json', json.dumps(values))}"]

    def _environment(self, recorded: pathlib.Path, changes: t.Mapping[str, str | None]) -> dict[str, str]:
        self.home.mkdir(exist_ok=True)
        values: dict[str, str | None] = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "LC_ALL": "C.UTF-8",
            "ANSIBLE_HOME": str(self.ansible_home),
            "ANSIBLE_CONFIG": str(self._written("ansible.cfg", "")),
            "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
            "ANSIBLE_CALLBACK_PLUGINS": str(HERE / "callback_plugins"),
            "ANSIBLE_CONNECTION_PLUGINS": str(HERE / "connection_plugins"),
            "ANSIBLE_BECOME_PLUGINS": str(HERE / "become_plugins"),
            "ANSIBLE_BECOME_ALLOW_SAME_USER": "1",
            "ANSIBLE_TRANSPORT": "local",
            "ANSIBLE_CALLBACKS_ENABLED": "record",
            "ANSIBLE_DEPRECATION_WARNINGS": "1",
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_REMOTE_TEMP": str(self.folder / "remote-tmp"),
            "ANSIBLE_ASYNC_DIR": str(self.folder / "remote-async"),
            "RECORD_FILE": str(recorded),
            # Coverage is measured in the processes of a playbook too.
            **{name: value for name, value in os.environ.items() if name.startswith("COVERAGE_")},
            **self.environment,
            **changes,
        }
        return {name: value for name, value in values.items() if value is not None}


def _inventory(hosts: int) -> str:
    names = ["localhost", *(f"web{number}" for number in range(1, hosts + 1))]
    common = "ansible_python_interpreter='{{ ansible_playbook_python }}'"
    return "".join(f"{name} {common}\n" for name in names)
