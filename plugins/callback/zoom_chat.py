# Copyright (c) 2026, teamchat.zoom contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The callback zoom_chat: Ansible's events become lines for the courier process, and nothing else happens here."""

# ruff: noqa: E402 (Ansible wants the documentation to stand before the imports)
from __future__ import annotations

DOCUMENTATION = r"""
name: zoom_chat
type: notification
short_description: Post summaries of playbook runs to Zoom Team Chat
version_added: 1.0.0
description:
  - Tells a channel or a person how each playbook run went, in one message, with the details of failures in its thread.
  - A run that is killed or cancelled, or that Ansible ends with an error of its own, is reported as interrupted, with
    what had happened so far.
  - All sending is done by a process of its own. The playbook neither waits for Zoom nor fails because of it, except
    that at its very end it waits for the summary to be delivered, O(flush_timeout) seconds at most.
  - The play variable C(zoom_chat_title) gives a run another title, and C(zoom_chat_mute=true) keeps it to itself. Both
    may also be given on the command line, with C(-e).
  - Task arguments, other variables and the environment are not sent, but for what stands in the names of plays and
    tasks and for the variables in which CI systems describe a job. Results of tasks with C(no_log) stay hidden, and
    the connection's secrets and the vault passwords are taken out of all texts.
author:
  - teamchat.zoom contributors (@teamchat-zoom)
extends_documentation_fragment:
  - teamchat.zoom.callback_connection
requirements:
  - enable it in the configuration, C(callbacks_enabled = teamchat.zoom.zoom_chat)
options:
  to_channel:
    description:
      - The id of the channel that the summaries go to, or its JID. The sender must be a member.
      - One of O(to_channel), O(to_contact), O(to_channel_name) and O(webhook_url) must be given.
    type: str
    env:
      - name: ZOOM_CHAT_TO_CHANNEL
    ini:
      - section: callback_zoom_chat
        key: to_channel
  to_contact:
    description:
      - The e-mail address, user id or member id of a person who gets the summaries.
    type: str
    env:
      - name: ZOOM_CHAT_TO_CONTACT
    ini:
      - section: callback_zoom_chat
        key: to_contact
  to_channel_name:
    description:
      - The exact name of the channel. It is looked up, which takes a scope more than O(to_channel) does.
    type: str
    env:
      - name: ZOOM_CHAT_TO_CHANNEL_NAME
    ini:
      - section: callback_zoom_chat
        key: to_channel_name
  webhook_url:
    description:
      - The endpoint of Zoom's Incoming Webhook app, as C(/inc connect) shows it. No app of your own is needed.
      - A webhook has no threads, no edits and no files. Details stand in the card itself, and O(live),
        O(failure_channel), O(mention_on_failure) and O(report_file) have no effect.
    type: str
    env:
      - name: ZOOM_CHAT_WEBHOOK_URL
    ini:
      - section: callback_zoom_chat
        key: webhook_url
  webhook_token:
    description:
      - The verification token of the webhook.
    type: str
    env:
      - name: ZOOM_CHAT_WEBHOOK_TOKEN
    ini:
      - section: callback_zoom_chat
        key: webhook_token
  webhook_secret:
    description:
      - The secret of a webhook that was made with C(/inc connect -s). Each message is signed with it.
      - Excludes O(webhook_token).
    type: str
    env:
      - name: ZOOM_CHAT_WEBHOOK_SECRET
    ini:
      - section: callback_zoom_chat
        key: webhook_secret
  failure_channel:
    description:
      - The id of a channel that also gets the summary when the run failed, was interrupted, or found no hosts.
      - Details, mentions and the report go there, and the usual target gets the summary alone.
    type: str
    env:
      - name: ZOOM_CHAT_FAILURE_CHANNEL
    ini:
      - section: callback_zoom_chat
        key: failure_channel
  notify_on:
    description:
      - When to write. V(always) is every run that has ended.
      - V(start) writes when the playbook starts, too. V(success) is a run without failures, V(change) one that changed
        something, V(failure) everything but a success.
      - V(recovery) is a run that ended differently from this playbook's last one, because it broke or works again.
    type: list
    elements: str
    default: [always]
    env:
      - name: ZOOM_CHAT_NOTIFY_ON
    ini:
      - section: callback_zoom_chat
        key: notify_on
  live:
    description:
      - Write a message when the playbook starts, and edit it as plays run; at the end it becomes the summary.
      - It is written about every run, whatever O(notify_on) says.
      - Where a later play sets C(zoom_chat_mute), it is left alone until it becomes the summary; nothing else is told.
      - It says for how many minutes the run has been going on, and so is edited once a minute while one task runs on.
      - Zoom takes neither mentions nor links in an edit. So whom O(mention_on_failure) names is mentioned in a reply,
        and the address of the CI job is written out.
    type: bool
    default: false
    env:
      - name: ZOOM_CHAT_LIVE
    ini:
      - section: callback_zoom_chat
        key: live
  live_interval:
    description:
      - The fewest seconds between two edits of O(live).
    type: float
    default: 15.0
    env:
      - name: ZOOM_CHAT_LIVE_INTERVAL
    ini:
      - section: callback_zoom_chat
        key: live_interval
  details:
    description:
      - Where the details of failures go, as replies (V(thread)), into the message (V(inline)), or nowhere (V(none)).
    type: str
    choices: [thread, inline, none]
    default: thread
    env:
      - name: ZOOM_CHAT_DETAILS
    ini:
      - section: callback_zoom_chat
        key: details
  max_failures:
    description:
      - How many failures are described. The others are counted.
    type: int
    default: 5
    env:
      - name: ZOOM_CHAT_MAX_FAILURES
    ini:
      - section: callback_zoom_chat
        key: max_failures
  max_hosts:
    description:
      - How many hosts are named for each failure, in the thread and in a webhook's card; in the message itself five at
        most. The others are counted.
    type: int
    default: 10
    env:
      - name: ZOOM_CHAT_MAX_HOSTS
    ini:
      - section: callback_zoom_chat
        key: max_hosts
  report_file:
    description:
      - Whether to put a report into the thread, an HTML file with the whole recap, the failures with their output, and
        how long plays and tasks took.
      - V(never), on V(failure) and interruption, or V(always).
    type: str
    choices: [never, failure, always]
    default: never
    env:
      - name: ZOOM_CHAT_REPORT_FILE
    ini:
      - section: callback_zoom_chat
        key: report_file
  mention_on_failure:
    description:
      - Who is mentioned when the run failed or was interrupted, by e-mail address or member id.
      - V(all) is everyone in the channel.
    type: list
    elements: str
    default: []
    env:
      - name: ZOOM_CHAT_MENTION_ON_FAILURE
    ini:
      - section: callback_zoom_chat
        key: mention_on_failure
  title_template:
    description:
      - A Jinja2 template for the first line of the summary. It runs in a sandbox and sees what the guide of this
        collection lists, such as C(playbook), C(outcome) and C(duration).
      - A template that does not work is replaced by the usual text, with a warning.
    type: str
    env:
      - name: ZOOM_CHAT_TITLE_TEMPLATE
    ini:
      - section: callback_zoom_chat
        key: title_template
  body_template:
    description:
      - The same for the text below the first line.
    type: str
    env:
      - name: ZOOM_CHAT_BODY_TEMPLATE
    ini:
      - section: callback_zoom_chat
        key: body_template
  flush_timeout:
    description:
      - The most seconds that a playbook which has ended waits for its summary to be delivered, from 1 to 600.
    type: float
    default: 15.0
    env:
      - name: ZOOM_CHAT_FLUSH_TIMEOUT
    ini:
      - section: callback_zoom_chat
        key: flush_timeout
  dry_run_dir:
    description:
      - A folder. What would be sent is written there, each run into a folder of its own, and nothing is sent.
      - Neither a target nor credentials are needed.
    type: str
    env:
      - name: ZOOM_CHAT_DRY_RUN_DIR
    ini:
      - section: callback_zoom_chat
        key: dry_run_dir
  outbox:
    description:
      - Whether to keep a summary that could not be delivered, in O(state_dir), for the next run to deliver.
      - Kept are 100 summaries at most, for 7 days at most, readable by their owner alone.
    type: bool
    default: true
    env:
      - name: ZOOM_CHAT_OUTBOX
    ini:
      - section: callback_zoom_chat
        key: outbox
  adhoc:
    description:
      - Whether to write about ad-hoc commands, too. Ansible itself asks callbacks about them with
        C(bin_ansible_callbacks) only.
    type: bool
    default: false
    env:
      - name: ZOOM_CHAT_ADHOC
    ini:
      - section: callback_zoom_chat
        key: adhoc"""

