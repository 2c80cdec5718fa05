"""Fast writer of a route's segments as JSON.

A response has some hundred segments, and most share their texts with a segment written before: the
same street, ground, light, and words around the length. Only the numbers differ; they are written
all at once, and `app.api.routing._json_kernel` joins the texts.
"""

from array import array
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import numpy as np
import orjson
from numpy.typing import NDArray

from app.api.routing._json_kernel import figure_spans, woven
from app.i18n.reviewed_texts import kept_wording
from app.i18n.translation import Words, words
from app.texts import route_text
from app.texts.route_text import CLIMB_M, SHORT_M, RouteTextSource
from routing.route.segments import RouteSegments, SegmentFactor

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]
#: JSON texts of one kind of segment, joined: its members from road to hazards, its description up
#: to the length, and the rest; and the offsets at which the first and the second of these end.
type Written = tuple[bytes, int, int]

#: Kind of segment: all segments with these properties have the same texts. Road, number, class,
#: surface, light, sidewalk, night, hazards, metres climbed (0 if too few to mention), and whether
#: hazards are unknown for much of the segment.
type Kind = tuple[
    str | None,
    str | None,
    str,
    str | None,
    bool | None,
    bool | None,
    bool,
    tuple[str, ...],
    int,
    bool,
]

#: Placeholder for the length in a segment's description; occurs in no name and no translation.
_PLACE: Final = "\x00"

#: Numbers of every segment, in the order of the members.
_FIGURES: Final = ("from_m", "to_m", "ascent_m", "descent_m", "duration_s")


class _Source:
    """Texts joined in one buffer, with their offsets."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._size = 0

    def add(self, text: bytes) -> int:
        """Append a text, and return its offset."""
        self._parts.append(text)
        self._size += len(text)
        return self._size - len(text)

    def same(self, text: bytes) -> tuple[int, int]:
        """Append a text that all rows share; return its span (offsets of its start and end)."""
        begin = self.add(text)
        return begin, begin + len(text)

    def each(self, texts: Sequence[bytes]) -> Ints:
        """Append many texts, and return their spans: int64 [texts, 2]."""
        return self.add(b"".join(texts)) + _spans(np.cumsum([0, *map(len, texts)]))

    @property
    def text(self) -> NDArray[np.uint8]:
        """Buffer with all texts."""
        return np.frombuffer(b"".join(self._parts), np.uint8)


def _spans(ends: Ints) -> Ints:
    """Return the spans of consecutive texts from their ends (preceded by 0): int64 [texts, 2]."""
    spans = np.empty((len(ends) - 1, 2), np.int64)
    spans[:, 0], spans[:, 1] = ends[:-1], ends[1:]
    return spans


#: Texts of lengths: 0 to 10 m in steps of one metre, then 0 to 990 m in steps of ten; `_TENS_FROM`
#: is the index of the first text in steps of ten.
_LENGTHS: Final = [b"%d m" % m for m in (*range(11), *range(0, 1_000, 10))]
_LENGTHS_TEXT: Final = b"".join(_LENGTHS)
_LENGTHS_AT: Final = _spans(np.cumsum([0, *map(len, _LENGTHS)]))
_TENS_FROM: Final = 11


class SegmentWriter:
    """Writer of the segments of a response's routes; texts written for one route are reused.

    Parameters
    ----------
    w
        Texts of the requested language.
    """

    def __init__(self, w: Words) -> None:
        self._w = w
        self._rows: dict[Kind, int] = {}
        # The texts of all kinds of segment (three of each kind, see `Written`), and the offsets of
        # their ends.
        self._texts = bytearray()
        self._ends = array("q", [0])

    def written(self, about: RouteTextSource, segments: RouteSegments) -> bytes:
        """Return the JSON array of a route's segments, in order.

        Parameters
        ----------
        about
            The route with the data for its description.
        segments
            Segments of the route.
        """
        if not len(segments):
            return b"[]"
        source, cells = _Source(), np.empty((9, len(segments), 2), np.int64)
        cells[0] = source.same(b"{")
        kinds = self._kinds(source, about, segments)
        cells[1], cells[6], cells[8] = kinds[:, 0], kinds[:, 1], kinds[:, 2]
        cells[2] = source.same(b',"exposure":{')
        cells[3] = source.same(b'},"unknown":{')
        cells[4] = _factors(source, segments.factors)
        cells[5] = _sources(source, segments)
        cells[7] = self._lengths(source, segments.to_m - segments.from_m)
        # In each row, the numbers of `_FIGURES` follow the first two texts. The exposures follow
        # the third text and the unknown lengths the fourth, both without zeros.
        own, exposures = len(_FIGURES), len(segments.exposure)
        names = (*_FIGURES, *segments.exposure, *segments.unknown)
        stops = [2, own, own + exposures, len(names)]
        groups = np.zeros((len(cells), 3), np.int64)
        groups[:4] = np.column_stack([[0, *stops[:-1]], stops, [0, 0, 1, 1]])
        figures = _table(segments)
        text = orjson.dumps(figures, option=orjson.OPT_SERIALIZE_NUMPY)
        spans = source.add(text) + figure_spans(np.frombuffer(text, np.uint8), *figures.shape)
        keys = [orjson.dumps(name) + b":" for name in names]
        keys[1:own] = [b"," + key for key in keys[1:own]]
        placed = source.each(keys)
        return woven(source.text, cells, figures, spans, placed, groups).tobytes()

    def _kinds(self, source: _Source, about: RouteTextSource, segments: RouteSegments) -> Ints:
        """Return the spans of the three texts of each segment's kind: int64 [segments, 3, 2]."""
        length_m = segments.to_m - segments.from_m
        unknown_m = segments.unknown.get("hazards", np.zeros(len(segments)))
        climb_m = np.where(segments.ascent_m >= CLIMB_M, np.rint(segments.ascent_m), 0.0)
        kinds = zip(
            segments.road,
            segments.ref,
            segments.road_class,
            segments.surface,
            segments.lit,
            segments.sidewalk,
            segments.night,
            segments.hazards,
            climb_m.astype(np.int64).tolist(),
            (unknown_m >= np.minimum(SHORT_M, length_m / 2)).tolist(),
            strict=True,
        )
        rows = []
        for kind in kinds:
            row = self._rows.get(kind)
            rows.append(self._added(about, kind) if row is None else row)
        spans = _spans(np.array(self._ends)).reshape(-1, 3, 2)
        return np.asarray(source.add(bytes(self._texts)) + spans[np.array(rows)])

    def _added(self, about: RouteTextSource, kind: Kind) -> int:
        """Write the texts of a new kind of segment, and return the kind's row."""
        row = self._rows[kind] = len(self._rows)
        text, first, second = _of_kind(self._w, about, kind)
        begin = len(self._texts)
        self._texts += text
        self._ends.extend((begin + first, begin + second, begin + len(text)))
        return row

    def _lengths(self, source: _Source, length_m: Floats) -> Ints:
        """Append the lengths as texts in the format of `route_text.metres`; return their spans."""
        is_short = length_m < route_text.BY_METRES_M
        place = np.where(is_short, np.rint(length_m), _TENS_FROM + np.rint(length_m / 10))
        is_long = length_m >= route_text.BY_TENS_M
        place = np.where(is_long, 0, place).astype(np.int64)
        found = np.asarray(source.add(_LENGTHS_TEXT) + _LENGTHS_AT[place])
        for row in np.flatnonzero(is_long).tolist():
            text = orjson.dumps(route_text.metres(self._w.lang, float(length_m[row])))[1:-1]
            begin = source.add(text)
            found[row] = begin, begin + len(text)
        return found


