"""How addresses of published data are found."""

import pytest

from app.api.collections import items, metadata
from app.api.collections.serving import PublishedDispatcher


class Counted(dict):
    """A mapping that counts how often it is asked, and of how long a key."""

    asked = 0

    def get(self, key, default=None):
        self.asked += len(key)
        return super().get(key, default)


@pytest.fixture
def published():
    found = PublishedDispatcher(None, [*items.routes(), *metadata.routes()])
    found._starting = Counted(found._starting)
    return found


def scope(path):
    return {"method": "GET", "path": path}


@pytest.mark.parametrize("start", ["/static/", "/collections/", "/collections/spaces/items/", ""])
def test_a_path_of_slashes_holds_nobody_up(published, start):
    published._find(scope(start + "/" * 60_000))
    assert published._starting.asked < 5_000


@pytest.mark.parametrize("item", ["DEMO-006", "a/b/c", "x" * 5_000, "/" * 300])
def test_an_item_is_found_however_long_its_id(published, item):
    asked = scope(f"/collections/spaces/items/{item}")
    assert published._find(asked).start == "/collections/spaces/items/"
    assert asked["path_params"]["item"] == item
