"""Getting into the console: second factors, known devices, and who is slowed down by whom."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from sqlalchemy import select, text

from app.access.csrf import form_token
from geo.accounts import passwords, people, second_factor, sign_in
from geo.db.sessions import Tier
from geo.models import AuditEntry, WebSession
from tests.conftest import client_of, clone, opened
from tests.fixtures.desk import HTML, fields_of
from tests.fixtures.signing_in import SECRET, code_at, give_factor

NOW = datetime(2026, 3, 3, 12, 0, 10, tzinfo=UTC)
STEP = timedelta(seconds=second_factor.STEP_S)
GOOD = "caballo batería grapa correcta"
SIGN_IN = "/network/sign-in"
CODE = f"{SIGN_IN}/code"
FACTOR = f"{SIGN_IN}/factor"


class Clock:
    """Tells the time that a test sets."""

    def __init__(self):
        self.now = NOW

    def __call__(self):
        return self.now


@pytest.fixture(scope="module")
def clock():
    return Clock()


@pytest.fixture(scope="module")
async def settings(cluster, empty_template, settings_for):
    return settings_for(
        clone(cluster, empty_template),
        trusted_proxy="127.0.0.1",
        sign_in_rate_per_minute=10,
        sign_in_pair_rate_per_hour=14,
        sign_in_account_rate_per_hour=18,
    )


@pytest.fixture(scope="module")
async def database(settings):
    async with opened(settings) as database:
        yield database


@pytest.fixture(scope="module")
async def hashed():
    return await passwords.hash_password(GOOD)


@pytest.fixture
async def add(database, hashed, request):
    """Give what adds somebody with a password, under an address of this test alone."""
    made = []

    async def one(role="coordinator", *, factor=False):
        email = f"{request.node.name[-40:].strip('[]')}{len(made)}@example.org".lower()
        async with database.session(Tier.WRITER) as session:
            organization = await people.add_organization(session, "Cruz")
            person = await people.add_person(
                session,
                email=email,
                name=role,
                role=role,
                organization_id=organization,
                countries=["CO"],
            )
            await sign_in.store_password(session, person, hashed)
            codes = await give_factor(session, person, now=NOW) if factor else []
        made.append(person)
        return person, email, codes

    return one


@pytest.fixture(scope="module")
async def application(settings, clock):
    # One process counts for all tests of this module, within one minute that does not pass; each
    # test has accounts and addresses of its own.
    async with client_of(settings, clock=clock, steady_s=lambda: 7_230.0) as client:
        yield client


class Browser:
    """Somebody's browser at an address, which keeps its cookies and sends forms from their page."""

    addresses = 0

    def __init__(self, client, address=None):
        Browser.addresses += 1
        self.client = client
        self.address = address or f"198.51.{Browser.addresses // 200}.{Browser.addresses % 200}"
        self.cookies = {}
        self.location = ""

    async def ask(self, method, path, **more):
        self.client.cookies.clear()
        sent = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        headers = HTML | {"X-Forwarded-For": self.address, "Cookie": sent}
        answer = await self.client.request(method, path, headers=headers, **more)
        for cookie in answer.headers.get_list("set-cookie"):
            name, value = re.match(r'([^=]+)="?([^;"]*)', cookie).groups()
            self.cookies[name] = value
            if "Max-Age=0" in cookie or "max-age=0" in cookie:
                del self.cookies[name]
        self.location = answer.headers.get("location", "")
        return answer

    async def send(self, action, **fields):
        """Send the form of a page as it stands there, with what was typed."""
        shown = fields_of(await self.ask("GET", action), action)
        return await self.ask("POST", action, data=shown | fields)

    async def enter(self, email, password=GOOD, **more):
        return await self.send(SIGN_IN, email=email, password=password, **more)

    async def is_in(self):
        return (await self.ask("GET", "/network")).status_code == 200

    async def enter_whole(self, email, clock, **more):
        """Sign in with the password, and then the code of a step that was not used."""
        clock.now += 2 * STEP
        assert (await self.enter(email)).status_code == 303
        assert self.location.startswith(CODE), self.location
        assert (await self.send(CODE, code=code_at(clock.now), **more)).status_code == 303


@pytest.fixture
def browser(application):
    return Browser(application)


def other(browser, address=None):
    return Browser(browser.client, address)


async def count(database, query):
    async with database.session(Tier.WRITER) as session:
        return await session.scalar(text(query))


