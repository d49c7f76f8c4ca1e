# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: BSD-2-Clause
"""Keeps secrets out of everything that is shown, in whatever shape they would appear."""

from __future__ import annotations

import base64
import json
import re
import typing as t
from urllib.parse import quote, quote_plus

MASK = "********"

# Shorter values would mask harmless text everywhere; no secret that Zoom gives out is this short.
_SHORTEST = 8
# What looks the same in a URL, in JSON and in repr, as nearly all of Zoom's secrets do.
_SAME_EVERYWHERE = re.compile(r"[A-Za-z0-9_.~-]+")


def shapes(secret: str) -> set[str]:
    """A secret as it is, and as it looks in a URL, in JSON, in ``repr`` and in base64."""
    raw = secret.encode("utf-8", "surrogatepass")
    encoded = base64.b64encode(raw).decode()
    urlsafe = encoded.replace("+", "-").replace("/", "_")
    found = {
        secret,
        encoded,
        encoded.rstrip("="),
        urlsafe,
        urlsafe.rstrip("="),
        encoded.replace("+", "%2B").replace("/", "%2F").replace("=", "%3D"),
    }
    if not _SAME_EVERYWHERE.fullmatch(secret):
        found |= {
            quote(secret, safe="", errors="surrogatepass"),
            quote(secret, errors="surrogatepass"),
            quote_plus(secret, errors="surrogatepass"),
            json.dumps(secret)[1:-1],
            json.dumps(secret, ensure_ascii=False)[1:-1],
            repr(secret)[1:-1],
        }
    return {shape for shape in found if len(shape) >= _SHORTEST}


class Secrets:
    """The secrets of one task: those of its options, and tokens that it is given on the way."""

    def __init__(self) -> None:
        self._shapes: set[str] = set()

    def add(self, *secrets: str | None) -> None:
        for secret in secrets:
            if secret:
                self._shapes |= shapes(secret)

    def __iter__(self) -> t.Iterator[str]:
        """All shapes, longest first, so that a shape that is part of another does not leave a rest."""
        return iter(sorted(self._shapes, key=len, reverse=True))

    def scrub(self, value: t.Any) -> t.Any:
        """A copy of a result, text, list or dict, in which no secret stands."""
        return _scrubbed(value, list(self))


def _scrubbed(value: t.Any, ordered: list[str]) -> t.Any:
    if isinstance(value, str):
        for shape in ordered:
            value = value.replace(shape, MASK)
        return value
    if isinstance(value, dict):
        return {_scrubbed(key, ordered): _scrubbed(item, ordered) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_scrubbed(item, ordered) for item in value]
    return value
