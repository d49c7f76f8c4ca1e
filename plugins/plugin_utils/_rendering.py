# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A report as chat messages: a summary that reads at a glance, the details for its thread, a card for a webhook.

Whatever a report holds, there are at most MAX_DETAILS details, no text is longer than the options allow, and
nobody is mentioned but those whom the options name.
"""

from __future__ import annotations

import dataclasses
import json
import typing as t

from ansible_collections.teamchat.zoom.plugins.module_utils._text import (
    AT_ALL,
    AT_CONTACT,
    FormattedText,
    Mention,
    RichText,
    truncate,
    utf16_length,
)
from ansible_collections.teamchat.zoom.plugins.plugin_utils import _report
from ansible_collections.teamchat.zoom.plugins.plugin_utils._foreign_text import (
    mentions_nobody,
    one_line,
    shortened,
)
from ansible_collections.teamchat.zoom.plugins.plugin_utils._report import Failure, PlayResult, Report
from ansible_collections.teamchat.zoom.plugins.plugin_utils._wording import counted, duration, hosts, number

THREAD = "thread"
INLINE = "inline"
NONE = "none"

#: With the summary and the report file no more than ten messages.
MAX_DETAILS = 7
#: Of the JSON text of a card, in bytes of UTF-8. Zoom documents no limit; clients in use keep to 3500.
MAX_CARD = 3500

_MAX_PLAYS = 5
_MAX_GLANCES = 3
_MAX_NAMED_HOST = 60
_MAX_DETAIL_LINES = 12
_MAX_DETAIL_ITEMS = 5

_ICONS = {
    _report.RUNNING: "⏳",
    _report.SUCCESS: "✅",
    _report.FAILURE: "❌",
    _report.INTERRUPTED: "🛑",
    _report.NO_HOSTS: "⚠️",
}
_COLOURS = {
    _report.RUNNING: "#3B82F6",
    _report.SUCCESS: "#1A7F4B",
    _report.FAILURE: "#D64545",
    _report.INTERRUPTED: "#D64545",
    _report.NO_HOSTS: "#F2A93B",
}


@dataclasses.dataclass(frozen=True)
class MentionOf:
    """Whom to mention: what stands in the text, and an e-mail address or member id; none means everyone."""

    text: str
    contact: str | None = None


@dataclasses.dataclass(frozen=True)
class Options:
    """How a summary is to look; the defaults are those of the callback."""

    max_failures: int = 5
    max_hosts: int = 10
    #: THREAD, INLINE or NONE
    details: str = THREAD
    #: Of one message, in UTF-16 code units.
    max_length: int = 1024
    title_template: str | None = None
    body_template: str | None = None
    #: Mentioned where the run failed or was interrupted.
    mentions: tuple[MentionOf, ...] = ()
    #: Whether this run succeeded after one that did not.
    recovered: bool = False
    #: Whether the message is an edit, which takes neither formatting nor links: an address stands in its text.
    plain: bool = False


# Messages


def summary(report: Report, options: Options) -> FormattedText:
    """The message on a run that has ended."""
    writer = _Writer()
    writer.write(title(report, options), "Bold")
    body = _own_body(report, options)[0]
    if body:
        writer.line(body)
    else:
        _write_body(writer, report, options)
    return _with_mentions(writer.done(), report, options)


def mention(report: Report, options: Options) -> FormattedText | None:
    """The reply that mentions whom a summary cannot that is an edit; None where nobody is to be mentioned."""
    if not _is_to_mention(report, options):
        return None
    writer = _Writer()
    writer.write(title(report, options), "Bold")
    return _with_mentions(writer.done(), report, options)


def details(report: Report, options: Options) -> list[FormattedText]:
    """The replies in the summary's thread, at most MAX_DETAILS; none where details go elsewhere or nothing failed."""
    if options.details != THREAD or options.max_failures < 1:
        return []
    shown, left = report.failures[: options.max_failures], report.failures[options.max_failures :]
    if len(shown) < MAX_DETAILS:
        texts = [truncate(_detail(failure, options), options.max_length) for failure in shown]
    else:
        texts, unpacked = _packed(shown, options)
        left = unpacked + left
    if left:
        texts.append(truncate(FormattedText(_and_more(left, report.lost)), options.max_length))
    return texts


