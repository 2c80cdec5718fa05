"""Who is taken in where, as a phone tells it from its pack, against the server's rules."""

import random
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from app.journeys.matching import arrival
from geo.db.sessions import Tier
from geo.db.views import spaces
from geo.spaces.eligibility import Candidate, Need, Refusal, doubts, refusals
from geo.spaces.next_steps import SpaceDistance
from routing.travel.profiles import ADULT
from tests.app.packs.test_phone_roads import module, node, pack, run

__all__ = ["module", "node", "pack", "run"]

#: Prints the reasons against each space, and its doubts, for each need at each arrival.
ASK = """
import { readFileSync } from 'node:fs';
const { refusals, doubts } = await import(new URL('eligibility.js', process.argv.at(-1)));
const { readSpaces } = await import(new URL('spaces.js', process.argv.at(-1)));
const { pack, questions } = JSON.parse(readFileSync(0, 'utf8'));
const found = readSpaces(pack, Date.parse(pack.start));
console.log(JSON.stringify(questions.map(({ need, arrivalMs }) => found.map(
  (space) => [space.id, refusals(need, space, arrivalMs), doubts(need, space)]))));
"""

QUESTIONS = 60

#: What a phone does not tell apart for a night: whether hours end, or are not known.
OF_A_NIGHT = {Refusal.CLOSED: "shut", Refusal.HOURS_NOT_KNOWN: "shut"}

CHANGES = {
    "minimum_age": [None, 0, 12, 18],
    "maximum_age": [None, 17, 65],
    "genders": [None, ["female"], ["male", "other"]],
    "families_only": [True, False, False],
    "children_alone": ["yes", "no", "not_known"],
    "documents_required": [None, [], ["passport"], ["passport", "birth_certificate"]],
    "languages": [["es"], ["es", "ht"], []],
    "capacity": ["places", "full", "not_known"],
}


def some_need(draw):
    age = draw.choice([None, 9, 16, 18, 40, 70])
    children = draw.choice([0, 0, 2])
    is_alone = age is not None and age < 18 and children == 0 and draw.random() < 0.5
    documents = draw.choice([None, frozenset(), frozenset({"passport"})])
    return Need(
        services=(draw.choice(["overnight", "food", "legal", "health"]),),
        age=age,
        gender=draw.choice([None, "female", "male"]),
        children=children,
        is_alone=is_alone,
        languages=frozenset(draw.choice([[], ["ht"], ["es", "pt"]])),
        documents=documents,
    )


def as_phone(need):
    """Give a need as the phone's form does."""
    return {
        "services": list(need.services),
        "age": need.age,
        "gender": need.gender,
        "children": need.children,
        "isAlone": need.is_alone,
        "languages": sorted(need.languages),
        "documents": None if need.documents is None else sorted(need.documents),
    }


def changed(pack, rows, draw):
    """Put the same conditions into the pack and into the rows: the demonstration has few."""
    columns, lists = pack["spaces"]["columns"], pack["spaces"]["lists"]
    lists["languages"] = CHANGES["languages"]
    for index, key in enumerate(columns["id"]):
        for name, values in CHANGES.items():
            place = draw.randrange(len(values))
            rows[key][name] = values[place]
            if name == "languages":
                columns[name][index] = place
            else:
                columns[name][index] = values[place]
        full = rows[key]["capacity"] == "full"
        columns["flags"][index] = columns["flags"][index] & ~16 | (16 if full else 0)


def told(need, reasons):
    """Give reasons as both tell them."""
    return [OF_A_NIGHT.get(one, one) if need.is_for_night else one for one in map(Refusal, reasons)]


@pytest.mark.every(2)
@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.clock
async def test_p15_a_phone_refuses_and_doubts_as_the_server_does(run, pack, shared_database, seed):
    draw = random.Random(seed)
    async with shared_database.session(Tier.PUBLIC) as session:
        found = (await session.execute(select(spaces))).mappings()
        rows = {row["id"]: dict(row) for row in found}
    changed(pack, rows, draw)
    start = datetime.fromisoformat(pack["start"])
    questions = [
        (some_need(draw), start + timedelta(minutes=draw.randrange(60, 5 * 24 * 60)))
        for _ in range(QUESTIONS)
    ]
    asked = [{"need": as_phone(need), "arrivalMs": at.timestamp() * 1000} for need, at in questions]
    answers = run(ASK, {"pack": pack, "questions": asked})
    different, refused, accepted = [], 0, 0
    for (need, at), answer in zip(questions, answers, strict=True):
        for key, reasons, unknown in answer:
            candidate = Candidate.of(rows[key])
            expected = refusals(need, candidate, at)
            if told(need, reasons) != told(need, expected):
                different.append((key, need, at, reasons, expected))
            if not expected:
                accepted += 1
                assert unknown == [doubt.value for doubt in doubts(need, candidate)]
            refused += bool(expected)
    assert different == []
    assert min(refused, accepted) > QUESTIONS / 3


#: Prints when somebody arrives, for each moment of leaving and length of the way.
ARRIVE = """
import { readFileSync } from 'node:fs';
const { arrivalsFrom } = await import(new URL('eligibility.js', process.argv.at(-1)));
const { walker, questions } = JSON.parse(readFileSync(0, 'utf8'));
console.log(JSON.stringify(questions.map(
  ({ startMs, lengthM }) => arrivalsFrom(startMs, 'America/Bogota', walker)(lengthM))));
"""


@pytest.mark.clock
async def test_a_phone_arrives_when_the_server_does(run, pack):
    draw = random.Random(3)
    start = datetime.fromisoformat(pack["start"]).astimezone(ZoneInfo("America/Bogota"))
    speed_m_s = pack["walker"]["speed_m_s"]
    questions = [
        (start + timedelta(minutes=draw.randrange(24 * 60)), draw.uniform(1, 120_000))
        for _ in range(QUESTIONS)
    ]
    asked = [{"startMs": at.timestamp() * 1000, "lengthM": length} for at, length in questions]
    answers = run(ARRIVE, {"walker": pack["walker"], "questions": asked})
    for (at, length_m), answer in zip(questions, answers, strict=True):
        way = SpaceDistance(length_m, length_m / speed_m_s, 0.0, "straight")
        assert answer / 1000 == pytest.approx(arrival(at, way, ADULT).timestamp(), abs=1)
