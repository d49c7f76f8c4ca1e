# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a summary says of runs of every kind, by real runs of ansible-playbook."""

from __future__ import annotations

import pathlib
import re
import subprocess

import pytest
from ansible_collections.teamchat.zoom.tests.integration.callback.conftest import Told, until
from ansible_collections.teamchat.zoom.tests.integration.runs import ANSIBLE_PLAYBOOK, Run
from ansible_collections.teamchat.zoom.tests.sandbox import seeds
from ansible_collections.teamchat.zoom.tests.sandbox.running import Sandbox
from ansible_collections.teamchat.zoom.tests.unit.plugin_utils.couriers import documented

QUIET = """
- hosts: web*
  gather_facts: false
  tasks:
    - name: Look
      ansible.builtin.debug:
        msg: fine
"""
FAILING = """
- hosts: web*
  gather_facts: false
  tasks:
    - name: Break
      ansible.builtin.fail:
        msg: broken
"""
CHANGING = QUIET + "      changed_when: true\n"


def without_time(line: str) -> str:
    return re.sub(r" · [0-9.]+ (s|min).*$", "", line)


def inventory(folder: pathlib.Path, text: str) -> str:
    path = folder / "more"
    path.write_text(text, encoding="utf-8")
    return str(path)


# Outcomes


def test_a_quiet_run(told: Told) -> None:
    run = told.tell(QUIET, hosts=3)
    assert run.returncode == 0
    assert without_time(told.title()) == "✅ playbook.yml succeeded · 3 hosts, nothing changed"
    assert told.lines() == ["web*: 3 ok"]
    assert told.main()["message"].split("\n")[-1].startswith("by deploy@")
    assert told.replies() == []


def test_failures_are_folded_and_their_details_stand_in_the_thread(told: Told) -> None:
    run = told.tell(
        """
        - name: Web
          hosts: web*
          gather_facts: false
          tasks:
            - name: Change
              ansible.builtin.debug:
              changed_when: true
            - name: Install nginx
              ansible.builtin.fail:
                msg: No package matching 'nginx-1.29' found
              when: inventory_hostname in ['web2', 'web3']
        """,
        hosts=4,
    )
    assert run.returncode == 2
    assert without_time(told.title()) == "❌ playbook.yml failed · 2 of 4 hosts"
    assert told.lines()[0] == "Web: 2 failed, 2 ok (2 changed)"
    (reply,) = told.replies()
    assert reply.startswith("Install nginx (Web : playbook.yml:9) failed on web2, web3\n")
    assert reply.endswith("No package matching 'nginx-1.29' found")


def test_no_host_matched_is_no_success(told: Told) -> None:
    run = told.tell(QUIET.replace("web*", "nothing"), "--limit", "localhost")
    assert run.returncode == 0
    assert told.title().startswith("⚠️ playbook.yml matched no hosts")


def test_a_limit_that_matches_nothing_tells_nothing_that_is_wrong(told: Told) -> None:
    run = told.tell(QUIET, "--limit", "localhost", "--tags", "none", hosts=1)
    assert run.returncode == 0
    assert told.title().startswith("⚠️ playbook.yml matched no hosts")
    assert "limit localhost · tags none" in told.main()["message"]


NOTHING_TAGGED = """
- name: Db
  hosts: nothing
  gather_facts: false
  tasks:
    - ansible.builtin.debug:
- name: Web
  hosts: web*
  gather_facts: false
  tasks:
    - ansible.builtin.debug:
"""


def test_hosts_for_which_there_is_nothing_to_do_are_hosts(told: Told) -> None:
    run = told.tell(NOTHING_TAGGED, "--tags", "none", hosts=1)
    assert run.returncode == 0
    assert without_time(told.title()) == "✅ playbook.yml succeeded · nothing to do"
    assert told.lines() == ["Web: nothing to do", "no hosts matched: Db"]


def test_a_run_with_nothing_to_do_is_no_failure(told: Told) -> None:
    told.tell(NOTHING_TAGGED, "--tags", "none", hosts=1, environment={"ZOOM_CHAT_NOTIFY_ON": "failure"})
    assert told.mains() == []


