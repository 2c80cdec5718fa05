"""Part 4 over HTTP: what holds at once, what waits, what must be named, and what is never told."""

import asyncio
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select

from app.api.collections.transactions import routes
from geo.accounts import tokens
from geo.db.sessions import Tier
from geo.models import Crossing, CrossingStatus, Location, Proposal, RestrictedReader
from geo.records import space_documents
from geo.removals import hides
from tests.conftest import client_of, clone, opened
from tests.fixtures.clock import run_now
from tests.fixtures.desk import decide
from tests.fixtures.network import COORDINATOR, NOW, PEOPLE, SPACE, TODAY, edit_tokens, fill_network
from tiles.catalogue.layers import CATALOGUE

SPACES = "/collections/spaces/items"
CROSSING = "/collections/crossings/items/puente"
GEOJSON, PATCH = "application/geo+json", "application/merge-patch+json"
CRS = "http://www.opengis.net/def/crs"
LON, LAT = SPACE["lon"], SPACE["lat"]

#: One for each test that changes one, since they share a database.
OWN = ("parche", "abre", "cierra", "carrera", "reemplaza", "entero", "lugar", "minimo")


@pytest.fixture(scope="module")
async def desk(cluster, empty_template, settings_for):
    """Give a client over a small network, and a token of scope edit for each person."""
    settings = settings_for(clone(cluster, empty_template))
    async with opened(settings) as database:
        async with database.session(Tier.WRITER) as session:
            await fill_network(
                session,
                *({"id": one} for one in OWN),
                {"id": "oculta", "visibility": "restricted", "confidential": True, "name": "Oc"},
                {"id": "tapada"},
                {"id": "socios", "visibility": "partners", "address": "Calle 1", "lon": -72.51234},
                {"id": "etiqueta", "visibility": "partners"},
            )
            session.add(RestrictedReader(location_id="oculta", person="ed"))
            await hides.hide_space(session, "tapada", actor=COORDINATOR, reason="x")
            keys = await edit_tokens(session, *PEOPLE)
            _, keys["partner"] = await tokens.issue_token(
                session,
                scope="partner",
                holder="test",
                expires_at=run_now() + timedelta(days=1),
            )
        async with client_of(settings) as client:
            yield Desk(client, keys, database)


class Desk:
    def __init__(self, client, keys, database):
        self.client, self.keys, self.database = client, keys, database

    async def ask(self, method, path, person="ed", headers=None, **how):
        said = {"Authorization": f"Bearer {self.keys[person]}"} if person else {}
        said |= {"Accept-Encoding": "identity"} | (headers or {})
        return await self.client.request(method, path, headers=said, **how)

    async def tag(self, path, person="ed", **headers):
        answer = await self.ask("GET", path, person, headers)
        assert answer.status_code == 200, answer.text
        return answer.headers["etag"]

    async def change(self, method, path, body=None, person="ed", tag=None, media=None, **headers):
        """Change an item as somebody who has just read it."""
        media = media or (PATCH if method == "PATCH" else GEOJSON)
        sent = {} if body is None else {"Content-Type": media}
        sent["If-Match"] = tag or await self.tag(path, person)
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        how = {} if body is None else {"json": body}
        return await self.ask(method, path, person, sent, **how)

    async def decide(self, person, proposal_id, **form):
        return await decide(self.client, self.database, person, proposal_id, **form)

    async def document(self, space_id):
        async with self.database.session(Tier.WRITER) as session:
            return (await space_documents.read_documents(session, [space_id]))[space_id]

    async def count(self, model=Proposal, *conditions):
        async with self.database.session(Tier.WRITER) as session:
            return await session.scalar(select(func.count()).select_from(model).where(*conditions))


def feature(properties, lon=LON, lat=LAT, **more):
    point = {"type": "Point", "coordinates": [lon, lat]}
    return {"type": "Feature", "geometry": point, "properties": properties, **more}


def new_space(**changes):
    kept = {name: value for name, value in SPACE.items() if name not in {"id", "lon", "lat"}}
    return kept | changes


# --- what holds at once, and what waits (P40) ---------------------------------------------------


