# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: BSD-2-Clause
"""The one place that imports ``requests`` and what it stands on: every file imports where the library is missing."""

from __future__ import annotations

import traceback
import typing as t

__all__ = [
    "REQUESTS_IMPORT_ERROR",
    "CertificateError",
    "encode_multipart_formdata",
    "requests",
    "urllib3_exceptions",
    "urllib3_ssl",
    "urllib3_version",
]

# Why the library is missing, for Ansible's usual message; None where it is there.
REQUESTS_IMPORT_ERROR: str | None

try:
    import requests
    import urllib3.exceptions as urllib3_exceptions
    import urllib3.util.ssl_ as urllib3_ssl
    from urllib3 import __version__ as urllib3_version  # type: ignore[attr-defined]
    from urllib3.connection import CertificateError  # type: ignore[attr-defined]  # where all versions have it
    from urllib3.filepost import encode_multipart_formdata
except ImportError:
    REQUESTS_IMPORT_ERROR = traceback.format_exc()

    CertificateError: t.Any = None  # type: ignore[no-redef]
    encode_multipart_formdata: t.Any = None  # type: ignore[no-redef]
    requests: t.Any = None  # type: ignore[no-redef]
    urllib3_exceptions: t.Any = None  # type: ignore[no-redef]
    urllib3_ssl: t.Any = None  # type: ignore[no-redef]
    urllib3_version: t.Any = None  # type: ignore[no-redef]

else:
    REQUESTS_IMPORT_ERROR = None
