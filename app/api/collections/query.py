"""Parsing of an items query: all parameters combined into one `Window` on the collection."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final, get_args

from app.api.collections.parameters import (
    read_as_of,
    read_bbox,
    read_columns,
    read_crs,
    read_interval,
    read_limit,
    read_sort,
)
from app.exceptions import InvalidParameterError
from tiles.catalogue.layer import Layer
from tiles.cql2.parser import Filter, Lang, both
from tiles.errors import InvalidMarkError
from tiles.features import history
from tiles.features.paging import read_mark
from tiles.features.queryables import forms_of, queryable_columns, read_equalities
from tiles.features.request import SortKey, Window

#: Parameters of every collection; queryable properties are further parameters.
NAMES: Final = (
    "after",
    "as_of",
    "bbox",
    "bbox-crs",
    "count",
    "crs",
    "datetime",
    "f",
    "filter",
    "filter-crs",
    "filter-lang",
    "limit",
    "properties",
    "sortby",
)

#: Parameters that select the page, not the matches.
PAGING: Final = frozenset({"after", "limit"})


#: The only value of ``count``: count all matches, even more than the usual limit of 10,001.
EXACT: Final = "exact"


def read_window(layer: Layer, query: Mapping[str, str], today: date) -> Window:
    """Parse an items query to a window on the collection.

    Raises
    ------
    InvalidParameterError
        If a parameter is invalid, or two parameters contradict each other.
    """
    since, until = read_interval(query.get("datetime"))
    if query.get("count", EXACT) != EXACT:
        raise InvalidParameterError("count", "the one value is exact: count on beyond 10,001")
    sort = read_sort(layer, query.get("sortby"))
    as_of = read_as_of(query.get("as_of"), today)
    if as_of is not None and layer.name in history.WITH_A_PAST and history.past_columns(layer):
        # Sorting and filtering would use the records' current values, not those of the `as_of` day.
        for name in ("sortby", "filter", *(set(query) - set(NAMES))):
            if name in query:
                raise InvalidParameterError(name, "cannot be combined with as_of here")
    return Window(
        boxes=read_bbox(query.get("bbox"), read_crs("bbox-crs", query.get("bbox-crs"))),
        since=since,
        until=until,
        after=_read_after(layer, query, sort),
        limit=read_limit(query.get("limit")),
        as_of=as_of,
        # With `as_of` the filter applies to the rows of the past, which have other columns.
        filter=read_condition(layer if as_of is None else history.past_layer(layer), query),
        sort=sort,
        columns=read_columns(layer, query.get("properties")),
        crs=read_crs("crs", query.get("crs")),
    )


def _read_after(
    layer: Layer, query: Mapping[str, str], sort: Sequence[SortKey]
) -> tuple[Any, ...] | None:
    text = query.get("after")
    if text is None:
        return None
    try:
        return read_mark(text, layer, sort)
    except InvalidMarkError as error:
        raise InvalidParameterError("after", str(error)) from error


def read_condition(layer: Layer, query: Mapping[str, str]) -> Filter | None:
    """Combine `filter` and the property parameters of a query into one condition.

    Raises
    ------
    InvalidFilterError
        If the filter is not CQL2, uses an unknown property, or exceeds a limit.
    InvalidParameterError
        If ``filter-lang`` or ``filter-crs`` is not supported.
    """
    columns = queryable_columns(layer)
    named = {name: value for name, value in query.items() if name not in NAMES}
    equal = read_equalities(named, columns) if named else None
    text = query.get("filter")
    lang, crs = _lang(query, text), read_crs("filter-crs", query.get("filter-crs"))
    if text is None:
        return equal
    if crs.srid not in _FILTER_SRIDS:
        raise InvalidParameterError("filter-crs", "filters take CRS84, EPSG:4326 and EPSG:3857")
    found = forms_of(layer).read(text, lang, srid=crs.srid, is_lat_first=crs.is_lat_first)
    return both(equal, found)


#: EPSG codes of the reference systems in which `tiles.cql2.parser` reads coordinates of filters.
_FILTER_SRIDS: Final = frozenset({4326, 3857})


def _lang(query: Mapping[str, str], text: str | None) -> Lang:
    stated = query.get("filter-lang")
    if stated is None:
        # A JSON filter starts with a brace, which text never does.
        return "cql2-json" if (text or "").lstrip().startswith("{") else "cql2-text"
    if stated not in _LANGS:
        raise InvalidParameterError("filter-lang", f"known are: {', '.join(_LANGS)}")
    return _LANGS[stated]


_LANGS: Final[Mapping[str, Lang]] = {lang: lang for lang in get_args(Lang)}
