"""Country kits: every field named, checked, and nothing that people call or walk to by one hand."""

import json
import tomllib
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import Any

import pytest
from sqlalchemy import func, select

from geo import models
from geo.errors import ForbiddenError, InvalidFileError
from geo.guidance import contacts
from geo.kits.loading import empty_of, load_kit
from geo.kits.reading import KEYS, READERS, read_kit
from geo.kits.schema import BY_NAME, FORMAT
from geo.kits.writing import documented, kit_text, shipped_facts
from geo.proposals import decisions, pending
from geo.records.row_validation import Circumstances
from geo.vocabulary import FLOOR, Vocabulary
from tests.conftest import ROOT
from tests.fixtures.network_people import APPROVER, COORDINATOR, VIEWER, add_people

TODAY = date(2026, 11, 20)
NOW = datetime.combine(TODAY, time(12), UTC)
WORDS = Vocabulary({"space_kind": ("support_space",)}, FLOOR, {}, {})
CIRCUMSTANCES = Circumstances(TODAY, NOW, {}, WORDS)

#: An entry of every section, with every field.
FULL: Mapping[str, dict[str, Any]] = {
    "crossings": {
        "id": "X-TEST", "name": "Puente de prueba", "country_a": "CO", "country_b": "VE",
        "lon": -72.45, "lat": 7.82, "coord_precision": "point", "visibility": "public",
        "source": "test", "licence": "CC0-1.0",
    },
    "hours": {
        "crossing_id": "X-TEST", "state": "open", "valid_from": "2026-11-01",
        "valid_to": "2027-06-30", "timezone": "America/Bogota", "byday": ["MO"],
        "opens_at": "06:00", "closes_at": "20:00", "source": "test", "checked_on": "2026-11-19",
    },
    "contacts": {
        "id": "kit-line", "kind": "asylum", "name": "Line", "admin1": "Norte de Santander",
        "phone": "123", "whatsapp": "+57 1", "hours": "de día", "languages": ["es"],
        "independent": True, "confirmed_on": "2026-11-19", "expires_on": "2027-01-31",
        "visibility": "public", "source": "test", "licence": "CC0-1.0",
    },
    "channels": {
        "id": "kit-radio", "name": "Radio", "medium": "radio", "operator": "Org",
        "address": "98.1 FM", "languages": ["es"], "admin1": "Norte de Santander",
        "status": "active", "confirmed_on": "2026-11-19", "expires_on": "2027-01-31",
        "visibility": "public", "source": "test", "licence": "CC0-1.0",
    },
    "messages": {
        "key": "cold", "language": "es", "audience": "people_on_the_move", "body": "Hace frío.",
        "kind": "self_care",
        "safety": True, "valid_from": "2026-11-20", "valid_to": "2026-12-31",
    },
    "holidays": {"day": "2026-12-25", "name": "Navidad", "admin1": "", "source": "test"},
    "checklists": {
        "kind": "support_space", "title": "List", "valid_months": 6, "pass_score": 0.5,
        "items": [{"standard": "S", "question": "Q?"}],
    },
    "extracts": {"name": "co", "url": "https://example.org/co.osm.pbf", "licence": "ODbL 1.0"},
    "boundaries": {
        "code": "CO-NSA", "pcode": "CO54", "name": "Norte de Santander", "source": "test",
    },
}  # fmt: skip

#: Fields of which one of two suffices, or which come together.
TOGETHER = {"phone", "whatsapp", "opens_at", "closes_at"}


def toml(sections: Mapping[str, list[dict[str, Any]]], country: str = "CO") -> bytes:
    lines = [f"format = {FORMAT}", f'country = "{country}"', 'name = "Prueba"']
    for section, entries in sections.items():
        for entry in entries:
            lines.append(f"[[{section}]]")
            lines += [f"{name} = {_value(value)}" for name, value in entry.items()]
    return "\n".join(lines).encode()


def _value(value: Any) -> str:
    if isinstance(value, list) and value and isinstance(value[0], dict):
        parts = (
            "{" + ", ".join(f"{k} = {json.dumps(v)}" for k, v in o.items()) + "}" for o in value
        )
        return f"[{', '.join(parts)}]"
    return json.dumps(value, ensure_ascii=False)


def only(section: str, **changes: Any) -> bytes:
    return toml({section: [FULL[section] | changes]})


