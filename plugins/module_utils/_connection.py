# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: BSD-2-Clause
"""The connection options that all modules and the callback share: what they mean, and what is allowed."""

from __future__ import annotations

import dataclasses
import math
import os
import typing as t
from urllib.parse import unquote, urlsplit

from ansible_collections.teamchat.zoom.plugins.module_utils._errors import InvalidOption
from ansible_collections.teamchat.zoom.plugins.module_utils._urls import checked_base_url

#: The variables that requests heeds for the authorities to trust.
CA_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
#: What to warn of where `validate_certs` is false.
UNVERIFIED = "validate_certs is false: whoever stands between here and Zoom can read the token and the messages."

# What sockets on all systems can take, and more than anyone waits.
_LONGEST_TIMEOUT = 86400.0
_TOKEN = "access_token"  # noqa: S105
_SERVER_TO_SERVER = ("account_id", "client_id", "client_secret")
_PROXY_SCHEMES = ("http", "https", "socks5", "socks5h")
_VARIABLES = {option: "ZOOM_" + option.upper() for option in (_TOKEN, *_SERVER_TO_SERVER)}


@dataclasses.dataclass(frozen=True)
class Connection:
    """How to reach Zoom and on whose behalf; checked, immutable, and usable as a key."""

    access_token: str | None = dataclasses.field(repr=False)
    account_id: str | None
    client_id: str | None
    client_secret: str | None = dataclasses.field(repr=False)
    user_id: str
    api_url: str
    oauth_url: str
    files_url: str
    timeout: float
    max_wait: float
    validate_certs: bool
    ca_path: str | None
    proxy: str | None = dataclasses.field(repr=False)
    #: The state folder; empty: keep nothing.
    state_dir: str

    @property
    def urls(self) -> tuple[str, ...]:
        return (self.api_url, self.oauth_url, self.files_url)

    @property
    def secrets(self) -> tuple[str | None, ...]:
        password = urlsplit(self.proxy).password if self.proxy else None
        return (self.access_token, self.client_secret, self.proxy, password, unquote(password or ""))

    @classmethod
    def from_params(cls, params: t.Mapping[str, t.Any]) -> Connection:
        """The connection that a task's parameters describe, completed from the environment.

        :raises InvalidOption: names the option, what was given, and what is allowed.
        """
        if not params["user_id"].strip():
            raise InvalidOption("user_id is empty; it must be a Zoom user id, an e-mail address, or 'me'.")
        if not params["user_id"].isprintable() or params["user_id"].strip() in (".", ".."):
            raise InvalidOption(
                f"user_id is {params['user_id']!r}; it must be a Zoom user id, an e-mail address, or 'me'."
            )
        timeout, max_wait = params["timeout"], params["max_wait"]
        if not 0 < timeout < math.inf:
            raise InvalidOption(f"timeout must be a number of seconds greater than 0, not {timeout:g}.")
        if timeout > _LONGEST_TIMEOUT:
            raise InvalidOption(f"timeout must be at most {_LONGEST_TIMEOUT:g} seconds, not {timeout:g}.")
        if not 0 <= max_wait < math.inf:
            raise InvalidOption(f"max_wait must be a number of seconds, 0 or more, not {max_wait:g}.")
        ca_path = params["ca_path"]
        if ca_path and not os.path.exists(ca_path):
            raise InvalidOption(f"ca_path is {ca_path!r}, but there is no such file or folder.")
        return cls(
            **_credentials(params, os.environ),
            user_id=params["user_id"].strip(),
            api_url=checked_base_url("api_url", params["api_url"]),
            oauth_url=checked_base_url("oauth_url", params["oauth_url"]),
            files_url=checked_base_url("files_url", params["files_url"]),
            timeout=timeout,
            max_wait=max_wait,
            validate_certs=params["validate_certs"],
            ca_path=ca_path,
            proxy=_proxy(params["proxy"]),
            state_dir=params["state_dir"] or "",
        )


def _proxy(url: str | None) -> str | None:
    """The proxy's URL. What is wrong with it is said without quoting it: it may hold a password."""
    if not url:
        return None
    try:
        parts = urlsplit(url)
        usable = bool(parts.hostname) and (parts.port is None or parts.port > 0) and url.isprintable()
    except ValueError:
        usable = False
    if not usable or " " in url or parts.scheme not in _PROXY_SCHEMES:
        raise InvalidOption(
            "proxy must be a URL such as http://proxy.example.com:3128, with a user name and password in it if need"
            " be (with special characters percent-encoded)."
        )
    return url


def _credentials(params: t.Mapping[str, t.Any], environ: t.Mapping[str, str]) -> dict[str, str | None]:
    """The four credential options, from the task first.

    An option of one kind (a token, or the OAuth three) keeps environment variables of the other kind out, so
    that a task can use another account than its environment.
    """
    given = {option: params[option] for option in _VARIABLES if params[option]}
    token_given = _TOKEN in given
    app_given = [option for option in _SERVER_TO_SERVER if option in given]
    if token_given and app_given:
        raise InvalidOption(f"access_token and {app_given[0]} exclude each other; give the one or the other.")
    fallback = {
        option: environ[variable]
        for option, variable in _VARIABLES.items()
        if environ.get(variable) and not (app_given if option == _TOKEN else token_given)
    }
    found = {**fallback, **given}
    app_found = [option for option in _SERVER_TO_SERVER if option in found]
    if _TOKEN in found and app_found:
        others = ", ".join(_VARIABLES[option] for option in app_found)
        raise InvalidOption(
            f"The environment variables {_VARIABLES[_TOKEN]} and {others} exclude each other;"
            " unset the first or the rest, or give the credentials as options."
        )
    for option, value in found.items():
        if not value.isascii() or not value.isprintable() or " " in value:
            raise InvalidOption(
                f"{option} holds white space, a line end, or a character outside ASCII, which none of Zoom's does;"
                " check where it comes from."
            )
    missing = [option for option in _SERVER_TO_SERVER if option not in found]
    if _TOKEN not in found and missing:
        if app_found:
            raise InvalidOption(
                f"{' and '.join(missing)} must be given too: Server-to-Server OAuth needs account_id, client_id"
                f" and client_secret, as options or as {', '.join(_VARIABLES[option] for option in _SERVER_TO_SERVER)}."
            )
        raise InvalidOption(
            "No credentials: give access_token (or ZOOM_ACCESS_TOKEN), or account_id, client_id and client_secret"
            " (or ZOOM_ACCOUNT_ID, ZOOM_CLIENT_ID and ZOOM_CLIENT_SECRET)."
        )
    return {option: found.get(option) for option in _VARIABLES}
