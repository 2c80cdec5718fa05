"""OWSLib finds everything from the landing page on, and reads every collection narrowed."""

import json

import pytest
from owslib.ogcapi.features import Features

from app.pages.landing import CONFORMANCE
from tests.fixtures.outside import BOX, CONDITIONS
from tiles.catalogue.layers import CATALOGUE
from tiles.features.queryables import queryable_columns


@pytest.fixture
def service(outside):
    return Features(outside.address)


def test_it_finds_its_way(service):
    assert {"service-desc", "conformance", "data"} <= {link["rel"] for link in service.links}
    assert service.conformance()["conformsTo"] == list(CONFORMANCE)
    assert service.api()["openapi"].startswith("3.0")
    assert service.feature_collections() == [layer.name for layer in CATALOGUE]


@pytest.mark.every(3)
@pytest.mark.parametrize("layer", CATALOGUE, ids=lambda layer: layer.name)
async def test_it_reads_a_collection(service, truth, layer):
    described = service.collection(layer.name)
    assert (described["id"], described["title"]) == (layer.name, layer.title)
    known = service.collection_queryables(layer.name)["properties"]
    assert set(known) == {"geometry", *queryable_columns(layer)}
    (one,) = [one for one in CONDITIONS if one.layer == layer.name]
    tree = {"op": "<>", "args": [{"property": "id"}, "nothing"]}
    for asked, where, box in (
        ({}, "true", None),
        ({"bbox": BOX}, "true", BOX),
        ({"filter": one.cql2}, one.sql, None),
        ({"filter": one.cql2, "bbox": BOX}, one.sql, BOX),
        ({"filter": json.dumps(tree), "filter-lang": "cql2-json"}, "true", None),
    ):
        page = service.collection_items(layer.name, limit=10_000, **asked)
        assert {f["id"] for f in page["features"]} == set(await truth.rows(layer.name, where, box))
        assert page["numberMatched"] == page["numberReturned"] == len(page["features"])
    first = page["features"][0]
    alone = service.collection_item(layer.name, first["id"])
    assert alone["properties"] == first["properties"]
    assert service.collection_items(layer.name, limit=1)["numberReturned"] == 1


def test_it_sorts(service):
    page = service.collection_items("places", sortby=("population", "desc"), limit=5)
    people = [feature["properties"]["population"] for feature in page["features"]]
    assert people == sorted(people, reverse=True)


def test_a_mistake_is_told(service):
    with pytest.raises(RuntimeError, match="urn:amparo:problem:invalid-request"):
        service.collection_items("places", filter="pg_sleep(5) = 1")
