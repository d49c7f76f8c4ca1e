# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: BSD-2-Clause
"""The controller's state folder: small JSON files that all processes of a user share, locked and atomic.

What is found there is never trusted. The folder must be a real folder of the own user and is closed to
everyone else; a file counts only when it is a private (0600), regular file of the own user that holds one
JSON object. Anything else reads as if it were not there, and the next write puts a proper file in its
place; the rename replaces a symbolic link itself and never what it points to.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import json
import os
import random
import re
import secrets
import stat
import time
import typing as t

MAX_BYTES = 8 * 1024 * 1024
LEFTOVER_SECONDS = 3600.0
FORGOTTEN_SECONDS = 86400.0

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,149}")
# What counts for less than a day after it was written: tokens, names of channels, what was sent, send windows.
_PASSING = re.compile(r"(token|channel|sent|throttle)-[0-9a-f]{64}\.json")
_FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# O_NONBLOCK: a FIFO in a file's place must not hold the task.
_FILE_FLAGS = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_FIRST_PAUSE = 0.001
_LONGEST_PAUSE = 0.01


class LockTimeoutError(Exception):
    """A lock of the state folder stayed with another process for longer than the caller would wait."""


def key(*parts: str) -> str:
    """A file-name-safe digest (hex SHA-256) of texts; each is prefixed with its length in bytes."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        digest.update(len(data).to_bytes(8, "big") + data)
    return digest.hexdigest()


