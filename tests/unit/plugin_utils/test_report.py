# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The model of a run: what counts as a failure, what folds into one, and that nothing grows without an end."""

from __future__ import annotations

import copy
import dataclasses
import math
import tracemalloc
import typing as t

import pytest
from ansible_collections.teamchat.zoom.plugins.plugin_utils import _report
from ansible_collections.teamchat.zoom.plugins.plugin_utils._report import (
    FAILED,
    FAILURE,
    INTERRUPTED,
    NO_HOSTS,
    RUNNING,
    SUCCESS,
    UNREACHABLE,
    Failure,
    Head,
    HostResult,
    PlayResult,
    Report,
    TaskTime,
    Totals,
)
from ansible_collections.teamchat.zoom.tests.unit.plugin_utils.lines import (
    NGINX,
    START,
    Line,
    called,
    cleared,
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
    assert (report.finished, report.interrupted, report.muted, report.lost) == (False, False, False, 0)

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
        failed("Try", "web1", "rescued", rescued=True),
        failed("Try", "web2", "ignored", ignored=True),
        stats({"web1": counts(ok=2, rescued=1), "web2": counts(ok=1, ignored=1)}),
    )

    assert report.outcome == SUCCESS
    assert report.failures == []
    assert (report.totals.rescued, report.totals.ignored) == (1, 1)


def test_the_change_of_a_failure_that_is_ignored_counts_as_in_ansibles_recap() -> None:
    """A command that fails has changed something, as far as Ansible knows."""
    report = report_of(
        run(),
        play("First"),
        task("Try", play="First"),
        failed("Try", "web1", "non-zero return code", changed=True, ignored=True),
        failed("Try", "web2", "rescued", changed=True, rescued=True),
        play("Second"),
        task("Look", play="Second"),
        ok("Look", "web1"),
        ok("Look", "web2"),
        stats({"web1": counts(ok=2, changed=1, ignored=1), "web2": counts(ok=1, rescued=1)}),
    )

    assert [(play.name, play.ok, play.changed, play.complete) for play in report.plays] == [
        ("First", 2, 1, True),
        ("Second", 2, 0, True),
    ]


@pytest.mark.parametrize(
    "recap", [[], [stats({"web1": counts(ok=1, rescued=2, failures=1)})]], ids=["no recap", "recap"]
)
def test_of_the_failures_of_a_host_the_one_that_was_not_rescued_counts(recap: list[Line]) -> None:
    """Whether it comes before or after those that were: `always` runs after a failure, too."""
    report = report_of(
        run(),
        play(),
        task("Before"),
        failed("Before", "web1", "rescued", rescued=True),
        task("Deploy"),
        failed("Deploy", "web1", "final"),
        task("Clean up"),
        failed("Clean up", "web1", "rescued", rescued=True),
        *recap,
    )

    assert [(failure.task, failure.reason) for failure in report.failures] == [("Deploy", "final")]
    assert (report.totals.failed, report.totals.ok) == (1, 0)


def test_of_failures_that_nobody_knows_to_be_rescued_the_last_count() -> None:
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
    ignored = failed("Ping", "web1", "boom", ignored=True)
    assert report_of(*lines[:3], ignored, interrupted=True).failures == []


@pytest.mark.parametrize("interrupted", [False, True])
def test_without_a_recap_a_host_that_failed_and_went_on_has_failed(interrupted: bool) -> None:
    """As with `always`, and with handlers that are forced."""
    report = report_of(
        run(),
        play(),
        task("Deploy"),
        failed("Deploy", "web1", "no space left"),
        failed("Deploy", "web2", "rescued", rescued=True),
        task("Clean up"),
        ok("Clean up", "web1"),
        ok("Clean up", "web2"),
        interrupted=interrupted,
    )

    assert (report.totals.failed, report.totals.ok) == (1, 1)
    assert [(failure.task, failure.hosts) for failure in report.failures] == [("Deploy", ("web1",))]


