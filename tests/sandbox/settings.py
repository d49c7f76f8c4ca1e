# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the sandbox behaves; every setting can be changed while it runs."""

from __future__ import annotations

import dataclasses
import typing as t

from . import validation

WINDOWS = [[10, 1, 10], [30, 10, 30], [60, 100, 60], [450, 1000, 300]]
"""Zoom's limits for the messages of one channel: how many, in how many seconds, then blocked for how many."""


@dataclasses.dataclass
class Settings:
    multipart: str = "accept"
    """What a multipart message meets: ``accept``, ``415``, ``empty-400``, or ``300-json`` (400 code 300)."""
    max_length: int = 1024
    """Characters of a message."""
    max_upload: int = 1024**3
    """Bytes of an uploaded file; files that are sent as a message have Zoom's 20 MB (images 16 MB)."""
    token_ttl: float = 3600
    windows: t.Any = "enforce"
    """``enforce`` (Zoom's own), ``off``, or a list of [count, seconds, seconds blocked]."""
    visible_after: float = 0
    """Seconds until a new message is seen by reads and may be edited, deleted or replied to."""
    latency: float = 0
    """Seconds before each answer."""
    trim: bool = True
    """Cut white space at the end of messages, as Zoom does."""
    entities: bool = False
    """Write ``&``, ``<`` and ``>`` of messages as HTML entities when they are read back."""
    files_redirect: bool = True
    """Send uploads on to the storage host."""
    files_allowed: bool = True
    server_to_server_me: bool = True
    """Take ``me`` for the app's owner in Server-to-Server OAuth; Zoom's sources disagree here."""
    filler_channels: int = 0
    """Channels more, so that lists have several pages."""

    @property
    def channel_windows(self) -> list[list[float]]:
        if self.windows == "off":
            return []
        return t.cast("list[list[float]]", WINDOWS if self.windows == "enforce" else self.windows)


_SECONDS = {"type": "number", "minimum": 0}
SCHEMA: dict[str, t.Any] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "multipart": {"enum": ["accept", "415", "empty-400", "300-json"]},
        "max_length": {"type": "integer", "minimum": 1},
        "max_upload": {"type": "integer", "minimum": 1},
        "token_ttl": _SECONDS,
        "windows": {
            "anyOf": [
                {"enum": ["enforce", "off"]},
                {
                    "type": "array",
                    "items": {"type": "array", "items": _SECONDS, "minItems": 3, "maxItems": 3},
                },
            ]
        },
        "visible_after": _SECONDS,
        "latency": _SECONDS,
        "trim": {"type": "boolean"},
        "entities": {"type": "boolean"},
        "files_redirect": {"type": "boolean"},
        "files_allowed": {"type": "boolean"},
        "server_to_server_me": {"type": "boolean"},
        "filler_channels": {"type": "integer", "minimum": 0},
    },
}


def changed(settings: Settings, changes: t.Any) -> Settings:
    """Return the settings with changes applied; InvalidValue where a change makes no sense."""
    validation.require(SCHEMA, changes)
    return dataclasses.replace(settings, **changes)