def _table(segments: RouteSegments) -> Floats:
    """Return all numbers of the segments, float64 [figures, segments]."""
    # Rounded to millimetres, because edges are measured in decimetres.
    own = [np.round(segments.from_m, 3), np.round(segments.to_m, 3)]
    own += [segments.ascent_m, segments.descent_m, segments.duration_s]
    return np.array([*own, *segments.exposure.values(), *segments.unknown.values()])


def _factors(source: _Source, factors: Sequence[Sequence[SegmentFactor]]) -> tuple[int, int] | Ints:
    """Append the JSON list of each segment's factors, preceded by a brace; return the spans."""
    if not any(factors):
        return source.same(b'},"factors":[]')
    written = [
        [
            {
                "kind": factor.kind,
                "name": factor.name,
                "value": factor.value,
                "is_unknown": factor.is_unknown,
            }
            for factor in row
        ]
        for row in factors
    ]
    return source.each([b'},"factors":' + orjson.dumps(row) for row in written])


def _sources(source: _Source, segments: RouteSegments) -> tuple[int, int] | Ints:
    """Append the texts of each segment's road network and its date, and return their spans."""
    network, as_of = segments.network, segments.as_of
    if network.count(network[0]) == as_of.count(as_of[0]) == len(network):
        return source.same(_source(network[0], as_of[0]))
    return source.each(list(map(_source, network, as_of)))


@lru_cache(maxsize=64)
def _source(network: str, as_of: str) -> bytes:
    return b"," + orjson.dumps({"network": network, "as_of": as_of})[1:-1] + b',"text":"'


def _of_kind(w: Words, about: RouteTextSource, kind: Kind) -> Written:
    hazards = kind[-3]
    if not hazards:
        return _of_unharmed(w.lang, kind)
    return _write(w, [route_text.hazard_words(w, about, one) for one in hazards], kind)


#: Texts of segments without hazards are cached, because city streets recur in many responses; an
#: entry takes half a kilobyte.
@kept_wording(maxsize=32_768)
def _of_unharmed(lang: str, kind: Kind) -> Written:
    w, (*_, is_unreported) = words(lang), kind
    return _write(w, [route_text.safety(w, route_text.NO_REPORTS)] if is_unreported else [], kind)


def _write(w: Words, reported: Sequence[route_text.TextPart], kind: Kind) -> Written:
    road, ref, road_class, surface, lit, sidewalk, night, hazards, climb_m, _ = kind
    members = {
        "road": road,
        "ref": ref,
        "road_class": road_class,
        "surface": surface,
        "lit": lit,
        "sidewalk": sidewalk,
        "night": night,
        "hazards": hazards,
    }
    where = route_text.where(w.lang, _PLACE, route_text.name_of(road, ref), road_class)
    ground = route_text.ground(
        w, where, road_class, (surface,), (lit,), (sidewalk,), climb_m or None, night
    )
    before, _, after = route_text.plain(w, [*ground, *reported]).partition(_PLACE)
    begun = b"," + orjson.dumps(members)[1:-1]
    up_to = begun + orjson.dumps(before)[1:-1]
    return up_to + orjson.dumps(after)[1:] + b"}", len(begun), len(up_to)