EXAMPLES = r"""
# ansible.cfg: summaries to a channel, on behalf of a user; the secret is in the environment as ZOOM_CLIENT_SECRET
# [defaults]
# callbacks_enabled = teamchat.zoom.zoom_chat
#
# [callback_zoom_chat]
# account_id = abc123
# client_id = def456
# user_id = deploy@example.com
# to_channel = 6f707300000000000000000000000000

# The same by the environment alone
# export ANSIBLE_CALLBACKS_ENABLED=teamchat.zoom.zoom_chat
# export ZOOM_ACCESS_TOKEN=...
# export ZOOM_CHAT_TO_CHANNEL=6f707300000000000000000000000000

# An Incoming Webhook, as "/inc connect ansible" shows it
# [callback_zoom_chat]
# webhook_url = https://integrations.zoom.us/chat/webhooks/incomingwebhook/abc
# and ZOOM_CHAT_WEBHOOK_TOKEN, or for "/inc connect -s" ZOOM_CHAT_WEBHOOK_SECRET, in the environment

# Only what needs a look: failures also to the incidents channel, with the one on call and a report
# [callback_zoom_chat]
# to_channel_name = deployments
# notify_on = change,failure
# failure_channel = 696e636964656e747300000000000000
# mention_on_failure = oncall@example.com
# report_file = failure
# max_failures = 3
# max_hosts = 5

# A message that follows the run; details in the message itself instead of its thread
# [callback_zoom_chat]
# to_contact = alice@example.com
# live = true
# live_interval = 30
# details = inline

# Tell when a nightly playbook breaks, and when it works again
# [callback_zoom_chat]
# notify_on = recovery

# Texts of one's own
# [callback_zoom_chat]
# title_template = {{ playbook }} on {{ limit or 'all hosts' }}: {{ outcome }}
# body_template = {{ standard }}

# See what would be sent, without sending anything
# ANSIBLE_CALLBACKS_ENABLED=teamchat.zoom.zoom_chat ZOOM_CHAT_DRY_RUN_DIR=/tmp/zoom ansible-playbook site.yml

# In a play
- name: Roll out the shop
  hosts: shop
  vars:
    zoom_chat_title: Shop {{ shop_version }}
    zoom_chat_mute: "{{ shop_stage == 'test' }}"
  roles:
    - shop
"""

