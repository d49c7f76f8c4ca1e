# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of a report goes where, and when nothing is told."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.teamchat.zoom.plugins.plugin_utils import _delivery
from ansible_collections.teamchat.zoom.plugins.plugin_utils._callback_options import Settings
from ansible_collections.teamchat.zoom.plugins.plugin_utils._events import NO_HOSTS_MATCHED
from ansible_collections.teamchat.zoom.plugins.plugin_utils._outbox import CARD, EDIT, FILE, REPLY, SEND, Parcel, Step
from ansible_collections.teamchat.zoom.plugins.plugin_utils._report import Report
from ansible_collections.teamchat.zoom.plugins.plugin_utils._scrubbing import Scrubber
from ansible_collections.teamchat.zoom.tests.unit.plugin_utils import lines
from ansible_collections.teamchat.zoom.tests.unit.plugin_utils.couriers import options

SECRET = "hunter2-hunter2"


def report(*, failed: bool = False, changed: bool = False, interrupted: bool = False, msg: str = "broken") -> Report:
    made = Report()
    end = [lines.failed("Try", "web1", msg)] if failed else [lines.ok("Try", "web1", changed=changed)]
    counts = lines.counts(failures=1) if failed else lines.counts(ok=1, changed=int(changed))
    stats = {"e": "stats", "at": lines.START + 9, "hosts": {"web1": counts}}
    for line in [lines.run(), lines.play(), lines.task("Try"), *end, *([] if interrupted else [stats])]:
        made.add(line)
    made.finish(interrupted)
    return made


def without_hosts() -> Report:
    return lines.report_of(lines.run(), lines.play(), {"e": "no_hosts", "reason": NO_HOSTS_MATCHED}, lines.stats({}))


def parcels(made: Report, live: str | None = None, **changes: t.Any) -> list[Parcel]:
    given = {"access_token": "some-token", "to_channel": "ops", **changes}
    settings = Settings.from_options(options(**given), {})
    return _delivery.parcels(made, settings, Scrubber([SECRET]), "here", False, live)


def kinds(parcel: Parcel) -> list[str]:
    return [step.do for step in parcel.steps]


@pytest.mark.parametrize(
    ("notify_on", "made", "was_bad", "is_wanted"),
    [
        ({"always"}, report(), None, True),
        ({"success"}, report(), None, True),
        ({"success"}, report(failed=True), None, False),
        ({"failure"}, report(), None, False),
        ({"failure"}, report(failed=True), None, True),
        ({"failure"}, report(interrupted=True), None, True),
        ({"change"}, report(), None, False),
        ({"change"}, report(changed=True), None, True),
        ({"recovery"}, report(), None, False),
        ({"recovery"}, report(), False, False),
        ({"recovery"}, report(), True, True),
        ({"recovery"}, report(failed=True), None, True),
        ({"recovery"}, report(failed=True), False, True),
        ({"recovery"}, report(failed=True), True, False),
        ({"start"}, report(failed=True), None, False),
        ({"recovery", "change"}, report(changed=True), False, True),
    ],
)
def test_wanted(notify_on: set[str], made: Report, was_bad: bool | None, is_wanted: bool) -> None:
    assert _delivery.wanted(made, notify_on, was_bad) is is_wanted


def test_a_success_is_one_message() -> None:
    (parcel,) = parcels(report(), report_file="failure", failure_channel="incidents", mention_on_failure=["all"])
    assert (parcel.target, kinds(parcel)) == ({"to_channel": "ops"}, [SEND])


def test_a_failure_has_details_and_a_report() -> None:
    (parcel,) = parcels(report(failed=True), report_file="failure")
    assert kinds(parcel) == [SEND, REPLY, FILE]
    assert parcel.steps[2].name.endswith(".html")


@pytest.mark.parametrize(
    ("report_file", "made", "is_there"),
    [
        ("never", report(failed=True), False),
        ("failure", report(), False),
        ("failure", report(failed=True), True),
        ("failure", report(interrupted=True), True),
        ("failure", without_hosts(), False),
        ("always", without_hosts(), True),
        ("always", report(), True),
    ],
)
def test_a_report_is_there_as_it_is_documented(report_file: str, made: Report, is_there: bool) -> None:
    (parcel,) = parcels(made, report_file=report_file)
    assert (FILE in kinds(parcel)) is is_there


def test_the_failure_channel_gets_all_and_the_usual_one_the_summary() -> None:
    usual, incidents = parcels(
        report(failed=True), report_file="always", failure_channel="incidents", mention_on_failure=["all"]
    )
    assert (usual.target, kinds(usual)) == ({"to_channel": "ops"}, [SEND])
    assert "at_items" not in usual.steps[0].text
    assert (incidents.target, kinds(incidents)) == ({"to_channel": "incidents"}, [SEND, REPLY, FILE])
    assert incidents.steps[0].text["at_items"][0]["at_type"] == 2


