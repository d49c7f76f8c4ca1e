# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: BSD-2-Clause
"""The Zoom Team Chat client: one method for each endpoint, and what holds for all of them.

What a caller can rely on:

* All that a task waits, for retries, rate limits, the throttle and other tasks, fits into its `Budget`.
* A request that cannot have been carried out is sent again: connection refused, DNS, TLS set-up, 429.
* A request that may have been carried out is sent again only when that does no harm. Sending a message
  does harm: the client looks for the message first, and when it cannot look it raises `Unconfirmed`.
* A reply to a message that was sent moments ago waits until Zoom knows that message.
* A rejected token is replaced once, and so is one that lacks a scope which the app may have got since.
* Every error is a `ZoomError`.
"""

from __future__ import annotations

import base64
import dataclasses
import functools
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
from ansible_collections.teamchat.zoom.plugins.module_utils._bodies import Body, file_body, json_body, multipart_body
from ansible_collections.teamchat.zoom.plugins.module_utils._errors import (
    AuthenticationFailed,
    InvalidRequest,
    NotFound,
    PermissionDenied,
    RateLimited,
    ServiceFailed,
    Unconfirmed,
    ZoomError,
)
from ansible_collections.teamchat.zoom.plugins.module_utils._known import KnownMessages
from ansible_collections.teamchat.zoom.plugins.module_utils._retry import Budget, BudgetExceeded, next_pause
from ansible_collections.teamchat.zoom.plugins.module_utils._state import StateFolder, key
from ansible_collections.teamchat.zoom.plugins.module_utils._throttle import Slot, Throttle
from ansible_collections.teamchat.zoom.plugins.module_utils._tokens import (
    Token,
    Tokens,
    read_token,
    token_request,
)
from ansible_collections.teamchat.zoom.plugins.module_utils._transport import Request, Transport
from ansible_collections.teamchat.zoom.plugins.module_utils._urls import path_segment
from ansible_collections.teamchat.zoom.plugins.module_utils._wanted import (
    Fields,
    Wanted,
    is_missing_message,
    moment_of,
)

if t.TYPE_CHECKING:
    from ansible_collections.teamchat.zoom.plugins.module_utils._connection import Connection
    from ansible_collections.teamchat.zoom.plugins.module_utils._files import Attachment
    from ansible_collections.teamchat.zoom.plugins.module_utils._secrets import Secrets