# --- the second factor --------------------------------------------------------------------------


async def test_p50_a_password_alone_opens_the_page_of_the_factor_and_nothing_else(browser, add):
    _, email, _ = await add("approver")
    assert (await browser.enter(email, next="/network/hides")).status_code == 303
    assert browser.location == f"{CODE}?next=%2Fnetwork%2Fhides"
    assert "amparo_device" not in browser.cookies
    for path in ("/network", "/network/hides", "/network/factor", "/network/tokens"):
        answer = await browser.ask("GET", path)
        assert (answer.status_code, browser.location) == (303, f"{SIGN_IN}?next={path}")
    csrf = form_token(browser.cookies["amparo_session"])
    for path in ("/network/hides", "/network/tokens", "/network/factor", "/network/sign-out"):
        answer = await browser.ask("POST", path, data={"csrf": csrf, "entity": "space"})
        assert (answer.status_code, browser.location) == (303, f"{SIGN_IN}?next=/network")
    body = {"entity": "space", "id": "x", "reason": "x"}
    assert (await browser.ask("POST", "/hides", json=body)).status_code == 401
    # The sign-in leads to what is still to do, and back to where somebody wanted to go.
    await browser.ask("GET", f"{SIGN_IN}?next=/network/hides")
    assert browser.location == f"{CODE}?next=%2Fnetwork%2Fhides"
    await browser.ask("GET", browser.location)
    assert browser.location == f"{FACTOR}?next=%2Fnetwork%2Fhides"


async def test_p50_an_app_is_set_up_at_the_next_sign_in(browser, add, database, clock):
    person, email, _ = await add("admin")
    await browser.enter(email)
    half = dict(browser.cookies)
    page = await browser.ask("GET", FACTOR)
    secret = re.search(r"<code>([A-Z2-7 ]+)</code>", page.text)[1].replace(" ", "")
    assert "<svg" in page.text
    assert "no-store" in page.headers["cache-control"]
    refused = await browser.send(FACTOR, code="000000")
    assert refused.status_code == 400
    assert "seis números" in refused.text
    assert secret in refused.text.replace(" ", ""), "the picture stays"
    assert 'href="otpauth://totp/' in refused.text, "whoever has one phone taps the picture"
    assert not await browser.is_in()
    taken = await browser.send(FACTOR, code=code_at(clock.now, secret))
    codes = re.findall(r"<code>([A-Z2-7]{4}(?:-[A-Z2-7]{4}){3})</code>", taken.text)
    assert (taken.status_code, len(codes)) == (200, 10)
    assert await browser.is_in()
    # P50: a new session; the half one is over, and was given to nobody else.
    assert browser.cookies["amparo_session"] != half["amparo_session"]
    old = other(browser)
    old.cookies = half
    assert not await old.is_in()
    async with database.session(Tier.WRITER) as session:
        held = await second_factor.standing(session, person)
        told = str(list(await session.execute(select(AuditEntry.__table__))))
    assert (held.is_set, held.codes_left) == (True, 10)
    assert secret not in told
    assert not any(code in told for code in codes)


async def test_p50_a_half_sign_in_replaces_no_factor(browser, add, clock):
    """Whoever has the password alone finds the code asked for, whichever page they open."""
    _, email, _ = await add(factor=True)
    await browser.enter(email)
    await browser.ask("GET", FACTOR)
    assert browser.location.startswith(CODE)
    csrf = form_token(browser.cookies["amparo_session"])
    answer = await browser.ask("POST", FACTOR, data={"csrf": csrf, "code": code_at(clock.now)})
    assert (answer.status_code, browser.location) == (303, f"{CODE}?next=%2Fnetwork")
    assert not await browser.is_in()


async def test_p52_a_code_is_asked_for_and_taken_once(browser, add, clock):
    _, email, codes = await add(factor=True)
    clock.now += 2 * STEP
    code = code_at(clock.now)
    await browser.enter(email)
    wrong = await browser.send(CODE, code="000000" if code != "000000" else "111111")
    assert wrong.status_code == 401
    assert not await browser.is_in()
    await browser.send(CODE, code=code)
    assert await browser.is_in()
    second = other(browser)
    await second.enter(email)
    assert (await second.send(CODE, code=code)).status_code == 401, "seen over a shoulder"
    assert (await second.send(CODE, code=codes[0])).status_code == 303
    assert await second.is_in()


