"""Pages of the desk's tables against all rows, filtered and sorted by Python."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from geo.db.sessions import Tier
from geo.desk.queue_table import queue_rows
from geo.desk.space_table import COMPLETENESS, EXPIRY, RECOMMENDED, space_rows
from geo.desk.table_rows import (
    MARKED_LETTERS,
    PLAIN_LETTERS,
    RowQuestion,
    count_rows,
    distinct_values,
    read_page,
)
from geo.errors import InvalidRecordError
from geo.proposals import pending, submission
from geo.text.normalize import folded
from tests.fixtures.examples import examples
from tests.fixtures.network import (
    ADMIN,
    APPROVER,
    APPROVER_PE,
    COORDINATOR,
    EDITOR,
    NOW,
    OTHER_EDITOR,
    TODAY,
    fill_network,
)

OWN = "demo-org-3"
_PLAIN = str.maketrans(MARKED_LETTERS, PLAIN_LETTERS)


@pytest.fixture(scope="module")
async def rows(shared_database):
    """Give every space of the demonstration as the staff's table has it, in no order."""
    async with shared_database.session(Tier.STAFF, person="nobody") as session:
        found = await session.execute(select(space_rows(TODAY, OWN).rows))
        return [dict(row) for row in found.mappings()]


def value_of(row, sort, orders):
    """Return what a row is sorted by; None where it has no value."""
    value = row[sort]
    if sort in orders:
        return orders[sort].index(value) if value in orders[sort] else None
    return value.lower().translate(_PLAIN) if isinstance(value, str) else value


def passes(row, name, value):
    """Return whether a row passes a filter, said once more."""
    match name:
        case "q":
            said = [folded(str(row[one])) for one in ("name", "locality", "organization", "id")]
            return all(any(word in one for one in said) for word in folded(value).split())
        case "expires":
            left = (row["expires_on"] - TODAY).days
            return left < 0 if value == "expired" else 0 <= left <= EXPIRY[value]
        case "filled":
            share = 100 * (len(RECOMMENDED) - len(row["missing"])) // len(RECOMMENDED)
            return share < COMPLETENESS[value]
        case "own":
            return row["organization_id"] == OWN
        case _:
            return row[name] == value


def filters_over(rows):
    """Draw filters, most of them with values that some row has."""
    there = {
        name: st.sampled_from([*sorted({row[name] for row in rows} - {None}), "no such"])
        for name in ("country", "admin1", "kind", "status")
    }
    words = st.sampled_from(["", "albergue", "CUCUTA", "cúcuta 00", "ejemplo 1", "xyzzy", "("])
    return st.fixed_dictionaries(
        {},
        optional={
            **there,
            "q": words,
            "expires": st.sampled_from(["expired", *EXPIRY]),
            "filled": st.sampled_from(sorted(COMPLETENESS)),
            "own": st.just("true"),
        },
    )


@settings(max_examples=examples(30, 15))
@given(data=st.data())
async def test_a_page_is_the_one_of_all_rows_filtered_and_sorted(shared_database, rows, data):
    row_set = space_rows(TODAY, OWN)
    filters = data.draw(filters_over(rows))
    kinds = data.draw(st.permutations(sorted({row["kind"] for row in rows})[1:]))
    question = RowQuestion(
        sort=data.draw(st.sampled_from(row_set.sorts)),
        is_descending=data.draw(st.booleans()),
        filters=filters,
        page=data.draw(st.integers(1, 12)),
        page_rows=data.draw(st.sampled_from([1, 7, 100])),
        orders={"kind": kinds},
    )
    kept = [row for row in rows if all(passes(row, *one) for one in filters.items())]
    pairs = [(value_of(row, question.sort, question.orders), row["id"]) for row in kept]
    known = sorted(pair for pair in pairs if pair[0] is not None)
    if question.is_descending:
        known.sort(key=lambda pair: pair[0], reverse=True)  # stable: ids stay in order
    expected = [key for _, key in known] + sorted(key for value, key in pairs if value is None)
    pages = max(1, -(-len(expected) // question.page_rows))
    page = min(question.page, pages)
    async with shared_database.session(Tier.STAFF, person="nobody") as session:
        found = await read_page(session, row_set, question)
        assert await count_rows(session, row_set, filters) == len(expected)
    first = (page - 1) * question.page_rows
    assert [row["id"] for row in found.rows] == expected[first : first + question.page_rows]
    assert (found.total, found.page, found.pages) == (len(expected), page, pages)


async def test_what_no_table_has_is_refused_by_name(shared_database):
    row_set = space_rows(TODAY, None)
    wrong = (
        RowQuestion(sort="geom"),
        RowQuestion(sort="name; drop table"),
        RowQuestion(sort="name", filters={"missing": "x"}),
        RowQuestion(sort="name", filters={"expires": "8"}),
    )
    async with shared_database.session(Tier.STAFF, person="nobody") as session:
        for question in wrong:
            with pytest.raises(InvalidRecordError):
                await read_page(session, row_set, question)
        countries, kinds = await distinct_values(session, row_set, "country", "kind")
    assert "CO" in countries
    assert list(kinds) == sorted(set(kinds))


def test_the_view_names_what_is_recommended_and_nothing_else(rows):
    assert {name for row in rows for name in row["missing"]} <= set(RECOMMENDED)
    for row in rows:
        places = [RECOMMENDED.index(name) for name in row["missing"]]
        assert places == sorted(places)
        assert row["filled"] == 100 * (len(RECOMMENDED) - len(places)) // len(RECOMMENDED)
    assert len({row["filled"] for row in rows}) > 1


async def test_p31_the_queue_s_table_says_what_the_queue_says(session):
    """Who decides is said twice, by SQL for the count and by Python for the page."""
    await fill_network(
        session,
        {"id": "lejos", "country": "PE", "lon": -77.0, "lat": -12.0},
        {"id": "refugio", "kind": "safe_space", "visibility": "restricted", "confidential": True}
        | {"services": ["gbv_response"], "name": "Innombrable"},
    )
    for person, space_id in (
        (EDITOR, "casa"),
        (APPROVER, "casa"),
        (COORDINATOR, "casa"),
        (COORDINATOR, "lejos"),
        (APPROVER_PE, "lejos"),
    ):
        await submission.propose_space(
            session,
            person,
            space_id=space_id,
            changes={"landmark": f"Frente al parque de {person.name}"},
            reason="lo vi",
            via="web",
            now=NOW,
        )
    for actor in (EDITOR, OTHER_EDITOR, APPROVER, APPROVER_PE, COORDINATOR, ADMIN):
        seen = await pending.pending(session, actor)
        question = RowQuestion(sort="proposed_at", filters={"state": "pending"})
        page = await read_page(session, queue_rows(actor), question)
        assert [row["id"] for row in page.rows] == [one.id for one in seen]
        for row, one in zip(page.rows, seen, strict=True):
            said = (row["decides"], row["name"], row["reason"], tuple(row["fields"]))
            assert said == (one.may_decide, one.name, one.reason, one.fields)
    assert await count_rows(session, queue_rows(COORDINATOR), {"decides": "true"}) == 3
