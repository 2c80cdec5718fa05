"""Reads a whole collection page by page, and a part of it by box, filter and order."""

import os
from collections.abc import Iterator
from typing import Any

import httpx

BASE = os.environ.get("AMPARO_URL", "http://127.0.0.1:8000")


def features(client: httpx.Client, collection: str, **asked: object) -> Iterator[dict[str, Any]]:
    """Yield every feature that is asked for; the ``next`` link says where to go on."""
    address: str | None = f"{BASE}/collections/{collection}/items"
    while address is not None:
        answer = client.get(address, params=asked or None)
        answer.raise_for_status()
        page = answer.json()
        yield from page["features"]
        links = {link["rel"]: link["href"] for link in page["links"]}
        address, asked = links.get("next"), {}  # it carries the whole question


with httpx.Client(timeout=60) as client:
    spaces = list(features(client, "spaces", limit=10))
    print(f"spaces: {len(spaces)}")

    around_cucuta = features(
        client,
        "spaces",
        bbox="-72.8,7.6,-72.2,8.1",  # west, south, east, north
        filter="overnight = true AND status <> 'closed'",
        sortby="name",
        properties="name,expires_on",
    )
    for space in around_cucuta:
        lon, lat = space["geometry"]["coordinates"]
        print(f"  {space['properties']['name']} at {lon:.2f}, {lat:.2f}")
