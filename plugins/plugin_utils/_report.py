# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What happened in a run: takes the lines of the callback one by one and says how the run went.

Nothing here grows without an end: failures are folded by task and reason as they arrive, long texts are kept
for a limited number of them, and of a host little more than its name is kept. Lines that are unknown or
damaged are passed over, and what is missing in a line is taken as empty.
"""

from __future__ import annotations

import collections
import dataclasses
import re
import typing as t

from ansible_collections.teamchat.zoom.plugins.plugin_utils import _events, _wording
from ansible_collections.teamchat.zoom.plugins.plugin_utils._foreign_text import clean, one_line, web_address

RUNNING = "running"
SUCCESS = "success"
FAILURE = "failure"
INTERRUPTED = "interrupted"
#: No play matched a host.
NO_HOSTS = "no_hosts"

FAILED = "failed"
UNREACHABLE = "unreachable"

_MAX_NAME = 120
_MAX_HOST_NAME = 253
_MAX_REASON = 300
_MAX_TEXT = 4000
_MAX_OUTPUT = 2000
_MAX_ITEMS = 10
_MAX_FOLDS = 2000
#: So many of the first failures and as many of the latest keep their long texts.
_MAX_DETAILED = 50
_MAX_PLAYS = 500
_MAX_SPANS = 50
_MAX_TASKS = 5000
_MAX_SLOWEST = 20
_MAX_FAILURES_OF_A_HOST = 20

# What a host did in a play.
_SEEN, _CHANGED, _FAILED, _UNREACHABLE = 1, 2, 4, 8


@dataclasses.dataclass(frozen=True)
class Head:
    """What is known of the run as such; empty strings where nothing is."""

    playbook: str = ""
    title: str = ""
    user: str = ""
    controller: str = ""
    branch: str = ""
    commit: str = ""
    limit: str = ""
    tags: tuple[str, ...] = ()
    skip_tags: tuple[str, ...] = ()
    inventory: tuple[str, ...] = ()
    check: bool = False
    diff: bool = False
    adhoc: bool = False
    ansible: str = ""
    ci_system: str = ""
    ci_job: str = ""
    #: An http or https URL without credentials.
    ci_url: str = ""

    @property
    def name(self) -> str:
        """What the run is called in a sentence."""
        return self.title or self.playbook or ("Ad-hoc command" if self.adhoc else "Playbook")


@dataclasses.dataclass(frozen=True)
class Failure:
    """One task that failed for one reason, with all hosts on which it did; or hosts not reached for one reason."""

    #: FAILED or UNREACHABLE
    kind: str
    #: Names of the task and its play; empty where they are not known.
    task: str
    play: str
    role: str
    #: File and line: ``roles/nginx/tasks/main.yml:12``
    path: str
    handler: bool
    #: In natural order.
    hosts: tuple[str, ...]
    #: One line; empty where it is not known, or where there are too many different ones.
    reason: str
    #: The message in full, as far as it is kept; may be empty.
    text: str = ""
    #: Whether the reason is the message; else that says nothing, and the reason is from the items or the outputs.
    is_message: bool = True
    #: The ends of long outputs, by name: ``stderr``, ``stdout``, ``exception``.
    outputs: tuple[tuple[str, str], ...] = ()
    #: The items of a loop that failed, and why.
    items: tuple[tuple[str, str], ...] = ()
    delegate: str = ""
    rc: int | None = None
    #: The host whose texts these are, where those of the others differ in numbers, times or the like.
    example: str = ""
    #: Seconds since the epoch.
    first_at: float = 0.0


@dataclasses.dataclass(frozen=True)
class PlayResult:
    """The numbers of one play, in hosts. Changed hosts are among those that are ok."""

    name: str
    failed: int
    unreachable: int
    ok: int
    changed: int
    #: Whether every host that was ok is known; else ``ok`` and ``changed`` are lower bounds.
    complete: bool
    no_hosts: bool
    #: Start and end in seconds since the epoch, for each batch (``serial``).
    spans: tuple[tuple[float, float], ...]


@dataclasses.dataclass(frozen=True)
class TaskTime:
    """How long a task took on all its hosts together, in seconds from its start to its last result."""

    name: str
    play: str
    path: str
    seconds: float


@dataclasses.dataclass(frozen=True)
class HostResult:
    """Ansible's recap of one host. ``status`` is FAILED, UNREACHABLE or SUCCESS."""

    name: str
    status: str
    ok: int
    changed: int
    failures: int
    unreachable: int
    skipped: int
    rescued: int
    ignored: int


