"""P2, P8, P24, P38, P39: what is hidden is in no answer, of any endpoint, as of any date.

Two ways to look. No answer may hold the id or the name of a hidden space. And no answer may
change when hidden spaces are deleted: then they took no part in any computation either.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any, NamedTuple
from urllib.parse import parse_qsl
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import delete, func, or_, select
from starlette.routing import Mount, Route

from app.packs.street_maker import street_code
from geo import models
from geo.db.sessions import Tier
from geo.models import PROTECTED_SERVICES
from geo.removals import hides as removals
from tests.conftest import client_of, clone, opened, partner_header, run_sql
from tests.fixtures.clock import run_now, run_today
from tests.fixtures.examples import is_long
from tests.fixtures.leak_values import TOWN_CODES
from tiles.downloads.formats import FORMATS
from tiles.tile_matrix import MAX_ZOOM

LAYERS = ("spaces", "services", "crossings", "hazards", "roads", "boundaries", "places", "flows",
          "corridors", "coverage", "access", "rivers", "ground", "landscape")  # fmt: skip

#: Town centres at which the demo has a confidential space.
SAFE_HOUSE_TOWNS = {
    "Cúcuta": (-72.508, 7.894),
    "Necoclí": (-76.787, 8.426),
    "Cali": (-76.523, 3.437),
    "Quito": (-78.525, -0.230),
    "Boa Vista": (-60.673, 2.820),
}

#: What is hidden in an emergency (P24): all within west, south, east, north on the bridges of
#: Cúcuta, and these one by one.
HIDDEN_BOUNDS = (-72.48, 7.8, -72.4, 8.0)
HIDDEN_SPACES = ("DEMO-006", "DEMO-034", "DEMO-042")
HIDDEN_CROSSING = "X-RUMICHACA-CO"

#: Distinct questions of the walk, at least: of each hidden space there are some fifty.
QUESTIONS = 2_500

#: Of questions of one form each run asks the first few and every nth; `--long` asks all. Most are
#: asked of what names a hidden record, by id: the first are one of each kind. Fewest are asked of
#: what is worked out alike from town to town, of layers that hold nothing of any space, which take
#: turns, and of the console, which leads to the sign-in whatever is named.
OF_A_RECORD, OF_MOST, OF_THE_FEWEST = (5, 8), (2, 7), (1, 13)
OF_THE_GROUND = {"boundaries", "ground", "landscape", "places", "rivers", "roads"}
JOURNEYS = {"/routes", "/routes/tradeoffs", "/itineraries", "/corridors/coverage", "/coverage",
            "/ogc/routes", "/plan", "/v2/directions/{profile}/geojson"}  # fmt: skip

#: What the clock writes and nothing else.
CLOCK = re.compile(
    rb'"(data_as_of|timeStamp|at)":"[^"]*"|<time[^>]*>[^<]*</time>|value="20\d\d-[^"]*"'
    # A form's token, or its number, new at every reading.
    rb'|name="(?:csrf|id)" value="[^"]*"'
)


#: What the id and the name of every space of the demonstration contain.
DEMO = b"DEMO"


def timeless(content: bytes) -> bytes:
    """Leave out what the clock writes, and how often SQLite wrote a file: its header says so."""
    if content.startswith(b"SQLite format 3"):
        content = content[:24] + content[28:92] + content[96:]
    return CLOCK.sub(b"", content)


class Asked(NamedTuple):
    """One request, with the path template it stands for."""

    template: str
    method: str
    path: str
    body: Any = None
    form: dict[str, str] | None = None
    headers: dict[str, str] | None = None


def days() -> list[str]:
    today = run_today()
    return [(today + timedelta(days=d)).isoformat() for d in (-365, -60, -10, 0, 30)]


def requests(hidden_ids: list[str]) -> Iterator[Asked]:
    for path in ("/health", "/conformance", "/collections", "/api", "/ogc", "/ogc/conformance"):
        yield Asked(path, "GET", path)
    for path in ("/styles", "/legend", "/basemap.pmtiles"):
        yield Asked(path, "GET", path)
    yield from tilings()
    for style in ("amparo", "basemap", *LAYERS):
        yield Asked("/styles/{style}", "GET", f"/styles/{style}")
    for query in ("", "?lang=ht", "?vocabulary=space_kind", "?vocabulary=service&lang=en"):
        yield Asked("/vocabularies", "GET", f"/vocabularies{query}")
    yield from documentation()
    yield from pages()
    for layer in LAYERS:
        yield from layer_requests(layer, hidden_ids)
    for lon, lat in SAFE_HOUSE_TOWNS.values():
        for service in ("", "&service=overnight", "&service=psychosocial_support"):
            yield Asked(
                "/spaces/nearest", "GET", f"/spaces/nearest?lon={lon}&lat={lat}&limit=100{service}"
            )
    yield from matches()
    yield from exports()
    yield from hides()
    yield from journeys()
    yield from planned()
    for service in models.PROTECTED_SERVICES:
        body = {
            "start": SAFE_HOUSE_TOWNS["Cúcuta"],
            "end": SAFE_HOUSE_TOWNS["Cali"],
            "services": [service],
        }
        yield Asked("/coverage", "POST", "/coverage", body)
        yield Asked(
            "/spaces/nearest", "GET", f"/spaces/nearest?lon=-72.5&lat=7.9&service={service}"
        )
    yield Asked("/movement", "POST", "/movement", [{"name": "x"}])
    yield from account_requests()
    yield from guidance_requests(hidden_ids)
    yield from voices_requests(hidden_ids)
    yield from standards_requests()
    yield from records_requests(hidden_ids)
    yield from item_changes(hidden_ids)
    yield from desk_requests(hidden_ids)
    yield from keeping_requests(hidden_ids)
    yield from space_pages(hidden_ids)
    yield from low_tech(hidden_ids)
    yield from taken_along()


def tilings() -> Iterator[Asked]:
    for path in ("/tiles", "/tiles/WebMercatorQuad", "/tileMatrixSets"):
        yield Asked(path, "GET", path)
    yield Asked("/tileMatrixSets/WebMercatorQuad", "GET", "/tileMatrixSets/WebMercatorQuad")
    for unknown in ("/collections/{layer}/{rest:path}", "/tiles/{layer}/{rest:path}"):
        yield Asked(unknown, "GET", unknown.replace("{layer}", "no").replace("{rest:path}", "x/y"))


def account_requests() -> Iterator[Asked]:
    entry = "/network/sign-in"
    yield Asked(entry, "GET", f"{entry}?next=/network/spaces/DEMO-008")
    yield Asked(entry, "POST", entry, form={"email": "a@b.c", "password": "x", "csrf": "x"})
    for name in ("code", "factor"):
        yield Asked(f"{entry}/{name}", "GET", f"{entry}/{name}?next=/network/spaces/DEMO-008")
        yield Asked(f"{entry}/{name}", "POST", f"{entry}/{name}", form={"code": "1", "csrf": "x"})
    yield Asked("/network/sign-out", "POST", "/network/sign-out", form={"csrf": "x"})
    yield Asked(f"{entry}/oidc", "GET", f"{entry}/oidc")
    yield Asked(f"{entry}/oidc/callback", "GET", f"{entry}/oidc/callback?code=x&state=y")
    invitation = "/network/invitation/{token}"
    yield Asked(invitation, "GET", "/network/invitation/x")
    yield Asked(invitation, "POST", "/network/invitation/x", form={"csrf": "x", "password": "x"})


def keeping_requests(hidden_ids: list[str]) -> Iterator[Asked]:
    """Files, pairs, terms, accounts and texts: nobody without a sign-in learns of any."""
    n, sent = "/network", {"csrf": "x", "reason": "x"}
    batch, term, people = f"{n}/imports/{{batch}}", f"{n}/vocabulary/space_kind/x", f"{n}/people"
    guidance, standards, voices = f"{n}/guidance", f"{n}/standards", f"{n}/voices"
    wording, digest = f"{n}/wording/{{language}}", "0" * 32
    read = {
        f"{n}/imports": f"{n}/imports",
        batch: f"{n}/imports/x",
        f"{batch}/mapping": f"{n}/imports/x/mapping",
        f"{batch}/report.csv": f"{n}/imports/x/report.csv",
        f"{n}/corridors": f"{n}/corridors?corridor=x",
        f"{n}/corridors/what-if": f"{n}/corridors/what-if?corridor=x",
        f"{n}/corridors/scenarios/{{scenario}}": f"{n}/corridors/scenarios/x",
        f"{n}/corridors/reach.geojson": f"{n}/corridors/reach.geojson?corridor=x",
        f"{n}/siting": f"{n}/siting",
        f"{n}/siting/result.csv": f"{n}/siting/result.csv",
        f"{n}/siting/result.json": f"{n}/siting/result.json",
        f"{n}/duplicates": f"{n}/duplicates",
        f"{n}/vocabulary": f"{n}/vocabulary?vocabulary=service",
        f"{n}/vocabulary/{{vocabulary}}/{{code}}": term,
        people: people,
        f"{people}/tokens": f"{people}/tokens",
        f"{people}/{{person}}": f"{people}/x",
        f"{n}/tokens": f"{n}/tokens",
        f"{n}/factor": f"{n}/factor",
        f"{n}/crossings": f"{n}/crossings",
        f"{n}/crossings/{{crossing}}": f"{n}/crossings/x",
        f"{n}/organizations": f"{n}/organizations",
        f"{n}/organizations/{{organization}}": f"{n}/organizations/x",
        f"{n}/audit": f"{n}/audit?record={hidden_ids[0]}",
        voices: voices,
        f"{n}/wording": f"{n}/wording",
        wording: f"{n}/wording/ht",
        f"{wording}/texts.po": f"{n}/wording/ht/texts.po",
        f"{wording}/{{digest}}": f"{n}/wording/ht/{digest}",
        guidance: guidance,
        standards: standards,
        f"{standards}/checklists/new": f"{standards}/checklists/new",
        f"{standards}/checklists/{{checklist}}": f"{standards}/checklists/x",
        f"{standards}/assessments/{{assessment}}": f"{standards}/assessments/x",
        f"{guidance}/contacts/{{contact}}": f"{guidance}/contacts/x",
        **{
            f"{guidance}/{name}": f"{guidance}/{name}"
            for name in (
                "messages",
                "products",
                "practices",
                "contacts",
                "channels",
                "pathways",
            )
        },
    }
    for template, path in read.items():
        yield Asked(template, "GET", path, headers={"Accept": "text/html"})
    written = {template: path.partition("?")[0] for template, path in read.items()} | {
        f"{batch}/apply": f"{n}/imports/x/apply",
        f"{batch}/discard": f"{n}/imports/x/discard",
        f"{n}/corridors/scenarios/{{scenario}}/delete": f"{n}/corridors/scenarios/x/delete",
        f"{n}/siting/cancel": f"{n}/siting/cancel",
        f"{people}/organizations": f"{people}/organizations",
        f"{people}/tokens/{{token}}/revoke": f"{people}/tokens/x/revoke",
        f"{n}/tokens/{{token}}/revoke": f"{n}/tokens/x/revoke",
        f"{voices}/complaints/{{complaint}}": f"{voices}/complaints/x",
        f"{voices}/rumours": f"{voices}/rumours",
        f"{voices}/rumours/{{rumour}}": f"{voices}/rumours/x",
        f"{guidance}/{{kind}}/{{text}}": f"{guidance}/messages/x",
        f"{standards}/members/{{organization}}": f"{standards}/members/x",
        f"{wording}/import": f"{n}/wording/ht/import",
    }
    only_read = {batch, f"{batch}/report.csv", voices, guidance, f"{guidance}/contacts"}
    only_read |= {f"{n}/crossings", f"{n}/organizations", wording, f"{wording}/texts.po"}
    only_read |= {
        f"{n}/corridors/reach.geojson",
        f"{n}/siting/result.csv",
        f"{n}/siting/result.json",
    }
    only_read |= {f"{n}/corridors/scenarios/{{scenario}}"}
    for template, path in written.items():
        if template not in only_read and template != f"{n}/duplicates":
            yield Asked(template, "POST", path, form=sent)
    for hidden in hidden_ids:
        path = f"{n}/duplicates/DEMO-001/{hidden}"
        page = {"Accept": "text/html"}
        yield Asked(f"{n}/duplicates/{{left}}/{{right}}", "GET", path, headers=page)
        yield Asked(f"{n}/duplicates/{{left}}/{{right}}", "POST", path, form=sent | {"do": "merge"})


def table_requests(hidden: str) -> Iterator[Asked]:
    """Files of the desk's tables, acts on several of their rows, and small forms in their cells."""
    sent = {"csrf": "x", "reason": "x", "space": hidden, "row": f"1 {hidden}", "action": "close"}
    for table in ("spaces", "expiring"):
        path = f"/network/tables/{table}/rows.csv?q={hidden}"
        yield Asked(f"/network/tables/{table}/rows.{{suffix}}", "GET", path)
    for act in ("", "/ask", "/close", "/confirm"):
        yield Asked(f"/network/bulk{act}", "POST", f"/network/bulk{act}", form=sent)
    for part in ("status", "beds"):
        template, path = f"/network/spaces/{{space}}/{part}", f"/network/spaces/{hidden}/{part}"
        yield Asked(template, "GET", path, headers={"Accept": "text/html"})
        yield Asked(template, "POST", path, form=sent)
    at_once = f"/network/spaces/{hidden}/now/full"
    yield Asked("/network/spaces/{space}/now/{state}", "POST", at_once, form=sent)


