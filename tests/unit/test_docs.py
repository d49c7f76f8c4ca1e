# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the documentation says of this repository is so: links, commands, versions, plugins, settings, tables."""

from __future__ import annotations

import configparser
import dataclasses
import os
import pathlib
import re
import textwrap
import typing as t

import pytest
import yaml
from ansible_collections.teamchat.zoom.plugins.module_utils import _answers, _throttle
from ansible_collections.teamchat.zoom.plugins.plugin_utils import _report, _templates
from ansible_collections.teamchat.zoom.tests.pages import with_part
from ansible_collections.teamchat.zoom.tests.sandbox import operations, seeds
from ansible_collections.teamchat.zoom.tests.sandbox.model import Account
from ansible_collections.teamchat.zoom.tests.unit import error_table

ROOT = pathlib.Path(__file__).resolve().parents[2]
REPOSITORY = "https://github.com/teamchat-zoom/teamchat.zoom"
RAW = "https://raw.githubusercontent.com/teamchat-zoom/teamchat.zoom/main/"
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
MODULES = {path.stem for path in (ROOT / "plugins" / "modules").glob("*.py")}
CALLBACKS = {path.stem for path in (ROOT / "plugins" / "callback").glob("*.py")}


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def blocks(page: pathlib.Path, language: str) -> list[str]:
    """The code blocks of a page in one language, those of lists included."""
    found = re.findall(rf"^( *)```{language}\n(.*?)^\1```$", page.read_text(encoding="utf-8"), re.M | re.S)
    return [textwrap.dedent(text) for _indent, text in found]


def name_of(page: pathlib.Path) -> str:
    return str(page.relative_to(ROOT))


