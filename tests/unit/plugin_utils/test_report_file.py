# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report file in headless Chromium: what it shows, that it needs nothing, and that nothing runs in it."""

from __future__ import annotations

import os
import pathlib
import shutil
import typing as t

import pytest
from ansible_collections.teamchat.zoom.plugins.plugin_utils import _report_file
from ansible_collections.teamchat.zoom.plugins.plugin_utils._report import Report
from ansible_collections.teamchat.zoom.tests.unit.browser import PHONE, Window, running_chromium
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

if t.TYPE_CHECKING:
    from selenium.webdriver import Chrome

DESKTOP = (1000, 860)
INJECTION = "</pre></style><script>window.owned = 1</script><img src=x onerror='window.owned = 1'>&amp; \u202e\""


class Page(Window):
    """A browser with a report file in it."""

    def open(self, report: Report, size: tuple[int, int] = DESKTOP, scheme: str = "light") -> None:
        self.look(size, scheme=scheme)
        file = self._folder / _report_file.file_name(report)
        file.write_text(_report_file.html(report), encoding="utf-8")
        self.driver.get(file.as_uri())


@pytest.fixture(scope="module")
def driver() -> t.Iterator[Chrome]:
    with running_chromium() as running:
        yield running


@pytest.fixture
def page(driver: Chrome, tmp_path: pathlib.Path) -> Page:
    opened = Page(driver, tmp_path)
    opened.complaints()
    return opened


def several_plays() -> list[Line]:
    """The run of the documentation between two other plays, with a failed loop and a failed command."""
    lines = example_lines()
    recap = lines[-2]["hosts"]
    for host, numbers in (("db1", counts(ok=6, changed=1)), ("db2", counts(ok=6)), ("mon1", counts(ok=3, failures=1))):
        recap[host] = numbers
    recap["lb1"] = counts(ok=4, rescued=1, changed=1)
    shift = 64.0
    for line in lines[1:]:
        line["at"] += shift
    before = [
        play("databases", 1),
        task("Back up the databases", 3, play="databases", path="databases.yml:9"),
        ok("Back up the databases", "db1", 47, changed=True),
        ok("Back up the databases", "db2", 51),
        task("Apply the schema", 52, play="databases", path="databases.yml:14"),
        ok("Apply the schema", "db1", 63),
    ]
    after = [
        play("monitoring", 317),
        task("Install exporters", 318, play="monitoring", path="roles/monitoring/tasks/main.yml:5"),
        failed(
            "Install exporters",
            "mon1",
            "non-zero return code",
            341,
            rc=100,
            stderr="E: Failed to fetch https://packages.example.com/exporter.deb  503  Service Unavailable\n"
            "E: Unable to fetch some archives, maybe run apt-get update",
        ),
    ]
    lines[-2]["at"] = lines[-1]["at"] = START + 352
    lines[0]["limit"] = None
    return [lines[0], *before, *lines[1:-2], *after, *lines[-2:]]


def test_report_shows_outcome_failures_tasks_plays_and_recap(page: Page) -> None:
    page.open(report_of(*example_lines()))

    assert page.driver.title == "site.yml failed"
    assert page.seen("h1") == ["site.yml failed"]
    assert page.seen("header > p") == ["20 November 2026, 10:00:00 UTC · took 4 min 12 s"]
    assert page.seen(".figures li") == ["40\nhosts", "2\nfailed", "1\nunreachable", "37\nok", "14\nchanged"]
    assert page.seen("h2") == ["Failures", "Slowest tasks", "Timeline", "Recap"]
    assert page.seen("article h3") == ["Install nginx · 2 hosts", "Unreachable · 1 host"]
    assert page.seen("article pre")[0] == NGINX
    assert page.seen("[aria-labelledby=slowest] svg svg text")[:2] == ["Install nginx", "Fetch certificates"]
    assert page.seen("[aria-labelledby=timeline] svg svg text") == ["web"]
    assert len(page.seen(".mark")) == 2
    rows = page.run("return [...document.querySelectorAll('tr')].map(r => [...r.cells].map(c => c.innerText.trim()))")
    assert len(rows) == 41
    assert rows[1:4] == [
        ["✕ web03", "2", "1", "1", "0", "0"],
        ["✕ web07", "2", "1", "1", "0", "0"],
        ["⊘ web11", "0", "0", "0", "1", "0"],
    ]
    assert page.complaints() == []


