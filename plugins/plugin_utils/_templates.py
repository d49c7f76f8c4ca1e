# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The user's own title and body of a summary: Jinja2 in a sandbox, its result bounded."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.teamchat.zoom.plugins.plugin_utils import _report, _wording
from ansible_collections.teamchat.zoom.plugins.plugin_utils._foreign_text import clean, one_line
from jinja2 import StrictUndefined
from jinja2.exceptions import SecurityError, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

_MAX_RESULT = 16_384
_MAX_FAILURES = 50
_MAX_REPEATED = 10_000


class _Sandbox(ImmutableSandboxedEnvironment):
    """Also refuses arithmetic that makes texts or numbers of any size."""

    intercepted_binops = frozenset(["*", "**"])

    def call_binop(self, context: t.Any, operator: str, left: t.Any, right: t.Any) -> t.Any:
        for one, other in ((left, right), (right, left)):
            if isinstance(one, int) and isinstance(other, (str, list, tuple)) and one * len(other) > _MAX_REPEATED:
                raise SecurityError(f"what {operator} makes is too long")
        if operator == "**" and (abs(left) > 1000 or abs(right) > 100):
            raise SecurityError("the power is too large")
        return super().call_binop(context, operator, left, right)


def variables(report: _report.Report) -> dict[str, t.Any]:
    """What a template may use; plain values only."""
    head, totals = report.head, report.totals
    values: dict[str, t.Any] = dataclasses.asdict(head)
    values.update(
        name=head.name,
        outcome=report.outcome,
        duration=_wording.duration(report.seconds),
        seconds=round(report.seconds, 1),
        totals=dataclasses.asdict(totals),
        plays=[_chosen(play, "name", "failed", "unreachable", "ok", "changed", "no_hosts") for play in report.plays],
        failures=[
            _chosen(failure, "kind", "task", "play", "path", "hosts", "reason")
            for failure in report.failures[:_MAX_FAILURES]
        ],
    )
    return values


def _chosen(value: object, *names: str) -> dict[str, t.Any]:
    return {name: getattr(value, name) for name in names}


def title(template: str, values: t.Mapping[str, t.Any]) -> str:
    """The template's result in one line.

    :raises ValueError: the template is broken, or gives nothing; the message says why.
    """
    return _not_empty(one_line(_rendered(template, values), 300))


def body(template: str, values: t.Mapping[str, t.Any]) -> str:
    """The template's result, at most 16 384 characters of it.

    :raises ValueError: the template is broken, or gives nothing; the message says why.
    """
    return _not_empty(clean(_rendered(template, values), _MAX_RESULT))


def _not_empty(text: str) -> str:
    if not text:
        raise ValueError("it gives no text")
    return text


def _rendered(template: str, values: t.Mapping[str, t.Any]) -> str:
    parts: list[str] = []
    length = 0
    try:
        compiled = _Sandbox(undefined=StrictUndefined, autoescape=False).from_string(template)
        for part in compiled.generate(values):
            parts.append(part)
            length += len(part)
            if length > _MAX_RESULT:
                break
    # A template can raise whatever its expressions can.
    except (
        TemplateError,
        ArithmeticError,
        LookupError,
        TypeError,
        ValueError,
        AttributeError,
        RecursionError,
    ) as error:
        raise ValueError(one_line(str(error), 200) or type(error).__name__) from error
    return "".join(parts)
