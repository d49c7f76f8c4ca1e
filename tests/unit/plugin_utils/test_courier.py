# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pipe and the courier process at its other end, without Ansible."""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import re
import signal
import stat
import subprocess
import sys
import time
import typing as t

import pytest
from ansible_collections.teamchat.zoom.plugins.module_utils._state import StateFolder
from ansible_collections.teamchat.zoom.plugins.plugin_utils import _pipe
from ansible_collections.teamchat.zoom.plugins.plugin_utils._callback_options import Settings
from ansible_collections.teamchat.zoom.plugins.plugin_utils._courier import Lines
from ansible_collections.teamchat.zoom.plugins.plugin_utils._outbox import (
    FILE,
    MOST_PARCELS,
    REPLY,
    SEND,
    Outbox,
    Parcel,
    Step,
)
from ansible_collections.teamchat.zoom.plugins.plugin_utils._pipe import Pipe
from ansible_collections.teamchat.zoom.plugins.plugin_utils._transports import where
from ansible_collections.teamchat.zoom.tests.sandbox import seeds
from ansible_collections.teamchat.zoom.tests.sandbox.running import Sandbox
from ansible_collections.teamchat.zoom.tests.unit.plugin_utils import lines
from ansible_collections.teamchat.zoom.tests.unit.plugin_utils.couriers import (
    Line,
    courier_of,
    dumped,
    flood,
    options,
    order,
    told,
)


def a_run(*events: Line, hosts: dict[str, t.Any] | None = None) -> t.Iterator[Line]:
    now = time.time()
    yield {**lines.run(), "at": now}
    yield {**lines.play(), "at": now}
    yield {**lines.task("Try"), "at": now}
    yield from events
    yield {"e": "stats", "at": now, "hosts": hosts or {"web1": lines.counts(ok=1)}}
    yield {"e": "end", "at": now, "lost": 0}


def until(condition: t.Callable[[], t.Any], seconds: float = 15.0) -> t.Any:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    return condition()


def is_running(pid: int) -> bool:
    try:
        return "Z" not in pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except OSError:
        return False


def ignored_signals(pid: int) -> set[int]:
    status = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    (mask,) = re.findall(r"^SigIgn:\s*([0-9a-f]+)$", status, re.MULTILINE)
    return {number for number in range(1, 65) if int(mask, 16) >> (number - 1) & 1}


# Lines


def test_lines_are_read_until_the_end_of_the_pipe() -> None:
    reader, writer = os.pipe()
    os.write(writer, b"one\ntwo\n" + b"x" * 5000 + b"\nthree\ncut")
    os.close(writer)
    found = Lines(reader)
    assert list(iter(lambda: found.next(1000), None)) == [b"one", b"two", b"three"]
    os.close(reader)


def test_a_line_that_never_ends_costs_no_memory() -> None:
    reader, writer = os.pipe()
    found = Lines(reader)
    pid = os.fork()
    if pid == 0:
        os.close(reader)
        for _index in range(300):
            os.write(writer, b"x" * 65536)
        os.write(writer, b"\nlast\n")
        os._exit(0)
    os.close(writer)
    assert found.next(1000) == b"last"
    assert len(found._rest) <= 1001
    os.waitpid(pid, 0)
    os.close(reader)


