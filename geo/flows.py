"""Movement: weekly aggregated counts in, nothing about a person (P17 to P21).

What is published of them is decided by the views: this module only keeps everything else out.
"""

import hashlib
import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, NoReturn

import shapely
from geoalchemy2.shape import from_shape
from shapely.geometry.base import BaseGeometry
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from geo.countries import misplacement
from geo.demo import require_unmixed
from geo.errors import InvalidCountError, PersonalDataError
from geo.formats import read_geometry
from geo.models import VISIBILITIES, Flow

#: Everything a count may say; any other field refuses the payload whole.
FIELDS = frozenset(
    {
        "kind",
        "origin",
        "destination",
        "week",
        "direction",
        "n",
        "groups",
        "largest_share",
        "method",
        "hours_covered",
        "source",
        "visibility",
        "geometry",
    }
)

KINDS = ("point", "od")
DIRECTIONS = ("in", "out", "both")

#: Counts one payload may hold: a year of weeks for two hundred points.
MAX_CELLS = 10_000

MAX_NAME = 100  # characters of a place, method or source
MAX_N = 10_000_000
WEEK_H = 168

#: Decimals of a degree kept of a counting point: about 110 m, as for every asker (P9).
DECIMALS = 3

#: Texts that could reach or name one person: an e-mail or web address, a handle, or five and
#: more digits in a row with the signs that telephone and document numbers are written with
#: (place names and counting methods have none; dates of a source are no such numbers).
_PERSONAL = re.compile(r"@|https?:|www\.|(?:\d[\s().+-]*){5,}")
_WEEK = re.compile(r"\d{4}-\d\d-\d\d")
_DATE = re.compile(r"\b(?:19|20)\d\d-\d\d(?:-\d\d)?\b")


@dataclass(frozen=True, slots=True)
class Cell:
    """One aggregated count: of a point, or of an origin and a destination.

    Attributes
    ----------
    week : date
        Its Monday.
    n, groups : int
        People, and travelling groups among them.
    largest_share : float
        Share of the largest group in ``n``, 0 to 1.
    hours_covered : int or None
        Hours of the week somebody counted.
    geometry : shapely geometry
        Point, or a line of two points; EPSG:4326, `DECIMALS` decimals.
    """

    kind: str
    origin: str
    destination: str | None
    week: date
    direction: str
    n: int
    groups: int
    largest_share: float
    method: str
    hours_covered: int | None
    source: str | None
    visibility: str
    geometry: BaseGeometry

    @property
    def id(self) -> str:
        """A stable id made of what the count is about, so that a correction replaces it."""
        key = (self.origin, self.destination, str(self.week), self.direction, self.method)
        return f"flow-{hashlib.sha256(json.dumps(key).encode()).hexdigest()[:20]}"

    def row(self) -> dict[str, Any]:
        """Return the columns of the table ``flows``."""
        return {
            "id": self.id,
            "kind": self.kind,
            "origin": self.origin,
            "destination": self.destination,
            "week": self.week,
            "direction": self.direction,
            "n": self.n,
            "groups": self.groups,
            "largest_share": self.largest_share,
            "method": self.method,
            "hours_covered": self.hours_covered,
            "source": self.source,
            "visibility": self.visibility,
            "geom": self.geometry,
        }


def read_json(data: bytes) -> object:
    """Return the value of a JSON text; NaN and Infinity are no JSON.

    Raises
    ------
    InvalidCountError
        It is not JSON.
    """

    def refuse(constant: str) -> NoReturn:
        msg = f"{constant} is not JSON"
        raise InvalidCountError(msg)

    try:
        return json.loads(data, parse_constant=refuse)
    except json.JSONDecodeError as error:
        msg = f"line {error.lineno} is not JSON: {error.msg}"
        raise InvalidCountError(msg) from None
    except (UnicodeDecodeError, RecursionError) as error:
        msg = "this is not a JSON text in UTF-8"
        raise InvalidCountError(msg) from error


def parse_movement(payload: object) -> list[Cell]:
    """Check a payload of counts, all or nothing.

    Parameters
    ----------
    payload : object
        A list of objects with the `FIELDS`, or one such object.

    Raises
    ------
    PersonalDataError
        A field that is not one of `FIELDS`, or a value that could be about a person: an
        address or number in a text, a time within a week, a track. It names the field, never
        the value.
    InvalidCountError
        A value that makes no sense; names the place in the list and the field.
    """
    cells = payload if isinstance(payload, list) else [payload]
    if not 1 <= len(cells) <= MAX_CELLS:
        msg = f"a payload holds 1 to {MAX_CELLS} counts, not {len(cells)}"
        raise InvalidCountError(msg)
    checked: dict[str, Cell] = {}
    for n, fields in enumerate(cells):
        try:
            cell = check_cell(fields)
        except PersonalDataError as error:
            msg = f"count {n}: {error}"
            raise PersonalDataError(msg) from None
        except InvalidCountError as error:
            msg = f"count {n}: {error}"
            raise InvalidCountError(msg) from None
        if cell.id in checked:
            msg = f"count {n}: the same origin, destination, week, direction and method came before"
            raise InvalidCountError(msg)
        checked[cell.id] = cell
    return list(checked.values())


