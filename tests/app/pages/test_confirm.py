"""P41 on a phone: the page of a link, its four answers, and nothing for who has no link."""

import base64
import re
import secrets
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from app.http.assets import asset_url
from app.i18n.gsm7 import SEPTETS, septets
from app.texts import confirmation_text
from geo.confirmations.answers import issue_link
from geo.db.sessions import Tier
from geo.models import AuditEntry, Confirmation, ConfirmationLink, Proposal
from geo.records import space_documents
from tests.conftest import client_of, clone, opened
from tests.fixtures.network import NOW, TODAY, fill_network


@pytest.fixture(scope="module")
async def phone(cluster, empty_template, settings_for):
    settings = settings_for(clone(cluster, empty_template))
    async with opened(settings) as database:
        async with database.session(Tier.WRITER) as session:
            await fill_network(
                session,
                {"id": "otra", "name": "Otra casa"},
                {"id": "oculta", "visibility": "restricted", "confidential": True, "name": "Oc"},
            )
        async with client_of(settings) as client:
            yield Phone(client, database)


class Phone:
    def __init__(self, client, database):
        self.client, self.database = client, database

    async def link(self, space_id="casa"):
        async with self.database.session(Tier.WRITER) as session:
            return (await issue_link(session, space_id, "whatsapp", None, now=NOW)).token

    async def get(self, token, **how):
        return await self.client.get(f"/confirm/{token}", **how)

    async def answer(self, token, answer, **fields):
        return await self.client.post(f"/confirm/{token}", data={"answer": answer, **fields})

    async def document(self, space_id="casa"):
        async with self.database.session(Tier.WRITER) as session:
            return (await space_documents.read_documents(session, [space_id]))[space_id]

    async def everything(self):
        async with self.database.session(Tier.WRITER) as session:
            counts = [
                await session.scalar(select(func.count()).select_from(table))
                for table in (Confirmation, Proposal, AuditEntry)
            ]
            used = await session.scalar(select(func.count(ConfirmationLink.used_at)))
        documents = [await self.document(i) for i in ("casa", "otra", "oculta")]
        return counts, used, documents


async def test_p41_the_page_asks_and_looking_changes_nothing(phone):
    token = await phone.link()
    before = await phone.everything()
    for _ in range(3):
        page = await phone.get(token)
    assert page.status_code == 200
    assert page.text.count('name="answer"') == 4
    assert "Casa de prueba" in page.text
    assert "lun-vie 08:00-17:00" in page.text
    assert token not in page.text, "nothing on the page passes it on"
    assert await phone.everything() == before


async def test_p41_the_page_leaves_nothing_behind(phone):
    page = await phone.get(await phone.link())
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["cache-control"] == "no-store"
    assert "noindex" in page.headers["x-robots-tag"]
    assert "set-cookie" not in page.headers
    assert not re.search(r'(?:src|href|action)="(?:https?:)?//', page.text), "no third party"
    # The quick exit (P37), and nothing else.
    assert re.findall(r"<script[^>]*", page.text) == [f'<script src="{asset_url("page-exit.js")}"']


@pytest.mark.parametrize(
    ("lang", "word"), [("es", "Está lleno"), ("pt", "lotado"), ("en", "It is full")]
)
async def test_the_page_speaks(phone, lang, word):
    page = await phone.get(await phone.link(), params={"lang": lang})
    assert word in page.text


async def test_p41_one_answer_and_the_link_is_over(phone):
    token = await phone.link()
    thanks = await phone.answer(token, "as_listed")
    assert thanks.status_code == 200
    assert "Gracias" in thanks.text
    assert (await phone.document())["confirmed_on"] == TODAY.isoformat()
    after = await phone.everything()
    for response in (await phone.answer(token, "closed"), await phone.get(token)):
        assert response.status_code == 410
    assert await phone.everything() == after


async def test_p40_full_and_closed_are_public_at_once(phone):
    for answer, status in (("full", "full"), ("closed", "temporarily_closed")):
        await phone.answer(await phone.link("otra"), answer)
        item = await phone.client.get("/collections/spaces/items/otra")
        assert item.json()["properties"]["status"] == status


async def test_p41_what_changed_waits_for_an_approver(phone):
    before = await phone.document()
    sent = await phone.answer(
        await phone.link(),
        "changed",
        day=["MO", "SA"],
        opens_at="07:00",
        closes_at="19:00",
        notice="Traer cobija",
    )
    assert sent.status_code == 200
    assert await phone.document() == before, "not even the notice is published unread"
    async with phone.database.session(Tier.WRITER) as session:
        proposal = await session.scalar(
            select(Proposal).order_by(Proposal.proposed_at.desc(), Proposal.id).limit(1)
        )
    assert set(proposal.changes) == {"schedules", "notice"}
    assert (proposal.proposed_by, proposal.proposed_via) == (None, "link")


async def test_p51_a_reason_of_the_list_holds_at_once_and_words_beside_it_wait(phone):
    link = await phone.link()
    page = await phone.get(link, params={"lang": "en"})
    assert '<option value="no_water">No water</option>' in page.text
    sent = await phone.answer(link, "changed", because="no_water")
    assert sent.status_code == 200
    assert (await phone.document())["notice"] == "Sin agua"
    waits = await phone.answer(
        await phone.link(), "changed", because="no_power", notice="pregunte por Ana"
    )
    assert waits.status_code == 200
    assert (await phone.document())["notice"] == "Sin agua"
    assert (await phone.answer(await phone.link(), "changed", because="x")).status_code == 400


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"day": "MO"},
        {"opens_at": "08:00", "closes_at": "09:00"},
        {"day": "MO", "opens_at": "8", "closes_at": "09:00"},
        {"phone": "call me"},
        {"notice": "x" * 301},
    ],
    ids=str,
)
async def test_a_mistake_leaves_the_link_as_it_was(phone, fields):
    token = await phone.link()
    before = await phone.everything()
    answer = await phone.answer(token, "changed", **fields)
    assert answer.status_code == 400
    assert 'role="alert"' in answer.text
    assert await phone.everything() == before
    assert (await phone.get(token)).status_code == 200


