"""The HTTP side that the bot talks to: methods, response URLs, uploads."""

import secrets
import time

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute

from bot.trial.workspace.core import JSON, Refused
from bot.trial.workspace.desk import Call, Desk
from bot.trial.workspace.faults import Fault
from bot.trial.workspace.methods.args import Args, read_args
from bot.trial.workspace.methods.methods import ANY_TOKEN_METHODS, APP_TOKEN_METHODS, METHODS, READS, scope_of
from bot.trial.workspace.page.acts import answer_hook

HOOK_METHOD = "response_url"  # under this name faults can be asked for


class WebApi:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/api/{method}", self._method, methods=["GET", "POST"]),
            Route("/hooks/{team}/{token}", self._hook, methods=["POST"]),
            Route("/upload/v1/{ticket}", self._upload, methods=["POST"]),
            Route("/files/{file}/{name}", self._download, methods=["GET"]),
            WebSocketRoute("/link/", self._desk.links.serve),
        ]

    async def _method(self, request: Request) -> Response:
        method = request.path_params["method"]
        try:
            args = read_args(
                request.query_params, request.headers.get("content-type", ""), await request.body()
            )
            token = _bearer(request) or args.text("token")
            args.values.pop("token", None)
            return self._call(method, token, args)
        except Refused as refusal:
            return JSONResponse(refusal.as_json())

    def _call(self, method: str, token: str, args: Args) -> Response:
        if method not in METHODS:
            raise Refused("unknown_method")
        self._check_token(method, token)
        desk = self._desk
        with desk.pulse:
            channel = args.text("channel") or args.text("channel_id")
            fault = (
                desk.faults.take(method)
                or desk.faults.closed_to(channel)
                or desk.rates.check(method, channel)
            )
            if fault is not None and not fault.afterwards:
                return _failure(fault)
            scope = scope_of(desk, method, channel)
            if desk.team.scopes is not None and scope and scope not in desk.team.scopes:
                raise Refused("missing_scope")
            if channel:
                desk.team.channel(channel).refuse_bot(writes=method not in READS)
            desk.calls.append(Call(method=method, args=args.values, at=time.monotonic()))
            answer = METHODS[method](desk, args)
            desk.pulse.changed()
            if fault is not None:
                return _failure(fault)
        granted = desk.team.scopes
        headers = {} if granted is None else {"x-oauth-scopes": ",".join(sorted(granted))}
        return JSONResponse(answer, headers=headers)

    def _check_token(self, method: str, token: str) -> None:
        if method in ANY_TOKEN_METHODS:
            return
        if not token:
            raise Refused("not_authed")
        right, other = self._desk.bot_token, self._desk.app_token
        if method in APP_TOKEN_METHODS:
            right, other = other, right
        if secrets.compare_digest(token.encode(), right.encode()):
            return
        raise Refused("not_allowed_token_type" if token == other else "invalid_auth")

    async def _hook(self, request: Request) -> Response:
        desk = self._desk
        body = await request.body()
        try:
            args = read_args({}, request.headers.get("content-type", ""), body)
            payload: JSON = args.values
            with desk.pulse:
                fault = desk.faults.take(HOOK_METHOD)
                if fault is not None:
                    return _failure(fault)
                desk.calls.append(Call(method=HOOK_METHOD, args=payload, at=time.monotonic()))
                answer_hook(desk, request.path_params["token"], payload)
        except Refused as refusal:
            gone = refusal.error in ("expired_url", "used_url")
            return JSONResponse(refusal.as_json(), status_code=404 if gone else 400)
        return PlainTextResponse("ok")

    async def _upload(self, request: Request) -> Response:
        try:
            self._desk.files.receive(request.path_params["ticket"], await request.body())
        except Refused as refusal:
            return PlainTextResponse(refusal.error, status_code=400)
        return PlainTextResponse("OK")

    async def _download(self, request: Request) -> Response:
        try:
            file = self._desk.files.get(request.path_params["file"])
        except Refused:
            return PlainTextResponse("file_not_found", status_code=404)
        if file.content is None:
            return PlainTextResponse("file_not_found", status_code=404)
        kind = file.mimetype
        shown = kind in ("image/png", "image/jpeg", "image/gif", "image/webp")
        headers = {"X-Content-Type-Options": "nosniff"}
        if not shown:
            headers["Content-Disposition"] = "attachment"
        return Response(file.content, media_type=kind, headers=headers)


def _bearer(request: Request) -> str:
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else ""


def _failure(fault: Fault) -> Response:
    too_many = 429
    headers = {"Retry-After": str(fault.retry_after)} if fault.status == too_many else {}
    error = fault.error or ("ratelimited" if fault.status == too_many else "internal_error")
    return JSONResponse({"ok": False, "error": error}, status_code=fault.status, headers=headers)
