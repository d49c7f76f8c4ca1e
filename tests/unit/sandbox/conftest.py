# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One sandbox for all tests of a file, as new for each test, and a way to call its API."""

from __future__ import annotations

import typing as t

import pytest
import requests
from ansible_collections.teamchat.zoom.tests.sandbox import seeds
from ansible_collections.teamchat.zoom.tests.sandbox.running import Sandbox, running_sandbox


@pytest.fixture(scope="module")
def module_sandbox() -> t.Iterator[Sandbox]:
    with running_sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(module_sandbox: Sandbox) -> Sandbox:
    module_sandbox.reset()
    return module_sandbox


@pytest.fixture
def api(sandbox: Sandbox) -> t.Iterator[t.Callable[..., requests.Response]]:
    """Call the API with the account's token; ``token=None`` sends none, ``url`` is another base than the API's."""
    session = requests.Session()
    session.trust_env = False

    def call(
        method: str, path: str, *, token: str | None = seeds.ACCESS_TOKEN, url: str = "", **options: t.Any
    ) -> requests.Response:
        headers = {**({"Authorization": f"Bearer {token}"} if token else {}), **options.pop("headers", {})}
        base = url or sandbox.api_url
        return session.request(method, f"{base}/{path}", headers=headers, timeout=10, **options)

    yield call
    session.close()
