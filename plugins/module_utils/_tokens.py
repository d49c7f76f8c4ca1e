# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: BSD-2-Clause
"""Where the access token comes from: the option, this process's memory, the state folder, or Zoom's OAuth."""

from __future__ import annotations

import dataclasses
import functools
import time
import typing as t
from urllib.parse import urlencode

from ansible_collections.teamchat.zoom.plugins.module_utils._answers import Answer, oauth_error_from
from ansible_collections.teamchat.zoom.plugins.module_utils._bodies import Body
from ansible_collections.teamchat.zoom.plugins.module_utils._errors import ServiceFailed
from ansible_collections.teamchat.zoom.plugins.module_utils._state import LockTimeoutError, key
from ansible_collections.teamchat.zoom.plugins.module_utils._transport import Request

if t.TYPE_CHECKING:
    from ansible_collections.teamchat.zoom.plugins.module_utils._connection import Connection
    from ansible_collections.teamchat.zoom.plugins.module_utils._state import StateFolder

# A token is not used in its last minute, so that it does not expire under way.
_MARGIN = 60.0
# Zoom's tokens live an hour; a file that promises more than a day is not ours.
_LONGEST_LIFE = 86400.0
# A token keeps the scopes that the app had when it was fetched. One that lacks a scope is replaced when it is
# older than this, so that not every task of a run whose app truly lacks it fetches another.
_SCOPES_SETTLED = 60.0


@dataclasses.dataclass(frozen=True)
class Token:
    """A bearer token with the times, in seconds since the epoch, at which it expires and was fetched."""

    value: str = dataclasses.field(repr=False)
    expires_at: float
    #: 0 where that is not known.
    fetched_at: float = 0.0

    def is_fresh(self, now: float) -> bool:
        return now + _MARGIN < self.expires_at <= now + _LONGEST_LIFE

    @classmethod
    def from_state(cls, stored: dict[str, t.Any] | None) -> Token | None:
        """What a state file holds, None where that is not a token."""
        stored = stored or {}
        value, times = stored.get("access_token"), (stored.get("expires_at"), stored.get("fetched_at", 0.0))
        if not isinstance(value, str) or not _is_header_value(value):
            return None
        if not all(isinstance(at, (int, float)) and not isinstance(at, bool) for at in times):
            return None
        try:
            return cls(value, *map(float, times))
        except OverflowError:
            return None

    def as_state(self) -> dict[str, t.Any]:
        return {"access_token": self.value, "expires_at": self.expires_at, "fetched_at": self.fetched_at}


def _is_header_value(value: str) -> bool:
    return value.isascii() and value.isprintable() and bool(value) and " " not in value


def token_request(connection: Connection) -> Request:
    """Server-to-Server OAuth (https://developers.zoom.us/docs/internal-apps/s2s-oauth/)."""
    form = urlencode({"grant_type": "account_credentials", "account_id": connection.account_id or ""})
    return Request("POST", connection.oauth_url, body=Body(form.encode(), "application/x-www-form-urlencoded"))


def read_token(answer: Answer) -> Token:
    """The token of OAuth's answer.

    :raises ZoomError: OAuth said no, or answered with something else.
    """
    if not answer.ok:
        raise oauth_error_from(answer)
    body = answer.parsed()
    value = body.get("access_token") if isinstance(body, dict) else None
    if not isinstance(value, str) or not _is_header_value(value):
        if isinstance(body, dict) and ("reason" in body or "error" in body):
            raise oauth_error_from(answer)
        raise ServiceFailed(
            "Fetching a token failed: the answer has no access_token.",
            status=answer.status,
            tracking_id=answer.tracking_id,
            hint="Check oauth_url: it must be Zoom's token address, such as https://zoom.us/oauth/token.",
            transient=True,
        )
    life = body.get("expires_in")
    if isinstance(life, bool) or not isinstance(life, (int, float)) or not 0 < life <= _LONGEST_LIFE:
        life = 3600.0
    now = time.time()
    return Token(value, now + life, now)


class Tokens:
    """The token of one connection, fetched once for all processes that share the state folder."""

    def __init__(self, connection: Connection, state: StateFolder) -> None:
        self._static = connection.access_token
        self._connection = connection
        self._state = state
        self._kept: Token | None = None
        #: What Zoom did not accept any more; it may still stand in the state folder.
        self._rejected: str | None = None

    @functools.cached_property
    def _name(self) -> str:
        """The secret is part of the key: another secret never gets the token of an earlier one."""
        given = self._connection
        return "token-" + key(given.oauth_url, given.account_id or "", given.client_id or "", given.client_secret or "")

    def get(self, fetch: t.Callable[[], Token], patience: float) -> str:
        """A token that has more than a minute to live.

        :param fetch: asks OAuth for one.
        :param patience: seconds to wait while another process fetches one.
        """
        if self._static:
            return self._static
        known = self._fresh(self._kept) or self._fresh(self._stored())
        if known:
            self._kept = known
            return known.value
        try:
            with self._state.lock(self._name, patience):
                # Another process may have fetched one while this one waited.
                token = self._fresh(self._stored())
                if token is None:
                    token = fetch()
                    self._state.write(self._name, token.as_state())
                    self._rejected = None
        except LockTimeoutError as error:
            raise ServiceFailed(
                "Fetching a token failed: another task has been trying to fetch it all the time that max_wait allows.",
                hint="Its own error says why; Zoom's OAuth may be down: https://status.zoom.us.",
            ) from error
        self._kept = token
        return token.value

    def _stored(self) -> Token | None:
        return Token.from_state(self._state.read(self._name))

    def _fresh(self, token: Token | None) -> Token | None:
        """The token, unless its time is over or Zoom has rejected it."""
        return token if token and token.is_fresh(time.time()) and token.value != self._rejected else None

    def may_lack_new_scopes(self, token: str) -> bool:
        """Whether the app may have got scopes since this token was fetched."""
        kept = self._kept
        return kept is not None and kept.value == token and abs(time.time() - kept.fetched_at) > _SCOPES_SETTLED

    def renewable(self, rejected: str) -> bool:
        """Forget a token that Zoom rejected; whether another one can be had.

        A token that another process has fetched in the meantime stays.
        """
        if self._static:
            return False
        self._kept = None
        self._rejected = rejected
        try:
            with self._state.lock(self._name, 0.0):
                stored = self._stored()
                if stored and stored.value == rejected:
                    self._state.remove(self._name)
        except LockTimeoutError:
            # Whoever holds the lock is fetching a new one; until then this process knows.
            pass
        return True
