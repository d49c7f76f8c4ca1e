# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The edge to Ansible: results are scrubbed, errors become failures, and it all runs as a real module."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys
import typing as t

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.teamchat.zoom.plugins.module_utils._client import shared_session
from ansible_collections.teamchat.zoom.plugins.module_utils._errors import NotFound
from ansible_collections.teamchat.zoom.plugins.module_utils._module import Call, Definition, connection_argument_spec
from ansible_collections.teamchat.zoom.tests.sandbox import seeds
from ansible_collections.teamchat.zoom.tests.sandbox.running import Sandbox

Params = dict[str, t.Any]
UNVERIFIED = "validate_certs is false: whoever stands between here and Zoom can read the token and the messages."
MODULES = "ansible_collections.teamchat.zoom.plugins.modules."


def call_of(params: Params, warnings: list[str]) -> Call:
    return Call(params, check_mode=False, diff=False, show_warning=warnings.append)


def test_a_result_is_returned_without_secrets(params: Params) -> None:
    def execute(call: Call) -> dict[str, t.Any]:
        call.client()
        return {"changed": True, "seen": [call.params["access_token"]], call.params["access_token"]: 1}

    result = Definition({}, execute).outcome(call_of(params, []))
    assert result == {"changed": True, "seen": ["********"], "********": 1}


def test_an_error_becomes_a_failure_without_secrets(params: Params) -> None:
    def execute(call: Call) -> dict[str, t.Any]:
        call.client()
        raise NotFound(f"No {seeds.ACCESS_TOKEN}.", status=404, message=seeds.ACCESS_TOKEN)

    result = Definition({}, execute).outcome(call_of(params, []))
    assert (result["failed"], result["changed"], result["msg"]) == (True, False, "No ********.")
    assert result["failure"]["reason"] == "not_found"
    assert result["failure"]["message"] == "********"


def test_a_warning_has_no_secrets(params: Params) -> None:
    def execute(call: Call) -> dict[str, t.Any]:
        client = call.client()
        call.warn(f"Mind {call.params['access_token']}.")
        # What the state folder and the send windows warn of comes this way.
        client._session._warn_task(f"Mind it too: Bearer {seeds.ACCESS_TOKEN}.")
        return {}

    warnings: list[str] = []
    Definition({}, execute).outcome(call_of(params, warnings))
    assert warnings == ["Mind ********.", "Mind it too: Bearer ********."]


def test_unchecked_certificates_are_one_warning(params: Params) -> None:
    warnings: list[str] = []
    call_of({**params, "validate_certs": False}, warnings).client()
    assert warnings == [UNVERIFIED]


def test_tasks_with_equal_options_share_the_session(params: Params) -> None:
    clients = [call_of(dict(params), []).client() for _index in range(2)]
    assert clients[0]._session is clients[1]._session is shared_session(clients[0]._connection)


def test_own_options_join_the_connections(params: Params) -> None:
    definition = Definition({"msg": {"type": "str"}}, lambda _call: {})
    assert set(params) | {"msg"} <= set(definition.full_argument_spec) | {"files_url"}


def test_a_variable_without_a_value_leaves_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    """As for the callback; only an empty ZOOM_CHAT_STATE_DIR says something."""
    options = ("user_id", "api_url", "oauth_url", "files_url")
    for option in options:
        monkeypatch.setenv("ZOOM_" + option.upper(), " " if option == "api_url" else "")
    monkeypatch.setenv("ZOOM_CHAT_STATE_DIR", "")
    spec = connection_argument_spec()
    found = ArgumentSpecValidator(spec).validate({}).validated_parameters
    assert {option: found[option] for option in options} == {option: spec[option]["default"] for option in options}
    assert found["state_dir"] == ""


@pytest.fixture
def run_module(tmp_path: pathlib.Path) -> t.Callable[..., tuple[int, dict[str, t.Any], str]]:
    """The module in a Python of its own, as a target runs it; keywords are environment variables."""

    def run(
        arguments: Params, module: str = MODULES + "zoom_chat_message", **environment: str
    ) -> tuple[int, dict[str, t.Any], str]:
        file = tmp_path / "arguments.json"
        file.write_text(json.dumps({"ANSIBLE_MODULE_ARGS": arguments}))
        done = subprocess.run(
            [sys.executable, "-m", module, str(file)],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **environment},
        )
        return done.returncode, json.loads(done.stdout), done.stderr

    return run


RunModule = t.Callable[..., tuple[int, dict[str, t.Any], str]]


def test_the_module_sends(run_module: RunModule, sandbox: Sandbox) -> None:
    arguments = {"msg": "Hello", "to_channel": seeds.OPS, "state_dir": ""}
    code, result, errors = run_module(arguments, **sandbox.environment())
    assert (code, errors) == (0, "")
    assert result["id"] == sandbox.messages()[0]["id"]
    assert seeds.CLIENT_SECRET not in json.dumps(result)


@pytest.mark.parametrize(
    ("module", "arguments", "found"),
    [
        ("zoom_chat_channel_info", {"channel_id": seeds.OPS}, ("channels", "name", "ops")),
        ("zoom_chat_message_info", {"to_channel": seeds.OPS}, ("messages", "message", "Hello")),
    ],
)
def test_the_modules_that_read_read(
    run_module: RunModule, sandbox: Sandbox, module: str, arguments: Params, found: tuple[str, str, str]
) -> None:
    sandbox.say(seeds.SENDER, "Hello", to_channel=seeds.OPS)
    code, result, errors = run_module({**arguments, "state_dir": ""}, MODULES + module, **sandbox.environment())
    assert (code, errors) == (0, "")
    name, key, value = found
    assert [entry[key] for entry in result[name]] == [value]


def test_the_module_fails_cleanly(run_module: RunModule, sandbox: Sandbox) -> None:
    arguments = {"msg": "Hello", "to_channel": "nowhere", "access_token": seeds.ACCESS_TOKEN, "user_id": "me"}
    code, result, errors = run_module({**arguments, "api_url": sandbox.api_url, "state_dir": ""})
    assert (code, errors) == (1, "")
    assert result["msg"] == "Sending the message failed: Channel does not exist: nowhere (HTTP 404, code 4130)."
    assert result["failed"] is True
    assert "exception" not in result
    assert seeds.ACCESS_TOKEN not in json.dumps(result)


@pytest.mark.parametrize("missing", ["requests", "urllib3"])
def test_a_missing_library_is_said_in_ansibles_words(
    run_module: RunModule, tmp_path: pathlib.Path, missing: str
) -> None:
    (tmp_path / f"{missing}.py").write_text(f"raise ImportError('no {missing} here')\n")
    path = os.pathsep.join([str(tmp_path), *sys.path])
    arguments = {"msg": "Hello", "to_channel": seeds.OPS, "access_token": seeds.ACCESS_TOKEN}
    code, result, _errors = run_module(arguments, PYTHONPATH=path)
    assert code == 1
    assert result["msg"].startswith("Failed to import the required Python library (requests) on ")