def test_rescued_and_ignored_failures_are_none(told: Told) -> None:
    run = told.tell(
        """
        - hosts: web1
          gather_facts: false
          tasks:
            - block:
                - name: Try
                  ansible.builtin.command: /bin/false
              rescue:
                - name: Rescue
                  ansible.builtin.debug:
            - name: Whatever
              ansible.builtin.command: /bin/false
              ignore_errors: true
        """,
        hosts=1,
    )
    assert run.returncode == 0
    assert told.title().startswith("✅ playbook.yml succeeded")
    assert "1 failure rescued, 1 ignored" in told.lines()
    assert told.replies() == []


def test_an_ignored_failure_leaves_the_counts_of_all_plays_known(told: Told) -> None:
    """A command that fails has changed something, as far as Ansible's recap goes."""
    told.tell(
        """
        - name: First
          hosts: all:!localhost
          gather_facts: false
          tasks:
            - name: Whatever
              ansible.builtin.command: /bin/false
              ignore_errors: "{{ inventory_hostname != 'web3' }}"
        - name: Second
          hosts: web1
          gather_facts: false
          tasks:
            - name: Look
              ansible.builtin.debug:
        """,
        hosts=3,
    )
    assert told.lines()[:3] == ["First: 1 failed, 2 ok (2 changed)", "Second: 1 ok", "2 failures ignored"]


def test_the_failure_that_counts_is_the_one_that_was_not_rescued(told: Told) -> None:
    """Here the rescued failure comes last, in an `always` that runs all the same."""
    run = told.tell(
        """
        - name: Web
          hosts: web1
          gather_facts: false
          tasks:
            - block:
                - name: Deploy
                  ansible.builtin.fail:
                    msg: no space left
              always:
                - block:
                    - name: Clean up
                      ansible.builtin.fail:
                        msg: nothing to clean
                  rescue:
                    - name: Shrug
                      ansible.builtin.debug:
        """,
        hosts=1,
    )
    assert run.returncode == 2
    assert told.lines() == ["Web: 1 failed", "1 failure rescued", "• Deploy: web1"]
    assert [reply.split("\n")[0] for reply in told.replies()] == ["Deploy (Web : playbook.yml:7) failed on web1"]


LIVE = {"ZOOM_CHAT_LIVE": "true", "ZOOM_CHAT_LIVE_INTERVAL": "1"}


def tell_live(told: Told, text: str, *arguments: str, hosts: int) -> tuple[Run, list[str]]:
    """Run a playbook with a live message, and return what that said while the task Wait ran, which goes on until then.

    Without the first two lines and the last one.
    """
    seen = told.folder / "seen"
    (told.folder / "wait").write_text(f"until test -e '{seen}'; do sleep 0.1; done\n", encoding="utf-8")
    said = ""

    def message() -> str:
        return next((main["message"] for main in told.mains() if "Wait" in main["message"]), "")

    def watch(process: subprocess.Popen[str]) -> None:
        nonlocal said
        try:
            until(lambda: message() or process.poll() is not None, 120)
            said = message()
        finally:
            seen.touch()

    run = told.tell(text, *arguments, hosts=hosts, environment=LIVE, watch=watch)
    return run, said.split("\n")[2:-1]


def test_a_live_message_counts_a_host_that_has_failed_and_cleans_up(told: Told) -> None:
    _run, so_far = tell_live(
        told,
        """
        - hosts: web1
          gather_facts: false
          tasks:
            - block:
                - name: Deploy
                  ansible.builtin.fail:
              always:
                - name: Clean up
                  ansible.builtin.debug:
                - name: Wait
                  ansible.builtin.command: sh '{{ playbook_dir }}/wait'
        """,
        hosts=1,
    )
    assert so_far == ["so far: 1 failed", "• Deploy: web1"]


def test_what_is_rescued_depends_on_what_stands_around_a_task_and_on_tags(told: Told) -> None:
    (told.folder / "included.yml").write_text(
        "- name: Included\n  ansible.builtin.fail:\n  when: inventory_hostname == 'web1'\n", encoding="utf-8"
    )
    _run, so_far = tell_live(
        told,
        """
        - hosts: web*
          gather_facts: false
          tasks:
            - block:
                - ansible.builtin.include_tasks: included.yml
                - block:
                    - name: Nested
                      ansible.builtin.fail:
                      when: inventory_hostname == 'web2'
                  always:
                    - name: Always
                      ansible.builtin.fail:
                      when: inventory_hostname in ['web3', 'web4']
              rescue:
                - name: Rescue
                  ansible.builtin.fail:
                  when: inventory_hostname == 'web4'
            - block:
                - name: Without its rescue
                  ansible.builtin.fail:
                  when: inventory_hostname == 'web5'
              rescue:
                - name: Left out
                  ansible.builtin.debug:
                  tags: left_out
            - name: Wait
              ansible.builtin.command: sh '{{ playbook_dir }}/wait'
        """,
        "--skip-tags",
        "left_out",
        hosts=5,
    )
    assert so_far == ["so far: 2 failed, 3 ok", "• Rescue: web4", "• Without its rescue: web5"]
    assert told.lines() == [
        "web*: 2 failed, 3 ok (3 changed)",
        "4 failures rescued",
        "• Rescue: web4",
        "• Without its rescue: web5",
    ]


