# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the channel reads: whole messages, their bounds, and that text from hosts stays text."""

from __future__ import annotations

import json
import typing as t

import pytest
from ansible_collections.teamchat.zoom.plugins.module_utils._text import FormattedText, Mention, RichText, utf16_length
from ansible_collections.teamchat.zoom.plugins.plugin_utils import _rendering, _report
from ansible_collections.teamchat.zoom.plugins.plugin_utils._rendering import MentionOf, Options
from ansible_collections.teamchat.zoom.plugins.plugin_utils._report import Report
from ansible_collections.teamchat.zoom.tests.unit.plugin_utils.lines import (
    NGINX,
    START,
    Line,
    called,
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

STANDARD = Options()


def text_of(*lines: t.Any, options: Options = STANDARD, interrupted: bool = False) -> str:
    return _rendering.summary(report_of(*lines, interrupted=interrupted), options).text


def covered(message: FormattedText, style: str) -> list[str]:
    """The words in a style; an error if a range is outside the text."""
    units = message.text.encode("utf-16-le")
    found = []
    for entry in message.rich_text:
        assert 0 <= entry.start_position <= entry.end_position < utf16_length(message.text)
        if entry.format_type == style:
            found.append(units[2 * entry.start_position : 2 * entry.end_position + 2].decode("utf-16-le"))
    return found


def test_a_failed_run_in_one_message_and_its_thread() -> None:
    report = report_of(*example_lines())
    message, replies = _rendering.summary(report, STANDARD), _rendering.details(report, STANDARD)

    assert message.text == (
        "❌ site.yml failed · 3 of 40 hosts · 4 min 12 s\n"
        "web: 2 failed, 1 unreachable, 37 ok (12 changed)\n"
        "• Install nginx: web03, web07\n"
        "• unreachable: web11\n"
        "by deploy@ctl-1 · main@3f2c1d9 · limit web · GitLab deploy"
    )
    assert covered(message, "Bold") == ["❌ site.yml failed · 3 of 40 hosts · 4 min 12 s"]
    assert covered(message, "AddLink") == ["GitLab deploy"]
    assert message.rich_text[-1].format_attr == "https://gitlab.example.com/ops/site/-/jobs/4711"
    assert len(message.rich_text) == 2
    assert [reply.text for reply in replies] == [
        f"Install nginx (web : roles/nginx/tasks/main.yml:12) failed on web03, web07\n{NGINX}",
        "Unreachable: web11 — Connection timed out",
    ]
    assert covered(replies[0], "Quote") == [NGINX]


def test_details_within_the_message() -> None:
    report = report_of(*example_lines())
    options = Options(details="inline")

    assert _rendering.details(report, options) == []
    assert _rendering.summary(report, options).text == (
        "❌ site.yml failed · 3 of 40 hosts · 4 min 12 s\n"
        "web: 2 failed, 1 unreachable, 37 ok (12 changed)\n"
        "• Install nginx (web : roles/nginx/tasks/main.yml:12) failed on web03, web07\n"
        f"   {NGINX}\n"
        "• Unreachable: web11 — Connection timed out\n"
        "by deploy@ctl-1 · main@3f2c1d9 · limit web · GitLab deploy"
    )


def test_no_details_at_all() -> None:
    report = report_of(*example_lines())
    options = Options(details="none")

    assert _rendering.details(report, options) == []
    assert "nginx" not in _rendering.summary(report, options).text
    assert "nginx" not in json.dumps(_rendering.card(report, options))


@pytest.mark.parametrize(
    ("recap", "check", "title"),
    [
        ({"w1": counts(ok=3)}, False, "✅ site.yml succeeded · w1, nothing changed · 9 s"),
        ({"w1": counts(ok=3, changed=1)}, True, "✅ Check of site.yml succeeded · w1 would change · 9 s"),
        (
            {"w1": counts(ok=3, changed=1), "w2": counts(ok=3)},
            False,
            "✅ site.yml succeeded · 1 of 2 hosts changed · 9 s",
        ),
        (
            {"w1": counts(ok=3), "w2": counts(ok=3)},
            True,
            "✅ Check of site.yml succeeded · 2 hosts, nothing would change · 9 s",
        ),
        ({"w1": counts(failures=1)}, False, "❌ site.yml failed · w1 · 9 s"),
        ({"w1": counts(unreachable=1)}, False, "❌ site.yml failed · w1 unreachable · 9 s"),
        (
            {"w1": counts(unreachable=1), "w2": counts()},
            False,
            "❌ site.yml failed · 1 of 2 hosts unreachable · 9 s",
        ),
        ({}, False, "✅ site.yml succeeded · nothing to do · 9 s"),
        ({}, True, "✅ Check of site.yml succeeded · nothing to do · 9 s"),
    ],
)
def test_titles(recap: dict[str, dict[str, int]], check: bool, title: str) -> None:
    assert text_of(run(check=check), play(), stats(recap, 9)).split("\n")[0] == title


def test_the_title_of_a_run_that_matched_no_hosts() -> None:
    nobody = {"e": "no_hosts", "play": "web", "reason": "no_hosts_matched"}
    assert text_of(run(limit=None), play(), nobody, stats({}, 9)) == (
        "⚠️ site.yml matched no hosts · 9 s\nby deploy@ctl-1 · main@3f2c1d9"
    )


def test_check_speaks_of_what_would_change() -> None:
    assert text_of(run(check=True, limit=None), play(), stats({"w1": counts(ok=2, changed=1)}, 9)) == (
        "✅ Check of site.yml succeeded · w1 would change · 9 s\n"
        "web: 1 ok (1 would change)\n"
        "by deploy@ctl-1 · main@3f2c1d9"
    )


def test_a_play_that_is_interrupted_in_its_first_task_had_something_to_do() -> None:
    lines = [run(), play("empty", identity="a"), play(identity="b"), task("Migrate")]
    assert text_of(*lines, interrupted=True).split("\n")[1:4] == [
        "empty: nothing to do",
        "web: no results yet",
        "during Migrate (web)",
    ]


def test_an_interrupted_run_says_what_had_happened_so_far() -> None:
    lines = [
        run(git=None),
        play(),
        task("Install nginx"),
        ok("Install nginx", "web1"),
        failed("Install nginx", "web2", "boom", 65),
    ]

    assert text_of(*lines, interrupted=True) == (
        "🛑 site.yml was interrupted · 1 of 2 hosts failed · 1 min 5 s\n"
        "web: 1 failed, 1 ok\n"
        "during Install nginx (web)\n"
        "• Install nginx: web2\n"
        "by deploy@ctl-1 · limit web"
    )
    assert text_of(run(git=None, user="", controller=""), interrupted=True) == (
        "🛑 site.yml was interrupted · 0 s\nbefore the first task\nlimit web"
    )


def test_a_run_that_recovered_says_so() -> None:
    lines = [run(), play(), stats({"w1": counts(ok=1)}, 9)]
    assert text_of(*lines, options=Options(recovered=True)).startswith("✅ site.yml recovered · w1, nothing changed")


def test_rescued_and_ignored_failures_are_a_note() -> None:
    text = text_of(run(), play(), stats({"w1": counts(ok=1, rescued=1), "w2": counts(ok=1, ignored=2)}, 9))
    assert text.split("\n")[1:3] == ["web: 2 ok", "1 failure rescued, 2 ignored"]


def test_of_many_plays_those_that_failed_are_shown() -> None:
    lines: list[Line] = [run()]
    for number in range(200):
        lines += [play(f"play{number}", number), task(f"x{number}", number, play=f"play{number}")]
        lines.append(ok(f"x{number}", "w1", number))
        if number == 150:
            lines.append(failed("x150", "w2", "boom", number))
    recap = {"w1": counts(ok=200), "w2": counts(failures=1)}

    assert text_of(*lines, stats(recap), {"e": "no_hosts"}).split("\n")[1:8] == [
        "play0: 1 ok",
        "play1: 1 ok",
        "play2: 1 ok",
        "play3: 1 ok",
        "play150: 1 failed, 1 ok",
        "and 195 more plays",
        "• x150: w2",
    ]


def test_plays_without_hosts_are_a_note() -> None:
    nobody = {"e": "no_hosts", "play": "db", "reason": "no_hosts_matched"}
    text = text_of(run(), play("db"), nobody, play("web"), task("x"), ok("x", "w1"), stats({"w1": counts(ok=1)}, 9))
    assert text.split("\n")[1:3] == ["web: 1 ok", "no hosts matched: db"]


def test_failed_items_and_outputs_stand_in_the_thread() -> None:
    report = report_of(
        run(),
        play(),
        task("Clone"),
        failed("Clone", "w1", "non-zero return code", rc=128, stderr="Cloning\nfatal: no such repo", delegate="ctl"),
        task("Packages"),
        failed(
            "Packages",
            "w2",
            "One or more items failed",
            items=[{"item": str(n), "msg": "No package"} for n in range(7)],
        ),
    )

    assert [reply.text for reply in _rendering.details(report, STANDARD)] == [
        "Clone (web : site.yml:7) failed on w1 (delegated to ctl)\nexit status 128\nCloning\nfatal: no such repo",
        "Packages (web : site.yml:7) failed on w2\n"
        "0: No package\n1: No package\n2: No package\n3: No package\n4: No package\nand 2 more items",
    ]


def test_the_host_whose_words_are_shown_is_named_where_words_differ() -> None:
    report = report_of(run(), play(), task("x"), failed("x", "w1", "pid 17 died"), failed("x", "w2", "pid 18 died"))
    assert [reply.text for reply in _rendering.details(report, STANDARD)] == [
        "x (web : site.yml:7) failed on w1, w2\nfor example on w1:\npid 17 died"
    ]


def test_more_failures_than_wanted_are_counted() -> None:
    lines = [run(), play(), task("x"), *(failed("x", f"w{n}", f"reason {n}a") for n in range(32))]
    replies = [reply.text for reply in _rendering.details(report_of(*lines), Options(max_failures=2))]

    assert len(replies) == 3
    assert replies[2] == "and 30 more failures on 30 hosts"


def test_many_failures_share_messages() -> None:
    lines = [run(), play(), task("x"), *(failed("x", f"w{n}", f"reason {n}a") for n in range(300))]
    replies = _rendering.details(report_of(*lines), Options(max_failures=1000))

    assert len(replies) == _rendering.MAX_DETAILS
    assert replies[0].text.startswith(
        "x (web : site.yml:7) failed on w0\nreason 0a\n\nx (web : site.yml:7) failed on w1\n"
    )
    assert covered(replies[1], "Bold") == ["x"] * replies[1].text.count(" failed on ")
    told = sum(reply.text.count(" failed on ") for reply in replies)
    assert replies[-1].text == f"and {300 - told} more failures on {300 - told} hosts"


def test_a_started_and_a_running_run() -> None:
    report = Report()
    for line in example_lines()[:150]:
        report.add(line)

    assert _rendering.start(report, STANDARD).text == (
        "▶️ site.yml started\nby deploy@ctl-1 · main@3f2c1d9 · limit web · GitLab deploy"
    )
    assert _rendering.progress(report, STANDARD, START + 125).text == (
        "⏳ site.yml is running · 2 min\n"
        "web: Write the configuration\n"
        "so far: 2 failed, 1 unreachable, 37 ok (12 changed)\n"
        "• Install nginx: web03, web07\n"
        "• unreachable: web11\n"
        "by deploy@ctl-1 · main@3f2c1d9 · limit web · GitLab deploy"
    )


def words(length: int) -> str:
    """Words of so many characters in all."""
    return ("abcd " * length)[: length - 1] + "e"


def test_a_run_of_which_little_is_known_yet() -> None:
    report = Report()
    assert _rendering.progress(report, STANDARD, START).text == "⏳ Playbook is running"

    report.add(run(limit=None, git=None, user="", controller=""))
    report.add(called("Roll out"))
    report.add(play())
    assert _rendering.start(report, STANDARD) == FormattedText(
        "▶️ Roll out started", (RichText(0, len("▶️ Roll out started") - 1, "Bold"),)
    )
    message = _rendering.progress(report, STANDARD, START + 60)
    assert message.text == "⏳ Roll out is running · 1 min\nweb"
    assert covered(message, "Bold") == ["⏳ Roll out is running · 1 min"]
    report.add(task("", play="web"))
    assert _rendering.progress(report, STANDARD, START).text == "⏳ Roll out is running\nweb: command"
    report.add({**task("", action=None), "task": "another"})
    assert _rendering.progress(report, STANDARD, START).text == "⏳ Roll out is running\nweb"


@pytest.mark.parametrize(
    ("after", "told"),
    [
        (-3600, ""),
        (59.9, ""),
        (60, " · 1 min"),
        (119.9, " · 1 min"),
        (3599.9, " · 59 min"),
        (3660, " · 1 h 1 min"),
        (2 * 86400 + 3 * 3600, " · 2 d 3 h"),
    ],
)
def test_how_long_a_run_goes_on_is_told_in_minutes_until_now(after: float, told: str) -> None:
    """Whatever the time of its last event."""
    report = Report()
    report.add(run(limit=None, git=None, user="", controller=""))
    report.add(play(after=1))
    assert _rendering.progress(report, STANDARD, START + after).text == f"⏳ site.yml is running{told}\nweb"


def test_a_running_task_without_a_play() -> None:
    report = Report()
    report.add(run(check=True, limit=None, git=None, user="", controller=""))
    report.add(task("Install"))
    report.add(ok("Install", "web1", changed=True))
    assert _rendering.progress(report, STANDARD, START).text == (
        "⏳ Check of site.yml is running\nInstall\nso far: 1 ok (1 would change)"
    )


def test_every_message_is_shortened_to_its_length() -> None:
    report = Report()
    report.add(called(words(100)))
    short = Options(max_length=20)
    assert _rendering.start(report, short).text == "▶️ abcd abcd abcd…"
    assert _rendering.progress(report, short, START).text == "⏳ abcd abcd abcd…"
    report.add(play())
    report.add(task("x"))
    report.add(failed("x", "w1", "boom"))
    report.add(failed("x", "w2", "bang"))
    report.finish(False)
    assert _rendering.summary(report, short).text == "❌ abcd abcd abcd…"
    assert [reply.text for reply in _rendering.details(report, Options(max_length=20, max_failures=1))] == [
        "x (web : site.yml:7…",
        "and 1 more failure…",
    ]


@pytest.mark.parametrize(
    ("lines", "interrupted", "line"),
    [
        ([failed("x", "w1", "boom")], True, "🛑 site.yml was interrupted · w1 failed · 4 s"),
        ([unreachable("x", "w1", "gone")], True, "🛑 site.yml was interrupted · w1 unreachable · 4 s"),
        ([ok("x", "w1")], True, "🛑 site.yml was interrupted · w1, nothing changed · 3 s"),
        (
            [failed("x", "w1", "boom"), unreachable("x", "w2", "gone"), ok("x", "w3")],
            False,
            "❌ site.yml failed · 2 of 3 hosts · 4 s",
        ),
        ([ok("x", "w1"), ok("x", "w2")], False, "✅ site.yml succeeded · 2 hosts, nothing changed · 3 s"),
        ([ok("x", "w1", changed=True), ok("x", "w2")], False, "✅ site.yml succeeded · 1 of 2 hosts changed · 3 s"),
        ([ok("x", "w1", changed=True)], False, "✅ site.yml succeeded · w1 changed · 3 s"),
        (
            [ok("x", words(61), changed=True)],
            False,
            f"✅ site.yml succeeded · {words(61)[:54]}… changed · 3 s",
        ),
    ],
)
def test_figures_of_a_title(lines: list[Line], interrupted: bool, line: str) -> None:
    report = report_of(run(), play(), task("x"), *lines, interrupted=interrupted)
    assert _rendering.title(report, STANDARD) == line


def test_a_check_of_which_nothing_would_change() -> None:
    some = {"w1": counts(ok=1, changed=1), "w2": counts(ok=1), "w3": counts(ok=1, changed=2)}
    assert text_of(run(check=True), play(), stats(some, 9)).startswith(
        "✅ Check of site.yml succeeded · 2 of 3 hosts would change · 9 s\nweb: 3 ok (2 would change)\n"
    )
    assert text_of(run(check=True), play(), stats({"w1": counts(ok=1)}, 9)).startswith(
        "✅ Check of site.yml succeeded · w1, nothing would change · 9 s\nweb: 1 ok\n"
    )


def test_plays_of_which_not_everything_is_known_show_no_more_than_is_known() -> None:
    lines = [run(), play("a"), play("b"), task("x", play="b"), failed("x", "w1", "boom"), ok("x", "w2", changed=True)]
    hosts = {"w1": counts(failures=1), "w2": counts(ok=9, changed=1)}

    assert text_of(*lines, stats(hosts)).split("\n")[1:3] == ["a: no failures", "b: 1 failed"]
    assert text_of(run(), play(words(80), identity="a"), play(words(81), identity="b"), stats(hosts)).split("\n")[
        1:3
    ] == [
        f"{words(80)}: no failures",
        f"{words(81)[:74]}…: no failures",
    ]
    assert (
        text_of(run(), play(words(81)), stats(hosts)).split("\n")[1] == f"{words(81)[:74]}…: 1 failed, 1 ok (1 changed)"
    )
    lines = [run(), play("a"), play("b"), task("x", play="b"), unreachable("x", "w1", "gone")]
    assert text_of(*lines, stats({"w1": counts(unreachable=1)})).split("\n")[1:3] == [
        "a: nothing to do",
        "b: 1 unreachable",
    ]


def test_up_to_five_plays_are_shown_and_those_without_hosts_named_by_three() -> None:
    lines = [run()]
    for number in range(5):
        lines += [play(f"p{number}"), task(f"t{number}", play=f"p{number}"), ok(f"t{number}", "w1")]
    lines += [stats({"w1": counts(ok=5)}, 9)]
    assert text_of(*lines).split("\n")[1:7] == [
        *(f"p{number}: 1 ok" for number in range(5)),
        "by deploy@ctl-1 · main@3f2c1d9 · limit web",
    ]
    one_more = [play("p5"), task("t5", play="p5"), ok("t5", "w1")]
    assert text_of(*lines[:-1], *one_more, lines[-1]).split("\n")[6] == "and 1 more play"

    many = [play(f"q{number}") for number in range(500)]
    assert text_of(*lines[:-1], *many, lines[-1]).split("\n")[6] == "and 500 more plays"

    nobody = []
    for name in ("a", words(40), words(41), "d"):
        nobody += [play(name, 9), {"e": "no_hosts", "play": name, "reason": "no_hosts_matched"}]
    assert text_of(*lines[:-1], *nobody, lines[-1]).split("\n")[6] == (
        f"no hosts matched: a, {words(40)}, {words(41)[:34]}… and 1 more"
    )
    assert text_of(run(), *nobody, stats({}, 9)).split("\n")[1:] == ["by deploy@ctl-1 · main@3f2c1d9 · limit web"]


@pytest.mark.parametrize(
    ("recap", "note"),
    [
        (counts(ok=1, rescued=2), "2 failures rescued"),
        (counts(ok=1, ignored=1), "1 failure ignored"),
        (counts(ok=1, ignored=12_000), "12\u202f000 failures ignored"),
        (counts(ok=1, rescued=1, ignored=1), "1 failure rescued, 1 ignored"),
    ],
)
def test_notes_of_what_was_forgiven(recap: dict[str, int], note: str) -> None:
    assert text_of(run(), play(), stats({"w1": recap}, 9)).split("\n")[2] == note


def test_notes_of_what_is_missing() -> None:
    lines = [run(limit=None, git=None, user="", controller=""), task(words(101)), {"e": "end", "lost": 3}]
    assert text_of(*lines, interrupted=True).split("\n")[1:] == [
        f"during {words(101)[:94]}…",
        "details of 3 failures were not recorded",
    ]
    assert text_of(run(), play(words(61)), task(words(100), play=words(61)), interrupted=True).split("\n")[2] == (
        f"during {words(100)} ({words(61)[:54]}…)"
    )


ORIGIN: dict[str, t.Any] = {"user": "", "controller": "", "git": None, "limit": None, "ci": None}


@pytest.mark.parametrize(
    ("head", "origin"),
    [
        ({}, []),
        ({"user": "me"}, ["by me"]),
        ({"controller": "here"}, ["by here"]),
        ({"git": {"branch": "main"}}, ["main"]),
        ({"git": {"commit": "3f2c1d9"}}, ["3f2c1d9"]),
        ({"limit": words(60)}, [f"limit {words(60)}"]),
        ({"limit": words(61)}, [f"limit {words(61)[:54]}…"]),
        ({"tags": ["all"], "skip_tags": []}, []),
        ({"tags": ["all", "never"], "skip_tags": ["slow"]}, ["tags all, never · skip tags slow"]),
        ({"tags": list("abcde")}, ["tags a, b, c, d, e"]),
        ({"tags": list("abcdefg")}, ["tags a, b, c, d, e and 2 more"]),
        ({"ci": {"system": "GitLab", "job": "deploy"}}, ["GitLab deploy"]),
        ({"ci": {"job": "deploy"}, "user": "me"}, ["by me · deploy"]),
    ],
)
def test_origin_of_a_run(head: dict[str, t.Any], origin: list[str]) -> None:
    message = _rendering.start(report_of(run(**{**ORIGIN, **head})), STANDARD)
    assert message.text.split("\n")[1:] == origin
    assert covered(message, "AddLink") == []


def test_an_address_without_a_name_is_the_job() -> None:
    message = _rendering.start(report_of(run(**{**ORIGIN, "ci": {"url": "https://ci.example.com/1"}})), STANDARD)
    assert message.text.split("\n")[1:] == ["job"]
    assert message.rich_text[1:] == (RichText(20, 22, "AddLink", "https://ci.example.com/1"),)


@pytest.mark.parametrize(
    ("ci", "last"),
    [
        (
            {"system": "GitLab", "job": "deploy", "url": "https://ci.example.com/1"},
            "GitLab deploy: https://ci.example.com/1",
        ),
        ({"url": "https://ci.example.com/@all/1"}, "job: https://ci.example.com/%40all/1"),
        ({"system": "GitLab"}, "GitLab"),
    ],
)
def test_an_edit_takes_no_links_and_so_has_the_address_in_its_text(ci: dict[str, str], last: str) -> None:
    report, plain = report_of(run(**{**ORIGIN, "user": "me", "ci": ci}), play()), Options(plain=True)
    for message in (_rendering.summary(report, plain), _rendering.progress(report, plain, START)):
        assert message.text.split("\n")[-1] == f"by me · {last}"
        assert covered(message, "AddLink") == []


def several_failures() -> list[Line]:
    """Two reasons in one task, tasks of one name in two files, and many hosts."""
    lines = [run(**ORIGIN), play(), task("a"), failed("a", "w1", "one"), failed("a", "w2", "two")]
    lines += [failed("a", "w1", "two")]
    for number, name in enumerate(("b", "b", "c", "d")):
        identity = f"{name}{number}"
        lines += [{**task(name, path=f"site.yml:{number}"), "task": identity}, failed(identity, f"x{number}", name)]
    lines += [unreachable("a", f"y{number}", "gone") for number in range(0, 20, 2)]
    return lines


@pytest.mark.parametrize(
    ("options", "glances"),
    [
        (STANDARD, ["• a: w1, w2", "• b: x0", "• b: x1", "• and 3 more failures on 12 hosts"]),
        (Options(max_failures=1), ["• a: w1, w2", "• and 5 more failures on 14 hosts"]),
        (Options(max_failures=1, max_hosts=1), ["• a: w1, w2", "• and 5 more failures on 14 hosts"]),
        (Options(max_failures=0), []),
        (Options(max_failures=-1), []),
    ],
)
def test_a_glance_at_the_first_failures(options: Options, glances: list[str]) -> None:
    report = report_of(*several_failures(), stats({"w1": counts(failures=2)}, 9))
    assert _rendering.summary(report, options).text.split("\n")[2:] == glances


def test_a_glance_names_at_most_five_hosts() -> None:
    lines = [run(**ORIGIN), play(), task("x"), *(failed("x", f"w{n}", "boom") for n in range(0, 20, 2))]
    lines += [task("y"), *(unreachable("y", f"v{n}", "gone" if n else "lost") for n in range(0, 20, 2))]
    assert text_of(*lines).split("\n")[2:] == [
        "• x: w0, w2, w4, w6, w8 and 5 more",
        "• unreachable: v0, v2, v4, v6, v8 and 5 more",
    ]
    assert text_of(*lines, options=Options(max_hosts=0)).split("\n")[2] == "• x: w0 and 9 more"
    assert text_of(*lines, options=Options(max_hosts=2)).split("\n")[2:] == [
        "• x: w0, w2 and 8 more",
        "• unreachable: v0, v2 and 8 more",
    ]


def test_details_within_the_message_are_as_many_as_wanted() -> None:
    lines = [run(**ORIGIN), play(), task("x"), *(failed("x", f"w{n}", words(161)) for n in range(0, 20, 2))]
    lines += [task("y"), failed("y", "v", words(160)), failed("y", "u", "")]
    head = "• x (web : site.yml:7) failed on w0, w2, w4, w6, w8 and 5 more"

    def told(most: int) -> list[str]:
        return text_of(*lines, options=Options(details="inline", max_failures=most)).split("\n")[2:]

    assert told(3) == [
        head,
        f"   {words(161)[:154]}…",
        "• y (web : site.yml:7) failed on v",
        f"   {words(160)}",
        "• y (web : site.yml:7) failed on u",
        "   no reason given",
    ]
    assert told(1) == [*told(3)[:2], "• and 2 more failures on 2 hosts"]
    assert told(0) == told(-1) == ["• and 3 more failures on 12 hosts"]


def test_hosts_that_were_not_reached_are_one_line_whatever_the_reasons_and_tasks() -> None:
    lines = [task("x"), unreachable("x", "w1", "No route to host"), task("y"), unreachable("y", "w2", "timed out")]
    assert "• unreachable: w1, w2\n" in text_of(run(), play(), *lines)


@pytest.mark.parametrize(
    ("result", "reply"),
    [
        ({"msg": "boom"}, ["boom"]),
        ({"msg": "boom\n\n@all fell"}, ["boom", "@\u2060all fell"]),
        ({"msg": "\n".join(str(n) for n in range(12))}, [str(n) for n in range(12)]),
        ({"msg": "\n".join(str(n) for n in range(13))}, [*(str(n) for n in range(12)), "…"]),
        ({"msg": "boom", "rc": 1, "stderr": "more"}, ["boom"]),
        ({"msg": "non-zero return code", "rc": 0, "stderr": "no"}, ["no"]),
        ({"msg": "non-zero return code", "rc": 3}, ["non-zero return code"]),
        (
            {"msg": "non-zero return code", "rc": 3, "stderr": "\n".join(str(n) for n in range(15))},
            ["exit status 3", *(str(n) for n in range(3, 15))],
        ),
        ({"msg": "non-zero return code", "stdout": "a\n\n@here", "stderr": ""}, ["a", "@\u2060here"]),
        ({"msg": "", "rc": 5}, ["exit status 5", "no reason given"]),
        (
            {
                "msg": "MODULE FAILURE: No start of json char found\nSee stdout/stderr for the exact error",
                "exception": "Traceback\nKeyError",
            },
            ["Traceback", "KeyError"],
        ),
        ({"msg": words(400), "rc": 1, "stderr": "more"}, [words(400)]),
        (
            {"msg": "failed", "items": [{"item": words(61), "msg": words(161)}, {"item": "b", "msg": ""}]},
            [f"{words(61)[:54]}…: {words(161)[:154]}…", "b"],
        ),
        (
            {"msg": "failed", "items": [{"item": str(n), "msg": "no"} for n in range(5)]},
            [f"{n}: no" for n in range(5)],
        ),
        (
            {"msg": "failed", "items": [{"item": str(n), "msg": "no"} for n in range(6)]},
            [*(f"{n}: no" for n in range(5)), "and 1 more item"],
        ),
    ],
)
def test_what_a_reply_tells_of_a_failure(result: dict[str, t.Any], reply: list[str]) -> None:
    line = {**failed("x", "w1", ""), **result}
    message = _rendering.details(report_of(run(), play(), task("x"), line), STANDARD)[0]

    assert message.text.split("\n") == ["x (web : site.yml:7) failed on w1", *reply]
    assert covered(message, "Bold") == ["x"]
    if "items" in result:
        assert covered(message, "BulletedList") == reply
    else:
        assert covered(message, "Quote") == ["\n".join(reply)]


@pytest.mark.parametrize(
    ("lines", "reply"),
    [
        ([failed("x", "w1", "boom")], "a task failed on w1\nboom"),
        ([task("x", path=None), failed("x", "w1", "boom")], "x failed on w1\nboom"),  # type: ignore[arg-type]
        ([task("x", path="a.yml:1"), failed("x", "w1", "boom")], "x (a.yml:1) failed on w1\nboom"),
        ([play(), task("x", path=""), failed("x", "w1", "boom")], "x (web) failed on w1\nboom"),
        ([task(words(101), path=""), failed(words(101), "w1", "boom")], f"{words(101)[:94]}… failed on w1\nboom"),
        ([unreachable("x", "w1", words(201))], f"Unreachable: w1 — {words(201)[:194]}…"),
        ([unreachable("x", "w1", words(200))], f"Unreachable: w1 — {words(200)}"),
        ([unreachable("x", "w1", "down", delegate="@all")], "Unreachable: w1 (delegated to @\u2060all) — down"),
        ([stats({"w1": counts(unreachable=1)})], "Unreachable: w1"),
        ([stats({"w1": counts(failures=1)})], "a task failed on w1"),
        (
            [task("x", path=""), failed("x", "w1", "boom", delegate=words(61))],
            f"x failed on w1 (delegated to {words(61)[:54]}…)\nboom",
        ),
        (
            [failed("x", "w1", "pid 1 is gone"), failed("x", words(61), "pid 2 is gone")],
            f"a task failed on {words(61)[:54]}…, w1\nfor example on w1:\npid 1 is gone",
        ),
    ],
)
def test_how_a_reply_begins(lines: list[Line], reply: str) -> None:
    assert [message.text for message in _rendering.details(report_of(*lines), STANDARD)] == [reply]


def test_failures_without_a_common_reason_are_told_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_report, "_MAX_FOLDS", 2)
    lines = [run(), play(), task("x"), *(failed("x", f"w{name}", f"{name} is wrong") for name in "abcd")]
    assert [message.text for message in _rendering.details(report_of(*lines), STANDARD)] == [
        "x (web : site.yml:7) failed on wc, wd for various other reasons",
        "x (web : site.yml:7) failed on wa\na is wrong",
        "x (web : site.yml:7) failed on wb\nb is wrong",
    ]


