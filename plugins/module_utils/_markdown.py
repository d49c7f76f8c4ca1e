# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: BSD-2-Clause
"""CommonMark, with strikethrough and tables, turned into a text and the ``rich_text`` that Zoom takes.

Zoom has fewer formats than CommonMark, and some exclude each other (its description of ``rich_text``). So:

- Inline styles come first, then headings, quotes, lists, links: a quote clears what comes after it except
  links and lists, and nothing may follow a link that it excludes. Bold and headings inside a quote are sent
  before it; whether Zoom's quote leaves them is up to Zoom.
- A list and a quote on the same line clear each other, as do a list and an indent. Lists that contain
  quotes, that stand in quotes or in other lists, and numbered lists that Zoom would number wrongly (not
  from 1, or with items of several lines) are written out with bullets, numbers and spaces instead.
- No range crosses a line end: a link may not, and for the others it makes no difference.
- Code, HTML and tables are plain text: inline code in backticks, blocks as they are, tables aligned with
  spaces.
"""

from __future__ import annotations

import dataclasses
import functools
import re
import typing as t
import unicodedata

from ansible_collections.teamchat.zoom.plugins.module_utils._errors import InvalidOption
from ansible_collections.teamchat.zoom.plugins.module_utils._text import FormattedText, RichText, utf16_length

if t.TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

# Blocks that are nested deeper are silently dropped by markdown-it; its preset has 20.
_MAX_NESTING = 60
_CONTAINERS = ("blockquote_open", "list_item_open")


class MarkdownUnavailable(Exception):
    """The library markdown-it-py is missing; the cause says why."""

    library: t.ClassVar[str] = "markdown-it-py"


def render(source: str) -> FormattedText:
    """The text of a CommonMark document with its formatting: nothing blank at its ends, no mentions.

    :raises MarkdownUnavailable: see `parser`.
    :raises InvalidOption: blocks are nested so deeply that the parser would drop some.
    """
    tokens = parser().parse(source)
    levels = _MAX_NESTING - 1
    if any(token.level >= levels and token.type in _CONTAINERS for token in tokens):
        raise InvalidOption(
            f"msg is nested too deeply; markdown may have {levels} quotes or {levels // 2} lists inside each other."
        )
    lines = _block_lines(_tree(tokens), _Place())
    return _assembled(lines).stripped()


@functools.lru_cache(maxsize=1)
def parser() -> MarkdownIt:
    """The library's parser, made when it is first asked for.

    Most messages are plain, and a module on a target would import the library for each of them.

    :raises MarkdownUnavailable: markdown-it-py is missing.
    """
    try:
        from markdown_it import MarkdownIt
    except ImportError as error:
        raise MarkdownUnavailable("markup: markdown needs the Python library markdown-it-py.") from error
    made = MarkdownIt("commonmark", {"maxNesting": _MAX_NESTING}).enable(["strikethrough", "table"])
    # Nothing here becomes HTML, so an address that a browser must not open is only text.
    made.validateLink = lambda url: True  # type: ignore[method-assign]  # noqa: ARG005
    return made


# Lines and their pieces


class _Link(t.NamedTuple):
    """A link's address, and a number by which neighbouring links stay apart."""

    address: str
    number: int


@dataclasses.dataclass(frozen=True)
class _Style:
    bold: bool = False
    italic: bool = False
    strikethrough: bool = False
    link: _Link | None = None


@dataclasses.dataclass(frozen=True)
class _Piece:
    text: str
    style: _Style = _Style()


@dataclasses.dataclass(frozen=True)
class _Line:
    """One line of the message; ``formats`` are pairs of format_type and format_attr for all of it."""

    pieces: tuple[_Piece, ...] = ()
    formats: tuple[tuple[str, str], ...] = ()

    @property
    def text(self) -> str:
        return "".join(piece.text for piece in self.pieces)

    def prefixed(self, prefix: str) -> _Line:
        return dataclasses.replace(self, pieces=(_Piece(prefix), *self.pieces))

    def formatted(self, format_type: str, format_attr: str = "") -> _Line:
        """With one more format, where there is something that it could apply to."""
        if not self.text.strip():
            return self
        return dataclasses.replace(self, formats=(*self.formats, (format_type, format_attr)))


# Zoom's format types in the order in which they are sent.
_ORDER = ("Bold", "Italic", "Strikethrough", "Paragraph", "Quote", "BulletedList", "NumberedList", "AddLink")


def _assembled(lines: list[_Line]) -> FormattedText:
    ranges: list[RichText] = []
    position = 0
    for line in lines:
        ranges += _line_ranges(line, position)
        position += utf16_length(line.text) + 1
    ranges.sort(key=lambda entry: (_ORDER.index(entry.format_type), entry.start_position))
    return FormattedText("\n".join(line.text for line in lines), tuple(ranges))


