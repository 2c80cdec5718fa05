"""Directory of a road graph: read and verify its meta.json and its .npy arrays."""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from routing.cch.customization import UNREACHABLE, Metric
from routing.cch.integrity import are_offsets, require_sound
from routing.cch.topology import Topology
from routing.errors import GraphError
from routing.graph import layout

META_FILE = "meta.json"
#: File that records the inode, times and size of each array file when its checksum was verified, so
#: that unchanged files are not read again.
VERIFIED_FILE = "verified.json"

#: Fields of `GraphMeta` that give the lengths of arrays, in the order `layout.counts` takes them.
_COUNTS = ("node_count", "edge_count", "arc_count", "turn_node_count", "turn_edge_count")

#: Field of meta.json that holds the checksum of all other fields except ``format``.
META_SUM = "meta_checksum"

#: Array of offsets -> the array that these offsets divide into runs.
_OFFSETS = {
    "shape_start": "shape_lon",
    "names_start": "names_utf8",
    "cell_start": "cell_segment",
}

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")


@dataclass(frozen=True)
class GraphMeta:
    """Contents of a region's meta.json.

    Parameters
    ----------
    bbox
        west, south, east, north in degrees, EPSG:4326.
    extract_timestamp
        When the source data was extracted, ISO 8601; None where the source file does not say.
    imported_at
        When the region was imported, ISO 8601.
    snap_limit_m
        Farthest distance from a point to a road of this region, metres.
    kind
        ``'sketch'`` or ``'osm'``.
    turn_node_count, turn_edge_count
        Copies of nodes and edges that turn restrictions need, see ``routing.graph.turn_expansion``.
    arc_count
        Number of arcs of the contraction hierarchy; set when the region is written.
    countries
        ISO 3166-1 alpha-2 codes, which ``node_country`` indexes; empty where none is known.
    has_slope
        Whether ascent along edges comes from height cells of 90 m or finer.
    landscape_count
        Number of features that are drawn beneath the streets; 0 for regions imported before Amparo
        read such features, whose meta.json lacks the field.
    report
        Counts of what the import read, cut and dropped.
    metrics
        Facts about each metric in the folder, by its name.
    checksums, sizes
        sha256 and size in bytes of each file, by file name; set when the region is written.
    """

    name: str
    title: str
    source: str
    licence: str
    attribution: str
    bbox: tuple[float, float, float, float]
    extract_timestamp: str | None
    imported_at: str
    node_count: int
    edge_count: int
    snap_limit_m: float
    kind: str
    turn_node_count: int = 0
    turn_edge_count: int = 0
    arc_count: int = 0
    countries: tuple[str, ...] = ()
    has_slope: bool = False
    landscape_count: int = 0
    format_version: int = layout.FORMAT_VERSION
    report: dict[str, int] = field(default_factory=dict)
    metrics: dict[str, dict[str, float]] = field(default_factory=dict)
    checksums: dict[str, str] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)


def check_name(name: str) -> str:
    """Return the region name; raise GraphError if it is not valid as a folder name."""
    if not _NAME.fullmatch(name):
        raise GraphError(
            f"region name {name!r}: use 1-63 lower-case letters, digits, '-' or '_',"
            " starting with a letter or digit"
        )
    return name


# --- reading ---------------------------------------------------------------------------------


