"""`sklearn-asdf live`."""

from __future__ import annotations

import argparse
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from ._console import note, say, verbosity
from ._generate import read_model
from ._live_outputs import STDOUT, add_outputs, address, midi, sender, speaker, writer
from ._options import (
    add_command,
    add_draw,
    add_force,
    add_model,
    check_draw,
    positive,
    require_play,
    whole,
)
from ._takes import check_output

if TYPE_CHECKING:
    import numpy as np

# Seconds without a pose after which there is a message.
_SILENCE = 3.0


def add(commands: Any) -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "live",
        run,
        help="make music while somebody dances",
        more=(
            "Make music for poses as they come, by OSC or from a camera, until Ctrl-C. A movement "
            "is heard after --hop-duration, a tenth of a second, and the time of computing; the "
            "music begins when the first clip is whole. --play plays it on the sound card; "
            "-o - sends it on: sklearn-asdf live MODEL -o - | aplay -f S16_LE -r 22050"
        ),
    )
    add_model(parser)
    parser.add_argument(
        "--input", default="osc", choices=("osc", "camera"), help="where poses come from"
    )
    parser.add_argument(
        "--port",
        type=whole,
        default=6448,
        metavar="N",
        help="UDP port to listen on: 6448 is Wekinator's, the AI-Toolbox sends to 9007",
    )
    parser.add_argument(
        "--host", default="127.0.0.1", help="address to listen on; 0.0.0.0 hears other machines"
    )
    parser.add_argument(
        "--person", type=whole, default=0, metavar="N", help="whom to listen to in the AI-Toolbox"
    )
    parser.add_argument("--device", metavar="NAME", help="camera, as FFmpeg calls it")
    parser.add_argument("--pose-model", metavar="DIR", help="folder of the pose networks")
    add_outputs(parser)
    parser.add_argument(
        "--hop-duration",
        type=positive,
        metavar="S",
        help="seconds from one piece of music to the next (default: 0.125, or 0.5 for music that "
        "does not follow in steps)",
    )
    parser.add_argument("--seconds", type=positive, metavar="S", help="stop after so long")
    parser.add_argument(
        "--joints",
        metavar="NAME",
        help="joints that come by OSC, such as coco17 or mediapipe33: those of the model",
    )
    parser.add_argument(
        "--dimensions", type=int, choices=(2, 3), help="their dimensions: those of the model"
    )
    add_draw(parser)
    add_force(parser)


def run(options: argparse.Namespace) -> None:
    """Dance."""
    check_draw(options)
    if all(to is None for to in (options.out, options.send, options.play, options.midi)):
        raise ValueError(
            "expected somewhere to put the music or the features: add --play, -o, --send or --midi"
        )
    out = options.out
    if out not in (None, STDOUT):
        out = check_output(out, (".wav",), force=options.force)
    to = None if options.send is None else address(options.send)
    _require(options)
    from ..live import StreamingDancer
    from ..performance import encoder_of

    model = read_model(options.model, verbosity(options))
    live = StreamingDancer(
        model,
        skeleton=_skeleton(options, model),
        hop_duration=options.hop_duration,
        temperature=options.temperature or None,
        random_state=options.random_state,
    )
    sr = int(encoder_of(model).sr)
    with ExitStack() as stack:
        # First, so that it lasts until all else is closed.
        _interrupt_once(stack)
        write = writer(stack, out, sr)
        if options.play is not None:
            _warm_up(model, live)
        device = speaker(stack, options.play, sr)
        send_osc = sender(stack, to, options.style, live.feature_names)
        send_midi = midi(stack, options, live, 0.0 if device is None else _seconds(live, device))

        def send(features: np.ndarray | None) -> None:
            send_osc(features)
            send_midi(features)

        poses, waiting, source = _poses(stack, options, model)
        # The standard output may be the music.
        tell = note if out == STDOUT else lambda sentence: say(options, sentence)
        if not options.quiet:
            tell(f"{source}; a movement is heard after {_latency(live, device)} and computing")
        watched = _watch(poses, source)
        n_pieces = 0

        def count(audio: np.ndarray) -> None:
            nonlocal n_pieces
            if device is not None:
                device.write(audio)
            write(audio)
            n_pieces += 1

        try:
            _dance(live, watched, count, send, waiting, options.seconds)
        except KeyboardInterrupt:
            # The way to end it: what was written until now is kept.
            pass
        except BrokenPipeError:
            # The program that played the music has ended.
            return
    if device is not None and device.n_gaps > 1:
        # The last one is the end.
        note(f"note: music came too late {device.n_gaps - 1} times: try a longer --hop-duration")
    if out not in (None, STDOUT) and not n_pieces:
        note(f"note: nobody danced for as long as a clip, so {str(out)!r} is not written")
    elif out != STDOUT:
        say(options, f"{n_pieces} pieces of {live.hop_duration:g} s")


def _warm_up(model: Any, live: Any) -> None:
    """Compute a first piece that nobody hears: libraries are loaded and loops compiled meanwhile.

    In the dance this would be a delay, and all sound after it would be as late.
    """
    import numpy as np

    from ..live import StreamingDancer
    from ..performance import motion_stage_of

    first = motion_stage_of(model)
    trial = StreamingDancer(model, hop_duration=live.hop_duration, skeleton=live.skeleton)
    shape = (round(live.clip_duration * live.fps) + 1, first.n_joints_in_, first.n_axes_in_)
    for pose in np.random.default_rng(0).normal(size=shape).cumsum(axis=0):
        if trial.push(pose):
            trial.step()
            break


