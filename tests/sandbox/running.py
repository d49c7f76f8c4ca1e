# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A sandbox for tests: in a thread of this process, or reached by its URL, with the same interface."""

from __future__ import annotations

import asyncio
import contextlib
import os
import ssl
import tempfile
import threading
import typing as t

import requests

from . import app, seeds
from . import settings as settings_


class Sandbox:
    """A running sandbox, talked to over its control API."""

    def __init__(self, url: str, ca_path: str | None = None) -> None:
        self._http = requests.Session()
        self._http.trust_env = False
        self._http.verify = ca_path or True
        self.ca_path = ca_path
        self.url = url.rstrip("/")
        urls = self._control("GET", "info").json()
        self.api_url: str = urls["api_url"]
        self.oauth_url: str = urls["oauth_url"]
        self.files_url: str = urls["files_url"]
        self.storage_url: str = urls["storage_url"]
        self.webhook_url: str = f"{urls['webhook_url']}/{seeds.WEBHOOK_ID}"
        self.secure_webhook_url: str = f"{urls['webhook_url']}/{seeds.SECURE_WEBHOOK_ID}"

    def _control(self, method: str, path: str, body: t.Any = None) -> requests.Response:
        answer = self._http.request(method, f"{self.url}/_sandbox/{path}", json=body, timeout=30)
        if answer.status_code >= 400:
            raise ValueError(f"{method} /_sandbox/{path}: {answer.text}")
        return answer

    def environment(self) -> dict[str, str]:
        """Return the environment variables that make the collection's modules talk to this sandbox."""
        return {
            "ZOOM_API_URL": self.api_url,
            "ZOOM_OAUTH_URL": self.oauth_url,
            "ZOOM_FILES_URL": self.files_url,
            "ZOOM_SANDBOX_URL": self.url,
            "ZOOM_ACCOUNT_ID": seeds.ACCOUNT_ID,
            "ZOOM_CLIENT_ID": seeds.CLIENT_ID,
            "ZOOM_CLIENT_SECRET": seeds.CLIENT_SECRET,
            "ZOOM_USER_ID": seeds.SENDER,
            **({"ZOOM_SANDBOX_CA_PATH": self.ca_path} if self.ca_path else {}),
        }

    def account(self) -> dict[str, t.Any]:
        return t.cast("dict[str, t.Any]", self._control("GET", "account").json())

    def messages(self) -> list[dict[str, t.Any]]:
        return t.cast("list[dict[str, t.Any]]", self.account()["messages"])

    def requests(self, operation: str | None = None) -> list[dict[str, t.Any]]:
        """Return the requests that arrived, all or those of one operation."""
        return [r for r in self.account()["requests"] if operation in (None, r["operation"])]

    def transcript(self) -> str:
        return self._control("GET", "transcript").text

    def page(self) -> str:
        """Return the page as one self-contained HTML file."""
        return self._control("GET", "page.html").text

    def reset(self) -> None:
        """Bring back the account and the settings that the sandbox started with."""
        self._control("POST", "reset")

    def settings(self, **changes: t.Any) -> dict[str, t.Any]:
        """Change settings (see ``settings.Settings``) and return them all."""
        return t.cast("dict[str, t.Any]", self._control("PATCH", "settings", changes).json())

    def fault(self, fault: str, operation: str = "*", **options: t.Any) -> None:
        """Arm a fault; options: ``moment``, ``times`` (None: always), ``seconds``, ``after``, ``url``."""
        self._control("POST", "faults", {"fault": fault, "operation": operation, **options})

    def clear_faults(self) -> None:
        self._control("DELETE", "faults")

    def say(self, sender: str, message: str, **options: t.Any) -> str:
        """Put a message in as a person would, and return its id.

        Options: ``to_channel`` or ``to_contact``, ``reply_main_message_id``, ``age`` in seconds.
        """
        wish = {"sender": sender, "message": message, **options}
        return t.cast("str", self._control("POST", "messages", wish).json()["id"])

    def close(self) -> None:
        self._http.close()


@contextlib.contextmanager
def running_sandbox(
    *, host: str = "127.0.0.1", port: int = 0, files_port: int = 0, tls: bool = False, **settings: t.Any
) -> t.Iterator[Sandbox]:
    """Run a sandbox in a thread of its own for as long as the block lasts; settings as in ``Settings``."""
    chosen = settings_.changed(settings_.Settings(), settings)
    with certificates(host) if tls else contextlib.nullcontext((None, None)) as (context, ca_path):
        thread = _Thread(chosen, host=host, port=port, files_port=files_port, tls=context)
        url = thread.begin()
        try:
            sandbox = Sandbox(url, ca_path)
            try:
                yield sandbox
            finally:
                sandbox.close()
        finally:
            thread.end()


@contextlib.contextmanager
def certificates(host: str) -> t.Iterator[tuple[ssl.SSLContext, str]]:
    """Make a certificate authority: yields the server's TLS context and the path of the CA."""
    import trustme

    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(host, "localhost").configure_cert(context)
    with tempfile.TemporaryDirectory(prefix="zoom-sandbox-") as folder:
        ca_path = os.path.join(folder, "ca.pem")
        authority.cert_pem.write_to_path(ca_path)
        yield context, ca_path


class _Thread:
    def __init__(self, settings: settings_.Settings, **options: t.Any) -> None:
        self._settings = settings
        self._options = options
        self._started = threading.Event()
        self._failure: BaseException | None = None
        self._url = ""
        self._thread = threading.Thread(target=self._run, name="zoom-sandbox", daemon=True)

    def begin(self) -> str:
        self._thread.start()
        self._started.wait()
        if self._failure is not None:
            raise self._failure
        return self._url

    def end(self) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:
            self._failure = error
        finally:
            self._started.set()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        server = app.Server(self._settings, **self._options)
        try:
            await server.start()
            self._url = server.state.urls["url"]
            self._started.set()
            await self._stop.wait()
        finally:
            await server.stop()
