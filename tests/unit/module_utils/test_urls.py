# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""URLs of options are checked, and a redirect takes the token to Zoom's hosts only."""

from __future__ import annotations

import pytest
from ansible_collections.teamchat.zoom.plugins.module_utils._errors import InvalidOption
from ansible_collections.teamchat.zoom.plugins.module_utils._urls import (
    checked_base_url,
    is_loopback,
    may_receive_token,
    path_segment,
)
from hypothesis import given
from hypothesis import strategies as st

CONFIGURED = ("https://zoom.proxy.example/v2", "http://127.0.0.1:8080/oauth/token")


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.9.10", "::1", "0:0:0:0:0:0:0:1"])
def test_loopback_hosts_mean_this_machine(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host",
    [None, "", "localhost.example", "127.0.0.1.nip.example", "0.0.0.0", "10.0.0.1", "::", "127.1", "localhost."],
)
def test_other_hosts_do_not_mean_this_machine(host: str | None) -> None:
    assert not is_loopback(host)


@pytest.mark.parametrize(
    ("url", "base"),
    [
        ("https://api.zoom.us/v2", "https://api.zoom.us/v2"),
        ("https://api.zoom.us/v2/", "https://api.zoom.us/v2"),
        ("https://api.zoomgov.com/v2", "https://api.zoomgov.com/v2"),
        ("https://gateway.example:8443/zoom/v2//", "https://gateway.example:8443/zoom/v2"),
        ("HTTPS://API.ZOOM.US/v2", "HTTPS://API.ZOOM.US/v2"),
        ("http://127.0.0.1:8080/v2", "http://127.0.0.1:8080/v2"),
        ("http://localhost:8080/v2", "http://localhost:8080/v2"),
        ("http://[::1]:8080/v2", "http://[::1]:8080/v2"),
        ("https://[2001:db8::1]/v2", "https://[2001:db8::1]/v2"),
    ],
)
def test_usable_urls_lose_only_the_slash_at_their_end(url: str, base: str) -> None:
    assert checked_base_url("api_url", url) == base


@pytest.mark.parametrize(
    "url",
    [
        "",
        "api.zoom.us/v2",
        "ftp://api.zoom.us/v2",
        "file:///etc/passwd",
        "https://",
        "https:///v2",
        "https://api.zoom.us:0/v2",
        "https://api.zoom.us:65536/v2",
        "https://api.zoom.us:port/v2",
        "https://[::1/v2",
        "https://evil.example\\.zoom.us/v2",
        "https://api.zoom.us /v2",
        " https://api.zoom.us/v2",
        "https://api.zoom.us/v2\n",
        "https://api\t.zoom.us/v2",
        "https://zoom\u3002us/v2",
    ],
)
def test_what_is_no_https_url_is_refused(url: str) -> None:
    with pytest.raises(InvalidOption) as caught:
        checked_base_url("api_url", url)
    assert str(caught.value) == f"api_url must be an https URL such as https://api.zoom.us/v2, not {url!r}."
    assert caught.value.reason == "invalid"


@pytest.mark.parametrize(
    "url",
    [
        "http://api.zoom.us/v2",
        "http://localhost.example/v2",
        "http://10.0.0.1/v2",
        "http://0.0.0.0/v2",
        "http://[::2]/v2",
    ],
)
def test_plain_http_is_refused_except_to_this_machine(url: str) -> None:
    with pytest.raises(InvalidOption) as caught:
        checked_base_url("oauth_url", url)
    assert str(caught.value) == (
        f"oauth_url is {url!r}, but plain http is allowed to this machine only (localhost, 127.0.0.0/8, ::1);"
        " use https."
    )


@pytest.mark.parametrize(
    "url",
    [
        "https://user@api.zoom.us/v2",
        "https://user:hunter2hunter2@api.zoom.us/v2",
        "https://:hunter2hunter2@api.zoom.us/v2",
        "https://user:hunter2hunter2@",
        "https://user:hunter2hunter2@api.zoom.us:99999/v2",
    ],
)
def test_credentials_in_a_url_are_refused_and_not_quoted(url: str) -> None:
    with pytest.raises(InvalidOption) as caught:
        checked_base_url("api_url", url)
    assert str(caught.value) == "api_url must not contain a user name or password."