@pytest.mark.every(2)
@pytest.mark.parametrize("country", ["CO", "VE"])
def test_a_shipped_kit_is_what_the_generator_writes_and_invents_nothing(country):
    stored = (ROOT / "data" / "kits" / country / "kit.toml").read_text(encoding="utf-8")
    assert stored == kit_text(shipped_facts(ROOT / "data", country))
    kit = read_kit(stored.encode(), CIRCUMSTANCES)
    assert kit.problems == ()
    assert {entry.section for entry in kit.entries} == {"crossings"}
    assert all(entry.values["source"] for entry in kit.entries)
    for section in BY_NAME.values():
        for field in section.fields:
            assert f"#   {field.name}" in stored
    # Every line that is empty is named, and is TOML as soon as it is filled.
    assert "contacts: no emergency, asylum, gbv, child_protection, psea" in empty_of(kit)
    assert f"# Empty: hours of {kit.entries[0].key}" in stored


def test_an_example_is_toml_and_the_schema_names_what_the_readers_read():
    assert set(BY_NAME) == set(FULL) == set(READERS) == set(KEYS)
    for section in BY_NAME.values():
        assert {field.name for field in section.fields} == set(FULL[section.name])
        for field in section.fields:
            assert field.name in tomllib.loads(f"{field.name} = {field.example}")


def test_the_page_has_the_sections_of_the_schema():
    page = (ROOT / "docs" / "kits.md").read_text(encoding="utf-8")
    assert page.partition("## Sections\n\n")[2] == documented().rstrip() + "\n"


@pytest.mark.parametrize("section", BY_NAME)
def test_what_is_needed_is_what_an_entry_is_refused_without(section):
    assert read_kit(only(section), CIRCUMSTANCES).problems == ()
    needed = set()
    for name in FULL[section]:
        less = {key: value for key, value in FULL[section].items() if key != name}
        problems = read_kit(toml({section: [less]}), CIRCUMSTANCES).problems
        if problems:
            needed.add(name)
            assert all(problem.startswith(f"{section} 1") for problem in problems)
            assert any(name in problem for problem in problems)
    stated = {field.name for field in BY_NAME[section].fields if field.is_needed}
    assert needed - TOGETHER == stated - TOGETHER


@pytest.mark.parametrize(
    ("section", "changes", "said"),
    [
        ("crossings", {"name": "Trocha Los Mangos"}, "informal"),
        ("crossings", {"country_a": "BR", "lon": -60.0, "lat": 3.0}, "kit's country"),
        ("hours", {"checked_on": "2026-11-21"}, "checked_on lies in the future"),
        ("hours", {"state": "closed"}, "opens_at"),
        ("contacts", {"kind": "psea", "independent": False}, "independent must be true"),
        ("contacts", {"name": "Casa refugio La Paz"}, "name"),
        ("messages", {"reviewed_by": "Ana"}, "reviewed_by is not a field"),
        ("checklists", {"pass_score": 2}, "pass_score"),
        ("extracts", {"url": "http://example.org/x.pbf"}, "url"),
        ("boundaries", {"pcode": "VE20"}, "p-code"),
        ("boundaries", {"code": "VE-V"}, "kit's country"),
    ],
)
def test_p12_p53_a_wrong_entry_is_named_with_its_field(section, changes, said):
    (problem, *_) = read_kit(only(section, **changes), CIRCUMSTANCES).problems
    assert problem.startswith(f"{section} 1")
    assert said in problem


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"\xff", "UTF-8"),
        (b"format = ", "is not TOML"),
        (b"[" * 100_000, "is not TOML"),
        (b"format = 2\ncountry = 'CO'\nname = 'x'", "format is 1"),
        (b"format = 1\ncountry = 'XX'\nname = 'x'", "country is an ISO"),
    ],
)
def test_a_file_that_is_no_kit_is_refused_as_one(data, said):
    with pytest.raises(InvalidFileError, match=said):
        read_kit(data, CIRCUMSTANCES)


@pytest.fixture
async def desk(session: Any) -> Any:
    """A database with the network's people and nothing else."""
    session.add(models.Organization(id="org", name="Org", visibility="public"))
    await session.flush()
    await add_people(session)
    return session


async def _crossing(session: Any) -> None:
    await load_kit(session, only("crossings"), actor=COORDINATOR, now=NOW)


