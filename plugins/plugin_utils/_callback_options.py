# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of the callback ``zoom_chat``, checked: what is wrong is said before a courier is started."""

from __future__ import annotations

import dataclasses
import math
import re
import typing as t

from ansible_collections.teamchat.zoom.plugins.module_utils._connection import Connection
from ansible_collections.teamchat.zoom.plugins.module_utils._errors import InvalidOption
from ansible_collections.teamchat.zoom.plugins.module_utils._urls import checked_base_url

Options = t.Mapping[str, t.Any]

NOTIFY_ON = ("always", "start", "success", "change", "failure", "recovery")
DETAILS = ("thread", "inline", "none")
REPORT_FILE = ("never", "failure", "always")

_TARGETS = ("to_channel", "to_contact", "to_channel_name")
_CREDENTIALS = ("account_id", "client_id", "client_secret")
_SECRETS = ("access_token", "client_secret", "proxy", "webhook_token", "webhook_secret")
# A channel is edited no faster than this: Zoom counts edits towards the limits of the account.
_SHORTEST_INTERVAL = 1.0
_SHORTEST_FLUSH, _LONGEST_FLUSH = 1.0, 600.0
_NEEDS_API = ("live", "failure_channel", "mention_on_failure", "report_file")


@dataclasses.dataclass(frozen=True)
class Settings:
    """What a run is told where, and how."""

    #: How to reach Zoom; None when nothing is sent (`dry_run_dir`).
    connection: t.Optional[Connection]
    #: One of `to_channel`, `to_contact` and `to_channel_name`; empty for a webhook.
    target: t.Mapping[str, str]
    webhook_url: t.Optional[str]
    webhook_token: t.Optional[str] = dataclasses.field(repr=False)
    webhook_secret: t.Optional[str] = dataclasses.field(repr=False)
    failure_channel: t.Optional[str]
    notify_on: frozenset[str]
    live: bool
    live_interval: float
    details: str
    max_failures: int
    max_hosts: int
    report_file: str
    mention_on_failure: tuple[str, ...]
    title_template: t.Optional[str]
    body_template: t.Optional[str]
    flush_timeout: float
    dry_run_dir: t.Optional[str]
    outbox: bool
    state_dir: str
    #: Options that are set and have no effect here.
    ineffective: tuple[str, ...]
    #: What must not stand in any text; known even if it is not used, as in a dry run.
    secrets: tuple[str, ...] = dataclasses.field(repr=False)

    @classmethod
    def from_options(cls, options: Options, environment: t.Mapping[str, str]) -> Settings:
        """The settings that the callback's options describe.

        :param options: their paths are absolute.
        :param environment: tells which credentials come from it; they win over those of the ini file.
        :raises InvalidOption: names the option, what was given, and what is allowed.
        """
        dry_run_dir = options["dry_run_dir"] or None
        webhook_url = _webhook_url(options)
        target = _target(options, webhook_url, needed=not dry_run_dir)
        connection = None if dry_run_dir else _connection(options, webhook_url, environment)
        given = [str(options[name]) for name in _SECRETS if options[name]]
        return cls(
            connection=connection,
            secrets=(*given, *filter(None, connection.secrets if connection else ())),
            target=target,
            webhook_url=webhook_url,
            webhook_token=options["webhook_token"] or None,
            webhook_secret=options["webhook_secret"] or None,
            failure_channel=options["failure_channel"] or None,
            notify_on=frozenset(_choices("notify_on", options["notify_on"], NOTIFY_ON)),
            live=options["live"] and not webhook_url,
            live_interval=_seconds(options, "live_interval", _SHORTEST_INTERVAL, math.inf),
            details=_choice("details", options["details"], DETAILS),
            max_failures=_count(options, "max_failures"),
            max_hosts=_count(options, "max_hosts"),
            report_file=_choice("report_file", options["report_file"], REPORT_FILE),
            mention_on_failure=tuple(_mentions(options["mention_on_failure"])),
            title_template=options["title_template"] or None,
            body_template=options["body_template"] or None,
            flush_timeout=_seconds(options, "flush_timeout", _SHORTEST_FLUSH, _LONGEST_FLUSH),
            dry_run_dir=dry_run_dir,
            outbox=options["outbox"],
            state_dir=options["state_dir"],
            ineffective=tuple(name for name in _NEEDS_API if options[name] and options[name] != "never")
            if webhook_url
            else (),
        )


