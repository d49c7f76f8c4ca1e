# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text that comes from hosts, inventories and the environment, made fit to be shown.

Such a text may hold anything: colours of a terminal, control characters, overrides of the writing direction,
megabytes in one line, credentials in a URL, something that looks like a mention.
"""

from __future__ import annotations

import re
import typing as t
import unicodedata
from urllib.parse import urlsplit, urlunsplit

_TERMINAL_SEQUENCE = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?"
    r"|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?"
    r"|\x1b[PX^_][^\x1b]*(?:\x1b\\)?"
    r"|\x1b[ -/]*[0-~]?"
)
_WEB_CREDENTIALS = re.compile(r"(https?://)[^\s/?#\"'<>]*@", re.IGNORECASE)
_OTHER_CREDENTIALS = re.compile(r"([a-z][a-z0-9+.-]{0,30}://)[^\s/?#\"'<>:]*:[^\s/?#\"'<>]*@", re.IGNORECASE)
_LINE_ENDS = frozenset("\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029")
# Joiners make up emoji and are needed by several scripts.
_JOINERS = frozenset("\u200c\u200d")
_MOST_MARKS = 5
_LONGEST_WORD = 160
_LONG_WORD = re.compile(r"\S{%d,}" % (_LONGEST_WORD + 1))  # noqa: UP031
_LIKE_A_MENTION = re.compile(r"@(?=(?:all|channel|everyone|here)\b)", re.IGNORECASE)
_WORD_JOINER = "\u2060"


def clean(value: t.Any, limit: int, *, tail: bool = False) -> str:
    """A text of at most ``limit`` characters without anything that is not text; its lines are kept.

    :param tail: Keep the end of a long text rather than its beginning.
    """
    if not isinstance(value, str) or limit < 1:
        return ""
    # What is taken out later must not decide how much work a long text makes.
    text = value[-4 * limit :] if tail else value[: 4 * limit]
    text = text.replace("\r\n", "\n")
    if "\x1b" in text or "\x9b" in text:
        text = _TERMINAL_SEQUENCE.sub("", text)
    # The checks save what most texts do not need: a courier cleans tens of thousands when many hosts fail.
    if not (text.isascii() and text.replace("\n", "").isprintable()):
        text = _without_piles(text.translate({ord(character): _replacement(character) for character in set(text)}))
    text = without_credentials(text)
    text = "\n".join(line.rstrip() for line in text.split("\n")).strip()
    if "\n\n\n" in text:
        text = re.sub(r"\n{3,}", "\n\n", text)
    if len(text) > _LONGEST_WORD:
        text = _LONG_WORD.sub(lambda match: _middle_out(match.group()), text)
    if len(text) > limit or len(value) > 4 * limit:
        return "…" + text[len(text) + 1 - limit :].lstrip() if tail else text[: limit - 1].rstrip() + "…"
    return text


def one_line(value: t.Any, limit: int) -> str:
    """The same in one line, shortened after a word where that keeps most of it."""
    text = " ".join(clean(value, max(limit * 4, 200)).split())
    return shortened(text, limit)


def shortened(text: str, limit: int) -> str:
    """A text of at most ``limit`` characters, the ellipsis included."""
    if len(text) <= limit:
        return text
    cut = text[: max(limit - 1, 0)]
    words = cut.rsplit(" ", 1)[0]
    return (words if 2 * len(words) > limit else cut).rstrip() + "…"


def without_credentials(text: str) -> str:
    """The text with ``user:password@`` taken out of its URLs; in web addresses a lone user may be a token."""
    if "://" not in text or "@" not in text:
        return text
    return _OTHER_CREDENTIALS.sub(r"\1", _WEB_CREDENTIALS.sub(r"\1", text))


def mentions_nobody(text: str) -> str:
    """The text with an invisible character in everything that a chat may take for a mention of everyone."""
    return _LIKE_A_MENTION.sub("@" + _WORD_JOINER, text).replace("<!", "<" + _WORD_JOINER + "!")


def web_address(value: t.Any) -> str:
    """An http or https URL without credentials; empty where the value is none, or is too long for a link."""
    if not isinstance(value, str) or len(value) > 1000:
        return ""
    try:
        parts = urlsplit(value.strip())
        if parts.scheme not in ("http", "https") or not parts.hostname:
            return ""
        address = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    except ValueError:
        return ""
    return address if address.isascii() and address.isprintable() and not set(address) & set(" <>\"'`|\\") else ""


def _replacement(character: str) -> str:
    if character == "\n":
        return character
    if character == "\t":
        return " "
    if character in _LINE_ENDS:
        return "\n"
    category = unicodedata.category(character)
    if category == "Cs":
        return "\ufffd"
    is_noncharacter = ord(character) & 0xFFFE == 0xFFFE or "\ufdd0" <= character <= "\ufdef"
    if category in ("Cc", "Co") or is_noncharacter or (category == "Cf" and character not in _JOINERS):
        return ""
    return character


def _without_piles(text: str) -> str:
    """No more than a few combining marks on one character: piles of them cover the lines around."""
    if not any(unicodedata.category(character)[0] == "M" for character in set(text)):
        return text
    kept = []
    marks = 0
    for character in text:
        marks = marks + 1 if unicodedata.category(character)[0] == "M" else 0
        if marks <= _MOST_MARKS:
            kept.append(character)
    return "".join(kept)


def _middle_out(word: str) -> str:
    return word[: _LONGEST_WORD // 2] + "…" + word[-_LONGEST_WORD // 4 :]
