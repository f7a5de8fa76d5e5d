"""Music for dances by HTTP: `MODEL=my.zip uvicorn --app-dir docs serve_fastapi:app`."""

import io
import os
from contextlib import asynccontextmanager

import numpy as np
import soundfile
from fastapi import FastAPI, HTTPException, Request, Response
from starlette.concurrency import run_in_threadpool

from sklearn_asdf import Motion, load
from sklearn_asdf.performance import perform

LARGEST = 50_000_000  # bytes of a request


@asynccontextmanager
async def lifespan(app):
    """Load the model once, before the first request."""
    app.state.model = load(os.environ["MODEL"])
    yield


app = FastAPI(lifespan=lifespan)


def play(model, body, fps, seed):
    """Return a WAV file for poses (1, n_frames, n_joints, n_axes) in an NPY file."""
    poses = np.load(io.BytesIO(body), allow_pickle=False)
    piece = perform(model, Motion(poses, fps=fps), random_state=seed, loudness=-16.0)
    sound = io.BytesIO()
    soundfile.write(sound, piece.audio, piece.sr, format="WAV")
    return sound.getvalue()


@app.post("/music")
async def music(request: Request, fps: float = 30.0, seed: int = 0) -> Response:
    """Answer poses with music."""
    if int(request.headers.get("content-length", LARGEST + 1)) > LARGEST:
        raise HTTPException(413, f"expected at most {LARGEST} bytes, and their number")
    body = await request.body()
    try:
        sound = await run_in_threadpool(play, app.state.model, body, fps, seed)
    except (ValueError, TypeError, EOFError) as error:
        raise HTTPException(400, str(error)) from error
    return Response(sound, media_type="audio/wav")
