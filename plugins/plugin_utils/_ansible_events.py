# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible's objects as the lines of `_events`: only what a summary needs, bounded and scrubbed.

Task arguments are never looked at, loop items only where they are plain, have a label of their own, or a key that
names things.
"""

from __future__ import annotations

import json
import os
import re
import typing as t

from ansible_collections.teamchat.zoom.plugins.plugin_utils import _surroundings

if t.TYPE_CHECKING:
    from ansible_collections.teamchat.zoom.plugins.plugin_utils import _events
    from ansible_collections.teamchat.zoom.plugins.plugin_utils._scrubbing import Scrubber

Result = t.Mapping[str, t.Any]

#: What Ansible calls the playbook that it makes of an ad-hoc command.
ADHOC = "__adhoc_playbook__"
_CENSORED = "The output is hidden, because the task has no_log."
_NAME = 200
# The longest that DNS knows.
_HOST = 253
_PATH = 300
_MESSAGE = 4000
_OUTPUT = 4000
_ITEMS = 20
_ITEM_NAME = 100
_ITEM_MESSAGE = 1000
_MOST_NAMES = 50
# Ansible 2.19 and later put this where a traceback would be.
_NO_TRACEBACK = "(traceback unavailable)"
# The same versions put this before what a task says.
_PREFIX = "Task failed: "
# With pipelining, most hosts that are not reached are told of in the second way.
_OVER_SSH = re.compile(r"(?:Failed to connect to the host via|Data could not be sent to remote host .* over) ssh: ")
# What ssh adds where the way through another host ended, after the reason of that.
_AFTER_THE_CAUSE = re.compile(
    r"(?:kex|ssh)_exchange_identification: |Connection (?:closed|reset) by UNKNOWN |stdio forwarding failed"
)
# An item that is a mapping may hold anything; these tell what it is about.
_NAMING_KEYS = ("name", "path", "src", "dest", "item")


class Seen:
    """A task's result as callbacks get it, under the names that all supported versions of Ansible have.

    The public names came with 2.19; the others are to be deprecated.
    """

    def __init__(self, result: t.Any) -> None:
        self._seen = result
        # Asked of the class: the result itself would be made for the answer.
        self._public = hasattr(type(result), "result")

    @property
    def host(self) -> str:
        return str((self._seen.host if self._public else self._seen._host).get_name())

    @property
    def task(self) -> t.Any:
        return self._seen.task if self._public else self._seen._task

    @property
    def task_id(self) -> str:
        return str(self.task._uuid)

    @property
    def changed(self) -> bool:
        return bool(self._seen.is_changed())

    @property
    def result(self) -> Result:
        """What the task returned. Ansible makes a copy of all of it for each callback that asks, from 2.19 on."""
        return t.cast("Result", self._seen.result if self._public else self._seen._result)


class Rescues:
    """Knows which failures Ansible has left to a ``rescue``.

    Whether it does depends on what stands around the task, on which of that the tags have left, and on what failed
    before. When callbacks hear of a failure, Ansible has decided, and has given the tasks of the rescue the variable
    ``ansible_failed_task``, anew each time. Nothing that callbacks are given tells it more directly.
    """

    def __init__(self) -> None:
        self._manager: t.Any = None
        #: What the variable was when a host was last rescued. It lasts from one playbook of a command to the next.
        self._known: dict[str, t.Any] = {}

    def play(self, play: t.Any) -> None:
        self._manager = play.get_variable_manager()

    def takes_up(self, host: str) -> bool:
        """Whether the latest failure of a host is rescued; to be asked once for each that is not ignored."""
        variables = getattr(self._manager, "_nonpersistent_fact_cache", None)
        of_host = variables.get(host) if isinstance(variables, dict) else None
        failed_task = of_host.get("ansible_failed_task") if isinstance(of_host, dict) else None
        if failed_task is None or failed_task is self._known.get(host):
            return False
        self._known[host] = failed_task
        return True


def hosts_in_play(play: t.Any) -> frozenset[str]:
    """The hosts that a play, or its current batch (``serial``), is for, those included that have failed.

    None where Ansible has come to keep them elsewhere: a failure that is not forgiven in a summary makes somebody look,
    one that is forgiven without a reason does not.
    """
    try:
        return frozenset(str(host.get_name()) for host in play.get_variable_manager()._inventory.get_hosts(play.hosts))
    except (AttributeError, TypeError):
        return frozenset()


class Describer:
    """Describes the events of one run.

    :param scrubber: knows the secrets that must not stand in a text.
    :param folder: the playbook's folder; paths are relative to it.
    """

    def __init__(self, scrubber: Scrubber, folder: str) -> None:
        self._scrubber = scrubber
        self._folder = folder
        #: Each host's name as it is told.
        self._hosts: dict[str, str] = {}

    def _short(self, value: t.Any, limit: int = _NAME) -> str:
        return self._scrubber.head(str(value), limit)

    def host(self, name: str) -> str:
        """A host's name as all lines have it: by it they are recognised as being about the same one."""
        told = self._hosts.get(name)
        if told is None:
            told = self._hosts[name] = self._short(name, _HOST)
        return told

    def run(
        self, file_name: str, options: Result, ansible_version: str, environment: t.Mapping[str, str]
    ) -> _events.Run:
        """:param options: those of the command line, as Ansible's context has them."""
        person = _surroundings.user(environment)
        run: _events.Run = {
            "playbook": "" if file_name == ADHOC else self._short(os.path.basename(file_name)),
            "user": self._short(person) if person else None,
            "controller": self._short(_surroundings.controller()),
            "git": _surroundings.git(self._folder, environment),
            "limit": self._short(options["subset"]) if options.get("subset") else None,
            "tags": self._names(options.get("tags")),
            "skip_tags": self._names(options.get("skip_tags")),
            "check": bool(options.get("check")),
            "diff": bool(options.get("diff")),
            "inventory": [os.path.basename(name.rstrip("/")) for name in self._inventories(options.get("inventory"))],
            "ci": _surroundings.ci(environment),
            "adhoc": file_name == ADHOC,
            "ansible": ansible_version,
        }
        return t.cast("_events.Run", self._scrubber.scrub(run))

    def _names(self, value: t.Any) -> list[str]:
        return [self._short(name) for name in list(value or ())[:_MOST_NAMES]]

    def _inventories(self, value: t.Any) -> list[str]:
        """Inventory files; a list of hosts in their place (``-i web1,web2``) is none."""
        return [name for name in self._names([value] if isinstance(value, str) else value) if "," not in name]

    def said(self, variables: Result) -> _events.Vars:
        """What a play says about its summary."""
        said: _events.Vars = {}
        if variables.get("zoom_chat_title"):
            said["zoom_chat_title"] = self._short(variables["zoom_chat_title"])
        if "zoom_chat_mute" in variables:
            said["zoom_chat_mute"] = bool(variables["zoom_chat_mute"])
        return said

    def play(self, play: t.Any) -> _events.Play:
        hosts = play.hosts
        pattern = hosts if isinstance(hosts, str) else ",".join(str(host) for host in hosts or ())
        return {"play": str(play._uuid), "name": self._short(play.get_name().strip()), "pattern": self._short(pattern)}

    def task(self, task: t.Any, play: str, handler: bool) -> _events.Task:
        role = getattr(task, "_role", None)
        path = task.get_path()
        return {
            "task": str(task._uuid),
            "play": play,
            "name": self._short(_task_name(task)),
            "action": self._short(task.action),
            "role": self._short(role.get_name()) if role else None,
            "path": self._short(_relative(str(path), self._folder), _PATH) if path else None,
            "handler": handler,
        }

    def failed(self, seen: Seen, ignored: bool, rescued: bool) -> _events.Failed:
        result = seen.result
        failed: _events.Failed = {
            "task": seen.task_id,
            "host": self.host(seen.host),
            "changed": seen.changed,
            "ignored": ignored,
            "rescued": rescued,
        }
        if _is_censored(result):
            failed["msg"] = _CENSORED
            return failed
        failed["msg"] = self._scrubber.head(_message(result), _MESSAGE)
        failed["delegate"] = self._delegate(seen)
        failed["rc"] = result["rc"] if isinstance(result.get("rc"), int) else None
        items = [item for item in _items(result) if _has_failed(item)]
        if items:
            failed["items"] = [self._item(number, item) for number, item in enumerate(items[:_ITEMS], 1)]
        stderr = self._tail(result.get("stderr") or result.get("module_stderr"))
        stdout = self._tail(result.get("stdout") or result.get("module_stdout"))
        exception = result.get("exception")
        if stderr:
            failed["stderr"] = stderr
        if stdout:
            failed["stdout"] = stdout
        if isinstance(exception, str) and exception != _NO_TRACEBACK:
            failed["exception"] = self._tail(exception)
        return failed

    def unreachable(self, seen: Seen) -> _events.Unreachable:
        result = seen.result
        # Of a loop itself Ansible says that all items are completed.
        told = next((item for item in _items(result) if item.get("unreachable")), result)
        censored = _is_censored(result) or _is_censored(told)
        message = _CENSORED if censored else self._why_unreachable(_message(told))
        ignored = bool(getattr(seen.task, "ignore_unreachable", False))
        return {
            "task": seen.task_id,
            "host": self.host(seen.host),
            "msg": message,
            "ignored": ignored,
            "delegate": self._delegate(seen),
        }

    def _why_unreachable(self, message: str) -> str:
        """The message; of what ssh wrote, only the last line that says something.

        The server's banner stands before it, and so do ssh's warnings, such as that of a host that it has got to know.
        """
        over_ssh = _OVER_SSH.match(message)
        if over_ssh is None or "\n" not in message:
            return self._scrubber.head(message, _MESSAGE)
        lines = self._scrubber.tail(message[over_ssh.end() :], _MESSAGE).splitlines()
        telling = [line for line in lines if line.strip() and not _AFTER_THE_CAUSE.match(line)]
        return self._short(over_ssh.group()) + (telling or lines)[-1]

    def cleared(self, hosts: t.Iterable[str]) -> _events.Cleared:
        return {"hosts": [self.host(host) for host in hosts]}

    def _tail(self, value: t.Any) -> str:
        return self._scrubber.tail(value, _OUTPUT) if isinstance(value, str) else ""

    def _delegate(self, seen: Seen) -> t.Optional[str]:
        delegated = seen.result.get("_ansible_delegated_vars")
        host = delegated.get("ansible_delegated_host") if isinstance(delegated, dict) else None
        # Actions that connect to no host leave it to the task, which may have a template there.
        host = host or getattr(seen.task, "delegate_to", None)
        return self.host(str(host)) if host and "{{" not in str(host) else None

    def _item(self, number: int, item: Result) -> _events.Item:
        label = _item_label(item)
        message = _CENSORED if _is_censored(item) else _message(item)
        return {
            "item": self._short(label, _ITEM_NAME) if label else f"item {number}",
            "msg": self._scrubber.head(message, _ITEM_MESSAGE),
        }