@dataclasses.dataclass(frozen=True)
class Totals:
    """The numbers of the run: in hosts, except ``rescued`` and ``ignored``, which count failures."""

    hosts: int
    failed: int
    unreachable: int
    ok: int
    #: All hosts on which something changed, those that failed included.
    changed: int
    #: Those among the hosts that are ok.
    ok_changed: int
    rescued: int
    ignored: int


class _Host:
    """What is kept of a host; there may be tens of thousands."""

    __slots__ = ("changed", "failures", "index", "name", "ok", "stats", "unreachable")

    def __init__(self, name: str, index: int) -> None:
        self.name = name
        self.index = index
        self.ok = 0
        self.changed = 0
        #: Fold and play of each failure that was neither ignored nor rescued nor cleared.
        self.failures: list[tuple[int, int]] = []
        self.unreachable: tuple[int, int] | None = None
        self.stats: tuple[int, ...] | None = None


@dataclasses.dataclass
class _Play:
    name: str
    spans: list[list[float]]
    no_hosts: bool = False
    #: By the host's index.
    flags: bytearray = dataclasses.field(default_factory=bytearray)

    def mark(self, host: _Host, flag: int) -> None:
        missing = host.index + 1 - len(self.flags)
        if missing > 0:
            self.flags.extend(bytes(missing))
        self.flags[host.index] |= flag


@dataclasses.dataclass
class _Task:
    name: str
    #: The number of its play; -1 where there is none.
    play: int
    role: str
    path: str
    handler: bool
    start: float
    end: float
    #: Of earlier batches.
    elapsed: float = 0.0

    @property
    def seconds(self) -> float:
        return self.elapsed + max(self.end - self.start, 0.0)


@dataclasses.dataclass
class _Fold:
    """A failure as it is folded; its hosts are worked out in the end, when their outcome is known."""

    failure: Failure
    first_host: str
    #: Hash of the first message.
    message: int


_STATS = ("ok", "changed", "failures", "unreachable", "skipped", "rescued", "ignored")


