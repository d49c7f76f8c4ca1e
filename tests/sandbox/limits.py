# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Zoom's limits on the messages of one channel."""

from __future__ import annotations

import collections


class ChannelLimits:
    def __init__(self) -> None:
        self._sent: dict[str, collections.deque[float]] = {}
        self._blocked_until: dict[str, float] = {}

    def admit(self, channel: str, windows: list[list[float]], now: float) -> bool:
        """Count one more message of a channel, or block the channel; False while it is blocked.

        Times are seconds of a monotonic clock. A message that is not admitted does not count.
        """
        if now < self._blocked_until.get(channel, 0.0):
            return False
        sent = self._sent.setdefault(channel, collections.deque())
        longest = max((seconds for _count, seconds, _block in windows), default=0)
        while sent and sent[0] <= now - longest:
            sent.popleft()
        blocks = [block for count, seconds, block in windows if sum(at > now - seconds for at in sent) >= count]
        if blocks:
            self._blocked_until[channel] = now + max(blocks)
            return False
        sent.append(now)
        return True