def _line_ranges(line: _Line, start: int) -> t.Iterator[RichText]:
    """The ranges of a line that begins at this position."""
    for format_type, format_attr in line.formats:
        yield RichText(start, start + utf16_length(line.text) - 1, format_type, format_attr)
    for format_type, value_of in _INLINE_FORMATS.items():
        position = start
        for value, text in _runs(line, value_of):
            end = position + utf16_length(text)
            if value and text.strip():
                yield RichText(position, end - 1, format_type, value.address if isinstance(value, _Link) else "")
            position = end


_INLINE_FORMATS: dict[str, t.Callable[[_Style], bool | _Link | None]] = {
    "Bold": lambda style: style.bold,
    "Italic": lambda style: style.italic,
    "Strikethrough": lambda style: style.strikethrough,
    "AddLink": lambda style: style.link,
}


def _runs(
    line: _Line, value_of: t.Callable[[_Style], bool | _Link | None]
) -> t.Iterator[tuple[bool | _Link | None, str]]:
    """The longest stretches of a line over which a style has one value."""
    current: bool | _Link | None = None
    text = ""
    for piece in line.pieces:
        value = value_of(piece.style)
        if text and value != current:
            yield current, text
            text = ""
        current = value
        text += piece.text
    if text:
        yield current, text


# Blocks


@dataclasses.dataclass(frozen=True)
class _Node:
    """A block: its opening token and what stands in it."""

    token: Token
    children: list[_Node] = dataclasses.field(default_factory=list)


@dataclasses.dataclass(frozen=True)
class _Place:
    """Where a block stands: how deep in lists, and whether in a quote."""

    lists: int = 0
    in_quote: bool = False


def _tree(tokens: t.Sequence[Token]) -> list[_Node]:
    top: list[_Node] = []
    open_lists = [top]
    for token in tokens:
        if token.nesting < 0:
            open_lists.pop()
            continue
        node = _Node(token)
        open_lists[-1].append(node)
        if token.nesting > 0:
            open_lists.append(node.children)
    return top


def _block_lines(nodes: list[_Node], place: _Place) -> list[_Line]:
    """The lines of blocks; with a blank line between two, except in lists and after headings."""
    lines: list[_Line] = []
    after_heading = False
    for node in nodes:
        block = _lines_of(node, place)
        if not any(line.text.strip() for line in block):
            continue
        if lines and not place.lists and not after_heading:
            lines.append(_Line())
        lines += block
        after_heading = node.token.type == "heading_open"
    return lines


_RULE = "──────────"


def _lines_of(node: _Node, place: _Place) -> list[_Line]:
    token = node.token
    if token.type == "inline":
        return _inline_lines(token.children or [])
    if token.type == "paragraph_open":
        return _block_lines(node.children, place)
    if token.type == "heading_open":
        level = min(int(token.tag[1:]), 3)
        return [line.formatted("Paragraph", f"h{level}") for line in _block_lines(node.children, place)]
    if token.type == "blockquote_open":
        quoted = _block_lines(node.children, dataclasses.replace(place, in_quote=True))
        if place.in_quote:
            return quoted
        return [line.formatted("Quote") for line in quoted]
    if token.type in ("bullet_list_open", "ordered_list_open"):
        return _list_lines(node, place)
    if token.type == "table_open":
        return _table_lines(node)
    if token.type == "hr":
        return [_Line((_Piece(_RULE),))]
    # What is left is text as it stands: code_block, fence, html_block.
    return [_Line((_Piece(text),)) for text in token.content.rstrip("\n").split("\n")]


# Lists

_BULLETS = "•◦▪"
_HANGING_INDENT = "    "


def _list_lines(node: _Node, place: _Place) -> list[_Line]:
    inner = dataclasses.replace(place, lists=place.lists + 1)
    items = [_block_lines(item.children, inner) for item in node.children]
    is_ordered = node.token.type == "ordered_list_open"
    lines: list[_Line] = []
    if _is_native(node, items, place):
        for first, *others in items:
            lines.append(first.formatted("NumberedList" if is_ordered else "BulletedList"))
            lines += [line.prefixed(_HANGING_INDENT) for line in others]
        return lines
    start = node.token.attrGet("start")
    for number, (item, item_lines) in enumerate(zip(node.children, items), 1 if start is None else int(start)):
        bullet = _BULLETS[min(place.lists, len(_BULLETS) - 1)]
        marker = f"{number}{item.token.markup}" if is_ordered else bullet
        first, *others = item_lines or [_Line()]
        lines.append(first.prefixed(f"{marker} ") if item_lines else _Line((_Piece(marker),)))
        indent = " " * (len(marker) + 1) if is_ordered else _HANGING_INDENT
        lines += [line.prefixed(indent) for line in others]
    return lines


def _is_native(node: _Node, items: list[list[_Line]], place: _Place) -> bool:
    """Whether Zoom's own list formats show this list as it is meant; what they exclude is told at the top."""
    if place.lists or place.in_quote:
        return False
    for lines in items:
        if not lines or not lines[0].text.strip():
            return False
        if any(format_type == "Quote" for line in lines for format_type, format_attr in line.formats):
            return False
    if node.token.type == "bullet_list_open":
        return True
    return node.token.attrGet("start") is None and all(len(lines) == 1 for lines in items)


# Tables