def desk_requests(hidden_ids: list[str]) -> Iterator[Asked]:
    """Without a sign-in every page of the console leads to the sign-in, whatever it names."""
    page = {"Accept": "text/html"}
    for name in (
        "",
        "/links",
        "/missing",
        "/queue",
        "/spaces",
        "/spaces/new",
        "/expiring",
        "/hides",
        "/visits",
        "/visit-page",
        "/visit-token",
    ):
        yield Asked(f"/network{name}", "GET", f"/network{name}", headers=page)
    sent = {"csrf": "x", "reason": "x"}
    for name in ("/queue/accept", "/spaces/new", "/expiring", "/hides", "/visits"):
        yield Asked(f"/network{name}", "POST", f"/network{name}", form=sent, headers=page)
    there = sent | {"lon": "-72.5", "lat": "7.9"}
    yield Asked("/network/position", "POST", "/network/position", form=there, headers=page)
    closed = sent | {"crossing": "puente", "state": "closed"}
    yield Asked("/network/crossings", "POST", "/network/crossings", form=closed, headers=page)
    seen = sent | {"surveyed_lon": "-72.5", "surveyed_lat": "7.9", "surveyed_on": "2026-01-01"}
    position = "/network/crossings/{crossing}/position"
    yield Asked(position, "POST", "/network/crossings/puente/position", form=seen, headers=page)
    yield Asked("/network/imports/forget", "POST", "/network/imports/forget", form=sent)
    proposal = "/network/proposals/{proposal}"
    yield Asked(proposal, "GET", "/network/proposals/x", headers=page)
    yield Asked(proposal, "POST", "/network/proposals/x", form=sent | {"do": "accept"})
    report = "/network/reports/{report}"
    yield Asked(report, "GET", "/network/reports/x", headers=page)
    yield Asked(report, "POST", "/network/reports/x", form=sent | {"do": "discard"}, headers=page)
    yield Asked("/network/hides/{hide_id}/lift", "POST", "/network/hides/x/lift", form=sent)
    confirm = "/network/removals/{removal_id}/confirm"
    yield Asked(confirm, "POST", "/network/removals/x/confirm", form=sent)
    yield Asked("/network/language", "POST", "/network/language", form=sent)
    yield Asked("/network/bulk/undo", "POST", "/network/bulk/undo", form=sent | {"action": "x"})
    for part in ("columns", "views"):
        template, path = f"/network/tables/{{table}}/{part}", f"/network/tables/spaces/{part}"
        yield Asked(template, "POST", path, form=sent | {"name": "x"})
    for hidden in hidden_ids:
        yield from table_requests(hidden)
        template, path = "/network/spaces/{space}", f"/network/spaces/{hidden}"
        yield Asked("/network/spaces", "GET", f"/network/spaces?q={hidden}", headers=page)
        yield Asked("/network/visits/{space}", "GET", f"/network/visits/{hidden}")
        seen = sent | {"id": str(uuid4()), "space": hidden, "revision": "1", "answer": "full"}
        yield Asked("/network/visits", "POST", "/network/visits", form=seen)
        yield Asked("/network/hides", "GET", f"/network/hides?space={hidden}", headers=page)
        meant = sent | {"entity": "space", "space": hidden}
        yield Asked("/network/hides", "POST", "/network/hides", form=meant, headers=page)
        yield Asked(template, "GET", path, headers=page)
        yield Asked(template, "POST", path, form=sent, headers=page)
        for verb in ("open", "close", "answer", "link", "hide", "release"):
            yield Asked(f"{template}/{verb}", "POST", f"{path}/{verb}", form=sent, headers=page)


