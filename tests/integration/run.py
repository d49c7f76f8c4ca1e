# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs ansible-test's integration targets in a copy of the collection, each against a sandbox of its own stream.

Targets run one after the other, on one processor. So they are dealt to as many streams as there are processors, each
in a copy of its own; what a stream has printed is shown when it has ended.

Usage: ``python -m tests.integration.run COPY [TARGET…]``
"""

from __future__ import annotations

import concurrent.futures
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

from ..sandbox.running import Sandbox, running_sandbox

COMMAND = ("integration", "--venv", "--requirements", "--color", "no")


def targets_of(copy: pathlib.Path) -> list[str]:
    return sorted(path.parent.name for path in copy.glob("tests/integration/targets/*/aliases"))


def dealt(weights: dict[str, int], most: int) -> list[list[str]]:
    """Deal names to no more than so many streams of about the same weight."""
    streams: list[list[str]] = [[] for _stream in range(min(most, len(weights)))]
    for name in sorted(weights, key=lambda name: -weights[name]):
        min(streams, key=lambda stream: sum(weights[other] for other in stream)).append(name)
    return streams


def _weight(target: pathlib.Path) -> int:
    """How long a target takes, as far as the length of its files tells."""
    return sum(path.stat().st_size for path in target.rglob("*") if path.is_file())


def write_configuration(integration: pathlib.Path, sandbox: Sandbox) -> None:
    """Write integration_config.yml from its template: ansible-test passes no variables of the environment on."""
    text = (integration / "integration_config.yml.template").read_text(encoding="utf-8")
    for placeholder, url in {
        "@SANDBOX_URL": sandbox.url,
        "@SANDBOX_API_URL": sandbox.api_url,
        "@SANDBOX_OAUTH_URL": sandbox.oauth_url,
        "@SANDBOX_FILES_URL": sandbox.files_url,
    }.items():
        text = text.replace(placeholder, url)
    (integration / "integration_config.yml").write_text(text, encoding="utf-8")


def run(copy: pathlib.Path, targets: list[str], shown_at_end: bool) -> int:
    """Run targets one after the other; returns ansible-test's exit code."""
    command = [str(pathlib.Path(sys.executable).with_name("ansible-test")), *COMMAND, *targets]
    with running_sandbox() as sandbox, tempfile.TemporaryFile("w+", encoding="utf-8") as printed:
        write_configuration(copy / "tests" / "integration", sandbox)
        code = subprocess.run(
            command, cwd=copy, stdout=printed if shown_at_end else None, stderr=subprocess.STDOUT, check=False
        ).returncode
        printed.seek(0)
        print(printed.read(), f"ansible-test integration {' '.join(targets)}: exit code {code}", sep="", flush=True)
    return code


def copied(copy: pathlib.Path, number: int) -> pathlib.Path:
    """A copy for one stream; ansible-test wants to stand in ansible_collections/NAMESPACE/NAME."""
    namespaces = copy.parents[1]
    other = namespaces.with_name(f"stream-{number}") / pathlib.Path(*copy.parts[-3:])
    shutil.rmtree(other, ignore_errors=True)
    shutil.copytree(copy, other, symlinks=True, ignore=shutil.ignore_patterns("output"))
    return other


def give_key(copy: pathlib.Path) -> None:
    """Give a copy an SSH key of its own, where ansible-test looks before it makes one for the user.

    On a machine that has none yet, streams that begin together would make the user's at once, and all but one fail.
    Nothing here connects by SSH, so the kind of key that is made fastest will do.
    """
    key = copy / "tests" / "output" / ".tmp" / "id_rsa"
    if not key.exists():
        key.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)


def main(folder: str, *targets: str) -> int:
    copy = pathlib.Path(folder).resolve()
    names = targets or targets_of(copy)
    weights = {name: _weight(copy / "tests" / "integration" / "targets" / name) for name in names}
    streams = dealt(weights, os.cpu_count() or 1)
    copies = [copy, *(copied(copy, number) for number in range(1, len(streams)))]
    for each in copies:
        give_key(each)
    with concurrent.futures.ThreadPoolExecutor(len(streams)) as pool:
        codes = list(pool.map(run, copies, streams, [len(streams) > 1] * len(streams)))
    # A stream that a signal has killed has a negative code.
    return int(any(codes))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
