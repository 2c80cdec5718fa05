"""What attackers write into every parameter and id is refused, and no statement holds any of it.

The server is a process, its database writes down every statement but those of the server's own
upkeep: besides those of harmless questions there is none.
"""

import http.client
import json
import re
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from geo.db.sessions import Tier
from tests.conftest import clone, in_thread, served
from tests.fixtures.cql2_corpus import FUNCTIONS, PIECES, as_json, refused
from tests.fixtures.waiting import wait_until

#: Quotes, comments, ends of statements, signs that look like a quote, turned writing, NUL.
ODD = [
    *PIECES,
    "a' or '1'='1",
    "1;--",
    "1); drop table places;--",
    "0x27",
    "%27%20or%201=1",
    "\u02bc or 1=1",
    "\u202e' or 1=1",
    "\u0000",
    "a\u0000b",
    "\ufeff",
    "\U0001f600'",
    "${jndi:x}",
    "{{7*7}}",
    "../../etc/passwd",
]

#: Parameters that take no free text; of `places`.
CLOSED = [
    "sortby", "properties", "population", "expires_on", "datetime", "bbox", "bbox-crs", "crs",
    "filter-lang", "filter-crs", "after", "f", "limit", "count", "as_of", "no_such_one",
]  # fmt: skip

#: Characters of an address, of which a head has 32,768 in all; and more than it takes.
LONGEST, MEGABYTE = 32_000, 1_000_000

ITEMS = "/collections/places/items"

#: What a server that begins to follow changes asks (`app.snapshots.change_listener`), and after
#: half a minute.
FIRST_LOOK = ('LISTEN "amparo_knowledge"', "FROM crossings")
STILL_THERE = "select 1"


@pytest.fixture(scope="module")
def settings(cluster, loaded_template, settings_for):
    made = settings_for(clone(cluster, loaded_template))

    async def prepare():
        engine = create_async_engine(made.database_url.get_secret_value())
        async with engine.begin() as connection:
            name = (await connection.execute(text("select current_database()"))).scalar_one()
            await connection.execute(text(f"alter database \"{name}\" set log_statement = 'all'"))
            # As the writer the server sends messages and cleans up, whenever their time has come.
            await connection.execute(
                text(f'alter role {Tier.WRITER.role} in database "{name}" set log_statement = none')
            )
        await engine.dispose()

    in_thread(prepare())
    return made


@pytest.fixture(scope="module")
def began(cluster, settings):
    """Give the log, from before the server runs."""
    return Log(cluster.log_file)


@pytest.fixture(scope="module")
def server(settings, began):
    with served(settings) as address:
        yield Server(urlsplit(address).netloc)


@dataclass(frozen=True)
class Answer:
    """What a server said."""

    asked: str
    status: int
    kind: str
    body: bytes

    def wrong(self, *statuses):
        """Say what is wrong with a refusal; nothing where it is one."""
        if self.status in statuses and self.kind == "application/problem+json":
            return []
        return [f"{self.asked[:200]}: {self.status} {self.kind} {self.body[:200]!r}"]

    def wrong_filter(self):
        """Say what is wrong with the refusal of a filter; the longest are too long for a head."""
        return self.wrong(400) if len(self.asked) <= LONGEST else self.wrong(400, 431)


@dataclass(frozen=True)
class Server:
    """Asks a server; clients of more comfort refuse addresses as long as these."""

    place: str

    def get(self, path, **asked):
        pairs = (f"{quote(name)}={quote(value, safe='()[]')}" for name, value in asked.items())
        target = f"{path}?{'&'.join(pairs)}" if asked else path
        connection = http.client.HTTPConnection(self.place, timeout=60)
        connection.request("GET", target)
        answer = connection.getresponse()
        kind = answer.headers.get_content_type()
        found = Answer(target, answer.status, kind, answer.read())
        connection.close()
        return found