async def count(session: Any, model: Any) -> int:
    return await session.scalar(select(func.count()).select_from(model))


async def test_p40_p53_what_people_call_or_walk_to_waits_and_a_second_load_repeats_nothing(desk):
    session = desk
    taken = ("hours", "crossings", "contacts", "channels", "messages")
    data = toml({name: [FULL[name]] for name in taken})
    looked = await load_kit(session, data, actor=None, now=NOW)
    assert looked.counts() == {"added": 1, "proposed": 3, "drafted": 1}
    assert await count(session, models.Crossing) == await count(session, models.LoadedFile) == 0
    done = await load_kit(session, data, actor=COORDINATOR, now=NOW)
    assert done.rows == looked.rows
    assert await count(session, models.CrossingStatus) == 0  # not known (P32)
    assert await count(session, models.Contact) == 0
    assert (await session.scalars(select(models.Message.state))).all() == ["submitted"]
    again = await load_kit(session, data, actor=COORDINATOR, now=NOW)
    assert again.counts() == {"unchanged": 5}
    waiting = await pending.pending(session, COORDINATOR)
    assert {one.entity for one in waiting} == {"crossing", "contact", "channel"}
    assert len(waiting) == 3
    assert not any(one.may_decide for one in waiting)
    for one in waiting:
        with pytest.raises(ForbiddenError):
            await decisions.accept(session, COORDINATOR, one.id, "mío", now=NOW)
        await decisions.accept(session, APPROVER, one.id, "visto", now=NOW)
    (status,) = (await session.scalars(select(models.CrossingStatus))).all()
    assert (status.crossing_id, status.state) == ("X-TEST", "open")
    assert "2026-11-19" in status.source
    assert await session.get(models.Contact, "kit-line") is not None
    # A number that was withdrawn since does not come back with the same file (P53).
    await contacts.remove_contact(session, COORDINATOR, "kit-line", now=NOW)
    assert (await load_kit(session, data, actor=COORDINATOR, now=NOW)).counts() == {"unchanged": 5}
    assert await pending.pending(session, COORDINATOR) == []


async def test_one_bad_entry_or_a_moved_crossing_changes_nothing(desk):
    session = desk
    await _crossing(session)
    bad = toml({"crossings": [FULL["crossings"] | {"id": "X-2"}], "hours": [{"state": "open"}]})
    moved = only("crossings", lon=-72.46)
    unknown = only("hours", crossing_id="X-NONE")
    for data, said in ((bad, "hours 1"), (moved, "the position"), (unknown, "X-NONE")):
        with pytest.raises(InvalidFileError, match=said):
            await load_kit(session, data, actor=COORDINATOR, now=NOW)
    assert await count(session, models.Crossing) == 1
    with pytest.raises(ForbiddenError):
        await load_kit(session, only("contacts"), actor=VIEWER, now=NOW)


async def test_p_codes_lists_and_holidays_of_a_kit(desk):
    session = desk
    square = "SRID=4326;MULTIPOLYGON(((0 0,1 0,1 1,0 0)))"
    session.add(
        models.Boundary(
            id="nsa", level=1, country="CO", code="CO-NSA", geom=square, visibility="public"
        )
    )
    await session.flush()
    listed = await load_kit(session, only("checklists"), actor=COORDINATOR, now=NOW)
    assert listed.counts() == {"drafted": 1}
    (checklist,) = (await session.scalars(select(models.Checklist))).all()
    assert (checklist.version, checklist.published_on, checklist.valid_months) == (1, None, 6)
    strange = FULL["holidays"] | {"day": "2026-12-24"}
    data = toml(
        {
            "boundaries": [FULL["boundaries"]],
            "holidays": [FULL["holidays"], strange],
            "extracts": [FULL["extracts"]],
        }
    )
    done = await load_kit(session, data, actor=COORDINATOR, now=NOW)
    assert [row.outcome for row in done.rows] == ["unchanged", "noted", "noted", "added"]
    assert "no holiday on 2026-12-24" in done.rows[1].note
    assert "roads import" in done.rows[2].note
    (shown,) = await session.execute(
        select(models.UnitPcode.pcode).where(models.UnitPcode.code == "CO-NSA")
    )
    assert shown.pcode == "CO54"
    newer = only("boundaries", pcode="CO5400")
    assert (await load_kit(session, newer, actor=COORDINATOR, now=NOW)).counts() == {"added": 1}
