"""Parsing of the form of ``/network/siting`` and its files, with a problem for each field."""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from typing import Final

import orjson
import shapely
from shapely.errors import ShapelyError
from shapely.geometry.base import BaseGeometry
from starlette.datastructures import UploadFile

from app.access.forms import Form
from app.console.forms.inputs import text_in, whole_in
from app.planning.siting.ground import Model, SitingQuestion
from geo.errors import InvalidRecordError
from geo.reasons import CodedReason
from geo.text.normalize import folded

MODELS: Final[tuple[Model, ...]] = ("flow", "covering", "gaps")

#: Upper limit of new spaces that a search may be asked for [A]: more than a network opens in years.
MOST_SPACES: Final = 100
#: Upper limit of the length of a day's walk in the form, kilometres [A]: nobody walks so far.
LONGEST_DAY_KM: Final = 200
MOST_COST: Final = 1e6

#: Time limits of the solver to choose from, seconds.
TIME_LIMITS_S: Final = (10, 60, 300)

#: Box of all valid longitudes and latitudes, degrees.
_EARTH: Final = shapely.box(-180.0, -90.0, 180.0, 90.0)

#: Upper limit of an uploaded file of flows or areas, bytes.
MOST_BYTES: Final = 1_000_000
#: Upper limit of polygons in a file of areas.
MOST_AREAS: Final = 100
#: Upper limit of corners of all polygons in a file of areas together.
MOST_CORNERS: Final = 20_000

#: Fields of the form that are stored with a run; the contents of uploaded files are not stored.
FIELDS: Final = (
    *("corridor", "service", "model", "count", "day_km", "flows"),
    *("budget", "cost_outside", "required", "forbidden", "time_limit"),
)


def kept_fields(form: Form) -> dict[str, str]:
    """Return the fields of a form that are stored with its run, cut to 500 characters each."""
    return {name: form[name].strip()[:500] for name in FIELDS if form.get(name, "").strip()}


async def question_in(
    form: Form,
    people: Mapping[str, float],
) -> SitingQuestion:
    """Return the question of a form.

    Parameters
    ----------
    people
        People on each corridor, by its id.

    Raises
    ------
    InvalidRecordError
        A field or a file cannot be read; the error names each.
    """
    problems: list[tuple[str, CodedReason]] = []
    model = next((one for one in MODELS if one == form.get("model", MODELS[0])), None)
    if model is None:
        problems.append(("model", CodedReason("not_one_of", choices=[*MODELS])))
    most = whole_in(form, "count")
    if most is not None and not 1 <= most <= MOST_SPACES:
        problems.append(("count", CodedReason("not_between", low=1, high=MOST_SPACES)))
    if most is None and (model == "gaps" or text_in(form, "budget") is not None):
        problems.append(("count", CodedReason("count_needed")))
    day_km = whole_in(form, "day_km")
    if day_km is None or not 1 <= day_km <= LONGEST_DAY_KM:
        problems.append(("day_km", CodedReason("not_between", low=1, high=LONGEST_DAY_KM)))
    time_limit_s = whole_in(form, "time_limit") or TIME_LIMITS_S[1]
    if time_limit_s not in TIME_LIMITS_S:
        problems.append(("time_limit", CodedReason("not_one_of", choices=[])))
    areas: tuple[BaseGeometry, ...] = ()
    try:
        areas = areas_in(await bytes_of(form.files.get("areas"), "areas"))
    except InvalidRecordError as error:
        problems += error.problems
    costs = [_cost_in(form, name, problems) for name in ("budget", "cost_outside")]
    if problems or model is None or day_km is None:
        raise InvalidRecordError(problems)
    return SitingQuestion(
        model=model,
        most=most,
        max_day_m=day_km * 1e3,
        people=people,
        budget=costs[0],
        cost_outside=2.0 if costs[1] is None else costs[1],
        required=_names_in(form, "required"),
        forbidden=_names_in(form, "forbidden"),
        areas=areas,
        time_limit_s=float(time_limit_s),
    )


async def bytes_of(file: UploadFile | None, field: str) -> bytes:
    """Return the content of an uploaded file, empty if no file was uploaded.

    Raises
    ------
    InvalidRecordError
        The file is larger than `MOST_BYTES`.
    """
    if file is None or not file.filename:
        return b""
    content = await file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise InvalidRecordError([(field, CodedReason("too_many", most=MOST_BYTES))])
    return content


