"""Atomic writing of a region to its folder, and removal of regions."""

import fcntl
import hashlib
import io
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from routing.errors import GraphError
from routing.graph import layout
from routing.graph.storage import (
    META_FILE,
    META_SUM,
    GraphMeta,
    arrays_of,
    check_name,
    note_verified,
    sum_of,
)

#: Suffix added to the name of a folder that was copied by hand to a region's place, when the folder
#: is moved aside.
_BY_HAND = ".by-hand.region"

#: Callback that gets the complete new folder before this folder replaces the region's current one.
type Staged = Callable[[Path], None]


def write_arrays(
    graphs_dir: Path,
    meta: GraphMeta,
    arrays: Mapping[str, NDArray[Any]],
    staged: Staged | None = None,
) -> GraphMeta:
    """Write a region and its metrics to a temporary folder, then swap this folder in by a rename.

    ``graphs_dir/<name>`` is a symbolic link to the folder of the current version, because a
    link can be replaced in one step and a full folder cannot. Whatever interrupts the writing
    (Ctrl-C, a full disk, an exception from ``staged``) leaves the old version in place and removes
    the temporary folder. If the process is killed, `tidy` removes the temporary folder later.

    Raises
    ------
    GraphError
        If the name is invalid or the disk refuses the write.
    """
    check_name(meta.name)
    try:
        graphs_dir.mkdir(parents=True, exist_ok=True)
        with _region_lock(graphs_dir, meta.name):
            version, meta = _write_version(graphs_dir, meta, arrays)
            try:
                if staged is not None:
                    staged(version)
                _swap(graphs_dir, meta.name, version)
            finally:
                if not _is_current(graphs_dir / meta.name, version):
                    shutil.rmtree(version, ignore_errors=True)
            _drop_versions(graphs_dir, meta.name, keep=version)
            return meta
    except OSError as error:
        raise GraphError(
            f"region {meta.name!r} cannot be written to {graphs_dir}: {error.strerror or error};"
            " what was there before is unchanged"
        ) from error


def _write_version(
    graphs_dir: Path, meta: GraphMeta, arrays: Mapping[str, NDArray[Any]]
) -> tuple[Path, GraphMeta]:
    temporary = Path(tempfile.mkdtemp(prefix=f".{meta.name}.", suffix=".tmp", dir=graphs_dir))
    done = False
    try:
        temporary.chmod(0o755)  # mkdtemp's 0700 would hide the region from another service user
        sums = {
            f"{name}.npy": _save(temporary / f"{name}.npy", _fit(arrays[name], dtype))
            for name, (dtype, _) in arrays_of(meta).items()
        }
        sizes = {name: (temporary / name).stat().st_size for name in sums}
        meta = replace(
            meta, checksums=dict(sorted(sums.items())), sizes=dict(sorted(sizes.items()))
        )
        # Convert the fields as reading meta.json will convert them (tuples become lists), so that
        # the checksum is the same.
        raw = json.loads(json.dumps(asdict(meta)))
        raw = {"format": layout.FORMAT, **raw, META_SUM: sum_of(raw)}
        text = json.dumps(raw, ensure_ascii=False, indent=1)
        with (temporary / META_FILE).open("w", encoding="utf-8") as stream:
            stream.write(text + "\n")
            stream.flush()
            os.fsync(stream.fileno())
        note_verified(temporary, meta)
        _sync_folder(temporary)
        version = temporary.with_suffix(".region")
        temporary.rename(version)
        done = True
    finally:
        if not done:
            shutil.rmtree(temporary, ignore_errors=True)
    return version, meta


def _is_current(link: Path, version: Path) -> bool:
    return link.is_symlink() and link.readlink().name == version.name


def _fit(array: NDArray[Any], dtype: str) -> NDArray[Any]:
    return np.ascontiguousarray(array, dtype=dtype)


def _save(path: Path, array: NDArray[Any]) -> str:
    """Write and sync one array and return the sha256 of the file."""
    # numpy's own writer does not report why a write failed, such as a full disk.
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, np.lib.format.header_data_from_array_1_0(array))
    with path.open("wb") as stream:
        stream.write(header.getvalue())
        stream.write(array.data)
        stream.flush()
        os.fsync(stream.fileno())
    # Hash the bytes in memory, not the file, so that `verify_files` detects errors of the disk.
    digest = hashlib.sha256(header.getvalue())
    digest.update(array.data)
    return digest.hexdigest()


def _swap(graphs_dir: Path, name: str, version: Path) -> None:
    """Point the region's symbolic link at the new version."""
    link = graphs_dir / name
    if link.is_dir() and not link.is_symlink():  # somebody copied a folder here by hand
        link.rename(graphs_dir / f".{name}{_BY_HAND}")
    new = graphs_dir / f".{name}.link"
    new.unlink(missing_ok=True)
    new.symlink_to(version.name, target_is_directory=True)
    new.replace(link)
    _sync_folder(graphs_dir)


def _drop_versions(graphs_dir: Path, name: str, keep: Path | None) -> None:
    """Remove replaced versions and leftovers of killed imports; the caller holds the lock."""
    for path in graphs_dir.glob(f".{name}.*"):
        if path != keep and path.suffix in {".region", ".tmp"}:
            shutil.rmtree(path, ignore_errors=True)


def _sync_folder(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def tidy(graphs_dir: Path) -> None:
    """Remove leftovers of killed imports, except those of regions that are being imported now.

    A folder put there by hand, which a killed import had moved aside, is put back. Files that the
    disk refuses to remove stay: they take room and do no harm.
    """
    left = [path for path in graphs_dir.glob(".*") if path.suffix in {".region", ".tmp"}]
    for name in {path.name.split(".")[1] for path in left}:
        with suppress(OSError), _region_lock(graphs_dir, name, is_waiting=False):
            link, by_hand = graphs_dir / name, graphs_dir / f".{name}{_BY_HAND}"
            if by_hand.is_dir() and not link.is_symlink() and not link.exists():
                by_hand.rename(link)
            current = graphs_dir / link.readlink() if link.is_symlink() else None
            _drop_versions(graphs_dir, name, keep=current)


@contextmanager
def _region_lock(graphs_dir: Path, name: str, *, is_waiting: bool = True) -> Iterator[None]:
    """Hold the lock under which a region is changed; the system frees it if the process dies.

    Raises
    ------
    BlockingIOError
        If another process holds the lock and ``is_waiting`` is false.
    """
    with (graphs_dir / f".{name}.lock").open("w") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX | (0 if is_waiting else fcntl.LOCK_NB))
        yield


def remove_region(graphs_dir: Path, name: str) -> None:
    """Remove a region with all versions of its folder.

    Raises
    ------
    GraphError
        If there is no such region, or the disk refuses the removal.
    """
    path = graphs_dir / check_name(name)
    if not path.is_symlink() and not path.is_dir():
        raise GraphError(f"no region {name!r} in {graphs_dir}")
    try:
        with _region_lock(graphs_dir, name):
            if path.is_symlink():
                path.unlink()
            else:
                path.rename(graphs_dir / f".{name}.removed.region")
            _drop_versions(graphs_dir, name, keep=None)
    except OSError as error:
        raise GraphError(f"region {name!r} cannot be removed: {error}") from error