@pytest.mark.parametrize(
    ("how", "status"),
    [
        ({"data": {"answer": "open"}}, 400),
        ({"data": {}}, 415),
        ({"json": {"answer": "full"}}, 415),
        ({"data": {f"f{n}": "x" for n in range(30)}}, 400),
        ({"data": {"answer": "full\x00"}}, 400),
    ],
    ids=str,
)
async def test_what_is_no_answer_is_refused(phone, how, status):
    token = await phone.link()
    answer = await phone.client.post(f"/confirm/{token}", **how)
    assert answer.status_code == status, answer.text
    assert (await phone.get(token)).status_code == 200


async def test_p41_the_page_says_what_changed_meanwhile_and_confirms_only_what_it_shows(phone):
    token = await phone.link("otra")
    fresh = await phone.get(token)
    assert "Los datos cambiaron" not in fresh.text
    after = space_documents.patched(await phone.document("otra"), {"notice": "Se mudó la entrada"})
    async with phone.database.session(Tier.WRITER) as session:
        await space_documents.store_documents(session, [after], now=NOW, today=TODAY, source="x")
    before = await phone.everything()
    for listed in ({}, {"listed": listed_on(fresh)}, {"listed": "x"}):
        blind = await phone.answer(token, "as_listed", **listed)
        assert blind.status_code == 409
        assert "Los datos cambiaron" in blind.text
        assert "Se mudó la entrada" in blind.text
    assert await phone.everything() == before
    shown = await phone.get(token)
    assert (await phone.answer(token, "as_listed", listed=listed_on(shown))).status_code == 200
    assert (await phone.get(token)).status_code == 410


def listed_on(page):
    return re.search(r'name="listed" value="([0-9a-f]{64})"', page.text)[1]


async def test_p39_a_restricted_space_shows_its_name_and_the_question(phone):
    page = await phone.get(await phone.link("oculta"))
    assert "Oc" in page.text
    for word in ("300 0000000", "lun-vie", "Cúcuta", "-72.5"):
        assert word not in page.text


async def test_p41_forged_links_get_one_answer_and_change_nothing(phone):
    used, good, other = await phone.link(), await phone.link(), await phone.link("otra")
    await phone.answer(used, "as_listed")
    before = await phone.everything()
    raw, second = (base64.urlsafe_b64decode(t + "==") for t in (good, other))
    forged = [used, good[:-1], good + "A", good.swapcase(), "x", "%00", "ñ", "a" * 2_000]
    forged += [secrets.token_urlsafe(37) for _ in range(40)]
    for at in (0, 8, 16, 20, 21, 30, 36):
        flipped = bytearray(raw)
        flipped[at] ^= 1
        forged.append(base64.urlsafe_b64encode(flipped).decode().rstrip("="))
    # Of fewer bytes than eight the two may have the same by chance.
    for cut in (8, 16, 21):
        forged.append(base64.urlsafe_b64encode(raw[:cut] + second[cut:]).decode().rstrip("="))
    bodies = set()
    for token in forged:
        for response in (await phone.get(token), await phone.answer(token, "closed")):
            assert response.status_code == 410, token
            bodies.add(response.text)
    assert len(bodies) == 1, "which of them it was is not told"
    assert await phone.everything() == before
    assert (await phone.get(good)).status_code == 200


# -- messages ----------------------------------------------------------------------------------

URL = "https://amparo.example.org/confirm/" + "x" * 50


@given(st.text(max_size=80), st.sampled_from(["es", "pt", "fr"]))
def test_an_sms_is_one_message_of_the_gsm_alphabet(name, lang):
    text = confirmation_text.sms_text(URL, name, lang)
    assert septets(text) <= SEPTETS
    assert URL in text


def test_an_sms_keeps_what_it_can_of_a_name():
    assert "Casa Niño Jesús".replace("ú", "u") in confirmation_text.sms_text(URL, "Casa Niño Jesús")
    long = confirmation_text.sms_text(URL, "Centro de atención integral al caminante de Los Patios")
    assert "Centro de atencion" in long
    with pytest.raises(ValueError, match="ú"):
        septets("Jesús")
    assert septets("€[]") == 6


def test_whatsapp_opens_with_the_text_and_the_number():
    text = confirmation_text.long_text(URL, "Casa & más", "09/12/2026", "es")
    made = urlsplit(confirmation_text.whatsapp_url(text, "+57 300-000 0000"))
    assert (made.netloc, made.path) == ("wa.me", "/573000000000")
    assert parse_qs(made.query)["text"] == [text]
    assert URL in text
    assert urlsplit(confirmation_text.whatsapp_url(text)).path == "/"


def test_p39_a_message_without_a_name_names_nothing():
    for lang in ("es", "pt"):
        for text in (
            confirmation_text.long_text(URL, None, "09/12/2026", lang),
            confirmation_text.sms_text(URL, None, lang),
        ):
            assert "None" not in text
