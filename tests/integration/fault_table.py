# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can go wrong, and what then becomes of a task: one table for the fault matrix and for the users' page."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.teamchat.zoom.tests.sandbox import seeds

TIMEOUT = 1.0
MAX_WAIT = 12.0

#: The columns of the users' page, and the operations of each, which a fault strikes alike.
COLUMNS = {
    "Send, reply": ("send", "reply"),
    "Edit, delete": ("edit", "delete"),
    "Upload a file": ("upload",),
    "Fetch a token": ("token",),
    "Look for a message whose answer got lost": ("list",),
}
OPERATIONS = tuple(operation for operations in COLUMNS.values() for operation in operations)


@dataclasses.dataclass(frozen=True)
class Outcome:
    """How a task ends: done, or failed with one of these reasons; and how many messages stand there then."""

    reasons: tuple[str, ...] = ()
    messages: int = 1

    @property
    def words(self) -> str:
        if not self.reasons:
            return "done"
        return "fails: " + " or ".join(f"`{reason}`" for reason in self.reasons)


ONCE = Outcome()


def fails(*reasons: str, messages: int = 0) -> Outcome:
    return Outcome(reasons, messages)


#: The message had arrived before it could not be looked for.
UNCONFIRMED = fails("unconfirmed", messages=1)


@dataclasses.dataclass(frozen=True)
class Row:
    """One thing that goes wrong, and what becomes of each operation that it strikes.

    :param said: how a user would say it.
    :param fault: the sandbox's fault, empty for none.
    :param options: of the fault: moment, times, seconds.
    :param settings: of the sandbox.
    :param arguments: of the task.
    :param place: `closed`: nothing listens at the URL; `untrusted`: a TLS certificate that nobody knows;
        `refusing`: nothing listens for the first seconds; `stale`: the token expires before the task.
    """

    said: str
    outcomes: dict[str, Outcome]
    fault: str = ""
    options: dict[str, t.Any] = dataclasses.field(default_factory=dict)
    settings: dict[str, t.Any] = dataclasses.field(default_factory=dict)
    arguments: dict[str, t.Any] = dataclasses.field(default_factory=dict)
    place: str = ""

    @property
    def is_long(self) -> bool:
        """Whether it lasts as long as the task may wait."""
        return self.place == "closed" or self.options.get("times", 1) is None


def _row(said: str, fault: str, outcomes: dict[str, Outcome], **options: t.Any) -> Row:
    return Row(said, outcomes, fault, options)


def _all(outcome: Outcome, **others: Outcome) -> dict[str, Outcome]:
    """The same for each operation, but for those that are named."""
    return {**dict.fromkeys(OPERATIONS, outcome), **others}


def _sends(outcome: Outcome) -> dict[str, Outcome]:
    return {"send": outcome, "reply": outcome}


def _changes(outcome: Outcome) -> dict[str, Outcome]:
    """Edits, deletes and uploads: they can be repeated, so that their outcome is always known."""
    return {"edit": outcome, "delete": outcome, "upload": outcome}


WRITE_ONLY = {"client_id": seeds.WRITE_ONLY_CLIENT_ID, "client_secret": seeds.WRITE_ONLY_CLIENT_SECRET}
LATE = {"moment": "after"}
STAYS: dict[str, t.Any] = {"times": None}

