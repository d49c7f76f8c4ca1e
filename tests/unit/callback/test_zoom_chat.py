# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the callback takes from Ansible's objects."""

from __future__ import annotations

import os
import pathlib
import signal
import time
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


@pytest.mark.parametrize(
    ("given", "path"),
    [("~/x", "{home}/x"), ("$HOME/x", "{home}/x"), ("x", "{here}/x"), ("/x", "/x"), ("", ""), (None, None)],
    ids=["home", "variable", "relative", "absolute", "empty", "none"],
)
def test_paths_are_filled_in_where_ansible_was_called(
    monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path, given: str | None, path: str | None
) -> None:
    """The courier runs elsewhere, and its environment may be another one."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("HOME", str(tmp_path / "$USER"))
    callback = CallbackModule()
    callback._plugin_options = {"state_dir": given or "", "dry_run_dir": given, "ca_path": given}
    wanted = path and path.format(home=tmp_path / "$USER", here=tmp_path / "here")
    assert callback._given_options() == {"state_dir": wanted or "", "dry_run_dir": wanted, "ca_path": wanted}


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


def test_only_the_process_of_an_open_run_waits_when_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker of Ansible's may end as its parent would."""
    callback = CallbackModule()
    warned: list[str] = []
    monkeypatch.setattr(callback, "warn", warned.append)
    for process in (os.getppid(), os.getpid()):
        run = types.SimpleNamespace(process=process, abort=lambda: ["one.", "two."])
        monkeypatch.setattr(callback, "_run", run)
        callback._at_exit()
        callback._at_exit()
    assert warned == ["one. two."]


def test_at_its_end_a_process_is_interrupted_without_a_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where Ansible has left it to the system what Ctrl-C does."""

    def abort() -> list[str]:
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(20)
        return ["not interrupted"]

    callback = CallbackModule()
    monkeypatch.setattr(callback, "warn", pytest.fail)
    monkeypatch.setattr(callback, "_run", types.SimpleNamespace(process=os.getpid(), abort=abort))
    before = signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        callback._at_exit()
    finally:
        signal.signal(signal.SIGINT, before)