def test_up_to_six_failures_have_a_reply_each_and_more_share_them() -> None:
    def replies(failures: int, most: int, length: int = 1024) -> list[str]:
        lines = [run(), task("x", path=""), *(failed("x", f"w{n}", f"{chr(97 + n)} is wrong") for n in range(failures))]
        report = report_of(*lines, {"e": "end", "lost": 2})
        return [message.text for message in _rendering.details(report, Options(max_failures=most, max_length=length))]

    each = [f"x failed on w{n}\n{chr(97 + n)} is wrong" for n in range(9)]
    assert replies(7, 6) == [*each[:6], "and 1 more failure on 1 host; 2 failures not recorded"]
    assert replies(7, 7) == ["\n\n".join(each[:7])]
    assert replies(9, 7) == ["\n\n".join(each[:7]), "and 2 more failures on 2 hosts; 2 failures not recorded"]
    length = len(each[0])
    assert replies(7, 7, 2 * length + 2) == [*("\n\n".join(each[n : n + 2]) for n in (0, 2, 4)), each[6]]
    assert replies(7, 7, 2 * length + 1) == [*each[:6], "and 1 more failure on 1 host; 2 failures not…"]
    assert replies(6, 0) == replies(6, -1) == []


def test_failures_that_share_a_message_keep_their_formats() -> None:
    lines = [run(), task("x", path=""), *(failed("x", f"w{n}", f"{chr(97 + n)} é 🚀") for n in range(7))]
    lines += [unreachable("x", "v1", "gone")]
    message = _rendering.details(report_of(*lines), Options(max_failures=8))[0]

    assert covered(message, "Bold") == ["x"] * 7 + ["Unreachable"]
    assert covered(message, "Quote") == [f"{chr(97 + n)} é 🚀" for n in range(7)]
    assert message.text.endswith("\n\nUnreachable: v1 — gone")


