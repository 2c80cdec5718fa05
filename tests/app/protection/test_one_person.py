"""P51, P52, P53: nothing that one person writes is public before a second one has read it.

Every writable field of every entity is written by every role through the application, with marks
that stand in no other text; the oracle is all that the public may read.
"""

import io
import json
import math
import re
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select, text

from geo import models
from geo.confirmations import answers
from geo.db.sessions import Tier
from geo.errors import GeoError
from geo.proposals import decisions, pending
from geo.records import space_documents
from geo.subjects.subject import changed, read_subject
from geo.translations.review import digest_of
from geo.translations.reviewers import grant_languages
from tests.conftest import client_of, clone, opened
from tests.fixtures.desk import HTML
from tests.fixtures.examples import is_long
from tests.fixtures.leak_operations import Operation, operations
from tests.fixtures.network import (
    ADMIN,
    COORDINATOR,
    NOW,
    PEOPLE,
    SPACE,
    TODAY,
    edit_tokens,
    fill_network,
)
from tests.fixtures.one_person import CLOSED, DECLARED, WORDS, WRITES, Marks, nested

WRITERS = ("ed", "ap", "co", "ad")
FEATURES, CROSSINGS = "/collections/spaces/items", "/collections/crossings/items"

#: One object of each list of objects that a space has.
PARTS = {
    "schedules": [
        {
            "freq": "WEEKLY",
            "interval": 1,
            "dtstart": TODAY.isoformat(),
            "until": None,
            "count": None,
            "byday": ["MO"],
            "bymonthday": [],
            "opens_at": "09:00",
            "closes_at": "10:00",
            "last_entry": None,
            "valid_from": None,
            "valid_to": None,
            "description": None,
        }
    ],
    "schedule_exceptions": [
        {
            "starts_on": TODAY.isoformat(),
            "ends_on": TODAY.isoformat(),
            "closed": True,
            "opens_at": None,
            "closes_at": None,
            "reason": None,
        }
    ],
    "public_phones": [{"number": "+57 300 0000000", "type": "voice", "description": None}],
    "itinerary": [
        {
            "place": "Plaza",
            "lon": SPACE["lon"],
            "lat": SPACE["lat"],
            "starts_at": (NOW + timedelta(days=1)).isoformat(),
            "ends_at": (NOW + timedelta(days=1, hours=1)).isoformat(),
        }
    ],
}


@pytest.fixture(scope="module")
async def settings(cluster, empty_template, settings_for):
    return settings_for(clone(cluster, empty_template), public_url="http://amparo.test")


@pytest.fixture(scope="module")
async def database(settings):
    async with opened(settings) as database:
        async with database.session(Tier.WRITER) as session:
            more = ({"id": one} for one in ("cierra", "otra", "parche", "enlace"))
            await fill_network(session, *more)
            await _guidance(session)
        yield database


@pytest.fixture(scope="module")
async def client(settings, database):
    async with client_of(settings) as talking:
        yield talking


async def _guidance(session: Any) -> None:
    """Add what writing needs: a place, a reviewed message, reports, a version in force."""
    await session.execute(
        insert(models.Place).values(
            id="G3685533",
            name="Cúcuta",
            country="CO",
            timezone="America/Bogota",
            visibility="public",
            geom=f"SRID=4326;POINT({SPACE['lon']} {SPACE['lat']})",
        )
    )
    await session.execute(
        insert(models.Message).values(
            id="m",
            key="puente",
            language="es",
            audience="people_on_the_move",
            body="No se paga.",
            valid_from=TODAY,
            state="reviewed",
            reviewed_by="test",
        )
    )
    await grant_languages(session, ADMIN, "co", ["ht"])
    await session.execute(
        insert(models.HazardReport),
        [
            {
                "id": f"aviso-{who}",
                "kind": "flood",
                "countries": ["CO"],
                "geom": "SRID=4326;POINT(-72.508 7.894)",
                "seen_on": TODAY,
                "delete_on": TODAY + timedelta(days=30),
            }
            for who in ("ap", "co")
        ],
    )


