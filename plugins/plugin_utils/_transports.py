# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ways to Zoom: on behalf of a user, by an Incoming Webhook, or into a folder to look at."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import hmac
import itertools
import json
import os
import random
import re
import sys
import time
import typing as t

from ansible_collections.teamchat.zoom.plugins.module_utils._answers import Answer, error_from
from ansible_collections.teamchat.zoom.plugins.module_utils._bodies import json_body
from ansible_collections.teamchat.zoom.plugins.module_utils._channels import ChannelNames
from ansible_collections.teamchat.zoom.plugins.module_utils._client import JSON, Client, Session, conversation_key
from ansible_collections.teamchat.zoom.plugins.module_utils._errors import (
    InvalidRequest,
    PermissionDenied,
    ServiceFailed,
    ZoomError,
)
from ansible_collections.teamchat.zoom.plugins.module_utils._files import Attachment
from ansible_collections.teamchat.zoom.plugins.module_utils._requests import REQUESTS_IMPORT_ERROR
from ansible_collections.teamchat.zoom.plugins.module_utils._retry import Budget, BudgetExceeded, next_pause
from ansible_collections.teamchat.zoom.plugins.module_utils._state import key
from ansible_collections.teamchat.zoom.plugins.module_utils._tokens import Token, read_token, token_request
from ansible_collections.teamchat.zoom.plugins.module_utils._transport import Request, Transport
from ansible_collections.teamchat.zoom.plugins.module_utils._wanted import Wanted, moment_of
from ansible_collections.teamchat.zoom.plugins.plugin_utils import _outbox

if t.TYPE_CHECKING:
    from ansible_collections.teamchat.zoom.plugins.module_utils._connection import Connection
    from ansible_collections.teamchat.zoom.plugins.plugin_utils._callback_options import Settings
    from ansible_collections.teamchat.zoom.plugins.plugin_utils._outbox import Parcel, Step
    from ansible_collections.teamchat.zoom.plugins.plugin_utils._scrubbing import Scrubber

Target = t.Mapping[str, str]

# A message that is looked for was sent between the beginning of its step and the end of the longest
# flush_timeout, by this machine's clock, from which Zoom's may differ.
_LONGEST_DELIVERY = 660.0
_TOLERANCE = 2.0
_CLOCKS_APART = 600.0
_REPORT_TYPE = ".html"


class Way(t.Protocol):
    """What all transports can do."""

    #: The server as a key; parcels for another one are left alone.
    where: str

    def prepare(self) -> None:
        """Do while the run goes on what would take time at its end.

        :raises ZoomError: it did not work, which is no reason not to try again.
        """

    def carry_out(self, parcel: Parcel, step: Step) -> t.Optional[str]:
        """Do one step and return the id of the new message, if there is one.

        :raises ZoomError: `maybe_done` tells whether it may be done all the same.
        """

    def find(self, parcel: Parcel, step: Step) -> t.Optional[str]:
        """The id of the message that a step that has begun has made, when its end is not known; None if there is none.

        :raises PermissionDenied: it is not possible to look, now or later.
        :raises ZoomError: it was not possible to look now.
        """


def where(settings: Settings) -> str:
    """The key of the server that these settings lead to."""
    if settings.dry_run_dir:
        return key("folder", settings.dry_run_dir)
    if settings.webhook_url:
        return key("webhook", settings.webhook_url)
    connection = t.cast("Connection", settings.connection)
    return key("api", connection.api_url, connection.user_id)


def way(settings: Settings, scrubber: Scrubber, run_name: str, left: t.Callable[[], float]) -> Way:
    """The transport of these settings.

    :param run_name: what a dry run's folder is called.
    :param left: tells how many seconds a step may take now.
    :raises ZoomError: there is none without the library requests.
    """
    if settings.dry_run_dir:
        return FolderWay(os.path.join(settings.dry_run_dir, run_name), where(settings))
    if REQUESTS_IMPORT_ERROR:
        raise ServiceFailed(f"The Python library requests is missing for {sys.executable}.")
    if settings.webhook_url:
        return WebhookWay(settings, scrubber, where(settings), left)
    return ApiWay(settings, scrubber, where(settings), left)


