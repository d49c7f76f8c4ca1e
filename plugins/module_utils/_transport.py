# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: BSD-2-Clause
"""One HTTP request, once: proxies, redirects, and what it means when there is no answer; no retries.

Every failure is a `NetworkFailed` that knows whether the request may have been carried out.
"""

from __future__ import annotations

import dataclasses
import functools
import http.client
import math
import platform
import re
import socket
import ssl
import time
import typing as t
import warnings
from urllib.parse import urlencode, urljoin, urlsplit

from ansible.module_utils.ansible_release import __version__ as ansible_version
from ansible_collections.teamchat.zoom.plugins.module_utils._answers import Answer
from ansible_collections.teamchat.zoom.plugins.module_utils._errors import NetworkFailed, ServiceFailed, ZoomError
from ansible_collections.teamchat.zoom.plugins.module_utils._http import (
    LONGEST_IDLE,
    DirectConnections,
    NotConnected,
    read_whole,
)
from ansible_collections.teamchat.zoom.plugins.module_utils._requests import (
    CertificateError,
    requests,
    urllib3_exceptions,
)
from ansible_collections.teamchat.zoom.plugins.module_utils._retry import http_date
from ansible_collections.teamchat.zoom.plugins.module_utils._tls import CheckingAdapter
from ansible_collections.teamchat.zoom.plugins.module_utils._urls import is_loopback, may_receive_token
from ansible_collections.teamchat.zoom.plugins.module_utils._version import VERSION

if t.TYPE_CHECKING:
    from ansible_collections.teamchat.zoom.plugins.module_utils._bodies import Body
    from ansible_collections.teamchat.zoom.plugins.module_utils._connection import Connection

_REDIRECTS = 5
_HEADERS = {
    "User-Agent": f"teamchat.zoom/{VERSION} ansible-core/{ansible_version}"
    f" requests/{getattr(requests, '__version__', None)} Python/{platform.python_version()}",
    "Accept": "*/*",
    # Answers are small; unpacked ones can be read as they trickle in.
    "Accept-Encoding": "identity",
}
# A piece of an answer, where it cannot be read as it arrives.
_PIECE = 1024
# What Python says of a proxy that answers no to CONNECT. The words after the status are the proxy's own.
_TUNNEL_REFUSED = re.compile(r"Tunnel connection failed: ([0-9]{3})\b")
# Python 3.9 has two of them.
_TIMEOUTS = (TimeoutError, socket.timeout)


@dataclasses.dataclass(frozen=True)
class Request:
    """What to send where; `body` can be sent again after `rewind`."""

    method: str
    url: str
    query: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    body: Body | None = None