def test_what_one_playbook_has_rescued_the_next_has_not(told: Told) -> None:
    (told.folder / "second.yml").write_text(FAILING, encoding="utf-8")
    told.tell(
        """
        - hosts: web1
          gather_facts: false
          tasks:
            - block:
                - ansible.builtin.fail:
              rescue:
                - ansible.builtin.debug:
        """,
        "--syntax-check",
        hosts=1,
    )
    told.command(str(ANSIBLE_PLAYBOOK), "-i", "inventory", "playbook.yml", "second.yml")
    assert [message["message"].split(" · ")[0] for message in told.mains()] == [
        "✅ playbook.yml succeeded",
        "❌ second.yml failed",
    ]
    assert [reply.split("\n")[0] for reply in told.replies()] == ["Break (web* : second.yml:5) failed on web1"]


def test_hosts_that_cannot_be_reached(told: Told, tmp_path: pathlib.Path) -> None:
    run = told.tell(
        """
        - hosts: web1,gone
          gather_facts: false
          tasks:
            - name: Ping
              ansible.builtin.ping:
        """,
        "-i",
        inventory(tmp_path, "gone ansible_connection=unreachable\n"),
        hosts=1,
    )
    assert run.returncode == 4
    assert without_time(told.title()) == "❌ playbook.yml failed · 1 of 2 hosts unreachable"
    (reply,) = told.replies()
    assert reply == "Unreachable: gone — No route to host"


@pytest.mark.parametrize("no_log", [False, True], ids=["told", "hidden"])
def test_why_a_host_is_not_reached_by_a_loop(told: Told, tmp_path: pathlib.Path, no_log: bool) -> None:
    told.tell(
        f"""
        - hosts: gone
          gather_facts: false
          tasks:
            - name: Ping
              ansible.builtin.ping:
              loop: [1, 2]
              no_log: {no_log}
        """,
        "-i",
        inventory(tmp_path, "gone ansible_connection=unreachable\n"),
    )
    (reply,) = told.replies()
    why = "The output is hidden, because the task has no_log." if no_log else "No route to host"
    assert reply == f"Unreachable: gone — {why}"


def test_ignored_and_cleared_hosts_count_as_ignored(told: Told, tmp_path: pathlib.Path) -> None:
    reachable = tmp_path / "reachable"
    told.tell(
        f"""
        - hosts: web1,gone
          gather_facts: false
          tasks:
            - name: Ignored
              ansible.builtin.ping:
              ignore_unreachable: true
            - name: Not ignored
              ansible.builtin.ping:
            - name: Repair
              ansible.builtin.file:
                path: {reachable}
                state: touch
              when: inventory_hostname == 'web1'
            - ansible.builtin.meta: clear_host_errors
        - hosts: gone
          gather_facts: false
          tasks:
            - name: Works now
              ansible.builtin.ping:
        """,
        "-i",
        inventory(tmp_path, "gone ansible_connection=unreachable\n"),
        hosts=1,
        environment={"REACHABLE_FILE": str(reachable)},
    )
    assert told.title().startswith("✅ playbook.yml succeeded"), told.main()
    assert "2 failures ignored" in told.lines()


