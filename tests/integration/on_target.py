# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs integration targets with modules on another Python than the controller's, against the environment's sandbox.

What the targets run in Ansible's own process runs on the controller's Python, what they run as a module on the other.

Usage: ``python -m tests.sandbox run -- python tests/integration/on_target.py INTERPRETER TARGET…``
"""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
VARIABLES = ("ZOOM_SANDBOX_URL", "ZOOM_API_URL", "ZOOM_OAUTH_URL", "ZOOM_FILES_URL")


def playbook(targets: list[str]) -> list[dict[str, object]]:
    """A play for each target, so that the facts of one are not another's; and one that shows which Python it was."""
    shown = {
        "name": "Ask the target for its Python",
        "ansible.builtin.setup": {"gather_subset": ["!all", "!min", "python"]},
        "register": "asked",
    }
    compared = {
        "name": "Make sure that modules run on the Python that is meant",
        "ansible.builtin.assert": {
            "that": "asked.ansible_facts.ansible_python.executable == ansible_python_interpreter"
        },
    }
    return [
        {"hosts": "testhost", "gather_facts": False, "tasks": [shown, compared]},
        *({"hosts": "testhost", "gather_facts": False, "roles": [target]} for target in targets),
    ]


def main(interpreter: str, *targets: str) -> int:
    names = ("sandbox_url", "sandbox_api_url", "sandbox_oauth_url", "sandbox_files_url")
    host = {
        "ansible_connection": "local",
        "ansible_python_interpreter": interpreter,
        **{name: os.environ[variable] for name, variable in zip(names, VARIABLES)},
    }
    with tempfile.TemporaryDirectory(prefix="zoom-target-") as folder:
        inventory = pathlib.Path(folder, "inventory.json")
        inventory.write_text(json.dumps({"all": {"hosts": {"testhost": host}}}), encoding="utf-8")
        plays = pathlib.Path(folder, "playbook.json")
        plays.write_text(json.dumps(playbook(list(targets))), encoding="utf-8")
        # As with ansible-test, nothing of the sandbox reaches the tasks but through these variables.
        environment = {name: value for name, value in os.environ.items() if not name.startswith("ZOOM_")}
        environment |= {"ANSIBLE_ROLES_PATH": str(HERE / "targets"), "ANSIBLE_HOME": folder, "ANSIBLE_NOCOLOR": "1"}
        ansible_playbook = pathlib.Path(sys.executable).parent / "ansible-playbook"
        command = [str(ansible_playbook), "-i", str(inventory), str(plays)]
        return subprocess.run(command, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