# Mentions and foreign text


def test_only_those_who_are_declared_are_mentioned_and_only_after_a_failure() -> None:
    options = Options(mentions=(MentionOf("@Zoë 🚀", "zoe@example.com"), MentionOf("@all")))
    lines = [run(user="@all"), play(), task("x"), failed("x", "w1", "@all <!bob|Bob> @Zoë 🚀")]

    message = _rendering.summary(report_of(*lines), options)
    assert message.text.endswith("\n@Zoë 🚀 @all")
    units = message.text.encode("utf-16-le")
    spans = [(mention.start_position, mention.end_position) for mention in message.mentions]
    assert [units[2 * start : 2 * end + 2].decode("utf-16-le") for start, end in spans] == ["@Zoë 🚀", "@all"]
    assert [(mention.at_type, mention.at_contact) for mention in message.mentions] == [
        (1, "zoe@example.com"),
        (2, None),
    ]
    assert "@all" not in message.text[: -len("@all")]
    assert _rendering.summary(report_of(run(), play(), stats({"w1": counts(ok=1)})), options).mentions == ()
    for reply in _rendering.details(report_of(*lines), options):
        assert reply.mentions == ()
        assert "@all" not in reply.text


def test_names_of_plays_and_tasks_mention_nobody_while_the_run_goes_on() -> None:
    report = Report()
    for line in (run(git=None, limit="", user="", controller=""), play("Tell @all")):
        report.add(line)
    assert _rendering.progress(report, STANDARD, START).text == "⏳ site.yml is running\nTell @\u2060all"
    report.add(task("Ask <!bob|Bob>", play="Tell @all"))
    message = _rendering.progress(report, STANDARD, START)
    assert message.text == "⏳ site.yml is running\nTell @\u2060all: Ask <\u2060!bob|Bob>"
    assert message.mentions == ()


