"""Saving models in a file that holds data only, and loading it: no code runs, none is stored."""

from __future__ import annotations

import io
import json
import os
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import sklearn
from sklearn.base import BaseEstimator

from ._files import atomic_path
from ._plain import NotPlainError, Reader, Writer
from ._version import __version__

__all__ = ["load", "save"]

_FORMAT = "sklearn_asdf model"
# Goes up when what an earlier reader would make of a file is wrong; `load` reads all up to it.
_LAYOUT = 1


def save(model: Any, path: str | os.PathLike[str]) -> None:
    """Save a model, fitted or not, in one file that holds nothing but data.

    Parameters
    ----------
    model : estimator
        A pipeline, or any estimator of this package or of scikit-learn.
    path : path-like
        The file to write, say ``"model.zip"``. One that exists is replaced as a whole.

    Raises
    ------
    TypeError
        If the model holds something that cannot be told as data, such as a function.
    ValueError
        If the folder cannot be written.

    See Also
    --------
    load : Reads such a file.

    Notes
    -----
    The file is a zip archive of ``model.json``, which holds the parameters and the fitted state,
    and ``arrays/*.npy``, which holds the numbers, the networks' weights among them. Nothing in it
    is executable, other programs can read it, and it does not depend on Keras's backend.

    Scikit-learn's estimators that consist of more than numbers (trees, kernels), and estimators of
    other packages, are written by skops (``pip install 'sklearn-asdf[skops]'``), whose types must
    be trusted one by one when loading.

    Not saved are folders of caches (`memory` becomes None), the state of a live stream and
    `verbose` (which becomes 0): they belong to the machine and the moment.

    A pickle (`joblib.dump`) works as well, and keeps everything; but loading one runs whatever
    code it holds.

    Examples
    --------
    >>> import tempfile
    >>> from sklearn_asdf import load, make_lma_pipeline, save
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(make_lma_pipeline(n_keyframes=7), f"{folder}/lma.zip")
    ...     load(f"{folder}/lma.zip")["keyframes"].n_keyframes
    7
    """
    if not isinstance(model, BaseEstimator):
        raise TypeError(
            f"expected an estimator to save, got {type(model).__name__}: pass the pipeline or one "
            "of its steps"
        )
    path = Path(path)
    if path.is_dir():
        raise ValueError(f"expected the path of a file, got the folder {str(path)!r}: add a name")
    if hasattr(model, "best_estimator_"):
        raise TypeError(
            f"expected a model to save, got the search {type(model).__name__}: save its "
            "best_estimator_"
        )
    writer = Writer()
    try:
        form = writer.write(model)
    except NotPlainError as error:
        raise TypeError(
            f"expected a model that consists of data, got {error}: change that part, or keep the "
            "model as a pickle (joblib.dump), which runs code when it is loaded"
        ) from None
    about = {
        "format": _FORMAT,
        "layout": _LAYOUT,
        "written_by": {
            "sklearn_asdf": __version__,
            "scikit-learn": sklearn.__version__,
            "numpy": np.__version__,
        },
        "n_arrays": len(writer.arrays),
        "n_foreign": len(writer.foreign),
        "model": form,
    }
    with atomic_path(path) as temporary, zipfile.ZipFile(temporary, "w") as file:
        # The same model gives the same bytes: no times.
        file.writestr(zipfile.ZipInfo("model.json"), json.dumps(about, indent=1, allow_nan=False))
        for i, array in enumerate(writer.arrays):
            with file.open(zipfile.ZipInfo(f"arrays/{i}.npy"), "w", force_zip64=True) as member:
                np.lib.format.write_array(member, array, allow_pickle=False)
        for i, data in enumerate(writer.foreign):
            file.writestr(zipfile.ZipInfo(f"foreign/{i}.skops"), data)


def load(path: str | os.PathLike[str], *, trusted: Sequence[str] = ()) -> Any:
    """Load a model that `save` wrote. No code of the file is executed.

    Parameters
    ----------
    path : path-like
        The file.
    trusted : sequence of str, default=()
        Names of types that skops may make, where the model holds estimators that only skops could
        write. The error that asks for them lists them.

    Returns
    -------
    estimator
        The model. It predicts the same bits as the one that was saved.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is damaged, was not written by `save`, was written by a newer version, or holds
        what is not on the list of things that a model may consist of.

    Warns
    -----
    sklearn.exceptions.InconsistentVersionWarning
        If it holds estimators of another version of scikit-learn.

    See Also
    --------
    save : Writes such a file.

    Examples
    --------
    >>> from sklearn_asdf import load
    >>> load("nowhere.zip")
    Traceback (most recent call last):
        ...
    FileNotFoundError: expected a saved model, but there is no file 'nowhere.zip'
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"expected a saved model, but there is no file {str(path)!r}")
    try:
        about, arrays, foreign = _read(path)
    except _Unknown as error:
        raise ValueError(f"expected a model written by sklearn_asdf.save, but {error}") from None
    except (zipfile.BadZipFile, *_DAMAGE) as error:
        raise ValueError(
            f"expected a whole model file, but {str(path)!r} is damaged ({error}): copy or save it "
            "again"
        ) from error
    try:
        model = Reader(arrays, foreign, trusted).read(about["model"])
        if not isinstance(model, BaseEstimator):
            raise ValueError(f"it holds no estimator but {type(model).__name__}")
    except (AttributeError, IndexError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"{str(path)!r} cannot be loaded: {error}") from error
    return model


class _Unknown(Exception):
    """A file is not ours, or not of our time."""


# What a reader of half a file or of flipped bits may run into.
_DAMAGE = (EOFError, KeyError, MemoryError, NotImplementedError, OSError, OverflowError, ValueError)


def _read(path: Path) -> tuple[dict[str, Any], list[np.ndarray], list[bytes]]:
    with open(path, "rb") as file:
        head = file.read(4)
    if head != b"PK\x03\x04":
        pickled = head[:1] in (b"\x80", b"x")
        hint = ": if it is a pickle and you trust who wrote it, use joblib.load" if pickled else ""
        raise _Unknown(f"{str(path)!r} is something else{hint}")
    with zipfile.ZipFile(path) as archive:
        if "model.json" not in archive.namelist():
            raise _Unknown(f"{str(path)!r} is another kind of archive")
        about = json.loads(archive.read("model.json"))
        if not isinstance(about, dict) or about.get("format") != _FORMAT:
            raise _Unknown(f"{str(path)!r} is another kind of archive")
        layout = about.get("layout")
        if not isinstance(layout, int) or not 1 <= layout <= _LAYOUT:
            written_by = about.get("written_by", {}).get("sklearn_asdf", "?")
            raise _Unknown(
                f"{str(path)!r} has layout {layout!r}, by sklearn_asdf {written_by}, and this "
                f"version, {__version__}, reads layouts up to {_LAYOUT}: upgrade sklearn_asdf"
            )
        arrays = []
        for i in range(about["n_arrays"]):
            # Read as a whole, so that its checksum is compared before its header is believed.
            with io.BytesIO(archive.read(f"arrays/{i}.npy")) as member:
                arrays.append(np.lib.format.read_array(member, allow_pickle=False))
        foreign = [archive.read(f"foreign/{i}.skops") for i in range(about["n_foreign"])]
    return about, arrays, foreign
