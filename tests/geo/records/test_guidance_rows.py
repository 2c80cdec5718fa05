"""Files of guidance: what is taken, what is refused, and what is made restricted."""

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from geo import models
from geo.errors import InvalidFileError
from geo.records.loader import load_paths
from tests.fixtures.clock import run_now

NOW = run_now()
TODAY = NOW.date()

CONTACT = {
    "id": "c1",
    "kind": "gbv",
    "name": "Line",
    "country": "CO",
    "phone": "155",
    "confirmed_on": str(TODAY),
    "visibility": "public",
    "source": "test",
}
MESSAGE = {
    "id": "m1",
    "key": "cold",
    "language": "es",
    "audience": "people_on_the_move",
    "body": "Hace frío.",
    "valid_from": str(TODAY),
}
PATHWAY = {
    "id": "w1",
    "need": "legal_advice",
    "country": "CO",
    "title": "Way",
    "confirmed_on": str(TODAY),
    "visibility": "public",
    "source": "test",
    "steps": [{"instruction": "Call.", "contact": "c1"}, {"instruction": "Wait."}],
}
CHECKLIST = {
    "id": "l1",
    "kind": "shelter",
    "title": "EXAMPLE",
    "example": True,
    "valid_months": 12,
    "pass_score": 0.8,
    "published_on": str(TODAY),
    "items": [{"standard": "S", "question": "Q?"}],
}


def write_csv(path: Path, *records: dict[str, Any]) -> Path:
    header = list(records[0])
    lines = [",".join(header), *(",".join(str(r.get(k, "")) for k in header) for r in records)]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def write_geojson(path: Path, *records: dict[str, Any]) -> Path:
    features = [{"type": "Feature", "geometry": None, "properties": r} for r in records]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return path


async def load(session: Any, *paths: Path) -> list[str]:
    return (await load_paths(session, paths, today=TODAY, now=NOW)).lines()


async def count(session: Any, model: Any) -> int:
    return await session.scalar(select(func.count()).select_from(model))


async def test_files_of_guidance_are_loaded_and_once_more_change_nothing(session, tmp_path):
    files = (
        write_csv(tmp_path / "contacts.csv", CONTACT),
        write_csv(tmp_path / "messages.csv", MESSAGE, {**MESSAGE, "id": "m2", "language": "en"}),
        write_geojson(tmp_path / "pathways.geojson", PATHWAY),
        write_geojson(tmp_path / "checklists.geojson", CHECKLIST),
    )
    await load(session, *files)
    assert await count(session, models.Message) == 2
    assert await count(session, models.PathwayStep) == 2
    assert await count(session, models.ChecklistItem) == 1
    assert await load(session, *files) == ["4 files unchanged"]
    shorter = {**PATHWAY, "steps": PATHWAY["steps"][:1]}
    await load(session, write_geojson(tmp_path / "pathways.geojson", shorter))
    assert await count(session, models.PathwayStep) == 1
    await load(session, write_geojson(tmp_path / "pathways.geojson"))
    assert await count(session, models.Pathway) == 0


async def test_p47_a_text_without_a_reviewer_is_a_draft(session, tmp_path):
    reviewed = {**MESSAGE, "id": "m2", "language": "en", "reviewed_by": "Somebody"}
    await load(
        session, write_csv(tmp_path / "messages.csv", {**MESSAGE, "reviewed_by": ""}, reviewed)
    )
    states = dict((await session.execute(select(models.Message.id, models.Message.state))).all())
    assert states == {"m1": "draft", "m2": "reviewed"}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"kind": "psea"}, "independent must be true"),
        ({"phone": "ask for Ana"}, "phone is not a number"),
        ({"phone": ""}, "phone is missing"),
        ({"confirmed_on": "2999-01-01"}, "lies in the future"),
        ({"confirmed_on": ""}, "confirmed_on is missing"),
        ({"country": "XX"}, "country 'XX'"),
    ],
)
async def test_a_contact_that_cannot_be_meant_is_refused(session, tmp_path, changes, reason):
    with pytest.raises(InvalidFileError, match=reason):
        await load(session, write_csv(tmp_path / "contacts.csv", {**CONTACT, **changes}))
    assert await count(session, models.Contact) == 0


@pytest.mark.parametrize(
    "changes",
    [
        {"need": "gbv_response"},
        {"steps": [{"instruction": "Vaya a la casa de acogida."}]},
        {"title": "Sobrevivientes"},
    ],
)
async def test_p38_a_pathway_about_what_is_protected_is_made_restricted(session, tmp_path, changes):
    made = {**PATHWAY, "steps": [{"instruction": "Call."}], **changes}
    remarks = await load(session, write_geojson(tmp_path / "pathways.geojson", made))
    assert any("made restricted" in remark for remark in remarks)
    pathway = (await session.scalars(select(models.Pathway))).one()
    assert pathway.visibility == "restricted"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"steps": []}, "at least one"),
        ({"steps": [{"instruction": "x", "contact": "nobody"}]}, "'nobody' is not known"),
        ({"steps": [{"instruction": "x", "space": "nowhere"}]}, "'nowhere' is not known"),
        ({"steps": "call"}, "not a list of objects"),
    ],
)
async def test_a_pathway_that_cannot_be_meant_is_refused(session, tmp_path, changes, reason):
    made = {**PATHWAY, **changes}
    with pytest.raises(InvalidFileError, match=reason):
        await load(session, write_geojson(tmp_path / "pathways.geojson", made))


async def test_only_an_example_of_a_checklist_comes_from_a_file(session, tmp_path):
    made = {**CHECKLIST, "example": False}
    with pytest.raises(InvalidFileError, match="added by a coordinator"):
        await load(session, write_geojson(tmp_path / "checklists.geojson", made))
