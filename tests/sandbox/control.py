# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sandbox's own API under ``/_sandbox`` and its page: what arrived, faults, settings, reset, events."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import time
import typing as t

from aiohttp import web

from . import calls, faults, model, page, transcript, validation
from . import settings as settings_

if t.TYPE_CHECKING:
    from .app import Server


def account_of(state: calls.State) -> dict[str, t.Any]:
    """Return everything that the sandbox knows, as JSON can hold it; no secret is in it."""
    account = state.account
    return {
        "revision": state.revision,
        "urls": state.urls,
        "settings": dataclasses.asdict(state.settings),
        "users": [
            {"id": u.id, "email": u.email, "member_id": u.member_id, "display_name": u.display_name}
            for u in account.users.values()
        ],
        "channels": [
            {
                "id": c.id,
                "jid": c.jid,
                "name": c.name,
                "type": c.type,
                "archived": c.archived,
                "members": c.members,
            }
            for c in account.channels.values()
        ],
        "messages": [_message(message) for message in account.messages.values()],
        "scheduled": [
            {**_message(draft.message), "id": draft.id, "scheduled_time": draft.scheduled_time}
            for draft in account.drafts.values()
        ],
        "uploads": [
            {**_file(upload), "owner": upload.owner, "deleted": upload.deleted} for upload in account.uploads.values()
        ],
        "webhook": [
            {"id": post.id, "format": post.format, "body": post.body, "date_time": model.iso(post.time)}
            for post in account.webhook_posts
        ],
        "tokens": {"issued": account.tokens_issued, "requests": account.token_requests},
        "rejected": account.rejected,
        "requests": [dataclasses.asdict(record) for record in state.requests],
        "faults": [dataclasses.asdict(fault) for fault in state.faults.pending],
        "struck": state.faults.struck,
    }


def _file(upload: model.Upload) -> dict[str, t.Any]:
    return {"id": upload.id, "name": upload.name, "size": upload.size, "sha256": upload.sha256}


def _message(message: model.Message) -> dict[str, t.Any]:
    return {
        "id": message.id,
        "channel": message.channel,
        "contact": message.contact,
        "sender": message.sender.email,
        "sender_id": message.sender.id,
        "sender_display_name": message.sender.display_name,
        "message": message.message,
        "at_items": message.at_items,
        "rich_text": message.rich_text,
        "files": [_file(upload) for upload in message.files],
        "interactive_cards": message.interactive_cards,
        "reply_main_message_id": message.reply_main_message_id,
        "date_time": model.iso(message.time),
        "timestamp": message.timestamp,
        "status": message.status,
        "history": message.history,
        "content_type": message.content_type,
    }


def add_routes(application: web.Application, server: Server) -> None:
    control = _Control(server)
    application.router.add_get("/", control.page)
    application.router.add_get("/_sandbox/page.html", control.export)
    application.router.add_get("/_sandbox/info", control.info)
    application.router.add_get("/_sandbox/account", control.account)
    application.router.add_get("/_sandbox/transcript", control.transcript)
    application.router.add_get("/_sandbox/events", control.events)
    application.router.add_post("/_sandbox/reset", control.reset)
    application.router.add_get("/_sandbox/settings", control.settings)
    application.router.add_patch("/_sandbox/settings", control.change_settings)
    application.router.add_get("/_sandbox/faults", control.faults)
    application.router.add_post("/_sandbox/faults", control.add_fault)
    application.router.add_delete("/_sandbox/faults", control.clear_faults)
    application.router.add_post("/_sandbox/messages", control.add_message)


def _json(body: t.Any, status: int = 200) -> web.Response:
    return web.json_response(body, status=status, headers={"Cache-Control": "no-store"})


async def _body_of(request: web.Request) -> t.Any:
    try:
        return await request.json()
    except json.JSONDecodeError as error:
        raise _bad_request(f"The body is not JSON: {error}") from None


def _bad_request(text: str) -> web.HTTPBadRequest:
    return web.HTTPBadRequest(text=json.dumps({"message": text}), content_type="application/json")


_MESSAGE_SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["sender", "message"],
    "properties": {
        **{
            name: {"type": "string"}
            for name in ("sender", "message", "to_channel", "to_contact", "reply_main_message_id")
        },
        "age": {"type": "number"},
    },
}