class Writer:
    """One person, with a token of scope ``edit``; counts what was taken and what waits."""

    def __init__(self, client: Any, marks: Marks, who: str, secret: str | None) -> None:
        self.client, self.marks, self.who = client, marks, who
        self.header = {} if secret is None else {"Authorization": f"Bearer {secret}"}
        self.waiting: dict[str, str] = {}
        self.taken: set[str] = set()

    async def send(self, method: str, path: str, body: Any, about: str, **headers: str) -> Any:
        """Send a change, and remember what became of it."""
        answer = await self.client.request(method, path, json=body, headers=self.header | headers)
        assert answer.status_code < 500, answer.text
        if answer.status_code < 300:
            self.taken.add(about)
            found = answer.json() if answer.content else {}
            if found.get("proposal_id"):
                self.waiting[about] = found["proposal_id"]
        return answer

    def text(self, about: str) -> str:
        return self.marks.text(f"{about} by {self.who}")


# -- what is declared ----------------------------------------------------------------------------


@pytest.mark.parametrize("entity", DECLARED)
def test_p51_every_field_has_a_verdict(entity):
    words, closed = WORDS[entity].split(), CLOSED[entity].split()
    assert sorted(words + closed) == sorted(DECLARED[entity])


def test_p51_every_operation_that_writes_has_a_verdict(client):
    found = {f"{one.method} {one.template}" for one in _operations(client) if one.method != "GET"}
    assert found == set(WRITES)


def _operations(client: Any) -> list[Operation]:
    return operations(client.application)


# -- what is written -----------------------------------------------------------------------------


#: What else a change of one field has to state.
_BESIDE = {
    "space": {},
    "organization": {},
    "crossing": {
        "state": "closed",
        "valid_from": TODAY.isoformat(),
        "timezone": "America/Bogota",
        "source": "official",
    },
}
NEW_WORDS = ("name", "locality", "eligibility", "address", "landmark", "notice", "source")
_RECORDS = {"space": "casa", "organization": "org", "crossing": "puente"}


def _fields(entity: str, who: str) -> list[str]:
    """Return of which fields somebody sends a change.

    A coordinator of all; the others all send words and numbers that people are shown, and take
    turns with the rest. With ``--long`` everybody sends all.
    """
    fields, others = [*DECLARED[entity]], [one for one in WRITERS if one != "co"]
    if who == "co" or is_long():
        return fields
    own = fields[others.index(who) :: len(others)]
    return [field for field in fields if field in own or field in {*NEW_WORDS, "public_phones"}]


async def _changes(database: Any, marks: Marks, entity: str, who: str) -> list[tuple[str, Any]]:
    """Return marked changes of one field each that the domain's own checks let through."""
    async with database.session(Tier.WRITER) as session:
        subject = await read_subject(session, entity, _RECORDS[entity])
        said = await space_documents.circumstances(session, now=NOW, today=TODAY)
    taken = []
    for field in _fields(entity, who):
        tries = [marks.values(f"{entity}.{field} by {who}")]
        if field in PARTS:
            tries += nested(field, PARTS[field], marks)
        for values in tries:
            for value in values:
                try:
                    after = changed(subject, _BESIDE[entity] | {field: value}, said)
                except (GeoError, TypeError):
                    continue
                if marks.found_in(json.dumps(after)):
                    taken.append((field, value))
                    break
    return taken


