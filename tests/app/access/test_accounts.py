"""Who asks: tokens, the console's cookie, forms that cannot be forged, and what no log holds."""

import re
from datetime import timedelta
from html import unescape

import httpx
import pytest
from fastapi import APIRouter, Request
from sqlalchemy import text
from starlette.responses import JSONResponse

from app.access.dependencies import ActorDep, AskerDep, SessionDep, StaffDep, WriterDep
from app.access.forms import FormDep
from app.access.identity import safe_next
from geo.accounts import passwords, people, sign_in, tokens
from geo.db.sessions import Tier
from tests.conftest import client_of, clone, opened
from tests.fixtures.clock import run_now

GOOD = "caballo batería grapa correcta"
EMAIL = "ana@example.org"

ROLE = text("select current_user || '|' || coalesce(current_setting('amparo.person', true), '')")


def probes() -> APIRouter:
    """Endpoints that say what the dependencies give."""
    router = APIRouter()

    @router.get("/probe/session")
    async def read(session: SessionDep, asker: AskerDep):
        name = None if asker.actor is None else asker.actor.name
        return JSONResponse({"role": await session.scalar(ROLE), "actor": name})

    @router.get("/network/probe/staff")
    @router.get("/probe/staff")
    async def staff(session: StaffDep):
        return JSONResponse({"role": await session.scalar(ROLE)})

    @router.get("/network/probe/actor")
    @router.get("/probe/actor")
    async def actor(known: ActorDep):
        return JSONResponse({"actor": known.name, "role": known.role})

    @router.post("/probe/write")
    async def write(session: WriterDep, known: ActorDep):
        return JSONResponse({"role": await session.scalar(ROLE), "actor": known.name})

    @router.post("/network/probe/form")
    async def form(sent: FormDep, known: ActorDep):
        uploaded = {name: (await file.read()).decode() for name, file in sent.files.items()}
        return JSONResponse({"fields": dict(sent), "lists": sent.lists, "files": uploaded})

    @router.get("/probe/tagged")
    async def tagged(request: Request, session: SessionDep):
        from app.http.etags import kept_response

        return kept_response(request, b"{}", "application/json")

    return router


@pytest.fixture(scope="module")
async def settings(cluster, empty_template, settings_for):
    # What is said here of forms and sessions holds with a second factor, too: test_entering.py.
    return settings_for(clone(cluster, empty_template), second_factor="offered")


@pytest.fixture(scope="module")
async def database(settings):
    async with opened(settings) as database:
        yield database


@pytest.fixture(scope="module")
async def talking(settings):
    async with client_of(settings) as client:
        client.application.include_router(probes())
        yield client


@pytest.fixture
def client(talking):
    talking.cookies.clear()
    return talking


@pytest.fixture(scope="module")
async def ids(database):
    """Give the ids of a viewer, an editor and a coordinator; the last has a password."""
    hashed = await passwords.hash_password(GOOD)
    async with database.session(Tier.WRITER) as session:
        organization = await people.add_organization(session, "Cruz")
        made = {}
        for role in ("viewer", "editor", "coordinator"):
            made[role] = await people.add_person(
                session,
                email=EMAIL if role == "coordinator" else f"{role}@example.org",
                name=role,
                role=role,
                organization_id=organization,
            )
        await sign_in.store_password(session, made["coordinator"], hashed)
        await sign_in.store_password(session, made["viewer"], hashed)
    return made


async def token(database, scope, person=None, days=1):
    async with database.session(Tier.WRITER) as session:
        _, secret = await tokens.issue_token(
            session,
            scope=scope,
            holder="Cruz",
            expires_at=run_now() + timedelta(days=days),
            person_id=person,
        )
    return {"Authorization": f"Bearer {secret}"}


def csrf_of(response):
    return unescape(re.search(r'name="csrf" value="([^"]*)"', response.text)[1])


async def enter(client, email=EMAIL, password=GOOD, **fields):
    page = await client.get("/network/sign-in")
    sent = {"csrf": csrf_of(page), "email": email, "password": password, **fields}
    return await client.post("/network/sign-in", data=sent)


