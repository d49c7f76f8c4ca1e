# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the callback takes from Ansible's objects."""

from __future__ import annotations

import types

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.parsing.vault import VaultSecret
from ansible_collections.teamchat.zoom.plugins.callback.zoom_chat import CallbackModule, _vault_passwords


@pytest.mark.parametrize(
    ("secrets", "passwords"),
    [
        ([("default", VaultSecret(b"first")), ("dev", VaultSecret("zwölf".encode()))], ["first", "zwölf"]),
        ([("default", VaultSecret()), ("dev", VaultSecret(b"second"))], ["second"]),
        ([], []),
    ],
    ids=["two", "one that is not loaded", "none"],
)
def test_vault_passwords_are_secrets(secrets: list[tuple[str, VaultSecret]], passwords: list[str]) -> None:
    loader = DataLoader()
    loader.set_vault_secrets(secrets)
    assert _vault_passwords(types.SimpleNamespace(_loader=loader)) == passwords


def test_without_a_loader_there_are_no_vault_passwords() -> None:
    assert _vault_passwords(types.SimpleNamespace()) == []


def test_without_a_run_to_tell_of_nothing_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """As after a wrong setting, and for ad-hoc commands."""
    callback = CallbackModule()
    warned: list[str] = []
    monkeypatch.setattr(callback, "warn", warned.append)
    callback.v2_playbook_on_play_start(None)
    callback.v2_playbook_on_task_start(None, False)
    callback.v2_playbook_on_handler_task_start(None)
    callback.v2_runner_on_ok(None)
    callback.v2_runner_on_failed(None)
    callback.v2_runner_on_skipped(None)
    callback.v2_runner_on_unreachable(None)
    callback.v2_playbook_on_no_hosts_matched()
    callback.v2_playbook_on_no_hosts_remaining()
    callback.v2_playbook_on_stats(types.SimpleNamespace(processed={}))
    assert warned == []
