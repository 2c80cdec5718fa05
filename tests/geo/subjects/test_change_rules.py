"""P40: what one owner changes at once, and what waits for a second person."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from geo.errors import InvalidRecordError
from geo.hours.comparison import Calendar, OpenTime, shortened
from geo.hours.rrule import WEEKDAYS
from geo.hours.space_hours import hours_of
from geo.subjects.change_rules import classify
from geo.text import coded_reasons
from tests.fixtures.effort import calls_of

TODAY = date(2026, 11, 25)  # a Wednesday

SPACE: dict[str, Any] = {
    "id": "s",
    "name": "Casa",
    "kind": "shelter",
    "lon": -72.5,
    "lat": 7.9,
    "locality": "Cúcuta",
    "country": "CO",
    "timezone": "America/Bogota",
    "status": "active",
    "visibility": "public",
    "confidential": False,
    "access": "open",
    "services": ["food", "overnight"],
    "languages": ["es"],
    "genders": None,
    "documents_required": [],
    "minimum_age": None,
    "maximum_age": None,
    "maximum_nights": 3,
    "overnight": True,
    "amenities": {"toilets": True, "wifi": False},
    "public_phones": [{"number": "123", "type": "voice", "description": None}],
    "public_contact": "+57 1",
    "notice": None,
    "capacity": 40,
    "available": 10,
    "capacity_updated": "2026-11-24T10:00:00+00:00",
    "holidays": "not_known",
    "schedules": [{"byday": ["MO", "TU", "WE"], "opens_at": "08:00", "closes_at": "17:00"}],
    "schedule_exceptions": [],
    "confirmed_on": "2026-11-20",
    "expires_on": "2026-12-20",
    "fees": "free",
    "step_free": None,
}


def split(**changes):
    return classify(SPACE, SPACE | changes, TODAY)


def hours(days="MO TU WE", opens="08:00", closes="17:00", **more):
    return [{"byday": days.split(), "opens_at": opens, "closes_at": closes, **more}]


AT_ONCE = [
    {"status": "full"},
    {"status": "temporarily_closed"},
    {"status": "closed"},
    {"visibility": "partners"},
    {"visibility": "partners"},
    {"access": "referral_only"},
    {"services": ["food"]},
    {"services": []},
    {"genders": ["female"]},
    {"documents_required": ["passport"]},
    {"documents_required": None},
    {"minimum_age": 18},
    {"maximum_age": 60},
    {"maximum_nights": 1},
    {"overnight": False},
    {"amenities": {"toilets": False, "wifi": False}},
    {"amenities": {}},
    {"public_phones": []},
    {"public_contact": None},
    {"notice": "Fumigación"},
    {"available": 0},
    {"available": None},
    {"available": 9, "capacity_updated": "2026-11-25T10:00:00+00:00"},
    {"capacity": 20},
    {"holidays": "closed"},
    {"schedules": hours("MO TU")},
    {"schedules": hours(closes="16:00")},
    {"schedules": hours(valid_to="2026-12-01")},
    {"schedules": hours(last_entry="15:00")},
    {"schedules": hours(freq="WEEKLY", interval=2, dtstart="2026-11-23")},
    {"schedules": hours("1MO", freq="MONTHLY")},
    {"schedules": []},
    {
        "schedule_exceptions": [
            {
                "starts_on": "2026-12-08",
                "ends_on": "2026-12-08",
                "closed": True,
                "reason": "Mal tiempo",
            }
        ]
    },
    {
        "schedule_exceptions": [
            {
                "starts_on": "2026-12-07",
                "ends_on": "2026-12-07",
                "closed": False,
                "opens_at": "09:00",
                "closes_at": "12:00",
            }
        ]
    },
    {"expires_on": "2026-12-01"},
    {"fees": "paid"},
    {"step_free": False},
]

WAITS = [
    # P52: nobody takes a record alone from everybody who could restore it.
    {"visibility": "restricted", "confidential": True},
    {"confidential": True},
    {"name": "Otra casa"},
    {"kind": "community_kitchen"},
    {"lon": -72.6},
    {"lat": 7.9000001},
    {"locality": "Pamplona"},
    {"country": "VE"},
    {"timezone": "America/Caracas"},
    {"services": ["food", "overnight", "showers"]},
    {"languages": ["es", "en"]},
    {"amenities": {"toilets": True, "wifi": True}},
    {"amenities": {"toilets": True, "wifi": False, "water": True}},
    {
        "public_phones": [
            {"number": "999", "type": "voice", "description": None},
            *SPACE["public_phones"],
        ]
    },
    {"public_contact": "+57 2"},
    {"available": 11},
    {"capacity": 50},
    {"maximum_nights": None},
    {"holidays": "open"},
    {"schedules": hours("MO TU WE TH")},
    {"schedules": hours(opens="07:59")},
    {"schedules": hours(opens="00:00", closes="00:00")},
    {"schedules": hours(closes="06:00")},
    {
        "schedule_exceptions": [
            {
                "starts_on": "2026-11-29",
                "ends_on": "2026-11-29",
                "closed": False,
                "opens_at": "09:00",
                "closes_at": "12:00",
            }
        ]
    },
    {"confirmed_on": "2026-11-25", "expires_on": "2026-12-25"},
    {"step_free": True},
    {"eligibility_unknown_to_the_rules": "x"},
]


@pytest.mark.parametrize("change", AT_ONCE, ids=str)
def test_p40_closing_is_one_owners(change):
    found = split(**change)
    assert found.now == change
    assert found.later == {}


@pytest.mark.parametrize("change", WAITS, ids=str)
def test_p40_opening_and_moving_wait_for_a_second_person(change):
    found = split(**change)
    assert found.now == {}
    assert found.later == change


def test_p40_a_new_space_waits_whole():
    found = classify(None, SPACE, TODAY)
    assert found.now == {}
    assert found.later == SPACE


def test_p40_reopening_waits_whatever_it_was():
    for status in ("full", "temporarily_closed", "closed"):
        found = classify(SPACE | {"status": status}, SPACE, TODAY)
        assert found.now == {}
        assert found.later == {"status": "active"}


def test_p40_a_mixed_change_is_cut_in_two():
    found = split(services=["food", "showers"], status="full", name="Otra")
    assert found.now == {"services": ["food"], "status": "full"}
    assert found.later == {"services": ["food", "showers"], "name": "Otra"}
    phones = [{"number": "999", "type": "voice", "description": None}]
    found = split(public_phones=phones)
    assert found.now == {"public_phones": []}, "the old number goes at once, the new one waits"
    assert found.later == {"public_phones": phones}


def test_p40_hours_that_shift_are_cut_by_rules():
    both = [*hours("MO TU WE"), *hours("SU", "08:00", "12:00")]
    before, after = SPACE | {"schedules": both}, SPACE | {"schedules": hours("MO TU WE SA")}
    found = classify(before, after, TODAY)
    assert found.now == {"schedules": hours("MO TU WE")}, "nobody is sent there on a Sunday"
    assert found.later == {"schedules": hours("MO TU WE SA")}
    # Nothing of the rules can be kept: all of it waits, and no hours are lost meanwhile.
    assert split(schedules=hours(opens="09:00", closes="18:00")).now == {}


def test_p40_longer_hours_with_a_closed_holiday():
    closed = [{"starts_on": "2026-12-08", "ends_on": "2026-12-08", "closed": True}]
    found = split(schedules=hours(closes="18:00"), schedule_exceptions=closed)
    assert found.now == {"schedule_exceptions": closed}
    assert found.later == {"schedules": hours(closes="18:00")}


def test_p40_hours_beyond_what_is_compared_are_not_believed_shorter():
    far, farther = hours(valid_to="2040-01-01"), hours(valid_to="2050-01-01")
    before = SPACE | {"schedules": far}
    assert classify(before, SPACE | {"schedules": farther}, TODAY).now == {}


def test_p40_hours_for_a_holiday_are_no_shortening():
    """A usual opening on a holiday is a doubt; hours stated for that day would be certain."""
    christmas = [
        {
            "starts_on": "2026-12-25",
            "ends_on": "2026-12-25",
            "closed": False,
            "opens_at": "08:00",
            "closes_at": "17:00",
        }
    ]
    every_day = SPACE | {"schedules": hours("MO TU WE TH FR SA SU")}
    stated = every_day | {"schedule_exceptions": christmas}
    assert classify(every_day, stated, TODAY).now == {}
    kept = every_day | {"holidays": "open"}
    assert classify(kept, kept | {"schedule_exceptions": christmas}, TODAY).later == {}


def test_p40_a_closed_day_does_not_hide_a_second_exception():
    closed = {"starts_on": "2026-11-29", "ends_on": "2026-11-29", "closed": True}
    opened = closed | {"closed": False, "opens_at": "09:00", "closes_at": "12:00"}
    before = SPACE | {"schedule_exceptions": [closed]}
    after = SPACE | {"schedule_exceptions": [closed, opened]}
    assert classify(before, after, TODAY).now == {}


def test_past_hours_do_not_count():
    gone = [
        {
            "starts_on": "2026-01-01",
            "ends_on": "2026-01-02",
            "closed": False,
            "opens_at": "00:00",
            "closes_at": "00:00",
        }
    ]
    assert split(schedule_exceptions=gone).later == {}


def test_a_count_goes_with_its_time():
    later = "2026-11-25T10:00:00+00:00"
    assert split(available=12, capacity_updated=later).now == {}
    assert split(capacity_updated=later).now == {"capacity_updated": later}


def test_ages_move_together():
    before = SPACE | {"minimum_age": 0, "maximum_age": 10}
    after = SPACE | {"minimum_age": 12, "maximum_age": 17}
    found = classify(before, after, TODAY)
    assert found.now == {}, "12 to 10 would be nobody"
    assert found.later == {"minimum_age": 12, "maximum_age": 17}


# -- properties ------------------------------------------------------------------------------

clock = st.integers(0, 47).map(lambda half: f"{half // 2:02}:{half % 2 * 30:02}")
soon = st.integers(-3, 20).map(lambda n: (TODAY + timedelta(days=n)).isoformat())
rule = st.fixed_dictionaries(
    {
        "byday": st.lists(st.sampled_from(WEEKDAYS), min_size=1, max_size=7, unique=True),
        "opens_at": clock,
        "closes_at": clock,
    },
    optional={"valid_to": soon, "valid_from": soon},
)


@st.composite
def exception(draw):
    first = draw(st.integers(-2, 12))
    made = {
        "starts_on": (TODAY + timedelta(days=first)).isoformat(),
        "ends_on": (TODAY + timedelta(days=first + draw(st.integers(0, 3)))).isoformat(),
        "closed": draw(st.booleans()),
    }
    if not made["closed"]:
        made |= {"opens_at": draw(clock), "closes_at": draw(clock)}
    return made


opening_times = st.builds(
    OpenTime,
    st.lists(rule, max_size=3).map(tuple),
    st.lists(exception(), max_size=2).map(tuple),
)
subset = st.lists(st.sampled_from("abcd"), unique=True).map(sorted)
documents = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["x", "y"]),
        "lon": st.sampled_from([1.0, 2.0]),
        "status": st.sampled_from(["active", "full", "temporarily_closed", "closed"]),
        "visibility": st.sampled_from(["public", "partners", "restricted"]),
        "services": subset,
        "public_phones": subset,
        "languages": subset,
        "genders": st.none() | subset.filter(bool),
        "documents_required": st.none() | subset,
        "minimum_age": st.none() | st.integers(0, 50),
        "maximum_age": st.none() | st.integers(50, 99),
        "maximum_nights": st.none() | st.integers(1, 9),
        "available": st.none() | st.integers(0, 9),
        "capacity": st.none() | st.integers(9, 19),
        "capacity_updated": st.sampled_from(["2026-11-24T10:00:00Z", "2026-11-25T10:00:00Z"]),
        "amenities": st.dictionaries(st.sampled_from("pqr"), st.booleans()),
        "notice": st.sampled_from([None, "m", "n"]),
        "overnight": st.booleans(),
        "schedules": st.lists(rule, max_size=2),
        "schedule_exceptions": st.lists(exception(), max_size=1),
    }
)


@given(documents, documents)
def test_p40_both_parts_together_are_the_change(before, after):
    found = classify(before, after, TODAY)
    assert before | found.now | found.later == after


@given(documents, documents)
def test_p40_what_is_done_at_once_would_be_immediate_alone(before, after):
    found = classify(before, after, TODAY)
    assert classify(before, before | found.now, TODAY).later == {}


@given(documents, documents)
def test_p40_nothing_is_opened_at_once(before, after):
    """Whatever a careful reader would call opening is not in the immediate part."""
    made = before | classify(before, after, TODAY).now
    assert made["name"] == before["name"]
    assert made["lon"] == before["lon"]
    status = ["active", "full", "temporarily_closed", "closed"]
    assert status.index(made["status"]) >= status.index(before["status"])
    seen = ["public", "partners", "restricted"]
    assert seen.index(made["visibility"]) >= seen.index(before["visibility"])
    for name in ("services", "public_phones", "languages"):
        assert set(made[name]) <= set(before[name])
    assert {a for a, b in made["amenities"].items() if b} <= {
        a for a, b in before["amenities"].items() if b
    }
    assert made["overnight"] <= before["overnight"]
    assert (made["minimum_age"] or 0) >= (before["minimum_age"] or 0)
    assert (made["maximum_age"] or 999) <= (before["maximum_age"] or 999)
    assert (made["available"] or 0) <= (before["available"] or 0)
    if before["genders"] is not None:
        assert made["genders"] is not None
        assert set(made["genders"]) <= set(before["genders"])


def minutes(times: OpenTime, days: int = 24) -> set[datetime]:
    """The half hours of these days at which it is open, looked at one by one."""
    found = set()
    ends = datetime.combine(TODAY + timedelta(days=days), datetime.min.time())
    for offset in range(-1, days):
        day = TODAY + timedelta(days=offset)
        special = [e for e in times.exceptions if e["starts_on"] <= day.isoformat() <= e["ends_on"]]
        rules = [
            r
            for r in times.schedules
            if WEEKDAYS[day.weekday()] in r["byday"]
            and r.get("valid_from", "0") <= day.isoformat() <= r.get("valid_to", "9")
        ]
        if special:
            rules = [e for e in special if not e["closed"]]
        for r in rules:
            opens, closes = r["opens_at"], r["closes_at"]
            at = datetime.fromisoformat(f"{day}T{'00:00' if opens == closes else opens}")
            end = datetime.fromisoformat(f"{day}T{closes}")
            if opens >= closes:
                end += timedelta(days=1)
            if opens == closes:
                end = at + timedelta(days=1)
            # What is open beyond the last day is not known of either side.
            while at < min(end, ends):
                found.add(at)
                at += timedelta(minutes=30)
    return found


#: Open day and night, and one night less of it: the night of the last compared day ends beyond it.
DAY_AND_NIGHT = OpenTime(
    ({"byday": ["MO", "TU", "WE", "TH"], "opens_at": "00:00", "closes_at": "00:00"},), ()
)
ONE_NIGHT = OpenTime(({"byday": ["WE"], "opens_at": "01:00", "closes_at": "00:30"},), ())


@example(DAY_AND_NIGHT, ONE_NIGHT)
@given(opening_times, opening_times)
def test_p40_hours_done_at_once_are_never_longer(before, after):
    made = shortened(before, after, TODAY)
    was, will = minutes(before), minutes(after)
    if made is None:
        assert not will <= was, "a change that only shortens was held back"
    else:
        now = minutes(made)
        assert now <= was
        assert was & will <= now, "hours that both have were taken away"


@given(opening_times, opening_times)
def test_p40_hours_done_at_once_are_no_longer_as_the_public_is_told(before, after):
    """The same rule in the words of `geo.hours.space_hours`, holidays and all."""
    made = shortened(before, after, TODAY, Calendar("not_known", "CO", None))
    if made is None:
        return
    was, now = hours_as_shown(before), hours_as_shown(made)
    at = datetime(2026, 12, 6, tzinfo=UTC)  # with 8 December, a holiday of Colombia
    for _ in range(4 * 48):
        at += timedelta(minutes=30)
        assert now.is_open(at) <= was.is_open(at), at


def hours_as_shown(times):
    zone = {"timezone": "America/Bogota"}
    return hours_of(
        {
            "schedules": [
                {"valid_from": None, "valid_to": None, **rule, **zone} for rule in times.schedules
            ],
            "exceptions": list(times.exceptions),
            "country": "CO",
            **zone,
        }
    )


# -- what a hostile editor would try (review of issue 3) -------------------------------------------


def of(before, **changes):
    return classify(SPACE | before, SPACE | before | changes, TODAY)


TRICKS = [
    # "full" is not to be talked away, nor to be made to look old.
    ({"available": 0}, {"available": None}),
    ({"available": 0}, {"capacity_updated": "2020-01-01T00:00:00Z"}),
    # Another clock under the same figures.
    ({"schedules": hours(timezone="Asia/Tokyo")}, {"schedules": hours()}),
    (
        {"schedules": hours(timezone="Asia/Tokyo")},
        {
            "schedule_exceptions": [
                {
                    "starts_on": "2026-12-07",
                    "ends_on": "2026-12-07",
                    "closed": False,
                    "opens_at": "09:00",
                    "closes_at": "12:00",
                }
            ]
        },
    ),
    # Beyond what is compared.
    (
        {},
        {
            "schedule_exceptions": [
                {
                    "starts_on": "2040-01-01",
                    "ends_on": "2040-12-31",
                    "closed": False,
                    "opens_at": "00:00",
                    "closes_at": "00:00",
                }
            ]
        },
    ),
    (
        {
            "schedule_exceptions": [
                {"starts_on": "2040-01-01", "ends_on": "2040-12-31", "closed": True}
            ]
        },
        {"schedule_exceptions": []},
    ),
    # Words that send people somewhere.
    (
        {"schedules": hours(description=None)},
        {"schedules": hours(description="ahora en la finca del río")},
    ),
    ({}, {"notice": "Nos mudamos: llame al +57 311 222 3344"}),
    ({}, {"notice": "Inscríbase en wa.me/573112223344 o ayuda-casa.com"}),
    ({}, {"notice": "Escriba a casa@example.net"}),
]


@pytest.mark.parametrize(("before", "change"), TRICKS, ids=str)
def test_p40_nothing_opens_or_leads_elsewhere_by_one_persons_word(before, change):
    found = of(before, **change)
    assert not found.now, found.now
    assert set(found.later) == set(change)


def test_p40_words_within_hours_wait_while_the_hours_close():
    closed = {"starts_on": "2026-12-07", "ends_on": "2026-12-07", "closed": True}
    bad, good = closed | {"reason": "vaya al 311 222 3344"}, closed | {"reason": "Fumigación"}
    assert of({}, schedule_exceptions=[good]).now == {"schedule_exceptions": [good]}
    found = of({}, schedule_exceptions=[bad])
    assert found.now == {"schedule_exceptions": [closed | {"reason": None}]}
    assert found.later == {"schedule_exceptions": [bad]}
    shorter = hours("MO TU", description="invierno")
    found = of({}, schedules=shorter)
    assert [rule["description"] for rule in found.now["schedules"]] == [None]
    assert found.later == {"schedules": shorter}


@pytest.mark.parametrize(
    "notice",
    [
        "Sin agua",
        "Sin agua. Hasta el 30/11/2026, según se sabe.",
        "Fumigación. Desde el 26/11/2026. Hasta el 30/11/2026, según se sabe.",
        "Hasta el 30/11/2026, según se sabe.",
        None,
    ],
)
def test_p51_a_coded_reason_with_its_dates_is_immediate(notice):
    own = {"notice": "antes", "public_phones": ["+57 300 0000000"]}
    assert of(own, notice=notice).now == {"notice": notice}


#: What passed the filter of words that was here (issue 14), and its kin.
LURES = (
    "vaya a la casa azul frente a la iglesia y pregunte por Mireya",
    "llame al 3,1,1,2,2,2,3,3,4,4",
    "llame al 311_222_3344",
    "llame al 3a1b1c2d2e2f3g3h4i4",
    "llame al 311\u200b222\u200b3344",
    "tres once, dos veintidós, treinta y tres cuarenta y cuatro",
    "escriba a ayuda punto casa en telegrama",
    "entre en ayuda-casa.xyz",
    "Sin agua. Vaya a la casa azul.",
    "Sin agua. ",
    "sin agua",
    "Sin agua.\nPregunte por Mireya",
    "Sin\u00a0agua",
    "Hasta el 30/11/2026, según se sabe. Vaya a la casa azul.",
    "Hasta el 31/11/2026, según se sabe.",
    "Hasta el 01/01/3112, según se sabe.",
    "Hasta el ٣٠/11/2026, según se sabe.",
    "Desde el 11/12/2222. Hasta el 30/11/2026, según se sabe.",
    "Hasta el 30/11/2026, según se sabe. Desde el 26/11/2026.",
    "Llame antes: +57 300 0000000",  # the record's own number, in words of one person
    "Cerrado",
    "",
)


@pytest.mark.parametrize("words", LURES)
def test_p51_no_word_of_one_person_is_public_at_once(words):
    before = {"notice": None, "public_phones": ["+57 300 0000000"]}
    assert "notice" not in of(before, notice=words).now
    closed = {"starts_on": "2026-12-07", "ends_on": "2026-12-07", "closed": True}
    found = of({}, schedule_exceptions=[closed | {"reason": words}])
    assert found.now == {"schedule_exceptions": [closed | {"reason": None}]}


FAR = ("3105-05-12", "1931-05-12")


@pytest.mark.parametrize("day", FAR)
def test_p51_no_day_that_one_person_writes_is_a_number_to_call(day):
    """Closed from 3105-05-12 to 3105-12-28 takes nothing away: it is public, and it is dialled."""
    near = {"starts_on": "2026-12-07", "ends_on": "2026-12-07", "closed": True, "reason": None}
    far = near | {"starts_on": min(day, "2026-12-07"), "ends_on": max(day, "2026-12-07")}
    found = of({}, schedule_exceptions=[near, far])
    assert found.now == {"schedule_exceptions": [near]}
    assert found.later == {"schedule_exceptions": [near, far]}
    # What two people have agreed to stays while one closes more.
    assert of({"schedule_exceptions": [far]}, schedule_exceptions=[far, near]).later == {}
    rule = {"byday": ["MO"], "opens_at": "08:00", "closes_at": "17:00"}
    for name in ("valid_from", "valid_to", "dtstart", "until"):
        found = of({"schedules": [rule]}, schedules=[rule | {name: day}])
        assert found.now == {}, name


@pytest.mark.parametrize("name", ["valid_from", "valid_to", "dtstart"])
def test_p40_hours_with_a_far_day_that_is_published_are_shortened_at_once(name):
    far = {"valid_from": "2025-01-06", "valid_to": "2028-06-30", "dtstart": "2025-01-06"}[name]
    rule = {"byday": ["MO", "WE"], "opens_at": "08:00", "closes_at": "17:00", name: far}
    less = [rule | {"byday": ["MO"]}]
    found = of({"schedules": [rule]}, schedules=less)
    assert (found.now, found.later) == ({"schedules": less}, {})


def test_p51_every_code_reads_back_from_its_sentence():
    for code in (None, *coded_reasons.REASONS):
        for since, until in ((None, None), (TODAY, None), (None, TODAY), (TODAY, TODAY)):
            reason = coded_reasons.NoticeReason(code, since, until)
            if reason.text:
                assert coded_reasons.reason_in(reason.text) == reason
                assert coded_reasons.is_ours(reason.text, TODAY)


@pytest.mark.parametrize(
    ("said", "stored"),
    [
        ("no_water", "Sin agua"),
        ({"code": "no_water"}, "Sin agua"),
        ({"until": "2026-11-30"}, "Hasta el 30/11/2026, según se sabe."),
        (
            {"code": "flood", "since": "2026-11-26", "until": "2026-11-30"},
            "Inundación. Desde el 26/11/2026. Hasta el 30/11/2026, según se sabe.",
        ),
        ("palabras", "palabras"),
        (None, None),
    ],
)
def test_p51_codes_become_sentences_of_ours(said, stored):
    assert coded_reasons.in_words("space", {"notice": said}) == {"notice": stored}
    rule = {"closed": True, "reason": said}
    made = coded_reasons.in_words("space", {"schedule_exceptions": [rule]})
    assert made == {"schedule_exceptions": [{"closed": True, "reason": stored}]}


@pytest.mark.parametrize(
    "said", [{}, {"code": "x"}, {"until": "soon"}, {"until": 3}, {"words": "x"}]
)
def test_p51_an_object_that_is_no_reason_is_refused(said):
    with pytest.raises(InvalidRecordError):
        coded_reasons.in_words("space", {"notice": said})


def test_p40_a_rule_of_another_zone_may_still_be_taken_away():
    both = [*hours(timezone="Asia/Tokyo"), *hours("TH")]
    assert of({"schedules": both}, schedules=hours("TH")).now == {"schedules": hours("TH")}


def test_p40_many_rules_are_compared_with_little_work():
    def rules(opens, count):
        return [
            {
                "freq": "MONTHLY",
                "interval": 7,
                "dtstart": "2026-01-01",
                "byday": [f"{1 + n % 4}MO"],
                "opens_at": f"{n % 22 + opens:02}:00",
                "closes_at": f"{n % 22 + opens:02}:30",
            }
            for n in range(count)
        ]

    def compare(count):
        assert not of({"schedules": rules(0, count)}, schedules=rules(1, count)).now

    compare(2)
    few, many = (calls_of(lambda n=n: compare(n)) for n in (10, 40))
    # Four times as many rules; each compared with each would be sixteen times the work.
    assert many < 6 * few