async def _write_records(writer: Writer, database: Any) -> None:
    for entity, record in _RECORDS.items():
        found = await _changes(database, writer.marks, entity, writer.who)
        words = set(WORDS[entity].split()) - {"id"}
        # Ids of spaces that are not there are refused when they are proposed, and not before.
        words |= {"referral_points"} if entity == "space" else set()
        words &= {*_fields(entity, writer.who)}
        assert {field for field, _ in found} == words, "what the verdicts say"
        for field, value in found:
            changes = _BESIDE[entity] | {field: value}
            body = {"entity": entity, "record_id": record, "changes": changes}
            body["reason"] = writer.text("reason")
            await writer.send("POST", "/proposals", body, f"{entity}.{field}")
    new = {name: writer.text(f"new space.{name}") for name in NEW_WORDS}
    body = {"record_id": None, "changes": SPACE | new | {"id": f"zqj-{writer.who}"}}
    made = await writer.send("POST", "/proposals", body | {"reason": "r"}, "new space")
    assert made.status_code == 201, made.text
    for status in ("full", "temporarily_closed"):
        body = {
            "status": status,
            "because": "no_water",
            "until": (TODAY + timedelta(days=1)).isoformat(),
            "notice": writer.text("close.notice"),
            "reason": writer.text("close.reason"),
        }
        await writer.send("POST", "/spaces/cierra/close", body, "close.notice")
    await writer.send(
        "POST", "/hides", {"entity": "space", "id": "otra", "reason": writer.text("hide")}, "hide"
    )
    await _write_features(writer)


async def _write_features(writer: Writer) -> None:
    """Write through OGC API Features, Part 4."""
    one = f"{FEATURES}/parche"
    for method, media in (("PATCH", "merge-patch"), ("PUT", "geo")):
        item = await writer.client.get(one, headers=writer.header)
        properties = item.json()["properties"] if method == "PUT" else {}
        body = {
            "type": "Feature",
            "geometry": item.json()["geometry"],
            "properties": properties | {"notice": writer.text(f"{method} notice")},
            "reason": writer.text(f"{method} reason"),
        }
        headers = {"If-Match": item.headers["etag"], "Content-Type": f"application/{media}+json"}
        await writer.send(method, one, body, f"{method} notice", **headers)
    feature = {
        "type": "Feature",
        "id": f"zqf-{writer.who}",
        "geometry": {"type": "Point", "coordinates": [SPACE["lon"], SPACE["lat"]]},
        "properties": {n: v for n, v in SPACE.items() if n not in {"id", "lon", "lat"}}
        | {"name": writer.text("POST name")},
    }
    await writer.send("POST", FEATURES, feature, "POST name")
    item = await writer.client.get(f"{CROSSINGS}/puente", headers=writer.header)
    statement = {
        "state": "closed",
        "valid_from": TODAY.isoformat(),
        "timezone": "America/Bogota",
        "source": writer.text("PATCH source"),
    }
    headers = {"If-Match": item.headers["etag"], "Content-Type": "application/merge-patch+json"}
    await writer.send(
        "PATCH", f"{CROSSINGS}/puente", {"properties": statement}, "PATCH source", **headers
    )


