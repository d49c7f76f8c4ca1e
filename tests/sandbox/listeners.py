# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ports that can stop listening for a while and come back, and connections that end by RST."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import struct

from aiohttp import web


class Listener:
    """One port that can stop listening for a while and come back."""

    def __init__(self, runner: web.AppRunner, host: str, port: int, tls: ssl.SSLContext | None) -> None:
        self._runner = runner
        self._tls = tls
        self._host = host
        self._site: web.SockSite | None = None
        self._socket = self._bound(port)
        self.port: int = self._socket.getsockname()[1]

    def _bound(self, port: int) -> socket.socket:
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        bound = socket.socket(family, socket.SOCK_STREAM)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            bound.bind((self._host, port))
        except OSError:
            bound.close()
            raise
        return bound

    async def listen(self) -> None:
        self._site = web.SockSite(self._runner, self._socket, ssl_context=self._tls, backlog=512)
        await self._site.start()

    def close(self) -> None:
        """Give the port back, also where it is not listening at the moment."""
        self._socket.close()

    async def refuse(self, seconds: float, spare: asyncio.BaseTransport | None) -> None:
        """Abort all connections and have new ones refused for a while; the port stays ours."""
        if self._site is None:
            return
        await self._site.stop()
        self._site = None
        self._socket.close()
        self._socket = self._bound(self.port)
        for connection in list(self._runner.server.connections if self._runner.server else ()):
            if connection.transport is not None and connection.transport is not spare:
                abort(connection.transport)
        await asyncio.sleep(seconds)
        await self.listen()


def abort(transport: asyncio.BaseTransport | None) -> None:
    """End a connection by RST."""
    if not isinstance(transport, asyncio.Transport):
        return
    connection = transport.get_extra_info("socket")
    if connection is not None:
        with contextlib.suppress(OSError):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
