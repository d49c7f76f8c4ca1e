# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""CommonMark turned into Zoom's text and ranges."""

from __future__ import annotations

import html
import html.parser
import os
import re
import subprocess
import sys
import typing as t

import pytest
from ansible_collections.teamchat.zoom.plugins.module_utils import _markdown
from ansible_collections.teamchat.zoom.plugins.module_utils._errors import InvalidOption
from ansible_collections.teamchat.zoom.plugins.module_utils._markdown import render
from ansible_collections.teamchat.zoom.plugins.module_utils._mentions import at_items_from
from ansible_collections.teamchat.zoom.plugins.module_utils._text import FormattedText, Mention, split
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

if t.TYPE_CHECKING:
    from collections.abc import Sequence

    from markdown_it.token import Token


def ranges(message: FormattedText) -> list[tuple[str, ...]]:
    """Each range as its format, its attribute if it has one, and the words that it covers."""
    data = message.text.encode("utf-16-le", "surrogatepass")
    found = []
    for entry in message.rich_text:
        words = data[2 * entry.start_position : 2 * entry.end_position + 2].decode("utf-16-le", "surrogatepass")
        attribute = (entry.format_attr,) if entry.format_attr else ()
        found.append((entry.format_type, *attribute, words))
    return found


@pytest.mark.parametrize(
    ("source", "text", "expected"),
    [
        ("plain", "plain", []),
        ("a **b** c", "a b c", [("Bold", "b")]),
        ("a *b* _c_", "a b c", [("Italic", "b"), ("Italic", "c")]),
        ("~~a~~ ~b~", "a ~b~", [("Strikethrough", "a")]),
        ("🎉 **é 🎉** *日本*", "🎉 é 🎉 日本", [("Bold", "é 🎉"), ("Italic", "日本")]),
        ("**a *b* c** d", "a b c d", [("Bold", "a b c"), ("Italic", "b")]),
        ("**a **b** c**", "a b c", [("Bold", "a b c")]),
        ("~~**a** *b*~~", "a b", [("Bold", "a"), ("Italic", "b"), ("Strikethrough", "a b")]),
        ("one\ntwo", "one two", []),
        ("**one  \ntwo**", "one\ntwo", [("Bold", "one"), ("Bold", "two")]),
        ("one\\\ntwo", "one\ntwo", []),
        ("one\n\n\ntwo", "one\n\ntwo", []),
        (r"\*a\* &amp; &lt;", "*a* & <", []),
        ("a&#10;b", "a b", []),
        ("&nbsp;a **&nbsp;** **b**&#32;", "a \u00a0 b", [("Bold", "b")]),
        ("a `b  *c*` d", "a `b  *c*` d", []),
        ("**a `b`**", "a `b`", [("Bold", "a `b`")]),
        ("---\na", "──────────\n\na", []),
        ("[x]: https://example.com\n\n[x]", "x", [("AddLink", "https://example.com", "x")]),
        ("", "", []),
        (" \n**&nbsp;**", "", []),
    ],
)
def test_inline_markup_becomes_ranges(source: str, text: str, expected: list[tuple[str, ...]]) -> None:
    message = render(source)
    assert message.text == text
    assert ranges(message) == expected
    assert message.mentions == ()


