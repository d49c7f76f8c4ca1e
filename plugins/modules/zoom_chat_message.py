#!/usr/bin/python
# Copyright (c) 2026, teamchat.zoom contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module zoom_chat_message."""

from __future__ import annotations

DOCUMENTATION = r"""
module: zoom_chat_message
short_description: Send messages to Zoom Team Chat
version_added: 0.1.0
description:
  - Sends a message to a channel or a person in Zoom Team Chat, or replies in a thread.
  - Everything is checked before anything is sent, in check mode too.
author:
  - teamchat.zoom contributors (@teamchat-zoom)
extends_documentation_fragment:
  - teamchat.zoom.connection
  - teamchat.zoom.attributes
  - teamchat.zoom.attributes.actiongroup
attributes:
  check_mode:
    support: full
    details:
      - Nothing is sent. The result has the whole request, without its credentials.
      - RV(id) is V(00000000-0000-0000-0000-000000000000), which O(reply_main_message_id) accepts in check mode, so that
        a play whose later tasks build on the message can be checked as a whole.
  diff_mode:
    support: full
options:
  msg:
    description:
      - The text of the message. Line ends, emoji, quotes and C(&<>) arrive as they are.
      - Zoom's documentation allows 1024 characters.
      - Zoom's own name for it is C(message), which Ansible reserves.
    type: str
    required: true
  to_channel:
    description:
      - The id of a channel (or its JID), of which the sender must be a member.
      - The desktop client shows it in the channel's link. It is never guessed at and never altered.
      - Exactly one of O(to_channel) and O(to_contact) must be given.
    type: str
  to_contact:
    description:
      - The e-mail address, user id or member id of a person in the sender's contact list.
    type: str
  reply_main_message_id:
    description:
      - Reply in the thread of this message, which must be the first one of its thread.
      - Zoom takes about a second before a new message can be answered; a reply to one that the controller has just
        sent waits for that.
    type: str
    aliases: [reply_to]
  at_items:
    description:
      - Who is mentioned where, as Zoom's own objects. The text itself must hold the name.
      - Text that only looks like a mention, such as V(@all) from a variable, mentions nobody.
    type: list
    elements: dict
    suboptions:
      start_position:
        description:
          - Position of the C(@) in O(msg), from 0, counted in UTF-16 code units (most emoji count two).
        type: int
        required: true
      end_position:
        description:
          - Position of the last character of the mention; it belongs to the mention.
        type: int
        required: true
      at_type:
        description:
          - V(1) mentions a contact, V(2) everyone in the channel.
        type: int
        choices: [1, 2]
        required: true
      at_contact:
        description:
          - The e-mail address or member id of the contact. Required for O(at_items[].at_type=1).
        type: str
  body_format:
    description:
      - How the request travels.
      - A server that refuses C(multipart/form-data) as such has sent nothing; the same message then goes once more as
        JSON, and the state folder remembers it for that O(api_url).
    type: str
    choices: [multipart, json]
    default: multipart
seealso:
  - name: Zoom Team Chat API
    description: Zoom's own documentation of the endpoint.
    link: https://developers.zoom.us/docs/api/team-chat/
"""

EXAMPLES = r"""
- name: Tell a channel about the deployment
  teamchat.zoom.zoom_chat_message:
    to_channel: "{{ zoom_ops_channel }}"
    msg: Deployment of shop 4.2.0 has started
  delegate_to: localhost
  run_once: true
  register: notice

- name: Continue in the thread of that message
  teamchat.zoom.zoom_chat_message:
    to_channel: "{{ zoom_ops_channel }}"
    reply_to: "{{ notice.id }}"
    msg: |
      {{ ansible_play_hosts | length }} hosts are done
  delegate_to: localhost
  run_once: true

- name: Write to a person, with the credentials of a Server-to-Server OAuth app
  teamchat.zoom.zoom_chat_message:
    account_id: "{{ vault_zoom_account_id }}"
    client_id: "{{ vault_zoom_client_id }}"
    client_secret: "{{ vault_zoom_client_secret }}"
    user_id: deploy@example.com
    to_contact: alice@example.com
    msg: Your database copy is ready
  delegate_to: localhost
  run_once: true

- name: Mention a person
  teamchat.zoom.zoom_chat_message:
    to_channel: "{{ zoom_ops_channel }}"
    msg: "@Alice Chen please have a look at the backups"
    at_items:
      - start_position: 0
        end_position: 10
        at_type: 1
        at_contact: alice@example.com
  delegate_to: localhost
  run_once: true
"""