async def test_p40_a_patch_that_closes_holds_at_once(desk):
    path = f"{SPACES}/parche"
    before = await desk.tag(path)
    answer = await desk.change("PATCH", path, {"properties": {"status": "full"}}, tag=before)
    assert (answer.status_code, answer.content) == (204, b""), answer.text
    assert answer.headers["etag"] not in {before, None}
    # The same process' kept page of the time before is not given to who has just changed it.
    now = await desk.ask("GET", path)
    assert now.headers["etag"] == answer.headers["etag"]
    assert now.json()["properties"]["status"] == "full"
    seen = await desk.client.get(path)
    assert seen.json()["properties"]["status"] == "full"


async def test_p40_a_patch_that_opens_waits_and_says_where(desk):
    path = f"{SPACES}/abre"
    changes = {"services": ["information", "showers"], "notice": "no_food"}
    before = await desk.document("abre")
    answer = await desk.change(
        "PATCH", path, {"properties": changes, "reason": "lo dijo la coordinadora"}
    )
    assert answer.status_code == 202, answer.text
    body = answer.json()
    assert body["applied_fields"] == ["notice", "services"]
    assert body["waiting_fields"] == ["services"]
    assert answer.headers["location"] == f"http://amparo.test/proposals/{body['proposal_id']}"
    assert "etag" not in answer.headers
    assert await desk.document("abre") == before | {
        "services": ["information"],
        "notice": "Sin comida",
    }
    waiting = (await desk.ask("GET", answer.headers["location"], "ap")).json()
    assert (waiting["reason"], waiting["via"]) == ("lo dijo la coordinadora", "api")
    accepted = await desk.decide("ap", body["proposal_id"])
    assert accepted.status_code == 303, accepted.text
    assert (await desk.document("abre"))["services"] == ["information", "showers"]


async def test_p40_a_new_space_waits_and_is_not_there(desk):
    answer = await desk.ask(
        "POST",
        SPACES,
        headers={"Content-Type": GEOJSON},
        json=feature(new_space(name="Nueva"), id="nueva"),
    )
    assert answer.status_code == 202, answer.text
    assert answer.json()["record_id"] is None
    assert (await desk.ask("GET", f"{SPACES}/nueva")).status_code == 404
    location = answer.headers["location"]
    assert (await desk.ask("GET", location)).json()["name"] == "Nueva"
    accepted = await desk.decide("ap", location.rpartition("/")[2])
    assert accepted.status_code == 303, accepted.text
    made = (await desk.ask("GET", f"{SPACES}/nueva")).json()
    assert made["properties"]["services"] == SPACE["services"]
    assert made["geometry"]["coordinates"] == [LON, LAT]
    again = await desk.ask("POST", SPACES, json=feature(new_space(), id="nueva"))
    assert again.status_code == 409


async def test_p40_delete_closes_and_says_until_when_it_is_shown(desk):
    path = f"{SPACES}/cierra"
    answer = await desk.change("DELETE", path)
    assert answer.status_code == 202, answer.text
    body = answer.json()
    assert (body["applied"], body["applied_fields"]) == (True, ["status"])
    assert body["expires_on"] == (await desk.document("cierra"))["expires_on"]
    shown = await desk.client.get(path)
    assert shown.json()["properties"]["status"] == "closed"
    again = await desk.change("DELETE", path)
    assert (again.status_code, again.json()["applied"]) == (202, False)


async def test_p32_a_crossing_closes_at_once_and_opens_by_two(desk):
    # Today there: in the evening it is tomorrow by UTC.
    there = NOW.astimezone(ZoneInfo("America/Bogota")).date().isoformat()
    said = {"valid_from": there, "timezone": "America/Bogota", "source": "official"}
    closed = await desk.change(
        "PATCH", CROSSING, {"properties": {"state": "closed", **said}}, person="ap"
    )
    assert closed.status_code == 204, closed.text
    item = (await desk.client.get(CROSSING)).json()
    assert item["properties"]["state"] == "closed"
    opened_again = await desk.change(
        "PATCH", CROSSING, {"properties": {"state": "open", "valid_to": None, **said}}, person="ap"
    )
    assert opened_again.status_code == 202, opened_again.text
    assert (await desk.client.get(CROSSING)).json()["properties"]["state"] == "closed"
    moved = feature({"state": "closed", **said})
    assert (await desk.change("PATCH", CROSSING, moved, person="ap")).status_code == 400
    assert (
        await desk.change("PATCH", CROSSING, {"properties": {"state": "closed"}}, person="ap")
    ).json()["errors"][0]["field"] == "valid_from"


