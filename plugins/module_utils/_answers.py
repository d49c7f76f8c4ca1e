# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: BSD-2-Clause
"""What Zoom's answers mean: an answer becomes the JSON object it holds, or an error with a hint.

The codes, statuses and texts are those of Zoom's own API document
(https://developers.zoom.us/docs/api/team-chat/) and of its OAuth documentation
(https://developers.zoom.us/docs/integrations/oauth/); where Zoom documents nothing the HTTP status decides.
"""

from __future__ import annotations

import dataclasses
import json
import re
import time
import typing as t

from ansible_collections.teamchat.zoom.plugins.module_utils._errors import (
    AuthenticationFailed,
    InvalidRequest,
    NotFound,
    PermissionDenied,
    RateLimited,
    ServiceFailed,
    ZoomError,
)
from ansible_collections.teamchat.zoom.plugins.module_utils._retry import http_date, retry_after

# What is quoted of an answer that cannot be understood.
_QUOTED = 120
# Zoom's own words are quoted whole, as long as they are a sentence or two; `failure` always has all of them.
_LONGEST_WORDS = 1000


Scrub = t.Callable[[str], str]


def _as_it_is(text: str) -> str:
    return text


@dataclasses.dataclass(frozen=True)
class Answer:
    """One complete HTTP answer. The header names are lower case."""

    status: int
    headers: t.Mapping[str, str]
    content: bytes
    #: Takes secrets out of what is quoted, before it is shortened: half a secret could not be recognised any more.
    scrub: Scrub = dataclasses.field(default=_as_it_is, repr=False, compare=False)

    @property
    def tracking_id(self) -> str | None:
        return self.headers.get("x-zm-trackingid")

    @property
    def retry_after(self) -> float | None:
        """Seconds after which the answer asks to come back; a date goes by the server's clock, where that is told."""
        now = http_date(self.headers.get("date", ""))
        return retry_after(self.headers.get("retry-after"), time.time() if now is None else now)

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    def parsed(self) -> t.Any:
        """The body as JSON, None where it is none."""
        try:
            return json.loads(self.content.decode("utf-8-sig"))
        except (ValueError, RecursionError):
            return None

    def excerpt(self) -> str:
        """The body for a human, shortened and in one line."""
        text = _printable(self.scrub(self.content.decode("utf-8", "replace"))[: 8 * _QUOTED])
        if "html" in self.headers.get("content-type", "").lower() or text.lstrip()[:1] == "<":
            title = re.search(r"<title[^>]*>(.*?)</title>", text, re.IGNORECASE | re.DOTALL)
            text = re.sub(
                r"<(style|script)\b.*?(</\1>|$)|<[^>]*>",
                " ",
                title.group(1) if title else text,
                flags=re.DOTALL,
            )
            text = f"an HTML page, {' '.join(text.split())}"
        text = " ".join(text.split())
        if not text:
            return "an empty body"
        return text if len(text) <= _QUOTED else text[: _QUOTED - 1] + "…"


_MEMBER = (
    "Check the id (Team Chat shows it in the channel's link), and that the user named by user_id is a member of the"
    " channel: Zoom says that a channel does not exist to those who are not."
)
_USER = (
    "Check user_id, and to_contact, who must be in the sender's contact list: an e-mail address, or an id of Zoom's."
)
_SCOPES = (
    "Add the missing scope to the app in the Zoom App Marketplace (for sending: team_chat:write:user_message:admin,"
    " or classic chat_message:write:admin; user-managed apps the same without ':admin'), then activate the app again"
    " or have the user authorise it again: older tokens keep their scopes."
)
_ME = (
    "A Server-to-Server OAuth app should name the sender: set user_id to an e-mail address or user id instead of 'me'."
)
_REJECTED = (
    "The token is wrong, expired (user tokens live one hour) or revoked: give a fresh access_token, or use"
    " Server-to-Server OAuth, which fetches its own."
)
# Zoom says no in JSON; what is in between may say it in any way.
_BETWEEN = "Something between here and Zoom may have answered instead: check {}, proxies and sign-in pages."