def test_names_of_plays_and_tasks_are_shortened_while_the_run_goes_on() -> None:
    report = Report()
    report.add(play("p" * 120))
    assert _rendering.progress(report, STANDARD, START).text.split("\n")[1:] == ["p" * 79 + "…"]
    report.add(task("t" * 120, play="p" * 120))
    assert _rendering.progress(report, STANDARD, START).text.split("\n")[1:] == ["p" * 59 + "…: " + "t" * 99 + "…"]


def test_a_reply_mentions_whom_an_edit_cannot() -> None:
    report = report_of(*example_lines())
    options = Options(mentions=(MentionOf("@Zoë 🚀", "zoe@example.com"), MentionOf("@all")))

    assert _rendering.mention(report, options) == FormattedText(
        "❌ site.yml failed · 3 of 40 hosts · 4 min 12 s\n@Zoë 🚀 @all",
        (RichText(0, 45, "Bold"),),
        (Mention(47, 53, 1, "zoe@example.com"), Mention(55, 58, 2)),
    )
    assert _rendering.mention(report, STANDARD) is None
    assert _rendering.mention(report_of(run(), play(), stats({"w1": counts(ok=1)})), options) is None


def test_a_mention_begins_with_one_at_sign() -> None:
    options = Options(mentions=(MentionOf("Xaver", "x"), MentionOf("@@X\nX", "y")))
    assert _rendering.summary(report_of(*example_lines()), options).text.endswith("\n@Xaver @X X")


