# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each fault in front of each operation, run and judged as the tests of it do."""

from __future__ import annotations

import pathlib
import tempfile

from ..integration import fault_runs
from ..integration.fault_table import MAX_WAIT
from .figures import Figure, at_most


def every_fault() -> list[Figure]:
    """How many tasks did not end as the page on faults says, and how long the longest of them went on."""
    with tempfile.TemporaryDirectory(prefix="zoom-bench-") as folder:
        seen = fault_runs.run_all(pathlib.Path(folder), in_process=True).seen
    wrong = sum(bool(fault_runs.wrongs(case, what)) for case, what in seen.items())
    longest = max(what.span for what in seen.values())
    cases = f"every fault in front of every operation ({len(seen)} cases)"
    between = f"the longest time between a task's first and last request, with max_wait {MAX_WAIT:.0f} s"
    return [
        at_most(f"{cases}: tasks that did not end as documented", wrong, 0, "{:.0f}"),
        at_most(between, longest, fault_runs.LONGEST_SPAN, "{:.1f} s"),
    ]
