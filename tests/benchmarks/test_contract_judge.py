"""What `benchmarks._contract_judge` lets pass, and that it lets nothing else pass."""

import json

import pytest

from app.main import create_app
from app.settings import Settings
from benchmarks._contract_judge import are_of_pages, is_capped_limit, is_of_page, pages_of

ITEMS = "/collections/spaces/items"
CHANGES = "/collections/spaces/changes"


@pytest.fixture(scope="module")
def application():
    return create_app(Settings())


@pytest.fixture(scope="module")
def described(application):
    return application.openapi()


def is_let_pass(described, path, query, method="get"):
    parameters = described["paths"][path][method].get("parameters", ())
    return is_capped_limit(path, parameters, f"http://127.0.0.1{path}?{query}")


@pytest.mark.parametrize(
    ("path", "query"),
    [
        (ITEMS, "limit=10001"),
        (ITEMS, "limit=99999999999999999999999"),
        (ITEMS, "bbox=-58%2C-35%2C-57%2C-34&limit=10001&f=json"),
        (CHANGES, "limit=10001"),
    ],
)
def test_a_collection_may_take_a_larger_limit_for_its_largest(described, path, query):
    assert is_let_pass(described, path, query)


@pytest.mark.parametrize(
    "query",
    [
        "",
        "limit=-1",
        "limit=0",
        "limit=abc",
        "limit=",
        "limit=10001.5",
        "limit=10000",
        "limit=10001&limit=5",
        "limit=10001&unknown=1",
        "limit=10001&f=word",
        "limit=10001&bbox-crs=mars",
        "limit=10001&bbox=a,b,c,d",
        "limit=-10001",
        "f=word",
    ],
)
def test_any_other_violation_of_a_collection_is_reported(described, query):
    assert not is_let_pass(described, ITEMS, query)


def test_another_parameter_above_its_maximum_is_reported(described):
    parameters = [
        *described["paths"][ITEMS]["get"]["parameters"],
        {"name": "offset", "in": "query", "schema": {"type": "integer", "maximum": 9}},
        {"name": "around", "in": "query", "schema": {"type": "array", "items": {"maximum": 9}}},
    ]
    parameters[-1]["schema"]["items"]["type"] = "number"
    for query in ("offset=10", "limit=10001&offset=10", "limit=10001&around=1,10"):
        assert not is_capped_limit(ITEMS, parameters, f"http://127.0.0.1{ITEMS}?{query}")
    allowed = "limit=10001&offset=9&around=1,9"
    assert is_capped_limit(ITEMS, parameters, f"http://127.0.0.1{ITEMS}?{allowed}")


def test_a_limit_that_is_no_collections_is_reported(described):
    seen = 0
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            named = {one["name"] for one in operation.get("parameters", ())}
            if "limit" in named and not path.startswith("/collections/"):
                seen += 1
                assert not is_let_pass(described, path, "limit=99999999", method)
    assert seen


def test_a_page_beside_an_operation_answers_what_its_route_says(application, described):
    pages = pages_of(application)
    beside = {one for one in pages if one.partition(" ")[2] in described["paths"]}
    # The form on the first page (`app.pages.landing`); what else is added here is looked at.
    assert beside == {"POST /"}
    assert is_of_page(pages, "POST", "/", 415)
    assert not is_of_page(pages, "POST", "/", 500)
    assert not is_of_page(pages, "POST", "/", 201)
    assert not is_of_page(pages, "DELETE", "/", 415)
    assert not is_of_page(pages, "POST", "/routes", 415)
    assert are_of_pages(pages, ["POST"], "/")
    assert not are_of_pages(pages, ["POST", "DELETE"], "/")
    # Which operations the document has is the document's: nothing of it is a page.
    documented = {
        f"{method.upper()} {path}" for path, item in described["paths"].items() for method in item
    }
    assert not pages.keys() & documented
    assert json.loads(json.dumps(pages)) == pages
