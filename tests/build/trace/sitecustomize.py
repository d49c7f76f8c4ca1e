# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Notes which files a Python process and its children open, those in the folders that OPENED_UNDER names.

Python imports it by itself where this folder is on PYTHONPATH; the file that OPENED_FILES names gets a path a line.
"""

from __future__ import annotations

import os
import sys
import typing as t

_FOLDERS = tuple(os.environ["OPENED_UNDER"].split(os.pathsep))
_LOG = os.open(os.environ["OPENED_FILES"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)


def _note(event: str, arguments: tuple[t.Any, ...]) -> None:
    if event == "open" and isinstance(arguments[0], (str, bytes)):
        path = os.path.realpath(os.fsdecode(arguments[0]))
        if path.startswith(_FOLDERS):
            os.write(_LOG, path.encode() + b"\n")


sys.addaudithook(_note)
