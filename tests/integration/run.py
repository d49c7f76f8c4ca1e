# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs ansible-test's integration targets in a copy of the collection against the sandbox of the environment.

Usage: ``python -m tests.sandbox run -- python tests/integration/run.py COPY [OPTIONS OF ansible-test]``
"""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys

VARIABLES = {
    "@SANDBOX_URL": "ZOOM_SANDBOX_URL",
    "@SANDBOX_API_URL": "ZOOM_API_URL",
    "@SANDBOX_OAUTH_URL": "ZOOM_OAUTH_URL",
    "@SANDBOX_FILES_URL": "ZOOM_FILES_URL",
}


def write_configuration(integration: pathlib.Path) -> None:
    """Write integration_config.yml from its template: ansible-test passes no variables of the environment on."""
    text = (integration / "integration_config.yml.template").read_text(encoding="utf-8")
    for placeholder, variable in VARIABLES.items():
        text = text.replace(placeholder, os.environ[variable])
    (integration / "integration_config.yml").write_text(text, encoding="utf-8")


def main(copy: str, *options: str) -> int:
    write_configuration(pathlib.Path(copy, "tests", "integration"))
    ansible_test = pathlib.Path(sys.executable).parent / "ansible-test"
    command = [str(ansible_test), "integration", "--venv", "--requirements", "--color", "no", *options]
    return subprocess.run(command, cwd=copy, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
