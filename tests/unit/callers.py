# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A client with what it told on its way, for tests that run many of them side by side."""

from __future__ import annotations

import typing as t

from ansible_collections.teamchat.zoom.plugins.module_utils._client import Client, Session
from ansible_collections.teamchat.zoom.plugins.module_utils._secrets import Secrets

if t.TYPE_CHECKING:
    from ansible_collections.teamchat.zoom.plugins.module_utils._connection import Connection


class Caller:
    """A session of its own, as every process has one."""

    def __init__(self, connection: Connection) -> None:
        self.warnings: list[str] = []
        self.secrets = Secrets()
        self.session = Session(connection)
        self.client = Client(self.session, self.warnings.append, self.secrets)

    def next_task(self) -> Client:
        """Another task of the same process."""
        self.client = Client(self.session, self.warnings.append, self.secrets)
        return self.client
