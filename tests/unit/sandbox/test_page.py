# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sandbox's page in headless Chromium: what the account says is what the reader sees."""

from __future__ import annotations

import json
import pathlib
import re
import typing as t

import pytest
import requests
from ansible_collections.teamchat.zoom.tests.sandbox.page import render
from ansible_collections.teamchat.zoom.tests.sandbox.page.example import (
    account,
    channel,
    example_account,
    formatting,
    mention,
    message,
    request,
)
from ansible_collections.teamchat.zoom.tests.sandbox.running import running_sandbox
from ansible_collections.teamchat.zoom.tests.unit.browser import PHONE, Window, running_chromium

if t.TYPE_CHECKING:
    from selenium.webdriver import Chrome

DESKTOP = (1280, 860)


class Page(Window):
    """A browser with the sandbox's page in it."""

    def open(self, shown: dict[str, t.Any], fragment: str = "channel/deployments") -> None:
        """Open the export of an account at one of its conversations."""
        export = self._folder / "export.html"
        export.write_text(render(shown), encoding="utf-8")
        self.driver.get("about:blank")
        self.driver.get(f"{export.as_uri()}#{fragment}")

    def update(self, shown: dict[str, t.Any]) -> None:
        """Show another account in the open page, as an event of a live sandbox would."""
        self.run("state.account = arguments[0]; show();", shown)

    def texts(self, selector: str) -> list[str]:
        """Return the text of every such element, seen or not."""
        return t.cast(
            "list[str]",
            self.run("return [...document.querySelectorAll(arguments[0])].map(e => e.textContent)", selector),
        )

    def html(self, selector: str) -> str:
        """Return what is inside the first such element, as HTML."""
        return t.cast("str", self.run("return document.querySelector(arguments[0]).innerHTML", selector))

    def attribute(self, selector: str, name: str) -> str | None:
        script = "return document.querySelector(arguments[0]).getAttribute(arguments[1])"
        return t.cast("str | None", self.run(script, selector, name))

    def click(self, selector: str) -> None:
        self.driver.find_element("css selector", selector).click()

    def wait_for(self, script: str, value: t.Any) -> None:
        """Wait until the script returns the value: what follows a click or an event comes in its own time."""
        from selenium.webdriver.support.wait import WebDriverWait

        wait = WebDriverWait(self.driver, 10, poll_frequency=0.02)
        wait.until(lambda _: self.run(script) == value, f"{script} never gave {value!r}")

    def choose(self, key: str) -> None:
        """Follow the link to a conversation."""
        self.click(f"nav a[href='#{key}']")
        self.wait_for("return document.querySelector('.conversation').dataset.key", key)

    def scrolls_sideways(self) -> bool:
        """Tell whether the page, or the list of messages, is wider than the window."""
        script = """return [document.documentElement, ...document.querySelectorAll('nav, .log')]
            .some(e => e.scrollWidth > e.clientWidth)"""
        return bool(self.run(script))


@pytest.fixture(scope="module")
def driver() -> t.Iterator[Chrome]:
    with running_chromium() as running:
        yield running


@pytest.fixture
def page(driver: Chrome, tmp_path: pathlib.Path) -> Page:
    opened = Page(driver, tmp_path)
    opened.look(DESKTOP)
    opened.complaints()
    return opened


def test_mention_highlight_covers_exactly_its_utf16_range_after_emoji(page: Page) -> None:
    text = "👩‍👩‍👧 🎉 hello @Zoë 🚀, and @all of you"
    page.open(account(message(1, text, at_items=[mention(text, "@Zoë 🚀", "zoe@example.com"), mention(text, "@all")])))

    assert page.texts(".mention") == ["@Zoë 🚀", "@all"]
    assert page.texts(".mention.all") == ["@all"]
    assert page.attribute(".mention", "title") == "zoe@example.com"
    assert page.texts(".text") == [text]


def test_text_that_is_not_declared_mentions_nobody(page: Page) -> None:
    page.open(account(message(1, "@all @Alice")))

    assert page.texts(".mention") == []


