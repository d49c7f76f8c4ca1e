# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The integration tests on each supported version of ansible-core, with the newest Python that it runs on."""

from __future__ import annotations

import nox

nox.options.default_venv_backend = "venv"
nox.options.error_on_missing_interpreters = True
nox.options.envdir = ".build/nox"

PYTHONS = {"2.16": "3.12", "2.17": "3.12", "2.18": "3.13", "2.19": "3.13", "2.20": "3.13", "2.21": "3.13"}
COPY = ".build/ansible_collections/teamchat/zoom"


@nox.session
@nox.parametrize(
    ("python", "core"), [(python, core) for core, python in PYTHONS.items()], ids=[f"core-{core}" for core in PYTHONS]
)
def integration(session: nox.Session, core: str) -> None:
    """Real playbooks: pytest's (all, or those that are named), and ansible-test's targets."""
    session.install(f"ansible-core=={core}.*", "-r", "tests/integration/requirements-matrix.txt")
    session.run("ansible", "--version")
    session.run("pytest", *(session.posargs or ["tests/integration"]))
    session.run("python", "-m", "tests.sandbox", "run", "--", "python", "tests/integration/run.py", COPY, silent=False)
