# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A connection to this machine that Ansible takes for one to another."""

from __future__ import annotations

from ansible.plugins.connection.local import Connection as LocalConnection

DOCUMENTATION = """
name: faraway
short_description: This machine as if it were another
description:
  - Works as the local connection does, under another name.
extends_documentation_fragment:
  - connection_pipelining
options:
  become_success_timeout:
    description: As for the local connection.
    type: int
    default: 10
  become_strip_preamble:
    description: As for the local connection.
    type: bool
    default: true
"""


class Connection(LocalConnection):  # type: ignore[misc]  # ansible-core is not typed
    """See the module's docstring."""

    transport = "faraway"