def test_overlapping_styles_nest_around_the_right_words(page: Page) -> None:
    text = "😀 one two three"
    page.open(
        account(
            message(
                1,
                text,
                rich_text=formatting(
                    text, ("one two", "Bold", ""), ("two three", "Italic", ""), ("two", "Underline", "")
                ),
            )
        )
    )

    assert page.html(".text") == ("<p>😀 <strong>one <em><u>two</u></em></strong><em> three</em></p>")


def test_a_mention_and_a_link_stay_in_one_piece(page: Page) -> None:
    text = "see the log of @Alice now"
    page.open(
        account(
            message(
                1,
                text,
                rich_text=formatting(
                    text,
                    ("the log", "AddLink", "https://example.com/log"),
                    ("log of @Al", "Bold", ""),
                    ("@Alice", "Strikethrough", ""),
                ),
                at_items=[mention(text, "@Alice", "alice@example.com")],
            )
        )
    )

    assert page.html(".text") == (
        '<p>see <a href="https://example.com/log" rel="noopener noreferrer" target="_blank">'
        "the <strong>log</strong></a><strong> of </strong>"
        '<mark class="mention" title="alice@example.com"><strong><s>@Al</s></strong><s>ice</s></mark>'
        " now</p>"
    )


def test_styles_of_lines_hold_for_whole_lines(page: Page) -> None:
    text = "Title\nintro\n\none\ntwo\nfirst\nsecond\nindented\nquoted\nSmall title"
    page.open(
        account(
            message(
                1,
                text,
                rich_text=formatting(
                    text,
                    ("Tit", "Paragraph", "h1"),
                    ("one\ntwo", "BulletedList", ""),
                    ("first\nsecond", "NumberedList", ""),
                    ("indented", "LeftIndent", "20"),
                    ("quoted", "Quote", ""),
                    ("Small", "Paragraph", "h3"),
                    ("second", "Bold", ""),
                ),
            )
        )
    )

    assert page.html(".text") == (
        '<h3 class="heading-1">Title</h3><p>intro\n</p><ul><li>one</li><li>two</li></ul>'
        "<ol><li>first</li><li><strong>second</strong></li></ol>"
        '<p style="--indent: 20px;">indented</p><blockquote><p>quoted</p></blockquote>'
        '<h5 class="heading-3">Small title</h5>'
    )
    assert page.run("return getComputedStyle(document.querySelector('.text p:nth-of-type(2)')).paddingLeft") == "20px"


def test_sizes_and_colours_are_those_the_sender_gave(page: Page) -> None:
    text = "small red on yellow"
    page.open(
        account(
            message(
                1,
                text,
                rich_text=formatting(
                    text,
                    ("small", "FontSize", "s"),
                    ("red", "FontColor", "C00000"),
                    ("yellow", "BackgroundColor", "FFF000"),
                ),
            )
        )
    )

    assert page.html(".text") == (
        '<p><span class="size-s">small</span> '
        '<span class="ink" style="--given: #C00000; --on-given: #FFFFFF;">red</span>'
        ' on <span class="paper" style="--given: #FFF000; --on-given: #000000;">yellow</span></p>'
    )
    assert page.run("return getComputedStyle(document.querySelector('.paper')).backgroundColor") == "rgb(255, 240, 0)"


def test_only_web_addresses_become_links(page: Page) -> None:
    text = "bad data good, https://example.com/a_(b), (https://example.com/?c=d)."
    page.open(
        account(
            message(
                1,
                text,
                rich_text=formatting(
                    text,
                    ("bad", "AddLink", "javascript:alert(1)"),
                    ("data", "AddLink", "data:text/html,x"),
                    ("good", "AddLink", "http://example.com/"),
                ),
            )
        )
    )

    links = page.run("return [...document.querySelectorAll('.text a')].map(a => [a.textContent, a.href, a.rel])")
    assert links == [
        ["good", "http://example.com/", "noopener noreferrer"],
        ["https://example.com/a_(b)", "https://example.com/a_(b)", "noopener noreferrer"],
        ["https://example.com/?c=d", "https://example.com/?c=d", "noopener noreferrer"],
    ]


def test_ranges_outside_the_text_format_nothing(page: Page) -> None:
    outside = [
        {"start_position": start, "end_position": end, "format_type": "Bold", "format_attr": ""}
        for start, end in ((-1, 2), (2, 5), (3, 2), (None, 1))
    ]
    page.open(account(message(1, "hello", rich_text=outside)))

    assert page.html(".text") == "<p>hello</p>"


