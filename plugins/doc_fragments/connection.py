# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The connection options, once for all modules and plugins."""

from __future__ import annotations


class ModuleDocFragment:
    """Options of `module_utils/_connection.py`."""

    DOCUMENTATION = r"""
options:
  access_token:
    description:
      - A ready OAuth access token, of a user-managed app or of any other kind.
      - Excludes O(account_id), O(client_id) and O(client_secret).
      - The environment variable E(ZOOM_ACCESS_TOKEN) is used when no credential option is given.
    type: str
  account_id:
    description:
      - The account id of a Server-to-Server OAuth app. Needs O(client_id) and O(client_secret) too.
      - Falls back to the environment variable E(ZOOM_ACCOUNT_ID), unless O(access_token) is given.
    type: str
  client_id:
    description:
      - The client id of a Server-to-Server OAuth app.
      - Falls back to the environment variable E(ZOOM_CLIENT_ID), unless O(access_token) is given.
    type: str
  client_secret:
    description:
      - The client secret of a Server-to-Server OAuth app.
      - Falls back to the environment variable E(ZOOM_CLIENT_SECRET), unless O(access_token) is given.
    type: str
  user_id:
    description:
      - On whose behalf to act, a Zoom user id or an e-mail address. V(me) is the user whom the token belongs to.
      - Name the user when you use Server-to-Server OAuth; with a user's own token it must be V(me).
      - Falls back to the environment variable E(ZOOM_USER_ID), if it has a value.
    type: str
    default: me
  api_url:
    description:
      - The base of Zoom's API. Zoom for Government is at V(https://api.zoomgov.com/v2).
      - It must be an https URL; plain http is allowed to this machine only.
      - Falls back to the environment variable E(ZOOM_API_URL), if it has a value.
    type: str
    default: https://api.zoom.us/v2
  oauth_url:
    description:
      - Where tokens are fetched. Zoom for Government is at V(https://zoomgov.com/oauth/token).
      - Falls back to the environment variable E(ZOOM_OAUTH_URL), if it has a value.
    type: str
    default: https://zoom.us/oauth/token
  files_url:
    description:
      - Where files are uploaded.
      - Falls back to the environment variable E(ZOOM_FILES_URL), if it has a value.
    type: str
    default: https://file.zoom.us/v2
  timeout:
    description:
      - The most seconds to wait for a connection, and between two pieces of an answer.
    type: float
    default: 10.0
  max_wait:
    description:
      - The most seconds that one task waits in all, for rate limits, for retries, and for its turn in a busy channel.
      - A wait that does not fit fails at once, and the error says when to come back.
      - With V(0) nothing is tried twice.
    type: float
    default: 120.0
  validate_certs:
    description:
      - Whether to check Zoom's TLS certificate.
      - Switch it off for tests only. The task then warns.
    type: bool
    default: true
  ca_path:
    description:
      - A file or folder with the certificate authorities to trust, instead of those that C(requests) brings.
    type: path
  proxy:
    description:
      - The URL of a proxy; C(http), C(https) or, with the Python library PySocks, C(socks5) and C(socks5h). It may hold
        a user name and password.
      - Without it the usual variables E(HTTPS_PROXY), E(HTTP_PROXY) and E(NO_PROXY) count.
    type: str
  state_dir:
    description:
      - The folder in which the controller keeps what its tasks share, such as tokens and the send windows of channels.
        The folder is readable by its owner alone.
      - An empty string keeps nothing. Without it forks cannot share a token, nor heed a channel's limits together.
      - The default is the folder C(zoom_chat) in Ansible's own, usually C(~/.ansible/zoom_chat), which E(ANSIBLE_HOME)
        moves.
      - On a remote target, and with C(become), nothing is kept.
      - Falls back to the environment variable E(ZOOM_CHAT_STATE_DIR), which may be empty too.
    type: path
notes:
  - Keep secrets in Ansible Vault, in the environment, or in a lookup. A failing task shows the lines around it in the
    playbook, and with them a secret that was written there.
  - The environment variables are read where the task runs, which is the controller unless the connection is remote.
requirements:
  - python >= 3.9 where the task runs
  - requests >= 2.28 where the task runs, which is the controller for a local connection
"""
