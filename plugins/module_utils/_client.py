# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: BSD-2-Clause
"""The Zoom Team Chat client: one method for each endpoint, and what holds for all of them.

What a caller can rely on:

* All that a task waits, for retries, rate limits, the throttle and other tasks, fits into its `Budget`.
* A request that cannot have been carried out is sent again: connection refused, DNS, TLS set-up, 429.
* A request that may have been carried out is sent again only when that does no harm. Sending a message
  does harm: the client looks for the message first, and when it cannot look it raises `Unconfirmed`.
* A reply to a message that was sent moments ago waits until Zoom knows that message.
* A rejected token is replaced once.
* Every error is a `ZoomError`.
"""

from __future__ import annotations

import base64
import dataclasses
import os
import random
import re
import time
import typing as t

from ansible_collections.teamchat.zoom.plugins.module_utils._answers import (
    Answer,
    describe_seconds,
    read_object,
)
from ansible_collections.teamchat.zoom.plugins.module_utils._bodies import json_body, multipart_body
from ansible_collections.teamchat.zoom.plugins.module_utils._errors import (
    AuthenticationFailed,
    InvalidRequest,
    NotFound,
    RateLimited,
    ServiceFailed,
    Unconfirmed,
    ZoomError,
)
from ansible_collections.teamchat.zoom.plugins.module_utils._known import KnownMessages
from ansible_collections.teamchat.zoom.plugins.module_utils._retry import Budget, BudgetExceeded, backoff
from ansible_collections.teamchat.zoom.plugins.module_utils._state import StateFolder, key
from ansible_collections.teamchat.zoom.plugins.module_utils._text import normalise
from ansible_collections.teamchat.zoom.plugins.module_utils._throttle import Slot, Throttle
from ansible_collections.teamchat.zoom.plugins.module_utils._tokens import (
    Token,
    Tokens,
    read_token,
    token_request,
)
from ansible_collections.teamchat.zoom.plugins.module_utils._transport import Request, Transport
from ansible_collections.teamchat.zoom.plugins.module_utils._urls import path_segment

if t.TYPE_CHECKING:
    from ansible_collections.teamchat.zoom.plugins.module_utils._connection import Connection
    from ansible_collections.teamchat.zoom.plugins.module_utils._secrets import Secrets

_T = t.TypeVar("_T")
Fields = t.Mapping[str, t.Any]

MULTIPART = "multipart"
JSON = "json"

# Seconds before each look for a message whose sending ended unknown: Zoom shows a new message after about a
# second, and later when it is busy.
_LOOKS = (1.0, 1.5, 2.5)
# Zoom takes about a second before it knows a new message; until then it says of a reply to it that the message
# does not exist, or that it is no main message.
_NO_MAIN_MESSAGE = 5402
_FRESH_SECONDS = 10.0
_FRESH_PAUSE = 0.5
# By how much the clocks of Zoom's machines may differ. The server's clock, read off a header that leaves out
# fractions of a second, is taken for earlier than it is, so that the header needs no tolerance of its own.
_CLOCK_TOLERANCE = 1.0
# A server that refused multipart is asked again after this time: it may have learned it.
_JSON_REMEMBERED = 7 * 86400.0
_SHORTEST_TIMEOUT = 1.0


@dataclasses.dataclass(frozen=True)
class Sent:
    """A message that stands in Zoom now."""

    id: str
    #: How many requests it took.
    attempts: int
    tracking_id: str | None