import atexit
import collections
import functools
import os
import signal
import time
import typing as t
import uuid

from ansible import constants as C  # noqa: N812
from ansible import context
from ansible.errors import AnsibleError
from ansible.module_utils.ansible_release import __version__ as ansible_version
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.parsing.quoting import unquote
from ansible.plugins.callback import CallbackBase
from ansible.template import Templar
from ansible_collections.teamchat.zoom.plugins.module_utils._connection import UNVERIFIED
from ansible_collections.teamchat.zoom.plugins.module_utils._errors import InvalidOption
from ansible_collections.teamchat.zoom.plugins.plugin_utils import _events
from ansible_collections.teamchat.zoom.plugins.plugin_utils._ansible_events import (
    ADHOC,
    Describer,
    Rescues,
    Seen,
    hosts_in_play,
)
from ansible_collections.teamchat.zoom.plugins.plugin_utils._callback_options import Settings
from ansible_collections.teamchat.zoom.plugins.plugin_utils._pipe import CourierEnded, Pipe, origin
from ansible_collections.teamchat.zoom.plugins.plugin_utils._scrubbing import Scrubber

# Strategies by which all hosts do a task before the next one begins.
_IN_STEP = ("linear", "debug")
_META = frozenset(C.add_internal_fqcns(("meta",)))
_HOSTS_IN_A_LINE = 500
# How many results that went well may wait to be told, and for how many seconds.
_MOST_WAITING = 500
_LONGEST_WAIT = 1.0
_STATS = ("ok", "changed", "failures", "unreachable", "skipped", "rescued", "ignored")


