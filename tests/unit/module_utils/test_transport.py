# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One request against real servers, good and bad: what arrives, what fails, what is said, and what never leaves."""

from __future__ import annotations

import base64
import contextlib
import pathlib
import re
import shutil
import socket
import ssl
import subprocess
import time
import typing as t

import pytest
import requests
import trustme
from ansible_collections.teamchat.zoom.plugins.module_utils import _http, _tls, _transport
from ansible_collections.teamchat.zoom.plugins.module_utils._answers import Answer
from ansible_collections.teamchat.zoom.plugins.module_utils._bodies import Body, json_body
from ansible_collections.teamchat.zoom.plugins.module_utils._connection import Connection
from ansible_collections.teamchat.zoom.plugins.module_utils._errors import (
    InvalidOption,
    NetworkFailed,
    ServiceFailed,
    ZoomError,
)
from ansible_collections.teamchat.zoom.plugins.module_utils._transport import Request, Transport
from ansible_collections.teamchat.zoom.tests.unit.wire import Peer, Server, answering, http, proxying, serving

AUTHORIZATION = "Bearer t0ken-of-the-test"
Connect = t.Callable[..., Connection]


@pytest.fixture
def send(connect: Connect) -> t.Callable[..., Answer]:
    """Send one request; keywords are connection options, `patience` the seconds to the deadline."""

    def once(
        url: str, body: Body | None = None, method: str = "POST", patience: float = 5.0, **options: t.Any
    ) -> Answer:
        connection = connect(**{"api_url": "http://127.0.0.1:9", "timeout": 0.3, **options})
        request = Request(method, url, body=body)
        return Transport(connection).send(request, AUTHORIZATION, connection.timeout, time.monotonic() + patience)

    return once


Send = t.Callable[..., Answer]


def failure_of(send: Send, *args: t.Any, **options: t.Any) -> ZoomError:
    with pytest.raises(ZoomError) as caught:
        send(*args, **options)
    assert "t0ken" not in str(caught.value)
    return caught.value


def text_body() -> Body:
    return json_body({"message": "hello"})


def test_a_request_arrives_as_it_was_made_and_names_itself(send: Send) -> None:
    with serving(answering(http(201, {"id": "A"}, {"X-Zm-TrackingId": "v=2"}))) as server:
        answer = send(f"{server.url}/v2/x", text_body())
    assert (answer.status, answer.content, answer.tracking_id) == (201, b'{"id": "A"}', "v=2")
    (request,) = server.received
    assert (request.method, request.target, request.body) == ("POST", "/v2/x", b'{"message": "hello"}')
    assert request.headers["authorization"] == AUTHORIZATION
    assert request.headers["content-type"] == "application/json; charset=utf-8"
    assert re.fullmatch(
        r"teamchat\.zoom/[0-9.]+\S* ansible-core/[0-9.]+\S* requests/[0-9.]+ Python/[0-9.]+\S*",
        request.headers["user-agent"],
    )


@pytest.mark.skipif(not hasattr(socket, "TCP_CORK"), reason="this system cannot hold a packet back")
def test_a_request_wakes_the_server_once(connect: Connect) -> None:
    pieces = []

    def handler(_server: Server, peer: Peer) -> None:
        for _request in range(2):
            pieces.append(peer.piece())
            peer.read()
            peer.send(http())

    with serving(handler) as server, contextlib.closing(Transport(connect(api_url=f"{server.url}/v2"))) as transport:
        for text in (b"x" * 10, b"y" * 10):
            body = Body(text, "text/plain")
            transport.send(Request("POST", server.url, body=body), "Bearer t", 5, time.monotonic() + 5)
    assert [piece.endswith(text) for piece, text in zip(pieces, (b"x" * 10, b"y" * 10))] == [True, True]