def test_without_a_recap_what_failed_before_it_was_cleared_is_forgiven() -> None:
    report = report_of(
        run(),
        play(),
        task("Try"),
        failed("Try", "web1", "cleared"),
        unreachable("Try", "web2", "cleared"),
        failed("Try", "web3", "cleared"),
        failed("Try", "web4", "of another batch"),
        unreachable("Try", "web5", "of another batch"),
        cleared("web1", "web2"),
        cleared("web3", "unknown"),
        task("Go on"),
        ok("Go on", "web1"),
        ok("Go on", "web2"),
        failed("Go on", "web3", "final"),
        interrupted=True,
    )

    assert report.outcome == INTERRUPTED
    assert (report.totals.failed, report.totals.unreachable, report.totals.ok) == (2, 1, 2)
    assert [(failure.task, failure.hosts, failure.reason) for failure in report.failures] == [
        ("Try", ("web4",), "of another batch"),
        ("Go on", ("web3",), "final"),
        ("Try", ("web5",), "of another batch"),
    ]


def test_no_hosts_is_not_success() -> None:
    nobody = {"e": "no_hosts", "play": "db", "reason": "no_hosts_matched"}

    assert report_of(run(), play("db"), nobody, stats({})).outcome == NO_HOSTS
    assert report_of(run(), stats({})).outcome == NO_HOSTS
    some = report_of(
        run(), play("db"), nobody, play("web", 2), task("x"), ok("x", "web1"), stats({"web1": counts(ok=1)})
    )
    assert some.outcome == SUCCESS
    assert [(found.name, found.no_hosts, found.ok) for found in some.plays] == [("db", True, 0), ("web", False, 1)]


def test_hosts_for_which_no_task_was_left_are_hosts() -> None:
    """Ansible's recap knows hosts only by what they did."""
    nobody = {"e": "no_hosts", "play": "db", "reason": "no_hosts_matched"}
    nobody_left = {"e": "no_hosts", "play": "web", "reason": "no_hosts_remaining"}

    assert report_of(run(), play("web"), stats({})).outcome == SUCCESS
    assert report_of(run(), play("db"), nobody, play("web", 2), stats({})).outcome == SUCCESS
    assert report_of(run(), play("web"), nobody_left, stats({})).outcome == SUCCESS