def test_a_long_message_keeps_its_mentions() -> None:
    options = Options(mentions=(MentionOf("@Alice", "alice@example.com"),), max_length=100)
    message = _rendering.summary(report_of(*example_lines()), options)

    assert utf16_length(message.text) <= 100
    assert message.text.endswith("…\n@Alice")
    assert [mention.at_contact for mention in message.mentions] == ["alice@example.com"]


@pytest.mark.parametrize(
    ("max_length", "names"),
    [(20, ["@abc", "@def"]), (19, ["@abc"]), (10, ["@abc"]), (9, [])],
)
def test_mentions_take_at_most_half_of_a_message(max_length: int, names: list[str]) -> None:
    mentions = (MentionOf("@abc", "abc@example.com"), MentionOf("@def", "def@example.com"))
    message = _rendering.summary(report_of(*example_lines()), Options(mentions=mentions, max_length=max_length))

    assert message.text.split("\n")[1:] == ([" ".join(names)] if names else [])
    units = message.text.encode("utf-16-le")
    assert [
        units[2 * mention.start_position : 2 * mention.end_position + 2].decode("utf-16-le")
        for mention in message.mentions
    ] == names
    assert utf16_length(message.text) <= max_length


def test_text_from_hosts_cannot_break_the_layout() -> None:
    evil = "\x1b[31mred\x1b[0m \u202egnp.exe\u202c\r\n\n\n\n\x07bell \ud83d a\tb https://bob:secret@git.example.com/r"
    report = report_of(run(), play(), task("x"), failed("x", "w1\u202e\n", evil))

    assert [reply.text for reply in _rendering.details(report, STANDARD)] == [
        "x (web : site.yml:7) failed on w1\nred gnp.exe\nbell \ufffd a b https://git.example.com/r"
    ]


