# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The limits of a channel: windows, blocks, and what a blocked channel answers."""

from __future__ import annotations

import time
import typing as t

import pytest
import requests
from ansible_collections.teamchat.zoom.tests.sandbox import limits, seeds
from ansible_collections.teamchat.zoom.tests.sandbox import settings as settings_
from ansible_collections.teamchat.zoom.tests.sandbox.running import Sandbox

Api = t.Callable[..., requests.Response]
SEND = f"chat/users/{seeds.SENDER}/messages"


@pytest.mark.parametrize(("count", "seconds", "block"), settings_.WINDOWS)
def test_each_window_blocks_for_its_time(count: int, seconds: float, block: float) -> None:
    channel = limits.ChannelLimits()
    window: list[list[float]] = [[count, seconds, block]]
    apart = seconds / count / 2
    assert all(channel.admit("ops", window, number * apart) for number in range(count))
    over = (count - 1) * apart
    assert not channel.admit("ops", window, over)
    assert not channel.admit("ops", window, over + block - 0.001)
    assert channel.admit("other", window, over)
    assert channel.admit("ops", window, over + block + seconds)


def test_rate_that_a_window_allows_is_never_blocked() -> None:
    channel = limits.ChannelLimits()
    assert all(channel.admit("ops", [[8, 1, 10]], number * 0.125) for number in range(100))


def test_blocked_channel_answers_429_and_counts(sandbox: Sandbox, api: Api) -> None:
    sandbox.settings(windows=[[2, 10, 0.3]])
    answers = [api("POST", SEND, json={"message": "x", "to_channel": seeds.OPS}) for _index in range(3)]
    assert [answer.status_code for answer in answers] == [201, 201, 429]
    assert answers[2].json() == {
        "code": 429,
        "message": "You have reached the maximum per-second rate limit for this API. Try again later.",
    }
    assert answers[2].headers["X-RateLimit-Type"] == "QPS"
    assert "Retry-After" not in answers[2].headers
    assert len(sandbox.messages()) == 2
    assert sandbox.account()["rejected"] == 1
    assert api("POST", SEND, json={"message": "x", "to_channel": seeds.INCIDENTS}).status_code == 201


def test_channel_opens_again(sandbox: Sandbox, api: Api) -> None:
    sandbox.settings(windows=[[1, 0.1, 0.2]])
    fields = {"message": "x", "to_channel": seeds.OPS}
    assert [api("POST", SEND, json=fields).status_code for _index in range(2)] == [201, 429]
    time.sleep(0.25)
    assert api("POST", SEND, json=fields).status_code == 201


def test_direct_messages_have_no_windows(sandbox: Sandbox, api: Api) -> None:
    sandbox.settings(windows=[[1, 10, 10]])
    fields = {"message": "x", "to_contact": "alice@example.com"}
    assert [api("POST", SEND, json=fields).status_code for _index in range(3)] == [201, 201, 201]


def test_windows_can_be_off(sandbox: Sandbox, api: Api) -> None:
    fields = {"message": "x", "to_channel": seeds.OPS}
    sandbox.settings(windows="off")
    assert {api("POST", SEND, json=fields).status_code for _index in range(15)} == {201}
