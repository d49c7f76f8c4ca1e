#!/usr/bin/python
# Copyright (c) 2026, teamchat.zoom contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module zoom_chat_message_info."""

from __future__ import annotations

DOCUMENTATION = r"""
module: zoom_chat_message_info
short_description: Read messages of Zoom Team Chat
version_added: 1.0.0
description:
  - Reads one message, the messages of a span of time, those that contain a text, or a thread with its replies.
  - Zoom gives messages of the last six months.
  - In check mode, a message that M(teamchat.zoom.zoom_chat_message) did not send because of it is none, and no error.
author:
  - teamchat.zoom contributors (@teamchat-zoom)
extends_documentation_fragment:
  - teamchat.zoom.connection
  - teamchat.zoom.attributes
  - teamchat.zoom.attributes.actiongroup
  - teamchat.zoom.attributes.info
options:
  to_channel:
    description:
      - The id of a channel of which the user is a member.
      - Exactly one of O(to_channel), O(to_channel_name) and O(to_contact) must be given.
    type: str
  to_channel_name:
    description:
      - The exact name of a channel of which the user is a member.
    type: str
  to_contact:
    description:
      - The e-mail address, user id or member id of the person with whom the conversation is.
    type: str
  message_id:
    description:
      - Read this message. A message that does not exist is no error, but an empty RV(messages).
      - Excludes O(thread), O(until) and O(search). O(since) has no effect then.
    type: str
  thread:
    description:
      - Read the thread of this message, which must be its first. The main message comes first, then the replies.
      - Excludes O(message_id), O(until) and O(search). O(since) has no effect then.
    type: str
  since:
    description:
      - From when on, as a duration before now such as V(30m), V(12h), V(7d) or V(2w), or as an ISO-8601 time with a zone.
    type: str
    default: 24h
  until:
    description:
      - Until when, in the same forms. The default is now.
    type: str
  search:
    description:
      - Only messages that contain this text, as Zoom searches it; 256 characters at most.
    type: str
  limit:
    description:
      - The most messages to return. Without it all are returned.
    type: int
seealso:
  - module: teamchat.zoom.zoom_chat_message
  - module: teamchat.zoom.zoom_chat_channel_info
"""

EXAMPLES = r"""
- name: Read what was said in the channel since yesterday
  teamchat.zoom.zoom_chat_message_info:
    to_channel: "{{ zoom_ops_channel }}"
    since: 24h
  register: today
  delegate_to: localhost
  run_once: true

- name: Find the latest notice about the backups
  teamchat.zoom.zoom_chat_message_info:
    to_channel_name: ops
    search: backup
    since: 7d
    limit: 1
  register: backup
  delegate_to: localhost
  run_once: true

- name: Read what was said with a person the day before yesterday
  teamchat.zoom.zoom_chat_message_info:
    to_contact: alice@example.com
    since: 3d
    until: 2d
  register: earlier
  delegate_to: localhost
  run_once: true

- name: Read a thread with its replies
  teamchat.zoom.zoom_chat_message_info:
    to_channel: "{{ zoom_ops_channel }}"
    thread: "{{ notice.id }}"
  register: discussion
  delegate_to: localhost
  run_once: true

- name: Read one message
  teamchat.zoom.zoom_chat_message_info:
    to_channel: "{{ zoom_ops_channel }}"
    message_id: "{{ notice.id }}"
  register: one
  delegate_to: localhost
  run_once: true
"""

RETURN = r"""
messages:
  description:
    - The messages, newest first; of a thread the main message first, then the replies, oldest first.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: The id of the message.
      type: str
      returned: success
    message:
      description: The text.
      type: str
      returned: success
    message_type:
      description: Zoom's word for the kind of message.
      type: str
      returned: success
    date_time:
      description: When it was sent, ISO-8601 in UTC.
      type: str
      returned: success
    timestamp:
      description: The same in milliseconds since the epoch.
      type: int
      returned: success
    sender:
      description: The sender's e-mail address; Zoom leaves it empty for people outside of the account.
      type: str
      returned: success
    sender_member_id:
      description: The sender's member id.
      type: str
      returned: success
    sender_display_name:
      description: The sender's name.
      type: str
      returned: success
    reply_main_message_id:
      description: The first message of the thread that this is a reply in; null for a main message.
      type: str
      returned: success
    at_items:
      description: The mentions, as Zoom's objects.
      type: list
      elements: dict
      returned: success
    rich_text:
      description: The formatting, as Zoom's objects.
      type: list
      elements: dict
      returned: success
    files:
      description: The files, each with C(file_id), C(file_name), C(file_size) and C(download_url).
      type: list
      elements: dict
      returned: success
    reactions:
      description: The reactions, as Zoom's objects.
      type: list
      elements: dict
      returned: success
  sample:
    - id: EAB58B01-B35F-4F97-BA69-F9650F54679A
      message: Deployment of shop 4.2.0 has started
      message_type: plain_text_message
      date_time: "2026-03-01T09:00:00Z"
      timestamp: 1772355600000
      sender: deploy@example.com
      sender_member_id: q8Xn2tRkS0yV5cPzL1mBdw
      sender_display_name: Deploy Bot
      reply_main_message_id:
      at_items: []
      rich_text: []
      files: []
      reactions: []
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

from ansible_collections.teamchat.zoom.plugins.module_utils._info import message_info
from ansible_collections.teamchat.zoom.plugins.module_utils._module import Definition

DEFINITION = Definition(
    argument_spec={
        "to_channel": {"type": "str"},
        "to_channel_name": {"type": "str"},
        "to_contact": {"type": "str"},
        "message_id": {"type": "str"},
        "thread": {"type": "str"},
        "since": {"type": "str", "default": "24h"},
        "until": {"type": "str"},
        "search": {"type": "str"},
        "limit": {"type": "int"},
    },
    constraints={
        "mutually_exclusive": [
            ("to_channel", "to_contact", "to_channel_name"),
            ("message_id", "thread", "until"),
            ("message_id", "thread", "search"),
        ],
        "required_one_of": [("to_channel", "to_contact", "to_channel_name")],
    },
    execute=message_info,
)


def main() -> None:
    DEFINITION.main()


if __name__ == "__main__":
    main()