@pytest.mark.parametrize(
    ("source", "text", "expected"),
    [
        ("[a **b**](https://e.com/x)", "a b", [("Bold", "b"), ("AddLink", "https://e.com/x", "a b")]),
        ('[a](HTTP://e.com "title")', "a", [("AddLink", "http://e.com", "a")]),
        ("[a](<https://e.com/ü ß>)", "a", [("AddLink", "https://e.com/%C3%BC%20%C3%9F", "a")]),
        (
            "[a](http://x.de)[b](http://x.de)",
            "ab",
            [("AddLink", "http://x.de", "a"), ("AddLink", "http://x.de", "b")],
        ),
        (
            "[a  \nb](http://x.de)",
            "a\nb",
            [("AddLink", "http://x.de", "a"), ("AddLink", "http://x.de", "b")],
        ),
        ("[a&#10;b](http://x.de)", "a b", [("AddLink", "http://x.de", "a b")]),
        ("<https://e.com/ü>", "https://e.com/ü", [("AddLink", "https://e.com/%C3%BC", "https://e.com/ü")]),
        ("[](https://e.com)", "https://e.com", [("AddLink", "https://e.com", "https://e.com")]),
        ("[mail](mailto:a@e.com) us", "mail (mailto:a@e.com) us", []),
        ("<a@e.com> [b@e.com](mailto:b@e.com)", "a@e.com b@e.com", []),
        ("[log](file:///var/log/ä) [x](javascript:y)", "log (file:///var/log/ä) x (javascript:y)", []),
        ("[docs](docs/x.md) [a]() [](x)", "docs (docs/x.md) a x", []),
        ("[a](http://) [b](https:c)", "a (http://) b (https:c)", []),
        (
            "[a](<http://[x:y]/>) [b](http://%5B) [c](https://:80)",
            "a (http://[x:y]/) b (http://[) c (https://:80)",
            [],
        ),
        ("[a](http://[::1]:80)", "a", [("AddLink", "http://[::1]:80", "a")]),
        ("[a](http://u:p@e.com:80?q#f)", "a", [("AddLink", "http://u:p@e.com:80?q#f", "a")]),
        ("[a](HTTP://E.com:80/X)", "a", [("AddLink", "http://E.com:80/X", "a")]),
        ("**[a](x)**", "a (x)", [("Bold", "a (x)")]),
        ("[x*b*](b)", "xb (b)", [("Italic", "b")]),
        ("[y:z](x:y:z) [z](x:y:z)", "y:z z (x:y:z)", []),
        ("![a\nb  \nc](http://e.com)", "a b c", [("AddLink", "http://e.com", "a b c")]),
        ("![a *b* `c`](http://e.com/i.png)", "a b c", [("AddLink", "http://e.com/i.png", "a b c")]),
        (
            "![](http://e.com/i.png)",
            "http://e.com/i.png",
            [("AddLink", "http://e.com/i.png", "http://e.com/i.png")],
        ),
        ("![a](i.png)", "a (i.png)", []),
        ("[![a](http://e.com/i.png) b](http://o.com)", "a b", [("AddLink", "http://o.com", "a b")]),
        ("[![](i.png)](http://o.com)", "http://o.com", [("AddLink", "http://o.com", "http://o.com")]),
        (
            "[a <http://i.com>](http://o.com)",
            "a http://i.com",
            [("AddLink", "http://o.com", "a "), ("AddLink", "http://i.com", "http://i.com")],
        ),
        ("![a ![b](c)](http://e.com)", "a b", [("AddLink", "http://e.com", "a b")]),
    ],
)
def test_links_and_images_become_links_that_zoom_takes(source: str, text: str, expected: list[tuple[str, ...]]) -> None:
    message = render(source)
    assert message.text == text
    assert ranges(message) == expected


@pytest.mark.parametrize(
    ("source", "text", "expected"),
    [
        (
            "# A **b**\ntext\n\n## C\n\n### D\n#### E\n",
            "A b\ntext\n\nC\nD\nE",
            [
                ("Bold", "b"),
                ("Paragraph", "h1", "A b"),
                ("Paragraph", "h2", "C"),
                ("Paragraph", "h3", "D"),
                ("Paragraph", "h3", "E"),
            ],
        ),
        ("A  \nB\n===", "A\nB", [("Paragraph", "h1", "A"), ("Paragraph", "h1", "B")]),
        ("#\na", "a", []),
        (
            "- a\n- b **c**\n\ntext",
            "a\nb c\n\ntext",
            [("Bold", "c"), ("BulletedList", "a"), ("BulletedList", "b c")],
        ),
        ("- a\n\n- b", "a\nb", [("BulletedList", "a"), ("BulletedList", "b")]),
        ("- a\nb", "a b", [("BulletedList", "a b")]),
        (
            "- a\n\n  b\n- c",
            "a\n    b\nc",
            [("BulletedList", "a"), ("BulletedList", "c")],
        ),
        (
            "- a\n  - b\n    - c\n      - d\n- e",
            "a\n    ◦ b\n        ▪ c\n            ▪ d\ne",
            [("BulletedList", "a"), ("BulletedList", "e")],
        ),
        ("- a\n-\n- b", "• a\n•\n• b", []),
        ("- ```\n\n  a\n  ```", "• \n    a", []),
        ("1. a\n2. b\n1) c", "a\nb\n\nc", [("NumberedList", "a"), ("NumberedList", "b"), ("NumberedList", "c")]),
        ("3. a\n4. b", "3. a\n4. b", []),
        ("0. a\n0. b", "0. a\n1. b", []),
        ("1) a\n   - b\n2) c  \n   d", "1) a\n   ◦ b\n2) c\n   d", []),
        ("- 1. a\n  2. b", "1. a\n    2. b", [("BulletedList", "1. a")]),
        ("- # a", "a", [("Paragraph", "h1", "a"), ("BulletedList", "a")]),
        ("> a *b*\n> c", "a b c", [("Italic", "b"), ("Quote", "a b c")]),
        ("> a\n>\n> b\n\nc", "a\n\nb\n\nc", [("Quote", "a"), ("Quote", "b")]),
        ("> a\n>> b", "a\n\nb", [("Quote", "a"), ("Quote", "b")]),
        (
            "> # a\n> **b** [c](http://x.de)",
            "a\nb c",
            [
                ("Bold", "b"),
                ("Paragraph", "h1", "a"),
                ("Quote", "a"),
                ("Quote", "b c"),
                ("AddLink", "http://x.de", "c"),
            ],
        ),
        ("> - a\n> - b", "• a\n• b", [("Quote", "• a"), ("Quote", "• b")]),
        ("- > a\n- b", "• a\n• b", [("Quote", "• a")]),
        ("```yaml\na:\n  - **b**\n\n\nc\n```", "a:\n  - **b**\n\n\nc", []),
        ("```\na  \n```\nb", "a  \n\nb", []),
        ("a\n\n    b\n      c\n\nd", "a\n\nb\n  c\n\nd", []),
        ("- a\n\n      b\n        c", "a\n    b\n      c", [("BulletedList", "a")]),
        ("<b>a</b> **c**<br>", "<b>a</b> c<br>", [("Bold", "c")]),
        ("<div>\n**a**\n</div>\n\n<!-- b -->", "<div>\n**a**\n</div>\n\n<!-- b -->", []),
    ],
)
def test_blocks_become_lines_that_zoom_formats(source: str, text: str, expected: list[tuple[str, ...]]) -> None:
    message = render(source)
    assert message.text == text
    assert ranges(message) == expected


