"""Damaged files of every readable format, read one after the other in a process that may die.

`main` reads the inputs of some numbers, made from the samples in a folder, and writes a line for
each. An input is made from its number alone.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import resource
import signal
import sys
import warnings
import zipfile
from pathlib import Path

import numpy as np

SECONDS = 2.0
MEGABYTES = 500
# What is written over parts of a file: numbers at the ends of their ranges, and structure.
_ODD = (
    b"\x00\x00\x00\x00", b"\xff\xff\xff\xff", b"\x00\x00\x00\x80", b"\xff\xff\xff\x7f",
    b"\xff\xff", b"\x00\x80", b"\x01", b"999999999", b"-1", b"1e308", b"nan", b"[", b"{", b'"',
    b",,,,", b"\n", b"null", b"true", b"\xe2\x80\xa8",
)  # fmt: skip


def make_input(samples: list[tuple[str, bytes]], number: int) -> tuple[str, bytes]:
    """Return the name of the sample that an input is made from, and the input."""
    rng = np.random.default_rng(number)
    name, content = samples[number % len(samples)]
    # Checksums would find all damage within an archive: half of them are packed anew.
    if name.startswith(("zip", "npz", "model")) and rng.random() < 0.6:
        return name, _harm_member(content, rng)
    if name.startswith("gz") and rng.random() < 0.6:
        return name, gzip.compress(_harm(gzip.decompress(content), rng), mtime=0)
    return name, _harm(content, rng)


def _harm_member(content: bytes, rng: np.random.Generator) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        parts = {name: file.read(name) for name in file.namelist()}
    # As often the description as any of the arrays.
    chosen = "model.json" if "model.json" in parts and rng.random() < 0.5 else None
    chosen = chosen or list(parts)[rng.integers(len(parts))]
    parts[chosen] = _harm(parts[chosen], rng)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        for name, part in parts.items():
            file.writestr(name, part)
    return packed.getvalue()


def _harm(content: bytes, rng: np.random.Generator) -> bytes:
    kind = rng.integers(6)
    if kind == 0:
        return content[: rng.integers(len(content) + 1)]
    harmed = bytearray(content)
    # As often the head as the rest: that is where sizes stand.
    reach = min(len(harmed), 200) if rng.random() < 0.4 else len(harmed)
    for _ in range(rng.integers(1, 8)):
        place = int(rng.integers(reach)) if reach else 0
        if kind == 1 and harmed:
            harmed[place % len(harmed)] ^= 1 << rng.integers(8)
        elif kind == 2 and harmed:
            harmed[place % len(harmed)] = rng.integers(256)
        elif kind == 3:
            odd = _ODD[rng.integers(len(_ODD))]
            harmed[place : place + len(odd)] = odd
        elif kind == 4:
            del harmed[place : place + rng.integers(1, 40)]
        else:
            harmed[place:place] = harmed[place : place + rng.integers(1, 200)]
    return bytes(harmed)


def read(name: str, path: Path) -> str:
    """Read one input; return what is wrong with how that ended, or nothing."""
    from sklearn_asdf import load
    from sklearn_asdf.io import read_poses

    try:
        if name.startswith("model"):
            repr(load(path))
        else:
            motion = read_poses(path, fps=30)
            if not np.isfinite(motion.position[motion.seen]).all():
                return "what is seen is not finite"
    except ValueError as error:
        message = str(error)
        if "MemoryError" in message:
            return f"it ran out of memory: {message}"
        if not message.isprintable() or len(message) > 1200:
            return f"it says {message!r}"
        return "" if "expected" in message or "cannot be loaded" in message else message
    # Whatever else comes is what the test is about.
    except BaseException as error:
        return f"{type(error).__name__}: {error}"
    return ""


def main(folder: str, start: str, stop: str) -> None:
    """Read inputs, within limits that end the process where they are broken."""
    samples = load_samples(Path(folder))
    path = Path(folder) / f"input-{os.getpid()}"
    warnings.simplefilter("error")
    for name, content in samples:
        path.write_bytes(content)
        problem = read(name, path)
        assert not problem, (name, problem)
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + MEGABYTES * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    for number in range(int(start), int(stop)):
        name, content = make_input(samples, number)
        path.write_bytes(content)
        _say(f"{number} {name} begins")
        # Time of this process alone: others may keep the machine busy.
        signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS)
        problem = read(name, path)
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        if problem:
            _say(f"{number} {name} fails {json.dumps(problem)}")
    path.unlink()


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def load_samples(folder: Path) -> list[tuple[str, bytes]]:
    """Return the samples in a folder, in the order of their names."""
    return [
        (p.name.removesuffix(".sample"), p.read_bytes()) for p in sorted(folder.glob("*.sample"))
    ]
