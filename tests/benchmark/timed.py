# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a command, and tells its seconds and the processor time of all that it started, as JSON on stdout.

A process of its own does this, because what outlives the command becomes a child of this process: the courier of a
run, which is in a session of its own and ends a moment after it. It is waited for, or its time would not be known.
Linux alone can do this.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import subprocess
import sys
import time

_PR_SET_CHILD_SUBREAPER = 36
# Seconds after which what outlives a command hangs; a courier ends sooner, whatever a server does.
_LONGEST = 30.0


def main(command: list[str]) -> int:
    """The command's output goes to stderr, its exit code is this one's."""
    if ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise SystemExit("Not measured: the kernel does not hand over what outlives a command.")
    begun = time.perf_counter()
    code = subprocess.call(command, stdout=sys.stderr)
    seconds = time.perf_counter() - begun
    _wait_for_others()
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(json.dumps({"seconds": seconds, "processor": usage.ru_utime + usage.ru_stime}))
    return code


def _wait_for_others() -> None:
    deadline = time.monotonic() + _LONGEST
    while time.monotonic() < deadline:
        try:
            ended, _status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if not ended:
            time.sleep(0.01)
    raise SystemExit(f"Not measured: something has not ended {_LONGEST:.0f} s after the command.")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