class _Control:
    def __init__(self, server: Server) -> None:
        self._server = server

    @property
    def _state(self) -> calls.State:
        return self._server.state

    async def page(self, _request: web.Request) -> web.Response:
        return web.Response(text=page.render(None), content_type="text/html")

    async def export(self, _request: web.Request) -> web.Response:
        return web.Response(text=page.render(account_of(self._state)), content_type="text/html")

    async def info(self, _request: web.Request) -> web.Response:
        return _json(self._state.urls)

    async def account(self, _request: web.Request) -> web.Response:
        return _json(account_of(self._state))

    async def transcript(self, _request: web.Request) -> web.Response:
        return web.Response(text=transcript.render(account_of(self._state)))

    async def reset(self, _request: web.Request) -> web.Response:
        self._state.reset()
        return _json({})

    async def settings(self, _request: web.Request) -> web.Response:
        return _json(dataclasses.asdict(self._state.settings))

    async def change_settings(self, request: web.Request) -> web.Response:
        try:
            self._state.apply(settings_.changed(self._state.settings, await _body_of(request)))
        except validation.InvalidValue as error:
            raise _bad_request(str(error)) from None
        return await self.settings(request)

    async def faults(self, _request: web.Request) -> web.Response:
        return _json([dataclasses.asdict(fault) for fault in self._state.faults.pending])

    async def add_fault(self, request: web.Request) -> web.StreamResponse:
        try:
            fault = faults.fault_from(await _body_of(request))
        except validation.InvalidValue as error:
            raise _bad_request(str(error)) from None
        response = _json(dataclasses.asdict(fault), status=201)
        if fault.moment != "now":
            self._state.faults.pending.append(fault)
            self._state.changed()
            return response
        response.force_close()
        self._state.faults.record(fault, fault.operation, None)
        self._state.changed()
        self._server.refuse(fault, spare=request.transport)
        return response

    async def clear_faults(self, _request: web.Request) -> web.Response:
        self._state.faults.pending.clear()
        self._state.changed()
        return _json({})

    async def add_message(self, request: web.Request) -> web.Response:
        """Put a message into the account as if a person had written it, ``age`` seconds ago."""
        wish = await _body_of(request)
        try:
            validation.require(_MESSAGE_SCHEMA, wish)
            return _json({"id": self._put(wish).id}, status=201)
        except validation.InvalidValue as error:
            raise _bad_request(str(error)) from None
        except LookupError as error:
            raise _bad_request(f"There is no {error}") from None

    def _put(self, wish: dict[str, t.Any]) -> model.Message:
        account = self._state.account
        sender = account.user(wish["sender"])
        channel = account.channel(wish["to_channel"]) if "to_channel" in wish else None
        contact = account.user(wish["to_contact"]) if "to_contact" in wish else None
        if sender is None:
            raise LookupError(f"user {wish['sender']}")
        if (channel is None) == (contact is None):
            raise LookupError("such channel or contact, or there are both")
        message = model.Message(
            id=model.new_id(),
            sender=sender,
            channel=channel.id if channel else None,
            contact=contact.id if contact else None,
            message=wish["message"],
            time=time.time() - wish.get("age", 0),
            visible_at=0.0,
            reply_main_message_id=wish.get("reply_main_message_id"),
        )
        account.messages[message.id] = message
        self._state.changed()
        return message

    async def events(self, request: web.Request) -> web.StreamResponse:
        """Tell the account's revision after each change; changes that come close together are told once."""
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
        await response.prepare(request)
        news = asyncio.Event()
        news.set()
        unwatch = self._state.watch(news.set)
        stopped = asyncio.ensure_future(self._server.stopping.wait())
        try:
            while not stopped.done():
                waiting = asyncio.ensure_future(news.wait())
                await asyncio.wait({waiting, stopped}, timeout=15, return_when=asyncio.FIRST_COMPLETED)
                waiting.cancel()
                told = f"event: change\ndata: {self._state.revision}\n\n" if news.is_set() else ": still here\n\n"
                news.clear()
                await response.write(told.encode())
        except ConnectionError:
            pass
        finally:
            stopped.cancel()
            unwatch()
        return response
