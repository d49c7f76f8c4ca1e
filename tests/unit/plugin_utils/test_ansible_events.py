# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a failed task says, in the shapes that results of all supported versions of Ansible have."""

from __future__ import annotations

import types
import typing as t

import pytest
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.vars.manager import VariableManager
from ansible_collections.teamchat.zoom.plugins.plugin_utils import _events
from ansible_collections.teamchat.zoom.plugins.plugin_utils._ansible_events import (
    Describer,
    Rescues,
    Seen,
    hosts_in_play,
)
from ansible_collections.teamchat.zoom.plugins.plugin_utils._scrubbing import Scrubber

Result = dict[str, t.Any]

DESCRIBER = Describer(Scrubber(["hunter22hunter22"]), "/srv/deploy")


class _Host:
    def get_name(self) -> str:
        return "web1"


class _Task:
    _uuid = "task-1"
    delegate_to = None


class _OldResult:
    """As callbacks get it before ansible-core 2.19."""

    def __init__(self, result: Result, task: type[_Task] = _Task) -> None:
        self._host, self._task, self._result = _Host(), task, result

    def is_changed(self) -> bool:
        return bool(self._result.get("changed"))


class _NewResult:
    def __init__(self, result: Result, task: type[_Task] = _Task) -> None:
        self.host, self.task, self._returned = _Host(), task, result
        self.times_asked = 0

    @property
    def result(self) -> Result:
        self.times_asked += 1
        return self._returned

    def is_changed(self) -> bool:
        return bool(self._returned.get("changed"))


@pytest.fixture(params=[_OldResult, _NewResult], ids=["before 2.19", "since 2.19"])
def failed(request: pytest.FixtureRequest) -> t.Callable[..., Result]:
    """The line of a failed task with this result."""

    def line(result: Result, task: type[_Task] = _Task) -> Result:
        return t.cast("Result", DESCRIBER.failed(Seen(request.param(result, task)), False, True))

    return line


@pytest.fixture(params=[_OldResult, _NewResult], ids=["before 2.19", "since 2.19"])
def unreachable(request: pytest.FixtureRequest) -> t.Callable[[Result], Result]:
    """The line of a host that was not reached."""

    def line(result: Result) -> Result:
        return t.cast("Result", DESCRIBER.unreachable(Seen(request.param(result))))

    return line


Failed = t.Callable[..., Result]
Unreachable = t.Callable[[Result], Result]


def test_what_a_task_returned_is_not_asked_for_when_it_went_well() -> None:
    """Ansible copies all of it for whoever asks, which may be a megabyte of facts."""
    result = _NewResult({"changed": True, "ansible_facts": {}})
    seen = Seen(result)
    assert (seen.host, seen.task_id, seen.changed) == ("web1", "task-1", True)
    assert result.times_asked == 0


@pytest.mark.parametrize(
    ("result", "message"),
    [
        ({"msg": "  no space left  "}, "no space left"),
        ({"msg": "Task failed: no space left"}, "no space left"),
        ({"msg": ["one", "two"]}, "one\ntwo"),
        ({"msg": {"why": "ünknown"}}, '{"why": "ünknown"}'),
        ({"msg": "", "reason": "no such file"}, "no such file"),
        ({"exception": "Traceback\n  File x\nKeyError: 'a'"}, "KeyError: 'a'"),
        ({"exception": "(traceback unavailable)", "stderr": "broken\npipe\n"}, "pipe"),
        ({"module_stdout": "sh: python3: not found"}, "sh: python3: not found"),
        ({"results": [{"failed": True}, {"failed": False}, {"exception": "x"}, "no item"]}, "2 of 3 items failed"),
        ({"rc": 3}, "exit status 3"),
        ({}, ""),
        ({"msg": "the password is hunter22hunter22"}, "the password is ********"),
    ],
)
def test_a_failure_is_told_in_the_tasks_own_words(failed: Failed, result: Result, message: str) -> None:
    assert failed(result)["msg"] == message


@pytest.mark.parametrize(
    ("item", "label"),
    [
        ({"_ansible_item_label": "the label", "item": {"name": "the name"}}, "the label"),
        ({"item": "nginx"}, "nginx"),
        ({"item": 8080}, "8080"),
        ({"item": {"name": "nginx", "password": "x"}}, "nginx"),
        ({"item": {"path": "/etc/hosts"}}, "/etc/hosts"),
        ({"item": {"key": "nginx", "value": {"port": 80}}}, "nginx"),
        ({"item": {"path": "x.pem", "key": "-----BEGIN PRIVATE KEY-----"}}, "x.pem"),
        ({"item": {"service": "pay", "key": "opens-the-till"}}, "item 1"),
        ({"item": {"key": "opens-the-till"}}, "item 1"),
        ({"item": {"password": "hunter"}}, "item 1"),
        ({"item": [1, 2]}, "item 1"),
        ({"item": "secret", "_ansible_no_log": True}, "item 1"),
    ],
)
def test_an_item_is_named_by_what_is_plain_in_it(failed: Failed, item: Result, label: str) -> None:
    line = failed({"results": [{"failed": True, "msg": "broken", **item}, {"failed": False, "item": "fine"}]})
    (told,) = line["items"]
    assert told["item"] == label
    hidden = "The output is hidden, because the task has no_log."
    assert told["msg"] == (hidden if "_ansible_no_log" in item else "broken")