def test_what_fails_after_the_errors_were_cleared_is_a_failure(told: Told, tmp_path: pathlib.Path) -> None:
    """A rescued failure before that leaves nothing to clear."""
    _run, so_far = tell_live(
        told,
        """
        - hosts: web1,gone
          gather_facts: false
          tasks:
            - block:
                - name: Rescued
                  ansible.builtin.fail:
                  when: inventory_hostname == 'web1'
              rescue:
                - ansible.builtin.debug:
            - name: Cleared
              ansible.builtin.ping:
            - ansible.builtin.meta: clear_host_errors
            - name: Wait
              ansible.builtin.command: sh '{{ playbook_dir }}/wait'
              when: inventory_hostname == 'web1'
        - hosts: web1
          gather_facts: false
          tasks:
            - name: Break
              ansible.builtin.fail:
        """,
        "-i",
        inventory(tmp_path, "gone ansible_connection=unreachable\n"),
        hosts=1,
    )
    assert so_far == ["so far: 2 ok"]
    assert without_time(told.title()) == "❌ playbook.yml failed · 1 of 2 hosts"
    assert told.lines()[2:] == ["1 failure rescued, 1 ignored", "• Break: web1"]


def test_errors_are_not_cleared_where_its_condition_is_false(told: Told) -> None:
    run, so_far = tell_live(
        told,
        """
        - hosts: web*
          gather_facts: false
          tasks:
            - name: Break
              ansible.builtin.fail:
              when: inventory_hostname == 'web2'
            - ansible.builtin.meta: clear_host_errors
              when: false
            - name: Wait
              ansible.builtin.command: sh '{{ playbook_dir }}/wait'
        """,
        hosts=2,
    )
    assert run.returncode == 2
    assert so_far == ["so far: 1 failed", "• Break: web2"]
    assert without_time(told.title()) == "❌ playbook.yml failed · 1 of 2 hosts"


def test_errors_are_cleared_in_the_batch_that_runs_and_in_no_other(told: Told) -> None:
    """Of the second batch nothing is told between the clearing of its errors and the start of the third."""
    run = told.tell(
        """
        - name: Web
          hosts: web*
          serial: 2
          gather_facts: false
          tasks:
            - ansible.builtin.meta: clear_host_errors
            - name: Break
              ansible.builtin.fail:
              when: inventory_hostname == 'web1'
            - name: Forgiven
              ansible.builtin.fail:
              when: inventory_hostname == 'web3'
            - ansible.builtin.meta: clear_host_errors
              when: inventory_hostname == 'web4'
        """,
        hosts=6,
    )
    assert run.returncode == 2
    assert without_time(told.title()) == "❌ playbook.yml failed · 1 of 6 hosts"
    assert told.lines() == ["Web: 1 failed, 5 ok", "1 failure ignored", "• Break: web1"]


@pytest.mark.parametrize("breaks", ["fail", "ping"])
def test_a_play_clears_no_errors_of_another_plays_hosts(told: Told, tmp_path: pathlib.Path, breaks: str) -> None:
    run = told.tell(
        f"""
        - name: First
          hosts: gone,web1
          gather_facts: false
          tasks:
            - name: Break
              ansible.builtin.{breaks}:
              when: inventory_hostname == 'gone'
        - name: Second
          hosts: web1
          gather_facts: false
          tasks:
            - ansible.builtin.meta: clear_host_errors
            - ansible.builtin.debug:
        """,
        "-i",
        inventory(tmp_path, "gone ansible_connection=unreachable\n"),
        hosts=1,
    )
    assert run.returncode == (2 if breaks == "fail" else 4)
    what = "" if breaks == "fail" else " unreachable"
    assert without_time(told.title()) == f"❌ playbook.yml failed · 1 of 2 hosts{what}"
    assert told.lines()[:2] == [f"First: 1 {what.strip() or 'failed'}", "Second: 1 ok"]


# Kinds of plays and tasks