async def _write_guidance(writer: Writer) -> None:
    day, who = TODAY.isoformat(), writer.who
    shown = {"country": "CO", "confirmed_on": day, "visibility": "public"}
    contact = shown | {"kind": "psea", "independent": True, "reason": writer.text("reason")}
    contact |= {name: writer.text(f"contact.{name}") for name in WORDS["contact"].split()[1:]}
    contact |= {
        name: writer.marks.number(f"contact.{name} by {who}") for name in ("phone", "whatsapp")
    }
    del contact["admin1"]  # of the whole country, so that nobody misses it
    await writer.send("PUT", f"/contacts/zqc-{who}", contact, "contact")
    channel = shown | {"medium": "radio"}
    channel |= {name: writer.text(f"channel.{name}") for name in WORDS["channel"].split()[1:]}
    del channel["admin1"]
    await writer.send("PUT", f"/channels/zqk-{who}", channel, "channel")
    pathway = shown | {"need": "food", "steps": [{"instruction": writer.text("pathway.step")}]}
    pathway |= {name: writer.text(f"pathway.{name}") for name in ("title", "source", "licence")}
    await writer.send("PUT", f"/pathways/zqp-{who}", pathway, "pathway")
    text_ = {"language": "es", "audience": "people_on_the_move", "valid_from": day}
    product = text_ | {"visibility": "public"}
    product |= {n: writer.text(f"product.{n}") for n in WORDS["product"].split()}
    product |= {"url": f"https://{writer.text('product.url').replace(' ', '/')}"}
    practice = {"space": "casa", "noted_on": day, "public": True}
    practice |= {n: writer.text(f"practice.{n}") for n in WORDS["practice"].split()}
    message = text_ | {"key": f"zqm-{who}", "body": writer.text("message.body"), "safety": False}
    drafts = (("messages", message), ("products", product), ("practices", practice))
    for kind, draft in drafts:
        made = await writer.send("POST", f"/{kind}", draft, kind)
        if made.status_code == 201:
            one = f"/{kind}/{made.json()['id']}"
            await writer.send("POST", f"{one}/submit", {}, f"{kind}.submit")
            await writer.send("POST", f"{one}/review", {"accept": True}, f"{kind}.review")
    claim = {"claim": writer.text("rumour.claim"), "country": "CO", "heard_on": day}
    claim["claim"] = claim["claim"].split()[0]  # numbers are refused (P6)
    made = await writer.send("POST", "/rumours", claim, "rumours")
    if made.status_code == 201:
        answer = f"/rumours/{made.json()['id']}/answer"
        await writer.send("POST", answer, {"message": "puente"}, "rumour")
    item = {n: writer.text(f"checklist.{n}") for n in WORDS["checklist_item"].split()}
    checklist = {"kind": "shelter", "title": writer.text("checklist.title"), "items": [item]}
    made = await writer.send("POST", "/standards/checklists", checklist, "checklists")
    if made.status_code == 201:
        one = f"/standards/checklists/{made.json()['id']}/publish"
        await writer.send("POST", one, {}, "checklist")


#: Wording of a safety text: in letters alone, since its numbers have to be the original's.
_WORDING = "zqjchalèqz"
_CALOR = f"/network/wording/ht/{digest_of('Calor')}"


async def _write_at_the_desk(visitor: Any, writer: Writer) -> None:
    """Send the forms that have no like in the API."""
    names = {f"name-{lang}": writer.text(f"term.{lang}") for lang in ("es", "en", "ht")}
    code = {"vocabulary": "service", "code": f"zqt_{writer.who}"}
    forms = (
        ("/network/vocabulary", code | names, "term"),
        ("/network/vocabulary/service/food", {"do": "rename", **names}, "term.name"),
        (_CALOR, {"do": "propose", "translation": _WORDING}, "wording"),
        (
            "/network/people/organizations",
            {"name": writer.text("organization"), "id": f"zqo-{writer.who}"},
            "organizations",
        ),
        (
            f"/network/reports/aviso-{writer.who}",
            {
                "do": "propose",
                "title": writer.text("hazard.title"),
                "country": "CO",
                "lon": "-72.508",
                "lat": "7.894",
                "effect": "weight",
                "valid_from": TODAY.isoformat(),
                "valid_to": (TODAY + timedelta(days=7)).isoformat(),
                "reason": "r",
            },
            "hazard",
        ),
    )
    for path, fields, about in forms:
        answer = await visitor.post(path, **fields)
        assert answer.status_code < 500, answer.text
        if answer.status_code == 303:
            writer.taken.add(about)
            path_, _, _ = answer.headers["location"].partition("?")
            if path_.startswith("/network/proposals/"):
                writer.waiting[about] = path_.rpartition("/")[2]


async def _write_as_anybody(client: Any, marks: Marks, database: Any) -> None:
    """Send what needs no account, and answer by a link of an operator."""
    about = {"complaint": {"space": "casa", "category": "other", "body": marks.text("complaint")}}
    about["request"] = {"service": "food", "country": "CO", "admin1": marks.text("request.admin1")}
    assert (await client.post("/complaints", json=about["complaint"])).status_code == 202
    assert (await client.post("/requests", json=about["request"])).status_code == 202
    async with database.session(Tier.WRITER) as session:
        token = (await answers.issue_link(session, "enlace", "whatsapp", None, now=NOW)).token
    said = {"answer": "changed", "notice": marks.text("link.notice")}
    said |= {"phone": marks.number("link.phone")}
    answer = await client.post(f"/confirm/{token}", data=said)
    assert answer.status_code == 200, answer.text