class Transport:
    """Connections to the hosts of one `Connection`. Not to be shared between processes.

    Through a proxy it uses requests' adapter; not its session, which would follow redirects, keep cookies, and put
    the password of ~/.netrc in the place of the token.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._direct = DirectConnections(connection.validate_certs, connection.ca_path)
        #: When a host last answered through a proxy.
        self._proxied: dict[str, float] = {}
        #: The date that the last answer had, and when it came by our clock.
        self._last_date = ("", 0.0)

    @property
    def clock_ahead(self) -> float | None:
        """Seconds by which Zoom's clock is ahead of ours, as far as the last answer tells; None before one."""
        said, at = self._last_date
        date = http_date(said)
        return None if date is None else date - at

    def send(self, request: Request, authorization: str, timeout: float, deadline: float) -> Answer:
        """Send once, following redirects that may have the token.

        :param authorization: the value of the header Authorization.
        :param timeout: seconds to connect, and between two pieces of the answer.
        :param deadline: `time.monotonic()` by which the whole answer must have arrived; the seconds that the body was
            `on_the_way` come on top.
        :raises NetworkFailed: no complete answer; `maybe_done` tells whether the request had left.
        :raises ServiceFailed: a redirect that may not be followed.
        """
        if request.body is not None:
            # From here on: where there are redirects, a file goes more than one way.
            request.body.leaving = 0.0
        url = request.url
        for _hop in range(_REDIRECTS + 1):
            answer = self._send_to(url, request, authorization, timeout, deadline)
            location = answer.headers.get("location")
            if answer.status not in (301, 302, 303, 307, 308) or not location:
                return answer
            url = self._redirected(url, location, answer, request)
        raise ServiceFailed(
            f"{_host(request.url)} redirected more than {_REDIRECTS} times, at last to {_host(url)}.",
            status=answer.status,
            tracking_id=answer.tracking_id,
            hint="Check the URL options and what stands between here and Zoom.",
        )

    def _redirected(self, url: str, location: str, answer: Answer, request: Request) -> str:
        try:
            target = urljoin(url, location)
        except ValueError:
            # What cannot be parsed is no place for the token, which is said below.
            target = location
        if not may_receive_token(target, self._connection.urls):
            raise ServiceFailed(
                f"{_host(url)} redirects to {_host(target)}, where the token may not go; nothing was sent there.",
                status=answer.status,
                tracking_id=answer.tracking_id,
                hint="Only https hosts under zoom.us and zoomgov.com, and the hosts of the URL options, are followed."
                " Something between here and Zoom may have answered: check api_url, proxies and sign-in pages.",
            )
        if answer.status in (301, 302, 303) and request.method != "GET":
            raise ServiceFailed(
                f"{_host(url)} answers HTTP {answer.status} to {request.method}, a redirect that would lose the"
                f" request's body on its way to {_host(target)}.",
                status=answer.status,
                tracking_id=answer.tracking_id,
                hint="Check api_url: it may name an old address.",
            )
        return target

    def _send_to(self, url: str, request: Request, authorization: str, timeout: float, deadline: float) -> Answer:
        body = request.body
        if body is not None:
            body.rewind()
        headers = {**_HEADERS, "Authorization": authorization}
        if body is not None:
            headers |= {"Content-Type": body.content_type, "Content-Length": str(len(body))}
        # A redirect's target has its own query.
        if request.query and url == request.url:
            url += "?" + urlencode(request.query)
        try:
            proxies = self._proxies(url)
            if proxies and requests.utils.select_proxy(url, proxies):
                answer = self._send_through_proxy(request, url, headers, proxies, timeout, deadline)
            else:
                answer = self._direct.send(request.method, url, headers, body, timeout, deadline)
        except ZoomError:
            # A file that is sent has gone meanwhile, or there are no certificate authorities.
            raise
        except (
            NotConnected,
            requests.RequestException,
            urllib3_exceptions.HTTPError,
            http.client.HTTPException,
            OSError,
            ValueError,
        ) as error:
            maybe_done = body.begun if body is not None else not _never_connected(error)
            raise _network_failed(error, url, maybe_done=maybe_done, timeout=timeout) from error
        if "date" in answer.headers:
            self._last_date = (answer.headers["date"], time.time())
        return answer

    def _send_through_proxy(
        self,
        request: Request,
        url: str,
        headers: dict[str, str],
        proxies: dict[str, str],
        timeout: float,
        deadline: float,
    ) -> Answer:
        host = urlsplit(url).netloc
        if time.monotonic() - self._proxied.get(host, math.inf) >= LONGEST_IDLE:
            # The adapter keeps connections for any time.
            self._adapter.close()
        prepared = requests.PreparedRequest()
        prepared.prepare_method(request.method)
        prepared.prepare_url(url, "")
        prepared.prepare_headers(headers)
        prepared.body = request.body  # type: ignore[assignment]  # requests takes streams too
        with warnings.catch_warnings():
            # The task warns once itself; urllib3 would for each request.
            warnings.simplefilter("ignore", urllib3_exceptions.InsecureRequestWarning)
            response = self._adapter.send(
                prepared,
                stream=True,
                timeout=(timeout, timeout),
                verify=self._connection.validate_certs,
                proxies=proxies,
            )
        if request.body is not None:
            deadline += request.body.on_the_way
        with response:
            # urllib3 has read1 from 2.0 on; before it, a trickling answer is read in small pieces.
            read1 = getattr(response.raw, "read1", lambda _size: response.raw.read(_PIECE))
            content = read_whole(read1, response.headers.get("Content-Length"), deadline)
        self._proxied[host] = time.monotonic()
        return Answer(
            status=response.status_code,
            headers={name.lower(): value for name, value in response.headers.items()},
            content=content,
        )

    @functools.cached_property
    def _adapter(self) -> t.Any:
        if self._connection.validate_certs:
            return CheckingAdapter(self._connection.ca_path)
        return requests.adapters.HTTPAdapter()

    def close(self) -> None:
        """Close the connections that are kept for the next request."""
        self._direct.close()
        # It need not be made to be closed.
        if "_adapter" in vars(self):
            self._adapter.close()

    def _proxies(self, url: str) -> dict[str, str]:
        """The proxies by scheme: the option's, or else the environment's."""
        if self._connection.proxy:
            return {"http": self._connection.proxy, "https": self._connection.proxy}
        # Plain http is allowed because it does not leave this machine: not to the environment's proxy either.
        if is_loopback(urlsplit(url).hostname):
            return {}
        return requests.utils.get_environ_proxies(url)


def _host(url: str) -> str:
    """The host of a URL for a sentence: no user, password, path or query, which may hold secrets."""
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
        return f"{parts.hostname or 'an address without a host'}{port}"
    except ValueError:
        return "an address that is no URL"