async def form_token_of(client):
    """Sign in and give a token for the session's forms."""
    from app.access.csrf import form_token

    assert (await enter(client)).status_code == 303
    return form_token(client.cookies["amparo_session"])


# --- tokens and tiers ---------------------------------------------------------------------------


async def test_p1_the_tier_is_the_credential_s(client, database, ids):
    async def role(headers=None):
        answer = await client.get("/probe/session", headers=headers)
        assert answer.status_code == 200
        return answer.json()

    assert await role() == {"role": "amparo_public|", "actor": None}
    assert await role(await token(database, "partner")) == {
        "role": "amparo_partner|",
        "actor": None,
    }
    edits = await role(await token(database, "edit", ids["coordinator"]))
    assert edits == {"role": "amparo_partner|", "actor": "coordinator"}, "never staff"


async def test_a_token_that_does_not_hold_is_refused_never_public(client, database, ids):
    expired = await token(database, "partner", days=-1)
    movement = await token(database, "movement")
    answers = []
    for headers in (
        expired,
        movement,
        {"Authorization": "Bearer never"},
        {"Authorization": "Bearer "},
        {"Authorization": "Basic YTpi"},
        {"Authorization": ""},
    ):
        answer = await client.get("/probe/session", headers=headers)
        assert answer.status_code == 401, headers
        assert answer.headers["www-authenticate"] == "Bearer"
        answers.append(answer.text)
    assert len(set(answers)) == 1, "which of them it is is not told"


async def test_revoking_works_at_once(client, database, ids):
    headers = await token(database, "partner")
    assert (await client.get("/probe/session", headers=headers)).status_code == 200
    async with database.session(Tier.WRITER) as session:
        await tokens.revoke_token(session, (await tokens.list_tokens(session))[0].id)
    assert (await client.get("/probe/session", headers=headers)).status_code == 401


async def test_the_scheme_is_read_whatever_its_case(client, database):
    headers = await token(database, "partner")
    headers["Authorization"] = headers["Authorization"].replace("Bearer", "bearer")
    assert (await client.get("/probe/session", headers=headers)).status_code == 200


async def test_who_acts_by_token(client, database, ids):
    edits = await token(database, "edit", ids["editor"])
    assert (await client.get("/probe/actor", headers=edits)).json()["actor"] == "editor"
    write = await client.post("/probe/write", headers=edits)
    assert write.json()["role"] == f"amparo_writer|{ids['editor']}"
    staff = await client.get("/probe/staff", headers=edits)
    assert staff.json()["role"] == f"amparo_staff|{ids['editor']}"
    for headers in (None, await token(database, "partner", ids["editor"])):
        for method, path in (
            ("GET", "/probe/actor"),
            ("POST", "/probe/write"),
            ("GET", "/probe/staff"),
        ):
            refused = await client.request(method, path, headers=headers)
            assert refused.status_code == 401, (path, headers)
    viewer = await token(database, "edit", ids["viewer"])
    assert (await client.get("/probe/staff", headers=viewer)).status_code == 403


async def test_the_console_s_cookie_opens_nothing_of_the_api(client, ids):
    await enter(client)
    # Some client that sends it everywhere, as a browser does not.
    cookie = {"Cookie": f"amparo_session={client.cookies['amparo_session']}"}
    answer = await client.get("/probe/session", headers=cookie)
    assert answer.json()["role"] == "amparo_public|"
    assert (await client.get("/probe/actor", headers=cookie)).status_code == 401
    assert (await client.post("/probe/write", headers=cookie)).status_code == 401


