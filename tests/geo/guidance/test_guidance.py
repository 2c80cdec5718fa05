"""Contacts, the message bank, products, practices and pathways, as each tier sees them."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, insert, text, update
from sqlalchemy.exc import IntegrityError

from geo import models
from geo.db.sessions import Tier
from geo.errors import (
    ConflictError,
    ForbiddenError,
    InvalidRecordError,
    MixedDataError,
    NotFoundError,
)
from geo.guidance import contacts, messages, pathways, practices, products
from geo.proposals import decisions, pending
from geo.proposals.guidance_changes import Sent
from tests.conftest import clone, opened
from tests.fixtures.clock import stopped_clock
from tests.fixtures.network_people import (
    APPROVER,
    COORDINATOR,
    ENGLISH,
    INSIDER,
    VIEWER,
    WRITER,
    add_people,
)
from tests.fixtures.published import TODAY, fill
from tests.fixtures.two_people import agreed

NOW = datetime.combine(TODAY, time(12), UTC)
SENT = Sent(NOW)

LINE = {
    "id": "line",
    "kind": "emergency",
    "name": "Line",
    "country": "CO",
    "phone": "123",
    "confirmed_on": str(TODAY),
    "visibility": "public",
    "source": "test",
}
LEAFLET = {
    "title": "Leaflet",
    "language": "es",
    "audience": "people_on_the_move",
    "url": "https://example.org/leaflet.pdf",
    "valid_from": str(TODAY),
    "visibility": "public",
    "source": "test",
}
PATHWAY = {
    "id": "way",
    "need": "legal_advice",
    "country": "CO",
    "title": "Legal advice",
    "confirmed_on": str(TODAY),
    "visibility": "public",
    "source": "test",
    "steps": [
        {"instruction": "Call.", "contact": "line"},
        {"instruction": "Go there.", "space": "seen"},
    ],
}


@pytest.fixture(scope="module")
async def filled(cluster: Any, empty_template: str, settings_for: Any) -> Any:
    """Give a database with the rows of `tests.fixtures.published` and people, and no demo.

    Its clock stands at the noon of the day that those rows are of.
    """
    name = clone(cluster, empty_template)
    await stopped_clock(cluster.superuser_url(name), NOW)
    async with opened(settings_for(name)) as database:
        async with database.session(Tier.WRITER) as session:
            await fill(session)
            await add_people(session)
        yield database


@pytest.fixture
async def database(filled: Any) -> Any:
    """Give it without the guidance that other tests left."""
    async with filled.session(Tier.WRITER) as session:
        for model in (models.Pathway, models.Practice, models.Product, models.Message):
            await session.execute(delete(model))
        await session.execute(delete(models.Contact))
        await session.execute(delete(models.Proposal))
        await session.execute(update(models.Location).values(demo=False))
        await session.execute(
            update(models.Location).where(models.Location.id != "hidden").values(hidden_at=None)
        )
    return filled


async def put_line(database: Any, **changes: Any) -> None:
    async with database.session(Tier.WRITER) as session:
        outcome = await contacts.put_contact(session, COORDINATOR, {**LINE, **changes}, SENT)
        await agreed(session, outcome, ENGLISH, NOW)


async def lines(database: Any, tier: Tier, *area: str) -> contacts.AreaContacts:
    async with database.session(tier) as session:
        return await contacts.contacts_of(session, *area)


async def test_p45_a_kind_without_a_line_is_said(database):
    await put_line(database)
    found = await lines(database, Tier.PUBLIC, "CO")
    assert [line["id"] for line in found.lines] == ["line"]
    assert found.not_known == ("asylum", "gbv", "child_protection", "psea")
    assert (await lines(database, Tier.PUBLIC, "PE")).not_known == contacts.ESSENTIAL


async def test_p45_a_units_lines_come_before_its_countrys(database):
    await put_line(database)
    await put_line(database, id="unit", admin1="Norte de Santander")
    await put_line(database, id="elsewhere", admin1="Nariño")
    found = await lines(database, Tier.PUBLIC, "CO", "norte de santander")
    assert [line["id"] for line in found.lines] == ["unit", "line"]
    assert [line["id"] for line in (await lines(database, Tier.PUBLIC, "CO")).lines] == ["line"]


async def test_p45_expired_and_hidden_lines_are_not_published(database):
    old = str(TODAY - timedelta(days=91))
    await put_line(database, confirmed_on=old)
    await put_line(database, id="partners", visibility="partners")
    await put_line(database, id="restricted", visibility="restricted")
    assert not (await lines(database, Tier.PUBLIC, "CO")).lines
    partner = await lines(database, Tier.PARTNER, "CO")
    assert [line["id"] for line in partner.lines] == ["partners"]
    staff = await lines(database, Tier.STAFF, "CO")
    assert {line["id"] for line in staff.lines} == {"line", "partners"}


async def test_p44_a_psea_line_is_independent_or_none(database):
    with pytest.raises(InvalidRecordError, match="independent"):
        await put_line(database, kind="psea")
    with pytest.raises(IntegrityError, match="psea_is_independent"):
        async with database.session(Tier.WRITER) as session:
            await session.execute(
                insert(models.Contact).values(
                    id="x",
                    kind="psea",
                    name="x",
                    country="CO",
                    phone="1",
                    confirmed_on=TODAY,
                    expires_on=TODAY + timedelta(days=1),
                )
            )
    await put_line(database, kind="psea", independent="true")
    async with database.session(Tier.PUBLIC) as session:
        assert len(await contacts.independent_lines(session, "CO")) == 1


async def test_contacts_are_kept_by_coordinators(database):
    async with database.session(Tier.WRITER) as session:
        for actor in (VIEWER, WRITER, APPROVER):
            with pytest.raises(ForbiddenError):
                await contacts.put_contact(session, actor, LINE, SENT)
        wrong = {**LINE, "phone": "x", "kind": "y", "nonsense": 1}
        with pytest.raises(InvalidRecordError) as refused:
            await contacts.put_contact(session, COORDINATOR, wrong, SENT)
        assert {field for field, _ in refused.value.problems} == {"phone", "kind", "nonsense"}
        with pytest.raises(NotFoundError):
            await contacts.remove_contact(session, COORDINATOR, "none", now=NOW)
    await put_line(database)
    async with database.session(Tier.WRITER) as session:
        await contacts.remove_contact(session, COORDINATOR, "line", now=NOW)


async def test_p53_a_number_that_people_call_changes_by_two(database):
    await put_line(database, whatsapp="+57 300 1")
    async with database.session(Tier.WRITER) as session:
        trap = await contacts.put_contact(
            session, COORDINATOR, {**LINE, "whatsapp": "+57 300 1", "phone": "666"}, SENT
        )
        assert (trap.applied, trap.waiting_fields) == (False, ("phone",))
        seen = await pending.proposal_diff(session, ENGLISH, trap.proposal_id, now=NOW)
        assert seen.differences == {"phone": ("123", "666")}, "old and new, side by side"
        assert seen.proposal.name == "Line"
        with pytest.raises(ForbiddenError):
            await decisions.accept(session, COORDINATOR, trap.proposal_id, "mine", now=NOW)
        with pytest.raises(ForbiddenError):
            await decisions.accept(session, WRITER, trap.proposal_id, "no", now=NOW)
    assert [line["phone"] for line in (await lines(database, Tier.PUBLIC, "CO")).lines] == ["123"]
    async with database.session(Tier.WRITER) as session:
        half = await contacts.put_contact(session, COORDINATOR, {**LINE, "name": "Other"}, SENT)
        assert (half.applied_fields, half.waiting_fields) == (("whatsapp",), ("name",))
        with pytest.raises(ConflictError):
            await decisions.accept(session, ENGLISH, trap.proposal_id, "late", now=NOW)
        await decisions.accept(session, APPROVER, half.proposal_id, "read", now=NOW)
    (line,) = (await lines(database, Tier.PUBLIC, "CO")).lines
    assert (line["name"], line["phone"], line["whatsapp"]) == ("Other", "123", None)


async def test_p53_withdrawing_a_line_waits_for_nobody(database):
    await put_line(database)
    async with database.session(Tier.WRITER) as session:
        waits = await contacts.put_contact(session, COORDINATOR, {**LINE, "phone": "666"}, SENT)
        gone = {**LINE, "visibility": "restricted"}
        away = await contacts.put_contact(session, COORDINATOR, gone, SENT)
        assert (away.applied, away.proposal_id) == (True, None)
    assert not (await lines(database, Tier.PUBLIC, "CO")).lines
    async with database.session(Tier.WRITER) as session:
        back = await contacts.put_contact(session, COORDINATOR, LINE, SENT)
        assert not back.applied
        seen = await pending.proposal_diff(session, ENGLISH, back.proposal_id, now=NOW)
        assert seen.differences["phone"] == (None, "123"), "whole, however much was there before"
        await contacts.remove_contact(session, COORDINATOR, "line", now=NOW)
        for left in (waits, back):
            found = await pending.read_proposal(session, ENGLISH, left.proposal_id)
            assert found.state == "withdrawn", "nothing waits for what is gone"


async def test_p53_what_one_proposed_anew_is_never_written_over_what_is_there(database):
    async with database.session(Tier.WRITER) as session:
        first, second = [
            await contacts.put_contact(session, COORDINATOR, {**LINE, "phone": phone}, SENT)
            for phone in ("11", "22")
        ]
        await agreed(session, first, ENGLISH, NOW)
        with pytest.raises(ConflictError):
            await agreed(session, second, ENGLISH, NOW)
        same = await contacts.put_contact(session, COORDINATOR, {**LINE, "phone": "11"}, SENT)
        assert (same.applied, same.proposal_id) == (False, None)


async def test_p35_real_contacts_do_not_stand_beside_a_demonstration(database):
    async with database.session(Tier.WRITER) as session:
        await session.execute(update(models.Location).values(demo=True))
    with pytest.raises(MixedDataError):
        await put_line(database)


async def write(database: Any, lang: str, body: str, since: date = TODAY, **more: Any) -> str:
    async with database.session(Tier.WRITER) as session:
        return await messages.write(
            session,
            WRITER,
            key="cold",
            lang=lang,
            audience=more.pop("audience", "people_on_the_move"),
            body=body,
            valid_from=since,
            **more,
        )


async def reviewed(database: Any, lang: str, body: str, since: date = TODAY, **more: Any) -> str:
    reviewer = {"es": COORDINATOR, "en": ENGLISH}.get(lang, COORDINATOR)
    reader = more.pop("reader", None)
    message_id = await write(database, lang, body, since, **more)
    async with database.session(Tier.WRITER) as session:
        await messages.submit(session, WRITER, message_id)
        await messages.review(
            session, reviewer, message_id, accept=True, today=TODAY, reader=reader
        )
    return message_id


async def look(database: Any, lang: str, tier: Tier = Tier.PUBLIC) -> messages.BankText:
    async with database.session(tier) as session:
        return await messages.lookup(session, "cold", lang)


async def test_p47_a_draft_is_shown_to_nobody(database):
    message_id = await write(database, "es", "borrador")
    for tier in (Tier.PUBLIC, Tier.PARTNER, Tier.STAFF):
        with pytest.raises(NotFoundError):
            await look(database, "es", tier)
    async with database.session(Tier.WRITER) as session:
        await messages.submit(session, WRITER, message_id)
    with pytest.raises(NotFoundError):
        await look(database, "es", Tier.STAFF)
    async with database.session(Tier.STAFF) as session:
        assert [row["id"] for row in await messages.drafts(session)] == [message_id]


async def test_p47_until_a_translation_is_reviewed_the_original_is_shown_labelled(database):
    await reviewed(database, "es", "frío")
    await write(database, "en", "draft")
    text_ = await look(database, "en")
    assert (text_.body, text_.language, text_.original) == ("frío", "es", True)
    spanish = await look(database, "es")
    assert (spanish.body, spanish.original) == ("frío", False)
    other = await reviewed(database, "en", "cold", TODAY - timedelta(days=1))
    # Older than the original it translates: it says what that said before.
    assert (await look(database, "en")).original
    async with database.session(Tier.WRITER) as session:
        await session.execute(
            update(models.Message).where(models.Message.id == other).values(state="retired")
        )
    async with database.session(Tier.PUBLIC) as session:
        (listed,) = await messages.list_messages(session, "en", audience="people_on_the_move")
        assert listed == await messages.lookup(session, "cold", "en")


async def test_p47_a_reviewed_translation_is_shown(database):
    await reviewed(database, "es", "frío", TODAY - timedelta(days=2))
    await reviewed(database, "en", "cold")
    text_ = await look(database, "en")
    assert (text_.body, text_.original) == ("cold", False)


async def test_p47_a_message_out_of_its_time_is_not_shown(database):
    await reviewed(database, "es", "pronto", TODAY + timedelta(days=1))
    await reviewed(
        database, "es", "antes", TODAY - timedelta(days=9), valid_to=TODAY - timedelta(days=1)
    )
    with pytest.raises(NotFoundError):
        await look(database, "es")


async def test_p47_nobody_reviews_an_own_text_nor_one_in_a_language_they_do_not_read(database):
    async with database.session(Tier.WRITER) as session:
        own = await messages.write(
            session,
            COORDINATOR,
            key="own",
            lang="es",
            audience="operators",
            body="x",
            valid_from=TODAY,
        )
        await messages.submit(session, COORDINATOR, own)
        with pytest.raises(ForbiddenError, match="own text"):
            await messages.review(session, COORDINATOR, own, accept=True, today=TODAY)
    english = await write(database, "en", "cold")
    async with database.session(Tier.WRITER) as session:
        await messages.submit(session, WRITER, english)
        with pytest.raises(ForbiddenError, match="reads it"):
            await messages.review(session, COORDINATOR, english, accept=True, today=TODAY)
        for actor in (WRITER, APPROVER, VIEWER):
            with pytest.raises(ForbiddenError):
                await messages.review(session, actor, english, accept=True, today=TODAY)
        await messages.review(session, ENGLISH, english, accept=True, today=TODAY)


async def test_p47_who_read_a_text_in_a_language_without_accounts_is_named(database):
    with pytest.raises(InvalidRecordError, match="reader"):
        await reviewed(database, "ht", "frèt")
    async with database.session(Tier.WRITER) as session:
        await session.execute(delete(models.Message))
    await reviewed(database, "ht", "frèt", reader="A translator")
    assert (await look(database, "ht")).body == "frèt"


async def test_p47_a_translation_of_a_safety_text_is_one_whatever_its_writer_says(database):
    await reviewed(database, "es", "frío")
    english = await write(database, "en", "cold", safety=False)
    async with database.session(Tier.WRITER) as session:
        await messages.submit(session, WRITER, english)
        with pytest.raises(ForbiddenError, match="reads it"):
            await messages.review(session, COORDINATOR, english, accept=True, today=TODAY)


async def test_p3_a_public_line_does_not_name_a_refuge(database):
    await put_line(database, id="gbv", kind="gbv", name="Línea 155 contra la violencia de género")
    for name in ("Casa Refugio La Esperanza", "Hogar de paso para mujeres", "C\u0430sa de acogida"):
        with pytest.raises(InvalidRecordError, match="refuge"):
            await put_line(database, id="gbv", kind="gbv", name=name)
    await put_line(database, id="gbv", kind="gbv", name="Casa Refugio", visibility="restricted")


async def test_p47_the_database_refuses_a_review_by_who_wrote_it(database):
    message_id = await write(database, "es", "x")
    with pytest.raises(IntegrityError, match="two_people"):
        async with database.session(Tier.WRITER) as session:
            await session.execute(
                text("update messages set state = 'reviewed', reviewed_by = :who where id = :id"),
                {"who": WRITER.id, "id": message_id},
            )


async def test_a_message_sent_back_is_a_draft_again(database):
    message_id = await write(database, "es", "x")
    async with database.session(Tier.WRITER) as session:
        with pytest.raises(ConflictError):
            await messages.review(session, COORDINATOR, message_id, accept=True, today=TODAY)
        await messages.submit(session, WRITER, message_id)
        with pytest.raises(InvalidRecordError, match="reason"):
            await messages.review(session, COORDINATOR, message_id, accept=False, today=TODAY)
        await messages.review(
            session, COORDINATOR, message_id, accept=False, today=TODAY, reason="unclear"
        )
        with pytest.raises(ForbiddenError):
            await messages.submit(session, APPROVER, message_id)
        await messages.submit(session, WRITER, message_id)
    with pytest.raises(ConflictError):
        await write(database, "es", "again")


async def test_messages_for_operators_are_not_public(database):
    await reviewed(database, "es", "x", audience="operators")
    with pytest.raises(NotFoundError):
        await look(database, "es")
    assert (await look(database, "es", Tier.PARTNER)).body == "x"


async def put_leaflet(database: Any, geometry: Any = None, **changes: Any) -> str:
    async with database.session(Tier.WRITER) as session:
        product_id = await products.put_product(
            session, WRITER, {**LEAFLET, **changes}, today=TODAY, now=NOW, geometry=geometry
        )
        await products.submit(session, WRITER, product_id)
        await products.review(session, COORDINATOR, product_id, accept=True, today=TODAY)
    return product_id


async def test_products_are_seen_at_their_spaces_and_never_at_hidden_ones(database):
    leaflet = await put_leaflet(database, spaces=["seen", "partners", "hidden"])
    async with database.session(Tier.PUBLIC) as session:
        assert [p["id"] for p in await products.products_for_space(session, "seen")] == [leaflet]
        for space in ("partners", "hidden", "restricted", "none"):
            assert await products.products_for_space(session, space) == []
    async with database.session(Tier.PARTNER) as session:
        assert len(await products.products_for_space(session, "partners")) == 1
    for space in ("restricted", "none"):
        with pytest.raises(InvalidRecordError, match="is not known"):
            await put_leaflet(database, spaces=[space])


async def test_products_are_found_along_each_line_through_their_area(database):
    import numpy as np
    import shapely

    through = np.array([(-73.5, 7.5), (-71.5, 7.5)])
    # Its box meets the area, the line does not.
    around = np.array([(-73.5, 7.5), (-73.5, 8.5), (-71.5, 8.5)])
    far = np.array([(-75.0, 5.0), (-74.0, 5.0)])
    leaflet = await put_leaflet(database, geometry=shapely.box(-73, 7, -72, 8))
    await put_leaflet(database, title="Nowhere")
    async with database.session(Tier.PUBLIC) as session:
        known = await products.products_about_areas(session)
    along = products.along(known, [around, through, far])
    assert [[product["id"] for product in one] for one in along] == [[], [leaflet], []]
    assert set(along[1][0]) == {column.name for column in products.PUBLISHED}
    assert products.along(known, [far]) == [[]]
    assert products.along(known, []) == []
    assert products.along((), [through]) == [[]]


async def test_products_are_drafts_until_reviewed_and_lead_to_https_alone(database):
    async with database.session(Tier.WRITER) as session:
        with pytest.raises(InvalidRecordError, match="https"):
            await products.put_product(
                session, WRITER, {**LEAFLET, "url": "http://a.example/"}, today=TODAY, now=NOW
            )
        with pytest.raises(InvalidRecordError, match="reviewed_by"):
            await products.put_product(
                session, WRITER, {**LEAFLET, "reviewed_by": "me"}, today=TODAY, now=NOW
            )
        await products.put_product(session, WRITER, LEAFLET, today=TODAY, now=NOW)
    async with database.session(Tier.STAFF) as session:
        assert await products.list_products(session) == []


async def test_p1_practices_are_for_partners_unless_they_say_so(database):
    async with database.session(Tier.WRITER) as session:
        ids = [
            await practices.note_practice(
                session, WRITER, "seen", title="T", body=body, noted_on=TODAY, public=public
            )
            for body, public in (("a", False), ("b", True), ("casa refugio", True))
        ]
        for practice_id in ids:
            await practices.submit(session, WRITER, practice_id)
            await practices.review(session, COORDINATOR, practice_id, accept=True, today=TODAY)
    for tier, bodies in ((Tier.PUBLIC, {"b"}), (Tier.PARTNER, {"a", "b"})):
        async with database.session(tier) as session:
            assert {p["body"] for p in await practices.practices_at(session, "seen")} == bodies
    async with database.session(Tier.STAFF, person=WRITER.id) as session:
        assert len(await practices.practices_at(session, "seen")) == 2


async def test_p39_a_practice_on_a_restricted_space_is_as_on_none(database):
    async with database.session(Tier.WRITER) as session:
        for space in ("restricted", "none"):
            with pytest.raises(NotFoundError, match="no such space"):
                await practices.note_practice(
                    session, COORDINATOR, space, title="T", body="a", noted_on=TODAY
                )


async def put_way(database: Any, **changes: Any) -> tuple[str, ...]:
    async with database.session(Tier.WRITER) as session:
        outcome, remarks = await pathways.put_pathway(
            session, COORDINATOR, {**PATHWAY, **changes}, SENT
        )
        await agreed(session, outcome, ENGLISH, NOW)
    return remarks


async def ways(database: Any, need: str = "legal_advice", tier: Tier = Tier.PUBLIC) -> Any:
    async with database.session(tier) as session:
        return await pathways.guidance_for(session, need, "CO")


async def test_p53_a_pathway_waits_for_a_second_person(database):
    await put_line(database)
    async with database.session(Tier.WRITER) as session:
        outcome, _ = await pathways.put_pathway(session, COORDINATOR, PATHWAY, SENT)
        assert not outcome.applied
    assert (await ways(database)).pathways == ()
    async with database.session(Tier.WRITER) as session:
        await agreed(session, outcome, ENGLISH, NOW)
        lure = {**PATHWAY, "steps": [{"instruction": "Vaya a la casa azul."}]}
        changed, _ = await pathways.put_pathway(session, COORDINATOR, lure, SENT)
        assert (changed.applied, changed.waiting_fields) == (False, ("steps",))
        seen = await pending.proposal_diff(session, ENGLISH, changed.proposal_id, now=NOW)
        before, after = seen.differences["steps"]
        assert [step["instruction"] for step in before] == ["Call.", "Go there."]
        assert [step["instruction"] for step in after] == ["Vaya a la casa azul."]
    (way,) = (await ways(database)).pathways
    assert [step["instruction"] for step in way["steps"]] == ["Call.", "Go there."]


async def test_p38_a_restricted_pathway_is_in_no_queue(database):
    async with database.session(Tier.WRITER) as session:
        secret = {
            **PATHWAY,
            "id": "secret",
            "visibility": "restricted",
            "steps": [{"instruction": "Camino reservado."}],
        }
        outcome, _ = await pathways.put_pathway(session, COORDINATOR, secret, SENT)
        assert (outcome.applied, outcome.proposal_id) == (True, None)
        again = {**secret, "steps": [{"instruction": "Otro camino reservado."}]}
        outcome, _ = await pathways.put_pathway(session, COORDINATOR, again, SENT)
        assert (outcome.applied, outcome.proposal_id) == (True, None)
        waiting = await pending.pending(session, ENGLISH, entity="pathway", record_id="secret")
        assert waiting == []


async def test_a_pathway_gives_its_steps_in_order(database):
    await put_line(database)
    await put_way(database)
    (way,) = (await ways(database)).pathways
    assert [step["instruction"] for step in way["steps"]] == ["Call.", "Go there."]
    assert way["steps"][0]["contact"]["phone"] == "123"
    assert way["steps"][1]["space"] == {"id": "seen", "name": "Space seen"}


async def test_p39_a_step_to_a_hidden_space_keeps_its_words_and_loses_the_space(database):
    await put_line(database)
    await put_way(database)
    async with database.session(Tier.WRITER) as session:
        await session.execute(
            text("update pathway_steps set instruction = 'Go to Space seen.' where position = 2")
        )
        hide = "update locations set hidden_at = amparo.now() where id = 'seen'"
        await session.execute(text(hide))
    (way,) = (await ways(database)).pathways
    assert way["steps"][1] == {
        "position": 2,
        "instruction": "Go to ….",
        "contact": None,
        "space": None,
    }


async def test_a_pathway_names_nothing_unknown_and_no_space_in_its_words(database):
    for steps, reason in (
        ([{"instruction": "x", "contact": "none"}], "contact 'none'"),
        ([{"instruction": "x", "space": "restricted"}], "space 'restricted' is not known"),
        ([{"instruction": "x", "space": "none"}], "space 'none' is not known"),
        ([{"instruction": "Go to Space seen", "space": "seen"}], "names its space"),
        ([], "at least one"),
    ):
        with pytest.raises(InvalidRecordError, match=reason):
            await put_way(database, steps=steps)


async def test_p38_of_a_protected_need_only_hotlines_are_said_whatever_there_is(database):
    await put_line(database)
    await put_line(database, id="gbv", kind="gbv")
    await put_line(database, id="asylum", kind="asylum")
    nothing = [await ways(database, "gbv_response", tier) for tier in (Tier.PUBLIC, Tier.STAFF)]
    steps = [{"instruction": "Controlled.", "contact": "gbv"}]
    remarks = await put_way(database, need="gbv_response", steps=steps)
    assert "restricted" in remarks[0]
    for tier, before in zip((Tier.PUBLIC, Tier.STAFF), nothing, strict=True):
        found = await ways(database, "gbv_response", tier)
        assert found == before
        assert found.is_protected
        assert found.pathways == ()
        assert {line["id"] for line in found.contacts} == {"line", "gbv"}
    assert (await ways(database, "gbv_response", Tier.PARTNER)).pathways == ()


async def test_p38_words_about_protected_services_make_a_pathway_restricted(database):
    steps = [{"instruction": "Vaya a la casa de acogida."}]
    remarks = await put_way(database, steps=steps)
    assert "restricted" in remarks[0]
    assert (await ways(database, tier=Tier.STAFF)).pathways == ()


async def test_p38_the_database_keeps_a_protected_pathway_restricted(database):
    with pytest.raises(IntegrityError, match="protected_is_restricted"):
        async with database.session(Tier.WRITER) as session:
            await session.execute(
                insert(models.Pathway).values(
                    id="x",
                    need="gbv_response",
                    country="CO",
                    title="x",
                    visibility="partners",
                    confirmed_on=TODAY,
                    expires_on=TODAY + timedelta(days=1),
                )
            )


async def test_p31_a_restricted_pathway_is_read_by_named_people_and_audited(database):
    await put_way(database, need="gbv_response", steps=[{"instruction": "Controlled."}])
    async with database.session(Tier.WRITER) as session:
        assert await pathways.read_controlled(session, INSIDER, "gbv_response", "CO") == []
        with pytest.raises(ForbiddenError):
            await pathways.name_reader(session, WRITER, "way", WRITER.id)
        await pathways.name_reader(session, COORDINATOR, "way", WRITER.id)
        (way,) = await pathways.read_controlled(session, WRITER, "gbv_response", "CO")
        assert way["steps"][0]["instruction"] == "Controlled."
        noted = await session.scalar(
            text(
                "select count(*) from audit_entries"
                " where action = 'pathway.read' and actor = 'writer' and record_id = 'way'"
            )
        )
    assert noted == 1
