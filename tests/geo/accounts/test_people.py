"""People and organisations: what is refused, and that shutting out ends everything at once."""

from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from geo.accounts import people, sign_in, tokens
from geo.accounts.permissions import Means, Role
from geo.errors import (
    ConflictError,
    ForbiddenError,
    InvalidRecordError,
    InvalidTokenError,
    LinkError,
    NotFoundError,
)
from geo.models import AuditEntry, Organization, OutboxMessage, Person
from tests.fixtures.clock import run_now

IDLE = timedelta(hours=2)


async def add(session, email="ana@example.org", **changes):
    return await people.add_person(
        session, **{"email": email, "name": "Ana", "role": "coordinator"} | changes
    )


async def test_a_person_is_found_by_id_and_email(session):
    organization = await people.add_organization(session, "Cruz del Norte")
    person_id = await add(
        session,
        " Ana@Example.ORG ",
        role="approver",
        organization_id=organization,
        countries=["CO", "EC", "CO"],
    )
    for wanted in (person_id, "ana@example.org", "ANA@example.org"):
        found = await people.find_person(session, wanted)
        assert found.id == person_id
    assert found.organization == "Cruz del Norte"
    assert found.countries == ("CO", "EC")
    assert not found.signs_in, "no default password anywhere"
    actor = await people.load_actor(session, person_id, means=Means.SESSION)
    assert (actor.role, actor.countries) == (Role.APPROVER, frozenset({"CO", "EC"}))
    assert [p.id for p in await people.list_people(session)] == [person_id]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"email": "ana"}, "email"),
        ({"email": "ana@x y"}, "email"),
        ({"email": "ana@\x00"}, "email"),
        ({"email": "ñ@example.org"}, None),
        ({"name": " "}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"role": "root"}, "role"),
        ({"role": "editor"}, "organization"),
        ({"role": "approver"}, "countries"),
        ({"countries": ["Colombia"]}, "countries"),
        ({"countries": ["co"]}, "countries"),
        ({"organization_id": "absent"}, "organization"),
        ({"language": "xx"}, "language"),
    ],
)
async def test_a_wrong_field_is_named(session, changes, field):
    if field is None:
        assert await add(session, **changes)
        return
    with pytest.raises(InvalidRecordError) as refused:
        await add(session, **changes)
    assert field in {name for name, _ in refused.value.problems}
    assert not list(await session.scalars(select(Person.id)))


async def test_an_email_address_is_one_person(session):
    await add(session)
    with pytest.raises(ConflictError) as refused:
        await add(session, "ANA@example.org")
    assert "ana@" not in str(refused.value)


async def test_a_role_is_changed_at_once(session):
    person_id = await add(session)
    await people.change_role(session, person_id, role="viewer", organization_id=None, countries=[])
    assert (await people.load_actor(session, person_id, means=Means.SESSION)).role is Role.VIEWER
    with pytest.raises(InvalidRecordError):
        await people.change_role(
            session, person_id, role="editor", organization_id=None, countries=[]
        )
    with pytest.raises(NotFoundError):
        await people.change_role(
            session, "absent", role="viewer", organization_id=None, countries=[]
        )


async def test_shutting_out_ends_sessions_tokens_links_and_password(session):
    person_id = await add(session)
    invitation = await sign_in.invite(session, person_id)
    await sign_in.store_password(session, person_id, "hash")
    cookie = await sign_in.start_session(session, person_id, lifetime=IDLE)
    _, token = await tokens.issue_token(
        session,
        scope="edit",
        holder="Cruz",
        expires_at=run_now() + IDLE,
        person_id=person_id,
    )
    assert (await tokens.check_token(session, token, scope="edit")).person_id == person_id
    await people.deactivate(session, person_id)
    with pytest.raises(InvalidTokenError):
        await sign_in.read_session(session, cookie, idle=IDLE)
    with pytest.raises(InvalidTokenError):
        await tokens.check_token(session, token, scope=("partner", "edit"))
    with pytest.raises(LinkError):
        await sign_in.read_invitation(session, invitation)
    with pytest.raises(NotFoundError):
        await people.load_actor(session, person_id, means=Means.SESSION)
    assert (await sign_in.read_credentials(session, "ana@example.org")).person_id is None
    # Back in: nothing of before works, not even the password.
    await people.activate(session, person_id)
    for secret in (token,):
        with pytest.raises(InvalidTokenError):
            await tokens.check_token(session, secret, scope="edit")
    assert (await sign_in.read_credentials(session, "ana@example.org")).password_hash is None
    with pytest.raises(NotFoundError):
        await people.deactivate(session, "absent")


async def told(session, person_id):
    return (
        await session.scalars(
            select(OutboxMessage.event)
            .where(OutboxMessage.recipient == person_id)
            .order_by(OutboxMessage.created_at, OutboxMessage.event)
        )
    ).all()


