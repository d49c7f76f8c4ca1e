# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: BSD-2-Clause
"""The text of a message with its formatting and mentions: positions, comparing, splitting, shortening.

Positions and lengths are counted in UTF-16 code units. Zoom's documentation does not name the unit. UTF-16
is the safe choice: it is what the strings of Zoom's JavaScript and Java clients count in, and it is never
less than the number of code points, so a text that fits by this count also fits where Zoom counts code
points.
"""

from __future__ import annotations

import bisect
import dataclasses
import html
import re
import typing as t
import unicodedata

from ansible_collections.teamchat.zoom.plugins.module_utils._errors import InvalidOption

# These apply to whole lines, whatever part of a line the range covers (Zoom's description of ``rich_text``).
LINE_FORMATS = frozenset(["BulletedList", "NumberedList", "LeftIndent", "Paragraph", "Quote"])

AT_CONTACT = 1
AT_ALL = 2


@dataclasses.dataclass(frozen=True)
class RichText:
    """One entry of Zoom's ``rich_text``; both positions are inclusive.

    Zoom silently drops an entry without ``format_attr``, so it is an empty string where there is nothing to
    say.
    """

    start_position: int
    end_position: int
    format_type: str
    format_attr: str = ""

    def as_fields(self) -> dict[str, t.Any]:
        """Zoom's object."""
        return dataclasses.asdict(self)


@dataclasses.dataclass(frozen=True)
class Mention:
    """One entry of Zoom's ``at_items``; both positions are inclusive, ``at_type`` is AT_CONTACT or AT_ALL."""

    start_position: int
    end_position: int
    at_type: int
    at_contact: str | None = None

    def as_fields(self) -> dict[str, t.Any]:
        """Zoom's object; without ``at_contact`` where there is none."""
        return {name: value for name, value in dataclasses.asdict(self).items() if value is not None}


@dataclasses.dataclass(frozen=True)
class FormattedText:
    """A text as Zoom gets it, with what is formatted in it and who is mentioned."""

    text: str
    rich_text: tuple[RichText, ...] = ()
    mentions: tuple[Mention, ...] = ()

    def as_fields(self) -> dict[str, t.Any]:
        """Zoom's fields ``message``, ``rich_text`` and ``at_items``; the lists only where not empty."""
        fields: dict[str, t.Any] = {"message": self.text}
        if self.rich_text:
            fields["rich_text"] = [entry.as_fields() for entry in self.rich_text]
        if self.mentions:
            fields["at_items"] = [mention.as_fields() for mention in self.mentions]
        return fields

    def stripped(self) -> FormattedText:
        """The same without white space at both ends, which Zoom may trim and every position would be off."""
        end = len(self.text.rstrip())
        start = len(self.text) - len(self.text.lstrip())
        return _excerpt(self, utf16_offsets(self.text), min(start, end), end)


# Positions


def check_unicode(option: str, text: str) -> None:
    """Refuse what cannot be sent: half a surrogate pair, Python's way to keep a byte that is not UTF-8.

    :raises InvalidOption: names the option, and where in it the character stands.
    """
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InvalidOption(
            f"{option} has a character at position {error.start} that is no Unicode text; it may come from a file or"
            " command whose output is not UTF-8."
        ) from None


def utf16_length(text: str) -> int:
    """The length of a text in UTF-16 code units."""
    return len(text) + sum(1 for character in text if character > "\uffff")


def utf16_offsets(text: str) -> list[int]:
    """For each code point, and for the end of the text, its position in UTF-16 code units."""
    offsets = [0]
    for character in text:
        offsets.append(offsets[-1] + (2 if character > "\uffff" else 1))
    return offsets


def index_at(offsets: list[int], position: int) -> int:
    """The index of the code point at a UTF-16 position, or of the one whose second half stands there.

    :param offsets: the text's `utf16_offsets`.
    """
    return bisect.bisect_right(offsets, position) - 1


# Comparing


def normalise(text: str) -> str:
    """A text for comparing what stands in Zoom with what is wanted; never for sending.

    Zoom may give back other line ends than it got, HTML entities for ``&<>"'``, and no white space at the
    end. Entities are decoded until none is left, so that a text which speaks of entities equals its escaped
    self too; the price is that texts which differ only in this count as equal.
    """
    while True:
        decoded = html.unescape(text)
        if decoded == text:
            break
        text = decoded
    lines = re.split(r"\r\n|[\n\r\x85\u2028\u2029]", text)
    return "\n".join(line.rstrip() for line in lines).rstrip()


# Grapheme clusters