@pytest.mark.parametrize("system", ["Linux", "others"])
def test_the_end_of_the_parent_is_the_end_of_the_lines(system: str) -> None:
    """A child of it holds the pipe open, as a worker of Ansible's would that somebody else started."""
    code = """if True:
        import os, sys
        if sys.argv[1] != "Linux":
            del os.pidfd_open
        from ansible_collections.teamchat.zoom.plugins.plugin_utils._courier import Lines
        reader, writer = os.pipe()
        parent = os.getpid()
        if os.fork():
            # The parent: writes one line and is gone.
            os.write(writer, b"one\\n")
            os.kill(os.getpid(), 9)
        found = Lines(reader)
        found.watch(parent)
        print(list(iter(found.next, None)))
    """
    collections = pathlib.Path(__file__).resolve().parents[3] / ".collections"
    ended = subprocess.run(
        [sys.executable, "-c", code, system],
        env={**os.environ, "PYTHONPATH": str(collections)},
        capture_output=True,
        timeout=20,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (-9, b"")
    assert ended.stdout == b"[b'one']\n"


# The pipe


@pytest.fixture
def stopped(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> None:
    """Couriers that read nothing."""
    script = tmp_path / "stopped.py"
    script.write_text("import time\ntime.sleep(60)\n", encoding="utf-8")
    monkeypatch.setattr(_pipe, "_BOOTSTRAP", str(script))


@pytest.mark.usefixtures("stopped")
def test_a_full_pipe_drops_results_and_keeps_failures_up_to_a_limit() -> None:
    pipe = Pipe(order(options()))
    ok, failure = b"o" * 99 + b"\n", b"f" * 9999 + b"\n"
    start = time.monotonic()
    for _index in range(40_000):
        pipe.write(ok, can_drop=True)
    assert pipe.lost == 0
    for _index in range(1_000):
        pipe.write(failure)
    assert time.monotonic() - start < 3.0
    assert 500 < pipe.lost < 700
    assert pipe._process.waiting <= _pipe.MOST_WAITING
    courier = courier_of(pipe)
    start = time.monotonic()
    assert pipe.finish([b"end\n"], 0.5) is None
    assert 0.4 < time.monotonic() - start < 1.0
    os.kill(courier, signal.SIGKILL)


@pytest.mark.usefixtures("stopped")
def test_a_fork_does_not_keep_the_pipe_open() -> None:
    pipe = Pipe(order(options()))
    held = sorted(_pipe._descriptors)
    assert len(held) == 2
    pid = os.fork()
    if pid == 0:
        still_open = [descriptor for descriptor in held if _is_open(descriptor)]
        os._exit(len(still_open))
    assert os.waitpid(pid, 0)[1] == 0
    courier = courier_of(pipe)
    assert pipe.finish([], 0.1) is None
    assert _pipe._descriptors == set()
    assert not any(_is_open(descriptor) for descriptor in held)
    os.kill(courier, signal.SIGKILL)


def test_a_courier_that_has_ended_takes_nothing_from_the_second(sandbox: Sandbox) -> None:
    """Whose pipe may have got the number of the first one's."""
    first = Pipe(order(options(sandbox)))._process
    number = first._writer
    os.kill(first._process.pid, signal.SIGKILL)
    with pytest.raises(_pipe.CourierEnded):
        first.answer(time.monotonic() + 20)
    with open(os.devnull, "rb") as other:
        os.dup2(other.fileno(), number)
    _pipe._descriptors.add(number)
    first.close()
    assert _is_open(number)
    _pipe._descriptors.discard(number)
    os.close(number)


def _is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True


@pytest.mark.parametrize(
    "variables",
    [{"REQUESTS_CA_BUNDLE": "ca.pem"}, {"REQUESTS_CA_BUNDLE": "", "CURL_CA_BUNDLE": "./ca.pem"}],
    ids=["requests", "curl"],
)
def test_authorities_are_found_from_where_ansible_was_called(
    tls_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]
) -> None:
    folder, name = os.path.split(str(tls_sandbox.ca_path))
    assert name == "ca.pem"
    monkeypatch.chdir(folder)
    for variable, path in variables.items():
        monkeypatch.setenv(variable, path)
    assert told(options(tls_sandbox), a_run()) == []
    assert len(tls_sandbox.messages()) == 1


def test_a_courier_is_replaced_with_all_that_counts(sandbox: Sandbox, state_dir: str) -> None:
    pipe = Pipe(order(options(sandbox, state_dir=state_dir)))
    events = list(a_run(lines.failed("Try", "web1", "broken"), hosts={"web1": lines.counts(failures=1)}))
    for line in events[:-2]:
        pipe.write(dumped(line))
    os.kill(courier_of(pipe), signal.SIGKILL)
    assert until(lambda: not is_running(courier_of(pipe)))
    pipe.write(dumped(lines.ok("Try", "web2")), can_drop=True)
    answer = pipe.finish([dumped(line) for line in events[-2:]], 20)
    assert answer == {"warnings": []}
    assert [message["message"].split("\n")[0][:16] for message in sandbox.messages()] == [
        "❌ site.yml faile",
        "Try (web : site.",
    ]


@pytest.mark.parametrize("struck", ["send", "reply"])
def test_a_courier_that_is_killed_while_it_delivers_is_replaced_without_doubling(
    sandbox: Sandbox, state_dir: str, struck: str
) -> None:
    sandbox.fault("hang", struck, moment="after", seconds=5)
    pipe = Pipe(order(options(sandbox, state_dir=state_dir)))
    for line in a_run(lines.failed("Try", "web1", "broken"), hosts={"web1": lines.counts(failures=1)}):
        pipe.write(dumped(line))
    assert until(lambda: len(sandbox.messages()) == (1 if struck == "send" else 2))
    os.kill(courier_of(pipe), signal.SIGKILL)
    assert pipe.finish([], 20) == {"warnings": []}
    assert len(sandbox.messages()) == 2
    assert not any("Delivered late" in message["message"] for message in sandbox.messages())


def test_of_two_summaries_only_the_usual_targets_replaces_the_message_of_a_killed_courier(
    sandbox: Sandbox, state_dir: str
) -> None:
    given = options(sandbox, state_dir=state_dir, live=True, failure_channel=seeds.DEPLOYMENTS)
    pipe = Pipe(order(given))
    events = list(a_run(lines.failed("Try", "web1", "broken"), hosts={"web1": lines.counts(failures=1)}))
    pipe.write(b"".join(dumped(line) for line in events[:-2]))
    assert until(lambda: list(pathlib.Path(state_dir).glob("running-*.json")))
    os.kill(courier_of(pipe), signal.SIGKILL)
    assert pipe.finish([dumped(line) for line in events[-2:]], 20) == {"warnings": []}
    mains = [message for message in sandbox.messages() if message["reply_main_message_id"] is None]
    assert [(main["channel"], len(main["history"])) for main in mains] == [(seeds.OPS, 1), (seeds.DEPLOYMENTS, 0)]
    assert all(main["message"].startswith("❌ site.yml failed") for main in mains)
    assert len(sandbox.requests("edit")) == 1


def test_a_live_message_tells_how_long_a_task_runs_on_without_an_edit_for_each_second(
    sandbox: Sandbox, state_dir: str
) -> None:
    pipe = Pipe(order(options(sandbox, state_dir=state_dir, live=True, live_interval=1.0)))
    events = list(a_run())
    # Without a time, so that the run counts from the next line on, however long it takes until here.
    pipe.write(b"".join(dumped({**line, "at": 0}) for line in events[:3]))
    assert until(lambda: "is running" in str(sandbox.messages()))
    # More than one edit before the first minute is over would be one too many.
    pipe.write(dumped({"e": "vars", "at": time.time() - 56}))
    assert until(lambda: "· 1 min" in str(sandbox.messages()))
    (message,) = sandbox.messages()
    assert [text.split("\n")[0] for text in [*message["history"], message["message"]]] == [
        "▶️ site.yml started",
        "⏳ site.yml is running",
        "⏳ site.yml is running · 1 min",
    ]
    assert pipe.finish([dumped({**line, "at": time.time()}) for line in events[3:]], 20) == {"warnings": []}


# With a message that follows the run

JOB = {"system": "GitLab", "url": "https://gitlab.example.com/-/jobs/4711", "job": "deploy"}
ON_CALL = "oncall@example.com"


def a_failure() -> list[Line]:
    """A run in a CI job that fails on one host."""
    failed = lines.failed("Try", "web1", "broken")
    first, *others = a_run({**failed, "at": time.time()}, hosts={"web1": lines.counts(failures=1)})
    return [{**first, "ci": JOB}, *others]


def live(sandbox: Sandbox, state_dir: str, **changes: t.Any) -> dict[str, t.Any]:
    return options(sandbox, state_dir=state_dir, live=True, mention_on_failure=[ON_CALL], **changes)


def is_edited_and_mentions(sandbox: Sandbox, late: str = "") -> None:
    """The message that followed the run has become the summary, and a reply has called the one on call first."""
    main, mention, detail = sandbox.messages()
    first, *_lines, last = (main["message"].removesuffix(late)).split("\n")
    assert first.startswith("❌ site.yml failed · web1")
    assert last.endswith(f" · GitLab deploy: {JOB['url']}")
    assert main["history"][0].startswith("▶️ site.yml started")
    assert ON_CALL not in main["message"]
    assert mention["message"] == f"{first}\n@{ON_CALL}"
    assert [item["at_contact"] for item in mention["at_items"]] == [ON_CALL]
    assert detail["message"].startswith("Try (web : site.yml:7) failed on web1")
    assert {mention["reply_main_message_id"], detail["reply_main_message_id"]} == {main["id"]}


@pytest.mark.parametrize("seconds", [0, 2], ids=["at once", "after the end of the run"])
def test_a_summary_that_is_an_edit_mentions_in_a_reply(sandbox: Sandbox, state_dir: str, seconds: int) -> None:
    """Whether the first message is there when the summary is put into the outbox, or its answer comes later."""
    if seconds:
        sandbox.fault("slow", "send", seconds=seconds)
    pipe = Pipe(order(live(sandbox, state_dir)))
    events = a_failure()
    pipe.write(b"".join(dumped(line) for line in events[:-2]))
    assert until(lambda: sandbox.requests("send") if seconds else list(pathlib.Path(state_dir).glob("running-*.json")))
    assert pipe.finish([dumped(line) for line in events[-2:]], 20) == {"warnings": []}
    is_edited_and_mentions(sandbox)


def test_without_a_message_to_edit_the_summary_itself_mentions(sandbox: Sandbox, state_dir: str) -> None:
    sandbox.fault("429-daily", "send")
    pipe = Pipe(order(live(sandbox, state_dir)))
    events = a_failure()
    pipe.write(b"".join(dumped(line) for line in events[:-2]))
    assert until(lambda: sandbox.account()["struck"])
    assert pipe.finish([dumped(line) for line in events[-2:]], 20) == {"warnings": []}
    main, _detail = sandbox.messages()
    assert main["message"].endswith(f" · GitLab deploy\n@{ON_CALL}")
    assert [item["at_contact"] for item in main["at_items"]] == [ON_CALL]
    assert [entry["format_attr"] for entry in main["rich_text"] if entry["format_type"] == "AddLink"] == [JOB["url"]]


def test_a_second_courier_edits_and_mentions_in_a_reply(sandbox: Sandbox, state_dir: str) -> None:
    pipe = Pipe(order(live(sandbox, state_dir)))
    events = a_failure()
    pipe.write(b"".join(dumped(line) for line in events[:-2]))
    assert until(lambda: list(pathlib.Path(state_dir).glob("running-*.json")))
    os.kill(courier_of(pipe), signal.SIGKILL)
    assert pipe.finish([dumped(line) for line in events[-2:]], 20) == {"warnings": []}
    is_edited_and_mentions(sandbox)


def test_an_edit_that_hangs_leaves_the_summary_to_the_next_run_as_an_edit(sandbox: Sandbox, state_dir: str) -> None:
    given = live(sandbox, state_dir, live_interval=1.0)
    sandbox.fault("hang", "edit", times=None, seconds=30)
    pipe = Pipe(order({**given, "flush_timeout": 2.0}))
    events = a_failure()
    pipe.write(b"".join(dumped(line) for line in events[:-2]))
    assert until(lambda: sandbox.account()["struck"])
    end = time.time()
    pipe.write(b"".join(dumped({**line, "at": end}) for line in events[-2:]))
    # Before the time for waiting is over: then the process may end at any moment.
    (kept,) = until(lambda: list(pathlib.Path(state_dir).glob("outbox-*.json")))
    assert [step["do"] for step in json.loads(kept.read_text(encoding="utf-8"))["steps"]] == ["edit", "reply", "reply"]
    answer = pipe.finish([], 20)
    assert answer is not None
    assert answer["warnings"][0].endswith(" It is kept in state_dir, and the next run delivers it.")
    pipe._process._process.wait(20)
    sandbox.clear_faults()
    assert told({**given, "live": False, "notify_on": ["change"]}, a_run()) == []
    assert until(lambda: list(pathlib.Path(state_dir).glob("outbox-*.json")) == [])
    at = time.strftime("%Y-%m-%d %H:%M", time.gmtime(end))
    is_edited_and_mentions(sandbox, f"\n🕓 Delivered late: the run ended on {at} UTC.")


MUTED = {"e": "vars", "zoom_chat_mute": True}


@pytest.mark.parametrize("moment", ["while it runs", "at its end", "before it is there", "for a second courier"])
def test_a_message_that_follows_a_run_which_a_later_play_mutes_comes_to_its_end(
    sandbox: Sandbox, state_dir: str, moment: str
) -> None:
    sandbox.settings(latency=1.0 if moment == "before it is there" else 0.0)
    interval = 1.0 if moment == "while it runs" else 60.0
    pipe = Pipe(order(live(sandbox, state_dir, live_interval=interval, failure_channel=seeds.DEPLOYMENTS)))
    events = a_failure()
    pipe.write(b"".join(dumped(line) for line in events[:2]))
    if moment == "while it runs":
        assert until(lambda: "is running" in str(sandbox.messages()))
    elif moment == "before it is there":
        assert until(lambda: list(pathlib.Path(state_dir).glob("token-*.json")))
    else:
        assert until(lambda: list(pathlib.Path(state_dir).glob("running-*.json")))
    pipe.write(dumped({**MUTED, "at": time.time()}) + b"".join(dumped(line) for line in events[2:-2]))
    if moment == "while it runs":
        # Long enough for edits that tell of the failure.
        time.sleep(2.5)
    elif moment == "for a second courier":
        os.kill(courier_of(pipe), signal.SIGKILL)
    assert pipe.finish([dumped({**line, "at": time.time()}) for line in events[-2:]], 20) == {"warnings": []}
    (message,) = sandbox.messages()
    assert message["message"].startswith("❌ site.yml failed · web1")
    assert [text.split(" · ")[0].split("\n")[0] for text in message["history"]] == [
        "▶️ site.yml started",
        *(["⏳ site.yml is running"] if moment == "while it runs" else []),
    ]


def test_a_run_that_is_muted_from_its_start_has_no_message_to_end(sandbox: Sandbox, state_dir: str) -> None:
    first, *others = a_failure()
    assert told(live(sandbox, state_dir), [first, {**MUTED, "at": time.time()}, *others]) == []
    assert sandbox.requests() == []


def test_a_courier_that_ends_twice_is_said_to_have_ended(
    monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path
) -> None:
    script = tmp_path / "ended.py"
    script.write_text("", encoding="utf-8")
    monkeypatch.setattr(_pipe, "_BOOTSTRAP", str(script))
    pipe = Pipe(order(options()))
    with pytest.raises(_pipe.CourierEnded):
        pipe.finish([b"end\n"], 10)


def test_what_a_courier_that_is_gone_cannot_be_told_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_pipe, "MOST_KEPT", 20)
    pipe = Pipe(order(options()))
    os.kill(courier_of(pipe), signal.SIGKILL)
    assert until(lambda: not is_running(courier_of(pipe)))
    # The first two are kept for a second courier.
    for _index in range(5):
        pipe.write(b"123456789\n")
    assert pipe.lost == 3
    pipe._process.close()