class StateFolder:
    """JSON objects by name, each in the file ``<name>.json`` with its lock beside it in ``<name>.lock``.

    With an empty path nothing is kept: reads give None, writes and locks do nothing. A folder that cannot be
    used is the same after one warning. Names are letters, digits, ``_``, ``.`` and ``-``, made by the
    caller; any other is a ValueError. The folder is opened anew for every operation, so that an object may
    live through a fork.
    """

    def __init__(self, path: str, warn: t.Callable[[str], None]) -> None:
        self._path = os.path.abspath(path) if path else ""
        self._warn = warn
        self._tidied = False

    @property
    def usable(self) -> bool:
        """Whether anything is kept, as far as is known by now."""
        return bool(self._path)

    def read(self, name: str) -> t.Optional[dict[str, t.Any]]:
        """What was written last, or None: nothing there, or nothing that can be trusted."""
        file = _file_name(name, ".json")
        if not self._path:
            return None
        try:
            folder = self._open_folder()
        except FileNotFoundError:
            return None
        except OSError as error:
            self._give_up(error)
            return None
        try:
            return _parsed(_private_content(folder, file))
        except OSError:
            return None
        finally:
            os.close(folder)

    def write(self, name: str, value: t.Mapping[str, t.Any]) -> None:
        """Replace the value as a whole: a reader, or a crash, sees the old or the new one.

        Raises ValueError for what is no JSON and for more than MAX_BYTES.
        """
        self._put(name, value, _replace)

    def update(self, name: str, value: t.Mapping[str, t.Any]) -> None:
        """Like `write`, but without a rename; for values that are read and written under their lock only.

        File systems that write a renamed file out at once make `write` a matter of milliseconds. One call writes
        the whole value, so that a process which is killed leaves the old or the new one here too; only a crash of
        the machine may leave neither, which reads as nothing.
        """
        self._put(name, value, _overwrite)

    def _put(self, name: str, value: t.Mapping[str, t.Any], place: t.Callable[[int, str, bytes], bool]) -> None:
        file = _file_name(name, ".json")
        content = _ENCODER.encode(value).encode("ascii")
        if len(content) > MAX_BYTES:
            raise ValueError(f"{name}: {len(content)} bytes are more than the state folder keeps ({MAX_BYTES})")
        if not self._path:
            return
        try:
            folder = self._make_folder()
            try:
                # Only a file that is made lets the folder grow, or can be left half written.
                if place(folder, file, content) and not self._tidied:
                    self._tidied = True
                    self._tidy(folder)
            finally:
                os.close(folder)
        except OSError as error:
            self._give_up(error)

    def remove(self, name: str) -> None:
        """Forget the value; its lock file stays, because another process may hold it."""
        file = _file_name(name, ".json")
        if not self._path:
            return
        try:
            folder = self._open_folder()
            try:
                os.unlink(file, dir_fd=folder)
            finally:
                os.close(folder)
        except FileNotFoundError:
            return
        except OSError as error:
            self._give_up(error)

    @contextlib.contextmanager
    def lock(self, name: str, timeout: float) -> t.Iterator[None]:
        """Hold the lock of this name against all processes and threads; it goes when its process dies.

        Raises LockTimeoutError when it is not free within so many seconds. Not re-entrant.
        """
        descriptor = self._acquire(_file_name(name, ".lock"), timeout)
        try:
            yield
        finally:
            if descriptor is not None:
                # Closing alone would leave the lock with a child that was forked in between.
                fcntl.flock(descriptor, fcntl.LOCK_UN)
                os.close(descriptor)

    def _acquire(self, file: str, timeout: float) -> t.Optional[int]:
        deadline = time.monotonic() + timeout
        pause = _FIRST_PAUSE
        while self._path:
            try:
                descriptor = self._try_lock(file)
            except OSError as error:
                self._give_up(error)
                break
            if descriptor is not None:
                return descriptor
            left = deadline - time.monotonic()
            if left <= 0:
                raise LockTimeoutError(
                    f"state_dir: {self._path}/{file} was locked by another process for {timeout:g} s"
                )
            time.sleep(min(left, pause * random.uniform(0.5, 1.0)))  # noqa: S311 (no secret)
            pause = min(_LONGEST_PAUSE, pause * 1.2)
        return None

    def _try_lock(self, file: str) -> t.Optional[int]:
        """The descriptor that holds the lock, or None while it is not to be had."""
        folder = self._make_folder()
        try:
            descriptor = os.open(file, os.O_RDWR | os.O_CREAT | _FILE_FLAGS, 0o600, dir_fd=folder)
            try:
                status = os.fstat(descriptor)
                if not stat.S_ISREG(status.st_mode) or status.st_uid != os.geteuid():
                    raise OSError(errno.EPERM, f"{file} is not a regular file of this user")
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                # Someone may have cleared the folder in between: a lock on a file that is gone locks nothing.
                if os.path.samestat(status, os.stat(file, dir_fd=folder, follow_symlinks=False)):
                    held, descriptor = descriptor, -1
                    return held
            except (BlockingIOError, FileNotFoundError):
                pass
            finally:
                if descriptor >= 0:
                    os.close(descriptor)
        finally:
            os.close(folder)
        return None

    def _tidy(self, folder: int) -> None:
        """Remove the temporary files of processes that died while writing, and what has not counted for long."""
        now = time.time()
        for file in os.listdir(folder):
            with contextlib.suppress(OSError):
                # A date ahead of the clock is as good a sign of a leftover as a date long past.
                if file.endswith(".tmp") and abs(now - _written(folder, file)) > LEFTOVER_SECONDS:
                    os.unlink(file, dir_fd=folder)
                elif _PASSING.fullmatch(file) and now - _written(folder, file) > FORGOTTEN_SECONDS:
                    self._forget(folder, file)

    def _forget(self, folder: int, file: str) -> None:
        """Remove a value and its lock, unless another process uses them: it may be about to write.

        The name of a channel is written without a lock. One that comes in between is lost, and looked up once more.
        """
        lock = file[: -len(".json")] + ".lock"
        held = self._try_lock(lock)
        if held is None:
            return
        try:
            if time.time() - _written(folder, file) > FORGOTTEN_SECONDS:
                os.unlink(file, dir_fd=folder)
                # Last, because from here on the lock holds nobody off: who waits for it finds its file gone, and
                # makes a new one.
                os.unlink(lock, dir_fd=folder)
        finally:
            fcntl.flock(held, fcntl.LOCK_UN)
            os.close(held)

    def _make_folder(self) -> int:
        try:
            return self._open_folder()
        except FileNotFoundError:
            os.makedirs(os.path.dirname(self._path), exist_ok=True)
            with contextlib.suppress(FileExistsError):
                os.mkdir(self._path, 0o700)
            return self._open_folder()

    def _open_folder(self) -> int:
        """A descriptor of the folder; raises OSError for one that is not there or must not be used."""
        try:
            folder = os.open(self._path, _FOLDER_FLAGS)
        except OSError as error:
            if os.path.islink(self._path):
                raise OSError(errno.ELOOP, "it is a symbolic link") from error
            raise
        try:
            status = os.fstat(folder)
            if status.st_uid != os.geteuid():
                raise OSError(errno.EPERM, "it belongs to another user")
            if status.st_mode & stat.S_ISVTX:
                raise OSError(errno.EPERM, "it is a folder for all users, as /tmp is")
            if status.st_mode & 0o077:
                os.fchmod(folder, 0o700)
                if os.fstat(folder).st_mode & 0o077:
                    raise OSError(errno.EPERM, "it cannot be closed to other users")
        except OSError:
            os.close(folder)
            raise
        return folder

    def _give_up(self, error: OSError) -> None:
        path, self._path = self._path, ""
        # Another thread may have been faster.
        if path:
            self._warn(
                f"state_dir: {path} cannot be used ({error.strerror or error}); tokens, send windows and the "
                "outbox are not kept"
            )


