"""The web application: a thin layer of addresses over the studio."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from importlib.resources import files
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .._version import __version__
from ._checks import in_minutes
from ._knobs import Knobs
from ._session import Session
from ._shipped import SHIPPED, shipped_file, shipped_music
from ._state import file_of, state_of
from ._studio import Studio
from ._uploads import Upload

__all__ = ["make_app"]

_ASSETS = {
    "page.html": "text/html",
    "page.css": "text/css",
    "page.js": "text/javascript",
    "beat.js": "text/javascript",
    "skeleton.js": "text/javascript",
    "uploads.js": "text/javascript",
}
# Uploaded parts are written to the disk when they are so many bytes.
_BLOCK = 1 << 20
_LARGEST_REQUEST = 100_000
# Whatever else a page asks its users' browsers to send here, this header it cannot send unasked.
_OWN_HEADER = "x-studio"
_HEADERS = {
    # Nothing from elsewhere is loaded, and no other page may show this one in a frame.
    "content-security-policy": (
        "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; "
        "object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
    ),
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
}
# A report is one file with its own scripts. It may load nothing, and is kept apart from this page.
_HEADERS_OF_REPORTS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
        "img-src data: blob:; media-src data: blob:; font-src data:; "
        "sandbox allow-scripts allow-downloads; base-uri 'none'; form-action 'none'"
    )
}
_GONE = "This page was away for too long, and its files were removed. Reload it to start again."


class _Guard:
    """Refuse what other pages could make a browser send here, and add the headers."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        sent = dict(scope["headers"])
        if scope["method"] not in ("GET", "HEAD") and _OWN_HEADER.encode() not in sent:
            await JSONResponse({"sentence": "Only the studio's own page may ask this."}, 403)(
                scope, receive, send
            )
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = {name for name, _ in message["headers"]}
                headers = {name.encode(): value.encode() for name, value in _HEADERS.items()}
                message["headers"] = [
                    *message["headers"],
                    *((name, value) for name, value in headers.items() if name not in own),
                ]
            await send(message)

        await self.app(scope, receive, send_with_headers)


def make_app(studio: Studio, *, hosts: list[str]) -> Starlette:
    """Return the application.

    Parameters
    ----------
    studio : Studio
        What does the work.
    hosts : list of str
        Names under which the page may be asked for: others are refused, since a page of the
        internet could otherwise give its own name this computer's address, and read along.

    Returns
    -------
    Starlette
        An ASGI application.
    """
    pages = _Pages(studio)
    return Starlette(
        routes=[
            Route("/", pages.asset),
            Route("/{asset}", pages.asset),
            Route("/api/sessions", pages.open_session, methods=["POST"]),
            Route("/api/shipped/{name}", pages.shipped),
            Route("/api/s/{session}", pages.state),
            Route("/api/s/{session}/upload", pages.begin_upload, methods=["POST"]),
            Route("/api/s/{session}/upload", pages.upload, methods=["PUT"]),
            Route("/api/s/{session}/file/{kind}", pages.file),
            Route("/api/s/{session}/file/{kind}/{which}", pages.file),
            Route("/api/s/{session}/{action}", pages.act, methods=["POST"]),
        ],
        middleware=[
            Middleware(TrustedHostMiddleware, allowed_hosts=hosts, www_redirect=False),
            Middleware(_Guard),
        ],
    )


def _refusal(sentence: str, status: int = 422) -> JSONResponse:
    return JSONResponse({"sentence": sentence}, status)


_Handler = Callable[[Any, Session, Request], Awaitable[Response]]


def _in_session(handler: _Handler) -> Callable[[Any, Request], Awaitable[Response]]:
    """Give a handler its session, and answer a refusal with its sentence."""

    async def handle(self: Any, request: Request) -> Response:
        try:
            session = self.studio.session(request.path_params["session"])
        except KeyError:
            return _refusal(_GONE, 410)
        try:
            return await handler(self, session, request)
        except ValueError as error:
            sentence = str(error)
            return _refusal(sentence[:1].upper() + sentence[1:])

    return handle