def pipes() -> list[str]:
    """The descriptors of this process that are ends of pipes."""
    found = []
    for name in os.listdir("/dev/fd"):
        with contextlib.suppress(OSError):
            if stat.S_ISFIFO(os.fstat(int(name)).st_mode):
                found.append(name)
    return sorted(found)


def test_a_courier_that_cannot_be_started_leaves_nothing_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/there/is/no/python")
    before = pipes()
    with pytest.raises(FileNotFoundError):
        Pipe(order(options()))
    assert pipes() == before
    assert _pipe._descriptors == set()


def test_a_second_courier_that_cannot_be_started_is_as_good_as_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    pipe = Pipe(order(options()))
    os.kill(courier_of(pipe), signal.SIGKILL)
    monkeypatch.setattr(sys, "executable", "/there/is/no/python")
    with pytest.raises(_pipe.CourierEnded):
        pipe.finish([b"end\n"], 10)
    assert _pipe._descriptors == set()


def test_an_error_is_told_by_its_kind_and_where_it_comes_from() -> None:
    def fail() -> None:
        raise ValueError("secret")

    with pytest.raises(ValueError, match="secret") as raised:
        fail()
    line = fail.__code__.co_firstlineno + 1
    assert _pipe.origin(raised.value) == f"ValueError (test_courier.py:{line})"
    assert _pipe.origin(ValueError("secret")) == "ValueError"


