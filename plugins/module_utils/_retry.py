# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: BSD-2-Clause
"""How long to wait before the next attempt, and how much one task may wait in all."""

from __future__ import annotations

import datetime
import email.utils
import math
import re
import time
import typing as t

BACKOFF_BASE = 0.5
BACKOFF_CAP = 20.0

_SECONDS = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?")
_ISO_8601 = re.compile(
    r"(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ](?P<time>[0-9]{2}:[0-9]{2})(?P<seconds>:[0-9]{2})?"
    r"(?P<fraction>[.,][0-9]+)?(?:(?P<utc>[Zz])|(?P<hours>[+-][0-9]{2})(?::?(?P<minutes>[0-9]{2}))?)?"
)


def retry_after(value: t.Optional[str], now: float) -> t.Optional[float]:
    """Seconds from now (epoch seconds) that a Retry-After header asks for, or None when it says nothing.

    Understands seconds and HTTP dates (RFC 9110, section 10.2.3) and the ISO-8601 date-times that Zoom
    sends with its daily limit. A time without a zone is taken as UTC. What lies in the past is 0. Never
    raises.
    """
    if not value:
        return None
    text = value.strip()
    if _SECONDS.fullmatch(text):
        wait = float(text)
    else:
        found = _ISO_8601.fullmatch(text)
        moment = _iso_8601(found) if found else http_date(text)
        if moment is None:
            return None
        wait = moment - now
    return max(0.0, wait) if math.isfinite(wait) else None


def _iso_8601(found: re.Match[str]) -> t.Optional[float]:
    """Epoch seconds; by hand, because Python 3.9's fromisoformat knows neither Z nor free fractions."""
    hours, minutes = found["hours"] or "+00", found["minutes"] or "00"
    try:
        whole = datetime.datetime.fromisoformat(
            f"{found['date']}T{found['time']}{found['seconds'] or ':00'}{hours}:{minutes}"
        )
        return whole.timestamp() + float("0" + (found["fraction"] or ".0").replace(",", "."))
    except (ValueError, OverflowError):
        return None


def http_date(text: str) -> t.Optional[float]:
    """Epoch seconds of a date in one of the three forms that RFC 9110 knows; None for what is none. Never raises."""
    try:
        moment = email.utils.parsedate_to_datetime(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=datetime.timezone.utc)
        return moment.timestamp()
    # The standard parser has raised each of these, in one version or another, for text that is no date.
    except (ValueError, TypeError, IndexError, AttributeError, OverflowError):
        return None


def backoff(attempt: int, random: t.Callable[[], float]) -> float:
    """Seconds to wait after the attempt-th failure (from 1), exponential with equal jitter.

    The ceiling is 0.5 s, doubled with each failure up to 20 s. Half of it is certain, so that a server in
    trouble gets its pause, the other half is random (``random()`` lies in [0, 1)), so that forks which
    failed together do not come back together.
    """
    ceiling = min(BACKOFF_CAP, BACKOFF_BASE * 2.0 ** min(max(attempt - 1, 0), 16))
    return ceiling / 2 + ceiling / 2 * random()


def next_pause(asked: t.Optional[float], attempt: int, random: t.Callable[[], float]) -> float:
    """Seconds to wait after the attempt-th failure: those that the answer asks for, or else a backoff.

    A time to come back at that is over, by a clock that is ahead, is no reason to come back at once for ever.
    """
    return asked or backoff(attempt, random)


class BudgetExceeded(Exception):
    """A wait would end after the time that the task may spend.

    ``needed`` and ``remaining`` are seconds.
    """

    def __init__(self, needed: float, remaining: float) -> None:
        self.needed = needed
        self.remaining = remaining
        super().__init__(f"a wait of {needed:.1f} s is needed, and {remaining:.1f} s of max_wait are left")


class Budget:
    """The seconds that one task may spend in all, from the moment the budget is made."""

    def __init__(
        self,
        seconds: float,
        clock: t.Callable[[], float] = time.monotonic,
        sleep: t.Callable[[float], None] = time.sleep,
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._end = clock() + seconds

    def remaining(self) -> float:
        """Seconds left, never negative."""
        return max(0.0, self._end - self._clock())

    def extend(self, seconds: float) -> None:
        """Leave out so many seconds in which the task did not wait but work, as with a large file."""
        self._end += seconds

    def check(self, seconds: float) -> None:
        """Raise BudgetExceeded when a wait of so many seconds would go past the budget."""
        remaining = self.remaining()
        if seconds > remaining:
            raise BudgetExceeded(needed=seconds, remaining=remaining)

    def wait(self, seconds: float) -> None:
        """Sleep, or raise BudgetExceeded before sleeping when that would go past the budget."""
        self.check(seconds)
        if seconds > 0:
            self._sleep(seconds)

    def cap(self, timeout: float) -> float:
        """The time-out that still fits; 0.0 when nothing is left."""
        return min(timeout, self.remaining())