# --- If-Match -----------------------------------------------------------------------------------


async def test_a_change_names_what_it_was_made_from(desk):
    path = f"{SPACES}/casa"
    before = await desk.document("casa")
    tag = await desk.tag(path)
    body = {"properties": {"status": "closed"}}
    for method, sent in (("PATCH", body), ("PUT", feature(new_space())), ("DELETE", None)):
        kind = {} if sent is None else {"Content-Type": PATCH if method == "PATCH" else GEOJSON}
        how = {} if sent is None else {"json": sent}
        missing = await desk.ask(method, path, headers=kind, **how)
        assert missing.status_code == 428, missing.text
        assert "If-Match" in missing.json()["what_to_do"]
        for wrong in ('"0"', f"W/{tag}", tag.strip('"'), f'{tag[:-1]}-deflate"', ""):
            refused = await desk.ask(method, path, headers=kind | {"If-Match": wrong}, **how)
            assert refused.status_code == 412, (method, wrong, refused.text)
            assert refused.headers["content-type"] == "application/problem+json"
    assert await desk.document("casa") == before


@pytest.mark.every(2)
@pytest.mark.parametrize("coding", ["zstd", "br", "gzip", "identity"])
async def test_the_tag_of_any_coding_is_the_item_s(desk, coding):
    path = f"{SPACES}/casa"
    tag = await desk.tag(path, **{"Accept-Encoding": coding})
    same = {"properties": {"name": SPACE["name"]}}
    assert (await desk.change("PATCH", path, same, tag=f'"0", {tag}')).status_code == 204
    assert (await desk.change("PATCH", path, same, tag="*")).status_code == 204


async def test_a_tag_is_one_of_the_asker_s_tier_and_opens_no_304(desk):
    path = f"{SPACES}/etiqueta"
    assert (await desk.client.get(path)).status_code == 404
    tag = await desk.tag(path, "partner")
    again = await desk.ask("GET", path, headers={"If-None-Match": tag})
    assert (again.status_code, again.headers["cache-control"]) == (200, "private, no-store")
    answer = await desk.change("PATCH", path, {"properties": {"status": "full"}}, tag=tag)
    assert answer.status_code == 204


async def test_of_two_writers_the_second_learns_of_the_first(desk):
    path = f"{SPACES}/carrera"
    for notices in (
        ("Sin agua", "Sin comida"),
        ("Mudanza", "Mal tiempo"),
        ("No hay cupo", "Sin personal"),
    ):
        tag = await desk.tag(path)
        answers = await asyncio.gather(
            *(
                desk.change("PATCH", path, {"properties": {"notice": one}}, tag=tag)
                for one in notices
            )
        )
        assert sorted(answer.status_code for answer in answers) == [204, 412]
        won = notices[[answer.status_code for answer in answers].index(204)]
        assert (await desk.document("carrera"))["notice"] == won


@pytest.mark.long
async def test_many_writers_that_read_again_lose_nothing(desk):
    """Each says that one more thing is missing: in the end all are there."""
    path = f"{SPACES}/carrera"
    words = ["toilets", "drinking_water", "showers", "charging", "wifi", "kitchen"]

    async def add(word):
        while True:
            item = await desk.ask("GET", path)
            known = item.json()["properties"]["amenities"] or {}
            tag = item.headers["etag"]
            body = {"properties": {"amenities": known | {word: False}}}
            answer = await desk.change("PATCH", path, body, tag=tag)
            if answer.status_code == 204:
                return
            assert answer.status_code == 412, answer.text

    await asyncio.gather(*map(add, words))
    assert set(words) <= set((await desk.document("carrera"))["amenities"])