class Report:
    """How a run went, from the lines that have been added so far."""

    def __init__(self) -> None:
        self.head = Head()
        self.muted = False
        self.finished = False
        self.interrupted = False
        #: Failures that the callback could not tell, because the courier did not keep up.
        self.lost = 0
        self.started_at = 0.0
        self.last_at = 0.0
        self._plays: list[_Play] = []
        self._play_numbers: dict[str, int] = {}
        self._plays_left_out = 0
        self._tasks: dict[str, _Task] = {}
        self._slowest: list[TaskTime] = []
        self._current: _Task | None = None
        self._hosts: dict[str, _Host] = {}
        self._folds: list[_Fold] = []
        self._fold_numbers: dict[tuple[str, ...], int] = {}
        self._latest_detailed: collections.deque[int] = collections.deque()
        self._settled: _Settled | None = None
        self._handlers: dict[str, t.Callable[[dict[str, t.Any]], None]] = {
            _events.RUN: self._run,
            _events.VARS: self._vars,
            _events.PLAY: self._play,
            _events.TASK: self._task,
            _events.OK: self._ok,
            _events.FAILED: self._failed,
            _events.UNREACHABLE: self._unreachable,
            _events.CLEARED: self._cleared,
            _events.NO_HOSTS: self._no_hosts,
            _events.STATS: self._stats,
            _events.END: self._end,
        }

    # Taking lines

    def add(self, line: t.Any) -> None:
        """Take one line (see `_events`); anything else than a line is passed over."""
        event = line.get("e") if isinstance(line, dict) else None
        handler = self._handlers.get(event) if isinstance(event, str) else None
        if handler is None:
            return
        self._notice(line.get("at"))
        self._settled = None
        handler(line)

    def finish(self, interrupted: bool, at: float | None = None) -> None:
        """No more lines come; ``at`` is the time of that, where it is later than the last line."""
        self._notice(at)
        self._close_task()
        self.finished = True
        self.interrupted = interrupted
        self._settled = None

    def _notice(self, at: t.Any) -> None:
        if isinstance(at, bool) or not isinstance(at, (int, float)) or not 0 < at < 1e11:
            return
        self.started_at = self.started_at or float(at)
        self.last_at = max(self.last_at, float(at))

    def _run(self, line: dict[str, t.Any]) -> None:
        git, ci = _object(line.get("git")), _object(line.get("ci"))
        self.head = Head(
            playbook=one_line(line.get("playbook"), _MAX_NAME),
            user=one_line(line.get("user"), 60),
            controller=one_line(line.get("controller"), 80),
            branch=one_line(git.get("branch"), 80),
            commit=one_line(git.get("commit"), 12),
            limit=one_line(line.get("limit"), 200),
            tags=_names(line.get("tags")),
            skip_tags=_names(line.get("skip_tags")),
            inventory=_names(line.get("inventory")),
            check=line.get("check") is True,
            diff=line.get("diff") is True,
            adhoc=line.get("adhoc") is True,
            ansible=one_line(line.get("ansible"), 40),
            ci_system=one_line(ci.get("system"), 40),
            ci_job=one_line(ci.get("job"), 80),
            ci_url=web_address(ci.get("url")),
        )

    def _vars(self, line: dict[str, t.Any]) -> None:
        title = self.head.title or one_line(line.get("zoom_chat_title"), _MAX_NAME)
        self.head = dataclasses.replace(self.head, title=title)
        self.muted = self.muted or line.get("zoom_chat_mute") is True

    def _play(self, line: dict[str, t.Any]) -> None:
        self._close_task()
        self._close_play()
        identity = _identity(line.get("play"))
        number = self._play_numbers.get(identity)
        span = [self.last_at, self.last_at]
        if number is not None:
            spans = self._plays[number].spans
            if len(spans) < _MAX_SPANS:
                spans.append(span)
            return
        if len(self._plays) >= _MAX_PLAYS:
            self._plays_left_out += 1
            return
        name = one_line(line.get("name"), _MAX_NAME) or one_line(line.get("pattern"), _MAX_NAME) or "play"
        self._play_numbers[identity] = len(self._plays)
        self._plays.append(_Play(name, [span]))

    def _task(self, line: dict[str, t.Any]) -> None:
        self._close_task()
        identity = _identity(line.get("task"))
        task = self._tasks.pop(identity, None)
        if task is None:
            play = self._play_numbers.get(_identity(line.get("play")), len(self._plays) - 1)
            task = _Task(
                one_line(line.get("name"), _MAX_NAME) or one_line(line.get("action"), _MAX_NAME),
                play,
                one_line(line.get("role"), 80),
                one_line(line.get("path"), 160),
                line.get("handler") is True,
                self.last_at,
                self.last_at,
            )
        else:
            task.elapsed = task.seconds
            task.start = task.end = self.last_at
        self._tasks[identity] = task
        self._current = task
        if len(self._tasks) > _MAX_TASKS:
            self._keep_time(self._tasks.pop(next(iter(self._tasks))))

    def _ok(self, line: dict[str, t.Any]) -> None:
        """A task that went well; to Ansible's recap, a failure that is ignored is one, too."""
        host, task = self._host(line), self._task_of(line)
        if host is None:
            return
        host.ok += 1
        flag = _SEEN
        if line.get("changed") is True:
            host.changed += 1
            flag |= _CHANGED
        self._mark(task, host, flag)

    def _failed(self, line: dict[str, t.Any]) -> None:
        if line.get("ignored") is True:
            self._ok(line)
            return
        host, task = self._host(line), self._task_of(line)
        if host is None:
            return
        self._mark(task, host, _SEEN)
        if line.get("rescued") is True:
            return
        if len(host.failures) >= _MAX_FAILURES_OF_A_HOST:
            del host.failures[0]
        host.failures.append((self._fold(FAILED, line, host, task), task.play))

    def _unreachable(self, line: dict[str, t.Any]) -> None:
        host, task = self._host(line), self._task_of(line)
        if host is None:
            return
        self._mark(task, host, _SEEN)
        if line.get("ignored") is not True:
            host.unreachable = (self._fold(UNREACHABLE, line, host, task), task.play)

    def _cleared(self, line: dict[str, t.Any]) -> None:
        hosts = line.get("hosts")
        for name in hosts if isinstance(hosts, list) else ():
            host = self._hosts.get(one_line(name, _MAX_HOST_NAME))
            if host is not None:
                host.failures.clear()
                host.unreachable = None

    def _no_hosts(self, line: dict[str, t.Any]) -> None:
        number = self._play_numbers.get(_identity(line.get("play")), len(self._plays) - 1)
        if line.get("reason") == _events.NO_HOSTS_MATCHED and number >= 0:
            self._plays[number].no_hosts = True

    def _stats(self, line: dict[str, t.Any]) -> None:
        self._close_task()
        self._close_play()
        for name, numbers in _object(line.get("hosts")).items():
            host = self._host({"host": name})
            if host is not None:
                host.stats = tuple(_amount(_object(numbers).get(key)) for key in _STATS)

    def _end(self, line: dict[str, t.Any]) -> None:
        self.lost = _amount(line.get("lost"))

    def _close_task(self) -> None:
        """The current task ends at the latest where something else begins."""
        if self._current is not None:
            self._current.end = max(self._current.end, self.last_at)
        self._current = None

    def _close_play(self) -> None:
        if self._plays:
            self._plays[-1].spans[-1][1] = self.last_at

    def _keep_time(self, task: _Task) -> None:
        self._slowest.append(self._time_of(task))
        if len(self._slowest) >= 10 * _MAX_SLOWEST:
            self._slowest = _longest(self._slowest)

    def _time_of(self, task: _Task) -> TaskTime:
        return TaskTime(task.name, self._play_name(task.play), task.path, task.seconds)

    def _host(self, line: dict[str, t.Any]) -> _Host | None:
        name = one_line(line.get("host"), _MAX_HOST_NAME)
        if not name:
            return None
        host = self._hosts.get(name)
        if host is None:
            host = self._hosts[name] = _Host(name, len(self._hosts))
        return host

    def _task_of(self, line: dict[str, t.Any]) -> _Task:
        task = self._tasks.get(_identity(line.get("task")))
        if task is None:
            return _Task("", len(self._plays) - 1, "", "", False, self.last_at, self.last_at)
        task.end = max(task.end, self.last_at)
        return task

    def _mark(self, task: _Task, host: _Host, flag: int) -> None:
        if task.play >= 0:
            play = self._plays[task.play]
            play.mark(host, flag)
            play.spans[-1][1] = max(play.spans[-1][1], self.last_at)

    # Folding

    def _fold(self, kind: str, line: dict[str, t.Any], host: _Host, task: _Task) -> int:
        """The number of the fold that a failure belongs to."""
        reason, is_message = _reason(line)
        if kind == UNREACHABLE:
            reason = _SSH_PREFIX.sub("", reason) or reason
        delegate = one_line(line.get("delegate"), 100)
        # A host that is not reached has nothing to do with the task that would have been its next.
        place = (kind, delegate) if kind == UNREACHABLE else (kind, task.name, task.role, task.path, str(task.play))
        key = (*place, _pattern(reason, host.name))
        if key not in self._fold_numbers and len(self._folds) >= _MAX_FOLDS:
            key, reason = (place if len(self._folds) < 2 * _MAX_FOLDS else (kind,)), ""
        message = hash(str(line.get("msg")))
        number = self._fold_numbers.get(key)
        if number is not None:
            fold = self._folds[number]
            if message != fold.message and fold.failure.reason and not fold.failure.example:
                fold.failure = dataclasses.replace(fold.failure, example=fold.first_host)
            if delegate != fold.failure.delegate:
                # The task of each host may have been delegated to another one.
                fold.failure = dataclasses.replace(fold.failure, delegate="")
            return number
        number = self._fold_numbers[key] = len(self._folds)
        failure = Failure(kind, "", "", "", "", False, (), reason, first_at=self.last_at)
        if len(key) > 1:
            play = self._play_name(task.play)
            failure = dataclasses.replace(
                failure,
                task=task.name,
                play=play,
                role=task.role,
                path=task.path,
                handler=task.handler,
                delegate=delegate,
            )
        if reason:
            failure = dataclasses.replace(_with_texts(failure, line), is_message=is_message)
            self._forget_some_texts(number)
        self._folds.append(_Fold(failure, host.name, message))
        return number

    def _forget_some_texts(self, number: int) -> None:
        if number < _MAX_DETAILED:
            return
        self._latest_detailed.append(number)
        if len(self._latest_detailed) > _MAX_DETAILED:
            fold = self._folds[self._latest_detailed.popleft()]
            fold.failure = dataclasses.replace(fold.failure, text="", outputs=(), items=(), example="")

    def _play_name(self, number: int) -> str:
        return self._plays[number].name if number >= 0 else ""

    # Telling

    @property
    def outcome(self) -> str:
        """RUNNING, SUCCESS, FAILURE, INTERRUPTED or NO_HOSTS."""
        if not self.finished:
            return RUNNING
        if self.interrupted:
            return INTERRUPTED
        totals = self.totals
        if totals.failed or totals.unreachable:
            return FAILURE
        # Hosts for which no task was left, by tags for instance, are in no recap.
        matched = totals.hosts or not all(play.no_hosts for play in self._plays)
        return SUCCESS if matched else NO_HOSTS

    @property
    def changed(self) -> bool:
        """Whether anything was changed, or with ``--check`` would be."""
        return self.totals.changed > 0

    @property
    def seconds(self) -> float:
        """From the first to the last line."""
        return max(self.last_at - self.started_at, 0.0)

    @property
    def current_task(self) -> TaskTime | None:
        """The task that runs, or during which the run was interrupted, as far as it is known."""
        task = self._current or (next(reversed(self._tasks.values()), None) if self.interrupted else None)
        return self._time_of(task) if task else None

    @property
    def current_play(self) -> str:
        return self._plays[-1].name if self._plays else ""

    @property
    def plays_left_out(self) -> int:
        """Plays beyond those that are kept."""
        return self._plays_left_out

    @property
    def totals(self) -> Totals:
        return self._settle().totals

    @property
    def failures(self) -> list[Failure]:
        """Failures that ended the run of a host, those of most hosts first, hosts not reached last."""
        return self._settle().failures

    @property
    def plays(self) -> list[PlayResult]:
        return self._settle().plays

    @property
    def hosts(self) -> list[HostResult]:
        """Every host, those that failed first, then those that were not reached, each in natural order."""
        order = (FAILED, UNREACHABLE, SUCCESS)
        results = [_host_result(host, self._settle().status.get(host.name, SUCCESS)) for host in self._hosts.values()]
        return sorted(results, key=lambda result: (order.index(result.status), _wording.natural_key(result.name)))

    @property
    def slowest_tasks(self) -> list[TaskTime]:
        """At most twenty tasks that took time, the slowest first."""
        return _longest([*self._slowest, *map(self._time_of, self._tasks.values())])

    def _settle(self) -> _Settled:
        if self._settled is None:
            self._settled = self._work_out()
        return self._settled

    def _work_out(self) -> _Settled:
        status: dict[str, str] = {}
        names: dict[int, list[str]] = collections.defaultdict(list)
        unexplained: dict[str, list[str]] = collections.defaultdict(list)
        flags = [bytearray(play.flags) for play in self._plays]
        for host in self._hosts.values():
            found = _final_failures(host)
            for kind, final in found.items():
                status.setdefault(host.name, kind)
                if not final:
                    unexplained[kind].append(host.name)
                for fold, play in final:
                    if not names[fold] or names[fold][-1] != host.name:
                        names[fold].append(host.name)
                    if play >= 0:
                        flags[play][host.index] |= _FAILED if kind == FAILED else _UNREACHABLE
        failures = [
            dataclasses.replace(
                self._folds[number].failure,
                hosts=_in_order(on),
                example=self._folds[number].failure.example if len(on) > 1 else "",
            )
            for number, on in names.items()
        ]
        failures += [Failure(kind, "", "", "", "", False, _in_order(on), "") for kind, on in unexplained.items()]
        failures.sort(key=lambda failure: (failure.kind != FAILED, -len(failure.hosts), failure.first_at))
        totals = self._count(status)
        return _Settled(status, totals, failures, self._play_results(flags, totals))

    def _count(self, status: t.Mapping[str, str]) -> Totals:
        failed = sum(1 for kind in status.values() if kind == FAILED)
        unreachable = len(status) - failed
        changed = ok_changed = rescued = ignored = 0
        for host in self._hosts.values():
            result = _host_result(host, "")
            rescued += result.rescued
            ignored += result.ignored
            if result.changed:
                changed += 1
                ok_changed += host.name not in status
        hosts = len(self._hosts)
        return Totals(hosts, failed, unreachable, hosts - failed - unreachable, changed, ok_changed, rescued, ignored)

    def _play_results(self, flags: t.Sequence[bytearray], totals: Totals) -> list[PlayResult]:
        """The numbers of each play. Only those of a lone play can come from the recap, which knows no plays."""
        if len(self._plays) == 1 and not self._plays_left_out:
            play = self._plays[0]
            counts = (totals.failed, totals.unreachable, totals.ok, totals.ok_changed)
            return [PlayResult(play.name, *counts, True, play.no_hosts, _spans(play))]
        complete = self._is_complete()
        results = []
        for play, marks in zip(self._plays, flags):
            counts_of = collections.Counter(marks)
            failed = sum(count for mark, count in counts_of.items() if mark & _FAILED)
            unreachable = sum(
                count for mark, count in counts_of.items() if mark & (_FAILED | _UNREACHABLE) == _UNREACHABLE
            )
            changed = counts_of[_SEEN | _CHANGED]
            ok = counts_of[_SEEN] + changed
            results.append(
                PlayResult(play.name, failed, unreachable, ok, changed, complete, play.no_hosts, _spans(play))
            )
        return results

    def _is_complete(self) -> bool:
        """Whether so many results were told that every host and every change is known.

        Ansible counts some results that callbacks never see, so half of them will do for the hosts.
        """
        told = [(host.ok, host.changed, host.stats) for host in self._hosts.values() if host.stats]
        results, changes = sum(ok for ok, *_rest in told), sum(changed for _ok, changed, _stats in told)
        return 2 * results >= sum(recap[0] for *_rest, recap in told) and changes >= sum(
            recap[1] for *_rest, recap in told
        )


