# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A report as one HTML file that needs nothing else: no script, no network, readable on a phone and in the dark.

Its size is bounded whatever the report holds, and the browser is told to load and run nothing.
"""

from __future__ import annotations

import base64
import datetime
import hashlib
import html as markup
import re
import typing as t

from ansible_collections.teamchat.zoom.plugins.plugin_utils import _report
from ansible_collections.teamchat.zoom.plugins.plugin_utils._report import Failure, HostResult, PlayResult, Report
from ansible_collections.teamchat.zoom.plugins.plugin_utils._wording import counted, duration, hosts, number

_MAX_ROWS = 300
_MAX_FAILURES = 50
_MAX_NAMED_HOSTS = 60
_MAX_TASKS = 12
_MAX_PLAYS = 40
#: After so many characters of failures those that follow come without their outputs.
_MAX_FAILURES_SIZE = 400_000

_WORDS = {
    _report.RUNNING: "is running",
    _report.SUCCESS: "succeeded",
    _report.FAILURE: "failed",
    _report.INTERRUPTED: "was interrupted",
    _report.NO_HOSTS: "matched no hosts",
}

_STYLE = """
:root {
  color-scheme: light dark;
  --page: #f4f5f7; --raised: #fff; --line: #e1e4ea; --text: #1d2330; --muted: #566071; --code: #f3f4f7;
  --good: #17703f; --bad: #b3261e; --warn: #8a5300; --accent: #1f5fd0; --bar: #5b8def; --track: #e9ecf2;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #121418; --raised: #1c1f25; --line: #2f343d; --text: #e6e9ee; --muted: #a0a9b8; --code: #14161b;
    --good: #6fd3a0; --bad: #ff9a90; --warn: #f2c26b; --accent: #8ab4ff; --bar: #5b8def; --track: #2a2f38;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; padding: 1rem; background: var(--page); color: var(--text); -webkit-text-size-adjust: 100%;
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif; overflow-wrap: anywhere;
}
main { max-width: 60rem; margin: 0 auto; display: grid; gap: 1rem; grid-template-columns: minmax(0, 1fr); }
header, section {
  background: var(--raised); border: 1px solid var(--line); border-radius: .75rem; padding: 1rem 1.25rem;
}
header { border-top: .4rem solid var(--tone); }
.success { --tone: var(--good); } .failure, .interrupted { --tone: var(--bad); }
.no_hosts { --tone: var(--warn); } .running { --tone: var(--accent); }
h1, h2, h3, p, dl, dd, ul { margin: 0; padding: 0; }
h1 { font-size: 1.45rem; line-height: 1.25; } h1 em { font-style: normal; color: var(--tone); }
h2 { font-size: 1.05rem; margin-bottom: .75rem; } h3 { font-size: 1rem; }
.muted, dt, footer { color: var(--muted); } .bad { color: var(--bad); } .warn { color: var(--warn); }
.good { color: var(--good); }
.figures { display: flex; flex-wrap: wrap; gap: .5rem 1.75rem; margin: 1rem 0 0; list-style: none; }
.figures b { display: block; font-size: 1.6rem; line-height: 1.15; font-variant-numeric: tabular-nums; }
.facts { display: flex; flex-wrap: wrap; gap: .25rem 1.5rem; margin-top: 1rem; padding-top: .75rem;
  border-top: 1px solid var(--line); font-size: .9rem; }
