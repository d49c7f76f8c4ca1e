# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the callback takes from Ansible's objects."""

from __future__ import annotations

import os
import pathlib
import signal
import time
import types
import typing as t

import pytest
from ansible import constants
from ansible.config.manager import ConfigManager
from ansible.parsing.dataloader import DataLoader
from ansible.parsing.vault import VaultSecret
from ansible_collections.teamchat.zoom.plugins.callback import zoom_chat
from ansible_collections.teamchat.zoom.plugins.callback.zoom_chat import CallbackModule, _Run, _vault_passwords
from ansible_collections.teamchat.zoom.plugins.module_utils._errors import InvalidOption
from ansible_collections.teamchat.zoom.plugins.plugin_utils import _events
from ansible_collections.teamchat.zoom.plugins.plugin_utils._ansible_events import Rescues, Seen
from ansible_collections.teamchat.zoom.plugins.plugin_utils._callback_options import Settings
from ansible_collections.teamchat.zoom.tests.unit.plugin_utils.couriers import documented, options


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
    [("~/x", "{home}/x"), ("$HOME/x", "{home}/x"), ("x", "{here}/x"), ("/x", "/x"), ("", ""), ("  ", ""), (None, None)],
    ids=["home", "variable", "relative", "absolute", "empty", "blank", "none"],
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


class Given(t.NamedTuple):
    """A callback's options, as they stand in the environment or in the ini file."""

    environment: dict[str, str]
    ini: str

    def options(self, monkeypatch: pytest.MonkeyPatch, folder: pathlib.Path) -> dict[str, t.Any]:
        configuration = folder / "ansible.cfg"
        configuration.write_text(f"[callback_zoom_chat]\n{self.ini}\n", encoding="utf-8")
        manager = ConfigManager(str(configuration))
        manager.initialize_plugin_configuration_definitions("callback", CallbackModule.CALLBACK_NAME, documented())
        monkeypatch.setattr(constants, "config", manager)
        for name, value in self.environment.items():
            monkeypatch.setenv(name, value)
        callback = CallbackModule()
        callback._load_name = CallbackModule.CALLBACK_NAME
        callback.set_options()
        return callback._given_options()


WITH_DEFAULTS = {name: option for name, option in documented().items() if option.get("default") is not None}


@pytest.mark.parametrize("text", ["", "  "], ids=["empty", "blank"])
@pytest.mark.parametrize("is_ini", [False, True], ids=["environment", "ini"])
def test_what_is_given_without_a_value_is_the_default(
    monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path, is_ini: bool, text: str
) -> None:
    assert {"validate_certs", "outbox", "user_id", "api_url", "details", "notify_on", "timeout"} <= set(WITH_DEFAULTS)
    environment = {option["env"][0]["name"]: text for option in WITH_DEFAULTS.values()}
    given = Given({}, "\n".join(f"{name} ={text}" for name in WITH_DEFAULTS)) if is_ini else Given(environment, "")
    options = given.options(monkeypatch, tmp_path)
    assert {name: options[name] for name in WITH_DEFAULTS} == {
        name: option["default"] for name, option in WITH_DEFAULTS.items()
    }


def test_without_a_value_in_the_environment_the_ini_file_does_not_count(
    monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path
) -> None:
    """Which is as Ansible has it for numbers; and an empty state_dir is a value."""
    environment = {"ZOOM_USER_ID": "", "ZOOM_CHAT_VALIDATE_CERTS": "", "ZOOM_CHAT_STATE_DIR": ""}
    ini = "user_id = bob@example.com\nvalidate_certs = no\nstate_dir = /x\nlive = yes"
    options = Given(environment, ini).options(monkeypatch, tmp_path)
    assert (options["user_id"], options["validate_certs"], options["live"]) == ("me", True, True)
    assert options["state_dir"] == ""


@pytest.mark.parametrize(
    ("given", "value"),
    [
        (Given({"ZOOM_CHAT_VALIDATE_CERTS": "No"}, ""), False),
        (Given({"ZOOM_CHAT_VALIDATE_CERTS": "1"}, "validate_certs = off"), True),
        (Given({}, "validate_certs = off"), False),
        (Given({}, 'validate_certs = "yes"'), True),
        (Given({}, ""), True),
    ],
    ids=["environment", "environment before ini", "ini", "quoted", "not given"],
)
def test_true_and_false_are_read_as_ansible_reads_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path, given: Given, value: bool
) -> None:
    assert given.options(monkeypatch, tmp_path)["validate_certs"] is value


@pytest.mark.parametrize("given", [Given({"ZOOM_CHAT_VALIDATE_CERTS": "nope"}, ""), Given({}, "validate_certs = nope")])
def test_a_word_that_is_neither_true_nor_false_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path, given: Given
) -> None:
    with pytest.raises(InvalidOption) as caught:
        given.options(monkeypatch, tmp_path)
    assert str(caught.value) == "validate_certs must be true or false, not 'nope'."


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