class _Settled(t.NamedTuple):
    """What follows from all lines so far; ``status`` names the hosts that are not ok."""

    status: dict[str, str]
    totals: Totals
    failures: list[Failure]
    plays: list[PlayResult]


def _final_failures(host: _Host) -> dict[str, list[tuple[int, int]]]:
    """By kind, the failures that ended the run of a host; an empty list where they are not known.

    How many there were, the recap says, as soon as there is one.
    """
    found: dict[str, list[tuple[int, int]]] = {}
    failures, unreachable = host.stats[2:4] if host.stats else (len(host.failures), bool(host.unreachable))
    if failures:
        found[FAILED] = host.failures[-failures:]
    if unreachable:
        found[UNREACHABLE] = [host.unreachable] if host.unreachable else []
    return found


def _host_result(host: _Host, status: str) -> HostResult:
    if host.stats is not None:
        return HostResult(host.name, status, *host.stats)
    unreachable = int(host.unreachable is not None)
    return HostResult(host.name, status, host.ok, host.changed, len(host.failures), unreachable, 0, 0, 0)


def _spans(play: _Play) -> tuple[tuple[float, float], ...]:
    return tuple((start, max(start, end)) for start, end in play.spans)


def _in_order(names: t.Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(names, key=_wording.natural_key))