def test_bars_are_as_long_as_the_tasks_took(page: Page) -> None:
    page.open(report_of(*example_lines()))

    seconds = [found.seconds for found in report_of(*example_lines()).slowest_tasks]
    widths = page.run(
        """const bars = [...document.querySelectorAll('[aria-labelledby=slowest] .bar')];
        return bars.map(bar => bar.getBBox().width / bars[0].getBBox().width);"""
    )
    assert widths == pytest.approx([found / seconds[0] for found in seconds], abs=0.001)


def test_a_run_that_went_well_has_no_failures_and_no_empty_columns(page: Page) -> None:
    page.open(report_of(run(check=True), play(), task("x"), ok("x", "w1", 5), stats({"w1": counts(ok=1)}, 9)))

    assert page.seen("h1") == ["Check of site.yml succeeded"]
    assert page.seen("h2") == ["Slowest tasks", "Timeline", "Recap"]
    assert page.seen("thead th") == ["host", "ok", "changed"]


@pytest.mark.parametrize("lines", [[], [None], [run()], [run(), stats({}, 0)]])
def test_a_report_of_next_to_nothing_is_a_page_too(page: Page, lines: list[t.Any]) -> None:
    page.open(report_of(*lines, interrupted=not lines))

    assert len(page.seen("h1")) == 1
    assert page.complaints() == []


def test_outputs_can_be_folded(page: Page) -> None:
    page.open(report_of(*several_plays()))

    assert "non-zero return code" not in page.seen("article pre")
    assert page.seen("summary") == ["stderr (exit status 100)"]
    assert "Unable to fetch" in page.seen("details pre")[0]
    page.driver.find_element("css selector", "summary").click()
    assert page.run("return document.querySelector('details').open") is False


def test_nothing_in_a_report_is_markup(page: Page) -> None:
    page.open(
        report_of(
            run(
                user=INJECTION,
                limit=INJECTION,
                ci={"system": INJECTION, "url": "https://a/'\"", "job": ""},
            ),
            called(INJECTION),
            play(INJECTION),
            task(INJECTION, play=INJECTION, path=INJECTION, role=INJECTION),
            failed(
                INJECTION,
                INJECTION,
                INJECTION,
                stderr=INJECTION,
                items=[{"item": INJECTION, "msg": INJECTION}],
                delegate=INJECTION,
            ),
            unreachable(INJECTION, "w2", INJECTION),
            stats({INJECTION: counts(failures=1), "w2": counts(unreachable=1)}),
        )
    )

    assert page.run("return [window.owned ?? null, document.images.length, document.scripts.length]") == [None, 0, 0]
    assert page.run("return document.querySelectorAll('style').length") == 1
    assert page.seen("article pre")[0].startswith("</pre></style><script>window.owned")
    assert page.complaints() == []


def test_the_browser_is_told_to_load_and_run_nothing(page: Page) -> None:
    page.open(report_of(*example_lines()))

    policy = page.run("return document.querySelector('meta[http-equiv]').content")
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert page.run("return performance.getEntriesByType('resource').length") == 0
    # The style sheet is the one whose hash the policy names, or it would not hold.
    assert page.run("return getComputedStyle(document.querySelector('header')).borderTopColor") == "rgb(179, 38, 30)"


def awkward_lines() -> list[Line]:
    endless = "x" * 150
    hosts = {f"{'h' * 200}{number}": counts(ok=1, failures=1, ignored=2, rescued=3, skipped=4) for number in range(4)}
    broken = [failed(endless, host, f"{endless} {endless * 9}", stderr=endless * 20) for host in hosts]
    return [
        run(limit=endless),
        called(endless),
        play(endless),
        task(endless, play=endless, path=endless),
        *broken,
        stats(hosts),
    ]


