# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every example of the documentation is run as it is printed, in check mode and then for real."""

from __future__ import annotations

import collections
import dataclasses
import importlib
import pathlib
import platform
import re
import textwrap
import typing as t

import pytest
import requests
import yaml
from ansible_collections.teamchat.zoom.plugins.module_utils._module import connection_argument_spec
from ansible_collections.teamchat.zoom.tests.integration.runs import Playbook, Run
from ansible_collections.teamchat.zoom.tests.sandbox import seeds
from ansible_collections.teamchat.zoom.tests.sandbox.running import Sandbox
from ansible_collections.teamchat.zoom.tests.unit import wire

ROOT = pathlib.Path(__file__).resolve().parents[2]
COLLECTION = "teamchat.zoom."
MODULES = ("zoom_chat_message", "zoom_chat_message_info", "zoom_chat_channel_info")
#: These end with a play that has failed, and say so; each is run alone.
MEANT_TO_FAIL = ("A log file when something fails",)
INVENTORY = "[web]\nweb1\nweb2\n"

Data = dict[str, t.Any]


# What the documentation has in examples


@dataclasses.dataclass(frozen=True)
class Example:
    """A YAML block of a page, with the heading above it."""

    heading: str
    text: str


def examples_on(page: str) -> list[Example]:
    """The blocks of a page that are plays; tasks are made one."""
    found = []
    heading = ""
    for match in re.finditer(r"^#+ (?P<heading>[^\n]+)$|^```yaml\n(?P<text>.*?)^```$", _read(page), re.M | re.S):
        heading = match["heading"] or heading
        if match["text"]:
            data = yaml.safe_load(match["text"])
            if isinstance(data, list):
                is_plays = all("hosts" in play for play in data)
                found.append(Example(heading, match["text"] if is_plays else as_play(match["text"])))
    assert found, page
    return found


def examples_of(module: str) -> str:
    """A module's own examples, a list of tasks."""
    return t.cast("str", importlib.import_module(f"ansible_collections.{COLLECTION}plugins.modules.{module}").EXAMPLES)


def _read(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def as_play(tasks: str, before: str = "") -> str:
    """A play for the group web, with tasks of its own before."""
    head = "- name: Examples\n  hosts: web\n  gather_facts: false\n  tasks:\n"
    return head + textwrap.indent(textwrap.dedent(before) + tasks, "    ")


def plays_in(text: str) -> list[Data]:
    """The plays of a text, which may also be the tasks of one."""
    data: list[Data] = yaml.safe_load(text)
    return data if all("hosts" in play for play in data) else [{"tasks": data}]


def tasks_of(plays: t.Iterable[Data]) -> t.Iterator[tuple[Data, Data]]:
    """All tasks, those of blocks included, each with its play."""
    for play in plays:
        waiting = list(play.get("tasks") or ())
        while waiting:
            task = waiting.pop(0)
            waiting[:0] = [inner for part in ("block", "rescue", "always") for inner in task.get(part) or ()]
            yield play, task


# Running them


@pytest.fixture
def runner(playbook: Playbook) -> Playbook:
    """A runner whose folder and environment hold what the examples speak of."""
    (playbook.folder / "deploy.log").write_text("deployed\n", encoding="utf-8")
    (playbook.folder / "secret").write_text(seeds.CLIENT_SECRET + "\n", encoding="utf-8")
    (playbook.folder / "groups").write_text(INVENTORY, encoding="utf-8")
    playbook.environment.update(MY_ZOOM_TOKEN=seeds.USER_TOKEN, ANSIBLE_GATHERING="explicit")
    playbook.in_process = True
    return playbook


VARIABLES = {
    "zoom_ops_channel": seeds.OPS,
    "zoom_deploy_channel": seeds.DEPLOYMENTS,
    "vault_zoom_account_id": seeds.ACCOUNT_ID,
    "vault_zoom_client_id": seeds.CLIENT_ID,
    "vault_zoom_client_secret": seeds.CLIENT_SECRET,
}


def run(runner: Playbook, text: str, *arguments: str, **variables: str) -> Run:
    # One host after the other, so that what arrived has an order.
    return runner.run(
        text,
        *("-i", str(runner.folder / "groups"), "--forks", "1", *arguments),
        hosts=2,
        # A time that an example takes for UTC is wrong here.
        environment={"TZ": "Asia/Kolkata"},
        extra_vars={**VARIABLES, **variables},
    )


def at_the_sandbox(text: str, runner: Playbook, sandbox: Sandbox) -> str:
    """An example with the places that only readers have replaced by those of the test."""
    places = {
        "825c9e31f1064c73b394c5e4557d3447": seeds.OPS,
        "https://api.zoomgov.com/v2": sandbox.api_url,
        "https://zoomgov.com/oauth/token": sandbox.oauth_url,
        "/etc/ssl/company-ca.pem": requests.utils.DEFAULT_CA_BUNDLE_PATH,
        "/run/secrets/zoom_client_secret": str(runner.folder / "secret"),
    }
    for place, replacement in places.items():
        text = text.replace(place, replacement)
    return text


def assert_all_ran(run: Run, text: str) -> None:
    """Each task of this collection in a text has run, and did not fail."""
    assert run.returncode == 0, run.output
    ran = collections.Counter(result.task for result in run.results if result.status == "ok")
    printed = collections.Counter(
        task["name"] for _play, task in tasks_of(plays_in(text)) if any(COLLECTION in key for key in task)
    )
    assert printed
    assert printed - ran == collections.Counter()


def assert_nothing_was_changed(sandbox: Sandbox) -> None:
    changing = {request["operation"] for request in sandbox.requests() if request["method"] != "GET"}
    assert changing <= {"token"}


def arrived(sandbox: Sandbox) -> str:
    """What arrived, without times, and with long counting texts folded."""
    text = re.sub(r"\b\d\d:\d\d:\d\d ", "", sandbox.transcript())
    text = re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "(time)", text).replace(platform.release(), "(kernel)")
    text = re.sub(r"^( +)(?:(?:line )?\d+…?\n +){5,}((?:line )?\d+…?)$", r"\1(more)\n\1\2", text, flags=re.M)
    return re.sub(r" +$", "", text, flags=re.M)