async def test_a_change_waits_for_one_that_is_not_committed(desk):
    path = f"{SPACES}/carrera"
    tag = await desk.tag(path)
    async with desk.database.session(Tier.WRITER) as session:
        await session.execute(select(Location.id).where(Location.id == "carrera").with_for_update())
        body = {"properties": {"notice": "tarde"}}
        waiting = asyncio.create_task(desk.change("PATCH", path, body, tag=tag))
        done, _ = await asyncio.wait([waiting], timeout=0.5)
        assert not done
        document = (await space_documents.read_documents(session, ["carrera"]))["carrera"]
        await space_documents.store_documents(
            session,
            [document | {"notice": "antes"}],
            now=run_now(),
            today=TODAY,
            source="test",
        )
    assert (await waiting).status_code == 412
    assert (await desk.document("carrera"))["notice"] == "antes"


# --- replacement --------------------------------------------------------------------------------


async def test_an_item_that_was_read_changed_and_sent_back_changes_just_that(desk):
    path = f"{SPACES}/reemplaza"
    before = await desk.document("reemplaza")
    item = (await desk.ask("GET", path)).json()
    item["properties"] |= {"status": "full"}
    answer = await desk.change("PUT", path, item)
    assert answer.status_code == 204, answer.text
    assert await desk.document("reemplaza") == before | {"status": "full"}
    again = await desk.change("PUT", path, (await desk.ask("GET", path)).json())
    assert again.status_code == 204, again.text
    assert again.headers["etag"] == answer.headers["etag"]


async def test_p5_what_the_asker_sees_blurred_is_not_blurred_by_sending_it_back(desk):
    path = f"{SPACES}/socios"
    before = await desk.document("socios")
    item = (await desk.ask("GET", path)).json()
    assert item["geometry"]["coordinates"][0] != before["lon"]
    assert item["properties"]["address"] is None
    item["properties"] |= {"status": "temporarily_closed"}
    assert (await desk.change("PUT", path, item)).status_code == 204
    assert await desk.document("socios") == before | {"status": "temporarily_closed"}


async def test_what_a_replacement_does_not_state_is_cleared(desk):
    path = f"{SPACES}/entero"
    before = await desk.document("entero")
    left = ("public_phones", "languages", "capacity", "available", "visibility", "schedules")
    stated = {name: value for name, value in new_space().items() if name not in left}
    answer = await desk.change("PUT", path, feature(stated), Prefer="return=representation")
    # Fewer languages and hours hold at once, and so do fewer numbers.
    assert answer.status_code == 200, answer.text
    assert answer.headers["preference-applied"] == "return=representation"
    assert answer.json()["properties"]["phones"] == []
    now = await desk.document("entero")
    assert now == before | {"public_phones": [], "languages": [], "schedules": []}


async def test_a_replacement_of_what_is_not_there_is_404(desk):
    count = await desk.count()
    for tag in ({}, {"If-Match": '"xyz"'}):
        answer = await desk.ask("PUT", f"{SPACES}/nunca", headers=tag, json=feature(new_space()))
        assert answer.status_code == 404
    assert await desk.count() == count


# --- geometry -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("uri", "there"),
    [
        (f"{CRS}/OGC/1.3/CRS84", [-72.51, 7.9]),
        (f"{CRS}/EPSG/0/4326", [7.9, -72.51]),
        (f"{CRS}/EPSG/0/4674", [7.9, -72.51]),
        (f"{CRS}/EPSG/0/3857", [-8071776.28, 882223.77]),
    ],
)
async def test_coordinates_are_of_the_stated_reference_system(desk, uri, there):
    body = {"geometry": {"type": "Point", "coordinates": there}}
    answer = await desk.change("PATCH", f"{SPACES}/lugar", body, Content_Crs=f"<{uri}>")
    assert answer.status_code == 202, answer.text
    assert answer.json()["waiting_fields"] == ["lat", "lon"]
    async with desk.database.session(Tier.WRITER) as session:
        stored = await session.get(Proposal, answer.json()["proposal_id"])
        assert stored.changes["lon"] == pytest.approx(-72.51, abs=1e-6)
        assert stored.changes["lat"] == pytest.approx(7.9, abs=1e-6)


