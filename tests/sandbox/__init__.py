# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Zoom Team Chat on 127.0.0.1, for tests, demos and anyone who wants to see what a playbook would post."""