def _chain(error: BaseException | None) -> t.Iterator[BaseException]:
    """An exception with all that it was made of: causes, contexts, and the reasons that urllib3 keeps."""
    waiting = [error]
    seen: set[int] = set()
    while waiting:
        current = waiting.pop(0)
        if not isinstance(current, BaseException) or id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        waiting += [getattr(current, "reason", None), current.__cause__, current.__context__, *current.args]


def _never_connected(error: BaseException) -> bool:
    """Whether a request without a body, which leaves at once, cannot have left."""
    nothing_sent = (
        NotConnected,
        requests.exceptions.ConnectTimeout,
        requests.exceptions.SSLError,
        requests.exceptions.ProxyError,
        urllib3_exceptions.NewConnectionError,
    )
    return any(isinstance(cause, nothing_sent) for cause in _chain(error))


def _tunnel_refusal(error: BaseException) -> int | None:
    """The status with which a proxy refused to connect, if that is what an exception says."""
    refused = _TUNNEL_REFUSED.match(str(error.args[0])) if isinstance(error, OSError) and error.args else None
    return int(refused[1]) if refused else None


def _proxy_refused(host: str, status: int) -> NetworkFailed:
    if status == 407:
        hint = (
            "The proxy wants a user and a password, or others than it was given: name them in proxy, as in"
            " http://user:password@proxy.example.com:8080, or in the *_proxy environment variables."
        )
    elif status == 403:
        hint = f"The proxy does not let anyone through to {host}, or not from here: have it allowed there."
    else:
        hint = "Check proxy and the *_proxy environment variables."
    return NetworkFailed(
        f"The proxy did not connect to {host}: it answered HTTP {status}.",
        hint=hint,
        # Some proxies lock an account after a few wrong passwords.
        transient=status in (408, 429) or not 400 <= status < 500,
    )


def _network_failed(error: BaseException, url: str, maybe_done: bool, timeout: float) -> NetworkFailed:
    """The cause in the user's words.

    Exceptions' own texts are not used: they may quote a URL with a password. What is said of a certificate is: it
    names hosts only.
    """
    causes = list(_chain(error))
    host = _host(url)
    refused = (ssl.SSLCertVerificationError, CertificateError)
    certificate = next((cause for cause in causes if isinstance(cause, refused)), None)
    exceptions = requests.exceptions
    if certificate is not None:
        return NetworkFailed(
            f"TLS to {host} failed: certificate verify failed: {getattr(certificate, 'verify_message', certificate)}.",
            hint="Give the certificate authority's file as ca_path; for a test only, validate_certs=false.",
        )
    if isinstance(error, (exceptions.InvalidSchema, exceptions.InvalidURL)):
        return NetworkFailed(
            f"The proxy for {host} cannot be used.",
            hint="Check proxy and the *_proxy environment variables; a SOCKS proxy needs the Python library PySocks.",
        )
    refusal = next(filter(None, map(_tunnel_refusal, causes)), None)
    if refusal is not None:
        return _proxy_refused(host, refusal)
    if isinstance(error, exceptions.ProxyError):
        what, hint = (
            f"The proxy did not connect to {host}",
            "Check proxy and the *_proxy environment variables.",
        )
    elif any(isinstance(cause, ssl.SSLError) for cause in causes):
        what, hint = (
            f"TLS to {host} failed",
            "The server, or a proxy in between, does not speak TLS as it should.",
        )
    elif isinstance(error, exceptions.ConnectTimeout) or (
        isinstance(error, NotConnected) and isinstance(error.__cause__, _TIMEOUTS)
    ):
        what, hint = (
            f"{host} did not answer within {timeout:g} s",
            "Check the network, or whether a proxy is needed.",
        )
    # Not urllib3's TimeoutError: its NewConnectionError, which stands for a refused connection, derives from that.
    elif any(
        isinstance(cause, (*_TIMEOUTS, exceptions.Timeout, urllib3_exceptions.ReadTimeoutError)) for cause in causes
    ):
        what, hint = (
            f"The answer of {host} did not arrive in time",
            "Zoom may be slow; raise timeout if it often is.",
        )
    elif any(isinstance(cause, socket.gaierror) for cause in causes):
        what, hint = (
            f"The name {host} could not be resolved",
            "Check the URL option, DNS, or whether a proxy is needed.",
        )
    elif maybe_done:
        what, hint = f"The connection to {host} broke before the answer was complete", None
    else:
        what, hint = f"No connection to {host}", "Check the network, or whether a proxy is needed."
    detail = next((cause.strerror for cause in causes if isinstance(cause, OSError) and cause.strerror), None)
    # requests' own exceptions are OSErrors too, whose strerror is empty.
    sentence = f"{what}: {detail}." if detail and detail.lower() not in what.lower() else f"{what}."
    return NetworkFailed(sentence, hint=hint, maybe_done=maybe_done, transient=True)