def start(report: Report, options: Options) -> FormattedText:
    """The message on a run that has begun."""
    writer = _Writer()
    writer.write(_started(report), "Bold")
    _write_origin(writer, report, options)
    return truncate(writer.done(), options.max_length)


def _started(report: Report) -> str:
    return f"▶️ {_name(report)} started"


def progress(report: Report, options: Options, now: float) -> FormattedText:
    """The same message while the run goes on; ``now`` is in seconds since the epoch.

    Whole minutes: while nothing else happens, each new text costs an edit, which counts towards Zoom's limits.
    """
    minutes = int((now - report.started_at) / 60) if report.started_at else 0
    figures = [f"{_name(report)} is running", *([duration(60 * minutes)] if minutes > 0 else [])]
    writer = _Writer()
    writer.write(f"{_ICONS[_report.RUNNING]} {' · '.join(figures)}", "Bold")
    task = report.current_task
    if task and task.name:
        where = f"{_foreign(task.play, 60)}: " if task.play else ""
        writer.line(where + _foreign(task.name, 100))
    elif report.current_play:
        writer.line(_foreign(report.current_play, 80))
    totals = report.totals
    if totals.hosts:
        writer.line(f"so far: {_numbers(totals.failed, totals.unreachable, totals.ok, totals.ok_changed, report)}")
    _write_glances(writer, report, options)
    _write_origin(writer, report, options)
    return truncate(writer.done(), options.max_length)


def warnings(report: Report, options: Options) -> list[str]:
    """What is wrong with the user's templates; the summary then has the standard text."""
    found = (_own_title(report, options)[1], _own_body(report, options)[1])
    return [warning for warning in found if warning]


# Title


def title(report: Report, options: Options) -> str:
    """The first line of a summary."""
    return _own_title(report, options)[0] or _standard_title(report, options)


def _standard_title(report: Report, options: Options) -> str:
    return f"{_ICONS[report.outcome]} " + " · ".join([_headline(report, options), *_figures(report)])


def _headline(report: Report, options: Options) -> str:
    verb = {
        _report.RUNNING: "is running",
        _report.SUCCESS: "recovered" if options.recovered else "succeeded",
        _report.FAILURE: "failed",
        _report.INTERRUPTED: "was interrupted",
        _report.NO_HOSTS: "matched no hosts",
    }[report.outcome]
    return f"{_name(report)} {verb}"


def _name(report: Report) -> str:
    """The run's name; a run with ``--check`` says that it is none in earnest."""
    name = mentions_nobody(report.head.name)
    return f"Check of {name}" if report.head.check else name


def _figures(report: Report) -> list[str]:
    totals = report.totals
    lone = next(iter(report.hosts)).name if totals.hosts == 1 else ""
    found = []
    if totals.failed or totals.unreachable:
        bad = totals.failed + totals.unreachable
        what = " unreachable" if not totals.failed else ""
        if totals.failed and report.outcome == _report.INTERRUPTED:
            what = " failed"
        found.append(f"{_host(lone)}{what}" if lone else f"{number(bad)} of {counted(totals.hosts, 'host')}{what}")
    elif totals.hosts:
        found.append(_changes(report, lone))
    elif report.outcome == _report.SUCCESS:
        found.append("nothing to do")
    found.append(duration(report.seconds))
    return found


def _changes(report: Report, lone: str) -> str:
    totals, is_check = report.totals, report.head.check
    if not totals.changed:
        what = "nothing would change" if is_check else "nothing changed"
        return f"{_host(lone) if lone else counted(totals.hosts, 'host')}, {what}"
    if lone:
        return f"{_host(lone)} {'would change' if is_check else 'changed'}"
    of = f"{number(totals.changed)} of {counted(totals.hosts, 'host')}"
    return f"{of} would change" if is_check else f"{of} changed"


def _own_title(report: Report, options: Options) -> tuple[str, str]:
    """The user's title and no warning, or no title and the warning, or neither where there is no template."""
    if not options.title_template:
        return "", ""
    return _own("title", options.title_template, report, _standard_title(report, options))


def _own_body(report: Report, options: Options) -> tuple[str, str]:
    if not options.body_template:
        return "", ""
    standard = _Writer()
    _write_body(standard, report, options)
    return _own("body", options.body_template, report, standard.done().text.strip())


