# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The model of a run: what counts as a failure, what folds into one, and that nothing grows without an end."""

from __future__ import annotations

import copy
import tracemalloc
import typing as t

import pytest
from ansible_collections.teamchat.zoom.plugins.plugin_utils._report import (
    FAILED,
    FAILURE,
    INTERRUPTED,
    NO_HOSTS,
    RUNNING,
    SUCCESS,
    UNREACHABLE,
    Report,
    Totals,
)
from ansible_collections.teamchat.zoom.tests.unit.plugin_utils.lines import (
    NGINX,
    START,
    counts,
    example_lines,
    failed,
    ok,
    play,
    report_of,
    run,
    stats,
    task,
    unreachable,
)
from hypothesis import given, settings
from hypothesis import strategies as st


def test_example_run_failed_on_three_of_forty_hosts() -> None:
    report = report_of(*example_lines())

    assert report.outcome == FAILURE
    assert report.totals == Totals(40, 2, 1, 37, 14, 12, 0, 0)
    assert [(failure.kind, failure.task, failure.hosts) for failure in report.failures] == [
        (FAILED, "Install nginx", ("web03", "web07")),
        (UNREACHABLE, "Gather facts", ("web11",)),
    ]
    assert report.failures[0].reason == NGINX
    assert report.seconds == 252


def test_a_run_is_running_until_it_has_ended() -> None:
    report = Report()
    assert report.outcome == RUNNING

    report.add(run())
    report.add(play())
    report.add(task("Install"))
    report.add(failed("Install", "web1", "boom"))

    assert report.outcome == RUNNING
    assert report.totals.failed == 1
    assert report.current_task is not None
    assert report.current_task.name == "Install"


def test_rescued_and_ignored_failures_are_no_failures() -> None:
    report = report_of(
        run(),
        play(),
        task("Try"),
        failed("Try", "web1", "rescued"),
        failed("Try", "web2", "ignored", ignored=True),
        stats({"web1": counts(ok=2, rescued=1), "web2": counts(ok=1, ignored=1)}),
    )

    assert report.outcome == SUCCESS
    assert report.failures == []
    assert (report.totals.rescued, report.totals.ignored) == (1, 1)


def test_of_a_host_that_was_rescued_before_it_failed_the_last_failure_counts() -> None:
    report = report_of(
        run(),
        play(),
        task("First"),
        failed("First", "web1", "rescued"),
        task("Second"),
        failed("Second", "web1", "final"),
        stats({"web1": counts(ok=1, rescued=1, failures=1)}),
    )

    assert [(failure.task, failure.reason) for failure in report.failures] == [("Second", "final")]


def test_unreachable_is_a_failure_unless_it_was_ignored_or_cleared() -> None:
    lines = [run(), play(), task("Ping"), unreachable("Ping", "web1", "timed out")]

    assert report_of(*lines, stats({"web1": counts(unreachable=1)})).outcome == FAILURE
    assert report_of(*lines, stats({"web1": counts(ok=3, ignored=1)})).outcome == SUCCESS
    ignored = unreachable("Ping", "web1", "timed out", ignored=True)
    assert report_of(*lines[:3], ignored, interrupted=True).failures == []


def test_without_a_recap_a_host_that_went_on_was_rescued_or_cleared() -> None:
    report = report_of(
        run(),
        play(),
        task("Try"),
        failed("Try", "web1", "rescued"),
        unreachable("Try", "web2", "cleared"),
        failed("Try", "web3", "final"),
        task("Go on"),
        ok("Go on", "web1"),
        ok("Go on", "web2"),
        interrupted=True,
    )

    assert report.outcome == INTERRUPTED
    assert [failure.hosts for failure in report.failures] == [("web3",)]


def test_no_hosts_is_not_success() -> None:
    nobody = {"e": "no_hosts", "play": "db", "reason": "no_hosts_matched"}

    assert report_of(run(), play("db"), nobody, stats({})).outcome == NO_HOSTS
    some = report_of(
        run(), play("db"), nobody, play("web", 2), task("x"), ok("x", "web1"), stats({"web1": counts(ok=1)})
    )
    assert some.outcome == SUCCESS
    assert [(found.name, found.no_hosts, found.ok) for found in some.plays] == [("db", True, 0), ("web", False, 1)]


