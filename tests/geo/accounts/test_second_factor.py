"""Second factors: a code once, few tries, codes on paper, resets by two; devices that are known."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, text, update

from geo.accounts import known_devices, people, second_factor, sign_in
from geo.accounts.second_factor import CodeVerdict
from geo.accounts.sign_in import HalfSignedIn, SignedIn
from geo.errors import InvalidTokenError
from geo.models import (
    AuditEntry,
    KnownDevice,
    OutboxMessage,
    Person,
    RecoveryCode,
    SecondFactor,
    WebSession,
)
from tests.fixtures.clock import run_now
from tests.fixtures.signing_in import SECRET, code_at, give_factor, signed_in

NOW = datetime(2026, 3, 3, 12, 0, 10, tzinfo=UTC)
STEP = timedelta(seconds=30)
LIFE = timedelta(hours=2)
WRONG = "000000" if code_at(NOW) != "000000" else "111111"


async def add(session, name, role="coordinator"):
    return await people.add_person(
        session, email=f"{name}@example.org", name=name.title(), role=role, countries=["CO"]
    )


@pytest.fixture
async def ana(session):
    return await add(session, "ana")


async def check(session, person, code, at=NOW, **more):
    return await second_factor.check(session, person, code, now=at, **more)


async def read(session, secret, **more):
    return await sign_in.read_session(session, secret, idle=LIFE, **more)


async def actions(session):
    return list(await session.scalars(select(AuditEntry.action).order_by(AuditEntry.seq)))


async def events(session):
    return sorted(await session.scalars(select(OutboxMessage.event)))


# --- codes --------------------------------------------------------------------------------------


async def test_p52_a_code_is_taken_once(session, ana):
    await give_factor(session, ana, now=NOW)
    assert await check(session, ana, code_at(NOW)) is CodeVerdict.RIGHT
    assert await check(session, ana, code_at(NOW)) is CodeVerdict.WRONG, "replayed"
    assert await check(session, ana, code_at(NOW - STEP)) is CodeVerdict.WRONG, (
        "older than the last"
    )
    assert await check(session, ana, code_at(NOW + STEP)) is CodeVerdict.RIGHT, "a clock ahead"
    later = NOW + 4 * STEP
    assert await check(session, ana, code_at(later - 2 * STEP), later) is CodeVerdict.WRONG, (
        "too old"
    )
    assert await check(session, ana, code_at(later + 2 * STEP), later) is CodeVerdict.WRONG
    typed = f" {code_at(later)[:3]} {code_at(later)[3:]} "
    assert await check(session, ana, typed, later) is CodeVerdict.RIGHT


def test_codes_are_those_of_rfc_6238():
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # its appendix B: 12345678901234567890
    for at_s, code in ((59, "287082"), (1111111109, "081804"), (20000000000, "353130")):
        assert second_factor.fits(secret, code, now=datetime.fromtimestamp(at_s, UTC))


async def test_an_app_is_taken_by_a_code_of_it_alone(session, ana):
    assert await second_factor.set_up(session, ana, SECRET, WRONG, now=NOW) is None
    assert not (await second_factor.standing(session, ana)).is_set
    assert len(await give_factor(session, ana, now=NOW)) == second_factor.RECOVERY_CODES
    assert await events(session) == ["account.factor_added"]
    assert await check(session, ana, code_at(NOW - STEP)) is CodeVerdict.WRONG, "used to set it up"


async def test_p50_a_factor_that_is_there_is_replaced_by_who_has_shown_it_alone(session, ana):
    await give_factor(session, ana, now=NOW)
    other = await second_factor.offered_secret(session, "other")
    code = code_at(NOW, other)
    assert await second_factor.set_up(session, ana, other, code, now=NOW) is None
    assert await check(session, ana, code_at(NOW)) is CodeVerdict.RIGHT
    assert await second_factor.set_up(session, ana, other, code, now=NOW, replaces=True)
    assert await check(session, ana, code_at(NOW + STEP)) is CodeVerdict.WRONG


async def test_the_secret_offered_is_a_sign_in_s_own(session):
    first = await second_factor.offered_secret(session, "one")
    assert first == await second_factor.offered_secret(session, "one")
    assert first != await second_factor.offered_secret(session, "other")
    assert len(first) == 32, "160 bits in base 32"


async def test_p52_wrong_codes_are_few_and_told_once(session, ana):
    await give_factor(session, ana, now=NOW)
    for _ in range(second_factor.MOST_FAILURES):
        assert await check(session, ana, WRONG) is CodeVerdict.WRONG
    assert await check(session, ana, WRONG) is CodeVerdict.WAIT
    assert await check(session, ana, code_at(NOW)) is CodeVerdict.WAIT, (
        "the right one waits as well"
    )
    assert (await actions(session)).count("person.codes_refused") == 1
    assert await events(session) == ["account.codes_refused", "account.factor_added"]
    after = NOW + second_factor.FAILURES_WITHIN
    assert await check(session, ana, code_at(after), after) is CodeVerdict.RIGHT


async def test_p52_what_others_wrote_does_not_keep_a_known_device_out(session, ana):
    await give_factor(session, ana, now=NOW)
    for _ in range(second_factor.MOST_FAILURES + 1):
        await check(session, ana, WRONG)
    assert await check(session, ana, WRONG, is_counted=False) is CodeVerdict.WRONG
    assert await check(session, ana, code_at(NOW), is_counted=False) is CodeVerdict.RIGHT


async def test_a_code_on_paper_is_taken_once_and_whatever_was_tried(session, ana):
    first, second, *_ = await give_factor(session, ana, now=NOW)
    for _ in range(second_factor.MOST_FAILURES):
        await check(session, ana, WRONG)
    assert await second_factor.is_recovery_code(session, ana, first), "looking uses nothing up"
    assert await check(session, ana, first.lower().replace("-", " ")) is CodeVerdict.RECOVERY
    assert await check(session, ana, first) is CodeVerdict.WRONG
    assert not await second_factor.is_recovery_code(session, ana, first)
    beto = await add(session, "beto")
    assert await check(session, beto, second) is CodeVerdict.WRONG, "somebody else's"
    assert (await second_factor.standing(session, ana)).codes_left == 9
    (new, *_) = await second_factor.renew_codes(session, ana)
    assert await check(session, ana, second) is CodeVerdict.WRONG, "the ones before have ended"
    assert await check(session, ana, new) is CodeVerdict.RECOVERY


async def test_nobody_s_code_is_wrong(session):
    assert await check(session, None, code_at(NOW)) is CodeVerdict.WRONG
    assert await check(session, None, "ABCD-EFGH") is CodeVerdict.WRONG
    assert await check(session, None, "\ud800 ñ\u202e") is CodeVerdict.WRONG


async def test_p48_no_secret_is_kept_in_the_clear_or_told(session, ana):
    codes = await give_factor(session, ana, now=NOW)
    await check(session, ana, codes[0])
    await second_factor.reset(session, ana, by="cli")
    told = str(list(await session.execute(select(AuditEntry.__table__))))
    told += str(list(await session.execute(select(OutboxMessage.__table__))))
    for secret in (SECRET, code_at(NOW), code_at(NOW - STEP), *codes):
        assert secret not in told
        assert secret.replace("-", "") not in told


# --- sessions -----------------------------------------------------------------------------------


async def test_p50_a_password_alone_is_half_a_sign_in(session, ana):
    secret = await sign_in.start_session(session, ana, lifetime=LIFE)
    assert await read(session, secret) == HalfSignedIn(ana, "ana@example.org", False)
    assert isinstance(await read(session, secret, is_factor_required=False), SignedIn)
    await give_factor(session, ana, now=NOW)
    for is_required in (True, False):
        half = await read(session, secret, is_factor_required=is_required)
        assert half == HalfSignedIn(ana, "ana@example.org", True), "set up: asked for anyhow"
    assert isinstance(await read(session, await signed_in(session, ana)), SignedIn)


@pytest.mark.parametrize("role", ["viewer", "editor", "approver", "coordinator", "admin"])
async def test_p50_who_decides_or_hides_needs_it(session, role):
    organization = await people.add_organization(session, "Cruz")
    person = await people.add_person(
        session,
        email="x@example.org",
        name="X",
        role=role,
        organization_id=organization,
        countries=["CO"],
    )
    found = await read(session, await sign_in.start_session(session, person, lifetime=LIFE))
    assert isinstance(found, HalfSignedIn) == (role in {"approver", "coordinator", "admin"})


async def test_p50_a_new_role_asks_at_the_next_request(session):
    person = await add(session, "eva", role="viewer")
    secret = await sign_in.start_session(session, person, lifetime=LIFE)
    assert isinstance(await read(session, secret), SignedIn)
    await people.change_role(
        session, person, role="approver", organization_id=None, countries=["CO"]
    )
    assert isinstance(await read(session, secret), HalfSignedIn)


# --- resets -------------------------------------------------------------------------------------


@pytest.fixture
async def keepers(session):
    return [await add(session, name, "admin") for name in ("ada", "bea")]


async def open_all(session, person):
    """Open what a person may have open; give the session's secret."""
    await known_devices.remember_device(session, person, None, life=LIFE, trusted_for=LIFE)
    return await signed_in(session, person)


