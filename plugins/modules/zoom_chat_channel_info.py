#!/usr/bin/python
# Copyright (c) 2026, teamchat.zoom contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module zoom_chat_channel_info."""

from __future__ import annotations

DOCUMENTATION = r"""
module: zoom_chat_channel_info
short_description: Read channels of Zoom Team Chat
version_added: 1.0.0
description:
  - Reads the channels that a user is a member of; all of them, those of an exact name, or one by its id.
author:
  - teamchat.zoom contributors (@teamchat-zoom)
extends_documentation_fragment:
  - teamchat.zoom.connection
  - teamchat.zoom.attributes
  - teamchat.zoom.attributes.actiongroup
  - teamchat.zoom.attributes.info
options:
  channel_id:
    description:
      - Read this channel. One that does not exist for the user is no error, but an empty RV(channels).
      - Excludes O(name).
    type: str
  name:
    description:
      - Read the channels of exactly this name.
    type: str
  limit:
    description:
      - The most channels to return. Without it all are returned.
    type: int
seealso:
  - module: teamchat.zoom.zoom_chat_message
  - module: teamchat.zoom.zoom_chat_message_info
"""

EXAMPLES = r"""
- name: Find the id of a channel
  teamchat.zoom.zoom_chat_channel_info:
    name: ops
  register: ops
  delegate_to: localhost
  run_once: true

- name: Show it
  ansible.builtin.debug:
    msg: "{{ ops.channels | map(attribute='id') | join(', ') }}"
  run_once: true

- name: List all channels of the user
  teamchat.zoom.zoom_chat_channel_info:
  register: all_channels
  delegate_to: localhost
  run_once: true

- name: Read one channel
  teamchat.zoom.zoom_chat_channel_info:
    channel_id: "{{ zoom_ops_channel }}"
  register: one
  delegate_to: localhost
  run_once: true
"""

RETURN = r"""
channels:
  description: The channels.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: The id, which C(to_channel) takes.
      type: str
      returned: success
    jid:
      description: The JID.
      type: str
      returned: success
    name:
      description: The name.
      type: str
      returned: success
    type:
      description: Zoom's number for the kind of channel.
      type: int
      returned: success
    channel_url:
      description: The link to the channel.
      type: str
      returned: success
    channel_settings:
      description: Zoom's settings of the channel, such as C(posting_permissions).
      type: dict
      returned: success
  sample:
    - id: 825c9e31f1064c73b394c5e4557d3447
      jid: 825c9e31f1064c73b394c5e4557d3447@conference.xmpp.zoom.us
      name: ops
      type: 1
      channel_url: https://zoom.us/launch/chat?src=direct_chat_link
      channel_settings:
        posting_permissions: 1
failure:
  description: Why the task failed, for playbooks that want to act on it.
  returned: failure, except for options that Ansible itself refuses
  type: dict
  contains:
    reason:
      description:
        - One of V(authentication), V(permission), V(not_found), V(invalid), V(rate_limited), V(service), V(network) and
          V(unconfirmed).
        - With V(unconfirmed) the message may have been sent, and it could not be found out.
      type: str
      returned: failure
    status:
      description: The HTTP status of Zoom's answer; null where there was none.
      type: int
      returned: failure
    code:
      description: Zoom's error code; null where there was none.
      type: int
      returned: failure
    message:
      description: Zoom's own words; null where there were none.
      type: str
      returned: failure
    errors:
      description: The fields that Zoom's validation names, each with C(field) and C(message).
      type: list
      elements: dict
      returned: failure
    tracking_id:
      description: Zoom's C(x-zm-trackingid) of the request; null where there was none.
      type: str
      returned: failure
    retry_after:
      description: Seconds after which it makes sense to try again; null where that is not known.
      type: float
      returned: failure
    hint:
      description: What to do about it; null where there is nothing to say.
      type: str
      returned: failure
  sample:
    reason: not_found
    status: 404
    code: 4130
    message: "Channel does not exist: 825c9e31f1064c73b394c5e4557d3447."
    errors: []
    tracking_id: v=2.0;clid=us06;rid=WEB_0e5ed3b4
    retry_after:
    hint: Check the id (Team Chat shows it in the channel's link), and that the user named by user_id is a member.
"""

from ansible_collections.teamchat.zoom.plugins.module_utils._info import channel_info
from ansible_collections.teamchat.zoom.plugins.module_utils._module import Definition

DEFINITION = Definition(
    argument_spec={
        "channel_id": {"type": "str"},
        "name": {"type": "str"},
        "limit": {"type": "int"},
    },
    constraints={"mutually_exclusive": [("channel_id", "name")]},
    execute=channel_info,
)


def main() -> None:
    DEFINITION.main()


if __name__ == "__main__":
    main()
