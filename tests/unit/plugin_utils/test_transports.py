# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Parcels on their way to the sandbox, by a user and by a webhook, with and without faults."""

from __future__ import annotations

import dataclasses
import math
import pathlib
import time
import typing as t

import pytest
from ansible_collections.teamchat.zoom.plugins.module_utils._errors import (
    InvalidOption,
    InvalidRequest,
    NotFound,
    RateLimited,
    ZoomError,
)
from ansible_collections.teamchat.zoom.plugins.module_utils._state import StateFolder
from ansible_collections.teamchat.zoom.plugins.plugin_utils import _delivery, _transports
from ansible_collections.teamchat.zoom.plugins.plugin_utils._callback_options import Settings
from ansible_collections.teamchat.zoom.plugins.plugin_utils._outbox import (
    CARD,
    EDIT,
    FILE,
    REPLY,
    SEND,
    Outbox,
    Parcel,
    Step,
)
from ansible_collections.teamchat.zoom.plugins.plugin_utils._scrubbing import Scrubber
from ansible_collections.teamchat.zoom.tests.sandbox import seeds
from ansible_collections.teamchat.zoom.tests.sandbox.running import Sandbox
from ansible_collections.teamchat.zoom.tests.unit.plugin_utils.couriers import options
from ansible_collections.teamchat.zoom.tests.unit.wire import Peer, Server, http, serving

ENDED = 1_795_168_800.0
LATE = "🕓 Delivered late: the run ended on 2026-11-20 10:00 UTC."
CONTENT = {"head": {"text": "Done"}, "body": []}


class Sender:
    """A transport, and an outbox that it delivers from."""

    def __init__(self, settings: Settings, folder: pathlib.Path, seconds: float = 8.0) -> None:
        self.settings = settings
        deadline = time.monotonic() + seconds
        self.way = _transports.way(settings, Scrubber(settings.secrets), "run", lambda: deadline - time.monotonic())
        self.outbox = Outbox(StateFolder(str(folder / "outbox"), pytest.fail))

    def deliver(self, parcel: Parcel, late: bool = False) -> None:
        with self.outbox.put(parcel) as slot:
            _delivery.deliver(slot, self.way, late)

    def deliver_rest(self) -> int:
        """What is left, as the next run does; tells how many parcels that were."""
        count = 0
        for place in self.outbox.left_behind(self.way.where):
            with place as slot:
                count += 1
                _delivery.deliver(slot, self.way, late=True)
        return count

    def parcel(self, *steps: Step, **target: str) -> Parcel:
        return Parcel(self.way.where, target or {"to_channel": seeds.OPS}, ENDED, list(steps))


Make = t.Callable[..., Sender]


@pytest.fixture
def api(sandbox: Sandbox, tmp_path: pathlib.Path) -> Make:
    def make(seconds: float = 8.0, **changes: t.Any) -> Sender:
        given = {"state_dir": str(tmp_path / "state"), "timeout": 0.5, **changes}
        return Sender(Settings.from_options(options(sandbox, **given), {}), tmp_path, seconds)

    return make


@pytest.fixture
def webhook(sandbox: Sandbox, tmp_path: pathlib.Path) -> Make:
    def make(seconds: float = 8.0, *, signed: bool = False, **changes: t.Any) -> Sender:
        target = {
            "webhook_url": sandbox.secure_webhook_url if signed else sandbox.webhook_url,
            "webhook_secret": seeds.SECURE_WEBHOOK_SECRET if signed else None,
            "webhook_token": None if signed else seeds.WEBHOOK_TOKEN,
        }
        return Sender(Settings.from_options(options(timeout=0.5, **{**target, **changes}), {}), tmp_path, seconds)

    return make


def send(text: str = "Done", **fields: t.Any) -> Step:
    return Step(SEND, text={"message": text, **fields})


def reply(text: str) -> Step:
    return Step(REPLY, text={"message": text})


def card() -> Step:
    return Step(CARD, card={"is_markdown_support": False, "content": {**CONTENT, "body": []}})


def texts(sandbox: Sandbox) -> list[str]:
    return [message["message"] for message in sandbox.messages()]


# On behalf of a user


def test_a_thread_with_a_file(api: Make, sandbox: Sandbox) -> None:
    sender = api()
    report = Step(FILE, name="run.html", content="<p>ü</p>")
    sender.deliver(sender.parcel(send(), reply("one"), reply("two"), report))
    main, *others = sandbox.messages()
    assert texts(sandbox) == ["Done", "one", "two", ""]
    assert {other["reply_main_message_id"] for other in others} == {main["id"]}
    assert [(file["name"], file["size"]) for file in others[-1]["files"]] == [("run.html", 9)]
    assert sender.deliver_rest() == 0


