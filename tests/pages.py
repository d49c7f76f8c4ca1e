# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pages of the documentation that hold a generated part."""

from __future__ import annotations


def with_part(page: str, name: str, part: str) -> str:
    """The page with another text between ``<!-- name -->`` and ``<!-- /name -->``.

    :raises ValueError: the page has no such place.
    """
    begin, end = f"<!-- {name} -->\n", f"<!-- /{name} -->"
    before, found, rest = page.partition(begin)
    _old, ended, after = rest.partition(end)
    if not found or not ended:
        raise ValueError(f"the page has no place between {begin.strip()} and {end}")
    return f"{before}{begin}{part}{end}{after}"