def _own(part: str, template: str, report: Report, standard: str) -> tuple[str, str]:
    # Few runs have templates, and without Jinja2 the courier starts sooner.
    from ansible_collections.teamchat.zoom.plugins.plugin_utils import _templates

    render = _templates.title if part == "title" else _templates.body
    try:
        return mentions_nobody(render(template, {**_templates.variables(report), "standard": standard})), ""
    except ValueError as error:
        return "", f"{part}_template cannot be used, the summary has the standard {part}: {error}"


# Body


def _write_body(writer: _Writer, report: Report, options: Options) -> None:
    for line in _play_lines(report):
        writer.line(line)
    for line in _notes(report):
        writer.line(line)
    if options.details == INLINE:
        _write_failures(writer, report, options)
    elif options.details == THREAD:
        _write_glances(writer, report, options)
    _write_origin(writer, report, options)


def _play_lines(report: Report) -> list[str]:
    """The plays in their order; where there are too many, those that tell something before those that do not."""
    plays = report.plays
    matched = [play for play in plays if not play.no_hosts]
    telling = sorted(matched, key=lambda play: not (play.failed or play.unreachable))[:_MAX_PLAYS]
    lines = [_play_line(play, report) for play in matched if play in telling]
    left = len(matched) - len(lines) + report.plays_left_out
    if left:
        lines.append(f"and {counted(left, 'more play')}")
    skipped = [shortened(play.name, 40) for play in plays if play.no_hosts]
    if skipped and report.outcome != _report.NO_HOSTS:
        lines.append(f"no hosts matched: {_list(skipped, 3)}")
    return lines


def _play_line(play: PlayResult, report: Report) -> str:
    if not play.complete and not play.failed and not play.unreachable:
        return f"{_foreign(play.name, 80)}: no failures"
    ok, changed = (play.ok, play.changed) if play.complete else (0, 0)
    is_last = play == report.plays[-1]
    if is_last and report.outcome == _report.INTERRUPTED and not (play.failed or play.unreachable or ok):
        # Its first task had not come to an end on any host.
        return f"{_foreign(play.name, 80)}: no results yet"
    return f"{_foreign(play.name, 80)}: {_numbers(play.failed, play.unreachable, ok, changed, report)}"


def _numbers(failed: int, unreachable: int, ok: int, changed: int, report: Report) -> str:
    parts = []
    if failed:
        parts.append(f"{number(failed)} failed")
    if unreachable:
        parts.append(f"{number(unreachable)} unreachable")
    if ok:
        would = "would change" if report.head.check else "changed"
        parts.append(f"{number(ok)} ok ({number(changed)} {would})" if changed else f"{number(ok)} ok")
    return ", ".join(parts) or "nothing to do"


def _notes(report: Report) -> list[str]:
    totals = report.totals
    lines = []
    if report.outcome == _report.INTERRUPTED:
        task = report.current_task
        if task and task.name:
            where = f" ({_foreign(task.play, 60)})" if task.play else ""
            lines.append(f"during {_foreign(task.name, 100)}{where}")
        else:
            lines.append("before the first task")
    forgiven = []
    if totals.rescued:
        forgiven.append(f"{counted(totals.rescued, 'failure')} rescued")
    if totals.ignored:
        forgiven.append(
            f"{counted(totals.ignored, 'failure')} ignored" if not forgiven else f"{totals.ignored} ignored"
        )
    if forgiven:
        lines.append(", ".join(forgiven))
    if report.lost:
        lines.append(f"details of {counted(report.lost, 'failure')} were not recorded")
    return lines


def _write_origin(writer: _Writer, report: Report, options: Options) -> None:
    """Who ran it, from where, on what; the job's name is the link."""
    parts = _origin(report)
    label, address = _job(report)
    if not parts and not label:
        return
    writer.line(" · ".join(parts))
    if label:
        writer.write(" · " if parts else "")
        if address and options.plain:
            # What an address has after an @ must not look like a mention, and an invisible character would change it.
            writer.write(f"{label}: {address.replace('@', '%40')}")
        elif address:
            writer.write(label, "AddLink", address)
        else:
            writer.write(label)


def _origin(report: Report) -> list[str]:
    head = report.head
    who = "@".join(part for part in (head.user, head.controller) if part)
    parts = [f"by {who}"] if who else []
    revision = "@".join(part for part in (head.branch, head.commit) if part)
    if revision:
        parts.append(revision)
    if head.limit:
        parts.append(f"limit {shortened(head.limit, 60)}")
    for what, names in (("tags", head.tags), ("skip tags", head.skip_tags)):
        # Ansible's own word for no choice.
        if names and names != ("all",):
            parts.append(f"{what} {_list(names, 5)}")
    return [mentions_nobody(part) for part in parts]


