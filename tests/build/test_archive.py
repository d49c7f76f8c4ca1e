# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The archive for Galaxy: what is in it, what Galaxy says of it, and whether it works alone."""

from __future__ import annotations

import importlib.util
import json
import os
import pathlib
import re
import sys
import tarfile
import typing as t

import pytest
import yaml
from ansible_collections.teamchat.zoom.tests.build.conftest import IMPORTER_BIN, ROOT, Surroundings
from ansible_collections.teamchat.zoom.tests.demo import Demo
from ansible_collections.teamchat.zoom.tests.sandbox.running import running_sandbox

#: What is neither a plugin nor a page of the documentation.
OTHER_FILES = {
    "CHANGELOG.md",
    "FILES.json",
    "LICENSE",
    "LICENSES/BSD-2-Clause.txt",
    "LICENSES/GPL-3.0-or-later.txt",
    "MANIFEST.json",
    "README.md",
    "changelogs/changelog.yaml",
    "docs/images/bench.svg",
    "docs/images/report.png",
    "meta/execution-environment.yml",
    "meta/runtime.yml",
    "playbooks/demo.yml",
    "playbooks/demo_run.yml",
    "requirements.txt",
}
#: Plugins that have a documentation, by their type.
DOCUMENTED = {
    "callback": {"teamchat.zoom.zoom_chat"},
    "module": {
        "teamchat.zoom.zoom_chat_channel_info",
        "teamchat.zoom.zoom_chat_message",
        "teamchat.zoom.zoom_chat_message_info",
    },
}


def files_of(pattern: str) -> set[str]:
    """Files of the repository."""
    return {path.relative_to(ROOT).as_posix() for path in ROOT.glob(pattern)}


# What is in it


def test_the_archive_is_named_for_the_version(archive: pathlib.Path) -> None:
    version = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))["version"]
    assert archive.name == f"teamchat-zoom-{version}.tar.gz"


def test_the_archive_holds_what_users_need_and_nothing_else(archive: pathlib.Path) -> None:
    with tarfile.open(archive) as tar:
        members = tar.getmembers()
    files = {member.name for member in members if not member.isdir()}
    assert all(member.isfile() or member.isdir() for member in members)
    assert files == OTHER_FILES | files_of("plugins/*/*.py") | files_of("docs/*.md") | files_of("docs/docsite/*.yml")
    folders = {member.name.rstrip("/") for member in members if member.isdir()}
    assert folders == {parent.as_posix() for name in files for parent in pathlib.PurePath(name).parents} - {"."}


def test_what_its_pages_link_to_is_in_the_archive_too(archive: pathlib.Path) -> None:
    with tarfile.open(archive) as tar:
        files = set(tar.getnames())
        pages = {name: t.cast("t.IO[bytes]", tar.extractfile(name)) for name in files if name.endswith(".md")}
        links = {
            os.path.normpath(os.path.join(os.path.dirname(name), link))
            for name, page in pages.items()
            for link in re.findall(r"\]\(([\w./-]+)(?:#[^)]*)?\)", page.read().decode())
        }
    assert {"CHANGELOG.md", "docs/images/bench.svg"} <= links <= files


# What Galaxy says of it


def test_galaxy_imports_the_archive_without_a_word_of_warning(
    archive: pathlib.Path, surroundings: Surroundings
) -> None:
    run = surroundings.run(
        *(IMPORTER_BIN / "python", "-m", "galaxy_importer.main", archive),
        environment={"GALAXY_IMPORTER_CONFIG": str(ROOT / "tests" / "build" / "galaxy-importer.cfg")},
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert re.findall(r"^(?:WARNING|ERROR|CRITICAL).*", run.stdout, re.M) == []
    assert run.stderr == ""
    assert "\n...ansible-lint run complete\n" in run.stdout
    result = json.loads((surroundings.cwd / "importer_result.json").read_text(encoding="utf-8"))
    assert result["requires_ansible"] == ">=2.16.0"
    documented = {
        (item["content_type"], item["content_name"])
        for item in result["docs_blob"]["contents"]
        if item["content_type"] in DOCUMENTED and item["doc_strings"]["doc"] and item["doc_strings"]["examples"]
    }
    assert documented == {(kind, name.rpartition(".")[2]) for kind, names in DOCUMENTED.items() for name in names}


# Whether it works alone


@pytest.mark.parametrize("kind", DOCUMENTED)
def test_ansible_doc_shows_what_was_installed(installed: Surroundings, kind: str) -> None:
    listed = installed.run("ansible-doc", "--type", kind, "--list", "--json", "teamchat.zoom")
    assert set(json.loads(listed.stdout)) == DOCUMENTED[kind]
    for name in DOCUMENTED[kind]:
        page = installed.run("ansible-doc", "--type", kind, name)
        assert (page.returncode, page.stderr) == (0, ""), page.stdout + page.stderr
        assert f"({installed.collection}/plugins/" in page.stdout
        assert "EXAMPLES:" in page.stdout


def source(path: pathlib.Path) -> pathlib.Path:
    """The source of a compiled file, any other file as it is."""
    return pathlib.Path(importlib.util.source_from_cache(path)) if path.suffix == ".pyc" else path


def test_the_demo_runs_with_nothing_from_the_repository(installed: Surroundings, tmp_path: pathlib.Path) -> None:
    opened = tmp_path / "opened"
    variables = {
        "HOME": str(installed.home),
        "OPENED_FILES": str(opened),
        "OPENED_UNDER": os.pathsep.join([str(ROOT), str(installed.collections)]),
        "PYTHONPATH": str(ROOT / "tests" / "build" / "trace"),
    }
    with running_sandbox(visible_after=0.5) as sandbox:
        demo = Demo(sandbox, installed.collections, tmp_path / "home", variables)
        assert demo.play(cwd=installed.cwd)
        transcript = sandbox.transcript()
    assert " Deploy Bot: ✅ Shop 4.12.0 runs on 12 of 12 hosts (edited)\n" in transcript
    assert " Deploy Bot: ❌ Shop 4.12.0 failed · 3 of 13 hosts " in transcript
    assert len(re.findall(r"^    └ ", transcript, re.M)) == 6

    paths = {source(pathlib.Path(line)) for line in opened.read_text(encoding="utf-8").splitlines()}
    tools = {pathlib.Path(sys.prefix), ROOT / "tests" / "build" / "trace"}
    assert {path for path in paths if path.is_relative_to(ROOT) and not tools & {*path.parents}} == set()
    own = {path for path in paths if path.is_relative_to(installed.collection)}
    used = {path.relative_to(installed.collection).as_posix() for path in own}
    assert used >= {
        "playbooks/demo.yml",
        "playbooks/demo_run.yml",
        "plugins/action/zoom_chat_message.py",
        "plugins/callback/zoom_chat.py",
        "plugins/module_utils/_client.py",
        "plugins/plugin_utils/_courier.py",
    }


def test_ansible_builder_finds_what_an_execution_environment_needs(installed: Surroundings) -> None:
    found = installed.folder / "found.txt"
    run = installed.run(IMPORTER_BIN / "ansible-builder", "introspect", "--write-pip", found, installed.collections)
    assert run.returncode == 0, run.stdout + run.stderr
    assert re.findall(r"^(\S+)  # from collection teamchat\.zoom$", found.read_text(encoding="utf-8"), re.M) == [
        "requests>=2.28",
        "markdown-it-py>=3.0",
    ]
