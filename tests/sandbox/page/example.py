# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""An account in which everything that the page can show has happened: for its tests and the documentation."""

from __future__ import annotations

import datetime
import json
import typing as t

_DAY = datetime.datetime(2026, 11, 20, tzinfo=datetime.timezone.utc)
_USERS = {
    "deploy": "Deploy Bot",
    "alice": "Alice Moreau",
    "bob": "Bob Okafor",
    "carol": "Carol Lindqvist",
}


def utf16_range(text: str, part: str) -> dict[str, int]:
    """Return the positions of the first `part` of `text` as Zoom counts: UTF-16 units, the end inclusive."""
    start = len(text[: text.index(part)].encode("utf-16-le")) // 2
    return {"start_position": start, "end_position": start + len(part.encode("utf-16-le")) // 2 - 1}


def formatting(text: str, *parts: tuple[str, str, str]) -> list[dict[str, t.Any]]:
    """Return rich_text for `parts`: each the formatted words, the format_type and the format_attr."""
    return [
        {**utf16_range(text, part), "format_type": format_type, "format_attr": format_attr}
        for part, format_type, format_attr in parts
    ]


def mention(text: str, part: str, contact: str | None = None) -> dict[str, t.Any]:
    """Return an entry of at_items for `part` of `text`; without a contact it speaks to everyone."""
    who = {"at_type": 1, "at_contact": contact} if contact else {"at_type": 2}
    return {**utf16_range(text, part), **who}


def message(number: int, text: str, clock: str = "09:00", **fields: t.Any) -> dict[str, t.Any]:
    """Return a message of the Deploy Bot to `deployments` at `clock` (HH:MM, UTC), changed by `fields`."""
    hours, minutes = map(int, clock.split(":"))
    moment = _DAY + datetime.timedelta(hours=hours, minutes=minutes)
    sender = fields.pop("sender_id", "deploy")
    return {
        "id": f"00000000-0000-4000-8000-{number:012X}",
        "channel": None if "contact" in fields else "deployments",
        "contact": None,
        "sender": f"{sender}@example.com",
        "sender_id": sender,
        "sender_display_name": _USERS[sender],
        "message": text,
        "at_items": [],
        "rich_text": [],
        "files": [],
        "interactive_cards": [],
        "reply_main_message_id": None,
        "date_time": moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "timestamp": int(moment.timestamp() * 1000),
        "status": "Normal",
        "history": [],
        "content_type": "application/json",
        **fields,
    }


def channel(channel_id: str, **fields: t.Any) -> dict[str, t.Any]:
    """Return a channel that has its id for a name and all users for members, changed by `fields`."""
    return {
        "id": channel_id,
        "jid": f"{channel_id}@conference.xmpp.zoom.us",
        "name": channel_id,
        "type": 1,
        "archived": False,
        "members": list(_USERS),
        **fields,
    }


def account(*messages: dict[str, t.Any], **fields: t.Any) -> dict[str, t.Any]:
    """Return an account with the channel `deployments` and these messages, changed by `fields`."""
    return {
        "users": [
            {"id": key, "email": f"{key}@example.com", "member_id": f"m-{key}", "display_name": name}
            for key, name in _USERS.items()
        ],
        "channels": [channel("deployments")],
        "messages": list(messages),
        "scheduled": [],
        "webhook": [],
        "tokens": {"issued": 1, "requests": 1},
        "rejected": 0,
        "requests": [],
        **fields,
    }


def request(number: int, status: int = 201, **fields: t.Any) -> dict[str, t.Any]:
    """Return a request for a send that was answered with `status`, changed by `fields`."""
    return {
        "n": number,
        "time": f"2026-11-20T09:00:{number % 60:02}Z",
        "operation": "send",
        "method": "POST",
        "path": "/v2/chat/users/me/messages",
        "status": status,
        "code": None,
        "user_agent": "teamchat.zoom/1.0.0",
        "content_type": "multipart/form-data",
        "authorized": True,
        "fault": None,
        "tracking_id": f"v=2.0;clid=aw1;rid=WEB_{number:08}",
        **fields,
    }


def example_account() -> dict[str, t.Any]:
    """Return a day in the life of a small team."""
    return account(
        *_deployment(),
        *_incident(),
        *_direct(),
        channels=[
            channel("deployments"),
            channel("incidents"),
            channel("ops", members=["deploy", "alice"]),
            channel("old-releases", archived=True),
        ],
        scheduled=[_scheduled()],
        webhook=_webhook(),
        rejected=1,
        requests=[
            request(1, 200, operation="token", path="/oauth/token"),
            *(request(number) for number in range(2, 9)),
            request(9, 503, fault="503"),
            request(10),
            request(11, 429, code=429),
            request(12),
        ],
    )


def _deployment() -> list[dict[str, t.Any]]:
    start = "🚀 Deploying shop 4.12.0 to production\n@Alice please watch the dashboards"
    notes = (
        "Release 4.12.0\n"
        "The new checkout is on for everyone. It is faster, and it is a beta stable now.\n"
        "Payments by instalments\n"
        "Invoices as PDF\n"
        "Keep the old checkout for one week, in case we have to go back."
    )
    migrated = "Database migrated in 41 s, 0 rows locked"
    done = "✅ shop 4.12.0 is live on 12 of 12 hosts · 4 min 12 s"
    main = message(
        1,
        start,
        "09:02",
        rich_text=formatting(
            start,
            ("shop 4.12.0", "Bold", ""),
            ("dashboards", "AddLink", "https://grafana.example.com/d/shop"),
        ),
        at_items=[mention(start, "@Alice", "alice@example.com")],
    )
    thread = {"reply_main_message_id": main["id"]}
    return [
        main,
        message(2, migrated, "09:03", rich_text=formatting(migrated, ("41 s", "Bold", "")), **thread),
        message(3, "Looks quiet from here 👍", "09:05", sender_id="alice", **thread),
        message(
            4,
            done,
            "09:06",
            status="Edited",
            history=["⏳ shop 4.12.0: 7 of 12 hosts"],
            rich_text=formatting(done, ("live", "FontColor", "1A7F4B"), ("live", "Bold", "")),
            **thread,
        ),
        message(
            5,
            notes,
            "09:20",
            sender_id="carol",
            rich_text=formatting(
                notes,
                ("Release 4.12.0", "Paragraph", "h2"),
                ("faster", "Italic", ""),
                ("a beta", "Strikethrough", ""),
                ("everyone", "Underline", ""),
                ("Payments by instalments\nInvoices as PDF", "BulletedList", ""),
                ("Keep the old checkout for one week, in case we have to go back.", "Quote", ""),
                ("one week", "BackgroundColor", "FFE58A"),
            ),
        ),
        message(
            6,
            "What changed, and the log of the run:",
            "09:31",
            files=[
                {"id": "f1", "name": "site.log", "size": 48_213, "sha256": "9f86d081884c7d65"},
                {"id": "f2", "name": "Änderungen 4.12.pdf", "size": 1_240_331, "sha256": "60303ae22b998861"},
            ],
        ),
        message(7, "wrong channel, sorry", "09:32", status="Deleted", history=["wrong channel, sorry"]),
        message(8, "Thank you, the queue is empty again.", "09:40", sender_id="bob"),
        message(9, "I will take the instalments page to the support team.", "09:41", sender_id="bob"),
    ]


def _incident() -> list[dict[str, t.Any]]:
    text = "@all disk on db02 is at 91 %, see https://status.example.com/db02"
    return [
        message(20, text, "11:15", channel="incidents", at_items=[mention(text, "@all")], sender_id="carol"),
        message(21, "Cleaned the old snapshots, 54 % now.", "11:32", channel="incidents", sender_id="bob"),
    ]


def _direct() -> list[dict[str, t.Any]]:
    return [
        message(30, "Your nightly export is ready.", "06:00", contact="alice"),
        message(31, "Certificate of shop.example.com ends in 14 days.", "07:00", contact="bob"),
    ]


def _scheduled() -> dict[str, t.Any]:
    draft = message(40, "Maintenance starts in 30 minutes.", "12:00")
    return {**draft, "scheduled_time": "2026-11-21T21:30:00Z"}


def _webhook() -> list[dict[str, t.Any]]:
    card = {
        "is_markdown_support": False,
        "content": {
            "settings": {"default_sidebar_color": "#D64545"},
            "head": {
                "text": "site.yml failed",
                "style": {"bold": True},
                "sub_head": {"text": "3 of 40 hosts · 4 min 12 s"},
            },
            "body": [
                {"type": "message", "text": "web: 2 failed, 1 unreachable, 37 ok"},
                {
                    "type": "fields",
                    "items": [
                        {"key": "Failed", "value": "web03, web07", "short": True},
                        {"key": "Unreachable", "value": "web11", "short": True},
                    ],
                },
                {
                    "type": "section",
                    "sidebar_color": "#F2A93B",
                    "sections": [{"type": "message", "text": "No package matching 'nginx-1.29' found"}],
                    "footer": "web : roles/nginx/tasks/main.yml:12",
                },
            ],
        },
    }
    return [
        {"id": "sandbox-webhook", "format": "full", "body": json.dumps(card), "date_time": "2026-11-20T10:00:00Z"},
        {"id": "sandbox-webhook", "format": "message", "body": "Backup finished", "date_time": "2026-11-20T10:30:00Z"},
        {
            "id": "sandbox-webhook",
            "format": "fields",
            "body": {"Host": "db02", "Disk": "91 %"},
            "date_time": "2026-11-20T11:00:00Z",
        },
    ]
