# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The list of what was tested: what is recorded, and that the README says just that."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.teamchat.zoom.tests import tested

PASSED = {"passed": 3, "skipped": 0, "date": "2026-01-31"}


def a_record(**changes: t.Any) -> tested.Record:
    values: dict[str, t.Any] = {
        "kind": "integration",
        "core": "2.16.3",
        "python": "3.10.13",
        "requests": "2.32.5",
        "whole": False,
        "parts": {"integration/test_runs.py": PASSED},
    }
    return tested.Record(**{**values, **changes})


def junit(*cases: str) -> str:
    return f"<testsuites><testsuite>{''.join(cases)}</testsuite></testsuites>"


def test_the_readme_shows_what_is_recorded() -> None:
    readme = tested.README.read_text(encoding="utf-8")
    assert readme == tested.with_table(readme, tested.load()), "`make matrix` writes it"


def test_the_records_are_in_the_order_in_which_they_are_written() -> None:
    records = tested.load()
    assert [record.place for record in records] == sorted({record.place for record in records})


def test_what_passed_later_is_added() -> None:
    later = a_record(parts={"target parity": {"date": "2026-02-01"}})
    (found,) = tested.merged([a_record()], later)
    assert found.parts == {"integration/test_runs.py": PASSED, "target parity": {"date": "2026-02-01"}}
    assert found.whole is False


@pytest.mark.parametrize("version", [{"core": "2.16.4"}, {"python": "3.10.14"}, {"requests": "2.33.0"}])
def test_what_passed_with_another_patch_release_does_not_count_for_this_one(version: dict[str, str]) -> None:
    later = a_record(parts={"target parity": {"date": "2026-02-01"}}, **version)
    (found,) = tested.merged([a_record()], later)
    assert list(found.parts) == ["target parity"]


def test_other_versions_and_kinds_stay_as_they_are() -> None:
    records = [a_record(core="2.17.1"), a_record(python="3.12.1"), a_record(kind="sanity")]
    assert tested.merged(records, a_record()) == [*records, a_record()]


def test_it_is_whole_once_every_file_and_target_has_passed() -> None:
    parts = dict.fromkeys(tested.expected("integration"), PASSED)
    last = {"target parity": parts.pop("target parity")}
    (found,) = tested.merged([a_record(parts=parts)], a_record(parts=last))
    assert found.whole is True


def test_tests_are_counted_by_file() -> None:
    report = junit(
        '<testcase classname="tests.integration.test_runs" name="test_one[module]"/>',
        '<testcase classname="tests.integration.test_runs" name="test_two"><skipped/></testcase>',
        '<testcase classname="tests.integration.callback.test_faults.TestClass" name="test_three"/>',
        '<testcase classname="" name="tests.integration.test_prism"><skipped/></testcase>',
    )
    assert tested.of_junit(report) == {
        "integration/test_runs.py": {"passed": 1, "skipped": 1},
        "integration/callback/test_faults.py": {"passed": 1, "skipped": 0},
        "integration/test_prism.py": {"passed": 0, "skipped": 1},
    }


@pytest.mark.parametrize("outcome", ["failure", "error"])
def test_a_report_with_a_failure_is_not_recorded(outcome: str) -> None:
    with pytest.raises(ValueError, match="the report names a test that failed"):
        tested.of_junit(
            junit(f'<testcase classname="tests.integration.test_runs" name="test_one"><{outcome}/></testcase>')
        )


def test_a_part_is_named_in_the_table() -> None:
    parts = {"integration/test_runs.py": PASSED, "target parity": {"date": "2026-02-01"}}
    text = tested.table([a_record(parts=parts)])
    assert "| 2.16.3 | 3.10.13 | — | in part: runs (3 tests); targets `parity` | — |" in text
    assert text.startswith("Tests that passed from 2026-01-31 to 2026-02-01; ")


def test_the_table_is_the_same_in_whatever_order_parts_passed() -> None:
    parts = {"integration/test_runs.py": PASSED, "target parity": PASSED, "target a": PASSED}
    parts["integration/test_a.py"] = PASSED
    turned = dict(reversed(parts.items()))
    assert tested.table([a_record(parts=parts)]) == tested.table([a_record(parts=turned)])


def test_the_whole_is_called_so() -> None:
    parts = {"integration/test_runs.py": {**PASSED, "skipped": 1}, "target parity": {"date": "2026-01-31"}}
    text = tested.table([a_record(parts=parts, whole=True), a_record(kind="sanity", parts={"sanity": PASSED})])
    assert "| 2.16.3 | 3.10.13 | — | all: 3 tests, 1 skipped, 1 target | 3 tests |" in text


def test_target_pythons_and_versions_of_requests_are_sentences() -> None:
    text = tested.table(
        [
            a_record(kind="targets", core="2.21.5", python="3.9.18", parts={"target parity": {"date": "2026-01-31"}}),
            a_record(kind="targets", core="2.21.5", python="3.10.13", parts={"target parity": {"date": "2026-01-31"}}),
            a_record(kind="requests", core="2.21.5", requests="2.28.0"),
        ]
    )
    assert text == (
        "Tests that passed on 2026-01-31; `make matrix` runs them all and writes this list.\n\n"
        "Modules on a target's Python, with ansible-core 2.21.5 on the controller: Python 3.9.18, 3.10.13"
        " (targets `parity`).\n\n"
        "Versions of `requests`, with ansible-core 2.21.5: 2.28.0 on Python 3.10.13 (3 tests).\n"
    )
