# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a report to parcels, and from a parcel, step by step, to Zoom."""

from __future__ import annotations

import dataclasses
import time
import typing as t

from ansible_collections.teamchat.zoom.plugins.module_utils._errors import (
    InvalidRequest,
    NotFound,
    PermissionDenied,
    ZoomError,
)
from ansible_collections.teamchat.zoom.plugins.module_utils._text import (
    FormattedText,
    Mention,
    index_at,
    utf16_length,
    utf16_offsets,
)
from ansible_collections.teamchat.zoom.plugins.plugin_utils import _rendering, _report, _report_file
from ansible_collections.teamchat.zoom.plugins.plugin_utils._outbox import (
    CARD,
    EDIT,
    FILE,
    REPLY,
    SEND,
    Parcel,
    Step,
)

if t.TYPE_CHECKING:
    from ansible_collections.teamchat.zoom.plugins.plugin_utils._callback_options import Settings
    from ansible_collections.teamchat.zoom.plugins.plugin_utils._outbox import Slot
    from ansible_collections.teamchat.zoom.plugins.plugin_utils._report import Report
    from ansible_collections.teamchat.zoom.plugins.plugin_utils._scrubbing import Scrubber
    from ansible_collections.teamchat.zoom.plugins.plugin_utils._transports import Way

# What Zoom's document allows for a message, and what of it is kept free for saying that it is late.
_MAX_LENGTH = 1024
_ROOM = 120


def is_bad(outcome: str) -> bool:
    """Whether somebody should look: a failure, an interruption, or no hosts at all."""
    return outcome != _report.SUCCESS


def wanted(report: Report, notify_on: t.Collection[str], was_bad: t.Optional[bool]) -> bool:
    """Whether a run that has ended is to be told of.

    :param was_bad: how this playbook's last run ended; None where that is not known, which counts as well.
    """
    bad = is_bad(report.outcome)
    return (
        "always" in notify_on
        or ("success" in notify_on and not bad)
        or ("failure" in notify_on and bad)
        or ("change" in notify_on and report.changed)
        or ("recovery" in notify_on and bad != bool(was_bad))
    )


def rendering_options(settings: Settings, *, recovered: bool = False) -> _rendering.Options:
    mentions = tuple(
        _rendering.MentionOf("all") if contact == "all" else _rendering.MentionOf(contact, contact)
        for contact in settings.mention_on_failure
    )
    return _rendering.Options(
        max_failures=settings.max_failures,
        max_hosts=settings.max_hosts,
        details=settings.details,
        max_length=_MAX_LENGTH - _ROOM,
        title_template=settings.title_template,
        body_template=settings.body_template,
        mentions=mentions,
        recovered=recovered,
    )


def parcels(
    report: Report,
    settings: Settings,
    scrubber: Scrubber,
    where: str,
    recovered: bool,
    live: t.Optional[str] = None,
) -> list[Parcel]:
    """All that is to be told of a run that has ended; the usual target's parcel is the first.

    Of a run that a later play has muted, the message that has followed it is brought to its end, and that is all.

    :param live: the message that has followed the run, whose place the summary takes.
    """
    options = rendering_options(settings, recovered=recovered)
    if settings.webhook_url:
        card = scrubber.scrub(_rendering.card(report, options))
        return [Parcel(where, {}, report.last_at, [Step(CARD, card=card)])]
    target = dict(settings.target)
    if report.muted:
        return [Parcel(where, target, report.last_at, _summary(report, options, scrubber, live)[:1], main_id=live)]
    bad = is_bad(report.outcome)
    rest = [message(REPLY, text, scrubber) for text in _rendering.details(report, options)]
    # Where no hosts matched, there is nothing to report.
    failed = report.outcome in (_report.FAILURE, _report.INTERRUPTED)
    if settings.report_file == "always" or (settings.report_file == "failure" and failed):
        rest.append(Step(FILE, name=_report_file.file_name(report), content=scrubber.scrub(_report_file.html(report))))
    if not settings.failure_channel or not bad:
        steps = [*_summary(report, options, scrubber, live), *rest]
        return [Parcel(where, target, report.last_at, steps, main_id=live)]
    alone = _summary(report, dataclasses.replace(options, mentions=()), scrubber, live)
    steps = [*_summary(report, options, scrubber, None), *rest]
    return [
        Parcel(where, target, report.last_at, alone, main_id=live),
        Parcel(where, {"to_channel": settings.failure_channel}, report.last_at, steps),
    ]


def _summary(report: Report, options: _rendering.Options, scrubber: Scrubber, live: t.Optional[str]) -> list[Step]:
    """The summary as a message, or as an edit, which can mention nobody, and a reply that does."""
    if live is None:
        return [message(SEND, _rendering.summary(report, options), scrubber)]
    plain = dataclasses.replace(options, mentions=(), plain=True)
    edit = message(EDIT, _rendering.summary(report, plain), scrubber)
    mention = _rendering.mention(report, options)
    return [edit, *([message(REPLY, mention, scrubber)] if mention else [])]