INJECTION = (
    "</script ><script>window.owned = 1</script><img src=x onerror='window.owned = 1'><!-- {{ script }} & \u2028"
)


def test_markup_in_any_field_stays_text(page: Page) -> None:
    main = message(
        1,
        INJECTION,
        sender_display_name=INJECTION,
        history=[INJECTION],
        status="Edited",
        files=[{"id": "f", "name": INJECTION, "size": 1, "sha256": INJECTION}],
        interactive_cards=[{"card_json": json.dumps({"content": {"head": {"text": INJECTION}}})}],
    )
    page.open(
        account(
            main,
            channels=[channel("deployments", name=INJECTION)],
            webhook=[
                {
                    "id": "w",
                    "format": "fields",
                    "body": {INJECTION: INJECTION},
                    "date_time": "2026-11-20T10:00:00Z",
                }
            ],
            requests=[request(1, path=INJECTION, fault=INJECTION)],
        )
    )

    for selector in (".text", ".name", ".earlier del", ".file-name", ".card .head", "td.path"):
        assert page.texts(selector) == [INJECTION], selector
    assert page.texts("nav .label") == [INJECTION, "Incoming webhook"]
    page.run("location.hash = 'webhook'; show()")
    assert page.texts(".card dt") == page.texts(".card dd") == [INJECTION]
    assert page.run("return [window.owned ?? null, document.images.length, document.scripts.length]") == [
        None,
        0,
        2,
    ]
    assert page.complaints() == []


def test_replies_stand_in_order_under_their_main_message(page: Page) -> None:
    first, second = message(1, "first", "09:00"), message(2, "second", "09:30")
    page.open(
        account(
            first,
            second,
            message(4, "late reply", "10:00", reply_main_message_id=first["id"]),
            message(3, "early reply", "09:40", reply_main_message_id="{%s}" % first["id"].lower()),  # noqa: UP031
            message(5, "lost reply", "10:10", reply_main_message_id="no-such-message"),
        )
    )

    entries = page.run(
        """return [...document.querySelectorAll('.entries > li:not(.divider)')].map(li => [
            li.querySelector(':scope > .message .text').textContent,
            [...li.querySelectorAll('.thread .text')].map(e => e.textContent)])"""
    )
    assert entries == [["first", ["early reply", "late reply"]], ["second", []], ["lost reply", []]]
    assert page.seen(".thread > summary") == ["2 replies"]
    assert page.seen(".by > span.badge") == ["reply to a message that is not here"]


def test_threads_are_indented(page: Page) -> None:
    page.open(account(message(1, "main"), message(2, "reply", reply_main_message_id=message(1, "")["id"])))

    left = page.run("return [...document.querySelectorAll('.text')].map(e => e.getBoundingClientRect().left)")
    assert left[1] > left[0]


def test_edited_message_shows_its_earlier_texts_on_demand(page: Page) -> None:
    page.open(account(message(1, "third", status="Edited", history=["first", "second"])))

    assert page.texts(".text") == ["third"]
    assert page.attribute(".earlier summary", "title") == "Before: second"
    assert page.seen(".earlier summary") == ["edited"]
    assert page.seen(".earlier li") == []
    page.click(".earlier summary")
    assert page.seen(".earlier li") == ["first", "second"]


def test_deleted_message_is_a_struck_placeholder(page: Page) -> None:
    page.open(account(message(1, "a secret", status="Deleted", files=[{"id": "f", "name": "x", "size": 1}])))

    assert page.html(".text") == '<p class="deleted"><del>Message deleted</del></p>'
    assert page.texts(".file") == []
    assert "a secret" not in "".join(page.seen("main"))
    page.click(".earlier summary")
    assert page.seen(".earlier li") == ["a secret"]


def test_files_are_chips_with_name_and_size(page: Page) -> None:
    sizes = (0, 999, 1000, 48_213, 1_240_331, 1_000_000_000)
    files = [{"id": f"f{size}", "name": f"{size}.bin", "size": size, "sha256": "abc"} for size in sizes]
    page.open(account(message(1, "", files=files)))

    assert page.texts(".file-size") == ["0 bytes", "999 bytes", "1.0 kB", "48.2 kB", "1.2 MB", "1.0 GB"]
    assert page.texts(".file-name") == [f"{size}.bin" for size in sizes]
    assert page.texts(".text") == []