class Session:
    """What tasks with the same connection share: the HTTP session, the token, and the state folder."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.warn: t.Callable[[str], None] = _ignore
        self.state = StateFolder(connection.state_dir, self._warn_task)
        self.transport = Transport(connection)
        self.tokens = Tokens(connection, self.state)
        self.throttle = Throttle(self.state, self._warn_task)
        self.known = KnownMessages(self.state)

    def _warn_task(self, text: str) -> None:
        """Warn the current task: a session outlives the one that it was made for."""
        self.warn(text)


def _ignore(_text: str) -> None:
    pass


_sessions: dict[Connection, Session] = {}
# A child must not go on with its parent's sockets.
os.register_at_fork(after_in_child=_sessions.clear)


def shared_session(connection: Connection) -> Session:
    """The session of this connection in this process: the items of a loop share one."""
    if connection not in _sessions:
        _sessions[connection] = Session(connection)
    return _sessions[connection]


class Client:
    """Zoom Team Chat on behalf of one user, for one task.

    :param warn: called with a sentence for the user.
    :param secrets: told of every secret that comes up, tokens included.
    """

    def __init__(self, session: Session, warn: t.Callable[[str], None], secrets: Secrets) -> None:
        session.warn = warn
        self._session = session
        self._connection = session.connection
        self._secrets = secrets
        self._budget = Budget(self._connection.max_wait)
        self._basic = (
            "Basic "
            + base64.b64encode(f"{self._connection.client_id}:{self._connection.client_secret}".encode()).decode()
        )
        secrets.add(*self._connection.secrets, self._basic.split()[1])

    # Endpoints

    def send_message(self, fields: Fields, body_format: str) -> Sent:
        """POST /chat/users/{userId}/messages: exactly one message, or an error.

        :param fields: Zoom's own names; texts, and lists of dicts.
        :param body_format: MULTIPART falls back to JSON where the server refuses multipart as such.
        :raises Unconfirmed: it cannot be told whether the message was sent.
        """
        started = time.time()
        attempts = _Counter()
        fell_back = False
        if body_format == MULTIPART and self._refused_multipart():
            body_format = JSON
        while True:
            body = multipart_body(fields) if body_format == MULTIPART else json_body(fields)
            request = Request("POST", self.messages_url, body=body)
            try:
                answer, content = self._call(
                    request,
                    "Sending the message",
                    repeatable=False,
                    attempts=attempts,
                    channel=fields.get("to_channel"),
                )
                message_id = _message_id(answer, content)
            except ZoomError as error:
                if body_format == MULTIPART and _speaks_of_the_body(error):
                    body_format = JSON
                    fell_back = True
                    continue
                if self._answers_a_fresh_message(error, fields):
                    self._pause(error, attempts, _FRESH_PAUSE)
                    continue
                if not error.maybe_done:
                    raise
                found = self._look_for(fields, started, error)
                if found:
                    return Sent(found, attempts.value, error.tracking_id)
                self._pause(error, attempts)
            else:
                if fell_back:
                    self._remember_multipart_refused()
                self._session.known.claim(self._conversation(fields), message_id)
                return Sent(message_id, attempts.value, answer.tracking_id)

    def list_messages(self, where: Fields, since: float, until: float) -> t.Iterator[dict[str, t.Any]]:
        """GET /chat/users/{userId}/messages, all pages; newest first, as Zoom lists them.

        :param where: `to_channel` or `to_contact`.
        :param since: seconds since the epoch, by Zoom's clock; so is `until`.
        """
        query = {
            **{name: where[name] for name in ("to_channel", "to_contact") if where.get(name)},
            "from": _zoom_time(since),
            "to": _zoom_time(until),
            "page_size": "50",
        }
        pages: set[str] = set()
        while True:
            _answer, content = self._call(Request("GET", self.messages_url, query), "Listing messages", repeatable=True)
            messages = content.get("messages")
            yield from (
                (message for message in messages if isinstance(message, dict)) if isinstance(messages, list) else ()
            )
            token = content.get("next_page_token")
            # A token that comes twice would go round for ever.
            if not isinstance(token, str) or not token or token in pages:
                return
            pages.add(token)
            query["next_page_token"] = token

    @property
    def messages_url(self) -> str:
        """Where `send_message` posts to."""
        return f"{self._connection.api_url}/chat/users/{path_segment(self._connection.user_id)}/messages"

    # What holds for all endpoints

    def _call(
        self,
        request: Request,
        doing: str,
        *,
        repeatable: bool,
        attempts: _Counter | None = None,
        channel: str | None = None,
    ) -> tuple[Answer, dict[str, t.Any]]:
        """Send a request with the user's token, as often as it does no harm.

        :param doing: the error's beginning, as in "Sending the message".
        :param repeatable: whether the request may be carried out twice.
        :param attempts: counts the requests, over several calls if need be.
        :param channel: the channel whose send windows the request counts in.
        :raises ZoomError: the last failure, when no further attempt is possible.
        """
        attempts = attempts or _Counter()
        renewed = False

        def attempt() -> tuple[Answer, dict[str, t.Any]]:
            nonlocal renewed
            token = self._token()
            slot = self._take_slot(channel, doing) if channel else None
            answer = self._send(request, "Bearer " + token, attempts)
            if slot:
                self._session.throttle.answered(slot)
            try:
                return answer, read_object(answer, doing)
            except AuthenticationFailed as error:
                # Zoom's document has code 124 with HTTP 400 for some endpoints.
                rejected = error.status == 401 or error.code == 124
                if not rejected or renewed or not self._session.tokens.renewable(token):
                    raise
                renewed = True
                return attempt()
            except RateLimited as error:
                if channel and error.transient:
                    # The other forks need not find out for themselves.
                    self._session.throttle.blocked(self._channel_key(channel), error.retry_after or 1.0)
                raise

        return self._repeat(attempt, repeatable, attempts)

    def _token(self) -> str:
        def fetch() -> Token:
            attempts = _Counter()
            request = token_request(self._connection)
            return self._repeat(lambda: read_token(self._send(request, self._basic, attempts)), True, attempts)

        token = self._session.tokens.get(fetch, max(_SHORTEST_TIMEOUT, self._budget.remaining()))
        self._secrets.add(token)
        return token

    def _send(self, request: Request, authorization: str, attempts: _Counter) -> Answer:
        timeout = self._connection.timeout
        if attempts.value:
            timeout = max(_SHORTEST_TIMEOUT, self._budget.cap(timeout))
        attempts.value += 1
        deadline = time.monotonic() + max(timeout, self._budget.remaining())
        return self._session.transport.send(request, authorization, timeout, deadline)

    def _repeat(self, attempt: t.Callable[[], _T], repeatable: bool, attempts: _Counter) -> _T:
        while True:
            try:
                return attempt()
            except ZoomError as error:
                if not error.transient or (error.maybe_done and not repeatable):
                    raise
                self._pause(error, attempts)

    def _pause(self, error: ZoomError, attempts: _Counter, seconds: float | None = None) -> None:
        """Wait before the next attempt, or raise the error when that would take too long."""
        if seconds is None:
            seconds = error.retry_after
        if seconds is None:
            seconds = backoff(attempts.value, random.random)
        try:
            self._budget.wait(seconds)
        except BudgetExceeded:
            error.retry_after = round(seconds, 1)
            error.give_up(
                f"Given up after {attempts}: waiting {describe_seconds(seconds)} more would exceed max_wait"
                f" ({self._connection.max_wait:g} s)."
            )
            raise error from None

    # The send windows of a channel

    def _channel_key(self, channel: str) -> str:
        return key(self._connection.api_url, channel)

    def _take_slot(self, channel: str, doing: str) -> Slot:
        try:
            return self._session.throttle.take(self._channel_key(channel), self._budget)
        except BudgetExceeded as exceeded:
            raise RateLimited(
                f"{doing} failed: Zoom's limit of messages for the channel is reached; the next one can go in"
                f" {describe_seconds(exceeded.needed)}, longer than what is left of max_wait"
                f" ({self._connection.max_wait:g} s). It was not sent.",
                retry_after=round(exceeded.needed, 1),
                hint="Zoom allows 10 messages in 1 s, 30 in 10 s, 60 in 100 s and 450 in 1000 s for each channel. Raise"
                " max_wait, or post one summary instead of a message for each host (run_once).",
            ) from exceeded

    # Servers that refuse multipart

    @property
    def _refusal_name(self) -> str:
        return "multipart-refused-" + key(self._connection.api_url)

    def _refused_multipart(self) -> bool:
        at = (self._session.state.read(self._refusal_name) or {}).get("at")
        return isinstance(at, (int, float)) and 0 <= time.time() - at < _JSON_REMEMBERED

    def _remember_multipart_refused(self) -> None:
        self._session.state.write(self._refusal_name, {"at": time.time()})

    # Messages whose sending ended unknown

    def _conversation(self, fields: Fields) -> str:
        return key(self._connection.api_url, fields.get("to_channel") or "", fields.get("to_contact") or "")

    def _answers_a_fresh_message(self, error: ZoomError, fields: Fields) -> bool:
        """Whether Zoom refused a reply because it does not know the main message yet, which was just sent."""
        main = fields.get("reply_main_message_id")
        return (
            main is not None
            and (error.code == _NO_MAIN_MESSAGE or isinstance(error, NotFound))
            and self._session.known.age(self._conversation(fields), main) < _FRESH_SECONDS
        )

    def _look_for(self, fields: Fields, started: float, unknown: ZoomError) -> str | None:
        """The id of the message if it stands in Zoom after all, None if it does not.

        :raises Unconfirmed: it is not possible to look.
        """
        for pause in _LOOKS:
            try:
                self._budget.wait(pause)
                found = self._find(fields, started)
            except (BudgetExceeded, ZoomError) as error:
                raise _unconfirmed(unknown, error) from error
            if found:
                return found
        return None

    def _find(self, fields: Fields, started: float) -> str | None:
        """The oldest message since the start that can only be the one that these fields were sent for."""
        # Before the first answer our clock has to do.
        ahead = self._session.transport.clock_ahead or 0.0
        listed = list(self.list_messages(fields, started + ahead - _CLOCK_TOLERANCE, time.time() + ahead + 60.0))
        # The answers to this look have told the difference.
        since = started + (self._session.transport.clock_ahead or 0.0) - _CLOCK_TOLERANCE
        candidates = [
            message
            for message in listed
            if _is_sent(message, fields, self._connection.user_id) and _moment(message) >= since
        ]
        for message in sorted(candidates, key=_moment):
            message_id = message.get("id")
            if isinstance(message_id, str) and self._session.known.claim(self._conversation(fields), message_id):
                return message_id
        return None


class _Counter:
    """Counts the attempts of one piece of work."""

    def __init__(self) -> None:
        self.value = 0

    def __str__(self) -> str:
        return f"{self.value} attempt{'' if self.value == 1 else 's'}"


def _message_id(answer: Answer, content: Fields) -> str:
    message_id = content.get("id")
    if not isinstance(message_id, str) or not message_id:
        raise ServiceFailed(
            f"Sending the message failed: HTTP {answer.status} came without the id of a message.",
            status=answer.status,
            tracking_id=answer.tracking_id,
            maybe_done=True,
            transient=True,
        )
    return message_id


def _speaks_of_the_body(error: ZoomError) -> bool:
    """Whether a refusal is about multipart as such: then nothing was sent.

    A refusal of the message itself has a code of Zoom's; 300 is also used for a body that cannot be read.
    """
    if not isinstance(error, InvalidRequest) or error.maybe_done:
        return False
    if error.status == 415:
        return True
    if error.status != 400:
        return False
    words = " ".join([error.message or "", *(entry["message"] for entry in error.errors)])
    return error.code is None or (
        error.code == 300 and bool(re.search(r"\b(body|json|multipart|content[- ]type)\b", words, re.IGNORECASE))
    )


def _unconfirmed(unknown: ZoomError, looking: Exception) -> Unconfirmed:
    if isinstance(looking, ZoomError):
        why = f"looking for it failed too: {looking.sentence}"
    else:
        why = "there is no time left of max_wait to look for it."
    return Unconfirmed(
        f"It is not known whether the message was sent: {unknown.sentence.rstrip('.')}; {why}",
        status=unknown.status,
        code=unknown.code,
        message=unknown.message,
        tracking_id=unknown.tracking_id,
        hint="Look into the conversation before you send it again. With the scope"
        " team_chat:read:list_user_messages:admin (classic chat_message:read:admin) the module finds out itself.",
        maybe_done=True,
    )


def _is_sent(message: Fields, fields: Fields, user_id: str) -> bool:
    """Whether a listed message has the text, thread and sender of the one that these fields describe."""
    text = message.get("message")
    if not isinstance(text, str) or normalise(text) != normalise(fields.get("message") or ""):
        return False
    if _bare_id(message.get("reply_main_message_id")) != _bare_id(fields.get("reply_main_message_id")):
        return False
    sender = message.get("sender")
    # Zoom names the sender by e-mail address; with an id or 'me' there is nothing to compare with.
    return "@" not in user_id or not isinstance(sender, str) or not sender or sender.lower() == user_id.lower()


def _bare_id(message_id: t.Any) -> str:
    """Zoom writes message ids with and without braces."""
    return str(message_id or "").strip("{}").upper()


def _moment(message: Fields) -> float:
    """When a listed message was sent, in seconds since the epoch by Zoom's clock; now if it does not say."""
    timestamp = message.get("timestamp")
    return timestamp / 1000 if isinstance(timestamp, (int, float)) else time.time()


def _zoom_time(moment: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(moment))
