"""HXL hashtags and HSDS 3 JSON, in the shapes that other systems write."""

import json

import pytest

from geo.errors import InvalidFileError
from geo.imports.cells.fields import ALL
from geo.imports.hxl import field_of, fields_of
from geo.imports.mapping import own_mapping
from geo.imports.readers.detection import read_table

#: domain.md section 3: the header list for spaces.
LISTED = {
    "#meta+id": "id", "#loc+name": "name", "#loc+type": "kind", "#org+name": "organization",
    "#sector": "sectors", "#service+list": "services", "#status": "status",
    "#date+verified": "confirmed_on", "#country+code+v_iso3": "country", "#adm1+code": None,
    "#adm1+name": "admin1", "#adm2+code": None, "#geo+lat": "lat", "#geo+lon": "lon",
    "#geo+precision": "coord_precision", "#capacity+num": "capacity",
    "#contact+phone": "public_phones", "#access+conditions": "eligibility",
    "#meta+url+source": "source",
}  # fmt: skip


@pytest.mark.parametrize(("tag", "field"), LISTED.items())
def test_every_listed_hashtag_is_its_field(tag, field):
    assert field_of(tag, ALL) == field


def test_attributes_come_in_any_order_and_the_header_wins_over_the_tag():
    assert field_of("#country+v_iso3+code", ALL) == "country"
    assert field_of("#meta+field+road_km", ALL) == "road_km"
    assert field_of("#meta+field+nothing", ALL) is None
    assert fields_of({"notice": "#description", "b": "#description"}, ALL) == {"notice": "notice"}


@pytest.mark.parametrize("head", ["Código,Lugar,Latitud,Longitud\n", ""])
def test_a_tagged_table_maps_itself(head):
    data = f"{head}#meta +id,#loc+name,#geo+lat,#geo+lon\n1,Casa,7.9,-72.5\n".encode()
    table = read_table("x.csv", data)
    assert table.format == "hxl"
    mapping = own_mapping(table)
    (line,) = table.lines
    assert {name: line.cells[column] for name, (column,) in mapping.fields.items()} == {
        "id": "1",
        "name": "Casa",
        "lat": "7.9",
        "lon": "-72.5",
    }


LOCATION = {
    "id": "5f0c4f0e-6d5c-5b8e-9d59-2f6b1f6f8a11", "location_type": "physical", "name": "Casa",
    "latitude": 7.9, "longitude": -72.5, "external_identifier": "A-1",
    "addresses": [{"address_1": "Calle 1", "city": "Cúcuta", "state_province": "NdS",
                   "country": "CO"}],
    "phones": [{"number": "+57 310"}], "languages": [{"code": "es"}],
    "attributes": [
        {"value": '["A-2"]', "taxonomy_term": {"taxonomy": "amparo", "code": "referral_points"}},
        {"value": "12.5", "taxonomy_term": {"taxonomy": "amparo", "code": "road_km"}},
    ],
}  # fmt: skip
SERVICE = {
    "id": "s-1", "name": "Comida", "status": "active", "assured_date": "2026-11-20",
    "eligibility_description": "Todos", "fees_description": "Gratis",
    "schedules": [{"freq": "WEEKLY", "byday": "MO,TU", "opens_at": "08:00Z", "closes_at": "17:00",
                   "timezone": "America/Bogota"}],
    "attributes": [{"taxonomy_term": {"taxonomy": "amparo:service", "code": "food"}}],
}  # fmt: skip
ORGANIZATION = {"id": "o-1", "name": "Org Uno", "description": "x"}

PACKAGE = {
    "organizations": [ORGANIZATION],
    "services": [{**SERVICE, "organization_id": "o-1"}],
    "locations": [{**LOCATION, "organization_id": "o-1"}],
    "service_at_locations": [{"id": "x", "service_id": "s-1", "location_id": LOCATION["id"]}],
}
NESTED = [
    {
        **SERVICE,
        "organization": ORGANIZATION,
        "service_at_locations": [{"id": "x", "location": LOCATION}],
    }
]
BY_ORGANIZATION = [{**ORGANIZATION, "services": [{k: v for k, v in NESTED[0].items()
                                                  if k != "organization"}]}]  # fmt: skip


@pytest.mark.parametrize(
    "content", [PACKAGE, NESTED, {"contents": NESTED, "page_number": 1}, BY_ORGANIZATION, NESTED[0]]
)
def test_every_shape_of_hsds_gives_the_same_space(content):
    table = read_table("x.json", json.dumps(content).encode())
    assert table.format == "hsds"
    (line,) = table.lines
    cells = {name: value for name, value in line.cells.items() if value is not None}
    assert cells == {
        "id": "A-1", "name": "Casa", "organization": "Org Uno", "address": "Calle 1",
        "locality": "Cúcuta", "admin1": "NdS", "country": "CO", "services": ["food"],
        "status": "active", "public_phones": ["+57 310"], "languages": ["es"],
        "eligibility": "Todos", "cost": "Gratis", "confirmed_on": "2026-11-20",
        "timezone": "America/Bogota", "referral_points": ["A-2"], "road_km": "12.5",
        "schedules": [{"freq": "WEEKLY", "byday": "MO,TU", "opens_at": "08:00",
                       "closes_at": "17:00"}],
    }  # fmt: skip
    assert (line.geometry.x, line.geometry.y) == (-72.5, 7.9)


def test_a_service_without_a_place_is_no_space():
    with pytest.raises(InvalidFileError, match="no location"):
        read_table("x.json", json.dumps({"services": [SERVICE]}).encode())


def test_parts_listed_beside_their_owner_are_found():
    content = {
        "locations": [{"id": "l", "name": "Casa", "location_type": "physical"}],
        "phones": [{"location_id": "l", "number": "123"}],
        "addresses": [{"location_id": "l", "city": "Pamplona"}],
    }
    (line,) = read_table("x.json", json.dumps(content).encode()).lines
    assert line.cells["public_phones"] == ["123"]
    assert line.cells["locality"] == "Pamplona"
