"""How the kernels of this package are compiled."""

from collections.abc import Callable
from typing import cast

import numba


def compiled[F: Callable[..., object]](function: F) -> F:
    """Compile on first use, without the GIL, kept on disk where any folder can be written."""
    try:
        kernel = numba.njit(cache=True, nogil=True)(function)
    except RuntimeError:
        kernel = numba.njit(nogil=True)(function)
    return cast("F", kernel)


def inlined[F: Callable[..., object]](function: F) -> F:
    """Compile as a part of each kernel that calls it: a call would count references to arrays."""
    return cast("F", numba.njit(nogil=True, forceinline=True)(function))
