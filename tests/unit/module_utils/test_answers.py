# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every answer is an object or one clear sentence with a reason and a hint, whatever its bytes are."""

from __future__ import annotations

import datetime
import json
import time
import typing as t

import pytest
from ansible_collections.teamchat.zoom.plugins.module_utils._answers import (
    Answer,
    describe_seconds,
    error_from,
    oauth_error_from,
    read_object,
)
from ansible_collections.teamchat.zoom.plugins.module_utils._errors import ServiceFailed, ZoomError
from hypothesis import example, given
from hypothesis import strategies as st

DOING = "Sending the message"
TRACKING_ID = "v=2.0;clid=us06;rid=WEB_1"

MEMBER = (
    "Check the id (Team Chat shows it in the channel's link), and that the user named by user_id is a member of the"
    " channel: Zoom says that a channel does not exist to those who are not."
)
RECIPIENT = (
    "Check user_id, and to_contact, who must be in the sender's contact list: an e-mail address, or an id of Zoom's."
)
SCOPES = (
    "Add the missing scope to the app in the Zoom App Marketplace (for sending: team_chat:write:user_message:admin,"
    " or classic chat_message:write:admin; user-managed apps the same without ':admin'), then activate the app again"
    " or have the user authorise it again: older tokens keep their scopes."
)
REJECTED = (
    "The token is wrong, expired (user tokens live one hour) or revoked: give a fresh access_token, or use"
    " Server-to-Server OAuth, which fetches its own."
)
NOT_ALLOWED = (
    "The user named by user_id may not do this: check the membership in the channel, who may post in it, and that the"
    " app's owner has a role with the permission 'Chat Messages: Edit'. A Server-to-Server OAuth app should name the"
    " sender: set user_id to an e-mail address or user id instead of 'me'."
)
REPLY = (
    "reply_main_message_id must be the first message of a thread in the same conversation, not a reply; a message can"
    " be answered about a second after it was sent."
)
GENERIC = (
    "Zoom gives no closer reason. Check that the recipient exists, that the sender may post there, and that the"
    " mentions lie inside the text."
)
LIMITS = (
    "All apps of a Zoom account share its limits. Post less often, or one summary instead of a message for each host"
    " (run_once)."
)
ZOOMS_FAULT = "The fault is on Zoom's side, or of something in between; https://status.zoom.us shows known ones."
IN_BETWEEN = "Something between here and Zoom may have answered instead: check api_url, proxies and sign-in pages."
API_URL = "Check api_url, which must end in '/v2', and the ids."


def answer(status: int, body: t.Any = b"", **headers: str) -> Answer:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, {"x-zm-trackingid": TRACKING_ID, **names}, content)


def error_of(status: int, body: t.Any = b"", **headers: str) -> ZoomError:
    with pytest.raises(ZoomError) as caught:
        read_object(answer(status, body, **headers), DOING)
    return caught.value