@pytest.mark.parametrize("mark", [{"_ansible_no_log": True}, {"censored": "the output has been hidden"}])
def test_nothing_is_told_of_a_censored_result(failed: Failed, mark: Result) -> None:
    line = failed({"msg": "secret", "stderr": "secret", "exception": "secret", "results": [{"item": "secret"}], **mark})
    assert line == {
        "task": "task-1",
        "host": "web1",
        "changed": False,
        "ignored": False,
        "rescued": True,
        "msg": "The output is hidden, because the task has no_log.",
    }


@pytest.mark.parametrize(
    ("result", "message"),
    [
        ({"msg": "No route to host"}, "No route to host"),
        (
            {
                "msg": "All items completed",
                "results": [
                    {"item": "a", "failed": True, "msg": "broken"},
                    {"item": "b", "unreachable": True, "msg": "Task failed: no answer from hunter22hunter22"},
                    {"item": "c", "unreachable": True, "msg": "Connection timed out"},
                ],
            },
            "no answer from ********",
        ),
        (
            {
                "msg": "All items completed",
                "results": [{"unreachable": True, "msg": "No route to host", "_ansible_no_log": True}],
            },
            "The output is hidden, because the task has no_log.",
        ),
        (
            {"censored": "hidden", "results": [{"unreachable": True, "msg": "No route to host"}]},
            "The output is hidden, because the task has no_log.",
        ),
    ],
    ids=["of a task", "of a loop", "of a hidden item", "of a hidden task"],
)
def test_why_a_host_was_not_reached_is_told(unreachable: Unreachable, result: Result, message: str) -> None:
    assert unreachable(result) == {
        "task": "task-1",
        "host": "web1",
        "msg": message,
        "ignored": False,
        "delegate": None,
    }


BANNER = "*" * 60 + "\r\nAuthorised use only, hunter22hunter22\r\n" + "*" * 5000 + "\r\n"
REFUSED = "deploy@web1: Permission denied (publickey)."


@pytest.mark.parametrize(
    ("message", "told"),
    [
        (f"Failed to connect to the host via ssh: {REFUSED}", f"Failed to connect to the host via ssh: {REFUSED}"),
        (
            f"Failed to connect to the host via ssh: {BANNER}{REFUSED}",
            f"Failed to connect to the host via ssh: {REFUSED}",
        ),
        (
            f"Failed to connect to the host via ssh: {BANNER}no hunter22hunter22 here\r\n\r\n",
            "Failed to connect to the host via ssh: no ******** here",
        ),
        (
            'Data could not be sent to remote host "web1". Make sure this host can be reached over ssh: Warning:'
            f" Permanently added 'web1' (ED25519) to the list of known hosts.\r\n{REFUSED}\r\n",
            f'Data could not be sent to remote host "web1". Make sure this host can be reached over ssh: {REFUSED}',
        ),
        (
            "Failed to connect to the host via ssh: ssh: connect to host bastion port 22: Connection refused\r\n"
            "kex_exchange_identification: Connection closed by remote host\r\nConnection closed by UNKNOWN port 65535",
            "Failed to connect to the host via ssh: ssh: connect to host bastion port 22: Connection refused",
        ),
        (
            "Failed to connect to the host via ssh: stdio forwarding failed\r\nConnection closed by UNKNOWN port 65535",
            "Failed to connect to the host via ssh: Connection closed by UNKNOWN port 65535",
        ),
        ("Timed out.\nAsk somebody.", "Timed out.\nAsk somebody."),
    ],
    ids=["one line", "banner", "blank end", "pipelining", "through a bastion", "nothing else", "not ssh"],
)
def test_what_ssh_says_stands_at_its_end(unreachable: Unreachable, message: str, told: str) -> None:
    assert unreachable({"unreachable": True, "msg": message})["msg"] == told


def test_a_failure_tells_whether_something_was_changed(failed: Failed) -> None:
    assert failed({"msg": "non-zero return code", "changed": True})["changed"] is True
    assert failed({"msg": "boom"})["changed"] is False


def test_outputs_are_told_from_their_end(failed: Failed) -> None:
    line = failed({"msg": "m", "rc": 1, "stdout": "x" * 9000 + "end", "module_stderr": "e", "exception": "trace"})
    assert line["stdout"] == "…" + "x" * 3997 + "end"
    assert (line["stderr"], line["exception"], line["rc"]) == ("e", "trace", 1)


