# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""No shape of a secret stays in what is shown."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote, quote_plus, urlencode

import pytest
from ansible_collections.teamchat.zoom.plugins.module_utils._secrets import MASK, Secrets
from hypothesis import given
from hypothesis import strategies as st

SECRET = 's3cr&t "päss/word'


def secrets_of(*values: str | None) -> Secrets:
    secrets = Secrets()
    secrets.add(*values)
    return secrets


@pytest.mark.parametrize(
    "shown",
    [
        SECRET,
        quote(SECRET),
        quote(SECRET, safe=""),
        quote_plus(SECRET),
        urlencode({"secret": SECRET}).partition("=")[2],
        json.dumps(SECRET),
        json.dumps(SECRET, ensure_ascii=False),
        repr(SECRET),
        base64.b64encode(SECRET.encode()).decode(),
        base64.b64encode(SECRET.encode()).decode().rstrip("="),
        base64.urlsafe_b64encode(SECRET.encode()).decode(),
        quote(base64.b64encode(SECRET.encode()).decode(), safe=""),
    ],
)
def test_every_shape_is_masked(shown: str) -> None:
    scrubbed = secrets_of(SECRET).scrub(f"before {shown} after")
    assert "s3cr" not in scrubbed
    assert "word" not in scrubbed
    assert scrubbed.replace('"', "").replace("'", "") in (f"before {MASK} after", f"before {MASK}= after")


def test_results_are_scrubbed_at_any_depth_and_keep_their_shape() -> None:
    value = {"msg": f"x {SECRET}", "list": [SECRET, 1, None, True, (SECRET,)], f"{SECRET}!": {"n": 1.5}}
    assert secrets_of(SECRET).scrub(value) == {
        "msg": f"x {MASK}",
        "list": [MASK, 1, None, True, [MASK]],
        f"{MASK}!": {"n": 1.5},
    }


def test_a_secret_that_is_part_of_another_leaves_no_rest() -> None:
    assert secrets_of("abcdefgh", "abcdefgh-and-more").scrub("abcdefgh-and-more") == MASK


def test_short_and_missing_values_mask_nothing() -> None:
    assert list(secrets_of(None, "", "it")) == []
    assert secrets_of("short").scrub("a short text") == "a short text"


@given(st.text(st.characters(max_codepoint=127), min_size=8, max_size=12) | st.text(min_size=8, max_size=12))
def test_a_secret_is_known_in_every_shape(secret: str) -> None:
    raw = base64.b64encode(secret.encode())
    urlsafe = base64.urlsafe_b64encode(secret.encode())
    encoded = [text.decode() for text in (raw, raw.rstrip(b"="), urlsafe, urlsafe.rstrip(b"="))]
    quoted = [quote(secret), quote(secret, safe=""), quote_plus(secret), quote(raw.decode(), safe="")]
    written = [json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1], repr(secret)[1:-1]]
    assert set(secrets_of(secret)) == {secret, *encoded, *quoted, *written}


@given(st.text(min_size=8, max_size=40), st.text(max_size=20), st.text(max_size=20))
def test_no_secret_survives_in_a_text(secret: str, before: str, after: str) -> None:
    assert secret not in secrets_of(secret).scrub(f"{before}{secret}{after}").replace(MASK, "")


@given(st.text(st.characters(codec=None), min_size=8, max_size=40))
def test_no_secret_crashes_the_masking(secret: str) -> None:
    assert secrets_of(secret).scrub(secret) == MASK