def records_requests(hidden_ids: list[str]) -> Iterator[Asked]:
    """Without a token: nothing is told, of whichever id."""
    body = {"reason": "x"}
    yield Asked("/proposals", "GET", "/proposals")
    yield Asked("/proposals", "POST", "/proposals", {"changes": {"name": "x"}, **body})
    yield Asked("/proposals/accept", "POST", "/proposals/accept", {"ids": ["x"], **body})
    yield Asked("/proposals/{proposal}", "GET", "/proposals/x")
    for verb in ("accept", "reject", "withdraw"):
        path = f"/proposals/{{proposal}}/{verb}"
        yield Asked(path, "POST", f"/proposals/x/{verb}", body)
    for hidden in hidden_ids:
        yield Asked("/spaces/{space}/record", "GET", f"/spaces/{hidden}/record")
        close = {"status": "closed", **body}
        yield Asked("/spaces/{space}/close", "POST", f"/spaces/{hidden}/close", close)
    yield Asked("/confirm/{token}", "GET", "/confirm/x")
    yield Asked("/confirm/{token}", "POST", "/confirm/x", form={"answer": "closed"})


def item_changes(hidden_ids: list[str]) -> Iterator[Asked]:
    """Without a token: nothing is told, of whichever id."""
    changed = {"type": "Feature", "geometry": None, "properties": {"status": "closed"}}
    spaces, one = "/collections/spaces/items", "/collections/spaces/items/{item:path}"
    yield Asked(spaces, "POST", spaces, changed)
    for hidden in hidden_ids:
        for method in ("PUT", "PATCH", "DELETE"):
            yield Asked(one, method, f"{spaces}/{hidden}", changed, headers={"If-Match": "*"})
    crossings = "/collections/crossings/items"
    yield Asked(f"{crossings}/{{item:path}}", "PATCH", f"{crossings}/x", changed)


