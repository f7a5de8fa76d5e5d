"""Neural networks: the only part of the package that imports Keras or scikeras.

Nothing here is imported before a network is needed, so that the rest of the package works where no
neural network library is installed.
"""
