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
from .sandbox.running import running_sandbox

ROOT = pathlib.Path(__file__).resolve().parent.parent
# The exit code of ansible-playbook when tasks failed on some hosts.
_SOME_HOSTS_FAILED = 2
PAGE = ROOT / ".build" / "demo.html"


def main() -> int:
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--keep", action="store_true", help="leave the sandbox open until Enter is pressed")
    options = parser.parse_args()
    # Zoom shows a new message after about a second; so does this sandbox.
    with running_sandbox(visible_after=0.5) as sandbox, tempfile.TemporaryDirectory(prefix="zoom-demo-") as home:
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("ZOOM_", "ANSIBLE_"))},
            **sandbox.environment(),
            "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".collections"),
            "ANSIBLE_HOME": home,
            "ANSIBLE_LOCALHOST_WARNING": "false",
            "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false",
        }
        code = _play("demo.yml", environment)
        # It fails on some hosts, for the callback to tell of.
        summary = {
            "ANSIBLE_CALLBACKS_ENABLED": "teamchat.zoom.zoom_chat",
            "ZOOM_CHAT_TO_CHANNEL": seeds.INCIDENTS,
            "ZOOM_CHAT_MENTION_ON_FAILURE": "alice@example.com",
            "ZOOM_CHAT_REPORT_FILE": "failure",
        }
        failed = _play("demo_run.yml", {**environment, **summary})
        print("\nWhat arrived in Zoom Team Chat:\n")
        print(sandbox.transcript())
        PAGE.parent.mkdir(exist_ok=True)
        PAGE.write_text(sandbox.page(), encoding="utf-8")
        print(f"The same as a page: {PAGE.relative_to(ROOT)}")
        report = _report({**environment, **summary}, home)
        print(f"The report in the thread: {report.relative_to(ROOT)}")
        if options.keep:
            print(f"The sandbox is open at {sandbox.url}/ until you press Enter.")
            sys.stdin.readline()
    return code or failed != _SOME_HOSTS_FAILED


def _play(playbook: str, environment: dict[str, str], **options: t.Any) -> int:
    command = [str(pathlib.Path(sys.executable).with_name("ansible-playbook")), str(ROOT / "playbooks" / playbook)]
    return subprocess.run(command, env=environment, check=False, **options).returncode


def _report(environment: dict[str, str], home: str) -> pathlib.Path:
    """The report as a file: the same run once more, with a folder in place of Zoom."""
    folder = pathlib.Path(home, "dry-run")
    _play("demo_run.yml", {**environment, "ZOOM_CHAT_DRY_RUN_DIR": str(folder)}, stdout=subprocess.DEVNULL)
    return pathlib.Path(shutil.copy(next(folder.rglob("*.html")), PAGE.with_name("demo-report.html")))


if __name__ == "__main__":
    sys.exit(main())
