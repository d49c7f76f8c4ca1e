# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: BSD-2-Clause
"""From a task's options to the message that it wants, checked as a whole before anything is sent."""

from __future__ import annotations

import dataclasses
import datetime
import json
import platform
import re
import sys
import typing as t

from ansible_collections.teamchat.zoom.plugins.module_utils import _markdown
from ansible_collections.teamchat.zoom.plugins.module_utils._client import JSON
from ansible_collections.teamchat.zoom.plugins.module_utils._errors import InvalidOption
from ansible_collections.teamchat.zoom.plugins.module_utils._files import Attachment, attachments
from ansible_collections.teamchat.zoom.plugins.module_utils._mentions import at_items_from, check_at_items
from ansible_collections.teamchat.zoom.plugins.module_utils._text import (
    FormattedText,
    check_unicode,
    split,
    truncate,
    utf16_length,
)

Params = t.Mapping[str, t.Any]

#: The id of a message that check mode did not send: what builds on it in the same run can go on.
CHECK_MODE_ID = "00000000-0000-0000-0000-000000000000"

RECIPIENTS = ("to_channel", "to_contact", "to_channel_name")
_SHORTEST_MAX_LENGTH = 16
_MARKER = "…"
_MOST_CARDS = 5
# Zoom: "more than 30 minutes from now and within 180 days".
_SCHEDULE_EARLIEST = datetime.timedelta(minutes=30)
_SCHEDULE_LATEST = datetime.timedelta(days=180)
# Unicode's category Cc.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")
_JSON_ONLY = ("rich_text", "file_ids", "interactive_cards", "scheduled_time")
# Options that make sense for a new message only, and why an edit refuses them.
_NOT_FOR_EDITS = {
    "at_items": "Zoom cannot change the mentions of a message",
    "mentions": "Zoom cannot change the mentions of a message",
    "reply_main_message_id": "a message stays in the thread that it was sent to",
    "scheduled_time": "the message is there already",
    "unique_within": "the message is there already",
}


@dataclasses.dataclass(frozen=True)
class Desired:
    """The message that a task wants.

    :param recipient: one of to_channel, to_contact and to_channel_name, as it was given.
    :param parts: the text, in as many parts as it takes; empty for files without a text.
    :param fields: what else goes with the first part, under Zoom's names, but for the files.
    :param files: the files; None leaves those of a message that is edited alone.
    """

    recipient: dict[str, str]
    parts: tuple[FormattedText, ...] = ()
    reply_to: str | None = None
    fields: dict[str, t.Any] = dataclasses.field(default_factory=dict)
    files: tuple[Attachment, ...] | None = None
    body_format: str = JSON
    message_id: str | None = None
    unique_within: float | None = None

    @property
    def text(self) -> str:
        return "\n".join(part.text for part in self.parts)

    def body_format_for(self, fields: Params) -> str:
        """How fields travel: what multipart cannot carry goes as JSON."""
        return JSON if any(name in fields for name in _JSON_ONLY) else self.body_format


def desired_message(params: Params, *, check_mode: bool) -> Desired:
    """What a task wants, for each of sending, editing and deleting.

    :raises InvalidOption: names the option, what was given, and what is allowed.
    """
    recipient = recipient_of(params)
    message_id = optional_id("message_id", params["message_id"], check_mode)
    if params["state"] == "absent":
        if message_id is None:
            raise InvalidOption("message_id must be given with state=absent; it names the message to delete.")
        return Desired(recipient, message_id=message_id)
    if message_id is not None:
        return _edited(params, recipient, message_id)
    return _sent(params, recipient, check_mode)


