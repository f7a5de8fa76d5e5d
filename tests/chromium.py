"""A browser without a window that is driven from outside, for pages that a server sends."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .browser import NAMES, OPTIONS, program

__all__ = ["Chromium"]


class Chromium:
    """One page in Chromium, driven by the DevTools protocol over a pipe.

    Names of hosts are not resolved, so that whatever a page asks of the internet fails as without a
    network; addresses of this computer work.

    Parameters
    ----------
    folder : Path
        Where the profile is kept and downloads go.
    size : (int, int)
        Viewport in pixels.
    dark : bool, default=False
        Whether the user prefers dark pages.
    path : str or None, default=None
        The browser.
    """

    def __init__(
        self, folder: Path, *, size: tuple[int, int], dark: bool = False, path: str | None = None
    ) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.events: list[dict[str, Any]] = []
        to_browser, self._write = os.pipe()
        self._read, from_browser = os.pipe()
        # The protocol is on the descriptors 3 and 4; not every sh knows numbers above 9.
        command = [
            path or program() or NAMES[0], *OPTIONS, "--remote-debugging-pipe",
            f"--user-data-dir={folder / 'profile'}",
            "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
            "about:blank",
        ]  # fmt: skip
        self.process = subprocess.Popen(
            ["bash", "-c", f'exec "$@" 3<&{to_browser} 4>&{from_browser}', "bash", *command],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(to_browser, from_browser),
        )
        os.close(to_browser)
        os.close(from_browser)
        self._buffer = b""
        self._count = 0
        self._session: str | None = None
        try:
            self._attach(size, dark)
        except BaseException:
            self.close()
            raise

    def _attach(self, size: tuple[int, int], dark: bool) -> None:
        targets = self.call("Target.getTargets")["targetInfos"]
        page = next(target for target in targets if target["type"] == "page")
        attached = self.call("Target.attachToTarget", targetId=page["targetId"], flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Network", "DOM", "Log"):
            self.call(f"{domain}.enable")
        self.resize(size, dark=dark)
        downloads = str(self.folder / "downloads")
        session, self._session = self._session, None
        self.call("Browser.setDownloadBehavior", behavior="allow", downloadPath=downloads)
        self._session = session

    def resize(self, size: tuple[int, int], *, dark: bool = False) -> None:
        """Set the size of the viewport, and light or dark."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=size[0], height=size[1], deviceScaleFactor=1, mobile=size[0] < 600,
        )  # fmt: skip
        value = "dark" if dark else "light"
        self.call(
            "Emulation.setEmulatedMedia",
            features=[{"name": "prefers-color-scheme", "value": value}],
        )

    def call(self, method: str, timeout: float = 60, **parameters: Any) -> dict[str, Any]:
        """Call a method of the protocol and return its result; events are kept."""
        self._count += 1
        number = self._count
        message: dict[str, Any] = {"id": number, "method": method, "params": parameters}
        if self._session is not None:
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            answer = self._next()
            if answer.get("id") == number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                result: dict[str, Any] = answer["result"]
                return result
            if "method" in answer:
                self.events.append(answer)
        raise TimeoutError(method)

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            part = os.read(self._read, 1 << 20)
            if not part:
                raise RuntimeError("the browser has ended")
            self._buffer += part
        message, self._buffer = self._buffer.split(b"\0", 1)
        answer: dict[str, Any] = json.loads(message)
        return answer

    def open(self, address: str) -> None:
        """Open a page and wait until it is loaded."""
        self.call("Page.navigate", url=address)
        self.until("document.readyState === 'complete'")

    def run(self, script: str) -> Any:
        """Return the value of an expression, waiting for it if it is a promise."""
        answer = self.call(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True,
            userGesture=True,
        )  # fmt: skip
        if "exceptionDetails" in answer:
            raise RuntimeError(f"{script}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def until(self, script: str, timeout: float = 60) -> None:
        """Wait until an expression is true."""
        end = time.monotonic() + timeout
        while not self.run(f"Boolean({script})"):
            assert time.monotonic() < end, f"never became true: {script}"
            time.sleep(0.1)

    def choose(self, selector: str, paths: Sequence[Path]) -> None:
        """Choose files in a file input."""
        root = self.call("DOM.getDocument")["root"]["nodeId"]
        node = self.call("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        self.call("DOM.setFileInputFiles", files=[str(p) for p in paths], nodeId=node)

    def screenshot(self, picture: Path, *, whole: bool = True) -> None:
        """Take a picture of the page, the whole of it or what is in view."""
        answer = self.call("Page.captureScreenshot", captureBeyondViewport=whole)
        picture.write_bytes(base64.b64decode(answer["data"]))

    def downloaded(self, suffix: str, timeout: float = 60) -> Path:
        """Wait for a download of this suffix, and return the newest."""
        end = time.monotonic() + timeout
        while True:
            files = sorted(
                (self.folder / "downloads").glob(f"*{suffix}"), key=lambda p: p.stat().st_mtime
            )
            if files:
                return files[-1]
            assert time.monotonic() < end, f"no {suffix} was downloaded"
            time.sleep(0.1)

    @property
    def addresses(self) -> list[str]:
        """All addresses that the page has asked for."""
        return [
            event["params"]["request"]["url"]
            for event in self.events
            if event["method"] == "Network.requestWillBeSent"
        ]

    @property
    def problems(self) -> list[str]:
        """Errors of the page's scripts, and what the browser logged as errors."""
        found = []
        for event in self.events:
            parameters = event["params"]
            if event["method"] == "Runtime.exceptionThrown":
                details = parameters["exceptionDetails"]
                found.append(details.get("exception", {}).get("description", details["text"]))
            elif event["method"] == "Log.entryAdded" and parameters["entry"]["level"] == "error":
                found.append(f"{parameters['entry']['text']} {parameters['entry'].get('url', '')}")
        return found

    def close(self) -> None:
        """End the browser."""
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            # On a machine that is busy with other work.
            self.process.kill()
            self.process.wait()
        os.close(self._write)
        os.close(self._read)

    def __enter__(self) -> Chromium:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()
