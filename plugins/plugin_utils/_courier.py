# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The courier: a process of its own that reads the lines of one run and tells Zoom of it.

It ends when its work is done, and at the latest `flush_timeout` after the run, whatever a server does; what
is not delivered by then stands in the outbox. A run whose lines stop without an end was interrupted.
"""

from __future__ import annotations

import collections
import contextlib
import dataclasses
import functools
import json
import os
import re
import select
import signal
import threading
import time
import typing as t

from ansible_collections.teamchat.zoom.plugins.module_utils._errors import (
    InvalidOption,
    InvalidRequest,
    NotFound,
    PermissionDenied,
    ZoomError,
)
from ansible_collections.teamchat.zoom.plugins.module_utils._state import LockTimeoutError, StateFolder, key
from ansible_collections.teamchat.zoom.plugins.plugin_utils import _delivery, _events, _rendering, _report
from ansible_collections.teamchat.zoom.plugins.plugin_utils._callback_options import Settings
from ansible_collections.teamchat.zoom.plugins.plugin_utils._outbox import FILE, REPLY, Outbox, Parcel, Slot, Step
from ansible_collections.teamchat.zoom.plugins.plugin_utils._pipe import origin
from ansible_collections.teamchat.zoom.plugins.plugin_utils._scrubbing import Scrubber
from ansible_collections.teamchat.zoom.plugins.plugin_utils._transports import Way, way, where

_LONGEST_ORDER = 4 * 1024 * 1024
# Of flush_timeout, what is kept for telling the callback that it was not enough.
_MARGIN = 0.5
# What fails when so little is left has failed because the time was over, whatever it was about.
_JUST_OVER = 0.1
# The most seconds that a message during the run may take: the summary must not wait for it.
_PATIENCE = 10.0
# The most messages of earlier runs in one run: they count in the channel's send windows.
_MOST_LEFTOVERS = 25
_LOWER_PRIORITY = 10
# What a warning calls the steps that only belong to a summary.
_BELONGINGS = {REPLY: "A reply to the summary", FILE: "The report"}


# Makes the parcels of a run, by the id of the message that has followed it.
_Make = t.Callable[[t.Optional[str]], list[Parcel]]


class Lines:
    """Lines from the callback, until the pipe ends or its process is gone.

    A child of that process may hold the pipe open for longer, so the process itself is watched as well.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._lines: collections.deque[bytes] = collections.deque()
        self._rest = b""
        self._poll = select.poll()
        self._poll.register(descriptor, select.POLLIN)
        self._parent: t.Optional[int] = None
        self._process: t.Optional[int] = None
        self._is_over = False

    def watch(self, parent: int) -> None:
        """Take the end of this process, whose child we are, for the end of the lines."""
        self._parent = parent
        try:
            self._process = os.pidfd_open(parent)
        # Other systems than Linux have none.
        except (AttributeError, OSError):
            return
        self._poll.register(self._process, select.POLLIN)

    def next(self, limit: int = _events.MAX_LINE) -> t.Optional[bytes]:
        """The next line, None after the last one; lines longer than the limit are left out."""
        while True:
            while self._lines:
                line = self._lines.popleft()
                if len(line) <= limit:
                    return line
            if self._is_over:
                return None
            if len(self._rest) > limit:
                # What is kept makes the whole line too long as well.
                self._rest = self._rest[: limit + 1]
            self._read()

    def _read(self) -> None:
        ready = [descriptor for descriptor, _event in self._poll.poll(1000)]
        is_gone = self._process in ready or (self._parent is not None and os.getppid() != self._parent)
        if is_gone:
            # What was written before is still to be had.
            os.set_blocking(self._descriptor, False)
        if self._descriptor not in ready and not is_gone:
            return
        try:
            chunk = os.read(self._descriptor, 1024 * 1024)
        except BlockingIOError:
            chunk = b""
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        self._lines.extend(lines)
        self._is_over = not chunk


