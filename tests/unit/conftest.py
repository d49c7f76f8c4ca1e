# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures of the unit tests: a sandbox over real HTTP, connections to it, and an environment without surprises."""

from __future__ import annotations

import contextlib
import os
import pathlib
import socket
import time
import typing as t

import hypothesis
import pytest
from ansible_collections.teamchat.zoom.plugins.module_utils._connection import Connection
from ansible_collections.teamchat.zoom.tests.sandbox import seeds
from ansible_collections.teamchat.zoom.tests.sandbox.running import Sandbox, running_sandbox

# For `make mutants`, which runs the tests some thousand times and compares the runs.
hypothesis.settings.register_profile(
    "mutants",
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=25,
    phases=(hypothesis.Phase.explicit, hypothesis.Phase.generate),
)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--hypothesis-profile") == "mutants":
        # One failure is enough there, and examples that are written down are faster than those that are found.
        items.sort(key=lambda item: item.get_closest_marker("hypothesis") is not None)


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the developer's own reaches a test: neither credentials nor proxies nor certificates."""
    for variable in list(os.environ):
        if variable.startswith("ZOOM_") or variable.lower().endswith("_proxy"):
            monkeypatch.delenv(variable)
    for variable in ("NETRC", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(variable, raising=False)


@pytest.fixture(scope="session")
def running() -> t.Iterator[Sandbox]:
    with running_sandbox(windows="off") as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: Sandbox) -> Sandbox:
    """A sandbox as it is at its beginning, without the limits of channels."""
    running.reset()
    return running


@pytest.fixture(scope="session")
def running_tls() -> t.Iterator[Sandbox]:
    with running_sandbox(windows="off", tls=True) as sandbox:
        yield sandbox


@pytest.fixture
def tls_sandbox(running_tls: Sandbox) -> Sandbox:
    """The same over TLS, with a certificate authority of its own."""
    running_tls.reset()
    return running_tls


@pytest.fixture
def params() -> dict[str, t.Any]:
    """The connection options as a module gets them, with a token."""
    return {
        "access_token": seeds.ACCESS_TOKEN,
        "account_id": None,
        "client_id": None,
        "client_secret": None,
        "user_id": "me",
        "api_url": "https://api.zoom.us/v2",
        "oauth_url": "https://zoom.us/oauth/token",
        "files_url": "https://file.zoom.us/v2",
        "timeout": 0.5,
        "max_wait": 8.0,
        "validate_certs": True,
        "ca_path": None,
        "proxy": None,
        "state_dir": "",
    }


@pytest.fixture
def app() -> dict[str, t.Any]:
    """The credentials of the sandbox's Server-to-Server OAuth app, in place of the token."""
    return {
        "access_token": None,
        "account_id": seeds.ACCOUNT_ID,
        "client_id": seeds.CLIENT_ID,
        "client_secret": seeds.CLIENT_SECRET,
        "user_id": seeds.SENDER,
    }


@pytest.fixture
def connect(params: dict[str, t.Any]) -> t.Callable[..., Connection]:
    """Make a checked connection, to a sandbox if one is given; keywords change the options."""

    def make(sandbox: Sandbox | None = None, **changes: t.Any) -> Connection:
        names = ("api_url", "oauth_url", "files_url") if sandbox else ()
        urls = {name: getattr(sandbox, name) for name in names}
        return Connection.from_params({**params, **urls, **changes})

    return make


@pytest.fixture
def closed_port() -> int:
    """A port of this machine where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


@pytest.fixture
def never_accepting() -> t.Iterator[int]:
    """The port of a listener that takes no connection any more."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _index in range(4):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        time.sleep(0.05)
        yield listener.getsockname()[1]


@pytest.fixture
def state_dir(tmp_path: pathlib.Path) -> str:
    return str(tmp_path / "state")
