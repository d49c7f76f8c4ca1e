# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files on their way into Zoom: byte for byte, whatever their size, their name, and where the task runs."""

from __future__ import annotations

import hashlib
import json
import pathlib
import sys
import typing as t

import pytest
from ansible_collections.teamchat.zoom.tests.integration import runs
from ansible_collections.teamchat.zoom.tests.integration.runs import Playbook, Run
from ansible_collections.teamchat.zoom.tests.sandbox import seeds
from ansible_collections.teamchat.zoom.tests.sandbox.running import Sandbox

GIGABYTE = 1024**3
MEGABYTE = 1024**2

# The most memory of ansible-playbook and of all that it started, in KiB.
_MEASURE = """\
#!{python}
import os, resource, subprocess, sys
code = subprocess.call([{playbook!r}, *sys.argv[1:]])
with open(os.environ["PEAK_FILE"], "w") as file:
    file.write(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))
sys.exit(code)
"""

SEND = """
- hosts: {hosts}
  gather_facts: false
  {keywords}
  tasks:
    - name: Send
      teamchat.zoom.zoom_chat_message:
        to_channel: {channel}
        {msg}
        files: "{{{{ files }}}}"
"""


def send(
    playbook: Playbook, files: t.Any, *, msg: str = "The files", hosts: str = "localhost", keywords: str = ""
) -> Run:
    text = SEND.format(hosts=hosts, keywords=keywords, channel=seeds.OPS, msg=f"msg: {msg}" if msg else "")
    return playbook.run(text, hosts=1, extra_vars={"files": files})