def test_failures_without_details_are_still_failures() -> None:
    report = report_of(
        run(),
        play(),
        stats({"web1": counts(failures=1)}),
        stats({"web2": counts(unreachable=1)}),
        {"e": "end", "at": START + 253, "lost": 1},
    )

    assert report.lost == 1
    assert report.failures == [
        Failure(FAILED, "", "", "", "", False, ("web1",), ""),
        Failure(UNREACHABLE, "", "", "", "", False, ("web2",), ""),
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


@pytest.mark.parametrize(("hosts", "failures"), [(("w1", "w2"), 2), (("db1", "db2"), 1)])
def test_a_name_of_two_letters_is_no_name_in_a_reason(hosts: tuple[str, ...], failures: int) -> None:
    report = report_of(run(), play(), task("x"), *(failed("x", host, f"{host} is down") for host in hosts))
    assert len(report.failures) == failures


def test_where_one_host_is_left_of_several_there_is_no_example() -> None:
    lines = [run(), play(), task("x"), failed("x", "web1", "pid 1"), failed("x", "web2", "pid 2")]
    assert [failure.example for failure in report_of(*lines).failures] == ["web1"]
    recap = stats({"web1": counts(ok=1), "web2": counts(failures=1)})
    assert [(failure.hosts, failure.example) for failure in report_of(*lines, recap).failures] == [(("web2",), "")]


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


def test_failures_of_a_role_do_not_fold_across_plays() -> None:
    lines: list[Line] = [run()]
    for name, host in (("web", "web1"), ("db", "db1")):
        install = task("Install", play=name, path="roles/common/tasks/main.yml:3")
        lines += [play(name), {**install, "task": f"t{name}"}, failed(f"t{name}", host, "no space left")]

    assert [(found.task, found.play, found.hosts) for found in report_of(*lines).failures] == [
        ("Install", "web", ("web1",)),
        ("Install", "db", ("db1",)),
    ]


def test_a_fold_names_the_host_that_a_task_was_delegated_to_where_it_is_the_same_for_all() -> None:
    lines = [run(), play(), task("x"), failed("x", "web1", "boom", delegate="lb1")]

    def told(*more: Line) -> list[tuple[tuple[str, ...], str]]:
        return [(found.hosts, found.delegate) for found in report_of(*lines, *more).failures]

    assert told(failed("x", "web2", "boom", delegate="lb1")) == [(("web1", "web2"), "lb1")]
    other = failed("x", "web2", "boom", delegate="lb2")
    assert told(other) == [(("web1", "web2"), "")]
    assert told(other, failed("x", "web3", "boom", delegate="lb1")) == [(("web1", "web2", "web3"), "")]
    assert told(failed("x", "web2", "boom")) == [(("web1", "web2"), "")]


def test_hosts_that_are_not_reached_fold_by_the_host_that_was_meant() -> None:
    lines = [
        unreachable("x", "web1", "No route to host", delegate="lb9"),
        unreachable("x", "web2", "No route to host", delegate="lb9"),
        unreachable("x", "web3", "No route to host"),
    ]

    assert [(found.hosts, found.delegate) for found in report_of(run(), play(), task("x"), *lines).failures] == [
        (("web1", "web2"), "lb9"),
        (("web3",), ""),
    ]


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
        (
            {"msg": "failed", "items": [{"msg": ""}, {"msg": "FAILED"}, {"msg": "No space"}, {"msg": "No package"}]},
            "No space",
        ),
        ({"msg": "failed", "items": [{"msg": "failed"}], "exception": "no", "stdout": "yes"}, "no"),
        ({"msg": "failed", "stderr": "trying\n" * 300 + "no such repo"}, "no such repo"),
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
            report.add(stats({f"host{number}": counts(failures=1) for number in names}))
        report.finish(False)
        failures = report.failures
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert peak < 40_000_000
    assert sum(len(failure.hosts) for failure in failures) == 10_000
    assert sum(1 for failure in failures if failure.text) <= 100
    assert len(failures) <= 2001


def words(length: int) -> str:
    """Words of so many characters in all."""
    return ("abcd " * length)[: length - 1] + "e"


def test_the_head_of_a_run_is_what_its_line_says() -> None:
    line = run(
        playbook="a.yml",
        user="u",
        controller="c",
        git={"branch": "b", "commit": "d"},
        limit="l",
        tags=["t", 7, "", "s"],
        skip_tags=["k"],
        inventory=["i"],
        check=True,
        diff=True,
        adhoc=True,
        ansible="2.21.0",
        ci={"system": "s", "job": "j", "url": "https://ci.example.com/1"},
    )

    assert report_of(line, called("A")).head == Head(
        playbook="a.yml",
        title="A",
        user="u",
        controller="c",
        branch="b",
        commit="d",
        limit="l",
        tags=("t", "s"),
        skip_tags=("k",),
        inventory=("i",),
        check=True,
        diff=True,
        adhoc=True,
        ansible="2.21.0",
        ci_system="s",
        ci_job="j",
        ci_url="https://ci.example.com/1",
    )
    assert report_of({"e": "run"}).head == Head()
    assert report_of(run(check=1, diff="yes", adhoc=[], tags="all", git=7, ci="x")).head == report_of(run(git={})).head


def test_a_run_is_called_by_its_title_or_its_playbook_or_what_it_is() -> None:
    heads = (Head("a.yml", "A", adhoc=True), Head("a.yml", adhoc=True), Head(adhoc=True), Head())
    assert [head.name for head in heads] == ["A", "a.yml", "Ad-hoc command", "Playbook"]


@pytest.mark.parametrize(
    ("path", "limit"),
    [
        (("playbook",), 120),
        (("user",), 60),
        (("controller",), 80),
        (("git", "branch"), 80),
        (("git", "commit"), 12),
        (("limit",), 200),
        (("ansible",), 40),
        (("ci", "system"), 40),
        (("ci", "job"), 80),
    ],
)
def test_each_name_of_a_head_has_its_limit(path: tuple[str, ...], limit: int) -> None:
    def shown(length: int) -> str:
        text = words(length)
        value: t.Any = text
        for name in reversed(path[1:]):
            value = {name: value}
        head = dataclasses.asdict(report_of(run(**{path[0]: value})).head)
        names = {path[-1], "_".join(path)} & set(head)
        return "whole" if head[names.pop()] == text else "cut"

    assert (shown(limit), shown(limit + 1)) == ("whole", "cut")


@pytest.mark.parametrize(("name", "limit"), [("name", 120), ("role", 80), ("path", 160), ("hosts", 253)])
def test_each_name_of_a_failure_has_its_limit(name: str, limit: int) -> None:
    def shown(length: int) -> str:
        text = words(length)
        line = {**task("t"), **({} if name == "hosts" else {name: text})}
        report = report_of(run(), play("web"), line, failed("t", text if name == "hosts" else "web1", "broken"))
        (failure,) = report.failures
        told = {"name": failure.task, "role": failure.role, "path": failure.path, "hosts": failure.hosts[0]}[name]
        return "whole" if told == text else "cut"

    assert (shown(limit), shown(limit + 1)) == ("whole", "cut")


def test_short_lists_of_short_names_are_shown() -> None:
    names = [f"name {number}" for number in range(30)]
    long = ["abcd " * 11 + "abcde", "abcd " * 11 + "abcdef"]

    assert report_of(run(tags=names)).head.tags == tuple(names[:20])
    assert report_of(run(tags=long)).head.tags == (long[0], "abcd " * 10 + "abcd…")


def test_the_first_play_that_says_so_names_the_run_and_any_play_may_mute_it() -> None:
    assert report_of(run(), {"e": "vars"}, called("A"), called("B")).head == report_of(run(), called("A")).head
    assert report_of(run(), called("A"), called("B"), {"e": "vars"}).head.title == "A"
    assert report_of(called(words(120))).head.title == words(120)
    assert report_of(called(words(121))).head.title == "abcd " * 22 + "abcd…"
    assert report_of({"e": "vars", "zoom_chat_mute": True}, {"e": "vars"}).muted is True
    assert report_of({"e": "vars", "zoom_chat_mute": "yes"}).muted is False


def test_only_times_of_our_times_count() -> None:
    report = Report()
    for at in (True, None, "1", 0, -1.0, math.nan, math.inf, 1e11):
        report.add({"e": "vars", "at": at})
    assert (report.started_at, report.last_at, report.seconds) == (0.0, 0.0, 0.0)

    for at in (0.5, 90, 30.0, 99999999999):
        report.add({"e": "vars", "at": at})
    assert (report.started_at, report.last_at) == (0.5, 99999999999.0)

    report = Report()
    report.add(run())
    report.add({"e": "nonsense", "at": START + 50})
    report.finish(True, START + 60)
    assert (report.interrupted, report.seconds) == (True, 60.0)


def test_a_failure_tells_all_that_is_known_of_it() -> None:
    result = {
        "stderr": "err",
        "stdout": "out",
        "exception": "exc",
        "items": [{"item": "php", "msg": "No package"}, 7, {"item": ""}],
        "delegate": "ctl",
        "rc": 2,
    }
    report = report_of(
        run(),
        play(),
        task("x", path="roles/r/tasks/main.yml:1", role="r", handler=True),
        failed("x", "web1", "boom\nat once", after=7, **result),
    )

    assert report.failures == [
        Failure(
            kind=FAILED,
            task="x",
            play="web",
            role="r",
            path="roles/r/tasks/main.yml:1",
            handler=True,
            hosts=("web1",),
            reason="boom at once",
            text="boom\nat once",
            outputs=(("stderr", "err"), ("stdout", "out"), ("exception", "exc")),
            items=(("php", "No package"), ("item", "")),
            delegate="ctl",
            rc=2,
            example="",
            first_at=START + 7,
        )
    ]


@pytest.mark.parametrize("rc", [True, "1", 1.0, 2**32, -(2**32), None])
def test_what_is_no_exit_status_is_none(rc: t.Any) -> None:
    lines = [run(), play(), task("x")]
    assert report_of(*lines, failed("x", "web1", "boom", rc=rc)).failures[0].rc is None
    assert report_of(*lines, failed("x", "web1", "boom", rc=2**32 - 1)).failures[0].rc == 2**32 - 1


def test_texts_of_a_failure_have_their_limits() -> None:
    def shown(extra: int) -> list[str]:
        """Texts that are so many characters longer than what is kept."""
        result: dict[str, t.Any] = {
            "stderr": "s" + words(1999 + extra),
            "delegate": words(100 + extra),
            "items": [{"item": words(100 + extra), "msg": words(300 + extra)}],
        }
        lines = [run(), play(), task("x"), failed("x", "web1", words(4000 + extra), **result)]
        found = report_of(*lines).failures[0]
        return [found.text, found.outputs[0][1], found.delegate, *found.items[0]]

    assert [len(text) for text in shown(0)] == [4000, 2000, 100, 100, 300]
    assert not [text for text in shown(0) if "…" in text]
    assert [text[:5] if text.startswith("…") else text[-5:] for text in shown(1)] == [
        "abcd…",
        "…bcd ",
        "abcd…",
        "abcd…",
        "abcd…",
    ]
    items = [{"item": str(number), "msg": "no"} for number in range(12)]
    found = report_of(run(), play(), task("x"), failed("x", "web1", words(300), items=items)).failures[0]
    assert found.reason == words(300)
    assert [label for label, _said in found.items] == [str(number) for number in range(10)]
    assert report_of(run(), play(), task("x"), failed("x", "web1", words(301))).failures[0].reason[-5:] == "abcd…"


def test_a_failure_in_a_task_that_is_not_known_is_one_all_the_same() -> None:
    found = report_of(run(), play(), failed("x", "web1", "boom")).failures
    assert found == [
        Failure(FAILED, "", "web", "", "", False, ("web1",), "boom", text="boom", first_at=START + 4),
    ]
    assert report_of(failed("x", "web1", "boom")).failures == [dataclasses.replace(found[0], play="")]


def test_a_task_belongs_to_the_play_that_it_names() -> None:
    lines = [play("a"), play("b"), task("x", play="a"), failed("x", "web1", "boom")]
    assert [failure.play for failure in report_of(*lines).failures] == ["a"]
    assert [failure.play for failure in report_of(*lines[:2], task("x", play="c"), lines[3]).failures] == ["b"]


@pytest.mark.parametrize("line", [None, 7, [], {}, {"e": []}, {"e": None, "at": 1}, {"e": "nonsense", "at": 1}])
def test_what_is_no_line_is_passed_over(line: t.Any) -> None:
    report = Report()
    report.add(line)
    assert (report.last_at, report.totals.hosts) == (0.0, 0)


def test_failures_of_most_hosts_come_first_and_hosts_not_reached_last() -> None:
    report = report_of(
        run(),
        play(),
        task("a"),
        unreachable("a", "web1", "gone"),
        unreachable("a", "web2", "gone"),
        unreachable("a", "web3", "gone"),
        failed("a", "web4", "early", after=5),
        failed("a", "web5", "late", after=6),
        failed("a", "web6", "often", after=7),
        failed("a", "web10", "often", after=8),
    )

    assert [(found.reason, found.hosts) for found in report.failures] == [
        ("often", ("web6", "web10")),
        ("early", ("web4",)),
        ("late", ("web5",)),
        ("gone", ("web1", "web2", "web3")),
    ]


def test_too_many_reasons_fold_by_task_and_then_into_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_report, "_MAX_FOLDS", 2)
    lines = [run(), play()]
    for number in range(4):
        lines.append(task(f"t{number}", path=f"site.yml:{number}"))
        lines += [failed(f"t{number}", f"web{number}{host}", f"{host} is wrong") for host in "abc"]

    assert [
        (found.task, found.reason, found.play, found.text, found.hosts) for found in report_of(*lines).failures
    ] == [
        ("", "", "", "", ("web1b", "web1c", "web2a", "web2b", "web2c", "web3a", "web3b", "web3c")),
        ("t0", "a is wrong", "web", "a is wrong", ("web0a",)),
        ("t0", "b is wrong", "web", "b is wrong", ("web0b",)),
        ("t0", "", "web", "", ("web0c",)),
        ("t1", "", "web", "", ("web1a",)),
    ]
    together = report_of(*lines).failures[0]
    assert together == Failure(FAILED, "", "", "", "", False, together.hosts, "", first_at=START + 4)