def matches() -> Iterator[Asked]:
    for lon, lat in SAFE_HOUSE_TOWNS.values():
        for service in ("overnight", "psychosocial_support", "information"):
            at = f"/spaces/match?lon={lon}&lat={lat}&service={service}&limit=20"
            yield Asked("/spaces/match", "GET", at)
            need = {
                "lon": lon,
                "lat": lat,
                "service": [service],
                "age": 15,
                "alone": True,
                "documents": ["none"],
                "limit": 20,
            }
            yield Asked("/spaces/match", "POST", "/spaces/match", need)
    for service in models.PROTECTED_SERVICES:
        yield Asked("/spaces/match", "GET", f"/spaces/match?lon=-72.5&lat=7.9&service={service}")


def hides() -> Iterator[Asked]:
    for path in ("/hides", "/hides/x"):
        template = "/hides/{hide}" if path.endswith("x") else path
        yield Asked(template, "GET" if path == "/hides" else "DELETE", path, {"reason": "x"})
    for space in ("DEMO-008", "DEMO-999"):
        body = {"entity": "space", "id": space, "reason": "x"}
        yield Asked("/hides", "POST", "/hides", body)


def exports() -> Iterator[Asked]:
    for name in ("hsds", "hxl", "csv", "xlsx", "geojson", "gpkg", "text", "none"):
        for asked in (
            "",
            "?country=CO",
            "?admin1=Norte de Santander&service=overnight",
            *(f"?locality={town}" for town in SAFE_HOUSE_TOWNS),
            *(f"?service={service}" for service in models.PROTECTED_SERVICES),
        ):
            yield Asked("/exports/{format}", "GET", f"/exports/{name}{asked}")


def guidance_requests(hidden_ids: list[str]) -> Iterator[Asked]:
    for area in ("", "?country=CO", "?country=CO&admin1=Norte de Santander", "?country=PE"):
        yield Asked("/contacts", "GET", f"/contacts{area}")
        yield Asked("/channels", "GET", f"/channels{area}")
    for lang in ("es", "pt"):
        yield Asked("/messages", "GET", f"/messages?lang={lang}")
        yield Asked("/messages", "GET", f"/messages?lang={lang}&audience=partners")
        yield Asked("/messages/{key}", "GET", f"/messages/altitude_cold?lang={lang}")
    yield Asked("/products", "GET", "/products")
    for hidden in hidden_ids:
        yield Asked("/products", "GET", f"/products?space={hidden}")
        yield Asked("/practices", "GET", f"/practices?space={hidden}")
    for need in ("legal_advice", "overnight", *models.PROTECTED_SERVICES):
        at = f"need={need}&country=CO"
        yield Asked("/pathways", "GET", f"/pathways?{at}")
        yield Asked("/pathways", "GET", f"/pathways?{at}&admin1=Norte de Santander")
        yield Asked("/pathways/controlled", "GET", f"/pathways/controlled?{at}")
    yield Asked("/message-drafts", "GET", "/message-drafts")
    for method in ("PUT", "DELETE"):
        yield Asked("/contacts/{item}", method, "/contacts/DEMO-C11", {})
    yield Asked("/channels/{item}", "PUT", "/channels/DEMO-K04", {})
    for lang in ("es", "ht"):
        yield Asked("/advice", "GET", f"/advice?lang={lang}")
    yield Asked("/pathways/{item}", "PUT", "/pathways/DEMO-W03", {})
    yield Asked("/pathways/{item}/readers", "POST", "/pathways/DEMO-W03/readers", {"person": "x"})
    for what in ("messages", "products", "practices"):
        yield Asked(f"/{what}", "POST", f"/{what}", {})
        yield Asked(f"/{what}/{{item}}/submit", "POST", f"/{what}/x/submit")
        yield Asked(f"/{what}/{{item}}/review", "POST", f"/{what}/x/review", {"accept": True})
    yield Asked("/messages/{item}/retire", "POST", "/messages/x/retire")


def voices_requests(hidden_ids: list[str]) -> Iterator[Asked]:
    for space in hidden_ids:
        yield Asked("/feedback", "POST", "/feedback", {"space": space, "was_served": True})
        complaint = {"space": space, "category": "other"}
        yield Asked("/complaints", "POST", "/complaints", complaint)
        yield Asked("/complaints", "POST", "/complaints", {**complaint, "country": "CO"})
    for service in ("food", *models.PROTECTED_SERVICES):
        asked = {"service": service, "country": "CO"}
        yield Asked("/requests", "POST", "/requests", asked)
    for path in ("/feedback/counts", "/requests/counts", "/feedback/spaces", "/complaints"):
        yield Asked(path, "GET", path)
    yield Asked("/complaints/{item}", "POST", "/complaints/x", {"state": "closed"})
    yield Asked("/rumours", "GET", "/rumours?country=CO")
    for lon, lat in SAFE_HOUSE_TOWNS.values():
        seen = {"id": str(uuid4()), "kind": "flood", "lon": lon, "lat": lat, "seen_on": days()[3]}
        for sent in (seen, seen, seen | {"kind": "robbery"}, seen | {"kind": "police_control"}):
            yield Asked("/reports", "POST", "/reports", sent)
    yield Asked("/report", "GET", "/report?lang=en")
    form = {"id": str(uuid4()), "kind": "flood", "place": "Cúcuta, CO"}
    yield Asked("/report", "POST", "/report", form=form)
    yield Asked("/rumours", "POST", "/rumours", {})
    yield Asked("/rumours/{item}/answer", "POST", "/rumours/x/answer", {"message": "x"})
    yield Asked("/rumours/{item}/retire", "POST", "/rumours/x/retire")


