"""Safe opening of HDF5 files: external links and oversized declarations are refused."""

from __future__ import annotations

import io
import math
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from .._validation import require
from ._limits import check_unpacked
from ._take import NotPoses

# Texts of variable length in one attribute; each could be as long as the file.
_MOST_TEXTS = 100


@contextmanager
def open_hdf5(content: bytes) -> Iterator[Any]:
    """Give the open `h5py.File` once all of its members were found fit to be read."""
    require("h5py", extra="formats", purpose="reading poses from HDF5")
    import h5py

    try:
        file = h5py.File(io.BytesIO(content), "r")
    except OSError as error:
        raise NotPoses(
            f"is HDF5, but cut off or damaged ({error}): copy or export it again"
        ) from error
    with file:
        _check_links(file)
        members: list[tuple[str, Any]] = [("/", file)]
        file.visititems(lambda name, member: members.append((name, member)))
        for name, member in members:
            _check(name, member, content)
        yield file


def _check_links(file: Any) -> None:
    import h5py

    # The first value that is not None ends the visit; an error must not pass through HDF5.
    found = file.visititems_links(
        lambda name, link: name if isinstance(link, h5py.ExternalLink) else None
    )
    if found is not None:
        raise NotPoses(f"is an HDF5 whose {found!r} lies in another file: join them into one")


def _check(name: str, member: Any, content: bytes) -> None:
    import h5py

    stored = len(content)
    _check_attributes(member, stored)
    if not isinstance(member, h5py.Dataset):
        return
    if member.external or member.is_virtual:
        raise NotPoses(f"is an HDF5 whose {name!r} lies in another file: join them into one")
    check_unpacked(math.prod(member.shape or ()) * member.dtype.itemsize, stored, repr(name))
    if member.chunks is not None:
        check_unpacked(math.prod(member.chunks) * member.dtype.itemsize, stored, repr(name))
    if member.dtype.hasobject:
        if not h5py.check_string_dtype(member.dtype):
            raise NotPoses(
                f"is an HDF5 whose {name!r} is neither numbers nor text, expected an analysis file "
                "of SLEAP, a movement data set or DeepLabCut's table"
            )
        _check_texts(name, member, content)


def _check_attributes(member: Any, stored: int) -> None:
    for name in member.attrs:
        about = member.attrs.get_id(name)
        n_values = math.prod(about.shape or ())
        check_unpacked(n_values * about.dtype.itemsize, stored, repr(name))
        # Each of these refers to a place of the file, and all perhaps to the same one.
        if about.dtype.hasobject and n_values > _MOST_TEXTS:
            raise NotPoses(f"is an HDF5 whose attribute {name!r} lists {n_values:,} texts")


def _check_texts(name: str, dataset: Any, content: bytes) -> None:
    """Refuse text of variable length that lies outside the file, or is far longer than it.

    HDF5 follows these references without a look and ends the process where one is damaged. Each is
    a length in 4 bytes, the address of a heap in 8, and the number of an object there in 4.
    """
    count = math.prod(dataset.shape or ())
    places = [(dataset.id.get_offset(), count)]
    if dataset.chunks is not None:
        if dataset.compression or dataset.shuffle or dataset.fletcher32:
            raise NotPoses(f"is an HDF5 whose {name!r} is text of variable length, compressed")
        chunks = [dataset.id.get_chunk_info(i) for i in range(dataset.id.get_num_chunks())]
        places = [(chunk.byte_offset, math.prod(dataset.chunks)) for chunk in chunks]
    heaps: dict[int, dict[int, int]] = {}
    total = 0
    for place, n in places:
        raw = b"" if place is None else content[place : place + 16 * n]
        if len(raw) < 16 * n:
            raise NotPoses(f"is a damaged HDF5: {name!r} lies beyond its end")
        for length, heap, number in struct.iter_unpack("<IQI", raw):
            if not heap:
                continue
            if heap not in heaps:
                heaps[heap] = _read_heap(content, heap)
            if length > heaps[heap].get(number, -1):
                raise NotPoses(f"is a damaged HDF5: {name!r} refers to nothing")
            total += 50 + length
    check_unpacked(total, len(content), repr(name))


def _read_heap(content: bytes, start: int) -> dict[int, int]:
    """Return the sizes of the objects in a global heap, by number."""
    if content[start : start + 5] != b"GCOL\x01":
        return {}
    end = start + int.from_bytes(content[start + 8 : start + 16], "little")
    place = start + 16
    sizes: dict[int, int] = {}
    while place + 16 <= min(end, len(content)):
        number, _, size = struct.unpack_from("<HHxxxxQ", content, place)
        place += 16
        if not number or size > min(end, len(content)) - place:
            break
        sizes[number] = size
        place += -(-size // 8) * 8
    return sizes
