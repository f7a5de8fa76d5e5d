"""Where `sklearn-asdf live` sends music and features: files, the sound card, OSC, MIDI."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from ._options import whole

if TYPE_CHECKING:
    import numpy as np

__all__ = ["STDOUT", "add_outputs", "address", "midi", "sender", "speaker", "writer"]

STDOUT = "-"
# --play without a device, --midi without a port.
_OWN_CHOICE = ""


def add_outputs(parser: argparse.ArgumentParser) -> None:
    """Add where music and features go."""
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
        "--midi",
        nargs="?",
        const=_OWN_CHOICE,
        metavar="PORT",
        help="send the beat as MIDI clock and notes and the movement as controllers to a port, "
        "by a part of its name, or else to a port of its own; needs the extra 'midi'",
    )
    parser.add_argument(
        "--midi-channel",
        type=whole,
        default=1,
        metavar="N",
        help="channel of notes and controllers",
    )
    parser.add_argument("--list-midi", action=_ListMidi, help="list the MIDI ports and stop")


class _List(argparse.Action):
    """Print what there is and end, as --version does."""

    def __init__(self, option_strings: list[str], dest: str, **options: Any) -> None:
        super().__init__(option_strings, dest, nargs=0, **options)

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        for line in self.lines():
            print(line)
        parser.exit()

    def lines(self) -> list[str]:
        raise NotImplementedError


class _ListSpeakers(_List):
    def lines(self) -> list[str]:
        from ..live import list_speakers

        return list_speakers() or ["no device that plays sound"]


class _ListMidi(_List):
    def lines(self) -> list[str]:
        from ..live import list_midi_ports

        return list_midi_ports() or ["no MIDI port"]


def speaker(stack: ExitStack, device: str | None, sr: int) -> Any:
    """Return a sound device that plays, or None."""
    if device is None:
        return None
    from ..live import Speaker

    chosen = None if device == _OWN_CHOICE else int(device) if device.isdigit() else device
    return stack.enter_context(Speaker(sr, device=chosen))


def address(text: str) -> tuple[str, int]:
    """Return host and port of a text."""
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise ValueError(f"expected --send as HOST:PORT, such as 127.0.0.1:6448, got {text!r}")
    return host, int(port)


def sender(
    stack: ExitStack, to: tuple[str, int] | None, style: str, names: Any
) -> Callable[[np.ndarray | None], None]:
    """Return a function that sends features by OSC."""
    if to is None:
        return lambda features: None
    from ..live import OSCSender

    return stack.enter_context(OSCSender(names, host=to[0], port=to[1], style=style)).send


def midi(stack: ExitStack, options: argparse.Namespace, live: Any, latency: float) -> Any:
    """Return a function that takes the features of each frame over to a MIDI port."""
    if options.midi is None:
        return lambda features: None
    from ..live import MIDISender

    port = None if options.midi == _OWN_CHOICE else options.midi
    names, channel = live.feature_names, options.midi_channel
    sending = MIDISender(
        names, clip_duration=live.clip_duration, port=port, channel=channel, latency=latency
    )
    return stack.enter_context(sending).send


def writer(stack: ExitStack, out: Any, sr: int) -> Callable[[np.ndarray], None]:
    """Return a function that writes music."""
    if out is None:
        return lambda audio: None
    from ..music.sound_file import open_wav, to_pcm

    if out == STDOUT:

        def write(audio: np.ndarray) -> None:
            sys.stdout.buffer.write(to_pcm(audio).tobytes())
            sys.stdout.buffer.flush()

        return write
    wav: Any = None

    def write_wav(audio: np.ndarray) -> None:
        nonlocal wav
        if wav is None:
            # Only now, so that a failure before leaves an existing file as it is.
            wav = stack.enter_context(open_wav(out, sr=sr))
        # The header is written once, when the file is closed.
        wav.writeframesraw(to_pcm(audio).tobytes())

    return write_wav
