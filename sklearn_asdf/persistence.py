"""Saving and loading of models in files that contain data only, and no code."""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import sklearn
from sklearn.base import BaseEstimator

from ._files import NotRegularError, atomic_path, describe, one_line
from ._model_checks import check_sounds
from ._model_file import FORMAT, LAYOUT, UnknownFileError, open_model
from ._model_reader import Reader, check_trust
from ._model_writer import NotPlainError, Writer
from ._summary import summarize
from ._version import __version__
from .io._limits import Zip, check_unpacked, read_npy
from .music.recording import Recording, decode_flac

__all__ = ["load", "save"]


def save(model: Any, path: str | os.PathLike[str]) -> None:
    """Save a model, fitted or not, in one file that contains data only.

    Parameters
    ----------
    model : estimator
        A pipeline, or any estimator of this package or of scikit-learn.
    path : path-like
        File to write, for example ``"model.zip"``. An existing file is replaced atomically.

    Raises
    ------
    TypeError
        If the model contains an object that cannot be stored as data, such as a function.
    ValueError
        If the folder cannot be written.

    See Also
    --------
    load : Reads such a file.

    Notes
    -----
    The file is a zip archive. ``model.json`` has the parameters and the fitted state, and
    ``arrays/*.npy`` has the arrays, including the weights of networks. ``sounds/*.flac`` has the
    recordings of a `UnitEncoder`, about 1.4 MB for a minute at 22,050 Hz. The file contains no
    executable code, can be read by other programs, and does not depend on Keras's backend.

    Classes of other packages and functions, such as a scorer of a selection of features, are
    written by their names, with the state that pickle would store. So are scikit-learn's trees and
    kernels. To load them, pass their names as trusted.

    Cache folders (`memory` becomes None), the state of a live stream and `verbose` (which becomes
    0) are not saved.

    Pickles (`joblib.dump`) work too and keep the complete state, but loading a pickle executes any
    code that it contains.

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
        "format": FORMAT,
        "layout": LAYOUT,
        "written_by": {
            "sklearn_asdf": __version__,
            "scikit-learn": sklearn.__version__,
            "numpy": np.__version__,
        },
        "summary": summarize(model),
        "n_arrays": len(writer.arrays),
        "sounds": [entry for _, entry in writer.sounds],
        "model": form,
    }
    with atomic_path(path) as temporary, zipfile.ZipFile(temporary, "w") as file:
        # The same model gives the same bytes: no times.
        file.writestr(zipfile.ZipInfo("model.json"), json.dumps(about, indent=1, allow_nan=False))
        for i, array in enumerate(writer.arrays):
            with file.open(zipfile.ZipInfo(f"arrays/{i}.npy"), "w", force_zip64=True) as member:
                np.lib.format.write_array(member, array, allow_pickle=False)
        for i, (data, _) in enumerate(writer.sounds):
            file.writestr(zipfile.ZipInfo(f"sounds/{i}.flac"), data)


def load(path: str | os.PathLike[str], *, trusted: Sequence[str] = ()) -> Any:
    """Load a model that was written by `save`. No code of the file is executed.

    Parameters
    ----------
    path : path-like
        The file.
    trusted : sequence of str, default=()
        Whole names of the classes and functions that the file may use, besides those of this
        package and the public estimators of scikit-learn. Their modules are imported and their code
        runs: trust only what you know. The error message lists the names that are missing.

    Returns
    -------
    estimator
        The model. Its predictions are bit-identical to those of the saved one.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is damaged, was not written by `save`, was written by a newer version, or
        contains objects that are not allowed in a model.

    Warns
    -----
    sklearn.exceptions.InconsistentVersionWarning
        If the file contains estimators of another version of scikit-learn.

    See Also
    --------
    save : Writes such a file.
    sklearn_asdf.io.file_limits : Raises the size limits, for files that you trust.

    Notes
    -----
    `save` does not compress. A file that was compressed afterwards may unpack to 10 times its size
    (always up to 16 MiB). The objects of its ``model.json`` and its recordings may take 100 times
    the file's size (always up to 64 and 16 MiB).

    Models that earlier versions saved with skops need it to be loaded
    (``pip install 'sklearn-asdf[skops]'``); saved again they do not.

    Examples
    --------
    >>> from sklearn_asdf import load
    >>> load("nowhere.zip")
    Traceback (most recent call last):
        ...
    FileNotFoundError: expected a saved model, but there is no file 'nowhere.zip'
    """
    path = Path(path)
    if not path.exists() or path.is_dir():
        raise FileNotFoundError(f"expected a saved model, but there is no file {str(path)!r}")
    try:
        about, parts = _read(path)
    except ImportError:
        raise
    except (UnknownFileError, NotRegularError) as error:
        raise ValueError(
            f"expected a model written by sklearn_asdf.save, but {one_line(error)}"
        ) from None
    # Half a file, or one of flipped bits, can fail anywhere.
    except Exception as error:
        raise ValueError(
            f"expected a whole model file, but {str(path)!r} is damaged ({describe(error)}): copy "
            "or save it again"
        ) from error
    try:
        check_trust(about["model"], trusted)
        model = Reader(*parts, trusted).read(about["model"])
        if not isinstance(model, BaseEstimator):
            raise ValueError(f"it holds no estimator but {type(model).__name__}")
    except ImportError:
        raise
    except Exception as error:
        raise ValueError(f"{str(path)!r} cannot be loaded: {describe(error)}") from error
    return model


_Parts = tuple[list[np.ndarray], list[Recording], list[bytes]]


def _read(path: Path) -> tuple[dict[str, Any], _Parts]:
    """Return what ``model.json`` holds, and the arrays, recordings and objects of skops."""
    with open_model(path) as (archive, about, stored):
        arrays = [
            read_npy(archive.whole(f"arrays/{i}.npy"))
            for i in range(_count(about, "n_arrays", archive))
        ]
        foreign = [
            archive.whole(f"foreign/{i}.skops") for i in range(_count(about, "n_foreign", archive))
        ]
        entries = about.get("sounds", [])
        check_unpacked(check_sounds(entries), stored, "recordings")
        sounds = [
            decode_flac(archive.whole(f"sounds/{i}.flac"), **entry)
            for i, entry in enumerate(entries)
        ]
    return about, (arrays, sounds, foreign)


def _count(about: dict[str, Any], name: str, archive: Zip) -> int:
    count = about.get(name, 0)
    if not isinstance(count, int) or not 0 <= count <= len(archive.namelist()):
        raise ValueError(f"its model.json tells {name} as {count!r}")
    return count
