# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sandbox's page: one self-contained HTML document that shows an account as a chat would."""

from __future__ import annotations

import base64
import hashlib
import json
import pathlib
import re
import typing as t

_HERE = pathlib.Path(__file__).parent


def render(account: dict[str, t.Any] | None) -> str:
    """Return the page as HTML; its only input is the account as `GET /_sandbox/account` gives it.

    With None the page is live: it fetches the account and follows the sandbox's events. With an account the
    page is an export that holds the data and may not use the network.
    """
    script = _source("page.js")
    parts = {
        "policy": _policy(script, live=account is None),
        "style": _source("page.css"),
        "account": _inline_json(account),
        "script": script,
    }
    # One pass, so that nothing inside a part is ever taken for a placeholder.
    return re.sub(r"\{\{ (\w+) \}\}", lambda found: parts[found[1]], _source("page.html"))


def _source(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")


def _inline_json(value: object) -> str:
    """Return JSON that is safe inside a script element: no character of it can end or comment the element."""
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"))
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def _policy(script: str, *, live: bool) -> str:
    """Return a Content-Security-Policy under which no script but the page's own runs."""
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    rules = [
        "default-src 'none'",
        f"script-src 'sha256-{digest}'",
        "style-src 'unsafe-inline'",
        "img-src data:",
        "connect-src 'self'" if live else "connect-src 'none'",
        "base-uri 'none'",
        "form-action 'none'",
    ]
    return "; ".join(rules)