def areas_in(content: bytes) -> tuple[BaseGeometry, ...]:
    """Return the polygons of a GeoJSON file: a geometry, a feature, or a collection of these.

    Raises
    ------
    InvalidRecordError
        The file is no GeoJSON of valid polygons in degrees, or has too many polygons or corners.
    """
    if not content:
        return ()
    try:
        found = shapely.from_geojson(orjson.dumps(orjson.loads(content)).decode())
    except (orjson.JSONDecodeError, ShapelyError, TypeError) as error:
        raise InvalidRecordError([("areas", CodedReason("not_geometry"))]) from error
    parts = [*getattr(found, "geoms", [found])]
    areas = tuple(
        part for one in parts for part in (getattr(one, "geoms", [one]) if one is not None else [])
    )
    reason: CodedReason | None = None
    if not areas or any(one.geom_type != "Polygon" or one.is_empty for one in areas):
        reason = CodedReason("not_geometry")
    elif len(areas) > MOST_AREAS:
        reason = CodedReason("too_many", most=MOST_AREAS)
    elif sum(shapely.get_num_coordinates(one) for one in areas) > MOST_CORNERS:
        reason = CodedReason("too_many", most=MOST_CORNERS)
    elif not all(_EARTH.covers(one.envelope) for one in areas):
        reason = CodedReason("not_degrees")
    elif not all(one.is_valid for one in areas):
        reason = CodedReason("geometry_invalid", detail="")
    if reason is not None:
        raise InvalidRecordError([("areas", reason)])
    return areas


def flows_in(
    content: bytes, corridors: Sequence[tuple[str, str]], needed: Sequence[str] | None = None
) -> dict[str, float]:
    """Return people by id of a corridor, from a CSV file with two columns.

    The first column has a corridor's id or name, the second a number of people. A first row without
    a number is a heading. Numbers may have a decimal comma if semicolons separate the cells.

    Parameters
    ----------
    corridors
        Id and name of each corridor that the file may have.
    needed
        Ids of the corridors that the file must have; None for all.

    Raises
    ------
    InvalidRecordError
        A row names no corridor or one twice, has no number, a corridor is missing, or nobody
        travels.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidRecordError([("people", CodedReason("not_text"))]) from error
    is_divided = ";" in text.partition("\n")[0]
    ids = {folded(word): id_ for id_, name in corridors for word in (id_, name)}
    found: dict[str, float] = {}
    for number, row in enumerate(_rows(text, ";" if is_divided else ","), 1):
        if not any(cell.strip() for cell in row):
            continue
        people = _number(row[1], is_divided=is_divided) if len(row) > 1 else None
        if number == 1 and people is None and folded(row[0]) not in ids:
            continue
        id_ = ids.get(folded(row[0]))
        if id_ is None or people is None or id_ in found:
            raise InvalidRecordError([("people", CodedReason("not_flow_row", row=number))])
        found[id_] = people
    missing = [
        name for id_, name in corridors if id_ not in found and (needed is None or id_ in needed)
    ]
    if missing:
        raise InvalidRecordError([("people", CodedReason("no_flow", corridors=", ".join(missing)))])
    if not any(people for id_, people in found.items() if needed is None or id_ in needed):
        raise InvalidRecordError([("people", CodedReason("too_small", low=1))])
    return found


def _rows(text: str, delimiter: str) -> list[list[str]]:
    try:
        return [*csv.reader(io.StringIO(text), delimiter=delimiter)]
    except csv.Error as error:
        raise InvalidRecordError([("people", CodedReason("not_text"))]) from error


def _number(text: str, *, is_divided: bool) -> float | None:
    written = text.strip().replace(",", ".") if is_divided else text.strip()
    return _amount(written)


def _amount(written: str) -> float | None:
    if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,6})?", written):
        return None
    return float(written)


def _cost_in(form: Form, name: str, problems: list[tuple[str, CodedReason]]) -> float | None:
    written = text_in(form, name)
    if written is None:
        return None
    cost = _amount(written.replace(",", "."))
    if cost is None or cost > MOST_COST:
        problems.append((name, CodedReason("not_between", low=0, high=int(MOST_COST))))
        return None
    return cost


def _names_in(form: Form, name: str) -> tuple[str, ...]:
    return tuple(one.strip() for one in re.split(r"[,;\n]", form.get(name, "")) if one.strip())