# The modules' own examples


NOTICE = """\
- name: Send what the examples look for
  teamchat.zoom.zoom_chat_message:
    to_channel: "{{ zoom_ops_channel }}"
    msg: "{{ item }}"
  loop: [The backup is done, Deployment of shop 4.2.0 has started]
  delegate_to: localhost
  run_once: true
  check_mode: false
- name: Remember the last
  ansible.builtin.set_fact:
    notice: "{{ hostvars.web1.ansible_facts.zoom_chat_message }}"
- name: Answer it
  teamchat.zoom.zoom_chat_message:
    to_channel: "{{ zoom_ops_channel }}"
    reply_to: "{{ notice.id }}"
    msg: One host is done
  delegate_to: localhost
  run_once: true
  check_mode: false
"""

MESSAGE_EXAMPLES = """\
#ops
  Deploy Bot: (deleted)
    [before] Deployment of shop 4.2.0 has started
    └ Deploy Bot: 2 hosts are done
  Deploy Bot: @all the backups have failed, @Alice Adams has a look
    [mention] everyone
    [mention] alice@example.com
  Deploy Bot: @Alice Adams please have a look at the backups
    [mention] alice@example.com
  Deploy Bot: Release 4.2.0
    The new checkout is live, see the dashboard.

    payments by instalments
    invoices as PDF
  Deploy Bot: What the deployment did
    [file] deploy Examples.log, 9 bytes
    [file] hosts.yml, 14 bytes
  Deploy Bot: The disk of db01 is nearly full
  Deploy Bot: 1
    (more)
    283…

Alice Adams and Deploy Bot
  Deploy Bot: Your database copy is ready

Scheduled
  (time) Deploy Bot: Maintenance begins now
"""


@pytest.mark.parametrize("in_process", [True, False], ids=["in-process", "module"])
def test_examples_of_the_message_module_do_what_they_say(runner: Playbook, sandbox: Sandbox, in_process: bool) -> None:
    runner.in_process = in_process
    examples = examples_of("zoom_chat_message")

    assert_all_ran(run(runner, as_play(examples)), examples)
    assert arrived(sandbox) == MESSAGE_EXAMPLES