def anchors(page: pathlib.Path) -> set[str]:
    """The anchors that GitHub gives the headings of a page."""
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
    headings = re.findall(r"^#+ (.+)$", text, re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere(page: pathlib.Path) -> None:
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
    broken = []
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        # Galaxy shows the README without the repository around it, so its links are whole ones.
        link = link.replace(f"{REPOSITORY}/blob/main/", "../" if page.parent != ROOT else "").replace(RAW, "")
        if re.match(r"[a-z]+:", link):
            continue
        name, _mark, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        if not target.is_file() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert broken == []


def test_index_names_every_page_and_every_plugin() -> None:
    index = read("docs/README.md")
    pages = {path.name for path in (ROOT / "docs").glob("*.md")} - {"README.md"}
    assert pages - set(re.findall(r"\]\(([^)/]+)\)", index)) == set()
    assert set(re.findall(r"ansible-doc teamchat\.zoom\.(\w+)", index)) == MODULES
    assert set(re.findall(r"ansible-doc -t callback teamchat\.zoom\.(\w+)", index)) == CALLBACKS


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_plugins_that_are_named_exist(page: pathlib.Path) -> None:
    named = set(re.findall(r"teamchat\.zoom\.(zoom_\w+)", page.read_text(encoding="utf-8")))
    assert named - MODULES - CALLBACKS == set()


def test_every_module_runs_in_process_and_takes_the_defaults_of_the_group() -> None:
    groups = yaml.safe_load(read("meta/runtime.yml"))["action_groups"]
    assert set(groups["zoom"]) == MODULES
    assert {path.stem for path in (ROOT / "plugins" / "action").glob("*.py")} == MODULES


def test_commands_of_the_readme_exist() -> None:
    text = read("README.md")
    named = set(re.findall(r"(?:^\$ |`)make ([a-z]+)", text, re.M))
    targets = set(re.findall(r"^([a-z-]+):", read("Makefile"), re.M))
    assert {"demo", "test"} <= named
    assert named - targets == set()
    used = set(re.findall(r"-m tests\.sandbox ([a-z]+)", text))
    assert used
    assert used - set(re.findall(r'add_parser\(\s*"([a-z]+)"', read("tests/sandbox/__main__.py"))) == set()


def test_versions_are_the_same_everywhere() -> None:
    galaxy = yaml.safe_load(read("galaxy.yml"))
    (version,) = re.findall(r'^VERSION = "(.+)"$', read("plugins/module_utils/_version.py"), re.M)
    assert version == galaxy["version"]
    lowest = yaml.safe_load(read("meta/runtime.yml"))["requires_ansible"]
    assert re.findall(r"^- ansible-core ([0-9.]+) or newer", read("README.md"), re.M) == [
        ".".join(lowest.removeprefix(">=").split(".")[:2])
    ]
    (needed,) = re.findall(r"^requests>=([0-9.]+)$", read("requirements.txt"), re.M)
    assert f"`requests` {needed} or newer" in read("README.md")
    assert f"requests >= {needed} " in read("plugins/doc_fragments/connection.py")
    target = yaml.safe_load(read("tests/config.yml"))["modules"]["python_requires"].removeprefix(">=")
    assert f"a target Python {target} or newer." in read("README.md")
    assert f"- python >= {target} where the task runs\n" in read("plugins/doc_fragments/connection.py")
    (controller,) = re.findall(r"The controller needs Python ([0-9.]+) or newer", read("README.md"))
    assert f"- python >= {controller} on the controller\n" in read("plugins/doc_fragments/callback_connection.py")


# Settings


def documented(plugin: str) -> dict[str, t.Any]:
    """The documentation of a plugin or of a fragment, a text in its file."""
    (text,) = re.findall(r'^ *DOCUMENTATION = r"""\n(.*?)"""', read(f"plugins/{plugin}.py"), re.M | re.S)
    return t.cast("dict[str, t.Any]", yaml.safe_load(text))


CALLBACK_OPTIONS = {
    **documented("doc_fragments/callback_connection")["options"],
    **documented("callback/zoom_chat")["options"],
}
VARIABLES = {
    *(variable["name"] for option in CALLBACK_OPTIONS.values() for variable in option["env"]),
    *re.findall(r"E\((ZOOM_\w+)\)", read("plugins/doc_fragments/connection.py")),
}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_yaml_blocks_are_yaml(page: pathlib.Path) -> None:
    for block in blocks(page, "yaml"):
        assert yaml.safe_load(block)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_settings_in_ini_blocks_exist(page: pathlib.Path) -> None:
    for block in blocks(page, "ini"):
        settings = configparser.ConfigParser(interpolation=None)
        settings.read_string(block if block.startswith("[") else "[callback_zoom_chat]\n" + block)
        assert set(settings.sections()) <= {"defaults", "callback_zoom_chat"}
        if settings.has_section("callback_zoom_chat"):
            assert set(settings["callback_zoom_chat"]) - set(CALLBACK_OPTIONS) == set()


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_environment_variables_exist(page: pathlib.Path) -> None:
    named = set(re.findall(r"\bZOOM_[A-Z_]+[A-Z]\b", page.read_text(encoding="utf-8")))
    # Without what a page says of a whole family, and what its own examples set up.
    assert named - VARIABLES - {"ZOOM_CHAT", "ZOOM_CHANNEL"} == set()


def test_every_option_of_the_callback_is_in_its_guide() -> None:
    connection = set(documented("doc_fragments/callback_connection")["options"])
    guide = read("docs/callback.md")
    assert [option for option in set(CALLBACK_OPTIONS) - connection if f"`{option}`" not in guide] == []


def test_variables_of_templates_are_in_the_guide() -> None:
    guide = read("docs/callback.md")
    (table,) = re.findall(r"^\| in a template \|.*?(?=\n\n)", guide, re.M | re.S)
    names = {name for row in table.splitlines()[2:] for name in re.findall(r"`(\w+)`", row.split("|")[1])}
    assert names == {*_templates.variables(_report.Report()), "standard"}
    for kind, row in ((_report.Totals, "totals"), (_report.PlayResult, "plays"), (_report.Failure, "failures")):
        (text,) = re.findall(rf"^\| `{row}` \|(.*)", table, re.M)
        known = {field.name for field in dataclasses.fields(kind)} | {_report.FAILED, _report.UNREACHABLE}
        assert set(re.findall(r"`(\w+)`", text)) <= known


def test_the_sandbox_has_the_channels_and_people_that_are_named() -> None:
    account = Account()
    seeds.seed(account)
    readme = dict(re.findall(r"^\| channel `(\w+)` \| `(\w+)` \|$", read("README.md"), re.M))
    assert readme == {name: seeds.channel_id(name) for name in ("ops", "deployments", "incidents")}
    assert set(readme.values()) <= set(account.channels)
    (people,) = re.findall(r"^\| people \| (.*) \|$", read("README.md"), re.M)
    assert set(re.findall(r"`(\S+)`", people)) <= {user.email for user in account.users.values()}
    used = set(re.findall(r"-e zoom_\w+_channel=(\w+)", read("docs/cookbook.md")))
    assert used == {seeds.OPS, seeds.DEPLOYMENTS}
    assert re.findall(r"^\$ export .*ZOOM_CHAT_TO_CHANNEL=(\w+)$", read("docs/callback.md"), re.M) == [seeds.OPS]


def test_credential_type_sets_variables_from_its_own_fields() -> None:
    parsed = [yaml.safe_load(block) for block in blocks(ROOT / "docs" / "awx.md", "yaml")]
    (inputs,) = [block for block in parsed if "fields" in block]
    (injectors,) = [block for block in parsed if "env" in block]
    fields = {field["id"] for field in inputs["fields"]}
    assert set(inputs["required"]) <= fields
    assert {field["id"] for field in inputs["fields"] if field.get("secret")} == {"client_secret"}
    assert {value.strip("{} ") for value in injectors["env"].values()} == fields
    assert set(injectors["env"]) <= VARIABLES


# Tables


def test_scopes_are_those_of_zoom() -> None:
    """The sandbox has them from Zoom's own document, to which a test of its own compares it."""
    known = {scope for operation in operations.OPERATIONS for scope in operation.scopes}
    for page in PAGES:
        named = re.findall(
            r"\b(?:team_chat|chat_message|chat_channel|chat):[a-z_:]+[a-z]", page.read_text(encoding="utf-8")
        )
        assert set(named) - known == set(), page


def test_waits_of_a_busy_channel_are_those_of_the_throttle() -> None:
    rows = re.findall(r"^\| (\d+) \| (\d+) s \|$", read("docs/performance.md"), re.M)
    windows = {(int(messages), float(seconds)) for messages, seconds in rows[: len(_throttle.ZOOM_WINDOWS)]}
    assert windows == {(window.messages, window.seconds) for window in _throttle.ZOOM_WINDOWS}
    taken: list[float] = []
    for _message in range(200):
        taken.append(_throttle.next_slot(taken, 0.0))
    waits = rows[len(windows) :]
    assert waits
    assert [(messages, str(round(taken[int(messages) - 1]))) for messages, _seconds in waits] == waits


def test_floors_of_the_client_import_what_is_below() -> None:
    """The page on architecture names each file once, and none imports a floor above its own."""
    client, controller = (
        read("docs/architecture.md").partition("## plugins/module_utils")[2].split("## plugins/plugin_utils")
    )
    rows = [line.split("|")[2] for line in client.splitlines() if "`_" in line and line.startswith("|")]
    floors = {name: floor for floor, row in enumerate(rows) for name in re.findall(r"`(_\w+)`", row)}
    files = {path.stem: path for path in (ROOT / "plugins" / "module_utils").glob("_*.py")}
    assert set(floors) == set(files)
    for name, path in files.items():
        source = path.read_text(encoding="utf-8").partition("if t.TYPE_CHECKING:")[0]
        used = re.findall(r"module_utils(?:\.| import )(_\w+)", source)
        assert [other for other in used if floors[other] < floors[name]] == [], name
    table = controller.partition("\n`plugins/action`")[0]
    assert set(re.findall(r"`(_\w+)`", table)) == {
        path.stem for path in (ROOT / "plugins" / "plugin_utils").glob("_*.py")
    }


# Error codes


def with_tables(page: str) -> str:
    """A page with its tables as the code has them, each between its markers."""
    for name, table in error_table.tables().items():
        page = with_part(page, name, table)
    return page


def test_error_tables_are_what_the_code_does() -> None:
    if os.environ.get("ERRORS_WRITE_TABLES"):
        (ROOT / "docs" / "errors.md").write_text(with_tables(read("docs/errors.md")), encoding="utf-8")
    page = read("docs/errors.md")
    assert page == with_tables(page), "write them anew with ERRORS_WRITE_TABLES=1"


def test_error_tables_have_every_code_status_and_hint() -> None:
    def has(rows: tuple[error_table.Row, ...]) -> set[int | None]:
        return {row.code for row in rows}

    assert set(_answers._CODES) - has(error_table.CODES) == set()
    assert set(_answers._OAUTH_CODES) - has(error_table.TOKENS) == set()
    assert set(_answers._STATUSES) - {row.status for row in error_table.STATUSES} == set()
    tokens = error_table.tables()["tokens"]
    assert [hint for _pattern, _kind, hint in _answers._OAUTH_HINTS if hint not in tokens] == []


def test_errors_without_an_answer_are_words_of_the_code() -> None:
    source = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "plugins" / "module_utils").glob("*.py"))
    # A sentence may go over several lines, in several literals.
    source = re.sub(r'"\s*f?"', "", source)
    quoted = re.findall(r'^\| "(.+?)" \|', read("docs/errors.md").partition("## Without an answer")[2], re.M)
    assert quoted
    pieces = [piece.strip() for words in quoted for piece in words.split("…") if piece.strip()]
    assert [piece for piece in pieces if piece not in source] == []
