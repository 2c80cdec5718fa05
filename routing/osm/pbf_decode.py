"""Numba kernels that decode the ways and nodes of one PBF block."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from routing._numba import compiled, inlined
from routing.geometry.id_index import row_of
from routing.osm.protobuf_wire import Bytes, DamagedError, Int64, field, varint, zigzag

type UInt8 = NDArray[np.uint8]
type Int32 = NDArray[np.int32]
type Bool = NDArray[np.bool_]

#: Codes of tag keys in `ways_in`. A way that has a key with a code below `NAME` is taken as a road.
#: Keys with codes from `NAME` to `PLAIN` - 1 hold texts such as names, and those from `PLAIN` on
#: other properties of the road.
NAME: Final = 6
PLAIN: Final = 9
TEXTS: Final = PLAIN - NAME

# Numbers of the fields of Way, Node and DenseNodes.
_ID, _KEYS, _VALUES, _REFS = 1, 2, 3, 8
_LAT, _LON, _DENSE_TAGS = 8, 9, 10
_FIELDS = 11
_NANO_PER_UNIT = 100  # nanodegrees in 1e-7 degree
_EAST, _NORTH = 1_800_000_000, 900_000_000  # 1e-7 degree


@compiled
def ways_in(
    data: Bytes, messages: Int64, code: UInt8
) -> tuple[Int64, Int64, Int64, Int32, Int64, Int32]:
    """Decode the ways of a block that have a tag of a road.

    Parameters
    ----------
    messages
        int64 [., 2]: bounds of each way's bytes.
    code
        uint8 [strings]: code of each string as a key, 0 if the string is not a key of interest.

    Returns
    -------
    tuple
        way ids [W], starts [W + 1] and node ids of their references, texts [W, 3] (strings of
        the tags with the codes from `NAME`, -1 for none), starts [W + 1] and (code, string)
        [., 2] of the other tags.
    """
    count = len(messages)
    room = _bytes_in(messages)
    way_id = np.empty(count, np.int64)
    refs_start = np.zeros(count + 1, np.int64)
    refs = np.empty(room, np.int64)
    texts = np.full((count, TEXTS), np.int32(-1))
    tags_start = np.zeros(count + 1, np.int64)
    tags = np.empty((room, 2), np.int32)
    extent = np.empty((_FIELDS, 2), np.int64)
    kept = 0
    for i in range(count):
        _extents(data, messages[i], extent)
        texts[kept, :] = -1
        tag, is_road = _way_tags(data, extent, code, texts[kept], tags, tags_start[kept])
        if is_road:
            way_id[kept] = extent[_ID, 0]
            kept += 1
            tags_start[kept] = tag
            refs_start[kept] = _way_refs(data, extent, refs, refs_start[kept - 1])
    return (
        way_id[:kept],
        refs_start[: kept + 1],
        refs[: refs_start[kept]].copy(),
        texts[:kept],
        tags_start[: kept + 1],
        tags[: tags_start[kept]].copy(),
    )


@inlined
def _bytes_in(messages: Int64) -> int:
    """Return the total length of messages in bytes: no list in them can have more items."""
    total = 0
    for i in range(len(messages)):
        total += messages[i, 1] - messages[i, 0]
    return total


@inlined
def _extents(data: Bytes, message: Int64, extent: Int64) -> None:
    """Store the bounds of each field of a message in ``extent``; (0, 0) for a missing field.

    A plain number is stored as empty, so that its value is never used as a position.
    """
    extent[:] = 0
    at = message[0]
    while at < message[1]:
        number, begin, end, at = field(data, at, message[1])
        if 0 <= number < len(extent):
            extent[number, 0] = begin
            extent[number, 1] = end if end >= 0 else begin


@inlined
def _tag(data: Bytes, extent: Int64, strings: int) -> tuple[int, int]:
    """Return key and value of the next tag of a way or node, and advance ``extent`` past it."""
    key, extent[_KEYS, 0] = varint(data, extent[_KEYS, 0], extent[_KEYS, 1])
    value, extent[_VALUES, 0] = varint(data, extent[_VALUES, 0], extent[_VALUES, 1])
    if not 0 <= key < strings or not 0 <= value < strings:
        raise DamagedError("a tag points nowhere")
    return key, value


@inlined
def _way_tags(
    data: Bytes, extent: Int64, code: UInt8, text: Int32, tags: Int32, size: int
) -> tuple[int, bool]:
    """Append the tags of a way; return the total number of tags, and whether the way is a road."""
    is_road = False
    while extent[_KEYS, 0] < extent[_KEYS, 1]:
        key, value = _tag(data, extent, len(code))
        meaning = code[key]
        if NAME <= meaning < PLAIN:
            text[meaning - NAME] = value
        elif meaning:
            is_road = is_road or meaning < NAME
            tags[size, 0] = meaning
            tags[size, 1] = value
            size += 1
    return size, is_road


@inlined
def _way_refs(data: Bytes, extent: Int64, refs: Int64, size: int) -> int:
    """Append the node references of a way and return their total number."""
    at, end = extent[_REFS]
    ref = 0
    while at < end:
        step, at = varint(data, at, end)
        ref += zigzag(step)
        refs[size] = ref
        size += 1
    return size


@inlined
def _put(row: int, lon: int, lat: int, scale: Int64, places: Int32, found: Bool) -> None:
    """Store the place of a node, unless it has one already or the place is not on Earth."""
    x = _toward_zero(lon * scale[0] + scale[1])
    y = _toward_zero(lat * scale[0] + scale[2])
    if not found[row] and -_EAST <= x <= _EAST and -_NORTH <= y <= _NORTH:
        places[0, row] = x
        places[1, row] = y
        found[row] = True


@inlined
def _toward_zero(nanodegrees: int) -> int:
    # Truncate as libosmium's C++ does; Python's // rounds down.
    if nanodegrees < 0:
        return -(-nanodegrees // _NANO_PER_UNIT)
    return nanodegrees // _NANO_PER_UNIT


@compiled
def dense_in(
    data: Bytes,
    message: Int64,
    scale: Int64,
    code: UInt8,
    wanted: Int64,
    places: Int32,
    found: Bool,
) -> Int32:
    """Decode the places and tags of the wanted nodes from one DenseNodes message.

    Parameters
    ----------
    message
        int64 [2]: bounds of the nodes' bytes.
    scale
        See `Block.scale`.
    code
        uint8 [strings]: 1 for keys of interest.
    wanted
        int64 [N]: node ids, ascending.
    places, found
        int32 [2, N] and bool [N]: receive lon and lat (1e-7 degree), and whether they are known.
        If a node comes twice, the first place counts.

    Returns
    -------
    int32 [., 3]
        (row, key, value) of all tags of those wanted nodes that have a key of interest.
    """
    extent = np.empty((_FIELDS, 2), np.int64)
    _extents(data, message, extent)
    at, end = extent[_ID]
    lat_at, lat_end = extent[_LAT]
    lon_at, lon_end = extent[_LON]
    tags = np.empty((max(extent[_DENSE_TAGS, 1] - extent[_DENSE_TAGS, 0], 0), 3), np.int32)
    count = 0
    node = lat = lon = hint = 0
    while at < end:
        step, at = varint(data, at, end)
        node += zigzag(step)
        step, lat_at = varint(data, lat_at, lat_end)
        lat += zigzag(step)
        step, lon_at = varint(data, lon_at, lon_end)
        lon += zigzag(step)
        row = row_of(wanted, node, hint)
        hint = row if row >= 0 else -1 - row
        if row >= 0:
            _put(row, lon, lat, scale, places, found)
        after, is_asked = _dense_tags(data, extent, code, row, tags, count)
        if row >= 0 and is_asked:
            count = after
    return tags[:count].copy()


@inlined
def _dense_tags(
    data: Bytes, extent: Int64, code: UInt8, row: int, tags: Int32, size: int
) -> tuple[int, bool]:
    """Append the next node's tags; return their total number and whether a key is of interest."""
    at, end = extent[_DENSE_TAGS]
    is_asked = False
    while at < end:
        key, at = varint(data, at, end)
        if key == 0:  # the end of this node's tags
            break
        value, at = varint(data, at, end)
        if not 0 <= key < len(code) or not 0 <= value < len(code):
            raise DamagedError("a tag points nowhere")
        is_asked = is_asked or code[key] != 0
        tags[size, 0], tags[size, 1], tags[size, 2] = row, key, value
        size += 1
    extent[_DENSE_TAGS, 0] = at
    return size, is_asked


@compiled
def nodes_in(
    data: Bytes,
    messages: Int64,
    scale: Int64,
    code: UInt8,
    wanted: Int64,
    places: Int32,
    found: Bool,
) -> Int32:
    """Decode the wanted nodes from single Node messages, as `dense_in` does from DenseNodes."""
    tags = np.empty((_bytes_in(messages), 3), np.int32)
    extent = np.empty((_FIELDS, 2), np.int64)
    count = hint = 0
    for i in range(len(messages)):
        _extents(data, messages[i], extent)
        row = row_of(wanted, zigzag(extent[_ID, 0]), hint)
        hint = row if row >= 0 else -1 - row
        if row < 0:
            continue
        _put(row, zigzag(extent[_LON, 0]), zigzag(extent[_LAT, 0]), scale, places, found)
        first = count
        is_asked = False
        while extent[_KEYS, 0] < extent[_KEYS, 1]:
            key, value = _tag(data, extent, len(code))
            is_asked = is_asked or code[key] != 0
            tags[count, 0], tags[count, 1], tags[count, 2] = row, key, value
            count += 1
        if not is_asked:
            count = first
    return tags[:count].copy()