@pytest.mark.parametrize("crs", ["OGC/1.3/CRS84", "EPSG/0/4326", "EPSG/0/3857"])
async def test_a_position_that_was_read_is_no_move(desk, crs):
    item = (await desk.ask("GET", f"{SPACES}/lugar?crs={CRS}/{crs}")).json()
    body = {"geometry": item["geometry"]}
    answer = await desk.change("PATCH", f"{SPACES}/lugar", body, Content_Crs=f"<{CRS}/{crs}>")
    assert answer.status_code == 204, answer.text


# --- mistakes -----------------------------------------------------------------------------------

MISTAKES = [
    ({"properties": {"phones": []}}, "phones", "public_phones"),
    ({"properties": {"verified_member": True}}, "verified_member", "follows"),
    ({"properties": {"fee_kind": "free"}}, "fee_kind", "fees"),
    ({"properties": {"lon": 1}}, "lon", "geometry"),
    ({"properties": {"id": "x"}}, "id", "id"),
    ({"properties": {"colour": 1}}, "colour", "not a field"),
    ({"properties": {"services": ["flying"]}}, "services", "not one of"),
    ({"properties": {"demo": True}}, "demo", "cannot be changed"),
    ({"properties": {"name": "x\x00"}}, "properties.name", "NUL"),
    ({"properties": {"status": {"a": {"b": 1}}}}, "status", ""),
    ({"properties": []}, "properties", "object"),
    ({"properties": None}, "properties", "object"),
    ({"type": "FeatureCollection"}, "type", "Feature"),
    ({"id": "otra"}, "id", "never changes"),
    ({"id": 1}, "id", "text"),
    ({"reason": None}, "reason", "text"),
    ({"reason": " ", "properties": {"status": "full"}}, "reason", "characters"),
    ({"geometry": None}, "geometry", "Point"),
    ({"geometry": {"type": "LineString", "coordinates": [[1, 2], [3, 4]]}}, "geometry", "Point"),
    ({"geometry": {"type": "Point", "coordinates": [1]}}, "geometry", "two"),
    ({"geometry": {"type": "Point", "coordinates": [1, "2"]}}, "geometry", "number"),
    ({"geometry": {"type": "Point", "coordinates": [True, 2]}}, "geometry", "number"),
    ({"geometry": {"type": "Point", "coordinates": [7.9, -172.5]}}, "geometry", "lon, lat"),
    ({"geometry": {"type": "Point", "coordinates": [2.35, 48.86]}}, "geometry", ""),
    ({"bbox": [1, 2, 3, 4]}, "bbox", "no member"),
    ([], "body", "Feature"),
    ("x", "body", "Feature"),
]


@pytest.mark.every(4)
@pytest.mark.parametrize(("body", "field", "words"), MISTAKES, ids=str)
async def test_every_mistake_names_its_field(desk, body, field, words):
    before, count = await desk.document("casa"), await desk.count()
    answer = await desk.change("PATCH", f"{SPACES}/casa", body, person="co")
    assert answer.status_code == 400, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    found = {error["field"]: error["reason"] for error in answer.json()["errors"]}
    assert field in found, found
    assert words in found[field]
    assert await desk.document("casa") == before
    assert await desk.count() == count


async def test_all_members_that_are_wrong_are_named_together(desk):
    body = {"type": "x", "geometry": 1, "properties": {"id": 1}, "colour": 2}
    answer = await desk.ask("POST", SPACES, json=body)
    named = {error["field"] for error in answer.json()["errors"]}
    assert named == {"type", "geometry", "id", "colour"}
    nothing = await desk.ask("POST", SPACES, json={})
    named = {error["field"] for error in nothing.json()["errors"]}
    assert (nothing.status_code, named) == (400, {"type", "geometry", "properties"})