def standards_requests() -> Iterator[Asked]:
    yield Asked("/standards", "GET", "/standards")
    yield Asked("/standards/checklists", "POST", "/standards/checklists", {})
    for method, tail in (
        ("POST", "checklists/{item}/publish"),
        ("POST", "checklists/{item}/retire"),
        ("POST", "spaces/{item}/assessments"),
        ("GET", "spaces/{item}/assessments"),
        ("GET", "assessments/{item}"),
        ("PUT", "assessments/{item}/answers"),
        ("POST", "assessments/{item}/submit"),
        ("POST", "assessments/{item}/verify"),
        ("POST", "organizations/{item}/membership"),
        ("POST", "organizations/{item}/membership/withdraw"),
    ):
        path = f"/standards/{tail}"
        yield Asked(path, method, path.replace("{item}", "x"), None if method == "GET" else {})


def space_pages(hidden_ids: list[str]) -> Iterator[Asked]:
    """Pages of single spaces, hidden and visible ones beside hidden ones, and their forms."""
    for space in (*hidden_ids, "DEMO-001", "DEMO-006"):
        for query in ("?f=json", "?f=html", "?f=html&lang=en"):
            yield Asked("/spaces/{space}", "GET", f"/spaces/{space}{query}")
        path = f"/spaces/{space}/complaint"
        yield Asked("/spaces/{space}/complaint", "GET", path)
        yield Asked("/spaces/{space}/complaint", "POST", path, form={"category": "other"})
        path = f"/spaces/{space}/feedback"
        yield Asked("/spaces/{space}/feedback", "POST", path, form={"said": "served"})
    for service in ("food", *models.PROTECTED_SERVICES):
        missed = {"service": service, "country": "CO", "admin1": "Norte de Santander"}
        yield Asked("/missing", "POST", "/missing", form=missed)
    yield Asked("/match", "GET", "/match")
    for town in ("Cúcuta, CO", "Quito, EC"):
        for service in ("overnight", "psychosocial_support", *models.PROTECTED_SERVICES):
            need = {"place": town, "service": service, "age": "15", "alone": "yes"}
            yield Asked("/match", "POST", "/match", form=need)


def low_tech(hidden_ids: list[str]) -> Iterator[Asked]:
    """Messages, lists and posters: passed on to anybody, so of public spaces alone."""
    for query in ("", "?country=CO", "?country=XX"):
        yield Asked("/txt", "GET", f"/txt{query}")
    for code in (*TOWN_CODES, "1", "x"):
        for service in ("", *(f"&service={one}" for one in ("overnight", "gbv_response", "x"))):
            yield Asked("/txt/{code}", "GET", f"/txt/{code}?parts=6{service}")
            for f in ("html", "text", "png"):
                yield Asked("/lists/{code}", "GET", f"/lists/{code}?f={f}{service}")
    for space in (*hidden_ids, "DEMO-001", "DEMO-006"):
        template = "/spaces/{space}/poster.pdf"
        yield Asked(template, "GET", template.replace("{space}", space))
        yield Asked("/s/{space}", "GET", f"/s/{space}?f=html")
        yield Asked("/plan", "POST", "/plan", form={"end_choice": f"space:{space}"})


def documentation() -> Iterator[Asked]:
    for path in ("/docs", "/docs/reference"):
        yield Asked(path, "GET", path)
    for topic in ("access", "errors", "use"):
        yield Asked("/docs/{name}", "GET", f"/docs/{topic}")
    yield Asked("/docs/examples/{name}", "GET", "/docs/examples/items.py")
    for layer in LAYERS:
        yield Asked("/docs/collections/{layer}", "GET", f"/docs/collections/{layer}")


def pages() -> Iterator[Asked]:
    yield Asked("/", "GET", "/?f=json")
    for lang in ("es", "en", "pt"):
        yield Asked("/", "GET", f"/?f=html&lang={lang}")
    yield Asked("/", "GET", "/?f=html&service=overnight")
    form = {"start": "Cúcuta, CO", "end": "Bucaramanga, CO", "mode": "foot", "at": ""}
    yield Asked("/plan", "POST", "/plan", form=form)
    yield Asked("/plan", "POST", "/plan", form={**form, "end": "Espacio seguro"})
    yield Asked("/plan", "POST", "/plan", form={**form, "file": "kml:0"})


def layer_requests(layer: str, hidden_ids: list[str]) -> Iterator[Asked]:
    yield Asked("/collections/{layer}", "GET", f"/collections/{layer}")
    yield Asked("/collections/{layer}/schema", "GET", f"/collections/{layer}/schema")
    items = f"/collections/{layer}/items"
    yield Asked("/collections/{layer}/items", "GET", f"{items}?limit=10000")
    for lon, lat in SAFE_HOUSE_TOWNS.values():
        box = f"{lon - 0.2},{lat - 0.2},{lon + 0.2},{lat + 0.2}"
        yield Asked("/collections/{layer}/items", "GET", f"{items}?bbox={box}&limit=1000")
        for zoom in range(MAX_ZOOM + 1):
            x, y = tile_of(lon, lat, zoom)
            yield Asked("/tiles/{layer}/{z}/{x}/{y}", "GET", f"/tiles/{layer}/{zoom}/{x}/{y}")
    for day in days():
        past = f"{items}?limit=10000&as_of={day}"
        yield Asked("/collections/{layer}/items", "GET", past)
    for hidden in hidden_ids:
        yield Asked("/collections/{layer}/items/{item}", "GET", f"{items}/{hidden}")
        past = f"{items}/{hidden}?as_of={days()[-2]}"
        yield Asked("/collections/{layer}/items/{item}", "GET", past)
    yield Asked("/tiles/{layer}/tilejson", "GET", f"/tiles/{layer}/tilejson")
    own, templates = f"/collections/{layer}", "/collections/{layer}"
    for rest in ("queryables", "changes", "tiles", "tiles/WebMercatorQuad"):
        yield Asked(f"{templates}/{rest}", "GET", f"{own}/{rest}")
    # Files of tables hold the time they were made at, or pieces as they came: the same rows are
    # not the same bytes.
    for fmt in (fmt for fmt in FORMATS if fmt.pack is None):
        yield Asked(f"{templates}/items", "GET", f"{items}?f={fmt.name}")
    for lon, lat in SAFE_HOUSE_TOWNS.values():
        x, y = tile_of(lon, lat, 8)
        quad = "WebMercatorQuad/{z}/{y}/{x}"
        for start, template in ((own, templates), ("", "")):
            path = f"{start}/tiles/WebMercatorQuad/8/{y}/{x}"
            yield Asked(f"{template}/tiles/{quad}", "GET", path)
        near = f"S_INTERSECTS(geometry,BBOX({lon - 1},{lat - 1},{lon + 1},{lat + 1}))"
        yield Asked(f"{templates}/items", "GET", f"{items}?limit=1000&filter={near}")
    yield Asked(f"{templates}/items", "GET", f"{items}?sortby=-id&limit=1000")


