"""Styles and legend over HTTP: lists, media types, links that lead here, strict parameters."""

import pytest

from tiles.features.maplibre import MEDIA_TYPE, STYLES


async def test_styles_are_listed_with_links_that_work(small):
    body = (await small.get("/styles")).json()
    assert [entry["id"] for entry in body["styles"]] == [entry.id for entry in STYLES]
    assert body["default"] == "amparo"
    for entry in body["styles"]:
        (sheet,) = entry["links"]
        assert (sheet["rel"], sheet["type"]) == ("stylesheet", MEDIA_TYPE)
        answer = await small.get(sheet["href"])
        assert answer.status_code == 200
        assert answer.headers["content-type"] == MEDIA_TYPE
        for source in answer.json()["sources"].values():
            if not source["url"].startswith("pmtiles:"):
                assert (await small.get(source["url"])).status_code == 200


async def test_a_style_is_kept_until_it_changes(small):
    first = await small.get("/styles/amparo")
    again = await small.get("/styles/amparo", headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == 304


async def test_the_legend_says_each_sign(small):
    signs = (await small.get("/legend")).json()["signs"]
    assert {"layer", "title", "colour", "form"} == set(signs[0])
    closed = next(sign for sign in signs if sign["title"].startswith("Closed"))
    assert closed == {
        "layer": "crossings",
        "title": "Closed, as published",
        "colour": "#000000",
        "form": "diamond-crossed",
    }


async def test_an_unknown_style_is_a_problem(small):
    response = await small.get("/styles/nope")
    assert response.status_code == 404
    assert response.json()["type"] == "urn:amparo:problem:not-found"
    assert "/styles" in response.json()["detail"]


@pytest.mark.parametrize("path", ["/styles", "/styles/amparo", "/legend"])
async def test_unknown_parameters_are_refused(small, path):
    response = await small.get(f"{path}?colour=red")
    assert response.status_code == 400
    assert response.json()["field"] == "colour"
