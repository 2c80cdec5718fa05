"""Serialization of large JSON objects item by item, so that other threads can run in between."""

from collections.abc import Iterable, Mapping

import orjson


def written(members: Mapping[str, object], lists: Mapping[str, Iterable[object]]) -> bytes:
    """Serialize a JSON object with some small members, followed by long lists.

    Parameters
    ----------
    members
        Small values by name; at least one.
    lists
        Items of each list by name of the list; generators are iterated once.
    """
    parts = [orjson.dumps(members)[:-1]]
    for name, items in lists.items():
        parts += [b",", orjson.dumps(name), b":[", b",".join(map(orjson.dumps, items)), b"]"]
    parts.append(b"}")
    return b"".join(parts)
