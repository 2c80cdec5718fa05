"""HSDS export against the facts of the standard's schemas, and what our attributes hold."""

import json

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from geo.db.sessions import Tier
from geo.exports.hsds import FIELDS, SERVICES, write_hsds
from tests.fixtures.exported import RECORD, many, record, snapshot
from tests.fixtures.hsds_facts import DEFINITIONS, list_schema

PACKAGES = {
    "organizations": "organization",
    "services": "service",
    "locations": "location",
    "service_at_locations": "service_at_location",
    "taxonomy_terms": "taxonomy_term",
}


def packages(made):
    return json.loads(write_hsds(made))


def problems(content):
    found = []
    for name, entity in PACKAGES.items():
        schema = list_schema(entity)
        validator = Draft202012Validator(schema, format_checker=FormatChecker())
        found += [
            f"{name}{list(error.absolute_path)}: {error.message}"
            for error in validator.iter_errors(content[name])
        ]
    return found


def attributes(content, location):
    terms = {term["id"]: term for term in content["taxonomy_terms"]}
    return {
        terms[a["taxonomy_term_id"]]["code"]: a["value"]
        for a in location["attributes"]
        if terms[a["taxonomy_term_id"]]["taxonomy"] == FIELDS
    }


def test_the_facts_are_a_schema():
    Draft202012Validator.check_schema(list_schema("service"))
    assert len(DEFINITIONS) == 23
    assert DEFINITIONS["service"]["required"] == ["id", "name", "status"]
    assert DEFINITIONS["schedule"]["properties"]["timezone"] == {"type": "number"}


def test_no_format_of_the_facts_goes_unchecked():
    named = {
        schema["format"]
        for entity in DEFINITIONS.values()
        for schema in entity["properties"].values()
        if "format" in schema
    }
    assert named <= set(FormatChecker().checkers)


@pytest.mark.every(2)
@pytest.mark.parametrize("tier", [Tier.PUBLIC, Tier.PARTNER])
def test_every_package_satisfies_its_schema(tier):
    assert problems(json.loads(write_hsds(many(400, tier)))) == []


def test_every_part_of_the_export_is_among_what_is_checked():
    content = json.loads(write_hsds(many(400)))
    parts = {name for kind in ("services", "locations") for x in content[kind] for name in x}
    assert parts >= {
        "required_documents", "capacities", "schedules", "phones", "accessibility", "languages",
        "addresses", "attributes",
    }  # fmt: skip
    said = {name for x in content["locations"] for s in x.get("schedules", ()) for name in s}
    assert said == {
        "id", "valid_from", "valid_to", "dtstart", "timezone", "until", "count", "freq",
        "interval", "byday", "bymonthday", "opens_at", "closes_at", "description",
    }  # fmt: skip


def test_every_reference_is_to_something_in_the_file():
    content = json.loads(write_hsds(many(100)))
    ids = {name: [x["id"] for x in content[name]] for name in PACKAGES}
    assert all(len(listed) == len(set(listed)) > 0 for listed in ids.values())
    for name, of in (("service_id", "services"), ("location_id", "locations")):
        assert {x[name] for x in content["service_at_locations"]} <= set(ids[of])
    holders = content["services"] + content["locations"]
    assert {x["organization_id"] for x in holders} <= set(ids["organizations"])
    terms = {a["taxonomy_term_id"] for x in holders for a in x["attributes"]}
    assert terms <= set(ids["taxonomy_terms"])


@pytest.mark.parametrize(
    ("package", "change"),
    [
        ("services", {"status": "open"}),
        ("services", {"assured_date": "yesterday"}),
        ("services", {"minimum_age": "18"}),
        ("services", {"last_modified": "2026-11-25 08:00"}),
        ("services", {"url": "example.org"}),
        ("locations", {"id": "CO-0001"}),
        ("locations", {"latitude": None}),
        ("locations", {"adresses": []}),
    ],
)
def test_what_breaks_the_standard_is_found(package, change):
    content = json.loads(write_hsds(snapshot()))
    content[package][0].update(change)
    assert problems(content)