# -- what is read --------------------------------------------------------------------------------

_X, _Y, _Z = 0, 0, 6
_X = int((SPACE["lon"] + 180) / 360 * 2**_Z)
_Y = int((1 - math.asinh(math.tan(math.radians(SPACE["lat"]))) / math.pi) / 2 * 2**_Z)

#: What stands for the parts of addresses.
VALUES = {
    "{space}": ("casa",),
    "{code}": ("3685533",),
    "{country}": ("CO",),
    "{z}": (str(_Z),),
    "{x}": (str(_X),),
    "{y}": (str(_Y),),
    "{key}": ("puente",),
    "{format}": ("csv", "geojson", "hsds", "text"),
    "{layer}": ("spaces",),
    "{rest}": ("x",),
    "{style}": ("amparo",),
    "{name}": ("es",),
    "{token}": ("x",),
    "{proposal}": ("x",),
}
_ITEMS = {"/collections/spaces": "casa", "/collections/crossings": "puente"}

QUERIES = {
    "/pathways": ("need=food&country=CO",),
    "/practices": ("space=casa",),
    "/spaces/nearest": (f"lon={SPACE['lon']}&lat={SPACE['lat']}",),
    "/spaces/match": (f"lon={SPACE['lon']}&lat={SPACE['lat']}&service=food",),
    "/vocabularies": ("lang=es", "lang=en", "lang=ht"),
    "/collections/spaces/items": ("limit=1000", "f=csv", "f=html"),
    "/collections/services/items": ("limit=1000",),
    "/collections/crossings/items": ("limit=1000", "f=html"),
    "/collections/spaces/changes": ("", "since=0"),
    "/spaces/{space}": ("", "f=html&lang=es", "f=html&lang=ht"),
    "/lists/{code}": ("", "f=text"),
    "/txt/{code}": ("parts=9",),
    "/": ("f=html", ""),
    "/spaces/{space}/poster.pdf": (),  # its letters are numbers of glyphs; its facts are the page's
    "/basemap.pmtiles": (),
}


#: Made of what the application declares, whatever the records say.
_DECLARED = re.compile(
    r"/(queryables|schema|tilejson|conformance|api|ogc|legend|sw\.js|manifest\.webmanifest"
    r"|reference|offline|report|tiles|WebMercatorQuad|tileMatrixSets)$|^/(docs|styles)"
)


#: Layers of which nobody writes anything here: read with `--long`, and their rows in each run.
_OF_THE_GROUND = re.compile(
    r"/(collections|tiles)/(boundaries|ground|landscape|places|rivers|roads)(/|$)"
)

#: What has something to say here: an answer without it would prove nothing.
_NOT_HERE = ("/packs/streets/",)  # no extract is imported
_THERE = (
    "/collections/spaces/items",
    "/contacts",
    "/exports",
    "/lists",
    "/messages",
    "/nearby.json",
    "/packs",
    "/pathways?",
    "/practices",
    "/rumours",
    "/s/",
    "/spaces/casa?",
    "/standards?",
    "/txt",
    "/vocabularies",
)


def _addresses(client: Any) -> Iterator[str]:
    for one in _operations(client):
        if not one.is_open_reading or _DECLARED.search(one.template):
            continue
        if _OF_THE_GROUND.match(one.template) and not is_long():
            continue
        paths = [one.template]
        for part, values in VALUES.items():
            paths = [path.replace(part, value) for path in paths for value in values]
        layer = one.template.partition("/items/")[0]
        paths = [path.replace("{item}", _ITEMS.get(layer, "x")) for path in paths]
        for path in paths:
            assert "{" not in path, f"nothing stands for a part of {one.template}"
            for query in QUERIES.get(one.template, ("",)):
                yield f"{path}?{query}" if query else path


