# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Retry-After in all its kinds, backoff, and the budget of one task."""

from __future__ import annotations

import contextlib
import datetime
import email.utils
import time
import typing as t

import pytest
from ansible_collections.teamchat.zoom.plugins.module_utils._retry import (
    BACKOFF_BASE,
    BACKOFF_CAP,
    Budget,
    BudgetExceeded,
    backoff,
    retry_after,
)
from hypothesis import example, given, settings
from hypothesis import strategies as st

NOW = datetime.datetime(2025, 1, 19, 23, 59, 0, tzinfo=datetime.timezone.utc).timestamp()


class FakeTime:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0.0),
        ("7", 7.0),
        (" 7 ", 7.0),
        ("+7", 7.0),
        ("1.5", 1.5),
        ("-3", 0.0),
        ("Mon, 20 Jan 2025 00:00:00 GMT", 60.0),
        ("Monday, 20-Jan-25 00:00:00 GMT", 60.0),
        ("Mon Jan 20 00:00:00 2025", 60.0),
        ("Mon, 20 Jan 2025 01:00:00 +0100", 60.0),
        ("Sun, 06 Nov 1994 08:49:37 GMT", 0.0),
        ("2025-01-20T00:00:00Z", 60.0),
        ("2025-01-20t00:00:00z", 60.0),
        ("2025-01-20 00:00:00", 60.0),
        ("2025-01-20T00:00Z", 60.0),
        ("2025-01-20T00:00:00.25Z", 60.25),
        ("2025-01-20T00:00:00,123456789Z", 60.123456789),
        ("2025-01-20T01:30:00+01:30", 60.0),
        ("2025-01-19T19:00:00-0500", 60.0),
        ("2025-01-20T02:00:00+02", 60.0),
        ("2025-01-19T00:00:00Z", 0.0),
    ],
)
def test_retry_after_is_understood_in_every_kind(value: str, seconds: float) -> None:
    assert retry_after(value, NOW) == pytest.approx(seconds, abs=1e-6)


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        "soon",
        "1e3",
        "nan",
        "inf",
        "-",
        "٣",
        "9" * 400,
        "2025-13-20T00:00:00Z",
        "2025-02-30T00:00:00Z",
        "2025-01-20T00:00:61Z",
        "2025-01-20T00:00:00+99:00",
        "2025-01-20",
        "Mon, 99 Jan 2025 00:00:00 GMT",
        "5 5 5 5 5",
        ",",
    ],
)
def test_retry_after_without_a_meaning_is_none(value: t.Optional[str]) -> None:
    assert retry_after(value, NOW) is None


def test_a_time_without_a_zone_is_utc_wherever_this_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as elsewhere:
        elsewhere.setenv("TZ", "XYZ-9")
        time.tzset()
        assert retry_after("Mon Jan 20 00:00:00 2025", NOW) == 60.0
        assert retry_after("2025-01-20T00:00:00", NOW) == 60.0
    time.tzset()


@settings(deadline=None)
@given(st.text())
@example("0001-01-01T00:00:00+23:59")
@example("9999-12-31T23:59:59-23:59")
@example("Mon, 01 Jan 0001 00:00:00 +2359")
@example("Mon, 20 Jan 2025 00:00:00 +99999999999999999999")
def test_arbitrary_text_never_raises(value: str) -> None:
    seconds = retry_after(value, NOW)
    assert seconds is None or 0.0 <= seconds < float("inf")


@settings(deadline=None)
@given(st.text(alphabet="0123456789TtZz:+-., JanMoGMT", max_size=40))
def test_text_that_looks_like_a_date_never_raises(value: str) -> None:
    seconds = retry_after(value, NOW)
    assert seconds is None or 0.0 <= seconds < float("inf")


