# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the name of a channel to its id: all pages, exactly one, remembered for a while."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.teamchat.zoom.plugins.module_utils import _channels
from ansible_collections.teamchat.zoom.plugins.module_utils._channels import ChannelNames, in_conversation
from ansible_collections.teamchat.zoom.plugins.module_utils._connection import Connection
from ansible_collections.teamchat.zoom.plugins.module_utils._errors import InvalidOption, NotFound
from ansible_collections.teamchat.zoom.tests.sandbox import seeds
from ansible_collections.teamchat.zoom.tests.sandbox.running import Sandbox
from ansible_collections.teamchat.zoom.tests.unit.callers import Caller

Connect = t.Callable[..., Connection]


def names(connection: Connection) -> ChannelNames:
    return ChannelNames(Caller(connection).client)


def test_a_channel_is_found_on_a_later_page_and_remembered(sandbox: Sandbox, connect: Connect, state_dir: str) -> None:
    sandbox.settings(filler_channels=230)
    connection = connect(sandbox, state_dir=state_dir)
    found = seeds.channel_id("filler-230")
    assert names(connection).find("filler-230") == (found, False)
    assert names(connection).find("filler-230") == (found, True)
    assert len(sandbox.requests("channels")) == 2


def test_what_another_user_sees_is_another_memory(sandbox: Sandbox, connect: Connect, state_dir: str) -> None:
    assert names(connect(sandbox, state_dir=state_dir)).find("ops") == (seeds.OPS, False)
    other = connect(sandbox, state_dir=state_dir, user_id="alice@example.com")
    assert names(other).find("ops") == (seeds.OPS, False)


def test_a_memory_ends(sandbox: Sandbox, connect: Connect, state_dir: str, monkeypatch: pytest.MonkeyPatch) -> None:
    connection = connect(sandbox, state_dir=state_dir)
    names(connection).find("ops")
    monkeypatch.setattr(_channels, "_REMEMBERED_SECONDS", 0.0)
    assert names(connection).find("ops") == (seeds.OPS, False)


def test_without_a_state_folder_nothing_is_remembered(sandbox: Sandbox, connect: Connect) -> None:
    connection = connect(sandbox)
    assert [names(connection).find("ops")[1] for _index in range(2)] == [False, False]


def test_several_channels_of_a_name_are_listed(sandbox: Sandbox, connect: Connect) -> None:
    with pytest.raises(InvalidOption) as caught:
        names(connect(sandbox)).find("duplicate")
    assert caught.value.sentence == (
        f"to_channel_name is 'duplicate', which 2 channels of the user have: {seeds.DUPLICATE_1}, {seeds.DUPLICATE_2};"
        " give one of these ids as to_channel."
    )


def test_similar_names_are_told(sandbox: Sandbox, connect: Connect) -> None:
    with pytest.raises(InvalidOption) as caught:
        names(connect(sandbox)).find("incident")
    assert caught.value.sentence.startswith(
        "to_channel_name is 'incident', but the user named by user_id is in no channel of exactly that name; similar or"
        " other names: 'incidents'"
    )


def test_a_user_without_channels_is_told(sandbox: Sandbox, connect: Connect) -> None:
    client = Caller(connect(sandbox)).client
    client.list_channels = lambda: iter([])  # type: ignore[method-assign]
    with pytest.raises(InvalidOption) as caught:
        ChannelNames(client).find("ops")
    assert caught.value.sentence == "to_channel_name is 'ops', but the user named by user_id is in no channel."


def test_a_remembered_channel_that_is_gone_is_looked_up_again(
    sandbox: Sandbox, connect: Connect, state_dir: str
) -> None:
    connection = connect(sandbox, state_dir=state_dir)
    client = Caller(connection).client
    tried = []

    def send(where: dict[str, str]) -> str:
        tried.append(where)
        if len(tried) == 2:
            raise NotFound("gone", code=4130)
        return "done"

    assert [in_conversation(client, {"to_channel_name": "ops"}, send) for _index in range(2)] == ["done", "done"]
    assert tried == [{"to_channel": seeds.OPS}] * 3
    assert len(sandbox.requests("channels")) == 2


@pytest.mark.parametrize(("code", "done"), [(1001, []), (4130, ["A"])])
def test_other_errors_and_half_done_work_are_not_repeated(
    sandbox: Sandbox, connect: Connect, state_dir: str, code: int, done: list[str]
) -> None:
    client = Caller(connect(sandbox, state_dir=state_dir)).client
    in_conversation(client, {"to_channel_name": "ops"}, lambda _where: None)
    tried = []

    def fail(where: dict[str, str]) -> None:
        tried.append(where)
        error = NotFound("gone", code=code)
        error.done = done
        raise error

    with pytest.raises(NotFound):
        in_conversation(client, {"to_channel_name": "ops"}, fail)
    assert len(tried) == 1


def test_an_id_is_taken_as_it_is(sandbox: Sandbox, connect: Connect) -> None:
    client = Caller(connect(sandbox)).client
    assert in_conversation(client, {"to_channel": "any"}, lambda where: where) == {"to_channel": "any"}
    assert sandbox.requests() == []