def read_meta(path: Path) -> GraphMeta:
    """Read and check meta.json of a graph directory.

    Raises
    ------
    GraphError
        If the file is missing, not Amparo's, of another format version, or damaged.
    """
    try:
        raw = json.loads((path / META_FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise GraphError(f"{path}: no road graph here ({META_FILE} is missing)") from None
    except (OSError, ValueError, RecursionError) as error:
        raise GraphError(f"{path}: {META_FILE} cannot be read: {error}") from error
    if not isinstance(raw, dict) or raw.pop("format", None) != layout.FORMAT:
        raise GraphError(f"{path}: not a road graph of Amparo")
    if raw.get("format_version") != layout.FORMAT_VERSION:
        raise GraphError(
            f"{path}: format version {raw.get('format_version')!r}, this program reads"
            f" {layout.FORMAT_VERSION}; import the region again"
        )
    if raw.pop(META_SUM, None) != sum_of(raw):
        raise GraphError(f"{path}: {META_FILE}: checksum differs; import the region again")
    return _meta_from(raw, path)


def sum_of(raw: dict[str, Any]) -> str:
    """Return the sha256 of the contents of meta.json, independent of formatting."""
    text = json.dumps(raw, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _meta_from(raw: dict[str, Any], path: Path) -> GraphMeta:
    known = {f.name for f in fields(GraphMeta)}
    raw = {"landscape_count": 0, **raw}
    if set(raw) != known:
        odd = ", ".join(sorted(set(raw) ^ known))
        raise GraphError(f"{path}: {META_FILE} lacks or adds fields: {odd}")
    try:
        west, south, east, north = (float(value) for value in raw["bbox"])
        counts = {name: int(raw[name]) for name in (*_COUNTS, "landscape_count")}
        sizes = {str(k): int(v) for k, v in raw["sizes"].items()}
        metrics = {
            str(name): {str(k): float(v) for k, v in about.items()}
            for name, about in raw["metrics"].items()
        }
        texts = {name: dict(raw[name]) for name in ("report", "checksums")}
        snap_limit_m = float(raw["snap_limit_m"])
        countries = tuple(str(code) for code in raw["countries"])
    except (TypeError, ValueError, AttributeError, OverflowError) as error:
        raise GraphError(f"{path}: {META_FILE} is damaged: {error}") from error
    if not np.isfinite([west, south, east, north, snap_limit_m]).all() or snap_limit_m < 0:
        raise GraphError(f"{path}: {META_FILE} is damaged: no box, or no snap limit")
    raw |= {"bbox": (west, south, east, north), "countries": countries, "metrics": metrics}
    raw |= {**counts, **texts, "sizes": sizes, "snap_limit_m": snap_limit_m}
    return GraphMeta(**raw)


def open_arrays(path: Path) -> tuple[GraphMeta, dict[str, NDArray[Any]]]:
    """Map the arrays of a graph directory into memory, copy-on-write.

    Headers and sizes are always checked; checksums only of files that were not verified before.

    Raises
    ------
    GraphError
        If the directory cannot be opened; the message gives the reason.
    """
    # Resolve the symbolic link once: a region that is replaced during the reading is then not read
    # half from the old folder, half from the new one.
    real = path.resolve()
    meta = read_meta(real)
    if _identities(real, meta) != _verified(real):
        verify_files(real)
        with suppress(OSError):  # a folder that is not writable is verified at each opening
            note_verified(real, meta)
    return meta, _map_arrays(real, meta)


def _map_arrays(path: Path, meta: GraphMeta) -> dict[str, NDArray[Any]]:
    arrays = {name: _open_array(path, name, meta, shape) for name, shape in layout.ARRAYS.items()}
    points = len(arrays["shape_lon"])
    if len(arrays["shape_lat"]) != points or int(arrays["shape_start"][-1]) != points:
        raise GraphError(f"{path}: shape_start.npy and the shapes do not fit each other")
    frame = arrays["grid_frame"]
    if len(frame) != 6 or len(arrays["cell_start"]) != frame[4] * frame[5] + 1:  # noqa: PLR2004
        raise GraphError(f"{path}: grid_frame.npy and cell_start.npy do not fit each other")
    return arrays


def map_metric(path: Path, meta: GraphMeta, name: str) -> dict[str, NDArray[Any]]:
    """Map the arrays of one metric, copy-on-write, by the fields of ``routing.cch.Metric``.

    Raises
    ------
    GraphError
        If a file is missing, or differs in type or length from what meta.json describes.
    """
    return {
        column: _open_array(path, layout.metric_file(name, column), meta, shape)
        for column, shape in layout.METRIC.items()
    }


def read_landscape_arrays(folder: Path) -> dict[str, NDArray[Any]]:
    """Map the arrays of `layout.LANDSCAPE` in a region's folder; empty without a landscape.

    Raises
    ------
    GraphError
        If a file is missing, or differs in type or size from what meta.json describes.
    """
    meta = read_meta(folder)
    if not meta.landscape_count:
        return {}
    return {
        name: _open_array(folder, name, meta, shape) for name, shape in layout.LANDSCAPE.items()
    }


def arrays_of(meta: GraphMeta) -> dict[str, tuple[str, str]]:
    """Return dtype and length of every array of a region, by name."""
    landscape = layout.LANDSCAPE if meta.landscape_count else {}
    return (
        layout.ARRAYS
        | landscape
        | {
            layout.metric_file(name, column): shape
            for name in meta.metrics
            for column, shape in layout.METRIC.items()
        }
    )


def _identities(path: Path, meta: GraphMeta) -> dict[str, list[int]]:
    """Return inode, times and size of each array file, from which a changed file is recognised.

    The change time (ctime) is set by the system alone: a program that writes to a file and then
    resets its modification time, as `cp -p` and `rsync` do, still changes the ctime.
    """
    found = {}
    for name in arrays_of(meta):
        with suppress(OSError):
            stat = (path / f"{name}.npy").stat()
            found[f"{name}.npy"] = [stat.st_ino, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_size]
    return found


def _verified(path: Path) -> object:
    try:
        return json.loads((path / VERIFIED_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None


def note_verified(path: Path, meta: GraphMeta) -> None:
    """Record the identities of a folder's files as verified, so that opening skips checksums."""
    new = path / f"{VERIFIED_FILE}.new"
    new.write_text(json.dumps(_identities(path, meta)), encoding="utf-8")
    new.replace(path / VERIFIED_FILE)


def _open_array(path: Path, name: str, meta: GraphMeta, shape: tuple[str, str]) -> NDArray[Any]:
    file = path / f"{name}.npy"
    dtype, length = shape
    try:
        _require_size(file, meta.sizes.get(file.name))
        # View the memory map as a plain array: each access to a numpy.memmap costs a Python call.
        array: NDArray[Any] = np.asarray(np.lib.format.open_memmap(file, mode="c"))
    except FileNotFoundError:
        raise GraphError(f"{file}: missing; import the region again") from None
    except GraphError:
        raise
    except Exception as error:  # numpy's parser may raise any error on a damaged header
        raise GraphError(f"{file}: no array: {error}") from error
    wanted = layout.counts(*(getattr(meta, name) for name in _COUNTS))
    if array.ndim != 1 or array.dtype.str != dtype or len(array) != wanted.get(length, len(array)):
        raise GraphError(f"{file}: {array.dtype.str} {array.shape} is not what meta.json describes")
    return array


def _require_size(file: Path, wanted: int | None) -> None:
    size = file.stat().st_size
    if size != wanted:
        raise GraphError(f"{file}: {size} bytes, meta.json says {wanted}; import the region again")


def verify_files(path: Path) -> GraphMeta:
    """Verify the checksum of each file of a region, the range of each index, and the hierarchy.

    No search can crash on files that pass, whatever the costs, even if others made the files.

    Raises
    ------
    GraphError
        Naming the first file that does not fit.
    """
    real = path.resolve()
    meta = read_meta(real)
    arrays = _map_arrays(real, meta)
    for name, shape in arrays_of(meta).items():
        if name not in arrays:
            arrays[name] = _open_array(real, name, meta, shape)
        file = real / f"{name}.npy"
        if _sha256(file) != meta.checksums.get(file.name):
            raise GraphError(f"{file}: checksum differs; import the region again")
    _check_ranges(path, meta, arrays)
    _check_hierarchy(path, meta, arrays)
    return meta


def _check_ranges(path: Path, meta: GraphMeta, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Check that every index lies within the array that it refers to."""
    counts = layout.counts(*(getattr(meta, name) for name in _COUNTS))
    bounds = {name: (low, counts[to]) for name, (to, low) in layout.POINTS_TO.items()}
    bounds["node_country"] = (-1, len(meta.countries))
    for name in meta.metrics:
        bounds[layout.metric_file(name, "cost")] = (0, UNREACHABLE + 1)
    for name, (low, bound) in bounds.items():
        if arrays[name].size and not low <= arrays[name].min() <= arrays[name].max() < bound:
            raise GraphError(f"{path}: {name} points outside the graph")
    for name, into in _OFFSETS.items():
        if not are_offsets(arrays[name], len(arrays[into])):
            raise GraphError(f"{path}: {name} does not lead through {into}")


def _check_hierarchy(path: Path, meta: GraphMeta, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Check the hierarchy against the graph's edges, and each metric against its edge costs."""
    topology = Topology(
        **{name: arrays[f"{layout.HIERARCHY_PREFIX}{name}"] for name in layout.HIERARCHY}
    )
    tail, head = (
        np.concatenate((arrays[f"edge_{end}"], arrays[f"turn_{end}"])) for end in ("tail", "head")
    )
    require_sound(topology, tail, head)
    for name in meta.metrics:
        columns = {c: arrays[layout.metric_file(name, c)] for c in layout.METRIC}
        if not Metric.of_columns(topology, columns).is_sound():
            raise GraphError(f"{path}: metric {name} is not that of its costs")


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise GraphError(f"{path}: cannot be read: {error}") from error


def list_regions(graphs_dir: Path) -> Iterator[Path]:
    """Yield the folders whose names are valid region names, sorted; their content is not checked.

    A link whose folder is gone is included; opening it raises the error.

    Raises
    ------
    OSError
        If the folder exists but cannot be read.
    """
    try:
        paths = sorted(graphs_dir.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return
    for path in paths:
        if _NAME.fullmatch(path.name) and (path.is_symlink() or path.is_dir()):
            yield path