def test_long_texts_are_kept_of_the_first_and_the_latest_failures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_report, "_MAX_DETAILED", 2)
    lines = [run(), play(), task("x")]
    result: dict[str, t.Any] = {"stderr": "no", "items": [{"item": "a"}]}
    for host in "abcdef":
        lines.append(failed("x", host, f"{host * 3} in pid 1", **result))
        lines.append(failed("x", f"{host}2", f"{host * 3} in pid 2", **result))
    found = report_of(*lines).failures

    assert [failure.reason for failure in found] == [f"{host * 3} in pid 1" for host in "abcdef"]
    kept = [bool(failure.text and failure.outputs and failure.items and failure.example) for failure in found]
    forgotten = [
        (failure.text, failure.outputs, failure.items, failure.example) == ("", (), (), "") for failure in found
    ]
    assert kept == [True, True, False, False, True, True]
    assert forgotten == [not one for one in kept]


def test_of_a_host_that_fails_again_and_again_the_latest_failures_are_kept() -> None:
    lines = [run(), play()]
    for number in range(30):
        lines += [task(f"t{number}"), failed(f"t{number}", "web1", "boom")]

    report = report_of(*lines, stats({"web1": counts(failures=30)}))
    assert [failure.task for failure in report.failures] == [f"t{number}" for number in range(10, 30)]
    assert report_of(*lines, stats({"web1": counts(failures=1, rescued=29)})).failures[0].task == "t29"


