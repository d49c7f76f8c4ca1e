# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Zoom's OpenAPI document asks of each request, as JSON schemas, and the refusal of anything else.

Where the document says ``oneOf`` over overlapping strings, any string is good.
"""

from __future__ import annotations

import datetime
import re
import typing as t

import jsonschema  # type: ignore[import-untyped]

from . import errors

Schema = dict[str, t.Any]

_STRING: Schema = {"type": "string"}
_INTEGER: Schema = {"type": "integer"}
_BOOLEAN: Schema = {"type": "boolean"}
_DATE: Schema = {"type": "string", "format": "date"}
_DATE_TIME: Schema = {"type": "string", "format": "date-time"}
_FORMAT_TYPES = [
    "Bold",
    "Italic",
    "Strikethrough",
    "BulletedList",
    "NumberedList",
    "Underline",
    "FontSize",
    "FontColor",
    "BackgroundColor",
    "LeftIndent",
    "Paragraph",
    "Quote",
    "AddLink",
]


def _object(properties: dict[str, Schema], *required: str) -> Schema:
    return {"type": "object", "properties": properties, "required": list(required)}


def _array(items: Schema, most: int | None = None) -> Schema:
    return {"type": "array", "items": items, **({} if most is None else {"maxItems": most})}


_AT_ITEM = _object(
    {
        "at_contact": _STRING,
        "at_type": {"type": "integer", "enum": [1, 2]},
        "start_position": _INTEGER,
        "end_position": _INTEGER,
    }
)
_RICH_TEXT = _object(
    {
        "start_position": _INTEGER,
        "end_position": _INTEGER,
        "format_type": {"enum": _FORMAT_TYPES},
        "format_attr": _STRING,
    }
)
_CARD_ID_OR_JSON: Schema = {"anyOf": [_object({"card_id": _STRING}), _object({"card_json": _STRING})]}
_RECIPIENT = {"to_contact": _STRING, "to_channel": _STRING}

SEND_MULTIPART = _object(
    {
        "message": _STRING,
        **_RECIPIENT,
        "reply_main_message_id": _STRING,
        "at_items": _array(_AT_ITEM),
    },
    "message",
)
SEND = _object(
    {
        **SEND_MULTIPART["properties"],
        "rich_text": _array(_RICH_TEXT),
        "file_ids": _array(_STRING, 6),
        "interactive_cards": _array(_object({"card_json": _STRING}), 5),
        "scheduled_time": _DATE_TIME,
    },
    "message",
)
EDIT = _object(
    {
        "message": _STRING,
        **_RECIPIENT,
        "file_ids": _array(_STRING, 6),
        "interactive_cards": _array(_CARD_ID_OR_JSON),
    }
)
SEND_FILE = _object({**_RECIPIENT, "reply_main_message_id": _STRING, "files": _array({}, 1)}, "files")

_PAGE = {"page_size": {"type": "integer", "maximum": 50}, "next_page_token": _STRING}
_AUDIO = {"download_file_formats": {"enum": ["audio/mp4"]}}
LIST_QUERY = _object(
    {
        **_RECIPIENT,
        **_PAGE,
        **_AUDIO,
        "date": _DATE,
        "from": _DATE_TIME,
        "to": _DATE_TIME,
        "include_deleted_and_edited_message": _BOOLEAN,
        "exclude_child_message": _BOOLEAN,
        "search_type": {"enum": ["message", "file"]},
        "search_key": {"type": "string", "minLength": 1, "maxLength": 256},
    }
)
GET_QUERY = _object({**_RECIPIENT, **_AUDIO})
DELETE_QUERY = _object(_RECIPIENT)
THREAD_QUERY = _object(
    {
        **_RECIPIENT,
        "from": _STRING,
        "to": _STRING,
        "limit": {"type": "integer", "minimum": 1, "maximum": 100},
        "sort": {"enum": ["desc", "asc"]},
        **{f"need_{name}": _BOOLEAN for name in ("main_message", "emoji", "attachment", "rich_text", "at_items")},
    },
    "from",
)
CHANNELS_QUERY = _object({"page_size": {"type": "integer", "maximum": 1000}, "next_page_token": _STRING})
SCHEDULED_QUERY = _object({**_RECIPIENT, **_PAGE})
UPLOAD_QUERY = _object({"postToPersonalChat": _STRING})
NO_QUERY = _object({})


class InvalidValue(ValueError):
    """A value is not what a schema asks for; the message says why."""


def _is_date(value: object) -> bool:
    if not isinstance(value, str):
        return True
    return _DATE_SHAPE.fullmatch(value) is not None and bool(datetime.date.fromisoformat(value))


def _is_date_time(value: object) -> bool:
    if not isinstance(value, str):
        return True
    return _RFC3339.fullmatch(value) is not None and bool(parse_time(value))


_DATE_SHAPE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)


def parse_time(value: str) -> datetime.datetime:
    """Return the time that an RFC 3339 string stands for; ValueError where it is none."""
    whole = re.sub(r"\.\d+", "", value.upper().replace("Z", "+00:00"))
    return datetime.datetime.fromisoformat(whole)


_formats = jsonschema.FormatChecker(formats=())
_formats.checkers["date"] = (_is_date, ValueError)
_formats.checkers["date-time"] = (_is_date_time, ValueError)


def require(schema: Schema, value: object) -> None:
    """Raise InvalidValue where a value of the sandbox's own interfaces is not what the schema asks for."""
    error = jsonschema.exceptions.best_match(jsonschema.Draft202012Validator(schema).iter_errors(value))
    if error is not None:
        raise InvalidValue(error.message)


def _describe(error: t.Any) -> tuple[str, str]:
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in error.absolute_path)
    limits = {
        "required": "This field is required.",
        "maxLength": f"The maximum length is {error.validator_value}.",
        "maxItems": f"The maximum number of items is {error.validator_value}.",
        "maximum": f"The maximum is {error.validator_value}.",
    }
    if error.validator == "required":
        path += "." + next(name for name in error.validator_value if name not in error.instance)
    return path.lstrip("."), limits.get(str(error.validator), "Invalid field.")


def check(schema: Schema, value: object, documented: t.Mapping[str, errors.ZoomError] | None = None) -> None:
    """Raise ZoomError where a value is not what the schema asks for.

    ``documented`` names fields for which Zoom has a refusal of its own.
    """
    validator = jsonschema.Draft202012Validator(schema, format_checker=_formats)
    found = [_describe(error) for error in validator.iter_errors(value)]
    for field, _text in found:
        if documented and field in documented:
            raise documented[field]
    if found:
        raise errors.validation_failed(*found)


def typed_query(schema: Schema, query: t.Mapping[str, str]) -> dict[str, t.Any]:
    """Return the query with numbers and booleans as such, where the schema wants them and the text is one."""
    typed: dict[str, t.Any] = {}
    for name, text in query.items():
        wanted = schema["properties"].get(name, {}).get("type")
        if wanted == "integer" and re.fullmatch(r"[+-]?\d{1,18}", text, re.ASCII):
            typed[name] = int(text)
        elif wanted == "boolean" and text in ("true", "false"):
            typed[name] = text == "true"
        else:
            typed[name] = text
    return typed


def with_max_length(schema: Schema, length: int) -> Schema:
    """Return a send schema whose message may have so many characters."""
    message = {"type": "string", "maxLength": length}
    return {**schema, "properties": {**schema["properties"], "message": message}}