def test_an_identifier_is_the_same_in_every_export():
    first, second = packages(snapshot()), packages(snapshot(record(name="Otro nombre")))
    location, other = first["locations"][0], second["locations"][0]
    assert location["id"] == other["id"]
    assert location["external_identifier"] == "CO-0001"
    assert [s["id"] for s in first["services"]] == [s["id"] for s in second["services"]]
    elsewhere = packages(snapshot(record(id="CO-0002")))
    assert elsewhere["locations"][0]["id"] != location["id"]


def test_what_the_standard_has_no_field_for_is_an_attribute():
    content = packages(snapshot())
    said = attributes(content, content["locations"][0])
    assert said["visibility"] == "public"
    assert said["coord_precision"] == "point"
    assert said["access"] == "open"
    assert said["expires_on"] == "2026-12-20"
    assert json.loads(said["amenities"]) == {"toilets": True, "wifi": False}
    assert json.loads(said["schedule_exceptions"])[0]["reason"] == "Navidad"
    # A last entry has no field in HSDS, so the whole schedule stands here too.
    assert json.loads(said["schedules"])[1]["last_entry"] == "11:30"
    # What stands elsewhere is not said twice.
    assert not {"name", "lon", "lat", "services", "languages", "cost"} & set(said)


def test_a_service_says_for_whom_and_until_when():
    content = packages(snapshot())
    service = content["services"][0]
    assert service["name"] == "Alimentos"
    assert service["assured_date"] == "2026-11-20"
    assert service["eligibility_description"] == "toda persona"
    assert service["capacities"][0]["available"] == 7
    terms = {t["id"]: t for t in content["taxonomy_terms"]}
    [attribute] = service["attributes"]
    assert terms[attribute["taxonomy_term_id"]]["code"] == "food"
    assert terms[attribute["taxonomy_term_id"]]["taxonomy"] == SERVICES


def test_p15_a_referral_only_space_says_so_in_words_too():
    content = packages(snapshot(record(access="referral_only", referral_points=["CO-0002"])))
    assert "remisión" in content["services"][0]["application_process"]
    assert json.loads(attributes(content, content["locations"][0])["referral_points"]) == [
        "CO-0002"
    ]


def test_p35_a_demo_row_has_no_assured_date():
    content = packages(snapshot(record(demo=True, confirmed_on=None), has_demo=True))
    assert "assured_date" not in content["services"][0]
    assert attributes(content, content["locations"][0])["demo"] == "true"
    assert content["notice"].startswith("DEMO")


def test_p42_the_public_sees_no_numbers():
    text = write_hsds(snapshot(tier=Tier.PUBLIC)).decode()
    assert '"available"' not in text
    assert "capacities" not in text
    assert "itinerary" not in text


def test_hours_carry_the_offset_that_hsds_asks_for():
    schedules = packages(snapshot())["locations"][0]["schedules"]
    assert schedules[0]["opens_at"] == "16:00-05:00"
    assert schedules[0]["timezone"] == -5
    assert schedules[1]["byday"] == "1SA"
    assert schedules[1]["freq"] == "MONTHLY"


def test_a_telephone_has_a_type_that_hsds_names():
    phones = [
        {"number": "1", "type": "whatsapp", "description": "de día"},
        {"number": "2", "type": "sms"},
        {"number": "3", "type": "fax"},
        {"number": "4"},
    ]
    content = packages(snapshot(record(public_phones=phones)))
    location = content["locations"][0]
    assert [phone.get("type") for phone in location["phones"]] == ["cell", "text", "fax", None]
    assert location["phones"][0]["description"].casefold() == "whatsapp; de día"
    assert json.loads(attributes(content, location)["public_phones"]) == phones


def test_nothing_unknown_is_written_as_null():
    empty = {
        name: None
        for name in RECORD
        if name in {"eligibility", "address", "landmark", "step_free", "minimum_age", "cost"}
    }
    assert "null" not in write_hsds(snapshot(record(**empty, services=["food"]))).decode()
