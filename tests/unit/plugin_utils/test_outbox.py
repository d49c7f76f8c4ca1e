# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Parcels that are never lost, never doubled, and not kept for ever."""

from __future__ import annotations

import contextlib
import os
import pathlib
import stat
import subprocess
import sys
import time
import typing as t

import pytest
from ansible_collections.teamchat.zoom.plugins.module_utils._state import LockTimeoutError, StateFolder
from ansible_collections.teamchat.zoom.plugins.plugin_utils import _outbox
from ansible_collections.teamchat.zoom.plugins.plugin_utils._outbox import FILE, SEND, Outbox, Parcel, Step


def fail(text: str) -> None:
    pytest.fail(text)


@pytest.fixture
def outbox(tmp_path: pathlib.Path) -> Outbox:
    return Outbox(StateFolder(str(tmp_path / "state"), fail))


def parcel(text: str = "hello", ended: float | None = None, **values: t.Any) -> Parcel:
    steps = values.pop("steps", [Step(SEND, text={"message": text})])
    return Parcel("here", {"to_channel": "ops"}, time.time() if ended is None else ended, steps, **values)


def left(outbox: Outbox, where: str = "here", run: str = "") -> list[str]:
    with contextlib.ExitStack() as stack:
        found = [stack.enter_context(place) for place in outbox.left_behind(where, run)]
        return [slot.parcel.steps[0].text["message"] for slot in found]


def test_a_parcel_is_taken_over_as_it_was(outbox: Outbox, tmp_path: pathlib.Path) -> None:
    kept = parcel(main_id="{A}", begun=12.5, marked=True, run="r1")
    with outbox.put(kept):
        (file,) = (tmp_path / "state").glob("*.json")
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    (place,) = outbox.left_behind("here")
    with place as slot:
        assert slot.parcel == kept


def test_a_parcel_that_someone_works_on_is_left_alone(outbox: Outbox) -> None:
    with outbox.put(parcel()):
        assert left(outbox) == []
    assert left(outbox) == ["hello"]


def test_a_parcel_is_taken_over_by_one_only(outbox: Outbox) -> None:
    with outbox.put(parcel()):
        pass
    (place,) = outbox.left_behind("here")
    with place:
        assert left(outbox) == []


def test_the_lock_goes_with_its_process(outbox: Outbox, tmp_path: pathlib.Path) -> None:
    code = """if True:
        import os, sys, time
        from ansible_collections.teamchat.zoom.plugins.module_utils._state import StateFolder
        from ansible_collections.teamchat.zoom.plugins.plugin_utils._outbox import *
        outbox = Outbox(StateFolder(sys.argv[1], print))
        with outbox.put(Parcel("here", {}, time.time(), [Step(SEND, text={"message": "killed"})])):
            print("locked", flush=True)
            time.sleep(60)
    """
    collections = pathlib.Path(__file__).resolve().parents[3] / ".collections"
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "state")],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(collections)},
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"locked\n"
        assert left(outbox) == []
        process.kill()
    assert left(outbox) == ["killed"]


def test_parcels_for_another_server_and_of_other_runs_are_passed_over(outbox: Outbox) -> None:
    with outbox.put(parcel("first", run="r1")), outbox.put(parcel("second", run="r2")):
        pass
    assert left(outbox, "elsewhere") == []
    assert left(outbox, run="r2") == ["second"]
    assert left(outbox) == ["first", "second"]


@pytest.mark.parametrize(("days", "count"), [(6.9, 1), (7.1, 0), (-0.5, 1), (-2, 0)])
def test_parcels_are_kept_for_a_week(outbox: Outbox, tmp_path: pathlib.Path, days: float, count: int) -> None:
    with outbox.put(parcel(ended=time.time() - days * 86400)):
        pass
    assert len(left(outbox)) == count
    assert len(list((tmp_path / "state").glob("*.json"))) == count


def test_the_oldest_makes_room_for_the_hundred_and_first(outbox: Outbox) -> None:
    now = time.time()
    for number in range(_outbox.MOST_PARCELS + 1):
        # The second one is the oldest.
        with outbox.put(parcel(str(number), ended=now - (500 if number == 1 else 400 - number))):
            pass
    found = left(outbox)
    assert len(found) == _outbox.MOST_PARCELS
    assert "1" not in found
    assert str(_outbox.MOST_PARCELS) in found


def test_without_a_free_place_there_is_none(outbox: Outbox) -> None:
    with contextlib.ExitStack() as stack:
        for number in range(_outbox.MOST_PARCELS):
            stack.enter_context(outbox.put(parcel(str(number))))
        with pytest.raises(LockTimeoutError, match="All places of the outbox are in use"):
            stack.enter_context(outbox.put(parcel()))


def test_a_place_that_is_being_taken_is_left_alone(outbox: Outbox, tmp_path: pathlib.Path) -> None:
    """Its lock is held, and its parcel is not there yet."""
    with StateFolder(str(tmp_path / "state"), fail).lock("outbox-00", 1.0), outbox.put(parcel()):
        assert [file.name for file in (tmp_path / "state").glob("*.json")] == ["outbox-01.json"]


def test_a_place_that_is_taken_in_between_is_left_alone(tmp_path: pathlib.Path) -> None:
    class Overtaken(StateFolder):
        """Another run is faster at the first place: it has put its parcel there and ended."""

        @contextlib.contextmanager
        def lock(self, name: str, timeout: float) -> t.Iterator[None]:
            if name == "outbox-00":
                with Outbox(StateFolder(folder, fail)).put(parcel("theirs")):
                    pass
            with super().lock(name, timeout):
                yield

    folder = str(tmp_path / "state")
    with Outbox(Overtaken(folder, fail)).put(parcel("ours")):
        # The other's place is nobody's any more.
        assert left(Outbox(StateFolder(folder, fail))) == ["theirs"]
    assert left(Outbox(StateFolder(folder, fail))) == ["theirs", "ours"]


def test_a_parcel_that_is_delivered_is_gone(outbox: Outbox, tmp_path: pathlib.Path) -> None:
    with outbox.put(parcel()) as slot:
        slot.remove()
    assert list((tmp_path / "state").glob("*.json")) == []


def test_a_report_that_is_too_large_does_not_cost_the_message(outbox: Outbox) -> None:
    steps = [Step(SEND, text={"message": "small"}), Step(FILE, name="x.html", content="x" * 9_000_000)]
    with outbox.put(parcel(steps=steps)):
        pass
    (place,) = outbox.left_behind("here")
    with place as slot:
        assert [step.do for step in slot.parcel.steps] == [SEND]


@pytest.mark.parametrize(
    "content",
    ["{}", '{"steps": []}', '{"steps": [{"no": 1}]}', '{"where": 1}', "[]", "nonsense"],
)
def test_a_damaged_parcel_is_thrown_away(outbox: Outbox, tmp_path: pathlib.Path, content: str) -> None:
    with outbox.put(parcel()):
        pass
    (file,) = (tmp_path / "state").glob("*.json")
    file.write_text(content, encoding="utf-8")
    assert left(outbox) == []


def test_without_a_state_folder_nothing_is_kept() -> None:
    outbox = Outbox(StateFolder("", fail))
    assert outbox.keeps is False
    with outbox.put(parcel()) as slot:
        slot.save()
    assert left(outbox) == []
