# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The integration tests on each supported version of ansible-core, and each Python that it runs on."""

from __future__ import annotations

import nox

nox.options.default_venv_backend = "venv"
nox.options.error_on_missing_interpreters = True
nox.options.envdir = ".build/nox"

# The Pythons that each runs on, the one that is used by default first.
PYTHONS = {
    "2.16": ("3.12", "3.10", "3.11"),
    "2.17": ("3.12", "3.10", "3.11"),
    "2.18": ("3.13", "3.11", "3.12"),
    "2.19": ("3.13", "3.11", "3.12"),
    "2.20": ("3.13", "3.12", "3.14"),
    "2.21": ("3.13", "3.12", "3.14"),
}
COPY = ".build/ansible_collections/teamchat/zoom"


def sessions() -> list[nox.Param]:
    """A session for each pair; ``--tags core-2.16`` chooses the default Python, ``core-2.16-python-3.10`` another."""
    return [
        nox.param(
            python,
            core,
            id=f"core-{core}-python-{python}",
            tags=[f"core-{core}-python-{python}", *([f"core-{core}"] if python == pythons[0] else [])],
        )
        for core, pythons in PYTHONS.items()
        for python in pythons
    ]


@nox.session
@nox.parametrize(("python", "core"), sessions())
def integration(session: nox.Session, core: str) -> None:
    """Real playbooks: pytest's (all, or those that are named), and ansible-test's targets."""
    session.install(f"ansible-core=={core}.*", "-r", "tests/integration/requirements-matrix.txt")
    session.run("ansible", "--version")
    session.run("pytest", *(session.posargs or ["tests/integration"]))
    session.run("python", "-m", "tests.sandbox", "run", "--", "python", "tests/integration/run.py", COPY, silent=False)
