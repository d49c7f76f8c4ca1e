# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: BSD-2-Clause
"""Zoom's send windows of a channel, shared by all processes that use the same state folder.

Zoom blocks a channel past 10 messages in 1 s, 30 in 10 s, 60 in 100 s or 450 in 1000 s (description of
``to_channel`` in Zoom's OpenAPI document). A process reserves the next slot, waits for it, and when it wakes
looks again: only then, under the lock, does it record the send. So every recorded send has seen all those
before it, however late a process woke.

Between the record and the arrival at Zoom lies the network. `Throttle.answered` counts a message from the
moment of its answer, before which it has certainly arrived: so no window is broken as long as answers take
less than the shortest one. For callers that cannot say, and for what differs between Zoom's clock and ours,
each window has a margin, which covers some tens of milliseconds.

Moments are those of the monotonic clock, which on Linux all processes share until the next boot and which
nobody can set. The file names the boot and pairs one monotonic with one wall-clock moment; after a boot, on
another host that shares the folder, or where the system does not name its boot, the moments are translated
by the wall clock. Only there a clock that was set matters: set forward, sends look older than they are; set
back, they lie in the future, and what lies further ahead than the windows can explain is dropped.
"""

from __future__ import annotations

import contextlib
import math
import time
import typing as t
import uuid
from dataclasses import dataclass, field

from ansible_collections.teamchat.zoom.plugins.module_utils._retry import Budget
from ansible_collections.teamchat.zoom.plugins.module_utils._state import LockTimeoutError, StateFolder, key

LOCK_SECONDS = 5.0
# Less than this ahead counts as now: timers and floating point are not exact, and the margin is larger.
DUE_SECONDS = 0.001
# What hosts that share a folder may differ in their clocks before a moment counts as one of the future.
SKEW_SECONDS = 1.0
# Where Linux names the boot.
_BOOT_ID = "/proc/sys/kernel/random/boot_id"


@dataclass(frozen=True)
class Window:
    """At most so many messages in any interval of so many seconds."""

    messages: int
    seconds: float

    @property
    def spacing(self) -> float:
        """Seconds kept between a message and the one ``messages`` places later: the window and a margin.

        The margin is 20 ms, the usual jitter between two requests, and 1 % of the window.
        """
        return self.seconds * 1.01 + 0.02


ZOOM_WINDOWS = (Window(10, 1.0), Window(30, 10.0), Window(60, 100.0), Window(450, 1000.0))


def next_slot(taken: t.Sequence[float], now: float, windows: t.Sequence[Window] = ZOOM_WINDOWS) -> float:
    """The earliest moment from now on, not before any taken one, that keeps every window unbroken.

    Not before any taken one: first come, first served.
    """
    ordered = sorted(taken)
    bounds = [ordered[-window.messages] + window.spacing for window in windows if len(ordered) >= window.messages]
    return max([now, *ordered[-1:], *bounds])


