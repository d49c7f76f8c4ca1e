# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A connection that fails at once, or as long as a file does not exist."""

from __future__ import annotations

import os

from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.connection.local import Connection as LocalConnection

DOCUMENTATION = """
name: unreachable
short_description: A host that cannot be reached
description:
  - Becomes the local connection once the file that E(REACHABLE_FILE) names is there.
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

    transport = "unreachable"

    def _connect(self) -> Connection:
        if not os.path.exists(os.environ.get("REACHABLE_FILE", "")):
            raise AnsibleConnectionFailure("No route to host")
        super()._connect()
        return self
