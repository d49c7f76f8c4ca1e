# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A measured number beside its limit or its peer, as a line, as a table, and as a plot."""

from __future__ import annotations

import dataclasses
import math
import os
import pathlib
import platform
import time
import typing as t
from xml.sax.saxutils import escape

import requests
from ansible.release import __version__ as ansible_version

from ..pages import with_part

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "performance.md"
PLOT = ROOT / "docs" / "images" / "bench.svg"


@dataclasses.dataclass(frozen=True)
class Figure:
    """What was measured, what came out, and what it may be.

    :param used: how much of the limit was used, as a ratio: up to 1 it holds; None without a limit.
    :param rounds: of how many runs it is the median.
    """

    what: str
    measured: str
    limit: str = "–"
    used: float | None = None
    rounds: int = 1

    @property
    def holds(self) -> bool:
        return self.used is None or self.used <= 1.0

    def __str__(self) -> str:
        mark = "    " if self.used is None else "ok  " if self.holds else "MISS"
        return f"{mark}  {self.what}: {self.measured} (limit: {self.limit})"


def at_most(what: str, value: float, limit: float, form: str, **more: t.Any) -> Figure:
    """:param form: shows a value with its unit, as in ``{:.1f} ms``."""
    used = max(0.0, value / limit) if limit else math.inf if value else 0.0
    return Figure(what, form.format(value), f"≤ {form.format(limit)}", used, **more)


def at_least(what: str, value: float, limit: float, form: str, **more: t.Any) -> Figure:
    """:param form: as for `at_most`."""
    return Figure(what, form.format(value), f"≥ {form.format(limit)}", limit / value, **more)


def write(figures: t.Sequence[Figure]) -> None:
    """Put the figures into the page about performance, as a table and as a plot beside it."""
    rows = [
        f"| {figure.what} | {figure.measured} | {figure.limit} |"
        f" {'–' if figure.used is None else f'{figure.used:.2f}'} | {figure.rounds} |"
        for figure in figures
    ]
    table = "\n".join(
        [
            f"Measured on {time.strftime('%Y-%m-%d', time.gmtime())} with ansible-core {ansible_version}, Python"
            f" {platform.python_version()} and requests {requests.__version__}, on a machine with"
            f" {os.cpu_count()} processors. Each figure is the median of so many rounds:",
            "",
            "| what | measured | limit | part of the limit | rounds |",
            "| --- | --- | --- | --- | --- |",
            *rows,
            "",
            "![The part of its limit that each figure takes](images/bench.svg)",
            "",
        ]
    )
    PAGE.write_text(with_part(PAGE.read_text(encoding="utf-8"), "figures", table), encoding="utf-8")
    PLOT.write_text(plot([figure for figure in figures if figure.used is not None]), encoding="utf-8")


def plot(figures: t.Sequence[Figure]) -> str:
    """A bar for each figure, from nothing to its limit and over."""
    left, width, height, most = 430, 300, 26, 2.0
    full = left + width + 170
    limit = left + width / most
    bottom = 30 + height * len(figures)
    bars = []
    for number, figure in enumerate(figures):
        used = figure.used or 0.0
        top = 24 + height * number
        length = max(1.0, min(used, most) * width / most)
        bars.append(
            f'<text class="name" x="{left - 8}" y="{top + 14}" text-anchor="end">{escape(_short(figure.what))}</text>\n'
            f'<rect class="{"holds" if figure.holds else "misses"}" x="{left}" y="{top + 3}" width="{length:.1f}"'
            f' height="{height - 10}" rx="2"/>\n'
            f'<text x="{left + length + 6:.1f}" y="{top + 14}">{escape(_short(figure.measured, 30))}</text>'
        )
    return "\n".join(
        [
            "<!-- Made by `make bench`. -->",
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {full} {bottom + 8}" role="img"'
            ' aria-label="The part of its limit that each figure takes" font-family="sans-serif" font-size="12">',
            "<style>",
            "text { fill: #57606a } .name { fill: #24292f } line { stroke: #8c959f } rect { fill: #2da44e }",
            ".misses { fill: #cf222e }",
            "@media (prefers-color-scheme: dark) { text { fill: #9198a1 } .name { fill: #e6edf3 } }",
            "</style>",
            f'<text x="{limit:.0f}" y="14" text-anchor="middle">limit</text>',
            f'<line x1="{limit:.0f}" y1="20" x2="{limit:.0f}" y2="{bottom}" stroke-dasharray="4 3"/>',
            *bars,
            "</svg>",
            "",
        ]
    )


def _short(text: str, most: int = 66) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
