# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Zoom's send windows: never broken, never wedged, shared by all processes, and used to the full."""

from __future__ import annotations

import contextlib
import functools
import heapq
import itertools
import json
import math
import os
import pathlib
import random
import subprocess
import sys
import threading
import time
import typing as t

import pytest
from ansible_collections.teamchat.zoom.plugins.module_utils import _throttle
from ansible_collections.teamchat.zoom.plugins.module_utils._retry import Budget, BudgetExceeded
from ansible_collections.teamchat.zoom.plugins.module_utils._state import StateFolder, key
from ansible_collections.teamchat.zoom.plugins.module_utils._throttle import (
    DUE_SECONDS,
    SKEW_SECONDS,
    ZOOM_WINDOWS,
    ChannelRecord,
    Clock,
    Entry,
    Throttle,
    Window,
    longest_wait,
    next_slot,
    system_clock,
)
from hypothesis import given, settings
from hypothesis import strategies as st

SMALL_WINDOWS = (Window(2, 1.0), Window(3, 5.0), Window(5, 20.0))


def unwarned(text: str) -> None:
    raise AssertionError(f"unexpected warning: {text}")


def broken(moments: t.Iterable[float], windows: t.Sequence[Window]) -> list[tuple[int, float]]:
    """Each case of more messages in a closed interval of a window's length than it allows."""
    ordered = sorted(moments)
    return [
        (window.messages, first)
        for window in windows
        for first, last in zip(ordered, ordered[window.messages :])
        if last - first <= window.seconds
    ]


class Died(BaseException):
    """The process is gone in the middle of its wait."""


