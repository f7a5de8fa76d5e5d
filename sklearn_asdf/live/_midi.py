"""MIDI clock, notes and controllers of a dance, for other programs."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from .._validation import find_column, raise_all, require

__all__ = ["MIDISender", "list_midi_ports"]

# MIDI clock has so many messages in a beat.
_PULSES = 24
# Largest share by which the clock is faster or slower than the dance, to meet its beat again.
_CATCH_UP = 0.1
# Beats within which a deviation is made up for.
_WITHIN = 2.0
# Seconds between looks at the clock, seconds that a note lasts, and seconds over which the range
# of a feature is forgotten.
_LOOK, _NOTE, _MEMORY = 0.001, 0.1, 30.0
_BEAT = ("clip_beat_tempo", "clip_mid_beat_cos", "clip_mid_beat_sin")
_CONTROLS = {11: "speed", 1: "hands_height", 74: "acceleration"}
_PORT_NAME = "sklearn-asdf"


def _mido() -> Any:
    require("mido", extra="midi", purpose="sending MIDI")
    import mido

    return mido


def list_midi_ports() -> list[str]:
    """Return the names of the MIDI ports to which messages can be sent.

    Returns
    -------
    list of str
        Names for :class:`MIDISender`.
    """
    require("mido", "rtmidi", extra="midi", purpose="sending MIDI")
    names: list[str] = _mido().get_output_names()
    return names


class MIDISender:
    """Send the beat of a dance as MIDI clock and notes, and its movement as controllers.

    Parameters
    ----------
    names : sequence of str
        Names of the features, as `StreamingDancer.feature_names`; those of group "beat" of
        :class:`LMAFeaturizer` are needed.
    clip_duration : float, default=8.0
        Duration of the clips that the features describe, in s.
    port : str, object with `send`, or None, default=None
        Name of a MIDI port, or a part of it, or an open port. None opens a port of its own, called
        "sklearn-asdf", to which other programs connect (not on Windows).
    channel : int, default=1
        Channel of notes and controllers, from 1 to 16.
    note : int or None, default=36
        Note of each beat, whose velocity follows the speed of the body; None sends no notes.
    controls : dict of int to str, default=None
        Features by the numbers of their controllers. A name without ``step0_`` is that of the last
        step of the clip. None is ``{11: "speed", 1: "hands_height", 74: "acceleration"}``,
        expression, modulation and brightness; those that `names` lacks are left out.
    latency : float, default=0.0
        Seconds by which all beats are sent later, to be with the music of `live`.

    Attributes
    ----------
    tempo : float
        Tempo of the clock in BPM; 0 before the first features.
    n_sent : int
        Number of messages that were sent.

    See Also
    --------
    OSCSender : All features by OSC.

    Notes
    -----
    ================= ============================= =============================================
    message           values                        when
    ================= ============================= =============================================
    start, stop                                     with the first features, and at the end
    clock                                           24 in each beat of the dance
    note on, note off `note`, velocity 1 to 127     on each beat, for 0.1 s
    control change    11, 1 and 74; 0 to 127        with new features
    ================= ============================= =============================================

    The clock runs on between features. It meets the beat of the dance by running up to 10 % faster
    or slower for a few beats, so that what follows it never jumps. Velocity and controllers go from
    the smallest to the largest value of the last half minute.

    `tick` sends what is due; `start` calls it from a thread.

    Examples
    --------
    >>> from sklearn_asdf.live import MIDISender
    >>> with MIDISender(live.feature_names, port="IAC Driver Bus 1") as midi:  # doctest: +SKIP
    ...     midi.send(frame.features)
    """

    def __init__(
        self,
        names: Any,
        *,
        clip_duration: float = 8.0,
        port: Any = None,
        channel: int = 1,
        note: int | None = 36,
        controls: Mapping[int, str] | None = None,
        latency: float = 0.0,
    ) -> None:
        self._mido = _mido()
        names = [str(name) for name in names]
        found = [find_column(column, names) for column in _BEAT]
        problems = [problem for _, problem in found if problem]
        if not 1 <= channel <= 16:
            problems.append(f"expected a MIDI channel from 1 to 16, got {channel}")
        if note is not None and not 0 <= note <= 127:
            problems.append(f"expected a MIDI note from 0 to 127, got {note}")
        self._controls, more = _controls(controls, names)
        raise_all(problems + more)
        self._beat = [place for place, _ in found if place is not None]
        self._speed = _latest("speed", names)
        self._channel, self._note = channel - 1, note
        self._half, self._latency = clip_duration / 2, latency
        self._ranges: dict[int, _Range] = {}
        self.tempo, self.n_sent = 0.0, 0
        # Position of the clock in beats at a moment, and deviation from the dance that is left.
        self._position, self._at, self._behind = 0.0, 0.0, 0.0
        self._n_pulses, self._velocity = 0, 64
        self._off: float | None = None
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None
        self._port = port if hasattr(port, "send") else self._open(port)

    def _open(self, name: str | None) -> Any:
        require("rtmidi", extra="midi", purpose="sending MIDI")
        if name is None:
            try:
                return self._mido.open_output(_PORT_NAME, virtual=True)
            except (OSError, NotImplementedError, RuntimeError) as error:
                raise OSError(
                    f"expected to open a MIDI port of its own, but got: {error}; give the name of "
                    "a port instead"
                ) from error
        known = self._mido.get_output_names()
        whole = next((n for n in known if name.lower() in n.lower()), None)
        if whole is None:
            raise ValueError(
                f"expected the name of a MIDI port, got {name!r}; there are "
                f"{', '.join(map(repr, known)) or 'none'}"
            )
        return self._mido.open_output(whole)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: Any) -> None:
        self.close()

    def start(self) -> Self:
        """Send what is due from a thread, until `close`.

        Returns
        -------
        MIDISender
            Itself.
        """
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        return self

    def close(self) -> None:
        """Send a stop, end the last note, and close the port."""
        self._closing.set()
        if self._thread is not None:
            self._thread.join()
        with self._lock:
            self._end_note()
            if self.tempo:
                self._send("stop")
        if hasattr(self._port, "close"):
            self._port.close()

    def send(self, features: ArrayLike | None, now: float | None = None) -> None:
        """Take over the beat of new features, and send the controllers.

        Parameters
        ----------
        features : array-like of shape (n_features,) or None
            `LiveFrame.features`, of the clip that ends now. Without features, since nobody is seen,
            the clock goes on.
        now : float or None, default=None
            Time in s of a monotonic clock; None reads it.
        """
        if features is None:
            return
        values = np.asarray(features, dtype=float)
        now = time.monotonic() if now is None else now
        with self._lock:
            self._follow(values, now)
            for number, place in self._controls.items():
                level = self._level(place, values[place], now)
                self._send("control_change", control=number, value=level)
            if self._speed is not None:
                self._velocity = max(self._level(self._speed, values[self._speed], now), 1)

    def tick(self, now: float | None = None) -> None:
        """Send the messages that are due.

        Parameters
        ----------
        now : float or None, default=None
            Time in s of a monotonic clock; None reads it.
        """
        now = time.monotonic() if now is None else now
        with self._lock:
            if self._off is not None and now >= self._off:
                self._end_note()
            if not self.tempo:
                return
            self._advance(now)
            while self._n_pulses <= self._position * _PULSES:
                if self._n_pulses % _PULSES == 0 and self._note is not None:
                    self._end_note()
                    self._send("note_on", note=self._note, velocity=self._velocity)
                    self._off = now + _NOTE
                self._send("clock")
                self._n_pulses += 1

    def _run(self) -> None:
        while not self._closing.wait(_LOOK):
            self.tick()

    def _follow(self, values: np.ndarray, now: float) -> None:
        """Take tempo and phase over from features."""
        tempo, cosine, sine = values[self._beat]
        if not tempo > 0:
            return
        ahead = tempo / 60 * (self._half - self._latency)
        phase = np.arctan2(sine, cosine) / (2 * np.pi) + ahead
        if not self.tempo:
            self._position, self._at = phase % 1.0 - 1.0, now
            self._n_pulses = int(np.ceil(self._position * _PULSES))
            # The first note is on the next beat.
            self._send("start")
        self._advance(now)
        self.tempo = float(tempo)
        self._behind = (phase - self._position + 0.5) % 1.0 - 0.5

    def _advance(self, now: float) -> None:
        """Let the clock run to a moment."""
        passed = max((now - self._at) * self.tempo / 60, 0.0)
        most = _CATCH_UP * passed
        caught = float(np.clip(self._behind * min(passed / _WITHIN, 1.0), -most, most))
        self._behind -= caught
        self._position += passed + caught
        self._at = now

    def _level(self, place: int, value: float, now: float) -> int:
        """Return a feature from 0 to 127, in its range of the last half minute."""
        return self._ranges.setdefault(place, _Range(value, now)).level(value, now)

    def _end_note(self) -> None:
        if self._off is not None and self._note is not None:
            self._send("note_off", note=self._note, velocity=0)
            self._off = None

    def _send(self, kind: str, **values: int) -> None:
        if kind in ("note_on", "note_off", "control_change"):
            values["channel"] = self._channel
        self._port.send(self._mido.Message(kind, **values))
        self.n_sent += 1


class _Range:
    """Smallest and largest value of a feature, which are forgotten slowly."""

    def __init__(self, value: float, now: float) -> None:
        self.low = self.high = value
        self.at = now

    def level(self, value: float, now: float) -> int:
        share = 1 - np.exp(-max(now - self.at, 0.0) / _MEMORY)
        self.low = min(self.low + share * (value - self.low), value)
        self.high = max(self.high + share * (value - self.high), value)
        self.at = now
        span = self.high - self.low
        return round(127 * (value - self.low) / span) if span > 1e-9 else 64


def _latest(name: str, names: list[str]) -> int | None:
    """Return the place of a feature: as named, of the last step, or of the last window."""
    if name in names:
        return names.index(name)
    numbered = [
        i
        for i, column in enumerate(names)
        if column.startswith(("step", "window")) and column.partition("_")[2] == name
    ]
    return numbered[-1] if numbered else None


def _controls(
    controls: Mapping[int, str] | None, names: list[str]
) -> tuple[dict[int, int], list[str]]:
    """Return the places of the features by controller, and what is wrong."""
    found, problems = {}, []
    for number, name in (_CONTROLS if controls is None else controls).items():
        place = _latest(name, names)
        if place is None and controls is not None:
            problems.append(f"expected the name of a feature for controller {number}, got {name!r}")
        elif not 0 <= number <= 119:
            problems.append(f"expected controllers from 0 to 119, got {number}")
        elif place is not None:
            found[number] = place
    return found, problems