@pytest.mark.parametrize(
    ("status", "code", "message", "reason", "hint"),
    [
        (400, 5301, "Message sending failed.", "invalid", GENERIC),
        (400, 5402, "This only supports replies to a main message.", "invalid", REPLY),
        (
            400,
            5403,
            "Account settings do not allow files to be sent.",
            "permission",
            "An administrator can allow file transfer in the account's Team Chat settings.",
        ),
        (
            400,
            5045,
            "Failed to create interactive card.",
            "invalid",
            "Check the card's JSON, and that the app that sends it is the app that the card belongs to.",
        ),
        (
            400,
            5046,
            "Interactive Cards does not exist: `7`.",
            "invalid",
            "The message has no card of this card_id: leave card_id out to add a card.",
        ),
        (
            400,
            5404,
            "File does not exist: 7.",
            "invalid",
            "An uploaded file, or a scheduled message, is gone: run the task again.",
        ),
        (
            400,
            5405,
            "Failed to create interactive card.",
            "invalid",
            "Check the card's JSON, and that the app that sends it is the app that the card belongs to.",
        ),
        (
            400,
            5418,
            "The user can not chat with others.",
            "permission",
            "An administrator has to enable chat for this user, or allow chat with people outside.",
        ),
        (
            400,
            5419,
            "Can not send message to an E2E channel.",
            "invalid",
            "Zoom's API cannot post to channels with end-to-end encryption: use another channel.",
        ),
        (
            400,
            5420,
            "Can not send message to an archived channel.",
            "invalid",
            "Take the channel out of the archive, or use another one.",
        ),
        (
            400,
            5421,
            "Can not send message to a blocked contact.",
            "permission",
            "The sender has blocked this contact, or the other way round.",
        ),
        (
            400,
            300,
            "Must provide either contact or channel parameter.",
            "invalid",
            "Zoom did not accept a value; its own words above say which.",
        ),
        (
            400,
            300,
            "Message does not exist: 27ED2949.",
            "not_found",
            "Check the message id, and that to_channel or to_contact is where the message stands.",
        ),
        (404, 1001, "User does not exist: x@example.com.", "not_found", RECIPIENT),
        (404, 4130, "Channel does not exist: abc.", "not_found", MEMBER),
        (
            404,
            4131,
            "Message does not exist: abc.",
            "not_found",
            "Check the message id, and that to_channel or to_contact is where the message stands.",
        ),
        (400, 124, "Invalid access token.", "authentication", REJECTED),
        (401, 124, "Access token is expired.", "authentication", REJECTED),
        (401, 300, "Access token is required.", "authentication", REJECTED),
        (400, 200, "Only the sender of this message can make updates.", "permission", NOT_ALLOWED),
        (403, 200, "No permission.", "permission", NOT_ALLOWED),
        (
            400,
            4700,
            "Invalid access token, does not contain scopes:[chat_message:write].",
            "permission",
            SCOPES + " With a user's own token user_id must be 'me'.",
        ),
        (
            400,
            4711,
            "Invalid access token, does not contain scopes:[team_chat:write:user_message:admin].",
            "permission",
            SCOPES,
        ),
        (403, 403, "Operation not permitted.", "permission", SCOPES),
        (
            404,
            64041,
            "Route Not Found",
            "not_found",
            "Zoom does not know this path: check api_url, which must end in '/v2'.",
        ),
        (404, 99999, "Gone away.", "not_found", API_URL),
        (415, 300, "Unsupported Media Type.", "invalid", "Zoom did not accept a value; its own words above say which."),
        (413, 413, "Request Entity Too Large", "invalid", "The request is too large for Zoom."),
        (418, 7, "I am a teapot.", "service", None),
    ],
)
def test_each_documented_code_has_its_sentence_reason_and_hint(
    status: int, code: int, message: str, reason: str, hint: str | None
) -> None:
    error = error_of(status, {"code": code, "message": message})
    assert str(error) == f"Sending the message failed: {message.rstrip('.')} (HTTP {status}, code {code})."
    assert error.failure() == {
        "reason": reason,
        "status": status,
        "code": code,
        "message": message,
        "errors": [],
        "tracking_id": TRACKING_ID,
        "retry_after": None,
        "hint": hint,
    }
    assert not error.maybe_done
    assert not error.transient


def test_a_failed_validation_names_its_fields() -> None:
    errors = [
        {"field": "message", "message": "Invalid field."},
        {"field": "at_items[0]", "message": "Size must be 1.", "more": 7},
    ]
    error = error_of(400, {"code": 300, "message": "Validation Failed.", "errors": [*errors, "and so on", 7, None]})
    assert str(error) == (
        "Sending the message failed: Validation Failed: message: Invalid field; at_items[0]: Size must be 1; and so on"
        " (HTTP 400, code 300)."
    )
    assert error.errors == [
        {"field": "message", "message": "Invalid field."},
        {"field": "at_items[0]", "message": "Size must be 1."},
        {"field": "", "message": "and so on"},
    ]


