# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: BSD-2-Clause
"""What is done in Zoom so that a message is as a task wants it: send, edit, delete, or nothing."""

from __future__ import annotations

import contextlib
import typing as t

from ansible_collections.teamchat.zoom.plugins.module_utils._bodies import multipart_fields
from ansible_collections.teamchat.zoom.plugins.module_utils._channels import in_conversation
from ansible_collections.teamchat.zoom.plugins.module_utils._client import MULTIPART, Client
from ansible_collections.teamchat.zoom.plugins.module_utils._desired import CHECK_MODE_ID, Desired, desired_message
from ansible_collections.teamchat.zoom.plugins.module_utils._errors import (
    InvalidRequest,
    NetworkFailed,
    NotFound,
    PermissionDenied,
    Unconfirmed,
    ZoomError,
)
from ansible_collections.teamchat.zoom.plugins.module_utils._files import Attachment
from ansible_collections.teamchat.zoom.plugins.module_utils._text import FormattedText, normalise
from ansible_collections.teamchat.zoom.plugins.module_utils._wanted import (
    Wanted,
    files_of,
    is_missing_message,
    moment_of,
    same_cards,
)

if t.TYPE_CHECKING:
    from ansible_collections.teamchat.zoom.plugins.module_utils._module import Call

Fields = dict[str, t.Any]
Result = dict[str, t.Any]


def execute(call: Call) -> Result:
    """Make the message of a task what the task wants; in check mode find out and build all, and change nothing.

    :raises ZoomError: an option is wrong, or it could not be done; `done` holds the ids of what was sent before.
    """
    desired = desired_message(call.params, check_mode=call.check_mode)
    client = call.client()
    return in_conversation(client, desired.recipient, lambda recipient: _Task(call, client, desired, recipient).run())


