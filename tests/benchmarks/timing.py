"""Times of functions that are compared with each other."""

from __future__ import annotations

import resource
import time

import numpy as np
from threadpoolctl import threadpool_limits


def shortest(*functions, repeats=7, clock=time.process_time):
    """Return the shortest processor time of each function in seconds, on one core.

    They are called by turns, so that a busy moment of the machine meets all of them; what a first
    call compiles or caches is not counted.
    """
    times = [[] for _ in functions]
    with threadpool_limits(1):
        for function in functions:
            function()
        for _ in range(repeats):
            for function, taken in zip(functions, times, strict=True):
                start = clock()
                function()
                taken.append(clock() - start)
    return [min(taken) for taken in times]


def computing():
    """Return the processor time of this program in s, without that of the system.

    The system clears fresh memory, which programs get for arrays of more than some 32 MB alone:
    that is a step, whatever the power with which the computations grow.
    """
    return resource.getrusage(resource.RUSAGE_SELF).ru_utime


def exponent(sizes, seconds):
    """Return the power of the size with which the time grows, by least squares."""
    return float(np.polyfit(np.log(sizes), np.log(seconds), 1)[0])
