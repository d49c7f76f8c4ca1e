# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: BSD-2-Clause
"""The edge between Ansible and the message logic: a task's arguments go in, its result comes out.

The same `Definition` runs as a module on a target and in Ansible's own process on the controller.
"""

from __future__ import annotations

import dataclasses
import os
import typing as t

from ansible.module_utils.basic import AnsibleModule, env_fallback, missing_required_lib
from ansible.module_utils.errors import AnsibleFallbackNotFound
from ansible_collections.teamchat.zoom.plugins.module_utils._client import Client, shared_session
from ansible_collections.teamchat.zoom.plugins.module_utils._connection import UNVERIFIED, Connection
from ansible_collections.teamchat.zoom.plugins.module_utils._errors import ZoomError
from ansible_collections.teamchat.zoom.plugins.module_utils._requests import REQUESTS_IMPORT_ERROR
from ansible_collections.teamchat.zoom.plugins.module_utils._secrets import Secrets


def _variable(name: str) -> str:
    """As `env_fallback`, but a variable without a value is none: CI systems set those so that they do not know."""
    value = os.environ.get(name, "")
    if not value.strip():
        raise AnsibleFallbackNotFound
    return value


def connection_argument_spec() -> dict[str, dict[str, t.Any]]:
    """The argument spec that goes with the doc fragment teamchat.zoom.connection.

    The credentials have no fallback here: whether an environment variable counts depends on the other three,
    which `Connection.from_params` knows.
    """
    return {
        "access_token": {"type": "str", "no_log": True},
        "account_id": {"type": "str"},
        "client_id": {"type": "str"},
        "client_secret": {"type": "str", "no_log": True},
        "user_id": {"type": "str", "default": "me", "fallback": (_variable, ["ZOOM_USER_ID"])},
        "api_url": {
            "type": "str",
            "default": "https://api.zoom.us/v2",
            "fallback": (_variable, ["ZOOM_API_URL"]),
        },
        "oauth_url": {
            "type": "str",
            "default": "https://zoom.us/oauth/token",
            "fallback": (_variable, ["ZOOM_OAUTH_URL"]),
        },
        "files_url": {
            "type": "str",
            "default": "https://file.zoom.us/v2",
            "fallback": (_variable, ["ZOOM_FILES_URL"]),
        },
        "timeout": {"type": "float", "default": 10.0},
        "max_wait": {"type": "float", "default": 120.0},
        "validate_certs": {"type": "bool", "default": True},
        "ca_path": {"type": "path"},
        # A proxy's URL can hold a password.
        "proxy": {"type": "str", "no_log": True},
        "state_dir": {"type": "path", "fallback": (env_fallback, ["ZOOM_CHAT_STATE_DIR"])},
    }


@dataclasses.dataclass
class Call:
    """One task: what it was given, and what it may tell on its way.

    :param show_warning: shows the user a sentence as it is; tasks call `warn`.
    """

    params: dict[str, t.Any]
    check_mode: bool
    diff: bool
    show_warning: t.Callable[[str], None]
    secrets: Secrets = dataclasses.field(default_factory=Secrets)

    def warn(self, text: str) -> None:
        """Tell the user something in which no secret stands."""
        # Ansible masks only those that are given as options: neither the environment's nor a token that was fetched.
        self.show_warning(self.secrets.scrub(text))

    def client(self) -> Client:
        """The client for the connection options of this task.

        :raises InvalidOption: one of them is wrong.
        """
        connection = Connection.from_params(self.params)
        if not connection.validate_certs:
            self.warn(UNVERIFIED)
        return Client(shared_session(connection), self.warn, self.secrets)


def failed_result(error: ZoomError) -> dict[str, t.Any]:
    """What a task returns that fails with this error."""
    return {
        "failed": True,
        "changed": bool(error.done),
        "msg": error.sentence,
        "failure": error.failure(),
        "ids": error.done,
    }


@dataclasses.dataclass(frozen=True)
class Definition:
    """What a module takes and does.

    :param argument_spec: its own options; the connection options are added.
    :param constraints: AnsibleModule's mutually_exclusive, required_one_of and so on.
    :param execute: does it and returns the result; raises ZoomError.
    """

    argument_spec: dict[str, dict[str, t.Any]]
    execute: t.Callable[[Call], dict[str, t.Any]]
    constraints: dict[str, t.Any] = dataclasses.field(default_factory=dict)

    @property
    def full_argument_spec(self) -> dict[str, dict[str, t.Any]]:
        return {**connection_argument_spec(), **self.argument_spec}

    def outcome(self, call: Call) -> dict[str, t.Any]:
        """The result of a task, failed or not, in which no secret stands."""
        try:
            result = self.execute(call)
        except ZoomError as error:
            result = failed_result(error)
        return t.cast("dict[str, t.Any]", call.secrets.scrub(result))

    def main(self) -> None:
        """Run as a module."""
        module = AnsibleModule(
            argument_spec=self.full_argument_spec,
            supports_check_mode=True,
            **self.constraints,
        )
        if REQUESTS_IMPORT_ERROR:
            module.fail_json(msg=missing_required_lib("requests"), exception=REQUESTS_IMPORT_ERROR)
        result = self.outcome(Call(module.params, module.check_mode, module._diff, module.warn))
        if result.pop("failed", False):
            module.fail_json(**result)
        module.exit_json(**result)