def test_one_play_of_many_things(told: Told) -> None:
    """Handlers, loops, delegation, includes and background tasks, each failing in a way of its own."""
    (told.folder / "included.yml").write_text(
        "- name: From a file\n  ansible.builtin.fail:\n    msg: included\n  ignore_errors: true\n"
        "- name: Late\n  ansible.builtin.fail:\n    msg: from the included file\n"
        "  when: inventory_hostname == 'web3'\n",
        encoding="utf-8",
    )
    run = told.tell(
        """
        - name: All
          hosts: web*
          gather_facts: false
          tasks:
            - name: Loop
              ansible.builtin.command: "test {{ item.name }} = good"
              loop:
                - {name: good, password: hunter2hunter2}
                - {name: bad, password: hunter2hunter2}
              when: inventory_hostname == 'web1'
            - name: Elsewhere
              ansible.builtin.fail:
                msg: at the other host
              delegate_to: localhost
              when: inventory_hostname == 'web2'
            - name: Include
              ansible.builtin.include_tasks: included.yml
            - name: Background
              ansible.builtin.command: /bin/false
              async: 20
              poll: 1
              when: inventory_hostname == 'web4'
            - name: Notify
              ansible.builtin.debug:
              changed_when: true
              notify: Restart
          handlers:
            - name: Restart
              ansible.builtin.fail:
                msg: does not start
        """,
        hosts=5,
    )
    assert run.returncode == 2
    assert without_time(told.title()) == "❌ playbook.yml failed · 5 of 5 hosts"
    heads = {reply.split("\n")[0]: reply for reply in told.replies()}
    assert list(heads) == [
        "Loop (All : playbook.yml:6) failed on web1",
        "Elsewhere (All : playbook.yml:12) failed on web2 (delegated to localhost)",
        "Late (All : included.yml:5) failed on web3",
        "Background (All : playbook.yml:19) failed on web4",
        "Restart (All : playbook.yml:29) failed on web5",
    ]
    assert "bad: " in heads["Loop (All : playbook.yml:6) failed on web1"]
    assert "hunter2" not in told.sandbox.transcript()


@pytest.mark.parametrize("strategy", ["free", "host_pinned"])
def test_strategies_that_let_hosts_run_ahead(told: Told, strategy: str) -> None:
    run = told.tell(
        f"""
        - name: Ahead
          hosts: web*
          strategy: ansible.builtin.{strategy}
          gather_facts: false
          tasks:
            - name: One
              ansible.builtin.command: /bin/true
            - name: Two
              ansible.builtin.fail:
                msg: broken
              when: inventory_hostname == 'web2'
            - name: Three
              ansible.builtin.debug:
        """,
        hosts=4,
    )
    assert run.returncode == 2
    assert told.lines()[0] == "Ahead: 1 failed, 3 ok (3 changed)"
    assert [reply.split("\n")[0] for reply in told.replies()] == ["Two (Ahead : playbook.yml:9) failed on web2"]


def test_batches_that_stop_at_max_fail_percentage(told: Told) -> None:
    run = told.tell(
        """
        - name: Batches
          hosts: web*
          serial: 2
          max_fail_percentage: 40
          gather_facts: false
          tasks:
            - name: Break
              ansible.builtin.fail:
                msg: broken
              when: inventory_hostname == 'web3'
            - name: After
              ansible.builtin.debug:
        """,
        hosts=6,
    )
    assert run.returncode == 2
    # The third batch never began.
    assert without_time(told.title()) == "❌ playbook.yml failed · 1 of 4 hosts"
    assert [reply.split("\n")[0] for reply in told.replies()] == ["Break (Batches : playbook.yml:8) failed on web3"]


def test_several_plays_an_imported_playbook_and_an_end(told: Told) -> None:
    (told.folder / "imported.yml").write_text(
        "- name: Imported\n  hosts: web1\n  gather_facts: false\n  tasks:\n    - name: Look\n"
        "      ansible.builtin.debug:\n",
        encoding="utf-8",
    )
    run = told.tell(
        """
        - name: First
          hosts: web*
          gather_facts: false
          tasks:
            - name: Change
              ansible.builtin.debug:
              changed_when: inventory_hostname == 'web1'
            - ansible.builtin.meta: end_play
            - name: Never
              ansible.builtin.fail:
        - ansible.builtin.import_playbook: imported.yml
        """,
        hosts=2,
    )
    assert run.returncode == 0
    assert without_time(told.title()) == "✅ playbook.yml succeeded · 1 of 2 hosts changed"
    assert told.lines() == ["First: 2 ok (1 changed)", "Imported: 1 ok"]


def test_any_errors_fatal(told: Told) -> None:
    run = told.tell(
        """
        - name: Fatal
          hosts: web*
          any_errors_fatal: true
          gather_facts: false
          tasks:
            - name: Break
              ansible.builtin.fail:
                msg: broken
              when: inventory_hostname == 'web2'
            - name: After
              ansible.builtin.debug:
        """,
        hosts=3,
    )
    assert run.returncode == 2
    assert without_time(told.title()) == "❌ playbook.yml failed · 1 of 3 hosts"