async def test_p52_codes_cannot_be_tried_out(browser, add, database, clock):
    person, email, codes = await add(factor=True)
    code = code_at(clock.now + 2 * STEP)
    clock.now += 2 * STEP
    await browser.enter(email)
    for n in range(second_factor.MOST_FAILURES):
        tried = f"{(int(code) + n + 1) % 1_000_000:06}"
        async with database.session(Tier.WRITER) as session:
            # By whichever process, from wherever: the account counts.
            await second_factor.check(session, person, tried, now=clock.now)
    assert (await browser.send(CODE, code=code)).status_code == 429
    assert not await browser.is_in()
    assert (await browser.send(CODE, code=codes[0])).status_code == 303, "a code on paper goes on"


async def test_the_forms_of_the_factor_cannot_be_forged(browser, add):
    _, email, _ = await add(factor=True)
    await browser.enter(email)
    for csrf in (
        "",
        "x.y",
        form_token("nobody"),
        form_token(browser.cookies.get("amparo_form", "")),
    ):
        answer = await browser.ask("POST", CODE, data={"csrf": csrf, "code": "000000"})
        assert answer.status_code == 403
    nobody = other(browser)
    answer = await nobody.ask("POST", CODE, data={"csrf": "x", "code": "000000"})
    assert (answer.status_code, nobody.location) == (303, f"{SIGN_IN}?next=/network")


async def test_who_begins_anew_is_out(browser, add):
    _, email, _ = await add(factor=True)
    await browser.enter(email)
    await browser.send(CODE, code="", do="cancel")
    assert browser.location == SIGN_IN
    assert "amparo_session" not in browser.cookies
    assert (await browser.ask("GET", SIGN_IN)).status_code == 200


async def test_an_editor_may_have_one_and_is_then_asked(browser, add, clock):
    _, email, _ = await add("editor")
    assert (await browser.enter(email)).headers["location"] == "/network"
    before = browser.cookies["amparo_session"]
    page = await browser.ask("GET", "/network/factor")
    secret = re.search(r"<code>([A-Z2-7 ]+)</code>", page.text)[1].replace(" ", "")
    fields = {"do": "app", "csrf": form_token(before)}
    wrong = await browser.ask("POST", "/network/factor", data=fields | {"code": "x"})
    assert wrong.status_code == 400
    taken = await browser.ask(
        "POST", "/network/factor", data=fields | {"code": code_at(clock.now, secret)}
    )
    assert "recuperación" in taken.text
    assert browser.cookies["amparo_session"] != before
    assert await browser.is_in(), "whoever has just shown a code is not asked again"
    csrf = unescape(re.search(r'name="csrf" value="([^"]*)"', taken.text)[1])
    assert (await browser.ask("POST", "/network/sign-out", data={"csrf": csrf})).is_redirect
    second = other(browser)
    await second.enter(email)
    assert second.location.startswith(CODE)


async def test_p52_another_app_and_new_codes_need_a_code(browser, add, clock, database):
    person, email, codes = await add(factor=True)
    await browser.enter_whole(email, clock)
    page = await browser.ask("GET", "/network/factor")
    secret = re.search(r"<code>([A-Z2-7 ]+)</code>", page.text)[1].replace(" ", "")
    fields = {"csrf": form_token(browser.cookies["amparo_session"])}
    new = {"code": code_at(clock.now, secret)}
    for do in ({"do": "app"} | new, {"do": "codes"}, {"do": "app", "current": "000000"} | new):
        answer = await browser.ask("POST", "/network/factor", data=fields | do)
        assert answer.status_code == 400, do
    async with database.session(Tier.WRITER) as session:
        assert (await second_factor.standing(session, person)).codes_left == 10
    sent = fields | {"do": "app", "current": codes[0]} | new
    assert "recuperación" in (await browser.ask("POST", "/network/factor", data=sent)).text
    assert await browser.is_in()
    second = other(browser)
    await second.enter(email)
    clock.now += 2 * STEP
    assert (await second.send(CODE, code=code_at(clock.now))).status_code == 401, "the old app"
    assert (await second.send(CODE, code=code_at(clock.now, secret))).status_code == 303


