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
        """Take a message that was found for this task; False when it is another one's already."""
        return message_id not in self._own and self._take(conversation, message_id, was_found=True)

    def sent(self, conversation: str, message_id: str) -> bool:
        """Take the message that an answer names; False when another task has found it and taken it for its own.

        Several answers may name the same one: what stands in for Zoom in tests may have one id for all.
        """
        return self._take(conversation, message_id, was_found=False)

    def _take(self, conversation: str, message_id: str, was_found: bool) -> bool:
        now = time.time()
        self._own[message_id] = now
        name = _name(conversation)
        try:
            with self._state.lock(name, _LOCK_SECONDS):
                kept, found = self._kept(name)
                if message_id in (kept if was_found else found):
                    return False
                self._put(name, {**kept, message_id: now}, [*found, message_id] if was_found else found)
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
                    at = self._kept(name)[0].get(message_id)
            except LockTimeoutError:
                pass
        return math.inf if at is None else abs(time.time() - at)

    def forget(self, conversation: str, message_id: str) -> None:
        """A message was deleted: nobody has to wait for it."""
        self._own.pop(message_id, None)
        name = _name(conversation)
        try:
            with self._state.lock(name, _LOCK_SECONDS):
                kept, found = self._kept(name)
                if kept.pop(message_id, None) is not None:
                    self._put(name, kept, found)
        except LockTimeoutError:
            pass

    def _kept(self, name: str) -> tuple[dict[str, float], list[str]]:
        """When each message was taken, and which of them were found, not answered."""
        now = time.time()
        stored = self._state.read(name) or {}
        sent, found = stored.get("sent"), stored.get("found")
        kept = {
            known: at
            for known, at in (sent.items() if isinstance(sent, dict) else ())
            if isinstance(at, float) and abs(now - at) < _KEPT_SECONDS
        }
        return kept, [known for known in (found if isinstance(found, list) else ()) if known in kept]

    def _put(self, name: str, kept: dict[str, float], found: list[str]) -> None:
        self._state.update(name, {"sent": kept, "found": [known for known in found if known in kept]})


def _name(conversation: str) -> str:
    return "sent-" + key(conversation)