def test_check_mode_says_so(told: Told) -> None:
    told.tell(CHANGING, "--check", "--diff", hosts=2)
    assert without_time(told.title()) == "✅ Check of playbook.yml succeeded · 2 of 2 hosts would change"
    assert told.lines() == ["web*: 2 ok (2 would change)"]


def test_two_playbooks_are_two_summaries(told: Told) -> None:
    second = told.folder / "second.yml"
    second.write_text(QUIET.replace("web*", "web2"), encoding="utf-8")
    told.tell(CHANGING, "--syntax-check", hosts=2)
    run = told.command(str(ANSIBLE_PLAYBOOK), "-i", "inventory", "playbook.yml", str(second))
    assert run.returncode == 0
    assert [without_time(message["message"].split("\n")[0]) for message in told.mains()] == [
        "✅ playbook.yml succeeded · 2 of 2 hosts changed",
        "✅ second.yml succeeded · web2, nothing changed",
    ]


# Where from


def test_who_ran_it_where_and_on_what(told: Told) -> None:
    git = told.folder / ".git"
    (git / "refs/heads").mkdir(parents=True)
    (git / "HEAD").write_text("ref: refs/heads/main\n", encoding="utf-8")
    (git / "refs/heads/main").write_text("3f2c1d9" + "0" * 33 + "\n", encoding="utf-8")
    ci = {
        "GITHUB_ACTIONS": "true",
        "GITHUB_SERVER_URL": "https://someone:token@github.example",
        "GITHUB_REPOSITORY": "shop/deploy",
        "GITHUB_RUN_ID": "42",
        "GITHUB_WORKFLOW": "Deploy",
        "GITHUB_ACTOR": "alice",
    }
    told.tell(QUIET, "--limit", "web1", "--tags", "all", hosts=2, environment=ci)
    last = told.main()["message"].split("\n")[-1]
    assert re.fullmatch(r"by alice@\S+ · main@3f2c1d9 · limit web1 · GitHub Actions Deploy", last), last
    (link,) = [entry for entry in told.main()["rich_text"] if entry["format_type"] == "AddLink"]
    assert link["format_attr"] == "https://github.example/shop/deploy/actions/runs/42"


def test_options_by_the_ini_file_and_play_variables(told: Told) -> None:
    configuration = told.folder / "own.cfg"
    configuration.write_text(
        f"[callback_zoom_chat]\nto_channel = {seeds.DEPLOYMENTS}\ntitle_template = {{{{ standard | upper }}}}\n",
        encoding="utf-8",
    )
    text = QUIET.replace("  tasks:", "  vars:\n    zoom_chat_title: Shop {{ 1 + 1 }}\n  tasks:")
    environment = {"ANSIBLE_CONFIG": str(configuration), "ZOOM_CHAT_TO_CHANNEL": None}
    told.tell(text, hosts=1, environment=environment)
    assert told.main(seeds.DEPLOYMENTS)["message"].startswith("✅ SHOP 2 SUCCEEDED · WEB1, NOTHING CHANGED")


def test_variables_without_a_value_change_nothing(told: Told) -> None:
    """Two URLs have to be others here, so that they lead to the sandbox."""
    with_defaults = [option["env"][0]["name"] for option in documented().values() if option.get("default") is not None]
    environment = dict.fromkeys(set(with_defaults) - {"ZOOM_API_URL", "ZOOM_OAUTH_URL"}, "")
    assert {"ZOOM_USER_ID", "ZOOM_CHAT_VALIDATE_CERTS", "ZOOM_CHAT_NOTIFY_ON"} <= set(environment)
    told.tell(FAILING, hosts=1, environment=environment)
    assert told.title().startswith("❌ playbook.yml failed")
    assert [reply.split("\n")[0] for reply in told.replies()] == ["Break (web* : playbook.yml:5) failed on web1"]


def test_a_muted_run_tells_nothing(told: Told) -> None:
    told.tell(QUIET, hosts=1, extra_vars={"zoom_chat_mute": "yes"}, environment={"ZOOM_CHAT_LIVE": "true"})
    assert told.sandbox.requests() == []


def test_ad_hoc_commands_are_silent_unless_asked(told: Told) -> None:
    ansible = ANSIBLE_PLAYBOOK.with_name("ansible")
    for adhoc, count in (("false", 0), ("true", 1)):
        run = told.command(
            str(ansible),
            "localhost",
            "-m",
            "ansible.builtin.ping",
            environment={"ANSIBLE_LOAD_CALLBACK_PLUGINS": "1", "ZOOM_CHAT_ADHOC": adhoc},
        )
        assert run.returncode == 0, run.output
        assert "zoom_chat" not in run.output
        assert len(told.mains()) == count
    assert without_time(told.title()) == "✅ Ad-hoc command succeeded · localhost, nothing changed"