def _hides(task: t.Any) -> bool:
    # It may still be a template; then it is better taken for a yes.
    return task.no_log not in (False, None)


def _task_name(task: t.Any) -> str:
    """The name; of a task with no_log as it was written, because its variables may be what is to be hidden."""
    if _hides(task):
        written = getattr(task, "_ds", None)
        name = written.get("name") if isinstance(written, dict) else None
        return str(name or task.action)
    return str(task.get_name(include_role_fqcn=False) or task.action)


def _relative(path: str, folder: str) -> str:
    """A path with line number, from the playbook's folder, or from the roles' or collections' where it lies there."""
    relative = os.path.relpath(path, folder)
    if not relative.startswith(os.pardir):
        return relative
    for marker in (f"{os.sep}ansible_collections{os.sep}", f"{os.sep}roles{os.sep}"):
        _before, found, after = path.rpartition(marker)
        if found:
            return found[1:] + after
    return os.path.basename(path)


def _is_censored(result: Result) -> bool:
    return bool(result.get("_ansible_no_log")) or "censored" in result


def _items(result: Result) -> list[Result]:
    results = result.get("results")
    return [item for item in results if isinstance(item, dict)] if isinstance(results, list) else []


def _has_failed(item: Result) -> bool:
    # From 2.21 on callbacks see failed items without this key, but with an exception.
    return bool(item.get("failed", "exception" in item))