_CARD = "Check the card's JSON, and that the app that sends it is the app that the card belongs to."

# Zoom's code → the error it is and what the user can do; the same code means the same in all chat endpoints.
_CODES: dict[int, tuple[type[ZoomError], str | None]] = {
    124: (AuthenticationFailed, _REJECTED),
    200: (
        PermissionDenied,
        "The user named by user_id may not do this: check the membership in the channel, who may post in it, and that"
        " the app's owner has a role with the permission 'Chat Messages: Edit'. " + _ME,
    ),
    300: (InvalidRequest, "Zoom did not accept a value; its own words above say which."),
    1001: (NotFound, _USER),
    4130: (NotFound, _MEMBER),
    4131: (NotFound, "Check the message id, and that to_channel or to_contact is where the message stands."),
    4700: (PermissionDenied, _SCOPES + " With a user's own token user_id must be 'me'."),
    4711: (PermissionDenied, _SCOPES),
    5045: (InvalidRequest, _CARD),
    5046: (InvalidRequest, "The message has no card of this card_id: leave card_id out to add a card."),
    5301: (
        InvalidRequest,
        "Zoom gives no closer reason. Check that the recipient exists, that the sender may post there, and that the"
        " mentions lie inside the text.",
    ),
    5402: (
        InvalidRequest,
        "reply_main_message_id must be the first message of a thread in the same conversation, not a reply; a message"
        " can be answered about a second after it was sent.",
    ),
    5403: (PermissionDenied, "An administrator can allow file transfer in the account's Team Chat settings."),
    5404: (InvalidRequest, "An uploaded file, or a scheduled message, is gone: run the task again."),
    5405: (InvalidRequest, _CARD),
    5418: (
        PermissionDenied,
        "An administrator has to enable chat for this user, or allow chat with people outside.",
    ),
    5419: (
        InvalidRequest,
        "Zoom's API cannot post to channels with end-to-end encryption: use another channel.",
    ),
    5420: (InvalidRequest, "Take the channel out of the archive, or use another one."),
    5421: (PermissionDenied, "The sender has blocked this contact, or the other way round."),
    64041: (NotFound, "Zoom does not know this path: check api_url, which must end in '/v2'."),
}

_STATUSES: dict[int, tuple[type[ZoomError], str | None]] = {
    400: (InvalidRequest, None),
    401: (AuthenticationFailed, _REJECTED),
    403: (PermissionDenied, _SCOPES),
    404: (NotFound, "Check api_url, which must end in '/v2', and the ids."),
    413: (InvalidRequest, "The request is too large for Zoom."),
    415: (InvalidRequest, "Zoom does not accept this kind of body."),
}

# OAuth's codes (4700–4741) and its `reason` words, told apart for what the user has to mend.
_OAUTH_CLIENT = "client_id or client_secret is wrong: copy both again from the app's page 'App Credentials'."
_OAUTH_ACCOUNT = (
    "account_id is wrong, or the app belongs to another account: copy it from the app's page 'App Credentials'."
)
_OAUTH_DISABLED = "The app is not active: open it in the Zoom App Marketplace and choose 'Activate your app'."
_OAUTH_GRANT = (
    "The app is not of the type 'Server-to-Server OAuth': create one of that type in the Zoom App Marketplace."
)
_OAUTH_HINTS: tuple[tuple[str, type[ZoomError], str], ...] = (
    (r"disabled|deactivat|not active|inactive", AuthenticationFailed, _OAUTH_DISABLED),
    (r"scope", PermissionDenied, _SCOPES),
    (r"grant[ _]type", AuthenticationFailed, _OAUTH_GRANT),
    # A wrong account is told with no more than these two words.
    (r"account|^bad request\W*$", AuthenticationFailed, _OAUTH_ACCOUNT),
    (r"client|secret", AuthenticationFailed, _OAUTH_CLIENT),
)
_OAUTH_CODES: dict[int, str] = {
    4702: _OAUTH_CLIENT,
    4704: _OAUTH_CLIENT,
    4705: _OAUTH_GRANT,
    4717: _OAUTH_DISABLED,
    4735: "The user who owns the app has left the account: create the app anew under another user.",
    4738: "An administrator has disabled the app: ask for its approval in the Zoom App Marketplace.",
    4741: "The token was revoked: authorise the app again.",
}