class _Live(threading.Thread):
    """The message while the run goes on: posted when the first play begins, edited as plays run."""

    def __init__(self, courier: Courier) -> None:
        super().__init__(name="live", daemon=True)
        self._courier = courier
        #: The message, once it is there.
        self.message_id: t.Optional[str] = None

    def run(self) -> None:
        courier = self._courier
        courier.has_begun.wait()
        if courier.report.muted or (courier.is_over.is_set() and "start" not in courier.settings.notify_on):
            return
        with contextlib.suppress(ZoomError):
            self._tell(courier.way(_PATIENCE))

    def _tell(self, way: Way) -> None:
        courier = self._courier
        parcel = Parcel(way.where, dict(courier.settings.target), 0.0, [])
        told = self._step(_delivery.start)
        self.message_id = parcel.main_id = way.carry_out(parcel, told)
        if not courier.settings.live:
            return
        courier.remember_running(self.message_id)
        # A later play may mute the run; then it is told no more but that it is over.
        while not courier.is_over.wait(courier.settings.live_interval) and not courier.report.muted:
            step = self._step(_delivery.progress)
            if step.text != told.text:
                # An edit that fails is made up for by the next one.
                with contextlib.suppress(ZoomError):
                    way.carry_out(parcel, step)
                    told = step

    def _step(self, make: t.Callable[[_report.Report, Settings, Scrubber], Step]) -> Step:
        courier = self._courier
        scrubber = courier.scrubber()
        with courier.lock:
            return make(courier.report, courier.settings, scrubber)


@dataclasses.dataclass
class _Delivery:
    """What becomes of one parcel of this run.

    :param failed: why the steps that are left could not be carried out.
    :param refused: which steps were dropped, and why.
    """

    slot: Slot
    failed: str = ""
    refused: list[tuple[str, ZoomError]] = dataclasses.field(default_factory=list)