def test_a_summary_that_is_an_edit_has_text_alone_and_mentions_in_a_reply() -> None:
    (parcel,) = parcels(report(failed=True), "m1", report_file="always", mention_on_failure=["a@example.com"])
    assert (parcel.main_id, kinds(parcel)) == ("m1", [EDIT, REPLY, REPLY, FILE])
    edit, mention, detail, _file = parcel.steps
    assert list(edit.text) == ["message"]
    assert "@a@example.com" not in edit.text["message"]
    assert mention.text["message"] == "❌ site.yml failed · web1 · 9 s\n@a@example.com"
    assert [item["at_contact"] for item in mention.text["at_items"]] == ["a@example.com"]
    assert "at_items" not in detail.text


def test_an_edit_that_has_nobody_to_mention_has_no_reply_for_it() -> None:
    assert [kinds(parcel) for parcel in parcels(report(), "m1", mention_on_failure=["all"])] == [[EDIT]]
    assert [kinds(parcel) for parcel in parcels(report(failed=True), "m1")] == [[EDIT, REPLY]]


def test_of_two_summaries_the_usual_targets_is_the_edit_and_the_other_mentions_by_itself() -> None:
    usual, incidents = parcels(
        report(failed=True), "m1", failure_channel="incidents", mention_on_failure=["a@example.com"]
    )
    assert (usual.main_id, kinds(usual)) == ("m1", [EDIT])
    assert "@a@example.com" not in usual.steps[0].text["message"]
    assert (incidents.main_id, kinds(incidents)) == (None, [SEND, REPLY])
    assert [item["at_contact"] for item in incidents.steps[0].text["at_items"]] == ["a@example.com"]


def test_of_a_muted_run_the_message_that_has_followed_it_ends_and_nothing_else_is_told() -> None:
    made = report(failed=True)
    made.add({"e": "vars", "at": lines.START, "zoom_chat_mute": True})
    everything = {"report_file": "always", "mention_on_failure": ["all"], "failure_channel": "incidents"}
    (parcel,) = parcels(made, "m1", **everything)
    assert (parcel.main_id, parcel.target, kinds(parcel)) == ("m1", {"to_channel": "ops"}, [EDIT])
    assert parcel.steps[0].text["message"].startswith("❌ site.yml failed")


def test_an_edit_of_the_runs_course_has_text_alone() -> None:
    settings = Settings.from_options(options(access_token="some-token", to_channel="ops"), {})
    step = _delivery.progress(report(), settings, Scrubber([]))
    assert (step.do, list(step.text)) == (EDIT, ["message"])


def test_a_webhook_gets_one_card() -> None:
    (parcel,) = parcels(
        report(failed=True),
        to_channel=None,
        webhook_url="https://integrations.zoom.us/x",
        webhook_token="some-token",
        report_file="always",
    )
    assert (parcel.target, kinds(parcel)) == ({}, [CARD])


def test_a_secret_that_got_this_far_goes_no_further() -> None:
    made = report(failed=True, msg=f"the password is {SECRET}")
    (parcel,) = parcels(made, report_file="always", details="thread")
    assert SECRET not in str(parcel)
    assert "the password is ********" in parcel.steps[1].text["message"]
    # Positions would be off.
    assert "rich_text" not in parcel.steps[1].text


def mentioned(step: Step) -> list[tuple[str, str | None]]:
    """Whom a message mentions: what stands at the positions, and the contact."""
    text = step.text["message"].encode("utf-16-le")
    return [
        (text[2 * item["start_position"] : 2 * item["end_position"] + 2].decode("utf-16-le"), item.get("at_contact"))
        for item in step.text.get("at_items", [])
    ]


def test_whom_a_message_mentions_stays_where_a_secret_was_taken_out_of_it() -> None:
    made = report(failed=True)
    made.add(lines.called(f"🚀 {SECRET} @alice@example.com"))
    people = ["alice@example.com", f"{SECRET}@example.com", "alice@example.com.au", "all"]
    (parcel,) = parcels(made, mention_on_failure=people, details="none")
    (step,) = parcel.steps
    assert step.text["message"].startswith("❌ 🚀 ******** @alice@example.com failed · web1")
    assert step.text["message"].endswith("\n@alice@example.com @********@example.com @alice@example.com.au @all")
    assert mentioned(step) == [
        ("@alice@example.com", "alice@example.com"),
        ("@alice@example.com.au", "alice@example.com.au"),
        ("@all", None),
    ]
    first = step.text["at_items"][0]["start_position"]
    assert first == len(step.text["message"].rpartition("\n")[0].encode("utf-16-le")) // 2 + 1
    assert "rich_text" not in step.text


def test_a_message_leaves_room_for_saying_that_it_is_late() -> None:
    made = report(failed=True, msg="x" * 4000)
    (parcel,) = parcels(made, details="inline", mention_on_failure=["all"], body_template="{{ 'y' * 3000 }}")
    step = parcel.steps[0]
    _delivery._mark(parcel, step, is_repeated=True)
    assert step.text["message"].endswith("UTC. It may have been delivered before.")
    assert len(step.text["message"]) <= 1024
