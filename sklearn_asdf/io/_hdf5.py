"""HDF5 files opened with care: nothing outside the file is read, nothing that it does not store."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from .._validation import require
from ._limits import allowed, check_unpacked
from ._take import NotPoses

# Elements of variable length that are read at once; each could be as long as the file.
_BLOCK = 100


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
        _check_attributes(file, len(content))
        file.visititems(lambda name, member: _check(name, member, len(content)))
        yield file


def _check_links(file: Any) -> None:
    import h5py

    def check(name: str, link: Any) -> None:
        if isinstance(link, h5py.ExternalLink):
            raise NotPoses(f"is an HDF5 whose {name!r} lies in another file: join them into one")

    file.visititems_links(check)


def _check(name: str, member: Any, stored: int) -> None:
    import h5py

    _check_attributes(member, stored)
    if not isinstance(member, h5py.Dataset):
        return
    if member.external or member.is_virtual:
        raise NotPoses(f"is an HDF5 whose {name!r} lies in another file: join them into one")
    check_unpacked(math.prod(member.shape or ()) * member.dtype.itemsize, stored, repr(name))
    if member.dtype.hasobject:
        _check_lengths(name, member, stored)


def _check_attributes(member: Any, stored: int) -> None:
    for name in member.attrs:
        about = member.attrs.get_id(name)
        n_values = math.prod(about.shape or ())
        check_unpacked(n_values * about.dtype.itemsize, stored, repr(name))
        # Each of these refers to a place of the file, and all perhaps to the same one.
        if about.dtype.hasobject and n_values > _BLOCK:
            raise NotPoses(f"is an HDF5 whose attribute {name!r} lists {n_values:,} texts")


def _check_lengths(name: str, dataset: Any, stored: int) -> None:
    """Refuse values of variable length that together are far longer than the file."""
    if dataset.ndim != 1:
        if dataset.size > _BLOCK:
            raise NotPoses(f"is an HDF5 whose {name!r} is of variable length")
        return
    left = allowed(stored)
    for start in range(0, len(dataset), _BLOCK):
        for value in dataset[start : start + _BLOCK]:
            left -= 50 + (len(value) if hasattr(value, "__len__") else 0)
        check_unpacked(allowed(stored) - left, stored, repr(name))