def _longest(times: t.Iterable[TaskTime]) -> list[TaskTime]:
    taken = [time for time in times if time.seconds > 0]
    return sorted(taken, key=lambda time: -time.seconds)[:_MAX_SLOWEST]


# Reasons

_SAYS_NOTHING = re.compile(
    r"(?:(?:the command exited with a )?non-zero return code\.?|module failure.*|all items completed|"
    r"one or more items failed|failed|unknown error|task failed\.?|task failed: module failed\.?)",
    re.IGNORECASE | re.DOTALL,
)
#: What stands before the cause, and only repeats that and which host was not reached.
_SSH_PREFIX = re.compile(
    r"^(?:failed to connect to the host via ssh: )?(?:ssh: )?(?:connect to host \S+ port \d+: )?", re.IGNORECASE
)
_VARIABLE_PARTS = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
    r"|ansible-tmp-[\w.-]+|/tmp/[\w./-]+|tmp[\w]{8}\b"
    r"|0x[0-9a-f]+|\b[0-9a-f]{12,}\b"
    r"|\b\d{4}-\d\d-\d\d\b|\b\d{1,2}:\d\d:\d\d(?:[.,]\d+)?"
    r"|\b\d{1,3}(?:\.\d{1,3}){3}\b"
    r"|\b\d+\.\d{3,}\b|\b\d{5,}\b|(?<=pid )\d+",
    re.IGNORECASE,
)


