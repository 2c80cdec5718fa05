"""Writing of large JSON objects item by item, so that other threads can run between items."""

from collections.abc import Iterable, Mapping

import orjson


def written(members: Mapping[str, object], lists: Mapping[str, Iterable[object]]) -> bytes:
    """Return one JSON object: ``members``, then each of ``lists`` in full.

    Parameters
    ----------
    members
        Small values; at least one.
    lists
        Long lists by name; generators are read once.
    """
    parts = [orjson.dumps(members)[:-1]]
    for name, items in lists.items():
        parts += [b",", orjson.dumps(name), b":[", b",".join(map(orjson.dumps, items)), b"]"]
    parts.append(b"}")
    return b"".join(parts)