def _webhook_url(options: Options) -> t.Optional[str]:
    given = options["webhook_url"]
    if not given:
        for option in ("webhook_token", "webhook_secret"):
            if options[option]:
                raise InvalidOption(f"{option} is given without webhook_url.")
        return None
    if bool(options["webhook_token"]) == bool(options["webhook_secret"]):
        raise InvalidOption(
            "webhook_url needs one of webhook_token (of a connection made with '/inc connect') and webhook_secret"
            " (of one made with '/inc connect -s')."
        )
    # The format is ours to choose; the app's examples have one in the URL.
    return checked_base_url("webhook_url", re.sub(r"\?format=\w+$", "", given))


def _target(options: Options, webhook_url: t.Optional[str], needed: bool) -> dict[str, str]:
    given = {name: str(options[name]).strip() for name in _TARGETS if options[name]}
    if len(given) > 1 or (given and webhook_url):
        names = [*given, *(["webhook_url"] if webhook_url else [])]
        raise InvalidOption(f"{' and '.join(names)} exclude each other; give one of them.")
    if not given and not webhook_url and needed:
        raise InvalidOption(
            "No target: give to_channel (or ZOOM_CHAT_TO_CHANNEL), to_contact, to_channel_name, or webhook_url."
        )
    return given


def _connection(options: Options, webhook_url: t.Optional[str], environment: t.Mapping[str, str]) -> Connection:
    params = {field.name: options.get(field.name) for field in dataclasses.fields(Connection)}
    if webhook_url:
        # A webhook has its own credential in the place of a token.
        params.update(dict.fromkeys(_CREDENTIALS), access_token=options["webhook_token"] or options["webhook_secret"])
        try:
            return Connection.from_params(params)
        except InvalidOption as error:
            name = "webhook_token" if options["webhook_token"] else "webhook_secret"
            raise InvalidOption(error.sentence.replace("access_token", name)) from error
    return Connection.from_params(_one_kind_of_credentials(params, environment))


def _one_kind_of_credentials(params: dict[str, t.Any], environment: t.Mapping[str, str]) -> dict[str, t.Any]:
    """With credentials of both kinds, one from the environment and one from the ini file, the environment's."""
    from_environment = {
        name for name in ("access_token", *_CREDENTIALS) if params[name] and environment.get("ZOOM_" + name.upper())
    }
    token = {"access_token"} & from_environment
    if token and not from_environment - token:
        return {**params, **dict.fromkeys(_CREDENTIALS)}
    if from_environment and not token:
        return {**params, "access_token": None}
    return params


def _choice(name: str, value: str, choices: t.Sequence[str]) -> str:
    if value not in choices:
        raise InvalidOption(f"{name} must be one of {', '.join(choices)}, not {value!r}.")
    return value


def _choices(name: str, values: t.Sequence[str], choices: t.Sequence[str]) -> list[str]:
    found = [_choice(name, str(value).strip(), choices) for value in _not_blank(values)]
    if not found:
        raise InvalidOption(f"{name} must be one or more of {', '.join(choices)}.")
    return found


def _not_blank(values: t.Sequence[str]) -> list[str]:
    """A list without what Ansible makes of a comma at its end."""
    return [value for value in values if str(value).strip()]


def _seconds(options: Options, name: str, least: float, most: float) -> float:
    value = float(options[name])
    if not least <= value <= most or not math.isfinite(value):
        limit = f" and at most {most:g}" if math.isfinite(most) else ""
        raise InvalidOption(f"{name} must be a number of seconds, at least {least:g}{limit}, not {value:g}.")
    return value


def _count(options: Options, name: str) -> int:
    value = int(options[name])
    if value < 0:
        raise InvalidOption(f"{name} must be a number, 0 or more, not {value}.")
    return value


def _mentions(values: t.Sequence[str]) -> t.Iterator[str]:
    for value in _not_blank(values):
        contact = str(value).strip().lstrip("@")
        if contact != "all" and not re.fullmatch(r"[^\s@]+(@[^\s@]+)?", contact):
            raise InvalidOption(
                f"mention_on_failure must name people by e-mail address or member id, or 'all', not {str(value)!r}."
            )
        yield contact
