# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Zoom's refusals: statuses, codes and texts as its document has them, for each operation."""

from __future__ import annotations

import dataclasses
import typing as t


@dataclasses.dataclass
class ZoomError(Exception):
    """An answer that refuses."""

    status: int
    code: int
    message: str
    errors: list[dict[str, str]] | None = None
    headers: dict[str, str] = dataclasses.field(default_factory=dict)

    def body(self) -> dict[str, t.Any]:
        body: dict[str, t.Any] = {"code": self.code, "message": self.message}
        if self.errors is not None:
            body["errors"] = self.errors
        return body


_NEITHER = (400, 300, "Must provide either contact or channel parameter.")
_NO_USER = (404, 1001, "User does not exist: {}.")
_NO_CONTACT = (404, 1001, "User does not exist: {}.")
_NO_CHANNEL = (404, 4130, "Channel does not exist: {}.")
_BAD_PAGE_TOKEN = (400, 300, "The next page token is invalid or expired.")
_TOO_LARGE = (400, 300, "Maximum file size exceeded: {}")
_NOT_UNSCHEDULED = (400, 5301, "Request to delete the scheduled message failed.")
_FILE_TOKEN = {
    "token_missing": (401, 300, "Access token is required."),
    "token_unknown": (401, 100, "Invalid Access token."),
    "token_expired": (401, 106, "Access token is expired"),
    "no_file": (404, 404, "Resource not found."),
    "not_owner": (403, 403, "Operation not permitted."),
}
_POST_TOKEN = {
    "token_missing": (400, 124, "Invalid access token."),
    "token_unknown": (400, 124, "Invalid access token."),
    "token_expired": (400, 124, "Invalid access token."),
}

ANY: dict[str, tuple[int, int, str]] = {
    "token_missing": (401, 124, "Invalid access token."),
    "token_unknown": (401, 124, "Invalid access token."),
    "token_expired": (401, 124, "Access token is expired."),
    "scopes_missing": (400, 4711, "Invalid access token, does not contain scopes:[{}]."),
    "user_level": (400, 4700, "Invalid access token, does not contain scopes:[{}]."),
    "no_user": _NO_USER,
    "no_route": (404, 64041, "Route Not Found"),
    "content_type": (415, 300, "Unsupported Media Type."),
    "not_json": (400, 300, "Request Body should be a valid JSON object."),
    "bad_disposition": (400, 300, "Invalid 'Content-Disposition' in multipart form"),
    "bad_multipart": (400, 300, "Invalid multipart form."),
    "parameter": (400, 300, "Invalid parameter: {}."),
    "rate_limit": (
        429,
        429,
        "You have reached the maximum per-second rate limit for this API. Try again later.",
    ),
}
"""What any operation may answer."""