def test_rescued_failures_however_many_take_no_room_from_the_others() -> None:
    lines = [run(), play()]
    for number in range(30):
        lines += [task(f"t{number}"), failed(f"t{number}", "web1", "boom", rescued=number != 3)]

    assert [failure.task for failure in report_of(*lines, interrupted=True).failures] == ["t3"]


def test_a_failure_of_a_host_in_two_tasks_of_one_reason_names_it_once() -> None:
    lines = [run(), play(), task("x"), failed("x", "web1", "boom"), failed("x", "web1", "boom")]
    assert [failure.hosts for failure in report_of(*lines, stats({"web1": counts(failures=2)})).failures] == [("web1",)]


def test_hosts_have_the_numbers_of_the_recap_or_those_that_were_told() -> None:
    lines = [
        run(),
        play(),
        task("x"),
        ok("x", "web10", changed=True),
        ok("x", "web2"),
        failed("x", "web3", "boom"),
        unreachable("x", "web4", "gone"),
        failed("x", "web5", "rescued", rescued=True),
        task("y"),
        ok("y", "web10", changed=True),
        ok("y", "web5"),
    ]

    assert report_of(*lines, interrupted=True).hosts == [
        HostResult("web3", FAILED, 0, 0, 1, 0, 0, 0, 0),
        HostResult("web4", UNREACHABLE, 0, 0, 0, 1, 0, 0, 0),
        HostResult("web2", SUCCESS, 1, 0, 0, 0, 0, 0, 0),
        HostResult("web5", SUCCESS, 1, 0, 0, 0, 0, 0, 0),
        HostResult("web10", SUCCESS, 2, 2, 0, 0, 0, 0, 0),
    ]
    recap = counts(ok=1, changed=2, failures=3, unreachable=4, skipped=5, rescued=6, ignored=7)
    assert report_of(*lines[:4], stats({"web10": recap})).hosts == [HostResult("web10", FAILED, 1, 2, 3, 4, 5, 6, 7)]