def test_a_table_is_aligned_as_its_columns_say_and_keeps_its_formatting() -> None:
    message = render(
        "| Host | State | Count |\n|---|:-:|--:|\n| web01 | **ok** | 1 |\n| 日本 | failed | 10000 |\n| e\u0301 |\n"
    )
    assert message.text == (
        "Host  | State  | Count\n"
        "------+--------+------\n"
        "web01 |   ok   |     1\n"
        "日本  | failed | 10000\n"
        "e\u0301     |        |"
    )
    assert ranges(message) == [("Bold", "ok")]


def test_no_line_of_a_table_ends_in_spaces() -> None:
    assert render("| a | b |\n|---|---|\n| c | long |").text == "a | b\n--+-----\nc | long"


@pytest.mark.parametrize("mark", ["\u0301", "\u0941", "\u20dd", "\u200b"])
def test_a_mark_takes_no_column_of_a_table(mark: str) -> None:
    assert render(f"| abcd | x |\n|---|---|\n| a{mark}b | y |").text == f"abcd | x\n-----+--\na{mark}b   | y"


def test_mentions_are_found_in_the_rendered_text() -> None:
    message = render("🎉 **Done** by *@Zoë*, cc @all")
    mentions = at_items_from(message.text, [{"text": "@Zoë", "contact": "zoe@example.com"}, {"text": "@all"}])
    assert message.text == "🎉 Done by @Zoë, cc @all"
    assert mentions == (Mention(11, 14, 1, "zoe@example.com"), Mention(20, 23, 2))


def test_formatting_follows_its_words_when_a_rendered_text_is_split() -> None:
    parts = split(render("# Report\n- **one** two\n- [three four](https://e.com)"), 13)
    assert [(part.text, ranges(part)) for part in parts] == [
        ("Report", [("Paragraph", "h1", "Report")]),
        ("one two", [("Bold", "one"), ("BulletedList", "one two")]),
        ("three four", [("BulletedList", "three four"), ("AddLink", "https://e.com", "three four")]),
    ]


@pytest.mark.parametrize("marker", ["> ", "- ", "1. "])
def test_no_text_is_lost_however_deep_it_is_nested(marker: str) -> None:
    allowed = {"> ": 59, "- ": 29, "1. ": 29}[marker]
    assert render(marker * allowed + "text").text.endswith("text")
    with pytest.raises(InvalidOption) as caught:
        render(marker * (allowed + 1) + "text")
    assert str(caught.value) == ("msg is nested too deeply; markdown may have 59 quotes or 29 lists inside each other.")


