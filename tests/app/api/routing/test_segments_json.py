"""Segments are written column by column as they would be one by one."""

from datetime import UTC, date, datetime

import numpy as np
import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from app.api.routing.segments_json import SegmentWriter
from app.i18n import translation
from app.texts import route_text
from app.texts.route_text import RouteTextSource
from geo.geography.hazards import ActiveHazard
from geo.text.languages import LANGUAGES
from routing.osm_tags.ways import HIGHWAY_CLASSES, SURFACES
from routing.route.segments import RouteSegment, RouteSegments, SegmentFactor
from tests.fixtures.examples import examples

HAZARDS = {
    name: ActiveHazard(
        id=name,
        family="physical",
        kind="flood",
        title="Inundación",
        effect="weight",
        weight=1.0,
        event_count=None,
        exposure_km=None,
        rate_source=None,
        source="test",
        night_only=False,
        geometry=None,
        valid_from=datetime(2026, 11, 1, tzinfo=UTC),
        valid_to=None,
        published_on=date(2026, 11, 20),
        demo=True,
    )
    for name in ("H1", "H2")
}
FACTOR = ("kind", "name", "value", "is_unknown")
TOLD = RouteTextSource(None, None, True, HAZARDS, {}, "America/Bogota", date(2026, 11, 26))

figures = st.floats(0, 1e7, allow_nan=False) | st.sampled_from([0.0, 4.0, 10.0, 50.0, 994.9, 995.0])
texts = st.none() | st.text(max_size=9) | st.sampled_from(['Calle "5"', "Água\\Fría", "a,b]", "☀"])
known = st.sampled_from([None, True, False])


def some_of(*names):
    return st.dictionaries(st.sampled_from(names), st.floats(1e-3, 1e6), max_size=len(names))


factors = st.builds(
    SegmentFactor,
    kind=st.just("robbery"),
    name=st.sampled_from(["night", "no_light"]),
    value=st.floats(0.5, 4),
    is_unknown=st.booleans(),
)
segments = st.builds(
    RouteSegment,
    from_m=figures,
    to_m=figures,
    road=texts,
    ref=texts,
    road_class=st.sampled_from(HIGHWAY_CLASSES[:6]),
    surface=st.none() | st.sampled_from(SURFACES[1:4]),
    lit=known,
    sidewalk=known,
    night=st.booleans(),
    hazards=st.sampled_from([(), ("H1",), ("H2", "H1")]),
    ascent_m=figures,
    descent_m=figures,
    duration_s=figures,
    exposure=some_of("flood", "robbery_without_rate", 'a "kind"'),
    unknown=some_of("hazards", "elevation", "surface", "lit"),
    factors=st.lists(factors, max_size=2).map(tuple),
    network=st.sampled_from(["tiny", "sketch"]),
    as_of=st.sampled_from(["2026-11-01", "2026-11-02"]),
)


def millimetres(value):
    # As numpy has it: half a millimetre may go the other way than Python's own rounding.
    return float(np.round(np.float64(value), 3))


def one_by_one(w, rows):
    found = []
    names = list(RouteSegments.of(rows).exposure)
    others = list(RouteSegments.of(rows).unknown)
    for row in rows:
        said = route_text.plain(w, route_text.segment_words(w, TOLD, row))
        found.append(
            {
                "from_m": millimetres(row.from_m),
                "to_m": millimetres(row.to_m),
                **{
                    name: getattr(row, name)
                    for name in (
                        *("road", "ref", "road_class", "surface", "lit", "sidewalk", "night"),
                        *("hazards", "ascent_m", "descent_m", "duration_s"),
                    )
                },
                "exposure": {name: row.exposure[name] for name in names if name in row.exposure},
                "unknown": {name: row.unknown[name] for name in others if name in row.unknown},
                "factors": [
                    {name: getattr(factor, name) for name in FACTOR} for factor in row.factors
                ],
                "network": row.network,
                "as_of": row.as_of,
                "text": said,
            }
        )
    return found


@settings(max_examples=examples(150), deadline=None)
@given(st.lists(segments, max_size=5), st.sampled_from(sorted(LANGUAGES)))
def test_segments_are_written_as_they_would_be_one_by_one(rows, lang):
    w = translation.words(lang)
    rows = [row._replace(to_m=row.from_m + row.to_m) for row in rows]
    writer = SegmentWriter(w)
    for _ in range(2):  # the second time every kind is known
        found = writer.written(TOLD, RouteSegments.of(rows))
        assert found == orjson.dumps(one_by_one(w, rows))
