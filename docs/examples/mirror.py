"""Keeps a copy of one collection and follows what changes in it; run it at least once a day.

Usage: python mirror.py https://amparo.example/collections/spaces copy.json [TOKEN]

The copy is one JSON file: ``token`` says how far it is, ``features`` holds the features by id.
What was hidden or closed is gone from it after the next run, so keep no other copy of it.
"""

import json
import sys
from datetime import date
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx

Copy = dict[str, Any]


def follow(client: httpx.Client, collection: str, copy: Copy) -> Copy:
    """Return the copy as the collection is now; ``{}`` begins a new one."""
    while True:
        asked = {"limit": "1000"} | ({"since": copy["token"]} if "token" in copy else {})
        answer = client.get(f"{collection}/changes", params=asked)
        if answer.status_code == HTTPStatus.GONE and copy:
            copy = {}  # too old to be followed, so too old to be kept
            continue
        answer.raise_for_status()
        page = answer.json()
        features = {**copy.get("features", {}), **{f["id"]: f for f in page["features"]}}
        for gone in page["gone"]:
            features.pop(gone, None)
        copy = {"token": page["token"], "features": features}
        if page["complete"]:
            return copy


def usable(copy: Copy, today: date) -> list[dict[str, Any]]:
    """Return the features that may still be shown: those that have not expired."""
    found = copy.get("features", {}).values()
    return [f for f in found if (f["properties"]["expires_on"] or "9") >= today.isoformat()]


def main(collection: str, file: str, token: str | None = None) -> None:
    """Bring the copy in a file up to date."""
    path = Path(file)
    copy = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    with httpx.Client(headers=headers, timeout=60) as client:
        copy = follow(client, collection, copy)
    written = path.with_suffix(".new")
    written.write_text(json.dumps(copy, ensure_ascii=False), encoding="utf-8")
    written.replace(path)


if __name__ == "__main__":
    main(*sys.argv[1:])