async def test_p52_two_administrators_take_a_second_factor_away(session, ana, keepers):
    await give_factor(session, ana, now=NOW)
    cookie = await open_all(session, ana)
    first, second = keepers
    assert not await second_factor.ask_reset(session, ana, by=first)
    assert not await second_factor.ask_reset(session, ana, by=first), "one alone, twice"
    assert (await second_factor.standing(session, ana)).is_set
    assert (await second_factor.waiting_reset(session, ana)).asked_by == first
    assert await second_factor.ask_reset(session, ana, by=second)
    held = await second_factor.standing(session, ana)
    assert (held.is_set, held.codes_left, held.devices) == (False, 0, 0)
    with pytest.raises(InvalidTokenError):
        await read(session, cookie)
    assert await second_factor.waiting_reset(session, ana) is None
    assert "account.factor_reset" in await events(session)
    assert (await actions(session))[-3:] == [
        "person.factor_reset_asked",
        "person.factor_reset_agreed",
        "person.factor_reset",
    ]


@pytest.mark.parametrize("change", ["old", "role", "shut out"])
async def test_p52_a_wish_that_is_old_or_of_no_administrator_counts_for_nothing(
    session, ana, keepers, change
):
    await give_factor(session, ana, now=NOW)
    first, second = keepers
    await second_factor.ask_reset(session, ana, by=first)
    if change == "old":
        await session.execute(
            text("update amparo.factor_resets set asked_at = amparo.now() - interval '25 hours'")
        )
    elif change == "role":
        await session.execute(update(Person).where(Person.id == first).values(role="coordinator"))
    else:
        await people.deactivate(session, first)
    assert not await second_factor.ask_reset(session, ana, by=second), "now the first of two"
    assert (await second_factor.standing(session, ana)).is_set