def start(report: Report, settings: Settings, scrubber: Scrubber) -> Step:
    """What is told of a run that has begun."""
    if settings.webhook_url:
        return Step(CARD, card=scrubber.scrub(_rendering.start_card(report)))
    return message(SEND, _rendering.start(report, rendering_options(settings)), scrubber)


def progress(report: Report, settings: Settings, scrubber: Scrubber) -> Step:
    """The same message while the run goes on."""
    options = dataclasses.replace(rendering_options(settings), plain=True)
    return message(EDIT, _rendering.progress(report, options, time.time()), scrubber)


def message(do: str, text: FormattedText, scrubber: Scrubber) -> Step:
    """A step that sends a text, without secrets; where one is found, formats do not fit any more.

    Zoom takes no positions in an edit.
    """
    clean = scrubber.scrub(text.text)
    if do == EDIT:
        text = FormattedText(clean)
    elif clean != text.text:
        text = FormattedText(clean, mentions=_found_again(text, clean))
    return Step(do, text=text.as_fields())


def _found_again(text: FormattedText, clean: str) -> tuple[Mention, ...]:
    """The mentions of a text in what is left of it without secrets; from its end, because that is where they stand."""
    offsets = utf16_offsets(text.text)
    found: list[Mention] = []
    end = len(clean)
    for mention in reversed(text.mentions):
        name = text.text[index_at(offsets, mention.start_position) : index_at(offsets, mention.end_position) + 1]
        start = clean.rfind(name, 0, end)
        if start >= 0:
            end = start
            first = utf16_length(clean[:start])
            last = first + utf16_length(name) - 1
            found.insert(0, dataclasses.replace(mention, start_position=first, end_position=last))
    return tuple(found)


def deliver(slot: Slot, way: Way, late: bool) -> list[tuple[str, ZoomError]]:
    """Carry out what is left of a parcel; after each step the outbox knows of it.

    A reply or a report that is refused for good is dropped: what it belongs to is there, and each later run would only
    be refused again.

    :param late: whether this is another run than the one that the parcel tells of.
    :return: what was dropped, and why.
    :raises ZoomError: the steps that are left stay in the outbox.
    """
    parcel = slot.parcel
    refused: list[tuple[str, ZoomError]] = []
    while parcel.steps:
        step = parcel.steps[0]
        # When an attempt began that ended nobody knows how, and never will.
        unclear: t.Optional[float] = None
        if parcel.begun is not None and step.do != EDIT:
            try:
                found = way.find(parcel, step)
            except PermissionDenied:
                # Whoever may not look today may not look tomorrow. Any other failure ends the delivery before anything
                # is changed: the next run can look, and a second copy cannot be taken back.
                unclear = parcel.begun
            else:
                if found:
                    _advance(slot, found)
                    continue
        if late and step.do in (SEND, EDIT, CARD):
            _mark(parcel, step, is_repeated=unclear is not None)
        parcel.begun = time.time()
        slot.save()
        try:
            message_id = way.carry_out(parcel, step)
        except ZoomError as error:
            if step.do == EDIT and isinstance(error, NotFound):
                # Somebody has deleted the message; the summary is told all the same, as a step of its own that is
                # looked for before it is repeated.
                step.do, parcel.main_id, parcel.begun = SEND, None, None
                continue
            if step.do in (REPLY, FILE) and _is_final(error):
                refused.append((step.do, error))
                if isinstance(error, NotFound):
                    # The message is gone that all the others belong to as well, or the way to it is.
                    del parcel.steps[1:]
                _advance(slot, None)
                continue
            if not error.maybe_done:
                # This attempt did nothing, which says nothing of the one before.
                parcel.begun = unclear
                slot.save()
            raise
        _advance(slot, message_id)
    slot.remove()
    return refused


def _is_final(error: ZoomError) -> bool:
    """Whether Zoom would refuse the same each time, as it does not where there is a time to come back.

    A reply to a message that Zoom does not show yet has one.
    """
    kinds = (InvalidRequest, NotFound, PermissionDenied)
    return isinstance(error, kinds) and not error.maybe_done and error.retry_after is None


def _advance(slot: Slot, message_id: t.Optional[str]) -> None:
    parcel = slot.parcel
    step = parcel.steps.pop(0)
    parcel.begun = None
    if step.do in (SEND, EDIT):
        parcel.main_id = message_id
    if parcel.steps:
        slot.save()


def _mark(parcel: Parcel, step: Step, is_repeated: bool) -> None:
    """Say that the message is late, and may be there already; at its end, so that the positions in it stay right.

    The second may turn out in a later run than the first.
    """
    notes = []
    if not parcel.marked:
        at = time.strftime("%Y-%m-%d %H:%M", time.gmtime(parcel.ended))
        notes.append(f"🕓 Delivered late: the run ended on {at} UTC.")
        parcel.marked = True
    if is_repeated and not parcel.doubted:
        notes.append("It may have been delivered before.")
        parcel.doubted = True
    if not notes:
        return
    line = " ".join(notes)
    if step.do == CARD:
        body = step.card.get("content", {}).setdefault("body", [])
        body.append({"type": "message", "text": line})
    else:
        step.text["message"] += "\n" + line
