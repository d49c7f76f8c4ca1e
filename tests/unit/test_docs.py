# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the documentation says of this repository is so: links, commands, versions, plugins."""

from __future__ import annotations

import pathlib
import re

import pytest
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
MODULES = {path.stem for path in (ROOT / "plugins" / "modules").glob("*.py")}
CALLBACKS = {path.stem for path in (ROOT / "plugins" / "callback").glob("*.py")}


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def anchors(page: pathlib.Path) -> set[str]:
    """The anchors that GitHub gives the headings of a page."""
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
    headings = re.findall(r"^#+ (.+)$", text, re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name if page.parent == ROOT else f"docs/{page.name}")
def test_links_lead_somewhere(page: pathlib.Path) -> None:
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
    broken = []
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
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


@pytest.mark.parametrize("page", ["README.md", "docs/README.md", "docs/cookbook.md"])
def test_plugins_that_are_named_exist(page: str) -> None:
    named = set(re.findall(r"teamchat\.zoom\.(zoom_\w+)", read(page)))
    assert named
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
    assert re.findall(r"^ansible-core ([0-9.]+)", read("README.md"), re.M) == [
        ".".join(lowest.removeprefix(">=").split(".")[:2])
    ]
    (needed,) = re.findall(r"^requests>=([0-9.]+)$", read("requirements.txt"), re.M)
    assert f"`requests` {needed} or newer" in read("README.md")
    assert f"requests >= {needed} " in read("plugins/doc_fragments/connection.py")
