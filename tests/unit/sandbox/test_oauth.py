# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tokens: how they are had, what they allow, when they end."""

from __future__ import annotations

import time
import typing as t

import pytest
import requests
from ansible_collections.teamchat.zoom.tests.sandbox import seeds
from ansible_collections.teamchat.zoom.tests.sandbox.running import Sandbox

Api = t.Callable[..., requests.Response]
SEND = f"chat/users/{seeds.SENDER}/messages"
MESSAGE = {"message": "x", "to_channel": seeds.OPS}
GRANT = {"grant_type": "account_credentials", "account_id": seeds.ACCOUNT_ID}
APP = (seeds.CLIENT_ID, seeds.CLIENT_SECRET)


def fetch(
    sandbox: Sandbox,
    app: tuple[str, str] | None = APP,
    data: dict[str, str] | None = None,
    params: dict[str, str] | None = None,
) -> requests.Response:
    return requests.post(sandbox.oauth_url, auth=app, data=data, params=params, timeout=10)


@pytest.mark.parametrize("place", ["data", "params"])
def test_token_is_issued_and_works(sandbox: Sandbox, api: Api, place: str) -> None:
    answer = fetch(sandbox, **{place: GRANT})  # type: ignore[arg-type]
    assert answer.status_code == 200
    body = answer.json()
    assert {**body, "access_token": ""} == {
        "access_token": "",
        "token_type": "bearer",
        "expires_in": 3600,
        "scope": " ".join(seeds.SCOPES),
        "api_url": sandbox.url,
    }
    assert api("POST", SEND, json=MESSAGE, token=body["access_token"]).status_code == 201
    assert sandbox.account()["tokens"] == {"issued": 1, "requests": 1}


@pytest.mark.parametrize(
    ("app", "grant", "body"),
    [
        (None, GRANT, {"reason": "Invalid client_id or client_secret", "error": "invalid_client"}),
        (("x", "y"), GRANT, {"reason": "Invalid client_id or client_secret", "error": "invalid_client"}),
        (
            (seeds.CLIENT_ID, "wrong"),
            GRANT,
            {"reason": "Invalid client_id or client_secret", "error": "invalid_client"},
        ),
        (APP, {**GRANT, "account_id": "wrong"}, {"reason": "Bad Request", "error": "invalid_request"}),
        (
            APP,
            {**GRANT, "grant_type": "client_credentials"},
            {"reason": "unsupported grant type", "error": "unsupported_grant_type"},
        ),
        (
            (seeds.DISABLED_CLIENT_ID, seeds.DISABLED_CLIENT_SECRET),
            GRANT,
            {"reason": "The application is disabled", "error": "invalid_client"},
        ),
    ],
)
def test_wrong_credentials_are_told_apart(
    sandbox: Sandbox, app: tuple[str, str] | None, grant: dict[str, str], body: dict[str, str]
) -> None:
    answer = fetch(sandbox, app, data=grant)
    assert (answer.status_code, answer.json()) == (400, body)
    assert sandbox.account()["tokens"] == {"issued": 0, "requests": 1}


def test_expired_token_is_rejected(sandbox: Sandbox, api: Api) -> None:
    sandbox.settings(token_ttl=0.2)
    token = fetch(sandbox, data=GRANT).json()["access_token"]
    assert api("POST", SEND, json=MESSAGE, token=token).status_code == 201
    time.sleep(0.25)
    answer = api("POST", SEND, json=MESSAGE, token=token)
    assert (answer.status_code, answer.json()) == (401, {"code": 124, "message": "Access token is expired."})


@pytest.mark.parametrize("token", [None, "unknown"])
def test_missing_and_unknown_tokens_are_rejected(sandbox: Sandbox, api: Api, token: str | None) -> None:
    answer = api("POST", SEND, json=MESSAGE, token=token)
    assert (answer.status_code, answer.json()) == (401, {"code": 124, "message": "Invalid access token."})
    assert [r["authorized"] for r in sandbox.requests("send")] == [False]


def test_token_without_the_scope_is_rejected(sandbox: Sandbox, api: Api) -> None:
    app = (seeds.UNSCOPED_CLIENT_ID, seeds.UNSCOPED_CLIENT_SECRET)
    answer = api("POST", SEND, json=MESSAGE, token=fetch(sandbox, app, data=GRANT).json()["access_token"])
    assert answer.status_code == 400
    assert answer.json() == {
        "code": 4711,
        "message": "Invalid access token, does not contain scopes:"
        "[team_chat:write:user_message, team_chat:write:user_message:admin].",
    }


def test_token_that_may_only_write_cannot_look(sandbox: Sandbox, api: Api) -> None:
    app = (seeds.WRITE_ONLY_CLIENT_ID, seeds.WRITE_ONLY_CLIENT_SECRET)
    token = fetch(sandbox, app, data=GRANT).json()["access_token"]
    assert api("POST", SEND, json=MESSAGE, token=token).status_code == 201
    answer = api("GET", SEND, params={"to_channel": seeds.OPS}, token=token)
    assert (answer.status_code, answer.json()["code"]) == (400, 4711)


def test_user_token_works_for_me_only(sandbox: Sandbox, api: Api) -> None:
    assert api("POST", "chat/users/me/messages", json=MESSAGE, token=seeds.USER_TOKEN).status_code == 201
    assert sandbox.messages()[0]["sender"] == seeds.SENDER
    answer = api("POST", SEND, json=MESSAGE, token=seeds.USER_TOKEN)
    assert answer.status_code == 400
    assert answer.json() == {
        "code": 4700,
        "message": "Invalid access token, does not contain scopes:"
        "[chat_message:write:admin, team_chat:write:user_message:admin].",
    }


def test_me_is_the_owner_unless_the_setting_refuses_it(sandbox: Sandbox, api: Api) -> None:
    assert api("POST", "chat/users/me/messages", json=MESSAGE).status_code == 201
    assert sandbox.messages()[0]["sender"] == seeds.SENDER
    sandbox.settings(server_to_server_me=False)
    answer = api("POST", "chat/users/me/messages", json=MESSAGE)
    assert (answer.status_code, answer.json()["code"]) == (400, 4700)


def test_app_acts_for_any_user_of_the_account(sandbox: Sandbox, api: Api) -> None:
    api("POST", f"chat/users/{seeds.user_id('alice')}/messages", json=MESSAGE)
    assert sandbox.messages()[0]["sender"] == "alice@example.com"