@pytest.mark.parametrize("lines", [example_lines(), several_plays(), awkward_lines()])
def test_phone_shows_everything_without_sideways_scrolling(page: Page, lines: list[Line]) -> None:
    page.open(report_of(*lines), PHONE)

    assert page.run("return document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    # The box of a group also counts what its clipped label would take.
    outside = """return [...document.querySelectorAll('main *:not(g)')].filter(e => !e.closest('.scroll, svg svg'))
        .filter(e => e.getBoundingClientRect().right > innerWidth + 1).map(e => e.outerHTML.slice(0, 80))"""
    assert page.run(outside) == []


# Every text in HTML that can be seen, with the contrast that WCAG 2 counts between it and what lies under it.
CONTRAST = """
const rgb = (colour) => colour.match(/[0-9.]+/g).map(Number);
const luminance = (colour) => {
  const [r, g, b] = rgb(colour).slice(0, 3).map(v => v / 255)
    .map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const ground = (e) => {
  for (; e; e = e.parentElement) {
    const colour = getComputedStyle(e).backgroundColor;
    if (rgb(colour).length === 3) return colour;
  }
};
return [...document.body.querySelectorAll('*')]
  .filter(e => e.checkVisibility() && [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()))
  .map(e => {
    const own = getComputedStyle(e);
    const colours = [luminance(e.namespaceURI.endsWith('svg') ? own.fill : own.color), luminance(ground(e))];
    const [low, high] = colours.sort((a, b) => a - b);
    return [e.outerHTML.slice(0, 100), (high + 0.05) / (low + 0.05)];
  });
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_has_the_contrast_that_wcag_asks_for(page: Page, scheme: str) -> None:
    page.open(report_of(*several_plays()), scheme=scheme)

    measured = page.run(CONTRAST)
    assert len(measured) > 100
    assert [found for found in measured if found[1] < 4.5] == []


def test_an_interrupted_run_names_the_task_that_it_stopped_at() -> None:
    lines = [run(), play(), task("Wait <long>"), ok("Wait <long>", "web1")]
    assert " · stopped during Wait &lt;long&gt;" in _report_file.html(report_of(*lines, interrupted=True))
    assert "stopped during" not in _report_file.html(report_of(*lines, stats({"web1": counts(ok=1)})))


def test_a_reason_that_was_taken_from_the_output_is_not_told_twice() -> None:
    def told(msg: str) -> str:
        failure = failed("Install", "web1", msg, stderr="first line\nE: no such package\n")
        return _report_file.html(
            report_of(run(), play(), task("Install"), failure, stats({"web1": counts(failures=1)}))
        )

    assert told("").count("E: no such package") == 1
    assert told("").count("<pre>") == 1
    assert told("Broken.").count("<pre>") == 2
    assert "<pre>Broken.</pre>" in told("Broken.")


@pytest.mark.parametrize("length", [250, 299, 300, 301, 302, 330, 4000])
def test_a_message_that_is_longer_than_a_reason_is_told_before_the_output(length: int) -> None:
    message = ("no space left on the device " * 200)[: length - 1] + "!"
    failure = failed("Install", "web1", message, stderr="E: no such package\n")
    html = _report_file.html(report_of(run(), play(), task("Install"), failure, stats({"web1": counts(failures=1)})))

    assert f"<pre>{message}</pre>" in html
    assert html.index(f"<pre>{message}</pre>") < html.index("<pre>E: no such package</pre>")


def test_what_would_make_the_report_too_large_is_told_without_its_output(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_report_file, "_MAX_FAILURES_SIZE", 100)
    tasks = [
        [task(name), failed(name, "web1", f"{name} failed", stderr=f"output of {name}")] for name in ("First", "Second")
    ]
    html = _report_file.html(report_of(run(), play(), *tasks[0], *tasks[1], stats({"web1": counts(failures=2)})))
    assert [text in html for text in ("<pre>First failed</pre>", "output of First")] == [True, True]
    assert [text in html for text in ("<pre>Second failed</pre>", "output of Second")] == [True, False]


def test_a_report_of_ten_thousand_failing_hosts_stays_small() -> None:
    report = Report()
    report.add(run())
    for number in range(200):
        report.add(play(f"play {number}", number))
        report.add(task(f"t{number}", number, play=f"play {number}"))
    for number in range(10_000):
        report.add(
            failed("t199", f"host{number}", f"{chr(97 + number % 26) * (number % 90)} {'<' * 4000}", stderr="'" * 2000)
        )
    report.add(stats({f"host{number}": counts(failures=1) for number in range(10_000)}))
    report.finish(False)

    text = _report_file.html(report)

    assert len(text.encode("utf-8")) <= 1_000_000
    assert "and 9700 more hosts" in text


def test_file_name_says_which_run_it_is_of() -> None:
    assert _report_file.file_name(report_of(*example_lines())) == "site-2026-11-20T1000Z.html"
    assert _report_file.file_name(report_of(run(playbook="../öde site.yaml"))) == "de-site-2026-11-20T1000Z.html"
    assert _report_file.file_name(report_of()) == "report-1970-01-01T0000Z.html"


def test_screenshot_for_the_documentation_is_small(page: Page, tmp_path: pathlib.Path) -> None:
    """REPORT_SCREENSHOT=docs/images/report.png renews the picture that the documentation shows."""
    page.open(report_of(*several_plays()), (900, 1700))
    picture = tmp_path / "report.png"

    assert page.driver.save_screenshot(str(picture))

    assert 30_000 < picture.stat().st_size <= 250_000
    if wanted := os.environ.get("REPORT_SCREENSHOT"):
        shutil.copyfile(picture, wanted)
