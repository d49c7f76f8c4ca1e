# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults on demand: which strikes which request, and what it answers. ``app`` breaks connections."""

from __future__ import annotations

import dataclasses
import datetime
import email.utils
import json
import math
import re
import time
import typing as t

from . import errors, validation

BREAKING = ("refuse", "reset", "hang")
"""Faults that give no answer at all."""
SHAPING = ("slow", "cut-json", "cut-body-json", "empty-201", "no-id")
"""Faults that spoil the answer to work that was done."""
ANSWERING = (
    *("401", "429-qps", "429-seconds", "429-http-date", "429-iso", "429-daily"),
    *("500", "502", "503", "504", "html-200", "html-502", "redirect", "redirect-303", "validation"),
)
DEFAULT_SECONDS = {"refuse": 1.0, "hang": 30.0, "slow": 2.0, "429-daily": 4 * 3600.0}

_NAMES = [*BREAKING, *SHAPING, *ANSWERING]
SCHEMA: dict[str, t.Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["fault"],
    "properties": {
        "operation": {"type": "string"},
        "fault": {"type": "string"},
        "moment": {"enum": ["now", "before", "after"]},
        "times": {"type": ["integer", "null"], "minimum": 1},
        "seconds": {"type": "number", "minimum": 0},
        "after": {"type": "integer", "minimum": 0},
        "url": {"type": "string"},
    },
}


@dataclasses.dataclass
class Fault:
    operation: str
    fault: str
    moment: str
    """``before``: the work is not done; ``after``: it is; ``now``: ``refuse`` that waits for no request."""
    times: int | None
    seconds: float
    after: int
    url: str


def fault_from(wish: t.Any) -> Fault:
    """Return the fault that a control request asks for; InvalidValue where it is none."""
    validation.require(SCHEMA, wish)
    name = wish["fault"]
    if name not in _NAMES and not re.match(r"error:[2-5]\d\d:\d+:", name):
        raise validation.InvalidValue(
            f"There is no fault {name!r}, only: {', '.join(_NAMES)}, error:<status>:<code>:<message>"
        )
    moment = wish.get("moment") or ("now" if name == "refuse" else "after" if name in SHAPING else "before")
    if moment == "now" and name != "refuse":
        raise validation.InvalidValue(f"{name} has no moment 'now', only refuse has")
    if moment == "before" and name in SHAPING:
        raise validation.InvalidValue(f"{name} spoils the answer to work that was done: its moment is 'after'")
    return Fault(
        operation=wish.get("operation", "*"),
        fault=name,
        moment=moment,
        times=wish.get("times", 1),
        seconds=wish.get("seconds", DEFAULT_SECONDS.get(name, 1.0)),
        after=wish.get("after", 0),
        url=wish.get("url", "https://attacker.example/"),
    )


class Faults:
    def __init__(self) -> None:
        self.pending: list[Fault] = []
        self.struck: list[dict[str, t.Any]] = []

    def take(self, operation: str, request: int) -> Fault | None:
        """Return the fault that strikes this request, and record the strike."""
        for fault in list(self.pending):
            if fault.operation not in ("*", operation):
                continue
            if fault.after:
                fault.after -= 1
                continue
            if fault.times is not None:
                fault.times -= 1
                if fault.times == 0:
                    self.pending.remove(fault)
            self.record(fault, operation, request)
            return fault
        return None

    def record(self, fault: Fault, operation: str, request: int | None) -> None:
        self.struck.append(
            {
                "fault": fault.fault,
                "moment": fault.moment,
                "operation": operation,
                "request": request,
                "time": time.time(),
            }
        )


_HTML = "<html><head><title>{0}</title></head><body><center><h1>{0}</h1></center><hr></body></html>"
_PER_SECOND = "You have reached the maximum per-second rate limit for this API. Try again later."
_DAILY = (
    "You have reached the maximum daily rate limit for this API. "
    "Refer to the response header for details on when you can make another request."
)
_GATEWAY = {"502": "502 Bad Gateway", "503": "503 Service Unavailable", "504": "504 Gateway Time-out"}


def answer_of(fault: Fault, operation: str) -> tuple[int, dict[str, str], bytes]:
    """Return status, headers and body of a fault that answers by itself."""
    name = fault.fault
    if name.startswith("error:"):
        _error, number, code, message = name.split(":", 3)
        return _json(int(number), {"code": int(code), "message": message})
    if name == "401" and operation == "token":
        return _json(401, {"reason": "Invalid client_id or client_secret", "error": "invalid_client"})
    if name == "401":
        return _json(401, {"code": 124, "message": "Invalid access token."})
    if name.startswith("429"):
        return _rate_limited(fault)
    if name == "500":
        return _json(500, {"code": 500, "message": "Internal Server Error"})
    if name in _GATEWAY:
        return int(name), {"Content-Type": "text/plain"}, _GATEWAY[name].encode()
    if name.startswith("html-"):
        status = int(name[5:])
        title = "Sign In | Zoom" if status == 200 else "502 Bad Gateway"
        return status, {"Content-Type": "text/html"}, _HTML.format(title).encode()
    if name == "validation":
        refusal = errors.validation_failed(("message", "Invalid field."))
        return _json(refusal.status, refusal.body())
    if name in ("redirect", "redirect-303"):
        return (303 if name == "redirect-303" else 307), {"Location": fault.url}, b""
    raise ValueError(f"{name} does not answer by itself")


def _json(status: int, body: t.Any, headers: dict[str, str] | None = None) -> tuple[int, dict[str, str], bytes]:
    return status, {"Content-Type": "application/json", **(headers or {})}, json.dumps(body).encode()


def _rate_limited(fault: Fault) -> tuple[int, dict[str, str], bytes]:
    until = datetime.datetime.fromtimestamp(math.ceil(time.time() + fault.seconds), datetime.timezone.utc)
    iso = until.strftime("%Y-%m-%dT%H:%M:%SZ")
    headers = {
        "429-qps": {},
        "429-seconds": {"Retry-After": f"{fault.seconds:g}"},
        "429-http-date": {"Retry-After": email.utils.format_datetime(until, usegmt=True)},
        "429-iso": {"Retry-After": iso},
        "429-daily": {"Retry-After": iso, "X-RateLimit-Remaining": "0"},
    }[fault.fault]
    daily = fault.fault == "429-daily"
    headers = {
        "X-RateLimit-Category": "Medium",
        "X-RateLimit-Type": "Daily-limit" if daily else "QPS",
        **headers,
    }
    return _json(429, {"code": 429, "message": _DAILY if daily else _PER_SECOND}, headers)
