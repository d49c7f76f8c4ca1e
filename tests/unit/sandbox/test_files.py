# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files: upload over the redirecting file host, send, attach, look up, delete."""

from __future__ import annotations

import hashlib
import io
import typing as t

import pytest
import requests
from ansible_collections.teamchat.zoom.tests.sandbox import files, seeds
from ansible_collections.teamchat.zoom.tests.sandbox.running import Sandbox

Api = t.Callable[..., requests.Response]
MESSAGES = f"chat/users/{seeds.SENDER}/messages"
UPLOAD = f"chat/users/{seeds.SENDER}/files"
PRIVATE = {"postToPersonalChat": "false"}
OPS = {"to_channel": seeds.OPS}
CONTENT = b"one\r\ntwo\n\x00\xff" * 100


def refusal(answer: requests.Response) -> tuple[int, int, str]:
    body = answer.json()
    return answer.status_code, body["code"], body["message"]


def upload(sandbox: Sandbox, api: Api, name: str = "log.txt", content: bytes = CONTENT) -> str:
    part = {"file": (name, content)}
    answer = api("POST", UPLOAD, url=sandbox.storage_url, params=PRIVATE, files=part)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


@pytest.mark.parametrize("name", ["log.txt", "a b.txt", "naïve 🎉.log", "no-extension"])
def test_upload_arrives_byte_for_byte(sandbox: Sandbox, api: Api, name: str) -> None:
    file_id = upload(sandbox, api, name)
    assert sandbox.account()["uploads"] == [
        {
            "id": file_id,
            "name": name,
            "size": len(CONTENT),
            "sha256": hashlib.sha256(CONTENT).hexdigest(),
            "owner": seeds.user_id("deploy"),
            "deleted": False,
        }
    ]
    assert sandbox.messages() == []


@pytest.mark.parametrize("path", [UPLOAD, f"{MESSAGES}/files"])
def test_file_host_sends_uploads_on(sandbox: Sandbox, api: Api, path: str) -> None:
    answer = api(
        "POST", path, url=sandbox.files_url, params=PRIVATE, files={"file": ("x", b"x")}, allow_redirects=False
    )
    location = f"{sandbox.storage_url}/{path}?postToPersonalChat=false"
    assert (answer.status_code, answer.headers["Location"]) == (307, location)
    assert [(r["operation"], r["status"]) for r in sandbox.requests()] == [("redirect", 307)]
    assert sandbox.account()["uploads"] == []


def test_file_host_can_take_uploads_itself(sandbox: Sandbox, api: Api) -> None:
    sandbox.settings(files_redirect=False)
    answer = api("POST", UPLOAD, url=sandbox.files_url, files={"file": ("x", b"x")}, allow_redirects=False)
    assert answer.status_code == 201


@pytest.mark.parametrize("path", [UPLOAD, f"{MESSAGES}/files"])
def test_token_that_a_redirect_lost_is_missed(sandbox: Sandbox, api: Api, path: str) -> None:
    answer = api("POST", path, url=sandbox.storage_url, token=None, files={"file": ("x", b"x")})
    assert refusal(answer) == (400, 124, "Invalid access token.")


def test_upload_shows_in_ones_own_chat_unless_told_otherwise(sandbox: Sandbox, api: Api) -> None:
    api("POST", UPLOAD, url=sandbox.storage_url, files={"file": ("x", b"x")})
    (message,) = sandbox.messages()
    assert (message["sender_id"], message["contact"]) == (seeds.user_id("deploy"), seeds.user_id("deploy"))
    assert [file["name"] for file in message["files"]] == ["x"]


def test_uploads_are_attached_to_a_message(sandbox: Sandbox, api: Api) -> None:
    ids = [upload(sandbox, api, name) for name in ("a.txt", "b.png")]
    assert api("POST", MESSAGES, json={"message": "see", "file_ids": ids, **OPS}).status_code == 201
    assert [file["id"] for file in sandbox.messages()[0]["files"]] == ids
    shown = api("GET", MESSAGES, params=OPS).json()["messages"][0]
    assert shown["message_type"] == "file_and_text"
    assert [file["file_name"] for file in shown["files"]] == ["a.txt", "b.png"]
    assert shown["file_id"] == ids[0]


def test_edit_replaces_and_clears_files(sandbox: Sandbox, api: Api) -> None:
    first, second = upload(sandbox, api), upload(sandbox, api)
    message = api("POST", MESSAGES, json={"message": "see", "file_ids": [first], **OPS}).json()["id"]
    for ids in ([second], []):
        assert api("PUT", f"{MESSAGES}/{message}", json={"file_ids": ids, **OPS}).status_code == 204
        assert [file["id"] for file in sandbox.messages()[0]["files"]] == ids


def test_edit_with_an_unknown_file_is_refused(sandbox: Sandbox, api: Api) -> None:
    fields = {"message": "see", "file_ids": [upload(sandbox, api)], **OPS}
    message = api("POST", MESSAGES, json=fields).json()["id"]
    answer = api("PUT", f"{MESSAGES}/{message}", json={"file_ids": ["gone"], **OPS})
    assert refusal(answer) == (400, 5404, "File does not exist: gone.")


