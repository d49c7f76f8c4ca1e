# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a message goes, or where it stands: the ``to_contact`` and ``to_channel`` of a request."""

from __future__ import annotations

import dataclasses
import time
import typing as t

from . import model
from .calls import Call


@dataclasses.dataclass(frozen=True)
class Conversation:
    channel: model.Channel | None
    contact: model.User | None

    @property
    def channel_id(self) -> str | None:
        return self.channel.id if self.channel else None

    @property
    def contact_id(self) -> str | None:
        return self.contact.id if self.contact else None

    def holds(self, message: model.Message, user: model.User) -> bool:
        if self.channel is not None:
            return message.channel == self.channel.id
        return message.channel is None and {message.sender.id, message.contact} == {user.id, self.contact_id}


def conversation_of(call: Call, fields: t.Mapping[str, t.Any]) -> Conversation:
    """Return the conversation that a body or query names; an empty string counts as nothing given."""
    to_contact, to_channel = fields.get("to_contact"), fields.get("to_channel")
    if bool(to_contact) == bool(to_channel):
        raise call.refuse("neither")
    if to_channel:
        channel = call.account.channel(to_channel)
        if channel is None:
            raise call.refuse("no_channel", to_channel)
        if call.actor.id not in channel.members:
            raise call.refuse("not_member", to_channel)
        return Conversation(channel, None)
    contact = call.account.user(str(to_contact))
    if contact is None:
        raise call.refuse("no_contact", str(to_contact))
    return Conversation(None, contact)


def check_may_send(call: Call, conversation: Conversation) -> None:
    if not call.actor.can_chat:
        raise call.refuse("may_not_chat")
    if conversation.contact_id in call.actor.blocked:
        raise call.refuse("blocked")
    if conversation.channel is not None and conversation.channel.end_to_end_encrypted:
        raise call.refuse("end_to_end")
    if conversation.channel is not None and conversation.channel.archived:
        raise call.refuse("archived")


def check_rate(call: Call, conversation: Conversation) -> None:
    if conversation.channel is None:
        return
    windows = call.settings.channel_windows
    if not call.state.limits.admit(conversation.channel.id, windows, time.monotonic()):
        call.account.rejected += 1
        refusal = call.refuse("rate_limit")
        refusal.headers = {"X-RateLimit-Category": "Medium", "X-RateLimit-Type": "QPS"}
        raise refusal


def message_of(call: Call, conversation: Conversation, message_id: str) -> model.Message:
    """Return a message that stands in the conversation, or raise the refusal."""
    message = call.account.message(message_id)
    if message is None or not conversation.holds(message, call.actor):
        raise call.refuse("no_message", message_id)
    return message


def main_message_of(call: Call, conversation: Conversation, message_id: t.Any) -> model.Message | None:
    """Return the message that a reply is to, None where there is no reply; raise where it cannot be."""
    if not message_id:
        return None
    main = message_of(call, conversation, message_id)
    if main.reply_main_message_id is not None:
        raise call.refuse("not_main")
    return main


def store(call: Call, conversation: Conversation, main: model.Message | None, **content: t.Any) -> model.Message:
    """Make a message of the calling user in the conversation and remember it."""
    message = draft(call, conversation, main, **content)
    call.account.messages[message.id] = message
    call.state.changed()
    return message


def draft(call: Call, conversation: Conversation, main: model.Message | None, **content: t.Any) -> model.Message:
    return model.Message(
        id=model.new_id(),
        sender=call.actor,
        channel=conversation.channel_id,
        contact=conversation.contact_id,
        time=call.now,
        visible_at=time.monotonic() + call.settings.visible_after,
        reply_main_message_id=main.id if main else None,
        content_type=call.body.content_type,
        **content,
    )
