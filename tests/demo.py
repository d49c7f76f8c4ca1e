# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the demo playbook against a sandbox, prints what arrived, and writes the page as one HTML file."""

from __future__ import annotations

import argparse
import os
import pathlib
import subprocess
import sys
import tempfile

from .sandbox.running import running_sandbox

ROOT = pathlib.Path(__file__).resolve().parent.parent
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
        ansible_playbook = pathlib.Path(sys.executable).with_name("ansible-playbook")
        command = [str(ansible_playbook), str(ROOT / "playbooks" / "demo.yml")]
        code = subprocess.run(command, env=environment, check=False).returncode
        print("\nWhat arrived in Zoom Team Chat:\n")
        print(sandbox.transcript())
        PAGE.parent.mkdir(exist_ok=True)
        PAGE.write_text(sandbox.page(), encoding="utf-8")
        print(f"The same as a page: {PAGE.relative_to(ROOT)}")
        if options.keep:
            print(f"The sandbox is open at {sandbox.url}/ until you press Enter.")
            sys.stdin.readline()
    return code


if __name__ == "__main__":
    sys.exit(main())
