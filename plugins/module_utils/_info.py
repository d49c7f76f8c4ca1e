# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: BSD-2-Clause
"""Reading messages and channels, for the info modules."""

from __future__ import annotations

import datetime
import itertools
import re
import typing as t

from ansible_collections.teamchat.zoom.plugins.module_utils._channels import in_conversation
from ansible_collections.teamchat.zoom.plugins.module_utils._desired import (
    CHECK_MODE_ID,
    channel_name,
    identifier,
    optional_id,
    recipient_of,
    zoned_time,
)
from ansible_collections.teamchat.zoom.plugins.module_utils._errors import InvalidOption, NotFound, PermissionDenied
from ansible_collections.teamchat.zoom.plugins.module_utils._text import check_unicode
from ansible_collections.teamchat.zoom.plugins.module_utils._wanted import is_missing_message, moment_of

if t.TYPE_CHECKING:
    from ansible_collections.teamchat.zoom.plugins.module_utils._client import Client
    from ansible_collections.teamchat.zoom.plugins.module_utils._module import Call

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
# Zoom refuses what is older than six months; a day's room keeps its months out of the question.
_OLDEST_SECONDS = 181 * 86400
# More than Zoom has, and less than Python counts to.
_LARGEST_LIMIT = 1_000_000_000

# What Zoom says of a channel that does not exist, or that the user is no member of.
_NO_CHANNEL = 4130
_KEYS = (
    "message",
    "message_type",
    "date_time",
    "timestamp",
    "sender",
    "sender_member_id",
    "sender_display_name",
    "reply_main_message_id",
)
_LISTS = ("at_items", "rich_text", "files", "reactions")


def message_info(call: Call) -> dict[str, t.Any]:
    """The messages that a task asks for.

    :raises ZoomError: an option is wrong, or Zoom did not give them.
    """
    params = call.params
    recipient = recipient_of(params)
    limit = _limit(params["limit"])
    given = {name: optional_id(name, params[name], call.check_mode) for name in ("message_id", "thread")}
    ids = {name: value for name, value in given.items() if value is not None}
    client = call.client()
    # What is asked wrongly is refused before the first request.
    _span(params, client.zoom_time)
    if CHECK_MODE_ID in ids.values():
        return {"changed": False, "messages": []}
    search = {"search_type": "message", "search_key": _search_key(params["search"])} if params["search"] else {}

    def listed(where: dict[str, str], now: float) -> list[dict[str, t.Any]]:
        since, until = _span(params, now)
        return list(itertools.islice(client.list_messages(where, since or now, until or now + 60.0, **search), limit))

    def read(where: dict[str, str]) -> list[dict[str, t.Any]]:
        if "message_id" in ids:
            messages = _one_message(client, where, ids["message_id"])
        elif "thread" in ids:
            messages = client.thread(where, ids["thread"], client.zoom_time - _OLDEST_SECONDS + 86400)
        else:
            messages = client.by_zoom_time(lambda now: listed(where, now))
        return [_message(message, ids.get("thread")) for message in messages[:limit]]

    return {"changed": False, "messages": in_conversation(client, recipient, read)}


def _one_message(client: Client, where: dict[str, str], message_id: str) -> list[dict[str, t.Any]]:
    try:
        return [client.get_message(where, message_id)]
    except NotFound as error:
        if not is_missing_message(error):
            raise
        return []


def channel_info(call: Call) -> dict[str, t.Any]:
    """The channels that a task asks for.

    :raises ZoomError: an option is wrong, or Zoom did not give them.
    """
    params = call.params
    limit = _limit(params["limit"])
    checks = {"channel_id": identifier, "name": channel_name}
    wanted = {name: check(name, params[name]) for name, check in checks.items() if params[name] is not None}
    client = call.client()
    channels: t.Iterable[dict[str, t.Any]]
    if "channel_id" in wanted:
        try:
            channels = [client.get_channel(wanted["channel_id"])]
        except NotFound as error:
            # A 404 may also come from a wrong api_url, or from a gateway.
            if error.code != _NO_CHANNEL:
                raise
            channels = []
        except PermissionDenied as error:
            # Zoom's code 200 also says that the user is no member; a missing scope is another matter.
            if error.code != 200:
                raise
            channels = []
    else:
        channels = client.list_channels()
        if "name" in wanted:
            channels = (channel for channel in channels if channel.get("name") == wanted["name"])
    return {"changed": False, "channels": list(itertools.islice(channels, limit))}


def _limit(limit: int | None) -> int | None:
    if limit is not None and limit < 1:
        raise InvalidOption(f"limit must be at least 1, not {limit}.")
    if limit is not None and limit > _LARGEST_LIMIT:
        raise InvalidOption(f"limit must be at most {_LARGEST_LIMIT}, not {limit}; leave it out to get all.")
    return limit


def _search_key(text: str) -> str:
    if len(text) > 256:
        raise InvalidOption(f"search has {len(text)} characters; Zoom takes 256 at most.")
    check_unicode("search", text)
    return text


def _span(params: t.Mapping[str, t.Any], now: float) -> tuple[float | None, float | None]:
    """From when until when messages are asked for, each None where the task leaves it open."""
    since, until = _moment("since", params["since"], now), _moment("until", params["until"], now)
    if until is not None and since is not None and until <= since:
        raise InvalidOption(f"until is {params['until']!r}, which is not after since, {params['since']!r}.")
    return since, until


def _moment(option: str, value: str | None, now: float) -> float | None:
    """A duration before now, or a time, in seconds since the epoch."""
    if value is None:
        return None
    text = value.strip()
    duration = re.fullmatch(r"([0-9]{1,9})\s*([smhdw])", text)
    if duration:
        moment: float | None = now - int(duration[1]) * _SECONDS[duration[2]]
    else:
        parsed = zoned_time(text)
        moment = parsed.timestamp() if parsed else None
    if moment is None:
        raise InvalidOption(
            f"{option} is {value!r}; it must be a duration such as 30m, 12h or 7d, or an ISO-8601 time with a zone such"
            " as 2026-03-01T09:00:00+01:00."
        )
    if moment < now - _OLDEST_SECONDS:
        raise InvalidOption(f"{option} is {value!r}; Zoom gives messages of the last six months only.")
    return moment


def _message(message: t.Mapping[str, t.Any], thread: str | None) -> dict[str, t.Any]:
    """A message in one shape, however Zoom gives it: in a thread some of its names differ."""
    shaped: dict[str, t.Any] = {"id": str(message.get("id") or message.get("msg_id") or "").strip("{}")}
    named = {
        **message,
        "sender": message.get("sender", message.get("sender_email")),
        "sender_member_id": message.get("send_member_id", message.get("sender_member_id")),
    }
    if thread is not None and message.get("is_reply"):
        named["reply_main_message_id"] = thread
    shaped.update({name: named.get(name) for name in _KEYS})
    if shaped["date_time"] is None:
        moment = datetime.datetime.fromtimestamp(moment_of(message), datetime.timezone.utc)
        shaped["date_time"] = moment.strftime("%Y-%m-%dT%H:%M:%SZ")
    shaped.update({name: named.get(name) or [] for name in _LISTS})
    return shaped
