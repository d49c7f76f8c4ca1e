# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One request on its way through the sandbox, and the answer it gets."""

from __future__ import annotations

import dataclasses
import json
import time
import typing as t

from . import errors, faults, limits, model, seeds
from . import settings as settings_


@dataclasses.dataclass
class Answer:
    """An HTTP answer; ``body`` is sent as JSON, except that text is sent as it is and None as nothing."""

    status: int
    body: t.Any = None
    content_type: str = "application/json"
    headers: dict[str, str] = dataclasses.field(default_factory=dict)

    def encoded(self) -> bytes:
        if self.body is None:
            return b""
        text = self.body if isinstance(self.body, str) else json.dumps(self.body, ensure_ascii=False)
        return text.encode("utf-8", "surrogatepass")


@dataclasses.dataclass
class Record:
    """One request in the account of what arrived."""

    n: int
    time: str
    operation: str
    method: str
    path: str
    query: dict[str, str]
    user_agent: str
    content_type: str | None
    tracking_id: str
    status: int | None = None
    code: int | None = None
    authorized: bool = False
    fault: str | None = None
    body_size: int = 0


@dataclasses.dataclass
class SentFile:
    field: str
    name: str
    size: int
    sha256: str


@dataclasses.dataclass
class Body:
    """A request's body, parsed; ``error`` is what Zoom says to one that cannot be."""

    content_type: str | None = None
    fields: t.Any = dataclasses.field(default_factory=dict)
    files: list[SentFile] = dataclasses.field(default_factory=list)
    raw: bytes = b""
    size: int = 0
    error: errors.ZoomError | None = None


class State:
    """Everything that a running sandbox knows; ``reset`` brings back its beginning."""

    def __init__(self, settings: settings_.Settings) -> None:
        self._initial = settings
        self._watchers: list[t.Callable[[], None]] = []
        self.revision = 0
        self.urls: dict[str, str] = {}
        self.reset()

    def reset(self) -> None:
        self.account = model.Account()
        self.limits = limits.ChannelLimits()
        self.faults = faults.Faults()
        self.requests: list[Record] = []
        seeds.seed(self.account)
        self.apply(self._initial)

    def apply(self, settings: settings_.Settings) -> None:
        self.settings = settings
        seeds.add_fillers(self.account, settings.filler_channels)
        self.changed()

    def watch(self, watcher: t.Callable[[], None]) -> t.Callable[[], None]:
        """Have a function called after each change; returns the function that ends this."""
        self._watchers.append(watcher)
        return lambda: self._watchers.remove(watcher)

    def changed(self) -> None:
        self.revision += 1
        for watcher in self._watchers:
            watcher()


@dataclasses.dataclass
class Call:
    """A request that an operation's handler answers."""

    state: State
    operation: str
    path: dict[str, str]
    query: dict[str, t.Any]
    body: Body
    authorization: str
    token: model.Token | None = None
    user: model.User | None = None
    """On whose behalf, where the path names a user."""
    now: float = dataclasses.field(default_factory=time.time)

    @property
    def account(self) -> model.Account:
        return self.state.account

    @property
    def settings(self) -> settings_.Settings:
        return self.state.settings

    @property
    def actor(self) -> model.User:
        """The user named in the path, else the owner of the token."""
        if self.user is not None:
            return self.user
        if self.token is None:
            raise LookupError("this call is not authenticated")
        return self.account.users[self.token.owner]

    def refuse(self, reason: str, value: str = "") -> errors.ZoomError:
        return errors.refusal(self.operation, reason, value)


Handler = t.Callable[[Call], Answer]