def test_scheduled_message_stands_after_the_sent_ones(page: Page) -> None:
    draft = {**message(2, "later"), "scheduled_time": "2026-11-21T21:30:00Z"}
    page.open(account(message(1, "now", "12:00"), scheduled=[draft]))

    assert page.texts(".text") == ["now", "later"]
    assert page.seen(".scheduled .badge") == ["scheduled for 21 Nov 2026, 21:30"]
    assert page.texts(".count") == ["1 message"]


def test_direct_messages_of_both_directions_are_one_conversation(page: Page) -> None:
    page.open(
        account(
            message(1, "question", "09:00", contact="alice"),
            message(2, "answer", "09:01", contact="deploy", sender_id="alice"),
        ),
        "direct/alice/deploy",
    )

    assert page.texts("nav .label") == ["Alice Moreauwith Deploy Bot", "deployments"]
    assert page.texts(".text") == ["question", "answer"]
    assert page.texts(".avatar") == ["DB", "AM"]


def test_channels_of_the_same_name_are_told_apart_by_id(page: Page) -> None:
    page.open(account(channels=[channel("a1", name="duplicate"), channel("b2", name="duplicate"), channel("ops")]))

    assert page.texts("nav .label") == ["duplicatea1", "duplicateb2", "ops"]


def test_webhook_card_shows_colour_head_fields_and_sections(page: Page) -> None:
    page.open(example_account(), "webhook")

    assert page.seen(".card .head") == ["site.yml failed"]
    assert page.seen(".card .sub-head") == ["3 of 40 hosts · 4 min 12 s"]
    assert page.seen(".card-text") == [
        "web: 2 failed, 1 unreachable, 37 ok",
        "No package matching 'nginx-1.29' found",
    ]
    assert page.seen(".card dt") == ["Failed", "Unreachable", "Host", "Disk"]
    assert page.seen(".card dd") == ["web03, web07", "web11", "db02", "91 %"]
    assert page.seen(".section .footer") == ["web : roles/nginx/tasks/main.yml:12"]
    bars = page.run(
        "return ['.card', '.section'].map(s => getComputedStyle(document.querySelector(s)).borderLeftColor)"
    )
    assert bars == ["rgb(214, 69, 69)", "rgb(242, 169, 59)"]
    assert page.texts(".text") == ["Backup finished"]


def test_posts_of_one_webhook_arrive_one_after_the_other(page: Page) -> None:
    posts = [
        {"id": "hook", "format": "message", "body": text, "date_time": "2026-11-20T10:00:00Z"}
        for text in ("one", "two", '"three"')
    ]
    page.open(account(webhook=posts[:1]), "webhook")

    for count in (2, 3):
        page.update(account(webhook=posts[:count]))

    assert page.texts(".text") == ["one", "two", '"three"']


def test_unknown_parts_of_a_card_are_named(page: Page) -> None:
    card = {"head": {"text": "Card"}, "body": [{"type": "hologram"}, None]}
    page.open(account(message(1, "", interactive_cards=[{"card_json": json.dumps(card)}])))

    assert page.seen(".card .muted") == ["(hologram)", "(a part of no type)"]


def test_hash_names_the_conversation_and_links_follow_it(page: Page) -> None:
    page.open(example_account(), "channel/incidents")

    assert page.seen("h2#title") == ["#incidents"]
    assert page.driver.title == "incidents · Zoom Team Chat sandbox"
    page.choose("webhook")
    assert page.run("return location.hash") == "#webhook"
    page.driver.back()
    page.wait_for("return document.querySelector('.conversation').dataset.key", "channel/incidents")
    assert page.texts("nav [aria-current=page] .label") == ["incidents"]


def test_without_a_hash_the_first_busy_conversation_is_open_and_stays(page: Page) -> None:
    channels = [channel("quiet"), channel("busy"), channel("later")]
    page.open(account(message(1, "x", channel="busy"), channels=channels), "")
    assert page.texts("h2#title") == ["#busy"]

    page.update(account(message(1, "x", channel="busy"), message(2, "y", channel="quiet"), channels=channels))
    assert page.texts("h2#title") == ["#busy"]