def test_examples_of_the_message_module_can_be_checked(runner: Playbook, sandbox: Sandbox) -> None:
    examples = examples_of("zoom_chat_message")

    assert_all_ran(run(runner, as_play(examples), "--check", "--diff"), examples)
    assert_nothing_was_changed(sandbox)


@pytest.mark.parametrize(
    ("in_process", "arguments"),
    [(True, ()), (True, ("--check",)), (False, ())],
    ids=["in-process", "check", "module"],
)
def test_examples_of_the_info_modules_read_what_is_there(
    runner: Playbook, sandbox: Sandbox, in_process: bool, arguments: tuple[str, ...]
) -> None:
    runner.in_process = in_process
    sandbox.say("deploy@example.com", "Your copy is ready", to_contact="alice@example.com", age=2.5 * 86400)
    sandbox.say("deploy@example.com", "Too late", to_contact="alice@example.com")
    examples = examples_of("zoom_chat_message_info") + examples_of("zoom_chat_channel_info")

    found = run(runner, as_play(examples, NOTICE), *arguments)

    assert_all_ran(found, examples)
    texts = {
        result.task: [message["message"] for message in result.result["messages"]]
        for result in found.results
        if "messages" in result.result and f"- name: {result.task}\n" in examples
    }
    assert texts == {
        "Read what was said in the channel since yesterday": [
            "One host is done",
            "Deployment of shop 4.2.0 has started",
            "The backup is done",
        ],
        "Find the latest notice about the backups": ["The backup is done"],
        "Read what was said with a person the day before yesterday": ["Your copy is ready"],
        "Read a thread with its replies": ["Deployment of shop 4.2.0 has started", "One host is done"],
        "Read one message": ["Deployment of shop 4.2.0 has started"],
    }
    names = {
        result.task: [channel["name"] for channel in result.result["channels"]]
        for result in found.results
        if "channels" in result.result
    }
    assert names == {
        "Find the id of a channel": ["ops"],
        "List all channels of the user": [
            *("ops", "deployments", "incidents", "duplicate", "duplicate", "archived", "encrypted")
        ],
        "Read one channel": ["ops"],
    }


# The pages


COOKBOOK = """\
#ops
  Deploy Bot: Backup of all servers starts
    └ Deploy Bot: web1 is backed up
    └ Deploy Bot: web2 is backed up
  Deploy Bot: Restarted 2 of 2 web servers ■■ (edited)
    [before] Restarting the web servers one by one
    [before] Restarted 1 of 2 web servers ■□
  Deploy Bot: Kernel versions
    web1: (kernel)
    web2: (kernel)
  Deploy Bot: The disk of web1 is nearly full
  Deploy Bot: The disk of web2 is nearly full
  Deploy Bot: The nightly import has begun
  Deploy Bot: The certificates have been renewed
  Deploy Bot: @all the database is read-only.
    @Alice Adams @Bob Brown please have a look.
    [mention] everyone
    [mention] alice@example.com
    [mention] bob@example.com
  Deploy Bot: What the deployment did
    [file] deploy 4.2.0.log, 9 bytes
    [file] deployment.yml, 36 bytes
  Deploy Bot: Backups of last night
    [card] {"content": {"head": {"text": "Backups of last night"}, "body": [{"type": "fields", "items": [{"key": "Done", "value": "41"}, {"key": "Failed", "value": "1"}]}]}}
  Deploy Bot: line 1
    (more)
    line 125
    └ Deploy Bot: line 126
        (more)
        line 149
  Deploy Bot: line 1
    (more)
    line 26…
  Deploy Bot: Maintenance of the database begins at (time)
  Deploy Bot: (deleted)
  Deploy Bot: Sent with the credentials of the play
  Deploy Bot: The secret came from the vault
  Deploy Bot: The secret came from a file
  Deploy Bot: The token came from the environment
  Deploy Bot: Nothing was kept
  Deploy Bot: Found by its name
  Deploy Bot: Hello from the inside
  Deploy Bot: Hello

#deployments
  Alice Adams: go 4.2.0
  Deploy Bot: ✅ Shop 4.2.0 runs on 2 of 2 hosts (edited)
    [before] 🚀 Deploying shop 4.2.0 to 2 hosts
    └ Deploy Bot: web1, web2 run 4.2.0
  Deploy Bot: Shop 4.2.0
    The new checkout is live, see the dashboard.

    payments by instalments
    invoices as PDF

    Thanks to everyone who tested it, @Alice Adams above all.
    [mention] alice@example.com
  Deploy Bot: Shop 4.2.0 is ready. Write "go 4.2.0" to deploy it.
  Deploy Bot: Shop 4.2.0 is deployed

Alice Adams and Deploy Bot
  Deploy Bot:
    [file] deploy.log, 9 bytes

Scheduled
  (time) Deploy Bot: Maintenance of the database begins now
"""  # noqa: E501