def _reason(line: t.Mapping[str, t.Any]) -> tuple[str, bool]:
    """Why it failed, in one line: where the message says nothing, what the items or the outputs say.

    And whether it is the message.
    """
    message = one_line(line.get("msg"), _MAX_REASON)
    if message and not _SAYS_NOTHING.fullmatch(message):
        return message, True
    for _label, said in _failed_items(line.get("items")):
        if said and not _SAYS_NOTHING.fullmatch(said):
            return said, False
    for name in ("stderr", "exception", "stdout"):
        last = clean(line.get(name), _MAX_REASON, tail=True).rpartition("\n")[2]
        if last:
            return last, False
    return message or "no reason given", bool(message)


def _with_texts(failure: Failure, line: t.Mapping[str, t.Any]) -> Failure:
    rc = line.get("rc")
    outputs = ((name, clean(line.get(name), _MAX_OUTPUT, tail=True)) for name in ("stderr", "stdout", "exception"))
    return dataclasses.replace(
        failure,
        text=clean(line.get("msg"), _MAX_TEXT),
        outputs=tuple((name, text) for name, text in outputs if text),
        items=_failed_items(line.get("items")),
        rc=rc if isinstance(rc, int) and not isinstance(rc, bool) and abs(rc) < 2**32 else None,
    )