SECTIONS: dict[str, list[Row]] = {
    "Zoom cannot be reached": [
        Row(
            "The connection is refused, and accepted again some seconds later",
            {**_sends(ONCE), **_changes(ONCE), "token": ONCE},
            place="refusing",
        ),
        Row(
            "The connection is refused for as long as the task may wait",
            {**_sends(fails("network")), **_changes(fails("network")), "token": fails("network")},
            place="closed",
        ),
        Row(
            "The server shows a TLS certificate that is not trusted",
            {**_sends(fails("network")), **_changes(fails("network")), "token": fails("network")},
            place="untrusted",
        ),
        _row("The connection breaks before Zoom has done anything", "reset", _all(ONCE)),
        _row("The connection breaks after Zoom has done its work", "reset", _all(ONCE), **LATE),
        _row("The server goes away in the middle of the request", "refuse", _all(ONCE), moment="before"),
        _row("The server goes away before it answers", "refuse", _all(ONCE), moment="after"),
    ],
    "Zoom is slow": [
        _row("No answer comes, and nothing was done", "hang", _all(ONCE)),
        _row("No answer comes, although the work was done", "hang", _all(ONCE), **LATE),
        _row(
            "No answer ever comes",
            "hang",
            {
                **_sends(fails("unconfirmed", "network")),
                **_changes(fails("network")),
                "token": fails("network"),
                "list": UNCONFIRMED,
            },
            **STAYS,
        ),
        _row("The answer trickles in", "slow", _all(ONCE), seconds=2),
        Row(
            "The answer gets lost, and the message shows a second later",
            _sends(ONCE),
            "reset",
            LATE,
            {"visible_after": 1},
        ),
        Row(
            "The answer gets lost, and the message shows three seconds later",
            _sends(ONCE),
            "reset",
            LATE,
            {"visible_after": 3},
        ),
    ],
    "Zoom is out of order": [
        *(_row(f"HTTP {status}, and nothing was done", status, _all(ONCE)) for status in ("500", "502", "503", "504")),
        *(
            _row(f"HTTP {status}, although the work was done", status, _all(ONCE), **LATE)
            for status in ("500", "502", "503", "504")
        ),
        _row(
            "HTTP 503 for as long as the task may wait",
            "503",
            {
                **_sends(fails("unconfirmed", "service")),
                **_changes(fails("service")),
                "token": fails("service"),
                "list": UNCONFIRMED,
            },
            **STAYS,
        ),
        _row("An HTML page with HTTP 502", "html-502", _all(ONCE)),
        _row("An HTML page with HTTP 200, once", "html-200", _all(ONCE)),
        _row(
            "An HTML page with HTTP 200 each time, as of a sign-in page in between",
            "html-200",
            {
                **_sends(fails("unconfirmed", "service")),
                **_changes(fails("service")),
                "token": fails("service"),
                "list": UNCONFIRMED,
            },
            **STAYS,
        ),
        _row("The answer is cut off, and the connection with it", "cut-json", _all(ONCE)),
        _row("The answer is cut off, and looks whole", "cut-body-json", _all(ONCE)),
        _row("The answer lacks the id, the token or the list", "no-id", _all(ONCE, upload=fails("service"))),
        _row("The answer is empty", "empty-201", _all(ONCE)),
        _row(
            "A redirect to a host that is not Zoom's",
            "redirect",
            _all(fails("service"), list=UNCONFIRMED),
        ),
        _row(
            "A redirect that would turn the request into another",
            "redirect-303",
            _all(fails("service"), list=UNCONFIRMED),
        ),
    ],
    "Zoom says: not now": [
        _row("HTTP 429 without a time to come back", "429-qps", _all(ONCE)),
        _row("HTTP 429 with seconds to wait", "429-seconds", _all(ONCE), seconds=1),
        _row("HTTP 429 with an HTTP date", "429-http-date", _all(ONCE), seconds=1),
        _row("HTTP 429 with an ISO-8601 date", "429-iso", _all(ONCE), seconds=1),
        _row(
            "HTTP 429 with a wait that is longer than `max_wait`",
            "429-seconds",
            _all(fails("rate_limited"), list=UNCONFIRMED),
            seconds=600,
            **STAYS,
        ),
        _row(
            "HTTP 429 because the daily limit is used up",
            "429-daily",
            _all(fails("rate_limited"), list=UNCONFIRMED),
            **STAYS,
        ),
    ],
    "Zoom says no": [
        Row("The token expired in the middle of a run", {**_sends(ONCE), **_changes(ONCE)}, place="stale"),
        _row(
            "HTTP 401, once",
            "401",
            _all(ONCE, token=fails("authentication")),
        ),
        _row(
            "HTTP 401, with a new token too",
            "401",
            _all(fails("authentication"), list=UNCONFIRMED),
            **STAYS,
        ),
        _row(
            "The app lacks a scope",
            "error:400:4711:Invalid access token, does not contain scopes:[team_chat:write:user_message:admin].",
            {**_sends(fails("permission")), **_changes(fails("permission"))},
        ),
        Row(
            "The answer got lost, and the app may not list messages: the message had arrived",
            _sends(UNCONFIRMED),
            "reset",
            LATE,
            arguments=WRITE_ONLY,
        ),
        Row(
            "The answer got lost, and the app may not list messages: it had not arrived",
            _sends(fails("unconfirmed")),
            "reset",
            arguments=WRITE_ONLY,
        ),
        _row(
            "The channel does not exist for the sender",
            "error:404:4130:Channel does not exist.",
            {**_sends(fails("not_found")), "edit": fails("not_found"), "delete": fails("not_found")},
        ),
        _row("A value is wrong", "validation", {**_sends(fails("invalid")), **_changes(fails("invalid"))}),
        *(
            Row(f"The server does not take multipart bodies: {said}", _sends(ONCE), settings={"multipart": how})
            for how, said in (
                ("415", "HTTP 415"),
                ("empty-400", "an empty HTTP 400"),
                ("300-json", "code 300, which asks for JSON"),
            )
        ),
    ],
}