class _Task:
    """One task with its recipient found."""

    def __init__(self, call: Call, client: Client, desired: Desired, recipient: dict[str, str]) -> None:
        self._call = call
        self._client = client
        self._desired = desired
        self._recipient = recipient

    def run(self) -> Result:
        if self._call.params["state"] == "absent":
            return self._delete(self._desired.message_id or "")
        if self._desired.message_id is not None:
            return self._edit(self._desired.message_id)
        if not self._desired.parts:
            return self._send_files()
        return self._send()

    # Sending

    def _send(self) -> Result:
        desired = self._desired
        standing = self._standing_messages()
        sending = _Sending(self._client, self._call.check_mode)
        files = desired.files or ()
        described = self._described(files)
        uploads: list[str] = []
        with self._told_what_was_done(sending), self._uploads_taken_back(uploads, sending.ids):
            for number, part in enumerate(desired.parts):
                thread = desired.reply_to if desired.reply_to or not number else sending.ids[0]
                attached = () if number else files
                fields = self._part_fields(part, number, thread)
                found = _take_standing(standing, Wanted(fields, tuple(attached)), self._client.connection.user_id)
                if found:
                    sending.found(found, fields)
                    continue
                if attached:
                    fields["file_ids"] = self._uploaded(attached, uploads)
                sending.send(fields, desired.body_format_for(fields), attached)
        result = sending.result(described)
        if sending.changed and "scheduled_time" in desired.fields:
            result["operation"] = "scheduled"
        if self._call.diff:
            before = [] if sending.changed else [desired.text]
            result["diff"] = _diff(before, [desired.text, *_file_lines(result["files"])] if sending.changed else before)
        return self._with_facts(result)

    def _part_fields(self, part: FormattedText, number: int, thread: str | None) -> Fields:
        fields: Fields = {"message": part.text, **self._recipient}
        if thread is not None:
            fields["reply_main_message_id"] = thread
        fields.update(part.as_fields())
        if not number:
            fields.update(self._desired.fields)
        return fields

    def _standing_messages(self) -> list[dict[str, t.Any]]:
        """What stands in the conversation since `unique_within`, oldest first; or what is scheduled for it."""
        seconds = self._desired.unique_within
        if seconds is None:
            return []
        if "scheduled_time" in self._desired.fields:
            return list(self._client.list_scheduled(self._recipient))
        where, span = self._recipient, seconds
        listed = self._client.by_zoom_time(lambda now: list(self._client.list_messages(where, now - span, now + 60.0)))
        return sorted(listed, key=moment_of)

    def _uploaded(self, files: t.Sequence[Attachment], uploads: list[str]) -> list[str]:
        """The ids of the files, uploaded unless this is check mode; each one is added to `uploads` at once."""
        if self._call.check_mode:
            return [CHECK_MODE_ID for _file in files]
        for file in files:
            uploads.append(self._client.upload_file(file))
        return list(uploads)

    @contextlib.contextmanager
    def _uploads_taken_back(self, uploads: list[str], standing: t.Sequence[str] = ()) -> t.Iterator[None]:
        """Delete uploaded files when the message that they were for was not sent.

        :param standing: the ids of the messages that stand there; the first one has the files.
        """
        try:
            yield
        except ZoomError as error:
            if not standing and not isinstance(error, Unconfirmed):
                for number, upload in enumerate(uploads):
                    try:
                        self._client.delete_file(upload)
                    except ZoomError as trouble:
                        # Each further one would wait for the network as long as this one did.
                        hopeless = trouble.given_up or isinstance(trouble, NetworkFailed)
                        left = uploads[number:] if hopeless else [upload]
                        files = f"file {upload} was" if len(left) == 1 else f"files {', '.join(left)} were"
                        self._call.warn(f"The uploaded {files} not taken back: {trouble.sentence}")
                        if hopeless:
                            break
            raise

    def _send_files(self) -> Result:
        """Files without a text: each is a message of its own."""
        desired = self._desired
        files = desired.files or ()
        described = self._described(files)
        standing = self._standing_messages()
        sending = _Sending(self._client, self._call.check_mode)
        with self._told_what_was_done(sending):
            for file in files:
                fields: Fields = dict(self._recipient)
                if desired.reply_to:
                    fields["reply_main_message_id"] = desired.reply_to
                found = _take_standing(standing, Wanted(fields, (file,)), self._client.connection.user_id)
                if found:
                    sending.found(found, fields)
                else:
                    sending.send_file(fields, file)
        result = sending.result(described)
        if self._call.diff:
            lines = _file_lines(result["files"])
            result["diff"] = _diff([] if sending.changed else lines, lines)
        return self._with_facts(result)

    def _described(self, files: t.Sequence[Attachment]) -> list[dict[str, t.Any]]:
        return [file.described() for file in files]

    @contextlib.contextmanager
    def _told_what_was_done(self, sending: _Sending) -> t.Iterator[None]:
        """An error says what was sent before it."""
        try:
            yield
        except ZoomError as error:
            error.done = list(sending.sent)
            if sending.sent:
                error.give_up(
                    f"Sent before that: {len(sending.sent)} of"
                    f" {len(self._desired.parts or self._desired.files or ())} messages ({', '.join(sending.sent)})."
                )
            raise

    # Editing

    def _edit(self, message_id: str) -> Result:
        desired = self._desired
        if message_id == CHECK_MODE_ID:
            # The message would have been sent by an earlier task of this run; what it would say is not known.
            standing: dict[str, t.Any] = {"message": ""}
        else:
            standing = self._client.get_message(self._recipient, message_id)
        text, before = desired.parts[0].text, str(standing.get("message") or "")
        if not before and files_of(standing) and message_id != CHECK_MODE_ID:
            raise InvalidRequest(
                "message_id names a message that has a file and no text; Zoom cannot edit it.",
                hint="Delete it with state=absent and send a new one.",
            )
        files_before = files_of(standing)
        files_after = files_before
        if desired.files is not None:
            files_after = sorted((file.name, file.size) for file in desired.files)
        fields: Fields = {}
        if normalise(before) != normalise(text):
            fields["message"] = text
        if files_before != files_after:
            # What an earlier task would have sent in check mode may have files.
            if not files_before and message_id != CHECK_MODE_ID:
                raise InvalidRequest(
                    "files cannot be added to this message: Zoom does not allow that for one that was sent without.",
                    hint="Send the files as a reply, with reply_main_message_id.",
                )
            # Zoom takes the text along, or it would be gone.
            fields.update(message=text, file_ids=[CHECK_MODE_ID for _file in desired.files or ()])
        cards = desired.fields.get("interactive_cards")
        if cards is not None and not same_cards(cards, standing.get("interactive_cards")):
            fields.update(message=text, interactive_cards=cards)
        if fields:
            self._check_is_own(standing, "Editing the message failed", "change")
        result: Result = {
            "changed": bool(fields),
            "operation": "edited" if fields else "unchanged",
            "id": message_id,
            "ids": [message_id],
            "message": {"message": text, **self._recipient},
            "messages": [{"message": text, **self._recipient}],
            "files": self._described(desired.files or ()),
            "attempts": 0,
            "tracking_id": None,
        }
        if self._call.diff:
            result["diff"] = _diff([before, *_names(files_before)], [text if fields else before, *_names(files_after)])
        if fields and self._call.check_mode:
            result["request"] = {
                "method": "PUT",
                "url": self._client.message_url(message_id),
                "body_format": "json",
                "fields": {**self._recipient, **fields},
            }
        elif fields:
            uploads: list[str] = []
            with self._uploads_taken_back(uploads):
                if "file_ids" in fields:
                    fields["file_ids"] = self._uploaded(desired.files or (), uploads)
                try:
                    sent = self._client.edit_message(self._recipient, message_id, fields)
                except ZoomError as error:
                    if error.maybe_done:
                        # The message may have the files.
                        uploads.clear()
                    raise
            result.update(attempts=sent.attempts, tracking_id=sent.tracking_id)
        return self._with_facts(result)

    # Deleting

    def _delete(self, message_id: str) -> Result:
        before = self._before_deletion(message_id)
        result: Result = {"attempts": 0, "tracking_id": None}
        if self._call.check_mode:
            deleted = before is not None
            if deleted:
                result["request"] = {
                    "method": "DELETE",
                    "url": self._client.message_url(message_id),
                    "body_format": None,
                    "fields": dict(self._recipient),
                }
        else:
            sent = self._client.delete_message(self._recipient, message_id)
            deleted = sent is not None
            if sent:
                result.update(attempts=sent.attempts, tracking_id=sent.tracking_id)
        result.update(
            changed=deleted,
            operation="deleted" if deleted else "unchanged",
            id=message_id,
            ids=[message_id],
            message=dict(self._recipient),
            messages=[],
            files=[],
        )
        if self._call.diff:
            lines = [str((before or {}).get("message") or ""), *_names(files_of(before or {}))]
            result["diff"] = _diff(lines if deleted else [], [])
        return result

    def _before_deletion(self, message_id: str) -> dict[str, t.Any] | None:
        """The message that is to go, as far as check mode or a diff needs to know it."""
        if message_id == CHECK_MODE_ID:
            return {}
        if not (self._call.check_mode or self._call.diff):
            return None
        try:
            standing = self._client.get_message(self._recipient, message_id)
        except NotFound as error:
            if is_missing_message(error):
                return None
            raise
        self._check_is_own(standing, "Deleting the message failed", "delete")
        return standing

    def _check_is_own(self, standing: Fields, failed: str, do: str) -> None:
        """Check mode fails where Zoom would; Zoom names senders by address, so only an address can be compared."""
        sender, user_id = standing.get("sender"), self._client.connection.user_id
        if "@" in user_id and isinstance(sender, str) and sender and sender.lower() != user_id.lower():
            raise PermissionDenied(
                f"{failed}: it was sent by {sender}, and Zoom lets only its sender {do} a message.",
                hint="Check message_id, and that user_id names the sender.",
            )

    def _with_facts(self, result: Result) -> Result:
        fact = {
            "id": result["id"],
            "ids": result["ids"],
            "user_id": self._client.connection.user_id,
            **self._recipient,
        }
        return {**result, "ansible_facts": {"zoom_chat_message": fact}}