class _Run:
    """One playbook's run, from its start to its recap."""

    def __init__(
        self,
        playbook: t.Any,
        options: dict[str, t.Any],
        settings: Settings,
        counted: dict[str, t.Any],
        rescues: Rescues,
    ) -> None:
        """:raises OSError: the courier cannot be started."""
        file_name = str(playbook._file_name)
        secrets = _vault_passwords(playbook)
        #: Only this process may end the run; Ansible forks.
        self.process = os.getpid()
        self._settings = settings
        self._describer = Describer(Scrubber([*settings.secrets, *secrets]), os.path.abspath(str(playbook._basedir)))
        run = self._describer.run(file_name, context.CLIARGS, ansible_version, os.environ)
        self._pipe = Pipe(
            {
                "options": options,
                "secrets": secrets,
                "parent": self.process,
                "playbook": os.path.abspath(file_name),
                "run": uuid.uuid4().hex,
            }
        )
        connection = settings.connection
        self._warnings = [UNVERIFIED] if connection and not connection.validate_certs else []
        self._play = ""
        self._current: t.Any = None
        #: Tasks that are not to be announced again; in step, that is the latest alone.
        self._announced: set[str] = set()
        self._is_in_step = True
        #: The recap counts on over several playbooks; what it had before this one.
        self._counted = counted
        self._rescues = rescues
        #: What went well and is not told yet: time, task, host, and whether something changed.
        self._went_well: list[tuple[float, str, str, bool]] = []
        self._told_at = 0.0
        self._failures: dict[str, list[int]] = {}
        self._cleared: dict[str, list[int]] = {}
        #: Whom `clear_host_errors` forgives, once it has begun; whether its condition holds, shows in what comes next.
        self._clearing: frozenset[str] = frozenset()
        self._write(_events.RUN, run)

    def _write(self, event: str, line: t.Mapping[str, t.Any]) -> None:
        self._clear()
        self._tell_what_went_well()
        self._pipe.write(_events.dump(event, time.time(), line))

    def play(self, play: t.Any) -> None:
        self._announced.clear()
        self._is_in_step = str(play.strategy).rpartition(".")[2] in _IN_STEP
        self._rescues.play(play)
        said, warnings = _said_in_play(play)
        self._warnings.extend(warning for warning in warnings if warning not in self._warnings)
        if said:
            self._write(_events.VARS, self._describer.said(said))
        line = self._describer.play(play)
        self._play = line["play"]
        self._current = play
        self._write(_events.PLAY, line)

    def task(self, task: t.Any, handler: bool) -> None:
        self._clear()
        if task.action in _META:
            if task.args.get("_raw_params") == "clear_host_errors":
                # Asked now, because the next event may be that of another batch.
                self._clearing = hosts_in_play(self._current)
        elif task._uuid not in self._announced:
            # Strategies that let hosts run ahead announce a task for each host; in step, one that is announced again
            # runs again, as a handler does that is notified again.
            if self._is_in_step:
                self._announced.clear()
            self._announced.add(task._uuid)
            self._write(_events.TASK, self._describer.task(task, self._play, handler))

    def ok(self, seen: Seen) -> None:
        """Told with the next event, with those of the same second, or with many others.

        Ansible forks for every result, and after each fork whatever the main process touches is copied first. Told one
        by one, the results would cost it more than all the rest of this plugin.
        """
        now = time.time()
        self._went_well.append((now, seen.task_id, self._describer.host(seen.host), seen.changed))
        if len(self._went_well) >= _MOST_WAITING or abs(now - self._told_at) >= _LONGEST_WAIT:
            self._tell_what_went_well()

    def _tell_what_went_well(self) -> None:
        if not self._went_well:
            return
        went_well, self._went_well = self._went_well, []
        self._told_at = went_well[-1][0]
        lines = [
            _events.dump(_events.OK, at, {"task": task, "host": host, "changed": changed})
            for at, task, host, changed in went_well
        ]
        self._pipe.write(b"".join(lines), can_drop=True)

    def failed(self, seen: Seen, ignored: bool) -> None:
        rescued = not ignored and self._rescues.takes_up(seen.host)
        self._write(_events.FAILED, self._describer.failed(seen, ignored, rescued))
        if not ignored and not rescued:
            self._failures.setdefault(seen.host, [0, 0])[0] += 1

    def skipped(self, seen: Seen) -> None:
        # Of a task that clears errors nothing is told but that it was skipped, before anything else begins.
        if self._clearing and seen.task.action in _META:
            self._clearing = frozenset()

    def unreachable(self, seen: Seen) -> None:
        line = self._describer.unreachable(seen)
        self._write(_events.UNREACHABLE, line)
        if not line["ignored"]:
            self._failures.setdefault(seen.host, [0, 0])[1] += 1

    def no_hosts(self, reason: str) -> None:
        self._write(_events.NO_HOSTS, {"play": self._play or None, "reason": reason})

    def _clear(self) -> None:
        """`clear_host_errors` forgives what has failed so far; Ansible's recap does not know of it."""
        if not self._clearing:
            return
        clearing, self._clearing = self._clearing, frozenset()
        names = [host for host in self._failures if host in clearing]
        for host in names:
            failures, unreachable = self._failures.pop(host)
            cleared = self._cleared.setdefault(host, [0, 0])
            cleared[0] += failures
            cleared[1] += unreachable
        for start in range(0, len(names), _HOSTS_IN_A_LINE):
            self._write(_events.CLEARED, self._describer.cleared(names[start : start + _HOSTS_IN_A_LINE]))

    def finish(self, stats: t.Any) -> list[str]:
        """Hand over the recap, wait for the courier, and return what the user should be warned of.

        :raises CourierEnded: the courier is gone, and so is the one that took its place.
        """
        self._clear()
        self._tell_what_went_well()
        now = time.time()
        # Hosts that differ only in a secret are told as one.
        hosts: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
        for host in stats.processed:
            recap = self._recap(host, stats.summarize(host))
            if any(recap.values()) or not self._counted:
                hosts[self._describer.host(host)].update(recap)
        names = list(hosts)
        lines = [
            _events.dump(
                _events.STATS,
                now,
                {"hosts": {host: hosts[host] for host in names[start : start + _HOSTS_IN_A_LINE]}},
            )
            for start in range(0, max(1, len(names)), _HOSTS_IN_A_LINE)
        ]
        lines.append(_events.dump(_events.END, now, {"lost": self._pipe.lost}))
        return self._answered(lines)

    def abort(self) -> list[str]:
        """As `finish`, but without a recap, by which the courier knows that the run was interrupted.

        :raises CourierEnded: the courier is gone, and so is the one that took its place.
        """
        self._clear()
        self._tell_what_went_well()
        return self._answered([])

    def _answered(self, lines: list[bytes]) -> list[str]:
        try:
            answer = self._pipe.finish(lines, self._settings.flush_timeout)
        except KeyboardInterrupt:
            # Whoever presses Ctrl-C here does not want to wait; the courier goes on without us.
            return []
        ineffective = ", ".join(self._settings.ineffective)
        warnings = [*self._warnings, *([f"{ineffective}: no effect with webhook_url."] if ineffective else [])]
        if answer is None:
            return [*warnings, f"The courier did not answer within flush_timeout ({self._settings.flush_timeout:g} s)."]
        return [*warnings, *map(str, answer.get("warnings", ()))]

    def _recap(self, host: str, summary: t.Mapping[str, int]) -> dict[str, int]:
        before = self._counted.get(host, {})
        recap = {name: summary.get(name, 0) - before.get(name, 0) for name in _STATS}
        for name, cleared in zip(("failures", "unreachable"), self._cleared.get(host, (0, 0))):
            forgiven = min(recap[name], cleared)
            recap[name] -= forgiven
            recap["ignored"] += forgiven
        return recap


