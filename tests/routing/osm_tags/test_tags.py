"""What tags mean, from file to route: the matrix of tests/routing/tags.csv."""

from datetime import UTC, datetime

import osmium
import pytest

from routing.errors import NoRoute
from routing.osm.importer import read_osm
from routing.router.regional import Router, RouteRequest
from routing.travel.profiles import ADULT, REDUCED_MOBILITY, VEHICLE
from tests.fixtures import tag_matrix
from tests.fixtures.tag_matrix import verdict
from tests.routing.graph.test_node_splitting import as_it_lies

NOW = "2026-11-24T00:00:00Z"
AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
CASES = tag_matrix.cases()
PROFILES = {"walker": ADULT, "vehicle": VEHICLE, "reduced": REDUCED_MOBILITY}


@pytest.fixture(scope="module")
def drawn():
    return tag_matrix.drawing(CASES)


@pytest.fixture(scope="module")
def router(drawn, tmp_path_factory):
    """Give a router over the whole matrix, read by our own reader of PBF."""
    folder = tmp_path_factory.mktemp("tags")
    xml = drawn[0].write(folder / "tags.osm")
    source = folder / "tags.osm.pbf"
    with osmium.SimpleWriter(str(source)) as writer:
        for item in osmium.FileProcessor(str(xml)):
            writer.add(item)
    graph = read_osm(source, "tags", imported_at=NOW)
    other = read_osm(xml, "tags", imported_at=NOW)
    for name in ("edge_tail", "edge_head", "edge_flags", "edge_class", "node_osm_id"):
        assert (getattr(graph, name) == getattr(other, name)).all(), f"the readers differ: {name}"
    return Router(graph)


def asker(router, profile):
    def ask(start, end):
        request = RouteRequest(start, end, profile.mode, AT, profile=profile, most=1)
        try:
            return as_it_lies(router, request)[0].distance_m
        except NoRoute:
            return None

    return ask


def expected(case, column):
    return case.answer[column] or case.answer["walker"]


def test_the_matrix_is_large_and_each_answer_has_its_source():
    assert len(CASES) >= 120
    assert len({(case.on, case.text) for case in CASES}) == len(CASES)
    assert all(case.source for case in CASES)


@pytest.mark.every(3)
@pytest.mark.parametrize("column", ["walker", "vehicle", "reduced"])
def test_every_combination_of_tags_means_what_it_says(router, drawn, column):
    ask = asker(router, PROFILES[column])
    wrong = [
        f"{case.on} {case.text}: {found}, not {wanted} ({case.source})"
        for case, places in zip(CASES, drawn[1], strict=True)
        if (found := verdict(places, ask)) != (wanted := expected(case, column))
    ]
    assert not wrong, "\n".join(wrong)


def test_every_disagreement_with_others_has_its_reason_on_the_page():
    for case in CASES:
        differs = any(
            case.answer[f"{peer}_{mode}"] != case.answer[mode]
            for peer in ("valhalla", "osrm")
            for mode in ("walker", "vehicle")
        )
        assert differs == bool(case.reason), case.text
    _, mark, made = tag_matrix.PAGE.read_text(encoding="utf-8").partition(tag_matrix.MARK)
    assert mark
    assert made == "\n" + tag_matrix.tables(CASES)
