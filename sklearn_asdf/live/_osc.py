"""Receiving poses and sending features by OSC, with addresses of Wekinator and the AI-Toolbox."""

from __future__ import annotations

import queue
import re
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from .._validation import Integral, check_choice, raise_all, require
from ..motion.smoothing import MIN_CONFIDENCE
from ._packets import messages

__all__ = ["OSCReceiver", "OSCSender"]

_STYLES = ("wekinator", "ai-toolbox")
WEKINATOR_IN, AI_TOOLBOX_IN = 6448, 9007
_MOCAP = re.compile(r"/mocap(?:/(\d+))?/joint/(pos(?:2d|3d)?_world|visibility)")
_WEKINATOR = "/wek/inputs"
# Poses that wait while earlier ones are processed; older ones are dropped.
_MOST_WAITING = 600
_LARGEST_PACKET = 65_536
# No coordinate in any unit: of such a joint it is only known that it was not seen.
_LARGEST = 1e9
# How often the receiver looks whether it is to stop, in s.
_PATIENCE = 0.05


def _listening_socket(host: str, port: int) -> socket.socket:
    family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
    listening = socket.socket(family, socket.SOCK_DGRAM)
    try:
        listening.bind(address)
    except OSError:
        listening.close()
        raise
    listening.settimeout(_PATIENCE)
    return listening


class OSCReceiver:
    """Receive poses by OSC.

    Parameters
    ----------
    n_joints : int
        Number of joints of a pose.
    n_axes : {2, 3}
        Number of coordinates of a joint.
    port : int, default=6448
        UDP port to listen on. Wekinator uses 6448, and the AI-Toolbox sends to 9007. 0 selects a
        free port.
    host : str, default="127.0.0.1"
        Address to listen on; ``"0.0.0.0"`` also receives from other machines.
    person : int, default=0
        Number of the person to receive, if the sender numbers people (AI-Toolbox).

    Attributes
    ----------
    port : int
        The port.
    n_received, n_refused : int
        Number of received poses, and of messages that were damaged or had another number of
        values.

    See Also
    --------
    StreamingDancer : Computes features and music of the poses.

    Notes
    -----
    ============================================  =============================================
    address                                       arguments
    ============================================  =============================================
    ``/wek/inputs``                               x, y(, z) of every joint, one after the other
    ``/mocap/PERSON/joint/pos_world``             the same; also ``pos2d_world``,
                                                  ``pos3d_world``, and without ``PERSON``
    ``/mocap/PERSON/joint/visibility``            one number per joint: below 0.2 the joint is
                                                  NaN in the following poses
    ============================================  =============================================

    The time of a pose is the time of its arrival; time tags of bundles are ignored. UDP may lose
    packets; gaps of less than half a second are interpolated. Only the last 600 poses that were
    not consumed are kept, so memory is bounded.

    Examples
    --------
    >>> from sklearn_asdf.live import OSCReceiver
    >>> with OSCReceiver(17, 2, port=0) as poses:
    ...     poses.n_received
    0
    """

    def __init__(
        self,
        n_joints: int,
        n_axes: int,
        *,
        port: int = WEKINATOR_IN,
        host: str = "127.0.0.1",
        person: int = 0,
    ) -> None:
        require("pythonosc", extra="live", purpose="receiving poses by OSC")
        problems = [
            f"expected {name} from {low} to {high}, got {value!r}"
            for name, value, low, high in (
                ("n_joints", n_joints, 1, 10_000),
                ("n_axes", n_axes, 2, 3),
                ("port", port, 0, 65535),
                ("person", person, 0, 10_000),
            )
            if isinstance(value, bool)
            or not isinstance(value, Integral)
            or not low <= int(value) <= high
        ]
        raise_all(problems)
        self.shape = (int(n_joints), int(n_axes))
        self.person = int(person)
        self.n_received = self.n_refused = 0
        self._doubtful = np.zeros(self.shape[0], bool)
        self._waiting: queue.Queue[tuple[np.ndarray, float]] = queue.Queue(_MOST_WAITING)
        try:
            self._socket = _listening_socket(host, int(port))
        except OSError as error:
            raise OSError(
                f"expected to listen on {host}, port {port}, but got: {error.strerror or error}; "
                "another program may be listening there: choose another port"
            ) from error
        self.port = self._socket.getsockname()[1]
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def __enter__(self) -> OSCReceiver:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def close(self) -> None:
        """Stop receiving immediately."""
        self._closing.set()
        self._thread.join()
        self._socket.close()

    def poses(self, *, timeout: float | None = None) -> Iterator[tuple[np.ndarray, float]]:
        """Yield poses when they arrive.

        Parameters
        ----------
        timeout : float or None, default=None
            Stop if no pose has arrived for this time, in s; None waits forever.

        Yields
        ------
        pose : ndarray of shape (n_joints, n_axes)
            NaN for joints that are not seen.
        time : float
            Time of arrival, in s on a monotonic clock.
        """
        while True:
            try:
                yield self._waiting.get(timeout=timeout)
            except queue.Empty:
                return

    def waiting(self) -> list[tuple[np.ndarray, float]]:
        """Return the poses that were received and not consumed yet, without waiting.

        Returns
        -------
        list of (pose, time)
            As `poses` yields them.
        """
        found = []
        while True:
            try:
                found.append(self._waiting.get_nowait())
            except queue.Empty:
                return found

    def _listen(self) -> None:
        while not self._closing.is_set():
            try:
                packet = self._socket.recv(_LARGEST_PACKET)
            except TimeoutError:
                continue
            except OSError:
                # The network is gone for the moment, or Windows reports that a receiver is.
                self._closing.wait(_PATIENCE)
                continue
            try:
                for address, values in messages(packet):
                    self._hear(address, *values)
            except ValueError:
                self.n_refused += 1

    def _hear(self, address: str, *values: Any) -> None:
        now = time.monotonic()
        kind = "pos_world"
        if address != _WEKINATOR:
            match = _MOCAP.fullmatch(address)
            if match is None or int(match[1] or 0) != self.person:
                return
            kind = match[2]
        try:
            numbers = np.array(values, dtype=float)
        except (TypeError, ValueError):
            self.n_refused += 1
            return
        if kind == "visibility":
            if numbers.shape == (self.shape[0],):
                # Not "below": a visibility that is NaN is none.
                self._doubtful = ~(numbers >= MIN_CONFIDENCE)
            else:
                self.n_refused += 1
            return
        if numbers.size != self.shape[0] * self.shape[1]:
            self.n_refused += 1
            return
        pose = numbers.reshape(self.shape)
        # NaN and infinity compare as false.
        usable = (np.abs(pose) < _LARGEST).all(axis=1)
        pose[self._doubtful | ~usable] = np.nan
        self.n_received += 1
        while True:
            try:
                self._waiting.put_nowait((pose, now))
                return
            except queue.Full:
                try:
                    self._waiting.get_nowait()
                except queue.Empty:
                    continue