_T = t.TypeVar("_T")

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
# What Zoom says of a token without the scopes that a request needs.
_MISSING_SCOPES = (4700, 4711)
# The most replies that Zoom gives of a thread at once.
_THREAD_LIMIT = 100
# By how much the clocks of Zoom's machines may differ. The server's clock, read off a header that leaves out
# fractions of a second, is taken for earlier than it is, so that the header needs no tolerance of its own.
_CLOCK_TOLERANCE = 1.0
# Clocks that differ by less find the same messages: a list ends a minute from now.
_CLOCKS_AGREE = 30.0
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
        self.known = KnownMessages(self.state)

    @functools.cached_property
    def throttle(self) -> Throttle:
        """Made when it is needed: only messages to channels are."""
        return Throttle(self.state, self._warn_task)

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
        self._gave_up = False
        secrets.add(*self._connection.secrets)

    # Endpoints

    def send_message(self, fields: Fields, body_format: str, files: t.Sequence[Attachment] = ()) -> Sent:
        """POST /chat/users/{userId}/messages: exactly one message, or an error.

        :param fields: Zoom's own names; texts, and lists.
        :param body_format: MULTIPART falls back to JSON where the server refuses multipart as such.
        :param files: what is attached by `file_ids`, for recognising the message.
        :raises Unconfirmed: it cannot be told whether the message was sent.
        """
        if self.body_format_now(body_format) == MULTIPART:
            body, fallback = multipart_body(fields), functools.partial(json_body, fields)
        else:
            body, fallback = json_body(fields), None
        wanted = Wanted(fields, tuple(files))
        return self._send_once(self.messages_url, body, "Sending the message", wanted, fallback)

    def send_file(self, fields: Fields, attachment: Attachment) -> Sent:
        """POST /chat/users/{userId}/messages/files: a file that is a message of its own.

        :param fields: the recipient, and the thread if there is one.
        :raises Unconfirmed: it cannot be told whether the file was sent.
        """
        body = file_body(fields, "files", attachment)
        wanted = Wanted(fields, (attachment,))
        return self._send_once(self.file_messages_url, body, f"Sending the file {attachment.name!r}", wanted)

    def upload_file(self, attachment: Attachment) -> str:
        """POST /chat/users/{userId}/files: the id of a file to be attached; nobody sees it until then."""
        url = f"{self._connection.files_url}/chat/users/{self._user}/files"
        # Zoom's default would post the file to the sender's own chat too.
        request = Request("POST", url, {"postToPersonalChat": "false"}, file_body({}, "file", attachment))
        doing = f"Uploading the file {attachment.name!r}"
        answer, content = self._call(request, doing, repeatable=True)
        return _new_id(answer, content, doing)

    def delete_file(self, file_id: str) -> None:
        """DELETE /chat/files/{fileId}."""
        url = f"{self._connection.api_url}/chat/files/{path_segment(file_id)}"
        self._call(Request("DELETE", url), "Taking back an uploaded file", repeatable=True)

    def get_message(self, where: Fields, message_id: str) -> dict[str, t.Any]:
        """GET /chat/users/{userId}/messages/{messageId}.

        :param where: `to_channel` or `to_contact`.
        :raises NotFound: it does not exist, or no longer.
        """
        request = Request("GET", self.message_url(message_id), _recipient(where))
        _answer, content = self._known_message(request, "Reading the message", where, message_id)
        if not isinstance(content.get("id"), str):
            raise ServiceFailed(
                "Reading the message failed: the answer has no message.",
                hint="Check api_url, proxies and sign-in pages.",
            )
        return content

    def edit_message(self, where: Fields, message_id: str, fields: Fields) -> Sent:
        """PUT /chat/users/{userId}/messages/{messageId}.

        :raises ZoomError: `maybe_done` tells whether the message may have been edited all the same.
        """
        attempts = _Counter()
        request = Request("PUT", self.message_url(message_id), body=json_body({**_recipient(where), **fields}))
        try:
            answer, _content = self._known_message(request, "Editing the message", where, message_id, attempts)
        except ZoomError as error:
            # A later attempt that was refused does not undo an earlier one.
            error.maybe_done = error.maybe_done or attempts.unclear
            raise
        return Sent(message_id, attempts.value, answer.tracking_id)

    def delete_message(self, where: Fields, message_id: str) -> Sent | None:
        """DELETE /chat/users/{userId}/messages/{messageId}; None when there is no such message.

        :raises NotFound: the conversation does not exist, or Zoom does not know a message yet that was just sent.
        """
        attempts = _Counter()
        request = Request("DELETE", self.message_url(message_id), _recipient(where))
        try:
            answer, _content = self._known_message(request, "Deleting the message", where, message_id, attempts)
        except NotFound as error:
            if not is_missing_message(error):
                raise
            # After an answer that got lost, the message is gone because this task has deleted it.
            if attempts.unclear:
                return Sent(message_id, attempts.value, error.tracking_id)
            return None
        self._session.known.forget(self._conversation(where), message_id)
        return Sent(message_id, attempts.value, answer.tracking_id)

    def list_messages(self, where: Fields, since: float, until: float, **query: str) -> t.Iterator[dict[str, t.Any]]:
        """GET /chat/users/{userId}/messages, all pages; newest first, as Zoom lists them.

        :param where: `to_channel` or `to_contact`.
        :param since: seconds since the epoch, by Zoom's clock; so is `until`.
        :param query: Zoom's further parameters.
        """
        span = {"from": _zoom_time(since), "to": _zoom_time(until), "page_size": "50"}
        return self._pages(self.messages_url, {**_recipient(where), **span, **query}, "Listing messages", "messages")

    def list_scheduled(self, where: Fields) -> t.Iterator[dict[str, t.Any]]:
        """GET /chat/messages/schedule, all pages."""
        url = f"{self._connection.api_url}/chat/messages/schedule"
        return self._pages(url, {**_recipient(where), "page_size": "50"}, "Listing scheduled messages", "messages")

    def thread(self, where: Fields, message_id: str, since: float) -> list[dict[str, t.Any]]:
        """GET /chat/users/{userId}/messages/{messageId}/thread: the main message, then replies, oldest first.

        Zoom has no pages here: each further request begins where the one before ended.
        """
        query = {
            **_recipient(where),
            "limit": str(_THREAD_LIMIT),
            "sort": "asc",
            "need_main_message": "true",
            "need_attachment": "true",
            "need_rich_text": "true",
            "need_at_items": "true",
            "need_emoji": "true",
        }
        found: dict[str, dict[str, t.Any]] = {}
        while True:
            query["from"] = _zoom_time(since)
            request = Request("GET", f"{self.message_url(message_id)}/thread", query)
            _answer, content = self._known_message(request, "Reading the thread", where, message_id)
            messages = [message for message in _list_of(content, "messages") if isinstance(message.get("msg_id"), str)]
            replies = [message for message in messages if message.get("is_reply")]
            fresh = [message for message in messages if message["msg_id"] not in found]
            found.update({message["msg_id"]: message for message in fresh})
            if len(replies) < _THREAD_LIMIT or not fresh:
                return list(found.values())
            since = moment_of(replies[-1])

    def list_channels(self) -> t.Iterator[dict[str, t.Any]]:
        """GET /chat/users/{userId}/channels, all pages: the channels that the user is a member of."""
        url = f"{self._connection.api_url}/chat/users/{self._user}/channels"
        return self._pages(url, {"page_size": "200"}, "Listing channels", "channels")

    def get_channel(self, channel_id: str) -> dict[str, t.Any]:
        """GET /chat/channels/{channelId}."""
        url = f"{self._connection.api_url}/chat/channels/{path_segment(channel_id)}"
        return self._call(Request("GET", url), "Reading the channel", repeatable=True)[1]

    @property
    def connection(self) -> Connection:
        return self._connection

    @property
    def state(self) -> StateFolder:
        return self._session.state

    @property
    def zoom_time(self) -> float:
        """Now by Zoom's clock, as far as it is known, in seconds since the epoch."""
        return time.time() + (self._session.transport.clock_ahead or 0.0)

    def by_zoom_time(self, read: t.Callable[[float], _T]) -> _T:
        """What is read for a span that depends on what time it is, which the reading is given.

        Before the first answer our clock has to do. When the answers tell that it is wrong, what was read may lack
        the newest messages, or all of them, and is read once more.
        """
        ahead = self._session.transport.clock_ahead or 0.0
        found = read(time.time() + ahead)
        if abs((self._session.transport.clock_ahead or 0.0) - ahead) > _CLOCKS_AGREE:
            found = read(self.zoom_time)
        return found

    @property
    def messages_url(self) -> str:
        """Where `send_message` posts to."""
        return f"{self._connection.api_url}/chat/users/{self._user}/messages"

    @property
    def file_messages_url(self) -> str:
        """Where `send_file` posts to."""
        return f"{self._connection.files_url}/chat/users/{self._user}/messages/files"

    def message_url(self, message_id: str) -> str:
        return f"{self.messages_url}/{path_segment(message_id)}"

    def body_format_now(self, body_format: str) -> str:
        """In which format `send_message` begins: a server that is known to refuse multipart gets JSON."""
        return JSON if body_format == MULTIPART and self._refused_multipart() else body_format

    @property
    def _user(self) -> str:
        return path_segment(self._connection.user_id)

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
            slot = self._take_slot(channel, doing, attempts) if channel else None
            try:
                answer = self._send(request, "Bearer " + token, attempts)
            except ZoomError as error:
                if slot and not error.maybe_done:
                    # What never reached Zoom fills no window of Zoom's.
                    self._session.throttle.release(slot)
                raise
            if slot:
                self._session.throttle.answered(slot)
            try:
                return answer, read_object(answer, doing, may_be_empty=request.method in ("PUT", "DELETE"))
            except (AuthenticationFailed, PermissionDenied) as error:
                if renewed or not self._is_tokens_fault(error, token) or not self._session.tokens.renewable(token):
                    raise
                renewed = True
                return attempt()
            except RateLimited as error:
                if channel and error.transient:
                    # The other forks need not find out for themselves.
                    self._session.throttle.blocked(self._channel_key(channel), error.retry_after or 1.0)
                raise

        return self._repeat(attempt, repeatable, attempts)

    def _is_tokens_fault(self, error: ZoomError, token: str) -> bool:
        """Whether the same request may succeed with another token."""
        # Zoom's document has code 124 with HTTP 400 for some endpoints.
        if isinstance(error, AuthenticationFailed) and (error.status == 401 or error.code == 124):
            return True
        return error.code in _MISSING_SCOPES and self._session.tokens.may_lack_new_scopes(token)

    def _send_once(
        self, url: str, body: Body, doing: str, wanted: Wanted, fallback: t.Callable[[], Body] | None = None
    ) -> Sent:
        """Send a message, and find out whether it was sent when that is not clear.

        :param fallback: makes the body in another format, for a server that refuses the first format as such.
        """
        started = time.time()
        attempts = _Counter()
        channel = wanted.fields.get("to_channel")
        # What is scheduled does not count in the channel's windows before its time.
        throttled = None if wanted.scheduled_time else channel
        fell_back = taken = False
        while True:
            request = Request("POST", url, body=body)
            try:
                answer, content = self._call(request, doing, repeatable=False, attempts=attempts, channel=throttled)
                message_id = _new_id(answer, content, doing)
            except ZoomError as error:
                if error.given_up:
                    raise
                if fallback and not fell_back and _speaks_of_the_body(error):
                    body = fallback()
                    fell_back = True
                    continue
                if self._answers_a_fresh_message(error, wanted.fields):
                    self._pause(error, attempts, _FRESH_PAUSE)
                    continue
                if not error.maybe_done:
                    raise
                found = self._look_for(wanted, started, error)
                if found:
                    return Sent(found, attempts.value, error.tracking_id)
                self._pause(error, attempts)
            else:
                if fell_back:
                    self._remember_multipart_refused()
                is_ours = self._session.known.sent(self._conversation(wanted.fields), message_id)
                if is_ours or taken:
                    return Sent(message_id, attempts.value, answer.tracking_id)
                # Before this answer came, another task looked for a message with the same words, and took this one
                # for it. So its own is still missing, or stands there as well. Once: a server that gives all messages
                # one id would be sent another each time.
                taken = True
                unknown = ServiceFailed(f"{doing} failed: another task took the message for its own.", maybe_done=True)
                found = self._look_for(wanted, started, unknown)
                if found:
                    return Sent(found, attempts.value, answer.tracking_id)

    def _known_message(
        self, request: Request, doing: str, where: Fields, message_id: str, attempts: _Counter | None = None
    ) -> tuple[Answer, dict[str, t.Any]]:
        """`_call` for something about one message, patient with one that was sent moments ago."""
        attempts = attempts or _Counter()
        while True:
            try:
                return self._call(request, doing, repeatable=True, attempts=attempts)
            except NotFound as error:
                if self._session.known.age(self._conversation(where), message_id) >= _FRESH_SECONDS:
                    raise
                self._pause(error, attempts, _FRESH_PAUSE)

    def _pages(self, url: str, query: dict[str, str], doing: str, name: str) -> t.Iterator[dict[str, t.Any]]:
        """What all pages of a list hold under a name."""
        seen: set[str] = set()
        while True:
            _answer, content = self._call(Request("GET", url, dict(query)), doing, repeatable=True)
            yield from _list_of(content, name)
            token = content.get("next_page_token")
            # A token that comes twice would go round for ever.
            if not isinstance(token, str) or not token or token in seen:
                return
            seen.add(token)
            query["next_page_token"] = token

    def _token(self) -> str:
        def fetch() -> Token:
            attempts = _Counter()
            request = token_request(self._connection)
            app = f"{self._connection.client_id}:{self._connection.client_secret}"
            basic = base64.b64encode(app.encode()).decode()
            self._secrets.add(basic)
            try:
                return self._repeat(lambda: read_token(self._send(request, "Basic " + basic, attempts)), True, attempts)
            except ZoomError as error:
                # Without a token nothing else was sent, and all attempts that fit have been made.
                error.maybe_done = error.transient = False
                raise

        token = self._session.tokens.get(fetch, max(_SHORTEST_TIMEOUT, self._budget.remaining()))
        self._secrets.add(token)
        return token

    def _send(self, request: Request, authorization: str, attempts: _Counter) -> Answer:
        timeout = self._connection.timeout
        # The first attempt gets the whole time-out, except for what is cleared up when the task has given up.
        if attempts.value or self._gave_up:
            timeout = max(_SHORTEST_TIMEOUT, self._budget.cap(timeout))
        attempts.value += 1
        deadline = time.monotonic() + max(timeout, self._budget.remaining())
        try:
            answer = self._session.transport.send(request, authorization, timeout, deadline)
        finally:
            # The way of a large file is no waiting; to connect, and to be without an answer, is.
            if request.body is not None:
                self._budget.extend(request.body.on_the_way)
        return dataclasses.replace(answer, scrub=self._secrets.scrub)

    def _repeat(self, attempt: t.Callable[[], _T], repeatable: bool, attempts: _Counter) -> _T:
        while True:
            try:
                return attempt()
            except ZoomError as error:
                attempts.unclear |= error.maybe_done
                if error.given_up or not error.transient or (error.maybe_done and not repeatable):
                    raise
                self._pause(error, attempts)

    def _pause(self, error: ZoomError, attempts: _Counter, seconds: float | None = None) -> None:
        """Wait before the next attempt, or raise the error when that would take too long."""
        if seconds is None:
            seconds = next_pause(error.retry_after, attempts.value, random.random)
        try:
            self._budget.wait(seconds)
        except BudgetExceeded:
            raise self._given_up(error, attempts, seconds) from None
        attempts.waited_after = error

    def _given_up(self, error: ZoomError, attempts: _Counter, seconds: float) -> ZoomError:
        """The error, saying that the next attempt would take too long."""
        self._gave_up = True
        error.retry_after = round(seconds, 1)
        error.given_up = True
        error.give_up(
            f"Given up after {attempts}: waiting {describe_seconds(seconds)} more would exceed max_wait"
            f" ({self._connection.max_wait:g} s)."
        )
        return error

    # The send windows of a channel

    def _channel_key(self, channel: str) -> str:
        return key(self._connection.api_url, _channel_id(channel))

    def _take_slot(self, channel: str, doing: str, attempts: _Counter) -> Slot:
        cause, attempts.waited_after = attempts.waited_after, None
        try:
            return self._session.throttle.take(self._channel_key(channel), self._budget)
        except BudgetExceeded as exceeded:
            if cause:
                # The limit alone would not tell why the message has not long been sent.
                raise self._given_up(cause, attempts, exceeded.needed) from exceeded
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
        return isinstance(at, float) and 0 <= time.time() - at < _JSON_REMEMBERED

    def _remember_multipart_refused(self) -> None:
        self._session.state.write(self._refusal_name, {"at": time.time()})

    # Messages whose sending ended unknown

    def _conversation(self, fields: Fields) -> str:
        return conversation_key(self._connection, fields)

    def _answers_a_fresh_message(self, error: ZoomError, fields: Fields) -> bool:
        """Whether Zoom refused a reply because it does not know the main message yet, which was just sent."""
        main = fields.get("reply_main_message_id")
        return (
            main is not None
            and (error.code == _NO_MAIN_MESSAGE or isinstance(error, NotFound))
            and self._session.known.age(self._conversation(fields), main) < _FRESH_SECONDS
        )

    def _look_for(self, wanted: Wanted, started: float, unknown: ZoomError) -> str | None:
        """The id of the message if it stands in Zoom after all, None if it does not.

        :raises Unconfirmed: it is not possible to look.
        """
        find = self._find_draft if wanted.scheduled_time else self._find_message
        for pause in _LOOKS:
            try:
                self._budget.wait(pause)
                found = find(wanted, started)
            except (BudgetExceeded, ZoomError) as error:
                raise _unconfirmed(unknown, error, wanted) from error
            if found:
                return found
        return None

    def _find_message(self, wanted: Wanted, started: float) -> str | None:
        """The oldest message since the start that can only be the wanted one."""
        # Before the first answer our clock has to do.
        ahead = self._session.transport.clock_ahead or 0.0
        listed = list(self.list_messages(wanted.fields, started + ahead - _CLOCK_TOLERANCE, time.time() + ahead + 60.0))
        # The answers to this look have told the difference.
        since = started + (self._session.transport.clock_ahead or 0.0) - _CLOCK_TOLERANCE
        candidates = [
            message
            for message in listed
            if wanted.is_message(message, self._connection.user_id) and moment_of(message) >= since
        ]
        ids = [message.get("id") for message in sorted(candidates, key=moment_of)]
        return self._first_unclaimed(wanted, ids)

    def _find_draft(self, wanted: Wanted, _started: float) -> str | None:
        drafts = [draft for draft in self.list_scheduled(wanted.fields) if wanted.is_draft(draft)]
        return self._first_unclaimed(wanted, [draft.get("draft_id") for draft in drafts])

    def _first_unclaimed(self, wanted: Wanted, ids: t.Iterable[t.Any]) -> str | None:
        conversation = self._conversation(wanted.fields)
        for message_id in ids:
            if isinstance(message_id, str) and self._session.known.claim(conversation, message_id):
                return message_id
        return None


