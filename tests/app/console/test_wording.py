"""The review desk in the console: two people publish a safety text, on every page at once (P47)."""

import pytest

from app.console.wording import places, po_files
from app.console.wording.entries import entries_of
from app.i18n.reviewed_texts import ReviewedTexts, reviewed_text, use_texts
from app.i18n.safety_texts import safety_texts
from app.snapshots.layer_editions import Editions
from geo.audit import trail
from geo.db.sessions import Tier
from geo.errors import InvalidRecordError
from geo.translations import review, reviewers
from geo.translations.review import digest_of
from tests.conftest import client_of, clone, opened
from tests.fixtures.desk import Visitor, fields_of, text_of, visitor
from tests.fixtures.network import ADMIN, APPROVER, EDITOR, NOW, fill_network
from tests.fixtures.waiting import until
from tiles.catalogue.layers import CATALOGUE

DESK = "/network/wording"
ORIGINAL = "Que un peligro no esté en la lista no quiere decir que no exista."
PAGE = f"{DESK}/ht/{digest_of(ORIGINAL)}"
CREOLE = "Lè yon danje pa nan lis la, sa pa vle di li pa egziste."


@pytest.fixture(scope="module")
async def settings(cluster, empty_template, settings_for):
    return settings_for(clone(cluster, empty_template), public_url="http://amparo.test")


@pytest.fixture(scope="module")
async def database(settings):
    async with opened(settings) as database:
        async with database.session(Tier.WRITER) as session:
            await fill_network(session)
            for person in ("ed", "ap"):
                await reviewers.grant_languages(session, ADMIN, person, ["ht"])
        yield database


@pytest.fixture(scope="module")
async def client(settings, database):
    async with client_of(settings) as talking:
        yield talking


@pytest.fixture(scope="module")
async def as_person(client, database):
    async def come(person_id):
        return await visitor(client, database, person_id)

    return come


async def wording_of(database):
    async with database.session(Tier.WRITER) as session:
        (found,) = await review.wordings(session, "ht", digest_of(ORIGINAL))
    return found


async def hazards_page(client, lang="ht"):
    return text_of(await client.get(f"/hazards?lang={lang}", headers={"Accept": "text/html"}))


async def test_p47_two_people_publish_at_once_and_one_withdraws_at_once(
    as_person, client, database
):
    editor, approver = await as_person("ed"), await as_person("ap")
    labelled = f'<span lang="es"> {ORIGINAL}</span></label>'
    assert labelled in await hazards_page(client)
    editions = Editions(database)
    kept_until_now = await editions.of(CATALOGUE[0])
    page = await editor.get(f"{DESK}/ht?state=draft")
    assert page.status_code == 200
    assert ORIGINAL in text_of(page)
    proposed = await editor.follow(PAGE, translation=f" {CREOLE} ", do="propose")
    assert CREOLE in text_of(proposed)
    assert labelled in await hazards_page(client), "one person, and who proposes is only one"
    wording = (await wording_of(database)).id
    await editor.follow(PAGE, wording=wording, do="approve")
    assert labelled in await hazards_page(client)
    shown = await approver.get(PAGE)
    assert "una persona lo aprobó" in text_of(shown)
    assert fields_of(shown, PAGE)["wording"] == [wording]
    await approver.follow(PAGE, wording=wording, do="approve")
    published = await hazards_page(client)
    assert CREOLE in published
    assert ORIGINAL not in published
    assert ORIGINAL in await hazards_page(client, "pt")
    assert await editions.of(CATALOGUE[0]) != kept_until_now, "no answer is kept from before"
    await editor.follow(PAGE, wording=wording, do="withdraw")
    assert labelled in await hazards_page(client)
    late = await approver.post(PAGE, wording=wording, do="approve")
    assert late.status_code == 409
    async with database.session(Tier.WRITER) as session:
        entries = await trail.newest(session, limit=20)
    # Of this wording alone; the newest come first.
    acts = [entry.action for entry in entries if entry.entity == "text"][:4]
    assert acts == ["text.withdrawn", "text.published", "text.approved", "text.proposed"]
    assert not any(CREOLE in str(entry.details) for entry in entries)


async def test_p47_a_process_hears_of_words_that_another_published_or_withdrew(client, database):
    """After its first page nobody asks this application for anything: the database tells it."""
    assert "Frèt" not in await hazards_page(client)
    async with database.session(Tier.WRITER) as session:
        for actor in (EDITOR, APPROVER):
            wording = await review.propose(session, actor, "ht", "Frío", "Frèt")
    await until(lambda: reviewed_text("ht", "Frío") == "Frèt")
    async with database.session(Tier.WRITER) as session:
        await review.take_back(session, APPROVER, wording)
    await until(lambda: reviewed_text("ht", "Frío") is None)


async def test_p47_what_another_application_reads_takes_no_words_of_this_one_away(
    database, shared_database
):
    """Tests run many applications in one process; a page is worded by the one that answers."""
    async with database.session(Tier.WRITER) as session:
        for actor in (EDITOR, APPROVER):
            wording = await review.propose(session, actor, "ht", "Robo", "Vòl")
    use_texts(texts := ReviewedTexts())
    await Editions(database, texts).believed()
    assert reviewed_text("ht", "Robo") == "Vòl"
    await Editions(shared_database, ReviewedTexts()).believed()
    assert reviewed_text("ht", "Robo") == "Vòl"
    async with database.session(Tier.WRITER) as session:
        await review.take_back(session, APPROVER, wording)


