# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: BSD-2-Clause
"""HTTP to a server that no proxy stands before, by Python's own client.

requests and urllib3 do the same in several times as many functions. Elsewhere that is nothing; in a process that
Ansible has just forked for a task, whatever is touched for the first time has to be copied first, and a request
by requests takes longer than all the rest of the task.
"""

from __future__ import annotations

import contextlib
import http.client
import select
import socket
import time
import typing as t
from urllib.parse import urlsplit

from ansible_collections.teamchat.zoom.plugins.module_utils._answers import Answer
from ansible_collections.teamchat.zoom.plugins.module_utils._requests import requests
from ansible_collections.teamchat.zoom.plugins.module_utils._tls import trusting_context, unchecked_context

if t.TYPE_CHECKING:
    from ansible_collections.teamchat.zoom.plugins.module_utils._bodies import Body

# The longest answer that makes sense: 50 messages of a list, with room. What is longer is not Zoom's.
_LONGEST_ANSWER = 16 * 1024 * 1024
_CHUNK = 65536
# Seconds for which an idle connection is kept. A firewall that forgets one drops what is sent on it later without
# a word, and then nobody knows whether a message has arrived.
LONGEST_IDLE = 30.0
# Seconds that an address of a host has at least to answer in.
_SHORTEST_SHARE = 0.1


class NotConnected(Exception):
    """There was no connection, so nothing was sent; its cause says why."""


class DirectConnections:
    """Connections that are kept for the next request, one to each server. Not to be shared between processes.

    :param validate_certs: whether certificates are checked.
    :param ca_path: a file or folder of certificate authorities; None: those of the environment, or requests' own.
    """

    def __init__(self, validate_certs: bool, ca_path: str | None) -> None:
        self._validate_certs = validate_certs
        self._ca_path = ca_path
        #: With the moments of their last use.
        self._kept: dict[tuple[str, str], tuple[http.client.HTTPConnection, float]] = {}

    def send(
        self, method: str, url: str, headers: dict[str, str], body: Body | None, timeout: float, deadline: float
    ) -> Answer:
        """Send once, and read the whole answer.

        :param timeout: seconds to connect, and between two pieces of the answer.
        :param deadline: `time.monotonic()` by which the whole answer must have arrived; the seconds that the body was
            `on_the_way` come on top.
        :raises NotConnected: nothing was sent.
        :raises OSError, http.client.HTTPException: the connection broke, or what came is no answer.
        """
        parts = urlsplit(requests.utils.requote_uri(url))
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        server = (parts.scheme, parts.netloc)
        connection = self._connection(server, timeout)
        try:
            # A server that has heard enough may close its half and answer all the same.
            with contextlib.suppress(BrokenPipeError), _full_packets(connection.sock):
                connection.request(method, target, body, headers)
            if body is not None:
                deadline += body.on_the_way
            with connection.getresponse() as response:
                content = read_whole(response.read1, response.headers.get("Content-Length"), deadline)
        except BaseException:
            connection.close()
            raise
        if connection.sock is not None:
            self._kept[server] = (connection, time.monotonic())
        return Answer(response.status, {name.lower(): value for name, value in response.headers.items()}, content)

    def _connection(self, server: tuple[str, str], timeout: float) -> http.client.HTTPConnection:
        if server in self._kept:
            kept, used = self._kept.pop(server)
            if time.monotonic() - used < LONGEST_IDLE and not _has_something_to_say(kept.sock):
                kept.sock.settimeout(timeout)
                return kept
            kept.close()
        connection = self._new_connection(*server, timeout)
        # Where http.client keeps what connects for it.
        connection._create_connection = _connected  # type: ignore[attr-defined]
        try:
            connection.connect()
        except (OSError, ValueError) as error:
            connection.close()
            raise NotConnected from error
        return connection

    def _new_connection(self, scheme: str, netloc: str, timeout: float) -> http.client.HTTPConnection:
        if scheme == "http":
            return http.client.HTTPConnection(netloc, timeout=timeout, blocksize=_CHUNK)
        context = trusting_context(self._ca_path) if self._validate_certs else unchecked_context()
        return http.client.HTTPSConnection(netloc, timeout=timeout, blocksize=_CHUNK, context=context)

    def close(self) -> None:
        while self._kept:
            self._kept.popitem()[1][0].close()

    __del__ = close


def _connected(address: tuple[str, int], timeout: float, _source_address: t.Any) -> socket.socket:
    """A connection to one of a host's addresses, which share the time-out; Python would give it to each of them."""
    deadline = time.monotonic() + timeout
    places = socket.getaddrinfo(*address, 0, socket.SOCK_STREAM)
    while True:
        family, kind, protocol, _name, place = places.pop(0)
        connecting = socket.socket(family, kind, protocol)
        try:
            connecting.settimeout(max((deadline - time.monotonic()) / (len(places) + 1), _SHORTEST_SHARE))
            connecting.connect(place)
        except OSError:
            connecting.close()
            if not places:
                raise
        else:
            connecting.settimeout(timeout)
            return connecting


@contextlib.contextmanager
def _full_packets(connected: socket.socket) -> t.Iterator[None]:
    """Let a request's head leave together with the beginning of its body, so that a server is woken once."""
    if not hasattr(socket, "TCP_CORK"):
        yield
        return
    connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 1)
    try:
        yield
    finally:
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 0)


def _has_something_to_say(kept: socket.socket) -> bool:
    """Whether a server has said something unasked, which is the end of the connection."""
    poll = select.poll()
    poll.register(kept, select.POLLIN)
    return bool(poll.poll(0))


def read_whole(read1: t.Callable[[int], bytes], length: str | None, deadline: float) -> bytes:
    """The whole body of an answer, as long as it arrives in time and is of a sane length.

    :param read1: returns what is there, or waits for it; nothing at the end.
    :param length: the header Content-Length.
    :raises TimeoutError: it does not arrive in time.
    :raises http.client.IncompleteRead, http.client.HTTPException: it is cut short, or too long.
    """
    content = bytearray()
    while chunk := read1(_CHUNK):
        content += chunk
        if time.monotonic() > deadline:
            raise TimeoutError
        if len(content) > _LONGEST_ANSWER:
            raise http.client.HTTPException
    if length and length.isdigit() and int(length) > len(content):
        raise http.client.IncompleteRead(bytes(content))
    return bytes(content)
