"""Intake of weekly aggregated counts of people on the move, without personal data (P17 to P21).

This module checks and stores counts, and refuses payloads with any other content. The database
views decide which counts are published.
"""

import hashlib
import json
import math
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import batched
from typing import Any, NoReturn

import shapely
from geoalchemy2 import functions
from shapely.geometry.base import BaseGeometry
from sqlalchemy import (
    ColumnElement,
    Text,
    bindparam,
    cast,
    column,
    func,
    or_,
    select,
    text,
    tuple_,
)
from sqlalchemy.dialects.postgresql import JSONB, Insert, insert
from sqlalchemy.ext.asyncio import AsyncSession

from geo.audit import trail
from geo.errors import ForeignCountError, InvalidCountError, PersonalDataError
from geo.models import VISIBILITIES, Boundary, Flow, Place, Term
from geo.records.demo_rows import require_unmixed
from geo.records.readers import read_geometry
from geo.text.countries import misplacement

#: Every field that a count may have; a payload with any other field is refused as a whole.
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

#: Most counts in one payload: a year of weeks for two hundred points.
MAX_CELLS = 10_000

#: Most counts of one holder for one week, because each count is compared with every other count of
#: its week [A].
MAX_OF_A_WEEK = 1_000

#: Holder of counts that were loaded from files; the operator of the machine may replace them.
FILE_HOLDER = "file"

#: Pattern for place codes: ISO 3166-1 or 3166-2; "G" and a town's GeoNames number; or "X-" and an
#: official crossing.
_PLACE = re.compile(r"[A-Z]{2}(?:-[A-Z0-9]{1,3})?|G[0-9]{1,8}|X-[A-Z0-9-]{1,40}", re.ASCII)

#: Pattern for terms of the vocabularies ``count_method`` and ``count_source``.
_TERM = re.compile(r"[a-z][a-z0-9_]{1,39}", re.ASCII)
MAX_N = 10_000_000
WEEK_H = 168

#: Decimals of a degree to which counting points are rounded (about 110 m), the same as for
#: positions in users' requests (P9).
DECIMALS = 3

#: Pattern for texts that could identify one person: an e-mail or web address, a handle, or five or
#: more digits in a row, with or without the separators of telephone and document numbers.
_PERSONAL = re.compile(r"@|https?:|www\.|(?:\d[\s().+-]*){5,}")
_WEEK = re.compile(r"\d{4}-\d\d-\d\d")