def test_numbers_of_a_recap_that_cannot_be_are_bounded() -> None:
    recap = {"ok": -1, "changed": 10**12, "failures": "1", "rescued": 10**9, "ignored": 10**9 + 1}
    assert report_of(stats({"web1": recap})).hosts == [  # type: ignore[dict-item]
        HostResult("web1", SUCCESS, 0, 10**9, 0, 0, 0, 10**9, 10**9)
    ]
    assert [report_of({"e": "end", "lost": lost}).lost for lost in (3, -3, 2.5, None)] == [3, 0, 0, 0]


def test_totals_count_hosts_that_changed_and_those_that_are_ok() -> None:
    hosts = {
        "web1": counts(ok=3, changed=1),
        "web2": counts(ok=3, changed=2, failures=1),
        "web3": counts(ok=3, rescued=2, ignored=1),
        "web4": counts(unreachable=1, rescued=3, ignored=4),
    }
    report = report_of(run(), play(), stats(hosts))

    assert report.totals == Totals(
        hosts=4, failed=1, unreachable=1, ok=2, changed=2, ok_changed=1, rescued=5, ignored=5
    )
    assert report.plays == [
        PlayResult(
            "web", failed=1, unreachable=1, ok=2, changed=1, complete=True, no_hosts=False, spans=report.plays[0].spans
        )
    ]
    assert report.changed
    assert not report_of(run(), play(), stats({"web1": counts(ok=1)})).changed


