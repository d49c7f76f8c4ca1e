# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sandbox as HTTP servers: an API, a file host and a storage host, each on a port of its own."""

from __future__ import annotations

import asyncio
import re
import secrets
import ssl
import time

from aiohttp import web

from . import calls, control, errors, faults, listeners, model, operations, pipeline
from . import settings as settings_

HOSTS = ("api", "files", "storage")


def _tracking_id() -> str:
    return f"v=2.0;clid=sandbox;rid=WEB_{secrets.token_hex(16)}"


class Server:
    """A sandbox that serves between ``start`` and ``stop``, in the running event loop."""

    def __init__(
        self,
        settings: settings_.Settings,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        files_port: int = 0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.state = calls.State(settings)
        self.stopping = asyncio.Event()
        self._host = host
        self._ports = {"api": port, "files": files_port, "storage": 0}
        self._tls = tls
        self._runners: list[web.AppRunner] = []
        self._listeners: dict[str, listeners.Listener] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        for name in HOSTS:
            runner = web.AppRunner(self._application(name), access_log=None, shutdown_timeout=0.2)
            await runner.setup()
            self._runners.append(runner)
            self._listeners[name] = listeners.Listener(runner, self._host, self._ports[name], self._tls)
        self.state.urls = self._urls()
        for listener in self._listeners.values():
            await listener.listen()

    def _urls(self) -> dict[str, str]:
        scheme = "https" if self._tls else "http"
        host = f"[{self._host}]" if ":" in self._host else self._host
        roots = {name: f"{scheme}://{host}:{listener.port}" for name, listener in self._listeners.items()}
        return {
            "url": roots["api"],
            "api_url": f"{roots['api']}/v2",
            "oauth_url": f"{roots['api']}/oauth/token",
            "files_url": f"{roots['files']}/v2",
            "storage_url": f"{roots['storage']}/v2",
            "webhook_url": f"{roots['api']}/chat/webhooks/incomingwebhook",
        }

    async def stop(self) -> None:
        self.stopping.set()
        for task in list(self._tasks):
            task.cancel()
        for runner in self._runners:
            await runner.cleanup()
        for listener in self._listeners.values():
            listener.close()

    def _application(self, host: str) -> web.Application:
        application = web.Application(client_max_size=8 * 1024 * 1024)
        for operation in operations.OPERATIONS:
            serves = operation.host == host or (host == "files" and operation.host == "storage")
            if serves:
                # Ids may stand in braces, which aiohttp would not match by itself.
                path = re.sub(r"\{(\w+)\}", r"{\1:[^/]+}", operation.path)
                application.router.add_route(operation.method, path, pipeline.Pipeline(self, operation, host).handle)
        if host == "api":
            control.add_routes(application, self)
        application.router.add_route("*", "/{path:.*}", self._unknown)
        return application

    async def _unknown(self, request: web.Request) -> web.Response:
        record = self.record(request, "unknown")
        record.status, record.code = 404, 64041
        self.state.changed()
        answer = pipeline.refusal_answer(errors.refusal("unknown", "no_route"))
        return pipeline.to_response(answer, record.tracking_id)

    def record(self, request: web.Request, operation: str) -> calls.Record:
        """Enter a request into the account of what arrived."""
        record = calls.Record(
            n=len(self.state.requests) + 1,
            time=model.iso(time.time()),
            operation=operation,
            method=request.method,
            path=request.path,
            query=dict(request.query),
            user_agent=request.headers.get("User-Agent", ""),
            content_type=request.headers.get("Content-Type"),
            tracking_id=_tracking_id(),
        )
        self.state.requests.append(record)
        return record

    def refuse(self, fault: faults.Fault, spare: asyncio.BaseTransport | None = None) -> None:
        """Have the listeners of a fault's operation refuse connections for its seconds."""
        names = {"upload": HOSTS[1:], "send_file": HOSTS[1:], "*": HOSTS}.get(fault.operation, HOSTS[:1])
        for name in names:
            task = asyncio.ensure_future(self._listeners[name].refuse(fault.seconds, spare))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
