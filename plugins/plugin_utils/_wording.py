# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Durations, numbers and lists of hosts in words."""

from __future__ import annotations

import re
import typing as t

_DIGITS = re.compile(r"([0-9]+)")
_FEWEST_IN_A_RANGE = 3


def duration(seconds: float) -> str:
    """A time span in the two units that matter: ``0.4 s``, ``12 s``, ``4 min 12 s``, ``3 h 5 min``, ``2 d 4 h``."""
    if 0 < seconds < 2.95:
        return f"{max(seconds, 0.1):.1f} s".replace(".0 ", " ")
    whole = round(max(seconds, 0))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return _two_units(whole, 60, "min", "s")
    # From half a minute before a day on, minutes would round to 24 hours.
    if whole < 86400 - 30:
        return _two_units(round(whole / 60), 60, "h", "min")
    return _two_units(round(whole / 3600), 24, "d", "h")


def _two_units(amount: int, size: int, unit: str, smaller: str) -> str:
    large, small = divmod(amount, size)
    return f"{large} {unit} {small} {smaller}" if small else f"{large} {unit}"


def number(amount: int) -> str:
    """An amount with thin spaces between its thousands from 10 000 on."""
    return f"{amount:,}".replace(",", "\u202f") if abs(amount) >= 10_000 else str(amount)


def counted(amount: int, one: str, many: str = "") -> str:
    """``1 host``, ``2 hosts``."""
    return f"{number(amount)} {one if amount == 1 else many or one + 's'}"


def natural_key(name: str) -> tuple[t.Any, ...]:
    """Sorts web2 before web10."""
    # The parts alternate between text and digits, so that like is compared with like.
    parts = _DIGITS.split(name)
    return tuple(int(part) if place % 2 else part.lower() for place, part in enumerate(parts)), name


def hosts(names: t.Collection[str], most: int) -> str:
    """Hosts in natural order, neighbours as ranges, at most so many entries: ``db1, web[03-07] and 27 more``."""
    entries = folded(sorted(names, key=natural_key))
    if len(entries) == most + 1 and entries[-1][1] == 1:
        # "and 1 more" takes the place of the very name that it stands for.
        most = len(entries)
    shown = entries[: max(most, 1)]
    left = len(names) - sum(size for _entry, size in shown)
    text = ", ".join(entry for entry, _size in shown)
    return f"{text} and {number(left)} more" if left else text


def folded(names: t.Sequence[str]) -> list[tuple[str, int]]:
    """Sorted names with neighbours that count up by one joined: how each entry is written, and its size."""
    runs: list[list[str]] = []
    place: int | None = None
    for name in names:
        step = _step(runs[-1][-1], name) if runs else None
        if step is not None and (len(runs[-1]) == 1 or step == place):
            runs[-1].append(name)
            place = step
        else:
            runs.append([name])
    entries: list[tuple[str, int]] = []
    for run in runs:
        if len(run) < _FEWEST_IN_A_RANGE:
            entries += [(name, 1) for name in run]
        else:
            entries.append((_range(run[0], run[-1]), len(run)))
    return entries


def _step(left: str, right: str) -> int | None:
    """The place of the only part by which two names differ, if it is a number that goes up by one."""
    first, second = _DIGITS.split(left), _DIGITS.split(right)
    if len(first) != len(second):
        return None
    places = [place for place, (one, other) in enumerate(zip(first, second)) if one != other]
    if len(places) != 1 or not places[0] % 2:
        return None
    one, other = first[places[0]], second[places[0]]
    is_padded = one.startswith("0") or other.startswith("0")
    if int(other) != int(one) + 1 or (is_padded and len(one) != len(other)):
        return None
    return places[0]


def _range(first: str, last: str) -> str:
    start, end = _DIGITS.split(first), _DIGITS.split(last)
    return "".join(one if one == other else f"[{one}-{other}]" for one, other in zip(start, end))