def test_a_system_that_cannot_hold_a_packet_back_sends_all_the_same(
    send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(socket, "TCP_CORK", raising=False)
    with serving(answering(http())) as server:
        assert send(server.url, text_body()).status == 200
    (request,) = server.received
    assert request.body == b'{"message": "hello"}'


def test_requests_share_one_connection(connect: Connect) -> None:
    with serving(answering(http(200, {}))) as server:
        transport = Transport(connect(api_url=server.url))
        for _index in range(3):
            transport.send(Request("GET", server.url), AUTHORIZATION, 1.0, time.monotonic() + 5)
        assert server.connections == 1
        assert len(server.received) == 3
        transport.close()


def test_a_connection_that_the_server_has_closed_is_not_used_again(connect: Connect) -> None:
    def answer_once(server: Server, peer: Peer) -> None:
        request = peer.read()
        assert request
        server.received.append(request)
        peer.send(http(200, {}))

    with serving(answer_once) as server:
        transport = Transport(connect(api_url=server.url))
        for _index in range(3):
            assert transport.send(
                Request("POST", server.url, body=text_body()), AUTHORIZATION, 1.0, time.monotonic() + 5
            ).ok
            time.sleep(0.1)
        assert (server.connections, len(server.received)) == (3, 3)


def answering_once(server: Server, peer: Peer) -> None:
    """Answer the first request of a connection, and none that comes later."""
    if (request := peer.read()) is not None:
        server.received.append(request)
        peer.send(http(200, {}))
        peer.wait(20)


def test_a_connection_that_was_idle_for_long_is_not_used_again(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_http, "LONGEST_IDLE", 0.2)
    with serving(answering_once) as server, contextlib.closing(Transport(connect(api_url=server.url))) as transport:
        for _index in range(2):
            request = Request("POST", server.url, body=text_body())
            assert transport.send(request, AUTHORIZATION, 2.0, time.monotonic() + 5).ok
            time.sleep(0.3)
        assert (server.connections, len(server.received)) == (2, 2)


def test_connections_to_several_servers_are_kept(connect: Connect) -> None:
    with serving(answering(http(200, {}))) as one, serving(answering(http(200, {}))) as other:
        transport = Transport(connect(api_url=one.url, oauth_url=other.url))
        for server in (one, other, one, other):
            transport.send(Request("GET", server.url), AUTHORIZATION, 1.0, time.monotonic() + 5)
        assert (one.connections, other.connections) == (1, 1)
        transport.close()


def test_an_answer_that_comes_before_the_whole_body_was_heard_counts(send: Send) -> None:
    def refuse(_server: Server, peer: Peer) -> None:
        peer.send(http(413, b"too large", {"Connection": "close"}))
        peer.hear_no_more()

    with serving(refuse) as server:
        answer = send(server.url, Body(b"x" * 50_000_000, "application/octet-stream"), timeout=5.0)
    assert (answer.status, answer.content) == (413, b"too large")


def test_a_query_is_sent_once_and_not_added_to_a_redirect(connect: Connect) -> None:
    with serving(answering(http(307, b"", {"Location": "/other?x=1"}), http(200, {}))) as server:
        transport = Transport(connect(api_url=server.url))
        request = Request("GET", f"{server.url}/list", {"to_channel": "a&b", "from": "2026-01-01T00:00:00Z"})
        transport.send(request, AUTHORIZATION, 1.0, time.monotonic() + 5)
        transport.close()
    assert [request.target for request in server.received] == [
        "/list?to_channel=a%26b&from=2026-01-01T00%3A00%3A00Z",
        "/other?x=1",
    ]


# No answer


@pytest.mark.parametrize("method", ["POST", "GET"])
def test_a_refused_connection_has_sent_nothing(send: Send, closed_port: int, method: str) -> None:
    error = failure_of(send, f"http://127.0.0.1:{closed_port}/", text_body() if method == "POST" else None, method)
    assert isinstance(error, NetworkFailed)
    assert str(error) == f"No connection to 127.0.0.1:{closed_port}: Connection refused."
    assert error.hint == "Check the network, or whether a proxy is needed."
    assert not error.maybe_done
    assert error.transient


def test_a_name_that_does_not_exist_is_named(send: Send) -> None:
    error = failure_of(send, "https://no-such-host.invalid/v2", text_body())
    assert re.fullmatch(r"The name no-such-host\.invalid could not be resolved: .+\.", str(error))
    assert error.hint == "Check the URL option, DNS, or whether a proxy is needed."
    assert not error.maybe_done
    assert error.transient


def test_the_addresses_of_a_host_share_the_timeout(
    send: Send, monkeypatch: pytest.MonkeyPatch, never_accepting: int
) -> None:
    port = never_accepting
    with serving(answering(http(201, {"id": "A"}))) as server:
        places = [("127.0.0.1", port)] * 3
        found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", place) for place in places]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_arguments: found.copy())
        started = time.monotonic()
        error = failure_of(send, f"http://127.0.0.1:{port}/", text_body(), timeout=0.6)
        assert 0.5 < time.monotonic() - started < 1.2
        assert str(error) == f"127.0.0.1:{port} did not answer within 0.6 s."
        assert not error.maybe_done

        found[2] = (*found[2][:4], ("127.0.0.1", server.port))
        assert send(server.url, text_body(), timeout=3.0).status == 201


def test_a_connection_that_is_never_accepted_ends_after_the_timeout(send: Send, never_accepting: int) -> None:
    started = time.monotonic()
    error = failure_of(send, f"http://127.0.0.1:{never_accepting}/", text_body())
    assert str(error) == f"127.0.0.1:{listener_port(error)} did not answer within 0.3 s."
    assert time.monotonic() - started < 1.0
    assert not error.maybe_done
    assert error.transient


def listener_port(error: ZoomError) -> str:
    return str(error).split(":")[1].split()[0]


def read_and(what: t.Callable[[Peer], None]) -> t.Callable[[Server, Peer], None]:
    def handle(server: Server, peer: Peer) -> None:
        request = peer.read()
        if request is not None:
            server.received.append(request)
            what(peer)

    return handle


@pytest.mark.parametrize("method", ["POST", "GET"])
def test_a_reset_after_the_request_may_have_done_its_work(send: Send, method: str) -> None:
    with serving(read_and(Peer.reset)) as server:
        error = failure_of(send, server.url, text_body() if method == "POST" else None, method)
    assert str(error) == (
        f"The connection to 127.0.0.1:{server.port} broke before the answer was complete: Connection reset by peer."
    )
    assert error.hint is None
    assert error.maybe_done
    assert error.transient


def test_a_connection_that_ends_without_an_answer_may_have_done_its_work(send: Send) -> None:
    with serving(read_and(lambda _peer: None)) as server:
        error = failure_of(send, server.url, text_body())
    assert str(error) == f"The connection to 127.0.0.1:{server.port} broke before the answer was complete."
    assert error.maybe_done


def test_a_server_that_hangs_ends_after_the_timeout(send: Send) -> None:
    with serving(read_and(lambda peer: peer.wait(5))) as server:
        started = time.monotonic()
        error = failure_of(send, server.url, text_body())
        assert 0.25 < time.monotonic() - started < 1.0
    assert str(error) == f"The answer of 127.0.0.1:{server.port} did not arrive in time."
    assert error.hint == "Zoom may be slow; raise timeout if it often is."
    assert error.maybe_done
    assert error.transient


def trickle(data: bytes, pause: float = 0.1) -> t.Callable[[Peer], None]:
    def say(peer: Peer) -> None:
        for index in range(len(data)):
            peer.send(data[index : index + 1])
            time.sleep(pause)

    return say


def test_an_answer_that_trickles_in_time_is_read(send: Send) -> None:
    answer = http(201, {"id": "A"}, {"Connection": "close"})
    head, _mark, body = answer.partition(b"\r\n\r\n")

    def say(peer: Peer) -> None:
        peer.send(head + b"\r\n\r\n")
        trickle(body, 0.05)(peer)

    with serving(read_and(say)) as server:
        assert send(server.url, text_body()).content == b'{"id": "A"}'


def test_an_answer_that_trickles_for_ever_ends_at_the_deadline(send: Send) -> None:
    def say(peer: Peer) -> None:
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        trickle(b"x" * 15)(peer)

    with serving(read_and(say)) as server:
        started = time.monotonic()
        error = failure_of(send, server.url, text_body(), patience=0.6)
        assert time.monotonic() - started < 1.2
    assert str(error) == f"The answer of 127.0.0.1:{server.port} did not arrive in time."
    assert error.maybe_done


@pytest.mark.parametrize(
    "data",
    [
        b'HTTP/1.1 201 Created\r\nContent-Length: 100\r\n\r\n{"id": "A"',
        b'HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n20\r\n{"id": "A"',
        b'HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n7\r\n{"id": \r\n',
        b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\nnot hexadecimal\r\n",
        b"HTTP/1.1 201 Cre",
    ],
)
def test_a_cut_answer_may_have_done_its_work(send: Send, data: bytes) -> None:
    with serving(read_and(lambda peer: peer.send(data))) as server:
        if data.endswith(b"Cre"):
            # The rest of a status line may be missing; what follows may not.
            assert send(server.url, text_body()).content == b""
            return
        error = failure_of(send, server.url, text_body())
    assert str(error) == f"The connection to 127.0.0.1:{server.port} broke before the answer was complete."
    assert error.maybe_done


@pytest.mark.parametrize(
    "data",
    [
        b"SSH-2.0-OpenSSH_9.9\r\n",
        b"\0\xff" * 100,
        b"HTTP/1.1 abc Hm\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000 + b"\r\n\r\n",
    ],
)
def test_what_is_no_http_is_a_broken_answer(send: Send, data: bytes) -> None:
    with serving(read_and(lambda peer: peer.send(data))) as server:
        error = failure_of(send, server.url, text_body())
    assert isinstance(error, NetworkFailed)
    assert str(error).startswith(f"The connection to 127.0.0.1:{server.port} broke before the answer was complete")
    assert error.maybe_done


def test_an_answer_without_end_is_not_read_to_the_end(send: Send) -> None:
    def flood(peer: Peer) -> None:
        peer.send(b"HTTP/1.1 200 OK\r\n\r\n")
        for _index in range(20):
            peer.send(b"x" * 1024 * 1024)

    with serving(read_and(flood)) as server:
        error = failure_of(send, server.url, text_body())
    assert str(error) == f"The connection to 127.0.0.1:{server.port} broke before the answer was complete."
    assert error.maybe_done


def test_a_body_goes_out_whole_again_after_a_failure(connect: Connect) -> None:
    body = text_body()
    with serving(answering(http(503), http(201, {"id": "A"}))) as server:
        transport = Transport(connect(api_url=server.url))
        for _index in range(2):
            transport.send(Request("POST", server.url, body=body), AUTHORIZATION, 1.0, time.monotonic() + 5)
        transport.close()
    assert [request.body for request in server.received] == [b'{"message": "hello"}'] * 2


# The server's clock


@pytest.mark.parametrize(
    ("date", "ahead"),
    [
        ("Thu, 01 Jan 2099 00:00:00 GMT", 4070908800.0),
        ("Thu, 01 Jan 2099 00:00:00 -0000", 4070908800.0),
        ("nonsense", None),
        ("Thu, 99 Jan 2099 00:00:00 GMT", None),
        ("", None),
    ],
)
def test_the_servers_clock_is_read_off_its_answers(connect: Connect, date: str, ahead: float | None) -> None:
    with serving(answering(http(200, {}, {"Date": date}))) as server:
        transport = Transport(connect(api_url=server.url))
        assert transport.clock_ahead is None
        transport.send(Request("GET", server.url), AUTHORIZATION, 1.0, time.monotonic() + 5)
        transport.close()
    if ahead is None:
        assert transport.clock_ahead is None
    else:
        assert transport.clock_ahead == pytest.approx(ahead - time.time(), abs=5)


# Redirects


@pytest.mark.parametrize("status", [307, 308])
def test_a_redirect_to_a_configured_host_keeps_method_body_and_token(send: Send, status: int) -> None:
    with (
        serving(answering(http(201, {"id": "A"}))) as target,
        serving(answering(http(status, b"", {"Location": f"{target.url}/moved"}))) as first,
    ):
        assert send(f"{first.url}/v2", text_body(), api_url=first.url).status == 201
    (request,) = target.received
    assert (request.method, request.target, request.body) == ("POST", "/moved", b'{"message": "hello"}')
    assert request.headers["authorization"] == AUTHORIZATION


def test_a_redirect_may_be_relative(send: Send) -> None:
    with serving(answering(http(308, b"", {"Location": "../v2/moved?x=1"}), http(200, {}))) as server:
        assert send(f"{server.url}/v1/x", text_body()).status == 200
    assert [request.target for request in server.received] == ["/v1/x", "/v2/moved?x=1"]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    ("location", "named"),
    [
        ("https://attacker.example/x", "attacker.example"),
        ("https://zoom.us.evil.example/", "zoom.us.evil.example"),
        ("https://evilzoom.us:8443/", "evilzoom.us:8443"),
        ("http://zoom.us/", "zoom.us"),
        ("https://zoom.us@evil.example/", "evil.example"),
        ("https://user:hunter2hunter2@evil.example/", "evil.example"),
        ("//evil.example/x", "evil.example"),
        ("file:///etc/passwd", "an address without a host"),
        ("https://[::1", "an address that is no URL"),
    ],
)
def test_a_redirect_to_a_foreign_host_fails_and_names_it(send: Send, status: int, location: str, named: str) -> None:
    with serving(answering(http(status, b"", {"Location": location, "X-Zm-TrackingId": "v=2"}))) as server:
        error = failure_of(send, server.url, text_body())
    assert isinstance(error, ServiceFailed)
    assert str(error) == (
        f"127.0.0.1:{server.port} redirects to {named}, where the token may not go; nothing was sent there."
    )
    assert (error.status, error.tracking_id) == (status, "v=2")
    assert error.hint == (
        "Only https hosts under zoom.us and zoomgov.com, and the hosts of the URL options, are followed. Something"
        " between here and Zoom may have answered: check api_url, proxies and sign-in pages."
    )
    assert not error.maybe_done
    assert not error.transient


