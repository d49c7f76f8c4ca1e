# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The callback's options: each is documented, and what is wrong is named."""

from __future__ import annotations

import os
import pathlib
import typing as t

import pytest
from ansible_collections.teamchat.zoom.plugins.module_utils._errors import InvalidOption
from ansible_collections.teamchat.zoom.plugins.module_utils._module import connection_argument_spec
from ansible_collections.teamchat.zoom.plugins.plugin_utils import _callback_options
from ansible_collections.teamchat.zoom.plugins.plugin_utils._callback_options import Settings
from ansible_collections.teamchat.zoom.tests.unit.plugin_utils.couriers import documented, options

HOOK = "https://integrations.zoom.us/chat/webhooks/incomingwebhook/abc"


def settings(**changes: t.Any) -> Settings:
    given = {"access_token": "sandbox-token", "to_channel": "ops", **changes}
    return Settings.from_options(options(**given), {})


def test_every_option_has_its_ini_key_and_its_variable() -> None:
    for name, option in documented().items():
        assert option["ini"] == [{"section": "callback_zoom_chat", "key": name}]
        (variable,) = option["env"]
        assert variable["name"] in ("ZOOM_CHAT_" + name.upper(), "ZOOM_" + name.upper())


def test_the_connection_options_are_those_of_the_modules() -> None:
    spec = connection_argument_spec()
    found = documented()
    assert set(spec) <= set(found)
    for name, option in spec.items():
        default = found[name].get("default")
        assert default == option.get("default"), name


def test_documented_choices_are_the_allowed_ones() -> None:
    found = documented()
    assert found["details"]["choices"] == list(_callback_options.DETAILS)
    assert found["report_file"]["choices"] == list(_callback_options.REPORT_FILE)


def test_the_defaults() -> None:
    made = settings()
    assert made.target == {"to_channel": "ops"}
    assert made.notify_on == {"always"}
    assert (made.flush_timeout, made.max_failures, made.max_hosts, made.outbox) == (15.0, 5, 10, True)
    assert made.ineffective == ()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"to_channel": None},
            "No target: give to_channel (or ZOOM_CHAT_TO_CHANNEL), to_contact, to_channel_name, or webhook_url.",
        ),
        ({"to_contact": "alice@example.com"}, "to_channel and to_contact exclude each other; give one of them."),
        (
            {"webhook_url": HOOK, "webhook_token": "abcdefgh"},
            "to_channel and webhook_url exclude each other; give one of them.",
        ),
        (
            {"webhook_url": HOOK, "to_channel": None},
            "webhook_url needs one of webhook_token (of a connection made with '/inc connect') and webhook_secret"
            " (of one made with '/inc connect -s').",
        ),
        ({"webhook_token": "abcdefgh"}, "webhook_token is given without webhook_url."),
        (
            {"webhook_url": "http://zoom.example/x", "webhook_token": "abcdefgh", "to_channel": None},
            "webhook_url is 'http://zoom.example/x', but plain http is allowed to this machine only (localhost,"
            " 127.0.0.0/8, ::1); use https.",
        ),
        (
            {"webhook_url": HOOK, "webhook_token": "with space", "to_channel": None},
            "webhook_token holds white space, a line end, or a character outside ASCII, which none of Zoom's does;"
            " check where it comes from.",
        ),
        ({"details": "all"}, "details must be one of thread, inline, none, not 'all'."),
        ({"report_file": "yes"}, "report_file must be one of never, failure, always, not 'yes'."),
        (
            {"notify_on": []},
            "notify_on must be one or more of always, start, success, change, failure, recovery.",
        ),
        (
            {"notify_on": ["", ""]},
            "notify_on must be one or more of always, start, success, change, failure, recovery.",
        ),
        ({"max_failures": -1}, "max_failures must be a number, 0 or more, not -1."),
        ({"live_interval": 0.1}, "live_interval must be a number of seconds, at least 1, not 0.1."),
        (
            {"flush_timeout": float("nan")},
            "flush_timeout must be a number of seconds, at least 1 and at most 600, not nan.",
        ),
        (
            {"mention_on_failure": ["Alice Adams"]},
            "mention_on_failure must name people by e-mail address or member id, or 'all', not 'Alice Adams'.",
        ),
        ({"user_id": " "}, "user_id is empty; it must be a Zoom user id, an e-mail address, or 'me'."),
    ],
)
def test_what_is_wrong_is_named(changes: dict[str, t.Any], sentence: str) -> None:
    with pytest.raises(InvalidOption) as caught:
        settings(**changes)
    assert str(caught.value) == sentence


def test_blank_entries_of_lists_are_passed_over() -> None:
    """Ansible makes them of a comma at the end of a list, and of a variable without a value."""
    made = settings(notify_on=["failure", ""], mention_on_failure=["alice@example.com", " ", ""])
    assert made.notify_on == {"failure"}
    assert made.mention_on_failure == ("alice@example.com",)
    assert settings(mention_on_failure=[""]).mention_on_failure == ()


def test_a_format_in_the_webhooks_url_is_left_out() -> None:
    made = settings(webhook_url=HOOK + "?format=full", webhook_token="abcdefgh", to_channel=None)
    assert made.webhook_url == HOOK


def test_what_a_webhook_cannot_do_has_no_effect() -> None:
    made = settings(
        webhook_url=HOOK,
        webhook_token="abcdefgh",
        to_channel=None,
        live=True,
        report_file="always",
        mention_on_failure=["all"],
    )
    assert made.ineffective == ("live", "mention_on_failure", "report_file")
    assert made.live is False


def test_credentials_of_the_environment_win_over_the_other_kind_in_the_ini_file() -> None:
    app: dict[str, t.Any] = {"account_id": "a", "client_id": "b", "client_secret": "secret-value"}
    given = options(access_token="token-value", to_channel="ops", **app)
    connection = Settings.from_options(given, {"ZOOM_ACCESS_TOKEN": "token-value"}).connection
    assert connection is not None
    assert (connection.access_token, connection.client_id) == ("token-value", None)
    connection = Settings.from_options(given, {"ZOOM_CLIENT_SECRET": "secret-value"}).connection
    assert connection is not None
    assert (connection.access_token, connection.client_id) == (None, "b")
    with pytest.raises(InvalidOption, match="exclude each other"):
        Settings.from_options(given, {})


def test_a_dry_run_needs_nothing_else() -> None:
    made = Settings.from_options(options(dry_run_dir="/x", client_secret="secret-value"), {})
    assert made.connection is None
    assert made.dry_run_dir == "/x"
    assert made.secrets == ("secret-value",)


def test_paths_are_taken_as_the_callback_gives_them(tmp_path: pathlib.Path) -> None:
    """Already filled in, and so a second time would be once too often."""
    path = str(tmp_path / "$HOME")
    os.mkdir(path)
    assert settings(dry_run_dir=path).dry_run_dir == path
    made = settings(state_dir=path, ca_path=path)
    assert made.connection is not None
    assert (made.state_dir, made.connection.state_dir, made.connection.ca_path) == (path, path, path)


def test_no_secret_stands_in_the_settings_representation() -> None:
    secrets = {"webhook_secret": "top-secret-one", "proxy": "http://u:top-secret-two@proxy.example:3128"}
    made = settings(webhook_url=HOOK, to_channel=None, **secrets)
    assert "top-secret" not in repr(made)
