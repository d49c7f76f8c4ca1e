# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The callback's end of the pipe: starts the courier process and writes lines to it without ever waiting.

Callbacks run in Ansible's main process, which waits for them and forks. So there is no thread here, and
nothing but the last step, `finish`, takes time.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import select
import subprocess
import sys
import time
import typing as t

from ansible_collections.teamchat.zoom.plugins.module_utils._connection import CA_VARIABLES

_BOOTSTRAP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "_bootstrap.py")
# As much as Linux gives to everyone; about ten thousand results.
_PIPE_BYTES = 1024 * 1024
_F_SETPIPE_SZ = 1031
#: What is kept in memory while the pipe is full.
MOST_WAITING = 4 * 1024 * 1024
#: What is kept for a second courier, in case something ends the first one.
MOST_KEPT = 1024 * 1024

_descriptors: set[int] = set()


def _close_in_child() -> None:
    """A worker of Ansible's would otherwise hold the pipe open, and the courier not see its end."""
    while _descriptors:
        with contextlib.suppress(OSError):
            os.close(_descriptors.pop())


os.register_at_fork(after_in_child=_close_in_child)


class CourierEnded(Exception):
    """The courier is gone before it told what became of the summary."""


def _environment() -> dict[str, str]:
    """Ours, with absolute paths where a relative one would lead elsewhere from the courier's folder."""
    authorities = {name: os.environ.get(name, "") for name in CA_VARIABLES}
    return {**os.environ, **{name: os.path.abspath(path) for name, path in authorities.items() if path.strip()}}


class _Process:
    """A courier process with the two pipes that lead to it and back."""

    def __init__(self, order: t.Mapping[str, t.Any]) -> None:
        """:raises OSError: it cannot be started."""
        reader, self._writer = os.pipe()
        _descriptors.add(self._writer)
        try:
            with contextlib.suppress(OSError):
                fcntl.fcntl(self._writer, getattr(fcntl, "F_SETPIPE_SZ", _F_SETPIPE_SZ), _PIPE_BYTES)
            os.set_blocking(self._writer, False)
            self._process = subprocess.Popen(  # noqa: S603 (our own file, by this Python)
                [sys.executable, _BOOTSTRAP, *(os.path.abspath(folder) for folder in sys.path if folder)],
                stdin=reader,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd="/",
                env=_environment(),
                # Ctrl-C and the end of the terminal are for Ansible; the courier tells of them.
                start_new_session=True,
            )
        except BaseException:
            self._close_writer()
            raise
        finally:
            os.close(reader)
        self._answers = t.cast("t.IO[bytes]", self._process.stdout)
        _descriptors.add(self._answers.fileno())
        self._waiting = bytearray(json.dumps(order).encode() + b"\n")
        self.is_alive = True
        self.flush()

    def _close_writer(self) -> None:
        # Once: the number may since have been given to a second courier's pipe.
        writer, self._writer = self._writer, -1
        if writer in _descriptors:
            _descriptors.discard(writer)
            os.close(writer)

    @property
    def waiting(self) -> int:
        """Bytes that the pipe had no room for."""
        return len(self._waiting)

    def write(self, line: bytes) -> None:
        if self.is_alive:
            self._waiting += line
            self.flush()

    def flush(self) -> None:
        """Write as much as the pipe takes."""
        while self._waiting and self.is_alive:
            try:
                del self._waiting[: os.write(self._writer, self._waiting)]
            except BlockingIOError:
                return
            except OSError:
                # The courier is gone, or the descriptor is: either way nobody reads.
                self.is_alive = False
                self._waiting.clear()

    def answer(self, deadline: float) -> t.Optional[dict[str, t.Any]]:
        """Write what is left, then wait for what the courier says; None when it says nothing in time.

        :raises CourierEnded: it is gone.
        """
        while self._waiting and self.is_alive:
            if not _ready(self._writer, select.POLLOUT, deadline):
                return None
            self.flush()
        self._close_writer()
        told = b""
        while not told.endswith(b"\n"):
            if not _ready(self._answers.fileno(), select.POLLIN, deadline):
                return None
            chunk = os.read(self._answers.fileno(), 65536)
            if not chunk:
                raise CourierEnded
            told += chunk
        return t.cast("dict[str, t.Any]", json.loads(told))

    def close(self) -> None:
        self._close_writer()
        _descriptors.discard(self._answers.fileno())
        self._answers.close()
        # A courier that has answered ends by itself; nothing is gained by waiting for it.
        self._process.poll()
        self._process.returncode = self._process.returncode or 0


def _ready(descriptor: int, event: int, deadline: float) -> bool:
    poll = select.poll()
    poll.register(descriptor, event)
    return bool(poll.poll(max(0.0, deadline - time.monotonic()) * 1000))


class Pipe:
    """The way of one run's lines to its courier.

    Should the courier be ended by someone, a second one is started at the end of the run with what was kept.

    :param order: the courier's first line: options and secrets. They go this way, because everyone on the
        machine may read arguments, and the environment goes on to every child.
    :raises OSError: the courier cannot be started.
    """

    def __init__(self, order: t.Mapping[str, t.Any]) -> None:
        self._order = dict(order)
        self._process = _Process(order)
        self._kept = bytearray()
        #: Lines that could not be told.
        self.lost = 0

    def write(self, line: bytes, can_drop: bool = False) -> None:
        """Hand over a line; one that `can_drop` is dropped when the pipe is full."""
        if not can_drop:
            if len(self._kept) + len(line) <= MOST_KEPT:
                self._kept += line
            elif not self._process.is_alive:
                self.lost += 1
        if self._process.waiting:
            self._process.flush()
        if self._process.waiting and (can_drop or self._process.waiting + len(line) > MOST_WAITING):
            self.lost += not can_drop
            return
        self._process.write(line)

    def finish(self, lines: t.Iterable[bytes], timeout: float) -> t.Optional[dict[str, t.Any]]:
        """Hand over the last lines and wait for the courier's answer; None when none comes in time.

        :raises CourierEnded: the courier is gone, and so is the second one.
        """
        last = list(lines)
        deadline = time.monotonic() + timeout
        try:
            for line in last:
                self._process.write(line)
            return self._process.answer(deadline)
        except CourierEnded:
            ended, self._process = self._process, self._second(last)
            ended.close()
            return self._process.answer(deadline)
        finally:
            self._process.close()

    def _second(self, last: list[bytes]) -> _Process:
        try:
            process = _Process({**self._order, "again": True})
        except OSError as error:
            raise CourierEnded from error
        process.write(bytes(self._kept) + b"".join(last))
        return process


def origin(error: BaseException) -> str:
    """The kind of an error and where it comes from, without its text, which may hold anything."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return type(error).__name__
    return f"{type(error).__name__} ({os.path.basename(trace.tb_frame.f_code.co_filename)}:{trace.tb_lineno})"