# Templates


def test_own_title_and_body() -> None:
    report = report_of(*example_lines())
    options = Options(
        title_template="{{ playbook }}: {{ totals.failed }} failed in {{ duration }}",
        body_template="{% for f in failures %}{{ f.task }}: {{ f.hosts | join(' ') }}\n{% endfor %}{{ branch }}",
    )

    message = _rendering.summary(report, options)
    assert message.text == ("site.yml: 2 failed in 4 min 12 s\nInstall nginx: web03 web07\nGather facts: web11\nmain")
    assert covered(message, "Bold") == ["site.yml: 2 failed in 4 min 12 s"]
    assert _rendering.warnings(report, options) == []


def test_own_title_is_one_line_whatever_its_template_gives() -> None:
    report = report_of(*example_lines())
    assert _rendering.title(report, Options(title_template="{{ playbook }}:\n  {{ outcome }}\n")) == "site.yml: failure"


def test_own_title_may_use_the_standard_one() -> None:
    report = report_of(*example_lines())
    options = Options(title_template="[prod] {{ standard }}", body_template="{{ standard }}")

    assert _rendering.summary(report, options).text == "[prod] " + _rendering.summary(report, STANDARD).text


def test_own_body_may_hold_the_standard_one() -> None:
    report = report_of(*example_lines())
    title, body = _rendering.summary(report, STANDARD).text.split("\n", 1)
    assert _rendering.summary(report, Options(body_template="so: {{ standard }}")).text == f"{title}\nso: {body}"


@pytest.mark.parametrize(
    ("template", "reason"),
    [
        ("{{ nope }}", "'nope' is undefined"),
        ("{% if %}", "Expected an expression, got 'end of statement block'"),
        ("{{ 1 / 0 }}", "division by zero"),
        ("{{ ''.__class__.__mro__ }}", "access to attribute '__class__' of 'str' object is unsafe."),
        ("{{ 'x' * 1000000000 }}", "what * makes is too long"),
        ("{{ 9 ** 9 ** 9 }}", "the power is too large"),
        ("{{ [1] * 100000 }}", "what * makes is too long"),
        ("  ", "it gives no text"),
    ],
)
def test_broken_template_falls_back_to_the_standard_text_with_a_warning(template: str, reason: str) -> None:
    report = report_of(*example_lines())
    options = Options(title_template=template, body_template=template)

    assert _rendering.summary(report, options) == _rendering.summary(report, STANDARD)
    assert _rendering.warnings(report, options) == [
        f"title_template cannot be used, the summary has the standard title: {reason}",
        f"body_template cannot be used, the summary has the standard body: {reason}",
    ]


def test_what_a_template_writes_is_bounded() -> None:
    report = report_of(*example_lines())
    options = Options(body_template="{% for i in range(99999) %}{{ i }} {% endfor %}")

    assert utf16_length(_rendering.summary(report, options).text) <= 1024


# Cards