@pytest.mark.parametrize("url", ["https://api.zoom.us/v2?x=1", "https://api.zoom.us/v2#x"])
def test_query_and_fragment_are_refused(url: str) -> None:
    with pytest.raises(InvalidOption) as caught:
        checked_base_url("api_url", url)
    assert str(caught.value) == f"api_url must be a URL without query and fragment, not {url!r}."


@pytest.mark.parametrize(
    "url",
    [
        "https://zoom.us/x",
        "https://file.zoom.us/v2/files",
        "https://a.b.ZOOM.US/",
        "https://zoom.us./",
        "https://zoom.us:8443/",
        "https://file.zoomgov.com/",
        "HTTPS://file.zoom.us/",
        "https://zoom.proxy.example/",
        "https://ZOOM.proxy.example:444/",
        "https://127.0.0.1/",
        "http://127.0.0.1:9999/",
    ],
)
def test_a_redirect_may_go_to_zoom_and_to_configured_hosts(url: str) -> None:
    assert may_receive_token(url, CONFIGURED)


@pytest.mark.parametrize(
    "url",
    [
        "http://zoom.us/",
        "http://zoom.proxy.example/",
        "https://zoom.us.evil.example/",
        "https://evilzoom.us/",
        "https://zoom.us-evil.example/",
        "https://evil.example/zoom.us",
        "https://evil.example/?host=.zoom.us",
        "https://evil.example#.zoom.us",
        "https://zoom.us@evil.example/",
        "https://token@zoom.us/",
        "https://:@zoom.us/",
        "https://evil.example\\.zoom.us/",
        "https://evil.example\\@zoom.us/",
        "https://evil.example%2f.zoom.us/",
        "https://evil.example%00.zoom.us/",
        "https://evil.example\t.zoom.us/",
        "https://evil.example\n.zoom.us/",
        "https://evil.example .zoom.us/",
        "https://evil.example\u3002zoom.us/",
        "https://zoomgov.com.evil.example/",
        "https://proxy.example/",
        "https://sub.zoom.proxy.example/",
        "https://127.0.0.2/",
        "https://[::1]/",
        "https://[::1",
        "https://zoom.us]/",
        "ftp://zoom.us/",
        "javascript:alert(1)",
        "//zoom.us/",
        "/v2/files",
        "",
    ],
)
def test_a_redirect_to_anything_else_may_not_have_the_token(url: str) -> None:
    assert not may_receive_token(url, CONFIGURED)


@given(st.text(max_size=60))
def test_no_redirect_target_crashes_the_check(text: str) -> None:
    for url in (text, f"https://{text}", f"https://{text}.zoom.us/"):
        assert may_receive_token(url, CONFIGURED) in (True, False)


@pytest.mark.parametrize(
    ("value", "segment"),
    [
        ("me", "me"),
        ("deploy@example.com", "deploy%40example.com"),
        ("{27ED2949-6457}", "%7B27ED2949-6457%7D"),
        ("a/b", "a%2Fb"),
        ("a b", "a%20b"),
        ("a?b#c", "a%3Fb%23c"),
        ("ä", "%C3%A4"),
        ("...", "..."),
        ("/abc==", "%252Fabc%253D%253D"),
        ("ab//c", "ab%252F%252Fc"),
        ("../../users", "..%2F..%2Fusers"),
    ],
)
def test_an_id_is_one_segment_of_a_path(value: str, segment: str) -> None:
    assert path_segment(value) == segment


@pytest.mark.parametrize("value", [".", "..", "a\nb", "\udcff"])
def test_an_id_that_no_encoding_makes_a_segment_is_refused(value: str) -> None:
    with pytest.raises(InvalidOption) as caught:
        path_segment(value)
    assert str(caught.value) == f"{value!r} is not an id of Zoom's."
