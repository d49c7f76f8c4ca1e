# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Channels: the user's own, page by page, and one by id."""

from __future__ import annotations

import typing as t

import pytest
import requests
from ansible_collections.teamchat.zoom.tests.sandbox import seeds
from ansible_collections.teamchat.zoom.tests.sandbox.running import Sandbox

Api = t.Callable[..., requests.Response]
CHANNELS = f"chat/users/{seeds.SENDER}/channels"


def refusal(answer: requests.Response) -> tuple[int, int, str]:
    body = answer.json()
    return answer.status_code, body["code"], body["message"]


def test_channels_of_the_user(api: Api) -> None:
    body = api("GET", CHANNELS).json()
    assert [channel["name"] for channel in body["channels"]] == [
        "ops",
        "deployments",
        "incidents",
        "duplicate",
        "duplicate",
        "archived",
        "encrypted",
    ]
    assert (body["page_size"], body["total_records"], body["next_page_token"]) == (10, 7, "")


def test_channels_come_in_pages(sandbox: Sandbox, api: Api) -> None:
    sandbox.settings(filler_channels=60)
    names, token = [], ""
    for _page in range(3):
        body = api("GET", CHANNELS, params={"page_size": 30, "next_page_token": token}).json()
        names += [channel["name"] for channel in body["channels"]]
        token = body["next_page_token"]
    assert (len(names), len(set(names)), token) == (67, 66, "")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"page_size": 1001}, (400, 300, "Validation Failed.")),
        ({"next_page_token": "x"}, (400, 300, "The next page token is either invalid or has expired.")),
    ],
)
def test_channels_refusals(api: Api, query: dict[str, t.Any], expected: tuple[int, int, str]) -> None:
    assert refusal(api("GET", CHANNELS, params=query)) == expected


def test_channel_by_id(api: Api) -> None:
    channel = api("GET", f"chat/channels/{seeds.OPS}").json()
    assert (channel["id"], channel["name"]) == (seeds.OPS, "ops")
    assert channel["jid"] == f"{seeds.OPS}@conference.xmpp.zoom.us"


def test_channel_refusals(api: Api) -> None:
    assert refusal(api("GET", "chat/channels/nowhere")) == (404, 4130, "Channel does not exist: nowhere.")
    text = "Unauthorized request. You do not have permission to access this user's channel information."
    assert refusal(api("GET", f"chat/channels/{seeds.FOREIGN}")) == (400, 200, text)