def _as_written(plugin: str, documented: t.Mapping[str, t.Any]) -> dict[str, str]:
    """The texts of those options that have a default and are given, in the environment or in the ini file."""
    texts = {
        name: {"type": "str", "env": option["env"], "ini": option["ini"]}
        for name, option in documented.items()
        if option.get("default") is not None
    }
    # Asked for as texts under a name of their own, because Ansible tells of an option only what it has made of it.
    C.config.initialize_plugin_configuration_definitions("callback", f"{plugin}.as_written", texts)
    written = C.config.get_plugin_options("callback", f"{plugin}.as_written")
    # Ansible 2.16 leaves the quotes of the ini file.
    return {name: unquote(text) for name, text in written.items() if text is not None}


def _vault_passwords(playbook: t.Any) -> list[str]:
    vault = getattr(getattr(playbook, "_loader", None), "_vault", None)
    found = []
    for _vault_id, secret in getattr(vault, "secrets", None) or ():
        password = getattr(secret, "bytes", None)
        if isinstance(password, bytes) and password:
            found.append(password.decode("utf-8", "surrogateescape"))
    return found


def _said_in_play(play: t.Any) -> tuple[dict[str, t.Any], list[str]]:
    """The variables of a play, and of the command line, that are about its summary, and warnings of unusable ones."""
    given = {**play.get_vars(), **(getattr(play.get_variable_manager(), "_extra_vars", None) or {})}
    said: dict[str, t.Any] = {}
    warnings = []
    for name in ("zoom_chat_title", "zoom_chat_mute"):
        if given.get(name) is not None:
            try:
                said[name] = _filled_in(given[name], play)
            except AnsibleError as error:
                # Its text may hold values of variables.
                why = f"its template cannot be filled in when the play begins ({type(error).__name__})"
                warnings.append(f"{name}: no effect, because {why}.")
    if "zoom_chat_mute" in said:
        said["zoom_chat_mute"] = bool(boolean(said["zoom_chat_mute"], strict=False))
    return said, warnings


