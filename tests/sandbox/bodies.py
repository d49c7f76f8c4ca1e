# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading a request's body: JSON, forms and multipart, as strict as Zoom; files are hashed as they pass."""

from __future__ import annotations

import hashlib
import json
import re
import typing as t
import urllib.parse

import aiohttp
from aiohttp import web

from . import errors
from .calls import Body, SentFile
from .operations import FORM, JSON, URL_ENCODED, Operation

_CHUNK = 256 * 1024
_MOST_TEXT = 4 * 1024 * 1024
_LIST_FIELDS = ("at_items",)
"""Fields that are JSON in a multipart form."""
_NAMES = re.compile(r';\s*(name|filename)=(?:"((?:[^"\\]|\\.)*)")?')
"""Parameters of Content-Disposition, with their values where those are quoted strings (RFC 7578, RFC 2183)."""


async def read(request: web.Request, operation: Operation) -> Body:
    """Return the body, with the refusal in it where it cannot be read as the operation wants it."""
    body = Body(content_type=_media_type(request))
    if body.content_type in operation.content and body.content_type == FORM:
        await _read_multipart(request, body)
        return body
    body.raw = await request.read()
    body.size = len(body.raw)
    if operation.content == (URL_ENCODED,):
        fields = urllib.parse.parse_qsl(body.raw.decode("utf-8", "replace"))
        body.fields = dict(fields) if body.content_type == URL_ENCODED else {}
    elif operation.content and body.content_type not in operation.content:
        body.error = errors.refusal(operation.name, "content_type")
    elif body.content_type == JSON and operation.content:
        _read_json(body)
    return body


def _media_type(request: web.Request) -> str | None:
    """Return what `request.content_type` would, whose parser takes longer than all the rest of a message."""
    given = request.headers.get("Content-Type")
    return None if given is None else given.partition(";")[0].strip().lower()


def _read_json(body: Body) -> None:
    try:
        body.fields = json.loads(body.raw.decode("utf-8"))
    except ValueError:
        body.error = errors.refusal("send", "not_json")
        return
    if not isinstance(body.fields, dict):
        body.fields = {}
        body.error = errors.refusal("send", "not_json")


async def _read_multipart(request: web.Request, body: Body) -> None:
    try:
        reader = await request.multipart()
        while True:
            part = await reader.next()
            if part is None:
                break
            if not isinstance(part, aiohttp.BodyPartReader):
                raise errors.refusal("send", "bad_multipart")
            await _read_part(part, body)
    except errors.ZoomError as error:
        body.error = error
    except (ValueError, AssertionError, LookupError, RuntimeError, RuntimeWarning, aiohttp.ClientError):
        # aiohttp raises whichever fits where a form is broken; a reader of a real server would say as little.
        body.error = errors.refusal("send", "bad_multipart")
    await _drain(request, body)


async def _drain(request: web.Request, body: Body) -> None:
    """Read what is left, so that the client hears the answer instead of a broken pipe."""
    while chunk := await request.content.read(_CHUNK):
        body.size += len(chunk)


def _names(part: aiohttp.BodyPartReader) -> dict[str, str]:
    """Return a part's ``name``, and its ``filename`` if it has one."""
    disposition = part.headers.get("Content-Disposition", "")
    found = {match[1]: match[2] for match in _NAMES.finditer(disposition)}
    if not disposition.startswith("form-data") or not found or None in found.values():
        raise errors.refusal("send", "bad_disposition")
    return {name: re.sub(r"\\(.)", r"\1", quoted) for name, quoted in found.items()}


async def _read_part(part: aiohttp.BodyPartReader, body: Body) -> None:
    names = _names(part)
    name = names.get("name", "")
    if "filename" in names:
        body.files.append(await _hash(part, name, names["filename"], body))
        return
    text = await _text(part, name, body)
    if name in body.fields:
        raise errors.validation_failed((name, "Given twice."))
    body.fields[name] = _list_of(name, text) if name in _LIST_FIELDS else text


async def _hash(part: aiohttp.BodyPartReader, field: str, name: str, body: Body) -> SentFile:
    digest = hashlib.sha256()
    size = 0
    while chunk := await part.read_chunk(_CHUNK):
        digest.update(chunk)
        size += len(chunk)
    body.size += size
    return SentFile(field, name, size, digest.hexdigest())


async def _text(part: aiohttp.BodyPartReader, name: str, body: Body) -> str:
    content = bytearray()
    while chunk := await part.read_chunk(_CHUNK):
        content += chunk
        if len(content) > _MOST_TEXT:
            raise errors.validation_failed((name, "Too long."))
    body.size += len(content)
    try:
        return bytes(content).decode("utf-8")
    except UnicodeDecodeError:
        raise errors.validation_failed((name, "Not UTF-8.")) from None


def _list_of(name: str, text: str) -> t.Any:
    try:
        return json.loads(text)
    except ValueError:
        raise errors.validation_failed((name, "Invalid field.")) from None
