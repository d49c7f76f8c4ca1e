# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The connection options as the callback has them: from the environment and the ini file."""

from __future__ import annotations


class ModuleDocFragment:
    """The same options as in `connection.py`."""

    DOCUMENTATION = r"""
options:
  access_token:
    description:
      - A ready OAuth access token.
      - Excludes O(account_id), O(client_id) and O(client_secret). Where one kind of credentials comes from the
        environment and the other from the ini file, the environment counts.
    type: str
    env:
      - name: ZOOM_ACCESS_TOKEN
    ini:
      - section: callback_zoom_chat
        key: access_token
  account_id:
    description:
      - The account id of a Server-to-Server OAuth app. Needs O(client_id) and O(client_secret) too.
    type: str
    env:
      - name: ZOOM_ACCOUNT_ID
    ini:
      - section: callback_zoom_chat
        key: account_id
  client_id:
    description:
      - The client id of a Server-to-Server OAuth app.
    type: str
    env:
      - name: ZOOM_CLIENT_ID
    ini:
      - section: callback_zoom_chat
        key: client_id
  client_secret:
    description:
      - The client secret of a Server-to-Server OAuth app. Keep it in the environment rather than in a file.
    type: str
    env:
      - name: ZOOM_CLIENT_SECRET
    ini:
      - section: callback_zoom_chat
        key: client_secret
  user_id:
    description:
      - On whose behalf to write, a Zoom user id or an e-mail address. V(me) is the user whom the token belongs to.
      - Name the user when you use Server-to-Server OAuth.
    type: str
    default: me
    env:
      - name: ZOOM_USER_ID
    ini:
      - section: callback_zoom_chat
        key: user_id
  api_url:
    description:
      - The base of Zoom's API. Zoom for Government is at V(https://api.zoomgov.com/v2).
    type: str
    default: https://api.zoom.us/v2
    env:
      - name: ZOOM_API_URL
    ini:
      - section: callback_zoom_chat
        key: api_url
  oauth_url:
    description:
      - Where tokens are fetched. Zoom for Government is at V(https://zoomgov.com/oauth/token).
    type: str
    default: https://zoom.us/oauth/token
    env:
      - name: ZOOM_OAUTH_URL
    ini:
      - section: callback_zoom_chat
        key: oauth_url
  files_url:
    description:
      - Where files are sent to.
    type: str
    default: https://file.zoom.us/v2
    env:
      - name: ZOOM_FILES_URL
    ini:
      - section: callback_zoom_chat
        key: files_url
  timeout:
    description:
      - The most seconds to wait for a connection, and between two pieces of an answer.
    type: float
    default: 10.0
    env:
      - name: ZOOM_CHAT_TIMEOUT
    ini:
      - section: callback_zoom_chat
        key: timeout
  max_wait:
    description:
      - The most seconds that one message waits for rate limits and retries. After the playbook has ended
        O(flush_timeout) is the limit.
    type: float
    default: 120.0
    env:
      - name: ZOOM_CHAT_MAX_WAIT
    ini:
      - section: callback_zoom_chat
        key: max_wait
  validate_certs:
    description:
      - Whether to check Zoom's TLS certificate. Switch it off for tests only. The callback then warns.
    type: bool
    default: true
    env:
      - name: ZOOM_CHAT_VALIDATE_CERTS
    ini:
      - section: callback_zoom_chat
        key: validate_certs
  ca_path:
    description:
      - A file or folder with the certificate authorities to trust, instead of those that C(requests) brings.
    type: str
    env:
      - name: ZOOM_CHAT_CA_PATH
    ini:
      - section: callback_zoom_chat
        key: ca_path
  proxy:
    description:
      - The URL of a proxy; C(http), C(https) or, with the Python library PySocks, C(socks5) and C(socks5h). It may hold
        a user name and password.
      - Without it the usual variables E(HTTPS_PROXY), E(HTTP_PROXY) and E(NO_PROXY) count.
    type: str
    env:
      - name: ZOOM_CHAT_PROXY
    ini:
      - section: callback_zoom_chat
        key: proxy
  state_dir:
    description:
      - The folder in which the controller keeps tokens, the send windows of channels, and summaries that could not be
        delivered yet. It is readable by its owner alone.
      - The default is the folder C(zoom_chat) in Ansible's own, usually C(~/.ansible/zoom_chat), which E(ANSIBLE_HOME)
        moves. An empty text keeps nothing.
    type: str
    env:
      - name: ZOOM_CHAT_STATE_DIR
    ini:
      - section: callback_zoom_chat
        key: state_dir
notes:
  - Keep secrets in the environment. What stands in C(ansible.cfg) is readable by everyone who can read the file.
  - An option that is set without a value, in the environment or in C(ansible.cfg), has its default. Only
    O(state_dir) may be empty.
requirements:
  - python >= 3.10 on the controller
  - requests >= 2.28 on the controller
"""