class Written:
    """The pipe of a run, without a courier at its other end."""

    lost = 0

    def __init__(self, _order: t.Any) -> None:
        self.lines: list[dict[str, t.Any]] = []

    def write(self, lines: bytes, can_drop: bool = False) -> None:  # noqa: ARG002 (as the pipe's own)
        self.lines += [_events.load(line) or {} for line in lines.splitlines()]

    def finish(self, lines: list[bytes], timeout: float) -> dict[str, t.Any]:  # noqa: ARG002 (as the pipe's own)
        self.write(b"".join(lines))
        return {"warnings": []}

    def of(self, event: str) -> list[dict[str, t.Any]]:
        return [line for line in self.lines if line["e"] == event]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> t.Callable[..., tuple[_Run, Written]]:
    """A run that has begun, and what it writes; the vault passwords are to be given."""

    def begin(*passwords: str) -> tuple[_Run, Written]:
        monkeypatch.setattr(zoom_chat, "Pipe", Written)
        loader = DataLoader()
        loader.set_vault_secrets([("default", VaultSecret(password.encode())) for password in passwords])
        playbook = types.SimpleNamespace(_file_name="site.yml", _basedir="/", _loader=loader)
        given = options(dry_run_dir="/x")
        begun = _Run(playbook, given, Settings.from_options(given, {}), {}, Rescues())
        return begun, t.cast("Written", begun._pipe)

    return begin


Begin = t.Callable[..., tuple[_Run, Written]]


class Play:
    """As much of a play as is looked at."""

    hosts = "all"
    _uuid = "play-1"

    def __init__(self, strategy: str | None) -> None:
        self.strategy = strategy

    def get_variable_manager(self) -> None:
        return None

    def get_vars(self) -> dict[str, t.Any]:
        return {}

    def get_name(self) -> str:
        return "Web"


class Task:
    """As much of a task as is looked at."""

    action = "ansible.builtin.debug"
    delegate_to = None
    no_log = False

    def __init__(self, name: str) -> None:
        self._uuid = name

    def get_path(self) -> str:
        return "/site.yml:1"

    def get_name(self, include_role_fqcn: bool) -> str:  # noqa: ARG002 (Ansible's)
        return self._uuid


@pytest.mark.parametrize(
    ("strategy", "announced"),
    [
        ("linear", ["a", "h", "b", "h"]),
        ("ansible.builtin.linear", ["a", "h", "b", "h"]),
        ("debug", ["a", "h", "b", "h"]),
        ("free", ["a", "h", "b"]),
        ("ansible.builtin.host_pinned", ["a", "h", "b"]),
        (None, ["a", "h", "b"]),
    ],
)
def test_a_task_that_runs_again_is_told_again(run: Begin, strategy: str | None, announced: list[str]) -> None:
    """As a handler does; where hosts run ahead, Ansible announces each task for each host."""
    begun, written = run()
    for _batch in range(2):
        begun.play(Play(strategy))
        for name in ("a", "a", "h", "b", "b", "h", "h"):
            begun.task(Task(name), handler=name == "h")
    assert [line["task"] for line in written.of("task")] == announced * 2


def seen(host: str, **result: t.Any) -> Seen:
    task = Task("a")
    given = types.SimpleNamespace(get_name=lambda: host)
    return Seen(types.SimpleNamespace(_host=given, _task=task, _result=result, is_changed=lambda: False))


class Stats:
    """Ansible's recap."""

    def __init__(self, counts: dict[str, dict[str, int]]) -> None:
        self.processed = self._counts = counts

    def summarize(self, host: str) -> dict[str, int]:
        return self._counts[host]


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("production-web1", "********-web1"),
        ("web1." + 3 * ("x" * 63 + ".") + "example.com", "web1." + 3 * ("x" * 63 + ".") + "example.com"),
        ("web1" + "x" * 300, "web1" + "x" * 249 + "…"),
    ],
    ids=["with a secret", "long", "too long"],
)
def test_a_host_has_one_name_in_all_lines(run: Begin, name: str, told: str) -> None:
    """Or it would be two hosts; a vault password may well be a word that stands in it."""
    begun, written = run("production")
    begun.play(Play("linear"))
    begun.ok(seen(name))
    begun.failed(seen(name, msg="broken", _ansible_delegated_vars={"ansible_delegated_host": name}), ignored=False)
    begun.unreachable(seen(name, msg="gone"))
    begun._clearing = frozenset([name])
    begun.finish(Stats({name: {"failures": 1}}))
    lines = [line for event in ("ok", "failed", "unreachable") for line in written.of(event)]
    assert [line["host"] for line in lines] == [told] * 3
    assert [line["delegate"] for line in written.of("failed")] == [told]
    assert [line["hosts"] for line in written.of("cleared")] == [[told]]
    assert [list(line["hosts"]) for line in written.of("stats")] == [[told]]


def test_no_failure_is_lost_where_hosts_differ_in_a_secret_alone(run: Begin) -> None:
    begun, written = run("production", "preproduction")
    begun.finish(Stats({"production1": {"failures": 1}, "preproduction1": {"ok": 2}, "web1": {"ok": 2}}))
    (line,) = written.of("stats")
    assert {host: (counts["ok"], counts["failures"]) for host, counts in line["hosts"].items()} == {
        "********1": (2, 1),
        "web1": (2, 0),
    }


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
