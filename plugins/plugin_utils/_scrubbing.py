# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Texts on their way out: no secrets, no credentials in links, and only so long."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.teamchat.zoom.plugins.module_utils._secrets import Secrets

# Any text with a scheme before it is taken for a link; the credentials end at the last @ before the path.
_CREDENTIALS = re.compile(r"""\b([A-Za-z][A-Za-z0-9+.-]{0,30}://)[^\s/?#"'<>:@]*:[^\s/?#"'<>]*@""")
_CUT = "…"


class Scrubber:
    """Takes the secrets that it was told of out of texts."""

    def __init__(self, secrets: t.Iterable[t.Optional[str]]) -> None:
        self.secrets = Secrets()
        self.secrets.add(*secrets)

    def scrub(self, value: t.Any) -> t.Any:
        """A copy of a text, list or dict without secrets, and without credentials in links."""
        return _without_credentials(self.secrets.scrub(value))

    def head(self, text: str, limit: int) -> str:
        """The beginning of a text, scrubbed."""
        return self._bounded(text, limit, keep_end=False)

    def tail(self, text: str, limit: int) -> str:
        """The end of a text, scrubbed."""
        return self._bounded(text, limit, keep_end=True)

    def _bounded(self, text: str, limit: int, keep_end: bool) -> str:
        """Only so much is looked at that a text of many megabytes costs nothing.

        A secret that the window cuts through cannot be recognised any more: what is left of it lies at the
        window's edge, which therefore goes.
        """
        edge = max((len(shape) for shape in self.secrets), default=0)
        window = 4 * limit + 2 * edge
        if len(text) <= limit:
            return t.cast(str, self.scrub(text))
        is_cut = len(text) > window
        scrubbed: str = self.scrub(text[-window:] if keep_end else text[:window])
        if is_cut:
            scrubbed = scrubbed[edge:] if keep_end else scrubbed[: len(scrubbed) - edge]
        if not is_cut and len(scrubbed) <= limit:
            return scrubbed
        return _CUT + scrubbed[-limit:] if keep_end else scrubbed[:limit] + _CUT


def _without_credentials(value: t.Any) -> t.Any:
    if isinstance(value, str):
        return _CREDENTIALS.sub(r"\1", value) if "://" in value else value
    if isinstance(value, dict):
        return {_without_credentials(key): _without_credentials(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_without_credentials(item) for item in value]
    return value