PER_SECOND = "You have reached the maximum per-second rate limit for this API. Try again later."
DAILY = (
    "You have reached the maximum daily rate limit for this API. Refer to the response header for details on when you"
    " can make another request."
)


@pytest.mark.parametrize(
    ("message", "headers", "sentence", "seconds", "transient"),
    [
        (PER_SECOND, {}, "too many requests.", None, True),
        (PER_SECOND, {"retry_after": "8"}, "too many requests; come back in 8 s.", 8.0, True),
        (PER_SECOND, {"retry_after": "900"}, "too many requests; come back in 15 min.", 900.0, True),
        (PER_SECOND, {"retry_after": "soon"}, "too many requests.", None, True),
        (DAILY, {}, "the account's daily limit of this API is used up.", None, False),
        (
            "",
            {"x_ratelimit_type": "Daily-limit", "retry_after": "27000"},
            "the account's daily limit of this API is used up; come back in 7 h 30 min.",
            27000.0,
            False,
        ),
    ],
)
def test_a_rate_limit_says_which_and_when_to_come_back(
    message: str, headers: dict[str, str], sentence: str, seconds: float | None, transient: bool
) -> None:
    error = error_of(429, {"code": 429, "message": message}, **headers)
    assert str(error) == f"Sending the message failed: Zoom answered HTTP 429, {sentence}"
    assert error.failure()["reason"] == "rate_limited"
    assert error.retry_after == seconds
    assert error.transient is transient
    assert not error.maybe_done
    assert error.hint == LIMITS


def test_a_rate_limit_is_told_by_its_status_alone() -> None:
    error = error_of(429, b"slow down", retry_after="2")
    assert str(error) == "Sending the message failed: Zoom answered HTTP 429, too many requests; come back in 2 s."
    assert error.message is None


def test_the_daily_limits_date_is_understood() -> None:
    until = datetime.datetime.fromtimestamp(time.time() + 7200, datetime.timezone.utc)
    error = error_of(429, {"code": 429, "message": DAILY}, retry_after=until.strftime("%Y-%m-%dT%H:%M:%SZ"))
    assert str(error).endswith("the account's daily limit of this API is used up; come back in 2 h.")
    assert error.retry_after == pytest.approx(7200, abs=2)


@pytest.mark.parametrize("skew", [-300, 0, 300])
@pytest.mark.parametrize("form", ["%Y-%m-%dT%H:%M:%SZ", "%a, %d %b %Y %H:%M:%S GMT"])
def test_a_date_to_come_back_is_by_the_clock_of_the_server(skew: int, form: str) -> None:
    there = datetime.datetime.fromtimestamp(time.time() + skew, datetime.timezone.utc)
    until = there + datetime.timedelta(seconds=10)
    headers = {"date": there.strftime("%a, %d %b %Y %H:%M:%S GMT"), "retry_after": until.strftime(form)}
    assert error_of(429, {"code": 429, "message": PER_SECOND}, **headers).retry_after == 10.0


def test_a_server_in_trouble_may_say_when_to_come_back() -> None:
    assert error_of(503, b"", retry_after="60").retry_after == 60.0
    assert error_of(503).retry_after is None


def between(option: str) -> str:
    return f"Something between here and Zoom may have answered instead: check {option}, proxies and sign-in pages."


HTML = b"<html><head><title>Sign In | Zoom</title><style>a{}</style></head><body><h1>Hello</h1></body></html>"
NO_TITLE = b"<!DOCTYPE html><script>var x = '<b>';</script><p>Access &amp; <b>denied</b></p>"