def _table_lines(node: _Node) -> list[_Line]:
    rows = [row for section in node.children for row in section.children]
    cells = [[_cell(cell) for cell in row.children] for row in rows]
    alignments = [str(cell.token.attrGet("style") or "").rpartition(":")[2] for cell in rows[0].children]
    widths = [max(_width(row[column].text) for row in cells) for column in range(len(alignments))]
    lines = [_row_line(row, widths, alignments) for row in cells]
    lines.insert(1, _Line((_Piece("-+-".join("-" * width for width in widths)),)))
    return lines


def _cell(node: _Node) -> _Line:
    pieces = [piece for line in _block_lines(node.children, _Place()) for piece in line.pieces]
    return _Line(tuple(pieces))


def _row_line(row: list[_Line], widths: list[int], alignments: list[str]) -> _Line:
    pieces: list[_Piece] = []
    for column, (cell, width, alignment) in enumerate(zip(row, widths, alignments)):
        space = width - _width(cell.text)
        left = {"right": space, "center": space // 2}.get(alignment, 0)
        right = space - left if column < len(row) - 1 else 0
        pieces += [_Piece(" " * left), *cell.pieces, _Piece(" " * right)]
        if column < len(row) - 1:
            pieces.append(_Piece(" | "))
    return _Line(tuple(pieces))


def _width(text: str) -> int:
    """The columns that a text takes in a font of fixed width."""
    width = 0
    for character in text:
        if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Me", "Cf"):
            continue
        width += 2 if unicodedata.east_asian_width(character) in "WF" else 1
    return width


# Inline

_LINE_ENDS = re.compile("[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")
# What Zoom takes as the address of a link: an http or https URL with a host.
_WEB_ADDRESS = re.compile(r"https?://([^/?#@]*@)?(\[[0-9a-f:.]+\]|[^\s/?#@:%\[\]]+)(:[0-9]*)?([/?#]|$)", re.IGNORECASE)
_STYLE_TAGS = {"strong": "bold", "em": "italic", "s": "strikethrough"}


def _inline_lines(tokens: t.Sequence[Token]) -> list[_Line]:
    writer = _InlineWriter()
    for token in tokens:
        writer.add(token)
    return [_Line(tuple(pieces)) for pieces in writer.lines]


@dataclasses.dataclass
class _OpenLink:
    """A link whose end has not come yet: its address, what Zoom gets of it, and its text so far."""

    address: str
    link: _Link | None
    shown: str = ""


class _InlineWriter:
    """Collects the pieces of a paragraph, heading or cell, token by token."""

    def __init__(self) -> None:
        self.lines: list[list[_Piece]] = [[]]
        self._depths = dict.fromkeys(_STYLE_TAGS.values(), 0)
        # More than one where an autolink stands in a link: the inner one counts.
        self._open: list[_OpenLink] = []
        self._links = 0

    def add(self, token: Token) -> None:
        if token.type == "link_open":
            self._open_link(str(token.attrGet("href") or ""))
        elif token.type == "link_close":
            self._close_link()
        elif token.type == "image":
            self._add_image(token)
        elif token.type == "hardbreak":
            self.lines.append([])
        elif token.type == "softbreak":
            self._write(" ")
        elif token.type == "code_inline":
            self._write(f"`{token.content}`")
        elif token.tag in _STYLE_TAGS:
            self._depths[_STYLE_TAGS[token.tag]] += token.nesting
        else:
            self._write(token.content)

    def _write(self, text: str) -> None:
        # An entity can stand for a line end, but only a hard break makes one.
        text = _LINE_ENDS.sub(" ", text)
        if not text:
            return
        for open_link in self._open:
            open_link.shown += text
        link = next((open_link.link for open_link in reversed(self._open) if open_link.link), None)
        style = _Style(**{name: depth > 0 for name, depth in self._depths.items()}, link=link)
        self.lines[-1].append(_Piece(text, style))

    def _open_link(self, address: str) -> None:
        link = None
        if _WEB_ADDRESS.match(address):
            self._links += 1
            scheme, colon, rest = address.partition(":")
            link = _Link(scheme.lower() + colon + rest, self._links)
        self._open.append(_OpenLink(address, link))

    def _close_link(self) -> None:
        """End a link: without a text it shows its address, without Zoom taking it the address in brackets."""
        link = self._open[-1]
        address = parser().normalizeLinkText(link.address)
        if not link.shown.strip():
            self._write(address)
        elif not link.link and address and link.shown not in (address, address.partition(":")[2]):
            self._write(f" ({address})")
        self._open.pop()

    def _add_image(self, token: Token) -> None:
        """An image is a link to it with the alternative text, or just that text where it stands in a link."""
        text = _plain_text(token.children or [])
        if self._open:
            self._write(text)
            return
        self._open_link(str(token.attrGet("src") or ""))
        self._write(text)
        self._close_link()


def _plain_text(tokens: t.Sequence[Token]) -> str:
    """The text of an image's description, without styles."""
    return "".join(" " if token.type in ("softbreak", "hardbreak") else token.content for token in tokens)
