# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Becomes no one else but changes the home folder, so that tests need neither sudo nor a second user."""

from __future__ import annotations

import shlex
import typing as t

from ansible.plugins.become import BecomeBase

DOCUMENTATION = """
name: disguise
short_description: Another home folder
description:
  - Runs the command as the same user, with O(become_user) as the name and E(BECOME_HOME) as the home folder.
options:
  become_user:
    description: Whom Ansible takes it for.
    default: root
    vars:
      - name: ansible_become_user
    keyword:
      - name: become_user
  become_exe:
    description: Not used.
    default: ''
  become_flags:
    description: Not used.
    default: ''
  become_pass:
    description: Not used.
    required: false
"""


class BecomeModule(BecomeBase):  # type: ignore[misc]  # ansible-core is not typed
    """See the module's docstring."""

    name = "disguise"

    def build_become_command(self, cmd: str, shell: t.Any) -> str:
        super().build_become_command(cmd, shell)
        # The path of the home folder comes from the environment of ansible-playbook, which the shell inherits.
        inner = f'HOME="$BECOME_HOME"; export HOME; eval {self._build_success_command(cmd, shell, noexe=True)}'
        return f"/bin/sh -c {shlex.quote(inner)}"
