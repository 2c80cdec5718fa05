"""Disk cache of compiled kernels, keyed by all sources that a kernel is compiled from.

A kernel's machine code holds the functions that it calls and the constants that it reads, also
those of other modules. numba's own locators look at the kernel's file alone: after an upgrade that
changes another file they would load the old code.
"""

import contextlib
import functools
import hashlib
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final

from numba.core.caching import (
    CompileResultCacheImpl,
    FunctionCache,
    InTreeCacheLocator,
    UserProvidedCacheLocator,
)
from numba.misc.appdirs import AppDirs

#: Pattern of an import statement: ``import``, or ``from … import`` of one or several names, also in
#: parentheses.
_IMPORT: Final = re.compile(
    r"^[ \t]*(?:from ([\w.]+) import (\([^)]*\)|.*)|import ([\w.]+))", re.MULTILINE
)
_WORD: Final = re.compile(r"\w+")

#: Versions of a module's kernels that are kept in the user's folder: [A] as many checkouts as one
#: person works in.
_KEPT: Final = 8


def sources_of(file: str) -> frozenset[str]:
    """Return the path of a module's file and those of all modules that it imports, also indirectly.

    Only modules of the file's own top-level package and of ``routing`` are followed; that libraries
    may change is left to numba.
    """
    root = _root_of(file)
    packages = frozenset({_name_of(file).partition(".")[0], __package__.partition(".")[0]})
    reached, waiting = {file}, [file]
    while waiting:
        new = _imported(waiting.pop(), root, packages) - reached
        reached |= new
        waiting += new
    return frozenset(reached)


@functools.cache
def digest_of(file: str) -> str:
    """Return the SHA-256 of the names and contents of a module's `sources_of`."""
    start = len(_root_of(file))
    texts = "\0".join(f"{one[start:]}:{_text_of(one)}" for one in sorted(sources_of(file)))
    return hashlib.sha256(texts.encode()).hexdigest()


# The functions below take paths as strings: every start of a process runs them, and to create
# thousands of `Path` objects takes as long as everything else that they do.


@functools.cache
def _root_of(file: str) -> str:
    """Return the folder of a module's top-level package."""
    folder = Path(file).parent
    while (folder / "__init__.py").is_file():
        folder = folder.parent
    return str(folder)


def _name_of(file: str) -> str:
    """Return the dotted name of a module."""
    return file[len(_root_of(file)) + 1 : -len(".py")].replace("/", ".")


@functools.cache
def _text_of(file: str) -> str:
    return Path(file).read_text(encoding="utf-8")


@functools.cache
def _imported(file: str, root: str, packages: frozenset[str]) -> frozenset[str]:
    """Return the files that a file imports, of modules of the given top-level packages."""
    return frozenset(
        one
        for of, names, alone in _IMPORT.findall(_text_of(file))
        if (name := of or alone).partition(".")[0] in packages
        for one in _files_of(f"{root}/{name.replace('.', '/')}", names)
    )


def _files_of(place: str, names: str) -> list[str]:
    """Return the files that an import of ``names`` from a module or package reads.

    These are the module's own file, or a package's ``__init__`` and those names that are modules.
    """
    module = f"{place}.py"
    if Path(module).is_file():
        return [module]
    inside = (f"{place}/{name}.py" for name in ("__init__", *_WORD.findall(names)))
    return [file for file in inside if Path(file).is_file()]


class _BySources:
    """Mixin of numba's cache locators: a cached kernel is valid only for unchanged sources."""

    _py_file: str

    def get_source_stamp(self) -> str:
        return digest_of(self._py_file)


class _Provided(_BySources, UserProvidedCacheLocator):
    """Locator of a cache in the folder that ``NUMBA_CACHE_DIR`` names."""


class _InTree(_BySources, InTreeCacheLocator):
    """Locator of a cache in ``__pycache__`` beside the module."""


class _OfUser(_BySources, InTreeCacheLocator):
    """Locator of a cache in the user's folder, with a subfolder for each version of a module.

    All checkouts share the user's folder.
    """

    def __init__(self, function: Callable[..., object], file: str) -> None:
        super().__init__(function, file)  # type: ignore[no-untyped-call]
        user = AppDirs(appname="amparo", appauthor=False)  # type: ignore[no-untyped-call]
        folder = Path(user.user_cache_dir) / "kernels"
        self._folder = folder / _name_of(file) / digest_of(file)[:16]

    def get_cache_path(self) -> str:
        return str(self._folder)

    def ensure_cache_path(self) -> None:
        is_new = not self._folder.is_dir()
        super().ensure_cache_path()  # type: ignore[no-untyped-call]
        if is_new:
            _forget_old(self._folder)


def _forget_old(newest: Path) -> None:
    """Remove versions of a module's kernels beyond `_KEPT`, the oldest first."""
    with contextlib.suppress(OSError):  # another process may remove the same folders
        others = [one for one in newest.parent.iterdir() if one != newest]
        others.sort(key=lambda one: one.stat().st_mtime, reverse=True)
        for old in others[_KEPT - 1 :]:
            shutil.rmtree(old)


class _Implementation(CompileResultCacheImpl):
    _locator_classes = [_Provided, _OfUser, _InTree]  # noqa: RUF012 -- as numba declares it


class KernelCache(FunctionCache):
    """Cache of one kernel: where ``NUMBA_CACHE_DIR`` says, in the user's folder or in the tree.

    Parameters
    ----------
    function
        Python function of the kernel.

    Raises
    ------
    RuntimeError
        No folder for it is writable.
    """

    _impl_class = _Implementation

    def __init__(self, function: Callable[..., object]) -> None:
        super().__init__(function)  # type: ignore[no-untyped-call]
