"""How addresses of published data are found."""

import pytest
from starlette.routing import Match

from app.api.collections import items, metadata

ROUTES = [*items.routes(), *metadata.routes()]


class Counted:
    """A compiled expression that counts how often it is tried."""

    def __init__(self, expression):
        self.expression, self.tried = expression, 0

    def match(self, path):
        self.tried += 1
        return self.expression.match(path)


def first_of(path):
    """The first route that matches, as the application's router looks for it."""
    scope = {"type": "http", "method": "GET", "path": path}
    for route in ROUTES:
        match, child = route.matches(scope)
        if match is Match.FULL:
            return route, child
    return None, {}


@pytest.mark.parametrize("start", ["/static/", "/collections/", "/collections/spaces/items/", ""])
def test_a_path_of_slashes_is_tried_by_few_expressions(start, monkeypatch):
    counted = [Counted(route.path_regex) for route in ROUTES]
    for route, one in zip(ROUTES, counted, strict=True):
        monkeypatch.setattr(route, "path_regex", one)
    first_of(start + "/" * 60_000)
    assert sum(one.tried for one in counted) <= 6


@pytest.mark.parametrize("item", ["DEMO-006", "a/b/c", "x" * 5_000, "/" * 300])
def test_an_item_is_found_however_long_its_id(item):
    route, child = first_of(f"/collections/spaces/items/{item}")
    assert route.start == "/collections/spaces/items/"
    assert child["path_params"]["item"] == item
    assert child["route"] is route