async def _rows(database: Any) -> str:
    """Return each row of each view of the public's schema, from which all answers are made."""
    question = (
        "select table_name from information_schema.tables"
        " where table_schema = 'tier_public' order by 1"
    )
    async with database.session(Tier.WRITER) as session:
        views = list(await session.scalars(text(question)))
    assert len(views) > 20, views
    read: list[str] = []
    async with database.session(Tier.PUBLIC) as session:
        for view in views:
            read += await session.scalars(text(f'select v::text from tier_public."{view}" v'))
    return "\n".join(read)


async def _answers(client: Any) -> str:
    """Return every answer that the public may ask for: API, pages, feeds, packs, texts, tiles."""
    read = []
    for address in _addresses(client):
        client.cookies.clear()
        page = HTML if "html" in address else {}
        answer = await client.get(address, headers={"Accept-Encoding": "identity"} | page)
        assert answer.status_code != 500, address
        is_there = address.startswith(_THERE) and not address.startswith(_NOT_HERE)
        assert answer.status_code == 200 or not is_there, address
        read.append(_unpacked(answer.content))
    return "\n".join(read)


def _unpacked(content: bytes) -> str:
    if content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as file:
            content = b"\n".join(file.read(name) for name in file.namelist())
    return content.decode("utf-8", "replace")


# -- the test ------------------------------------------------------------------------------------


async def test_p51_p53_no_word_or_number_of_one_person_alone_is_public(client, database, as_person):
    marks, writers = Marks(), {}
    async with database.session(Tier.WRITER) as session:
        secrets = await edit_tokens(session, *PEOPLE)
    for who in WRITERS:
        writer = writers[who] = Writer(client, marks, who, secrets[who])
        await _write_records(writer, database)
        await _write_guidance(writer)
        await _write_at_the_desk(await as_person(who), writer)
    await _write_as_anybody(client, marks, database)
    public = await _answers(client)
    assert "Sin agua. Hasta el" in public, "codes with their dates are"
    for seen in (public, await _rows(database)):
        assert marks.found_in(seen) == {}
        assert _WORDING not in seen

    coordinator = writers["co"]
    expected = {f"space.{name}" for name in WORDS["space"].split()} - {"space.id"}
    expected |= {"new space", "crossing.source", "close.notice", "contact", "channel", "rumour"}
    expected |= {"pathway", "checklist", "term", "term.name", "hazard", "PATCH notice", "POST name"}
    assert expected <= set(coordinator.waiting), expected - set(coordinator.waiting)
    assert {"messages", "products", "practices", "wording"} <= coordinator.taken
    assert not {"messages.review", "products.review", "practices.review"} & coordinator.taken

    await _nobody_accepts_an_own_one(database)
    assert marks.found_in(await _rows(database)) == {}
    await _accepted_by_another(database, coordinator)
    seen = marks.found_in(await _rows(database)).values()
    for about in (
        *("contact.phone", "channel.address", "pathway.step"),
        *("checklist.title", "term.es", "crossing.source"),
    ):
        assert f"{about} by co" in seen, "what a second person accepts is found by this search"


async def _nobody_accepts_an_own_one(database: Any) -> None:
    for person in PEOPLE:
        async with database.session(Tier.WRITER) as session:
            own = await session.scalars(
                select(models.Proposal.id).where(
                    models.Proposal.proposed_by == person.id, models.Proposal.state == "pending"
                )
            )
            decided = await decisions.accept_many(session, person, own.all(), "mine", now=NOW)
        assert "accepted" not in {one.result for one in decided}, person


async def _accepted_by_another(database: Any, writer: Writer) -> None:
    """Let a second person accept one of each kind."""
    second = replace(COORDINATOR, id="co2", name="Cora")
    async with database.session(Tier.WRITER) as session:
        session.add(models.Person(id="co2", email="x@example.org", name="Cora", role="coordinator"))
    for about in ("contact", "channel", "pathway", "checklist", "term", "crossing.source"):
        async with database.session(Tier.WRITER) as session:
            one = writer.waiting[about]
            seen = await pending.proposal_diff(session, second, one, now=NOW)
            await decisions.accept(session, second, one, "visto", now=NOW, revision=seen.revision)
