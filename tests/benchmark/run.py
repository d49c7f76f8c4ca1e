# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measures what a message costs, with real playbooks against a sandbox; every figure stands beside its bar.

All variants of a measurement run alternately, and the median of their times counts, so that a busy machine
slows them alike.
"""

from __future__ import annotations

import argparse
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time
import typing as t

import requests
import yaml

from ..sandbox import seeds
from ..sandbox.running import Sandbox, running_sandbox
from . import peer
from .callbacks import NOTHING, callback_cost, callback_flood
from .faults import every_fault
from .figures import ROOT, Figure, at_least, at_most, write

TASKS = 40
# A module takes so much longer that fewer tasks tell as much.
MODULE_TASKS = 8
MEGABYTE = 1024**2
# What takes milliseconds differs from run to run by more than that: only many runs tell.
_SHORT = 4
_PEERS = {"uri": "ansible.builtin.uri", "slack": "community.general.slack in check mode"}

_MESSAGE = {"teamchat.zoom.zoom_chat_message": {"to_contact": "alice@example.com", "msg": "Measured"}}

# Runs a command and tells the most memory, in KiB, of it and of all that it started. The kernel counts what a
# process had before it became another program, so the command's parent has to be small.
_MEASURE_MEMORY = (
    "import resource, subprocess, sys; code = subprocess.call(sys.argv[1:], stdout=sys.stderr);"
    " print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss); sys.exit(code)"
)


class Playbooks:
    """Runs playbooks of generated tasks and takes their wall time."""

    def __init__(self, sandbox: Sandbox, home: str, rounds: int, **environment: str) -> None:
        self.rounds = rounds
        self._home = pathlib.Path(home)
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("ZOOM_", "ANSIBLE_"))},
            **sandbox.environment(),
            "ANSIBLE_COLLECTIONS_PATH": f"{ROOT / '.collections'}{os.pathsep}{peer.collections()}",
            "ANSIBLE_HOME": home,
            "ANSIBLE_LOCALHOST_WARNING": "false",
            "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false",
            **environment,
        }

    def medians(self, variants: dict[str, tuple[dict[str, t.Any], int]]) -> tuple[dict[str, float], dict[str, float]]:
        """Seconds of a play with one task of each variant, and seconds that each further task takes.

        :param variants: the task, and how often it stands in the longer play.
        """
        ones: dict[str, list[float]] = {name: [] for name in variants}
        manys: dict[str, list[float]] = {name: [] for name in variants}
        for _round in range(self.rounds):
            for name, (task, many) in variants.items():
                for _again in range(_SHORT if many == TASKS else 1):
                    ones[name].append(self.seconds(task, 1))
                    manys[name].append(self.seconds(task, many))
        one = {name: statistics.median(times) for name, times in ones.items()}
        each = {
            name: (statistics.median(manys[name]) - one[name]) / (many - 1) for name, (_task, many) in variants.items()
        }
        return one, each

    def seconds(self, task: dict[str, t.Any], times: int) -> float:
        return self.play_seconds(_play([task] * times))

    def play_seconds(self, play: dict[str, t.Any], *arguments: str) -> float:
        begun = time.perf_counter()
        self._run([*self._command(play), *arguments])
        return time.perf_counter() - begun

    def peak_memory(self, task: dict[str, t.Any]) -> int:
        """The most bytes of memory of one process of a playbook with this task."""
        return int(self._run([sys.executable, "-c", _MEASURE_MEMORY, *self._command(_play([task]))])) * 1024

    def _command(self, play: dict[str, t.Any]) -> list[str]:
        path = self._home / "measure.yml"
        path.write_text(yaml.safe_dump([play]), encoding="utf-8")
        return [str(pathlib.Path(sys.executable).with_name("ansible-playbook")), str(path)]

    def _run(self, command: list[str]) -> str:
        done = subprocess.run(command, env=self._environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"The playbook failed:\n{done.stdout}\n{done.stderr}")
        return done.stdout


def _play(tasks: list[dict[str, t.Any]]) -> dict[str, t.Any]:
    return {
        "name": "Measure",
        "hosts": "localhost",
        "connection": "local",
        "gather_facts": False,
        # The interpreter is known, so that no variant pays for its discovery.
        "vars": {"ansible_python_interpreter": sys.executable},
        "tasks": [{"name": f"Task {number}", **task} for number, task in enumerate(tasks)],
    }


def message_cost(playbooks: Playbooks, sandbox: Sandbox) -> list[Figure]:
    """What a message adds to a playbook: in this process, as a module, and by hand with uri."""
    uri = {
        "ansible.builtin.uri": {
            "url": f"{sandbox.api_url}/chat/users/me/messages",
            "method": "POST",
            "body_format": "json",
            "body": {"to_contact": "alice@example.com", "message": "Measured"},
            "headers": {"Authorization": f"Bearer {seeds.ACCESS_TOKEN}"},
            "status_code": 201,
        }
    }
    # Its address cannot be changed; in check mode it sends nothing, so this is the least that it costs.
    slack = {
        "community.general.slack": {"token": "T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX", "msg": "Measured"},
        "check_mode": True,
    }
    variants: dict[str, tuple[dict[str, t.Any], int]] = {
        "debug": (NOTHING, TASKS),
        "in-process": (_MESSAGE, TASKS),
        "module": ({**_MESSAGE, "vars": {"zoom_chat_in_process": False}}, MODULE_TASKS),
        "uri": (uri, MODULE_TASKS),
        "slack": (slack, MODULE_TASKS),
    }
    playbooks.seconds(_MESSAGE, 1)
    one, each = playbooks.medians(variants)
    over = {name: each[name] - each["debug"] for name in variants}
    once = one["in-process"] - one["debug"] - over["in-process"]
    ours = over["in-process"]
    many, few = _SHORT * playbooks.rounds, playbooks.rounds
    module = f"the same message as a module on the target ({over['module'] * 1000:.0f} ms)"
    form = "{:.0f} times as much"
    return [
        at_most("one message in-process, over ansible.builtin.debug", ours * 1000, 10, "{:.1f} ms", rounds=many),
        at_most("the first message, once a playbook", once * 1000, 400, "{:.0f} ms", rounds=many),
        *(
            at_least(f"{name} ({over[short] * 1000:.0f} ms)", over[short] / ours, 50, form, rounds=few)
            for short, name in _PEERS.items()
        ),
        Figure(module, form.format(over["module"] / ours), rounds=few),
    ]


def https_cost(rounds: int) -> list[Figure]:
    """The same over TLS, with the usual authorities to be read and the server's certificate to be checked."""
    with running_sandbox(tls=True) as sandbox, tempfile.TemporaryDirectory(prefix="zoom-bench-") as home:
        authorities = pathlib.Path(home, "authorities.pem")
        usual = pathlib.Path(requests.utils.DEFAULT_CA_BUNDLE_PATH)
        authorities.write_bytes(usual.read_bytes() + pathlib.Path(str(sandbox.ca_path)).read_bytes())
        playbooks = Playbooks(sandbox, home, rounds, REQUESTS_CA_BUNDLE=str(authorities))
        playbooks.seconds(_MESSAGE, 1)
        _one, each = playbooks.medians({"debug": (NOTHING, TASKS), "in-process": (_MESSAGE, TASKS)})
    what = "one message in-process over https, with the handshake, and certificates checked"
    return [Figure(what, f"{(each['in-process'] - each['debug']) * 1000:.1f} ms", rounds=_SHORT * rounds)]