def test_failures_without_details_are_still_failures() -> None:
    report = report_of(
        run(),
        play(),
        stats({"web1": counts(failures=1)}, more=True),
        stats({"web2": counts(unreachable=1)}),
        {"e": "end", "at": START + 253, "lost": 1},
    )

    assert report.lost == 1
    assert [(failure.kind, failure.hosts, failure.reason) for failure in report.failures] == [
        (FAILED, ("web1",), ""),
        (UNREACHABLE, ("web2",), ""),
    ]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("web1: no route to web1", "web2: no route to web2"),
        ("pid 17 died", "pid 18 died"),
        ("cannot read /tmp/ansible.x1/a", "cannot read /tmp/ansible.y2/a"),
        ("failed at 2026-11-20 10:00:01.5", "failed at 2026-11-20 10:00:02"),
        ("no answer from 10.0.0.1", "no answer from 10.0.0.2"),
        ("request 2f1c3d9a-0000-4000-8000-0123456789ab", "request 2f1c3d9a-0000-4000-8000-0123456789ac"),
    ],
)
def test_reasons_that_differ_only_in_names_and_numbers_of_the_host_fold(first: str, second: str) -> None:
    report = report_of(run(), play(), task("x"), failed("x", "web2", second), failed("x", "web1", first))

    assert [(failure.hosts, failure.reason) for failure in report.failures] == [(("web1", "web2"), second)]
    assert report.failures[0].example == "web2"


def test_other_reasons_and_other_tasks_do_not_fold() -> None:
    report = report_of(
        run(),
        play(),
        task("x"),
        failed("x", "web1", "port 80 is taken"),
        failed("x", "web2", "port 443 is taken"),
        task("y", path="other.yml:1"),
        failed("y", "web3", "port 80 is taken"),
    )

    assert [failure.hosts for failure in report.failures] == [("web1",), ("web2",), ("web3",)]


def test_hosts_that_are_not_reached_fold_across_tasks() -> None:
    report = report_of(
        run(),
        play(),
        task("x"),
        unreachable("x", "web10", "Failed to connect to the host via ssh: Connection timed out"),
        task("y"),
        unreachable("y", "web9", "ssh: connect to host web9 port 22: Connection timed out"),
    )

    assert [(failure.hosts, failure.reason) for failure in report.failures] == [
        (("web9", "web10"), "Connection timed out")
    ]


@pytest.mark.parametrize(
    ("result", "reason"),
    [
        ({"msg": "non-zero return code", "stderr": "trying\nfatal: no such repo\n"}, "fatal: no such repo"),
        ({"msg": "The command exited with a non-zero return code.", "stderr": "no such table"}, "no such table"),
        ({"msg": "One or more items failed", "items": [{"item": "php", "msg": "No package php"}]}, "No package php"),
        ({"msg": "", "exception": "Traceback:\n  File x\nKeyError: 'a'"}, "KeyError: 'a'"),
        ({"msg": "MODULE FAILURE\nSee stdout/stderr", "stdout": "killed"}, "killed"),
        ({"msg": "non-zero return code"}, "non-zero return code"),
        ({"msg": None}, "no reason given"),
    ],
)
def test_reason_is_what_says_something(result: dict[str, t.Any], reason: str) -> None:
    line = {**failed("x", "web1", ""), **result}

    assert [failure.reason for failure in report_of(run(), play(), task("x"), line).failures] == [reason]


def test_plays_have_their_own_numbers() -> None:
    report = report_of(
        run(),
        play("db"),
        task("x", play="db"),
        ok("x", "db1", changed=True),
        failed("x", "db2", "boom"),
        play("web", 10),
        task("y", 11, play="web"),
        ok("y", "web1", 12),
        unreachable("y", "web2", "gone", 13),
        stats(
            {
                "db1": counts(ok=1, changed=1),
                "db2": counts(failures=1),
                "web1": counts(ok=1),
                "web2": counts(unreachable=1),
            },
            20,
        ),
    )

    numbers = [(p.name, p.failed, p.unreachable, p.ok, p.changed, p.complete) for p in report.plays]
    assert numbers == [("db", 1, 0, 1, 1, True), ("web", 0, 1, 1, 0, True)]
    assert [p.spans for p in report.plays] == [((START + 1, START + 10),), ((START + 10, START + 20),)]


def test_numbers_of_plays_are_not_made_up_when_results_were_dropped() -> None:
    hosts = {f"web{number}": counts(ok=10, changed=1) for number in range(10)}
    report = report_of(run(), play("a"), play("b"), task("x", play="b"), ok("x", "web1"), stats(hosts))

    assert [found.complete for found in report.plays] == [False, False]
    assert report.totals.ok == 10