@settings(deadline=None)
@given(
    st.datetimes(min_value=datetime.datetime(2025, 1, 20), max_value=datetime.datetime(2068, 1, 1)),
    st.integers(min_value=-14 * 60, max_value=14 * 60),
)
def test_http_and_iso_dates_of_one_moment_agree(naive: datetime.datetime, offset: int) -> None:
    zone = datetime.timezone(datetime.timedelta(minutes=offset))
    moment = naive.replace(tzinfo=zone)
    expected = max(0.0, moment.timestamp() - NOW)
    assert retry_after(moment.isoformat(), NOW) == pytest.approx(expected, abs=1e-4)
    http = email.utils.format_datetime(moment)
    assert retry_after(http, NOW) == pytest.approx(max(0.0, int(moment.timestamp()) - NOW), abs=1e-4)


def test_backoff_doubles_up_to_its_cap() -> None:
    assert [backoff(attempt, lambda: 0.0) for attempt in (1, 2, 3, 6, 7, 100_000)] == [
        0.25,
        0.5,
        1.0,
        8.0,
        10.0,
        10.0,
    ]
    assert [backoff(attempt, lambda: 0.5) for attempt in (1, 2, 7)] == [0.375, 0.75, 15.0]


@settings(deadline=None)
@given(st.integers(min_value=1), st.floats(min_value=0.0, max_value=1.0, exclude_max=True, allow_nan=False))
def test_backoff_stays_between_half_its_ceiling_and_its_ceiling(attempt: int, chance: float) -> None:
    ceiling = min(BACKOFF_CAP, BACKOFF_BASE * 2 ** min(attempt - 1, 20))
    assert ceiling / 2 <= backoff(attempt, lambda: chance) <= ceiling


def test_budget_is_spent_by_waiting_and_by_working() -> None:
    fake = FakeTime()
    budget = Budget(10.0, fake.clock, fake.sleep)
    budget.wait(4.0)
    fake.now += 3.0
    assert fake.slept == [4.0]
    assert budget.remaining() == 3.0
    assert budget.cap(10.0) == 3.0
    assert budget.cap(1.0) == 1.0
    fake.now += 100.0
    assert budget.remaining() == 0.0
    assert budget.cap(1.0) == 0.0


def test_work_that_is_left_out_is_not_spent() -> None:
    fake = FakeTime()
    budget = Budget(10.0, fake.clock, fake.sleep)
    fake.now += 9.0
    budget.extend(8.5)
    assert budget.remaining() == 9.5


def test_wait_past_the_budget_fails_before_sleeping() -> None:
    fake = FakeTime()
    budget = Budget(10.0, fake.clock, fake.sleep)
    with pytest.raises(BudgetExceeded) as caught:
        budget.wait(10.5)
    assert fake.slept == []
    assert (caught.value.needed, caught.value.remaining) == (10.5, 10.0)
    assert str(caught.value) == "a wait of 10.5 s is needed, and 10.0 s of max_wait are left"


def test_wait_that_just_fits_is_slept() -> None:
    fake = FakeTime()
    budget = Budget(10.0, fake.clock, fake.sleep)
    budget.wait(0.5)
    budget.wait(9.5)
    assert fake.slept == [0.5, 9.5]


@pytest.mark.parametrize("seconds", [0.0, -1.0])
def test_no_wait_is_no_failure_even_when_nothing_is_left(seconds: float) -> None:
    fake = FakeTime()
    Budget(0.0, fake.clock, fake.sleep).wait(seconds)
    assert fake.slept == []


@settings(deadline=None)
@given(st.lists(st.floats(min_value=0.0, max_value=50.0)), st.floats(min_value=0.0, max_value=200.0))
def test_no_sequence_of_waits_goes_past_the_budget(waits: list[float], seconds: float) -> None:
    fake = FakeTime()
    budget = Budget(seconds, fake.clock, fake.sleep)
    for wait in waits:
        with contextlib.suppress(BudgetExceeded):
            budget.wait(wait)
    assert fake.now <= 1000.0 + seconds + 1e-6
