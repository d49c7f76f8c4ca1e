# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A measured number beside its limit."""

from __future__ import annotations

import dataclasses
import pathlib

ROOT = pathlib.Path(__file__).resolve().parents[2]


@dataclasses.dataclass(frozen=True)
class Figure:
    """What was measured, what came out, what it may be, and whether it is."""

    what: str
    measured: str
    limit: str
    holds: bool

    def __str__(self) -> str:
        return f"{'ok  ' if self.holds else 'MISS'}  {self.what}: {self.measured} (limit: {self.limit})"
