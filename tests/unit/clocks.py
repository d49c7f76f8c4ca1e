# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A machine whose clock is wrong."""

from __future__ import annotations

import time
import typing as t

from ansible_collections.teamchat.zoom.plugins.module_utils import _client, _transport

if t.TYPE_CHECKING:
    import pytest


class _Clock:
    """The module time of a machine whose clock is wrong."""

    def __init__(self, skew: float) -> None:
        self._skew = skew
        self._real = time.time

    def __getattr__(self, name: str) -> t.Any:
        return getattr(time, name)

    def time(self) -> float:
        return self._real() + self._skew


def set_clock(monkeypatch: pytest.MonkeyPatch, skew: float) -> None:
    """Let the client's clock be ahead by so many seconds."""
    for module in (_client, _transport):
        monkeypatch.setattr(module, "time", _Clock(skew))