def read_object(answer: Answer, doing: str, *, may_be_empty: bool = False) -> dict[str, t.Any]:
    """The JSON object of a successful answer; an empty one where there is no body (204).

    :param doing: what was asked for, as in "sending the message", for the error's sentence.
    :param may_be_empty: whether nothing is asked of the answer but its status, so that any success may have no body.
    :raises ZoomError: Zoom said no, or what came is not an answer of Zoom's.
    """
    if not answer.ok:
        raise error_from(answer, doing)
    if answer.status == 204 or (may_be_empty and not answer.content.strip()):
        return {}
    body = answer.parsed()
    if not isinstance(body, dict):
        raise _not_an_answer(answer, doing)
    # Some of Zoom's endpoints answer 200 with an error in the body; code 0 is success.
    if body.get("code") and "message" in body and "id" not in body:
        raise error_from(answer, doing)
    return body


def _not_an_answer(answer: Answer, doing: str) -> ServiceFailed:
    return ServiceFailed(
        f"{doing} failed: HTTP {answer.status} came with something that is not an answer of Zoom's:"
        f" {answer.excerpt()}.",
        status=answer.status,
        tracking_id=answer.tracking_id,
        hint=_BETWEEN.format("api_url"),
        maybe_done=True,
        transient=True,
    )


def error_from(answer: Answer, doing: str) -> ZoomError:
    """The error that an unsuccessful answer stands for, never raising itself, whatever the body holds."""
    body = answer.parsed()
    body = body if isinstance(body, dict) else {}
    code = _integer(body.get("code"))
    said = body.get("message") or body.get("errorMessage") or body.get("reason") or body.get("error")
    message = _text(said, answer.scrub)
    errors = _field_errors(body.get("errors"), answer.scrub)
    details: dict[str, t.Any] = {
        "status": answer.status,
        "code": code,
        "message": message,
        "errors": errors,
        "tracking_id": answer.tracking_id,
    }
    if answer.status == 429 or code == 429:
        return _rate_limited(answer, doing, details)
    if answer.status >= 500:
        words = _words(message, errors) or answer.excerpt()
        return ServiceFailed(
            f"{doing} failed: Zoom answered HTTP {answer.status}: {words}.",
            **details,
            retry_after=answer.retry_after,
            hint="The fault is on Zoom's side, or of something in between; https://status.zoom.us shows known ones.",
            maybe_done=True,
            transient=True,
        )
    kind, hint = _STATUSES.get(answer.status, (ServiceFailed, None))
    if not body:
        is_empty = not answer.content.strip()
        if answer.status in (401, 403) and not is_empty:
            hint = _BETWEEN.format("api_url")
        if answer.status not in _STATUSES or is_empty:
            said = "with an empty body" if is_empty else f"with {answer.excerpt()}"
            return kind(f"{doing} failed: Zoom answered HTTP {answer.status} {said}.", **details, hint=hint)
        return kind(f"{doing} failed: HTTP {answer.status}, {answer.excerpt()}.", **details, hint=hint)
    if code in _CODES:
        kind, hint = _CODES[code]
    if answer.status == 401:
        kind, hint = AuthenticationFailed, _REJECTED
    elif kind is InvalidRequest and message and re.search(r"(message|channel) does not exist", message, re.IGNORECASE):
        kind, hint = NotFound, _CODES[4131][1]
    numbers = f"HTTP {answer.status}" + (f", code {code}" if code is not None else "")
    return kind(
        f"{doing} failed: {_words(message, errors) or 'Zoom gave no reason'} ({numbers}).",
        **details,
        hint=hint,
    )


