# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps what was tested with which versions in ``tests/tested.json``, and writes it as a table into the README.

``python -m tests.tested record KIND …`` is for the sessions of ``noxfile.py`` alone, in their environments: the
versions are those that are installed there. ``python -m tests.tested readme`` writes the table. TESTED names another
file to record in, which leaves the README as it is.
"""

from __future__ import annotations

import argparse
import dataclasses
import datetime
import importlib.metadata
import json
import os
import pathlib
import platform
import re
import subprocess
import sys
import textwrap
import typing as t
import xml.etree.ElementTree

from .pages import with_part

ROOT = pathlib.Path(__file__).resolve().parent.parent
TESTED = ROOT / "tests" / "tested.json"
README = ROOT / "README.md"
KINDS = ("units", "integration", "sanity", "targets", "requests")
TARGET = "target "
LEGEND = """\
Unit tests are those of `plugins/`; those in a browser are skipped here, as they are the same with every ansible-core.
Integration tests are playbooks against the sandbox, with modules and callback: pytest's tests, and ansible-test's
targets. Where only part of them ran, the cell names what did; a dash means none. Sanity tests run without files of
what to ignore, a test on several Pythons counted on each. `requests` was {requests}.
"""


@dataclasses.dataclass
class Record:
    """What of one kind of tests passed with one set of versions.

    Of a kind there is one record for each minor version of ansible-core and Python: the last.
    """

    kind: str
    core: str
    python: str
    requests: str
    whole: bool
    """Whether all parts there were had passed, when the last of them did."""
    parts: dict[str, dict[str, t.Any]]
    """Files of pytest and targets of ansible-test: numbers of tests, and the date."""

    @property
    def place(self) -> tuple[t.Any, ...]:
        versions = (_numbers(self.core)[:2], _numbers(self.python)[:2])
        return (KINDS.index(self.kind), *versions, _numbers(self.requests)[:2] if self.kind == "requests" else ())

    @property
    def versions(self) -> tuple[str, str, str]:
        return (self.core, self.python, self.requests)

    def count(self, what: str) -> int:
        return sum(part.get(what, 0) for part in self.parts.values())

    @property
    def targets(self) -> list[str]:
        return sorted(name[len(TARGET) :] for name in self.parts if name.startswith(TARGET))

    @property
    def files(self) -> list[str]:
        return sorted(name for name in self.parts if not name.startswith(TARGET))


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in version.split(".") if number.isdigit())


def load(path: pathlib.Path = TESTED) -> list[Record]:
    return [Record(**record) for record in json.loads(path.read_text(encoding="utf-8"))] if path.exists() else []


def save(records: list[Record], path: pathlib.Path) -> None:
    ordered = [dataclasses.asdict(record) for record in sorted(records, key=lambda record: record.place)]
    for record in ordered:
        record["parts"] = dict(sorted(record["parts"].items()))
    path.parent.mkdir(parents=True, exist_ok=True)
    # A line for each part, which is short to read and to compare.
    text = re.sub(
        r"\{\s+([^{}]+?)\s+\}", lambda part: f"{{{' '.join(part[1].split())}}}", json.dumps(ordered, indent=1)
    )
    path.write_text(text + "\n", encoding="utf-8")


def merged(records: list[Record], new: Record) -> list[Record]:
    """Put a record in the place of the last one; what that one has besides stays if its versions are the very same."""
    others = [record for record in records if record.place != new.place]
    for record in records:
        if record.place == new.place and record.versions == new.versions:
            new = dataclasses.replace(new, parts={**record.parts, **new.parts})
    return [*others, dataclasses.replace(new, whole=expected(new.kind) <= set(new.parts))]


def expected(kind: str) -> set[str]:
    """The parts that a kind has now; the sandbox's own unit tests are the same whatever the versions."""
    tests = ROOT / "tests"
    if kind == "units":
        found = {
            file for folder in ("module_utils", "plugin_utils") for file in (tests / "unit" / folder).glob("test_*.py")
        }
        return {_name(file) for file in found}
    if kind == "integration":
        found = set((tests / "integration").rglob("test_*.py"))
        targets = {f"{TARGET}{file.parent.name}" for file in (tests / "integration" / "targets").glob("*/aliases")}
        return {_name(file) for file in found} | targets
    return set()


