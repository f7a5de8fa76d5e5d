"""Music for dances by HTTP: `MODEL=my.zip uvicorn --app-dir docs serve_fastapi:app`."""

import io
import os
from contextlib import asynccontextmanager
from typing import Annotated

import numpy as np
import soundfile
from fastapi import FastAPI, HTTPException, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from sklearn_asdf import Motion, __version__, load
from sklearn_asdf.performance import perform

LARGEST, LONGEST = 50_000_000, 600  # bytes and seconds of a request


@asynccontextmanager
async def lifespan(app):
    """Load the model once, before the first request."""
    app.state.model = load(os.environ["MODEL"])
    yield


app = FastAPI(lifespan=lifespan)


def read(body):
    """Return poses from an NPY file."""
    try:
        return np.lib.format.read_array(io.BytesIO(body), allow_pickle=False)
    except Exception as error:  # a damaged header raises errors of many kinds
        raise ValueError("expected poses as an NPY file, got another or a damaged file") from error


def play(model, body, fps, seed):
    """Return a WAV file for poses (1, n_frames, n_joints, n_axes)."""
    poses = read(body)
    if poses.ndim == 4 and poses.shape[1] / fps > LONGEST:
        raise ValueError(f"expected at most {LONGEST} s, got {poses.shape[1] / fps:.0f} s")
    piece = perform(model, Motion(poses, fps=fps), random_state=seed, loudness=-16.0)
    sound = io.BytesIO()
    soundfile.write(sound, piece.audio, piece.sr, format="WAV")
    return sound.getvalue()


@app.get("/health")
async def health() -> dict[str, str]:
    """Answer when the model is loaded."""
    return {"sklearn_asdf": __version__}


@app.post("/music")
async def music(
    request: Request,
    fps: Annotated[float, Query(ge=10, le=240)] = 30.0,
    seed: Annotated[int, Query(ge=0)] = 0,
) -> Response:
    """Answer poses with music."""
    if int(request.headers.get("content-length", LARGEST + 1)) > LARGEST:
        raise HTTPException(413, f"expected at most {LARGEST} bytes, and their number")
    body = await request.body()
    try:
        sound = await run_in_threadpool(play, app.state.model, body, fps, seed)
    except (ValueError, TypeError) as error:
        raise HTTPException(400, str(error)) from error
    return Response(sound, media_type="audio/wav")
