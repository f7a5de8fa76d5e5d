"""Parsing of OSC packets, damaged ones included."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any

__all__ = ["messages"]

_BUNDLE = b"#bundle\0"
# Bundles may hold bundles; real ones do so once or twice.
_DEEPEST = 8
# Types of arguments that python-osc reads; it logs and skips all others.
_KNOWN_TYPES = frozenset("ihfdsbrmtTFN[]")


def messages(packet: bytes, *, depth: int = 0) -> Iterator[tuple[str, list[Any]]]:
    """Yield the messages of an OSC packet, as address and arguments.

    Parameters
    ----------
    packet : bytes
        A message, or a bundle of messages and bundles.
    depth : int, default=0
        Number of enclosing bundles.

    Yields
    ------
    address : str
    values : list

    Raises
    ------
    ValueError
        If the packet is damaged; the messages before the damage were yielded.

    Notes
    -----
    Time tags are ignored. The server of python-osc sleeps until the time of a tag, and its parser
    does not terminate if the size of an element is negative. So only its class for messages is
    used here.
    """
    if not packet.startswith(_BUNDLE):
        yield _message(packet)
        return
    if depth >= _DEEPEST:
        raise ValueError(f"expected bundles at most {_DEEPEST} deep")
    # The address of a bundle, then its time tag.
    at = len(_BUNDLE) + 8
    if len(packet) < at:
        raise ValueError("expected a bundle with a time tag")
    while at < len(packet):
        if len(packet) < at + 4:
            raise ValueError("expected the size of an element")
        (size,) = struct.unpack_from(">i", packet, at)
        at += 4
        if not 0 < size <= len(packet) - at:
            raise ValueError(f"expected an element within the packet, got a size of {size}")
        yield from messages(packet[at : at + size], depth=depth + 1)
        at += size


def _message(packet: bytes) -> tuple[str, list[Any]]:
    from pythonosc.osc_message import OscMessage

    address = packet.partition(b"\0")[0]
    if not address.startswith(b"/"):
        raise ValueError("expected an address")
    # Strings end with one to four zeros, so that the next part begins at a multiple of four.
    types = packet[len(address) // 4 * 4 + 4 :].partition(b"\0")[0].decode("ascii")
    if types and (types[0] != "," or not _KNOWN_TYPES.issuperset(types[1:])):
        raise ValueError(f"expected known types of arguments, got {types!r}")
    try:
        message = OscMessage(packet)
    except Exception as error:
        # Of damaged packets python-osc raises errors of many kinds.
        raise ValueError(f"expected an OSC message: {error}") from error
    return message.address, message.params