async def test_p40_a_new_link_ends_what_is_open_in_the_name_and_the_person_is_told(session):
    person_id = await add(session)
    await sign_in.store_password(session, person_id, "hash")
    cookie = await sign_in.start_session(session, person_id, lifetime=IDLE)
    _, token = await issue_edit(session, person_id, by=person_id)
    await sign_in.invite(session, person_id, by="beto")
    with pytest.raises(InvalidTokenError):
        await sign_in.read_session(session, cookie, idle=IDLE)
    with pytest.raises(InvalidTokenError):
        await tokens.check_token(session, token, scope="edit")
    assert "account.invited" in await told(session, person_id)
    entry = await session.scalar(select(AuditEntry).where(AuditEntry.action == "person.invited"))
    assert (entry.actor, entry.record_id) == ("beto", person_id)
    assert entry.details == {"tokens_ended": 1}


async def issue_edit(session, person_id, *, by):
    return await tokens.issue_token(
        session,
        scope="edit",
        holder="Cruz",
        expires_at=run_now() + IDLE,
        person_id=person_id,
        by=by,
    )


async def test_p40_nobody_else_makes_a_token_that_edits_in_a_persons_name(session):
    person_id = await add(session)
    with pytest.raises(ForbiddenError):
        await issue_edit(session, person_id, by="beto")
    assert await told(session, person_id) == []
    await issue_edit(session, person_id, by=person_id)
    await issue_edit(session, person_id, by="cli")
    assert await told(session, person_id) == ["account.token_issued"] * 2, "also by the operator"


@pytest.mark.parametrize(
    ("scope", "person", "field"),
    [("staff", None, "scope"), ("edit", None, "person"), ("edit", "absent", "person")],
)
async def test_a_token_that_cannot_be_is_refused(session, scope, person, field):
    with pytest.raises(InvalidRecordError) as refused:
        await tokens.issue_token(
            session,
            scope=scope,
            holder="x",
            expires_at=run_now() + IDLE,
            person_id=person,
        )
    assert refused.value.problems[0][0] == field


async def test_organisations_are_found_by_id_and_name(session):
    made = await people.add_organization(session, "Fundación Ñandú  del Río")
    assert made == "fundacion-nandu-del-rio"
    assert await people.add_organization(session, "Fundación Ñandú  del Río") == made
    for wanted in (made, "fundación ñandú  del río"):
        assert await people.find_organization(session, wanted) == made
    session.add(Organization(id="other", name="FUNDACIÓN ÑANDÚ  DEL RÍO"))
    await session.flush()
    with pytest.raises(NotFoundError, match="2 organisations"):
        await people.find_organization(session, "fundación ñandú  del río")
    with pytest.raises(NotFoundError, match="organization add"):
        await people.find_organization(session, "absent")
    with pytest.raises(InvalidRecordError):
        await people.add_organization(session, " ")
    assert (made, "Fundación Ñandú  del Río") in await people.list_organizations(session)


@pytest.mark.parametrize(
    "statement",
    [
        "insert into amparo.people (id, email, name, role) values ('x', 'X@y.z', 'x', 'viewer')",
        "insert into amparo.people (id, email, name, role) values ('x', 'x@y.z', 'x', 'editor')",
        "insert into amparo.people (id, email, name, role) values ('x', 'x@y.z', 'x', 'approver')",
        "insert into amparo.people (id, email, name, role) values ('', 'x@y.z', 'x', 'viewer')",
        "insert into amparo.people (id, email, name, role, oidc_issuer)"  # noqa: ISC004
        " values ('x', 'x@y.z', 'x', 'viewer', 'https://x')",
    ],
)
async def test_the_database_refuses_people_who_cannot_be(session, statement):
    with pytest.raises(IntegrityError):
        await session.execute(text(statement))


async def test_every_change_of_rights_is_in_the_audit_without_an_address(session):
    person = await add(session, by="cli")
    await sign_in.invite(session, person, by="cli")
    await people.change_role(
        session, person, role="approver", organization_id=None, countries=["CO"], by="beto"
    )
    token_id, secret = await tokens.issue_token(
        session,
        scope="edit",
        holder="Cruz",
        expires_at=run_now() + IDLE,
        person_id=person,
        by="cli",
    )
    await tokens.revoke_token(session, token_id, by="beto")
    await people.deactivate(session, person, by="beto")
    await people.activate(session, person, by="beto")
    invitation = await sign_in.invite(session, person, by="beto")
    await sign_in.accept_invitation(session, invitation, "hash")
    rows = (
        await session.execute(
            text(
                "select actor, action, record_id, details::text from amparo.audit_entries"
                " order by seq"
            )
        )
    ).all()
    assert [(row.actor, row.action) for row in rows] == [
        ("cli", "person.added"),
        ("cli", "person.invited"),
        ("beto", "person.role_changed"),
        ("cli", "token.issued"),
        ("beto", "token.revoked"),
        ("beto", "person.disabled"),
        ("beto", "person.enabled"),
        ("beto", "person.invited"),
        (person, "person.password_set"),
    ]
    assert {row.record_id for row in rows} == {person, token_id}
    for word in ("@", secret, invitation, "hash"):
        assert word not in str(rows)
