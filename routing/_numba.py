"""Decorators that compile this package's kernels with numba."""

import contextlib
from collections.abc import Callable
from typing import Any, cast

import numba
from numba.extending import register_jitable

from routing._kernel_cache import KernelCache


def compiled[F: Callable[..., object]](function: F) -> F:
    """Compile a function on its first call, to run without the GIL.

    The compiled code is cached on disk (`routing._kernel_cache`) unless no folder is writable.
    Kernels copy arrays in loops, not by assigning an array to a slice: with such an assignment
    numba compiles code that formats an error message, which takes a second and a half for each
    number of dimensions.
    """
    kernel = numba.njit(nogil=True)(function)
    # No folder is writable, or the sources are in an archive.
    with contextlib.suppress(RuntimeError, OSError):
        cast("Any", kernel)._cache = KernelCache(function)  # noqa: SLF001 -- ``enable_caching``
    return cast("F", kernel)


def inlined[F: Callable[..., object]](function: F) -> F:
    """Inline a function into each kernel that calls it, without reference counts of arrays.

    Called from Python, the function runs uncompiled: to compile an entry point for Python as well
    would add a tenth to the time of compilation.
    """
    return register_jitable(nogil=True, forceinline=True)(function)
