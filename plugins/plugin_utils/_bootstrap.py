# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Starts the courier in a Python of its own: makes Ansible and this collection importable, wherever they are.

Called with the folders that Ansible's own Python imports from.
"""

from __future__ import annotations

import os
import sys
import types

_HERE = os.path.dirname(os.path.abspath(__file__))


def _make_importable(folders: list[str]) -> None:
    # A script's own folder comes first, where files of ours could stand in for Python's.
    sys.path[:] = [folder for folder in sys.path if os.path.abspath(folder) != _HERE]
    sys.path.extend(folder for folder in folders if folder not in sys.path)
    parent = None
    for name, path in (
        ("ansible_collections", []),
        ("ansible_collections.teamchat", []),
        ("ansible_collections.teamchat.zoom", [os.path.dirname(os.path.dirname(_HERE))]),
    ):
        package = types.ModuleType(name)
        package.__path__ = path
        sys.modules[name] = package
        if parent is not None:
            setattr(parent, name.rpartition(".")[2], package)
        parent = package


if __name__ == "__main__":
    _make_importable(sys.argv[1:])
    from ansible_collections.teamchat.zoom.plugins.plugin_utils._courier import main

    main()
