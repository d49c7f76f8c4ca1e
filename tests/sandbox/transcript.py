# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What arrived, as text for people: channels, then direct messages, replies below their main message."""

from __future__ import annotations

import typing as t

Account = dict[str, t.Any]
_Message = dict[str, t.Any]


def render(account: Account) -> str:
    people = {user["id"]: user["display_name"] for user in account["users"]}
    parts = [
        _conversation(f"#{channel['name']}", _in_channel(account, channel["id"])) for channel in account["channels"]
    ]
    parts += [_conversation(title, found) for title, found in _direct(account, people)]
    parts += [_posts(account["webhook"]), _scheduled(account["scheduled"])]
    return "\n".join(part for part in parts if part) or "Nothing arrived.\n"


def _in_channel(account: Account, channel: str) -> list[_Message]:
    return [message for message in account["messages"] if message["channel"] == channel]


def _direct(account: Account, people: dict[str, str]) -> list[tuple[str, list[_Message]]]:
    pairs: dict[tuple[str, ...], list[_Message]] = {}
    for message in account["messages"]:
        if message["channel"] is None:
            pairs.setdefault(tuple(sorted({message["sender_id"], message["contact"]})), []).append(message)
    return [(" and ".join(people.get(id_, id_) for id_ in pair), found) for pair, found in pairs.items()]


def _conversation(title: str, messages: list[_Message]) -> str:
    if not messages:
        return ""
    lines = [title]
    for main in messages:
        if main["reply_main_message_id"] is None:
            lines += _lines(main, "  ")
            for reply in messages:
                if reply["reply_main_message_id"] == main["id"]:
                    lines += _lines(reply, "    └ ")
    return "\n".join(lines) + "\n"


def _lines(message: _Message, indent: str) -> list[str]:
    deleted = message["status"] == "Deleted"
    text = "(deleted)" if deleted else message["message"]
    first, *others = text.split("\n")
    mark = " (edited)" if message["status"] == "Edited" else ""
    blank = " " * len(indent)
    lines = [f"{indent}{message['date_time'][11:19]} {message['sender_display_name']}: {first}{mark}"]
    lines += [f"{blank}  {line}" for line in others]
    if not deleted:
        lines += [f"{blank}  [file] {file['name']}, {file['size']} bytes" for file in message["files"]]
        lines += [f"{blank}  [mention] {_mention(item)}" for item in message["at_items"]]
        lines += [f"{blank}  [card] {card['card_json']}" for card in message["interactive_cards"]]
    lines += [f"{blank}  [before] {line}" for earlier in message["history"] for line in earlier.split("\n")]
    return lines


def _mention(item: dict[str, t.Any]) -> str:
    return "everyone" if item.get("at_type") == 2 else str(item.get("at_contact", "nobody"))


def _posts(posts: list[dict[str, t.Any]]) -> str:
    lines = [f"  {post['date_time'][11:19]} {post['format']}: {post['body']}" for post in posts]
    return "\n".join(["Incoming webhook", *lines]) + "\n" if lines else ""


def _scheduled(drafts: list[_Message]) -> str:
    lines = [f"  {draft['scheduled_time']} {draft['sender_display_name']}: {draft['message']}" for draft in drafts]
    return "\n".join(["Scheduled", *lines]) + "\n" if lines else ""
