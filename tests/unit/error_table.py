# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tables of docs/errors.md: each row is an answer of Zoom's, and what the collection's own code makes of it."""

from __future__ import annotations

import dataclasses
import json
import typing as t

from ansible_collections.teamchat.zoom.plugins.module_utils._answers import Answer, error_from, oauth_error_from
from ansible_collections.teamchat.zoom.plugins.module_utils._errors import ZoomError


@dataclasses.dataclass(frozen=True)
class Row:
    """An answer of Zoom's.

    :param first: what stands in the first column.
    :param meaning: what Zoom means by it.
    :param status: the HTTP status that Zoom's document has for it, or that was observed.
    :param shown: the HTTP status as the page has it, where there are several.
    """

    first: str
    meaning: str
    status: int
    code: int | None = None
    message: str = ""
    shown: str = ""

    @property
    def answer(self) -> Answer:
        body: dict[str, t.Any] = {"message": self.message or "x"}
        if self.code is not None:
            body["code"] = self.code
        return Answer(self.status, {}, json.dumps(body).encode())


def _code(code: int, status: int, meaning: str, **others: str) -> Row:
    return Row(f"`{code}`", meaning, status, code, **others)


#: Codes of the API, and what Zoom's document says of them.
CODES = (
    _code(100, 401, "The token is not valid; said of uploaded files."),
    _code(106, 401, "The token has expired; said of uploaded files."),
    _code(124, 401, "The token is not valid.", shown="401, for uploads 400"),
    _code(200, 400, "The user may not do this, or not here.", shown="400, 403"),
    _code(300, 400, "A value is wrong, or the body cannot be read."),
    Row(
        '`300`, "… does not exist"',
        "There is no such message or channel; said of reading, editing and deleting.",
        400,
        300,
        "Message does not exist: 1.",
    ),
    _code(403, 403, "The user may not have this."),
    _code(404, 404, "There is no such file."),
    _code(429, 429, "Too many requests."),
    _code(1001, 404, "There is no such user, or the recipient is none."),
    _code(4130, 404, "There is no such channel for this user."),
    _code(4131, 404, "There is no such message."),
    _code(4700, 400, "The token lacks a scope, or does not fit to the user."),
    _code(4711, 400, "The token lacks a scope."),
    _code(5045, 400, "A card could not be made, while a message was edited."),
    _code(5046, 400, "There is no such card."),
    _code(5301, 400, "The message could not be sent."),
    _code(5402, 400, "Only the first message of a thread can be replied to."),
    _code(5403, 400, "The account does not allow files."),
    _code(5404, 400, "There is no such file."),
    _code(5405, 400, "A card could not be made."),
    _code(5418, 400, "The user may not chat with others."),
    _code(5419, 400, "The channel is end-to-end encrypted."),
    _code(5420, 400, "The channel is archived."),
    _code(5421, 400, "The contact is blocked."),
    _code(64041, 404, "There is no such path on this host."),
)

#: What the token endpoint says.
TOKENS = (
    _code(4702, 400, "The client id or the client secret is wrong."),
    _code(4704, 400, "The client id or the client secret is wrong."),
    _code(4705, 400, "This app does not give tokens in this way."),
    _code(4717, 400, "The app has been disabled."),
    _code(4735, 400, "The app's owner is gone."),
    _code(4738, 400, "An administrator has disabled the app."),
    _code(4741, 400, "The token was revoked."),
    Row('"… client …", "… secret …"', "The client id or the client secret is wrong.", 400, None, "Invalid client_id"),
    Row('"Bad Request", "… account …"', "The account id is wrong.", 400, None, "Bad Request"),
    Row('"… grant type …"', "This app does not give tokens in this way.", 400, None, "Unsupported grant type"),
    Row('"… disabled …", "… not active …"', "The app is not active.", 400, None, "The app has been disabled"),
    Row('"… scope …"', "The app lacks a scope.", 400, None, "Invalid scope"),
    Row("anything else", "", 400, None, "No."),
)

#: What counts where Zoom gives no code, or one that is not in the table.
STATUSES = (
    Row("400", "The request is wrong.", 400),
    Row("401", "There is no token, or one that is not valid. This status goes before any code.", 401),
    Row("403", "The user may not do this.", 403),
    Row("404", "There is no such thing, or no such path.", 404),
    Row("413", "The body is too large.", 413),
    Row("415", "This kind of body is not taken.", 415),
    Row("429", "Too many requests.", 429),
    Row("500 and above", "Zoom is out of order, or something in between.", 500),
    Row("any other", "It is not one of Zoom's.", 418),
)


def _cells(row: Row, error: ZoomError, numbers: bool) -> list[str]:
    shown = [row.shown or str(row.status)] if numbers else []
    return [row.first, *shown, row.meaning, f"`{error.reason}`", error.hint or "See Zoom's own words in `msg`."]


def _table(head: t.Sequence[str], lines: t.Iterable[t.Sequence[str]]) -> str:
    rows = [head, ["---"] * len(head), *lines]
    return "".join("| " + " | ".join(cell.replace("|", r"\|") for cell in row) + " |\n" for row in rows)


def tables() -> dict[str, str]:
    """The page's tables by the names of their markers."""
    last = ("what Zoom means", "`failure.reason`", "what to do: `failure.hint`")
    return {
        "codes": _table(
            ("`failure.code`", "HTTP", *last),
            (_cells(row, error_from(row.answer, "Sending"), numbers=True) for row in CODES),
        ),
        "tokens": _table(
            ("code or words", *last), (_cells(row, oauth_error_from(row.answer), numbers=False) for row in TOKENS)
        ),
        "statuses": _table(
            ("`failure.status`", *last),
            (_cells(row, error_from(row.answer, "Sending"), numbers=False) for row in STATUSES),
        ),
    }
