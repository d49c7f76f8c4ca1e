# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: BSD-2-Clause
"""Files that go with a message: found, named and measured before anything is sent, read only while it is sent."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
import mimetypes
import os
import stat
import typing as t

from ansible_collections.teamchat.zoom.plugins.module_utils._errors import InvalidOption

_MEGABYTE = 1024 * 1024
# Zoom's limits (descriptions of the two file endpoints in Zoom's API document): a file that is uploaded to be
# attached, a file that is a message of its own, and an image that is one.
MOST_ATTACHED = 1024 * _MEGABYTE
MOST_SENT = 20 * _MEGABYTE
MOST_SENT_IMAGE = 16 * _MEGABYTE
#: Zoom's limit for `file_ids`.
MOST_FILES = 6

_LONGEST_NAME = 255


@dataclasses.dataclass(frozen=True)
class Attachment:
    """A file under the name that it gets in Zoom, its size in bytes, and where its bytes come from."""

    name: str
    size: int
    path: str | None = None
    content: bytes | None = dataclasses.field(default=None, repr=False)

    def chunks(self, most: t.Callable[[], int]) -> t.Iterator[bytes]:
        """The file's bytes, exactly `size` of them: what is added to it meanwhile is left out.

        :param most: asked for the most bytes of the next chunk.
        :raises InvalidOption: the file has gone, or became shorter.
        """
        left = self.size
        try:
            with io.BytesIO(self.content or b"") if self.path is None else open(self.path, "rb") as stream:
                while left:
                    chunk = stream.read(min(left, most()))
                    if not chunk:
                        raise InvalidOption(f"files: {self.name} became shorter while it was read.")
                    left -= len(chunk)
                    yield chunk
        except OSError as error:
            raise InvalidOption(f"files: {self.name} can no longer be read: {error.strerror or error}.") from None

    def described(self) -> dict[str, t.Any]:
        """Name, size and hash for a result; reads the whole file once."""
        digest = hashlib.sha256()
        for chunk in self.chunks(lambda: _MEGABYTE):
            digest.update(chunk)
        return {"name": self.name, "size": self.size, "sha256": digest.hexdigest()}

    @property
    def is_image(self) -> bool:
        return (mimetypes.guess_type(self.name)[0] or "").startswith("image/")

    @property
    def content_type(self) -> str:
        return mimetypes.guess_type(self.name)[0] or "application/octet-stream"


def attachments(files: t.Sequence[t.Any], *, with_message: bool) -> list[Attachment]:
    """The files of the option `files`: paths, or dictionaries of `path` or `content`, and `name`.

    :param with_message: whether they are attached to a text; else each is a message of its own.
    :raises InvalidOption: a file is not there, has no usable name, or is larger than Zoom takes.
    """
    if with_message and len(files) > MOST_FILES:
        raise InvalidOption(f"files has {len(files)} entries; Zoom attaches {MOST_FILES} at most to one message.")
    found = []
    for number, entry in enumerate(files):
        option = f"files[{number}]"
        attachment = _attachment(option, entry)
        limit, kind = _limit(attachment, with_message)
        if attachment.size > limit:
            advice = "" if with_message else " A file that goes with msg may have 1024 MB."
            raise InvalidOption(
                f"{option} ({attachment.name}) has {attachment.size} bytes; Zoom takes {limit // _MEGABYTE} MB at"
                f" most for {kind}.{advice}"
            )
        found.append(attachment)
    return found


def _limit(attachment: Attachment, with_message: bool) -> tuple[int, str]:
    """The most bytes that Zoom takes, and of what."""
    if with_message:
        return MOST_ATTACHED, "a file with a message"
    return (MOST_SENT_IMAGE, "an image") if attachment.is_image else (MOST_SENT, "a file")


def _attachment(option: str, entry: t.Any) -> Attachment:
    if isinstance(entry, str):
        entry = {"path": entry}
    if not isinstance(entry, dict):
        raise InvalidOption(f"{option} must be a path, or a dictionary of path or content, and name; not {entry!r}.")
    unknown = sorted(set(entry) - {"path", "content", "name"})
    if unknown:
        raise InvalidOption(f"{option} has the key {unknown[0]!r}, but it may only have path, content and name.")
    path, content, name = entry.get("path"), entry.get("content"), entry.get("name")
    if (path is None) == (content is None):
        raise InvalidOption(f"{option} must have either path or content.")
    if content is not None:
        if name is None:
            raise InvalidOption(f"{option} has content, so it must have a name too.")
        # Older versions of Ansible make data of a template's text that looks like JSON.
        text = json.dumps(content, ensure_ascii=False) if isinstance(content, (dict, list)) else str(content)
        try:
            raw = text.encode("utf-8", "surrogateescape")
        except UnicodeEncodeError as error:
            raise InvalidOption(
                f"{option}.content has a character at position {error.start} that is no Unicode text."
            ) from None
        return Attachment(_name(option, name), len(raw), content=raw)
    path = os.path.expanduser(str(path))
    size = _size(option, path)
    return Attachment(_name(option, os.path.basename(path) if name is None else name), size, path=path)


def _size(option: str, path: str) -> int:
    try:
        status = os.stat(path)
        regular = stat.S_ISREG(status.st_mode)
        if regular:
            with open(path, "rb"):
                pass
    except OSError as error:
        raise InvalidOption(f"{option} is {path!r}, which cannot be read: {error.strerror or error}.") from None
    except ValueError:
        raise InvalidOption(f"{option} is {path!r}, which is no path.") from None
    if not regular:
        raise InvalidOption(f"{option} is {path!r}, which is not a regular file.")
    return status.st_size


def _name(option: str, name: t.Any) -> str:
    """A file's name as it may stand in a header and in somebody's download folder."""
    if not isinstance(name, str) or not name.strip() or name in (".", ".."):
        raise InvalidOption(f"{option}.name is {name!r}; it must be the name of a file.")
    if "/" in name or "\\" in name:
        raise InvalidOption(f"{option}.name is {name!r}; it must be a file's name without folders.")
    try:
        length = len(name.encode())
    except UnicodeEncodeError:
        raise InvalidOption(f"{option}.name is {name!r}, which is no Unicode text.") from None
    if any(ord(character) < 32 or ord(character) == 127 for character in name):
        raise InvalidOption(f"{option}.name is {name!r}; it must not contain line ends or other control characters.")
    if length > _LONGEST_NAME:
        raise InvalidOption(f"{option}.name has {length} bytes; it may have {_LONGEST_NAME}.")
    return name