def test_batches_of_a_play_are_one_play_and_their_tasks_one_task() -> None:
    report = report_of(
        run(),
        play(after=1),
        task("x", 2),
        ok("x", "web1", 5),
        play(after=10),
        task("x", 11),
        ok("x", "web2", 13),
        stats({"web1": counts(ok=1), "web2": counts(ok=1)}, 14),
    )

    assert [found.spans for found in report.plays] == [((START + 1, START + 10), (START + 10, START + 14))]
    assert [(found.name, found.seconds) for found in report.slowest_tasks] == [("x", 11.0)]


def test_play_variables_give_the_run_a_title_and_mute_it() -> None:
    report = Report()
    report.add(run())
    report.add({"e": "vars", "zoom_chat_title": "Nightly\nrollout"})
    report.add({"e": "vars", "zoom_chat_title": "Another"})
    assert (report.head.name, report.muted) == ("Nightly rollout", False)

    report.add({"e": "vars", "zoom_chat_mute": True})
    assert (report.head.name, report.muted) == ("Nightly rollout", True)


def test_only_web_addresses_without_credentials_are_links() -> None:
    def link(url: t.Any) -> str:
        return report_of(run(ci={"system": "x", "url": url, "job": None})).head.ci_url

    assert link("https://bob:secret@ci.example.com/1?a=b#c") == "https://ci.example.com/1?a=b#c"
    assert [link(bad) for bad in ("javascript:alert(1)", "https://[", "http://a b", 7, "https://")] == [""] * 5


def test_ten_thousand_hosts_that_fail_with_long_texts_stay_small() -> None:
    report = Report()
    tracemalloc.start()
    try:
        report.add(run())
        for number in range(200):
            report.add(play(f"play {number}"))
        report.add(task("x", play="play 199"))
        for number in range(10_000):
            text = f"reason {number * 'x'} " + "y" * 200_000
            report.add(failed("x", f"host{number}", text, stderr="z" * 4000, exception="e" * 4000))
        for first in range(0, 10_000, 2000):
            names = range(first, first + 2000)
            report.add(stats({f"host{number}": counts(failures=1) for number in names}, more=first < 8000))
        report.finish(False)
        failures = report.failures
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert peak < 40_000_000
    assert sum(len(failure.hosts) for failure in failures) == 10_000
    assert sum(1 for failure in failures if failure.text) <= 100
    assert len(failures) <= 2001


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
_DAMAGES = st.lists(st.tuples(st.integers(0, 400), st.sampled_from(["drop", "swap", "twice", "value"]), _VALUES))


@settings(deadline=None, max_examples=60)
@given(damages=_DAMAGES, interrupted=st.booleans())
def test_damaged_lines_never_raise(damages: list[tuple[int, str, t.Any]], interrupted: bool) -> None:
    lines: list[t.Any] = copy.deepcopy(example_lines())
    for place, damage, value in damages:
        place %= len(lines)
        if damage == "drop":
            lines[place] = value
        elif damage == "swap":
            lines[0], lines[place] = lines[place], lines[0]
        elif damage == "twice":
            lines.append(lines[place])
        elif isinstance(lines[place], dict) and lines[place]:
            lines[place][sorted(lines[place], key=str)[-1]] = value
    report = report_of(*lines, interrupted=interrupted)

    assert report.outcome in (SUCCESS, FAILURE, INTERRUPTED, NO_HOSTS)
    assert report.totals.hosts == report.totals.failed + report.totals.unreachable + report.totals.ok
    assert report.seconds >= 0
    assert len(report.hosts) == report.totals.hosts
    assert all(span[0] <= span[1] for found in report.plays for span in found.spans)


@settings(deadline=None)
@given(
    events=st.sampled_from(["run", "vars", "play", "task", "ok", "failed", "unreachable", "no_hosts", "stats", "end"]),
    fields=st.dictionaries(
        st.sampled_from(["play", "task", "host", "hosts", "msg", "items", "ci", "git", "at", "tags", "lost", "rc"]),
        _VALUES,
    ),
)
def test_lines_of_any_content_never_raise(events: str, fields: dict[str, t.Any]) -> None:
    report = report_of(run(), play(), task("x"), {**fields, "e": events}, {**fields, "e": events})

    assert len(report.failures) <= 1