def test_ansible_pull(told: Told) -> None:
    repository = told.folder / "repository"
    repository.mkdir()
    (repository / "local.yml").write_text(QUIET.replace("web*", "localhost"), encoding="utf-8")
    for arguments in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-q", "-m", "First"]):
        git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.com", *arguments]
        assert told.command(*git, folder=repository).returncode == 0
    pull = ANSIBLE_PLAYBOOK.with_name("ansible-pull")
    run = told.command(str(pull), "-U", str(repository), "-d", str(told.folder / "checkout"), "-i", "localhost,")
    assert run.returncode == 0, run.output
    assert without_time(told.title()) == "✅ local.yml succeeded · localhost, nothing changed"
    assert " · main@" in told.main()["message"]


# What is told when, and where


def test_recovery_tells_when_a_playbook_breaks_and_when_it_works_again(told: Told) -> None:
    environment = {"ZOOM_CHAT_NOTIFY_ON": "recovery"}
    titles = []
    for broken in ("false", "true", "true", "false", "false"):
        told.run(
            """
            - hosts: web1
              gather_facts: false
              tasks:
                - name: Break
                  ansible.builtin.fail:
                  when: broken | bool
            """,
            hosts=1,
            extra_vars={"broken": broken},
            environment=environment,
        )
        titles.append(len(told.mains()))
    assert titles == [0, 1, 1, 2, 2]
    assert [message["message"].split(" · ")[0] for message in told.mains()] == [
        "❌ playbook.yml failed",
        "✅ playbook.yml recovered",
    ]


@pytest.mark.parametrize(
    ("notify_on", "text", "count"),
    [("change", QUIET, 0), ("change", CHANGING, 1), ("failure", CHANGING, 0), ("failure,success", QUIET, 1)],
)
def test_notify_on(told: Told, notify_on: str, text: str, count: int) -> None:
    told.tell(text, hosts=1, environment={"ZOOM_CHAT_NOTIFY_ON": notify_on})
    assert len(told.mains()) == count


def test_failures_go_to_their_channel_with_mentions_and_the_report(told: Told) -> None:
    told.tell(
        FAILING,
        hosts=2,
        environment={
            "ZOOM_CHAT_FAILURE_CHANNEL": seeds.INCIDENTS,
            "ZOOM_CHAT_MENTION_ON_FAILURE": "alice@example.com,all",
            "ZOOM_CHAT_REPORT_FILE": "failure",
        },
    )
    assert told.main()["at_items"] == []
    assert told.replies() == []
    incident = told.main(seeds.INCIDENTS)
    assert incident["message"].split("\n")[-1] == "@alice@example.com @all"
    assert [item.get("at_contact") for item in incident["at_items"]] == ["alice@example.com", None]
    assert len(told.replies(seeds.INCIDENTS)) == 1
    (file,) = told.files()
    assert re.fullmatch(r"playbook-.*\.html", file["name"])


def test_a_live_message_becomes_the_summary(told: Told) -> None:
    tell_live(
        told,
        """
        - hosts: web1
          gather_facts: false
          tasks:
            - name: Wait
              ansible.builtin.command: sh '{{ playbook_dir }}/wait'
        """,
        hosts=1,
    )
    message = told.main()
    assert message["message"].startswith("✅ playbook.yml succeeded")
    assert message["history"][0].startswith("▶️ playbook.yml started")
    assert any("is running" in text and "Wait" in text for text in message["history"][1:])


def test_a_live_message_of_a_run_that_fails_has_mentions_in_its_thread(told: Told) -> None:
    told.tell(
        FAILING.replace("  tasks:", "  tasks:\n    - name: Wait\n      ansible.builtin.command: sleep 3"),
        hosts=1,
        environment={
            "ZOOM_CHAT_LIVE": "true",
            "ZOOM_CHAT_MENTION_ON_FAILURE": "alice@example.com",
            "GITLAB_CI": "true",
            "CI_JOB_NAME": "deploy",
            "CI_JOB_URL": "https://gitlab.example.com/-/jobs/4711",
        },
    )
    main = told.main()
    assert main["history"][0].startswith("▶️ playbook.yml started")
    assert main["message"].endswith(" · GitLab CI deploy: https://gitlab.example.com/-/jobs/4711")
    mention, detail = [message for message in told.sandbox.messages() if message["reply_main_message_id"]]
    assert mention["message"] == f"{told.title()}\n@alice@example.com"
    assert [item["at_contact"] for item in mention["at_items"]] == ["alice@example.com"]
    assert detail["message"].startswith("Break (web* : playbook.yml:7) failed on web1")


