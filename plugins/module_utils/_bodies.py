# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: BSD-2-Clause
"""The shapes in which a request's fields travel: multipart/form-data, with or without a file, and JSON."""

from __future__ import annotations

import io
import json
import time
import typing as t

from ansible_collections.teamchat.zoom.plugins.module_utils._requests import encode_multipart_formdata

if t.TYPE_CHECKING:
    from ansible_collections.teamchat.zoom.plugins.module_utils._files import Attachment

_CHUNK = 65536
# Bytes a second that a line makes at least; what a body takes longer for counts as waiting.
_SLOWEST_LINE = 65536.0


class Body:
    """The bytes of a request, which know whether they have begun to leave, and how long they took.

    A request of which no byte was taken cannot have been carried out, whatever went wrong; that is how a
    failed connection is told from a lost answer. Files are read as they are sent.
    """

    def __init__(self, content: bytes | t.Sequence[bytes | Attachment], content_type: str) -> None:
        self.content_type = content_type
        self.begun = False
        #: Seconds between the first and the last byte that were taken; over all attempts, until it is set back.
        self.leaving = 0.0
        self._taken_at = 0.0
        self._pieces = [content] if isinstance(content, bytes) else list(content)
        self._size = -1
        self._chunks = self._read_pieces()

    def __len__(self) -> int:
        return sum(len(piece) if isinstance(piece, bytes) else piece.size for piece in self._pieces)

    def __iter__(self) -> t.Iterator[bytes]:
        # requests takes an object with __iter__ for a stream, and then calls read().
        return iter(lambda: self.read(_CHUNK), b"")

    def read(self, size: int = -1) -> bytes:
        now = time.monotonic()
        if self.begun:
            self.leaving += now - self._taken_at
        self.begun = True
        self._taken_at = now
        self._size = size
        return next(self._chunks, b"")

    @property
    def on_the_way(self) -> float:
        """Seconds that were no waiting, because the bytes were leaving."""
        return min(self.leaving, len(self) / _SLOWEST_LINE)

    def rewind(self) -> None:
        """To be called before each attempt."""
        self.begun = False
        self._chunks.close()
        self._chunks = self._read_pieces()

    def _read_pieces(self) -> t.Generator[bytes, None, None]:
        """As many bytes at a time as were asked for last, at most."""
        for piece in self._pieces:
            if isinstance(piece, bytes):
                stream = io.BytesIO(piece)
                while chunk := stream.read(self._size):
                    yield chunk
            else:
                # A file is never read as a whole.
                yield from piece.chunks(lambda: self._size if self._size > 0 else _CHUNK)


def multipart_fields(fields: t.Mapping[str, t.Any]) -> dict[str, str]:
    """The fields as multipart/form-data carries them: texts as they are, lists as a JSON string."""
    return {
        name: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        for name, value in fields.items()
    }


def multipart_body(fields: t.Mapping[str, t.Any]) -> Body:
    """multipart/form-data in UTF-8."""
    return Body(*encode_multipart_formdata(multipart_fields(fields)))


def file_body(fields: t.Mapping[str, str], field: str, attachment: Attachment) -> Body:
    """multipart/form-data with a file, byte for byte, that is not held in memory.

    The library builds everything but the file's part, because it would read the whole file first.
    """
    encoded, content_type = encode_multipart_formdata({**fields, "": ""})
    boundary = content_type.partition("boundary=")[2].encode()
    # The empty field is the last part, whose place the file takes.
    before, _separator, _last = encoded.rpartition(b"--" + boundary + b"\r\n")
    # RFC 7578 leaves names to RFC 2183's quoted strings, in UTF-8; Zoom refuses names that are not quoted.
    quoted = attachment.name.replace("\\", "\\\\").replace('"', '\\"')
    header = (
        f'Content-Disposition: form-data; name="{field}"; filename="{quoted}"\r\n'
        f"Content-Type: {attachment.content_type}\r\n\r\n"
    )
    start = before + b"--" + boundary + b"\r\n" + header.encode()
    return Body([start, attachment, b"\r\n--" + boundary + b"--\r\n"], content_type)


def json_body(fields: t.Mapping[str, t.Any]) -> Body:
    return Body(json.dumps(fields, ensure_ascii=False).encode(), "application/json; charset=utf-8")