async def test_p52_two_administrators_reset_at_the_console(browser, add, database, clock):
    person, email, _ = await add(factor=True)
    await browser.enter_whole(email, clock)
    page = f"/network/people/{person}"
    for n in range(2):
        _, keeper, _ = await add("admin", factor=True)
        admin = other(browser)
        await admin.enter_whole(keeper, clock)
        for _ in range(2):
            sent = {"do": "reset", "csrf": form_token(admin.cookies["amparo_session"])}
            assert (await admin.ask("POST", page, data=sent)).status_code == 303
            assert await browser.is_in() == (n == 0), "one alone, however often"
            if n:
                break
    await browser.enter(email)
    await browser.ask("GET", CODE)
    assert browser.location.startswith(FACTOR)


async def test_p52_nobody_resets_their_own(browser, add, clock):
    person, email, _ = await add("admin", factor=True)
    await browser.enter_whole(email, clock)
    sent = {"do": "reset", "csrf": form_token(browser.cookies["amparo_session"])}
    answer = await browser.ask("POST", f"/network/people/{person}", data=sent)
    assert answer.status_code == 400


# --- devices that are known ---------------------------------------------------------------------


async def test_p52_on_a_device_to_be_remembered_the_password_is_enough(browser, add, clock):
    """An emergency hide waits for no telephone."""
    _, email, _ = await add(factor=True)
    await browser.enter_whole(email, clock, remember="true")
    device = browser.cookies["amparo_device"]
    del browser.cookies["amparo_session"]
    assert (await browser.enter(email, next="/network/hides")).status_code == 303
    assert browser.location == "/network/hides"
    assert await browser.is_in()
    assert browser.cookies["amparo_device"] != device, "rotated"
    # Who has a copy of the cookie before, and the password, is asked for the code: and from then
    # on so is whoever has the other one.
    thief = other(browser)
    thief.cookies = {"amparo_device": device}
    await thief.enter(email)
    assert thief.location.startswith(CODE)
    browser.cookies.pop("amparo_session")
    await browser.enter(email)
    assert browser.location.startswith(CODE)


async def test_p52_a_device_is_trusted_by_whose_it_is_alone(browser, add, clock):
    _, email, _ = await add(factor=True)
    await browser.enter_whole(email, clock, remember="true")
    _, colleague, _ = await add(factor=True)
    del browser.cookies["amparo_session"]
    await browser.enter(colleague)
    assert browser.location.startswith(CODE)
    plain = other(browser)
    await plain.enter_whole(colleague, clock)
    del plain.cookies["amparo_session"]
    await plain.enter(colleague)
    assert plain.location.startswith(CODE), "not ticked: known, and asked all the same"


async def test_the_cookie_of_a_device_goes_to_the_sign_in_alone(browser, add, clock, database):
    _, email, _ = await add("editor")
    answer = await browser.enter(email)
    (cookie,) = [c for c in answer.headers.get_list("set-cookie") if "amparo_device" in c]
    for part in ("Path=/network/sign-in", "HttpOnly", "SameSite=lax", "Max-Age=15552000"):
        assert part.lower() in cookie.lower()
    assert await count(database, "select count(*) from amparo.known_devices") >= 1


# --- who waits ----------------------------------------------------------------------------------


async def attack(browser, email, tries, *, address=None, expected=(401, 429)):
    """Try passwords, from one address or from ever others; give the statuses."""
    told = []
    page = other(browser)
    shown = fields_of(await page.ask("GET", SIGN_IN), SIGN_IN)
    for n in range(tries):
        attacker = other(browser, address)
        attacker.cookies = dict(page.cookies)
        sent = shown | {"email": email, "password": f"no {n}"}
        told.append((await attacker.ask("POST", SIGN_IN, data=sent)).status_code)
    assert set(told) <= set(expected)
    return told


async def test_p52_ten_wrong_passwords_from_one_address_keep_nobody_out_elsewhere(browser, add):
    _, email, _ = await add("editor")
    attacker = other(browser).address
    assert await attack(browser, email, 10, address=attacker) == [401] * 10
    assert (await browser.enter(email)).status_code == 303
    assert await browser.is_in()
    # The address itself has used its minute up.
    assert 429 in await attack(browser, email, 3, address=attacker)


async def test_p52_one_network_of_ipv6_is_one_address(browser, add):
    _, email, _ = await add("editor")
    told = []
    page = other(browser)
    shown = fields_of(await page.ask("GET", SIGN_IN), SIGN_IN)
    for n in range(11):
        attacker = Browser(browser.client, f"2001:db8:ffff:1:{n:x}::1")
        attacker.cookies = dict(page.cookies)
        sent = shown | {"email": email, "password": "no"}
        told.append((await attacker.ask("POST", SIGN_IN, data=sent)).status_code)
    assert told == [401] * 10 + [429]