def oauth_error_from(answer: Answer) -> ZoomError:
    """The error of a refused token request, with what has to be mended."""
    error = error_from(answer, "Fetching a token")
    if isinstance(error, (RateLimited, ServiceFailed)) and not answer.ok:
        return error
    body = answer.parsed()
    body = body if isinstance(body, dict) else {}
    # `reason` is the more telling of the two words that Zoom's token endpoint gives.
    names = ("reason", "message", "errorMessage", "error_description", "error")
    said = [_text(body.get(name), answer.scrub) for name in names]
    words = next((word for word in said if word), None)
    kind: type[ZoomError] = AuthenticationFailed
    hint = f"{_OAUTH_CLIENT} {_OAUTH_ACCOUNT}"
    if not body and answer.content.strip():
        hint = _BETWEEN.format("oauth_url")
    known = _OAUTH_CODES.get(error.code or 0)
    if known:
        hint = known
    else:
        for pattern, matched_kind, matched_hint in _OAUTH_HINTS:
            if words and re.search(pattern, words, re.IGNORECASE):
                kind, hint = matched_kind, matched_hint
                break
    numbers = f"HTTP {answer.status}" + (f", code {error.code}" if error.code is not None else "")
    return kind(
        f"Zoom gave no token: {_words(words, []) or answer.excerpt()} ({numbers}).",
        status=answer.status,
        code=error.code,
        message=words,
        tracking_id=answer.tracking_id,
        hint=hint,
    )


def _rate_limited(answer: Answer, doing: str, details: dict[str, t.Any]) -> RateLimited:
    seconds = answer.retry_after
    message = details["message"]
    daily = answer.headers.get("x-ratelimit-type", "").lower() == "daily-limit" or bool(
        message and re.search(r"\bdaily\b", message)
    )
    when = f"; come back in {describe_seconds(seconds)}" if seconds is not None else ""
    limit = "the account's daily limit of this API is used up" if daily else "too many requests"
    return RateLimited(
        f"{doing} failed: Zoom answered HTTP 429, {limit}{when}.",
        retry_after=seconds,
        # A daily limit is not waited for, however long the task may wait.
        transient=not daily,
        hint="All apps of a Zoom account share its limits. Post less often, or one summary instead of a message for"
        " each host (run_once).",
        **details,
    )


def describe_seconds(seconds: float) -> str:
    """A span of time for a human: '8 s', '4 min', '7 h 30 min'."""
    if seconds < 120:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    if minutes < 120:
        return f"{minutes} min"
    return f"{minutes // 60} h" + (f" {minutes % 60} min" if minutes % 60 else "")


def _words(message: str | None, errors: t.Sequence[dict[str, str]]) -> str:
    """Zoom's words without the full stop at their end, with the fields that a failed validation names."""
    said = " ".join((message or "").split()).rstrip(".")
    fields = "; ".join(
        " ".join(f"{error['field']}: {error['message']}".strip(": ").split()).rstrip(".") for error in errors
    )
    words = ": ".join(part for part in (said, fields) if part)
    return words if len(words) <= _LONGEST_WORDS else words[: _LONGEST_WORDS - 1] + "…"


def _integer(value: t.Any) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,9}", value):
        return int(value)
    return value if isinstance(value, int) and abs(value) < 10**9 else None


def _text(value: t.Any, scrub: Scrub) -> str | None:
    text = _printable(scrub(value)) if isinstance(value, str) else ""
    return text if text.strip() else None


def _printable(text: str) -> str:
    """Without what a terminal would obey, and without halves of characters, which nothing can print."""
    return "".join(c if c.isprintable() or c.isspace() else "\ufffd" for c in text)


def _field_errors(value: t.Any, scrub: Scrub) -> list[dict[str, str]]:
    """The list of a failed validation in one shape: each entry with `field` and `message`."""
    found = []
    for entry in value if isinstance(value, list) else []:
        if isinstance(entry, dict):
            found.append({key: _text(entry.get(key), scrub) or "" for key in ("field", "message")})
        elif text := _text(entry, scrub):
            found.append({"field": "", "message": text})
    return found
