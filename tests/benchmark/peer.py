# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""An environment with community.general, whose Slack plugins are what is measured beside ours."""

from __future__ import annotations

import pathlib
import subprocess
import venv

from .figures import ROOT

_PEER = ROOT / ".build" / "peer"


def ansible_playbook() -> pathlib.Path:
    """PyPI's package `ansible` brings the collection."""
    executable = _PEER / "bin" / "ansible-playbook"
    if not executable.exists():
        venv.create(_PEER, with_pip=True)
        pip = [str(_PEER / "bin" / "python"), "-m", "pip", "install", "--quiet", "ansible", "requests", "prettytable"]
        subprocess.run(pip, check=True)
    return executable


def collections() -> pathlib.Path:
    """The folder to search for its collections."""
    ansible_playbook()
    (found,) = (_PEER / "lib").glob("python3*/site-packages")
    return found