# The courier


def test_without_an_order_there_is_no_answer() -> None:
    """As when Ansible ends between the start of the courier and the first line."""
    command = [sys.executable, _pipe._BOOTSTRAP, *filter(None, sys.path)]
    ended = subprocess.run(command, input=b"", capture_output=True, timeout=20, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, b"", b"")


def test_options_that_are_wrong_are_the_answer() -> None:
    assert told(options(), a_run()) == [
        "No target: give to_channel (or ZOOM_CHAT_TO_CHANNEL), to_contact, to_channel_name, or webhook_url."
    ]


def test_a_defect_is_told_without_the_text_of_its_error(sandbox: Sandbox, state_dir: str) -> None:
    pipe = Pipe(order(options(sandbox, state_dir=state_dir), playbook=["no path"]))
    (warning,) = (pipe.finish([dumped(line) for line in a_run()], 20) or {})["warnings"]
    assert re.fullmatch(
        r"The summary was not delivered, because of a defect in the courier: \w+ \(\w+\.py:\d+\)\.", warning
    )


def test_a_run_without_an_end_was_interrupted(sandbox: Sandbox, state_dir: str) -> None:
    pipe = Pipe(order(options(sandbox, state_dir=state_dir)))
    for line in list(a_run())[:3]:
        pipe.write(dumped(line))
    assert pipe.finish([], 20) == {"warnings": []}
    (message,) = sandbox.messages()
    assert message["message"].startswith("🛑 site.yml was interrupted")


