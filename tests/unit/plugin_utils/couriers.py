# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The callback's options as they are documented, and runs that are told to a courier without Ansible."""

from __future__ import annotations

import os
import typing as t
import uuid

import yaml
from ansible_collections.teamchat.zoom.plugins.callback import zoom_chat
from ansible_collections.teamchat.zoom.plugins.doc_fragments import callback_connection
from ansible_collections.teamchat.zoom.plugins.plugin_utils import _events
from ansible_collections.teamchat.zoom.plugins.plugin_utils._pipe import Pipe
from ansible_collections.teamchat.zoom.tests.sandbox import seeds
from ansible_collections.teamchat.zoom.tests.sandbox.running import Sandbox

Line = dict[str, t.Any]


def documented() -> dict[str, dict[str, t.Any]]:
    """All options of the callback, as its documentation has them."""
    fragment = yaml.safe_load(callback_connection.ModuleDocFragment.DOCUMENTATION)["options"]
    return {**fragment, **yaml.safe_load(zoom_chat.DOCUMENTATION)["options"]}


def options(sandbox: Sandbox | None = None, **changes: t.Any) -> dict[str, t.Any]:
    """The defaults, with the sandbox's app, its channel `ops`, and changes."""
    values = {name: option.get("default") for name, option in documented().items()}
    values["state_dir"] = ""
    if sandbox is not None:
        values.update(
            account_id=seeds.ACCOUNT_ID,
            client_id=seeds.CLIENT_ID,
            client_secret=seeds.CLIENT_SECRET,
            user_id=seeds.SENDER,
            api_url=sandbox.api_url,
            oauth_url=sandbox.oauth_url,
            files_url=sandbox.files_url,
            to_channel=seeds.OPS,
        )
    return {**values, **changes}


def order(given: t.Mapping[str, t.Any], **changes: t.Any) -> dict[str, t.Any]:
    """A courier's first line."""
    made = {"options": dict(given), "secrets": [], "parent": os.getpid(), "playbook": "/site.yml"}
    return {**made, "run": uuid.uuid4().hex, **changes}


def dumped(line: Line) -> bytes:
    rest = {name: value for name, value in line.items() if name not in ("e", "at")}
    return _events.dump(line["e"], line["at"], rest)


def told(given: t.Mapping[str, t.Any], lines: t.Iterable[Line], timeout: float = 20.0) -> list[str]:
    """Tell a run to a courier, and return its warnings."""
    pipe = Pipe(order(given))
    for line in lines:
        pipe.write(dumped(line))
    answer = pipe.finish([], timeout)
    assert answer is not None, "the courier did not answer"
    return t.cast("list[str]", answer["warnings"])