def test_file_is_sent_as_a_message_of_its_own(sandbox: Sandbox, api: Api) -> None:
    path = f"{MESSAGES}/files"
    parts = {"files": ("log.txt", CONTENT), "to_channel": (None, seeds.OPS)}
    main = api("POST", path, url=sandbox.storage_url, files=parts).json()["id"]
    reply = {**parts, "reply_main_message_id": (None, main)}
    assert api("POST", path, url=sandbox.storage_url, files=reply).status_code == 201
    messages = sandbox.messages()
    assert [m["reply_main_message_id"] for m in messages] == [None, main]
    assert messages[0]["files"][0]["sha256"] == hashlib.sha256(CONTENT).hexdigest()


@pytest.mark.parametrize(
    ("parts", "field"),
    [
        ([("to_channel", (None, seeds.OPS))], "files"),
        ([("files", ("a", b"a")), ("files", ("b", b"b")), ("to_channel", (None, seeds.OPS))], "files"),
    ],
)
def test_send_takes_exactly_one_file(sandbox: Sandbox, api: Api, parts: t.Any, field: str) -> None:
    answer = api("POST", f"{MESSAGES}/files", url=sandbox.storage_url, files=parts)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, field)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"to_channel": "nowhere"}, (404, 4130, "Channel does not exist: nowhere.")),
        ({"to_contact": "nobody"}, (404, 1001, "User does not exist: nobody.")),
        ({"to_channel": seeds.ARCHIVED}, (400, 5420, "Can not send message to an archived channel.")),
    ],
)
def test_send_refusals(sandbox: Sandbox, api: Api, fields: dict[str, str], expected: tuple[int, int, str]) -> None:
    parts = {"files": ("a", b"a"), **{name: (None, value) for name, value in fields.items()}}
    answer = api("POST", f"{MESSAGES}/files", url=sandbox.storage_url, files=parts)
    assert refusal(answer) == expected
    assert sandbox.account()["uploads"] == []


def test_upload_over_the_size_is_refused(sandbox: Sandbox, api: Api) -> None:
    sandbox.settings(max_upload=100)
    answer = api("POST", UPLOAD, url=sandbox.storage_url, files={"file": ("x", b"x" * 101)})
    assert refusal(answer) == (400, 300, "Maximum file size exceeded: 100")


@pytest.mark.parametrize(("name", "most"), [("x.log", files.MOST_SENT), ("x.PNG", files.MOST_IMAGE)])
def test_sent_file_over_the_size_is_refused(sandbox: Sandbox, api: Api, name: str, most: int) -> None:
    parts = {"files": (name, io.BytesIO(b"x" * (most + 1))), "to_channel": (None, seeds.OPS)}
    answer = api("POST", f"{MESSAGES}/files", url=sandbox.storage_url, files=parts)
    assert refusal(answer) == (400, 300, f"Maximum file size exceeded: {most}")


def test_upload_without_a_file_is_refused(sandbox: Sandbox, api: Api) -> None:
    answer = api("POST", UPLOAD, url=sandbox.storage_url, files={"other": ("x", b"x")})
    assert refusal(answer) == (400, 300, "Invalid parameter: file.")


def test_file_name_without_quotes_is_refused(sandbox: Sandbox, api: Api) -> None:
    body = b'--cut\r\nContent-Disposition: form-data; name="file"; filename=x\r\n\r\nx\r\n--cut--\r\n'
    headers = {"Content-Type": "multipart/form-data; boundary=cut"}
    answer = api("POST", UPLOAD, url=sandbox.storage_url, data=body, headers=headers)
    assert refusal(answer) == (400, 300, "Invalid 'Content-Disposition' in multipart form")


def test_file_is_looked_up_and_taken_back(sandbox: Sandbox, api: Api) -> None:
    file_id = upload(sandbox, api, "log.txt")
    info = api("GET", f"chat/files/{file_id}").json()
    assert (info["file_name"], info["OS_file_type"], info["length"]) == ("log.txt", "txt", len(CONTENT))
    assert info["digest"] == hashlib.sha256(CONTENT).hexdigest()
    assert api("DELETE", f"chat/files/{file_id}").status_code == 204
    assert [upload["deleted"] for upload in sandbox.account()["uploads"]] == [True]
    assert refusal(api("DELETE", f"chat/files/{file_id}")) == (404, 404, "Resource not found.")
    answer = api("POST", MESSAGES, json={"message": "see", "file_ids": [file_id], **OPS})
    assert refusal(answer) == (400, 5404, f"File does not exist: {file_id}.")


@pytest.mark.parametrize(
    ("token", "expected"),
    [
        (None, (401, 300, "Access token is required.")),
        ("unknown", (401, 100, "Invalid Access token.")),
        (seeds.EXPIRED_TOKEN, (401, 106, "Access token is expired")),
    ],
)
def test_file_endpoints_have_token_codes_of_their_own(
    api: Api, token: str | None, expected: tuple[int, int, str]
) -> None:
    assert refusal(api("DELETE", "chat/files/x", token=token)) == expected


def test_user_does_not_delete_the_file_of_another(sandbox: Sandbox, api: Api) -> None:
    part = {"file": ("x", b"x")}
    path = "chat/users/alice@example.com/files"
    file_id = api("POST", path, url=sandbox.storage_url, params=PRIVATE, files=part).json()["id"]
    answer = api("DELETE", f"chat/files/{file_id}", token=seeds.USER_TOKEN)
    assert refusal(answer) == (403, 403, "Operation not permitted.")