def longest_wait(messages: int, windows: t.Sequence[Window] = ZOOM_WINDOWS) -> float:
    """Seconds by which so many messages can delay one more at most; an upper bound."""
    return sum(messages // window.messages * window.spacing for window in windows)


@dataclass(frozen=True)
class Clock:
    """The two clocks, and the name of the boot for which the monotonic one counts ('' when unknown)."""

    monotonic: t.Callable[[], float]
    wall: t.Callable[[], float]
    boot: str


def system_clock() -> Clock:
    try:
        # As bytes, because a codec for reading would be imported anew by each of Ansible's workers.
        with open(_BOOT_ID, "rb") as stream:
            boot = stream.read().strip().decode()
    except OSError:
        boot = ""
    return Clock(time.monotonic, time.time, boot)


@dataclass
class Entry:
    """A message's place in the order: reserved for a moment, or sent at it (monotonic seconds)."""

    ticket: str
    at: float
    sent: bool


@dataclass
class ChannelRecord:
    """What is known about one channel; pure, in monotonic seconds. Entries stand in the order of arrival."""

    entries: list[Entry] = field(default_factory=list)
    blocked_until: float = -math.inf

    def enter(self, ticket: str, now: float, first: bool = False) -> Entry:
        """The ticket's entry; a new one at the end, or before all others."""
        for entry in self.entries:
            if entry.ticket == ticket:
                return entry
        entry = Entry(ticket, now, sent=False)
        self.entries.insert(0 if first else len(self.entries), entry)
        return entry

    def leave(self, ticket: str) -> None:
        """Drop the ticket's entry, if there is one."""
        self.entries = [entry for entry in self.entries if entry.ticket != ticket]

    def plan(self, planned: Entry, now: float, windows: t.Sequence[Window]) -> float:
        """The earliest moment for this entry after all that was sent and all that stands before it."""
        position = self.entries.index(planned)
        taken = [entry.at for entry in self.entries[:position]]
        taken += [entry.at for entry in self.entries[position + 1 :] if entry.sent]
        return next_slot(taken, max(now, self.blocked_until), windows)

    def tidy(self, now: float, windows: t.Sequence[Window]) -> None:
        """Drop what no longer counts and what cannot be: moments further ahead than the windows explain."""
        oldest = now - max(window.spacing for window in windows)
        kept = [entry for entry in self.entries if entry.at > oldest]
        latest = max(now, self.blocked_until) + SKEW_SECONDS + longest_wait(len(kept), windows)
        self.entries = [entry for entry in kept if entry.at <= latest]

    def dump(self, clock: Clock) -> dict[str, t.Any]:
        now, wall = clock.monotonic(), clock.wall()
        value: dict[str, t.Any] = {
            "boot": clock.boot,
            "monotonic": now,
            "wall": wall,
            "entries": [[entry.ticket, entry.at, entry.sent] for entry in self.entries],
        }
        if self.blocked_until > now:
            value["blocked"] = [self.blocked_until, self.blocked_until - now]
        return value

    @classmethod
    def load(cls, value: t.Mapping[str, t.Any], clock: Clock) -> ChannelRecord:
        """The record in this process's monotonic time; whatever has not the right shape is left out."""
        now = clock.monotonic()
        if clock.boot and value.get("boot") == clock.boot:
            shift = 0.0
        else:
            monotonic, wall = _number(value.get("monotonic")), _number(value.get("wall"))
            if monotonic is None or wall is None:
                return cls()
            shift = (now - clock.wall()) - (monotonic - wall)
        record = cls(list(_entries(value.get("entries"), shift)))
        blocked = value.get("blocked")
        if isinstance(blocked, list) and len(blocked) == 2:
            until, seconds = _number(blocked[0]), _number(blocked[1])
            # A block never lasts longer than it was given: further ahead, the clock was set back.
            if until is not None and seconds is not None and until + shift - now <= seconds + SKEW_SECONDS:
                record.blocked_until = until + shift
        return record


def _entries(value: t.Any, shift: float) -> t.Iterator[Entry]:
    for item in value if isinstance(value, list) else ():
        if isinstance(item, list) and len(item) == 3:
            ticket, at, sent = item[0], _number(item[1]), item[2]
            if isinstance(ticket, str) and at is not None and isinstance(sent, bool):
                yield Entry(ticket, at + shift, sent)


def _number(value: t.Any) -> t.Optional[float]:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


@dataclass(frozen=True)
class Slot:
    """The right to send one message now."""

    channel_key: str
    ticket: str


class Throttle:
    """Slots of channels, shared through the state folder; without one, held by this object for one thread."""

    def __init__(
        self,
        state: StateFolder,
        warn: t.Callable[[str], None],
        windows: t.Sequence[Window] = ZOOM_WINDOWS,
        clock: t.Optional[Clock] = None,
    ) -> None:
        self._state = state
        self._warn = warn
        self._windows = windows
        self._clock = clock or system_clock()
        self._memory: dict[str, dict[str, t.Any]] = {}
        self._warned = False

    def take(self, channel_key: str, budget: Budget) -> Slot:
        """Wait for the channel's next slot; the message is to be sent at once when this returns.

        Raises BudgetExceeded before anything is reserved when the wait does not fit into the budget; later,
        when others were slower than planned or the channel was blocked meanwhile. A slot that was reserved
        and not used counts as taken.
        """
        slot = Slot(channel_key, uuid.uuid4().hex)
        wait = self._claim(slot, budget)
        while wait >= DUE_SECONDS:
            budget.wait(wait)
            wait = self._claim(slot, budget, waited=True)
        return slot

    def answered(self, slot: Slot) -> None:
        """Count the slot's message from now: with the server's answer it has certainly arrived."""
        with self._record(slot.channel_key) as record:
            now = self._clock.monotonic()
            entry = record.enter(slot.ticket, now)
            entry.at, entry.sent = now, True

    def release(self, slot: Slot) -> None:
        """Give back the slot of a message that cannot have reached the server: it fills no window."""
        with self._record(slot.channel_key) as record:
            record.leave(slot.ticket)

    def blocked(self, channel_key: str, seconds: float) -> None:
        """Hold the channel for all processes for so many seconds, as Zoom's 429 asks."""
        with self._record(channel_key) as record:
            record.blocked_until = max(record.blocked_until, self._clock.monotonic() + seconds)

    def _claim(self, slot: Slot, budget: Budget, waited: bool = False) -> float:
        """Seconds until the slot; recorded as sent when it is due, as reserved otherwise.

        Whoever has waited and finds the reservation gone (too old, or lost with the file) goes before all
        others: at the end of the order, those who are always late would wait for each other without end.
        """
        with self._record(slot.channel_key) as record:
            now = self._clock.monotonic()
            entry = record.enter(slot.ticket, now, first=waited)
            entry.at = record.plan(entry, now, self._windows)
            wait = entry.at - now
            entry.sent = wait < DUE_SECONDS
            if not entry.sent:
                budget.check(wait)
        return wait

    @contextlib.contextmanager
    def _record(self, channel_key: str) -> t.Iterator[ChannelRecord]:
        """The channel's record under its lock; written back unless the block raises."""
        name = f"throttle-{key(channel_key)}"
        with contextlib.ExitStack() as stack:
            shared = self._state.usable and self._locked(stack, name)
            value = self._state.read(name) if shared else self._memory.get(name)
            record = ChannelRecord.load(value or {}, self._clock)
            record.tidy(self._clock.monotonic(), self._windows)
            yield record
            self._memory[name] = record.dump(self._clock)
            if shared:
                self._state.update(name, self._memory[name])

    def _locked(self, stack: contextlib.ExitStack, name: str) -> bool:
        """Whether the lock was had; a message that might be throttled by Zoom is better than none."""
        try:
            stack.enter_context(self._state.lock(name, LOCK_SECONDS))
        except LockTimeoutError as error:
            if not self._warned:
                self._warned = True
                self._warn(f"{error}; this process keeps the send windows by itself")
            return False
        return True