class Courier:
    """One run's courier.

    :param order: the callback's first line: `options`, `secrets`, `parent` (the callback's process),
        `playbook` (its path), `run` (an id), and `again` where a courier before this one was ended by someone.
    :raises InvalidOption: the options are wrong, which the callback has checked before.
    """

    def __init__(self, order: t.Mapping[str, t.Any]) -> None:
        self.settings = Settings.from_options(order["options"], os.environ)
        self.report = _report.Report()
        #: To be held while the report is read or added to.
        self.lock = threading.Lock()
        self._order = order
        self._warnings: list[str] = []
        self._state = StateFolder(self.settings.state_dir, self._warn)
        kept = self._state if self.settings.outbox and not self.settings.dry_run_dir else StateFolder("", self._warn)
        self._outbox = Outbox(kept)
        self._deadline = float("inf")
        #: Whether the run has come to its end by itself.
        self.has_ended = False
        #: Set with the first play, which may have muted the run, and at its end at the latest.
        self.has_begun = threading.Event()
        self.is_over = threading.Event()
        self._live = _Live(self)
        self._errands = threading.Thread(target=self._run_errands, name="errands", daemon=True)
        self._prepared: t.Optional[Way] = None
        self._folder = self._dry_run() if self.settings.dry_run_dir else None

    def _warn(self, text: str) -> None:
        self._warnings.append(self.scrubber().scrub(text))

    def scrubber(self) -> Scrubber:
        """A scrubber of its own for each thread."""
        return Scrubber([*self.settings.secrets, *self._order["secrets"]])

    def way(self, patience: float = float("inf")) -> Way:
        """A transport of its own for each thread, but one folder for all.

        :param patience: seconds that one step may take, if the run's end leaves them.
        :raises ZoomError: there is none.
        """
        return self._folder or way(self.settings, self.scrubber(), "", lambda: min(patience, self._left()))

    def _dry_run(self) -> Way:
        """The folder of this run, which counts the messages of its start, of its course and of its end."""
        run_name = f"{time.strftime('%Y%m%d-%H%M%S')}-{_safe(self._order['playbook'])}-{os.getpid()}"
        return way(self.settings, self.scrubber(), run_name, self._left)

    def _left(self) -> float:
        return self._deadline - time.monotonic()

    # During the run

    def begin(self) -> None:
        settings = self.settings
        if not self._order.get("again") and (settings.live or "start" in settings.notify_on):
            self._live.start()
        if not settings.dry_run_dir and not self._order.get("again"):
            self._errands.start()

    def add(self, line: bytes) -> None:
        event = _events.load(line)
        if event is None:
            return
        with self.lock:
            self.report.add(event)
        self.has_ended = self.has_ended or event["e"] == _events.END
        if event["e"] == _events.PLAY:
            self.has_begun.set()

    def _run_errands(self) -> None:
        """What can be done before the run ends; nothing is said of what fails, because the end tries again."""
        self.has_begun.wait()
        is_sure = self.settings.live or self.settings.notify_on & {"always", "start"}
        if is_sure and not self.report.muted and not self.is_over.is_set():
            with contextlib.suppress(ZoomError):
                prepared = self.way()
                prepared.prepare()
                self._prepared = prepared
        self._deliver_leftovers()

    def _deliver_leftovers(self) -> None:
        """What earlier runs could not deliver, as far as it leaves room for this run's own summary."""
        transport: t.Optional[Way] = None
        told = 0
        for slot in self._outbox.left_behind(where(self.settings)):
            with slot:
                waiting = len(slot.parcel.steps)
                if told + waiting > _MOST_LEFTOVERS:
                    return
                try:
                    transport = transport or self.way()
                    _delivery.deliver(slot, transport, late=True)
                except (InvalidOption, InvalidRequest, NotFound, PermissionDenied):
                    # It is this parcel's own trouble; others may go another way.
                    continue
                except ZoomError:
                    return
                except (AttributeError, KeyError, TypeError):
                    # Not written by us; nobody will ever be able to deliver it.
                    slot.remove()
                finally:
                    # A parcel that cannot go out takes no share of those that can.
                    told += waiting - len(slot.parcel.steps)

    # At its end

    def finish(self) -> list[str]:
        """Tell of the run within `flush_timeout`, and return the warnings that the user should see."""
        now = time.time()
        with self.lock:
            self.report.finish(not self.has_ended, None if self.has_ended else now)
            ended_at = self.report.last_at
        timeout = self.settings.flush_timeout
        # The callback has begun to wait when it wrote the last line, which may have been read late.
        waited = min(max(now - ended_at, 0.0), timeout)
        self._deadline = time.monotonic() + max(timeout - _MARGIN, timeout / 2) - waited
        self.is_over.set()
        self.has_begun.set()
        was_bad = self._remembered()
        if not self.report.muted or self._is_followed():
            self._tell(was_bad)
            for warning in _rendering.warnings(self.report, _delivery.rendering_options(self.settings)):
                self._warn(warning)
        return self._warnings

    def wait_for_errands(self) -> None:
        """Wait for what the callback need not wait for: leftovers, and a start that is told without the end."""
        for thread in (self._live, self._errands):
            if thread.is_alive():
                thread.join(max(0.0, self._left()))

    def _remembered(self) -> t.Optional[bool]:
        """Whether this playbook's last run ended badly, and remember this one's end."""
        if self.report.head.check:
            return None
        name = self._kept_as("last")
        last = (self._state.read(name) or {}).get("bad")
        # What a dry run would tell, the channel has not heard.
        if not self.settings.dry_run_dir:
            self._state.write(name, {"bad": _delivery.is_bad(self.report.outcome)})
        return last if isinstance(last, bool) else None

    def remember_running(self, message_id: t.Optional[str]) -> None:
        """Keep the id of the message that follows this run, for a courier that may have to take this one's place."""
        self._state.write(self._kept_as("running"), {"run": self._order["run"], "id": message_id})

    def _running_message(self) -> t.Optional[str]:
        """The message that a courier before this one has posted and this run's summary shall replace."""
        kept = self._state.read(self._kept_as("running")) or {}
        message_id = kept.get("id") if kept.get("run") == self._order["run"] else None
        return message_id if isinstance(message_id, str) else None

    def _kept_as(self, what: str) -> str:
        """The name in the state folder for something about this playbook and target."""
        return f"{what}-" + key(self._order["playbook"], json.dumps(dict(self.settings.target)))

    def _tell(self, was_bad: t.Optional[bool]) -> None:
        settings = self.settings
        if not settings.live and not _delivery.wanted(self.report, settings.notify_on, was_bad):
            return
        recovered = bool(was_bad) and not _delivery.is_bad(self.report.outcome)
        make = functools.partial(_delivery.parcels, self.report, settings, self.scrubber(), where(settings), recovered)
        slots = self._adopted() if self._order.get("again") else []
        slots = slots or self._put(make)
        deliveries = [_Delivery(slot) for slot in slots]
        worker = threading.Thread(target=self._deliver, args=(deliveries, make), name="delivery", daemon=True)
        worker.start()
        worker.join(max(0.0, self._left()))
        self._say_what_became(deliveries)

    def _put(self, make: _Make) -> list[Slot]:
        """The parcels of this run in the outbox; they stay locked until this process ends.

        They name the message that has followed the run, if it is known: an edit that hangs may leave no time for it.
        """
        slots: list[Slot] = []
        for parcel in make(self._live_message()):
            parcel.run = self._order["run"]
            if self._order.get("again"):
                # The courier before this one may have told already; then its message is found.
                parcel.begun = self.report.last_at
            try:
                slots.append(self._outbox.put(parcel))
            except LockTimeoutError:
                slots.append(Slot(StateFolder("", self._warn), "none", parcel, contextlib.ExitStack()))
        return slots

    def _live_message(self) -> t.Optional[str]:
        """The message that has followed the run, and becomes its summary; None where there is none, or none yet."""
        if not self.settings.live:
            return None
        return self._running_message() if self._order.get("again") else self._live.message_id

    def _is_followed(self) -> bool:
        """Whether there is a message that would say for ever that the run goes on, if it were not told of its end."""
        if self.settings.live and not self._live.message_id and self._live.is_alive():
            # It may be about to appear.
            self._live.join(max(0.0, self._left()))
        return self._live_message() is not None

    def _adopted(self) -> list[Slot]:
        """What the courier before this one left of this run's parcels."""
        return list(self._outbox.left_behind(where(self.settings), self._order["run"]))

    def _deliver(self, deliveries: list[_Delivery], make: _Make) -> None:
        """Deliver all parcels; one that fails does not keep the others from it."""
        if self._live.is_alive():
            self._live.join(max(0.0, self._left()))
        usual = deliveries[0].slot.parcel
        if self.settings.live and self._live.message_id and not usual.main_id:
            # The run was so short that the answer came after its end.
            edited = make(self._live.message_id)[0]
            usual.steps, usual.main_id = edited.steps, edited.main_id
        transport = self._prepared
        for delivery in deliveries:
            try:
                transport = transport or self.way()
                delivery.refused = _delivery.deliver(delivery.slot, transport, late=False)
            except ZoomError as error:
                if self._left() > _JUST_OVER:
                    delivery.failed = _why(error)
            except Exception as error:
                delivery.failed = f"There is a defect in the courier: {origin(error)}."

    def _say_what_became(self, deliveries: list[_Delivery]) -> None:
        """Warn of what is not there; where that are several things, of a summary rather than of what belongs to one."""
        missing = [found for delivery in deliveries for found in self._missing(delivery)]
        if missing:
            self._warn(min(missing, key=lambda found: found[0])[1])

    def _missing(self, delivery: _Delivery) -> t.Iterator[tuple[bool, str]]:
        """Whether it only belongs to a summary, and the warning."""
        for do, error in delivery.refused:
            yield True, f"{_BELONGINGS[do]} was not delivered: {_why(error)} It is not sent again."
        parcel = delivery.slot.parcel
        why = delivery.failed or f"Zoom did not take it within flush_timeout ({self.settings.flush_timeout:g} s)."
        # At this very moment the delivery may go on.
        for step in parcel.steps[:1]:
            what = f"{_BELONGINGS.get(step.do, 'The summary')} was not delivered"
            if step.do not in _BELONGINGS and self.settings.failure_channel and parcel.target != self.settings.target:
                what += " to failure_channel"
            yield step.do in _BELONGINGS, f"{what}: {why} {self._what_follows()}"

    def _what_follows(self) -> str:
        if self._outbox.keeps:
            return "It is kept in state_dir, and the next run delivers it."
        if self.settings.outbox and not self.settings.dry_run_dir:
            return "It could not be kept either."
        return "It is not kept."


