# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Summaries on their way: each stands in the state folder until it is delivered, so that nothing can lose it.

A parcel is written before its first message is sent, and again before and after each message. Whoever works
on a parcel holds its lock, which goes when its process dies: what is not locked is nobody's, and the next
run's courier takes it over.
"""

from __future__ import annotations

import contextlib
import dataclasses
import time
import typing as t

from ansible_collections.teamchat.zoom.plugins.module_utils._state import LockTimeoutError, StateFolder

MOST_PARCELS = 100
KEPT_SECONDS = 7 * 86400.0

SEND = "send"
EDIT = "edit"
REPLY = "reply"
FILE = "file"
CARD = "card"

_NAMES = [f"outbox-{number:02}" for number in range(MOST_PARCELS)]


@dataclasses.dataclass
class Step:
    """One request of a parcel.

    :param do: SEND, EDIT and REPLY have `text`, FILE has `name` and `content`, CARD has `card`.
    :param text: the fields of a message: `message`, `rich_text`, `at_items`.
    """

    do: str
    text: dict[str, t.Any] = dataclasses.field(default_factory=dict)
    name: str = ""
    content: str = ""
    card: dict[str, t.Any] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass
class Parcel:
    """What is left to be delivered of one run's summary.

    :param run: an id of the run.
    :param where: the server, as a key: a parcel is for no other one.
    :param target: `to_channel`, `to_contact` or `to_channel_name`; empty for a webhook.
    :param ended: when the run ended, in seconds since the epoch.
    :param main_id: the message that replies go to, once it is there.
    :param begun: when the first step's sending began, if it is not known how that ended.
    :param marked: whether the message says that it is late.
    :param doubted: whether the message says that it may be there already.
    """

    where: str
    target: dict[str, str]
    ended: float
    steps: list[Step]
    run: str = ""
    main_id: t.Optional[str] = None
    begun: t.Optional[float] = None
    marked: bool = False
    doubted: bool = False

    @classmethod
    def from_stored(cls, stored: t.Any) -> t.Optional[Parcel]:
        """The parcel that `dataclasses.asdict` made this of, or None."""
        try:
            parcel = cls(**{**stored, "steps": [Step(**step) for step in stored["steps"]]})
        except (TypeError, KeyError):
            return None
        return parcel if isinstance(parcel.ended, (int, float)) and isinstance(parcel.target, dict) else None


class Slot:
    """A parcel in its place, which is locked until the slot is closed; a context manager."""

    def __init__(self, state: StateFolder, name: str, parcel: Parcel, held: contextlib.ExitStack) -> None:
        self._state = state
        self._name = name
        self._held = held
        self.parcel = parcel

    def __enter__(self) -> Slot:
        return self

    def __exit__(self, *_exception: object) -> None:
        self._held.close()

    def save(self) -> None:
        try:
            self._state.write(self._name, dataclasses.asdict(self.parcel))
        except ValueError:
            # Larger than the folder keeps: the message counts, not its report.
            self.parcel.steps = [step for step in self.parcel.steps if step.do != FILE]
            with contextlib.suppress(ValueError):
                self._state.write(self._name, dataclasses.asdict(self.parcel))

    def remove(self) -> None:
        self._state.remove(self._name)


class Outbox:
    """The parcels of all runs that share a state folder; with an empty one nothing is kept."""

    def __init__(self, state: StateFolder) -> None:
        self._state = state

    @property
    def keeps(self) -> bool:
        return self._state.usable

    def put(self, parcel: Parcel) -> Slot:
        """A place for a new parcel, which stays there unless it is removed.

        :raises LockTimeoutError: all places are in use at this very moment.
        """
        name, held = self._free_place() or self._oldest_place()
        slot = Slot(self._state, name, parcel, held)
        slot.save()
        return slot

    def _free_place(self) -> t.Optional[tuple[str, contextlib.ExitStack]]:
        for name in _NAMES:
            if self._state.read(name) is not None:
                continue
            held = self._locked(name)
            # Another run may have taken it in between.
            if held is not None and self._state.read(name) is None:
                return name, held
            if held is not None:
                held.close()
        return None

    def _oldest_place(self) -> tuple[str, contextlib.ExitStack]:
        """The place of the oldest parcel that nobody works on."""

        def age(name: str) -> float:
            parcel = Parcel.from_stored(self._state.read(name))
            return parcel.ended if parcel else 0.0

        for name in sorted(_NAMES, key=age):
            held = self._locked(name)
            if held is not None:
                return name, held
        raise LockTimeoutError("All places of the outbox are in use.")

    def _locked(self, name: str) -> t.Optional[contextlib.ExitStack]:
        """The lock of a place, or None while it is another one's."""
        held = contextlib.ExitStack()
        try:
            held.enter_context(self._state.lock(name, 0.0))
        except LockTimeoutError:
            return None
        return held

    def left_behind(self, where: str, run: str = "") -> t.Iterator[Slot]:
        """Parcels for this server that no living process works on; the caller closes each.

        :param run: only the parcels of this run.
        """
        for name in _NAMES:
            held = self._locked(name) if self._state.read(name) is not None else None
            if held is None:
                continue
            stored = self._state.read(name)
            parcel = Parcel.from_stored(stored)
            if parcel is not None and _is_kept(parcel) and parcel.where == where and run in ("", parcel.run):
                yield Slot(self._state, name, parcel, held)
                continue
            if stored is not None and (parcel is None or not _is_kept(parcel)):
                self._state.remove(name)
            held.close()


def _is_kept(parcel: Parcel) -> bool:
    # A date ahead of the clock by more than a day is as good as none.
    return -86400.0 < time.time() - parcel.ended < KEPT_SECONDS
