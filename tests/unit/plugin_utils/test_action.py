# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module's own code in Ansible's process: the same words, the same keys, the same plain values."""

from __future__ import annotations

import datetime
import typing as t

import pytest
from ansible.parsing.yaml.objects import AnsibleUnicode
from ansible_collections.teamchat.zoom.plugins.module_utils._errors import InvalidRequest
from ansible_collections.teamchat.zoom.plugins.module_utils._module import Call, Definition
from ansible_collections.teamchat.zoom.plugins.plugin_utils._action import _plain, in_process

Result = dict[str, t.Any]
NAME = "teamchat.zoom.zoom_chat_message"
SECRET = "a-secret-token-of-the-test"


def echo(call: Call) -> Result:
    call.warn("Mind this.")
    return {"changed": True, "msg": call.params["msg"], "shown": [call.check_mode, call.diff], "nothing": None}


def fail(call: Call) -> Result:
    raise InvalidRequest(f"No: {call.params['access_token']}.", status=400)


DEFINITION = Definition(
    argument_spec={
        "msg": {"type": "str", "required": True},
        "to_channel": {"type": "str"},
        "to_contact": {"type": "str"},
        "reply_main_message_id": {"type": "str", "aliases": ["reply_to"]},
        "body_format": {"type": "str", "choices": ["multipart", "json"], "default": "multipart"},
    },
    execute=echo,
    constraints={
        "mutually_exclusive": [("to_channel", "to_contact")],
        "required_one_of": [("to_channel", "to_contact")],
    },
)


def run(arguments: Result, execute: t.Callable[[Call], Result] = echo, **options: bool) -> Result:
    chosen = {"check_mode": False, "diff": False, "show_invocation": False, **options}
    definition = Definition(DEFINITION.argument_spec, execute, DEFINITION.constraints)
    return in_process(definition, NAME, arguments, **chosen)


def test_a_result_comes_back_with_its_warnings() -> None:
    assert run({"msg": "Hello", "to_channel": "x"}, check_mode=True, diff=True) == {
        "changed": True,
        "msg": "Hello",
        "shown": [True, True],
        "nothing": None,
        "warnings": ["Mind this."],
    }


def test_ansibles_own_warnings_come_as_from_a_module() -> None:
    assert run({"msg": "Hello", "to_channel": "x", "reply_to": "a", "reply_main_message_id": "b"})["warnings"] == [
        "Both option reply_main_message_id and its alias reply_to are set.",
        "Mind this.",
    ]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"to_channel": "x"}, "missing required arguments: msg"),
        ({"msg": "x"}, "one of the following is required: to_channel, to_contact"),
        (
            {"msg": "x", "to_channel": "x", "to_contact": "y"},
            "parameters are mutually exclusive: to_channel|to_contact",
        ),
        (
            {"msg": "x", "to_channel": "x", "body_format": "xml"},
            "value of body_format must be one of: multipart, json, got: xml",
        ),
    ],
)
def test_wrong_arguments_fail_in_the_words_of_a_module(arguments: Result, sentence: str) -> None:
    assert run(arguments) == {"failed": True, "msg": sentence}


def test_an_unknown_option_names_the_module_and_what_it_knows() -> None:
    message = run({"msg": "x", "to_channel": "x", "message": "y"})["msg"]
    assert message.startswith(f"Unsupported parameters for ({NAME}) module: message. Supported parameters include: ")


def test_the_invocation_is_shown_on_demand_and_hides_secrets() -> None:
    result = run({"msg": f"x {SECRET}", "to_channel": "x", "access_token": SECRET}, show_invocation=True)
    arguments = result["invocation"]["module_args"]
    assert arguments["access_token"] == "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"
    assert arguments["body_format"] == "multipart"
    assert SECRET not in repr(result)


def test_a_failure_hides_secrets() -> None:
    result = run({"msg": "x", "to_channel": "x", "access_token": SECRET}, fail)
    assert result["failed"] is True
    assert result["changed"] is False
    assert SECRET not in repr(result)
    assert result["failure"]["reason"] == "invalid"


def test_a_secret_that_is_called_like_a_flag_masks_no_flag() -> None:
    result = run({"msg": "x", "to_channel": "x", "access_token": "True"})
    assert result["changed"] is True


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (AnsibleUnicode("text"), "text"),
        ({AnsibleUnicode("a"): [AnsibleUnicode("b"), (1, 2.5)]}, {"a": ["b", [1, 2.5]]}),
        (None, None),
        (True, True),
        (7, 7),
        (datetime.date(2026, 1, 2), "2026-01-02"),
        (datetime.datetime(2026, 1, 2, 3, 4, 5), "2026-01-02T03:04:05"),
    ],
)
def test_values_become_what_a_module_would_get(value: t.Any, plain: t.Any) -> None:
    found = _plain(value)
    assert found == plain
    assert type(found) is type(plain)


def test_a_vaulted_text_becomes_its_text() -> None:
    class Vaulted:
        """As older versions of Ansible have them."""

        __ENCRYPTED__ = True

        def __str__(self) -> str:
            return "decrypted"

    assert _plain({"x": Vaulted()}) == {"x": "decrypted"}
