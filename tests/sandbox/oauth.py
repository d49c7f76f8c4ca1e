# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Zoom's OAuth: tokens for Server-to-Server apps, and who may do what with one."""

from __future__ import annotations

import base64
import binascii
import secrets
import time

from . import model
from .calls import Answer, Call


def issue_token(call: Call) -> Answer:
    """Answer ``POST /oauth/token``: Basic authentication, parameters as form fields or in the query."""
    call.account.token_requests += 1
    parameters = {**call.query, **call.body.fields}
    app = _app_of(call)
    if app is None:
        return _refused("Invalid client_id or client_secret", "invalid_client")
    if app.disabled:
        return _refused("The application is disabled", "invalid_client")
    if parameters.get("grant_type") != "account_credentials":
        return _refused("unsupported grant type", "unsupported_grant_type")
    if parameters.get("account_id") != app.account_id:
        return _refused("Bad Request", "invalid_request")
    ttl = call.settings.token_ttl
    token = model.Token(secrets.token_urlsafe(48), app.owner, app.scopes, expires_at=time.monotonic() + ttl)
    call.account.tokens[token.value] = token
    call.account.tokens_issued += 1
    return Answer(
        200,
        {
            "access_token": token.value,
            "token_type": "bearer",
            "expires_in": int(ttl),
            "scope": " ".join(app.scopes),
            "api_url": call.state.urls.get("url", ""),
        },
        headers={"Cache-Control": "no-store"},
    )


def _refused(reason: str, error: str) -> Answer:
    return Answer(400, {"reason": reason, "error": error})


def _app_of(call: Call) -> model.App | None:
    scheme, _space, encoded = call.authorization.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        client_id, _colon, client_secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    app = call.account.apps.get(client_id)
    if app is None or not secrets.compare_digest(app.client_secret.encode(), client_secret.encode()):
        return None
    return app


def authenticate(call: Call, scopes: tuple[str, ...]) -> None:
    """Find the token's owner and the user of the path, or raise Zoom's refusal."""
    scheme, _space, value = call.authorization.partition(" ")
    if scheme.lower() != "bearer" or not value:
        raise call.refuse("token_missing")
    token = call.account.tokens.get(value.strip())
    if token is None:
        raise call.refuse("token_unknown")
    if time.monotonic() >= token.expires_at:
        raise call.refuse("token_expired")
    if not set(scopes) & set(token.scopes):
        raise call.refuse("scopes_missing", ", ".join(s for s in scopes if s.startswith("team_chat:")))
    call.token = token
    if "userId" in call.path:
        call.user = _user_of(call, token, call.path["userId"], scopes)


def _user_of(call: Call, token: model.Token, name: str, scopes: tuple[str, ...]) -> model.User:
    admin = ", ".join(s for s in scopes if s.endswith(":admin"))
    if token.user_level and name != "me":
        raise call.refuse("user_level", admin)
    if name == "me":
        if not token.user_level and not call.settings.server_to_server_me:
            raise call.refuse("user_level", admin)
        return call.account.users[token.owner]
    user = call.account.user(name)
    if user is None:
        raise call.refuse("no_user", name)
    return user
