"""`sklearn-asdf live`."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from ._console import note, say, verbosity
from ._generate import read_model
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

_STDOUT = "-"
# --play without a device.
_OWN_CHOICE = ""
# Seconds without a pose after which the user is told.
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
    parser.add_argument(
        "-o",
        "--out",
        metavar="FILE",
        help="sound to write, .wav, or - for samples of 16 bits on the standard output",
    )
    parser.add_argument(
        "--play",
        nargs="?",
        const=_OWN_CHOICE,
        metavar="DEVICE",
        help="play the music on a sound device: its number or a part of its name, or else the "
        "system's own choice; needs the extra 'live'",
    )
    parser.add_argument(
        "--list-speakers", action=_ListSpeakers, help="list the sound devices and stop"
    )
    parser.add_argument(
        "--send", metavar="HOST:PORT", help="where to send the Laban features by OSC"
    )
    parser.add_argument(
        "--style",
        default="wekinator",
        choices=("wekinator", "ai-toolbox"),
        help="addresses of the features: one message, or one a feature",
    )
    parser.add_argument(
        "--hop-duration",
        type=positive,
        metavar="S",
        help="seconds from one piece of music to the next (default: 0.25, or 0.5 for music that "
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
    if options.out is None and options.send is None and options.play is None:
        raise ValueError(
            "expected somewhere to put the music or the features: add --play, -o or --send"
        )
    out = options.out
    if out not in (None, _STDOUT):
        out = check_output(out, (".wav",), force=options.force)
    to = None if options.send is None else _address(options.send)
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
        write = _writer(stack, out, sr)
        if options.play is not None:
            _warm_up(model, live)
        speaker = _speaker(stack, options.play, sr)
        send = _sender(stack, to, options.style, live.feature_names)
        poses, waiting, source = _poses(stack, options, model)
        # The standard output may be the music.
        tell = note if out == _STDOUT else lambda sentence: say(options, sentence)
        if not options.quiet:
            tell(f"{source}; a movement is heard after {_latency(live, speaker)} and computing")
        watched = _watch(poses, source)
        n_pieces = 0

        def count(audio: np.ndarray) -> None:
            nonlocal n_pieces
            if speaker is not None:
                speaker.write(audio)
            write(audio)
            n_pieces += 1

        try:
            _dance(live, watched, count, send, waiting, options.seconds)
        except KeyboardInterrupt:
            # The way to end it: what was written until now is kept.
            pass
        except BrokenPipeError:
            # Whoever played the music has ended.
            return
    if speaker is not None and speaker.n_gaps > 1:
        # The last one is the end.
        note(f"note: music came too late {speaker.n_gaps - 1} times: try a longer --hop-duration")
    if out not in (None, _STDOUT) and not n_pieces:
        note(f"note: nobody danced for as long as a clip, so {str(out)!r} is not written")
    elif out != _STDOUT:
        say(options, f"{n_pieces} pieces of {live.hop_duration:g} s")


class _ListSpeakers(argparse.Action):
    """Print the sound devices and end, as --version does."""

    def __init__(self, option_strings: list[str], dest: str, **options: Any) -> None:
        super().__init__(option_strings, dest, nargs=0, **options)

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        from ..live import list_speakers

        for line in list_speakers() or ["no device that plays sound"]:
            print(line)
        parser.exit()


def _speaker(stack: ExitStack, device: str | None, sr: int) -> Any:
    if device is None:
        return None
    from ..live import Speaker

    chosen = None if device == _OWN_CHOICE else int(device) if device.isdigit() else device
    return stack.enter_context(Speaker(sr, device=chosen))


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
    whole = live.latency + speaker.margin + speaker.device_latency
    return f"{whole:.2g} s ({speaker.device_latency:.2g} s of them the sound device's)"


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
            # Nobody sends: a chance to stop.
            yield None

    place = f"listening on {options.host}, UDP port {receiver.port}"
    return listen(), receiver.waiting, place


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise ValueError(f"expected --send as HOST:PORT, such as 127.0.0.1:6448, got {text!r}")
    return host, int(port)


def _sender(
    stack: ExitStack, to: tuple[str, int] | None, style: str, names: Any
) -> Callable[[np.ndarray | None], None]:
    if to is None:
        return lambda features: None
    from ..live import OSCSender

    return stack.enter_context(OSCSender(names, host=to[0], port=to[1], style=style)).send


def _writer(stack: ExitStack, out: Any, sr: int) -> Callable[[np.ndarray], None]:
    if out is None:
        return lambda audio: None
    from ..music.sound_file import open_wav, to_pcm

    if out == _STDOUT:

        def write(audio: np.ndarray) -> None:
            sys.stdout.buffer.write(to_pcm(audio).tobytes())
            sys.stdout.buffer.flush()

        return write
    wav: Any = None

    def write_wav(audio: np.ndarray) -> None:
        nonlocal wav
        if wav is None:
            # Only now: without music there is no file, and one to be replaced stays.
            wav = stack.enter_context(open_wav(out, sr=sr))
        # The header is written once, when the file is closed.
        wav.writeframesraw(to_pcm(audio).tobytes())

    return write_wav
