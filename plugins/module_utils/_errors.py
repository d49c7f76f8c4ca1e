# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: BSD-2-Clause
"""The one tree of errors of this collection; each carries what a task's ``failure`` result shows.

::

    ZoomError
    ├── InvalidOption         an option is wrong; nothing was sent
    ├── InvalidRequest        Zoom refused the request as such
    ├── AuthenticationFailed  no token, or one that Zoom does not accept
    ├── PermissionDenied      the token or its user may not do this
    ├── NotFound              user, channel or message does not exist for this user
    ├── RateLimited           a limit of Zoom's, or a wait that does not fit into max_wait
    ├── ServiceFailed         Zoom answered 5xx, or something that is not Zoom's
    ├── NetworkFailed         no complete answer arrived
    └── Unconfirmed           a message may or may not have been sent, and it could not be found out
"""

from __future__ import annotations

import typing as t


class ZoomError(Exception):
    """Something that a task was asked to do was not done; ``str()`` is one clean sentence for the user.

    :param status: HTTP status of Zoom's answer.
    :param code: Zoom's own error code (``code`` in the body).
    :param message: Zoom's own words (``message`` in the body).
    :param errors: Zoom's list of wrong fields, each a dict with ``field`` and ``message``.
    :param tracking_id: Zoom's ``x-zm-trackingid``, by which Zoom's support finds the request.
    :param retry_after: seconds after which it makes sense to try again.
    :param hint: what the user can do about it.
    :param maybe_done: whether Zoom may have done the work all the same.
    :param transient: whether the same request may well succeed a little later.
    """

    reason: t.ClassVar[str] = "service"

    def __init__(
        self,
        sentence: str,
        *,
        status: int | None = None,
        code: int | None = None,
        message: str | None = None,
        errors: t.Sequence[dict[str, str]] = (),
        tracking_id: str | None = None,
        retry_after: float | None = None,
        hint: str | None = None,
        maybe_done: bool = False,
        transient: bool = False,
    ) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.status = status
        self.code = code
        self.message = message
        self.errors = list(errors)
        self.tracking_id = tracking_id
        self.retry_after = retry_after
        self.hint = hint
        self.maybe_done = maybe_done
        self.transient = transient
        #: The ids of what the task had sent before this error.
        self.done: list[str] = []
        #: Whether another attempt was wanted, and would have taken too long.
        self.given_up = False

    def give_up(self, why: str) -> None:
        """Add why no further attempt was made."""
        self.sentence = f"{self.sentence} {why}"
        self.args = (self.sentence,)

    def failure(self) -> dict[str, t.Any]:
        """The value of the result ``failure``: always the same keys, null where there is nothing to say."""
        return {
            "reason": self.reason,
            "status": self.status,
            "code": self.code,
            "message": self.message,
            "errors": self.errors,
            "tracking_id": self.tracking_id,
            "retry_after": self.retry_after,
            "hint": self.hint,
        }


class InvalidOption(ZoomError, ValueError):
    """An option has a value that cannot work; found before anything was sent."""

    reason = "invalid"


class InvalidRequest(ZoomError):
    """Zoom understood the request and refused it for what it says."""

    reason = "invalid"


class AuthenticationFailed(ZoomError):
    """Zoom gave no token, or did not accept the one it was shown."""

    reason = "authentication"


class PermissionDenied(ZoomError):
    """The token lacks a scope, or its user may not do this here."""

    reason = "permission"


class NotFound(ZoomError):
    """The user, channel or message does not exist, or not for this user."""

    reason = "not_found"


class RateLimited(ZoomError):
    """Zoom answered 429, or a limit is known to be reached and waiting would take too long."""

    reason = "rate_limited"


class ServiceFailed(ZoomError):
    """Zoom answered 5xx, or with something that is not an answer of Zoom's."""

    reason = "service"


class NetworkFailed(ZoomError):
    """No complete answer arrived: refused, reset, timed out, cut, or TLS failed."""

    reason = "network"


class Unconfirmed(ZoomError):
    """A message may have been sent or not; the client could not look, or not long enough, to tell."""

    reason = "unconfirmed"
