"""Sign-in by a real OpenID Connect provider over HTTP: what is believed, and what is not."""

import logging
import threading
from urllib.parse import parse_qs, urlsplit

import httpx
import oidc_provider_mock
import pytest
from joserfc import jwk
from pydantic import AnyHttpUrl, SecretStr
from werkzeug.serving import make_server

from app.access import oidc
from app.settings import Settings
from geo.accounts import people
from geo.db.sessions import Tier
from tests.conftest import client_of, clone, opened

USERS = {
    "ana": {"email": "ana@example.org", "email_verified": True},
    "unverified": {"email": "beto@example.org", "email_verified": False},
    "text": {"email": "beto@example.org", "email_verified": "true"},
    "stranger": {"email": "stranger@example.org", "email_verified": True},
    "nameless": {},
    "shut": {"email": "shut@example.org", "email_verified": True},
}


@pytest.fixture(scope="module")
def provider():
    """Run the provider in a thread and give its address."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    users = [oidc_provider_mock.User(sub=sub, claims=claims) for sub, claims in USERS.items()]
    server = make_server(
        "127.0.0.1", 0, oidc_provider_mock.app(require_nonce=True, user_claims=users), threaded=True
    )
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="module")
async def settings(cluster, empty_template, settings_for, provider):
    made = settings_for(
        clone(cluster, empty_template),
        oidc_issuer=AnyHttpUrl(provider),
        oidc_client_id="amparo",
        oidc_client_secret=SecretStr("S3CRET"),
        second_factor="offered",
    )
    async with opened(made) as database, database.session(Tier.WRITER) as session:
        for name in ("ana", "beto", "shut"):
            person = await people.add_person(
                session, email=f"{name}@example.org", name=name, role="coordinator"
            )
            if name == "shut":
                await people.deactivate(session, person)
    return made


@pytest.fixture(scope="module")
async def talking(settings):
    async with client_of(settings) as client:
        yield client


@pytest.fixture
def client(talking):
    talking.cookies.clear()
    return talking


async def begin(client, goes_on="/network/queue"):
    """Ask to sign in and give the provider's address with its parameters."""
    answer = await client.get(f"/network/sign-in/oidc?next={goes_on}")
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


async def sign_in_there(address, user="ana"):
    """Sign in at the provider and give the path that it returns to."""
    async with httpx.AsyncClient(timeout=120) as browser:
        answer = await browser.post(address, data={"sub": user})
    assert answer.status_code == 302, answer.text
    back = urlsplit(answer.headers["location"])
    assert back.path == "/network/sign-in/oidc/callback"
    return f"{back.path}?{back.query}"


async def signs_in(client, user):
    return await client.get(await sign_in_there(await begin(client), user))


def assert_page(answer, status, said):
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("text/html")
    assert said in answer.text
    assert not any("amparo_session=" in c for c in answer.headers.get_list("set-cookie"))


async def test_the_way_there_has_pkce_state_and_nonce(client, provider):
    address = await begin(client)
    assert address.startswith(provider)
    asked = {name: value[0] for name, value in parse_qs(urlsplit(address).query).items()}
    assert asked["response_type"] == "code"
    assert asked["code_challenge_method"] == "S256"
    assert len(asked["code_challenge"]) == 43
    assert asked["redirect_uri"] == "http://amparo.test/network/sign-in/oidc/callback"
    assert "openid" in asked["scope"]
    other = parse_qs(urlsplit(await begin(client)).query)
    for name in ("state", "nonce", "code_challenge"):
        assert len(asked[name]) >= 20
        assert asked[name] != other[name][0]
    assert "S3CRET" not in address


async def test_who_has_an_account_is_signed_in(client):
    answer = await signs_in(client, "ana")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/network/queue"
    assert client.cookies["amparo_session"]
    assert "amparo_oidc" not in client.cookies
    # By the subject alone the next time.
    client.cookies.clear()
    assert (await signs_in(client, "ana")).status_code == 303


@pytest.mark.parametrize("user", ["unverified", "text", "stranger", "nameless", "shut"])
async def test_who_has_no_account_gets_a_page_that_says_so(client, user):
    assert_page(await signs_in(client, user), 403, "no hay una cuenta")


async def test_a_forged_state_is_refused(client):
    back = await sign_in_there(await begin(client))
    state = parse_qs(urlsplit(back).query)["state"][0]
    for forged in ("x", "", state[:-1], f"{state}é"):
        await begin(client)
        refused = await client.get(back.replace(state, forged))
        assert_page(refused, 400, "proveedor")


async def test_a_return_without_its_cookie_is_refused(client):
    back = await sign_in_there(await begin(client))
    client.cookies.clear()
    assert_page(await client.get(back), 400, "proveedor")
    client.cookies.set("amparo_oidc", "forged", domain="amparo.test", path="/network")
    assert_page(await client.get(back), 400, "proveedor")


async def test_another_browser_s_return_is_refused(client):
    # An attacker's code in a victim's browser would sign the victim in as the attacker.
    attacker = await sign_in_there(await begin(client))
    client.cookies.clear()
    await begin(client)
    assert_page(await client.get(attacker), 400, "proveedor")


async def test_a_wrong_nonce_is_refused(client, settings):
    address = await begin(client)
    nonce = parse_qs(urlsplit(address).query)["nonce"][0]
    back = await sign_in_there(address.replace(nonce, "another-nonce-of-20-signs"))
    assert_page(await client.get(back), 400, "proveedor")