def test_signals_for_the_run_do_not_end_its_courier(sandbox: Sandbox, state_dir: str) -> None:
    pipe = Pipe(order(options(sandbox, state_dir=state_dir)))
    events = list(a_run())
    pipe.write(dumped(events[0]))
    courier = courier_of(pipe)
    signals = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}
    assert until(lambda: signals <= ignored_signals(courier))
    for number in signals:
        os.kill(courier, number)
    assert pipe.finish([dumped(line) for line in events[1:]], 20) == {"warnings": []}
    # A second one would have taken the place of one that was ended.
    assert courier_of(pipe) == courier
    assert len(sandbox.messages()) == 1


def test_a_courier_ends_with_its_time_whatever_a_server_does(sandbox: Sandbox, state_dir: str) -> None:
    sandbox.fault("hang", "*", times=None, seconds=30)
    pipe = Pipe(order(options(sandbox, state_dir=state_dir, flush_timeout=2.0)))
    courier = courier_of(pipe)
    first, second, *others = a_run()
    pipe.write(dumped(first) + dumped(second))
    assert until(lambda: sandbox.account()["struck"])
    start = time.time()
    for line in others:
        pipe.write(dumped({**line, "at": start}))
    answer = pipe.finish([], 10.0)
    assert answer == {
        "warnings": [
            "The summary was not delivered: Zoom did not take it within flush_timeout (2 s). It is kept in state_dir,"
            " and the next run delivers it."
        ]
    }
    assert 1.4 < time.time() - start < 2.0
    assert until(lambda: not is_running(courier), 2)


def test_what_an_earlier_run_left_does_not_hold_up_the_next_one(sandbox: Sandbox, state_dir: str) -> None:
    given = options(sandbox, state_dir=state_dir)
    sandbox.fault("503", "send", times=None)
    told({**given, "flush_timeout": 1.0}, a_run())
    sandbox.clear_faults()
    # The first one is looked for before it is sent again, and the look takes its time.
    sandbox.fault("slow", "list", times=None, seconds=3)
    start = time.monotonic()
    assert told({**given, "flush_timeout": 10.0}, a_run(), to_its_end=False) == []
    assert time.monotonic() - start < 3.0
    assert until(lambda: len(sandbox.messages()) == 2)


