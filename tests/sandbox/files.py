# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files: upload, send as a message, look up, delete. Only their hashes are kept."""

from __future__ import annotations

import urllib.parse

from . import conversations, model, validation
from .calls import Answer, Call, SentFile

MEGABYTE = 1024**2
MOST_SENT = 20 * MEGABYTE
MOST_IMAGE = 16 * MEGABYTE


def upload(call: Call) -> Answer:
    sent = next((file for file in call.body.files if file.field == "file"), None)
    if sent is None:
        raise call.refuse("parameter", "file")
    if sent.size > call.settings.max_upload:
        raise call.refuse("too_large", str(call.settings.max_upload))
    stored = _keep(call, sent)
    if call.query.get("postToPersonalChat", "true") != "false":
        own_chat = conversations.Conversation(None, call.actor)
        conversations.store(call, own_chat, None, message="", files=[stored])
    return Answer(201, {"id": stored.id})


def _keep(call: Call, sent: SentFile) -> model.Upload:
    stored = model.Upload(model.new_id(), sent.name, sent.size, sent.sha256, call.actor.id, call.now)
    call.account.uploads[stored.id] = stored
    call.state.changed()
    return stored


def send_file(call: Call) -> Answer:
    files = [file for file in call.body.files if file.field == "files"]
    present = {"files": files} if files else {}
    validation.check(validation.SEND_FILE, {**call.body.fields, **present})
    if not call.settings.files_allowed:
        raise call.refuse("no_files_allowed")
    is_image = files[0].name.rpartition(".")[2].lower() in ("jpg", "jpeg", "png", "gif")
    most = MOST_IMAGE if is_image else MOST_SENT
    if files[0].size > most:
        raise call.refuse("too_large", str(most))
    conversation = conversations.conversation_of(call, call.body.fields)
    conversations.check_may_send(call, conversation)
    main = conversations.main_message_of(call, conversation, call.body.fields.get("reply_main_message_id"))
    conversations.check_rate(call, conversation)
    message = conversations.store(call, conversation, main, message="", files=[_keep(call, files[0])])
    return Answer(201, {"id": message.id})


def _own_file(call: Call) -> model.Upload:
    stored = call.account.uploads.get(call.path["fileId"])
    if stored is None or stored.deleted:
        raise call.refuse("no_file")
    if stored.owner != call.actor.id and call.token is not None and call.token.user_level:
        raise call.refuse("not_owner")
    return stored


def file_info(call: Call) -> Answer:
    stored = _own_file(call)
    milliseconds = int(stored.time * 1000)
    return Answer(
        200,
        {
            "file_id": stored.id,
            "file_name": stored.name,
            "OS_file_type": stored.name.rpartition(".")[2] if "." in stored.name else "",
            "length": stored.size,
            "digest": stored.sha256,
            "created_time": milliseconds,
            "modified_time": milliseconds,
            "download_url": f"{call.state.urls.get('url', '')}/file/{stored.id}",
        },
    )


def delete_file(call: Call) -> Answer:
    _own_file(call).deleted = True
    call.state.changed()
    return Answer(204)


def redirect(call: Call) -> Answer:
    """Send an upload on to the storage host, as Zoom's file host does."""
    query = f"?{urllib.parse.urlencode(call.query)}" if call.query else ""
    suffix = "messages/files" if call.operation == "send_file" else "files"
    user = urllib.parse.quote(call.path["userId"], safe="@")
    location = f"{call.state.urls['storage_url']}/chat/users/{user}/{suffix}{query}"
    return Answer(307, headers={"Location": location})
