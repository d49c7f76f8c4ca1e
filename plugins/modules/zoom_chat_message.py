#!/usr/bin/python
# Copyright (c) 2026, teamchat.zoom contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module zoom_chat_message."""

from __future__ import annotations

DOCUMENTATION = r"""
module: zoom_chat_message
short_description: Send, edit and delete messages in Zoom Team Chat
version_added: 1.0.0
description:
  - Sends a message to a channel or a person in Zoom Team Chat, or replies in a thread, with mentions, formatting and files.
  - Edits and deletes messages, and changes nothing where nothing has to be changed.
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
      - Nothing is sent, edited, deleted or uploaded. Where the present state decides, it is read.
      - The result has the whole request, without its credentials.
      - RV(id) of a message that was not sent is V(00000000-0000-0000-0000-000000000000), which O(reply_main_message_id) and
        O(message_id) accept in check mode, so that a play whose later tasks build on the message can be checked as a whole.
  diff_mode:
    support: full
options:
  msg:
    description:
      - The text of the message. Line ends, emoji, quotes and C(&<>) arrive as they are; a list or a dictionary is sent as
        JSON.
      - Required, except to send O(files) alone, and with O(state=absent).
      - Zoom's own name for it is C(message), which Ansible reserves.
    type: str
  to_channel:
    description:
      - The id of a channel (or its JID), of which the sender must be a member.
      - The desktop client shows it in the channel's link. It is never guessed at and never altered.
      - Exactly one of O(to_channel), O(to_channel_name) and O(to_contact) must be given.
    type: str
  to_channel_name:
    description:
      - The exact name of a channel of which the sender is a member. It is looked up; none or several channels of that name
        are an error that lists the candidates.
      - The answer is remembered in the state folder for five minutes.
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
  mentions:
    description:
      - Who is mentioned. The text itself must hold the name; its position is worked out.
      - Text that only looks like a mention, such as V(@all) from a variable, mentions nobody.
      - Excludes O(at_items).
    type: list
    elements: dict
    suboptions:
      text:
        description:
          - The mention as it stands in O(msg), beginning with V(@). Its first occurrence counts; listed again, the next one.
          - V(@all) without O(mentions[].contact) mentions everyone in the channel.
        type: str
        required: true
      contact:
        description:
          - The e-mail address or member id of the person.
        type: str
  at_items:
    description:
      - Who is mentioned where, as Zoom's own objects. O(mentions) is the same for people.
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
  markup:
    description:
      - With V(markdown) the text is CommonMark, and arrives formatted. Bold, italic, strikethrough, links, headings, lists and
        quotes become Zoom's formatting; code and tables become readable text, for which Zoom has no formatting.
      - V(markdown) needs the Python library C(markdown-it-py) where the task runs.
    type: str
    choices: [plain, markdown]
    default: plain
  files:
    description:
      - Files to send, byte for byte. Each is a path, or a dictionary with C(path) or C(content), and C(name).
      - A relative path is looked for as M(ansible.builtin.copy) does, in the C(files) folders of role and play, on the
        controller.
      - C(name) is the name that the file gets in Zoom, by default that of the path. C(content) is text.
      - With O(msg) the files, six at most with 1 GB each, are attached to the one message. When one cannot be uploaded, nothing
        is posted and what was uploaded is taken back.
      - Without O(msg) each file is a message of its own, with at most 20 MB, an image at most 16 MB.
      - With O(message_id) the message gets these files in place of those that it has. Zoom does not allow it to add files to
        a message that was sent without.
      - Files that a message has are compared by name and size; Zoom tells no more of them. Give what differs in nothing
        else another name.
    type: list
    elements: raw
  interactive_cards:
    description:
      - Cards of Zoom's own format, five at most, as dictionaries or JSON strings. They must belong to the app whose
        credentials are used.
    type: list
    elements: raw
  scheduled_time:
    description:
      - Let Zoom send the message later, an ISO-8601 time with a zone, more than 30 minutes and at most 180 days ahead.
      - RV(id) is then that of a draft, which can be neither edited nor deleted with this module.
    type: str
  state:
    description:
      - V(present) sends a message, or with O(message_id) edits one. V(absent) deletes the message O(message_id).
    type: str
    choices: [present, absent]
    default: present
  message_id:
    description:
      - The message to edit or delete. Zoom lets its sender do that and nobody else.
      - An edit compares what stands there with O(msg), O(files) and O(interactive_cards), and changes only what differs.
        Zoom cannot change the formatting and the mentions of a message; what it had of these may be lost when the text
        changes.
      - O(markup) other than V(plain), O(mentions), O(at_items), O(reply_main_message_id), O(scheduled_time) and
        O(unique_within) are for new messages only.
    type: str
  unique_within:
    description:
      - Send nothing when the same message of the sender stands in that conversation, or thread, since so many seconds,
        at most 180 days of them.
        RV(id) is then the one that stands there. With O(scheduled_time) it is one that is scheduled for that time.
      - The same is what has the same text, thread, files by name and size, and O(interactive_cards), which Zoom does not
        tell of what is scheduled. Formatting and mentions are not compared.
      - A re-run of a playbook does not post again, and completes a long message that was interrupted.
      - Zoom shows a new message after about a second, so tasks that run at the same time, as for many hosts, do not see
        each other's. Use C(run_once) for those.
      - The sender is compared where O(user_id) is an e-mail address. Otherwise the same text of anyone counts.
    type: float
  max_length:
    description:
      - How long one message may be, counted in UTF-16 code units; at least V(16). Zoom's documentation allows 1024.
    type: int
    default: 1024
  long_message:
    description:
      - What happens to a text longer than O(max_length).
      - V(split) sends the rest as replies in the same thread, cut at the ends of lines, then of words.
      - V(truncate) cuts the text and puts V(…) at its end. V(fail) sends nothing.
    type: str
    choices: [split, truncate, fail]
    default: split
  body_format:
    description:
      - How the request travels.
      - A server that refuses C(multipart/form-data) as such has sent nothing; the same message then goes once more as
        JSON, and the state folder remembers it for that O(api_url).
      - What multipart cannot carry, such as formatting and attached files, always goes as JSON.
    type: str
    choices: [multipart, json]
    default: multipart
seealso:
  - module: teamchat.zoom.zoom_chat_message_info
  - module: teamchat.zoom.zoom_chat_channel_info
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

- name: Edit the first message
  teamchat.zoom.zoom_chat_message:
    to_channel: "{{ zoom_ops_channel }}"
    message_id: "{{ notice.id }}"
    msg: Deployment of shop 4.2.0 is done
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

- name: Mention a person and everyone, in a channel that is found by its name
  teamchat.zoom.zoom_chat_message:
    to_channel_name: ops
    msg: "@all the backups have failed, @Alice Adams has a look"
    mentions:
      - text: "@all"
      - text: "@Alice Adams"
        contact: alice@example.com
  delegate_to: localhost
  run_once: true

- name: Mention a person by position, as Zoom's API does
  teamchat.zoom.zoom_chat_message:
    to_channel: "{{ zoom_ops_channel }}"
    msg: "@Alice Adams please have a look at the backups"
    at_items:
      - start_position: 0
        end_position: 11
        at_type: 1
        at_contact: alice@example.com
  delegate_to: localhost
  run_once: true

- name: Send formatted text
  teamchat.zoom.zoom_chat_message:
    to_channel: "{{ zoom_ops_channel }}"
    markup: markdown
    msg: |
      # Release 4.2.0
      The new checkout is **live**, see the [dashboard](https://grafana.example.com/d/shop).

      - payments by instalments
      - invoices as PDF
  delegate_to: localhost
  run_once: true

- name: Attach the log and a short note
  teamchat.zoom.zoom_chat_message:
    to_channel: "{{ zoom_ops_channel }}"
    msg: What the deployment did
    files:
      - path: deploy.log
        name: deploy {{ ansible_play_name }}.log
      - content: "{{ ansible_play_hosts | to_nice_yaml }}"
        name: hosts.yml
  delegate_to: localhost
  run_once: true

- name: Post once an hour at most, however often the playbook runs
  teamchat.zoom.zoom_chat_message:
    to_channel: "{{ zoom_ops_channel }}"
    msg: The disk of db01 is nearly full
    unique_within: 3600
  delegate_to: localhost
  run_once: true

- name: Announce maintenance, to be sent in two hours
  teamchat.zoom.zoom_chat_message:
    to_channel: "{{ zoom_ops_channel }}"
    msg: Maintenance begins now
    scheduled_time: "{{ '%Y-%m-%dT%H:%M:%SZ' | ansible.builtin.strftime(now().timestamp() + 7200, utc=true) }}"
  delegate_to: localhost
  run_once: true

- name: Send the beginning of a long output, and no more
  teamchat.zoom.zoom_chat_message:
    to_channel: "{{ zoom_ops_channel }}"
    msg: "{{ lookup('ansible.builtin.pipe', 'seq 1 2000') }}"
    long_message: truncate
  delegate_to: localhost
  run_once: true

- name: Delete the message
  teamchat.zoom.zoom_chat_message:
    to_channel: "{{ zoom_ops_channel }}"
    message_id: "{{ notice.id }}"
    state: absent
  delegate_to: localhost
  run_once: true
"""