def _job(report: Report) -> tuple[str, str]:
    """What the CI job is called, and its address; empty strings where there is none."""
    head = report.head
    label = " ".join(part for part in (head.ci_system, head.ci_job) if part)
    return mentions_nobody(label or ("job" if head.ci_url else "")), head.ci_url


# Failures


def _write_glances(writer: _Writer, report: Report, options: Options) -> None:
    """One line for each of the first failures: what, and where."""
    by_task: dict[tuple[str, str, str], list[Failure]] = {}
    for failure in report.failures:
        # A host that was not reached has nothing to do with the task that would have been its next.
        task = ("", "") if failure.kind == _report.UNREACHABLE else (failure.task, failure.path)
        by_task.setdefault((failure.kind, *task), []).append(failure)
    most = min(_MAX_GLANCES, max(options.max_failures, 0))
    for failures in list(by_task.values())[:most]:
        names = {name for failure in failures for name in failure.hosts}
        what = "unreachable" if failures[0].kind == _report.UNREACHABLE else _task_name(failures[0])
        writer.line(f"• {what}: {_hosts(names, min(options.max_hosts, 5))}")
    left = [failure for failures in list(by_task.values())[most:] for failure in failures]
    if most and left:
        writer.line(f"• {_and_more(left, 0)}")


def _write_failures(writer: _Writer, report: Report, options: Options) -> None:
    """The failures with their reasons, within the message itself."""
    shown, left = report.failures[: max(options.max_failures, 0)], report.failures[max(options.max_failures, 0) :]
    for failure in shown:
        writer.line("• ")
        _write_head(writer, failure, min(options.max_hosts, 5))
        if failure.kind == _report.FAILED and failure.reason:
            writer.line(f"   {_foreign(failure.reason, 160)}")
    if left:
        writer.line(f"• {_and_more(left, 0)}")


def _detail(failure: Failure, options: Options) -> FormattedText:
    """All that is worth reading on a phone of one failure."""
    writer = _Writer()
    _write_head(writer, failure, options.max_hosts)
    if failure.kind == _report.UNREACHABLE:
        return writer.done()
    if failure.example:
        writer.line(f"for example on {_host(failure.example)}:")
    lines = _reason_lines(failure)
    if lines:
        writer.line("\n".join(lines), "Quote")
    if failure.items:
        for label, said in failure.items[:_MAX_DETAIL_ITEMS]:
            shown = _foreign(said, 160)
            writer.line(_foreign(label, 60) + (f": {shown}" if shown else ""), "BulletedList")
        if len(failure.items) > _MAX_DETAIL_ITEMS:
            writer.line(f"and {counted(len(failure.items) - _MAX_DETAIL_ITEMS, 'more item')}", "BulletedList")
    return writer.done()


def _reason_lines(failure: Failure) -> list[str]:
    """The message; where that says nothing, the end of what the task wrote."""
    said = failure.text
    if failure.items:
        said = ""
    elif not said or not failure.is_message:
        said = next((text for _name, text in failure.outputs if failure.reason in text), "") or failure.reason
        lines = said.split("\n")[-_MAX_DETAIL_LINES:]
        status = [f"exit status {failure.rc}"] if failure.rc else []
        return [mentions_nobody(line) for line in status + lines if line.strip()]
    lines = [line for line in said.split("\n") if line.strip()]
    kept = lines[:_MAX_DETAIL_LINES] + (["…"] if len(lines) > _MAX_DETAIL_LINES else [])
    return [mentions_nobody(line) for line in kept]


def _write_head(writer: _Writer, failure: Failure, most_hosts: int) -> None:
    where = _where(failure, most_hosts)
    if failure.kind == _report.UNREACHABLE:
        writer.write("Unreachable", "Bold")
        writer.write(f": {where}" + (f" — {_foreign(failure.reason, 200)}" if failure.reason else ""))
        return
    writer.write(_task_name(failure), "Bold")
    place = " : ".join(part for part in (failure.play, failure.path) if part)
    writer.write((f" ({mentions_nobody(place)})" if place else "") + f" failed on {where}")
    if failure.task and not failure.reason:
        writer.write(" for various other reasons")