@pytest.mark.parametrize(
    ("status", "body", "headers", "sentence", "reason", "hint"),
    [
        (400, b"", {}, "Zoom answered HTTP 400 with an empty body.", "invalid", None),
        (401, b"", {}, "Zoom answered HTTP 401 with an empty body.", "authentication", REJECTED),
        (403, b" \r\n", {}, "Zoom answered HTTP 403 with an empty body.", "permission", SCOPES),
        (404, b"not here", {}, "HTTP 404, not here.", "not_found", API_URL),
        (401, HTML, {}, "HTTP 401, an HTML page, Sign In | Zoom.", "authentication", between("api_url")),
        (403, HTML, {}, "HTTP 403, an HTML page, Sign In | Zoom.", "permission", between("api_url")),
        (403, NO_TITLE, {}, "HTTP 403, an HTML page, Access &amp; denied.", "permission", between("api_url")),
        (403, b"Blocked by policy", {}, "HTTP 403, Blocked by policy.", "permission", between("api_url")),
        (401, b'"no"', {}, 'HTTP 401, "no".', "authentication", between("api_url")),
        (401, b'{"message": "no"}', {}, "no (HTTP 401).", "authentication", REJECTED),
        (403, b'{"message": "no"}', {}, "no (HTTP 403).", "permission", SCOPES),
        (400, b'{"code": 300, "mess', {}, 'HTTP 400, {"code": 300, "mess.', "invalid", None),
        (400, b"[1, 2]", {}, "HTTP 400, [1, 2].", "invalid", None),
        (400, b"{}", {}, "HTTP 400, {}.", "invalid", None),
        (400, b'{"x": 1}', {}, "Zoom gave no reason (HTTP 400).", "invalid", None),
        (400, b'\xef\xbb\xbf{"code": 5301}', {}, "Zoom gave no reason (HTTP 400, code 5301).", "invalid", GENERIC),
        (409, b"busy", {}, "Zoom answered HTTP 409 with busy.", "service", None),
        (302, b"", {}, "Zoom answered HTTP 302 with an empty body.", "service", None),
        (400, b"\0\x1b[31m\xff", {}, "HTTP 400, \ufffd\ufffd[31m\ufffd.", "invalid", None),
        (400, b"x" * 10**6, {}, f"HTTP 400, {'x' * 119}….", "invalid", None),
        (500, b"", {}, "Zoom answered HTTP 500: an empty body.", "service", ZOOMS_FAULT),
        (502, HTML, {}, "Zoom answered HTTP 502: an HTML page, Sign In | Zoom.", "service", ZOOMS_FAULT),
        (
            503,
            b"503 Service Unavailable",
            {},
            "Zoom answered HTTP 503: 503 Service Unavailable.",
            "service",
            ZOOMS_FAULT,
        ),
        (
            500,
            b'{"code": 500, "message": "Internal Server Error"}',
            {},
            "Zoom answered HTTP 500: Internal Server Error.",
            "service",
            ZOOMS_FAULT,
        ),
        (
            200,
            b'{"code": 4130, "message": "Channel does not exist: abc."}',
            {},
            "Channel does not exist: abc (HTTP 200, code 4130).",
            "not_found",
            MEMBER,
        ),
    ],
)
def test_what_is_no_error_of_zooms_is_described_shortly(
    status: int, body: bytes, headers: dict[str, str], sentence: str, reason: str, hint: str | None
) -> None:
    error = error_of(status, body, **headers)
    assert str(error) == f"Sending the message failed: {sentence}"
    assert error.failure()["reason"] == reason
    assert error.hint == hint
    assert error.maybe_done is error.transient is (status >= 500)


@pytest.mark.parametrize(
    ("status", "body", "came"),
    [
        (201, b"", "an empty body"),
        (200, HTML, "an HTML page, Sign In | Zoom"),
        (201, b'{"id": "EAB5', '{"id": "EAB5'),
        (201, b'["id"]', '["id"]'),
        (200, b"null", "null"),
        (200, b"\x89PNG\r\n\x1a\n", "\ufffdPNG \ufffd"),
        (200, b"[" * 100_000, "[" * 119 + "…"),
    ],
)
def test_a_success_that_is_none_is_an_error_that_may_have_done_its_work(status: int, body: bytes, came: str) -> None:
    error = error_of(status, body)
    assert str(error) == (
        f"Sending the message failed: HTTP {status} came with something that is not an answer of Zoom's: {came}."
    )
    assert error.failure()["reason"] == "service"
    assert error.hint == IN_BETWEEN
    assert error.maybe_done
    assert error.transient