def test_no_byte_goes_to_a_host_that_only_one_parser_takes_for_zooms(send: Send) -> None:
    with serving(answering(http(200, {}))) as foreign:
        location = f"https://127.0.0.1:{foreign.port}\\.zoom.us/"
        with serving(answering(http(307, b"", {"Location": location}))) as server:
            failure_of(send, server.url, text_body(), api_url="https://api.zoom.us/v2")
    assert foreign.connections == 0


@pytest.mark.parametrize("status", [301, 302, 303])
def test_a_redirect_that_would_lose_the_body_fails(send: Send, status: int) -> None:
    with serving(answering(http(status, b"", {"Location": "/moved"}))) as server:
        error = failure_of(send, server.url, text_body())
    assert str(error) == (
        f"127.0.0.1:{server.port} answers HTTP {status} to POST, a redirect that would lose the request's body on its"
        f" way to 127.0.0.1:{server.port}."
    )
    assert error.hint == "Check api_url: it may name an old address."
    assert len(server.received) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_get_follows_every_kind_of_redirect(send: Send, status: int) -> None:
    with serving(answering(http(status, b"", {"Location": "/moved"}), http(200, {}))) as server:
        assert send(server.url, method="GET").status == 200
    assert [request.target for request in server.received] == ["/", "/moved"]


