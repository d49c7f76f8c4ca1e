# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: BSD-2-Clause
"""From the message that a task describes to what is done in Zoom, and to the task's result."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.teamchat.zoom.plugins.module_utils._bodies import multipart_fields
from ansible_collections.teamchat.zoom.plugins.module_utils._client import MULTIPART
from ansible_collections.teamchat.zoom.plugins.module_utils._errors import InvalidOption
from ansible_collections.teamchat.zoom.plugins.module_utils._mentions import check_at_items
from ansible_collections.teamchat.zoom.plugins.module_utils._text import utf16_length

if t.TYPE_CHECKING:
    from ansible_collections.teamchat.zoom.plugins.module_utils._module import Call

#: The id of a message that check mode did not send: what builds on it in the same run can go on.
CHECK_MODE_ID = "00000000-0000-0000-0000-000000000000"

# What Zoom's document allows for `message`. It does not say what it counts; UTF-16 units are what the
# positions of mentions count in, and never fewer than characters.
_MAX_LENGTH = 1024


@dataclasses.dataclass(frozen=True)
class Outgoing:
    """A checked message, as Zoom's fields."""

    fields: dict[str, t.Any]
    body_format: str

    @property
    def recipient(self) -> dict[str, str]:
        return {name: self.fields[name] for name in ("to_channel", "to_contact") if name in self.fields}


def execute(call: Call) -> dict[str, t.Any]:
    """Send the message of a task; in check mode build all of it and send nothing.

    :raises ZoomError: an option is wrong, or the message was not sent.
    """
    outgoing = outgoing_message(call.params, check_mode=call.check_mode)
    client = call.client()
    result: dict[str, t.Any] = {"changed": True, "operation": "sent", "message": outgoing.fields}
    if call.diff:
        result["diff"] = _diff("", outgoing.fields["message"])
    if call.check_mode:
        message_id = CHECK_MODE_ID
        result.update(attempts=0, tracking_id=None, request=_request(outgoing, client.messages_url))
    else:
        sent = client.send_message(outgoing.fields, outgoing.body_format)
        message_id = sent.id
        result.update(attempts=sent.attempts, tracking_id=sent.tracking_id)
    result.update(id=message_id, ids=[message_id])
    result["ansible_facts"] = {
        "zoom_chat_message": {
            "id": message_id,
            "ids": [message_id],
            "user_id": call.params["user_id"],
            **outgoing.recipient,
        }
    }
    return result


def outgoing_message(params: t.Mapping[str, t.Any], *, check_mode: bool) -> Outgoing:
    """The message of a task's parameters.

    :raises InvalidOption: names the option, what was given, and what is allowed.
    """
    text = _text(params["msg"])
    fields: dict[str, t.Any] = {"message": text}
    for option in ("to_channel", "to_contact"):
        if params[option] is not None:
            fields[option] = _identifier(option, params[option])
    reply_to = params["reply_main_message_id"]
    if reply_to is not None:
        fields["reply_main_message_id"] = _identifier("reply_main_message_id", reply_to)
        if reply_to == CHECK_MODE_ID and not check_mode:
            raise InvalidOption(
                "reply_main_message_id is the placeholder that check mode returns; give the id of a message that"
                " was sent."
            )
    at_items = params["at_items"]
    if at_items:
        fields["at_items"] = [mention.as_fields() for mention in check_at_items(text, at_items)]
    return Outgoing(fields, params["body_format"])


def _text(text: str) -> str:
    if not text.strip():
        raise InvalidOption("msg is empty; it must have at least one character that is not white space.")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InvalidOption(
            f"msg has a character at position {error.start} that is no Unicode text; it may come from a file or"
            " command whose output is not UTF-8."
        ) from None
    length = utf16_length(text)
    if length > _MAX_LENGTH:
        raise InvalidOption(f"msg is {length} characters long; Zoom allows {_MAX_LENGTH}.")
    return text


def _identifier(option: str, value: str) -> str:
    """An id or address as it was given: it is never altered, so what surrounds it is refused."""
    if not value.strip():
        raise InvalidOption(f"{option} is empty; leave it out, or give an id.")
    if value != value.strip() or not value.isprintable():
        raise InvalidOption(f"{option} is {value!r}; it must be an id or address without white space around it.")
    return value


def _request(outgoing: Outgoing, url: str) -> dict[str, t.Any]:
    """The request that check mode did not send."""
    multipart = outgoing.body_format == MULTIPART
    return {
        "method": "POST",
        "url": url,
        "body_format": outgoing.body_format,
        "fields": multipart_fields(outgoing.fields) if multipart else outgoing.fields,
    }


def _diff(before: str, after: str) -> dict[str, str]:
    """Ansible's diff, which wants every text to end in a line end."""
    return {
        "before_header": "message",
        "after_header": "message",
        "before": f"{before}\n" if before else "",
        "after": f"{after}\n" if after else "",
    }