@dataclass(frozen=True, slots=True)
class Cell:
    """Aggregated count of people in one week, at a point or from an origin to a destination.

    Attributes
    ----------
    origin, destination, method, source : str
        Codes of places and vocabulary terms, never free text.
    week : date
        Monday of the week.
    n, groups : int
        Number of people, and of travelling groups among them.
    largest_share : float
        Share of the largest group in ``n``, 0 to 1.
    hours_covered : int or None
        Hours of the week during which people were counted.
    geometry : shapely geometry
        Point, or line of two points (origin, destination); EPSG:4326, rounded to `DECIMALS`.
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
        """Id made from origin, destination, week, direction and method.

        A corrected count has the same id, and so replaces the earlier count.
        """
        key = (self.origin, self.destination, str(self.week), self.direction, self.method)
        return f"flow-{hashlib.sha256(json.dumps(key).encode()).hexdigest()[:20]}"

    def row(self) -> dict[str, Any]:
        """Return the count as a row of the table ``flows``, by column."""
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
    """Parse a JSON text; refuse NaN and Infinity, which Python's parser would accept.

    Raises
    ------
    InvalidCountError
        The text is not JSON.
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
    """Check a payload of counts; one wrong count refuses the whole payload.

    Parameters
    ----------
    payload : object
        Parsed JSON: a list of objects with the fields `FIELDS`, or a single object.

    Raises
    ------
    PersonalDataError
        A count has a field that is not one of `FIELDS`, or a value that could be about a person: an
        address or number in a text, a time within a week, a track. The message names the field,
        never the value.
    InvalidCountError
        A count has an invalid value; the message names its position in the list and the field.
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
    """Check the fields of one count; raises the errors of `parse_movement`."""
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
    destination = _code(fields, "destination", _PLACE, required=False)
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
        origin=_code(fields, "origin", _PLACE) or "",
        destination=destination,
        week=_week(fields.get("week")),
        direction=_choice(fields, "direction", DIRECTIONS),
        n=n,
        groups=groups,
        largest_share=_share(fields.get("largest_share")),
        method=_code(fields, "method", _TERM) or "",
        hours_covered=None if hours is None else _whole(fields, "hours_covered", WEEK_H),
        source=_code(fields, "source", _TERM, required=False),
        # Counts are public by default, within the publication rules of the database views; a sender
        # may state a narrower visibility.
        visibility=_choice({"visibility": "public", **fields}, "visibility", VISIBILITIES),
        geometry=_geometry(fields.get("geometry"), kind),
    )


async def store_movement(
    session: AsyncSession,
    cells: Sequence[Cell],
    *,
    holder: str,
    actor: str,
    allow_mixed: bool = False,
    is_trusted: bool = False,
) -> int:
    """Store counts as real (not demo) rows, replacing the holder's earlier counts of equal subject.

    The subject is origin, destination, week, direction and method. Published totals never change: a
    count that arrives after a total including its week was published is stored but not published.

    Each payload adds one entry to the audit log: the holder, the number of counts, the number of
    replaced counts, the first and last week, and a digest of the ids; the counts themselves are not
    logged.

    Parameters
    ----------
    session : AsyncSession
        Writer session.
    cells : sequence of Cell
        Counts from `parse_movement`.
    holder : str
        Owner of the counts: the organisation that the API token was issued for.
    actor : str
        Sender in the audit log: ``token:<id>`` or ``cli``.
    allow_mixed : bool
        Store the counts even if demo rows are loaded (P35).
    is_trusted : bool
        Whether the sender operates the machine. Such a sender also replaces counts without a
        holder, and may store more than `MAX_OF_A_WEEK` counts of a week.

    Returns
    -------
    int
        Number of stored counts.

    Raises
    ------
    MixedDataError
        Demo rows are loaded, and ``allow_mixed`` is False.
    InvalidCountError
        A code is unknown, or the holder would have more than `MAX_OF_A_WEEK` counts of a week.
    ForeignCountError
        Another holder has stored a count of the same subject; nothing is stored.
    """
    if not cells:
        return 0
    await require_known(session, cells)
    own = {"demo": False, "holder": holder}
    rows = [
        cell.row() | own | {"week": str(cell.week), "geom": cell.geometry.wkt} for cell in cells
    ]
    theirs = Flow.holder == holder
    async with session.begin_nested():
        before = await _ids_of(session, rows)
        # ON CONFLICT also sees rows of a concurrent transaction: the statement waits until that
        # transaction has committed.
        await session.execute(
            _storing(list(rows[0]), or_(theirs, Flow.holder.is_(None)) if is_trusted else theirs),
            {"cells": json.dumps(rows)},
        )
        if len(await _ids_of(session, rows, holder)) < len(rows):
            raise ForeignCountError
        if not is_trusted:
            await _require_few(session, holder, {cell.week for cell in cells})
        if not allow_mixed:
            await require_unmixed(session)
        await _record(session, cells, holder, actor, replaced=len(before))
    return len(rows)


def _storing(columns: Sequence[str], theirs: ColumnElement[bool]) -> Insert:
    """Return one INSERT ... ON CONFLICT statement for all counts of a payload.

    The parameter ``cells`` is a JSON list of rows. All rows are in a single statement, so that the
    database's checks see the payload as a whole.
    """
    table = Flow.metadata.tables["amparo.flows"]
    types = {name: table.c[name].type for name in columns}
    types["geom"] = Text()
    read = func.jsonb_to_recordset(cast(bindparam("cells", type_=Text), JSONB))
    named = (column(name, type_) for name, type_ in types.items())
    sent = read.table_valued(*named, name="sent").render_derived(with_types=True)
    given = [
        functions.ST_GeomFromText(sent.c[name], 4326) if name == "geom" else sent.c[name]
        for name in columns
    ]
    added = insert(table).from_select(list(columns), select(*given))
    changed = {name: added.excluded[name] for name in columns if name not in (*_KEY, "id")}
    return added.on_conflict_do_update(index_elements=_KEY, set_=changed, where=theirs)


async def place_anew(session: AsyncSession) -> int:
    """Recompute the location of stored counts whose reference data have changed (writer session).

    Reference data are places, borders, crossings and the publication rules. Published weeks do not
    change.

    Returns
    -------
    int
        Number of counts that changed.
    """
    return int(await session.scalar(text("select amparo.place_flows_anew()")) or 0)


async def _require_few(session: AsyncSession, holder: str, weeks: Collection[date]) -> None:
    crowded = await session.scalar(
        select(Flow.week)
        .where(Flow.holder == holder, Flow.week == func.any(list(weeks)))
        .group_by(Flow.week)
        .having(func.count() > MAX_OF_A_WEEK)
        .limit(1)
    )
    if crowded is not None:
        msg = (
            f"week {crowded} would have more than {MAX_OF_A_WEEK} counts of one sender; send "
            "coarser ones (of departments, of fewer pairs)"
        )
        raise InvalidCountError(msg)


#: Columns that identify the subject of a count; unique in the table.
#: Subjects of counts that one statement asks for: PostgreSQL takes 32,767 parameters, and a subject
#: is five of them.
KEYS_AT_ONCE = 5_000

_KEY = ("origin", "destination", "week", "direction", "method")


async def _ids_of(
    session: AsyncSession, rows: Sequence[Mapping[str, Any]], holder: str | None = None
) -> set[str]:
    """Return the ids of stored counts with the same subjects as ``rows``, of one or all holders."""
    columns = [getattr(Flow, name) for name in _KEY]
    columns[1] = func.coalesce(Flow.destination, "")
    columns[2] = cast(Flow.week, Text)
    keys = [tuple(row[name] if row[name] is not None else "" for name in _KEY) for row in rows]
    found: set[str] = set()
    for part in batched(keys, KEYS_AT_ONCE):
        asked = select(Flow.id).where(tuple_(*columns).in_(part))
        found.update(
            await session.scalars(asked if holder is None else asked.where(Flow.holder == holder))
        )
    return found


async def _record(
    session: AsyncSession, cells: Sequence[Cell], holder: str, actor: str, *, replaced: int
) -> None:
    weeks = sorted({cell.week for cell in cells})
    ids = "\n".join(sorted(cell.id for cell in cells))
    await trail.record(
        session,
        actor=actor,
        action="movement.stored",
        entity="flow",
        record_id=cells[0].id if len(cells) == 1 else None,
        details={
            "holder": holder,
            "cells": len(cells),
            "replaced": replaced,
            "first_week": str(weeks[0]),
            "last_week": str(weeks[-1]),
            "ids_sha256": hashlib.sha256(ids.encode()).hexdigest(),
        },
    )


def _code(
    fields: Mapping[str, Any], name: str, form: re.Pattern[str], *, required: bool = True
) -> str | None:
    value = fields.get(name)
    if value is None and not required:
        return None
    if isinstance(value, str) and form.fullmatch(value):
        return value
    if isinstance(value, str) and _PERSONAL.search(value):
        msg = f"{name} holds an address or number that could be a person's"
        raise PersonalDataError(msg)
    msg = f"{name} is missing or no code: {_FORMS[name]}"
    raise InvalidCountError(msg)


_A_PLACE = (
    "a place is ISO 3166 (CO, CO-NSA), a town's GeoNames number behind a G, or an official crossing"
)
_FORMS = {
    "origin": _A_PLACE,
    "destination": _A_PLACE,
    "method": "a term of the vocabulary count_method (GET /vocabularies)",
    "source": "a term of the vocabulary count_source (GET /vocabularies)",
}


async def require_known(session: AsyncSession, cells: Sequence[Cell]) -> None:
    """Refuse counts with unknown codes, which could carry free text (writer session).

    Raises
    ------
    InvalidCountError
        A place or term is unknown; the message names the count and the field, never the value. A
        hidden or restricted crossing is refused like a crossing that does not exist.
    """
    places = {code for cell in cells for code in (cell.origin, cell.destination) if code}
    known = await _known_places(session, places)
    terms = await session.execute(
        select(Term.vocabulary, Term.code).where(
            Term.vocabulary.in_(("count_method", "count_source")), Term.active
        )
    )
    words = {tuple(row) for row in terms}
    for n, cell in enumerate(cells):
        named = (
            ("origin", cell.origin in known),
            ("destination", cell.destination is None or cell.destination in known),
            ("method", ("count_method", cell.method) in words),
            ("source", cell.source is None or ("count_source", cell.source) in words),
        )
        for name, is_known in named:
            if not is_known:
                msg = f"count {n}: {name} is not known: {_FORMS[name]}"
                raise InvalidCountError(msg)


async def _known_places(session: AsyncSession, codes: Collection[str]) -> set[str]:
    asked = list(codes)
    shown = text(
        "select id from amparo.crossing_record where id = any(:ids)"
        " and visibility in ('public', 'partners') and hidden_at is null"
    )
    return {
        *await session.scalars(select(Place.id).where(Place.id == func.any(asked))),
        *await session.scalars(select(Boundary.code).where(Boundary.code == func.any(asked))),
        *await session.scalars(shown, {"ids": asked}),
    }


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
    # The pattern comes first, because `date.fromisoformat` also accepts forms such as 2026-W05-1.
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
            # The message is shown and logged, so it must not contain the position.
            msg = "geometry is out of range, or its lon and lat are swapped"
            raise InvalidCountError(msg)
    return shapely.transform(geometry, lambda points: points.round(DECIMALS))