def one_token(playbooks: Playbooks, sandbox: Sandbox) -> list[Figure]:
    """50 forks that start at once with an empty state folder."""
    sandbox.reset()
    seconds = playbooks.play_seconds(_to_many_hosts({"to_contact": "alice@example.com"}), "-i", _hosts(50), "-f", "50")
    account = sandbox.account()
    messages, tokens = len(account["messages"]), account["tokens"]["requests"]
    _expect(messages == 50, f"{messages} of 50 messages arrived")
    return [at_most(f"50 forks at once, empty state folder ({seconds:.1f} s): token requests", tokens, 1, "{:.0f}")]


def busy_channel(playbooks: Playbooks, sandbox: Sandbox) -> list[Figure]:
    """60 hosts that write to one channel while Zoom's windows are enforced."""
    sandbox.reset()
    playbooks.play_seconds(_to_many_hosts({"to_channel": seeds.OPS}), "-i", _hosts(60), "-f", "60")
    account = sandbox.account()
    arrived = sorted(message["timestamp"] / 1000 for message in account["messages"])
    _expect(len(arrived) == 60, f"{len(arrived)} of 60 messages arrived")
    # 10 in 1 s, 30 in 10 s: the 60th message can stand there 12 s after the first at the earliest.
    possible = 12.0
    took = arrived[-1] - arrived[0]
    what = "60 hosts, one channel, windows enforced"
    return [
        at_most(f"{what}: messages that Zoom rejects", account["rejected"], 0, "{:.0f}"),
        at_least(f"{what} ({took:.1f} s): of the possible rate", possible / took * 100, 95, "{:.0f} %"),
    ]


