# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Incoming Webhook: formats, the verification token, the signature."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
import typing as t

import pytest
import requests
from ansible_collections.teamchat.zoom.tests.sandbox import seeds
from ansible_collections.teamchat.zoom.tests.sandbox.running import Sandbox

CARD = '{"is_markdown_support": true, "content": {"head": {"text": "Deployed"}, "body": [{"type": "message"}]}}'


def post(sandbox: Sandbox, kind: str, body: str, token: str = seeds.WEBHOOK_TOKEN) -> requests.Response:
    return requests.post(
        sandbox.webhook_url,
        params={"format": kind},
        data=body.encode(),
        headers={"Authorization": token, "Content-Type": "application/json"},
        timeout=10,
    )


@pytest.mark.parametrize(
    ("kind", "body", "kept"),
    [
        ("message", '"quoted" ü', '"quoted" ü'),
        ("fields", '{"host": "web1", "n": 3}', {"host": "web1", "n": 3}),
        (
            "full",
            CARD,
            {
                "is_markdown_support": True,
                "content": {"head": {"text": "Deployed"}, "body": [{"type": "message"}]},
            },
        ),
    ],
)
def test_formats(sandbox: Sandbox, kind: str, body: str, kept: t.Any) -> None:
    answer = post(sandbox, kind, body)
    assert (answer.status_code, answer.text) == (200, "")
    (entry,) = sandbox.account()["webhook"]
    assert (entry["format"], entry["body"]) == (kind, kept)


@pytest.mark.parametrize(
    ("kind", "body", "text"),
    [
        ("fields", "plain", "Bad Request: Invalid request body format"),
        ("fields", '{"a": {"b": 1}}', "Bad Request: Invalid request body format"),
        ("full", '{"content": {}}', "Bad Request: Invalid request body format"),
        ("message", "", "Bad Request: Invalid request body format"),
        ("unheard", "x", "Bad Request: Invalid format"),
    ],
)
def test_wrong_bodies_are_refused(sandbox: Sandbox, kind: str, body: str, text: str) -> None:
    answer = post(sandbox, kind, body)
    assert (answer.status_code, answer.text) == (400, text)
    assert sandbox.account()["webhook"] == []


@pytest.mark.parametrize("token", ["", "wrong", f"Bearer {seeds.WEBHOOK_TOKEN}"])
def test_token_must_be_bare_and_right(sandbox: Sandbox, token: str) -> None:
    answer = post(sandbox, "message", "x", token)
    assert (answer.status_code, answer.text) == (401, "Unauthorized: Invalid verification token")


def signed(sandbox: Sandbox, body: bytes, timestamp: int | None, secret: str) -> requests.Response:
    text = f"message&{timestamp}&".encode() + body
    signature = base64.b64encode(hmac.new(secret.encode(), text, hashlib.sha256).digest()).decode()
    query = {"format": "message", **({"timestamp": str(timestamp)} if timestamp is not None else {})}
    return requests.post(
        sandbox.secure_webhook_url, params=query, data=body, headers={"Authorization": signature}, timeout=10
    )


NOW = int(time.time() * 1000)


@pytest.mark.parametrize(
    ("timestamp", "secret", "expected"),
    [
        (NOW, seeds.SECURE_WEBHOOK_SECRET, (200, "")),
        (NOW, "wrong", (401, "Unauthorized: Invalid signature")),
        (None, seeds.SECURE_WEBHOOK_SECRET, (400, "Bad Request: Missed timestamp")),
        (NOW - 31 * 60 * 1000, seeds.SECURE_WEBHOOK_SECRET, (401, "Unauthorized: Timestamp expired")),
    ],
    ids=["right", "wrong", "missing", "old"],
)
def test_secure_webhook(sandbox: Sandbox, timestamp: int | None, secret: str, expected: tuple[int, str]) -> None:
    answer = signed(sandbox, "ünï".encode(), timestamp, secret)
    assert (answer.status_code, answer.text) == expected
    assert len(sandbox.account()["webhook"]) == (1 if expected[0] == 200 else 0)


def test_unknown_webhook(sandbox: Sandbox) -> None:
    answer = requests.post(f"{sandbox.url}/chat/webhooks/incomingwebhook/nothing", data="x", timeout=10)
    assert answer.status_code == 404
