# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a playbook is run: by whom, on which machine and git revision, in which job of a CI system."""

from __future__ import annotations

import getpass
import os
import re
import socket
import typing as t

if t.TYPE_CHECKING:
    from ansible_collections.teamchat.zoom.plugins.plugin_utils._events import Ci, Git

Environment = t.Mapping[str, str]

_COMMIT = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
_BRANCHES = ("GITHUB_HEAD_REF", "GITHUB_REF_NAME", "CI_COMMIT_REF_NAME", "BUILD_SOURCEBRANCHNAME", "BRANCH_NAME")
_COMMITS = ("GITHUB_SHA", "CI_COMMIT_SHA", "BUILD_SOURCEVERSION", "GIT_COMMIT", "PROJECT_REVISION")
# References are small; whatever else stands in a file of that name is not read.
_LARGEST_REFERENCE = 4096
# What stands in HEAD where all references are in the reftable format, which nothing but git reads.
_IN_A_TABLE = "ref: refs/heads/.invalid"


def user(environment: Environment) -> t.Optional[str]:
    """The person behind a CI job if it tells, else the name of the account."""
    for variable in ("GITHUB_ACTOR", "GITLAB_USER_LOGIN", "BUILD_REQUESTEDFOR", "BUILD_USER_ID"):
        if environment.get(variable):
            return environment[variable]
    try:
        return getpass.getuser()
    # Containers may run under a number that has no name; what is raised then depends on Python's version.
    except (OSError, KeyError, ImportError):
        return None


def controller() -> str:
    """The short name of this machine."""
    return socket.gethostname().partition(".")[0]


# CI systems


def ci(environment: Environment) -> t.Optional[Ci]:
    """The CI job, by the variables that each system documents."""
    for detect in (_github, _gitlab, _jenkins, _azure, _awx):
        found = detect(environment)
        if found:
            return found
    return None


def _github(environment: Environment) -> t.Optional[Ci]:
    if environment.get("GITHUB_ACTIONS") != "true":
        return None
    server, repository = environment.get("GITHUB_SERVER_URL"), environment.get("GITHUB_REPOSITORY")
    run = environment.get("GITHUB_RUN_ID")
    url = f"{server}/{repository}/actions/runs/{run}" if server and repository and run else None
    return {"system": "GitHub Actions", "url": url, "job": environment.get("GITHUB_WORKFLOW") or None}


def _gitlab(environment: Environment) -> t.Optional[Ci]:
    if not environment.get("GITLAB_CI"):
        return None
    job = environment.get("CI_JOB_NAME") or None
    return {"system": "GitLab CI", "url": environment.get("CI_JOB_URL") or None, "job": job}


def _jenkins(environment: Environment) -> t.Optional[Ci]:
    if not environment.get("JENKINS_URL"):
        return None
    job, build = environment.get("JOB_NAME"), environment.get("BUILD_NUMBER")
    return {
        "system": "Jenkins",
        "url": environment.get("BUILD_URL") or None,
        "job": f"{job} #{build}" if job and build else job or None,
    }


def _azure(environment: Environment) -> t.Optional[Ci]:
    if not environment.get("TF_BUILD"):
        return None
    server, project = environment.get("SYSTEM_COLLECTIONURI"), environment.get("SYSTEM_TEAMPROJECT")
    build = environment.get("BUILD_BUILDID")
    complete = server and project and build
    url = f"{server}{project.replace(' ', '%20')}/_build/results?buildId={build}" if complete and project else None
    return {"system": "Azure Pipelines", "url": url, "job": environment.get("BUILD_DEFINITIONNAME") or None}


def _awx(environment: Environment) -> t.Optional[Ci]:
    """AWX and Automation Platform."""
    server, job = environment.get("AWX_HOST"), environment.get("JOB_ID")
    if not server or not job:
        return None
    return {"system": "AWX", "url": f"{server.rstrip('/')}/#/jobs/playbook/{job}/output", "job": f"job {job}"}


# Git


def git(folder: str, environment: Environment) -> t.Optional[Git]:
    """The branch and commit that the folder's repository stands on; without one, what the CI system says.

    The files are read, because git itself would cost a process, and may not be installed.
    """
    branch, commit = _head(folder)
    # CI systems check out commits, not branches.
    branch = branch or next((environment[name] for name in _BRANCHES if environment.get(name)), None)
    commit = commit or next((environment[name] for name in _COMMITS if environment.get(name)), None)
    return {"branch": branch, "commit": commit[:7] if commit else None} if branch or commit else None


def _head(folder: str) -> tuple[t.Optional[str], t.Optional[str]]:
    repository = _repository(os.path.abspath(folder))
    head = _content(os.path.join(repository, "HEAD")) if repository else ""
    if not repository or not head or head == _IN_A_TABLE:
        return None, None
    if not head.startswith("ref: "):
        return None, head if _COMMIT.fullmatch(head) else None
    reference = head[len("ref: ") :].strip()
    branch = reference[len("refs/heads/") :] if reference.startswith("refs/heads/") else reference
    # A worktree shares its references with the repository that it belongs to.
    shared = _content(os.path.join(repository, "commondir"))
    folders = [repository, os.path.join(repository, shared)] if shared else [repository]
    commit = next(filter(None, (_resolved(found, reference) for found in folders)), None)
    return branch, commit


def _repository(folder: str) -> t.Optional[str]:
    while True:
        path = os.path.join(folder, ".git")
        if os.path.isdir(path):
            return path
        # Worktrees and submodules have a file that tells where the repository is.
        link = _content(path)
        if link.startswith("gitdir: "):
            return os.path.join(folder, link[len("gitdir: ") :])
        parent = os.path.dirname(folder)
        if parent == folder:
            return None
        folder = parent


def _resolved(repository: str, reference: str) -> t.Optional[str]:
    if ".." in reference.split("/"):
        return None
    commit = _content(os.path.join(repository, reference))
    if _COMMIT.fullmatch(commit):
        return commit
    try:
        with open(os.path.join(repository, "packed-refs"), encoding="utf-8", errors="replace") as packed:
            for line in packed:
                commit, _space, name = line.strip().partition(" ")
                if name == reference and _COMMIT.fullmatch(commit):
                    return commit
    except OSError:
        pass
    return None


def _content(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:
            return stream.read(_LARGEST_REFERENCE).strip()
    except OSError:
        return ""