@pytest.mark.parametrize("scope", ["edit", "partner", "movement", None])
async def test_p50_a_token_opens_nothing_of_the_console(client, database, ids, scope):
    person = ids["coordinator"] if scope == "edit" else None
    headers = await token(database, scope, person) if scope else {"Authorization": "Basic YTpi"}
    await enter(client)
    cookie = {"Cookie": f"amparo_session={client.cookies['amparo_session']}"}
    client.cookies.clear()
    told = set()
    for more in ({}, cookie, {"Host": "x/spaces?a="}, {"Accept": "text/html"}):
        for method, path in (
            ("GET", "/network/probe/actor"),
            ("GET", "/network/probe/staff"),
            ("HEAD", "/network/people"),
            ("POST", "/network/probe/form"),
            ("POST", "/network/sign-in"),
            ("GET", "/network/invitation/x"),
            ("GET", "/network/nothing"),
            ("GET", "/network"),
        ):
            answer = await client.request(method, path, headers=headers | more)
            assert answer.status_code == 403, (method, path, more, answer.text)
            assert answer.headers["content-type"] == "application/problem+json"
            assert not answer.headers.get_list("set-cookie")
            told.add(answer.text)
    (problem,) = told - {""}
    assert '"urn:amparo:problem:token-at-console"' in problem
    assert "/network/sign-in" in problem, "what to do"
    assert (await client.get("/network/probe/actor", headers=cookie)).status_code == 200


async def test_p50_mounted_somewhere_else_the_console_is_as_closed(database, settings, ids):
    """A prefix before all addresses (ASGI's root_path) changes who answers, and so what is ours."""
    from starlette.applications import Starlette
    from starlette.routing import Mount

    headers = await token(database, "edit", ids["coordinator"])
    async with client_of(settings) as inner:
        app = inner.application
        app.include_router(probes())
        outer = Starlette(routes=[Mount("/amparo", app)])
        async with app.router.lifespan_context(app) as state:

            async def with_state(scope, receive, send):
                scope["state"] = dict(state)
                await outer(scope, receive, send)

            transport = httpx.ASGITransport(app=with_state)
            async with httpx.AsyncClient(transport=transport, base_url="http://a.test") as mounted:
                read = await mounted.get("/amparo/probe/actor", headers=headers)
                assert read.json()["actor"] == "coordinator"
                answer = await mounted.get("/amparo/network/probe/actor", headers=headers)
                assert answer.status_code == 403
                page = await mounted.get("/amparo/network/sign-in")
                assert page.headers["cache-control"] == "private, no-store"


# --- caches -------------------------------------------------------------------------------------


async def test_p7_above_public_nothing_is_kept(client, database, ids):
    public = await client.get("/probe/tagged")
    assert public.headers["cache-control"] == "public, no-cache"
    assert "Authorization" in public.headers["vary"]
    tag = {"If-None-Match": public.headers["etag"]}
    assert (await client.get("/probe/tagged", headers=tag)).status_code == 304
    for headers in (
        await token(database, "partner"),
        await token(database, "edit", ids["editor"]),
        {"Authorization": "Bearer never"},
    ):
        answer = await client.get("/probe/tagged", headers=headers | tag)
        assert answer.status_code in {200, 401}, "no 304 by a tag of another tier"
        assert answer.headers["cache-control"] == "private, no-store"
        assert "etag" not in answer.headers
        assert "Authorization" in answer.headers["vary"]
    page = await client.get("/network/sign-in")
    assert page.headers["cache-control"] == "private, no-store"
    asset = re.search(r'href="(/static/page.css[^"]*)"', page.text)[1]
    assert "immutable" in (await client.get(asset)).headers["cache-control"]


# --- sign-in ------------------------------------------------------------------------------------


async def test_signing_in_and_out(client, database, ids):
    anonymous = await client.get("/network/probe/actor?", headers={"accept": "text/html"})
    assert anonymous.status_code == 303
    assert anonymous.headers["location"] == "/network/sign-in?next=/network/probe/actor"
    entered = await enter(client, " ANA@example.org", next="/network/probe/actor?x=1")
    assert entered.status_code == 303
    assert entered.headers["location"] == "/network/probe/actor?x=1"
    cookie = next(
        c for c in entered.headers.get_list("set-cookie") if c.startswith("amparo_session=")
    )
    for part in ("HttpOnly", "SameSite=lax", "Path=/network", "Max-Age=43200"):
        assert part in cookie
    assert "Secure" not in cookie, "http in this test"
    assert (await client.get("/network/probe/actor")).json()["role"] == "coordinator"
    staff = await client.get("/network/probe/staff")
    assert staff.json()["role"] == f"amparo_staff|{ids['coordinator']}"
    assert (await client.get("/network/sign-in")).status_code == 303
    secret = client.cookies["amparo_session"]
    from app.access.csrf import form_token

    out = await client.post("/network/sign-out", data={"csrf": form_token(secret)})
    assert out.status_code == 303
    assert "amparo_session" not in client.cookies
    client.cookies.set("amparo_session", secret, domain="amparo.test", path="/network")
    assert (await client.get("/network/probe/actor")).status_code == 303, "ended on the server too"


