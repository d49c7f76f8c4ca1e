# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each fault in front of each operation, in Ansible's own process and as a module: nothing lost, nothing twice.

``FAULTS_WRITE_TABLE=1`` writes the users' page from the table.
"""

from __future__ import annotations

import base64
import dataclasses
import json
import os
import pathlib
import typing as t

import pytest
from ansible_collections.teamchat.zoom.tests.integration.fault_runs import (
    CASES,
    LONGEST_SPAN,
    Case,
    Matrix,
    Seen,
    run_all,
    wrongs,
)
from ansible_collections.teamchat.zoom.tests.integration.fault_table import MAX_WAIT, TIMEOUT, fails, page
from ansible_collections.teamchat.zoom.tests.sandbox import seeds

DOCUMENT = pathlib.Path(__file__).resolve().parents[2] / "docs" / "faults.md"
#: What a busy machine may add to a task. A module's start is not looked at, its requests are.
SLACK = 4.0
SECRETS = (
    seeds.CLIENT_SECRET,
    seeds.ACCESS_TOKEN,
    seeds.WRITE_ONLY_CLIENT_SECRET,
    base64.b64encode(f"{seeds.CLIENT_ID}:{seeds.CLIENT_SECRET}".encode()).decode(),
    base64.b64encode(seeds.CLIENT_SECRET.encode()).decode(),
)

DONE = next(case for case in CASES if not case.outcome.reasons)
FAILED = next(case for case in CASES if case.outcome == fails("network"))
AS_DOCUMENTED = {
    DONE: Seen(False, {"id": "1", "changed": True}, 1.0, 1.0, ["1"]),
    FAILED: Seen(True, {"msg": "No answer.", "failure": {"reason": "network"}}, 1.0, 1.0, []),
}


@pytest.mark.parametrize(
    ("case", "changes"),
    [
        (DONE, {"failed": True}),
        (DONE, {"done": []}),
        (DONE, {"done": ["1", "2"]}),
        (DONE, {"done": ["2"]}),
        (DONE, {"result": {"changed": True}}),
        (DONE, {"result": {"id": "1", "changed": False}}),
        (FAILED, {"failed": False, "result": {"id": "1", "changed": True}}),
        (FAILED, {"done": ["1"]}),
        (FAILED, {"result": {"msg": "No answer.", "failure": {"reason": "service"}}}),
        (FAILED, {"result": {"msg": "No answer."}}),
        (FAILED, {"result": {"msg": "No answer", "failure": {"reason": "network"}}}),
        (FAILED, {"result": {"msg": "No\nanswer.", "failure": {"reason": "network"}}}),
    ],
)
def test_what_is_not_as_documented_is_seen(case: Case, changes: dict[str, t.Any]) -> None:
    assert wrongs(case, AS_DOCUMENTED[case]) == []
    assert wrongs(case, dataclasses.replace(AS_DOCUMENTED[case], **changes)) != []


@pytest.fixture(scope="module", params=[True, False], ids=["in-process", "module"])
def matrix(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Matrix:
    return run_all(tmp_path_factory.mktemp("matrix"), request.param)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.label)
def test_nothing_is_lost_and_nothing_comes_twice(case: Case, matrix: Matrix) -> None:
    seen = matrix.seen[case]
    result = json.dumps(seen.result, indent=1, ensure_ascii=False)
    assert wrongs(case, seen) == [], result
    assert seen.span <= LONGEST_SPAN, result
    assert seen.seconds < MAX_WAIT + TIMEOUT + SLACK or not matrix.in_process, result


def test_no_secret_and_no_traceback_is_shown(matrix: Matrix) -> None:
    shown = matrix.run.output + json.dumps([dataclasses.asdict(result) for result in matrix.run.results])
    tokens = [json.loads(file.read_text())["access_token"] for file in matrix.state.glob("*/token-*.json")]
    assert len(tokens) > len(CASES) / 2
    for secret in (*SECRETS, *tokens):
        assert secret not in shown
    assert "Traceback" not in shown


def test_the_users_page_says_the_same() -> None:
    if os.environ.get("FAULTS_WRITE_TABLE"):
        DOCUMENT.write_text(page(), encoding="utf-8")
    assert DOCUMENT.read_text(encoding="utf-8") == page(), "write it anew with FAULTS_WRITE_TABLE=1"