async def test_a_replayed_code_is_refused(client):
    back = await sign_in_there(await begin(client))
    cookie = client.cookies["amparo_oidc"]
    assert (await client.get(back)).status_code == 303
    client.cookies.clear()
    # Even by who kept the cookie of the first time.
    client.cookies.set("amparo_oidc", cookie, domain="amparo.test", path="/network")
    assert_page(await client.get(back), 400, "proveedor")


async def test_a_code_without_its_verifier_is_refused(client, settings):
    """PKCE: a code that was caught on its way is worth nothing to another sign-in."""
    first = await begin(client)
    caught = await sign_in_there(first)
    client.cookies.clear()
    second = await begin(client)
    code, state = (
        parse_qs(urlsplit(caught).query)["code"][0],
        parse_qs(urlsplit(second).query)["state"][0],
    )
    stolen = f"/network/sign-in/oidc/callback?code={code}&state={state}"
    assert_page(await client.get(stolen), 400, "proveedor")


@pytest.mark.parametrize(
    "query",
    [
        "",
        "code=x",
        "error=access_denied&state={state}",
        "error=access_denied&error_description=%3Cscript%3E&state={state}",
        "code=x&state={state}",
        "code=&state={state}",
        "code=x&state={state}&iss=https://evil.example",
    ],
)
async def test_broken_returns_are_pages_never_500(client, query):
    state = parse_qs(urlsplit(await begin(client)).query)["state"][0]
    answer = await client.get(f"/network/sign-in/oidc/callback?{query.format(state=state)}")
    assert_page(answer, 400, "proveedor")
    assert "<script>" not in answer.text.replace("<script type", "")


async def test_nul_in_a_return_is_refused_as_everywhere(client):
    address = "/network/sign-in/oidc/callback?code=%00&state=x"
    answer = await client.get(address, headers={"Accept": "text/html"})
    assert answer.status_code == 400
    assert answer.headers["content-type"].startswith("text/html")


async def test_open_redirects_are_refused(client):
    back = await sign_in_there(await begin(client, "https://evil.example"))
    assert (await client.get(back)).headers["location"] == "/network"


async def test_the_key_that_signed_decides(client, settings, provider, monkeypatch):
    """An id token by another key than the provider publishes is nobody's."""
    made = oidc.provider_of(settings)
    address, cookie = await made.begin(
        "http://amparo.test/network/sign-in/oidc/callback", "/network"
    )
    returned = {n: v[0] for n, v in parse_qs(urlsplit(await sign_in_there(address)).query).items()}
    other = jwk.RSAKey.generate_key(2048, private=False)

    async def fetch(**_options):
        return {"keys": [other.as_dict()]}

    made._client.fetch_jwk_set = fetch
    with pytest.raises(oidc.OidcError):
        await made.complete(cookie, returned)


async def test_a_state_cookie_lives_ten_minutes_and_is_of_one_provider(settings, monkeypatch):
    made = oidc.provider_of(settings)
    address, cookie = await made.begin(
        "http://amparo.test/network/sign-in/oidc/callback", "/network"
    )
    back = urlsplit(await sign_in_there(address))
    returned = {name: value[0] for name, value in parse_qs(back.query).items()}
    foreign = oidc.Provider(made.issuer, "amparo", "another secret")
    with pytest.raises(oidc.OidcError):
        await foreign.complete(cookie, returned)
    monkeypatch.setattr(oidc, "LIFE_S", -1)
    with pytest.raises(oidc.OidcError):
        await made.complete(cookie, returned)
    monkeypatch.undo()
    identity, goes_on = await made.complete(cookie, returned)
    assert (identity.subject, identity.is_verified, goes_on) == ("ana", True, "/network")


async def test_a_provider_that_does_not_answer_is_a_page(settings):
    dead = settings.model_copy(update={"oidc_issuer": AnyHttpUrl("http://127.0.0.1:9")})
    async with client_of(dead) as client:
        assert_page(await client.get("/network/sign-in/oidc"), 502, "proveedor")
        assert "su organización" in (await client.get("/network/sign-in")).text


async def test_metadata_of_another_issuer_is_not_taken(provider):
    # The same server under another name says who it is: not whom we asked.
    impostor = oidc.Provider(provider.replace("127.0.0.1", "localhost"), "amparo", "x")
    impostor.issuer = "http://127.0.0.1:9"
    with pytest.raises(oidc.OidcError):
        await impostor.begin("http://amparo.test/x", "/network")


async def test_without_a_provider_there_is_no_such_address(small):
    assert (await small.get("/network/sign-in/oidc")).status_code == 404
    assert (await small.get("/network/sign-in/oidc/callback?code=x")).status_code == 404
    assert "oidc" not in (await small.get("/network/sign-in")).text


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"oidc_issuer": "https://id.example"}, "go together"),
        ({"oidc_client_id": "x"}, "go together"),
        (
            {
                "oidc_issuer": "http://id.example",
                "oidc_client_id": "x",
                "oidc_client_secret": "y",
            },
            "https",
        ),
    ],
)
def test_half_a_provider_is_refused(changes, said):
    with pytest.raises(ValueError, match=said):
        Settings(**changes)
