# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connection options: what is allowed, which of task and environment wins, and what an error says."""

from __future__ import annotations

import pathlib
import typing as t

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.teamchat.zoom.plugins.module_utils._connection import Connection
from ansible_collections.teamchat.zoom.plugins.module_utils._errors import InvalidOption
from ansible_collections.teamchat.zoom.plugins.module_utils._module import connection_argument_spec

TOKEN_VARIABLE = {"ZOOM_ACCESS_TOKEN": "token-of-environment"}
APP_VARIABLES = {
    "ZOOM_ACCOUNT_ID": "account-of-environment",
    "ZOOM_CLIENT_ID": "client-of-environment",
    "ZOOM_CLIENT_SECRET": "secret-of-environment",
}
APP_OPTIONS = {"account_id": "account", "client_id": "client", "client_secret": "secret"}
NO_CREDENTIALS = {"access_token": None, "account_id": None, "client_id": None, "client_secret": None}
ALL_THREE = (
    "Server-to-Server OAuth needs account_id, client_id and client_secret, as options or as ZOOM_ACCOUNT_ID,"
    " ZOOM_CLIENT_ID, ZOOM_CLIENT_SECRET."
)

Params = dict[str, t.Any]


@pytest.fixture
def environ(monkeypatch: pytest.MonkeyPatch) -> t.Callable[[dict[str, str]], None]:
    def change(variables: dict[str, str]) -> None:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)

    return change


def credentials(params: Params) -> tuple[str | None, ...]:
    connection = Connection.from_params(params)
    return (connection.access_token, connection.account_id, connection.client_id, connection.client_secret)


def refusal(params: Params) -> str:
    with pytest.raises(InvalidOption) as caught:
        Connection.from_params(params)
    assert caught.value.reason == "invalid"
    assert not caught.value.maybe_done
    return str(caught.value)


@pytest.mark.parametrize(
    ("options", "variables", "found"),
    [
        ({"access_token": "token"}, {}, ("token", None, None, None)),
        (APP_OPTIONS, {}, (None, "account", "client", "secret")),
        ({}, TOKEN_VARIABLE, ("token-of-environment", None, None, None)),
        ({}, APP_VARIABLES, (None, "account-of-environment", "client-of-environment", "secret-of-environment")),
        ({"access_token": "token"}, TOKEN_VARIABLE, ("token", None, None, None)),
        ({"access_token": "token"}, APP_VARIABLES, ("token", None, None, None)),
        ({"access_token": "token"}, {**TOKEN_VARIABLE, **APP_VARIABLES}, ("token", None, None, None)),
        (APP_OPTIONS, TOKEN_VARIABLE, (None, "account", "client", "secret")),
        (APP_OPTIONS, {**TOKEN_VARIABLE, **APP_VARIABLES}, (None, "account", "client", "secret")),
        (
            {"client_secret": "secret"},
            {**TOKEN_VARIABLE, **APP_VARIABLES},
            (None, "account-of-environment", "client-of-environment", "secret"),
        ),
        ({"access_token": ""}, TOKEN_VARIABLE, ("token-of-environment", None, None, None)),
        ({}, {**TOKEN_VARIABLE, "ZOOM_CLIENT_ID": ""}, ("token-of-environment", None, None, None)),
    ],
)
def test_options_win_over_the_environment(
    params: Params,
    options: Params,
    variables: dict[str, str],
    found: tuple[str | None, ...],
    environ: t.Callable[[dict[str, str]], None],
) -> None:
    environ(variables)
    assert credentials({**params, **NO_CREDENTIALS, **options}) == found


