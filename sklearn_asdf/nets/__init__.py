"""Neural networks: the only part of the package that imports Keras or scikeras.

The modules `estimator` and `network` do not import Keras, and the others are imported only when a
network is needed, so that the rest of the package works without a neural network library.
"""
