# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every operation of the sandbox, in one table: its name, endpoint, scopes, query, body and handler."""

from __future__ import annotations

import dataclasses

from . import channels, errors, files, messages, oauth, validation, webhook
from .calls import Handler

_WRITE = ("chat_message:write", "chat_message:write:admin")
_READ = ("chat_message:read", "chat_message:read:admin", *_WRITE)
_CHANNEL_READ = (
    "chat_channel:read",
    "chat_channel:write",
    "chat_channel:read:admin",
    "chat_channel:write:admin",
)
JSON = "application/json"
FORM = "multipart/form-data"
URL_ENCODED = "application/x-www-form-urlencoded"


def _granular(name: str) -> tuple[str, str]:
    return f"team_chat:{name}", f"team_chat:{name}:admin"


@dataclasses.dataclass(frozen=True)
class Operation:
    name: str
    method: str
    path: str
    handler: Handler
    host: str = "api"
    """``api``, ``files`` (sends uploads on) or ``storage`` (takes them)."""
    scopes: tuple[str, ...] = ()
    """One of these is enough; empty: the handler authenticates by itself."""
    query: validation.Schema = dataclasses.field(default_factory=lambda: validation.NO_QUERY)
    content: tuple[str, ...] = ()
    """Content types of the body; empty: what comes is read as it is."""
    documented: dict[str, errors.ZoomError] = dataclasses.field(default_factory=dict)
    """Query parameters whose refusal Zoom documents."""


_USER = "/v2/chat/users/{userId}"
_THREAD_ERRORS = {name: errors.refusal("thread", name) for name in ("limit", "sort", "from")}

OPERATIONS = (
    Operation(
        "token",
        "POST",
        "/oauth/token",
        oauth.issue_token,
        content=(URL_ENCODED,),
    ),
    Operation(
        "send",
        "POST",
        f"{_USER}/messages",
        messages.send,
        scopes=(*_WRITE, *_granular("write:user_message")),
        content=(JSON, FORM),
    ),
    Operation(
        "list",
        "GET",
        f"{_USER}/messages",
        messages.list_messages,
        scopes=(*_READ, *_granular("read:list_user_messages")),
        query=validation.LIST_QUERY,
    ),
    Operation(
        "get",
        "GET",
        f"{_USER}/messages/{{messageId}}",
        messages.get,
        scopes=(*_READ, *_granular("read:user_message")),
        query=validation.GET_QUERY,
    ),
    Operation(
        "edit",
        "PUT",
        f"{_USER}/messages/{{messageId}}",
        messages.edit,
        scopes=(*_WRITE, *_granular("update:user_message")),
        content=(JSON,),
    ),
    Operation(
        "delete",
        "DELETE",
        f"{_USER}/messages/{{messageId}}",
        messages.delete,
        scopes=(*_WRITE, *_granular("delete:user_message")),
        query=validation.DELETE_QUERY,
    ),
    Operation(
        "thread",
        "GET",
        f"{_USER}/messages/{{messageId}}/thread",
        messages.thread,
        scopes=("chat_message:read", "chat_message:read:admin", *_granular("read:thread_message")),
        query=validation.THREAD_QUERY,
        documented=_THREAD_ERRORS,
    ),
    Operation(
        "scheduled",
        "GET",
        "/v2/chat/messages/schedule",
        messages.list_scheduled,
        scopes=("chat_message:read", "chat_message:write", "team_chat:read:list_scheduled_messages"),
        query=validation.SCHEDULED_QUERY,
    ),
    Operation(
        "unschedule",
        "DELETE",
        "/v2/chat/messages/schedule/{draftId}",
        messages.unschedule,
        scopes=("chat_message:write", "team_chat:delete:scheduled_message"),
        query=validation.DELETE_QUERY,
    ),
    Operation(
        "channels",
        "GET",
        f"{_USER}/channels",
        channels.list_channels,
        scopes=(*_CHANNEL_READ, *_granular("read:list_user_channels")),
        query=validation.CHANNELS_QUERY,
    ),
    Operation(
        "channel",
        "GET",
        "/v2/chat/channels/{channelId}",
        channels.get_channel,
        scopes=(*_CHANNEL_READ, *_granular("read:channel")),
    ),
    Operation(
        "file_info",
        "GET",
        "/v2/chat/files/{fileId}",
        files.file_info,
        scopes=("chat:read", *_granular("read:file")),
    ),
    Operation(
        "delete_file",
        "DELETE",
        "/v2/chat/files/{fileId}",
        files.delete_file,
        scopes=("chat:write", *_granular("delete:file")),
    ),
    Operation(
        "upload",
        "POST",
        f"{_USER}/files",
        files.upload,
        host="storage",
        scopes=(*_WRITE, *_granular("write:files")),
        query=validation.UPLOAD_QUERY,
        content=(FORM,),
    ),
    Operation(
        "send_file",
        "POST",
        f"{_USER}/messages/files",
        files.send_file,
        host="storage",
        scopes=(*_WRITE, *_granular("write:message_files")),
        content=(FORM,),
    ),
    Operation(
        "webhook",
        "POST",
        "/chat/webhooks/incomingwebhook/{id}",
        webhook.receive,
    ),
)