def journeys() -> Iterator[Asked]:
    # First those that lead over what is hidden: the bridges of Cúcuta, and Rumichaca.
    for name in ("Boa Vista", "Quito", "Cali"):
        ends = {
            "start": SAFE_HOUSE_TOWNS["Cúcuta"],
            "end": SAFE_HOUSE_TOWNS[name],
            "mode": "foot",
        }
        yield Asked("/routes", "POST", "/routes", ends)
        yield Asked("/routes", "POST", "/routes?f=gpx", ends)
        yield Asked("/routes", "POST", "/routes?f=kml", ends)
        yield Asked("/routes/tradeoffs", "POST", "/routes/tradeoffs", ends)
        for more in ({}, {"max_day_m": 60_000, "itineraries": 7}):
            yield Asked("/itineraries", "POST", "/itineraries", {**ends, **more})
        line = {"places": [ends["start"], ends["end"]], "services": ["overnight", "food"]}
        for more in ({"direction": "backward"}, {"on": days()[0], "compare_with": days()[-1]}):
            body = {**line, **more}
            yield Asked("/corridors/coverage", "POST", "/corridors/coverage", body)
        yield Asked("/corridors/coverage", "POST", "/corridors/coverage?f=html", line)
        places = [ends["start"], ends["end"]]
        waypoints = {"type": "MultiPoint", "coordinates": places}
        yield Asked("/ogc/routes", "POST", "/ogc/routes", {"inputs": {"waypoints": waypoints}})
        for profile in ("foot-walking", "driving-car", "cycling-road"):
            path = f"/v2/directions/{profile}/geojson"
            body = {"coordinates": places, "extra_info": ["surface"]}
            yield Asked("/v2/directions/{profile}/geojson", "POST", path, body)
        walked = {"locations": places, "range": [1800, 3600], "attributes": ["area"]}
        for path in ("/v2/isochrones/{profile}", "/v2/isochrones/{profile}/geojson"):
            yield Asked(path, "POST", path.format(profile="foot-walking"), walked)
        lon, lat = ends["start"]
        box = [lon - 0.5, lat - 0.5, lon + 0.5, lat + 0.5]
        for services in ([], ["overnight"], ["psychosocial_support"]):
            around = {"spaces": {"bbox": box, "services": services}, "range": [3600]}
            yield Asked(path, "POST", path.format(profile="foot-walking"), around)
        for path in ("/v2/matrix/{profile}", "/v2/matrix/{profile}/json"):
            metrics = {"locations": places, "metrics": ["duration", "distance"]}
            yield Asked(path, "POST", path.format(profile="driving-car"), metrics)
        for day in days():
            for services in (["overnight"], ["psychosocial_support"], ["food", "legal_advice"]):
                yield Asked(
                    "/coverage", "POST", "/coverage", {**ends, "services": services, "as_of": day}
                )


def planned() -> Iterator[Asked]:
    """Give what the workbench answers of a corridor by the towns of hidden spaces."""
    for service in ("overnight", "food", models.PROTECTED_SERVICES[0]):
        yield Asked("/corridors/gaps", "GET", f"/corridors/gaps?service={service}")
    yield Asked("/planner", "GET", "/planner?corridor=cucuta-bogota&service=psychosocial_support")
    towns = [SAFE_HOUSE_TOWNS["Cúcuta"], SAFE_HOUSE_TOWNS["Cali"]]
    for f in ("geojson", "svg", "xlsx"):
        line = {"places": towns, "services": ["overnight", "food"]}
        yield Asked("/corridors/coverage", "POST", f"/corridors/coverage?f={f}", line)
    view = {"corridor": "cucuta-bogota", "service": "overnight", "pin": "100"}
    for more in ({"compare": days()[-1]}, {"nights": "1"}, {"f": "csv"}):
        yield Asked("/planner", "POST", "/planner", form={**view, **more})


def taken_along() -> Iterator[Asked]:
    """Give what a phone keeps to use it without a network."""
    code = street_code("3685533")
    for path in ("/packs/streets", f"/packs/streets/{code}", f"/packs/streets/{code}/known"):
        yield Asked(path.replace(code, "{code}"), "GET", path)
    for path in ("/nearby.json", "/towns.json", "/packs", "/offline", "/sw.js"):
        yield Asked(path, "GET", path)
    for path in ("/manifest.webmanifest", "/crossings", "/hazards", "/plan", "/embed", "/embed.js"):
        yield Asked(path, "GET", path)
    for narrowed in ("country=CO&page=2", "service=overnight&show=list", "service=gbv_response"):
        yield Asked("/embed", "GET", f"/embed?{narrowed}")
    yield Asked("/leave", "POST", "/leave")
    for country in ("CO", "VE", "EC", "ZZ", "x"):
        yield Asked("/packs/{country}", "GET", f"/packs/{country}")
    for narrowed in ("country=CO", "open=1", "families=1", "language=es", "page=2"):
        yield Asked("/", "GET", f"/?f=html&{narrowed}")
    for town in SAFE_HOUSE_TOWNS:
        yield Asked("/", "GET", f"/?f=html&place={town}&service=overnight")
        yield Asked("/", "POST", "/?service=overnight", form={"place": town})
    for service in models.PROTECTED_SERVICES:
        yield Asked("/", "GET", f"/?f=html&place=Cúcuta&service={service}")