async def test_a_sign_in_never_keeps_the_session_that_was_there(client, database, ids):
    await enter(client)
    first = client.cookies["amparo_session"]
    page = await client.get("/network/sign-in", headers={"Cookie": ""})
    csrf = csrf_of(page)
    cookie = f"amparo_form={page.cookies['amparo_form']}; amparo_session={first}x"
    await client.post(
        "/network/sign-in",
        data={"csrf": csrf, "email": EMAIL, "password": GOOD},
        headers={"Cookie": cookie},
    )
    assert client.cookies["amparo_session"] not in {first, f"{first}x"}


async def test_the_cookie_is_secure_where_the_address_is_https(settings_for, settings, ids):
    from pydantic import AnyHttpUrl

    secured = settings.model_copy(update={"public_url": AnyHttpUrl("https://map.example.org")})
    async with client_of(secured) as client:
        page = await client.get("/network/sign-in")
        assert all("Secure" in c for c in page.headers.get_list("set-cookie"))


async def test_the_same_answer_for_unknown_and_wrong(client, ids):
    answers = set()
    for email, password in (
        (EMAIL, "not this password"),
        ("nobody@example.org", "not this password"),
        ("editor@example.org", ""),  # invited, has no password yet
        ("", GOOD),
        ("x" * 5_000, "y" * 5_000),
    ):
        refused = await enter(client, email, password)
        assert refused.status_code == 401
        assert "amparo_session" not in client.cookies
        page = re.sub(r'value="[^"]*"', "", refused.text)
        answers.add(page)
        assert password == "" or password not in refused.text
    assert len(answers) == 1


async def test_hostile_text_comes_back_as_text(client, ids):
    refused = await enter(client, '"><script>alert(1)</script>', "x", next="/network/x")
    assert "<script>alert" not in refused.text


async def test_a_shut_out_person_is_out_at_the_next_request(client, database, ids):
    async with database.session(Tier.WRITER) as session:
        person = await people.add_person(
            session, email="beto@example.org", name="Beto", role="coordinator"
        )
        await sign_in.store_password(session, person, await passwords.hash_password(GOOD))
    await enter(client, "beto@example.org")
    assert (await client.get("/network/probe/actor")).status_code == 200
    async with database.session(Tier.WRITER) as session:
        await people.deactivate(session, person)
    assert (await client.get("/network/probe/actor")).status_code == 303
    assert (await enter(client, "beto@example.org")).status_code == 401


async def test_a_session_ends_by_idleness_and_age(client, database, ids):
    for change in ("seen_at = amparo.now() - interval '121 minutes'", "expires_at = amparo.now()"):
        await enter(client)
        assert (await client.get("/network/probe/actor")).status_code == 200
        async with database.session(Tier.WRITER) as session:
            await session.execute(text("update amparo.web_sessions set " + change))
        assert (await client.get("/network/probe/actor")).status_code == 303


async def test_an_old_hash_is_made_anew_at_sign_in(client, database, ids):
    from argon2 import PasswordHasher

    weak = PasswordHasher(time_cost=1, memory_cost=8_192, parallelism=1).hash(GOOD)
    async with database.session(Tier.WRITER) as session:
        await sign_in.store_password(session, ids["viewer"], weak)
    assert (await enter(client, "viewer@example.org")).status_code == 303
    async with database.session(Tier.WRITER) as session:
        stored = (await sign_in.read_credentials(session, "viewer@example.org")).password_hash
    assert stored != weak
    assert not passwords.needs_rehash(stored)


@pytest.mark.parametrize(
    "stated",
    [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/networkx",
        "/",
        "network",
        "/network/../x",
        "/network//evil.example",
        "/network/sign-in",
        "/network/sign-in/oidc",
        "/network/\r\nSet-Cookie: x=1",
        "/network/ñ",
        "javascript:alert(1)",
        "",
        None,
    ],
)
def test_open_redirects_are_refused(stated):
    assert safe_next(stated) == "/network"


