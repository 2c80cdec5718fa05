"""P48: who asks too fast waits, and what is counted by cannot be traced back."""

import gc
from ipaddress import ip_network

import pytest
from starlette.responses import PlainTextResponse

from app.exceptions import TooManyRequestsError
from app.http.pipeline import Exchange, Pipeline
from app.http.rate_limits import IS_GRANTED, Proxies, RateLimit, RateLimits, client_of
from app.settings import Settings
from tests.conftest import client_of as talking_to
from tests.conftest import clone


def limits(**changes):
    rates = {
        "rate_per_minute": 3,
        "token_rate_per_minute": 5,
        "sign_in_rate_per_minute": 2,
        "report_rate_per_minute": 4,
        "sign_in_pair_rate_per_hour": 6,
        "sign_in_account_rate_per_hour": 7,
    }
    clock = {"steady_s": changes.pop("steady_s")} if "steady_s" in changes else {}
    return RateLimits(Settings(**(rates | changes)), **clock)


OF_AN_HOUR = {"pair", "device", "early-code", "account"}


def used_up_after(counted, kind, key, most=50):
    for n in range(most):
        try:
            counted.hit(kind, key)
        except TooManyRequestsError as error:
            wait_s = int(error.headers["Retry-After"])
            longest_s = 7_200 if kind in OF_AN_HOUR else 120
            return n if 1 <= wait_s <= longest_s else f"waits {wait_s} s"
    return None


def test_each_kind_has_its_own_rate():
    counted = limits()
    assert used_up_after(counted, "address", "192.0.2.1") == 3
    assert used_up_after(counted, "address", "192.0.2.2") == 3
    assert used_up_after(counted, "token", "192.0.2.1") == 5
    assert used_up_after(counted, "sign-in", "192.0.2.1") == 2
    assert used_up_after(counted, "pair", "192.0.2.1 ana@example.org") == 6
    assert used_up_after(counted, "device", "192.0.2.1") == 6
    assert used_up_after(counted, "early-code", "ana@example.org") == 3
    assert used_up_after(counted, "account", "ana@example.org") == 7
    assert used_up_after(counted, "report", "192.0.2.1") == 4


def test_zero_switches_a_limit_off():
    assert used_up_after(limits(rate_per_minute=0), "address", "192.0.2.1") is None


def test_checking_counts_nothing():
    counted = limits()
    for _ in range(10):
        counted.check("address", "x")
    assert used_up_after(counted, "address", "x") == 3
    with pytest.raises(TooManyRequestsError):
        counted.check("address", "x")


def test_the_minute_moves():
    now = [1_000.0]
    counted = limits(steady_s=lambda: now[0])
    assert used_up_after(counted, "address", "x") == 3
    now[0] = 1_019.0
    assert used_up_after(counted, "address", "x") == 0
    now[0] = 1_021.0  # another clock minute, but 21 seconds after
    assert used_up_after(counted, "address", "x") == 0
    now[0] = 1_081.0
    assert used_up_after(counted, "address", "x") == 3
    now[0] += 600.0
    assert used_up_after(counted, "address", "x") == 3


def test_p52_tries_at_an_account_are_of_an_hour():
    now = [36_000.0]
    counted = limits(steady_s=lambda: now[0])
    assert used_up_after(counted, "account", "ana") == 7
    now[0] += 1_800.0
    assert used_up_after(counted, "account", "ana") == 0
    now[0] += 3_600.0
    assert used_up_after(counted, "account", "ana") == 3, "half of that hour's seven are gone"


def test_p52_a_flood_of_invented_accounts_neither_fills_the_memory_nor_hides_a_real_one():
    counted = limits(steady_s=lambda: 36_000.0, sign_in_account_rate_per_hour=50)
    for _ in range(30):
        counted.hit("account", "ana")
    gc.collect()
    before = len(gc.get_objects())
    for n in range(60_000):
        counted.hit("account", f"x{n}")
    assert len(gc.get_objects()) - before < 1_000
    left = used_up_after(counted, "account", "ana")
    assert 15 <= left <= 20, "never too few are counted, and hardly one too many"


def test_several_are_counted_or_none():
    counted = limits()
    both = {"pair": "a", "account": "b"}
    for _ in range(6):
        counted.hit_all(both)
    with pytest.raises(TooManyRequestsError):
        counted.hit_all(both)
    assert used_up_after(counted, "account", "b") == 1, "the refused one was not counted"