def test_without_an_outbox_it_is_said_that_nothing_is_kept(sandbox: Sandbox, state_dir: str) -> None:
    sandbox.fault("401", "*", times=None)
    (warning,) = told(options(sandbox, state_dir=state_dir, outbox=False), a_run())
    assert warning.startswith("The summary was not delivered: ")
    assert warning.endswith(" It is not kept.")
    assert seeds.CLIENT_SECRET not in warning


def test_ten_thousand_failing_hosts_make_few_messages_and_little_memory(sandbox: Sandbox, state_dir: str) -> None:
    peak = flood(options(sandbox, state_dir=state_dir, report_file="always", max_failures=500, max_hosts=500))
    messages = sandbox.messages()
    assert 2 < len(messages) <= 10
    assert all(len(message["message"]) <= 1024 for message in messages)
    assert "10\u202f000 of 10\u202f000 hosts" in messages[0]["message"]
    assert 20 * 1024**2 < peak < 150 * 1024**2


def test_a_courier_that_has_nothing_to_tell_sends_nothing(sandbox: Sandbox, state_dir: str) -> None:
    assert told(options(sandbox, state_dir=state_dir, notify_on=["failure"]), a_run()) == []
    assert sandbox.requests() == []


def test_a_start_is_told_even_if_the_run_ends_before_and_its_end_is_not_told(sandbox: Sandbox, state_dir: str) -> None:
    sandbox.settings(latency=1.0)
    assert told(options(sandbox, state_dir=state_dir, notify_on=["start", "failure"]), a_run()) == []
    (message,) = until(sandbox.messages)
    assert message["message"].startswith("▶️ site.yml started")


def test_a_token_is_fetched_while_the_run_goes_on(sandbox: Sandbox, state_dir: str) -> None:
    pipe = Pipe(order(options(sandbox, state_dir=state_dir)))
    events = list(a_run())
    for line in events[:2]:
        pipe.write(dumped(line))
    assert until(lambda: list(pathlib.Path(state_dir).glob("token-*.json")))
    assert [request["operation"] for request in sandbox.requests()] == ["token"]
    assert pipe.finish([dumped(line) for line in events[2:]], 20) == {"warnings": []}
    assert [request["operation"] for request in sandbox.requests()] == ["token", "send"]


def test_a_state_folder_that_cannot_be_used_is_told_once(sandbox: Sandbox, tmp_path: pathlib.Path) -> None:
    """For the transport of the run's course, that of its end, and the outbox."""
    folder = tmp_path / "state"
    folder.write_text("in the way", encoding="utf-8")
    assert told(options(sandbox, state_dir=str(folder), live=True), a_run()) == [
        f"state_dir: {folder} cannot be used (Not a directory); tokens, send windows and the outbox are not kept"
    ]


def test_what_cannot_be_kept_is_said_to_be_lost(sandbox: Sandbox) -> None:
    sandbox.fault("401", "send", times=None)
    (warning,) = told(options(sandbox), a_run())
    assert warning.startswith("The summary was not delivered: ")
    assert warning.endswith(" It could not be kept either.")


@contextlib.contextmanager
def outbox(given: dict[str, t.Any]) -> t.Iterator[tuple[Outbox, t.Callable[..., Parcel]]]:
    """The outbox of these options, and what makes parcels for it."""

    def parcel(*texts: t.Any, run: str = "") -> Parcel:
        steps = [Step(SEND if number == 0 else REPLY, text=text) for number, text in enumerate(texts)]
        return Parcel(where(settings), {"to_channel": seeds.OPS}, time.time() - 3600, steps, run)

    settings = Settings.from_options(given, {})
    yield Outbox(StateFolder(given["state_dir"], pytest.fail)), parcel


def test_what_earlier_runs_left_takes_no_more_than_its_share(sandbox: Sandbox, state_dir: str) -> None:
    given = options(sandbox, state_dir=state_dir)
    with outbox(given) as (kept, parcel):
        for number in range(3):
            with kept.put(parcel(*({"message": f"{number}.{step}"} for step in range(10)))):
                pass
    assert told(given, a_run()) == []
    # Two with ten messages each, and this run's own.
    assert until(lambda: len(sandbox.messages()) == 21)
    assert until(lambda: [path.name for path in pathlib.Path(state_dir).glob("outbox-*.json")] == ["outbox-02.json"])


def test_what_cannot_be_delivered_takes_no_share_of_what_can(sandbox: Sandbox, state_dir: str) -> None:
    given = options(sandbox, state_dir=state_dir)
    with outbox(given) as (kept, parcel):
        for number in range(5):
            made = parcel(*({"message": f"{number}.{step}"} for step in range(10)))
            if number < 3:
                made.target = {"to_channel": seeds.ARCHIVED}
            with kept.put(made):
                pass
    assert told(given, a_run()) == []
    assert until(lambda: len(sandbox.messages()) == 21)
    left = [f"outbox-{number:02}.json" for number in range(3)]
    assert until(lambda: sorted(path.name for path in pathlib.Path(state_dir).glob("outbox-*.json")) == left)