@pytest.mark.parametrize("stated", ["/network", "/network/queue", "/network/queue?page=2&x=%2F"])
def test_next_within_the_console_is_kept(stated):
    assert safe_next(stated) == stated


async def test_a_page_asked_by_post_without_sign_in_leads_to_the_start(client):
    answer = await client.post("/network/probe/form", data={"csrf": "x"})
    assert answer.status_code in {303, 403}


# --- forms --------------------------------------------------------------------------------------


async def test_a_form_of_the_own_page_is_read(client, ids):
    csrf = await form_token_of(client)
    sent = await client.post(
        "/network/probe/form", data={"csrf": csrf, "name": "Ñandú", "day": ["MO", "TU"]}
    )
    assert sent.json() == {
        "fields": {"name": "Ñandú", "day": "TU"},
        "lists": {"csrf": [csrf], "name": ["Ñandú"], "day": ["MO", "TU"]},
        "files": {},
    }
    upload = await client.post(
        "/network/probe/form", data={"csrf": csrf}, files={"file": ("a.csv", b"a;b")}
    )
    assert upload.json()["files"] == {"file": "a;b"}


async def test_a_forged_form_is_refused(client, ids):
    csrf = await form_token_of(client)
    from app.access.csrf import form_token

    async def send(token=csrf, **headers):
        data = {"name": "x"} if token is None else {"csrf": token, "name": "x"}
        return (await client.post("/network/probe/form", data=data, headers=headers)).status_code

    assert await send() == 200
    assert await send(**{"Sec-Fetch-Site": "same-origin"}) == 200
    assert await send(Origin="http://amparo.test") == 200
    for bad in (None, "", "x", "é.é", csrf[:-1], f"0{csrf}", form_token("another session")):
        assert await send(bad) == 403, bad
    for site in ("cross-site", "same-site", "none", "x"):
        assert await send(**{"Sec-Fetch-Site": site}) == 403, site
    for origin in ("http://evil.test", "null", "http://amparo.test.evil.test", ""):
        assert await send(Origin=origin) == 403, origin


async def test_the_sign_in_s_own_form_cannot_be_forged(client, ids):
    data = {"email": EMAIL, "password": GOOD}
    assert (await client.post("/network/sign-in", data=data)).status_code == 403
    page = await client.get("/network/sign-in")
    csrf = csrf_of(page)
    client.cookies.clear()
    forged = await client.post("/network/sign-in", data=data | {"csrf": csrf})
    assert forged.status_code == 403, "the token of another browser"
    assert "amparo_session" not in client.cookies
    crossed = await client.post("/network/sign-out", data={"csrf": csrf})
    assert crossed.headers["location"].startswith("/network/sign-in"), "nobody is signed in"


async def test_p50_a_form_is_signed_by_the_session_and_by_no_cookie_of_ones_own(client, ids):
    """What the asker writes into the cookie of the sign-in's form signs nothing else."""
    from app.access.csrf import form_token

    own = {"Cookie": "amparo_form=mine"}
    forged = {"csrf": form_token("mine"), "name": "x"}
    answer = await client.post("/network/probe/form", data=forged, headers=own)
    assert answer.headers["location"].startswith("/network/sign-in")
    await enter(client)
    session = {"Cookie": f"amparo_session={client.cookies['amparo_session']}; amparo_form=mine"}
    client.cookies.clear()
    for path in ("/network/probe/form", "/network/sign-out"):
        assert (await client.post(path, data=forged, headers=session)).status_code == 403
    assert (await client.get("/network/probe/actor", headers=session)).status_code == 200
    page = await client.get("/network/sign-in")
    kept = {
        "Cookie": f"{session['Cookie'].split(';')[0]}; amparo_form={page.cookies['amparo_form']}"
    }
    client.cookies.clear()
    crossed = {"csrf": csrf_of(page), "name": "x"}
    answer = await client.post("/network/probe/form", data=crossed, headers=kept)
    assert answer.status_code == 403, "the sign-in's form stands for no other"