class OSCSender:
    """Send features by OSC.

    Parameters
    ----------
    names : sequence of str
        Names of the features, as `StreamingDancer.feature_names`.
    host : str, default="127.0.0.1"
        Address of the receiver.
    port : int, default=6448
        UDP port of the receiver: Wekinator listens on 6448.
    style : {"wekinator", "ai-toolbox"}, default="wekinator"
        One message ``/wek/inputs`` with all features, or one message per feature, such as
        ``/mocap/0/lma/weight``, with one number per window of the clip.

    Notes
    -----
    If there are no features, because the dancer is not seen, nothing is sent.

    Examples
    --------
    >>> from sklearn_asdf.live import OSCSender
    >>> with OSCSender(["window1_weight", "window1_time"], style="ai-toolbox") as sender:
    ...     sender.addresses
    ['/mocap/0/lma/weight', '/mocap/0/lma/time']
    """

    def __init__(
        self,
        names: Any,
        *,
        host: str = "127.0.0.1",
        port: int = WEKINATOR_IN,
        style: str = "wekinator",
    ) -> None:
        require("pythonosc", extra="live", purpose="sending features by OSC")
        check_choice(style, _STYLES, name="style")
        from pythonosc.udp_client import SimpleUDPClient

        self.style = style
        try:
            self._client = SimpleUDPClient(host, port)
        except (OSError, OverflowError) as error:
            raise OSError(
                f"expected an address that OSC can be sent to, got {host!r}, port {port} "
                f"({error}): check its spelling"
            ) from error
        self._columns: dict[str, list[int]] = {}
        for i, name in enumerate(names):
            short = re.sub(r"^window\d+_", "", str(name))
            address = f"/mocap/0/lma/{short}" if style == "ai-toolbox" else _WEKINATOR
            self._columns.setdefault(address, []).append(i)

    def __enter__(self) -> OSCSender:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def close(self) -> None:
        """Close the socket."""
        self._client.close()

    @property
    def addresses(self) -> list[str]:
        """The OSC addresses of the messages."""
        return list(self._columns)

    def send(self, features: Any) -> None:
        """Send the features of one frame.

        Parameters
        ----------
        features : array-like of shape (n_features,) or None
            `LiveFrame.features`.
        """
        if features is None:
            return
        values = np.asarray(features, dtype=float)
        for address, columns in self._columns.items():
            self._client.send_message(address, values[columns].tolist())