def test_redirects_without_end_are_given_up(send: Send) -> None:
    with serving(answering(http(307, b"", {"Location": "/again"}))) as server:
        error = failure_of(send, server.url, text_body())
    host = f"127.0.0.1:{server.port}"
    assert str(error) == f"{host} redirected more than 5 times, at last to {host}."
    assert len(server.received) == 6


def test_the_body_of_a_redirect_is_not_read_to_no_end(send: Send) -> None:
    def flood(peer: Peer) -> None:
        peer.send(b"HTTP/1.1 307 Moved\r\nLocation: /again\r\n\r\n")
        for _index in range(20):
            peer.send(b"x" * 1024 * 1024)

    with serving(read_and(flood)) as server:
        error = failure_of(send, server.url, text_body())
    assert isinstance(error, NetworkFailed)
    assert len(server.received) == 1


def test_a_redirect_without_a_target_is_an_answer(send: Send) -> None:
    with serving(answering(http(307))) as server:
        assert send(server.url, text_body()).status == 307


# ~/.netrc, proxies, TLS


def test_netrc_does_not_replace_the_token(send: Send, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (".netrc", "_netrc"):
        (tmp_path / name).write_text("machine 127.0.0.1 login eve password evil\ndefault login eve password evil\n")
        (tmp_path / name).chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    with serving(answering(http(307, b"", {"Location": "/moved"}), http(200, {}))) as server:
        send(server.url, text_body())
    assert [request.headers["authorization"] for request in server.received] == [AUTHORIZATION] * 2


@pytest.mark.parametrize(("method", "body"), [("POST", text_body()), ("GET", None)])
def test_a_request_goes_through_the_proxy_with_its_credentials(send: Send, method: str, body: Body | None) -> None:
    with serving(answering(http(201, {"id": "A"}))) as server, serving(proxying("user", "p@ss word")) as proxy:
        url = f"http://user:p%40ss%20word@127.0.0.1:{proxy.port}"
        answer = send(f"{server.url}/v2", body, method, proxy=url, timeout=2.0)
    assert answer.status == 201
    assert [request.target for request in proxy.received] == [f"{server.url}/v2"]
    (arrived,) = server.received
    assert arrived.headers["authorization"] == AUTHORIZATION
    assert "proxy-authorization" not in arrived.headers


@pytest.fixture
def tls(tmp_path: pathlib.Path) -> tuple[ssl.SSLContext, str]:
    """A server's TLS context, and its certificate authority's file."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", "localhost").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    return context, str(tmp_path / "ca.pem")


Tls = tuple[ssl.SSLContext, str]


def test_tls_goes_through_a_tunnel_that_sees_neither_token_nor_message(send: Send, tls: Tls) -> None:
    with serving(answering(http(201, {"id": "A"})), tls[0]) as server, serving(proxying("user", "secret")) as proxy:
        answer = send(
            server.tls_url,
            text_body(),
            proxy=f"http://user:secret@127.0.0.1:{proxy.port}",
            ca_path=tls[1],
            timeout=2.0,
        )
    assert answer.status == 201
    (tunnel,) = proxy.received
    assert (tunnel.method, tunnel.target) == ("CONNECT", f"127.0.0.1:{server.port}")
    assert "authorization" not in tunnel.headers
    (arrived,) = server.received
    assert "proxy-authorization" not in arrived.headers


@pytest.mark.parametrize(("longest", "connections"), [(30.0, 1), (0.2, 2)])
def test_a_tunnel_is_used_again_unless_it_was_idle_for_long(
    connect: Connect, tls: Tls, monkeypatch: pytest.MonkeyPatch, longest: float, connections: int
) -> None:
    monkeypatch.setattr(_transport, "LONGEST_IDLE", longest)
    with serving(answering(http(201, {"id": "A"})), tls[0]) as server, serving(proxying()) as proxy:
        connection = connect(api_url=f"{server.tls_url}/v2", proxy=proxy.url, ca_path=tls[1])
        with contextlib.closing(Transport(connection)) as transport:
            for _index in range(2):
                request = Request("POST", server.tls_url, body=text_body())
                assert transport.send(request, AUTHORIZATION, 2.0, time.monotonic() + 5).status == 201
                time.sleep(0.3)
    assert (proxy.connections, server.connections, len(server.received)) == (connections, connections, 2)


def test_a_proxy_that_refuses_is_named_without_its_password(send: Send) -> None:
    with serving(proxying("user", "secret")) as proxy:
        error = failure_of(
            send,
            "https://api.zoom.us/v2",
            text_body(),
            proxy=f"http://user:wr0ng-secret@127.0.0.1:{proxy.port}",
            timeout=2.0,
        )
    assert str(error) == "The proxy did not connect to api.zoom.us: it answered HTTP 407."
    assert "wr0ng" not in str(error) + repr(error.failure())
    assert base64.b64encode(b"user:wr0ng-secret").decode() not in str(error)
    assert error.hint == (
        "The proxy wants a user and a password, or others than it was given: name them in proxy, as in"
        " http://user:password@proxy.example.com:8080, or in the *_proxy environment variables."
    )
    assert not error.maybe_done
    assert not error.transient


@pytest.mark.parametrize(
    ("status", "transient", "hint"),
    [
        (
            403,
            False,
            "The proxy does not let anyone through to api.zoom.us, or not from here: have it allowed there.",
        ),
        (404, False, "Check proxy and the *_proxy environment variables."),
        (429, True, "Check proxy and the *_proxy environment variables."),
        (503, True, "Check proxy and the *_proxy environment variables."),
    ],
)
@pytest.mark.parametrize("method", ["POST", "GET"])
def test_what_a_proxy_answers_is_said_and_whether_it_makes_sense_to_try_again(
    send: Send, method: str, status: int, transient: bool, hint: str
) -> None:
    with serving(answering(http(status, b"", {"Connection": "close"}))) as proxy:
        body = text_body() if method == "POST" else None
        error = failure_of(send, "https://api.zoom.us/v2", body, method, proxy=proxy.url, timeout=2.0)
    assert str(error) == f"The proxy did not connect to api.zoom.us: it answered HTTP {status}."
    assert (error.hint, error.transient, error.maybe_done) == (hint, transient, False)


def test_a_proxy_that_is_not_there_is_said(send: Send, closed_port: int) -> None:
    error = failure_of(send, "https://api.zoom.us/v2", text_body(), proxy=f"http://127.0.0.1:{closed_port}")
    assert str(error) == "The proxy did not connect to api.zoom.us: Connection refused."
    assert not error.maybe_done
    assert error.transient


def test_the_option_wins_over_the_environments_proxy(
    send: Send, monkeypatch: pytest.MonkeyPatch, closed_port: int
) -> None:
    for variable in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(variable, f"http://127.0.0.1:{closed_port}")
    with serving(answering(http(201, {"id": "A"}))) as server, serving(proxying()) as proxy:
        assert send(server.url, text_body(), proxy=proxy.url, timeout=2.0).status == 201
    assert len(proxy.received) == 1


def test_the_environments_proxy_is_used_for_zoom(send: Send, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(proxying("user", "secret")) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        failure_of(send, "https://api.zoom.us/v2", text_body(), timeout=2.0)
    assert [(request.method, request.target) for request in proxy.received] == [("CONNECT", "api.zoom.us:443")]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_plain_http_to_this_machine_never_leaves_it_through_the_environments_proxy(
    send: Send, monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    with serving(answering(http(200, {}))) as server, serving(proxying()) as proxy:
        for variable in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(variable, proxy.url)
        assert send(f"http://{host}:{server.port}/", text_body(), timeout=2.0).status == 200
    assert proxy.connections == 0


def test_a_certificate_is_checked_against_ca_path(send: Send, tls: Tls) -> None:
    with serving(answering(http(201, {"id": "A"})), tls[0]) as server:
        assert send(server.tls_url, text_body(), ca_path=tls[1], timeout=2.0).status == 201


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_the_environments_authorities_are_trusted(
    send: Send, tls: Tls, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, tls[1])
    with serving(answering(http(201, {"id": "A"})), tls[0]) as server:
        assert send(server.tls_url, text_body(), timeout=2.0).status == 201


def test_authorities_may_stand_in_a_folder(send: Send, tls: Tls, tmp_path: pathlib.Path) -> None:
    folder = tmp_path / "authorities"
    folder.mkdir()
    shutil.copy(tls[1], folder)
    subprocess.run(["openssl", "rehash", folder], check=True)
    with serving(answering(http(201, {"id": "A"})), tls[0]) as server:
        assert send(server.tls_url, text_body(), ca_path=str(folder), timeout=2.0).status == 201


def test_ca_path_keeps_the_environments_authorities_out(send: Send, tls: Tls, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", tls[1])
    with serving(answering(http(201, {"id": "A"})), tls[0]) as server:
        error = failure_of(
            send, server.tls_url, text_body(), ca_path=requests.utils.DEFAULT_CA_BUNDLE_PATH, timeout=2.0
        )
    assert "certificate verify failed" in str(error)


@pytest.mark.parametrize("content", [None, "", "no certificate"])
def test_authorities_that_cannot_be_read_are_said(
    send: Send, monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path, content: str | None
) -> None:
    path = tmp_path / "authorities.pem"
    if content is not None:
        path.write_text(content)
        with pytest.raises(InvalidOption) as caught:
            send("https://127.0.0.1:9/", text_body(), ca_path=str(path))
        assert str(caught.value).startswith(f"ca_path is '{path}', from which no certificate authorities can be read;")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(path))
    with pytest.raises(InvalidOption) as caught:
        send("https://127.0.0.1:9/", text_body())
    assert str(caught.value) == (
        f"REQUESTS_CA_BUNDLE is '{path}', from which no certificate authorities can be read; it must be a file of"
        " them in PEM format, or a folder as made by openssl rehash."
    )


def test_the_authorities_are_read_once(send: Send, tls: Tls, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", tls[1])
    with serving(answering(http(201, {"id": "A"})), tls[0]) as server:
        send(server.tls_url, text_body(), timeout=2.0)
        pathlib.Path(tls[1]).write_text("")
        assert send(server.tls_url, text_body(), timeout=2.0).status == 201


@pytest.fixture(params=["as it is", "as before 2.0"])
def urllib3(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Older versions leave the names of a proxy's certificate to us; what we do then is right with newer ones too."""
    if request.param != "as it is":
        monkeypatch.setattr(_tls, "urllib3_version", "1.26.20")


@pytest.mark.usefixtures("urllib3")
def test_a_proxy_that_speaks_tls_is_checked_against_the_same_authorities(send: Send, tls: Tls) -> None:
    with serving(proxying("user", "secret"), tls[0]) as proxy:
        url = f"https://127.0.0.1:{proxy.port}"
        refused = failure_of(send, "https://api.zoom.us/v2", text_body(), proxy=url, ca_path=tls[1], timeout=2.0)
        unknown = failure_of(send, "https://api.zoom.us/v2", text_body(), proxy=url, timeout=2.0)
    assert [request.method for request in proxy.received] == ["CONNECT"]
    assert str(refused).startswith("The proxy did not connect to api.zoom.us")
    assert "certificate verify failed" in str(unknown)


@pytest.mark.usefixtures("urllib3")
@pytest.mark.parametrize("issued", ["proxy.example.com", "127.0.0.2"])
def test_a_proxy_with_another_hosts_certificate_gets_no_password(
    send: Send, tmp_path: pathlib.Path, issued: str
) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(issued).configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    with serving(proxying("user", "secret"), context) as proxy:
        error = failure_of(
            send,
            "https://api.zoom.us/v2",
            text_body(),
            ca_path=str(tmp_path / "ca.pem"),
            proxy=f"https://user:secret@127.0.0.1:{proxy.port}",
            timeout=2.0,
        )
    assert "certificate verify failed" in str(error)
    assert proxy.received == []
    assert not error.transient


@pytest.mark.parametrize("value", ["http:///no-host", "gopher://proxy.example.com"])
def test_a_proxy_of_the_environment_that_cannot_be_used_is_said_at_once(
    send: Send, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", value)
    error = failure_of(send, "https://api.zoom.us/v2", text_body())
    assert str(error) == "The proxy for api.zoom.us cannot be used."
    assert error.hint == (
        "Check proxy and the *_proxy environment variables; a SOCKS proxy needs the Python library PySocks."
    )
    assert not error.transient
    assert not error.maybe_done


def test_an_unknown_authority_is_one_attempt_and_a_sentence(send: Send, tls: Tls) -> None:
    with serving(answering(http(201, {"id": "A"})), tls[0]) as server:
        error = failure_of(send, server.tls_url, text_body(), timeout=2.0)
    assert str(error) == (
        f"TLS to 127.0.0.1:{server.port} failed: certificate verify failed: unable to get local issuer certificate."
    )
    assert error.hint == ("Give the certificate authority's file as ca_path; for a test only, validate_certs=false.")
    assert not error.maybe_done
    assert not error.transient
    assert (server.connections, server.received) == (1, [])


def test_another_hosts_certificate_is_refused(send: Send, tmp_path: pathlib.Path) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("api.zoom.us").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    with serving(answering(http(200, {})), context) as server:
        error = failure_of(send, server.tls_url, text_body(), ca_path=str(tmp_path / "ca.pem"), timeout=2.0)
    assert str(error).startswith(f"TLS to 127.0.0.1:{server.port} failed: certificate verify failed: ")
    assert server.received == []
    assert not error.transient


@pytest.mark.parametrize("issued", ["api.zoom.us", "127.0.0.2"])
def test_another_hosts_certificate_is_refused_behind_a_proxy(send: Send, tmp_path: pathlib.Path, issued: str) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(issued).configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    with serving(answering(http(200, {})), context) as server, serving(proxying()) as proxy:
        error = failure_of(
            send,
            server.tls_url,
            text_body(),
            ca_path=str(tmp_path / "ca.pem"),
            proxy=f"http://127.0.0.1:{proxy.port}",
            timeout=2.0,
        )
    assert str(error).startswith(f"TLS to 127.0.0.1:{server.port} failed: certificate verify failed: ")
    assert server.received == []
    assert not error.maybe_done
    assert not error.transient


def test_a_certificate_is_not_checked_when_that_is_switched_off(
    send: Send, tls: Tls, monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path
) -> None:
    (tmp_path / "empty.pem").write_text("")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "empty.pem"))
    with serving(answering(http(201, {"id": "A"})), tls[0]) as server:
        assert send(server.tls_url, text_body(), validate_certs=False, timeout=2.0).status == 201


def test_a_certificate_is_not_checked_behind_a_proxy_when_that_is_switched_off(connect: Connect, tls: Tls) -> None:
    with serving(answering(http(201, {"id": "A"})), tls[0]) as server, serving(proxying()) as proxy:
        connection = connect(
            api_url=f"{server.tls_url}/v2", proxy=f"http://127.0.0.1:{proxy.port}", validate_certs=False
        )
        with contextlib.closing(Transport(connection)) as transport:
            request = Request("POST", server.tls_url, body=text_body())
            assert transport.send(request, AUTHORIZATION, 2.0, time.monotonic() + 5).status == 201
    assert len(server.received) == 1


def test_a_server_that_does_not_speak_tls_is_said(send: Send) -> None:
    with serving(lambda _server, peer: peer.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as server:
        error = failure_of(send, server.tls_url, text_body(), timeout=2.0)
    assert str(error).startswith(f"TLS to 127.0.0.1:{server.port} failed")
    assert not error.maybe_done
    assert error.transient
