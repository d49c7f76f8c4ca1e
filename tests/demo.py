# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the demo playbooks against a sandbox, prints what arrived, and writes the page as one HTML file."""

from __future__ import annotations

import argparse
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import typing as t

from .sandbox import seeds
from .sandbox.running import Sandbox, running_sandbox

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / ".build" / "demo.html"
# The exit code of ansible-playbook when tasks failed on some hosts.
_SOME_HOSTS_FAILED = 2
# How the callback tells of a run.
_SUMMARY = {
    "ANSIBLE_CALLBACKS_ENABLED": "teamchat.zoom.zoom_chat",
    "ZOOM_CHAT_TO_CHANNEL": seeds.INCIDENTS,
    "ZOOM_CHAT_MENTION_ON_FAILURE": "alice@example.com",
    "ZOOM_CHAT_REPORT_FILE": "failure",
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--keep", action="store_true", help="leave the sandbox open until Enter is pressed")
    options = parser.parse_args()
    # Zoom shows a new message after about a second; so does this sandbox.
    with running_sandbox(visible_after=0.5) as sandbox, tempfile.TemporaryDirectory(prefix="zoom-demo-") as home:
        demo = Demo(sandbox, ROOT / ".collections", pathlib.Path(home))
        as_expected = demo.play()
        print("\nWhat arrived in Zoom Team Chat:\n")
        print(sandbox.transcript())
        PAGE.parent.mkdir(exist_ok=True)
        PAGE.write_text(sandbox.page(), encoding="utf-8")
        print(f"The same as a page: {PAGE.relative_to(ROOT)}")
        report = shutil.copy(demo.report(), PAGE.with_name("demo-report.html"))
        print(f"The report in the thread: {pathlib.Path(report).relative_to(ROOT)}")
        if options.keep:
            print(f"The sandbox is open at {sandbox.url}/ until you press Enter.")
            sys.stdin.readline()
    return 0 if as_expected else 1


class Demo:
    """The demo's playbooks as a user of the collection runs them, by their names.

    :param collections: the only place where Ansible finds collections.
    :param home: an empty folder for what Ansible and the collection keep.
    """

    def __init__(
        self,
        sandbox: Sandbox,
        collections: pathlib.Path,
        home: pathlib.Path,
        variables: t.Mapping[str, str] | None = None,
    ) -> None:
        self._home = home
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("ZOOM_", "ANSIBLE_"))},
            **sandbox.environment(),
            "ANSIBLE_COLLECTIONS_PATH": str(collections),
            "ANSIBLE_HOME": str(home),
            "ANSIBLE_LOCALHOST_WARNING": "false",
            "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false",
            **(variables or {}),
        }

    def play(self, **options: t.Any) -> bool:
        """Run them, and return whether they ended as they should: the second one fails on some hosts."""
        told = self._run("demo", {}, **options)
        failed = self._run("demo_run", _SUMMARY, **options)
        return (told, failed) == (0, _SOME_HOSTS_FAILED)

    def report(self) -> pathlib.Path:
        """The report as a file: the second playbook once more, with a folder in place of Zoom."""
        folder = self._home / "dry-run"
        self._run("demo_run", {**_SUMMARY, "ZOOM_CHAT_DRY_RUN_DIR": str(folder)}, stdout=subprocess.DEVNULL)
        return next(folder.rglob("*.html"))

    def _run(self, playbook: str, variables: dict[str, str], **options: t.Any) -> int:
        command = [str(pathlib.Path(sys.executable).with_name("ansible-playbook")), f"teamchat.zoom.{playbook}"]
        return subprocess.run(command, env={**self._environment, **variables}, check=False, **options).returncode


if __name__ == "__main__":
    sys.exit(main())