class _Pages:
    """The handlers of the addresses."""

    def __init__(self, studio: Studio) -> None:
        self.studio = studio

    async def asset(self, request: Request) -> Response:
        """The page, its style and its script."""
        name = request.path_params.get("asset", "page.html")
        if name not in _ASSETS:
            return Response(status_code=404)
        text = (files(__package__) / name).read_text(encoding="utf-8")
        return Response(text, media_type=_ASSETS[name])

    async def open_session(self, request: Request) -> Response:
        """Open a session, and tell what the page needs to know once."""
        try:
            session = self.studio.new_session()
        except ValueError as error:
            return _refusal(str(error).capitalize(), 503)
        about = {
            "session": session.name,
            "version": __version__,
            "longest": in_minutes(self.studio.longest),
            "shipped": shipped_music(),
        }
        return JSONResponse(about)

    async def shipped(self, request: Request) -> Response:
        """A piece of music that the package ships."""
        name = request.path_params["name"]
        if name not in SHIPPED:
            return Response(status_code=404)
        return FileResponse(
            await run_in_threadpool(shipped_file, name, self.studio.folder / "shipped")
        )

    @_in_session
    async def state(self, session: Session, request: Request) -> Response:
        """Everything that the page shows."""
        return JSONResponse(await run_in_threadpool(state_of, session))

    @_in_session
    async def begin_upload(self, session: Session, request: Request) -> Response:
        """Ask whether a file may come, before it does."""
        asked = await _json(request)
        size = asked.get("size")
        if not isinstance(size, int):
            raise ValueError(f"expected the size of the file in bytes, got {size!r}")
        session.begin_upload(str(asked.get("step")), str(asked.get("name")), size)
        return JSONResponse({})

    @_in_session
    async def upload(self, session: Session, request: Request) -> Response:
        """Take the file."""
        upload = session.upload
        if upload is None:
            raise ValueError("the upload was stopped")
        try:
            await _receive(request, upload)
        except ClientDisconnect:
            return Response(status_code=400)
        finally:
            upload.give_up()
        await run_in_threadpool(session.accept, upload)
        return JSONResponse({})

    @_in_session
    async def act(self, session: Session, request: Request) -> Response:
        """Do one of the things that the page has buttons for."""
        asked = await _json(request)
        action = request.path_params["action"]
        if action == "leave":
            session.leave()
            return JSONResponse({})
        knobs = asked.get("knobs")
        actions: dict[str, Callable[[], None]] = {
            "stop": session.stop,
            "example": session.use_example,
            "learn": session.learn,
            "shipped": lambda: session.choose_shipped(
                [str(name) for name in asked.get("names", [])]
            ),
            "remove": lambda: session.remove(str(asked.get("step")), str(asked.get("which", ""))),
            "make": lambda: session.make(Knobs.read(knobs or {})),
            "later": lambda: session.make_later(int(asked["number"])),
            "save": lambda: session.save_model(int(asked["number"])),
            "prepare": lambda: session.prepare(int(asked["number"]), str(asked["what"])),
        }
        if action not in actions:
            return Response(status_code=404)
        await run_in_threadpool(actions[action])
        return JSONResponse({})

    @_in_session
    async def file(self, session: Session, request: Request) -> Response:
        """A file, whole or in the parts that a player asks for."""
        parameters = request.path_params
        try:
            path, name = file_of(session, parameters["kind"], parameters.get("which", ""))
        except KeyError:
            return Response(status_code=404)
        if parameters["kind"] == "looking":
            # Replaced several times a second: read at once, not stat first and then sent.
            return Response(await run_in_threadpool(path.read_bytes), media_type="image/jpeg")
        download = "download" in request.query_params
        headers = _HEADERS_OF_REPORTS if parameters["kind"] == "report" else None
        return FileResponse(path, filename=name if download else None, headers=headers)


async def _json(request: Request) -> dict[str, Any]:
    content = b""
    async for part in request.stream():
        content += part
        if len(content) > _LARGEST_REQUEST:
            raise ValueError("the request is too long")
    try:
        asked = json.loads(content or b"{}")
    except ValueError:
        asked = None
    if not isinstance(asked, dict):
        raise ValueError("expected a JSON object")
    return asked


async def _receive(request: Request, upload: Upload) -> None:
    """Write a file as it comes; nothing of it is held in memory but a block."""
    block = bytearray()
    async for part in request.stream():
        block += part
        if len(block) >= _BLOCK:
            await run_in_threadpool(upload.write, bytes(block))
            block.clear()
    await run_in_threadpool(upload.write, bytes(block))
    await run_in_threadpool(upload.finish)