@pytest.mark.parametrize(
    ("recap", "complete"),
    [
        (counts(ok=4, changed=1), True),
        (counts(ok=5, changed=1), False),
        (counts(ok=4, changed=2), False),
        (counts(ok=0, changed=0, skipped=9), True),
    ],
)
def test_plays_are_complete_when_half_of_the_results_and_every_change_were_told(
    recap: dict[str, int], complete: bool
) -> None:
    lines = [run(), play("a"), task("x", play="a"), ok("x", "web1", changed=True), play("b"), task("y", play="b")]
    report = report_of(*lines, ok("y", "web1"), stats({"web1": recap}))

    assert [found.complete for found in report.plays] == [complete, complete]


def test_a_play_counts_a_host_once_and_by_the_worst_that_happened_to_it() -> None:
    report = report_of(
        run(),
        play("a"),
        task("x", play="a"),
        *(ok("x", f"web{number}", changed=number < 2) for number in range(9)),
        play("b"),
        task("y", play="b"),
        failed("y", "web0", "boom"),
        unreachable("y", "web1", "gone"),
        unreachable("y", "web8", "gone"),
        failed("y", "web2", "boom"),
        unreachable("y", "web2", "gone"),
        stats(
            {
                **{f"web{number}": counts(ok=1) for number in range(9)},
                "web0": counts(failures=1),
                "web1": counts(unreachable=1),
                "web2": counts(failures=1, unreachable=1),
                "web8": counts(unreachable=1),
            }
        ),
    )

    assert [(found.failed, found.unreachable, found.ok, found.changed) for found in report.plays] == [
        (0, 0, 9, 2),
        (2, 2, 0, 0),
    ]


def test_a_host_that_changed_once_has_changed() -> None:
    lines = [run(), play("b"), play("a"), task("x", play="a"), ok("x", "web1", changed=True)]
    lines += [
        task("y", play="a"),
        ok("y", "web1"),
        ok("y", "web2"),
        stats({"web1": counts(ok=2), "web2": counts(ok=1)}),
    ]
    assert [(found.ok, found.changed) for found in report_of(*lines).plays] == [(0, 0), (2, 1)]


def test_plays_beyond_those_that_are_kept_are_counted() -> None:
    lines = [play(f"p{number}", number) for number in range(503)]
    report = report_of(run(), *lines, task("x", 600, play="p502"), ok("x", "web1", 601), stats({}, 700))

    assert len(report.plays) == 500
    assert report.plays_left_out == 3
    assert report.current_play == "p499"
    assert report_of(run()).current_play == ""
    # One play of several is not the one that the recap tells of.
    assert report.plays[0].spans == ((START, START + 1),)