def test_empty_account_says_so(page: Page) -> None:
    page.open(account(channels=[]), "")
    assert page.seen("main") == ["Nothing has arrived yet."]

    page.open(account())
    assert page.seen(".log") == ["No messages here yet."]


def test_requests_panel_lists_the_newest_first_and_marks_failures(page: Page) -> None:
    page.open(account(requests=[request(1), request(2, 503, fault="503"), request(3, 429, code=429)], rejected=1))

    assert page.seen("aside summary") == ["Requests\n3 · 1 fault · 1 rejected by rate limits"]
    page.click("aside summary")
    rows = page.run("return [...document.querySelectorAll('tbody tr')].map(r => [...r.cells].map(c => c.innerText))")
    assert rows == [
        ["3", "09:00", "POST", "/v2/chat/users/me/messages", "429 code 429", ""],
        ["2", "09:00", "POST", "/v2/chat/users/me/messages", "503", "503"],
        ["1", "09:00", "POST", "/v2/chat/users/me/messages", "201", ""],
    ]
    assert page.texts("tr.failed td:first-child") == ["3", "2"]


def test_update_keeps_scroll_position_folds_and_selection(page: Page) -> None:
    many = [message(n, f"message {n}", f"10:{n % 60:02}") for n in range(2, 60)]
    edited = message(1, "edited", "09:00", status="Edited", history=["before"])
    page.open(account(edited, *many))
    page.click(".earlier summary")
    page.run(
        """document.querySelector('.log').scrollTop = 120;
        getSelection().selectAllChildren(document.querySelector('.text'));"""
    )

    page.update(
        account(
            edited,
            *many,
            message(99, "new", "11:30"),
            message(100, "a reply", reply_main_message_id=edited["id"]),
        )
    )

    assert page.texts(".text")[-1] == "new"
    assert page.run("return document.querySelector('.log').scrollTop") == 120
    assert page.seen(".earlier li") == ["before"]
    assert page.run("return String(getSelection())") == "edited"


def test_reader_at_the_end_follows_new_messages(page: Page) -> None:
    many = [message(n, f"message {n}", f"10:{n:02}") for n in range(1, 60)]
    page.open(account(*many))

    page.update(account(*many, message(99, "new", "11:30")))

    assert (
        page.run("const e = document.querySelector('.log'); return e.scrollHeight - e.scrollTop - e.clientHeight") < 1
    )


def test_place_in_a_conversation_is_kept_while_reading_another(page: Page) -> None:
    many = [message(n, f"message {n}", f"10:{n:02}") for n in range(1, 60)]
    page.open(account(*many, message(99, "x", channel="ops"), channels=[channel("deployments"), channel("ops")]))
    page.run("document.querySelector('.log').scrollTop = 77")

    page.choose("channel/ops")
    page.choose("channel/deployments")

    assert page.run("return document.querySelector('.log').scrollTop") == 77


@pytest.mark.parametrize("fragment", ["", "channel/deployments", "channel/incidents", "webhook"])
def test_phone_shows_everything_without_sideways_scrolling(page: Page, fragment: str) -> None:
    shown = example_account()
    endless = "x" * 300
    shown["messages"] += [
        message(50, endless, files=[{"id": "f", "name": endless, "size": 1, "sha256": "abc"}], rich_text=[]),
        message(51, f"https://example.com/{endless}", "09:50"),
    ]
    shown["channels"].append(channel(endless))
    shown["requests"].append(request(13, path=f"/{endless}"))
    shown["webhook"].append(
        {"id": "w4", "format": "fields", "body": {endless: endless}, "date_time": "2026-11-20T12:00:00Z"}
    )
    page.look(PHONE)
    page.open(shown, fragment)
    page.run("document.querySelectorAll('details').forEach(fold => { fold.open = true; })")

    assert not page.scrolls_sideways()