def _item_label(item: Result) -> str:
    if _is_censored(item):
        return ""
    for label in (item.get("_ansible_item_label"), item.get("item")):
        if isinstance(label, (str, int, float)):
            return str(label)
        if isinstance(label, dict):
            # Items of `dict2items` are named by their key; in any other mapping it may be one that opens something.
            keys = ("key",) if set(label) == {"key", "value"} else _NAMING_KEYS
            named = next((label[key] for key in keys if isinstance(label.get(key), (str, int))), None)
            return str(named) if named is not None else ""
    return ""


def _message(result: Result) -> str:
    """Why a task failed, in its own words."""
    for key in ("msg", "reason"):
        text = _as_text(result.get(key))
        if text:
            return text[len(_PREFIX) :] if text.startswith(_PREFIX) else text
    # Until 2.18 a failed template has nothing but its exception.
    for key in ("exception", "module_stderr", "stderr", "module_stdout", "stdout"):
        lines = str(result.get(key) or "").strip().splitlines()
        if lines and lines[-1] != _NO_TRACEBACK:
            return lines[-1]
    failed = sum(1 for item in _items(result) if _has_failed(item))
    if failed:
        return f"{failed} of {len(_items(result))} items failed"
    return f"exit status {result['rc']}" if result.get("rc") else ""


def _as_text(value: t.Any) -> str:
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, list) and all(isinstance(line, str) for line in value):
        return "\n".join(value)
    return json.dumps(value, default=str, ensure_ascii=False) if value else ""