_ZWJ = "\u200d"
# Format and control characters by category that Unicode's Grapheme_Cluster_Break counts as Extend.
_EXTENDING = re.compile("[\u200c\u200d\u0e33\u0eb3\uff9e\uff9f\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]")
_PREPENDED = re.compile(
    "[\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\u0d4e\U000110bd\U000110cd\U000111c2\U000111c3"
    "\U0001193f\U00011941\U00011a3a\U00011a84-\U00011a89\U00011d46\U00011f02]"
)
_REGIONAL_INDICATOR = re.compile("[\U0001f1e6-\U0001f1ff]")
_PICTOGRAPH = re.compile("[\u203c\u2049\u2139\u2194\u25fd\u25fe\u2934\u2935\u3030\u303d\U0001f000-\U0001fffd]")
# The viramas that Unicode names as linkers of conjuncts (Indic_Conjunct_Break=Linker).
_LINKERS = frozenset("\u094d\u09cd\u0acd\u0b4d\u0c4d\u0d4d")


def _cluster_end(text: str, start: int, stop: int) -> int:
    """The index after the grapheme cluster that begins at ``start``; looking no further than ``stop``.

    That is a character as a reader sees it (UAX #29, extended grapheme clusters). The standard library has no
    break properties, so they are derived from general categories and a few ranges, always to the side of keeping
    together: every mark of category M extends, symbols count as pictographs, and after a linking virama any
    letter is joined. Characters newer than this Python's Unicode data stand alone.
    """
    end = start + 1
    base = text[start]
    if end >= stop or (base < "\u0300" and base != "\r" and text[end] < "\u0300"):
        return end
    if base == "\r" and text[end] == "\n":
        return end + 1
    if _is_control(base):
        return end
    linked = False
    indicators = 1
    while end < stop:
        previous, character = text[end - 1], text[end]
        if _is_extending(character):
            linked = (linked or character in _LINKERS) and unicodedata.category(base) == "Lo"
            end += 1
            continue
        is_pair = bool(_REGIONAL_INDICATOR.match(previous) and _REGIONAL_INDICATOR.match(character))
        if not (
            (_PREPENDED.match(previous) and not _is_control(character))
            or (is_pair and indicators % 2)
            or (previous == _ZWJ and _is_pictograph(base) and _is_pictograph(character))
            or (linked and unicodedata.category(character) == "Lo")
            or _is_hangul_syllable_part(previous, character)
        ):
            break
        indicators = indicators + 1 if is_pair else 1
        linked = False
        base = character
        end += 1
    return end


def _is_control(character: str) -> bool:
    if _EXTENDING.match(character) or _PREPENDED.match(character):
        return False
    return unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp")


def _is_extending(character: str) -> bool:
    return unicodedata.category(character)[0] == "M" or bool(_EXTENDING.match(character))


def _is_pictograph(character: str) -> bool:
    return unicodedata.category(character) == "So" or bool(_PICTOGRAPH.match(character))


def _is_hangul_syllable_part(previous: str, character: str) -> bool:
    """Whether two neighbours belong to one syllable: L before L, V, LV, LVT; V before V, T; T before T."""
    allowed = {"L": ("L", "V", "LV", "LVT"), "V": ("V", "T"), "LV": ("V", "T"), "T": ("T",), "LVT": ("T",)}
    return _hangul_type(character) in allowed.get(_hangul_type(previous), ())


def _hangul_type(character: str) -> str:
    if "\uac00" <= character <= "\ud7a3":
        return "LVT" if (ord(character) - 0xAC00) % 28 else "LV"
    if "\u1100" <= character <= "\u115f" or "\ua960" <= character <= "\ua97c":
        return "L"
    if "\u1160" <= character <= "\u11a7" or "\ud7b0" <= character <= "\ud7c6":
        return "V"
    if "\u11a8" <= character <= "\u11ff" or "\ud7cb" <= character <= "\ud7fb":
        return "T"
    return ""


# Splitting and shortening

_URL = re.compile(r"https?://[^\s<>\"]+", re.IGNORECASE)
_NO_BREAK_SPACES = frozenset("\u00a0\u2007\u202f")


def split(message: FormattedText, max_length: int) -> list[FormattedText]:
    """Cut a message into parts of at most ``max_length`` UTF-16 code units (2 or more), in order, none blank.

    Cuts at the last line end that fits, else after the last word, else after the last grapheme cluster;
    inside a mention, a link or a cluster only when that alone is longer than ``max_length``. White space at
    a cut is dropped, nothing else. Formatting follows its words, and a line that is cut keeps its line's
    format on both sides (Zoom numbers the lines of each message from 1, so a numbered list that is cut
    starts anew). A mention that is cut stays with the part that holds its start, so that nobody is notified
    twice.

    :raises ValueError: ``max_length`` cannot hold every character.
    """
    if max_length < 2:
        raise ValueError("max_length must be at least 2, because some characters take two UTF-16 code units")
    if not message.text.strip():
        return []
    text = message.text
    offsets = utf16_offsets(text)
    if offsets[-1] <= max_length:
        return [message]
    message = _with_whole_lines(message, offsets)
    unbreakable = _unbreakable(message, offsets, max_length)
    parts = []
    start = 0
    while start < len(text):
        end = len(text)
        if offsets[end] - offsets[start] > max_length:
            cuts = _cuts(text, offsets, unbreakable, start, max_length)
            end = cuts.line or cuts.word or cuts.character
            kept = start + len(text[start:end].rstrip())
        else:
            kept = end
        if kept > start:
            parts.append(_excerpt(message, offsets, start, kept))
        start = end
        while start < len(text) and text[start].isspace():
            start += 1
    return parts


