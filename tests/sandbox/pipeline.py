# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The way of a request through the sandbox, from its bytes to its answer or to the fault that strikes it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
import typing as t

from aiohttp import web

from . import bodies, calls, errors, faults, files, listeners, oauth, operations, validation

if t.TYPE_CHECKING:
    from .app import Server


def refusal_answer(error: errors.ZoomError) -> calls.Answer:
    return calls.Answer(error.status, error.body(), headers=error.headers)


def to_response(answer: calls.Answer, tracking_id: str) -> web.Response:
    headers = {"x-zm-trackingid": tracking_id, **answer.headers}
    if answer.body is None:
        return web.Response(status=answer.status, headers=headers)
    return web.Response(
        status=answer.status, headers={"Content-Type": answer.content_type, **headers}, body=answer.encoded()
    )


class Pipeline:
    """The way of one operation's requests: recorded, read, struck perhaps, checked, worked, answered."""

    def __init__(self, server: Server, operation: operations.Operation, host: str) -> None:
        self.server = server
        self.operation = operation
        self.redirects = host == "files"

    async def handle(self, request: web.Request) -> web.StreamResponse:
        state = self.server.state
        record = self.server.record(request, self.operation.name)
        redirecting = self.redirects and state.settings.files_redirect
        body = await bodies.read(request, self.operation)
        record.body_size = body.size
        is_reply = isinstance(body.fields, dict) and bool(body.fields.get("reply_main_message_id"))
        if self.operation.name == "send" and is_reply:
            record.operation = "reply"
        if redirecting:
            record.operation = "redirect"
        call = calls.Call(
            state=state,
            operation=self.operation.name if redirecting else record.operation,
            path=dict(request.match_info),
            query=dict(request.query),
            body=body,
            authorization=request.headers.get("Authorization", ""),
        )
        if state.settings.latency:
            await asyncio.sleep(state.settings.latency)
        fault = state.faults.take(record.operation, record.n)
        refusal = self._authenticate(call)
        record.authorized = refusal is None
        answer = calls.Answer(500)
        if fault is None or fault.moment == "after":
            answer = files.redirect(call) if redirecting else self._work(call, refusal)
            record.authorized &= bool(self.operation.scopes) or answer.status < 400
        if fault is None:
            response: web.StreamResponse = to_response(answer, record.tracking_id)
            record.status = answer.status
            record.code = answer.body.get("code") if isinstance(answer.body, dict) else None
        else:
            record.fault = fault.fault
            response = await self._strike(request, record, fault, answer)
        state.changed()
        return response

    def _authenticate(self, call: calls.Call) -> errors.ZoomError | None:
        try:
            if self.operation.scopes:
                oauth.authenticate(call, self.operation.scopes)
        except errors.ZoomError as error:
            return error
        return None

    def _work(self, call: calls.Call, refusal: errors.ZoomError | None) -> calls.Answer:
        try:
            if refusal is not None:
                raise refusal
            emulated = _refused_multipart(call)
            if emulated is not None:
                return emulated
            if call.body.error is not None:
                raise call.body.error
            if self.operation.scopes:
                call.query = validation.typed_query(self.operation.query, call.query)
                validation.check(self.operation.query, call.query, self.operation.documented)
            return self.operation.handler(call)
        except errors.ZoomError as error:
            return refusal_answer(error)

    async def _strike(
        self, request: web.Request, record: calls.Record, fault: faults.Fault, answer: calls.Answer
    ) -> web.StreamResponse:
        name = fault.fault
        if name in faults.BREAKING:
            await self._break(request, fault)
            return web.Response(status=500)
        if name in faults.SHAPING:
            return await self._shape(request, record, fault, answer)
        status, headers, content = faults.answer_of(fault, record.operation)
        record.status = status
        record.code = json.loads(content).get("code") if content.startswith(b"{") else None
        return web.Response(status=status, headers={"x-zm-trackingid": record.tracking_id, **headers}, body=content)

    async def _break(self, request: web.Request, fault: faults.Fault) -> None:
        if fault.fault == "hang":
            deadline = time.monotonic() + fault.seconds
            while time.monotonic() < deadline and not self.server.stopping.is_set():
                if request.transport is None or request.transport.is_closing():
                    return
                await asyncio.sleep(0.05)
        if fault.fault == "refuse":
            self.server.refuse(fault)
        listeners.abort(request.transport)

    async def _shape(
        self, request: web.Request, record: calls.Record, fault: faults.Fault, answer: calls.Answer
    ) -> web.StreamResponse:
        content = answer.encoded()
        record.status = answer.status
        if fault.fault == "empty-201":
            record.status = 201
            return to_response(calls.Answer(201), record.tracking_id)
        if fault.fault == "no-id":
            return to_response(calls.Answer(answer.status, {} if content else None), record.tracking_id)
        if not content:
            # There is no body to cut or to send slowly, so the answer itself comes late or not at all.
            await asyncio.sleep(fault.seconds)
            if fault.fault != "slow":
                listeners.abort(request.transport)
            return to_response(answer, record.tracking_id)
        half = content[: len(content) // 2]
        headers = {
            "x-zm-trackingid": record.tracking_id,
            "Content-Type": answer.content_type,
            **answer.headers,
        }
        if fault.fault == "cut-body-json":
            return web.Response(status=answer.status, headers=headers, body=half)
        response = web.StreamResponse(status=answer.status, headers=headers)
        response.content_length = len(content)
        await response.prepare(request)
        with contextlib.suppress(ConnectionError):
            if fault.fault == "slow":
                await _trickle(response, content, fault.seconds)
            else:
                await response.write(half)
                if request.transport is not None:
                    request.transport.close()
        return response


async def _trickle(response: web.StreamResponse, content: bytes, seconds: float) -> None:
    for index in range(len(content)):
        await asyncio.sleep(seconds / len(content))
        await response.write(content[index : index + 1])


def _refused_multipart(call: calls.Call) -> calls.Answer | None:
    """Answer a multipart message as servers do that take JSON only, where the settings ask for it."""
    if call.operation not in ("send", "reply") or call.body.content_type != operations.FORM:
        return None
    how = call.settings.multipart
    if how == "415":
        return refusal_answer(call.refuse("content_type"))
    if how == "empty-400":
        return calls.Answer(400)
    if how == "300-json":
        return refusal_answer(call.refuse("not_json"))
    return None