async def test_media_types_and_reference_systems_are_named(desk):
    path = f"{SPACES}/casa"
    tag = await desk.tag(path)
    for method, where in (("POST", SPACES), ("PUT", path), ("PATCH", path)):
        named = {"If-Match": tag}
        missing = await desk.ask(method, where, headers=named, content=b"{}")
        assert (missing.status_code, missing.json()["field"]) == (400, "Content-Type")
        for kind in ("text/plain", "application/xml", "application/json-patch+json", "x"):
            sent = named | {"Content-Type": kind}
            refused = await desk.ask(method, where, headers=sent, content=b"{}")
            assert refused.status_code == 415, refused.text
    assert refused.headers["accept-patch"] == PATCH
    wrong = await desk.change("PATCH", path, {}, media="application/json")
    assert wrong.status_code == 415, "plain JSON does not say that null clears"
    for body in (b"", b"{", b'{"a": NaN}', b"\xff", b"[" * 5000):
        sent = {"If-Match": tag, "Content-Type": PATCH}
        assert (await desk.ask("PATCH", path, headers=sent, content=body)).status_code == 400
    odd = await desk.change("PATCH", path, {}, Content_Crs=f"<{CRS}/EPSG/0/9377>")
    assert (odd.status_code, odd.json()["field"]) == (400, "Content-Crs")
    asked = await desk.change("PATCH", f"{path}?crs=x", {}, tag=tag)
    assert (asked.status_code, asked.json()["field"]) == (400, "crs")


# --- who, and what is never told ----------------------------------------------------------------

CHANGES = [
    ("POST", SPACES, feature(new_space())),
    ("PUT", f"{SPACES}/casa", feature(new_space())),
    ("PATCH", f"{SPACES}/casa", {"properties": {"status": "closed"}}),
    ("DELETE", f"{SPACES}/casa", None),
    ("PATCH", CROSSING, {"properties": {"state": "closed"}}),
]


@pytest.mark.parametrize(("method", "path", "body"), CHANGES, ids=str)
async def test_p1_items_are_changed_by_token_of_a_person_alone(desk, method, path, body):
    before, count = await desk.document("casa"), await desk.count()
    kind = {"Content-Type": PATCH if method == "PATCH" else GEOJSON, "If-Match": "*"}
    how = {} if body is None else {"json": body}
    for headers in (
        {},
        {"Authorization": "Bearer nonsense"},
        {"Authorization": f"Bearer {desk.keys['partner']}"},
        {"Cookie": "amparo_session=x"},
    ):
        answer = await desk.ask(method, path, None, kind | headers, **how)
        assert answer.status_code == 401, (headers, answer.text)
    assert (await desk.ask(method, path, "vi", kind, **how)).status_code == 403
    other = "pe" if path == CROSSING else "ed2"
    if method != "POST" and path != CROSSING:
        assert (await desk.ask(method, path, other, kind, **how)).status_code == 403
    assert await desk.document("casa") == before
    assert await desk.count() == count


async def test_p39_what_is_hidden_and_what_never_existed_get_the_same_answer(desk):
    for method in ("PUT", "PATCH", "DELETE"):
        kind = {"Content-Type": PATCH if method == "PATCH" else GEOJSON}
        how = {} if method == "DELETE" else {"json": feature({"name": "x"})}
        # "ed" is even named for the restricted one: it is in no collection all the same.
        for person, asked in (
            ("ed", ({}, {"If-Match": "*"}, {"If-Match": '"0"'})),
            ("co", ({},)),
            ("ad", ({},)),
        ):
            for more in asked:
                answers = [
                    await desk.ask(method, f"{SPACES}/{one}", person, kind | more, **how)
                    for one in ("nunca", "oculta", "tapada", "x%00y", "a/b")
                ]
                assert {answer.status_code for answer in answers} == {404}
                assert len({answer.content for answer in answers}) == 1
                assert len({str(sorted(answer.headers)) for answer in answers}) == 1
    assert (await desk.document("oculta"))["status"] == "active"


async def test_p39_the_id_of_a_restricted_space_is_free_to_be_proposed(desk):
    """Else a refusal would tell that it exists; accepting it is what is refused."""
    first, second = [
        await desk.ask("POST", SPACES, json=feature(new_space(), id=one))
        for one in ("oculta", "libre")
    ]
    assert first.status_code == second.status_code == 202
    assert first.json().keys() == second.json().keys()


