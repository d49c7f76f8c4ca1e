# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages: send, reply, list, get, edit, delete, thread, and those that are scheduled."""

from __future__ import annotations

import datetime
import html
import json
import typing as t

from . import conversations, errors, model, validation
from .calls import Answer, Call


def send(call: Call) -> Answer:
    multipart = call.body.content_type == "multipart/form-data"
    schema = validation.SEND_MULTIPART if multipart else validation.SEND
    fields = call.body.fields
    validation.check(validation.with_max_length(schema, call.settings.max_length), fields)
    if multipart:
        _only_known_fields(fields, [file.field for file in call.body.files])
    conversation = conversations.conversation_of(call, fields)
    conversations.check_may_send(call, conversation)
    main = conversations.main_message_of(call, conversation, fields.get("reply_main_message_id"))
    text = _trimmed(call, fields["message"])
    files = _attached(call, fields.get("file_ids") or [])
    cards = [_card(call, item) for item in fields.get("interactive_cards") or []]
    if not (text or files or cards):
        raise call.refuse("failed")
    content = {
        "message": text,
        "at_items": fields.get("at_items") or [],
        "rich_text": _effective_rich_text(text, fields.get("rich_text") or []),
        "files": files,
        "interactive_cards": cards,
    }
    if fields.get("scheduled_time"):
        return _schedule(call, fields["scheduled_time"], conversations.draft(call, conversation, main, **content))
    conversations.check_rate(call, conversation)
    return Answer(201, {"id": conversations.store(call, conversation, main, **content).id})


def _only_known_fields(fields: t.Mapping[str, t.Any], files: list[str]) -> None:
    known = validation.SEND_MULTIPART["properties"]
    unknown = [name for name in [*fields, *files] if name not in known]
    if unknown:
        raise errors.validation_failed(*((name, "Invalid field.") for name in unknown))


def _trimmed(call: Call, text: str) -> str:
    return text.rstrip() if call.settings.trim else text


def _effective_rich_text(text: str, entries: list[dict[str, t.Any]]) -> list[dict[str, t.Any]]:
    """Return the formatting that Zoom makes of it.

    As users observed: an entry without ``format_attr`` is dropped, and a range outside the text makes all
    formatting vanish; Zoom says neither.
    """
    effective = [entry for entry in entries if "format_attr" in entry]
    length = model.utf16_length(text)
    for entry in effective:
        start, end = entry.get("start_position"), entry.get("end_position")
        if start is None or end is None or not 0 <= start <= end < length:
            return []
    return effective


def _attached(call: Call, file_ids: list[str]) -> list[model.Upload]:
    if file_ids and not call.settings.files_allowed:
        raise call.refuse("no_files_allowed")
    uploads = [call.account.uploads.get(file_id) for file_id in file_ids]
    found = [upload for upload in uploads if upload is not None and not upload.deleted]
    if len(found) < len(file_ids):
        raise call.refuse("no_file", ", ".join(file_ids))
    return found