@pytest.mark.parametrize(
    "source", ["*" * 4000 + "a" + "*" * 4000, "![" * 500 + "a" + "](x)" * 500, "[" * 2000, "*a **b " * 900]
)
def test_deep_inline_markup_neither_fails_nor_loses_text(source: str) -> None:
    text = render(source).text
    assert [text.count(letter) for letter in "ab"] == [source.count(letter) for letter in "ab"]
    assert "a" in source or text == source


def test_without_the_library_rendering_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "markdown_it", None)
    _markdown.parser.cache_clear()
    with pytest.raises(_markdown.MarkdownUnavailable) as caught:
        render("a")
    assert str(caught.value) == "markup: markdown needs the Python library markdown-it-py."
    assert caught.value.library == "markdown-it-py"


@pytest.mark.parametrize(("kind", "imports"), [("modules", False), ("action", True)])
def test_the_library_is_imported_once_for_all_forks_and_not_by_every_module(kind: str, imports: bool) -> None:
    code = f"""if True:
        import sys
        import ansible_collections.teamchat.zoom.plugins.{kind}.zoom_chat_message
        print("markdown_it" in sys.modules)
    """
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    ended = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert ended.stdout == f"{imports}\n"


# What CommonMark says, read from the HTML that markdown-it writes


def shown_by_zoom(character: str) -> bool:
    """Whether a character can only come from the source; bullets, numbers, lines and brackets may be added."""
    return character.isalpha() or ord(character) >= 0x1F000


class Styled(t.NamedTuple):
    character: str
    formats: frozenset[tuple[str, str]]


