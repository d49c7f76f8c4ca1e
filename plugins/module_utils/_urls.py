# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: BSD-2-Clause
"""Which URLs a request, and with it the token, may go to."""

from __future__ import annotations

import ipaddress
import re
import typing as t
from urllib.parse import SplitResult, quote, urlsplit

from ansible_collections.teamchat.zoom.plugins.module_utils._errors import InvalidOption

ZOOM_DOMAINS = ("zoom.us", "zoomgov.com")

# Beyond these characters parsers disagree where a host ends: for urllib3 at a backslash, for urllib not.
_AUTHORITY = re.compile(r"[A-Za-z0-9._:\[\]-]+")


def is_loopback(host: str | None) -> bool:
    """Whether a host name or address can only mean this machine."""
    # Nearly always it is a name, or this address; whatever else is an address has one of these two shapes.
    if host in ("localhost", "127.0.0.1"):
        return True
    if not host or not (":" in host or host[-1].isdigit()):
        return False
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _is_unambiguous(url: str, parts: SplitResult) -> bool:
    """Whether every parser sees the same host."""
    return url.isprintable() and " " not in url and bool(_AUTHORITY.fullmatch(parts.netloc))


def _is_private_transport(parts: SplitResult) -> bool:
    """HTTPS, or HTTP that does not leave this machine."""
    return parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname))


def checked_base_url(option: str, url: str) -> str:
    """The URL of an option without a slash at its end.

    :raises InvalidOption: it is no URL that a token could be sent to.
    """
    if "@" in url.split("://", 1)[-1].split("/", 1)[0]:
        raise InvalidOption(f"{option} must not contain a user name or password.")
    try:
        parts = urlsplit(url)
        usable = bool(parts.hostname) and (parts.port is None or parts.port > 0) and _is_unambiguous(url, parts)
    except ValueError:
        usable = False
    if not usable or parts.scheme not in ("http", "https"):
        raise InvalidOption(f"{option} must be an https URL such as https://api.zoom.us/v2, not {url!r}.")
    if parts.query or parts.fragment:
        raise InvalidOption(f"{option} must be a URL without query and fragment, not {url!r}.")
    if not _is_private_transport(parts):
        raise InvalidOption(
            f"{option} is {url!r}, but plain http is allowed to this machine only (localhost, 127.0.0.0/8, ::1);"
            " use https."
        )
    return url.rstrip("/")


def may_receive_token(url: str, configured_urls: t.Iterable[str]) -> bool:
    """Whether a redirect may take the token to this URL.

    Allowed are https hosts under Zoom's own domains and the hosts that the URL options name.
    """
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").lower().rstrip(".")
    except ValueError:
        return False
    if not host or not _is_unambiguous(url, parts) or not _is_private_transport(parts):
        return False
    if parts.scheme == "https" and any(host == domain or host.endswith("." + domain) for domain in ZOOM_DOMAINS):
        return True
    return host in {(urlsplit(configured).hostname or "").lower() for configured in configured_urls}


def path_segment(value: str) -> str:
    """A user, channel or message id as one segment of a path.

    Zoom decodes an id once; one that begins with a slash or contains two in a row has to be encoded twice
    (https://developers.zoom.us/docs/api/rest/using-zoom-apis/, which says it of meeting UUIDs).

    :raises InvalidOption: no encoding keeps the value from being something else in a path.
    """
    if value in (".", "..") or not value.isprintable():
        raise InvalidOption(f"{value!r} is not an id of Zoom's.")
    encoded = quote(value, safe="")
    if value.startswith("/") or "//" in value:
        encoded = quote(encoded, safe="")
    return encoded
