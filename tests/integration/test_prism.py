# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Zoom's own API document, served by Prism, accepts what the modules send.

Sending a file as a message is left out: Prism takes a part of multipart/form-data for no list of one file. The
sandbox's contract test has it.

The document is found where the sandbox's contract test finds it.
"""

from __future__ import annotations

import json
import os
import pathlib
import shutil
import socket
import subprocess
import time
import typing as t

import pytest
import requests
from ansible_collections.teamchat.zoom.tests.integration.runs import Playbook
from ansible_collections.teamchat.zoom.tests.unit.sandbox.test_contract import DOCUMENT

ROOT = pathlib.Path(__file__).resolve().parents[2]
PRISM = shutil.which("prism", path=f"{ROOT}/.build/prism/node_modules/.bin{os.pathsep}{os.environ['PATH']}")

pytestmark = [
    pytest.mark.skipif(not DOCUMENT.is_file(), reason="needs Zoom's OpenAPI document: set ZOOM_OPENAPI to its path"),
    pytest.mark.skipif(PRISM is None, reason="needs Prism, which `make prism` installs with npm"),
]


def any_of(value: t.Any) -> t.Any:
    """The document with ``anyOf`` for ``oneOf``: its alternatives are strings that overlap."""
    if isinstance(value, dict):
        return {"anyOf" if name == "oneOf" else name: any_of(item) for name, item in value.items()}
    return [any_of(item) for item in value] if isinstance(value, list) else value


@pytest.fixture(scope="module")
def prism(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[str]:
    """The URL of a Prism that answers from the document and refuses what the document does not allow."""
    folder = tmp_path_factory.mktemp("prism")
    document = folder / "openapi.json"
    document.write_text(json.dumps(any_of(json.loads(DOCUMENT.read_text(encoding="utf-8")))), encoding="utf-8")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [str(PRISM), "mock", "--host", "127.0.0.1", "--port", str(port), "--errors", str(document)]
    with (folder / "log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        try:
            url = f"http://127.0.0.1:{port}"
            for _attempt in range(300):
                try:
                    requests.get(url, timeout=5)
                    break
                except requests.ConnectionError:
                    assert process.poll() is None, (folder / "log").read_text()
                    time.sleep(0.2)
            yield url
        finally:
            process.terminate()


def test_document_accepts_every_request(both_ways: Playbook, prism: str) -> None:
    run = both_ways.run(
        """
        - hosts: localhost
          gather_facts: false
          module_defaults:
            group/teamchat.zoom.zoom:
              api_url: "{{ prism }}"
              files_url: "{{ prism }}"
              access_token: a-token-for-the-document
            teamchat.zoom.zoom_chat_message: &recipient
              to_channel: 825c9e31f1064c73b394c5e4557d3447
            teamchat.zoom.zoom_chat_message_info: *recipient
          tasks:
            - name: falls back
              teamchat.zoom.zoom_chat_message:
                msg: "Grüße 🚀 \\"quoted\\" & <b>"
            - name: json
              teamchat.zoom.zoom_chat_message:
                msg: "@Alice and @all"
                mentions: [{text: "@Alice", contact: alice@example.com}, {text: "@all"}]
                body_format: json
            - name: contact
              teamchat.zoom.zoom_chat_message:
                msg: hello
                to_channel: "{{ omit }}"
                to_contact: alice@example.com
                body_format: json
            - name: reply
              teamchat.zoom.zoom_chat_message:
                msg: a reply
                reply_to: "{27ED2949-6457-417C-83EA-72515DAF00BD}"
                body_format: json
            - name: markdown
              teamchat.zoom.zoom_chat_message:
                msg: "# A **title**\\n\\n- a [link](https://example.com)\\n- ~~struck~~"
                markup: markdown
            - name: attached
              teamchat.zoom.zoom_chat_message:
                msg: the log
                files: [{content: "line\\r\\n", name: deploy.log}]
            - name: scheduled
              teamchat.zoom.zoom_chat_message:
                msg: later
                scheduled_time: "{{ '%Y-%m-%dT%H:%M:%SZ' | strftime(now(utc=true).timestamp() + 7200, utc=true) }}"
            - name: cards
              teamchat.zoom.zoom_chat_message:
                msg: a card
                interactive_cards: [{content: {settings: {default_sidebar_color: "#0E72ED"}}}]
            - name: edit
              teamchat.zoom.zoom_chat_message:
                msg: another text
                message_id: 8cfaf567-bf5a-4acc-b4f2-88b3d371aca5
            - name: delete
              teamchat.zoom.zoom_chat_message:
                message_id: 8cfaf567-bf5a-4acc-b4f2-88b3d371aca5
                state: absent
            - name: list
              teamchat.zoom.zoom_chat_message_info:
                search: hello
                limit: 1
            - name: thread
              teamchat.zoom.zoom_chat_message_info:
                thread: 8cfaf567-bf5a-4acc-b4f2-88b3d371aca5
            - name: channel
              teamchat.zoom.zoom_chat_channel_info:
                channel_id: 825c9e31f1064c73b394c5e4557d3447
        """,
        extra_vars={"prism": prism},
        environment=dict.fromkeys(both_ways.environment),
    )
    assert run.returncode == 0, run.output
    # Prism answers multipart with an empty 400, so the first message takes two requests.
    assert run.of("falls back")["attempts"] == 2
    assert {run.of(name)["attempts"] for name in ("json", "contact", "reply", "markdown", "edit", "delete")} == {1}