@pytest.mark.parametrize("start_s", [0.0, 17.5, 59.0])
@pytest.mark.parametrize("step_s", [0.0, 7.0, 19.0])
def test_retry_after_is_right_to_the_second(start_s, step_s):
    now = [6_000.0 + start_s]
    counted = limits(steady_s=lambda: now[0])
    for _ in range(40):
        try:
            counted.hit("address", "x")
        except TooManyRequestsError as error:
            wait_s = int(error.headers["Retry-After"])
            refused_at_s = now[0]
            if wait_s > 1:
                now[0] = refused_at_s + wait_s - 1.01
                with pytest.raises(TooManyRequestsError):
                    counted.check("address", "x")
            now[0] = refused_at_s + wait_s
            counted.hit("address", "x")
        now[0] += step_s


def test_p48_no_address_token_or_email_is_kept():
    counted, other = limits(), limits()
    for key in ("192.0.2.77", "S3CRET-token", "ana@example.org"):
        counted.hit("token", key)
        other.hit("token", key)
    kept = [set(c._minute._now) for c in (counted, other)]
    assert len(kept[0]) == 3
    assert not kept[0] & kept[1], "the salt is each process' own"
    for key in ("192.0.2.77", "S3CRET", "ana@"):
        assert key not in str(kept)
    gc.collect()
    # A library's own kind of mapping may do anything when asked, and a weak proxy, which passes on
    # `isinstance` to what it stands for, fails once that is gone.
    tables = [o for o in gc.get_objects() if issubclass(type(o), dict)]
    held = [table for table in tables if dict.__contains__(table, "192.0.2.77")]
    assert held == []


@pytest.mark.parametrize(
    ("client", "counts_as"),
    [
        (("192.0.2.1", 1), "192.0.2.1"),
        (("2001:db8:1:2:3:4:5:6", 1), "2001:db8:1:2::/64"),
        (("2001:db8:1:2::", 1), "2001:db8:1:2::/64"),
        (("fe80::1%eth0", 1), "fe80::/64"),
        (("::ffff:192.0.2.1", 1), "192.0.2.1"),
        (("testclient", 1), "unknown"),
        (None, "local"),
    ],
)
def test_whose_requests_count_together(client, counts_as):
    assert client_of({"client": client}) == counts_as


def seen_through(peer, headers, trusted="10.0.0.0/8"):
    networks = [ip_network(trusted)] if trusted else []
    scope = {
        "type": "http",
        "method": "GET",
        "client": (peer, 1),
        "scheme": "http",
        "headers": [(n.encode(), v.encode()) for n, v in headers],
    }
    exchange = Exchange(scope, None)
    Proxies(networks).begin(exchange)
    return exchange.scope["client"][0], exchange.scope["scheme"]


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("192.0.2.1", "198.51.100.7", "192.0.2.1"),  # nobody's proxy: a lie costs nothing
        ("10.0.0.1", "198.51.100.7", "198.51.100.7"),
        (
            "10.0.0.1",
            "203.0.113.9, 198.51.100.7",
            "198.51.100.7",
        ),  # the left one is the client's word
        ("10.0.0.1", "203.0.113.9, 198.51.100.7, 10.0.0.2", "198.51.100.7"),
        ("10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.1"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "x", "x"),
    ],
)
def test_the_client_is_the_last_untrusted_address(peer, forwarded, client):
    assert (seen_through(peer, [("x-forwarded-for", forwarded)]))[0] == client


def test_forwarded_lines_are_one_list_and_the_scheme_is_believed():
    lines = [("x-forwarded-for", "203.0.113.9"), ("x-forwarded-for", "198.51.100.7")]
    assert seen_through("10.0.0.1", [*lines, ("x-forwarded-proto", "https")]) == (
        "198.51.100.7",
        "https",
    )
    told = [("x-forwarded-proto", "https")]
    assert (seen_through("192.0.2.1", told))[1] == "http"
    assert (seen_through("10.0.0.1", [("x-forwarded-proto", "gopher")]))[1] == "http"
    assert seen_through("10.0.0.1", [*lines, *told], trusted="") == ("10.0.0.1", "http")


@pytest.mark.parametrize("value", ["x", "10.0.0.0/33", "10.0.0.1/8", "10.0.0.1;10.0.0.2"])
def test_a_proxy_setting_that_cannot_be_meant_is_refused(value):
    with pytest.raises(ValueError, match="addresses or networks"):
        Settings(trusted_proxy=value)
    networks = Settings(trusted_proxy="10.0.0.7, fd00::/64").trusted_networks
    assert [str(n) for n in networks] == ["10.0.0.7/32", "fd00::/64"]


