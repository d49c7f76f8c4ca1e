# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of a release agree: versions, changelog, documentation, and what CI runs."""

from __future__ import annotations

import importlib
import pathlib
import re
import typing as t

import pytest
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
DOCUMENTED = sorted([*(ROOT / "plugins" / "modules").glob("*.py"), *(ROOT / "plugins" / "callback").glob("*.py")])


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


VERSION: str = yaml.safe_load(read("galaxy.yml"))["version"]


def documentation(path: pathlib.Path) -> dict[str, t.Any]:
    name = f"ansible_collections.teamchat.zoom.plugins.{path.parent.name}.{path.stem}"
    return t.cast("dict[str, t.Any]", yaml.safe_load(importlib.import_module(name).DOCUMENTATION))


def parts(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def releases() -> dict[str, t.Any]:
    """The changelog's entries by version, the newest first."""
    found = yaml.safe_load(read("changelogs/changelog.yaml"))["releases"]
    return dict(sorted(found.items(), key=lambda entry: parts(entry[0]), reverse=True))


def versions_added(value: t.Any) -> t.Iterator[str]:
    """Each ``version_added`` of a documentation, those of options included."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from (str(inner),) if key == "version_added" else versions_added(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from versions_added(inner)


def test_the_version_is_the_newest_release_or_the_next() -> None:
    assert parts(VERSION) >= parts(next(iter(releases())))


def test_the_page_of_the_changelog_has_every_release() -> None:
    found = re.findall(r"^## v(.+)$", read("CHANGELOG.md"), re.M)
    assert [version.replace("\\", "") for version in found] == list(releases())


@pytest.mark.parametrize("path", DOCUMENTED, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_what_is_documented_came_with_a_release_that_names_it(path: pathlib.Path) -> None:
    found = documentation(path)
    assert set(versions_added(found)) - {*releases(), VERSION} == set()
    entry = releases().get(str(found["version_added"]))
    if entry:
        plugins = entry.get("plugins", {}).get(path.parent.name, []) + entry.get(path.parent.name, [])
        assert path.stem in {plugin["name"] for plugin in plugins}