def test_a_message_is_edited(api: Make, sandbox: Sandbox) -> None:
    sender = api()
    parcel = sender.parcel(Step(EDIT, text={"message": "after"}), reply("details"))
    parcel.main_id = sender.way.carry_out(sender.parcel(), send("before"))
    sender.deliver(parcel)
    main, detail = sandbox.messages()
    assert (main["message"], main["history"]) == ("after", ["before"])
    assert detail["reply_main_message_id"] == main["id"]


def test_a_message_that_somebody_deleted_is_sent_anew(api: Make, sandbox: Sandbox) -> None:
    sender = api()
    parcel = sender.parcel(Step(EDIT, text={"message": "after"}), reply("details"))
    parcel.main_id = "{00000000-0000-0000-0000-00000000DEAD}"
    sender.deliver(parcel)
    main, detail = sandbox.messages()
    assert main["message"] == "after"
    assert detail["reply_main_message_id"] == main["id"]


def test_an_edit_by_itself_sends_nothing_in_the_place_of_a_deleted_message(api: Make, sandbox: Sandbox) -> None:
    """The edits of a run's course would all do it, one message each."""
    sender = api()
    parcel = sender.parcel()
    parcel.main_id = "{00000000-0000-0000-0000-00000000DEAD}"
    with pytest.raises(NotFound):
        sender.way.carry_out(parcel, Step(EDIT, text={"message": "after"}))
    assert sandbox.requests("send") == []


def test_a_message_that_is_sent_in_the_place_of_a_deleted_one_is_not_sent_twice(api: Make, sandbox: Sandbox) -> None:
    sandbox.fault("reset", "send", moment="after")
    sandbox.fault("503", "list", times=None)
    sender = api(1.0)
    parcel = sender.parcel(Step(EDIT, text={"message": "after"}), reply("details"))
    parcel.main_id = "{00000000-0000-0000-0000-00000000DEAD}"
    with pytest.raises(ZoomError):
        sender.deliver(parcel)
    sandbox.clear_faults()
    assert api().deliver_rest() == 1
    assert texts(sandbox) == ["after", "details"]


def test_the_words_go_out_even_if_zoom_does_not_like_their_looks(api: Make, sandbox: Sandbox) -> None:
    sandbox.fault("validation", "send")
    bold = {"start_position": 0, "end_position": 3, "format_type": "Bold", "format_attr": ""}
    sender = api()
    sender.deliver(sender.parcel(send(rich_text=[bold])))
    assert texts(sandbox) == ["Done"]


def test_words_that_zoom_refuses_are_not_sent_again(api: Make, sandbox: Sandbox) -> None:
    sandbox.fault("validation", "send")
    sender = api()
    with pytest.raises(InvalidRequest):
        sender.deliver(sender.parcel(send()))
    assert len(sandbox.requests("send")) == 1


def test_preparing_works_without_a_state_folder(api: Make, sandbox: Sandbox, tmp_path: pathlib.Path) -> None:
    """And says nothing of it: that is for the courier."""
    (tmp_path / "file").write_text("", encoding="utf-8")
    sender = api(state_dir=str(tmp_path / "file"))
    sender.way.prepare()
    sender.deliver(sender.parcel(send()))
    assert [request["operation"] for request in sandbox.requests()] == ["token", "send"]


def test_a_channel_by_its_name(api: Make, sandbox: Sandbox) -> None:
    sender = api(to_channel=None, to_channel_name="deployments")
    sender.deliver(sender.parcel(send(), to_channel_name="deployments"))
    assert [message["channel"] for message in sandbox.messages()] == [seeds.DEPLOYMENTS]
    with pytest.raises(InvalidOption, match="to_channel_name is 'duplicate', which 2 channels of the user have"):
        sender.deliver(sender.parcel(send(), to_channel_name="duplicate"))


@pytest.mark.parametrize("fault", ["429-daily", "401", "html-200", "error:403:200:No permission."])
def test_what_was_refused_is_kept_and_delivered_late(api: Make, sandbox: Sandbox, fault: str) -> None:
    sender = api(1.0)
    sandbox.fault(fault, "send", times=None)
    with pytest.raises(ZoomError):
        sender.deliver(sender.parcel(send(), reply("details")))
    sandbox.clear_faults()
    assert sender.deliver_rest() == 1
    assert texts(sandbox) == [f"Done\n{LATE}", "details"]
    assert sender.deliver_rest() == 0


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("operation", ["send", "reply", "send_file"])
def test_an_answer_that_got_lost_neither_loses_nor_doubles(
    api: Make, sandbox: Sandbox, moment: str, operation: str
) -> None:
    """The connection breaks at each step, before or after the work is done, and nobody may look."""
    sender = api(2.0)
    sandbox.fault("reset", operation, moment=moment, times=None)
    sandbox.fault("503", "list", times=None)
    report = Step(FILE, name="run.html", content="x")
    with pytest.raises(ZoomError):
        sender.deliver(sender.parcel(send(), reply("details"), report))
    sandbox.clear_faults()
    assert api().deliver_rest() == 1
    is_late = operation == "send" and moment == "before"
    assert texts(sandbox) == [f"Done\n{LATE}" if is_late else "Done", "details", ""]
    assert len({message["reply_main_message_id"] for message in sandbox.messages()[1:]}) == 1