class ApiWay:
    """Messages, threads, edits and files on behalf of a user."""

    def __init__(self, settings: Settings, scrubber: Scrubber, where: str, left: t.Callable[[], float]) -> None:
        self.where = where
        self._connection = t.cast("Connection", settings.connection)
        self._session = Session(self._connection)
        self._secrets = scrubber.secrets
        self._left = left

    def prepare(self) -> None:
        """Fetch a token, if none is kept."""
        connection, transport = self._connection, self._session.transport
        pair = f"{connection.client_id}:{connection.client_secret}"
        authorization = "Basic " + base64.b64encode(pair.encode()).decode()
        deadline = time.monotonic() + connection.timeout

        def fetch() -> Token:
            return read_token(transport.send(token_request(connection), authorization, connection.timeout, deadline))

        self._secrets.add(self._session.tokens.get(fetch, connection.timeout))

    def _client(self) -> Client:
        """A client whose patience ends when ours does."""
        left = max(0.0, self._left())
        self._session.connection = dataclasses.replace(
            self._connection,
            max_wait=min(self._connection.max_wait, left),
            timeout=min(self._connection.timeout, max(1.0, left)),
        )
        return Client(self._session, _ignore, self._secrets)

    def carry_out(self, parcel: Parcel, step: Step) -> t.Optional[str]:
        target = self._resolved(parcel.target)
        if step.do == _outbox.EDIT:
            return self._edit(parcel, step, target)
        there = {**target, **self._thread(parcel, step)}
        if step.do == _outbox.FILE:
            self._client().send_file(there, *_attachments(step))
            return None
        return self._send(step.text, there)

    def _edit(self, parcel: Parcel, step: Step, target: Target) -> str:
        message_id = t.cast(str, parcel.main_id)
        self._client().edit_message(target, message_id, step.text)
        return message_id

    def _send(self, text: t.Mapping[str, t.Any], where: Target) -> str:
        try:
            return self._client().send_message({**text, **where}, JSON).id
        except InvalidRequest as error:
            # The words count more than how they look.
            if error.maybe_done or len(text) == 1:
                raise
            return self._client().send_message({"message": text["message"], **where}, JSON).id

    def find(self, parcel: Parcel, step: Step) -> t.Optional[str]:
        begun = t.cast(float, parcel.begun)
        client = self._client()
        there = {**self._resolved(parcel.target), **self._thread(parcel, step)}
        wanted = Wanted({**step.text, **there}, tuple(_attachments(step)))
        conversation = conversation_key(self._connection, there)
        first, last = begun - _CLOCKS_APART, begun + _LONGEST_DELIVERY + _CLOCKS_APART
        for message in list(client.list_messages(there, first, last)):
            message_id = message.get("id")
            # By now an answer has told how far Zoom's clock is ahead.
            after = moment_of(message) - begun - (client.zoom_time - time.time())
            if (
                isinstance(message_id, str)
                and -_TOLERANCE < after < _LONGEST_DELIVERY
                and wanted.is_message(message, self._connection.user_id)
                # Another run may have told the same, word for word.
                and self._session.known.claim(conversation, message_id)
            ):
                return message_id
        return None

    def _thread(self, parcel: Parcel, step: Step) -> dict[str, str]:
        main_id = parcel.main_id if step.do != _outbox.SEND else None
        return {"reply_main_message_id": main_id} if main_id else {}

    def _resolved(self, target: Target) -> dict[str, str]:
        name = target.get("to_channel_name")
        if name is None:
            return dict(target)
        return {"to_channel": ChannelNames(self._client()).find(name)[0]}


def _attachments(step: Step) -> list[Attachment]:
    content = step.content.encode()
    return [Attachment(step.name, len(content), content=content)] if step.do == _outbox.FILE else []


def _ignore(_text: str) -> None:
    pass


_KIND_OF_CONNECTION = (
    "Check webhook_url, and that it goes with webhook_token where the connection was made with '/inc connect', and with"
    " webhook_secret where it was made with '/inc connect -s'."
)
# A webhook has neither tokens of Zoom's API nor scopes, so what helps there does not help here.
_WEBHOOK_HINTS = {
    400: _KIND_OF_CONNECTION,
    401: _KIND_OF_CONNECTION + " A signature also needs the clock of this machine to be right.",
    403: _KIND_OF_CONNECTION,
    404: "Check webhook_url: Zoom does not know it, or the connection was removed from the channel.",
}


