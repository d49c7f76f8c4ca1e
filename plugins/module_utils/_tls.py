# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: BSD-2-Clause
"""Which certificate authorities are trusted, read once for all connections.

requests reads the file of authorities for each new connection. The usual one holds more than a hundred, and
reading them takes longer than all else that is done for a message; what Ansible's main process has read, the
processes that it forks need not read again.
"""

from __future__ import annotations

import functools
import os
import ssl
import typing as t
from urllib.parse import urlsplit

from ansible_collections.teamchat.zoom.plugins.module_utils._connection import CA_VARIABLES
from ansible_collections.teamchat.zoom.plugins.module_utils._errors import InvalidOption
from ansible_collections.teamchat.zoom.plugins.module_utils._requests import (
    REQUESTS_IMPORT_ERROR,
    requests,
    urllib3_ssl,
    urllib3_version,
)

_Adapter: t.Any = object if REQUESTS_IMPORT_ERROR else requests.adapters.HTTPAdapter


class CheckingAdapter(_Adapter):  # type: ignore[misc]
    """requests' adapter, for servers whose certificate one of the trusted authorities has signed.

    :param ca_path: a file or folder of authorities; None: those of the environment, or else requests' own.
    :raises InvalidOption: there are none to be read.
    """

    def __init__(self, ca_path: str | None) -> None:
        # urllib3 before 2.0 compares the names itself, and does not hand on an address for OpenSSL to compare.
        self._ca_path = ca_path
        self._context = trusting_context(ca_path, check_hostname=not urllib3_version.startswith("1."))
        super().__init__()

    def init_poolmanager(self, *args: t.Any, **kwargs: t.Any) -> None:
        super().init_poolmanager(*args, ssl_context=self._context, **kwargs)

    def proxy_manager_for(self, proxy: str, **kwargs: t.Any) -> t.Any:
        kwargs["ssl_context"] = self._context
        if proxy.lower().startswith("https"):
            # A proxy that is itself spoken to in TLS.
            kwargs["proxy_ssl_context"] = self._proxy_context(proxy)
        return super().proxy_manager_for(proxy, **kwargs)

    def _proxy_context(self, proxy: str) -> ssl.SSLContext:
        if self._context.check_hostname:
            return self._context
        # urllib3 before 2.0 does not compare the names of a proxy that comes with a context of its own, and tells
        # OpenSSL the proxy's name only if it is not an address.
        return _naming_context(_authorities(self._ca_path)[1], urlsplit(proxy).hostname)

    def cert_verify(self, conn: t.Any, *_url_and_verification: t.Any) -> None:
        # The base class would name the file here, for urllib3 to read it again.
        conn.cert_reqs = "CERT_REQUIRED"


def trusting_context(ca_path: str | None, *, check_hostname: bool = True) -> ssl.SSLContext:
    """The TLS context that trusts the authorities of `ca_path`, or of the environment, or those of requests.

    :param check_hostname: False leaves it to the caller to compare the certificate's names with the host's.
    :raises InvalidOption: there are none to be read.
    """
    name, path = _authorities(ca_path)
    try:
        return _context(path, check_hostname)
    except OSError as error:
        raise InvalidOption(
            f"{name} is {path!r}, from which no certificate authorities can be read; it must be a file of them in PEM"
            " format, or a folder as made by openssl rehash."
        ) from error


def _authorities(ca_path: str | None) -> tuple[str, str]:
    """What names the authorities, and the file or folder."""
    if ca_path:
        return "ca_path", ca_path
    for variable in CA_VARIABLES:
        if path := os.environ.get(variable):
            return variable, path
    return "The file of authorities that requests brings", requests.utils.DEFAULT_CA_BUNDLE_PATH


def unchecked_context() -> ssl.SSLContext:
    """A TLS context that takes any certificate."""
    return urllib3_ssl.create_urllib3_context(cert_reqs=ssl.CERT_NONE)


def _new_context(path: str, check_hostname: bool) -> ssl.SSLContext:
    context: ssl.SSLContext = urllib3_ssl.create_urllib3_context(cert_reqs=ssl.CERT_REQUIRED)
    context.check_hostname = check_hostname
    folder = os.path.isdir(path)
    context.load_verify_locations(cafile=None if folder else path, capath=path if folder else None)
    return context


_context = functools.cache(_new_context)


@functools.cache
def _naming_context(path: str, host: str | None) -> ssl.SSLContext:
    """One that compares the certificate's names with a host's, whatever it is told; requests asks with each request."""
    context = _new_context(path, check_hostname=True)
    context.wrap_socket = functools.partial(context.wrap_socket, server_hostname=host)  # type: ignore[method-assign]
    return context