def kept(sender: Sender) -> dict[str, t.Any]:
    """The only parcel of the outbox, as it is stored."""
    (slot,) = sender.outbox.left_behind(sender.way.where)
    with slot:
        return dataclasses.asdict(slot.parcel)


@pytest.mark.parametrize("fault", ["429-daily", "401", "503", "reset"])
def test_a_look_that_fails_leaves_the_parcel_for_one_that_does_not(api: Make, sandbox: Sandbox, fault: str) -> None:
    sandbox.fault("reset", "send", moment="after")
    sandbox.fault("503", "list", times=None)
    sender = api(1.0)
    with pytest.raises(ZoomError):
        sender.deliver(sender.parcel(send(), reply("details")))
    sandbox.clear_faults()
    before = kept(sender)
    assert before["begun"] is not None

    sandbox.fault(fault, "*", times=None)
    with pytest.raises(ZoomError):
        api(1.0).deliver_rest()
    assert len(sandbox.requests("send")) == 1
    assert kept(sender) == before

    sandbox.clear_faults()
    assert api().deliver_rest() == 1
    assert texts(sandbox) == ["Done", "details"]


def test_who_may_never_look_sends_again_and_says_so(api: Make, sandbox: Sandbox) -> None:
    """However many runs it takes: one that is refused does not make the first attempt forgotten."""
    write_only = {"client_id": seeds.WRITE_ONLY_CLIENT_ID, "client_secret": seeds.WRITE_ONLY_CLIENT_SECRET}
    sandbox.fault("reset", "send", moment="after")
    with pytest.raises(ZoomError):
        api(**write_only).deliver(api(**write_only).parcel(send()))
    begun = kept(api())["begun"]
    assert begun is not None

    sandbox.fault("429-daily", "send")
    with pytest.raises(RateLimited):
        api(**write_only).deliver_rest()
    assert kept(api())["begun"] == begun

    assert api(**write_only).deliver_rest() == 1
    assert texts(sandbox) == ["Done", f"Done\n{LATE} It may have been delivered before."]


def test_one_step_takes_no_longer_than_there_is_time(api: Make, sandbox: Sandbox) -> None:
    sandbox.fault("hang", "*", times=None, seconds=20)
    sender = api(1.5, timeout=10.0)
    start = time.monotonic()
    with pytest.raises(ZoomError):
        sender.deliver(sender.parcel(send()))
    assert time.monotonic() - start < 4.0


# By a webhook


@pytest.mark.parametrize("signed", [False, True], ids=["token", "signed"])
def test_a_card(webhook: Make, sandbox: Sandbox, signed: bool) -> None:
    sender = webhook(signed=signed)
    sender.deliver(
        sender.parcel(Step(CARD, card={"is_markdown_support": False, "content": {**CONTENT, "ü": "\u2028"}}))
    )
    (post,) = sandbox.account()["webhook"]
    assert post["format"] == "full"
    assert post["body"]["content"]["ü"] == "\u2028"


@pytest.mark.parametrize("signed", [False, True], ids=["token", "signed"])
def test_a_wrong_credential_is_said_to_be_wrong(webhook: Make, signed: bool) -> None:
    name = "webhook_secret" if signed else "webhook_token"
    sender = webhook(signed=signed, **{name: "wrong-credential"})
    with pytest.raises(ZoomError, match="Posting to the webhook failed") as caught:
        sender.deliver(sender.parcel(card()))
    assert caught.value.status == 401
    assert "wrong-credential" not in str(caught.value.failure())
    # There is no access token to renew.
    assert f"{name} where" in str(caught.value.hint)
    assert "access_token" not in str(caught.value.hint)


def test_a_token_for_a_signed_webhook_is_said_to_be_the_wrong_kind(webhook: Make, sandbox: Sandbox) -> None:
    sender = webhook(webhook_url=sandbox.secure_webhook_url)
    with pytest.raises(ZoomError, match="Missed timestamp") as caught:
        sender.deliver(sender.parcel(card()))
    assert "webhook_secret where it was made with '/inc connect -s'" in str(caught.value.hint)


