"""`serve`: runs the page on this computer."""

from __future__ import annotations

import ipaddress
import signal
import socket
import threading
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from .._validation import Integral, raise_all, require
from ._studio import Studio

__all__ = ["serve"]

_PORT = 8765
_GRACE = 2


def serve(
    *,
    host: str = "127.0.0.1",
    port: int | None = None,
    open_browser: bool = False,
    longest: float = 1200.0,
    models: str | None = None,
    started: Callable[[str], None] | None = None,
) -> None:
    """Serve the studio, a page in the browser, until Ctrl-C.

    Parameters
    ----------
    host : str, default="127.0.0.1"
        Address to listen on. The default is this computer only. With another one, everybody who
        can reach it may use the page: it asks for no password.
    port : int or None, default=None
        Port to listen on. None is 8765, or any free one if that is taken.
    open_browser : bool, default=False
        Whether to open the page in the browser.
    longest : float, default=1200
        Longest dance in s that the page takes.
    models : str or None, default=None
        Folder of the pose networks, as `folder` in :func:`~sklearn_asdf.video.fetch_pose_models`.
    started : callable or None, default=None
        Called with the address of the page once it can be opened.

    Notes
    -----
    Everything runs on this computer: the page loads nothing from elsewhere, and no file leaves. The
    files of a page are removed when it is closed, at the latest with the server.

    Examples
    --------
    >>> from sklearn_asdf.studio import serve
    >>> serve(open_browser=True)  # doctest: +SKIP
    """
    require("starlette", "uvicorn", extra="studio", purpose="the studio")
    problems = []
    if port is not None and (isinstance(port, bool) or not isinstance(port, Integral)):
        problems.append(f"expected port as a whole number or None, got {port!r}")
    elif port is not None and not 0 <= port < 65536:
        problems.append(f"expected port from 0 to 65535, got {port}")
    if not longest > 0:
        problems.append(f"expected longest above 0 s, got {longest!r}")
    raise_all(problems)
    with _listen(host, port) as listener, Studio(longest=longest, models=models) as studio:
        server = make_server(studio, host=host)
        address = f"http://{_shown(host)}:{listener.getsockname()[1]}/"
        if open_browser:
            threading.Timer(0.5, webbrowser.open, [address]).start()
        if started is not None:
            started(address)
        # Ctrl-C is how this ends.
        with suppress(KeyboardInterrupt), _terminated_as_interrupted():
            server.run(sockets=[listener])


def make_server(studio: Studio, *, host: str = "127.0.0.1") -> Any:
    """Return a uvicorn server of the page; the caller gives it a socket."""
    import uvicorn

    from ._app import make_app

    local = _is_loopback(host)
    hosts = ["127.0.0.1", "localhost", "[::1]", host] if local else ["*"]
    return uvicorn.Server(
        uvicorn.Config(
            make_app(studio, hosts=hosts),
            log_level="error",
            access_log=False,
            lifespan="off",
            server_header=False,
            # Players keep connections open.
            timeout_graceful_shutdown=_GRACE,
        )
    )


@contextmanager
def _terminated_as_interrupted() -> Iterator[None]:
    """Let SIGTERM end the server as Ctrl-C does, so that its files are removed."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _listen(host: str, port: int | None) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    wanted = [_PORT, 0] if port is None else [port]
    for number in wanted:
        try:
            return socket.create_server((host, number), family=family)
        except OSError as error:
            reason = error.strerror or str(error)
            if number != wanted[-1]:
                continue
            hint = "give another --port" if port else "give another --host"
            raise ValueError(f"cannot listen on {host}:{number} ({reason}): {hint}") from None
    raise AssertionError


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _shown(host: str) -> str:
    """Return the name to type for an address: nobody can open 0.0.0.0."""
    if host in ("0.0.0.0", "::"):
        return socket.gethostname()
    return f"[{host}]" if ":" in host else host