def arrange_cookbook(sandbox: Sandbox) -> None:
    """What somebody else has to say for the cookbook's playbooks to end."""
    sandbox.say("alice@example.com", "go 4.2.0", to_channel=seeds.DEPLOYMENTS)


def test_cookbook_does_what_it_says(runner: Playbook, sandbox: Sandbox) -> None:
    arrange_cookbook(sandbox)
    text = "\n".join(
        example.text for example in examples_on("docs/cookbook.md") if example.heading not in MEANT_TO_FAIL
    )
    text = at_the_sandbox(text, runner, sandbox)
    with wire.serving(wire.proxying()) as proxy:
        own = {"company_proxy": proxy.url, "zoomgov_files_url": sandbox.files_url}
        checked = run(runner, text, "--check", "--diff", **own)
        assert_all_ran(checked, text)
        assert_nothing_was_changed(sandbox)
        through_proxy = len(proxy.received)

        assert_all_ran(run(runner, text, **own), text)
        assert [request.method for request in proxy.received[through_proxy:]] == ["POST"]
    assert arrived(sandbox) == COOKBOOK


OTHER_PAGES = (
    "README.md",
    *(f"docs/{name}.md" for name in ("awx", "errors", "faults", "getting-started", "performance")),
)


@pytest.mark.parametrize("page", OTHER_PAGES)
def test_examples_of_the_other_pages_send_what_they_print(runner: Playbook, sandbox: Sandbox, page: str) -> None:
    text = at_the_sandbox("\n".join(example.text for example in examples_on(page)), runner, sandbox)

    checked = run(runner, text, "--check")
    assert checked.returncode == 0, checked.output
    assert_nothing_was_changed(sandbox)

    real = run(runner, text)
    assert real.returncode == 0, real.output
    sent = [task.get(COLLECTION + MODULES[0]) or {} for _play, task in tasks_of(plays_in(text))]
    printed = {task["msg"].strip() for task in sent if "{{" not in task.get("msg", "{{") and "markup" not in task}
    said = {words for message in sandbox.messages() for words in (message["message"], *message["history"])}
    assert printed
    assert printed - said == set()


def cookbook(heading: str) -> str:
    """The playbooks under a heading of the cookbook."""
    found = [example.text for example in examples_on("docs/cookbook.md") if example.heading == heading]
    assert found, heading
    return "\n".join(found)


@pytest.mark.parametrize("heading", MEANT_TO_FAIL)
def test_log_is_posted_and_the_play_still_fails(runner: Playbook, sandbox: Sandbox, heading: str) -> None:
    checked = run(runner, cookbook(heading), "--check")
    assert checked.returncode == 0, checked.output
    assert_nothing_was_changed(sandbox)

    real = run(runner, cookbook(heading))

    assert real.returncode == 2, real.output
    (message,) = sandbox.messages()
    assert message["message"].startswith("❌ The migration failed: ")
    assert [file["name"] for file in message["files"]] == ["migration.log"]
    assert real.of("Fail as the migration did")["msg"] in message["message"]


def test_notice_that_never_fails_lets_the_play_go_on(runner: Playbook, sandbox: Sandbox) -> None:
    sandbox.fault("429-daily", times=None)

    real = run(runner, cookbook("A notice that never fails the play"))

    assert real.returncode == 0, real.output
    assert real.of("Import")["msg"] == "This runs in any case"
    assert [result.status for result in real.results] == ["ignored", "ok"]