def test_a_parcel_that_nobody_can_deliver_is_thrown_away(sandbox: Sandbox, state_dir: str) -> None:
    given = options(sandbox, state_dir=state_dir)
    with outbox(given) as (kept, parcel):
        for text in ("no fields", {"message": "fine"}):
            with kept.put(parcel(text)):
                pass
    assert told(given, a_run()) == []
    assert until(lambda: len(sandbox.messages()) == 2)
    assert until(lambda: list(pathlib.Path(state_dir).glob("outbox-*.json")) == [])


def test_a_second_courier_tells_of_a_parcel_that_it_cannot_deliver(sandbox: Sandbox, state_dir: str) -> None:
    given = options(sandbox, state_dir=state_dir)
    with outbox(given) as (kept, parcel):
        slot = kept.put(parcel("no fields", run="r1"))
        with slot:
            pass
    pipe = Pipe(order(given, run="r1", again=True))
    (warning,) = (pipe.finish([dumped(line) for line in a_run()], 20) or {})["warnings"]
    assert re.fullmatch(
        r"The summary was not delivered: There is a defect in the courier: \w+ \(_\w+\.py:\d+\)\."
        r" It is kept in state_dir, and the next run delivers it\.",
        warning,
    )


def test_a_second_courier_writes_into_the_folder_of_a_dry_run(tmp_path: pathlib.Path) -> None:
    pipe = Pipe(order(options(dry_run_dir=str(tmp_path), to_channel="ops"), again=True))
    assert pipe.finish([dumped(line) for line in a_run()], 20) == {"warnings": []}
    assert sorted(path.name for path in tmp_path.glob("*/*")) == ["01-send-to-ops.json", "01-send-to-ops.txt"]


def test_a_dry_run_writes_all_its_messages_into_one_folder(tmp_path: pathlib.Path) -> None:
    """Those of its start, of its course, and of its end in another second."""
    pipe = Pipe(order(options(dry_run_dir=str(tmp_path), to_channel="ops", live=True, live_interval=1.0)))
    events = list(a_run())
    pipe.write(b"".join(dumped(line) for line in events[:2]))
    assert until(lambda: list(tmp_path.glob("*/01-*.txt")))
    pipe.write(dumped(events[2]))
    assert until(lambda: list(tmp_path.glob("*/02-*.txt")))
    assert pipe.finish([dumped({**line, "at": time.time()}) for line in events[3:]], 20) == {"warnings": []}
    (folder,) = tmp_path.iterdir()
    assert {path.name: path.read_text(encoding="utf-8").split(" ")[0] for path in sorted(folder.glob("*.txt"))} == {
        "01-send-to-ops.txt": "▶️",
        "02-edit-to-ops.txt": "⏳",
        "03-edit-to-ops.txt": "✅",
    }


def test_a_dry_run_is_compared_with_the_last_run_and_does_not_take_its_place(
    sandbox: Sandbox, state_dir: str, tmp_path: pathlib.Path
) -> None:
    given = options(sandbox, state_dir=state_dir, notify_on=["recovery"])
    dry = {**given, "dry_run_dir": str(tmp_path / "dry")}
    assert told(given, a_run()) == []
    assert told(dry, a_failure()) == []
    assert len(list(tmp_path.glob("dry/*/01-send-*.txt"))) == 1
    assert told(given, a_run()) == []
    assert sandbox.messages() == []


def test_without_a_free_place_a_summary_is_sent_all_the_same(sandbox: Sandbox, state_dir: str) -> None:
    given = options(sandbox, state_dir=state_dir)
    with outbox(given) as (kept, parcel), contextlib.ExitStack() as held:
        for _index in range(MOST_PARCELS):
            held.enter_context(kept.put(parcel({"message": "held"})))
        assert told(given, a_run()) == []
    (message,) = sandbox.messages()
    assert message["message"].startswith("✅ site.yml succeeded")


# What belongs to a summary

REFUSED = "error:400:5301:Message sending failed."
KEPT = " It is kept in state_dir, and the next run delivers it."


def kept_in(state_dir: str) -> list[str]:
    return sorted(path.name for path in pathlib.Path(state_dir).glob("outbox-*.json"))


def test_a_report_that_is_refused_is_named_and_not_sent_again(sandbox: Sandbox, state_dir: str) -> None:
    sandbox.settings(files_allowed=False)
    given = options(sandbox, state_dir=state_dir, report_file="failure")
    (warning,) = told(given, a_failure())
    assert re.fullmatch(
        r"The report was not delivered: Sending the file '\S+\.html' failed: Account settings do not allow files to be"
        r" sent \(HTTP 400, code 5403\)\. An administrator can .* It is not sent again\.",
        warning,
    )
    assert kept_in(state_dir) == []
    assert told(given, a_run()) == []
    assert len(sandbox.requests("send_file")) == 1
    assert len(sandbox.messages()) == 3