_HEAD = """\
<!--
Copyright (c) 2026, teamchat.zoom contributors
SPDX-License-Identifier: GPL-3.0-or-later
-->

# What happens when Zoom is slow, down, or says no

A task of this collection ends in one of four ways:

- **Done, once**: there is exactly one message, whatever happened on the way; it is edited, or gone.
- **Failed, with nothing sent**: `failure.reason` and `msg` say why, and `failure.hint` what to do. An edit or a
  deletion whose answers all got lost may have been done all the same; it is safe to run its task again.
- **Failed half-way**: a text in several parts, or several files, of which some were sent before. `ids` has those, and
  `msg` counts them. To run the task again sends them again, unless it has `unique_within`.
- **Failed as `unconfirmed`**: the answer got lost, and it could not be found out whether the message was sent. This
  happens where the app may not list messages, or where Zoom stays down until `max_wait` is over.

How it gets there:

- What cannot have reached Zoom is sent again: refused connections, rate limits, a token that was not taken.
- What does no harm twice is sent again too: lookups, edits, deletes, and uploads, which nobody sees before the message.
- A message that may have reached Zoom is not simply sent again. The task looks for its message first, three times
  within five seconds, because Zoom shows a new message only after a while. If the message stands there, the task is
  done. If not, it is sent again.
- How long to wait, Zoom's answer says (`Retry-After`). Where it does not, waits double, from half a second to twenty.
- All waiting together ends after `max_wait` (120 seconds unless you set it), or at most one `timeout` later. A wait
  that would take longer is not begun: the task fails at once, and `failure.retry_after` says in how many seconds to
  come back.

The tables below are made by the test that puts each fault in front of each operation, both in Ansible's own process
and as a module on a target, and then counts the messages. A dash stands where a fault does not apply.
"""

_FOOT = """\
## What to do about it

| `failure.reason` | What it means | What helps |
|---|---|---|
| `authentication` | Zoom gave no token, or did not take it | `failure.hint` tells a wrong secret, a wrong account and \
a disabled app apart |
| `permission` | The token or its user may not do this | Add the scope that `msg` names, then activate the app again |
| `not_found` | The user, channel or message does not exist for this sender | Check the id, and that the sender is a \
member of the channel |
| `invalid` | An option or a value is wrong | `msg` names it |
| `rate_limited` | A limit is reached, and waiting would take longer than `max_wait` | Come back after \
`failure.retry_after` seconds, raise `max_wait`, or post one summary with `run_once` |
| `service` | Zoom, or something in between, answered with an error or with something that is not Zoom's | Try later; \
check `api_url`, proxies and <https://status.zoom.us> |
| `network` | No connection, or no answer | Check network, proxy and certificates |
| `unconfirmed` | The message may have been sent | Look into the conversation before you send it again; give the app \
the scope `team_chat:read:list_user_messages:admin`, for scheduled messages \
`team_chat:read:list_scheduled_messages`, with which the task finds out itself |

Each of Zoom's codes, and what to do about it, stands in [Error codes](errors.md).

A notice that must never fail a play:

```yaml
- name: Tell the channel
  teamchat.zoom.zoom_chat_message:
    to_channel: "{{ zoom_ops_channel }}"
    msg: Deployment is done
    max_wait: 30
  delegate_to: localhost
  run_once: true
  register: notice
  failed_when: false
```

## What is known to be out of reach

- A message that Zoom shows only more than five seconds after it was sent, and whose answer got lost too, is sent a
  second time.
- Tasks that send the same text into the same conversation at the same moment tell their messages apart by the state
  folder. Without one, as on remote targets, two of them that both lose their answer may take the same message for
  their own.
- Zoom takes about a second before it knows a new message, and tasks see in the state folder that one is so new that
  they have to wait for it. Without a state folder, as on remote targets, a task with `state: absent` that follows
  within that second finds no message and reports `changed: false`, and the message stays: pause for two seconds first.
"""


def _cell(row: Row, operations: tuple[str, ...]) -> str:
    (words,) = {row.outcomes[name].words if name in row.outcomes else "–" for name in operations}
    return words


def page() -> str:
    """The users' page, as Markdown."""
    parts = [_HEAD]
    for title, rows in SECTIONS.items():
        parts.append(f"## {title}\n")
        head = ["What happens", *COLUMNS]
        lines = [" | ".join(head), "|".join("---" for _index in head)]
        for row in rows:
            cells = [_cell(row, operations) for operations in COLUMNS.values()]
            lines.append(" | ".join([row.said, *cells]))
        parts.append("\n".join(f"| {line} |" if "---" not in line else f"|{line}|" for line in lines) + "\n")
    parts.append(_FOOT)
    return "\n".join(parts)