@pytest.mark.parametrize(
    ("status", "body", "found"),
    [
        (201, b'{"id": "A"}', {"id": "A"}),
        (200, b'{"code": 0, "message": "success"}', {"code": 0, "message": "success"}),
        (200, b'{"id": "A", "code": 7, "message": "kept"}', {"id": "A", "code": 7, "message": "kept"}),
        (204, b"", {}),
        (204, b"ignored", {}),
        (200, b"\xef\xbb\xbf{}", {}),
    ],
)
def test_a_success_is_its_object(status: int, body: bytes, found: dict[str, t.Any]) -> None:
    assert read_object(answer(status, body), DOING) == found


def test_where_only_the_status_counts_any_success_may_be_empty() -> None:
    assert read_object(answer(200, b" "), DOING, may_be_empty=True) == {}
    with pytest.raises(ServiceFailed):
        read_object(answer(200, b" "), DOING)
    with pytest.raises(ServiceFailed):
        read_object(answer(200, HTML), DOING, may_be_empty=True)


@pytest.mark.parametrize(
    ("code", "found"),
    [("5402", 5402), ("-1", -1), (True, None), ("54 02", None), ("1" * 10, None), (10**9, None), (5402.0, None)],
)
def test_a_code_is_a_number_however_it_is_written(code: t.Any, found: int | None) -> None:
    assert error_of(400, {"code": code, "message": "No."}).code == found


def test_words_of_a_novels_length_are_shortened_in_the_sentence_only() -> None:
    error = error_of(400, {"code": 5301, "message": "word " * 10_000})
    assert len(str(error)) < 1100
    assert error.message == "word " * 10_000


def test_nothing_of_an_answer_can_command_a_terminal_or_break_its_encoding() -> None:
    body = {"code": 5301, "message": "red \x1b[31m\ud800 alert\r\nnext", "errors": ["\x9b31m", {"field": "\0"}]}
    error = error_of(400, body)
    assert str(error) == (
        "Sending the message failed: red \ufffd[31m\ufffd alert next: \ufffd31m; \ufffd (HTTP 400, code 5301)."
    )
    json.dumps(error.failure(), ensure_ascii=False).encode()


CLIENT = "client_id or client_secret is wrong: copy both again from the app's page 'App Credentials'."
ACCOUNT = "account_id is wrong, or the app belongs to another account: copy it from the app's page 'App Credentials'."
DISABLED = "The app is not active: open it in the Zoom App Marketplace and choose 'Activate your app'."
GRANT = "The app is not of the type 'Server-to-Server OAuth': create one of that type in the Zoom App Marketplace."