class _Sending:
    """The messages that a task sends one after the other, or in check mode would send."""

    def __init__(self, client: Client, check_mode: bool) -> None:
        self._client = client
        self._check_mode = check_mode
        #: The messages that stand there now, found or sent; in check mode those that would.
        self.ids: list[str] = []
        #: Those of them that were sent.
        self.sent: list[str] = []
        self.changed = False
        self._messages: list[Fields] = []
        self._requests: list[dict[str, t.Any]] = []
        self._attempts = 0
        self._tracking_id: str | None = None

    def found(self, message_id: str, fields: Fields) -> None:
        """A message that stands there already."""
        self.ids.append(message_id)
        self._messages.append(fields)

    def send(self, fields: Fields, body_format: str, files: t.Sequence[Attachment]) -> None:
        # Sending, the client finds out by itself.
        shown_format = self._client.body_format_now(body_format) if self._check_mode else body_format
        self._do(
            fields,
            self._client.messages_url,
            shown_format,
            multipart_fields(fields) if shown_format == MULTIPART else fields,
            lambda: self._client.send_message(fields, body_format, files),
        )

    def send_file(self, fields: Fields, file: Attachment) -> None:
        shown = {**fields, "files": file.name}
        self._do(fields, self._client.file_messages_url, MULTIPART, shown, lambda: self._client.send_file(fields, file))

    def _do(self, fields: Fields, url: str, body_format: str, shown: Fields, send: t.Callable[[], t.Any]) -> None:
        if self._check_mode:
            self.ids.append(CHECK_MODE_ID)
            self._requests.append({"method": "POST", "url": url, "body_format": body_format, "fields": shown})
        else:
            sent = send()
            self.ids.append(sent.id)
            self.sent.append(sent.id)
            self._attempts += sent.attempts
            self._tracking_id = sent.tracking_id
        self.changed = True
        self._messages.append(fields)

    def result(self, files: list[dict[str, t.Any]]) -> Result:
        result: Result = {
            "changed": self.changed,
            "operation": "sent" if self.changed else "unchanged",
            "id": self.ids[0],
            "ids": self.ids,
            "message": self._messages[0],
            "messages": self._messages,
            "files": files,
            "attempts": self._attempts,
            "tracking_id": self._tracking_id,
        }
        if self._requests:
            result.update(request=self._requests[0], requests=self._requests)
        return result


