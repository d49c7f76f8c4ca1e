# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: BSD-2-Clause
"""The two shapes in which a request's fields travel: multipart/form-data and JSON."""

from __future__ import annotations

import json
import typing as t

from ansible_collections.teamchat.zoom.plugins.module_utils._requests import requests


class Body:
    """The bytes of a request, which know whether they have begun to leave.

    A request of which no byte was taken cannot have been carried out, whatever went wrong; that is how a
    failed connection is told from a lost answer.
    """

    def __init__(self, content: bytes, content_type: str) -> None:
        self.content_type = content_type
        self.begun = False
        self._content = content
        self._position = 0

    def __len__(self) -> int:
        return len(self._content)

    def __iter__(self) -> t.Iterator[bytes]:
        # requests takes an object with __iter__ for a stream, and then calls read().
        return iter(lambda: self.read(65536), b"")

    def read(self, size: int = -1) -> bytes:
        self.begun = True
        end = len(self._content) if size < 0 else self._position + size
        chunk = self._content[self._position : end]
        self._position += len(chunk)
        return chunk

    def rewind(self) -> None:
        """To be called before each attempt."""
        self.begun = False
        self._position = 0


def multipart_fields(fields: t.Mapping[str, t.Any]) -> dict[str, str]:
    """The fields as multipart/form-data carries them: texts as they are, lists as a JSON string."""
    return {
        name: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        for name, value in fields.items()
    }


def multipart_body(fields: t.Mapping[str, t.Any]) -> Body:
    """multipart/form-data in UTF-8."""
    prepared = requests.Request(
        "POST",
        "https://zoom.invalid/",
        files={name: (None, value) for name, value in multipart_fields(fields).items()},
    ).prepare()
    return Body(t.cast(bytes, prepared.body), prepared.headers["Content-Type"])


def json_body(fields: t.Mapping[str, t.Any]) -> Body:
    return Body(json.dumps(fields, ensure_ascii=False).encode(), "application/json; charset=utf-8")