def conversation_key(connection: Connection, recipient: Fields) -> str:
    """What the state folder knows a conversation by.

    :param recipient: has `to_channel` or `to_contact`.
    """
    channel, contact = recipient.get("to_channel") or "", recipient.get("to_contact") or ""
    return key(connection.api_url, _channel_id(channel), contact)


def _channel_id(channel: str) -> str:
    """The id of a channel that is named by its id or its JID, which has a host behind the id."""
    return channel.partition("@conference.")[0]


class _Counter:
    """Counts the attempts of one piece of work, and whether one of them may have done it unnoticed."""

    def __init__(self) -> None:
        self.value = 0
        self.unclear = False
        #: What the next attempt has been waited for after, None for a first one.
        self.waited_after: ZoomError | None = None

    def __str__(self) -> str:
        return f"{self.value} attempt{'' if self.value == 1 else 's'}"


def _new_id(answer: Answer, content: Fields, doing: str) -> str:
    """The id of what was made."""
    new_id = content.get("id")
    if not isinstance(new_id, str) or not new_id:
        raise ServiceFailed(
            f"{doing} failed: HTTP {answer.status} came without an id.",
            status=answer.status,
            tracking_id=answer.tracking_id,
            maybe_done=True,
            transient=True,
        )
    return new_id


def _list_of(content: Fields, name: str) -> list[dict[str, t.Any]]:
    """The objects of a list in an answer; anything else in it is left out."""
    found = content.get(name)
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def _recipient(where: Fields) -> dict[str, str]:
    return {name: where[name] for name in ("to_channel", "to_contact") if where.get(name)}


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


def _unconfirmed(unknown: ZoomError, looking: Exception, wanted: Wanted) -> Unconfirmed:
    if isinstance(looking, ZoomError):
        why = f"looking for it failed too: {looking.sentence}"
    else:
        why = "there is no time left of max_wait to look for it."
    where, scope = "the conversation", "team_chat:read:list_user_messages:admin (classic chat_message:read:admin)"
    if wanted.scheduled_time:
        where = "the scheduled messages"
        scope = "team_chat:read:list_scheduled_messages (classic chat_message:read)"
    return Unconfirmed(
        f"It is not known whether the message was sent: {unknown.sentence.rstrip('.')}; {why}",
        status=unknown.status,
        code=unknown.code,
        message=unknown.message,
        tracking_id=unknown.tracking_id,
        hint=f"Look into {where} before you send it again. With the scope {scope} the module finds out itself.",
        maybe_done=True,
    )


def _zoom_time(moment: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(moment))
