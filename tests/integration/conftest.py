# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A sandbox and a runner of playbooks that talk to it."""

from __future__ import annotations

import pathlib
import typing as t

import pytest
from ansible_collections.teamchat.zoom.tests.integration.runs import Playbook
from ansible_collections.teamchat.zoom.tests.sandbox.running import Sandbox, running_sandbox


@pytest.fixture(scope="session")
def _sandbox() -> t.Iterator[Sandbox]:
    with running_sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(_sandbox: Sandbox) -> Sandbox:
    """A sandbox as it is at its start."""
    _sandbox.reset()
    return _sandbox


@pytest.fixture
def playbook(sandbox: Sandbox, tmp_path: pathlib.Path) -> Playbook:
    """Runs playbooks against the sandbox, with the credentials of its app in the environment."""
    return Playbook(tmp_path, sandbox.environment())


@pytest.fixture(params=[True, False], ids=["in-process", "module"])
def both_ways(request: pytest.FixtureRequest, playbook: Playbook) -> Playbook:
    """The same, once in Ansible's own process and once as a module."""
    playbook.in_process = request.param
    return playbook
