# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that go with a message: how they are found, named, measured and read."""

from __future__ import annotations

import hashlib
import pathlib
import typing as t

import pytest
from ansible_collections.teamchat.zoom.plugins.module_utils import _files
from ansible_collections.teamchat.zoom.plugins.module_utils._bodies import Body, file_body
from ansible_collections.teamchat.zoom.plugins.module_utils._errors import InvalidOption
from ansible_collections.teamchat.zoom.plugins.module_utils._files import Attachment, attachments

MEGABYTE = 1024**2


def refusal(*files: t.Any, with_message: bool = True) -> str:
    with pytest.raises(InvalidOption) as caught:
        attachments(files, with_message=with_message)
    return caught.value.sentence


def sized(folder: pathlib.Path, name: str, size: int) -> str:
    path = folder / name
    with path.open("wb") as file:
        file.truncate(size)
    return str(path)


def test_a_path_gives_its_name_size_and_hash(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "a b.bin"
    path.write_bytes(b"\0\r\n\xff")
    (found,) = attachments([str(path)], with_message=True)
    assert found == Attachment("a b.bin", 4, path=str(path))
    assert found.described() == {"name": "a b.bin", "size": 4, "sha256": hashlib.sha256(b"\0\r\n\xff").hexdigest()}


def test_a_home_is_expanded(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "log").write_text("x")
    assert attachments(["~/log"], with_message=True)[0].path == str(tmp_path / "log")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("Grüße\r\n\0", "Grüße\r\n\0".encode()),
        ("", b""),
        ("a\udcffb", b"a\xffb"),
        ({"a": [1], "b": "ë"}, '{"a": [1], "b": "ë"}'.encode()),
        (7, b"7"),
    ],
)
def test_content_is_text_in_utf_8(content: t.Any, expected: bytes) -> None:
    (found,) = attachments([{"content": content, "name": "x.txt"}], with_message=True)
    assert (found.size, b"".join(found.chunks(lambda: 3))) == (len(expected), expected)
    assert found.content_type == "text/plain"


@pytest.mark.parametrize("name", ["it's", 'quo"ted', "🚀.log", "-n", "a;b=c%", "..a", "x" * 255])
def test_odd_names_stay(name: str) -> None:
    assert attachments([{"content": "a", "name": name}], with_message=True)[0].name == name


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("../a", "files[0].name is '../a'; it must be a file's name without folders."),
        ("a\\b", "files[0].name is 'a\\\\b'; it must be a file's name without folders."),
        ("..", "files[0].name is '..'; it must be the name of a file."),
        ("", "files[0].name is ''; it must be the name of a file."),
        (7, "files[0].name is 7; it must be the name of a file."),
        ("a\nb", "files[0].name is 'a\\nb'; it must not contain line ends or other control characters."),
        ("a\0b", "files[0].name is 'a\\x00b'; it must not contain line ends or other control characters."),
        ("a\udcff", "files[0].name is 'a\\udcff', which is no Unicode text."),
        ("🚀" * 64, "files[0].name has 256 bytes; it may have 255."),
    ],
)
def test_names_that_would_do_harm_are_refused(name: t.Any, sentence: str) -> None:
    assert refusal({"content": "a", "name": name}) == sentence


def test_what_is_no_file_is_refused(tmp_path: pathlib.Path) -> None:
    assert refusal(7) == "files[0] must be a path, or a dictionary of path or content, and name; not 7."
    assert refusal({"path": "a", "content": "b"}) == "files[0] must have either path or content."
    assert refusal({"content": "b"}) == "files[0] has content, so it must have a name too."
    assert refusal({"content": "a\ud83d", "name": "a"}) == (
        "files[0].content has a character at position 1 that is no Unicode text."
    )
    assert refusal({"src": "b"}) == "files[0] has the key 'src', but it may only have path, content and name."
    assert refusal(str(tmp_path)) == f"files[0] is '{tmp_path}', which is not a regular file."
    assert refusal(f"{tmp_path}/x") == f"files[0] is '{tmp_path}/x', which cannot be read: No such file or directory."
    assert refusal("a\0b") == "files[0] is 'a\\x00b', which is no path."
    assert (
        refusal(*[{"content": "", "name": "a"}] * 7) == "files has 7 entries; Zoom attaches 6 at most to one message."
    )


@pytest.mark.parametrize(
    ("name", "most", "with_message", "kind"),
    [
        ("a.bin", 1024 * MEGABYTE, True, "a file with a message."),
        ("a.bin", 20 * MEGABYTE, False, "a file. A file that goes with msg may have 1024 MB."),
        ("a.png", 16 * MEGABYTE, False, "an image. A file that goes with msg may have 1024 MB."),
    ],
)
def test_zooms_limits_hold_before_anything_is_sent(
    tmp_path: pathlib.Path, name: str, most: int, with_message: bool, kind: str
) -> None:
    assert attachments([sized(tmp_path, name, most)], with_message=with_message)[0].size == most
    assert refusal(sized(tmp_path, name, most + 1), with_message=with_message) == (
        f"files[0] ({name}) has {most + 1} bytes; Zoom takes {most // MEGABYTE} MB at most for {kind}"
    )


def test_a_growing_log_is_sent_as_it_was_and_its_hash_is_that_of_what_is_sent(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"one\n")
    (found,) = attachments([str(path)], with_message=True)
    with path.open("ab") as file:
        file.write(b"two\n")
    assert found.described()["sha256"] == hashlib.sha256(b"one\n").hexdigest()
    sent = b"".join(file_body({}, "file", found))
    assert b"\r\n\r\none\n\r\n--" in sent
    assert b"two" not in sent


@pytest.mark.parametrize("size", [1, 7, 65536, -1])
def test_a_file_body_has_the_length_that_it_tells_and_can_be_read_again(tmp_path: pathlib.Path, size: int) -> None:
    path = tmp_path / "data"
    path.write_bytes(bytes(range(256)) * 10)
    (found,) = attachments([str(path)], with_message=True)
    body = file_body({"to_channel": "abc"}, "files", found)

    def whole(body: Body) -> bytes:
        return b"".join(iter(lambda: body.read(size), b""))

    first = whole(body)
    assert len(first) == len(body)
    assert path.read_bytes() in first
    body.rewind()
    assert whole(body) == first


def test_a_file_that_shrinks_or_goes_is_an_error(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"12345")
    (found,) = attachments([str(path)], with_message=True)
    path.write_bytes(b"123")
    with pytest.raises(InvalidOption, match=r"^files: log became shorter while it was read\.$"):
        found.described()
    path.unlink()
    with pytest.raises(InvalidOption, match=r"^files: log can no longer be read: No such file or directory\.$"):
        b"".join(file_body({}, "file", found))


def test_the_limits_are_zooms() -> None:
    assert (_files.MOST_ATTACHED, _files.MOST_SENT, _files.MOST_SENT_IMAGE, _files.MOST_FILES) == (
        1073741824,
        20971520,
        16777216,
        6,
    )
