# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the collection supports, tested: each ansible-core with its Pythons, target Pythons, versions of requests.

``make matrix`` runs it. CORES and PYTHONS choose versions. Arguments choose paths below tests/: each session takes
those that are its own.
"""

from __future__ import annotations

import os
import pathlib
import shutil

import nox

nox.options.default_venv_backend = "venv"
nox.options.error_on_missing_interpreters = True
nox.options.envdir = ".build/nox"

# Of each ansible-core's controller: the oldest Python, and the newest that is tested.
PYTHONS = {
    "2.16": ("3.10", "3.12"),
    "2.17": ("3.10", "3.12"),
    "2.18": ("3.11", "3.13"),
    "2.19": ("3.11", "3.13"),
    "2.20": ("3.12", "3.13"),
    "2.21": ("3.12", "3.13"),
}
NEWEST = list(PYTHONS)[-1]
TARGET_PYTHONS = ("3.9", "3.10", "3.11", "3.12", "3.13")
REQUESTS = {"2.28.0": "requests==2.28.0", "newest": "requests"}

COPY = ".build/ansible_collections/teamchat/zoom"
# The sandbox's own tests and those of the documentation are the same whatever the version of Ansible.
UNITS = ["tests/unit/module_utils", "tests/unit/plugin_utils", "tests/unit/callback"]
PYTEST_INTEGRATION = ["tests/integration"]
TARGETS = "tests/integration/targets/"
# What depends on how a module gets its arguments, reaches its Python and gives its result back.
ON_TARGETS = ["parity", "zoom_chat_channel_info", "zoom_chat_message_life"]
# What meets requests: the client over real HTTP, files, certificates, and whole runs.
WITH_REQUESTS = ["tests/unit/module_utils", "tests/integration/test_runs.py", "tests/integration/test_files.py"]


def chosen(variable: str, known: list[str]) -> list[str]:
    """The versions that a variable of the environment names; all without it."""
    names = os.environ.get(variable, "").split()
    unknown = sorted(set(names) - set(known))
    if unknown:
        raise SystemExit(f"{variable}: {' '.join(unknown)} is not among {' '.join(known)}.")
    return [name for name in known if name in names or not names]


CORES = chosen("CORES", list(PYTHONS))
CHOSEN_PYTHONS = chosen("PYTHONS", list(TARGET_PYTHONS))
CELLS = [
    nox.param(python, core, id=f"{core} on Python {python}")
    for core in CORES
    for python in PYTHONS[core]
    if python in CHOSEN_PYTHONS
]
# What takes the newest ansible-core alone; parametrize takes an empty list for no sessions.
ON_NEWEST = [NEWEST] if NEWEST in CORES else []


def install(session: nox.Session, core: str, *more: str) -> None:
    session.install(f"ansible-core=={core}.*", "-r", "tests/integration/requirements-matrix.txt", *more)
    session.env["ANSIBLE_COLLECTIONS_PATH"] = os.path.abspath(".collections")
    session.run("ansible", "--version")


def folder_of(session: nox.Session) -> pathlib.Path:
    return pathlib.Path(session.virtualenv.location)


def paths(session: nox.Session, below: str, default: list[str]) -> list[str]:
    """The paths of the arguments that are below a folder; the default when there is no path among the arguments."""
    named = [argument for argument in session.posargs if argument.startswith("tests/")]
    own = [path for path in named if path.startswith(below)]
    if named and not own:
        session.skip(f"No argument is below {below}.")
    return own or default


def run_pytest(session: nox.Session, files: list[str], workers: str = "auto") -> list[str]:
    """Run files; returns what there is to record of it: nothing for a choice of single tests."""
    options = [argument for argument in session.posargs if not argument.startswith("tests/")]
    report = folder_of(session) / "junit.xml"
    session.run("pytest", "-n", workers, "--dist", "loadscope", f"--junit-xml={report}", *options, *files)
    if options or any("::" in path for path in files):
        session.log("pytest's tests are not recorded: only whole files are.")
        return []
    return ["--junit", str(report)]


def record(session: nox.Session, kind: str, *what: str) -> None:
    """Record what has passed; comes last in each session."""
    if what:
        session.run("python", "-m", "tests.tested", "record", kind, *what)


@nox.session
@nox.parametrize(("python", "core"), CELLS)
def units(session: nox.Session, core: str) -> None:
    """The unit tests of plugins and module_utils."""
    files = paths(session, "tests/unit", UNITS)
    install(session, core)
    # Unit tests wait more than they work.
    record(session, "units", *run_pytest(session, files, str(2 * (os.cpu_count() or 1))))


@nox.session
@nox.parametrize(("python", "core"), CELLS)
def integration(session: nox.Session, core: str) -> None:
    """Real playbooks, modules and callback: pytest's, and ansible-test's targets."""
    named = paths(session, "tests/integration", PYTEST_INTEGRATION)
    files = [path for path in named if not path.startswith(TARGETS)]
    targets = [path[len(TARGETS) :].strip("/") for path in named if path.startswith(TARGETS)]
    install(session, core)
    passed = run_pytest(session, files) if files else []
    if targets or named is PYTEST_INTEGRATION:
        session.run("python", "-m", "tests.integration.run", COPY, *targets)
        passed += ["--targets", *(targets or all_targets())]
    record(session, "integration", *passed)


def all_targets() -> list[str]:
    return sorted(path.parent.name for path in pathlib.Path(TARGETS).glob("*/aliases"))


@nox.session
@nox.parametrize(("python", "core"), CELLS)
def sanity(session: nox.Session, core: str) -> None:
    """Each ansible-core's own ansible-test sanity, without files of what to ignore."""
    install(session, core)
    reports = pathlib.Path(COPY, "tests", "output", "junit")
    shutil.rmtree(reports, ignore_errors=True)
    with session.chdir(COPY):
        session.run("ansible-test", "sanity", "--venv", "--color", "no", "--junit")
    record(session, "sanity", "--sanity", str(reports))


@nox.session(python=PYTHONS[NEWEST][-1])
@nox.parametrize("target", ON_NEWEST and CHOSEN_PYTHONS, ids=ON_NEWEST and CHOSEN_PYTHONS)
def targets(session: nox.Session, target: str) -> None:
    """The modules on a target's Python, the newest ansible-core on the controller."""
    install(session, NEWEST)
    python = shutil.which(f"python{target}")
    if not python:
        session.error(f"Python {target} is missing: there is no python{target} in PATH.")
    venv = folder_of(session) / "target"
    session.run(python, "-m", "venv", "--clear", str(venv), external=True)
    interpreter = str(venv / "bin" / "python")
    session.run(
        interpreter, "-m", "pip", "install", "--quiet", "-r", "tests/integration/requirements.txt", external=True
    )
    on_target = ("python", "tests/integration/on_target.py", interpreter, *ON_TARGETS)
    session.run("python", "-m", "tests.sandbox", "run", "--", *on_target)
    record(session, "targets", "--interpreter", interpreter, "--targets", *ON_TARGETS)


@nox.session(python=PYTHONS[NEWEST][-1])
@nox.parametrize("version", ON_NEWEST and list(REQUESTS), ids=ON_NEWEST and list(REQUESTS))
def requests(session: nox.Session, version: str) -> None:
    """The client, files and whole runs with the oldest and the newest requests, on the newest ansible-core."""
    install(session, NEWEST, "--upgrade", REQUESTS[version])
    record(session, "requests", *run_pytest(session, WITH_REQUESTS))