def _card(call: Call, item: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    try:
        card = json.loads(item["card_json"])
    except (KeyError, ValueError):
        raise call.refuse("card") from None
    if not isinstance(card, dict):
        raise call.refuse("card")
    return {"card_id": model.new_id(), "card_json": item["card_json"]}


def _schedule(call: Call, scheduled_time: str, message: model.Message) -> Answer:
    wait = validation.parse_time(scheduled_time).timestamp() - call.now
    if not scheduled_time.endswith("Z") or not 30 * 60 < wait <= 180 * 86400:
        raise call.refuse("send_time")
    draft = model.Draft(model.new_id(), message, scheduled_time)
    call.account.drafts[draft.id] = draft
    call.state.changed()
    return Answer(201, {"id": draft.id})


def list_messages(call: Call) -> Answer:
    query = call.query
    searching = _check_search(call)
    conversation = None
    if not searching or query.get("to_contact") or query.get("to_channel"):
        conversation = conversations.conversation_of(call, query)
    span, echoed = _span_of(call)
    with_deleted = query.get("include_deleted_and_edited_message", False)
    found = [
        message
        for message in call.account.conversation(
            call.actor,
            conversation.channel_id if conversation else None,
            conversation.contact_id if conversation else None,
        )
        if span[0] <= int(message.time) <= span[1]
        and (with_deleted or message.status != "Deleted")
        and not (query.get("exclude_child_message") and message.reply_main_message_id)
        and (not searching or _matches(message, query["search_type"], query["search_key"]))
    ]
    found.sort(key=lambda message: message.time, reverse=True)
    size = page_size(query)
    asked = tuple(sorted((k, v) for k, v in query.items() if k != "next_page_token"))
    page = call.account.page(found, size, query.get("next_page_token"), (call.operation, call.actor.id, asked))
    if page is None:
        raise call.refuse("page_token")
    answer = {
        **echoed,
        "page_size": size,
        "next_page_token": page[1],
        "messages": [_view(call, message, with_status=with_deleted) for message in page[0]],
    }
    return Answer(200, answer)


def page_size(query: t.Mapping[str, t.Any]) -> int:
    size: int = query.get("page_size", 10)
    return size if size > 0 else 10


def _check_search(call: Call) -> bool:
    given = [name for name in ("search_type", "search_key") if name in call.query]
    if len(given) == 1:
        raise call.refuse("parameter", "search_key" if given == ["search_type"] else "search_type")
    if given and "include_deleted_and_edited_message" in call.query:
        raise call.refuse("parameter", "include_deleted_and_edited_message")
    return bool(given)


def _matches(message: model.Message, search_type: str, key: str) -> bool:
    texts = [message.message] if search_type == "message" else [file.name for file in message.files]
    return any(key.lower() in text.lower() for text in texts)


def _span_of(call: Call) -> tuple[tuple[float, float], dict[str, str]]:
    """Return the seconds that a list covers, and the dates that its answer repeats."""
    query = call.query
    if "from" in query and "date" not in query:
        start = validation.parse_time(query["from"]).timestamp()
        end = validation.parse_time(query["to"]).timestamp() if "to" in query else float("inf")
        echoed: dict[str, str] = {name: query[name] for name in ("from", "to") if name in query}
    else:
        today = datetime.datetime.fromtimestamp(call.now, datetime.timezone.utc).strftime("%Y-%m-%d")
        date = query.get("date", today)
        start = validation.parse_time(f"{date}T00:00:00Z").timestamp()
        end = start + 86400 - 1
        echoed = {"date": date}
    if start < call.now - model.SIX_MONTHS.total_seconds():
        raise call.refuse("too_old")
    return (start, end), echoed


def _shown(call: Call, text: str) -> str:
    return html.escape(text, quote=False) if call.settings.entities else text


def _at_items(call: Call, message: model.Message) -> list[dict[str, t.Any]]:
    items = []
    for item in message.at_items:
        contact = call.account.user(str(item.get("at_contact", "")))
        items.append({**item, **({"at_contact_member_id": contact.member_id} if contact else {})})
    return items


_KINDS = {"jpg": "jpg_image_file", "jpeg": "jpg_image_file", "png": "png_image_file", "gif": "gif_file"}


def _message_type(message: model.Message) -> str:
    if not message.files:
        return "plain_text_message"
    if message.message:
        return "file_and_text"
    return _KINDS.get(message.files[0].name.rpartition(".")[2].lower(), "others")


def _files(call: Call, message: model.Message) -> list[dict[str, t.Any]]:
    return [
        {
            "file_id": file.id,
            "file_name": file.name,
            "file_size": file.size,
            "download_url": f"{call.state.urls.get('url', '')}/file/{file.id}",
        }
        for file in message.files
        if not file.deleted
    ]


def _view(call: Call, message: model.Message, *, with_status: bool = False) -> dict[str, t.Any]:
    """Return a message as list and get show it."""
    deleted = message.status == "Deleted"
    view: dict[str, t.Any] = {
        "id": message.id,
        "message": "" if deleted else _shown(call, message.message),
        "message_type": _message_type(message),
        "date_time": model.iso(message.time),
        "timestamp": message.timestamp,
        "sender": message.sender.email,
        "send_member_id": message.sender.member_id,
        "sender_display_name": message.sender.display_name,
    }
    if with_status:
        view["status"] = message.status
    view.update(_thread_of(call, message))
    if deleted:
        return view
    cards = {"interactive_cards": message.interactive_cards} if message.interactive_cards else {}
    return {**view, **cards, **_parts_of(call, message)}


def _thread_of(call: Call, message: model.Message) -> dict[str, t.Any]:
    if not message.reply_main_message_id:
        return {}
    main = call.account.messages.get(message.reply_main_message_id)
    timestamp = {"reply_main_message_timestamp": main.timestamp} if main is not None else {}
    return {"reply_main_message_id": message.reply_main_message_id, **timestamp}


def _parts_of(call: Call, message: model.Message) -> dict[str, t.Any]:
    """Return what both messages and drafts are shown with, where they have it."""
    files = _files(call, message)
    optional = {
        "at_items": _at_items(call, message),
        "rich_text": message.rich_text,
        "files": files,
        **(files[0] if files else {}),
    }
    return {name: value for name, value in optional.items() if value}


def get(call: Call) -> Answer:
    conversation = conversations.conversation_of(call, call.query)
    message = conversations.message_of(call, conversation, call.path["messageId"])
    return Answer(200, _view(call, message))


def _own_message(call: Call, conversation: conversations.Conversation) -> model.Message:
    message = conversations.message_of(call, conversation, call.path["messageId"])
    if message.sender.id != call.actor.id:
        raise call.refuse("not_sender")
    return message


def edit(call: Call) -> Answer:
    fields = call.body.fields
    validation.check(validation.EDIT, fields)
    conversation = conversations.conversation_of(call, fields)
    message = _own_message(call, conversation)
    if fields.get("file_ids") and not message.files:
        raise call.refuse("plain_text")
    files = _attached(call, fields["file_ids"]) if "file_ids" in fields else message.files
    cards = message.interactive_cards
    if "interactive_cards" in fields:
        cards = [_edited_card(call, message, item) for item in fields["interactive_cards"]]
    if "message" in fields:
        message.history.append(message.message)
        message.message = _trimmed(call, fields["message"])
        # Positions count in the text that is gone, and an edit cannot bring new ones.
        message.at_items, message.rich_text = [], []
    message.files, message.interactive_cards, message.status = files, cards, "Edited"
    call.state.changed()
    return Answer(204)


def _edited_card(call: Call, message: model.Message, item: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    if "card_id" not in item:
        return _card(call, item)
    for card in message.interactive_cards:
        if card["card_id"] == item["card_id"]:
            return {**card, **({"card_json": item["card_json"]} if "card_json" in item else {})}
    raise call.refuse("no_card", str(item["card_id"]))


def delete(call: Call) -> Answer:
    conversation = conversations.conversation_of(call, call.query)
    _own_message(call, conversation).status = "Deleted"
    call.state.changed()
    return Answer(204)


def thread(call: Call) -> Answer:
    query = call.query
    conversation = conversations.conversation_of(call, query)
    main = conversations.message_of(call, conversation, call.path["messageId"])
    if main.reply_main_message_id:
        raise call.refuse("no_message", call.path["messageId"])
    start, end = (_thread_time(call, name, default) for name, default in (("from", 0.0), ("to", call.now)))
    replies = [
        message
        for message in call.account.messages.values()
        if message.reply_main_message_id == main.id and message.exists and start <= int(message.time) <= end
    ]
    replies.sort(key=lambda message: message.time, reverse=query.get("sort", "desc") == "desc")
    shown = replies[: query.get("limit", 10)]
    if query.get("need_main_message", True):
        shown = [main, *shown]
    return Answer(200, {"total": len(replies), "messages": [_thread_view(call, message) for message in shown]})


def _thread_time(call: Call, name: str, default: float) -> float:
    if not call.query.get(name):
        return default
    try:
        return validation.parse_time(call.query[name]).timestamp()
    except ValueError:
        raise call.refuse("parameter", name) from None


def _thread_view(call: Call, message: model.Message) -> dict[str, t.Any]:
    """Return a message as a thread shows it: under names of its own, and with its id in braces."""
    view: dict[str, t.Any] = {
        "msg_id": f"{{{message.id}}}",
        "message": _shown(call, message.message),
        "message_type": _message_type(message),
        "is_reply": message.reply_main_message_id is not None,
        "timestamp": message.timestamp,
        "sender_user_id": message.sender.id,
        "sender_email": message.sender.email,
        "sender_member_id": message.sender.member_id,
        "sender_display_name": message.sender.display_name,
    }
    if call.query.get("need_attachment"):
        view["files"] = _files(call, message)
    if call.query.get("need_rich_text"):
        view["rich_text"] = message.rich_text
    if call.query.get("need_at_items"):
        view["at_items"] = _at_items(call, message)
    return view


def list_scheduled(call: Call) -> Answer:
    conversation = conversations.conversation_of(call, call.query)
    found = [
        draft
        for draft in call.account.drafts.values()
        if draft.message.sender.id == call.actor.id and conversation.holds(draft.message, call.actor)
    ]
    size = page_size(call.query)
    where = (call.operation, conversation.channel_id, conversation.contact_id, size)
    page = call.account.page(found, size, call.query.get("next_page_token"), where)
    if page is None:
        raise call.refuse("page_token")
    name = "to_channel" if conversation.channel else "to_contact"
    answer = {
        name: call.query[name],
        "page_size": size,
        "next_page_token": page[1],
        "messages": [
            {
                "draft_id": draft.id,
                "create_date": model.iso(draft.message.time),
                "scheduled_time": draft.scheduled_time,
                "message": _shown(call, draft.message.message),
                **_thread_of(call, draft.message),
                **_parts_of(call, draft.message),
            }
            for draft in page[0]
        ],
    }
    return Answer(200, answer)


def unschedule(call: Call) -> Answer:
    conversation = conversations.conversation_of(call, call.query)
    draft_id = call.path["draftId"]
    draft = call.account.drafts.get(draft_id.strip("{}").upper())
    if draft is None or not conversation.holds(draft.message, call.actor):
        raise call.refuse("no_draft", draft_id)
    del call.account.drafts[draft.id]
    call.state.changed()
    return Answer(204)
