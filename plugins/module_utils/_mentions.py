# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: BSD-2-Clause
"""Who is mentioned in a text: from names to positions, and a check of positions that a user gives."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.teamchat.zoom.plugins.module_utils._errors import InvalidOption
from ansible_collections.teamchat.zoom.plugins.module_utils._text import (
    AT_ALL,
    AT_CONTACT,
    Mention,
    check_unicode,
    utf16_length,
    utf16_offsets,
)

_EVERYONE = "@all"
_FIELDS = ("at_contact", "at_type", "end_position", "start_position")


def at_items_from(text: str, mentions: t.Sequence[t.Mapping[str, t.Any]]) -> tuple[Mention, ...]:
    """Find mentions in a text.

    Each of ``mentions`` has ``text`` (begins with ``@``) and ``contact`` (not needed for ``@all``). A
    mention stands where its text first occurs as a word of its own, so that ``@Al`` is not looked for in
    ``@Alice``, or, where there is no such place, where it first occurs at all. The same text listed again
    takes the next place. The result is in the order of the text.

    :raises InvalidOption: a mention is incomplete, is not in the text, or overlaps with another.
    """
    offsets = utf16_offsets(text)
    listed: dict[str, int] = {}
    found = []
    for number, mention in enumerate(mentions):
        name, contact = _checked_mention(f"mentions[{number}]", mention)
        places = _occurrences(text, name)
        taken = listed.get(name, 0)
        listed[name] = taken + 1
        if taken >= len(places):
            raise InvalidOption(_missing(f"mentions[{number}].text", name, len(places)))
        start = places[taken]
        found.append(
            (
                f"mentions[{number}].text {_shown(name)}",
                Mention(
                    start_position=offsets[start],
                    end_position=offsets[start + len(name)] - 1,
                    at_type=AT_ALL if contact is None else AT_CONTACT,
                    at_contact=contact,
                ),
            )
        )
    return _in_order(found)


def check_at_items(text: str, at_items: t.Sequence[t.Mapping[str, t.Any]]) -> tuple[Mention, ...]:
    """Check Zoom's own mention objects against their text; the result is in the order of the text.

    Numbers may also come as strings of digits, as older versions of Ansible render templates.

    :raises InvalidOption: an object is not what Zoom documents, is outside the text, or overlaps another.
    """
    length = utf16_length(text)
    found = []
    for number, item in enumerate(at_items):
        option = f"at_items[{number}]"
        found.append((option, _checked_item(option, item, length)))
    return _in_order(found)


def _checked_mention(option: str, mention: t.Mapping[str, t.Any]) -> tuple[str, str | None]:
    """The text and the contact of a mention; no contact means everyone."""
    _check_keys(option, mention, ("contact", "text"))
    name = mention.get("text")
    if not isinstance(name, str) or not name.startswith("@") or not name[1:].strip():
        raise InvalidOption(f"{option}.text is {_shown(name)}, but it must be a string that starts with @ and a name.")
    contact = mention.get("contact")
    if contact is None and name == _EVERYONE:
        return name, None
    if not isinstance(contact, str) or not contact.strip():
        raise InvalidOption(
            f"{option}.contact is {_shown(contact)}, but {_shown(name)} needs an e-mail address or "
            f"a member id; only {_EVERYONE} goes without."
        )
    check_unicode(f"{option}.contact", contact)
    return name, contact


def _occurrences(text: str, name: str) -> list[int]:
    """Where a name stands in a text: the places where it is a word of its own, then the others."""
    places = [match.start() for match in re.finditer(re.escape(name), text)]
    words = {match.start() for match in re.finditer(r"(?<!\w)" + re.escape(name) + r"(?!\w)", text)}
    return sorted(places, key=lambda place: (place not in words, place))


def _missing(option: str, name: str, times: int) -> str:
    if not times:
        return f"{option} is {_shown(name)}, which is not in msg; it must stand there exactly as given."
    often = "once" if times == 1 else f"{times} times"
    return f"{option} is {_shown(name)}, which stands in msg only {often} but is listed more often in mentions."


def _checked_item(option: str, item: t.Mapping[str, t.Any], length: int) -> Mention:
    _check_keys(option, item, _FIELDS)
    start = _checked_number(f"{option}.start_position", item.get("start_position"))
    end = _checked_number(f"{option}.end_position", item.get("end_position"))
    at_type = _checked_number(f"{option}.at_type", item.get("at_type"))
    if at_type not in (AT_CONTACT, AT_ALL):
        raise InvalidOption(f"{option}.at_type is {at_type}, but it must be 1 (a contact) or 2 (all).")
    if not length:
        raise InvalidOption(f"{option}.start_position is {start}, but msg is empty.")
    if not 0 <= start < length:
        raise InvalidOption(
            f"{option}.start_position is {start}, but it must be from 0 to {length - 1}, "
            f"because msg is {length} UTF-16 code units long."
        )
    if not start <= end < length:
        raise InvalidOption(
            f"{option}.end_position is {end}, but it must be from {start} (start_position) to {length - 1}, "
            "the last position in msg, counted in UTF-16 code units; the end is inclusive."
        )
    contact = item.get("at_contact")
    if contact is not None and not isinstance(contact, str):
        raise InvalidOption(f"{option}.at_contact is {_shown(contact)}, but it must be a string.")
    if at_type == AT_CONTACT and not (contact and contact.strip()):
        raise InvalidOption(
            f"{option}.at_contact is {_shown(contact)}, but at_type 1 needs an e-mail address or a member id."
        )
    check_unicode(f"{option}.at_contact", contact or "")
    return Mention(start_position=start, end_position=end, at_type=at_type, at_contact=contact or None)


def _check_keys(option: str, value: t.Any, allowed: tuple[str, ...]) -> None:
    if not isinstance(value, t.Mapping):
        raise InvalidOption(f"{option} is {_shown(value)}, but it must be a dictionary of {', '.join(allowed)}.")
    for key in value:
        if key not in allowed:
            raise InvalidOption(f"{option} has the key {_shown(key)}, but it may only have {', '.join(allowed)}.")


def _checked_number(option: str, value: t.Any) -> int:
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,9}", value):
        return int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        raise InvalidOption(f"{option} is {_shown(value)}, but it must be an integer.")
    return value


def _in_order(found: list[tuple[str, Mention]]) -> tuple[Mention, ...]:
    """The mentions by position; ``found`` has each with the name that an error gives it."""
    ordered = sorted(found, key=lambda entry: entry[1].start_position)
    for (name, mention), (next_name, following) in zip(ordered, ordered[1:]):
        if following.start_position <= mention.end_position:
            raise InvalidOption(
                f"{next_name} (positions {following.start_position} to {following.end_position}) overlaps "
                f"with {name} (positions {mention.start_position} to {mention.end_position}), "
                "but each character can belong to one mention only."
            )
    return tuple(mention for name, mention in ordered)


def _shown(value: t.Any) -> str:
    """A value as an error quotes it: on one line, and not too long."""
    if value is None:
        return "not given"
    shown = repr(value)
    return shown if len(shown) <= 60 else shown[:60] + "…"