@pytest.mark.parametrize(
    ("options", "variables", "sentence"),
    [
        (
            {},
            {},
            "No credentials: give access_token (or ZOOM_ACCESS_TOKEN), or account_id, client_id and client_secret"
            " (or ZOOM_ACCOUNT_ID, ZOOM_CLIENT_ID and ZOOM_CLIENT_SECRET).",
        ),
        (
            {"access_token": "token", "client_id": "client"},
            {},
            "access_token and client_id exclude each other; give the one or the other.",
        ),
        (
            {"access_token": "token", **APP_OPTIONS},
            {},
            "access_token and account_id exclude each other; give the one or the other.",
        ),
        ({"account_id": "account"}, {}, f"client_id and client_secret must be given too: {ALL_THREE}"),
        ({"account_id": "a", "client_id": "c"}, {}, f"client_secret must be given too: {ALL_THREE}"),
        ({"client_secret": "secret"}, TOKEN_VARIABLE, f"account_id and client_id must be given too: {ALL_THREE}"),
        ({}, {"ZOOM_CLIENT_ID": "client"}, f"account_id and client_secret must be given too: {ALL_THREE}"),
        (
            {},
            {**TOKEN_VARIABLE, **APP_VARIABLES},
            "The environment variables ZOOM_ACCESS_TOKEN and ZOOM_ACCOUNT_ID, ZOOM_CLIENT_ID, ZOOM_CLIENT_SECRET"
            " exclude each other; unset the first or the rest, or give the credentials as options.",
        ),
        (
            {},
            {**TOKEN_VARIABLE, "ZOOM_CLIENT_SECRET": "secret"},
            "The environment variables ZOOM_ACCESS_TOKEN and ZOOM_CLIENT_SECRET exclude each other; unset the first or"
            " the rest, or give the credentials as options.",
        ),
    ],
)
def test_what_is_no_set_of_credentials_is_refused(
    params: Params,
    options: Params,
    variables: dict[str, str],
    sentence: str,
    environ: t.Callable[[dict[str, str]], None],
) -> None:
    environ(variables)
    assert refusal({**params, **NO_CREDENTIALS, **options}) == sentence


@pytest.mark.parametrize("option", ["access_token", "account_id", "client_id", "client_secret"])
@pytest.mark.parametrize("value", ["s3cret\n", " s3cret", "s3 cret", "s3cret\0", "s3cr\u00e9t", "s3cret\udcff"])
def test_credentials_that_no_header_can_carry_are_refused_and_not_quoted(
    params: Params, option: str, value: str
) -> None:
    options = {"access_token": value} if option == "access_token" else {**APP_OPTIONS, option: value}
    assert refusal({**params, **NO_CREDENTIALS, **options}) == (
        f"{option} holds white space, a line end, or a character outside ASCII, which none of Zoom's does; check where"
        " it comes from."
    )


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"user_id": ""}, "user_id is empty; it must be a Zoom user id, an e-mail address, or 'me'."),
        ({"user_id": " \t"}, "user_id is empty; it must be a Zoom user id, an e-mail address, or 'me'."),
        ({"user_id": ".."}, "user_id is '..'; it must be a Zoom user id, an e-mail address, or 'me'."),
        ({"user_id": "a\nb"}, "user_id is 'a\\nb'; it must be a Zoom user id, an e-mail address, or 'me'."),
        ({"user_id": "\udcff"}, "user_id is '\\udcff'; it must be a Zoom user id, an e-mail address, or 'me'."),
        ({"timeout": 0.0}, "timeout must be a number of seconds greater than 0, not 0."),
        ({"timeout": -1.5}, "timeout must be a number of seconds greater than 0, not -1.5."),
        ({"timeout": float("nan")}, "timeout must be a number of seconds greater than 0, not nan."),
        ({"timeout": float("inf")}, "timeout must be a number of seconds greater than 0, not inf."),
        ({"timeout": 1e10}, "timeout must be at most 86400 seconds, not 1e+10."),
        ({"max_wait": -1.0}, "max_wait must be a number of seconds, 0 or more, not -1."),
        ({"max_wait": float("nan")}, "max_wait must be a number of seconds, 0 or more, not nan."),
        ({"max_wait": float("inf")}, "max_wait must be a number of seconds, 0 or more, not inf."),
        ({"ca_path": "/no/such/ca.pem"}, "ca_path is '/no/such/ca.pem', but there is no such file or folder."),
        (
            {"api_url": "zoom"},
            "api_url must be an https URL such as https://api.zoom.us/v2, not 'zoom'.",
        ),
        (
            {"oauth_url": "http://zoom.us/oauth/token"},
            "oauth_url is 'http://zoom.us/oauth/token', but plain http is allowed to this machine only (localhost,"
            " 127.0.0.0/8, ::1); use https.",
        ),
    ],
)
def test_each_wrong_option_is_named(params: Params, changes: Params, sentence: str) -> None:
    assert refusal({**params, **changes}) == sentence