def _why(error: ZoomError) -> str:
    return " ".join(filter(None, (error.sentence, error.hint)))


def _safe(path: str) -> str:
    return re.sub(r"[^A-Za-z0-9_-]", "-", os.path.splitext(os.path.basename(path))[0])[:60] or "run"


def main() -> None:
    """Read from standard input, and answer there with one line on standard output: the warnings."""
    for ignored in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        # These are meant for the run, of which there is now something to tell.
        signal.signal(ignored, signal.SIG_IGN)
    # The playbook comes first.
    with contextlib.suppress(OSError):
        os.nice(_LOWER_PRIORITY)
    warnings: list[str] = []
    courier: t.Optional[Courier] = None
    try:
        lines = Lines(0)
        first = lines.next(_LONGEST_ORDER)
        if first is None:
            return
        order = json.loads(first)
        lines.watch(order["parent"])
        courier = Courier(order)
        courier.begin()
        for line in iter(lines.next, None):
            courier.add(line)
            if courier.has_ended:
                break
        warnings = courier.finish()
    except InvalidOption as error:
        warnings = [error.sentence]
    except Exception as error:
        # Its text may hold anything; the kind of error is enough to begin with.
        warnings = [f"The summary was not delivered, because of a defect in the courier: {origin(error)}."]
    with contextlib.suppress(OSError):
        os.write(1, json.dumps({"warnings": warnings}).encode() + b"\n")
        os.close(1)
    if courier is not None:
        courier.wait_for_errands()
    # Threads that still wait for a server are not waited for.
    os._exit(0)
