# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands around the code agrees with it: versions, changelog, workflows, and how to contribute."""

from __future__ import annotations

import ast
import importlib
import json
import os
import pathlib
import re
import shlex
import string
import subprocess
import sys
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


# What GitHub runs


WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_workflows_may_do_little_and_use_what_is_pinned(path: pathlib.Path) -> None:
    text = path.read_text(encoding="utf-8")
    workflow = yaml.safe_load(text)
    assert workflow["permissions"] == {}
    wide = {name for name, job in workflow["jobs"].items() if job["permissions"] != {"contents": "read"}}
    assert wide == ({"publish"} if path.name == "release.yml" else set())
    used = re.findall(r"uses: (.+)$", text, re.M)
    assert used
    assert [use for use in used if not re.fullmatch(r"[\w/-]+@[0-9a-f]{40} # v[0-9.]+", use)] == []


def sessions(**chosen: str) -> list[dict[str, t.Any]]:
    """What `make matrix` runs with these variables, as noxfile.py has it."""
    command = [sys.executable, "-m", "nox", "--list", "--json"]
    if "KINDS" in chosen:
        command += ["--session", *chosen["KINDS"].split()]
    environment = {**os.environ, **{name: chosen.get(name, "") for name in ("CORES", "PYTHONS")}}
    listed = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    # A kind with nothing to run is listed too, without a Python.
    return [session for session in json.loads(listed.stdout) if session["python"]]


def filled_in(text: str, cell: dict[str, str]) -> str:
    return re.sub(r"\$\{\{ matrix\.(\w+) \}\}", lambda found: cell[found[1]], text)


def runs_of_the_matrix() -> t.Iterator[tuple[dict[str, str], set[str]]]:
    """Of each machine that runs `make matrix`: the variables it gives it, and the Pythons it sets up."""
    for job in yaml.safe_load(read(".github/workflows/ci.yml"))["jobs"].values():
        for step in job["steps"]:
            if not step.get("run", "").startswith("make matrix "):
                continue
            (pythons,) = [other["with"]["python-version"] for other in job["steps"] if "setup-python" in str(other)]
            for cell in job.get("strategy", {}).get("matrix", {}).get("include", [{}]):
                variables = {name: filled_in(value, cell) for name, value in step.get("env", {}).items()}
                words = shlex.split(string.Template(step["run"]).substitute(variables))[2:]
                yield dict(word.split("=", 1) for word in words), set(filled_in(pythons, cell).split())


def test_ci_runs_each_session_of_the_matrix_once() -> None:
    run = []
    for chosen, pythons in runs_of_the_matrix():
        own = sessions(**chosen)
        needed = {session["python"] for session in own} | {session["call_spec"].get("target") for session in own}
        assert needed - {None} <= pythons, chosen
        run += [session["session"] for session in own]
    assert sorted(run) == sorted(session["session"] for session in sessions())


def test_ci_runs_each_ansible_core_on_its_oldest_python_and_the_newest_that_is_tested() -> None:
    (literal,) = re.findall(r"^PYTHONS = (\{.*?^\})", read("noxfile.py"), re.M | re.S)
    pythons: dict[str, tuple[str, ...]] = ast.literal_eval(literal)
    jobs = yaml.safe_load(read(".github/workflows/ci.yml"))["jobs"]
    assert [(pair["core"], pair["python"]) for pair in jobs["matrix"]["strategy"]["matrix"]["include"]] == [
        (core, python) for core, of in pythons.items() for python in (min(of, key=parts), max(of, key=parts))
    ]
    (cores,) = re.findall(r"^CORES \?= (.+)$", read("Makefile"), re.M)
    assert cores.split() == list(pythons)
    assert jobs["everything"]["steps"][-1]["run"] == ".ci/run"


# How to contribute


def test_contributing_names_files_and_commands_that_exist() -> None:
    text = read("CONTRIBUTING.md")
    links = set(re.findall(r"\]\((?!https:)([^)]+)\)", text))
    prose = re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S)
    # The fragment is an example.
    paths = set(re.findall(r"`((?:plugins|tests|docs|meta|changelogs)/[\w./-]+)`", prose)) - {
        "changelogs/fragments/pinned-messages.yml"
    }
    assert links
    assert len(paths) > 15
    assert [name for name in links | paths if not (ROOT / name.partition("#")[0]).exists()] == []
    targets = set(re.findall(r"^([a-z-]+):", read("Makefile"), re.M))
    commands = set(re.findall(r"(?:^\$ |`)make ([a-z]+)", text, re.M))
    assert {"setup", "lint", "types", "sanity", "units", "build", "integration"} <= commands <= targets


def test_contributing_names_what_the_code_has() -> None:
    text = read("CONTRIBUTING.md")
    for name, file in {
        "OPERATIONS": "tests/sandbox/operations.py",
        "test_answers_are_as_documented": "tests/unit/sandbox/test_contract.py",
        "_pages": "plugins/module_utils/_client.py",
        "_call": "plugins/module_utils/_client.py",
        "repeatable": "plugins/module_utils/_client.py",
        "ZOOM_OPENAPI": "tests/unit/sandbox/test_contract.py",
        "DEFINITION": "plugins/modules/zoom_chat_channel_info.py",
    }.items():
        assert f"`{name}`" in text, name
        assert re.search(rf"\b{name}\b", read(file)), name


def test_bugs_can_be_reported_for_every_plugin() -> None:
    form = yaml.safe_load(read(".github/ISSUE_TEMPLATE/bug_report.yml"))
    (component,) = [field for field in form["body"] if field.get("id") == "component"]
    options = {option.partition(" ")[0] for option in component["attributes"]["options"]}
    assert {path.stem for path in DOCUMENTED} <= options