def test_batches_beyond_those_that_are_kept_prolong_the_last() -> None:
    lines = [play(after=number) for number in range(1, 53)]
    spans = report_of(run(), *lines, stats({}, 99)).plays[0].spans

    assert len(spans) == 50
    assert (spans[0], spans[48], spans[49]) == (
        (START + 1, START + 2),
        (START + 49, START + 50),
        (START + 50, START + 99),
    )


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ({"play": "a", "reason": "no_hosts_matched"}, [True, False]),
        ({"play": "b", "reason": "no_hosts_matched"}, [False, True]),
        ({"play": "c", "reason": "no_hosts_matched"}, [False, True]),
        ({"reason": "no_hosts_matched"}, [False, True]),
        ({"play": "a", "reason": "no_hosts_remaining"}, [False, False]),
        ({"play": "a"}, [False, False]),
    ],
)
def test_a_play_without_hosts_is_named_or_the_last(line: Line, found: list[bool]) -> None:
    assert [one.no_hosts for one in report_of(play("a"), play("b"), {"e": "no_hosts", **line}).plays] == found
    assert report_of({"e": "no_hosts", **line}).plays == []


def test_names_of_plays_and_tasks_fall_back_to_pattern_and_action() -> None:
    def names(**changes: t.Any) -> tuple[str, str]:
        report = Report()
        report.add({**play("p"), **changes})
        report.add({**task("t", play="p"), **changes})
        assert report.current_task is not None
        return report.current_play, report.current_task.name

    assert names() == ("p", "t")
    assert names(name="") == ("p", "command")
    assert names(name=None, pattern=None, action=None) == ("play", "")
    longest = "abcd " * 23 + "abcde"
    assert names(name=longest) == (longest, longest)
    assert names(name=longest + "f") == (longest[:114] + "…",) * 2


def test_the_slowest_tasks_are_those_that_took_longest_of_however_many() -> None:
    report = Report()
    report.add(play())
    now = 10.0
    took = {}
    for number in range(5500):
        seconds = (number * 7919) % 5503 + 0.5
        took[f"t{number}"] = seconds
        report.add(task(f"t{number}", now, path=f"site.yml:{number}"))
        now += seconds
    report.finish(False, START + now)

    longest = sorted(took, key=lambda name: -took[name])[:20]
    assert [(found.name, found.path) for found in report.slowest_tasks] == [
        (name, f"site.yml:{name[1:]}") for name in longest
    ]
    assert [round(found.seconds, 1) for found in report.slowest_tasks] == [took[name] for name in longest]


def test_a_task_takes_until_its_last_result_or_until_something_else_begins() -> None:
    report = Report()
    for line in (play(), task("x", 2), ok("x", "web1", 2.5), task("y", 3), ok("x", "web2", 9), task("z", 10)):
        report.add(line)

    assert report.slowest_tasks == [
        TaskTime("x", "web", "site.yml:7", 7.0),
        TaskTime("y", "web", "site.yml:7", 7.0),
    ]
    assert report.current_task == TaskTime("z", "web", "site.yml:7", 0.0)
    report.finish(True, START + 10.5)
    assert report.current_task == TaskTime("z", "web", "site.yml:7", 0.5)
    assert report.slowest_tasks[2] == report.current_task
    assert report_of(play(), task("x")).current_task is None


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
    events=st.sampled_from(
        ["run", "vars", "play", "task", "ok", "failed", "unreachable", "cleared", "no_hosts", "stats", "end"]
    ),
    fields=st.dictionaries(
        st.sampled_from(["play", "task", "host", "hosts", "msg", "items", "ci", "git", "at", "tags", "lost", "rc"]),
        _VALUES,
    ),
)
def test_lines_of_any_content_never_raise(events: str, fields: dict[str, t.Any]) -> None:
    report = report_of(run(), play(), task("x"), {**fields, "e": events}, {**fields, "e": events})

    assert len(report.failures) <= 1


def test_a_recap_without_the_name_of_a_host_is_left_out() -> None:
    report = report_of(play("a"), stats({"": counts(failures=1), "web1": counts(ok=1)}))
    assert [host.name for host in report.hosts] == ["web1"]
    assert report.outcome == SUCCESS
