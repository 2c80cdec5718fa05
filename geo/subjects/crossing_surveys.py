"""Surveyed positions of crossings' border posts, confirmed by two people.

The positions of crossings that come with Amparo are points between two towns, off by up to a few
kilometres: good enough for a map of corridors, but not to decide which street crosses a border. So
roads of an OSM extract cross a border only at surveyed posts (P10, P34).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import delete, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from geo.errors import ConflictError, InvalidRecordError
from geo.models import CrossingSurvey, TaggedBorderPost
from geo.reasons import CodedReason
from geo.records.readers import FileRow
from geo.records.row_validation import Row

Document = dict[str, Any]

SURVEY_FIELDS: Final = ("surveyed_lon", "surveyed_lat", "surveyed_on")

#: Maximum distance in metres between a surveyed post and the registered position of its crossing
#: [A]. The worst registered position is 5 km off, so a post beyond is another place or a slip.
FARTHEST_M: Final = 10_000.0

#: Metres in a degree of a great circle, by the mean radius of the Earth (IUGG 1980).
_METRES_PER_DEGREE: Final = 111_195.08


@dataclass(frozen=True, slots=True)
class SeenPost:
    """A border post tagged in an OSM extract near a crossing; lon, lat in degrees, EPSG:4326.

    ``distance_m`` is the distance to the registered position of the crossing in metres.
    """

    osm_id: str
    tag: str
    lon: float
    lat: float
    distance_m: float


def is_survey(changes: Mapping[str, Any]) -> bool:
    """Return whether a change of a crossing is about its position, not about its state."""
    return "state" not in changes and any(name in changes for name in SURVEY_FIELDS)


def survey_of(survey: CrossingSurvey | None) -> Document:
    """Return the fields of a stored survey in its crossing's document; empty without a survey."""
    if survey is None:
        return {}
    return {
        "surveyed_lon": survey.lon,
        "surveyed_lat": survey.lat,
        "surveyed_on": survey.surveyed_on.isoformat(),
    }


def checked_survey(
    registered: tuple[float, float], changes: Mapping[str, Any], today: date
) -> Document:
    """Validate a proposed position and return it with all its fields.

    Parameters
    ----------
    registered
        The crossing's registered position, lon and lat in degrees, EPSG:4326.
    changes
        The proposed values of `SURVEY_FIELDS`; any other field is an error.
    today
        Latest day that a survey may state.

    Raises
    ------
    InvalidRecordError
        A field is wrong or unknown; the error names every such field.
    """
    row = Row(FileRow(0, changes))
    lon, lat = row.number("surveyed_lon", -180, 180), row.number("surveyed_lat", -90, 90)
    day = row.day("surveyed_on")
    if day is None and not any(field == "surveyed_on" for field, _ in row.faults):
        row.reject(CodedReason("missing", field="surveyed_on"), "surveyed_on")
    elif day is not None and day > today:
        row.reject(CodedReason("future", field="surveyed_on"), "surveyed_on")
    if not row.faults and _apart_m(registered, (lon, lat)) > FARTHEST_M:
        reason = CodedReason("far_from_crossing", km=round(FARTHEST_M / 1000))
        row.reject(reason, "surveyed_lon")
    problems = [(name, CodedReason("not_a_field")) for name in sorted(set(changes) - row.used)]
    if problems or row.faults:
        raise InvalidRecordError([*problems, *row.faults])
    return {
        "surveyed_lon": round(lon, 6),
        "surveyed_lat": round(lat, 6),
        "surveyed_on": None if day is None else day.isoformat(),
    }


def _apart_m(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Return the planar distance in metres of two points, precise to 0.1 % within `FARTHEST_M`."""
    east = (other[0] - one[0]) * math.cos(math.radians(one[1]))
    return math.hypot(east, other[1] - one[1]) * _METRES_PER_DEGREE


async def store_survey(
    session: AsyncSession,
    crossing_id: str,
    document: Document,
    people: Sequence[str],
    *,
    is_demo: bool = False,
) -> None:
    """Store the surveyed position of a crossing's post, replacing a former one (writer session).

    Parameters
    ----------
    document
        Position and day, as `checked_survey` returns them.
    people
        Ids of the person who proposed the position and of the one who confirmed it.
    is_demo
        Whether the position is a demo row, which is deleted with the demonstration (P35).

    Raises
    ------
    ConflictError
        ``people`` are not two different people.
    """
    if len(set(people)) != 2:  # noqa: PLR2004 -- two people, or none
        msg = "a position needs two people who are known"
        raise ConflictError(msg)
    values = {
        "lon": document["surveyed_lon"],
        "lat": document["surveyed_lat"],
        "surveyed_on": date.fromisoformat(document["surveyed_on"]),
        "proposed_by": people[0],
        "confirmed_by": people[1],
        "demo": is_demo,
    }
    await session.execute(
        upsert(CrossingSurvey)
        .values(crossing_id=crossing_id, **values)
        .on_conflict_do_update(index_elements=["crossing_id"], set_=values)
    )


async def note_posts(
    session: AsyncSession, region: str, posts: Sequence[tuple[str, SeenPost]]
) -> None:
    """Replace the stored border posts of an imported region (writer session).

    Parameters
    ----------
    posts
        Id of the crossing and tagged post near it; empty to delete the posts of the region.
    """
    await session.execute(delete(TaggedBorderPost).where(TaggedBorderPost.region == region))
    rows = [
        {
            "id": f"{region}:{crossing_id}:{post.osm_id}",
            "region": region,
            "crossing_id": crossing_id,
            "osm_id": post.osm_id,
            "tag": post.tag,
            "lon": post.lon,
            "lat": post.lat,
            "distance_m": post.distance_m,
        }
        for crossing_id, post in posts
    ]
    if rows:
        await session.execute(insert(TaggedBorderPost), rows)


async def posts_near(session: AsyncSession, crossing_id: str) -> tuple[SeenPost, ...]:
    """Return the tagged posts near a crossing, each OSM object once, nearest first (staff session).

    Other tiers cannot read the table.
    """
    rows = await session.scalars(
        select(TaggedBorderPost)
        .where(TaggedBorderPost.crossing_id == crossing_id)
        .order_by(TaggedBorderPost.distance_m, TaggedBorderPost.id)
    )
    found = {
        post.osm_id: SeenPost(post.osm_id, post.tag, post.lon, post.lat, post.distance_m)
        for post in rows
    }
    return tuple(found.values())