async def test_p52_many_addresses_neither_guess_on_nor_keep_a_known_device_out(browser, add, clock):
    _, email, codes = await add(factor=True)
    await browser.enter_whole(email, clock)
    del browser.cookies["amparo_session"]
    told = await attack(browser, email, 25)
    assert told.count(401) <= 18
    assert told[-1] == 429
    # Whoever is not known waits, by whichever address, with the right password too.
    stranger = other(browser)
    refused = await stranger.enter(email)
    assert refused.status_code == 429
    assert 1 <= int(refused.headers["retry-after"]) <= 7_200
    assert "Espere" in refused.text
    # A known device does not, nor who shows a second factor along with the password.
    assert (await browser.enter(email)).status_code == 303
    clock.now += 2 * STEP
    assert (await browser.send(CODE, code=code_at(clock.now))).status_code == 303
    assert (await stranger.enter(email, code=codes[0])).status_code == 303
    assert stranger.location == "/network"
    assert await stranger.is_in()
    clock.now += 2 * STEP
    third = other(browser)
    assert (await third.enter(email, code=code_at(clock.now))).status_code == 303
    assert await third.is_in()
    fourth = other(browser)
    for code in (code_at(clock.now), codes[0], "000000", "ABCD-EFGH"):
        assert (await fourth.enter(email, code=code)).status_code == 429, "used, or never was one"


async def test_p52_a_code_on_paper_is_used_up_with_the_right_password_alone(browser, add):
    _, email, codes = await add(factor=True)
    assert (await browser.enter(email, "not it", code=codes[0])).status_code == 401
    assert (await browser.enter(email, code=codes[0])).status_code == 303
    assert browser.location == "/network"
    second = other(browser)
    await second.enter(email, code=codes[0])
    assert second.location.startswith(CODE)


async def test_p52_codes_before_the_password_are_few(browser, add, clock):
    """Seven an hour here: beyond, even the right one is not looked at."""
    _, email, _ = await add(factor=True)
    clock.now += 2 * STEP
    right = code_at(clock.now)
    for n in range(7):
        tried = f"{(int(right) + n + 1) % 1_000_000:06}"
        answer = await other(browser).enter(email, "not it", code=tried)
        assert answer.status_code == 401
    await browser.enter(email, code=right)
    assert browser.location.startswith(CODE), "as without a code"


async def test_p52_one_s_own_device_is_no_pass_to_other_accounts(browser, add, clock):
    _, own, _ = await add("editor")
    _, victim, _ = await add("editor")
    await browser.enter(own)
    browser.cookies.pop("amparo_session")
    told = [(await browser.enter(victim, f"no {n}")).status_code for n in range(14)]
    assert 429 in told


async def test_p52_a_device_tries_no_more_than_an_address(browser, add):
    """A stolen cookie gives some tries an hour more, and then counts as no cookie at all."""
    _, email, _ = await add("editor")
    await browser.enter(email)
    browser.cookies.pop("amparo_session")
    told = [(await browser.enter(email, f"no {n}")).status_code for n in range(14 + 13)]
    assert told[:14] == [401] * 14
    assert told[-1] == 429


async def test_p6_waiting_tells_nothing_of_who_has_an_account(browser, add):
    _, email, _ = await add("editor")
    pages = {}
    for who in (email, "nobody-at-all@example.org"):
        pages[who] = await attack(browser, who, 20)
        last = await other(browser).enter(who, "no", code="000000")
        pages[f"{who} code"] = last.status_code
        shown = re.sub(r'value="[^"]*"', "", last.text)
        pages[f"{who} page"] = shown
    unknown = "nobody-at-all@example.org"
    assert pages[email] == pages[unknown]
    assert pages[f"{email} code"] == pages[f"{unknown} code"] == 429
    assert pages[f"{email} page"] == pages[f"{unknown} page"]


async def test_p29_a_sign_in_leaves_no_half_session_behind(browser, add, clock, database):
    person, email, _ = await add(factor=True)
    await browser.enter_whole(email, clock)
    async with database.session(Tier.WRITER) as session:
        rows = await session.scalars(
            select(WebSession.factor_at.is_not(None)).where(
                WebSession.person_id == person, WebSession.ended_at.is_(None)
            )
        )
        assert list(rows) == [True]
    assert SECRET not in (await browser.ask("GET", "/network/factor")).text.replace(" ", "")