def test_card_of_a_failed_run() -> None:
    assert _rendering.card(report_of(*example_lines()), STANDARD) == {
        "is_markdown_support": False,
        "content": {
            "settings": {"default_sidebar_color": "#D64545"},
            "head": {
                "text": "❌ site.yml failed",
                "style": {"bold": True},
                "sub_head": {"text": "3 of 40 hosts · 4 min 12 s"},
            },
            "body": [
                {"type": "message", "text": "web: 2 failed, 1 unreachable, 37 ok (12 changed)"},
                {
                    "type": "section",
                    "sidebar_color": "#D64545",
                    "sections": [
                        {"type": "message", "text": "Install nginx failed on web03, web07", "style": {"bold": True}},
                        {"type": "message", "text": NGINX},
                    ],
                    "footer": "web : roles/nginx/tasks/main.yml:12",
                },
                {
                    "type": "section",
                    "sidebar_color": "#D64545",
                    "sections": [
                        {"type": "message", "text": "Unreachable: web11", "style": {"bold": True}},
                        {"type": "message", "text": "Connection timed out"},
                    ],
                },
                {
                    "type": "fields",
                    "items": [
                        {"key": "By", "value": "deploy@ctl-1", "short": True},
                        {"key": "Revision", "value": "main@3f2c1d9", "short": True},
                        {"key": "Limit", "value": "web", "short": True},
                    ],
                },
                {
                    "type": "message",
                    "text": "GitLab deploy",
                    "link": "https://gitlab.example.com/ops/site/-/jobs/4711",
                },
            ],
        },
    }


def card_of(*lines: t.Any, options: Options = STANDARD) -> tuple[dict[str, t.Any], list[dict[str, t.Any]]]:
    """The head and the body of a card."""
    content = _rendering.card(report_of(*lines), options)["content"]
    return content["head"], content["body"]


def message(text: str) -> dict[str, t.Any]:
    return {"type": "message", "text": text}


def section(head: str, *reasons: str, footer: str = "x : site.yml:7") -> dict[str, t.Any]:
    sections = [{**message(head), "style": {"bold": True}}, *(message(reason) for reason in reasons)]
    found = {"type": "section", "sidebar_color": "#D64545", "sections": sections}
    return {**found, "footer": footer} if footer else found


def fields(*pairs: tuple[str, str]) -> dict[str, t.Any]:
    return {"type": "fields", "items": [{"key": key, "value": value, "short": True} for key, value in pairs]}


def test_card_of_a_run_that_succeeded() -> None:
    head = {**ORIGIN, "ci": {"system": "GitLab", "job": "deploy"}, "tags": ["a"], "skip_tags": list("bcdefgh")}
    assert _rendering.card(report_of(run(**head), play(), stats({"w1": counts(ok=1)}, 9)), STANDARD) == {
        "is_markdown_support": False,
        "content": {
            "settings": {"default_sidebar_color": "#1A7F4B"},
            "head": {
                "text": "✅ site.yml succeeded",
                "style": {"bold": True},
                "sub_head": {"text": "w1, nothing changed · 9 s"},
            },
            "body": [
                message("web: 1 ok"),
                fields(("Tags", "a"), ("Skip tags", "b, c, d, e, f and 2 more"), ("Job", "GitLab deploy")),
            ],
        },
    }


def test_card_of_a_run_that_has_begun() -> None:
    head = {"check": True, "tags": ["a"], "ci": {"system": "GitLab", "url": "https://gitlab.example.com/1"}}
    assert _rendering.start_card(report_of(run(**head))) == {
        "is_markdown_support": False,
        "content": {
            "settings": {"default_sidebar_color": "#3B82F6"},
            "head": {"text": "▶️ Check of site.yml started", "style": {"bold": True}},
            "body": [
                fields(("By", "deploy@ctl-1"), ("Revision", "main@3f2c1d9"), ("Limit", "web"), ("Tags", "a")),
                {**message("GitLab"), "link": "https://gitlab.example.com/1"},
            ],
        },
    }
    assert _rendering.start_card(report_of(run(**ORIGIN)))["content"]["body"] == []


def test_fields_of_a_card() -> None:
    lines = [play(), stats({"w1": counts(ok=1, ignored=1)}, 9)]
    body = card_of(run(tags=["all"], limit=words(61), ci={"url": "https://ci.example.com/1"}), *lines)[1]
    assert body == [
        message("web: 1 ok\n1 failure ignored"),
        fields(("By", "deploy@ctl-1"), ("Revision", "main@3f2c1d9"), ("Limit", f"{words(61)[:54]}…")),
        {**message("job"), "link": "https://ci.example.com/1"},
    ]
    few = {**ORIGIN, "controller": "here", "git": {"commit": "3f2c1d9"}, "limit": words(60), "tags": list("abcdef")}
    assert card_of(run(**few), *lines)[1][1] == fields(
        ("By", "here"), ("Revision", "3f2c1d9"), ("Limit", words(60)), ("Tags", "a, b, c, d, e and 1 more")
    )
    assert card_of(run(**ORIGIN))[1] == []


def test_a_card_with_own_title_and_body_shows_only_them() -> None:
    job = {"system": "GitLab", "url": "https://gitlab.example.com/1"}
    options = Options(title_template="{{ playbook }}", body_template="{{ 'abcd ' * 239 }}abcde")
    lines = [run(ci=job), play(), task("x"), failed("x", "w1", "boom")]

    assert card_of(*lines, options=options) == (
        {"text": "site.yml", "style": {"bold": True}},
        [message(words(1200)), {**message("GitLab"), "link": "https://gitlab.example.com/1"}],
    )
    longer = Options(body_template="{{ 'abcd ' * 240 }}e")
    assert card_of(*lines, options=longer)[1][0] == message(words(1201)[:1194] + "…")


def test_failures_on_a_card() -> None:
    lines = [run(**ORIGIN), play("x"), task("t", play="x"), failed("t", "w1", words(300)), failed("t", "w2", "boom")]
    lines += [unreachable("t", "w3", "gone")]
    summary = message("x: 2 failed, 1 unreachable")
    sections = [
        section("t failed on w1", words(300)),
        section("t failed on w2", "boom"),
        section("Unreachable: w3", "gone", footer=""),
    ]

    assert card_of(*lines)[1] == [summary, *sections]
    assert card_of(*lines, options=Options(max_failures=2))[1] == [
        summary,
        *sections[:2],
        message("and 1 more failure on 1 host"),
    ]
    assert card_of(*lines, options=Options(max_failures=1, details="inline"))[1][1:] == [
        sections[0],
        message("and 2 more failures on 2 hosts"),
    ]
    for most in (0, -1):
        assert card_of(*lines, options=Options(max_failures=most))[1] == [
            summary,
            message("and 3 more failures on 3 hosts"),
        ]
    assert card_of(*lines, options=Options(details="none"))[1] == [summary]
    assert card_of(run(**ORIGIN), stats({"w1": counts(failures=1)}))[1] == [section("a task failed on w1", footer="")]