def test_the_host_that_a_task_was_delegated_to_is_named(failed: Failed) -> None:
    class Delegated(_Task):
        delegate_to = "db1"  # type: ignore[assignment]

    class Templated(_Task):
        delegate_to = "{{ primary }}"  # type: ignore[assignment]

    assert failed({"msg": "m"})["delegate"] is None
    assert failed({"msg": "m"}, Delegated)["delegate"] == "db1"
    assert failed({"msg": "m"}, Templated)["delegate"] is None
    known = {"msg": "m", "_ansible_delegated_vars": {"ansible_delegated_host": "db2"}}
    assert failed(known, Templated)["delegate"] == "db2"


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/srv/deploy/site.yml:7", "site.yml:7"),
        ("/srv/deploy/roles/web/tasks/main.yml:3", "roles/web/tasks/main.yml:3"),
        ("/usr/share/ansible/roles/web/tasks/main.yml:3", "roles/web/tasks/main.yml:3"),
        (
            "/usr/share/ansible/collections/ansible_collections/shop/site/roles/web/tasks/main.yml:3",
            "ansible_collections/shop/site/roles/web/tasks/main.yml:3",
        ),
        ("/home/alice/included.yml:2", "included.yml:2"),
        (None, None),
    ],
)
def test_a_path_is_told_from_where_it_can_be_recognised(path: str | None, told: str | None) -> None:
    class Placed(_Task):
        action = "ansible.builtin.debug"
        no_log = False

        def get_path(self) -> str | None:
            return path

        def get_name(self, include_role_fqcn: bool) -> str:
            return f"Look {include_role_fqcn}"

    assert Describer(Scrubber([]), "/srv/deploy").task(Placed(), "play-1", False)["path"] == told


def test_the_longest_failure_is_a_line_that_is_read(failed: t.Callable[..., Result]) -> None:
    long = "\x01" * 5000
    items = [{"failed": True, "msg": long, "item": long} for _item in range(30)]
    told = {"msg": long, "stdout": long, "stderr": long, "exception": long, "results": items}
    line = _events.dump(_events.FAILED, 0.0, failed(told))
    assert len(line) > _events.MAX_LINE / 2
    assert _events.load(line)


def playing(manager: t.Any, rescues: Rescues | None = None) -> Rescues:
    rescues = rescues or Rescues()
    rescues.play(types.SimpleNamespace(get_variable_manager=lambda: manager))
    return rescues


def test_a_failure_is_rescued_if_the_rescue_was_told_of_it() -> None:
    """Told anew each time, even of the same task, as in a loop over an included file."""
    manager = VariableManager(loader=DataLoader())
    rescues = playing(manager)
    assert not rescues.takes_up("web1")
    for _again in range(2):
        manager.set_nonpersistent_facts("web1", {"ansible_failed_task": {"name": "Try"}, "ansible_failed_result": {}})
        assert rescues.takes_up("web1")
        assert not rescues.takes_up("web1")
        assert not rescues.takes_up("web2")


def test_what_was_rescued_in_an_earlier_play_or_playbook_is_not_rescued_again() -> None:
    manager = VariableManager(loader=DataLoader())
    rescues = playing(manager)
    manager.set_nonpersistent_facts("web1", {"ansible_failed_task": {"name": "Try"}})
    assert rescues.takes_up("web1")
    assert not playing(manager, rescues).takes_up("web1")


@pytest.mark.parametrize("variables", [None, [], {"web1": None}, {"web1": {"ansible_failed_task": None}}])
def test_where_ansible_is_unknown_no_rescue_is_known(variables: t.Any) -> None:
    assert not playing(types.SimpleNamespace(_nonpersistent_fact_cache=variables)).takes_up("web1")
    assert not playing(types.SimpleNamespace()).takes_up("web1")
    assert not Rescues().takes_up("web1")


def test_the_hosts_of_a_play_are_those_of_its_current_batch() -> None:
    inventory = InventoryManager(DataLoader(), "web1,web2,db1,")
    manager = VariableManager(loader=DataLoader(), inventory=inventory)
    play = types.SimpleNamespace(get_variable_manager=lambda: manager, hosts=["web*"])
    assert hosts_in_play(play) == {"web1", "web2"}
    inventory.restrict_to_hosts(inventory.get_hosts("web2,db1"))
    assert hosts_in_play(play) == {"web2"}


@pytest.mark.parametrize("manager", [None, types.SimpleNamespace(), VariableManager()])
def test_where_there_is_no_inventory_a_play_has_no_hosts(manager: t.Any) -> None:
    assert hosts_in_play(types.SimpleNamespace(get_variable_manager=lambda: manager, hosts=["all"])) == frozenset()
    assert hosts_in_play(None) == frozenset()