def _sent(params: Params, recipient: dict[str, str], check_mode: bool) -> Desired:
    text = _formatted(params)
    files = attachments(params["files"] or (), with_message=text is not None)
    fields: dict[str, t.Any] = {}
    cards = _cards(params["interactive_cards"])
    if cards:
        fields["interactive_cards"] = [{"card_json": card} for card in cards]
    if params["scheduled_time"] is not None:
        fields["scheduled_time"] = _scheduled_time(params["scheduled_time"])
    if text is None:
        if not files:
            raise InvalidOption("msg must be given, except with files and with state=absent.")
        for option in ("mentions", "at_items", *fields):
            if params[option]:
                raise InvalidOption(f"{option} needs msg; files without a text are messages of their own.")
        parts: tuple[FormattedText, ...] = ()
    else:
        parts = _parts(text, params)
        if len(parts) > 1 and "scheduled_time" in fields:
            raise InvalidOption(
                f"msg has {utf16_length(text.text)} characters, but max_length is {params['max_length']}, and Zoom"
                " cannot schedule a thread; shorten it, or set long_message=truncate."
            )
    return Desired(
        recipient,
        parts=parts,
        reply_to=optional_id("reply_main_message_id", params["reply_main_message_id"], check_mode),
        fields=fields,
        files=tuple(files),
        body_format=params["body_format"],
        unique_within=_unique_within(params["unique_within"]),
    )


def _edited(params: Params, recipient: dict[str, str], message_id: str) -> Desired:
    for option, why in _NOT_FOR_EDITS.items():
        if params[option] is not None:
            raise InvalidOption(f"{option} does not go with message_id: {why}. Send a new message instead.")
    if params["markup"] != "plain":
        raise InvalidOption(
            f"markup={params['markup']} does not go with message_id: Zoom cannot change the formatting of a message."
            " Use markup=plain, or send a new message."
        )
    text = _formatted(params)
    if text is None:
        raise InvalidOption("msg must be given to edit a message; to delete it, set state=absent.")
    parts = _parts(text, params)
    if len(parts) > 1:
        raise InvalidOption(
            f"msg has {utf16_length(text.text)} characters, but max_length is {params['max_length']}, and an edited"
            " message cannot be split; shorten it, or set long_message=truncate."
        )
    cards = params["interactive_cards"]
    return Desired(
        recipient,
        parts=parts,
        fields={} if cards is None else {"interactive_cards": [{"card_json": card} for card in _cards(cards)]},
        files=None if params["files"] is None else tuple(attachments(params["files"], with_message=True)),
        message_id=message_id,
    )


def recipient_of(params: Params) -> dict[str, str]:
    """The one of to_channel, to_contact and to_channel_name that is given.

    :raises InvalidOption: there is none.
    """
    given = {
        option: (channel_name if option == "to_channel_name" else identifier)(option, params[option])
        for option in RECIPIENTS
        if params[option] is not None
    }
    if len(given) != 1:
        # Ansible takes an option that is null, as templates make it, for one that is given.
        raise InvalidOption(
            "to_channel, to_contact and to_channel_name are all empty; exactly one of them must be given."
        )
    return given


def _formatted(params: Params) -> FormattedText | None:
    """The text with its formatting and mentions, whole; None where there is none."""
    source = params["msg"]
    if source is None:
        return None
    _check_text(source)
    if params["markup"] == "markdown":
        if params["at_items"]:
            raise InvalidOption("at_items does not go with markup=markdown, which moves positions; use mentions.")
        text = _from_markdown(source)
        if not text.text.strip():
            raise InvalidOption("msg has no text once its markdown is rendered; it must have at least one character.")
    else:
        text = FormattedText(source)
    if params["at_items"]:
        return dataclasses.replace(text, mentions=check_at_items(text.text, params["at_items"]))
    if params["mentions"]:
        return dataclasses.replace(text, mentions=at_items_from(text.text, params["mentions"]))
    return text


def _from_markdown(source: str) -> FormattedText:
    try:
        return _markdown.render(source)
    except _markdown.MarkdownUnavailable as error:
        raise InvalidOption(
            f"markup=markdown needs the Python library {error.library}, which is missing on {platform.node()}"
            f" ({sys.executable}).",
            hint=f"Install it there: {sys.executable} -m pip install {error.library}",
        ) from error


def _check_text(text: str) -> None:
    if not text.strip():
        raise InvalidOption("msg is empty; it must have at least one character that is not white space.")
    check_unicode("msg", text)