def test_the_head_of_a_failure_on_a_card_has_its_limit() -> None:
    lines = [
        run(**ORIGIN),
        play("x"),
        task("t", play="x", path="@all"),
        *(failed("t", f"w{n}", "b") for n in range(0, 200, 2)),
    ]
    found = card_of(*lines, options=Options(max_hosts=99))[1][1]

    assert found["footer"] == "x : @\u2060all"
    assert len(found["sections"][0]["text"]) <= 400
    assert found["sections"][0]["text"].startswith("t failed on w0, w2, w4, ")
    assert found["sections"][0]["text"].endswith(" w142, w144,…")


def test_a_card_that_would_be_too_long_shows_shorter_reasons_then_fewer_failures_then_almost_nothing() -> None:
    def body(failures: int, most: int = 99) -> list[dict[str, t.Any]]:
        lines = [run(**ORIGIN), play("x"), task("t", play="x", path="")]
        lines += [failed("t", f"w{n}", chr(97 + n) * 5 + words(295)) for n in range(failures)]
        return card_of(*lines, options=Options(max_failures=most))[1]

    def sections(count: int, length: int) -> list[dict[str, t.Any]]:
        reasons = [chr(97 + n) * 5 + words(295) for n in range(count)]
        cut = [reason if length == 300 else reason[:154] + "…" for reason in reasons]
        return [section(f"t failed on w{n}", reason, footer="x") for n, reason in enumerate(cut)]

    assert body(6) == [message("x: 6 failed"), *sections(6, 300)]
    assert body(7) == [message("x: 7 failed"), *sections(7, 160)]
    assert body(9) == [message("x: 9 failed"), *sections(9, 160)]
    assert body(12) == [message("x: 12 failed"), *sections(9, 160), message("and 3 more failures on 3 hosts")]
    assert body(12, 4) == [message("x: 12 failed"), *sections(4, 300), message("and 8 more failures on 8 hosts")]


@pytest.mark.parametrize(("most", "length"), [(3500, 600), (1500, 300)])
def test_a_text_that_alone_is_too_long_for_a_card_is_shortened(
    monkeypatch: pytest.MonkeyPatch, most: int, length: int
) -> None:
    """In characters it is not: each of these takes three bytes."""
    monkeypatch.setattr(_rendering, "MAX_CARD", most)
    options = Options(body_template="{{ '日本語日本語日本 ' * 200 }}")
    _head, body = card_of(run(), play(), task("t"), ok("t", "w1"), options=options)

    (text,) = [part["text"] for part in body if part["type"] == "message"]
    assert text == ("日本語日本語日本 " * 200)[: length // 9 * 9 - 1].rstrip() + "…"


def test_a_card_for_which_nothing_is_short_enough_says_how_the_run_went(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_rendering, "MAX_CARD", 300)
    options = Options(title_template="{{ 'abcd ' * 41 }}")
    head = {"text": words(201)[:194] + "…", "style": {"bold": True}}
    assert card_of(run(), task("t"), failed("t", "w1", "b"), {"e": "end", "lost": 2}, options=options) == (
        head,
        [message("and 1 more failure on 1 host; 2 failures not recorded")],
    )
    assert card_of(run(), task("t"), ok("t", "w1"), options=options) == (head, [message("site.yml succeeded")])


def test_a_card_that_just_fits_is_left_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    report = report_of(*example_lines(), {"e": "vars", "zoom_chat_title": "é 🚀"})
    whole = _rendering.card(report, STANDARD)
    size = len(json.dumps(whole, ensure_ascii=False).encode("utf-8"))
    monkeypatch.setattr(_rendering, "MAX_CARD", size)
    assert _rendering.card(report, STANDARD) == whole
    monkeypatch.setattr(_rendering, "MAX_CARD", size - 1)
    assert _rendering.card(report, STANDARD) != whole


def test_a_card_mentions_nobody() -> None:
    lines = [called("@all"), play("@here"), task("@everyone"), failed("@everyone", "@channel", "<!jid|Bob> @ALL")]
    text = json.dumps(_rendering.card(report_of(*lines), STANDARD), ensure_ascii=False).lower()

    assert not [word for word in ("@all", "@here", "@everyone", "@channel", "<!") if word in text]


# Bounds, whatever happens

_WORDS = st.text(max_size=30) | st.sampled_from(["é" * 5000, "😀" * 900, "@all ", "a\n" * 99, "\u202e", "x" * 9999])
_NAMES = st.text(min_size=1, max_size=20) | st.sampled_from(["web1", "web02", "h" * 400, "😀"])


def _lines() -> st.SearchStrategy[list[Line]]:
    recap = st.builds(
        lambda bad, gone, changed: counts(ok=2, failures=bad, unreachable=gone, changed=changed),
        st.integers(0, 2),
        st.integers(0, 1),
        st.integers(0, 2),
    )
    line = st.one_of(
        st.builds(play, _NAMES),
        st.builds(lambda name, path: task(name, path=path), _NAMES, _WORDS),
        st.builds(
            failed, _NAMES, _NAMES, _WORDS, stderr=_WORDS, items=st.lists(st.builds(dict, item=_WORDS, msg=_WORDS))
        ),
        st.builds(unreachable, _NAMES, _NAMES, _WORDS),
        st.builds(lambda name: run(limit=name, tags=[name] * 9, user=name), _WORDS),
        st.builds(called, _WORDS),
        st.builds(stats, st.dictionaries(_NAMES, recap, max_size=30)),
        st.just({"e": "failed", "host": 7, "msg": []}),
    )
    return st.lists(line, max_size=25)


@settings(deadline=None, max_examples=150)
@given(
    lines=_lines(),
    interrupted=st.booleans(),
    options=st.builds(
        Options,
        max_failures=st.integers(-1, 60),
        max_hosts=st.integers(-1, 60),
        details=st.sampled_from(["thread", "inline", "none"]),
        max_length=st.integers(1, 1500),
        title_template=st.sampled_from([None, "{{ name }}", "{{"]),
        plain=st.booleans(),
        mentions=st.lists(st.builds(MentionOf, _WORDS, st.none() | st.just("a@example.com")), max_size=3).map(tuple),
    ),
)
def test_messages_are_bounded_whatever_happened(lines: list[Line], interrupted: bool, options: Options) -> None:
    report = report_of(*lines, interrupted=interrupted)
    replies = _rendering.details(report, options)

    assert len(replies) <= _rendering.MAX_DETAILS
    mention = _rendering.mention(report, options)
    for message in (
        _rendering.summary(report, options),
        *([mention] if mention else []),
        *replies,
        _rendering.start(report, options),
        _rendering.progress(report, options, START + 90),
    ):
        length = utf16_length(message.text)
        assert 0 < length <= options.max_length
        assert message.text == message.text.strip()
        ranges: list[RichText | Mention] = [*message.rich_text, *message.mentions]
        assert all(0 <= entry.start_position <= entry.end_position < length for entry in ranges)
        assert not set(message.text) & set("\x1b\r\u202e\u2028")
    assert len(json.dumps(_rendering.card(report, options), ensure_ascii=False).encode("utf-8")) <= _rendering.MAX_CARD