def test_a_report_that_an_earlier_run_left_is_dropped_when_it_is_refused(sandbox: Sandbox, state_dir: str) -> None:
    sandbox.fault("503", "send_file", times=None)
    given = options(sandbox, state_dir=state_dir, report_file="failure")
    (warning,) = told({**given, "flush_timeout": 2.0}, a_failure())
    assert warning.startswith("The report was not delivered: ")
    assert warning.endswith(KEPT)
    assert len(kept_in(state_dir)) == 1
    sandbox.clear_faults()
    sandbox.settings(files_allowed=False)
    assert told(given, a_run()) == []
    assert until(lambda: kept_in(state_dir) == [])


def test_a_reply_that_is_refused_does_not_keep_the_others_from_being_sent(sandbox: Sandbox, state_dir: str) -> None:
    failures = [
        {**line, "at": time.time()}
        for line in (lines.failed("Try", "web1", "broken"), lines.failed("Try", "web2", "out of order"))
    ]
    hosts = {name: lines.counts(failures=1) for name in ("web1", "web2")}
    # With its formatting, and without.
    sandbox.fault(REFUSED, "reply", times=2)
    given = options(sandbox, state_dir=state_dir, report_file="failure")
    (warning,) = told(given, a_run(*failures, hosts=hosts))
    assert warning.startswith("A reply to the summary was not delivered: Sending the message failed: ")
    assert warning.endswith(" It is not sent again.")
    main, reply, file = sandbox.messages()
    assert "out of order" in reply["message"]
    assert file["files"]
    assert {reply["reply_main_message_id"], file["reply_main_message_id"]} == {main["id"]}
    assert kept_in(state_dir) == []


def test_of_several_refusals_one_is_told(sandbox: Sandbox, state_dir: str) -> None:
    sandbox.settings(files_allowed=False)
    sandbox.fault(REFUSED, "reply", times=None)
    (warning,) = told(options(sandbox, state_dir=state_dir, report_file="failure"), a_failure())
    assert warning.startswith("A reply to the summary was not delivered: ")


def test_a_reply_for_which_zoom_takes_too_long_is_kept(sandbox: Sandbox, state_dir: str) -> None:
    """Zoom refuses replies to a message that it does not show yet."""
    sandbox.settings(visible_after=8)
    given = options(sandbox, state_dir=state_dir, flush_timeout=3.0)
    (warning,) = told(given, a_failure())
    assert warning.startswith("A reply to the summary was not delivered: ")
    assert warning.endswith(KEPT)
    sandbox.settings(visible_after=0)
    time.sleep(6)
    assert told(given, a_run()) == []
    assert until(lambda: [message["message"][:3] for message in sandbox.messages()].count("Try") == 1)
    assert until(lambda: kept_in(state_dir) == [])


def test_to_a_message_that_is_gone_nothing_more_is_sent(sandbox: Sandbox, state_dir: str) -> None:
    given = options(sandbox, state_dir=state_dir)
    with outbox(given) as (kept, parcel):
        made = parcel(*({"message": f"{number}"} for number in range(4)))
        made.main_id, made.steps = "0123456789ABCDEF", [*made.steps[1:], Step(FILE, name="r.html", content="report")]
        with kept.put(made):
            pass
    assert told(given, a_run()) == []
    assert kept_in(state_dir) == []
    assert len(sandbox.messages()) == 1
    assert (len(sandbox.requests("reply")), len(sandbox.requests("send_file"))) == (1, 0)


def test_a_wrong_failure_channel_is_named_beside_a_summary_that_arrived(sandbox: Sandbox, state_dir: str) -> None:
    (warning,) = told(options(sandbox, state_dir=state_dir, failure_channel="0" * 32), a_failure())
    assert warning.startswith(
        "The summary was not delivered to failure_channel: Sending the message failed: Channel does not exist: "
    )
    assert warning.endswith(KEPT)
    (message,) = sandbox.messages()
    assert message["channel"] == seeds.OPS


def test_a_summary_that_is_missing_counts_more_than_what_belongs_to_another(sandbox: Sandbox, state_dir: str) -> None:
    sandbox.settings(files_allowed=False)
    given = options(sandbox, state_dir=state_dir, report_file="failure", failure_channel=seeds.DEPLOYMENTS)
    (warning,) = told({**given, "to_channel": seeds.ARCHIVED}, a_failure())
    assert warning.startswith("The summary was not delivered: Sending the message failed: ")
    assert {message["channel"] for message in sandbox.messages()} == {seeds.DEPLOYMENTS}


def test_a_summary_goes_through_among_those_that_never_will(sandbox: Sandbox, state_dir: str) -> None:
    given = options(sandbox, state_dir=state_dir)
    (warning,) = told({**given, "to_channel": seeds.ARCHIVED}, a_run())
    assert warning.endswith(" It is kept in state_dir, and the next run delivers it.")
    sandbox.fault("401", "send", times=None)
    told(given, a_run())
    sandbox.clear_faults()
    assert told(given, a_run()) == []
    assert until(lambda: len(sandbox.messages()) == 2)
    # The archived channel's own stays, in case it is opened again.
    assert until(lambda: len(list(pathlib.Path(state_dir).glob("outbox-*.json"))) == 1)