@pytest.fixture
def peak(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> t.Callable[[], int]:
    """The peak memory, in bytes, of the last run."""
    wrapper, peak_file = tmp_path / "measured-playbook", tmp_path / "peak"
    wrapper.write_text(_MEASURE.format(python=sys.executable, playbook=str(runs.ANSIBLE_PLAYBOOK)), encoding="utf-8")
    wrapper.chmod(0o755)
    monkeypatch.setattr(runs, "ANSIBLE_PLAYBOOK", wrapper)
    return lambda: int(peak_file.read_text(encoding="utf-8")) * 1024


def test_a_gigabyte_is_streamed(
    both_ways: Playbook, sandbox: Sandbox, tmp_path: pathlib.Path, peak: t.Callable[[], int]
) -> None:
    both_ways.environment["PEAK_FILE"] = str(tmp_path / "peak")
    path = tmp_path / "large.bin"
    with path.open("wb") as file:
        file.truncate(GIGABYTE)
    digest = hashlib.sha256()
    for _index in range(GIGABYTE // MEGABYTE):
        digest.update(bytes(MEGABYTE))
    nothing = both_ways.run("- hosts: localhost\n  gather_facts: false\n  tasks: [{ansible.builtin.debug: {msg: x}}]\n")
    assert nothing.returncode == 0, nothing.output
    empty = peak()
    run = send(both_ways, [str(path)])
    assert run.returncode == 0, run.output
    assert run.of("Send")["files"] == [{"name": "large.bin", "size": GIGABYTE, "sha256": digest.hexdigest()}]
    (upload,) = sandbox.account()["uploads"]
    assert (upload["name"], upload["size"], upload["sha256"]) == ("large.bin", GIGABYTE, digest.hexdigest())
    # The file host sends uploads on to another one.
    assert len(sandbox.requests("redirect")) == 1
    assert peak() - empty <= 80 * MEGABYTE


NAMES = ["two words.txt", 'it\'s "quoted".txt', "Grüße 🚀.log", "a;b&c=d%41.txt", "-n"]


@pytest.mark.parametrize("keywords", ["", "connection: faraway"], ids=["local", "faraway"])
@pytest.mark.parametrize("msg", ["The files", ""], ids=["attached", "alone"])
def test_odd_names_and_bytes_arrive_from_anywhere(
    both_ways: Playbook, sandbox: Sandbox, keywords: str, msg: str
) -> None:
    expected = {}
    folder = both_ways.folder / "files"
    folder.mkdir()
    for number, name in enumerate(NAMES):
        content = bytes(range(256)) * number + b"\r\n--x\r\n\0"
        (folder / name).write_bytes(content)
        expected[name] = hashlib.sha256(content).hexdigest()
    run = send(both_ways, NAMES, msg=msg, hosts="web1", keywords=keywords)
    assert run.returncode == 0, run.output
    result = run.of("Send")
    assert {file["name"]: file["sha256"] for file in result["files"]} == expected
    arrived = [file for message in sandbox.messages() for file in message["files"]]
    assert [file["name"] for file in arrived] == NAMES
    assert {file["name"]: file["sha256"] for file in arrived} == expected
    assert len(sandbox.messages()) == (1 if msg else len(NAMES))
    # What was copied to the target is gone again.
    remote = both_ways.folder / "remote-tmp"
    assert [path for path in remote.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("keywords", ["", "connection: faraway"], ids=["local", "faraway"])
@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        (
            [{"content": "a", "name": "../a"}],
            "files[0].name is '../a'; it must be a file's name without folders.",
        ),
        (
            [{"content": "a", "name": "a\r\nb"}],
            "files[0].name is 'a\\r\\nb'; it must not contain line ends or other control characters.",
        ),
        (
            ["nowhere.txt"],
            "files names 'nowhere.txt', which is not on the controller; a relative path is looked for in the folders"
            " 'files' of the role and the play, and beside the playbook.",
        ),
    ],
)
def test_names_that_would_do_harm_are_refused(
    both_ways: Playbook, sandbox: Sandbox, keywords: str, files: t.Any, sentence: str
) -> None:
    run = send(both_ways, files, hosts="web1", keywords=keywords)
    assert run.returncode == 2
    result = run.of("Send")
    assert (result["msg"], result["changed"], result["failure"]["reason"]) == (sentence, False, "invalid")
    assert sandbox.requests() == []


def test_one_file_needs_no_list(both_ways: Playbook, sandbox: Sandbox) -> None:
    (both_ways.folder / "files").mkdir()
    (both_ways.folder / "files" / "one.log").write_text("one", encoding="utf-8")
    run = send(both_ways, "one.log")
    assert run.returncode == 0, run.output
    (message,) = sandbox.messages()
    assert [(file["name"], file["size"]) for file in message["files"]] == [("one.log", 3)]


@pytest.mark.parametrize("keywords", ["", "connection: faraway"], ids=["local", "faraway"])
def test_a_name_that_is_null_is_the_files_own(both_ways: Playbook, sandbox: Sandbox, keywords: str) -> None:
    (both_ways.folder / "one.log").write_text("one", encoding="utf-8")
    run = send(both_ways, [{"path": "one.log", "name": None}], hosts="web1", keywords=keywords)
    assert run.returncode == 0, run.output
    (message,) = sandbox.messages()
    assert [file["name"] for file in message["files"]] == ["one.log"]


def test_files_of_another_type_are_left_to_the_modules_own_words(both_ways: Playbook, sandbox: Sandbox) -> None:
    run = send(both_ways, {"path": "one.log"})
    assert run.returncode == 2
    message = run.of("Send")["msg"]
    assert message.startswith("argument 'files' is of type ")
    assert message.endswith("and we were unable to convert to list: <class 'dict'> cannot be converted to a list")
    assert sandbox.requests() == []


@pytest.mark.parametrize("keywords", ["", "connection: faraway"], ids=["local", "faraway"])
def test_a_folder_is_no_file(both_ways: Playbook, sandbox: Sandbox, keywords: str) -> None:
    (both_ways.folder / "files").mkdir()
    (both_ways.folder / "files" / "logs").mkdir()
    run = send(both_ways, ["logs"], hosts="web1", keywords=keywords)
    assert run.returncode == 2
    assert run.of("Send")["msg"] == "files names 'logs', which is not a regular file."
    assert sandbox.requests() == []


def test_content_that_is_data_goes_as_json(both_ways: Playbook, sandbox: Sandbox) -> None:
    data = {"hosts": ["web1", "wéb2"], "ok": True}
    run = send(both_ways, [{"content": data, "name": "data.json"}])
    assert run.returncode == 0, run.output
    (upload,) = sandbox.account()["uploads"]
    assert upload["sha256"] == hashlib.sha256(json.dumps(data, ensure_ascii=False).encode()).hexdigest()


def test_a_large_file_goes_with_a_message_only(both_ways: Playbook, sandbox: Sandbox) -> None:
    with (both_ways.folder / "large.png").open("wb") as file:
        file.truncate(16 * MEGABYTE + 1)
    run = send(both_ways, ["large.png"], msg="")
    assert run.of("Send")["msg"] == (
        f"files[0] (large.png) has {16 * MEGABYTE + 1} bytes; Zoom takes 16 MB at most for an image. A file that goes"
        " with msg may have 1024 MB."
    )
    assert sandbox.requests() == []
