# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The archive that ``make build`` has made, and a folder that holds nothing but its installation."""

from __future__ import annotations

import dataclasses
import os
import pathlib
import subprocess
import sys
import typing as t

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(sys.executable).parent
IMPORTER_BIN = ROOT / ".build" / "galaxy-importer" / "bin"


@dataclasses.dataclass(frozen=True)
class Surroundings:
    """An empty folder to work in, an empty home, and one place for collections."""

    folder: pathlib.Path

    @property
    def collections(self) -> pathlib.Path:
        return self.folder / "collections"

    @property
    def collection(self) -> pathlib.Path:
        return self.collections / "ansible_collections" / "teamchat" / "zoom"

    @property
    def cwd(self) -> pathlib.Path:
        return self._empty("work")

    @property
    def home(self) -> pathlib.Path:
        return self._empty("home")

    def _empty(self, name: str) -> pathlib.Path:
        path = self.folder / name
        path.mkdir(exist_ok=True)
        return path

    def run(
        self, *command: str | pathlib.Path, environment: t.Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a tool of this virtual environment, or of the one whose executable is named."""
        executable = BIN / command[0]
        return subprocess.run(
            [str(executable), *map(str, command[1:])],
            cwd=self.cwd,
            env={
                "PATH": f"{executable.parent}{os.pathsep}{os.environ['PATH']}",
                "HOME": str(self.home),
                "LC_ALL": "C.UTF-8",
                "ANSIBLE_HOME": str(self.home / "ansible"),
                "ANSIBLE_COLLECTIONS_PATH": str(self.collections),
                "ANSIBLE_NOCOLOR": "1",
                **(environment or {}),
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )


@pytest.fixture(scope="session")
def archive() -> pathlib.Path:
    found = list((ROOT / ".build" / "archive").glob("*.tar.gz"))
    assert len(found) == 1, f"make build leaves one archive: {found}"
    return found[0]


@pytest.fixture
def surroundings(tmp_path: pathlib.Path) -> Surroundings:
    return Surroundings(tmp_path)


@pytest.fixture(scope="session")
def installed(archive: pathlib.Path, tmp_path_factory: pytest.TempPathFactory) -> Surroundings:
    """The archive, installed where nothing was before."""
    surroundings = Surroundings(tmp_path_factory.mktemp("installed"))
    command = ("ansible-galaxy", "collection", "install", "--offline", "--collections-path", surroundings.collections)
    run = surroundings.run(*command, archive)
    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stderr == ""
    assert surroundings.collection.is_dir()
    return surroundings
