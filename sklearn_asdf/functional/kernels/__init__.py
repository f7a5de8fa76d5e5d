"""What the motion stages spend their time in: loops for numba, each beside its NumPy version.

The NumPy version defines the result and is used where numba is not (`functional.compiled`). Slices
in inner loops are not there for looks: numba checks computed indices for negative ones, and a
loop with such checks is not vectorized.
"""