def _pattern(reason: str, host: str) -> str:
    """A reason without the parts in which hosts differ: their names, addresses, times, temporary files."""
    if len(host) > 2 and host in reason:
        reason = re.sub(rf"(?<![\w.-]){re.escape(host)}(?![\w-])", "<host>", reason)
    return _VARIABLE_PARTS.sub("<…>", reason).casefold()


def _failed_items(value: t.Any) -> tuple[tuple[str, str], ...]:
    if not isinstance(value, list):
        return ()
    return tuple(
        (one_line(item.get("item"), 100) or "item", one_line(item.get("msg"), _MAX_REASON))
        for item in value[:_MAX_ITEMS]
        if isinstance(item, dict)
    )


# Reading values that may be damaged


def _object(value: t.Any) -> dict[str, t.Any]:
    return value if isinstance(value, dict) else {}


def _identity(value: t.Any) -> str:
    return value[:64] if isinstance(value, str) else ""


def _amount(value: t.Any) -> int:
    return max(0, min(value, 10**9)) if isinstance(value, int) else 0


def _names(value: t.Any) -> tuple[str, ...]:
    """A short tuple of short names; what is more than that is not shown anyway."""
    if not isinstance(value, list):
        return ()
    return tuple(name for name in (one_line(item, 60) for item in value[:20]) if name)