def _name(file: pathlib.Path) -> str:
    return file.relative_to(ROOT / "tests").as_posix()


def of_junit(text: str) -> dict[str, dict[str, int]]:
    """How many tests of each file passed and were skipped, from pytest's report."""
    parts: dict[str, dict[str, int]] = {}
    for case in xml.etree.ElementTree.fromstring(text).iter("testcase"):
        # A file that is skipped as a whole has its name where others have the test's.
        names = (case.get("classname") or case.get("name") or "").split(".")
        while names and not ROOT.joinpath(*names).with_suffix(".py").is_file():
            names.pop()
        if not names:
            raise ValueError(f"the report names a test of no file: {case.attrib}")
        if case.find("failure") is not None or case.find("error") is not None:
            raise ValueError(f"the report names a test that failed: {case.attrib}")
        part = parts.setdefault(_name(ROOT.joinpath(*names).with_suffix(".py")), {"passed": 0, "skipped": 0})
        part["skipped" if case.find("skipped") is not None else "passed"] += 1
    return parts


def of_sanity(folder: pathlib.Path) -> dict[str, dict[str, int]]:
    """How many of ansible-test's sanity tests passed: it writes a report for each test and Python."""
    passed = skipped = 0
    for report in folder.glob("ansible-test-sanity-*.xml"):
        for case in xml.etree.ElementTree.parse(report).iter("testcase"):
            skipped += case.find("skipped") is not None
            passed += case.find("skipped") is None
    if not passed:
        raise ValueError(f"no reports of ansible-test in {folder}")
    return {"sanity": {"passed": passed, "skipped": skipped}}


def record(options: argparse.Namespace) -> None:
    parts: dict[str, dict[str, t.Any]] = {f"{TARGET}{name}": {} for name in options.targets}
    if options.junit:
        parts.update(of_junit(options.junit.read_text(encoding="utf-8")))
    if options.sanity:
        parts.update(of_sanity(options.sanity))
    today = datetime.datetime.now(datetime.timezone.utc).date().isoformat()
    parts = {name: {**part, "date": today} for name, part in parts.items()}
    python, requests = platform.python_version(), importlib.metadata.version("requests")
    if options.interpreter:
        python, requests = _of_interpreter(options.interpreter)
    new = Record(options.kind, importlib.metadata.version("ansible-core"), python, requests, False, parts)
    path = pathlib.Path(os.environ.get("TESTED") or TESTED)
    records = merged(load(path), new)
    save(records, path)
    if path.resolve() == TESTED:
        _write_readme(records)
    (recorded,) = (record for record in records if record.place == new.place)
    print(
        f"Recorded: {new.kind} with ansible-core {new.core}, Python {new.python}, requests {new.requests}:"
        f" {_cell(recorded)}"
    )


def _of_interpreter(interpreter: str) -> tuple[str, str]:
    code = "import platform, requests; print(platform.python_version(), requests.__version__)"
    shown = subprocess.run([interpreter, "-c", code], check=True, capture_output=True, text=True)
    python, requests = shown.stdout.split()
    return python, requests