class Log:
    """The statements that PostgreSQL wrote down, apart from those it was known to run."""

    _START = re.compile(r"LOG:  (?:execute [^:]*|statement): ")

    def __init__(self, path):
        self._path = path
        self._at = path.stat().st_size
        self.known = set()

    def knows(self, parts):
        """Tell whether each part is in a statement that was known."""
        return all(any(part in statement for statement in self.known) for part in parts)

    def read(self):
        """Give the statements since the last look, each once."""
        with self._path.open("rb") as file:
            file.seek(self._at)
            written = file.read().decode(errors="replace")
        self._at += len(written.encode())
        # A statement goes on in lines that begin with a tab.
        joined = written.replace("\n\t", " ").splitlines()
        return {line[found.end() :] for line in joined if (found := self._START.search(line))}


@pytest.fixture(scope="module")
def log(began, server):
    """Give the log, which knows the statements of one harmless question of each kind.

    And those by which the server follows changes, with which it may begin after the questions.
    """
    began.known.add(STILL_THERE)
    for path in (
        "/collections/places/items?limit=1",
        "/collections/places/items?name=x&limit=1",
        "/collections/places/items/x",
        "/collections/x",
        "/tiles/places/0/0/0",
        "/tiles/places/tilejson",
        "/styles/x",
        "/spaces/x",
        "/collections/places/changes",
    ):
        server.get(path)

    def is_quiet():
        more = began.read() - began.known
        began.known |= more
        return not more and began.knows(FIRST_LOOK)

    wait_until(is_quiet)
    assert any("places" in statement for statement in began.known)
    return began


def test_filters_that_attack_are_refused(server, log):
    # `population` is a whole number as `count` is in the corpus.
    texts = [said.replace("count", "population") for said in refused()]
    trees = [json.dumps(tree) for call in FUNCTIONS for tree in as_json(call)]
    trees += [json.dumps({"op": "=", "args": [{"property": piece}, 1]}) for piece in ODD]
    trees += ['{"op":"=","args":' + "[" * 10_000 + "]" * 10_000 + "}", "[" * 10_000]
    trees.append('{"op":"not","args":[' * 700 + "true" + "]}" * 700)
    found = []
    for said in texts:
        for lang in ("cql2-text", "cql-text"):
            asked = {"filter": said, "filter-lang": lang}
            found += server.get(ITEMS, **asked).wrong_filter()
    for tree in trees:
        asked = {"filter": tree, "filter-lang": "cql2-json"}
        found += server.get(ITEMS, **asked).wrong_filter()
    assert found == []
    assert log.read() <= log.known


@pytest.mark.parametrize("name", CLOSED)
def test_parameters_that_attack_are_refused(server, log, name):
    found = []
    for said in ODD:
        found += server.get(ITEMS, **{name: said}).wrong(400)
    assert found == []
    assert log.read() <= log.known


def test_free_text_is_a_value_and_nothing_else(server, log):
    for said in ODD:
        answer = server.get(ITEMS, name=said, limit="1")
        assert answer.status == (400 if "\0" in said else 200), said
        assert answer.status == 400 or json.loads(answer.body)["features"] == []
    assert log.read() <= log.known


@pytest.mark.parametrize(
    "path",
    [
        "/collections/{}",
        "/collections/{}/items",
        "/collections/places/items/{}",
        "/collections/{}/changes",
        "/collections/places/tiles/{}",
        "/tiles/{}/0/0/0",
        "/tiles/places/{}/0/0",
        "/tiles/{}/tilejson",
        "/styles/{}",
        "/spaces/{}",
    ],
)
def test_ids_that_attack_are_not_found(server, log, path):
    found = []
    for said in ODD:
        found += server.get(path.format(quote(said, safe=""))).wrong(400, 404)
    assert found == []
    assert log.read() <= log.known


def test_the_longest_address_is_refused(server, log):
    found = []
    for name in (*CLOSED, "filter"):
        for sign in "(9[":
            # A number of any length is a limit, which is capped.
            if (name, sign) != ("limit", "9"):
                found += server.get(ITEMS, **{name: sign * LONGEST}).wrong(400)
    found += server.get(f"{ITEMS}/{'a' * LONGEST}").wrong(404)
    assert found == []
    assert log.read() <= log.known


def test_a_megabyte_does_not_reach_the_application(server, log):
    for target in (f"{ITEMS}?filter={'(' * MEGABYTE}", f"{ITEMS}/{'a' * MEGABYTE}"):
        # By the connection itself.
        assert server.get(target).wrong(431) == []
    assert server.get(ITEMS, limit="1").status == 200
    assert log.read() <= log.known