def _where(failure: Failure, most_hosts: int) -> str:
    delegated = f" (delegated to {_host(failure.delegate)})" if failure.delegate else ""
    return _hosts(failure.hosts, most_hosts) + delegated


def _task_name(failure: Failure) -> str:
    return _foreign(failure.task, 100) or "a task"


def _hosts(names: t.Iterable[str], most: int) -> str:
    return mentions_nobody(hosts([shortened(name, _MAX_NAMED_HOST) for name in names], max(most, 1)))


def _host(name: str) -> str:
    return _foreign(name, _MAX_NAMED_HOST)


def _packed(failures: t.Sequence[Failure], options: Options) -> tuple[list[FormattedText], list[Failure]]:
    """Many failures, at least one, in few messages, briefly; and those that found no room."""
    texts: list[FormattedText] = []
    writer = _Writer()
    for place, failure in enumerate(failures):
        entry = _Writer()
        _write_head(entry, failure, options.max_hosts)
        if failure.kind == _report.FAILED and failure.reason:
            entry.line(_foreign(failure.reason, 200), "Quote")
        text = truncate(entry.done(), options.max_length)
        if not writer.is_empty and writer.length + 2 + utf16_length(text.text) > options.max_length:
            texts.append(writer.done())
            writer = _Writer()
            if len(texts) == MAX_DETAILS - 1:
                return texts, list(failures[place:])
        if not writer.is_empty:
            writer.write("\n\n")
        writer.append(text)
    return [*texts, writer.done()], []


def _and_more(failures: t.Sequence[Failure], lost: int) -> str:
    names = {name for failure in failures for name in failure.hosts}
    text = f"and {counted(len(failures), 'more failure')} on {counted(len(names), 'host')}"
    return f"{text}; {counted(lost, 'failure')} not recorded" if lost else text


# Cards


def card(report: Report, options: Options) -> dict[str, t.Any]:
    """The body of a post to Zoom's Incoming Webhook with ``format=full``, at most MAX_CARD bytes of JSON.

    A webhook has no threads, so the failures stand in the card. It is no Markdown, because text from hosts
    could make links and mentions of it; for the same reason nobody can be mentioned.
    """
    most = max(options.max_failures, 0) if options.details != NONE else 0
    sizes = [(count, length, 1200) for count in range(most, -1, -1) for length in (400, 160)]
    # Text that takes three bytes for a character, as Chinese does, may be too long by itself.
    for shown, reason, text in [*sizes, (0, 160, 600), (0, 160, 300)]:
        built = _card(report, options, shown, reason, text)
        if len(json.dumps(built, ensure_ascii=False).encode("utf-8")) <= MAX_CARD:
            return built
    return _smallest_card(report, options)


def _card(report: Report, options: Options, shown: int, longest_reason: int, longest_text: int) -> dict[str, t.Any]:
    body: list[dict[str, t.Any]] = []
    own_body = _own_body(report, options)[0]
    text = own_body or "\n".join([*_play_lines(report), *_notes(report)])
    if text:
        body.append(_message(shortened(text, longest_text)))
    if not own_body:
        body += [_failure_section(failure, options, longest_reason) for failure in report.failures[:shown]]
        left = report.failures[shown:]
        if left and options.details != NONE:
            body.append(_message(_and_more(left, 0)))
        body += _fields(report)
    return _content(report.outcome, title(report, options), [*body, *_job_link(report)])


def start_card(report: Report) -> dict[str, t.Any]:
    """The card on a run that has begun."""
    return _content(_report.RUNNING, shortened(_started(report), 200), [*_fields(report), *_job_link(report)])


def _smallest_card(report: Report, options: Options) -> dict[str, t.Any]:
    text = _and_more(report.failures, report.lost) if report.failures else shortened(_headline(report, options), 200)
    return _content(report.outcome, shortened(title(report, options), 200), [_message(text)])


def _content(outcome: str, head: str, body: list[dict[str, t.Any]]) -> dict[str, t.Any]:
    text, separator, rest = head.partition(" · ")
    shown_head: dict[str, t.Any] = {"text": text, "style": {"bold": True}}
    if separator:
        shown_head["sub_head"] = {"text": rest}
    content = {"settings": {"default_sidebar_color": _COLOURS[outcome]}, "head": shown_head, "body": body}
    return {"is_markdown_support": False, "content": content}


