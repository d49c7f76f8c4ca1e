# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The benchmark's processor time has that of what outlives a run."""

from __future__ import annotations

import json
import pathlib
import subprocess
import sys

import pytest

TIMED = pathlib.Path(__file__).resolve().parents[1] / "benchmark" / "timed.py"

# Works for half a second, and does not begin before the command is over.
OUTLIVES = """
import os, sys, time
while os.getppid() == int(sys.argv[1]):
    time.sleep(0.01)
while time.process_time() < 0.5:
    pass
"""
COMMAND = """
import os, subprocess, sys
subprocess.Popen([sys.executable, "-c", sys.argv[1], str(os.getpid())], start_new_session=True)
print("Begun")
sys.exit(3)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux hands over what outlives a command")
def test_what_outlives_a_command_is_waited_for_and_counted() -> None:
    command = [sys.executable, "-c", COMMAND, OUTLIVES]
    done = subprocess.run([sys.executable, str(TIMED), *command], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (3, "Begun\n")
    taken = json.loads(done.stdout)
    assert taken["processor"] >= 0.5
    assert taken["seconds"] > 0