@pytest.mark.parametrize(
    "proxy",
    [
        "proxy.example:3128",
        "http://",
        "http://user:hunter2hunter2@",
        "http://user:hunter2hunter2@proxy.example:port",
        "http://user:hunter2 hunter2@proxy.example:3128",
        "ftp://user:hunter2hunter2@proxy.example",
    ],
)
def test_a_wrong_proxy_is_refused_and_not_quoted(params: Params, proxy: str) -> None:
    assert refusal({**params, "proxy": proxy}) == (
        "proxy must be a URL such as http://proxy.example.com:3128, with a user name and password in it if need be"
        " (with special characters percent-encoded)."
    )


def test_values_are_completed_and_tidied(params: Params, tmp_path: pathlib.Path) -> None:
    connection = Connection.from_params(
        {
            **params,
            "user_id": " deploy@example.com ",
            "api_url": "https://api.zoomgov.com/v2/",
            "ca_path": str(tmp_path),
            "proxy": "",
            "state_dir": None,
        }
    )
    assert connection.user_id == "deploy@example.com"
    assert connection.urls == (
        "https://api.zoomgov.com/v2",
        "https://zoom.us/oauth/token",
        "https://file.zoom.us/v2",
    )
    assert connection.ca_path == str(tmp_path)
    assert connection.proxy is None
    assert connection.state_dir == ""


def test_no_secret_is_in_the_representation(params: Params) -> None:
    connection = Connection.from_params(
        {**params, **NO_CREDENTIALS, **APP_OPTIONS, "proxy": "http://user:hunter2@proxy.example:3128"}
    )
    assert "secret" not in repr(connection).replace("client_secret", "")
    assert "hunter2" not in repr(connection)


def test_the_password_of_a_proxy_is_a_secret_in_both_spellings(params: Params) -> None:
    connection = Connection.from_params({**params, "proxy": "http://user:hunter%402@proxy.example:3128"})
    assert {"hunter%402", "hunter@2", "http://user:hunter%402@proxy.example:3128"} <= set(connection.secrets)


def test_equal_options_are_one_key_and_other_secrets_another(params: Params) -> None:
    first, second = (Connection.from_params(dict(params)) for _index in range(2))
    assert {first: "found"}[second] == "found"
    assert first != Connection.from_params({**params, "access_token": "another"})


def test_the_argument_spec_reads_urls_from_the_environment_and_hides_secrets(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for option in ("user_id", "api_url", "oauth_url"):
        monkeypatch.setenv(f"ZOOM_{option.upper()}", f"from-{option}")
    monkeypatch.setenv("ZOOM_CHAT_STATE_DIR", "/from-environment")
    spec = connection_argument_spec()
    result = ArgumentSpecValidator(spec).validate({"api_url": "given"})
    assert result.error_messages == []
    assert {name: result.validated_parameters[name] for name in ("user_id", "api_url", "oauth_url", "state_dir")} == {
        "user_id": "from-user_id",
        "api_url": "given",
        "oauth_url": "from-oauth_url",
        "state_dir": "/from-environment",
    }
    assert {name for name, option in spec.items() if option.get("no_log")} == {
        "access_token",
        "client_secret",
        "proxy",
    }