def table(records: list[Record]) -> str:
    """What stands in the README."""
    if not records:
        return "Nothing yet.\n"
    dates = sorted(part["date"] for record in records for part in record.parts.values())
    when = f"on {dates[0]}" if dates[0] == dates[-1] else f"from {dates[0]} to {dates[-1]}"
    lines = [f"Tests that passed {when}; `make matrix` runs them all and writes this list.", ""]
    lines += _by_core([record for record in records if record.kind in KINDS[:3]])
    lines += _others(
        "targets",
        "Modules on a target's Python, with ansible-core {core} on the controller",
        [record for record in records if record.kind == "targets"],
    )
    lines += _others(
        "requests",
        "Versions of `requests`, with ansible-core {core}",
        [record for record in records if record.kind == "requests"],
    )
    return "\n".join(lines).rstrip("\n") + "\n"


def _by_core(records: list[Record]) -> list[str]:
    if not records:
        return []
    rows: dict[tuple[str, str], dict[str, Record]] = {}
    for record in records:
        rows.setdefault((record.core, record.python), {})[record.kind] = record
    lines = ["| ansible-core | Python | unit | integration | sanity |", "| --- | --- | --- | --- | --- |"]
    for (core, python), found in sorted(rows.items(), key=lambda row: [_numbers(version) for version in row[0]]):
        cells = [_cell(found[kind]) if kind in found else "—" for kind in KINDS[:3]]
        lines.append(f"| {core} | {python} | {' | '.join(cells)} |")
    versions = sorted({record.requests for record in records}, key=_numbers)
    return [*lines, "", *textwrap.wrap(LEGEND.format(requests=" or ".join(versions)), 120), ""]


def _cell(record: Record) -> str:
    passed, skipped, targets = record.count("passed"), record.count("skipped"), record.targets
    counts = [f"{passed} tests" + (f", {skipped} skipped" if skipped else "")] if passed else []
    if record.kind == "sanity":
        return counts[0]
    if record.whole:
        counts += [f"{len(targets)} target{'s' * (len(targets) != 1)}"] if targets else []
        return "all: " + ", ".join(counts)
    named = ", ".join(pathlib.PurePath(name).stem[len("test_") :] for name in record.files)
    parts = [f"{named} ({counts[0]})"] if counts else []
    parts += [f"targets {', '.join(f'`{name}`' for name in targets)}"] if targets else []
    return "in part: " + "; ".join(parts)


def _others(kind: str, title: str, records: list[Record]) -> list[str]:
    """A sentence for each set of parts that passed with some versions."""
    lines = []
    for core in sorted({record.core for record in records}, key=_numbers):
        of_core = sorted((record for record in records if record.core == core), key=lambda record: record.place)
        if kind == "targets":
            versions = ", ".join(record.python for record in of_core)
            what = sorted({name for record in of_core for name in record.targets})
            lines += [
                f"{title.format(core=core)}: Python {versions} (targets {', '.join(f'`{name}`' for name in what)}).",
                "",
            ]
        else:
            versions = ", ".join(f"{record.requests} on Python {record.python}" for record in of_core)
            passed = " and ".join(str(record.count("passed")) for record in of_core)
            lines += [f"{title.format(core=core)}: {versions} ({passed} tests).", ""]
    return lines


def with_table(readme: str, records: list[Record]) -> str:
    return with_part(readme, "tested", table(records))


def write_readme(_options: argparse.Namespace) -> None:
    _write_readme(load())


def _write_readme(records: list[Record]) -> None:
    README.write_text(with_table(README.read_text(encoding="utf-8"), records), encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.tested", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    recording = commands.add_parser("record", help="record what has just passed")
    recording.set_defaults(action=record)
    recording.add_argument("kind", choices=KINDS)
    recording.add_argument("--junit", type=pathlib.Path, help="pytest's report")
    recording.add_argument("--sanity", type=pathlib.Path, help="the folder of ansible-test's reports")
    recording.add_argument("--targets", nargs="+", default=[], help="ansible-test's targets")
    recording.add_argument("--interpreter", help="the target's Python, where it is not the controller's")
    commands.add_parser("readme", help="write the table into the README").set_defaults(action=write_readme)
    options = parser.parse_args()
    options.action(options)
    return 0


if __name__ == "__main__":
    sys.exit(main())