class VirtualTime:
    """A clock for many threads: one runs at a time, and time passes only when all of them sleep."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.wall_offset = 1.7e9
        self._sleepers: list[tuple[float, int, threading.Semaphore]] = []
        self._order = itertools.count()
        self._idle = threading.Semaphore(0)

    def clock(self, boot: str = "boot") -> Clock:
        return Clock(lambda: self.now, lambda: self.now + self.wall_offset, boot)

    def budget(self, seconds: float = 1e6, late: t.Callable[[], float] = lambda: 0.0) -> Budget:
        """A budget whose sleeps end late, as they do on a busy machine."""
        return Budget(seconds, lambda: self.now, lambda wait: self.sleep(wait + late()))

    def jump(self, seconds: float) -> Budget:
        """Time for a single thread, which nothing else waits for."""
        return Budget(seconds, lambda: self.now, self._advance)

    def _advance(self, seconds: float) -> None:
        self.now += seconds

    def sleep(self, seconds: float) -> None:
        turn = threading.Semaphore(0)
        heapq.heappush(self._sleepers, (self.now + seconds, next(self._order), turn))
        self._idle.release()
        turn.acquire()

    def run(self, tasks: t.Iterable[tuple[float, t.Callable[[], None]]]) -> None:
        """Run all tasks, each from its moment on (seconds from now), to their end."""
        threads = []
        for start, task in tasks:
            threads.append(threading.Thread(target=self._body, args=(start, task), daemon=True))
            threads[-1].start()
            self._idle.acquire()
        while self._sleepers:
            self.now, _number, turn = heapq.heappop(self._sleepers)
            turn.release()
            self._idle.acquire()
        for thread in threads:
            thread.join()

    def _body(self, start: float, task: t.Callable[[], None]) -> None:
        try:
            self.sleep(start)
            with contextlib.suppress(Died):
                task()
        finally:
            self._idle.release()


# The pure core


@settings(deadline=None)
@given(st.lists(st.floats(min_value=0.0, max_value=30.0), min_size=1, max_size=40))
def test_no_schedule_breaks_a_window_and_every_slot_is_found_in_bounds(gaps: list[float]) -> None:
    taken: list[float] = []
    now = 0.0
    for gap in gaps:
        now += gap
        slot = next_slot(taken, now, SMALL_WINDOWS)
        assert now <= slot <= now + longest_wait(len(taken), SMALL_WINDOWS)
        taken.append(slot)
    assert broken(taken, SMALL_WINDOWS) == []
    assert taken == sorted(taken)


@settings(deadline=None)
@given(
    st.lists(st.floats(min_value=-100.0, max_value=100.0), max_size=20),
    st.floats(min_value=-100.0, max_value=100.0),
)
def test_slot_is_the_earliest_in_the_order_of_arrival(taken: list[float], now: float) -> None:
    slot = next_slot(taken, now, SMALL_WINDOWS)
    assert all(slot >= moment for moment in [now, *taken])

    def full(moment: float) -> bool:
        """Whether a window has no place for one more at this moment, but for rounding."""
        return any(sum(moment - m < w.spacing - 1e-9 for m in taken) >= w.messages for w in SMALL_WINDOWS)

    assert not full(slot)
    assert slot == max([now, *taken]) or full(slot - 0.001)


def test_zooms_windows_are_used_with_their_margins() -> None:
    taken: list[float] = []
    for _index in range(451):
        taken.append(next_slot(taken, 0.0))
    assert taken[9] == 0.0
    assert taken[10] == pytest.approx(1.03)
    assert taken[30] == pytest.approx(10.12)
    assert taken[60] == pytest.approx(101.02)
    assert taken[450] == pytest.approx(1010.02)
    assert broken(taken, ZOOM_WINDOWS) == []


def test_who_enters_stands_at_the_end_or_before_all_others_and_only_once() -> None:
    record = ChannelRecord()
    assert record.enter("a", 1.0) == Entry("a", 1.0, sent=False)
    record.enter("b", 2.0)
    record.enter("c", 3.0, first=True)
    assert record.enter("b", 4.0, first=True) is record.entries[2]
    assert [(entry.ticket, entry.at) for entry in record.entries] == [("c", 3.0), ("a", 1.0), ("b", 2.0)]


def test_what_the_windows_cannot_explain_is_dropped() -> None:
    oldest = 1000.0 - 20.22
    entries = [Entry(str(at), at, sent=True) for at in (oldest, oldest + 0.01, 1000.0)]
    record = ChannelRecord(entries)
    record.tidy(1000.0, SMALL_WINDOWS)
    assert record.entries == entries[1:]
    # Two messages explain one wait in the shortest window.
    latest = 1000.0 + SKEW_SECONDS + 1.03
    for at, kept in ((latest, True), (latest + 0.01, False)):
        record = ChannelRecord([entries[2], Entry("ahead", at, sent=False)])
        record.tidy(1000.0, SMALL_WINDOWS)
        assert len(record.entries) == 1 + kept


def test_a_record_is_written_as_it_is_read() -> None:
    world = VirtualTime()
    record = ChannelRecord([Entry("a", 999.5, sent=True), Entry("b", 1001.0, sent=False)], 1030.0)
    value = {
        "boot": "boot",
        "monotonic": 1000.0,
        "wall": 1.7e9 + 1000.0,
        "entries": [["a", 999.5, True], ["b", 1001.0, False]],
        "blocked": [1030.0, 30.0],
    }
    assert record.dump(world.clock()) == value
    assert ChannelRecord.load(value, world.clock()) == record
    record.blocked_until = 1000.0
    assert "blocked" not in record.dump(world.clock())


@pytest.mark.parametrize(("seconds", "until"), [(39.0, 1040.0), (38.9, -math.inf), (math.inf, -math.inf)])
def test_moments_of_another_boot_are_told_by_the_wall_clock(seconds: float, until: float) -> None:
    value = {
        "boot": "another",
        "monotonic": 500.0,
        "wall": 1.7e9 + 900.0,
        "entries": [["a", 510.0, True]],
        "blocked": [640.0, seconds],
    }
    assert ChannelRecord.load(value, VirtualTime().clock()) == ChannelRecord([Entry("a", 910.0, sent=True)], until)


def test_what_is_no_entry_is_left_out() -> None:
    entries = [
        ["a", 1, True],
        [7, 1.0, True],
        ["b", "x", True],
        ["c", 1.0, 1],
        [7, None, True],
        ["d", 1.0],
        5,
        "abc",
        ["e", 10**400, True],
    ]
    record = ChannelRecord.load({"boot": "boot", "entries": entries}, VirtualTime().clock())
    assert record.entries == [Entry("a", 1.0, sent=True)]


# Many at once, in virtual time

delays = st.floats(min_value=0.0, max_value=30.0)
workers = st.lists(
    st.tuples(
        st.floats(min_value=0.0, max_value=30.0),  # arrives
        delays,  # wakes so much late
        st.sampled_from(["sends", "sends", "sends", "dies"]),
        st.floats(min_value=-1e5, max_value=1e5),  # sets the wall clock by so much when it arrives
    ),
    min_size=1,
    max_size=16,
)


@settings(deadline=None)
@given(workers)
def test_no_interleaving_breaks_a_window_whoever_is_late_dies_or_sets_the_clock(
    crew: list[tuple[float, float, str, float]],
) -> None:
    world = VirtualTime()
    throttle = Throttle(StateFolder("", unwarned), unwarned, SMALL_WINDOWS, world.clock())
    sent: list[float] = []

    def work(late: float, fate: str, set_clock: float) -> None:
        world.wall_offset += set_clock

        def lateness() -> float:
            if fate == "dies":
                raise Died
            return late

        throttle.take("channel", world.budget(late=lateness))
        sent.append(world.now)

    world.run([(start, functools.partial(work, late, fate, jump)) for start, late, fate, jump in crew])
    assert broken(sent, SMALL_WINDOWS) == []
    assert len(sent) >= sum(fate == "sends" for _arrival, _late, fate, _jitter in crew)
    # Whoever is late may make each of the others wait, and be late, once more.
    latest = 1030.0 + 30.0 * len(crew) ** 2 + longest_wait(len(crew), SMALL_WINDOWS)
    assert all(moment <= latest for moment in sent)


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(
            st.floats(min_value=0.0, max_value=10.0),
            st.floats(min_value=0.0, max_value=0.5),
            st.floats(min_value=0.0, max_value=0.5),
        ),
        min_size=1,
        max_size=16,
    )
)
def test_arrivals_never_break_a_window_while_answers_take_less_than_the_shortest(
    crew: list[tuple[float, float, float]],
) -> None:
    world = VirtualTime()
    throttle = Throttle(StateFolder("", unwarned), unwarned, SMALL_WINDOWS, world.clock())
    arrived: list[float] = []

    def work(there: float, back: float) -> None:
        slot = throttle.take("channel", world.budget())
        world.sleep(there)
        arrived.append(world.now)
        world.sleep(back)
        throttle.answered(slot)

    world.run([(start, functools.partial(work, there, back)) for start, there, back in crew])
    assert len(arrived) == len(crew)
    assert broken(arrived, SMALL_WINDOWS) == []


def test_sixty_messages_go_at_95_percent_of_the_rate_that_the_windows_allow() -> None:
    world = VirtualTime()
    throttle = Throttle(StateFolder("", unwarned), unwarned, clock=world.clock())
    chance = random.Random(60)
    arrived: list[float] = []

    def work() -> None:
        slot = throttle.take("channel", world.budget(120.0, lambda: chance.uniform(0.0, 0.01)))
        world.sleep(chance.uniform(0.005, 0.05))
        arrived.append(world.now)
        world.sleep(chance.uniform(0.005, 0.03))
        throttle.answered(slot)

    world.run([(chance.uniform(0.0, 0.05), work) for _index in range(60)])
    assert broken(arrived, ZOOM_WINDOWS) == []
    assert len(arrived) == 60
    allowed = 12.0  # ten at once, after 1, 2, 10, 11 and 12 s
    assert allowed / (max(arrived) - min(arrived)) >= 0.95


def test_first_come_is_first_served() -> None:
    world = VirtualTime()
    throttle = Throttle(StateFolder("", unwarned), unwarned, SMALL_WINDOWS, world.clock())
    order: list[int] = []

    def work(number: int) -> None:
        throttle.take("channel", world.budget())
        order.append(number)

    world.run([(number * 0.3, functools.partial(work, number)) for number in range(12)])
    assert order == list(range(12))


def test_who_wakes_late_counts_those_who_went_ahead_meanwhile() -> None:
    world = VirtualTime()
    throttle = Throttle(StateFolder("", unwarned), unwarned, SMALL_WINDOWS, world.clock())
    sent: list[tuple[str, float]] = []

    def work(name: str, late: t.Iterator[float]) -> None:
        throttle.take("channel", world.budget(late=lambda: next(late)))
        sent.append((name, round(world.now - 1000.0, 2)))

    crew = [(0.0, "a"), (0.0, "b"), (0.0, "late"), (9.5, "c"), (9.5, "d")]
    world.run(
        [(start, functools.partial(work, name, iter([9.0 if name == "late" else 0.0, 0.0]))) for start, name in crew]
    )
    assert sent == [("a", 0.0), ("b", 0.0), ("c", 9.5), ("d", 9.5), ("late", 10.53)]


def test_those_who_always_wake_too_late_do_not_wait_for_each_other_without_end() -> None:
    world = VirtualTime()
    throttle = Throttle(StateFolder("", unwarned), unwarned, SMALL_WINDOWS, world.clock())
    sent: list[float] = []

    def work(late: float) -> None:
        throttle.take("channel", world.budget(3600.0, late=lambda: late))
        sent.append(world.now)

    world.run([(float(number), functools.partial(work, 21.0 + number % 4)) for number in range(16)])
    assert len(sent) == 16
    assert broken(sent, SMALL_WINDOWS) == []


def test_those_who_wait_already_count_in_what_the_next_one_is_told() -> None:
    world = VirtualTime()
    throttle = Throttle(StateFolder("", unwarned), unwarned, SMALL_WINDOWS, world.clock())
    needed: list[float] = []

    def work() -> None:
        throttle.take("channel", world.budget())

    def refused() -> None:
        with pytest.raises(BudgetExceeded) as caught:
            throttle.take("channel", world.budget(3.0))
        needed.append(caught.value.needed)

    world.run([(0.0, work), (0.0, work), (0.0, work), (0.5, refused)])
    assert needed == pytest.approx([5.07 - 0.5])


# One caller


def test_channels_do_not_wait_for_each_other(tmp_path: pathlib.Path) -> None:
    world = VirtualTime()
    throttle = Throttle(StateFolder(str(tmp_path), unwarned), unwarned, SMALL_WINDOWS, world.clock())
    for channel in ("one", "one", "other", "other"):
        throttle.take(channel, world.jump(0.0))
    assert world.now == 1000.0


@pytest.mark.parametrize("kept", [True, False])
def test_wait_past_the_budget_fails_before_anything_is_reserved(tmp_path: pathlib.Path, kept: bool) -> None:
    world = VirtualTime()
    state = StateFolder(str(tmp_path) if kept else "", unwarned)
    throttle = Throttle(state, unwarned, SMALL_WINDOWS, world.clock())
    for _index in range(2):
        throttle.take("channel", world.jump(0.0))
    for _index in range(3):
        with pytest.raises(BudgetExceeded) as caught:
            throttle.take("channel", world.jump(1.0))
        assert caught.value.needed == pytest.approx(1.03)
        assert str(caught.value) == "a wait of 1.0 s is needed, and 1.0 s of max_wait are left"
    assert world.now == 1000.0
    throttle.take("channel", world.jump(1.1))
    assert world.now == pytest.approx(1001.03)


def test_block_holds_every_process_and_then_ends(tmp_path: pathlib.Path) -> None:
    world = VirtualTime()
    one, other = (
        Throttle(StateFolder(str(tmp_path), unwarned), unwarned, SMALL_WINDOWS, world.clock()) for _index in range(2)
    )
    one.blocked("channel", 30.0)
    one.blocked("channel", 10.0)
    with pytest.raises(BudgetExceeded) as caught:
        other.take("channel", world.jump(20.0))
    assert caught.value.needed == pytest.approx(30.0)
    other.take("channel", world.jump(40.0))
    assert world.now == pytest.approx(1030.0)
    one.take("channel", world.jump(0.0))


def test_block_reaches_those_who_wait_already() -> None:
    world = VirtualTime()
    throttle = Throttle(StateFolder("", unwarned), unwarned, SMALL_WINDOWS, world.clock())
    sent: list[float] = []

    def work() -> None:
        throttle.take("channel", world.budget())
        sent.append(world.now - 1000.0)

    world.run([(0.0, work), (0.0, work), (0.0, work), (0.5, lambda: throttle.blocked("channel", 30.0))])
    assert sent == pytest.approx([0.0, 0.0, 30.5])


def test_a_wait_as_long_as_the_tolerance_is_waited(tmp_path: pathlib.Path) -> None:
    world = VirtualTime()
    world.now = 0.0
    throttle = Throttle(StateFolder(str(tmp_path), unwarned), unwarned, SMALL_WINDOWS, world.clock())
    throttle.blocked("channel", DUE_SECONDS)
    with pytest.raises(BudgetExceeded):
        throttle.take("channel", world.jump(0.0))
    assert json.loads((tmp_path / f"throttle-{key('channel')}.json").read_text())["entries"] == []
    throttle.take("channel", world.jump(1.0))
    assert world.now == DUE_SECONDS


def test_message_counts_from_its_answer() -> None:
    world = VirtualTime()
    throttle = Throttle(StateFolder("", unwarned), unwarned, SMALL_WINDOWS, world.clock())
    slots = [throttle.take("channel", world.jump(0.0)) for _index in range(2)]
    world.now += 0.4
    for slot in slots:
        throttle.answered(slot)
    throttle.take("channel", world.jump(2.0))
    assert world.now == pytest.approx(1000.4 + 1.03)


@pytest.mark.parametrize("kept", [True, False])
def test_a_slot_that_is_given_back_fills_no_window(tmp_path: pathlib.Path, kept: bool) -> None:
    world = VirtualTime()
    state = StateFolder(str(tmp_path) if kept else "", unwarned)
    throttle = Throttle(state, unwarned, SMALL_WINDOWS, world.clock())
    slots = [throttle.take("channel", world.jump(0.0)) for _index in range(2)]
    throttle.release(slots[1])
    throttle.release(slots[1])
    throttle.take("channel", world.jump(0.0))
    assert world.now == 1000.0
    with pytest.raises(BudgetExceeded):
        throttle.take("channel", world.jump(0.0))


def test_an_answer_counts_even_when_the_file_was_lost_meanwhile(tmp_path: pathlib.Path) -> None:
    world = VirtualTime()
    throttle = Throttle(StateFolder(str(tmp_path), unwarned), unwarned, SMALL_WINDOWS, world.clock())
    slots = [throttle.take("channel", world.jump(0.0)) for _index in range(2)]
    file = tmp_path / f"throttle-{key('channel')}.json"
    file.unlink()
    world.now += 0.4
    for slot in slots:
        throttle.answered(slot)
    assert json.loads(file.read_text())["entries"] == [[slot.ticket, 1000.4, True] for slot in slots]


def test_the_system_clock_names_the_boot_where_the_system_does(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    boot = tmp_path / "boot_id"
    monkeypatch.setattr(_throttle, "_BOOT_ID", str(boot))
    assert system_clock() == Clock(time.monotonic, time.time, "")
    boot.write_text("8f9c\n")
    assert system_clock() == Clock(time.monotonic, time.time, "8f9c")


@pytest.mark.parametrize("boot", ["next boot", ""])
def test_windows_hold_across_a_reboot(tmp_path: pathlib.Path, boot: str) -> None:
    before, after = VirtualTime(), VirtualTime()
    state = StateFolder(str(tmp_path), unwarned)
    throttle = Throttle(state, unwarned, SMALL_WINDOWS, before.clock("boot"))
    throttle.take("channel", before.jump(0.0))
    throttle.take("channel", before.jump(0.0))
    after.now = 5.0
    after.wall_offset = before.wall_offset + 1000.5 - 5.0
    Throttle(state, unwarned, SMALL_WINDOWS, after.clock(boot)).take("channel", after.jump(2.0))
    assert after.now == pytest.approx(5.0 + 0.53, abs=1e-3)


def test_wall_clock_that_is_set_changes_nothing_within_one_boot(tmp_path: pathlib.Path) -> None:
    world = VirtualTime()
    throttle = Throttle(StateFolder(str(tmp_path), unwarned), unwarned, SMALL_WINDOWS, world.clock())
    for offset in (0.0, 1e6, -1e9):
        world.wall_offset = offset
        throttle.take("channel", world.jump(2.0))
    assert world.now == pytest.approx(1001.03)


def test_clock_that_is_set_back_where_no_boot_is_known_holds_nobody(tmp_path: pathlib.Path) -> None:
    world = VirtualTime()
    throttle = Throttle(StateFolder(str(tmp_path), unwarned), unwarned, SMALL_WINDOWS, world.clock(boot=""))
    for _index in range(4):
        throttle.take("channel", world.jump(30.0))
    throttle.blocked("channel", 60.0)
    world.wall_offset -= 3600.0
    started = world.now
    throttle.take("channel", world.jump(0.0))
    assert world.now == started


@settings(deadline=None)
@given(
    st.lists(st.floats(min_value=-1e5, max_value=1e5), max_size=6),
    st.integers(min_value=0, max_value=8),
)
def test_no_jump_of_the_clock_holds_a_message_longer_than_the_windows_can(jumps: list[float], messages: int) -> None:
    world = VirtualTime()
    throttle = Throttle(StateFolder("", unwarned), unwarned, SMALL_WINDOWS, world.clock(boot=""))
    total = 0
    for jump in [*jumps, 0.0]:
        world.wall_offset += jump
        for _index in range(messages):
            started = world.now
            throttle.take("channel", world.jump(1e6))
            # What was just kept explains at most one wait from its own latest moment on.
            assert world.now - started <= SKEW_SECONDS + 2 * longest_wait(total + 1, SMALL_WINDOWS)
            total += 1


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
numbers = st.floats(allow_nan=False) | st.integers()
records = st.fixed_dictionaries(
    {},
    optional={
        "boot": st.sampled_from(["boot", "other", ""]) | json_values,
        "monotonic": numbers | json_values,
        "wall": numbers | json_values,
        "entries": st.lists(st.tuples(st.text(max_size=3), numbers, st.booleans()).map(list) | json_values)
        | json_values,
        "blocked": st.tuples(numbers, numbers).map(list) | json_values,
    },
)


@settings(deadline=None)
@given(records)
def test_arbitrary_record_is_never_fatal_and_its_slots_are_found_in_bounds(value: dict[str, t.Any]) -> None:
    clock = VirtualTime().clock()
    record = ChannelRecord.load(value, clock)
    record.tidy(1000.0, SMALL_WINDOWS)
    start = max(1000.0, record.blocked_until) + SKEW_SECONDS
    longest = longest_wait(len(record.entries), SMALL_WINDOWS) + max(w.spacing for w in SMALL_WINDOWS)
    assert record.plan(record.enter("new", 1000.0), 1000.0, SMALL_WINDOWS) <= start + longest
    json.dumps(record.dump(clock), allow_nan=False)


def test_damaged_file_is_replaced(tmp_path: pathlib.Path) -> None:
    world = VirtualTime()
    throttle = Throttle(StateFolder(str(tmp_path), unwarned), unwarned, SMALL_WINDOWS, world.clock())
    throttle.take("channel", world.jump(0.0))
    file = tmp_path / f"throttle-{key('channel')}.json"
    file.write_bytes(b'{"entries": 5')
    throttle.take("channel", world.jump(0.0))
    assert len(json.loads(file.read_text())["entries"]) == 1


def test_record_does_not_grow_without_end(tmp_path: pathlib.Path) -> None:
    world = VirtualTime()
    throttle = Throttle(StateFolder(str(tmp_path), unwarned), unwarned, SMALL_WINDOWS, world.clock())
    for _index in range(40):
        throttle.take("channel", world.jump(100.0))
    file = tmp_path / f"throttle-{key('channel')}.json"
    assert len(json.loads(file.read_text())["entries"]) <= 6


def test_channel_and_secrets_stand_in_no_file_name(tmp_path: pathlib.Path) -> None:
    throttle = Throttle(StateFolder(str(tmp_path), unwarned), unwarned)
    throttle.take("../825c9e31", Budget(0.0))
    assert sorted(entry.name for entry in tmp_path.iterdir()) == [
        f"throttle-{key('../825c9e31')}.json",
        f"throttle-{key('../825c9e31')}.lock",
    ]


def test_lock_that_is_never_free_is_one_warning_and_the_windows_are_kept_alone(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_throttle, "LOCK_SECONDS", 0.02)
    world = VirtualTime()
    state = StateFolder(str(tmp_path), unwarned)
    warnings: list[str] = []
    throttle = Throttle(state, warnings.append, SMALL_WINDOWS, world.clock())
    name = f"throttle-{key('channel')}"
    with state.lock(name, 1.0):
        for _index in range(3):
            throttle.take("channel", world.jump(2.0))
    assert world.now == pytest.approx(1001.03)
    assert not (tmp_path / f"{name}.json").exists()
    assert warnings == [
        f"state_dir: {tmp_path}/{name}.lock was locked by another process for 0.02 s; "
        "this process keeps the send windows by itself"
    ]


def test_folder_that_cannot_be_used_leaves_the_windows_to_this_process(tmp_path: pathlib.Path) -> None:
    (tmp_path / "file").touch()
    world = VirtualTime()
    warnings: list[str] = []
    state = StateFolder(str(tmp_path / "file"), warnings.append)
    throttle = Throttle(state, unwarned, SMALL_WINDOWS, world.clock())
    for _index in range(3):
        throttle.take("channel", world.jump(2.0))
    assert world.now == pytest.approx(1001.03)
    assert len(warnings) == 1


# Real processes, real time

PROCESS = """
import sys, time
from ansible_collections.teamchat.zoom.plugins.module_utils._retry import Budget
from ansible_collections.teamchat.zoom.plugins.module_utils._state import StateFolder
from ansible_collections.teamchat.zoom.plugins.module_utils._throttle import Throttle, Window
throttle = Throttle(StateFolder(sys.argv[1], print), print, (Window(5, 0.4), Window(15, 1.5)))
for _index in range(int(sys.argv[2])):
    slot = throttle.take("channel", Budget(60.0))
    print(time.monotonic(), flush=True)
    throttle.answered(slot)