def _failure_section(failure: Failure, options: Options, longest_reason: int) -> dict[str, t.Any]:
    where = _where(failure, options.max_hosts)
    if failure.kind == _report.UNREACHABLE:
        head, place = f"Unreachable: {where}", ""
    else:
        head = f"{_task_name(failure)} failed on {where}"
        place = " : ".join(part for part in (failure.play, failure.path) if part)
    sections = [{**_message(shortened(head, 400)), "style": {"bold": True}}]
    if failure.reason:
        sections.append(_message(_foreign(failure.reason, longest_reason)))
    section = {"type": "section", "sidebar_color": _COLOURS[_report.FAILURE], "sections": sections}
    return {**section, "footer": mentions_nobody(place)} if place else section


def _fields(report: Report) -> list[dict[str, t.Any]]:
    head = report.head
    found = [
        ("By", "@".join(part for part in (head.user, head.controller) if part)),
        ("Revision", "@".join(part for part in (head.branch, head.commit) if part)),
        ("Limit", shortened(head.limit, 60)),
        ("Tags", _list(head.tags, 5) if head.tags != ("all",) else ""),
        ("Skip tags", _list(head.skip_tags, 5)),
        ("Job", "" if head.ci_url else _job(report)[0]),
    ]
    items = [{"key": key, "value": mentions_nobody(value), "short": True} for key, value in found if value]
    return [{"type": "fields", "items": items}] if items else []


def _job_link(report: Report) -> list[dict[str, t.Any]]:
    label, address = _job(report)
    return [{**_message(label), "link": address}] if address else []


def _message(text: str) -> dict[str, t.Any]:
    return {"type": "message", "text": text}


# Text


class _Writer:
    """A formatted text in the making; its length is in UTF-16 code units."""

    def __init__(self) -> None:
        self.length = 0
        self._parts: list[str] = []
        self._rich_text: list[RichText] = []

    @property
    def is_empty(self) -> bool:
        return not self.length

    def write(self, text: str, style: str = "", attribute: str = "") -> None:
        if style and text:
            end = self.length + utf16_length(text) - 1
            self._rich_text.append(RichText(self.length, end, style, attribute))
        self._parts.append(text)
        self.length += utf16_length(text)

    def line(self, text: str, style: str = "") -> None:
        """Write in a new line."""
        if not self.is_empty:
            self.write("\n")
        self.write(text, style)

    def append(self, message: FormattedText) -> None:
        for entry in message.rich_text:
            start, end = entry.start_position + self.length, entry.end_position + self.length
            self._rich_text.append(dataclasses.replace(entry, start_position=start, end_position=end))
        self.write(message.text)

    def done(self) -> FormattedText:
        return FormattedText("".join(self._parts), tuple(self._rich_text))


def _with_mentions(message: FormattedText, report: Report, options: Options) -> FormattedText:
    """The message within its length, those to be mentioned in a last line, which is not cut."""
    if not _is_to_mention(report, options):
        return truncate(message, options.max_length)
    names = [_mentioned(mention) for mention in options.mentions]
    while names and 2 * (utf16_length(" ".join(names)) + 1) > options.max_length:
        names.pop()
    if not names:
        return truncate(message, options.max_length)
    line = "\n" + " ".join(names)
    message = truncate(message, options.max_length - utf16_length(line))
    position = utf16_length(message.text) + 1
    mentions = []
    for name, mention in zip(names, options.mentions):
        end = position + utf16_length(name) - 1
        kind = AT_ALL if mention.contact is None else AT_CONTACT
        mentions.append(Mention(position, end, kind, mention.contact))
        position = end + 2
    return FormattedText(message.text + line, message.rich_text, tuple(mentions))


def _is_to_mention(report: Report, options: Options) -> bool:
    return report.outcome in (_report.FAILURE, _report.INTERRUPTED) and bool(options.mentions)


def _mentioned(mention: MentionOf) -> str:
    return "@" + one_line(mention.text, 80).lstrip("@")


def _foreign(text: str, limit: int) -> str:
    return mentions_nobody(shortened(text, limit))


def _list(names: t.Sequence[str], most: int) -> str:
    shown = ", ".join(names[:most])
    return mentions_nobody(f"{shown} and {len(names) - most} more" if len(names) > most else shown)