async def test_p47_a_changed_original_is_shown_in_spanish_and_what_it_became_is_named(
    as_person, client, database
):
    editor = await as_person("ed")
    earlier = ORIGINAL.replace("en la lista", "en esta lista")
    async with database.session(Tier.WRITER) as session:
        for actor in (EDITOR, APPROVER):
            await review.propose(session, actor, "ht", earlier, "Danje sa a")
    assert "Danje sa a" not in await hazards_page(client)
    page = await editor.get(f"{DESK}/ht/{digest_of(earlier)}")
    assert "Este original ya no existe" in text_of(page)
    assert f'href="{PAGE}"' in page.text
    (wording,) = fields_of(page, f"{DESK}/ht/{digest_of(earlier)}")["wording"]
    for act in ("approve", "propose"):
        answer = await editor.post(
            f"{DESK}/ht/{digest_of(earlier)}", wording=wording, do=act, translation="Danje"
        )
        assert answer.status_code in {400, 409}, act


async def test_p47_who_has_no_language_reads_and_asks_an_administrator(as_person, database):
    coordinator, admin = await as_person("co"), await as_person("ad")
    page = await coordinator.get(PAGE)
    assert 'name="translation"' not in page.text
    refused = await coordinator.post(PAGE, translation=CREOLE, do="propose")
    assert refused.status_code == 403
    asked = await coordinator.follow(DESK, languages=["fr"])
    assert "espera confirmación" in text_of(asked)
    person = await admin.get("/network/people/co")
    assert "lo pide" in text_of(person)
    await admin.follow("/network/people/co", do="languages", languages=["fr"])
    assert "usted lo revisa" in text_of(await coordinator.get(DESK))
    own = await admin.post("/network/people/ad", do="languages", languages=["fr"])
    assert own.status_code == 400
    assert (await admin.post(DESK, languages=["xx"])).status_code == 400
    assert (await admin.get(f"{DESK}/es")).status_code == 404
    assert (await admin.get(f"{DESK}/ht/{'0' * 32}")).status_code == 404


async def test_p47_a_file_brings_proposals_and_takes_what_is_published(as_person, database):
    editor, approver = await as_person("ed"), await as_person("ap")
    given = await editor.get(f"{DESK}/ht/texts.po")
    assert given.headers["content-type"].startswith("text/x-gettext-translation")
    filled = given.text.replace(
        'msgid "Calor"\nmsgstr ""', 'msgid "Calor"\nmsgstr "Chalè"'
    ).replace('msgid "Robo"\nmsgstr ""', '#, fuzzy\nmsgid "Robo"\nmsgstr "Vòl"')
    assert filled != given.text
    sent = await send_file(editor, filled.encode())
    assert sent.status_code == 303
    assert sent.headers["location"].endswith("state=proposed&done=1")
    page = f"{DESK}/ht/{digest_of('Calor')}"
    for person in (editor, approver):
        (wording,) = fields_of(await person.get(page), page)["wording"]
        await person.follow(page, wording=wording, do="approve")
    taken = (await editor.get(f"{DESK}/ht/texts.po")).text
    assert f"# reviewed-by: review desk, {NOW:%Y-%m}" in taken
    assert 'msgid "Calor"\nmsgstr "Chalè"' in taken
    assert "example.org" not in taken
    bad = filled.replace("Chalè", "Chalè <b>").replace("Chalè", "Cho", 1)
    refused = await send_file(editor, bad.encode())
    assert (refused.status_code, "Calor" in text_of(refused)) == (400, True)


async def send_file(who: Visitor, content: bytes):
    from app.access.csrf import form_token

    who.client.cookies.clear()
    return await who.client.post(
        f"{DESK}/ht/import",
        data={"csrf": form_token(who.secret)},
        files={"file": ("ht.po", content, "text/x-po")},
        headers=who.headers,
    )


@pytest.mark.parametrize(
    "content",
    [
        b"\xff\xfe",
        b'msgid "',
        b"x" * 500_000,
    ],
)
def test_a_file_of_anything_else_is_refused(content):
    with pytest.raises(InvalidRecordError):
        po_files.texts_in_po(content, entries_of("ht", ()))


def test_the_header_of_a_file_names_no_codec_that_is_looked_up():
    strange = b'"Content-Type: text/plain; charset=zip\\n"\n'
    entry = 'msgctxt "safety"\nmsgid "Calor"\nmsgstr "Chalè"\n'.encode()
    content = b'msgid ""\nmsgstr ""\n' + strange + b"\n" + entry
    assert po_files.texts_in_po(content, entries_of("ht", ())) == {"Calor": "Chalè"}


def test_every_safety_text_stands_somewhere_that_the_desk_names():
    files = [one.files for one in safety_texts("es").values()]
    assert set().union(*files) == set(places.PLACES)
    assert all(places.places_of(one) for one in files)


async def test_every_place_that_the_desk_names_opens(client):
    for path in sorted({one.path for one in places.PLACES.values() if one.path}):
        answer = await client.get(path, headers={"Accept": "text/html"})
        assert answer.status_code == 200, path
