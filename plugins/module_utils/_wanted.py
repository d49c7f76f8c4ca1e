# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: BSD-2-Clause
"""Recognising a message in what Zoom lists: the one that a task sent, or would send."""

from __future__ import annotations

import dataclasses
import json
import re
import time
import typing as t

from ansible_collections.teamchat.zoom.plugins.module_utils._errors import NotFound, ZoomError
from ansible_collections.teamchat.zoom.plugins.module_utils._text import normalise

if t.TYPE_CHECKING:
    from ansible_collections.teamchat.zoom.plugins.module_utils._files import Attachment

Fields = t.Mapping[str, t.Any]


@dataclasses.dataclass(frozen=True)
class Wanted:
    """A message as it is sent, to be recognised by text, thread, files and sender.

    :param fields: the fields that it is sent with, under Zoom's names.
    :param files: what is attached to it.
    """

    fields: Fields
    files: tuple[Attachment, ...] = ()

    @property
    def scheduled_time(self) -> str | None:
        return self.fields.get("scheduled_time")

    def is_message(self, message: Fields, user_id: str) -> bool:
        """Whether a listed message has this text, thread and files, and was sent by this user.

        Zoom names the sender by e-mail address; with an id or 'me' there is nothing to compare with.
        """
        sender = message.get("sender")
        if "@" in user_id and isinstance(sender, str) and sender and sender.lower() != user_id.lower():
            return False
        return self._same_content(message)

    def is_draft(self, draft: Fields) -> bool:
        """Whether a listed scheduled message has this text, thread, files and time."""
        return self._same_content(draft) and draft.get("scheduled_time") == self.scheduled_time

    def _same_content(self, message: Fields) -> bool:
        text = message.get("message") or ""
        return (
            isinstance(text, str)
            and normalise(text) == normalise(self.fields.get("message") or "")
            and bare_id(message.get("reply_main_message_id")) == bare_id(self.fields.get("reply_main_message_id"))
            and files_of(message) == sorted((file.name, file.size) for file in self.files)
        )


def files_of(message: Fields) -> list[tuple[str, int]]:
    """Names and sizes of a listed message's files, sorted."""
    files = message.get("files")
    if not isinstance(files, list):
        # Older messages name their only file in the message itself.
        files = [message] if message.get("file_name") else []
    return sorted(
        (str(file.get("file_name")), file["file_size"] if isinstance(file.get("file_size"), int) else -1)
        for file in files
        if isinstance(file, dict)
    )


def same_cards(one: t.Any, other: t.Any) -> bool:
    """Whether two lists of cards say the same; a card that does not show its JSON equals none."""
    return _card_values(one) == _card_values(other)


def _card_values(cards: t.Any) -> list[t.Any]:
    values: list[t.Any] = []
    for card in cards if isinstance(cards, list) else ():
        try:
            values.append(json.loads(card["card_json"]))
        except (KeyError, TypeError, ValueError):
            values.append(object())
    return values


def bare_id(message_id: t.Any) -> str:
    """Zoom writes message ids with and without braces, and in either case."""
    return str(message_id or "").strip("{}").upper()


def moment_of(message: Fields) -> float:
    """When a listed message was sent, in seconds since the epoch by Zoom's clock; now if it does not say."""
    timestamp = message.get("timestamp")
    # What is no moment of our times, or of any, is none; dates end with the year 9999.
    return timestamp / 1000 if isinstance(timestamp, (int, float)) and 0 <= timestamp < 2.5e14 else time.time()


def is_missing_message(error: ZoomError) -> bool:
    """Whether an error says that the message, not the conversation, does not exist.

    Reading and deleting a missing message, Zoom says that the channel with the message's id does not exist. Whoever
    gave up waiting for a message that was just sent does not know whether it is missing.
    """
    return (
        isinstance(error, NotFound)
        and not error.given_up
        and (
            error.code in (300, 4131)
            or bool(re.search(r"\bmessage does not exist", error.message or "", re.IGNORECASE))
        )
    )
