"""The HTTP side that the page in the browser talks to; door.py says who gets so far."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from bot.trial.workspace.core import JSON, Refused
from bot.trial.workspace.desk import Desk
from bot.trial.workspace.page.acts import Acts, Click, Outcome
from bot.trial.workspace.page.snapshot import snapshot

STATIC = Path(__file__).parent / "static"
KEEPALIVE_SECONDS = 15.0
TS_DIGITS = 6

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'none'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


class Page:
    def __init__(self, desk: Desk, acts: Acts, notice: str) -> None:
        self._desk = desk
        self._acts = acts
        self._notice = notice

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/", self._index),
            Route("/archives/{channel}/{place}", self._permalink),
            Route("/page/state", self._state),
            Route("/page/events", self._events),
            Route("/page/{act}", self._act, methods=["POST"]),
            Mount("/static", StaticFiles(directory=STATIC)),
        ]

    async def _index(self, _request: Request) -> Response:
        return FileResponse(STATIC / "index.html", headers=HEADERS)

    async def _permalink(self, request: Request) -> Response:
        digits = request.path_params["place"].removeprefix("p")
        ts = f"{digits[:-TS_DIGITS]}.{digits[-TS_DIGITS:]}"
        return RedirectResponse(f"/#{request.path_params['channel']}/{ts}")

    async def _state(self, request: Request) -> Response:
        state = snapshot(self._desk, request.query_params.get("user", ""), self._notice)
        return JSONResponse(state, headers=HEADERS)

    async def _events(self, _request: Request) -> Response:
        return StreamingResponse(self._news(), media_type="text/event-stream", headers=HEADERS)

    async def _news(self) -> AsyncIterator[str]:
        """Say that something changed; the page then asks for what."""
        pulse, loop, news = self._desk.pulse, asyncio.get_running_loop(), asyncio.Event()

        def tell() -> None:
            loop.call_soon_threadsafe(news.set)

        pulse.listen(tell)
        try:
            while not pulse.closed:
                news.clear()
                yield f"data: {json.dumps({'version': pulse.version})}\n\n"
                try:
                    await asyncio.wait_for(news.wait(), KEEPALIVE_SECONDS)
                except TimeoutError:
                    yield ": still here\n\n"
        finally:
            pulse.unlisten(tell)

    async def _act(self, request: Request) -> Response:
        act = request.path_params["act"]
        try:
            body = json.loads(await request.body())
        except ValueError:
            return JSONResponse({"ok": False, "error": "invalid_json"}, status_code=400)
        if not isinstance(body, dict):
            return JSONResponse({"ok": False, "error": "json_not_object"}, status_code=400)
        try:
            return JSONResponse(await run_in_threadpool(self._do, act, body))
        except Refused as refusal:
            return JSONResponse(refusal.as_json())
        except KeyError as missing:
            return JSONResponse({"ok": False, "error": f"missing {missing}"}, status_code=400)

    def _do(self, act: str, body: JSON) -> JSON:
        doings: dict[str, Callable[[str, JSON], Outcome]] = {
            "say": self._say,
            "command": self._command,
            "click": self._click,
            "submit": lambda user, body: self._acts.submit(user, body["values"]),
            "close": lambda user, body: self._acts.close(user, everything=bool(body.get("everything"))),
            "home": lambda user, body: self._acts.open_home(user, str(body.get("tab", "home"))),
            "shortcut": self._shortcut,
            "dismiss": lambda user, body: self._acts.dismiss(user, body["ts"]),
        }
        if act == "suggest":
            options = self._acts.suggest(
                str(body["user"]),
                body["where"],
                body["action_id"],
                str(body["typed"]),
                block_id=body["block_id"],
            )
            return {"ok": True, "options": list(options)}
        doing = doings.get(act)
        if doing is None:
            raise Refused("unknown_act")
        return doing(str(body["user"]), body).as_json()

    def _say(self, user: str, body: JSON) -> Outcome:
        self._acts.say(user, body["text"], channel=body["channel"], thread_ts=body.get("thread_ts", ""))
        return Outcome(ok=True)

    def _command(self, user: str, body: JSON) -> Outcome:
        name, _, text = str(body["text"]).strip().partition(" ")
        return self._acts.command(user, name, text.strip(), channel=body["channel"])

    def _shortcut(self, user: str, body: JSON) -> Outcome:
        if body.get("ts"):
            return self._acts.message_shortcut(user, str(body["callback_id"]), str(body["ts"]))
        return self._acts.global_shortcut(user, str(body["callback_id"]), channel=body["channel"])

    def _click(self, user: str, body: JSON) -> Outcome:
        click = Click(
            where=body["where"],
            action_id=body["action_id"],
            block_id=body["block_id"],
            value=body.get("value"),
            values=body.get("values") or {},
        )
        return self._acts.click(user, click)
