# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the channel reads: whole messages, their bounds, and that text from hosts stays text."""

from __future__ import annotations

import json
import typing as t

import pytest
from ansible_collections.teamchat.zoom.plugins.module_utils._text import FormattedText, Mention, RichText, utf16_length
from ansible_collections.teamchat.zoom.plugins.plugin_utils import _rendering
from ansible_collections.teamchat.zoom.plugins.plugin_utils._rendering import MentionOf, Options
from ansible_collections.teamchat.zoom.plugins.plugin_utils._report import Report
from ansible_collections.teamchat.zoom.tests.unit.plugin_utils.lines import (
    NGINX,
    START,
    Line,
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
        ({}, False, "⚠️ site.yml matched no hosts · 9 s"),
    ],
)
def test_titles(recap: dict[str, dict[str, int]], check: bool, title: str) -> None:
    assert text_of(run(check=check), play(), stats(recap, 9)).split("\n")[0] == title


def test_check_speaks_of_what_would_change() -> None:
    assert text_of(run(check=True, limit=None), play(), stats({"w1": counts(ok=2, changed=1)}, 9)) == (
        "✅ Check of site.yml succeeded · w1 would change · 9 s\n"
        "web: 1 ok (1 would change)\n"
        "by deploy@ctl-1 · main@3f2c1d9"
    )


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
        "⏳ site.yml is running · 2 min 5 s\n"
        "web: Write the configuration\n"
        "so far: 2 failed, 1 unreachable, 37 ok (12 changed)\n"
        "• Install nginx: web03, web07\n"
        "• unreachable: web11\n"
        "by deploy@ctl-1 · main@3f2c1d9 · limit web · GitLab deploy"
    )


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


def test_own_title_may_use_the_standard_one() -> None:
    report = report_of(*example_lines())
    options = Options(title_template="[prod] {{ standard }}", body_template="{{ standard }}")

    assert _rendering.summary(report, options).text == "[prod] " + _rendering.summary(report, STANDARD).text


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


def test_a_card_mentions_nobody() -> None:
    lines = [run(title="@all"), play("@here"), task("@everyone"), failed("@everyone", "@channel", "<!jid|Bob> @ALL")]
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
        st.builds(lambda name: run(title=name, limit=name, tags=[name] * 9, user=name), _WORDS),
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
        mentions=st.lists(st.builds(MentionOf, _WORDS, st.none() | st.just("a@example.com")), max_size=3).map(tuple),
    ),
)
def test_messages_are_bounded_whatever_happened(lines: list[Line], interrupted: bool, options: Options) -> None:
    report = report_of(*lines, interrupted=interrupted)
    replies = _rendering.details(report, options)

    assert len(replies) <= _rendering.MAX_DETAILS
    for message in (
        _rendering.summary(report, options),
        *replies,
        _rendering.start(report, options),
        _rendering.progress(report, options),
    ):
        length = utf16_length(message.text)
        assert 0 < length <= options.max_length
        assert message.text == message.text.strip()
        ranges: list[RichText | Mention] = [*message.rich_text, *message.mentions]
        assert all(0 <= entry.start_position <= entry.end_position < length for entry in ranges)
        assert not set(message.text) & set("\x1b\r\u202e\u2028")
    assert len(json.dumps(_rendering.card(report, options), ensure_ascii=False).encode("utf-8")) <= _rendering.MAX_CARD