RETURN = r"""
id:
  description:
    - The id of the message; of several, the first. In check mode it is V(00000000-0000-0000-0000-000000000000) for a
      message that was not sent.
  returned: success
  type: str
  sample: EAB58B01-B35F-4F97-BA69-F9650F54679A
ids:
  description:
    - The ids of all messages of the task, in order. When a task fails half-way, those that were sent before.
  returned: always, except for options that Ansible itself refuses
  type: list
  elements: str
  sample: [EAB58B01-B35F-4F97-BA69-F9650F54679A]
operation:
  description:
    - What was done, in check mode what would be done, one of V(sent), V(edited), V(deleted), V(scheduled) and V(unchanged).
  returned: success
  type: str
  sample: sent
message:
  description: The first message as Zoom got it, under Zoom's own names.
  returned: success
  type: dict
  contains:
    message:
      description: The text.
      type: str
      returned: when it has one
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
      returned: when there are mentions
    rich_text:
      description: The formatting.
      type: list
      elements: dict
      returned: when there is formatting
    file_ids:
      description: The ids of the files, as they were uploaded.
      type: list
      elements: str
      returned: when files were uploaded with it
    interactive_cards:
      description: The cards, each with its JSON in C(card_json).
      type: list
      elements: dict
      returned: when it is a new message with cards
    scheduled_time:
      description: When Zoom is to send it.
      type: str
      returned: when it is scheduled
  sample:
    message: Deployment of shop 4.2.0 has started
    to_channel: 825c9e31f1064c73b394c5e4557d3447
messages:
  description: All messages of the task in order, each like RV(message).
  returned: success
  type: list
  elements: dict
files:
  description: The files.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: The name in Zoom.
      type: str
      returned: success
    size:
      description: The size in bytes.
      type: int
      returned: success
    sha256:
      description: The SHA-256 hash of the bytes.
      type: str
      returned: success
  sample: []
attempts:
  description: How many requests it took to change what was changed in Zoom; V(0) when nothing was, as in check mode.
  returned: success
  type: int
  sample: 1
tracking_id:
  description: Zoom's C(x-zm-trackingid) of the last request, by which Zoom's support finds it.
  returned: success
  type: str
  sample: v=2.0;clid=us06;rid=WEB_0e5ed3b4
request:
  description: The first request that would be sent. The credentials are not part of it.
  returned: in check mode, when something would change
  type: dict
  contains:
    method:
      description: The HTTP method.
      type: str
      returned: success
    url:
      description: The URL.
      type: str
      returned: success
    body_format:
      description: V(multipart) or V(json); null where there is no body.
      type: str
      returned: success
    fields:
      description: The fields of the body, or of the query. In multipart, lists are JSON strings.
      type: dict
      returned: success
  sample:
    method: POST
    url: https://api.zoom.us/v2/chat/users/me/messages
    body_format: multipart
    fields:
      message: Deployment of shop 4.2.0 has started
      to_channel: 825c9e31f1064c73b394c5e4557d3447
requests:
  description: All requests that would be sent, each like RV(request).
  returned: in check mode, when something would be sent
  type: list
  elements: dict
ansible_facts:
  description: Facts about the message, so that a later play can build on it.
  returned: success, except when a message was deleted
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

from ansible_collections.teamchat.zoom.plugins.module_utils._message import execute
from ansible_collections.teamchat.zoom.plugins.module_utils._module import Definition

DEFINITION = Definition(
    argument_spec={
        "msg": {"type": "str"},
        "to_channel": {"type": "str"},
        "to_channel_name": {"type": "str"},
        "to_contact": {"type": "str"},
        "reply_main_message_id": {"type": "str", "aliases": ["reply_to"]},
        "mentions": {
            "type": "list",
            "elements": "dict",
            "options": {"text": {"type": "str", "required": True}, "contact": {"type": "str"}},
        },
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
        "markup": {"type": "str", "choices": ["plain", "markdown"], "default": "plain"},
        "files": {"type": "list", "elements": "raw"},
        "interactive_cards": {"type": "list", "elements": "raw"},
        "scheduled_time": {"type": "str"},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "message_id": {"type": "str"},
        "unique_within": {"type": "float"},
        "max_length": {"type": "int", "default": 1024},
        "long_message": {"type": "str", "choices": ["split", "truncate", "fail"], "default": "split"},
        "body_format": {"type": "str", "choices": ["multipart", "json"], "default": "multipart"},
    },
    constraints={
        "mutually_exclusive": [("to_channel", "to_contact", "to_channel_name"), ("at_items", "mentions")],
        "required_one_of": [("to_channel", "to_contact", "to_channel_name")],
        "required_if": [("state", "absent", ("message_id",))],
    },
    execute=execute,
)


def main() -> None:
    DEFINITION.main()


if __name__ == "__main__":
    main()