def test_a_webhook_that_is_gone_is_named_by_its_own_option(webhook: Make, sandbox: Sandbox) -> None:
    sender = webhook(webhook_url=f"{sandbox.webhook_url}-removed")
    with pytest.raises(ZoomError, match="HTTP 404") as caught:
        sender.deliver(sender.parcel(card()))
    assert str(caught.value.hint).startswith("Check webhook_url:")


@pytest.mark.parametrize("status", [200, 403])
def test_half_a_credential_is_not_shown_where_an_answer_is_quoted(webhook: Make, status: int) -> None:
    """By something in between that shows what it was sent, at the place where the quotation ends."""

    def handle(_server: Server, peer: Peer) -> None:
        while (request := peer.read()) is not None:
            page = f"<html><body>{'x ' * 50}{request.headers['authorization']}</body></html>"
            peer.send(http(status, page.encode()))

    with serving(handle) as server:
        sender = webhook(webhook_url=f"{server.url}/hook", webhook_token="abcdefghijklmnopqrstuvwxyz" * 2)
        with pytest.raises(ZoomError) as caught:
            sender.deliver(sender.parcel(card()))
        t.cast("_transports.WebhookWay", sender.way)._http.close()
    assert "abcdefgh" not in str(caught.value.failure())
    assert "x *****…" in str(caught.value)


@pytest.mark.parametrize("fault", ["429-seconds", "429-qps"])
def test_a_webhook_that_is_busy_is_asked_again(webhook: Make, sandbox: Sandbox, fault: str) -> None:
    sandbox.fault(fault, "webhook", times=2, seconds=0.2)
    sender = webhook()
    sender.deliver(sender.parcel(card()))
    assert len(sandbox.account()["webhook"]) == 1


def test_a_webhook_that_is_busy_for_long_is_not_waited_for(webhook: Make, sandbox: Sandbox) -> None:
    sandbox.fault("429-seconds", "webhook", seconds=60)
    start = time.monotonic()
    with pytest.raises(RateLimited) as caught:
        webhook().deliver(webhook().parcel(card()))
    assert caught.value.retry_after == 60
    assert time.monotonic() - start < 5.0
    assert len(sandbox.requests("webhook")) == 1
    assert webhook().deliver_rest() == 1
    assert len(sandbox.account()["webhook"]) == 1


def test_a_webhook_is_not_asked_without_a_pause(webhook: Make, sandbox: Sandbox) -> None:
    sandbox.fault("429-seconds", "webhook", times=5, seconds=0)
    with pytest.raises(RateLimited):
        webhook(2.0).deliver(webhook().parcel(card()))
    assert 2 <= len(sandbox.requests("webhook")) <= 4


def test_a_card_that_may_have_arrived_says_so(webhook: Make, sandbox: Sandbox) -> None:
    sandbox.fault("reset", "webhook", moment="before")
    with pytest.raises(ZoomError):
        webhook().deliver(webhook().parcel(card()))
    assert webhook().deliver_rest() == 1
    (post,) = sandbox.account()["webhook"]
    assert post["body"]["content"]["body"] == [
        {"type": "message", "text": f"{LATE} It may have been delivered before."}
    ]


def test_a_card_whose_late_copy_may_have_arrived_says_so_once(webhook: Make, sandbox: Sandbox) -> None:
    """The first run is refused, so that nothing is unclear before the second; the third is refused as well."""
    sandbox.fault("401", "webhook")
    with pytest.raises(ZoomError):
        webhook().deliver(webhook().parcel(card()))
    sandbox.fault("reset", "webhook", moment="after")
    with pytest.raises(ZoomError):
        webhook().deliver_rest()
    sandbox.fault("401", "webhook")
    with pytest.raises(ZoomError):
        webhook().deliver_rest()
    assert webhook().deliver_rest() == 1
    late, again = {"type": "message", "text": LATE}, {"type": "message", "text": "It may have been delivered before."}
    assert [post["body"]["content"]["body"] for post in sandbox.account()["webhook"]] == [[late], [late, again]]


def test_a_sign_in_page_is_no_webhook(webhook: Make, sandbox: Sandbox) -> None:
    sandbox.fault("html-200", "webhook", moment="before")
    with pytest.raises(ZoomError, match="Posting to the webhook failed: HTTP 200 came with an HTML page"):
        webhook().deliver(webhook().parcel(card()))
    assert webhook().deliver_rest() == 1
    assert len(sandbox.account()["webhook"]) == 1


# Into a folder


def test_a_folder_that_cannot_be_written(tmp_path: pathlib.Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    settings = Settings.from_options(options(dry_run_dir=str(tmp_path / "file")), {})
    way = _transports.way(settings, Scrubber([]), "run", lambda: math.inf)
    with pytest.raises(ZoomError, match=r"dry_run_dir: .*/file/run cannot be written \(Not a directory\)\."):
        way.carry_out(Parcel(way.where, {}, ENDED, []), send())
