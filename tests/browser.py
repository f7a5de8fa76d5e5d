"""A real browser without a window, for pages that have to work in one."""

from __future__ import annotations

import http.server
import json
import shutil
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
OPTIONS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--mute-audio",
    "--autoplay-policy=no-user-gesture-required",
)
# Hears of everything that goes wrong on the page, from before its first line.
_LISTENER = """<script>
window.problems = [];
addEventListener("error", (e) => problems.push(e.message || e.target.outerHTML.slice(0, 99)), true);
addEventListener("unhandledrejection", (e) => problems.push(String(e.reason)));
console.error = (...words) => problems.push(words.join(" "));
</script>"""
_DRIVER = """<script>
addEventListener("load", async () => {{
  const wait = (ms) => new Promise((done) => setTimeout(done, ms));
  const until = async (test, ms = 8000) => {{
    for (const end = Date.now() + ms; !test(); await wait(20)) {{
      if (Date.now() > end) throw new Error("never became true: " + test);
    }}
  }};
  const found = {{}};
  try {{
{script}
  }} catch (error) {{
    problems.push(String(error));
  }}
  found.problems = problems;
  await fetch("http://127.0.0.1:{port}/", {{
    method: "POST", mode: "no-cors", body: JSON.stringify(found),
  }});
}});
</script>"""


class Browser:
    """Opens pages from files, as a user would who got one by mail."""

    def __init__(self, program: str, folder: Path) -> None:
        self.program = program
        self.folder = folder

    def _command(self, *options: str, profile: str) -> list[str]:
        return [self.program, *OPTIONS, f"--user-data-dir={self.folder / profile}", *options]

    def run(
        self,
        page: Path,
        script: str,
        *,
        size: tuple[int, int] | None = None,
        timeout: float = 60,
    ) -> dict[str, Any]:
        """Run JavaScript on a page once it is loaded.

        `script` may `await wait(ms)` and `await until(() => ...)`, and puts what it finds into
        `found`. Returned is that, with the list `problems` of all errors. `size` is that of the
        viewport in pixels, as narrow as on a phone if need be.
        """
        answers: list[dict[str, Any]] = []
        came = threading.Event()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                size = int(self.headers["Content-Length"])
                answers.append(json.loads(self.rfile.read(size)))
                self.send_response(204)
                self.end_headers()
                came.set()

            def log_message(self, *_: Any) -> None:
                pass

        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
            threading.Thread(target=server.serve_forever, args=[0.02], daemon=True).start()
            content = page.read_text(encoding="utf-8")
            driver = _DRIVER.format(script=script, port=server.server_port)
            # Beside the page, whose own files it may ask for.
            driven = page.with_name(f"driven_{page.name}")
            driven.write_text(
                content.replace("<head>", "<head>" + _LISTENER, 1).replace(
                    "</body>", driver + "</body>", 1
                ),
                encoding="utf-8",
            )
            options = ["--remote-debugging-port=0"]
            if size is not None:
                driven = _framed(driven, size)
                options.append(f"--window-size={size[0] + 200},{size[1] + 200}")
            command = self._command(*options, driven.as_uri(), profile="run")
            process = subprocess.Popen(
                command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
            try:
                assert came.wait(timeout), "the page never answered"
            finally:
                process.terminate()
                try:
                    process.wait(20)
                except subprocess.TimeoutExpired:
                    # On a machine that is busy with other work.
                    process.kill()
                    process.wait()
                server.shutdown()
        return answers[0]

    def screenshot(self, page: Path, picture: Path, *, size: tuple[int, int]) -> None:
        """Take a picture of a page."""
        subprocess.run(
            self._command(
                f"--window-size={size[0]},{size[1]}",
                "--virtual-time-budget=3000",
                f"--screenshot={picture}",
                page.as_uri(),
                profile="screenshot",
            ),
            check=True,
            capture_output=True,
            timeout=90,
        )


def _framed(page: Path, size: tuple[int, int]) -> Path:
    """Write a page that shows another one in a frame: windows cannot be as narrow as phones."""
    frame = page.with_name(f"framed_{page.name}")
    frame.write_text(
        f'<body style="margin: 0"><iframe src="{page.name}" allow="autoplay" '
        f'style="border: 0; width: {size[0]}px; height: {size[1]}px"></iframe></body>',
        encoding="utf-8",
    )
    return frame


def program() -> str | None:
    """Return the path of a browser, or None."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


@pytest.fixture
def browser(tmp_path: Path) -> Browser:
    """Give a browser, or a skip that says which."""
    path = program()
    if path is None:
        pytest.skip(f"needs a browser, one of {', '.join(NAMES)}")
    return Browser(path, tmp_path)