def test_a_message_at_the_start_and_one_at_the_end(told: Told) -> None:
    told.tell(QUIET, hosts=1, environment={"ZOOM_CHAT_NOTIFY_ON": "start,success"})
    assert [message["message"].split(" ")[0] for message in told.mains()] == ["▶️", "✅"]


def test_details_inline(told: Told) -> None:
    told.tell(FAILING, hosts=2, environment={"ZOOM_CHAT_DETAILS": "inline"})
    assert told.replies() == []
    assert "broken" in told.main()["message"]


def test_a_channel_by_its_name_or_a_person(told: Told) -> None:
    told.tell(
        QUIET,
        hosts=1,
        environment={"ZOOM_CHAT_TO_CHANNEL": None, "ZOOM_CHAT_TO_CHANNEL_NAME": "deployments"},
    )
    assert told.main(seeds.DEPLOYMENTS)["message"].startswith("✅ playbook.yml succeeded")
    told.tell(QUIET, hosts=1, environment={"ZOOM_CHAT_TO_CHANNEL": None, "ZOOM_CHAT_TO_CONTACT": "alice@example.com"})
    assert [message["contact"] for message in told.sandbox.messages() if message["contact"]] == [seeds.user_id("alice")]


def webhook(sandbox: Sandbox, is_signed: bool = False) -> dict[str, str | None]:
    return {
        "ZOOM_CHAT_TO_CHANNEL": None,
        "ZOOM_CLIENT_ID": None,
        "ZOOM_CHAT_WEBHOOK_URL": sandbox.secure_webhook_url if is_signed else sandbox.webhook_url + "?format=full",
        **(
            {"ZOOM_CHAT_WEBHOOK_SECRET": seeds.SECURE_WEBHOOK_SECRET}
            if is_signed
            else {"ZOOM_CHAT_WEBHOOK_TOKEN": seeds.WEBHOOK_TOKEN}
        ),
    }


@pytest.mark.parametrize("is_signed", [False, True], ids=["token", "signed"])
def test_a_webhook_gets_a_card(told: Told, sandbox: Sandbox, is_signed: bool) -> None:
    told.tell(FAILING, hosts=2, environment=webhook(sandbox, is_signed))
    (post,) = sandbox.account()["webhook"]
    assert post["format"] == "full"
    assert post["body"]["content"]["head"]["text"] == "❌ playbook.yml failed"
    assert "broken" in str(post["body"]["content"]["body"])


def test_a_webhook_gets_a_card_at_the_start_and_one_at_the_end(told: Told, sandbox: Sandbox) -> None:
    told.tell(QUIET, hosts=1, environment={**webhook(sandbox), "ZOOM_CHAT_NOTIFY_ON": "start,success"})
    heads = [post["body"]["content"]["head"]["text"] for post in sandbox.account()["webhook"]]
    assert heads == ["▶️ playbook.yml started", "✅ playbook.yml succeeded"]


def test_a_dry_run_writes_what_would_be_sent(told: Told, sandbox: Sandbox) -> None:
    told.tell(
        FAILING,
        hosts=2,
        environment={"ZOOM_CHAT_DRY_RUN_DIR": "dry", "ZOOM_CLIENT_ID": None, "ZOOM_CHAT_REPORT_FILE": "always"},
    )
    assert sandbox.requests() == []
    (folder,) = (told.folder / "dry").iterdir()
    names = sorted(path.name for path in folder.iterdir())
    target = f"-to-{seeds.OPS}"
    assert names == [
        f"01-send{target}.json",
        f"01-send{target}.txt",
        f"02-reply{target}.json",
        f"02-reply{target}.txt",
        f"03-file{target}.html",
    ]
    assert (folder / names[1]).read_text(encoding="utf-8").startswith("❌ playbook.yml failed")