def _file_name(name: str, suffix: str) -> str:
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no name for a state file")
    return name + suffix


def _private_content(folder: int, file: str) -> bytes:
    """The file's bytes, empty for a file that must not be trusted; raises OSError."""
    descriptor = os.open(file, os.O_RDONLY | _FILE_FLAGS, dir_fd=folder)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_uid != os.geteuid() or status.st_mode & 0o077:
            return b""
        with open(descriptor, "rb", closefd=False) as stream:
            content = stream.read(MAX_BYTES + 1)
    finally:
        os.close(descriptor)
    return content if len(content) <= MAX_BYTES else b""


def _parsed(content: bytes) -> t.Optional[dict[str, t.Any]]:
    try:
        value = _DECODER.decode(content.decode("utf-8"))
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _refuse_constant(name: str) -> t.NoReturn:
    raise ValueError(f"{name} is not JSON")


# Made once for all forks: json makes them anew for each call that is not the plainest.
_ENCODER = json.JSONEncoder(allow_nan=False, separators=(",", ":"))
_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)


def _written(folder: int, file: str) -> float:
    """When the file was written, in seconds since the epoch."""
    return os.stat(file, dir_fd=folder, follow_symlinks=False).st_mtime


def _replace(folder: int, file: str, content: bytes) -> bool:
    """Put a new file in the place of the old one, if there is one; always True."""
    temporary = f"{file}.{secrets.token_hex(8)}.tmp"
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _FILE_FLAGS, 0o600, dir_fd=folder)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
        os.replace(temporary, file, src_dir_fd=folder, dst_dir_fd=folder)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary, dir_fd=folder)
        raise
    return True


def _overwrite(folder: int, file: str, content: bytes) -> bool:
    """Write into the file that is there; True where a new one had to be made."""
    try:
        descriptor = os.open(file, os.O_WRONLY | _FILE_FLAGS, dir_fd=folder)
    except OSError:
        # Not there yet, or a link, which must not be written through.
        return _replace(folder, file, content)
    with os.fdopen(descriptor, "wb", buffering=0) as stream:
        status = os.fstat(descriptor)
        if stat.S_ISREG(status.st_mode) and status.st_uid == os.geteuid() and not status.st_mode & 0o077:
            # Spaces over what was longer before: a second call to cut it off would not be one step.
            stream.write(content.ljust(status.st_size))
            return False
    return _replace(folder, file, content)
