# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the sandbox remembers: users, channels, messages, files, tokens. Pure state, no HTTP.

Times are seconds since the epoch for what users see, and seconds of a monotonic clock for what expires.
"""

from __future__ import annotations

import dataclasses
import datetime
import itertools
import time
import typing as t
import uuid

SIX_MONTHS = datetime.timedelta(days=183)


def iso(seconds: float) -> str:
    """Return a time as Zoom writes it: ``yyyy-MM-dd'T'HH:mm:ss'Z'``."""
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def new_id() -> str:
    """Return an id in the shape of Zoom's message ids."""
    return str(uuid.uuid4()).upper()


def utf16_length(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


@dataclasses.dataclass
class User:
    id: str
    email: str
    member_id: str
    display_name: str
    can_chat: bool = True
    blocked: tuple[str, ...] = ()
    """Ids of the users who do not take messages from this one."""

    def is_named(self, name: str) -> bool:
        return name in (self.id, self.member_id) or name.lower() == self.email.lower()


@dataclasses.dataclass
class Channel:
    id: str
    name: str
    type: int
    members: list[str]
    archived: bool = False
    end_to_end_encrypted: bool = False

    @property
    def jid(self) -> str:
        return f"{self.id}@conference.xmpp.zoom.us"


@dataclasses.dataclass
class Upload:
    id: str
    name: str
    size: int
    sha256: str
    owner: str
    time: float
    deleted: bool = False


@dataclasses.dataclass
class Message:
    id: str
    sender: User
    channel: str | None
    contact: str | None
    message: str
    time: float
    visible_at: float
    """Monotonic time from which Zoom's API admits that the message exists."""
    at_items: list[dict[str, t.Any]] = dataclasses.field(default_factory=list)
    rich_text: list[dict[str, t.Any]] = dataclasses.field(default_factory=list)
    files: list[Upload] = dataclasses.field(default_factory=list)
    interactive_cards: list[dict[str, t.Any]] = dataclasses.field(default_factory=list)
    reply_main_message_id: str | None = None
    status: str = "Normal"
    history: list[str] = dataclasses.field(default_factory=list)
    content_type: str | None = None

    @property
    def timestamp(self) -> int:
        """Milliseconds since the epoch."""
        return int(self.time * 1000)

    @property
    def exists(self) -> bool:
        return self.status != "Deleted" and time.monotonic() >= self.visible_at


@dataclasses.dataclass
class Draft:
    id: str
    message: Message
    scheduled_time: str


@dataclasses.dataclass
class WebhookPost:
    id: str
    format: str
    body: t.Any
    time: float


@dataclasses.dataclass
class App:
    """An app of the Zoom Marketplace that may fetch tokens."""

    client_id: str
    client_secret: str
    account_id: str
    owner: str
    scopes: tuple[str, ...]
    disabled: bool = False


@dataclasses.dataclass
class Token:
    value: str
    owner: str
    scopes: tuple[str, ...]
    user_level: bool = False
    expires_at: float = float("inf")


@dataclasses.dataclass
class Webhook:
    id: str
    token: str
    secure: bool = False


@dataclasses.dataclass
class PageToken:
    query: tuple[t.Any, ...]
    offset: int
    expires_at: float


class Account:
    """One Zoom account with everything in it."""

    def __init__(self) -> None:
        self.users: dict[str, User] = {}
        self.channels: dict[str, Channel] = {}
        self.messages: dict[str, Message] = {}
        self.uploads: dict[str, Upload] = {}
        self.drafts: dict[str, Draft] = {}
        self.apps: dict[str, App] = {}
        self.tokens: dict[str, Token] = {}
        self.webhooks: dict[str, Webhook] = {}
        self.webhook_posts: list[WebhookPost] = []
        self.page_tokens: dict[str, PageToken] = {}
        self.tokens_issued = 0
        self.token_requests = 0
        self.rejected = 0

    def user(self, name: str) -> User | None:
        """Find a user by id, member id or e-mail address."""
        return self.users.get(name) or next((u for u in self.users.values() if u.is_named(name)), None)

    def channel(self, name: str) -> Channel | None:
        """Find a channel by id or JID."""
        return self.channels.get(name.split("@", 1)[0])

    def message(self, message_id: str) -> Message | None:
        """Find a message by id, in braces or not; one that is deleted or not yet visible is not found."""
        found = self.messages.get(message_id.strip("{}").upper())
        return found if found is not None and found.exists else None

    def channels_of(self, user: User) -> list[Channel]:
        return [channel for channel in self.channels.values() if user.id in channel.members]

    def conversation(self, user: User, channel: str | None, contact: str | None) -> t.Iterator[Message]:
        """Yield the messages of a channel, or between two users, or (both None) all that the user may see."""
        mine = {c.id for c in self.channels_of(user)}
        for message in self.messages.values():
            if channel is not None:
                matches = message.channel == channel
            elif contact is not None:
                pair = {message.sender.id, message.contact}
                matches = message.channel is None and pair == {user.id, contact}
            else:
                matches = message.channel in mine or user.id in (message.sender.id, message.contact)
            if matches and time.monotonic() >= message.visible_at:
                yield message

    def page(
        self, items: list[t.Any], size: int, token: str | None, query: tuple[t.Any, ...]
    ) -> tuple[list[t.Any], str] | None:
        """Return one page and the token of the next; None when the token is not good for this query."""
        offset = 0
        if token:
            known = self.page_tokens.get(token)
            if known is None or known.query != query or time.monotonic() > known.expires_at:
                return None
            offset = known.offset
        page = list(itertools.islice(items, offset, offset + size))
        following = ""
        if offset + size < len(items):
            following = uuid.uuid4().hex
            self.page_tokens[following] = PageToken(query, offset + size, time.monotonic() + 15 * 60)
        return page, following
