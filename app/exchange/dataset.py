"""A dataset of CKAN or HDX whose resources link to this Amparo."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from app.exchange.declarations import CkanDeclaration

#: Name of the resource that holds uploaded counts.
COUNTS: Final = "Released weekly counts of people (CSV)"

#: Resources of the dataset that link to this Amparo: name, path, format, description. Whoever
#: follows a link gets what the public sees at that moment; no data are copied to the other system.
LINKS: Final = (
    (
        "Support spaces (GeoJSON)",
        "/exports/geojson",
        "GeoJSON",
        "What anybody sees now. Each record says until when it may be used: ask again each day.",
    ),
    ("Support spaces (CSV with HXL)", "/exports/hxl", "CSV", "The same as a table with hashtags."),
    ("Support spaces (GeoPackage)", "/exports/gpkg", "Geopackage", "The same for desktop GIS."),
    (
        "Support spaces (OGC API - Features)",
        "/collections/spaces/items?f=json",
        "GeoJSON",
        "The same by pages, with filters by place and service.",
    ),
)


def dataset_of(
    stated: CkanDeclaration, base_url: str, today: date, before: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Return the members of a dataset as ``package_create`` and ``package_update`` take them.

    Parameters
    ----------
    base_url : str
        Public address of this Amparo, without a slash at the end.
    today : date
        Start of the period that a new dataset covers; a stored dataset keeps its own.
    before : mapping or None
        The dataset as stored at the site, None for a new one. Members and resources that Amparo
        does not write stay as they are.
    """
    before = before or {}
    about: dict[str, Any] = {
        "name": stated.dataset,
        "title": stated.title,
        "notes": stated.notes,
        "owner_org": stated.organization,
        "private": False,
        "dataset_source": stated.dataset_source,
        "dataset_date": before.get("dataset_date") or f"[{today.isoformat()}T00:00:00 TO *]",
        "data_update_frequency": stated.data_update_frequency,
        "license_id": stated.license_id,
        "methodology": stated.methodology,
        "methodology_other": stated.methodology_other,
        "caveats": stated.caveats,
        "maintainer": stated.maintainer,
        "groups": [{"name": group} for group in stated.groups],
        "tags": [_tag(tag, stated.tag_vocabulary) for tag in stated.tags],
        "resources": _resources(base_url, before),
    }
    # CKAN empties members that an update leaves out, so members that Amparo does not write are sent
    # again unchanged.
    return {**before, **{name: value for name, value in about.items() if value is not None}}


def _tag(name: str, vocabulary: str | None) -> dict[str, str]:
    return {"name": name} | ({"vocabulary_id": vocabulary} if vocabulary else {})


def _resources(base_url: str, before: Mapping[str, Any]) -> list[dict[str, Any]]:
    there = [dict(one) for one in before.get("resources") or ()]
    ours = {
        name: _stored_link(there, name, f"{base_url}{path}", path) for name, path, _, _ in LINKS
    }
    linked = [
        {
            **({} if (stored := ours[name]) is None else {"id": stored["id"]}),
            "name": name,
            "url": f"{base_url}{path}",
            "format": kind,
            "description": description,
            "resource_type": "api",
            "url_type": "api",
        }
        for name, path, kind, description in LINKS
    ]
    taken = [one for one in ours.values() if one is not None]
    # CKAN deletes resources that an update leaves out, so all resources that are not Amparo's are
    # sent again, even two of the same name.
    return [*linked, *(one for one in there if not any(one is other for other in taken))]


def _stored_link(
    there: Sequence[dict[str, Any]], name: str, url: str, path: str
) -> dict[str, Any] | None:
    """Return the stored resource that a link replaces; None where all of its name are of others.

    Ours has the link's URL or, stored under another base URL, its path.
    """
    named = [one for one in there if one.get("name") == name]
    same = (one for one in named if one.get("url") == url)
    moved = (one for one in named if str(one.get("url", "")).endswith(path))
    return next(same, None) or next(moved, None)