def test_phone_goes_from_the_list_to_a_conversation_and_back(page: Page) -> None:
    page.look(PHONE)
    page.open(example_account(), "")
    assert page.seen("h2#title") == []

    page.choose("channel/incidents")
    page.wait_for("return document.body.dataset.view", "conversation")
    assert page.seen("nav") == []
    assert page.seen("h2#title") == ["#incidents"]

    page.click(".back")
    page.wait_for("return document.body.dataset.view", "list")
    assert page.seen("h2#title") == []
    assert page.seen("nav h2") == ["Channels", "Direct messages", "Webhooks"]


# Every text that can be seen, with the contrast that WCAG 2 counts between it and what lies under it.
CONTRAST = """
const pixel = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
const rgba = (colour) => {
  pixel.clearRect(0, 0, 1, 1); pixel.fillStyle = colour; pixel.fillRect(0, 0, 1, 1);
  return pixel.getImageData(0, 0, 1, 1).data;
};
const luminance = (colour) => {
  const [r, g, b] = [...rgba(colour)].slice(0, 3).map(v => v / 255)
    .map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const ground = (e) => {
  for (; e; e = e.parentElement) {
    const colour = getComputedStyle(e).backgroundColor;
    if (rgba(colour)[3] === 255) return colour;
  }
};
return [...document.body.querySelectorAll('*')]
  .filter(e => e.checkVisibility() && [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()))
  .map(e => {
    const [low, high] = [luminance(getComputedStyle(e).color), luminance(ground(e))].sort((a, b) => a - b);
    return [e.outerHTML.slice(0, 120), (high + 0.05) / (low + 0.05)];
  });
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("fragment", ["channel/deployments", "channel/incidents", "webhook"])
def test_all_text_has_the_contrast_that_wcag_asks_for(page: Page, fragment: str, scheme: str) -> None:
    page.look(DESKTOP, scheme=scheme)
    page.open(example_account(), fragment)
    page.run("document.querySelectorAll('details').forEach(fold => { fold.open = true; })")

    measured = page.run(CONTRAST)
    assert len(measured) > 50
    assert [found for found in measured if found[1] < 4.5] == []


def test_landmarks_and_lists_have_names(page: Page) -> None:
    page.open(example_account())

    named = page.run(
        """return [...document.querySelectorAll('nav, aside, section, [role], ol[aria-label], article')]
            .map(e => e.getAttribute('aria-label')
                ?? document.getElementById(e.getAttribute('aria-labelledby'))?.textContent
                ?? e.querySelector('h2')?.textContent ?? (e.role === 'status' ? e.textContent : ''))"""
    )
    assert len(named) > 15
    assert "" not in named
    assert page.run("return document.documentElement.lang") == "en"


def test_export_may_not_use_the_network_and_the_browser_agrees(page: Page) -> None:
    page.open(example_account())

    policy = page.attribute("meta[http-equiv]", "content") or ""
    assert "connect-src 'none'" in policy
    page.run("fetch('http://127.0.0.1:9/').catch(() => {})")
    assert page.run("return performance.getEntriesByType('resource').length") == 0
    assert page.texts("#status") == ["export"]


def test_account_is_inlined_unchanged() -> None:
    shown = account(message(1, INJECTION + "\ud83d"))

    inlined = re.findall(r'<script type="application/json" id="account">(.*?)</script>', render(shown), re.DOTALL)

    assert [json.loads(text) for text in inlined] == [shown]


def test_live_page_follows_a_running_sandbox(page: Page) -> None:
    with running_sandbox() as sandbox:
        ids = {item["name"]: item["id"] for item in sandbox.account()["channels"]}
        page.driver.get("about:blank")
        page.driver.get(f"{sandbox.url}/#channel/{ids['ops']}")
        page.wait_for("return document.getElementById('status').textContent", "live")
        assert page.seen(".log") == ["No messages here yet."]

        for text in ("first 🚀", "second"):
            answer = requests.post(
                f"{sandbox.api_url}/chat/users/deploy@example.com/messages",
                headers={"Authorization": "Bearer sandbox-account-token"},
                json={"message": text, "to_channel": ids["ops"]},
                timeout=10,
            )
            assert answer.status_code == 201, answer.text

        page.wait_for("return document.querySelectorAll('.text').length", 2)
        assert page.texts(".text") == ["first 🚀", "second"]
        assert page.texts("nav [aria-current=page] .count") == ["2 messages"]
        assert page.complaints() == []
    page.wait_for("return document.getElementById('status').textContent", "not connected")