@pytest.mark.parametrize(
    ("status", "body", "sentence", "reason", "hint"),
    [
        (
            400,
            {"reason": "Invalid client_id or client_secret", "error": "invalid_client"},
            "Zoom gave no token: Invalid client_id or client_secret (HTTP 400).",
            "authentication",
            CLIENT,
        ),
        (
            401,
            {"reason": "Invalid client_id or client_secret", "error": "invalid_client"},
            "Zoom gave no token: Invalid client_id or client_secret (HTTP 401).",
            "authentication",
            CLIENT,
        ),
        (
            400,
            {"reason": "The application is disabled", "error": "invalid_client"},
            "Zoom gave no token: The application is disabled (HTTP 400).",
            "authentication",
            DISABLED,
        ),
        (
            400,
            {"reason": "Invalid account_id", "error": "invalid_request"},
            "Zoom gave no token: Invalid account_id (HTTP 400).",
            "authentication",
            ACCOUNT,
        ),
        (
            400,
            {"reason": "Bad Request", "error": "invalid_request"},
            "Zoom gave no token: Bad Request (HTTP 400).",
            "authentication",
            ACCOUNT,
        ),
        (
            400,
            {"reason": "unsupported grant type", "error": "unsupported_grant_type"},
            "Zoom gave no token: unsupported grant type (HTTP 400).",
            "authentication",
            GRANT,
        ),
        (
            400,
            {"reason": "Invalid scope", "error": "invalid_scope"},
            "Zoom gave no token: Invalid scope (HTTP 400).",
            "permission",
            SCOPES,
        ),
        (
            400,
            {"code": 4702, "message": "Something new."},
            "Zoom gave no token: Something new (HTTP 400, code 4702).",
            "authentication",
            CLIENT,
        ),
        (
            400,
            {"code": 4705, "message": "Something new."},
            "Zoom gave no token: Something new (HTTP 400, code 4705).",
            "authentication",
            GRANT,
        ),
        (
            400,
            {"code": 4717, "message": "Something new."},
            "Zoom gave no token: Something new (HTTP 400, code 4717).",
            "authentication",
            DISABLED,
        ),
        (400, b"", "Zoom gave no token: an empty body (HTTP 400).", "authentication", f"{CLIENT} {ACCOUNT}"),
        (
            403,
            HTML,
            "Zoom gave no token: an HTML page, Sign In | Zoom (HTTP 403).",
            "authentication",
            between("oauth_url"),
        ),
        (401, b"Blocked", "Zoom gave no token: Blocked (HTTP 401).", "authentication", between("oauth_url")),
        (503, b"", "Fetching a token failed: Zoom answered HTTP 503: an empty body.", "service", ZOOMS_FAULT),
        (429, b"", "Fetching a token failed: Zoom answered HTTP 429, too many requests.", "rate_limited", LIMITS),
    ],
)
def test_oauth_errors_are_told_apart(status: int, body: t.Any, sentence: str, reason: str, hint: str) -> None:
    error = oauth_error_from(answer(status, body))
    assert str(error) == sentence
    assert error.failure()["reason"] == reason
    assert error.hint == hint


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "1 s"),
        (0.4, "1 s"),
        (8.4, "8 s"),
        (119, "119 s"),
        (120, "2 min"),
        (7100, "118 min"),
        (7200, "2 h"),
        (27000, "7 h 30 min"),
    ],
)
def test_spans_of_time_are_described_for_humans(seconds: float, words: str) -> None:
    assert describe_seconds(seconds) == words


_SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
_JSON = st.recursive(
    _SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3), max_leaves=8
)
_BODIES = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys(
        ("code", "message", "errors", "errorMessage", "reason", "error", "id", "access_token"), _JSON
    ),
)
_HEADERS = st.dictionaries(
    st.sampled_from(["retry-after", "x-ratelimit-type", "content-type", "x-zm-trackingid", "date"]), st.text()
)


@given(st.integers(100, 999), st.binary() | _BODIES.map(lambda body: json.dumps(body).encode()), _HEADERS)
@example(400, b'{"code": ' + b"9" * 5000 + b"}", {})
@example(429, b"", {"retry-after": "9" * 400})
def test_no_answer_crashes_the_reading(status: int, content: bytes, headers: dict[str, str]) -> None:
    came = Answer(status, headers, content)
    errors: list[ZoomError] = [error_from(came, DOING), oauth_error_from(came)]
    try:
        assert isinstance(read_object(came, DOING), dict)
        assert came.ok
    except ZoomError as error:
        errors.append(error)
    for found in errors:
        assert all(letter.isprintable() or letter.isspace() for letter in str(found))
        assert "\n" not in str(found)
        assert str(found).endswith(".")
        assert len(str(found)) < 1500
        json.dumps({**found.failure(), "tracking_id": None}, ensure_ascii=False).encode()
