# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Channels: those of a user, and one by its id."""

from __future__ import annotations

import typing as t

from . import messages, model
from .calls import Answer, Call


def list_channels(call: Call) -> Answer:
    found = call.account.channels_of(call.actor)
    size = messages.page_size(call.query)
    token = call.query.get("next_page_token")
    page = call.account.page(found, size, token, (call.operation, call.actor.id, size))
    if page is None:
        raise call.refuse("page_token")
    return Answer(
        200,
        {
            "page_size": size,
            "total_records": len(found),
            "next_page_token": page[1],
            "channels": [_view(call, channel) for channel in page[0]],
        },
    )


def get_channel(call: Call) -> Answer:
    name = call.path["channelId"]
    channel = call.account.channel(name)
    if channel is None:
        raise call.refuse("no_channel", name)
    if call.actor.id not in channel.members:
        raise call.refuse("not_member")
    return Answer(200, _view(call, channel))


def _view(call: Call, channel: model.Channel) -> dict[str, t.Any]:
    return {
        "id": channel.id,
        "jid": channel.jid,
        "name": channel.name,
        "type": channel.type,
        "channel_url": f"{call.state.urls.get('url', '')}/#channel={channel.id}",
        "channel_settings": {
            "add_member_permissions": 1,
            "new_members_can_see_previous_messages_files": True,
            "posting_permissions": 1,
            "mention_all_permissions": 1,
            "allow_to_add_external_users": 0,
        },
    }
