# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sandbox's command line: ``python -m tests.sandbox --help``."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shlex
import signal
import subprocess
import sys
import threading
import typing as t

from . import running

# The shell's own ways into Zoom, which a command would take besides the sandbox's or instead of it.
_NOT_PASSED_ON = ("ZOOM_ACCESS_TOKEN", "ZOOM_CHAT_WEBHOOK_URL", "ZOOM_CHAT_WEBHOOK_TOKEN", "ZOOM_CHAT_WEBHOOK_SECRET")


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    try:
        return t.cast("int", options.action(options))
    except (OSError, ValueError) as error:
        print(f"sandbox: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.sandbox",
        description="A Zoom Team Chat on this machine, with a page to look at.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    serve = commands.add_parser("serve", help="serve until SIGTERM or Ctrl-C")
    serve.set_defaults(action=_serve)
    run = commands.add_parser(
        "run",
        help="serve while a command runs",
        description="Serve while a command runs, with the environment that makes the collection's modules "
        "talk to the sandbox; exits with the command's exit code.",
    )
    run.set_defaults(action=_run)
    for command in (serve, run):
        command.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
        command.add_argument("--port", type=int, default=0, help="port of API, OAuth and page (a free one)")
        command.add_argument("--files-port", type=int, default=0, help="port of the file host (a free one)")
        command.add_argument("--tls", action="store_true", help="speak TLS, with a certificate authority of its own")
        command.add_argument(
            "--settings", type=json.loads, default={}, metavar="JSON", help="as for PATCH /_sandbox/settings"
        )
        command.add_argument(
            "--ready-file",
            metavar="FILE",
            help="written once connections are accepted: JSON with URLs and pid",
        )
    run.add_argument("--show", action="store_true", help="print what arrived, once the command has ended")
    run.add_argument("command", nargs=argparse.REMAINDER, metavar="-- COMMAND")
    transcript = commands.add_parser("transcript", help="print what arrived")
    transcript.set_defaults(action=_transcript)
    transcript.add_argument("--url", required=True, help="the sandbox's URL")
    transcript.add_argument("--ca-path", help="the certificate authority of a sandbox with --tls")
    return parser


@contextlib.contextmanager
def _running(options: argparse.Namespace) -> t.Iterator[running.Sandbox]:
    with running.running_sandbox(
        host=options.host,
        port=options.port,
        files_port=options.files_port,
        tls=options.tls,
        **options.settings,
    ) as sandbox:
        if options.ready_file:
            _write_ready_file(options.ready_file, sandbox)
        yield sandbox


def _write_ready_file(path: str, sandbox: running.Sandbox) -> None:
    """Write the file whole or not at all: whoever waits for it reads it at once."""
    ready = {
        "url": sandbox.url,
        "api_url": sandbox.api_url,
        "oauth_url": sandbox.oauth_url,
        "files_url": sandbox.files_url,
        "webhook_url": sandbox.webhook_url,
        "ca_path": sandbox.ca_path,
        "pid": os.getpid(),
    }
    with open(f"{path}.new", "w", encoding="utf-8") as file:
        json.dump(ready, file)
    os.replace(f"{path}.new", path)


def _serve(options: argparse.Namespace) -> int:
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with _running(options) as sandbox:
        print(
            f"Zoom Team Chat sandbox: page {sandbox.url}/  API {sandbox.api_url}  OAuth {sandbox.oauth_url}  "
            f"files {sandbox.files_url}",
        )
        # For another shell, whose commands then find their way here.
        variables = " ".join(f"{name}={shlex.quote(value)}" for name, value in sandbox.environment().items())
        print(f"export {variables}", flush=True)
        stop.wait()
    return 0


def _run(options: argparse.Namespace) -> int:
    command = options.command[1:] if options.command[:1] == ["--"] else options.command
    if not command:
        raise ValueError("run needs a command: run [options] -- COMMAND ...")
    with _running(options) as sandbox:
        own = {name: value for name, value in os.environ.items() if name not in _NOT_PASSED_ON}
        with subprocess.Popen(command, env={**own, **sandbox.environment()}) as process:
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, lambda sent, _frame: process.send_signal(sent))
            code = process.wait()
        if options.show:
            print(f"\nWhat arrived in Zoom Team Chat:\n\n{sandbox.transcript()}", flush=True)
    return code if code >= 0 else 128 - code


def _transcript(options: argparse.Namespace) -> int:
    sandbox = running.Sandbox(options.url, options.ca_path)
    print(sandbox.transcript(), end="")
    sandbox.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
