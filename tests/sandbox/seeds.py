# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The account that every sandbox starts with; its ids are fixed so that tests and demos can name them."""

from __future__ import annotations

from . import model

ACCOUNT_ID = "sandbox-account-9Xq2"
SENDER = "deploy@example.com"

CLIENT_ID = "sandbox-client-id"
CLIENT_SECRET = "sandbox-client-secret"
DISABLED_CLIENT_ID = "sandbox-disabled-client-id"
DISABLED_CLIENT_SECRET = "sandbox-disabled-client-secret"
UNSCOPED_CLIENT_ID = "sandbox-unscoped-client-id"
UNSCOPED_CLIENT_SECRET = "sandbox-unscoped-client-secret"
WRITE_ONLY_CLIENT_ID = "sandbox-write-only-client-id"
WRITE_ONLY_CLIENT_SECRET = "sandbox-write-only-client-secret"
ACCESS_TOKEN = "sandbox-account-token"
"""Belongs to the account's app, never expires, works with any user id."""
USER_TOKEN = "sandbox-user-token"
"""A user's own token, owned by the sender: works with ``me`` only."""
EXPIRED_TOKEN = "sandbox-expired-token"

WEBHOOK_ID = "sandbox-webhook"
WEBHOOK_TOKEN = "sandbox-webhook-token"
SECURE_WEBHOOK_ID = "sandbox-secure-webhook"
SECURE_WEBHOOK_SECRET = "sandbox-webhook-secret"

SCOPES = (
    "team_chat:write:user_message:admin",
    "team_chat:update:user_message:admin",
    "team_chat:delete:user_message:admin",
    "team_chat:read:list_user_messages:admin",
    "team_chat:read:user_message:admin",
    "team_chat:read:thread_message:admin",
    "team_chat:read:list_user_channels:admin",
    "team_chat:read:channel:admin",
    "team_chat:write:files:admin",
    "team_chat:write:message_files:admin",
    "team_chat:read:file:admin",
    "team_chat:delete:file:admin",
    "team_chat:read:list_scheduled_messages",
    "team_chat:delete:scheduled_message",
)
USER_SCOPES = ("chat_message:write", "chat_message:read", "chat_channel:read", "chat:read", "chat:write")


def user_id(name: str) -> str:
    return f"sandboxUser{name.capitalize()}"


def channel_id(name: str) -> str:
    """Return the fixed id of a seeded channel: 32 hexadecimal digits made from its name."""
    return (name.encode().hex() + "0" * 32)[:32]


_USERS = {
    "deploy": "Deploy Bot",
    "alice": "Alice Adams",
    "bob": "Bob Brown",
    "carol": "Carol Clark",
    "dora": "Dora Søndergård",
    "erin": "Erin (blocks the bot)",
    "mute": "Mute (may not chat)",
}
OPS = channel_id("ops")
DEPLOYMENTS = channel_id("deployments")
INCIDENTS = channel_id("incidents")
DUPLICATE_1 = channel_id("duplicate-1")
DUPLICATE_2 = channel_id("duplicate-2")
ARCHIVED = channel_id("archived")
ENCRYPTED = channel_id("encrypted")
FOREIGN = channel_id("foreign")
"""A channel that the sender is no member of."""


def seed(account: model.Account) -> None:
    for name, display_name in _USERS.items():
        account.users[user_id(name)] = model.User(
            user_id(name), f"{name}@example.com", f"sandboxMember_{name}", display_name
        )
    account.users[user_id("deploy")].blocked = (user_id("erin"),)
    account.users[user_id("mute")].can_chat = False
    everyone = list(account.users)
    _add_channel(account, OPS, "ops", everyone)
    _add_channel(account, DEPLOYMENTS, "deployments", everyone)
    _add_channel(account, INCIDENTS, "incidents", everyone)
    _add_channel(account, DUPLICATE_1, "duplicate", everyone)
    _add_channel(account, DUPLICATE_2, "duplicate", everyone)
    _add_channel(account, ARCHIVED, "archived", everyone).archived = True
    _add_channel(account, ENCRYPTED, "encrypted", everyone).end_to_end_encrypted = True
    _add_channel(account, FOREIGN, "foreign", [user_id("alice"), user_id("bob")])
    for client_id, client_secret, scopes, disabled in (
        (CLIENT_ID, CLIENT_SECRET, SCOPES, False),
        (DISABLED_CLIENT_ID, DISABLED_CLIENT_SECRET, SCOPES, True),
        (UNSCOPED_CLIENT_ID, UNSCOPED_CLIENT_SECRET, ("user:read:user:admin",), False),
        (WRITE_ONLY_CLIENT_ID, WRITE_ONLY_CLIENT_SECRET, ("team_chat:write:user_message:admin",), False),
    ):
        account.apps[client_id] = model.App(client_id, client_secret, ACCOUNT_ID, user_id("deploy"), scopes, disabled)
    account.tokens[ACCESS_TOKEN] = model.Token(ACCESS_TOKEN, user_id("deploy"), SCOPES)
    account.tokens[USER_TOKEN] = model.Token(USER_TOKEN, user_id("deploy"), USER_SCOPES, user_level=True)
    account.tokens[EXPIRED_TOKEN] = model.Token(EXPIRED_TOKEN, user_id("deploy"), SCOPES, expires_at=0)
    account.webhooks[WEBHOOK_ID] = model.Webhook(WEBHOOK_ID, WEBHOOK_TOKEN)
    account.webhooks[SECURE_WEBHOOK_ID] = model.Webhook(SECURE_WEBHOOK_ID, SECURE_WEBHOOK_SECRET, secure=True)


def add_fillers(account: model.Account, count: int) -> None:
    """Make the sender a member of so many channels more."""
    for number in range(1, count + 1):
        name = f"filler-{number:02}"
        if channel_id(name) not in account.channels:
            _add_channel(account, channel_id(name), name, [user_id("deploy")])


def _add_channel(account: model.Account, id_: str, name: str, members: list[str]) -> model.Channel:
    channel = account.channels[id_] = model.Channel(id_, name, 1, list(members))
    return channel
