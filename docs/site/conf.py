# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How Sphinx builds the site out of the guides in docs/ and the reference of antsibull-docs; see `make docs`."""

from __future__ import annotations

import pathlib
import re
import typing as t
import zlib

import yaml

if t.TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.config import Config

ROOT = pathlib.Path(__file__).resolve().parents[2]
GALAXY = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))
SOURCES = f"{GALAXY['repository']}/blob/main/"

project = "teamchat.zoom"
author = "teamchat.zoom contributors"
project_copyright = f"2026, {author}"
version = release = GALAXY["version"]

extensions = ["myst_parser", "sphinx.ext.intersphinx", "sphinx_antsibull_ext", "sphinx_copybutton"]
nitpicky = True
# The anchors that GitHub gives to headings, so that a link works there and here.
myst_heading_anchors = 4
copybutton_prompt_text = "$ "
copybutton_only_copy_prompt_lines = True

html_theme = "furo"
html_title = f"Zoom Team Chat for Ansible {release}"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_copy_source = False
html_theme_options = {
    "source_repository": GALAXY["repository"],
    "source_branch": "main",
    "source_directory": "docs/",
    "top_of_page_buttons": [],
}

# What the reference names of Ansible's own documentation. Its inventory is made from this list, because the one of
# docs.ansible.com would have to be fetched for each build.
ANSIBLE = "https://docs.ansible.com/ansible/latest/"
ANSIBLE_OBJECTS = (
    ("action_plugins", "std:label", "plugins/action.html#action-plugins"),
    ("ansible_configuration_settings", "std:label", "reference_appendices/config.html#ansible-configuration-settings"),
    (
        "ansible_collections.ansible.builtin.copy_module",
        "std:label",
        "collections/ansible/builtin/copy_module.html#ansible-collections-ansible-builtin-copy-module",
    ),
    ("callback_plugins", "std:label", "plugins/callback.html#callback-plugins"),
    ("common_return_values", "std:label", "reference_appendices/common_return_values.html#common-return-values"),
    ("ANSIBLE_HOME", "std:envvar", "reference_appendices/config.html#envvar-ANSIBLE_HOME"),
)


def ansible_inventory() -> bytes:
    """Sphinx's own format: four lines, then the objects, compressed."""
    head = "# Sphinx inventory version 2\n# Project: Ansible\n# Version: \n"
    head += "# The remainder of this file is compressed using zlib.\n"
    objects = "".join(f"{name} {kind} -1 {place} {name}\n" for name, kind, place in ANSIBLE_OBJECTS)
    return head.encode() + zlib.compress(objects.encode())


def add_ansible(app: Sphinx, config: Config) -> None:
    inventory = pathlib.Path(app.doctreedir) / "ansible.inv"
    inventory.parent.mkdir(parents=True, exist_ok=True)
    inventory.write_bytes(ansible_inventory())
    config.intersphinx_mapping = {"ansible": (ANSIBLE, str(inventory))}


def adapt(_app: Sphinx, page: str, content: list[str]) -> None:
    """Guides are written for GitHub, the reference for docs.ansible.com."""
    text = content[0]
    if page.startswith("reference/"):
        # The theme has a table of contents of its own.
        text = re.sub(r"^\.\. contents::\n(?: +:.*\n)*", "", text, flags=re.M)
        # In the list of pages a name is enough.
        text = re.sub(r"^( +)(zoom_chat\w*)_(module|callback)$", r"\1\2 (\3) <\2_\3>", text, flags=re.M)
    else:
        # What lies outside of docs/ is not on the site, but in the repository.
        text = re.sub(r"\]\(\.\./", f"]({SOURCES}", text)
    content[0] = text


def setup(app: Sphinx) -> None:
    app.connect("config-inited", add_ansible)
    app.connect("source-read", adapt)