async def statuses(app, count, **headers):
    seen = []

    async def send(message):
        if message["type"] == "http.response.start":
            seen.append(message["status"])

    scope = {
        "type": "http",
        "method": "GET",
        "path": "/x",
        "client": ("192.0.2.1", 1),
        "headers": [(n.encode(), v.encode()) for n, v in headers.items()],
    }
    for _ in range(count):
        await app(dict(scope), None, send)
    return seen


def middleware(status=200, *, looks_up=False):
    answer = PlainTextResponse("x", status)

    async def app(scope, receive, send):
        if looks_up:
            scope["state"][IS_GRANTED] = True
        await answer(scope, receive, send)

    return Pipeline(app, [RateLimit(limits(), "/static/")])


async def test_who_shows_a_token_counts_by_the_token():
    app = middleware(looks_up=True)
    assert await statuses(app, 4) == [200] * 3 + [429]
    assert await statuses(app, 6, authorization="Bearer one") == [200] * 5 + [429]
    assert await statuses(app, 6, authorization="bearer two") == [200] * 5 + [429]


async def test_guessing_tokens_is_no_way_around_the_address():
    app = middleware(401)
    told = []
    for n in range(6):
        told += await statuses(app, 1, authorization=f"Bearer guess{n}")
    assert told == [401] * 3 + [429] * 3
    # Nor where nobody looks at the token: one for each request would be a count for each.
    told = []
    app = middleware(200)
    for n in range(5):
        told += await statuses(app, 1, authorization=f"Bearer guess{n}")
    assert told == [200] * 3 + [429] * 2
    # Another header is no token, and counts by the address.
    assert await statuses(middleware(), 4, authorization="Basic x") == [200] * 3 + [429]


async def test_p48_a_flood_gets_429_before_anything_is_read(settings_for, cluster, empty_template):
    settings = settings_for(clone(cluster, empty_template), rate_per_minute=5)
    async with talking_to(settings) as client:
        told = [(await client.get("/conformance")) for _ in range(7)]
        assert [t.status_code for t in told] == [200] * 5 + [429] * 2
        last = told[-1]
        assert last.headers["content-type"] == "application/problem+json"
        assert 1 <= int(last.headers["retry-after"]) <= 120
        assert last.json()["type"] == "urn:amparo:problem:too-many-requests"
        assert last.headers["cache-control"] == "no-store"
        assert "x-request-id" in last.headers
        # The page's own files go on.
        assert (await client.get("/static/page.css")).status_code == 200


async def test_sign_ins_are_limited_by_address_and_by_account(
    settings_for, cluster, empty_template
):
    from tests.app.access.test_accounts import enter

    limited = {"sign_in_rate_per_minute": 4, "sign_in_account_rate_per_hour": 4}
    settings = settings_for(clone(cluster, empty_template), **limited)
    async with talking_to(settings) as client:
        for _ in range(4):
            assert (await enter(client, "ana@example.org", "x")).status_code == 401
        refused = await enter(client, "beto@example.org", "x")
        assert refused.status_code == 429
        assert int(refused.headers["retry-after"]) >= 1
    settings = settings.model_copy(update={"trusted_proxy": "127.0.0.1"})
    async with talking_to(settings) as client:
        told = []
        for n in range(6):
            client.headers["X-Forwarded-For"] = f"198.51.100.{n}"
            email = "ANA@example.org" if n % 2 else "ana@example.org"
            told.append((await enter(client, email, "x")).status_code)
        assert told == [401] * 4 + [429] * 2, "one address book entry, many addresses"


async def test_p25_behind_one_address_a_shelter_reports_although_sign_ins_are_used_up(
    settings_for, cluster, loaded_template
):
    from tests.app.access.test_accounts import enter

    reports = [
        ("/feedback", {"json": {"space": "DEMO-006", "was_served": True}}),
        ("/complaints", {"json": {"space": "DEMO-006", "category": "other"}}),
        ("/requests", {"json": {"service": "food", "country": "CO"}}),
        ("/spaces/DEMO-006/feedback", {"data": {"said": "served"}}),
        ("/spaces/DEMO-006/complaint", {"data": {"category": "other"}}),
        ("/missing", {"data": {"service": "food", "country": "CO"}}),
    ]
    settings = settings_for(
        clone(cluster, loaded_template), sign_in_rate_per_minute=1, report_rate_per_minute=6
    )
    async with talking_to(settings) as client:
        entered = [(await enter(client, "ana@example.org", "x")).status_code for _ in range(2)]
        assert entered == [401, 429]
        told = [(await client.post(path, **sent)).status_code for path, sent in reports]
        assert told == [202] * 3 + [200] * 3
        # They count together, and by the address alone.
        told = [(await client.post(path, **sent)).status_code for path, sent in reports]
        assert told == [429] * 6
