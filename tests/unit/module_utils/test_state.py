# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The state folder: private, locked, atomic, trusted by no one and fatal to nothing."""

from __future__ import annotations

import fcntl
import json
import os
import pathlib
import random
import stat
import subprocess
import sys
import threading
import time
import typing as t

import pytest
from ansible_collections.teamchat.zoom.plugins.module_utils import _state
from ansible_collections.teamchat.zoom.plugins.module_utils._state import LockTimeoutError, StateFolder, key
from hypothesis import given, settings
from hypothesis import strategies as st

IMPORT = "from ansible_collections.teamchat.zoom.plugins.module_utils._state import StateFolder\n"


def unwarned(text: str) -> None:
    raise AssertionError(f"unexpected warning: {text}")


def python(code: str, *arguments: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.Popen(
        [sys.executable, "-c", IMPORT + code, *arguments], stdout=subprocess.PIPE, text=True, env=environment
    )


def mode(path: pathlib.Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def path(tmp_path: pathlib.Path) -> pathlib.Path:
    return tmp_path / "parent" / "state"


def test_value_is_read_back_and_replaced(path: pathlib.Path) -> None:
    StateFolder(str(path), unwarned).write("token", {"text": "ä\N{PARTY POPPER}\ud800", "n": 1})
    other = StateFolder(str(path), unwarned)
    assert other.read("token") == {"text": "ä\N{PARTY POPPER}\ud800", "n": 1}
    other.write("token", {})
    assert other.read("token") == {}


def test_updated_value_is_read_back_whatever_was_longer_before(path: pathlib.Path) -> None:
    folder = StateFolder(str(path), unwarned)
    for value in ({"entries": list(range(100))}, {"n": 1}, {"entries": ["ä" * 50]}):
        folder.update("window", value)
        assert StateFolder(str(path), unwarned).read("window") == value
    assert mode(path / "window.json") == 0o600
    assert [entry.name for entry in path.iterdir()] == ["window.json"]


@pytest.mark.parametrize("kind", ["link", "readable by others", "fifo"])
def test_update_writes_through_nothing_that_is_not_a_private_file(path: pathlib.Path, kind: str) -> None:
    folder = StateFolder(str(path), unwarned)
    folder.write("window", {})
    target = path / "window.json"
    other = path.parent / "elsewhere"
    other.write_text("untouched")
    target.unlink()
    if kind == "link":
        target.symlink_to(other)
    elif kind == "fifo":
        os.mkfifo(target, 0o600)
    else:
        target.write_text("{}")
        target.chmod(0o644)
    folder.update("window", {"n": 1})
    assert folder.read("window") == {"n": 1}
    assert mode(target) == 0o600
    assert not target.is_symlink()
    assert target.is_file()
    assert other.read_text() == "untouched"


def test_folder_and_files_are_private_whatever_the_umask(path: pathlib.Path) -> None:
    before = os.umask(0)
    try:
        folder = StateFolder(str(path), unwarned)
        with folder.lock("token", 1.0):
            folder.write("token", {"a": 1})
    finally:
        os.umask(before)
    assert mode(path) == 0o700
    assert {entry.name: mode(entry) for entry in path.iterdir()} == {"token.json": 0o600, "token.lock": 0o600}


def test_reading_makes_no_folder(path: pathlib.Path) -> None:
    folder = StateFolder(str(path), unwarned)
    assert folder.read("token") is None
    folder.remove("token")
    assert not path.parent.exists()


def test_removed_value_is_gone(path: pathlib.Path) -> None:
    folder = StateFolder(str(path), unwarned)
    folder.write("token", {"a": 1})
    folder.remove("token")
    folder.remove("token")
    assert folder.read("token") is None


def test_without_a_path_nothing_is_kept(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    folder = StateFolder("", unwarned)
    with folder.lock("token", 0.0), folder.lock("token", 0.0):
        folder.write("token", {"a": 1})
    folder.remove("token")
    assert not folder.usable
    assert folder.read("token") is None
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["", "../token", "a/b", ".hidden", "a\0", "a\n", "ä", "x" * 151])
def test_name_that_is_no_file_name_is_a_programming_error(path: pathlib.Path, name: str) -> None:
    folder = StateFolder(str(path), unwarned)
    with pytest.raises(ValueError, match="is no name for a state file"):
        folder.read(name)


def test_value_that_is_too_large_or_no_json_is_a_programming_error(
    path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_state, "MAX_BYTES", 10)
    folder = StateFolder(str(path), unwarned)
    with pytest.raises(ValueError, match="big: 15 bytes are more than the state folder keeps"):
        folder.write("big", {"text": "xxxx"})
    with pytest.raises(ValueError, match="not JSON compliant"):
        folder.write("big", {"n": float("nan")})


def test_own_folder_that_others_may_read_is_closed_and_what_others_could_write_is_not_trusted(
    path: pathlib.Path,
) -> None:
    path.mkdir(parents=True)
    path.chmod(0o777)
    (path / "token.json").write_text('{"access_token": "planted"}')
    (path / "token.json").chmod(0o666)
    folder = StateFolder(str(path), unwarned)
    assert folder.read("token") is None
    assert mode(path) == 0o700
    folder.write("token", {"a": 1})
    assert folder.read("token") == {"a": 1}
    assert mode(path / "token.json") == 0o600


def test_a_folder_for_all_users_is_neither_used_nor_closed_to_them(path: pathlib.Path) -> None:
    path.mkdir(parents=True)
    path.chmod(0o1777)
    warnings: list[str] = []
    StateFolder(str(path), warnings.append).write("token", {"a": 1})
    assert warnings == [
        f"state_dir: {path} cannot be used (it is a folder for all users, as /tmp is); tokens, send windows and the"
        " outbox are not kept"
    ]
    assert mode(path) == 0o1777
    assert list(path.iterdir()) == []


def test_files_that_are_no_regular_files_are_not_followed_and_are_replaced(
    path: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    path.mkdir(parents=True, mode=0o700)
    victim = tmp_path / "victim"
    victim.write_text('{"access_token": "planted"}')
    victim.chmod(0o600)
    (path / "link.json").symlink_to(victim)
    (path / "dangling.json").symlink_to(tmp_path / "nothing")
    os.mkfifo(path / "fifo.json", 0o600)
    folder = StateFolder(str(path), unwarned)
    for name in ("link", "dangling", "fifo"):
        assert folder.read(name) is None
        folder.write(name, {"mine": name})
        assert folder.read(name) == {"mine": name}
    assert victim.read_text() == '{"access_token": "planted"}'
    assert not (tmp_path / "nothing").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_file_of_another_user_is_not_read_and_is_replaced(path: pathlib.Path) -> None:
    folder = StateFolder(str(path), unwarned)
    folder.write("token", {"access_token": "planted"})
    os.chown(path / "token.json", 12345, 12345)
    assert folder.read("token") is None
    folder.write("token", {"a": 1})
    assert folder.read("token") == {"a": 1}


class Unusable(t.NamedTuple):
    path: str
    cause: str


def under_a_file(base: pathlib.Path) -> Unusable:
    (base / "file").touch()
    return Unusable(str(base / "file" / "state"), "Not a directory")


def a_file(base: pathlib.Path) -> Unusable:
    (base / "file").touch()
    return Unusable(str(base / "file"), "Not a directory")


def a_link(base: pathlib.Path) -> Unusable:
    (base / "target").mkdir(mode=0o700)
    (base / "link").symlink_to(base / "target")
    return Unusable(str(base / "link"), "it is a symbolic link")


def a_dangling_link(base: pathlib.Path) -> Unusable:
    (base / "link").symlink_to(base / "nothing")
    return Unusable(str(base / "link"), "it is a symbolic link")


def of_another_user(base: pathlib.Path) -> Unusable:
    if os.geteuid() != 0:
        return Unusable("/usr", "it belongs to another user")
    (base / "foreign").mkdir(mode=0o700)
    os.chown(base / "foreign", 12345, 12345)
    return Unusable(str(base / "foreign"), "it belongs to another user")


def not_to_be_made(_base: pathlib.Path) -> Unusable:
    return Unusable("/proc/zoom_chat_state", "No such file or directory")


@pytest.mark.parametrize("make", [under_a_file, a_file, a_link, a_dangling_link, of_another_user, not_to_be_made])
@pytest.mark.parametrize("first", ["write", "lock"])
def test_folder_that_cannot_be_used_is_one_warning_and_then_nothing_is_kept(
    tmp_path: pathlib.Path, make: t.Callable[[pathlib.Path], Unusable], first: str
) -> None:
    unusable = make(tmp_path)
    warnings: list[str] = []
    folder = StateFolder(unusable.path, warnings.append)
    if first == "lock":
        with folder.lock("token", 0.0):
            pass
    folder.write("token", {"a": 1})
    folder.write("token", {"a": 2})
    with folder.lock("token", 0.0):
        assert folder.read("token") is None
    folder.remove("token")
    assert not folder.usable
    assert warnings == [
        f"state_dir: {unusable.path} cannot be used ({unusable.cause}); "
        "tokens, send windows and the outbox are not kept"
    ]


def test_link_as_the_folder_is_not_used_even_with_a_slash_at_its_end(tmp_path: pathlib.Path) -> None:
    link = a_link(tmp_path)
    warnings: list[str] = []
    StateFolder(link.path + "/", warnings.append).write("token", {"a": 1})
    assert len(warnings) == 1
    assert list((tmp_path / "target").iterdir()) == []


@pytest.mark.parametrize("change", ["write", "remove"])
def test_folder_in_the_place_of_a_file_is_one_warning(path: pathlib.Path, change: str) -> None:
    (path / "token.json").mkdir(parents=True)
    path.chmod(0o700)
    warnings: list[str] = []
    folder = StateFolder(str(path), warnings.append)
    assert folder.read("token") is None
    if change == "write":
        folder.write("token", {"a": 1})
    else:
        folder.remove("token")
    assert warnings == [
        f"state_dir: {path} cannot be used (Is a directory); tokens, send windows and the outbox are not kept"
    ]
    assert [entry.name for entry in path.iterdir()] == ["token.json"]


def test_lock_file_that_is_a_link_is_one_warning(path: pathlib.Path, tmp_path: pathlib.Path) -> None:
    path.mkdir(parents=True, mode=0o700)
    (path / "token.lock").symlink_to(tmp_path / "elsewhere")
    warnings: list[str] = []
    folder = StateFolder(str(path), warnings.append)
    with folder.lock("token", 1.0):
        pass
    assert len(warnings) == 1
    assert "Too many levels of symbolic links" in warnings[0]
    assert not (tmp_path / "elsewhere").exists()


def test_lock_file_that_is_no_regular_file_is_one_warning(path: pathlib.Path) -> None:
    path.mkdir(parents=True, mode=0o700)
    os.mkfifo(path / "token.lock", 0o600)
    warnings: list[str] = []
    folder = StateFolder(str(path), warnings.append)
    with folder.lock("token", 1.0):
        pass
    assert warnings == [
        f"state_dir: {path} cannot be used (token.lock is not a regular file of this user); "
        "tokens, send windows and the outbox are not kept"
    ]


def test_folder_on_a_file_system_without_permissions_is_not_used(
    path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path.mkdir(parents=True)
    path.chmod(0o755)
    # As VFAT does, which takes every mode and keeps its own.
    monkeypatch.setattr(os, "fchmod", lambda _descriptor, _mode: None)
    warnings: list[str] = []
    StateFolder(str(path), warnings.append).write("token", {"a": 1})
    assert warnings == [
        f"state_dir: {path} cannot be used (it cannot be closed to other users); "
        "tokens, send windows and the outbox are not kept"
    ]
    assert list(path.iterdir()) == []


def test_threads_that_find_the_folder_unusable_at_once_give_one_warning(tmp_path: pathlib.Path) -> None:
    class Overtaken(StateFolder):
        """While one thread opens the folder, another one has found that it cannot be used."""

        def _open_folder(self) -> int:
            if threading.current_thread() is threading.main_thread():
                other = threading.Thread(target=self.write, args=("token", {}))
                other.start()
                other.join()
            return super()._open_folder()

    unusable = a_file(tmp_path)
    warnings: list[str] = []
    Overtaken(unusable.path, warnings.append).write("token", {})
    assert len(warnings) == 1
    assert warnings[0].startswith(f"state_dir: {unusable.path} cannot be used (Not a directory);")


@settings(deadline=None)
@given(st.binary())
def test_arbitrary_bytes_are_never_fatal(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    base = tmp_path_factory.getbasetemp() / "bytes"
    folder = StateFolder(str(base), unwarned)
    folder.write("token", {})
    (base / "token.json").write_bytes(content)
    value = folder.read("token")
    assert value is None or isinstance(value, dict)
    folder.write("token", {"a": 1})
    assert folder.read("token") == {"a": 1}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"null",
        b'"text"',
        b'{"a": NaN}',
        b'{"a": -Infinity}',
        b'{"a": 1',
        b'{"a": 1}{}',
        b"\xff\xfe",
        b"\x00" * 100,
        b'{"a":' * 100_000,
        b"[" * 100_000,
        b'{"a":' + b"9" * 5000 + b"}",
        b'{"a": 1}' + b" " * _state.MAX_BYTES,
    ],
    ids=lambda content: repr(content[:12]),
)
def test_damaged_file_reads_as_nothing(path: pathlib.Path, content: bytes) -> None:
    folder = StateFolder(str(path), unwarned)
    folder.write("token", {})
    (path / "token.json").write_bytes(content)
    assert folder.read("token") is None


def test_left_over_temporary_files_go_after_an_hour(path: pathlib.Path) -> None:
    path.mkdir(parents=True, mode=0o700)
    now = time.time()
    for name, age in {"old": 3700.0, "young": 3500.0, "future": -3700.0}.items():
        (path / f"{name}.json.0123.tmp").touch()
        os.utime(path / f"{name}.json.0123.tmp", (now - age, now - age))
    (path / "other.json").touch()
    os.utime(path / "other.json", (0, 0))
    StateFolder(str(path), unwarned).write("token", {})
    assert sorted(entry.name for entry in path.iterdir()) == [
        "other.json",
        "token.json",
        "young.json.0123.tmp",
    ]


PASSING = f"throttle-{key('x')}"


def written_before(path: pathlib.Path, name: str, seconds: float) -> None:
    os.utime(path / f"{name}.json", (time.time() - seconds,) * 2)


def names(path: pathlib.Path, suffix: str) -> set[str]:
    return {entry.stem for entry in path.iterdir() if entry.suffix == suffix}


def test_what_counts_for_less_than_a_day_goes_after_a_day_with_its_lock(path: pathlib.Path) -> None:
    folder = StateFolder(str(path), unwarned)
    passing = {f"{kind}-{key('x')}" for kind in ("channel", "sent", "throttle", "token")}
    lasting = {"outbox-00", "token-x", *(f"{kind}-{key('x')}" for kind in ("last", "multipart-refused", "a-token"))}
    for name in passing | lasting:
        folder.write(name, {})
        with folder.lock(name, 1.0):
            pass
    for seconds, left in ((86300.0, passing | lasting), (-90000.0, passing | lasting), (86500.0, lasting)):
        for name in passing | lasting:
            written_before(path, name, seconds)
        StateFolder(str(path), unwarned).write("new", {})
        assert names(path, ".json") == {*left, "new"}
        assert names(path, ".lock") == left


def test_what_another_process_holds_stays_however_old(path: pathlib.Path) -> None:
    folder = StateFolder(str(path), unwarned)
    folder.write(PASSING, {"n": 1})
    written_before(path, PASSING, 90000.0)
    with folder.lock(PASSING, 1.0):
        StateFolder(str(path), unwarned).write("new", {})
        assert folder.read(PASSING) == {"n": 1}
        assert names(path, ".lock") == {PASSING}
    StateFolder(str(path), unwarned).write("new", {})
    assert folder.read(PASSING) is None
    assert names(path, ".lock") == set()


def test_what_was_written_while_its_lock_was_waited_for_stays(
    path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = StateFolder(str(path), unwarned)
    folder.write(PASSING, {"n": 1})
    written_before(path, PASSING, 90000.0)

    def write_first(descriptor: int, operation: int) -> None:
        folder.update(PASSING, {"n": 2})
        flock(descriptor, operation)

    flock = fcntl.flock
    monkeypatch.setattr(fcntl, "flock", write_first)
    StateFolder(str(path), unwarned).write("new", {})
    assert folder.read(PASSING) == {"n": 2}


def test_a_lock_that_was_waited_for_while_it_was_removed_is_made_anew(
    path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process that waits has the lock's file open already."""
    folder = StateFolder(str(path), unwarned)
    folder.write(PASSING, {"n": 1})
    written_before(path, PASSING, 90000.0)
    removing: list[bool] = []

    def remove_first(descriptor: int, operation: int) -> None:
        if not removing:
            removing.append(True)
            StateFolder(str(path), unwarned).write("new", {})
            assert names(path, ".lock") == set()
        flock(descriptor, operation)

    flock = fcntl.flock
    monkeypatch.setattr(fcntl, "flock", remove_first)
    with folder.lock(PASSING, 1.0), pytest.raises(LockTimeoutError), folder.lock(PASSING, 0.02):
        pass
    assert names(path, ".lock") == {PASSING}


def test_writing_what_is_there_does_not_look_through_the_folder(path: pathlib.Path) -> None:
    """Each message does that, in a process of its own; the folder grows with new files only."""
    folder = StateFolder(str(path), unwarned)
    folder.write("old", {})
    folder.write(PASSING, {})
    written_before(path, PASSING, 90000.0)
    folder = StateFolder(str(path), unwarned)
    folder.update("old", {"n": 1})
    assert names(path, ".json") == {"old", PASSING}
    folder.update("new", {"n": 1})
    assert names(path, ".json") == {"old", "new"}


def test_lock_excludes_threads_and_says_what_was_locked(path: pathlib.Path) -> None:
    folder = StateFolder(str(path), unwarned)
    with folder.lock("token", 1.0):
        started = time.monotonic()
        with pytest.raises(LockTimeoutError) as caught, folder.lock("token", 0.05):
            pass
        assert 0.05 <= time.monotonic() - started < 1.0
        with folder.lock("other", 0.0):
            pass
    assert str(caught.value) == f"state_dir: {path}/token.lock was locked by another process for 0.05 s"
    with folder.lock("token", 0.0):
        pass


def test_error_under_the_lock_passes_and_frees_it(path: pathlib.Path) -> None:
    folder = StateFolder(str(path), unwarned)
    with pytest.raises(OSError, match="mine"), folder.lock("token", 1.0):
        raise OSError("mine")
    with folder.lock("token", 0.0):
        assert folder.usable


@pytest.mark.parametrize("is_made_anew", [False, True])
def test_lock_on_a_file_that_was_cleared_away_is_not_taken_for_the_lock(
    path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, is_made_anew: bool
) -> None:
    folder = StateFolder(str(path), unwarned)
    cleared: list[str] = []

    def clear_away_first(descriptor: int, operation: int) -> None:
        if not cleared:
            cleared.append("token.lock")
            (path / "token.lock").unlink()
            if is_made_anew:
                (path / "token.lock").touch()
        flock(descriptor, operation)

    flock = fcntl.flock
    monkeypatch.setattr(fcntl, "flock", clear_away_first)
    with folder.lock("token", 1.0), pytest.raises(LockTimeoutError), folder.lock("token", 0.02):
        pass
    assert cleared == ["token.lock"]


def test_lock_is_freed_though_a_child_was_forked_under_it(path: pathlib.Path) -> None:
    code = (
        "import os, signal, sys, time\n"
        "folder = StateFolder(sys.argv[1], print)\n"
        "with folder.lock('token', 1.0):\n"
        "    child = os.fork()\n"
        "    if not child:\n"
        "        time.sleep(30)\n"
        "with folder.lock('token', 1.0):\n"
        "    print('free')\n"
        "os.kill(child, signal.SIGKILL)\n"
        "os.waitpid(child, 0)\n"
    )
    process = python(code, str(path))
    assert process.communicate(timeout=20)[0] == "free\n"


def test_counting_processes_lose_no_count(path: pathlib.Path) -> None:
    code = (
        "import sys\n"
        "folder = StateFolder(sys.argv[1], print)\n"
        "for _index in range(50):\n"
        "    with folder.lock('count', 30.0):\n"
        "        value = folder.read('count') or {'n': 0}\n"
        "        folder.write('count', {'n': value['n'] + 1})\n"
    )
    processes = [python(code, str(path)) for _index in range(6)]
    assert [process.communicate(timeout=60)[0] for process in processes] == [""] * 6
    assert StateFolder(str(path), unwarned).read("count") == {"n": 300}


def test_killed_processes_leave_a_folder_that_the_next_run_uses(path: pathlib.Path) -> None:
    code = (
        "import sys\n"
        "folder = StateFolder(sys.argv[1], print)\n"
        "print('ready', flush=True)\n"
        "n = 0\n"
        "while True:\n"
        "    n += 1\n"
        "    with folder.lock('token', 30.0):\n"
        "        folder.write('token', {'first': n, 'padding': 'x' * 100000, 'last': n})\n"
    )
    chance = random.Random(20260101)
    for _index in range(12):
        processes = [python(code, str(path)) for _index in range(2)]
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        time.sleep(chance.uniform(0.0, 0.02))
        for process in processes:
            process.kill()
        for process in processes:
            assert process.communicate(timeout=20)[0] == ""
        folder = StateFolder(str(path), unwarned)
        with folder.lock("token", 1.0):
            value = folder.read("token")
            if value is not None:
                assert value["first"] == value["last"]
            folder.write("mine", {"a": 1})
        assert folder.read("mine") == {"a": 1}
    for entry in path.glob("*.tmp"):
        os.utime(entry, (0, 0))
    StateFolder(str(path), unwarned).write("mine", {})
    assert sorted(entry.name for entry in path.iterdir()) == ["mine.json", "token.json", "token.lock"]


def test_reader_never_sees_half_a_value(path: pathlib.Path) -> None:
    folder = StateFolder(str(path), unwarned)
    folder.write("token", {"padding": "x" * 300_000})
    stop = threading.Event()

    def writer() -> None:
        while not stop.is_set():
            folder.write("token", {"padding": "y" * 300_000})

    thread = threading.Thread(target=writer)
    thread.start()
    try:
        assert all(folder.read("token") is not None for _index in range(100))
    finally:
        stop.set()
        thread.join()


@settings(deadline=None)
@given(st.lists(st.text(), max_size=4), st.lists(st.text(), max_size=4))
def test_keys_are_equal_only_for_equal_parts(one: list[str], other: list[str]) -> None:
    assert (key(*one) == key(*other)) == (one == other)


def test_key_is_a_stable_file_name(path: pathlib.Path) -> None:
    assert key("ab", "c") != key("a", "bc")
    assert key("\ud800") != key("?")
    assert key() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    StateFolder(str(path), unwarned).write(key("secret"), {})
    assert json.loads((path / f"{key('secret')}.json").read_text()) == {}