def _latency(live: Any, speaker: Any) -> str:
    if speaker is None:
        return f"{live.latency:g} s"
    whole = _seconds(live, speaker)
    return f"{whole:.2g} s ({speaker.device_latency:.2g} s of them the sound device's)"


def _seconds(live: Any, speaker: Any) -> float:
    """Return the time from a movement to its sound on a device, in s, without computing."""
    seconds: float = live.latency + speaker.margin + speaker.device_latency
    return seconds


def _interrupt_once(stack: ExitStack) -> None:
    """Let the first Ctrl-C end the dance, and no further one lose the music while it is closed."""
    if threading.current_thread() is not threading.main_thread():
        return

    def interrupt(*_: Any) -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, interrupt)
    stack.callback(signal.signal, signal.SIGINT, before)


def _dance(
    live: Any,
    poses: Iterator[tuple[np.ndarray, float] | None],
    write: Callable[[np.ndarray], None],
    send: Callable[[np.ndarray | None], None],
    waiting: Callable[[], list[tuple[np.ndarray, float]]],
    seconds: float | None,
) -> None:
    began = time.monotonic()
    for came in poses:
        if came is not None and live.push(*came):
            # Poses that came while something was computed are taken too: one moment for all.
            for more in waiting():
                live.push(*more)
            moment = live.step()
            send(moment.features)
            write(moment.audio)
        if seconds is not None and time.monotonic() - began > seconds:
            break


def _require(options: argparse.Namespace) -> None:
    """Say before any work what is not installed."""
    from .._validation import require
    from ..datasets._dance_files import require_video

    require_play("making music")
    if options.play is not None:
        require("sounddevice", extra="live", purpose="playing sound")
    if options.midi is not None:
        require("mido", "rtmidi", extra="midi", purpose="sending MIDI")
    if options.input == "camera":
        require_video(options.pose_model)
    if options.input == "osc" or options.send is not None:
        require("pythonosc", extra="live", purpose="poses or features by OSC")


def _watch(
    poses: Iterator[tuple[np.ndarray, float] | None], source: str
) -> Iterator[tuple[np.ndarray, float] | None]:
    """Pass poses on, and tell once if none come."""
    began, warned = time.monotonic(), False
    for came in poses:
        if came is not None:
            warned = True
        elif not warned and time.monotonic() - began > _SILENCE:
            warned = True
            note(
                f"note: no pose has come for {_SILENCE:g} s; {source}: is the sender running, and "
                "does it send to this port and machine?"
            )
        yield came


def _skeleton(options: argparse.Namespace, model: Any) -> Any:
    """Return the joints of the poses that come."""
    from ..motion.skeletons import get_skeleton
    from ..performance import motion_stage_of, plays_any_skeleton

    if plays_any_skeleton(model):
        name = "coco17" if options.input == "camera" else options.joints
        return "auto" if name is None else get_skeleton(name)
    first = motion_stage_of(model)
    own = (first.skeleton_ and first.skeleton_.name, first.n_axes_in_)
    if (options.joints or own[0], options.dimensions or own[1]) != own:
        raise ValueError(
            f"expected poses of the joints that the model was fitted to ({own[0] or 'own names'}, "
            f"{own[1]} dimensions), since it was made without PoseCanonicalizer: leave out "
            "--joints and --dimensions"
        )
    return "auto"


def _poses(
    stack: ExitStack, options: argparse.Namespace, model: Any
) -> tuple[Iterator[tuple[np.ndarray, float] | None], Callable[[], list], str]:
    """Return poses as they come, a function that gives those that came meanwhile, and whence."""
    from ..motion.skeletons import get_skeleton
    from ..performance import motion_stage_of, plays_any_skeleton

    first, any_skeleton = motion_stage_of(model), plays_any_skeleton(model)
    if options.input == "camera":
        from ..live import camera_poses

        known = get_skeleton("coco17") if any_skeleton else getattr(first, "skeleton_", None)
        if known is None or known.name not in ("coco17", "mediapipe33"):
            raise ValueError(
                "expected a model that was fitted to dances of videos (coco17 or mediapipe33), got "
                f"one of {known.name if known and known.name else 'other joints'}"
            )
        poses = camera_poses(options.device, skeleton=known.name, models=options.pose_model)
        return poses, list, f"watching the camera {options.device or ''}".rstrip()
    from ..live import OSCReceiver

    n_joints, n_axes = first.n_joints_in_, first.n_axes_in_
    if options.joints is not None:
        n_joints = len(get_skeleton(options.joints))
    receiver = stack.enter_context(
        OSCReceiver(
            n_joints,
            options.dimensions or n_axes,
            port=options.port,
            host=options.host,
            person=options.person,
        )
    )

    def listen() -> Iterator[tuple[np.ndarray, float] | None]:
        while True:
            yield from receiver.poses(timeout=0.1)
            # No packet came: a chance to stop.
            yield None

    place = f"listening on {options.host}, UDP port {receiver.port}"
    return listen(), receiver.waiting, place