RETURN = r"""
id:
  description: The id of the message. In check mode it is V(00000000-0000-0000-0000-000000000000).
  returned: success
  type: str
  sample: EAB58B01-B35F-4F97-BA69-F9650F54679A
ids:
  description: The ids of all messages that the task sent, in order.
  returned: success
  type: list
  elements: str
  sample: [EAB58B01-B35F-4F97-BA69-F9650F54679A]
operation:
  description: What was done, in check mode what would be done.
  returned: success
  type: str
  sample: sent
message:
  description: The message as Zoom got it, under Zoom's own names.
  returned: success
  type: dict
  contains:
    message:
      description: The text.
      type: str
      returned: success
    to_channel:
      description: The channel.
      type: str
      returned: when sent to a channel
    to_contact:
      description: The person.
      type: str
      returned: when sent to a person
    reply_main_message_id:
      description: The message whose thread this is a reply in.
      type: str
      returned: when it is a reply
    at_items:
      description: The mentions.
      type: list
      elements: dict
      returned: when O(at_items) is given
  sample:
    message: Deployment of shop 4.2.0 has started
    to_channel: 825c9e31f1064c73b394c5e4557d3447
attempts:
  description: How many requests it took to send the message; V(0) in check mode.
  returned: success
  type: int
  sample: 1
tracking_id:
  description: Zoom's C(x-zm-trackingid) of the request, by which Zoom's support finds it.
  returned: success
  type: str
  sample: v=2.0;clid=us06;rid=WEB_0e5ed3b4
request:
  description: The request that would be sent. The credentials are not part of it.
  returned: in check mode
  type: dict
  contains:
    method:
      description: The HTTP method.
      type: str
      returned: in check mode
    url:
      description: The URL.
      type: str
      returned: in check mode
    body_format:
      description: V(multipart) or V(json).
      type: str
      returned: in check mode
    fields:
      description: The fields of the body. In multipart, lists are JSON strings.
      type: dict
      returned: in check mode
  sample:
    method: POST
    url: https://api.zoom.us/v2/chat/users/me/messages
    body_format: multipart
    fields:
      message: Deployment of shop 4.2.0 has started
      to_channel: 825c9e31f1064c73b394c5e4557d3447
ansible_facts:
  description: Facts about the message, so that a later play can build on it.
  returned: success
  type: dict
  contains:
    zoom_chat_message:
      description:
        - The last message of this host, with RV(id), RV(ids), C(user_id), and C(to_channel) or C(to_contact).
      type: dict
      returned: success
  sample:
    zoom_chat_message:
      id: EAB58B01-B35F-4F97-BA69-F9650F54679A
      ids: [EAB58B01-B35F-4F97-BA69-F9650F54679A]
      to_channel: 825c9e31f1064c73b394c5e4557d3447
      user_id: me
failure:
  description: Why the task failed, for playbooks that want to act on it.
  returned: failure
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

from ansible_collections.teamchat.zoom.plugins.module_utils._message import execute
from ansible_collections.teamchat.zoom.plugins.module_utils._module import Definition

DEFINITION = Definition(
    argument_spec={
        "msg": {"type": "str", "required": True},
        "to_channel": {"type": "str"},
        "to_contact": {"type": "str"},
        "reply_main_message_id": {"type": "str", "aliases": ["reply_to"]},
        "at_items": {
            "type": "list",
            "elements": "dict",
            "options": {
                "start_position": {"type": "int", "required": True},
                "end_position": {"type": "int", "required": True},
                "at_type": {"type": "int", "choices": [1, 2], "required": True},
                "at_contact": {"type": "str"},
            },
        },
        "body_format": {"type": "str", "choices": ["multipart", "json"], "default": "multipart"},
    },
    constraints={
        "mutually_exclusive": [("to_channel", "to_contact")],
        "required_one_of": [("to_channel", "to_contact")],
    },
    execute=execute,
)


def main() -> None:
    DEFINITION.main()


if __name__ == "__main__":
    main()