def check_cell(fields: object) -> Cell:
    """Check one count; see `parse_movement`."""
    if not isinstance(fields, Mapping):
        msg = "is not an object"
        raise InvalidCountError(msg)
    unlisted = sorted(str(name)[:40] for name in fields if name not in FIELDS)
    if unlisted:
        msg = (
            f"field '{unlisted[0]}' is not one of an aggregated count; all of the payload is "
            f"refused. Allowed are {', '.join(sorted(FIELDS))}"
        )
        raise PersonalDataError(msg)
    kind = _choice(fields, "kind", KINDS)
    destination = _text(fields, "destination", required=False)
    if (kind == "od") != (destination is not None):
        msg = "destination belongs to kind 'od', and only to it"
        raise InvalidCountError(msg)
    n, groups = _whole(fields, "n", MAX_N), _whole(fields, "groups", MAX_N)
    if groups > n:
        msg = f"groups {groups} is more than n {n}"
        raise InvalidCountError(msg)
    hours = fields.get("hours_covered")
    return Cell(
        kind=kind,
        origin=_text(fields, "origin") or "",
        destination=destination,
        week=_week(fields.get("week")),
        direction=_choice(fields, "direction", DIRECTIONS),
        n=n,
        groups=groups,
        largest_share=_share(fields.get("largest_share")),
        method=_text(fields, "method") or "",
        hours_covered=None if hours is None else _whole(fields, "hours_covered", WEEK_H),
        source=_text(fields, "source", required=False),
        # Who sends a count sends it to be published, by the flows rule; less may be asked.
        visibility=_choice({"visibility": "public", **fields}, "visibility", VISIBILITIES),
        geometry=_geometry(fields.get("geometry"), kind),
    )


async def store_movement(
    session: AsyncSession, cells: Iterable[Cell], *, allow_mixed: bool = False
) -> int:
    """Store counts as real rows; one of the same subject replaces the earlier one.

    Parameters
    ----------
    session : AsyncSession
        Of the writer.
    cells : iterable of Cell
        From `parse_movement`.
    allow_mixed : bool
        Store them although demo rows are loaded (P35).

    Returns
    -------
    int
        How many were stored.

    Raises
    ------
    MixedDataError
        Demo rows are loaded.
    """
    rows = [
        cell.row() | {"geom": from_shape(cell.geometry, srid=4326), "demo": False} for cell in cells
    ]
    if not rows:
        return 0
    added = insert(Flow)
    key = ("origin", "destination", "week", "direction", "method")
    changed = {name: added.excluded[name] for name in rows[0] if name not in (*key, "id")}
    async with session.begin_nested():
        await session.execute(added.on_conflict_do_update(index_elements=key, set_=changed), rows)
        if not allow_mixed:
            await require_unmixed(session)
    return len(rows)


def _text(fields: Mapping[str, Any], name: str, *, required: bool = True) -> str | None:
    value = fields.get(name)
    if value is None and not required:
        return None
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        msg = f"{name} is missing or not a text"
        raise InvalidCountError(msg)
    if len(value) > MAX_NAME:
        msg = f"{name} is longer than {MAX_NAME} characters"
        raise InvalidCountError(msg)
    if _PERSONAL.search(_DATE.sub("", value)):
        msg = f"{name} holds an address or number that could be a person's"
        raise PersonalDataError(msg)
    return value.strip()


def _choice(fields: Mapping[str, Any], name: str, choices: tuple[str, ...]) -> str:
    value = fields.get(name)
    if value not in choices:
        msg = f"{name} is not one of {', '.join(choices)}"
        raise InvalidCountError(msg)
    return str(value)


def _whole(fields: Mapping[str, Any], name: str, maximum: int) -> int:
    value = fields.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= maximum:
        msg = f"{name} is not a whole number from 0 to {maximum}"
        raise InvalidCountError(msg)
    return value


def _share(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        msg = "largest_share is not a number from 0 to 1"
        raise InvalidCountError(msg)
    return float(value)


def _week(value: object) -> date:
    if isinstance(value, str) and re.match(r"\d{4}-\d\d-\d\d.", value):
        msg = "week holds more than a date: no time within a week is taken"
        raise PersonalDataError(msg)
    # Python reads more than this form as a date.
    written = value if isinstance(value, str) and _WEEK.fullmatch(value) else None
    try:
        week = None if written is None else date.fromisoformat(written)
    except ValueError:
        week = None
    if week is None or week.weekday() != 0:
        msg = "week is not a Monday written YYYY-MM-DD"
        raise InvalidCountError(msg)
    return week


def _geometry(value: object, kind: str) -> BaseGeometry:
    try:
        geometry = value if isinstance(value, BaseGeometry) else read_geometry(value)
    except ValueError as error:
        raise InvalidCountError(str(error)) from None
    wanted = shapely.Point if kind == "point" else shapely.LineString
    if isinstance(geometry, shapely.LineString) and len(geometry.coords) > 2:  # noqa: PLR2004
        msg = "geometry has more than an origin and a destination: no tracks are taken"
        raise PersonalDataError(msg)
    if not isinstance(geometry, wanted):
        msg = f"geometry of kind '{kind}' is not a {wanted.__name__}"
        raise InvalidCountError(msg)
    for lon, lat in geometry.coords:
        problem = misplacement(lon, lat)
        if problem or not math.isfinite(lon + lat):
            # The message holds no position: it is shown and logged.
            msg = "geometry is out of range, or its lon and lat are swapped"
            raise InvalidCountError(msg)
    return shapely.transform(geometry, lambda points: points.round(DECIMALS))
