# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Zoom's Incoming Webhook app: plain with a verification token, or secure with a signature (``-s``)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import typing as t

from . import model, validation
from .calls import Answer, Call

_TEXT: dict[str, t.Any] = {
    "type": "object",
    "properties": {"text": {"type": "string"}},
    "required": ["text"],
}
_HEAD = {**_TEXT, "properties": {**_TEXT["properties"], "sub_head": _TEXT, "style": {"type": "object"}}}
_FULL: dict[str, t.Any] = {
    "type": "object",
    "required": ["content"],
    "properties": {
        "is_markdown_support": {"type": "boolean"},
        "content": {
            "type": "object",
            "anyOf": [{"required": ["head"]}, {"required": ["body"]}],
            "properties": {
                "settings": {"type": "object"},
                "head": _HEAD,
                "body": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "required": ["type"],
                        "properties": {"type": {"type": "string"}},
                    },
                },
            },
        },
    },
}
_FIELDS = {"type": "object", "additionalProperties": {"type": ["string", "number", "boolean", "null"]}}
_SCHEMAS: dict[str, dict[str, t.Any]] = {
    "full": _FULL,
    "fields": _FIELDS,
    "list": {},
    "upload": {},
    "img": {},
}
_OLDEST_SIGNATURE = 30 * 60


def receive(call: Call) -> Answer:
    """Take a webhook post: ``format=message`` is the raw text, every other format is JSON."""
    webhook = call.account.webhooks.get(call.path["id"])
    if webhook is None:
        return Answer(404, "Not Found", "text/plain")
    kind = call.query.get("format", "full")
    if kind != "message" and kind not in _SCHEMAS:
        return Answer(400, "Bad Request: Invalid format", "text/plain")
    refusal = _refused(call, webhook, kind)
    if refusal is not None:
        return refusal
    try:
        text = call.body.raw.decode("utf-8")
        body = text if kind == "message" else json.loads(text)
        validation.require({"minLength": 1} if kind == "message" else _SCHEMAS[kind], body)
    except ValueError:
        return Answer(400, "Bad Request: Invalid request body format", "text/plain")
    call.account.webhook_posts.append(model.WebhookPost(webhook.id, kind, body, call.now))
    call.state.changed()
    return Answer(200)


def _refused(call: Call, webhook: model.Webhook, kind: str) -> Answer | None:
    if not webhook.secure:
        if hmac.compare_digest(call.authorization.encode(), webhook.token.encode()):
            return None
        return Answer(401, "Unauthorized: Invalid verification token", "text/plain")
    timestamp = call.query.get("timestamp", "")
    if not timestamp.isdigit():
        return Answer(400, "Bad Request: Missed timestamp", "text/plain")
    if abs(call.now - int(timestamp) / 1000) > _OLDEST_SIGNATURE:
        return Answer(401, "Unauthorized: Timestamp expired", "text/plain")
    signed = f"{kind}&{timestamp}&".encode() + call.body.raw
    signature = base64.b64encode(hmac.new(webhook.token.encode(), signed, hashlib.sha256).digest())
    if not hmac.compare_digest(call.authorization.encode(), signature):
        return Answer(401, "Unauthorized: Invalid signature", "text/plain")
    return None