def _take_standing(standing: list[dict[str, t.Any]], wanted: Wanted, user_id: str) -> str | None:
    """The id of the oldest message that is the wanted one, cards included; it is not taken for a further part."""
    scheduled = wanted.scheduled_time is not None
    for message in standing:
        message_id = message.get("draft_id" if scheduled else "id")
        if scheduled:
            # Zoom lists no cards of what is scheduled.
            same = wanted.is_draft(message)
        else:
            cards = wanted.fields.get("interactive_cards")
            same = wanted.is_message(message, user_id) and same_cards(cards, message.get("interactive_cards"))
        if isinstance(message_id, str) and same:
            standing.remove(message)
            return message_id
    return None


def _names(files: t.Iterable[tuple[str, int]]) -> list[str]:
    return [f"[file] {name} ({size} bytes)" for name, size in files]


def _file_lines(files: t.Iterable[dict[str, t.Any]]) -> list[str]:
    return [f"[file] {file['name']} ({file['size']} bytes, sha256 {file['sha256']})" for file in files]


def _diff(before: t.Sequence[str], after: t.Sequence[str]) -> dict[str, str]:
    """Ansible's diff, which wants every text to end in a line end."""
    texts = {"before": before, "after": after}
    return {
        "before_header": "message",
        "after_header": "message",
        **{name: "".join(f"{line}\n" for line in lines if line) for name, lines in texts.items()},
    }