def _filled_in(value: t.Any, play: t.Any) -> t.Any:
    if not isinstance(value, str) or "{" not in value:
        return value
    variables = play.get_variable_manager().get_vars(play=play)
    return Templar(loader=play.get_loader(), variables=variables).template(value)


_Handler = t.TypeVar("_Handler", bound=t.Callable[..., None])


def _harmless(handle: _Handler) -> _Handler:
    """A callback's method; whatever goes wrong in it costs one warning, and no more than the summary."""

    @functools.wraps(handle)
    def safely(self: CallbackModule, *args: t.Any, **kwargs: t.Any) -> None:
        try:
            handle(self, *args, **kwargs)
        except InvalidOption as error:
            self.warn(f"{error.sentence} No summary is sent.")
        except CourierEnded:
            self.warn("The courier process was ended from outside, twice; the summary was not delivered.")
        except Exception as error:
            # The error's own text may hold anything.
            self.warn(f"The summary is incomplete or missing, because of an unexpected {origin(error)}.")

    return t.cast("_Handler", safely)


class CallbackModule(CallbackBase):  # type: ignore[misc]  # ansible-core is not typed
    """Ansible's events as lines to the courier, in which nothing ever fails."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "teamchat.zoom.zoom_chat"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self) -> None:
        super().__init__()
        self._run: t.Optional[_Run] = None
        self._has_warned = False
        #: The boolean options that are given, as they are written.
        self._words: dict[str, str] = {}
        self._counted: dict[str, dict[str, int]] = {}
        self._rescues = Rescues()

    def warn(self, text: str) -> None:
        """Tell the user, once in a run at most."""
        if not self._has_warned:
            self._has_warned = True
            self._display.warning(f"zoom_chat: {text}")

    def set_options(self, task_keys: t.Any = None, var_options: t.Any = None, direct: t.Any = None) -> None:
        """Ansible's, but what is given and blank is the default, as with a variable that a CI system has no value for.

        Ansible would take it for false or for a text, or do without the whole callback.
        """
        documented = C.config.get_configuration_definitions("callback", self._load_name)
        written = _as_written(self._load_name, documented)
        blank = {name: documented[name]["default"] for name, text in written.items() if not text.strip()}
        direct = {**blank, **(direct or {})}
        super().set_options(task_keys, var_options, direct)
        self._words = {
            name: text for name, text in written.items() if documented[name]["type"] == "bool" and name not in direct
        }

    def _given_options(self) -> dict[str, t.Any]:
        options = {name: self.get_option(name) for name in self._plugin_options}
        for name, word in self._words.items():
            try:
                options[name] = boolean(word)
            except TypeError:
                # Ansible has taken it for false.
                raise InvalidOption(f"{name} must be true or false, not {word!r}.") from None
        options = {
            name: "" if isinstance(value, str) and not value.strip() else value for name, value in options.items()
        }
        if options["state_dir"] is None:
            options["state_dir"] = os.path.join(C.ANSIBLE_HOME, "zoom_chat")
        # Relative paths are relative to where Ansible was called, which is not where the courier runs.
        for name in ("state_dir", "dry_run_dir", "ca_path"):
            if options[name]:
                options[name] = os.path.abspath(os.path.expanduser(os.path.expandvars(options[name])))
        return options

    @_harmless
    def v2_playbook_on_start(self, playbook: t.Any) -> None:
        self._run = None
        options = self._given_options()
        if playbook._file_name == ADHOC and not options["adhoc"]:
            return
        settings = Settings.from_options(options, os.environ)
        self._run = _Run(playbook, options, settings, self._counted, self._rescues)
        atexit.register(self._at_exit)

    @_harmless
    def v2_playbook_on_play_start(self, play: t.Any) -> None:
        if self._run:
            self._run.play(play)

    @_harmless
    def v2_playbook_on_task_start(self, task: t.Any, is_conditional: bool) -> None:  # noqa: ARG002 (Ansible's)
        if self._run:
            self._run.task(task, handler=False)

    @_harmless
    def v2_playbook_on_handler_task_start(self, task: t.Any) -> None:
        if self._run:
            self._run.task(task, handler=True)

    @_harmless
    def v2_runner_on_ok(self, result: t.Any) -> None:
        if self._run:
            self._run.ok(Seen(result))

    @_harmless
    def v2_runner_on_failed(self, result: t.Any, ignore_errors: t.Optional[bool] = False) -> None:
        if self._run:
            self._run.failed(Seen(result), bool(ignore_errors))

    @_harmless
    def v2_runner_on_skipped(self, result: t.Any) -> None:
        if self._run:
            self._run.skipped(Seen(result))

    @_harmless
    def v2_runner_on_unreachable(self, result: t.Any) -> None:
        if self._run:
            self._run.unreachable(Seen(result))

    @_harmless
    def v2_playbook_on_no_hosts_matched(self) -> None:
        if self._run:
            self._run.no_hosts(_events.NO_HOSTS_MATCHED)

    @_harmless
    def v2_playbook_on_no_hosts_remaining(self) -> None:
        if self._run:
            self._run.no_hosts(_events.NO_HOSTS_REMAINING)

    @_harmless
    def v2_playbook_on_stats(self, stats: t.Any) -> None:
        run, self._run = self._run, None
        atexit.unregister(self._at_exit)
        try:
            warnings = run.finish(stats) if run else []
            if warnings:
                self.warn(" ".join(warnings))
        finally:
            # Ansible counts on, whatever became of this summary.
            self._counted = {host: dict(stats.summarize(host)) for host in stats.processed}

    @_harmless
    def _at_exit(self) -> None:
        """Ansible ends without a recap after some errors. In a container, nobody would be left to tell of it then."""
        run, self._run = self._run, None
        if run is None or run.process != os.getpid():
            return
        try:
            if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:
                # Some versions of Ansible leave it so after the first Ctrl-C; the second would cost the exit code.
                signal.signal(signal.SIGINT, signal.default_int_handler)
            warnings = run.abort()
            if warnings:
                self.warn(" ".join(warnings))
        except KeyboardInterrupt:
            # At any other moment than the wait itself it means the same.
            pass