class WebhookWay:
    """Cards through Zoom's Incoming Webhook app, plain or signed."""

    def __init__(self, settings: Settings, scrubber: Scrubber, where: str, left: t.Callable[[], float]) -> None:
        self.where = where
        self._settings = settings
        self._scrub = scrubber.scrub
        self._connection = t.cast("Connection", settings.connection)
        # The webhook's host takes the place of Zoom's API in the list of those who may have the token.
        url = t.cast(str, settings.webhook_url)
        self._http = Transport(dataclasses.replace(self._connection, api_url=url, oauth_url=url))
        self._left = left

    def prepare(self) -> None:
        """There is nothing to fetch."""

    def carry_out(self, parcel: Parcel, step: Step) -> t.Optional[str]:  # noqa: ARG002 (a webhook has one target)
        budget = Budget(min(self._connection.max_wait, max(0.0, self._left())))
        attempt = 0
        while True:
            attempt += 1
            try:
                self._post(step.card, budget)
            except ZoomError as error:
                if not error.transient or error.maybe_done:
                    raise
                try:
                    budget.wait(next_pause(error.retry_after, attempt, random.random))
                except BudgetExceeded:
                    raise error from None
            else:
                return None

    def find(self, parcel: Parcel, step: Step) -> t.Optional[str]:  # noqa: ARG002
        raise PermissionDenied("A webhook does not tell what it has taken.")

    def _post(self, card: t.Mapping[str, t.Any], budget: Budget) -> None:
        body = json_body(card)
        content = body.read()
        timeout = min(self._connection.timeout, max(1.0, self._left()))
        query, authorization = self._credentials(content)
        request = Request("POST", t.cast(str, self._settings.webhook_url), query, body)
        deadline = time.monotonic() + max(timeout, budget.remaining())
        answer = self._http.send(request, authorization, timeout, deadline)
        answer = dataclasses.replace(answer, scrub=self._scrub)
        if not answer.ok:
            error = error_from(answer, "Posting to the webhook")
            error.hint = _WEBHOOK_HINTS.get(answer.status, error.hint)
            raise error
        _check_webhook_answer(answer)

    def _credentials(self, content: bytes) -> tuple[dict[str, str], str]:
        """Query and Authorization; a signature covers the format, the time in ms and the exact bytes of the body."""
        settings = self._settings
        if settings.webhook_secret is None:
            return {"format": "full"}, t.cast(str, settings.webhook_token)
        timestamp = str(int(time.time() * 1000))
        signed = f"full&{timestamp}&".encode() + content
        digest = hmac.new(settings.webhook_secret.encode(), signed, hashlib.sha256).digest()
        return {"format": "full", "timestamp": timestamp}, base64.b64encode(digest).decode()


def _check_webhook_answer(answer: Answer) -> None:
    """A sign-in page of something in between also answers 200."""
    if answer.content.lstrip()[:1] == b"<":
        raise ServiceFailed(
            f"Posting to the webhook failed: HTTP {answer.status} came with {answer.excerpt()}.",
            status=answer.status,
            hint="Something between here and Zoom may have answered: check webhook_url and proxies.",
        )


class FolderWay:
    """Writes what would be sent, one file for each message, and sends nothing."""

    def __init__(self, folder: str, where: str) -> None:
        self.where = where
        self._folder = folder
        # Threads may share it: a number is taken once.
        self._numbers = itertools.count(1)

    def prepare(self) -> None:
        """There is nothing to fetch."""

    def carry_out(self, parcel: Parcel, step: Step) -> t.Optional[str]:
        target = re.sub(r"[^A-Za-z0-9@._-]", "_", next(iter(parcel.target.values()), ""))[:60]
        name = f"{next(self._numbers):02}-{step.do}" + (f"-to-{target}" if target else "")
        try:
            os.makedirs(self._folder, mode=0o700, exist_ok=True)
            if step.do == _outbox.FILE:
                self._write(name + _REPORT_TYPE, step.content)
            else:
                self._write(name + ".json", json.dumps(step.card or step.text, ensure_ascii=False, indent=2) + "\n")
            if step.text:
                self._write(name + ".txt", step.text["message"] + "\n")
        except OSError as error:
            raise ServiceFailed(f"dry_run_dir: {self._folder} cannot be written ({error.strerror}).") from error
        return name

    def _write(self, name: str, content: str) -> None:
        descriptor = os.open(os.path.join(self._folder, name), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(descriptor, "w", encoding="utf-8") as stream:
            stream.write(content)

    def find(self, parcel: Parcel, step: Step) -> t.Optional[str]:  # noqa: ARG002
        return None