.facts div { display: flex; gap: .4rem; }
a { color: var(--accent); }
article { border-top: 1px solid var(--line); padding: .9rem 0; } article:last-of-type { padding-bottom: 0; }
h2 + article { border-top: 0; padding-top: 0; }
.place { font-size: .85rem; }
pre {
  margin: .5rem 0 0; padding: .6rem .75rem; background: var(--code); border: 1px solid var(--line);
  border-radius: .5rem; font: .82rem/1.45 ui-monospace, Menlo, Consolas, "Liberation Mono", monospace;
  white-space: pre-wrap; overflow-wrap: anywhere; max-height: 24rem; overflow-y: auto; unicode-bidi: plaintext;
}
summary { cursor: pointer; margin-top: .5rem; color: var(--muted); font-size: .85rem; }
svg { display: block; width: 100%; font: .82rem system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
svg svg { overflow: hidden; }
text { fill: var(--text); } .end { text-anchor: end; fill: var(--muted); } .mid { text-anchor: middle; }
.axis { fill: var(--muted); font-size: .75rem; } .tick { stroke: var(--line); }
.track { fill: var(--track); } .bar { fill: var(--bar); } .mark { fill: var(--bad); stroke: var(--raised); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; font-variant-numeric: tabular-nums; }
th, td { padding: .35rem .5rem; text-align: right; border-top: 1px solid var(--line); overflow-wrap: normal; }
thead th { border-top: 0; font-weight: 600; font-size: .8rem; color: var(--muted); vertical-align: bottom; }
th:first-child { text-align: left; padding-left: 0; font-weight: 500; min-width: 7.5rem; overflow-wrap: anywhere; }
td:last-child, th:last-child { padding-right: 0; }
.zero { color: var(--muted); }
footer { font-size: .8rem; text-align: center; }
@media (max-width: 30rem) {
  body { padding: .5rem; } main { gap: .5rem; } header, section { padding: .85rem; }
  th, td { padding: .35rem .3rem; } table { font-size: .85rem; } thead th { font-size: .75rem; }
  th:first-child { min-width: 6rem; } .skipped { display: none; } .figures { gap: .5rem 1.1rem; }
  .figures b { font-size: 1.4rem; } .figures li { font-size: .9rem; }
}
@media print { body { background: none; padding: 0; } pre { max-height: none; } }
"""


def html(report: Report) -> str:
    """The whole file, at most about a megabyte."""
    heading = f"{report.head.name} {_WORDS[report.outcome]}"
    sections = [_header(report), _failures(report), _slowest(report), _timeline(report), _recap(report)]
    policy = f"default-src 'none'; style-src '{_hash_of(_STYLE)}'; base-uri 'none'; form-action 'none'"
    return "\n".join(
        [
            "<!DOCTYPE html>",
            '<html lang="en">',
            "<head>",
            '<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{_escaped(policy)}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="referrer" content="no-referrer">',
            f"<title>{_escaped(heading)}</title>",
            f"<style>{_STYLE}</style>",
            "</head>",
            "<body>",
            "<main>",
            *filter(None, sections),
            f"<footer>Written by teamchat.zoom{_versions(report)}</footer>",
            "</main>",
            "</body>",
            "</html>",
            "",
        ]
    )


def file_name(report: Report) -> str:
    """A name for the file that says which run it is of: ``site-2026-11-20T0100Z.html``."""
    stem = re.sub(r"\.ya?ml$", "", report.head.playbook)
    stem = re.sub(r"[^A-Za-z0-9._-]+", "-", stem).strip("-.")[:60] or "report"
    return f"{stem}-{_time(report.started_at):%Y-%m-%dT%H%MZ}.html"


def _escaped(text: str) -> str:
    return markup.escape(text, quote=True)


def _hash_of(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode()


def _time(seconds: float) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(min(max(seconds, 0), 253_402_300_799), datetime.timezone.utc)


def _versions(report: Report) -> str:
    return f" for ansible-core {_escaped(report.head.ansible)}" if report.head.ansible else ""


# Header


def _header(report: Report) -> str:
    head = report.head
    name = f"Check of {head.name}" if head.check else head.name
    lines = [
        f'<header class="{report.outcome}">',
        f"<h1><bdi>{_escaped(name)}</bdi> <em>{_WORDS[report.outcome]}</em></h1>",
        f'<p class="muted">{_when(report)}</p>',
        _figures(report),
        _facts(report),
        "</header>",
    ]
    return "\n".join(filter(None, lines))


def _when(report: Report) -> str:
    if not report.started_at:
        return "No time is known"
    started = _time(report.started_at)
    text = f"{started.day} {started:%B %Y, %H:%M:%S} UTC · took {duration(report.seconds)}"
    task = report.current_task
    if report.outcome == _report.INTERRUPTED and task and task.name:
        text += f" · stopped during {_escaped(task.name)}"
    return text


def _figures(report: Report) -> str:
    totals = report.totals
    changed = "would change" if report.head.check else "changed"
    figures = [
        (totals.hosts, "host" if totals.hosts == 1 else "hosts", ""),
        (totals.failed, "failed", "bad"),
        (totals.unreachable, "unreachable", "bad"),
        (totals.ok, "ok", "good"),
        (totals.changed, changed, "warn"),
        (totals.rescued, "rescued", ""),
        (totals.ignored, "ignored", ""),
    ]
    items = [
        f'<li class="{tone}"><b>{number(amount)}</b>{what}</li>'
        for amount, what, tone in figures
        if amount or what.startswith("host")
    ]
    return f'<ul class="figures">{"".join(items)}</ul>'


def _facts(report: Report) -> str:
    head = report.head
    job = " ".join(part for part in (head.ci_system, head.ci_job) if part)
    facts = [
        ("Playbook", head.playbook if head.title else ""),
        ("By", "@".join(part for part in (head.user, head.controller) if part)),
        ("Revision", "@".join(part for part in (head.branch, head.commit) if part)),
        ("Inventory", ", ".join(head.inventory)),
        ("Limit", head.limit),
        ("Tags", ", ".join(head.tags) if head.tags != ("all",) else ""),
        ("Skip tags", ", ".join(head.skip_tags)),
    ]
    shown = [(key, f"<bdi>{_escaped(value)}</bdi>") for key, value in facts if value]
    if head.ci_url:
        link = f'<a href="{_escaped(head.ci_url)}" rel="noopener noreferrer">{_escaped(job or "job")}</a>'
        shown.append(("Job", link))
    elif job:
        shown.append(("Job", _escaped(job)))
    rows = "".join(f"<div><dt>{key}</dt><dd>{value}</dd></div>" for key, value in shown)
    return f'<dl class="facts">{rows}</dl>' if rows else ""


# Failures


def _failures(report: Report) -> str:
    failures = report.failures
    if not failures:
        return ""
    articles: list[str] = []
    size = 0
    for failure in failures[:_MAX_FAILURES]:
        articles.append(_failure(failure, with_output=size < _MAX_FAILURES_SIZE))
        size += len(articles[-1])
    left = len(failures) - _MAX_FAILURES
    if left > 0:
        articles.append(f'<p class="muted">and {counted(left, "more failure")}</p>')
    return _section("failures", "Failures", *articles)


def _failure(failure: Failure, *, with_output: bool) -> str:
    is_unreachable = failure.kind == _report.UNREACHABLE
    where = _escaped(hosts(failure.hosts, _MAX_NAMED_HOSTS))
    name = "Unreachable" if is_unreachable else _escaped(failure.task) or "A task"
    count = f' <span class="muted">· {counted(len(failure.hosts), "host")}</span>'
    lines = ["<article>", f'<h3><span class="bad">{name}</span>{count}</h3>']
    place = " · ".join(part for part in (failure.play, failure.role and f"role {failure.role}", failure.path) if part)
    if place and not is_unreachable:
        handler = " (handler)" if failure.handler else ""
        lines.append(f'<p class="place muted"><bdi>{_escaped(place)}</bdi>{handler}</p>')
    delegated = f" (delegated to {_escaped(failure.delegate)})" if failure.delegate else ""
    lines.append(f"<p><bdi>{where}</bdi>{delegated}</p>")
    if failure.example and with_output:
        lines.append(
            f'<p class="muted">Output of {_escaped(failure.example)}; the others differ in numbers or the like.</p>'
        )
    said = failure.text if with_output and failure.text else failure.reason
    # Where the message says nothing, what follows it tells the reason.
    if not with_output or failure.is_message or not (failure.items or failure.outputs):
        lines.append(f"<pre>{_escaped(said or 'for different reasons, or for one that is not known')}</pre>")
    if with_output:
        lines += _outputs(failure)
    return "\n".join([*lines, "</article>"])


def _outputs(failure: Failure) -> list[str]:
    lines = []
    if failure.items:
        rows = "".join(f"{label}: {said}\n" for label, said in failure.items)
        lines.append(f"<details open><summary>Failed items</summary><pre>{_escaped(rows)}</pre></details>")
    status = f" (exit status {failure.rc})" if failure.rc else ""
    for place, (name, text) in enumerate(failure.outputs):
        opened = "" if place else " open"
        lines.append(f"<details{opened}><summary>{name}{status}</summary><pre>{_escaped(text)}</pre></details>")
    return lines


# Charts. Their widths are percentages of the window and their type has its own size, so that both fit a phone.

_ROW = 38


def _slowest(report: Report) -> str:
    tasks = report.slowest_tasks[:_MAX_TASKS]
    if not tasks:
        return ""
    longest = tasks[0].seconds
    rows = []
    for place, task in enumerate(tasks):
        width = 100 * task.seconds / longest
        title = " · ".join(part for part in (task.name, task.play, task.path) if part)
        rows.append(
            _row(place, task.name or "a task", duration(task.seconds), title)
            + f'<rect class="bar" x="0" y="{place * _ROW + 22}" width="{width:.2f}%" height="8" rx="4"/></g>'
        )
    label = f"Slowest tasks; the slowest is {tasks[0].name} with {duration(longest)}"
    return _section("slowest", "Slowest tasks", _svg(label, len(tasks) * _ROW, rows))


def _timeline(report: Report) -> str:
    plays = [play for play in report.plays if not play.no_hosts][:_MAX_PLAYS]
    total = report.seconds
    if not plays or total <= 0:
        return ""
    failed_at: dict[str, list[float]] = {}
    for failure in report.failures:
        failed_at.setdefault(failure.play, []).append(failure.first_at)
    rows = []
    for place, play in enumerate(plays):
        seconds = sum(end - start for start, end in play.spans)
        row = _row(place, play.name, duration(seconds), f"{play.name} · {duration(seconds)}")
        row += "".join(_span(place, span, report) for span in play.spans)
        marks = failed_at.get(play.name, [])[:20]
        row += "".join(_mark(place, at, report) for at in marks if _is_within(at, play))
        rows.append(row + "</g>")
    height = len(plays) * _ROW
    rows.append(_axis(height, total))
    label = f"Timeline of {counted(len(plays), 'play')} over {duration(total)}"
    note = '<p class="muted place">Dots mark where failures began.</p>' if any(failed_at.values()) else ""
    left = len(report.plays) - len(plays)
    more = f'<p class="muted place">{counted(left, "more play")} matched no hosts or found no room.</p>' if left else ""
    return _section("timeline", "Timeline", _svg(label, height + 20, rows), note, more)


def _row(place: int, name: str, amount: str, title: str) -> str:
    """The beginning of a row: its label, cut where the amount begins, and the ground of its bar."""
    top = place * _ROW
    return (
        f"<g><title>{_escaped(title)}</title>"
        f'<svg x="0" y="{top}" width="78%" height="20"><text x="0" y="15">{_escaped(name)}</text></svg>'
        f'<text class="end" x="100%" y="{top + 15}">{amount}</text>'
        f'<rect class="track" x="0" y="{top + 22}" width="100%" height="8" rx="4"/>'
    )


def _span(place: int, span: tuple[float, float], report: Report) -> str:
    start, end = (_share(at, report) for at in span)
    # What is too short to be seen is shown all the same, within the window.
    width = max(end - start, 0.6)
    return (
        f'<rect class="bar" x="{min(start, 100 - width):.2f}%" y="{place * _ROW + 22}" '
        f'width="{width:.2f}%" height="8" rx="4"/>'
    )


def _mark(place: int, at: float, report: Report) -> str:
    share = min(max(_share(at, report), 1.5), 98.5)
    return f'<circle class="mark" cx="{share:.2f}%" cy="{place * _ROW + 26}" r="5"/>'


def _is_within(at: float, play: PlayResult) -> bool:
    return any(start <= at <= end for start, end in play.spans)


def _share(at: float, report: Report) -> float:
    return min(max(100 * (at - report.started_at) / report.seconds, 0.0), 100.0)


def _axis(top: int, total: float) -> str:
    return (
        f'<text class="axis" x="0" y="{top + 14}">0</text>'
        f'<text class="axis mid" x="50%" y="{top + 14}">{duration(total / 2)}</text>'
        f'<text class="axis end" x="100%" y="{top + 14}">{duration(total)}</text>'
    )


def _svg(label: str, height: int, rows: t.Sequence[str]) -> str:
    return f'<svg role="img" aria-label="{_escaped(label)}" height="{height}">{"".join(rows)}</svg>'


# Recap

_SIGNS = {_report.FAILED: ("bad", "✕"), _report.UNREACHABLE: ("bad", "⊘"), _report.SUCCESS: ("good", "✓")}
_COLUMNS = (
    ("ok", "ok", ""),
    ("changed", "changed", "warn"),
    ("failures", "failed", "bad"),
    ("unreachable", "unreach&shy;able", "bad"),
    ("skipped", "skipped", ""),
    ("rescued", "rescued", ""),
    ("ignored", "ignored", ""),
)


def _recap(report: Report) -> str:
    results = report.hosts
    if not results:
        return ""
    # A phone has no room for columns that say nothing.
    columns = [
        column
        for column in _COLUMNS
        if column[0] in ("ok", "changed") or any(getattr(result, column[0]) for result in results)
    ]
    head = "".join(f'<th scope="col" class="{name}">{heading}</th>' for name, heading, _tone in columns)
    rows = [_recap_row(result, columns) for result in results[:_MAX_ROWS]]
    left = len(results) - _MAX_ROWS
    more = f'<p class="muted">and {counted(left, "more host")}</p>' if left > 0 else ""
    table = f'<table><thead><tr><th scope="col">host</th>{head}</tr></thead><tbody>{"".join(rows)}</tbody></table>'
    return _section(
        "recap", "Recap", f'<div class="scroll" tabindex="0" role="group" aria-label="Recap">{table}</div>', more
    )


def _recap_row(result: HostResult, columns: t.Sequence[tuple[str, str, str]]) -> str:
    tone, sign = _SIGNS[result.status]
    cells = "".join(_cell(getattr(result, name), name, tone) for name, _heading, tone in columns)
    name = f'<span class="{tone}" aria-label="{result.status}">{sign}</span> <bdi>{_escaped(result.name)}</bdi>'
    return f'<tr><th scope="row">{name}</th>{cells}</tr>\n'


def _cell(amount: int, column: str, tone: str) -> str:
    return f'<td class="{column} {tone if amount else "zero"}">{number(amount)}</td>'


def _section(identity: str, heading: str, *parts: str) -> str:
    inside = "\n".join(filter(None, parts))
    return f'<section aria-labelledby="{identity}">\n<h2 id="{identity}">{heading}</h2>\n{inside}\n</section>'
