"""Who may do what, whole: every role and scope against every operation (P23, P40, P50).

``access_matrix.csv`` is to be read by a person: one row an operation, one column an asker, and in
each cell what `tests.fixtures.access.cell_of` says. A new operation fails here until it has a row.
Outside the console its cookie is not looked at: there one who is signed in is asked for, and stands
for the others, whose cells are a dash. Every refusal is asked for in each run. Of roles that are
all answered, the first is, and the last where another is refused; administrators in every third
row, and of what nobody needs a right for, one of those who are answered, in turn: the others with
``--long``. The console refuses whoever shows a token before it looks at what is asked: there the
kinds of tokens take turns.
"""

import csv
from pathlib import Path

import pytest

from app.runtime.databases import tier_urls
from geo.db.sessions import Tier
from geo.imports import uploads
from tests.conftest import client_of, clone
from tests.fixtures import access
from tests.fixtures.access import ASKERS, Undone
from tests.fixtures.examples import is_long
from tests.fixtures.reading_here import read_here

FILE = Path(__file__).with_name("access_matrix.csv")


def read_matrix():
    with FILE.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    assert tuple(header) == ("operation", *ASKERS)
    assert len({row[0] for row in rows}) == len(rows), "a row an operation"
    return {row[0]: dict(zip(ASKERS, row[1:], strict=True)) for row in rows}


MATRIX = read_matrix()
UNASKED = tuple(f"session.{role}" for role in access.STAFF if role != "admin")
CONSOLE = [row for row in MATRIX if row.split()[1].startswith("/network")]


@pytest.fixture(scope="module")
async def asking(cluster, empty_template, settings_for):
    """Give a client over a network with something of every kind, and what askers show."""
    settings = settings_for(clone(cluster, empty_template))
    database = Undone(tier_urls(settings))
    database.keeps = True
    try:
        async with database.session(Tier.WRITER) as session:
            keys = await access.fill(session)
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(uploads, "read_apart", read_here)
            async with client_of(settings, is_written_elsewhere=False, database=database) as client:
                await access.bring_files(client, keys)
                database.keeps = False
                yield client, keys, database
    finally:
        await database.dispose()


def test_every_operation_has_a_row_and_every_row_an_operation(asking):
    client, *_ = asking
    rows = access.rows_of(client.application)
    assert sorted(rows) == sorted(MATRIX), "see the docstring of this file"
    for row, cells in MATRIX.items():
        unasked = {asker for asker, cell in cells.items() if cell == "-"}
        assert unasked == (set() if row in CONSOLE else set(UNASKED)), row


def test_p50_no_token_has_a_page_of_the_console():
    tokens = [asker for asker in ASKERS if not asker.startswith(("nobody", "session."))]
    assert len(CONSOLE) > 90
    cells = {MATRIX[row][asker] for row in CONSOLE for asker in tokens}
    assert cells == {"closed"}


#: What a second person does, and where they do it at the console; the command line names readers
#: of pathways, as of spaces.
SECOND = {
    "DELETE /hides/{hide}": "POST /network/hides/{hide_id}/lift",
    "POST /pathways/{item}/readers": None,
    "POST /proposals/accept": "POST /network/queue/accept",
    "POST /standards/assessments/{item}/verify": "POST /network/standards/assessments/{assessment}",
    "POST /standards/organizations/{item}/membership": "POST /network/standards/members/"
    "{organization}",
    **{
        f"POST /{what}/{{item}}/review": "POST /network/guidance/{kind}/{text}"
        for what in ("messages", "practices", "products")
    },
    **{
        f"POST /proposals/{{proposal}}/{what}": "POST /network/proposals/{proposal}"
        for what in ("accept", "reject")
    },
}


def test_p50_a_second_person_is_signed_in():
    edits = [asker for asker in ASKERS if asker.startswith("edit.")]
    refused = {row for row, cells in MATRIX.items() if "person" in cells.values()}
    assert refused >= set(SECOND)
    for row in refused:
        assert {MATRIX[row][asker] for asker in edits} <= {"person", "403"}, row
    for row in filter(None, SECOND.values()):
        assert MATRIX[row]["session.coordinator"] == "yes", row


def left_out(row):
    """Return whom a short run does not ask for: who is answered as the roles on both sides are."""
    if is_long():
        return set()
    turn, cells = list(MATRIX).index(row), MATRIX[row]
    found = set()
    for kind in ("edit", "session"):
        roles = [f"{kind}.{role}" for role in access.STAFF]
        for before, between, after in zip(roles, roles[1:], roles[2:], strict=False):
            if {cells[asker] for asker in (before, between, after)} == {"yes"}:
                found.add(between)
        if {cells[asker] for asker in roles[-2:]} == {"yes"} and turn % 3:
            found.add(roles[-1])
    if cells["nobody"] == "yes":
        answered = [asker for asker in ASKERS[1:] if cells[asker] == "yes" and asker not in UNASKED]
        found |= {*answered} - {answered[turn % len(answered)]}
    # Each row is asked by two kinds, and each kind asks two rows of seven.
    tokens = [asker for asker in ASKERS if not asker.startswith(("nobody", "session"))]
    if row in CONSOLE and {cells[asker] for asker in tokens} == {"closed"}:
        found |= {*tokens} - {tokens[turn % len(tokens)], tokens[turn % len(tokens) - 1]}
    return found


@pytest.mark.parametrize("part", ["console", "others"])
async def test_p50_every_cell_is_what_the_matrix_says(asking, part):
    client, keys, database = asking
    rows = access.rows_of(client.application)
    wrong = []
    for row in sorted(set(MATRIX) & set(rows)):
        if (row in CONSOLE) != (part == "console"):
            continue
        unasked = left_out(row)
        found = {asker: MATRIX[row][asker] if asker in unasked else "-" for asker in ASKERS}
        # What readings write of themselves (that somebody was seen, where a copy stands) changes no
        # other cell.
        database.keeps = row.startswith("GET ")
        for n, asker in enumerate(ASKERS):
            if asker in unasked or (row not in CONSOLE and asker in UNASKED):
                continue
            asked = access.request_of(row, access.chosen(rows[row], n), asker, keys)
            client.cookies.clear()
            found[asker] = access.cell_of(await client.request(**asked))
        if found != MATRIX[row]:
            wrong.append(",".join([row, *found.values()]))
    assert not wrong, "the application answers:\n" + "\n".join(wrong)


async def test_p50_half_a_sign_in_is_nobody_s(asking):
    """An administrator's password alone: each page of the console answers as to nobody."""
    client, keys, database = asking
    rows = access.rows_of(client.application)
    wrong = {}
    database.keeps = False
    for row in CONSOLE:
        if row.split()[1].startswith("/network/sign-in"):
            continue  # what it does open: test_entering.py
        asked = access.request_of(row, access.chosen(rows[row], 0), "session.half", keys)
        client.cookies.clear()
        cell = access.cell_of(await client.request(**asked))
        if cell != MATRIX[row]["nobody"]:
            wrong[row] = cell
    assert not wrong
