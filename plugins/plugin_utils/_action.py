# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What all action plugins of this collection do: run the module's own code in this process where that is the same.

A module costs about half a second of packing, starting Python and importing; in the worker process that
Ansible has forked anyway the same code takes milliseconds. The imports stand at the top, so that Ansible's
main process does them once for all its forks.
"""

from __future__ import annotations

import contextlib
import json
import os
import typing as t
import uuid
from collections.abc import Mapping, Sequence

from ansible import constants as C  # noqa: N812
from ansible.errors import AnsibleError
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.common.parameters import remove_values
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase
from ansible_collections.teamchat.zoom.plugins.module_utils._errors import InvalidOption
from ansible_collections.teamchat.zoom.plugins.module_utils._module import Call, Definition, failed_result
from ansible_collections.teamchat.zoom.plugins.module_utils._requests import REQUESTS_IMPORT_ERROR
from ansible_collections.teamchat.zoom.plugins.module_utils._tls import trusting_context

if not REQUESTS_IMPORT_ERROR:
    # Read here, the certificate authorities are there for all forks; a task that needs them tells what is wrong.
    with contextlib.suppress(InvalidOption):
        trusting_context(None)


class ZoomActionBase(ActionBase):  # type: ignore[misc]  # ansible-core is not typed
    """An action plugin names its module and the module's definition; the rest is here."""

    module_name: t.ClassVar[str]
    definition: t.ClassVar[Definition]

    _supports_async = True
    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        super().run(tmp, task_vars)
        task_vars = task_vars or {}
        arguments = self._arguments()
        try:
            if arguments.get("files"):
                arguments["files"] = self._found_files(arguments["files"])
        except InvalidOption as error:
            return failed_result(error)
        if self._runs_in_process(task_vars):
            return in_process(
                self.definition,
                self.module_name,
                arguments,
                check_mode=bool(self._task.check_mode),
                diff=bool(self._task.diff),
                show_invocation=self._shows_invocation(task_vars),
            )
        return t.cast(
            "dict[str, t.Any]",
            self._execute_module(
                module_name=self.module_name,
                module_args=arguments,
                task_vars=task_vars,
                wrap_async=self._task.async_val,
            ),
        )

    @property
    def _is_on_controller(self) -> bool:
        """Whether the task runs on the controller, as the user who runs Ansible."""
        return self._connection.transport in ("local", "ansible.builtin.local") and not self._connection.become

    def _runs_in_process(self, task_vars: Mapping[str, t.Any]) -> bool:
        if REQUESTS_IMPORT_ERROR or not self._is_on_controller or self._task.async_val:
            return False
        if any(self._task.environment or ()):
            return False
        return bool(boolean(self._templar.template(task_vars.get("zoom_chat_in_process", True))))

    def _found_files(self, files: t.Any) -> t.Any:
        """The option files with its paths as `copy` finds them, and where the module can read them.

        What is no list or no path is left to the module's own validation.
        """
        if isinstance(files, str):
            files = [files]
        if not isinstance(files, list):
            return files
        return [self._found_file(entry) for entry in files]

    def _found_file(self, entry: t.Any) -> t.Any:
        path = entry.get("path") if isinstance(entry, dict) else entry
        if not isinstance(path, str) or not path:
            return entry
        try:
            found = self._find_needle("files", path)
        except AnsibleError:
            # Ansible's own error lists all folders, in as many lines, and speaks of an option of another module.
            raise InvalidOption(
                f"files names {path!r}, which is not on the controller; a relative path is looked for in the folders"
                " 'files' of the role and the play, and beside the playbook."
            ) from None
        if not os.path.isfile(found):
            raise InvalidOption(f"files names {path!r}, which is not a regular file.")
        name = os.path.basename(found)
        if not self._is_on_controller:
            if self._connection._shell.tmpdir is None:
                self._make_tmp_path()
            # Names may be the same in several folders.
            target = self._connection._shell.join_path(self._connection._shell.tmpdir, f"{uuid.uuid4().hex}")
            found = self._transfer_file(found, target)
            self._fixup_perms2((self._connection._shell.tmpdir, found))
        given = entry if isinstance(entry, dict) else {}
        return {**given, "path": found, "name": name if given.get("name") is None else given["name"]}

    @staticmethod
    def _shows_invocation(task_vars: Mapping[str, t.Any]) -> bool:
        """Newer versions of Ansible show a module's arguments in its result only when they are asked to."""
        return not hasattr(C, "INJECT_INVOCATION") or bool(
            C.config.get_config_value("INJECT_INVOCATION", variables=task_vars)
        )

    def _arguments(self) -> dict[str, t.Any]:
        """The task's arguments, with the state folder of the controller or, elsewhere, none."""
        arguments = {str(name): _plain(value) for name, value in self._task.args.items()}
        if isinstance(arguments.get("msg"), (dict, list)):
            # Older versions of Ansible make data of a template's text that looks like JSON.
            arguments["msg"] = json.dumps(arguments["msg"], ensure_ascii=False)
        if not self._is_on_controller:
            arguments["state_dir"] = ""
        elif arguments.get("state_dir") is None and "ZOOM_CHAT_STATE_DIR" not in self._environment:
            arguments["state_dir"] = os.path.join(C.ANSIBLE_HOME, "zoom_chat")
        return arguments

    @property
    def _environment(self) -> Mapping[str, str]:
        """The variables that the module would have on the controller."""
        if not any(self._task.environment or ()):
            return os.environ
        own: dict[str, str] = {}
        self._compute_environment_string(own)
        return {**os.environ, **own}


def in_process(
    definition: Definition,
    module_name: str,
    arguments: dict[str, t.Any],
    *,
    check_mode: bool,
    diff: bool,
    show_invocation: bool,
) -> dict[str, t.Any]:
    """The result that the module would return, key by key."""
    spec = definition.full_argument_spec
    validation = ArgumentSpecValidator(spec, **definition.constraints).validate(arguments)
    params = validation.validated_parameters
    # A module tells of these by itself.
    warnings = [f"Both option {both['option']} and its alias {both['alias']} are set." for both in validation._warnings]
    if validation.error_messages:
        result = {"failed": True, "msg": _validation_message(module_name, validation)}
    else:
        result = definition.outcome(Call(params, check_mode, diff, warnings.append))
    if show_invocation:
        result["invocation"] = {"module_args": params}
    if warnings:
        result["warnings"] = warnings
    secrets = {str(params[name]) for name, option in spec.items() if option.get("no_log") and params.get(name)}
    if not secrets:
        return result
    # A module's own result goes the same way; flags are not masked even if a secret is called "True".
    flags = {name: value for name, value in result.items() if value is None or isinstance(value, bool)}
    return {**remove_values(result, secrets), **flags}


def _validation_message(module_name: str, validation: t.Any) -> str:
    """The first error, in the words that a module has for it."""
    message: str = validation.error_messages[0]
    if validation.unsupported_parameters and len(validation.error_messages) == 1:
        message = f"Unsupported parameters for ({module_name}) module: {message}"
    return message


def _plain(value: t.Any) -> t.Any:
    """A copy in the plain types that a module would get: neither tags, nor vault objects, nor dates."""
    if isinstance(value, str):
        return str.__str__(value)
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    # An encrypted text of older Ansible versions is a sequence of characters, too.
    if isinstance(value, Sequence) and not hasattr(value, "__ENCRYPTED__"):
        return [_plain(item) for item in value]
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
