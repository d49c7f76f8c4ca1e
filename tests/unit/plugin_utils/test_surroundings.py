# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""User, CI job and git revision of a run."""

from __future__ import annotations

import os
import pathlib
import subprocess
import typing as t

import pytest
from ansible_collections.teamchat.zoom.plugins.plugin_utils import _surroundings

COMMIT = "3f2c1d9" + "0" * 33


@pytest.mark.parametrize(
    ("environment", "job"),
    [
        ({}, None),
        (
            {
                "GITHUB_ACTIONS": "true",
                "GITHUB_SERVER_URL": "https://github.com",
                "GITHUB_REPOSITORY": "shop/deploy",
                "GITHUB_RUN_ID": "42",
                "GITHUB_WORKFLOW": "Deploy",
            },
            ("GitHub Actions", "https://github.com/shop/deploy/actions/runs/42", "Deploy"),
        ),
        (
            {"GITLAB_CI": "true", "CI_JOB_URL": "https://gitlab.example/x/-/jobs/7", "CI_JOB_NAME": "deploy"},
            ("GitLab CI", "https://gitlab.example/x/-/jobs/7", "deploy"),
        ),
        (
            {
                "JENKINS_URL": "https://ci.example/",
                "BUILD_URL": "https://ci.example/job/x/9/",
                "JOB_NAME": "x",
                "BUILD_NUMBER": "9",
            },
            ("Jenkins", "https://ci.example/job/x/9/", "x #9"),
        ),
        (
            {
                "TF_BUILD": "True",
                "SYSTEM_COLLECTIONURI": "https://dev.azure.com/shop/",
                "SYSTEM_TEAMPROJECT": "Web Shop",
                "BUILD_BUILDID": "5",
                "BUILD_DEFINITIONNAME": "deploy",
            },
            ("Azure Pipelines", "https://dev.azure.com/shop/Web%20Shop/_build/results?buildId=5", "deploy"),
        ),
        (
            {"AWX_HOST": "https://awx.example/", "JOB_ID": "81"},
            ("AWX", "https://awx.example/#/jobs/playbook/81/output", "job 81"),
        ),
    ],
    ids=["none", "GitHub", "GitLab", "Jenkins", "Azure", "AWX"],
)
def test_ci_jobs(environment: dict[str, str], job: tuple[str, str, str] | None) -> None:
    found = _surroundings.ci(environment)
    assert (found and (found["system"], found["url"], found["job"])) == job


def test_a_ci_job_names_the_person_behind_it() -> None:
    assert _surroundings.user({"GITLAB_USER_LOGIN": "alice"}) == "alice"


def test_a_user_without_a_name_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a container that runs under a number."""
    for variable in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(os, "getuid", lambda: 4_000_000_123)
    assert _surroundings.user({}) is None
    monkeypatch.setenv("LOGNAME", "deploy")
    assert _surroundings.user({}) == "deploy"


def git(folder: pathlib.Path, *arguments: str) -> str:
    command = ["git", "-c", "user.name=a", "-c", "user.email=a@example.com", *arguments]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def repository(tmp_path: pathlib.Path) -> pathlib.Path:
    folder = tmp_path / "repository"
    (folder / "plays").mkdir(parents=True)
    git(folder, "init", "-q", "-b", "main")
    git(folder, "commit", "-q", "--allow-empty", "-m", "First")
    return folder


def revision(folder: pathlib.Path, **environment: str) -> tuple[t.Any, t.Any]:
    found = _surroundings.git(str(folder), environment)
    return (found["branch"], found["commit"]) if found else (None, None)


def test_branch_and_commit_of_a_folder_within_a_repository(repository: pathlib.Path) -> None:
    commit = git(repository, "rev-parse", "HEAD")
    assert revision(repository / "plays") == ("main", commit[:7])


def test_packed_references(repository: pathlib.Path) -> None:
    git(repository, "pack-refs", "--all")
    assert revision(repository) == ("main", git(repository, "rev-parse", "HEAD")[:7])


def test_a_branch_without_a_commit_among_packed_references(repository: pathlib.Path) -> None:
    git(repository, "pack-refs", "--all")
    git(repository, "checkout", "-q", "--orphan", "fresh")
    assert revision(repository) == ("fresh", None)


def test_a_worktree_and_a_branch_with_a_slash(repository: pathlib.Path, tmp_path: pathlib.Path) -> None:
    git(repository, "worktree", "add", "-q", "-b", "feature/x", str(tmp_path / "tree"))
    assert revision(tmp_path / "tree") == ("feature/x", git(repository, "rev-parse", "HEAD")[:7])


def test_a_detached_head_takes_the_branch_from_the_ci_system(repository: pathlib.Path) -> None:
    commit = git(repository, "rev-parse", "HEAD")
    git(repository, "checkout", "-q", "--detach")
    assert revision(repository) == (None, commit[:7])
    assert revision(repository, CI_COMMIT_REF_NAME="release") == ("release", commit[:7])


def test_a_repository_that_keeps_its_references_in_a_table_leaves_it_to_the_ci_system(tmp_path: pathlib.Path) -> None:
    """As `git init --ref-format=reftable` makes it; the files are for those who do not know the format."""
    (tmp_path / ".git/refs").mkdir(parents=True)
    (tmp_path / ".git/reftable").mkdir()
    (tmp_path / ".git/HEAD").write_text("ref: refs/heads/.invalid\n", encoding="utf-8")
    (tmp_path / ".git/refs/heads").write_text("this repository uses the reftable format\n", encoding="utf-8")
    assert revision(tmp_path) == (None, None)
    assert revision(tmp_path, GITHUB_REF_NAME="main", GITHUB_SHA=COMMIT) == ("main", "3f2c1d9")


def test_without_a_repository_the_ci_system_knows(tmp_path: pathlib.Path) -> None:
    assert revision(tmp_path) == (None, None)
    assert revision(tmp_path, GITHUB_REF_NAME="main", GITHUB_SHA=COMMIT) == ("main", "3f2c1d9")


@pytest.mark.parametrize("head", ["ref: ../../etc/passwd", "nonsense", "", "ref: refs/heads/gone"])
def test_a_damaged_repository_has_no_commit(tmp_path: pathlib.Path, head: str) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git/HEAD").write_text(head, encoding="utf-8")
    assert revision(tmp_path)[1] is None