def _parts(text: FormattedText, params: Params) -> tuple[FormattedText, ...]:
    most = params["max_length"]
    if most < _SHORTEST_MAX_LENGTH:
        raise InvalidOption(f"max_length must be at least {_SHORTEST_MAX_LENGTH}, not {most}.")
    length = utf16_length(text.text)
    if length <= most:
        return (text,)
    if params["long_message"] == "fail":
        raise InvalidOption(f"msg has {length} characters, but max_length is {most} and long_message=fail.")
    if params["long_message"] == "truncate":
        return (truncate(text, most, _MARKER),)
    return tuple(split(text, most))


def _cards(cards: t.Sequence[t.Any] | None) -> list[str]:
    """Cards as Zoom's JSON strings, from dictionaries or from such strings."""
    cards = cards or ()
    if len(cards) > _MOST_CARDS:
        raise InvalidOption(f"interactive_cards has {len(cards)} entries; Zoom takes {_MOST_CARDS} at most.")
    found = []
    for number, card in enumerate(cards):
        value = card
        if isinstance(card, str):
            try:
                value = json.loads(card)
            except ValueError as error:
                raise InvalidOption(f"interactive_cards[{number}] is no JSON: {error}.") from None
        if not isinstance(value, dict):
            raise InvalidOption(f"interactive_cards[{number}] must be a dictionary, or a JSON string of one.")
        text = card if isinstance(card, str) else json.dumps(card, ensure_ascii=False)
        check_unicode(f"interactive_cards[{number}]", text)
        found.append(text)
    return found


def zoned_time(value: str) -> datetime.datetime | None:
    """The moment of an ISO-8601 date and time with a zone, None for anything else."""
    text = value.strip()
    try:
        # Python 3.9 does not know Z.
        moment = datetime.datetime.fromisoformat(text[:-1] + "+00:00" if text[-1:] in "Zz" else text)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else None


def _scheduled_time(value: str) -> str:
    """Zoom's form of a time: UTC, in whole seconds."""
    moment = zoned_time(value)
    if moment is None:
        raise InvalidOption(
            f"scheduled_time is {value!r}; it must be an ISO-8601 date and time with a zone, such as"
            " 2026-03-01T09:00:00+01:00."
        )
    ahead = moment - datetime.datetime.now(datetime.timezone.utc)
    if not _SCHEDULE_EARLIEST < ahead <= _SCHEDULE_LATEST:
        raise InvalidOption(
            f"scheduled_time is {value!r}; Zoom takes times that are more than 30 minutes and at most 180 days ahead."
        )
    return moment.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def _unique_within(seconds: float | None) -> float | None:
    if seconds is None:
        return None
    # Zoom lists the last six months.
    if not 0 < seconds <= 180 * 86400:
        raise InvalidOption(
            f"unique_within must be a number of seconds, more than 0 and at most 180 days, not {seconds:g}."
        )
    return seconds


def optional_id(option: str, value: str | None, check_mode: bool) -> str | None:
    """The id of a message, which in check mode may be one that was not sent."""
    if value is None:
        return None
    if value == CHECK_MODE_ID and not check_mode:
        raise InvalidOption(
            f"{option} is the placeholder that check mode returns; give the id of a message that was sent."
        )
    return identifier(option, value)


def identifier(option: str, value: str) -> str:
    """An id or address as it was given: it is never altered, so what surrounds it is refused."""
    if not value.strip():
        raise InvalidOption(f"{option} is empty; leave it out, or give an id.")
    if value != value.strip() or not value.isprintable():
        raise InvalidOption(f"{option} is {value!r}; it must be an id or address without white space around it.")
    return value


def channel_name(option: str, value: str) -> str:
    """The name of a channel as it was given; people put into names what no id has, such as what joins emoji."""
    if not value.strip():
        raise InvalidOption(f"{option} is empty; leave it out, or give the name of a channel.")
    check_unicode(option, value)
    if _CONTROL.search(value):
        raise InvalidOption(
            f"{option} is {value!r}; the name of a channel has no control characters, such as tabs and line ends."
        )
    return value