"""
PROCESS_WINDOWS = (Window(5, 0.4), Window(15, 1.5))


def start(path: pathlib.Path, messages: int) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", PROCESS, str(path), str(messages)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)


def moments(process: subprocess.Popen[str]) -> list[float]:
    return [float(line) for line in process.communicate(timeout=60)[0].splitlines()]


def test_twenty_processes_at_once_never_break_a_window(tmp_path: pathlib.Path) -> None:
    processes = [start(tmp_path, 2) for _index in range(20)]
    sent = list(itertools.chain.from_iterable(map(moments, processes)))
    assert len(sent) == 40
    assert broken(sent, PROCESS_WINDOWS) == []


def test_killed_processes_leave_no_wedge_and_break_no_window(tmp_path: pathlib.Path) -> None:
    chance = random.Random(9)
    sent: list[float] = []
    for _index in range(3):
        processes = [start(tmp_path, 1000) for _index in range(3)]
        time.sleep(chance.uniform(0.2, 0.6))
        for process in processes:
            process.kill()
        sent += itertools.chain.from_iterable(map(moments, processes))
    throttle = Throttle(StateFolder(str(tmp_path), unwarned), unwarned, PROCESS_WINDOWS)
    throttle.take("channel", Budget(SKEW_SECONDS + longest_wait(len(sent) + 9, PROCESS_WINDOWS)))
    sent.append(time.monotonic())
    assert broken(sent, PROCESS_WINDOWS) == []


def test_due_tolerance_lies_within_every_margin() -> None:
    assert all(window.spacing - window.seconds > DUE_SECONDS for window in ZOOM_WINDOWS)
