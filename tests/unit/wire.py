# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real servers for tests that need more than the sandbox gives: bytes as they are, broken ones, and a proxy."""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import json
import select
import socket
import ssl
import struct
import threading
import time
import typing as t
from urllib.parse import urlsplit


@dataclasses.dataclass(frozen=True)
class Received:
    """One request as it came over the wire; the header names are lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


class Peer:
    """The server's end of one connection."""

    def __init__(self, connection: socket.socket, number: int) -> None:
        self.number = number
        self._connection = connection
        self._rest = b""

    def read(self, slowly: float = 0.0) -> Received | None:
        """The next request, None where the client has gone; its body only drips in for so many seconds."""
        head = self._until(b"\r\n\r\n")
        if head is None:
            return None
        first, *lines = head.decode("latin-1").split("\r\n")
        method, target, _version = first.split(" ", 2)
        headers = {name.lower(): value.strip() for name, _colon, value in (line.partition(":") for line in lines)}
        return Received(method, target, headers, self._exactly(int(headers.get("content-length", "0")), slowly))

    def piece(self) -> bytes:
        """What one look at the connection gives."""
        self._rest += (piece := self._connection.recv(65536))
        return piece

    def _until(self, mark: bytes) -> bytes | None:
        while mark not in self._rest:
            try:
                data = self._connection.recv(65536)
            except OSError:
                return None
            if not data:
                return None
            self._rest += data
        found, _mark, self._rest = self._rest.partition(mark)
        return found

    def _exactly(self, size: int, slowly: float) -> bytes:
        if slowly:
            # Otherwise the system takes some megabytes at once.
            self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        until = time.monotonic() + slowly
        found = bytearray(self._rest)
        while len(found) < size:
            data = self._connection.recv(65536)
            if not data:
                break
            found += data
            if time.monotonic() < until:
                time.sleep(0.02)
        self._rest = bytes(found[size:])
        return bytes(found[:size])

    def send(self, data: bytes) -> None:
        with contextlib.suppress(OSError):
            self._connection.sendall(data)

    def wait(self, seconds: float) -> None:
        """Wait, but no longer than the client does."""
        with contextlib.suppress(OSError, ValueError):
            select.select([self._connection], [], [], seconds)

    def reset(self) -> None:
        """End the connection by RST."""
        self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._connection.close()

    def hear_no_more(self) -> None:
        """Say that nothing more comes, and then end the connection without reading what the client still sends."""
        self._connection.shutdown(socket.SHUT_WR)
        time.sleep(0.1)
        self._connection.close()

    def tunnel(self, host: str, port: int) -> None:
        """Carry bytes to a server of this machine and back, until one side ends."""
        with socket.create_connection((host, port)) as other:
            ends = {self._connection: other, other: self._connection}
            while True:
                for end in select.select(list(ends), [], [], 10)[0]:
                    data = end.recv(65536)
                    if not data:
                        return
                    ends[end].sendall(data)


Handler = t.Callable[[Peer], None]


@dataclasses.dataclass
class Server:
    """A running server: where it listens, and what it got."""

    port: int
    received: list[Received] = dataclasses.field(default_factory=list)
    connections: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def tls_url(self) -> str:
        return f"https://127.0.0.1:{self.port}"


@contextlib.contextmanager
def serving(handler: t.Callable[[Server, Peer], None], tls: ssl.SSLContext | None = None) -> t.Iterator[Server]:
    """Give each connection to the handler, in a thread of its own, for as long as the block lasts."""
    threads: list[threading.Thread] = []
    connections: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = Server(listener.getsockname()[1])

        def serve(connection: socket.socket) -> None:
            with connection, contextlib.suppress(OSError):
                wrapped = tls.wrap_socket(connection, server_side=True) if tls else connection
                connections.append(wrapped)
                with wrapped:
                    handler(server, Peer(wrapped, server.connections))

        def accept() -> None:
            while True:
                try:
                    connection, _address = listener.accept()
                except OSError:
                    return
                connection.settimeout(20)
                server.connections += 1
                threads.append(threading.Thread(target=serve, args=[connection], daemon=True))
                threads[-1].start()

        accepting = threading.Thread(target=accept, daemon=True)
        accepting.start()
        try:
            yield server
        finally:
            # A thread that waits in accept() is not woken by close().
            listener.shutdown(socket.SHUT_RDWR)
            accepting.join()
            for connection in connections:
                # What a client keeps open for its next request would keep the thread waiting.
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
            for thread in threads:
                thread.join(20)


def http(status: int = 200, body: t.Any = b"", headers: t.Mapping[str, str] | None = None) -> bytes:
    """The bytes of an answer; a body that is not bytes goes as JSON."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    fields = {"Content-Length": str(len(content)), **(headers or {})}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"HTTP/1.1 {status} Said\r\n{head}\r\n".encode("latin-1") + content


def answering(*answers: bytes) -> t.Callable[[Server, Peer], None]:
    """A handler that gives one answer after the other, and the last one for ever."""

    def handle(server: Server, peer: Peer) -> None:
        while True:
            request = peer.read()
            if request is None:
                return
            server.received.append(request)
            peer.send(answers[min(len(server.received), len(answers)) - 1])
            if request.headers.get("connection") == "close":
                return

    return handle


def proxying(user: str = "", password: str = "") -> t.Callable[[Server, Peer], None]:
    """A handler that is an HTTP proxy, for plain requests and for CONNECT."""
    wanted = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode() if user else None

    def handle(server: Server, peer: Peer) -> None:
        request = peer.read()
        if request is None:
            return
        server.received.append(request)
        if wanted and request.headers.get("proxy-authorization") != wanted:
            peer.send(http(407, b"", {"Proxy-Authenticate": 'Basic realm="proxy"', "Connection": "close"}))
            return
        if request.method == "CONNECT":
            host, _colon, port = request.target.rpartition(":")
            peer.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
            peer.tunnel(host, int(port))
            return
        parts = urlsplit(request.target)
        with socket.create_connection((str(parts.hostname), parts.port or 80)) as upstream:
            target = request.target[request.target.index(parts.netloc) + len(parts.netloc) :]
            kept = {name: value for name, value in request.headers.items() if not name.startswith("proxy-")}
            head = "".join(f"{name}: {value}\r\n" for name, value in {**kept, "connection": "close"}.items())
            upstream.sendall(f"{request.method} {target} HTTP/1.1\r\n{head}\r\n".encode("latin-1") + request.body)
            while data := upstream.recv(65536):
                peer.send(data)

    return handle