def truncate(message: FormattedText, max_length: int, marker: str = "…") -> FormattedText:
    """Shorten a message to at most ``max_length`` UTF-16 code units, the marker at its end included.

    Cuts after a word where that keeps at least half of what fits, else after a grapheme cluster. A mention or a
    link is kept whole or not at all, unless the message begins with one that does not fit.

    :raises ValueError: the marker alone is longer than ``max_length``.
    """
    text = message.text
    offsets = utf16_offsets(text)
    if offsets[-1] <= max_length:
        return message
    room = max_length - utf16_length(marker)
    if room < 0:
        raise ValueError(f"max_length must be at least the length of the marker, {utf16_length(marker)}")
    message = _with_whole_lines(message, offsets)
    cuts = _cuts(text, offsets, _unbreakable(message, offsets, offsets[-1]), 0, room)
    end = cuts.word if cuts.word and offsets[cuts.word] * 2 >= room else cuts.character
    kept = _excerpt(message, offsets, 0, len(text[:end].rstrip()))
    return dataclasses.replace(kept, text=kept.text + marker)


class _Cuts(t.NamedTuple):
    """The last places where a part may end, as indexes of code points; 0 where there is none.

    ``line`` and ``word`` stand before white space, never before anything visible of the part.
    """

    line: int
    word: int
    character: int


def _cuts(text: str, offsets: list[int], unbreakable: bytearray, start: int, room: int) -> _Cuts:
    """Where a part from ``start`` on may end that has room for fewer code units than the rest has."""
    limit = index_at(offsets, offsets[start] + room)
    line = word = character = any_cluster = 0
    index = start
    while index <= limit:
        end = _cluster_end(text, index, limit + 1)
        cluster = text[index:end]
        is_space = cluster.isspace() and cluster not in _NO_BREAK_SPACES
        if index > start:
            any_cluster = index
            if not unbreakable[index]:
                character = index
                if is_space:
                    word = index
                    if "\n" in cluster or "\r" in cluster:
                        line = index
        index = end
    # Nothing better than the limit itself is left where one cluster is longer than a part.
    return _Cuts(line, word, character or any_cluster or limit)


def _unbreakable(message: FormattedText, offsets: list[int], room: int) -> bytearray:
    """For each code point whether a cut before it falls into a mention or link that fits into ``room``."""
    ranges: list[RichText | Mention] = list(message.mentions)
    ranges += [entry for entry in message.rich_text if entry.format_type == "AddLink"]
    spans = [(index_at(offsets, entry.start_position), index_at(offsets, entry.end_position) + 1) for entry in ranges]
    ends = sorted({end for span in spans for end in span})
    for match in _URL.finditer(message.text):
        # What looks like a URL ends where a mention or link, which are known to be one, begins or ends.
        start, end = match.span()
        spans.append((start, min([end, *ends[bisect.bisect_right(ends, start) :][:1]])))
    unbreakable = bytearray(len(message.text))
    for start, end in spans:
        if offsets[end] - offsets[start] <= room:
            unbreakable[start + 1 : end] = b"\1" * (end - start - 1)
    return unbreakable


def _with_whole_lines(message: FormattedText, offsets: list[int]) -> FormattedText:
    """The same message, its line formats stretched over the lines that Zoom applies them to."""

    def stretched(entry: RichText) -> RichText:
        if entry.format_type not in LINE_FORMATS:
            return entry
        first = message.text.rfind("\n", 0, index_at(offsets, entry.start_position)) + 1
        # Where no line end follows, this is -1, and the last offset that of the end of the text.
        end = message.text.find("\n", index_at(offsets, entry.end_position))
        return dataclasses.replace(entry, start_position=offsets[first], end_position=offsets[end] - 1)

    return dataclasses.replace(message, rich_text=tuple(stretched(entry) for entry in message.rich_text))


def _excerpt(message: FormattedText, offsets: list[int], start: int, end: int) -> FormattedText:
    """The code points from ``start`` to before ``end``, with what is left of the ranges over them."""
    first, last = offsets[start], offsets[end] - 1
    rich_text = []
    for entry in message.rich_text:
        left, right = max(entry.start_position, first), min(entry.end_position, last)
        if left <= right:
            rich_text.append(dataclasses.replace(entry, start_position=left - first, end_position=right - first))
    mentions = tuple(
        dataclasses.replace(
            mention,
            start_position=mention.start_position - first,
            end_position=min(mention.end_position, last) - first,
        )
        for mention in message.mentions
        if first <= mention.start_position <= last
    )
    return FormattedText(message.text[start:end], tuple(rich_text), mentions)
