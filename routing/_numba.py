"""Decorators that compile this package's kernels with numba."""

from collections.abc import Callable
from typing import cast

import numba


def compiled[F: Callable[..., object]](function: F) -> F:
    """Compile a function on its first call, to run without the GIL.

    The compiled code is cached on disk unless no cache folder is writable.
    """
    try:
        kernel = numba.njit(cache=True, nogil=True)(function)
    except RuntimeError:
        kernel = numba.njit(nogil=True)(function)
    return cast("F", kernel)


def inlined[F: Callable[..., object]](function: F) -> F:
    """Inline a function into each kernel that calls it, without reference counts of arrays."""
    return cast("F", numba.njit(nogil=True, forceinline=True)(function))