async def test_p52_no_way_around_the_two(session, ana):
    """Who keeps accounts shuts out and lets in again, gives a new link: the factor stays."""
    await give_factor(session, ana, now=NOW)
    await people.deactivate(session, ana)
    await people.activate(session, ana)
    link = await sign_in.invite(session, ana)
    await sign_in.accept_invitation(session, link, "hash")
    secret = await sign_in.start_session(session, ana, lifetime=LIFE)
    assert await read(session, secret) == HalfSignedIn(ana, "ana@example.org", True)


# --- devices ------------------------------------------------------------------------------------


async def remembered(session, person, device=None, trusted_for=None):
    secret = await known_devices.remember_device(
        session, person, device, life=timedelta(days=180), trusted_for=trusted_for
    )
    return secret, await known_devices.find_device(session, secret)


async def test_p52_a_device_is_one_account_s_and_its_secret_changes(session, ana):
    first, device = await remembered(session, ana, trusted_for=LIFE)
    assert (device.person_id, device.is_trusted, device.is_present) == (ana, True, True)
    second, same = await remembered(session, ana, device)
    assert second != first
    assert (same.id, same.is_trusted) == (device.id, True), "trust is neither lost nor renewed"
    old = await known_devices.find_device(session, first)
    assert (old.id, old.is_present) == (device.id, False)
    third, other = await remembered(session, await add(session, "beto"), same)
    assert other.id != same.id, "somebody else signs in there: a device of their own"
    assert not other.is_trusted
    stored = str(list(await session.execute(select(KnownDevice.__table__))))
    assert not any(secret in stored for secret in (first, second, third))


async def test_p52_a_copied_device_is_known_to_nobody(session, ana):
    first, device = await remembered(session, ana)
    second, _ = await remembered(session, ana, device)
    await known_devices.end_copied(session, await known_devices.find_device(session, first))
    assert await known_devices.find_device(session, second) is None
    assert (await actions(session))[-1] == "person.device_ended"


@pytest.mark.parametrize("end", ["invite", "password", "shut out", "reset", "age"])
async def test_p52_a_device_ends_with_what_is_recovered(session, ana, end):
    link = await sign_in.invite(session, ana)
    secret, _ = await remembered(session, ana)
    if end == "invite":
        await sign_in.invite(session, ana)
    elif end == "password":
        await sign_in.accept_invitation(session, link, "hash")
    elif end == "shut out":
        await people.deactivate(session, ana)
    elif end == "reset":
        await second_factor.reset(session, ana, by="cli")
    else:
        await session.execute(text("update amparo.known_devices set expires_at = amparo.now()"))
    assert await known_devices.find_device(session, secret) is None
    if end == "age":
        await sign_in.forget_ended(session, run_now() + LIFE)
    assert not list(await session.scalars(select(KnownDevice.id)))


async def test_p29_nothing_of_it_outlives_the_person(session, ana):
    await give_factor(session, ana, now=NOW)
    await open_all(session, ana)
    await session.execute(text("delete from amparo.people where id = :id"), {"id": ana})
    for model in (SecondFactor, RecoveryCode, KnownDevice, WebSession):
        assert not list(await session.scalars(select(model.person_id)))
