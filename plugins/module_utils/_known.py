# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: BSD-2-Clause
"""Which messages are already accounted for, so that no task takes another task's message for its own."""

from __future__ import annotations

import math
import time
import typing as t

from ansible_collections.teamchat.zoom.plugins.module_utils._state import LockTimeoutError, key

if t.TYPE_CHECKING:
    from ansible_collections.teamchat.zoom.plugins.module_utils._state import StateFolder

# A task that looks for its message does so within its max_wait; what is older cannot be mistaken for it.
_KEPT_SECONDS = 3600.0
_LOCK_SECONDS = 5.0


class KnownMessages:
    """The ids of recently sent messages of a conversation, shared by all processes of the state folder."""

    def __init__(self, state: StateFolder) -> None:
        self._state = state
        self._own: dict[str, float] = {}

    def claim(self, conversation: str, message_id: str) -> bool:
        """Take a message for this task; False when it is another one's already."""
        if message_id in self._own:
            return False
        now = time.time()
        self._own[message_id] = now
        name = _name(conversation)
        try:
            with self._state.lock(name, _LOCK_SECONDS):
                kept = self._kept(name)
                if message_id in kept:
                    return False
                self._state.update(name, {"sent": {**kept, message_id: now}})
        except LockTimeoutError:
            # Better an id that others do not know of than a message that is not sent.
            pass
        return True

    def age(self, conversation: str, message_id: str) -> float:
        """Seconds since a message was claimed, endless for one that is not known."""
        name = _name(conversation)
        at = self._own.get(message_id)
        if at is None:
            try:
                with self._state.lock(name, _LOCK_SECONDS):
                    at = self._kept(name).get(message_id)
            except LockTimeoutError:
                pass
        return math.inf if at is None else abs(time.time() - at)

    def forget(self, conversation: str, message_id: str) -> None:
        """A message was deleted: nobody has to wait for it."""
        self._own.pop(message_id, None)
        name = _name(conversation)
        try:
            with self._state.lock(name, _LOCK_SECONDS):
                kept = self._kept(name)
                if kept.pop(message_id, None) is not None:
                    self._state.update(name, {"sent": kept})
        except LockTimeoutError:
            pass

    def _kept(self, name: str) -> dict[str, float]:
        now = time.time()
        stored = (self._state.read(name) or {}).get("sent")
        return {
            known: at
            for known, at in (stored.items() if isinstance(stored, dict) else ())
            if isinstance(at, float) and abs(now - at) < _KEPT_SECONDS
        }


def _name(conversation: str) -> str:
    return "sent-" + key(conversation)
