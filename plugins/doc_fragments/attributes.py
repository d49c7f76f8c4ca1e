# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What all modules of this collection can do."""

from __future__ import annotations


class ModuleDocFragment:
    """The attributes that Ansible's documentation knows."""

    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    description: Can run in C(check_mode) and say what would change, without changing anything in Zoom.
  diff_mode:
    description: Returns what changed, or would change, when in diff mode.
  action:
    description: Has an action plugin, so that some of it runs on the controller.
    support: full
    details:
      - With a local connection, and neither C(become), C(async) nor a task C(environment), the task runs inside
        Ansible's own process, which takes milliseconds. The variable C(zoom_chat_in_process=false) switches that off.
      - In every other case the module runs on the target, with the same result.
  async:
    description: Supports being used with the C(async) keyword.
    support: full
  platform:
    description: Target OS families that can be operated against.
    support: full
    platforms: posix
"""

    INFO = r"""
options: {}
attributes:
  check_mode:
    support: full
    details:
      - It only reads, in check mode as well.
  diff_mode:
    support: N/A
    details:
      - It changes nothing.
"""

    ACTIONGROUP = r"""
options: {}
attributes:
  action_group:
    description: Use C(group/teamchat.zoom.zoom) in C(module_defaults) to set the connection options once.
    support: full
    membership:
      - teamchat.zoom.zoom
"""
