# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every error says one sentence and shows the same keys as `failure`."""

from __future__ import annotations

import pytest
from ansible_collections.teamchat.zoom.plugins.module_utils import _errors
from ansible_collections.teamchat.zoom.plugins.module_utils._errors import InvalidOption, RateLimited, ZoomError


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("InvalidOption", "invalid"),
        ("InvalidRequest", "invalid"),
        ("AuthenticationFailed", "authentication"),
        ("PermissionDenied", "permission"),
        ("NotFound", "not_found"),
        ("RateLimited", "rate_limited"),
        ("ServiceFailed", "service"),
        ("NetworkFailed", "network"),
        ("Unconfirmed", "unconfirmed"),
    ],
)
def test_each_error_has_its_reason(name: str, reason: str) -> None:
    kind = getattr(_errors, name)
    assert issubclass(kind, ZoomError)
    assert kind("It failed.").failure()["reason"] == reason


def test_failure_always_has_the_same_keys() -> None:
    assert InvalidOption("It failed.").failure() == {
        "reason": "invalid",
        "status": None,
        "code": None,
        "message": None,
        "errors": [],
        "tracking_id": None,
        "retry_after": None,
        "hint": None,
    }


def test_failure_shows_all_that_is_known() -> None:
    errors = ({"field": "message", "message": "Invalid field."},)
    error = RateLimited(
        "It failed.",
        status=429,
        code=429,
        message="Slow down.",
        errors=errors,
        tracking_id="v=2",
        retry_after=3.5,
        hint="Wait.",
        maybe_done=True,
        transient=True,
    )
    assert str(error) == "It failed."
    assert error.failure() == {
        "reason": "rate_limited",
        "status": 429,
        "code": 429,
        "message": "Slow down.",
        "errors": [{"field": "message", "message": "Invalid field."}],
        "tracking_id": "v=2",
        "retry_after": 3.5,
        "hint": "Wait.",
    }


def test_giving_up_adds_its_reason_to_the_sentence() -> None:
    error = RateLimited("It failed.")
    error.give_up("Given up after 2 attempts.")
    assert str(error) == error.sentence == "It failed. Given up after 2 attempts."