async def test_each_page_has_a_new_token(client):
    tokens_seen = {csrf_of(await client.get("/network/sign-in")) for _ in range(3)}
    assert len(tokens_seen) == 3


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{}", "application/json", 415),
        (b"x", "text/plain", 415),
        (b"", "", 415),
        (b"--x", "multipart/form-data", 400),
        (b"--x\r\nbroken", "multipart/form-data; boundary=x", 403),
        (b"csrf=%FF%00", "application/x-www-form-urlencoded", 400),
        (b"&".join(b"a=1" for _ in range(5_001)), "application/x-www-form-urlencoded", 400),
    ],
)
async def test_what_is_no_form_is_refused(client, ids, body, kind, status):
    await form_token_of(client)
    answer = await client.post("/network/probe/form", content=body, headers={"Content-Type": kind})
    assert answer.status_code == status, answer.text


async def test_console_pages_let_browsers_tell_their_origin(client):
    page = await client.get("/network/sign-in")
    assert page.headers["referrer-policy"] == "same-origin"
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    assert (await client.get("/health")).headers["referrer-policy"] == "no-referrer"


# --- invitations --------------------------------------------------------------------------------


@pytest.fixture
async def invitation(database):
    async with database.session(Tier.WRITER) as session:
        number = await session.scalar(text("select count(*) from amparo.people"))
        person = await people.add_person(
            session, email=f"p{number}@example.org", name="Cata <b>", role="viewer"
        )
        return f"/network/invitation/{await sign_in.invite(session, person)}"


async def test_an_invitation_sets_a_password_and_signs_in(client, invitation):
    page = await client.get(invitation)
    assert page.status_code == 200
    assert "Cata &lt;b&gt;" in page.text
    for password, again, said in (
        ("short", "short", "12"),
        (GOOD, GOOD + "x", "iguales"),
        ("contraseña12", "contraseña12", "adivina"),
    ):
        csrf = csrf_of(await client.get(invitation))
        refused = await client.post(
            invitation, data={"csrf": csrf, "password": password, "again": again}
        )
        assert refused.status_code == 400
        assert said in refused.text
    sent = {"csrf": csrf_of(await client.get(invitation)), "password": GOOD, "again": GOOD}
    assert (await client.post(invitation, data=sent)).status_code == 303
    assert (await client.get("/network/probe/actor")).json()["actor"] == "Cata <b>"
    client.cookies.clear()
    assert (await client.get(invitation)).status_code == 410
    csrf = csrf_of(await client.get("/network/sign-in"))
    again = await client.post(invitation, data=sent | {"csrf": csrf})
    assert again.status_code == 410, "once"


async def test_invitations_that_are_none_look_alike(client, invitation):
    pages = set()
    for path in (
        "/network/invitation/x",
        "/network/invitation/%00",
        "/network/invitation/" + "x" * 99,
    ):
        page = await client.get(path)
        assert page.status_code == 410
        pages.add(re.sub(r'value="[^"]*"', "", page.text))
    assert len(pages) == 1


# --- logs ---------------------------------------------------------------------------------------


async def test_p9_p48_no_log_line_holds_a_token_an_address_or_a_password(
    client, database, ids, invitation, caplog
):
    import logging

    for name in ("httpx", "httpcore", "asyncio"):
        caplog.set_level(logging.CRITICAL, logger=name)
    caplog.set_level(logging.DEBUG)
    secret = invitation.rpartition("/")[2]
    headers = await token(database, "partner")
    await client.get(invitation)
    await enter(client, EMAIL, "S3CRET password")
    await enter(client, EMAIL, GOOD, next="/network/S3CRET")
    await client.get("/network/S3CRET")
    await client.get("/probe/session", headers=headers)
    await client.get("/probe/session", headers={"Authorization": "Bearer S3CRET"})
    lines = [logging.Formatter("%(name)s %(message)s").format(r) for r in caplog.records]
    assert any("GET /network/invitation/{token} 200" in line for line in lines)
    for line in lines:
        for word in (secret, headers["Authorization"][7:], "S3CRET", GOOD, "example.org",
                     client.cookies["amparo_session"], "127.0.0.1"):  # fmt: skip
            assert word not in line, line