def large_file(playbooks: Playbooks, sandbox: Sandbox) -> list[Figure]:
    """A file of 1 GB, through a file host that sends uploads on to another one."""
    sandbox.reset()
    nothing = playbooks.peak_memory(NOTHING)
    figures = []
    with tempfile.NamedTemporaryFile(prefix="zoom-bench-") as file:
        file.truncate(1024 * MEGABYTE)
        message = {"to_contact": "alice@example.com", "msg": "Measured", "files": [file.name]}
        for where, in_process in (("in-process", True), ("as a module", False)):
            begun = time.perf_counter()
            peak = playbooks.peak_memory(
                {"teamchat.zoom.zoom_chat_message": message, "vars": {"zoom_chat_in_process": in_process}}
            )
            over = (peak - nothing) / MEGABYTE
            what = f"a file of 1 GB {where} ({time.perf_counter() - begun:.0f} s), memory over ansible.builtin.debug"
            figures.append(at_most(what, over, 80, "{:.0f} MB"))
    return figures


def _expect(held: bool, otherwise: str) -> None:
    """A figure of something that did not happen is none."""
    if not held:
        raise SystemExit(f"Not measured: {otherwise}.")


def _hosts(count: int) -> str:
    return "".join(f"host{number:03}," for number in range(count))


def _to_many_hosts(recipient: dict[str, str]) -> dict[str, t.Any]:
    return {
        "name": "Measure",
        "hosts": "all",
        "connection": "local",
        "gather_facts": False,
        "tasks": [
            {
                "name": "Send",
                "teamchat.zoom.zoom_chat_message": {**recipient, "msg": "{{ inventory_hostname }} is done"},
            }
        ],
    }


def _printed(figures: list[Figure]) -> list[Figure]:
    for figure in figures:
        print(figure, flush=True)
    return figures


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="how often each variant runs (default: 5)")
    options = parser.parse_args()
    figures: list[Figure] = []
    with running_sandbox() as sandbox:
        for measure in (message_cost, one_token, busy_channel, large_file):
            # A home of its own: no token and no send window is left from the measurement before.
            with tempfile.TemporaryDirectory(prefix="zoom-bench-") as home:
                figures += _printed(measure(Playbooks(sandbox, home, options.rounds), sandbox))
    figures += _printed(https_cost(options.rounds))
    figures += _printed(callback_cost(options.rounds))
    figures += _printed(callback_flood())
    figures += _printed(every_fault())
    write(figures)
    return 0 if all(figure.holds for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