@pytest.mark.parametrize(
    ("channel", "fault", "returncode"),
    [(seeds.OPS, "429-daily", 0), ("no-such-channel", None, 2), ("", None, 2)],
)
def test_reaction_to_a_failure_depends_on_its_reason(
    runner: Playbook, sandbox: Sandbox, channel: str, fault: str | None, returncode: int
) -> None:
    if fault:
        sandbox.fault(fault, times=None)

    real = run(runner, cookbook("React to the reason of a failure"), zoom_ops_channel=channel)

    assert real.returncode == returncode, real.output
    told = [result.status for result in real.results if result.task == "Say why it was not told"]
    assert told == (["ok"] if returncode == 0 else [])


CI_JOBS = {
    "GitHub": (
        {
            "GITHUB_ACTIONS": "true",
            "GITHUB_SERVER_URL": "https://github.example.com",
            "GITHUB_REPOSITORY": "shop/web",
            "GITHUB_RUN_ID": "42",
        },
        "https://github.example.com/shop/web/actions/runs/42",
    ),
    "GitLab": (
        {"GITLAB_CI": "true", "CI_JOB_URL": "https://gitlab.example.com/shop/web/-/jobs/42"},
        "https://gitlab.example.com/shop/web/-/jobs/42",
    ),
    "Jenkins": (
        {"JENKINS_URL": "https://jenkins.example.com/", "BUILD_URL": "https://jenkins.example.com/job/web/42/"},
        "https://jenkins.example.com/job/web/42/",
    ),
    "Azure": (
        {
            "TF_BUILD": "True",
            "SYSTEM_COLLECTIONURI": "https://dev.azure.com/shop/",
            "SYSTEM_TEAMPROJECT": "web shop",
            "BUILD_BUILDID": "42",
        },
        "https://dev.azure.com/shop/web%20shop/_build/results?buildId=42",
    ),
    "AWX": (
        {"AWX_HOST": "https://awx.example.com", "JOB_ID": "42"},
        "https://awx.example.com/#/jobs/playbook/42/output",
    ),
}


@pytest.mark.parametrize("system", CI_JOBS)
def test_link_to_the_ci_job(runner: Playbook, sandbox: Sandbox, system: str) -> None:
    variables, url = CI_JOBS[system]
    runner.environment.update(variables)

    real = run(runner, cookbook("A link to the CI job"))

    assert real.returncode == 0, real.output
    (message,) = sandbox.messages()
    assert message["message"] == f"Shop 4.2.0 is deployed by {system}"
    assert [(style["format_type"], style["format_attr"]) for style in message["rich_text"]] == [("AddLink", url)]


# Whether the examples show everything


def used_options(plays: t.Iterable[Data]) -> set[tuple[str, str]]:
    """Pairs of module and option, with the defaults that a play sets for all modules."""
    used = set()
    for play, task in tasks_of(plays):
        defaults = (play.get("module_defaults") or {}).get(f"group/{COLLECTION}zoom", {})
        for module in MODULES:
            if COLLECTION + module in task:
                used |= {(module, option) for option in (*(task[COLLECTION + module] or ()), *defaults)}
    return used


def all_plays() -> list[Data]:
    texts = [examples_of(module) for module in MODULES]
    texts += [example.text for example in examples_on("docs/cookbook.md")]
    return [play for text in texts for play in plays_in(text)]


def test_each_option_is_in_an_example_that_runs() -> None:
    used = used_options(all_plays())
    anywhere = {option for _module, option in used}
    missing = set()
    for module in MODULES:
        definition = importlib.import_module(f"ansible_collections.{COLLECTION}plugins.modules.{module}").DEFINITION
        for option, spec in definition.full_argument_spec.items():
            names = {option, *spec.get("aliases", ())}
            shown = names & (
                anywhere if option in connection_argument_spec() else {name for of, name in used if of == module}
            )
            if not shown:
                missing.add(f"{module}: {option}")
    assert missing == set()


def test_options_in_examples_exist() -> None:
    """A list of what may be used, so that the test above cannot be fooled by a name that is wrong."""
    known = {
        (module, name)
        for module in MODULES
        for option, spec in importlib.import_module(
            f"ansible_collections.{COLLECTION}plugins.modules.{module}"
        ).DEFINITION.full_argument_spec.items()
        for name in (option, *spec.get("aliases", ()))
    }
    assert used_options(all_plays()) - known == set()
