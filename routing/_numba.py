"""Decorators that compile this package's kernels with numba."""

from collections.abc import Callable
from typing import cast

import numba
from numba.extending import register_jitable


def compiled[F: Callable[..., object]](function: F) -> F:
    """Compile a function on its first call, to run without the GIL.

    The compiled code is cached on disk unless no cache folder is writable. Kernels copy arrays by
    loops: numba compiles an assignment of an array to a slice with the text of an error, which
    takes a second and a half for each number of dimensions.
    """
    try:
        kernel = numba.njit(cache=True, nogil=True)(function)
    except RuntimeError:
        kernel = numba.njit(nogil=True)(function)
    return cast("F", kernel)


def inlined[F: Callable[..., object]](function: F) -> F:
    """Inline a function into each kernel that calls it, without reference counts of arrays.

    Python runs the function as it is written: code to call the compiled one would be a tenth of
    the compilation.
    """
    return register_jitable(nogil=True, forceinline=True)(function)