class HtmlWalk(html.parser.HTMLParser):
    """Collects the characters of an HTML text with what its elements make of them."""

    FORMATS: t.ClassVar = {
        "strong": ("Bold", ""),
        "em": ("Italic", ""),
        "s": ("Strikethrough", ""),
        "blockquote": ("Quote", ""),
        "h1": ("Paragraph", "h1"),
        "h2": ("Paragraph", "h2"),
        "h3": ("Paragraph", "h3"),
        "h4": ("Paragraph", "h3"),
        "h5": ("Paragraph", "h3"),
        "h6": ("Paragraph", "h3"),
    }

    def __init__(self, normalize: t.Callable[[str], str]) -> None:
        super().__init__()
        self.normalize = normalize
        self.found: list[Styled] = []
        self.lists: list[tuple[str, ...]] = []
        self.open: list[str] = []
        # The addresses of the links that are open, and what they show so far.
        self.links: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if "x-image" in self.open:
            self.open += [tag] if tag == "x-image" else []
            return
        if tag == "a" or (tag == "x-image" and not self.links):
            self.links.append((str(dict(attrs).get("href") or ""), ""))
        if tag == "code" and "pre" not in self.open:
            self.handle_data("`")
        if tag not in ("hr", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if "x-image" in self.open and tag != "x-image":
            return
        if self.open.count("x-image") > 1:
            self.open.remove("x-image")
            return
        if tag == "code" and "pre" not in self.open:
            self.handle_data("`")
        if tag == "a" or (tag == "x-image" and "a" not in self.open):
            address, shown = self.links[-1]
            readable = self.normalize(address)
            is_told = shown in (readable, readable.split(":", 1)[-1]) or self.is_web(address)
            if not shown.strip() or not is_told:
                self.handle_data(readable)
            self.links.pop()
        if tag in self.open:
            while self.open.pop() != tag:
                pass

    def is_web(self, address: str) -> bool:
        return bool(re.match(r"https?://[^/?#]", address, re.IGNORECASE))

    def handle_data(self, data: str) -> None:
        self.links = [(address, shown + data) for address, shown in self.links]
        formats = {self.FORMATS[tag] for tag in self.open if tag in self.FORMATS}
        web = [address for address, shown in self.links if self.is_web(address)]
        if web:
            formats.add(("AddLink", re.sub("^[^:]*", lambda scheme: scheme[0].lower(), web[-1])))
        for character in filter(shown_by_zoom, data):
            self.found.append(Styled(character, frozenset(formats)))
            self.lists.append(tuple(tag for tag in self.open if tag in ("ul", "ol", "blockquote")))


def html_walk(source: str) -> HtmlWalk:
    parser = MarkdownIt("commonmark", {"maxNesting": 60}).enable(["strikethrough", "table"])
    parser.validateLink = lambda url: True  # type: ignore[method-assign]  # noqa: ARG005

    def as_text(_self: t.Any, tokens: Sequence[Token], index: int, _options: t.Any, _env: t.Any) -> str:
        return html.escape(tokens[index].content)

    def image(renderer: t.Any, tokens: Sequence[Token], index: int, options: t.Any, env: t.Any) -> str:
        token = tokens[index]
        inner = re.sub("</?code>", "", renderer.renderInline(token.children or [], options, env))
        return f'<x-image href="{html.escape(str(token.attrGet("src")))}">{inner}</x-image>'

    parser.add_render_rule("html_inline", as_text)
    parser.add_render_rule("html_block", as_text)
    parser.add_render_rule("image", image)
    walk = HtmlWalk(parser.normalizeLinkText)
    walk.feed(parser.render(source))
    walk.close()
    return walk


def styled(message: FormattedText) -> list[Styled]:
    found = []
    position = 0
    for character in message.text:
        formats = frozenset(
            (entry.format_type, entry.format_attr)
            for entry in message.rich_text
            if entry.start_position <= position <= entry.end_position
        )
        if shown_by_zoom(character):
            found.append(Styled(character, formats))
        position += 2 if ord(character) > 0xFFFF else 1
    return found


MARKUP = ["**", "*", "_", "~~", "`", "[", "]", "![", "(", ")", "\\", "|", "&amp;", "&#10;", "&nbsp;", "<b>", "<div>"]
LINKS = ["](https://e.com/ä)", "](mailto:x@y.z)", "](doc)", "](HTTP://E.com)", "]()", "<https://a.b>", "<x@y.z>"]
WORDS = ["word", "Ünï", "日本語", "🎉", "👍🏽", "e\u0301", "x", "y", " "]
LINE_STARTS = [
    "> ",
    "- ",
    "1. ",
    "# ",
    "#### ",
    "    ",
    "```\n",
    "---\n",
    "\n",
    "| a | *b* |\n|--|:-:|\n| **c** | d |\n",
]
FRAGMENTS = st.sampled_from([*MARKUP, *LINKS, *WORDS, "  \n", "\\\n", "\n", *(f"\n{start}" for start in LINE_STARTS)])
SOURCES = st.one_of(st.lists(FRAGMENTS, max_size=40).map("".join), st.text(max_size=60))
ORDER = ["Bold", "Italic", "Strikethrough", "Paragraph", "Quote", "BulletedList", "NumberedList", "AddLink"]
LISTS = {("BulletedList", ""), ("NumberedList", "")}


@settings(max_examples=300, deadline=None)
@example("**&nbsp;x** [`doc`](doc) ![`a` **b**](c)")
@example("> - **a** b\n> # c\n\n- > d\n- # e")
@given(SOURCES)
def test_ranges_cover_exactly_the_words_that_commonmark_styles(source: str) -> None:
    message = render(source)
    without_lists = [one._replace(formats=one.formats - LISTS) for one in styled(message)]
    assert without_lists == html_walk(source).found


@settings(max_examples=300, deadline=None)
@given(SOURCES)
def test_words_formatted_as_a_list_stand_in_one_of_that_kind(source: str) -> None:
    for one, containers in zip(styled(render(source)), html_walk(source).lists):
        if ("BulletedList", "") in one.formats:
            assert containers[0] == "ul"
            assert "blockquote" not in containers
        if ("NumberedList", "") in one.formats:
            assert containers[0] == "ol"
            assert "blockquote" not in containers


@settings(deadline=None)
@given(st.sampled_from(["BulletedList", "NumberedList"]), st.lists(st.text("aé日🎉 ", min_size=1), min_size=1))
def test_every_item_of_a_flat_list_is_a_line_with_its_format(kind: str, items: list[str]) -> None:
    items = [f"x{' '.join(item.split())}" for item in items]
    marker = {"BulletedList": "- ", "NumberedList": "1. "}[kind]
    message = render("\n".join(marker + item for item in items))
    assert message.text == "\n".join(items)
    assert ranges(message) == [(kind, item) for item in items]


@settings(max_examples=300, deadline=None)
@given(SOURCES)
def test_ranges_are_what_zoom_takes(source: str) -> None:
    message = render(source)
    length = len(message.text.encode("utf-16-le", "surrogatepass")) // 2
    assert message.text == message.text.strip()
    for entry, (*_format, words) in zip(message.rich_text, ranges(message)):
        assert 0 <= entry.start_position <= entry.end_position < length
        assert words.strip()
        assert "\n" not in words
        assert (entry.format_attr != "") == (entry.format_type in ("Paragraph", "AddLink"))
    order = [(ORDER.index(entry.format_type), entry.start_position) for entry in message.rich_text]
    assert order == sorted(order)
    for before, after in zip(message.rich_text, message.rich_text[1:]):
        assert before.format_type != after.format_type or before.end_position < after.start_position
