"""Functions that build the networks by name; Keras is imported when one is called.

A trained network holds one of these, so that it can be pickled, saved and loaded where Keras is not
installed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = [
    "BUILDERS",
    "build_decoder",
    "build_encoder",
    "build_network",
    "build_sequence_network",
    "build_vocoder",
]


def build_network(**config: Any) -> Any:
    """Return the Keras model of a mixture density network.

    Parameters
    ----------
    **config : dict
        As for :func:`sklearn_asdf.nets.mixture_network.build_network`.

    Returns
    -------
    keras.Model
        The model.
    """
    from . import mixture_network

    return mixture_network.build_network(**config)


def build_sequence_network(**config: Any) -> Any:
    """Return the Keras model of a recurrent mixture density network over sequences.

    Parameters
    ----------
    **config : dict
        As for :func:`sklearn_asdf.nets.sequence_network.build_sequence_network`.

    Returns
    -------
    keras.Model
        The model.
    """
    from . import sequence_network

    return sequence_network.build_sequence_network(**config)


def build_encoder(**config: Any) -> Any:
    """Return the Keras model from spectrograms to codes.

    Parameters
    ----------
    **config : dict
        As for :func:`sklearn_asdf.nets.codec_networks.build_encoder`.

    Returns
    -------
    keras.Model
        The model.
    """
    from . import codec_networks

    return codec_networks.build_encoder(**config)


def build_decoder(**config: Any) -> Any:
    """Return the Keras model from codes to spectrograms.

    Parameters
    ----------
    **config : dict
        As for :func:`sklearn_asdf.nets.codec_networks.build_decoder`.

    Returns
    -------
    keras.Model
        The model.
    """
    from . import codec_networks

    return codec_networks.build_decoder(**config)


def build_vocoder(**config: Any) -> Any:
    """Return the Keras model from a few mel spectra to one spectrum.

    Parameters
    ----------
    **config : dict
        As for :func:`sklearn_asdf.nets.vocoder_network.build_vocoder`.

    Returns
    -------
    keras.Model
        The model.
    """
    from . import vocoder_network

    return vocoder_network.build_vocoder(**config)


BUILDERS: dict[str, Callable[..., Any]] = {
    "build_decoder": build_decoder,
    "build_encoder": build_encoder,
    "build_network": build_network,
    "build_sequence_network": build_sequence_network,
    "build_vocoder": build_vocoder,
}