BY_OPERATION: dict[str, dict[str, tuple[int, int, str]]] = {
    "send": {
        "neither": _NEITHER,
        "no_contact": _NO_CONTACT,
        "no_channel": _NO_CHANNEL,
        "not_member": _NO_CHANNEL,
        "failed": (400, 5301, "Message sending failed."),
        "no_message": (400, 300, "Message does not exist: {}."),
        "not_main": (400, 5402, "This only supports replies to a main message."),
        "no_files_allowed": (400, 5403, "Account settings do not allow files to be sent."),
        "no_file": (400, 5404, "File does not exist: {}."),
        "send_time": (
            400,
            300,
            "Invalid parameter: send_time. The time requirement is more than 30 minutes from now and within 180 days.",
        ),
        "card": (400, 5405, "Failed to create interactive card."),
        "may_not_chat": (400, 5418, "The user can not chat with others."),
        "end_to_end": (400, 5419, "Can not send message to an E2E channel."),
        "archived": (400, 5420, "Can not send message to an archived channel."),
        "blocked": (400, 5421, "Can not send message to a blocked contact."),
    },
    "list": {
        "neither": _NEITHER,
        "no_contact": _NO_CONTACT,
        "no_channel": _NO_CHANNEL,
        "not_member": (
            400,
            200,
            "Unauthorized request. You do not have permission to access this user's chat messages.",
        ),
        "page_token": _BAD_PAGE_TOKEN,
        "too_old": (400, 300, "Only provide past chat messages in recent 6 months."),
    },
    "get": {
        "neither": (400, 300, 'Must provide either "contact" or "channel" parameter.'),
        "no_contact": (404, 1001, "User does not exist: {}"),
        "no_channel": (404, 4130, "Channel does not exist: {}"),
        "not_member": (400, 200, 'The provided "to_contact" or "to_channel" parameter is invalid.'),
        "no_message": (400, 300, "Channel does not exist: {}"),
    },
    "edit": {
        "neither": _NEITHER,
        "no_contact": _NO_CONTACT,
        "no_channel": _NO_CHANNEL,
        "not_member": _NO_CHANNEL,
        "not_sender": (400, 200, "Only the sender of this message can make updates."),
        "no_message": (400, 300, "Message does not exist: {}."),
        "plain_text": (
            400,
            300,
            "A plain text message that is sent without any files is not allowed to update with the file.",
        ),
        "no_file": (400, 5404, "File does not exist: {}."),
        "card": (400, 5045, "Failed to create interactive card."),
        "no_card": (400, 5046, "Interactive Cards does not exist: `{}`."),
    },
    "delete": {
        "neither": (400, 300, 'You must provide the "to_contact" or the "to_channel" query parameter.'),
        "no_contact": (404, 1001, "User does not exist: {}"),
        "no_channel": (404, 4130, "Channel does not exist: {}"),
        "not_member": (400, 200, "The contact or the channel parameter provided is invalid."),
        "not_sender": (400, 200, "Only the sender of this message can make updates."),
        "no_message": (400, 300, "Channel does not exist: {}"),
    },
    "thread": {
        "neither": (400, 4234, "The `to_channel` cannot be blank."),
        "no_contact": _NO_USER,
        "no_channel": _NO_CHANNEL,
        "not_member": (403, 403, "Authenticated user has not permitted access to the targeted resource."),
        "no_message": (404, 4131, "Message does not exist: {}."),
        "limit": (400, 4231, "The 'limit' cannot exceed 100."),
        "sort": (400, 4232, "The `sort` can only be passed `asc` or `desc`."),
        "from": (400, 4233, "The `from` cannot be blank."),
    },
    "upload": {**_POST_TOKEN, "too_large": _TOO_LARGE},
    "send_file": {**_POST_TOKEN, "too_large": _TOO_LARGE},
    "file_info": _FILE_TOKEN,
    "delete_file": _FILE_TOKEN,
    "channels": {"page_token": (400, 300, "The next page token is either invalid or has expired.")},
    "channel": {
        "no_channel": _NO_CHANNEL,
        "not_member": (
            400,
            200,
            "Unauthorized request. You do not have permission to access this user's channel information.",
        ),
    },
    "scheduled": {
        "neither": (400, 300, "Invalid parameter: 'to_channel'"),
        "no_contact": _NO_CONTACT,
        "no_channel": _NO_CHANNEL,
        "not_member": _NO_CHANNEL,
        "page_token": (400, 300, "Invalid parameter: 'next_page_token'"),
    },
    "unschedule": {
        "neither": (400, 300, "Must provide either to_contact or to_channel parameter."),
        "no_draft": (400, 5404, "Invalid draft id: {}."),
        "no_contact": _NOT_UNSCHEDULED,
        "no_channel": _NOT_UNSCHEDULED,
        "not_member": _NOT_UNSCHEDULED,
    },
}
BY_OPERATION["reply"] = BY_OPERATION["send"]
BY_OPERATION["send_file"] = {**BY_OPERATION["send"], **BY_OPERATION["send_file"]}


def refusal(operation: str, reason: str, value: str = "") -> ZoomError:
    """Return the refusal that Zoom documents for an operation, with the value it is about."""
    status, code, message = BY_OPERATION.get(operation, {}).get(reason) or ANY[reason]
    return ZoomError(status, code, message.format(value))


def validation_failed(*errors: tuple[str, str]) -> ZoomError:
    """Return the refusal of a request that is not what Zoom's document asks for: (field, message) each."""
    return ZoomError(400, 300, "Validation Failed.", [{"field": field, "message": text} for field, text in errors])