async def test_p38_protected_services_restrict_and_are_shown_to_nobody(desk):
    body = feature(new_space(name="Casa protegida", services=["gbv_response"]), id="protegida")
    answer = await desk.ask("POST", SPACES, json=body)
    assert answer.status_code == 202, answer.text
    accepted = await desk.decide("ap", answer.headers["location"].rpartition("/")[2])
    assert accepted.status_code == 303, accepted.text
    for person in (None, "partner", "ed2"):
        assert (await desk.ask("GET", f"{SPACES}/protegida", person)).status_code == 404
    is_restricted = Location.visibility == "restricted"
    assert await desk.count(Location, Location.id == "protegida", is_restricted) == 1


async def test_p31_who_restricts_a_space_is_answered_without_it(desk):
    path = f"{SPACES}/minimo"
    answer = await desk.change(
        "PATCH", path, {"properties": {"visibility": "restricted"}}, Prefer="return=representation"
    )
    # P52: it is hidden, and restricted when a second person agrees.
    assert (answer.status_code, answer.json()["hidden"]) == (202, True)
    assert "etag" not in answer.headers
    assert (await desk.ask("GET", path)).status_code == 404


# --- methods ------------------------------------------------------------------------------------


def allowed(answer):
    return set(answer.headers["allow"].split(", "))


async def test_options_tell_what_can_be_changed(desk):
    whole = await desk.client.options(SPACES)
    assert (whole.status_code, whole.content) == (200, b"")
    assert allowed(whole) == {"GET", "HEAD", "OPTIONS", "POST"}
    assert whole.headers["accept-post"] == "application/geo+json, application/json"
    one = await desk.client.options(f"{SPACES}/casa")
    assert allowed(one) == {"GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE"}
    assert one.headers["accept-patch"] == PATCH
    assert allowed(await desk.client.options(CROSSING)) == {"GET", "HEAD", "OPTIONS", "PATCH"}


@pytest.mark.parametrize("layer", [layer.name for layer in CATALOGUE])
async def test_what_cannot_be_changed_is_405_with_what_can(desk, layer):
    for path in (f"/collections/{layer}/items", f"/collections/{layer}/items/x"):
        can = allowed(await desk.client.options(path))
        assert {"GET", "HEAD"} <= can
        for method in {"POST", "PUT", "PATCH", "DELETE", "PROPFIND"} - can:
            answer = await desk.ask(method, path, "co", json={})
            assert answer.status_code == 405, (method, path)
            assert allowed(answer) == can
            assert answer.headers["content-type"] == "application/problem+json"


async def test_the_document_has_the_operations_that_exist(desk):
    paths = (await desk.client.get("/api")).json()["paths"]
    declared = {
        (path, method.upper())
        for path, operations in paths.items()
        for method in operations
        if path.startswith("/collections/") and method != "get"
    }
    answered = {
        (route.path.replace(":path", ""), method)
        for route in routes()
        for method in route.methods - {"OPTIONS", "HEAD", "GET"}
    }
    assert declared == answered


async def test_a_body_beyond_the_limit_is_refused(desk):
    body = b'{"properties": {"name": "' + b"x" * 2_000_000 + b'"}}'
    sent = {"Content-Type": PATCH, "If-Match": "*"}
    answer = await desk.ask("PATCH", f"{SPACES}/casa", headers=sent, content=body)
    assert answer.status_code == 413


async def test_a_crossing_s_statements_do_not_outrun_each_other(desk):
    said = {"state": "not_known", "valid_from": TODAY.isoformat(), "timezone": "UTC"}
    tag = await desk.tag(CROSSING, "ap")
    count = await desk.count(CrossingStatus)
    answers = await asyncio.gather(
        *(
            desk.change(
                "PATCH", CROSSING, {"properties": {**said, "source": who}}, person="ap", tag=tag
            )
            for who in ("official", "press")
        )
    )
    assert sorted(answer.status_code for answer in answers) == [204, 412]
    assert await desk.count(CrossingStatus) == count + 1
    assert await desk.count(Crossing) == 1