def tile_of(lon: float, lat: float, zoom: int) -> tuple[int, int]:
    import math

    n = 2**zoom
    y = (1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2 * n
    return int((lon + 180) / 360 * n), int(y)


async def answer(client: httpx.AsyncClient, asked: Asked) -> httpx.Response:
    """Ask for bytes as they are read: megabytes would be packed and unpacked to be compared."""
    headers = {"Accept-Encoding": "identity", **(asked.headers or {})}
    return await client.request(
        asked.method, asked.path, json=asked.body, data=asked.form, headers=headers
    )


async def hidden_spaces(settings: Any) -> list[tuple[str, str]]:
    """Ids and names that the public must never see: not public, confidential or expired."""
    async with opened(settings) as database, database.session(Tier.WRITER) as session:
        rows = await session.execute(
            select(models.Location.id, models.Location.name).where(
                (models.Location.visibility != "public")
                | models.Location.confidential
                | (models.Location.expires_on < run_today())
            )
        )
        return [tuple(row) for row in rows]


def endpoints(routes) -> Iterator[Route]:
    for route in routes:
        included = getattr(route, "original_router", None)
        if included is not None:
            yield from endpoints(included.routes)
        elif isinstance(route, Mount):
            assert route.path == "/static", "a mounted application escapes the leak tests"
        else:
            assert isinstance(route, Route), "a kind of route that the leak tests do not know"
            yield route


def template_of(path: str) -> str:
    """Give an address of one collection as that of any."""
    path = path.replace("{item:path}", "{item}")
    for layer in LAYERS:
        for start in ("/collections", "/tiles"):
            if path == f"{start}/{layer}" or path.startswith(f"{start}/{layer}/"):
                return path.replace(f"{start}/{layer}", f"{start}/{{layer}}", 1)
    return path


def test_every_endpoint_is_walked(client):
    walked = {(template_of(asked.template), asked.method) for asked in requests(["x"])}
    found = {
        (template_of(route.path), method)
        for route in endpoints(client.application.routes)
        for method in route.methods - {"HEAD", "OPTIONS"}
    }
    assert len(found) > 12
    assert found <= walked, f"not walked: {found - walked}"


async def hide_in_an_emergency(session: Any) -> list[str]:
    """Hide an area and some spaces and a crossing; return the ids of all of them."""
    west, south, east, north = HIDDEN_BOUNDS
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    area = {"type": "Polygon", "coordinates": [ring]}
    await removals.hide_area(session, area, actor="cli", reason="x")
    for space in HIDDEN_SPACES:
        await removals.hide_space(session, space, actor="cli", reason="x")
    await removals.hide_crossing(session, HIDDEN_CROSSING, actor="cli", reason="x")
    hidden = []
    bounds = func.ST_MakeEnvelope(*HIDDEN_BOUNDS, 4326)
    for model, ids in ((models.Location, HIDDEN_SPACES), (models.Crossing, (HIDDEN_CROSSING,))):
        within = func.ST_Intersects(model.geom, bounds)
        rows = dict((await session.execute(select(model.id, model.visibility).where(within))).all())
        assert set(rows.values()) == {"public"}, "hidden for this reason alone"
        hidden += [*rows, *ids]
    return hidden


async def delete_all_of(session: Any, ids: Sequence[str]) -> None:
    """Let spaces and crossings never have existed."""
    for model in (models.Location, models.Crossing):
        await session.execute(delete(model).where(model.id.in_(ids)))
    # Nobody counts at a crossing that never existed: no such count is taken.
    named = or_(models.Flow.origin.in_(ids), models.Flow.destination.in_(ids))
    await session.execute(delete(models.Flow).where(named))


def reveal(asked: Asked, response: httpx.Response, hidden: Sequence[tuple[str, str]]) -> None:
    """Fail where an answer holds the id or the name of a hidden space, or its kind."""
    assert response.status_code < 500, (asked, response.text)
    # What the asker wrote may come back in an error; nothing else may.
    written = asked.path + json.dumps(asked.form or {}, ensure_ascii=False)
    for space_id, name in hidden if DEMO in response.content else ():
        if space_id not in written:
            assert space_id.encode() not in response.content, asked
        assert name.encode() not in response.content, asked
    if "Espacio seguro" not in written:
        assert b"Espacio seguro" not in response.content, asked
    assert b"safe_space" not in response.content or asked.path == "/api", asked


def asked_once(asking: Iterator[Asked]) -> Iterator[Asked]:
    """Leave out readings that are asked for again: towns lie in one tile of the whole world."""
    known = set()
    for asked in asking:
        question = (asked.method, asked.path, str(asked.body), str(asked.headers))
        if asked.method != "GET" or question not in known:
            yield asked
        known.add(question)


def form_of(asked: Asked) -> tuple[str, ...]:
    """Give of which operation, layer, profile, parameters, fields and format a question is.

    A question about protected help (P3) is of a form of its own.
    """
    path, _, query = asked.path.partition("?")
    layer = path.split("/")[2] if "{layer}" in asked.template else ""
    layer = "ground" if layer in OF_THE_GROUND else layer
    is_of_few = "{profile}" in asked.template or asked.template.startswith("/exports/")
    profile = path if is_of_few else ""
    values = str([asked.path, asked.body, asked.form])
    is_protected = any(service in values for service in PROTECTED_SERVICES)
    given = dict(parse_qsl(query))
    fields = (*sorted(given), *sorted(asked.body or {}), *sorted(asked.form or {}))
    form = (asked.method, asked.template, layer, profile, given.get("f", ""), *map(str, fields))
    return (*form, "of protected help") if is_protected else form


def share(asking: Sequence[Asked]) -> list[Asked]:
    """Give what a run asks: of each form the first questions and every nth."""
    seen = Counter[tuple[str, ...]]()
    chosen = []
    for asked in asking:
        form = form_of(asked)
        if form[2] == "ground" or asked.template in JOURNEYS or asked.path.startswith("/network"):
            first, nth = OF_THE_FEWEST
        elif "{item" in asked.template or "{space}" in asked.template or "space" in form[5:]:
            first, nth = OF_A_RECORD
        else:
            first, nth = OF_MOST
        if seen[form] < first or seen[form] % nth == 0:
            chosen.append(asked)
        seen[form] += 1
    return chosen


async def ids_by_kind(settings: Any, ids: Sequence[str]) -> list[str]:
    """Give ids of hidden spaces, one of each kind before the next of any."""
    location = models.Location
    is_expired = func.coalesce(location.expires_on < run_today(), False)
    kind = (location.visibility, location.confidential, is_expired, location.hidden_at.is_(None))
    turn = func.row_number().over(partition_by=kind, order_by=location.id)
    chosen = select(location.id).where(location.id.in_(ids)).order_by(turn, *kind)
    async with opened(settings) as database, database.session(Tier.WRITER) as session:
        return list(await session.scalars(chosen))


async def test_p2_p8_p24_p39_no_answer_holds_what_is_hidden_or_changes_when_it_is_deleted(
    cluster, loaded_template, settings_for
):
    """One walk looks in both ways: each answer is searched, and is the same without them.

    What was hidden in an emergency was public before, and stands in examples of the documentation.
    """
    full, without = (settings_for(clone(cluster, loaded_template)) for _ in range(2))
    kept_back = await hidden_spaces(full)
    assert len(kept_back) >= 10, "the demo has restricted, partner and expired spaces"
    assert len([name for _, name in kept_back if "Espacio seguro" in name]) == 5
    assert all(DEMO in text.encode() for row in kept_back for text in row), "what `reveal` goes by"
    async with opened(full) as database, database.session(Tier.WRITER) as session:
        hidden = await hide_in_an_emergency(session)
    kept_back_ids = [space_id for space_id, _ in kept_back]
    async with opened(without) as database, database.session(Tier.WRITER) as session:
        await delete_all_of(session, kept_back_ids + hidden)
    hidden_ids = await ids_by_kind(full, [*kept_back_ids, *HIDDEN_SPACES])
    questions = list(asked_once(requests(hidden_ids)))
    assert len(questions) >= QUESTIONS
    assert {*map(form_of, questions)} == {*map(form_of, share(questions))}
    instant = run_now()
    async with (
        client_of(full, is_written_elsewhere=False, clock=lambda: instant) as one,
        client_of(without, is_written_elsewhere=False, clock=lambda: instant) as other,
    ):
        for asked in questions if is_long() else share(questions):
            first, second = await answer(one, asked), await answer(other, asked)
            reveal(asked, first, kept_back)
            assert first.status_code == second.status_code, asked
            if first.content != second.content:
                assert timeless(first.content) == timeless(second.content), asked
            assert "etag" not in first.headers or first.headers["etag"] == second.headers["etag"]


@pytest.mark.parametrize("layer", ["spaces"])
async def test_p39_hidden_and_never_existed_get_the_same_answer(
    client, settings_for, loaded_shared, layer
):
    hidden = await hidden_spaces(settings_for(loaded_shared))
    path = f"/collections/{layer}/items/"
    never = await client.get(f"{path}DEMO-999")
    assert never.status_code == 404
    for space_id, _ in hidden:
        response = await client.get(f"{path}{space_id}")
        assert response.status_code == 404
        assert response.text.replace(space_id, "DEMO-999") == never.text
        assert response.headers.keys() == never.headers.keys()


async def test_p38_protected_services_are_refused_without_a_count(client):
    for service in models.PROTECTED_SERVICES:
        for response in (
            await client.get(f"/spaces/nearest?lon=-72.5&lat=7.9&service={service}"),
            await client.post(
                "/coverage",
                json={"start": [-72.508, 7.894], "end": [-73.126, 7.125], "services": [service]},
            ),
        ):
            assert 400 <= response.status_code < 500
            body = response.json()
            assert "protected services not counted" in json.dumps(body)
            assert not re.search(r'"(numberReturned|count|features|intervals)"', response.text)


async def test_p8_p24_an_answer_in_memory_is_for_one_tier_and_goes_with_a_hide(
    own_client, loaded_clone, settings_for
):
    """An answer above 4 kB is kept from its second request on (decision 109)."""
    settings = settings_for(loaded_clone)
    partners = "update amparo.locations set visibility = 'partners' where id = 'DEMO-005'"
    await run_sql(settings, partners)
    askers = {"public": {}, "partner": await partner_header(settings)}

    async def seen(who, path):
        response = await own_client.get(path, headers=askers[who])
        assert len(response.content) > 4_096
        return {one for one in (b"DEMO-006", b"DEMO-005") if one in response.content}

    paths = ("/collections/spaces/items?limit=1000", "/tiles/spaces/3/2/3")
    for _ in range(3):
        for path in paths:
            assert await seen("public", path) == {b"DEMO-006"}
            assert await seen("partner", path) == {b"DEMO-006", b"DEMO-005"}
    hide = "update amparo.locations set hidden_at = amparo.now() where id = 'DEMO-006'"
    await run_sql(settings, hide)
    for _ in range(3):
        for path in paths:
            assert await seen("public", path) == set()
            assert await seen("partner", path) == {b"DEMO-005"}


async def test_p24_hiding_a_space_hides_it_at_once(own_client, loaded_clone, settings_for):
    path = "/collections/spaces/items/DEMO-006"
    assert (await own_client.get(path)).status_code == 200
    await run_sql(
        settings_for(loaded_clone),
        "update amparo.locations set hidden_at = amparo.now() where id = 'DEMO-006'",
    )
    assert (await own_client.get(path)).status_code == 404
    near = await own_client.get("/spaces/nearest?lon=-72.508&lat=7.894&limit=100")
    assert "DEMO-006" not in near.text
