# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: BSD-2-Clause
"""The collection's version for the User-Agent; a test holds it to galaxy.yml."""

from __future__ import annotations

VERSION = "1.0.0"
