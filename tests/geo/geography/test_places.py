"""Places by name and by position."""

import json
import re
import string
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rapidfuzz.distance.OSA import distance as edits
from sqlalchemy import select, text

from geo.db.sessions import Tier
from geo.errors import NotFoundError
from geo.geography.place_index import ResidentPlaces
from geo.geography.place_names import PlaceNames, unit_names
from geo.geography.places import (
    LEAST_LIKENESS,
    Typed,
    find_similar,
    nearest_place,
    place_near,
    places_near,
)
from geo.text.edit_distance import strangeness
from geo.text.normalize import ACCENTED, PLAIN, SOUNDS, folded, sounded, spelling_pattern
from tests.fixtures.examples import examples
from tests.fixtures.published import published, published_settings

__all__ = ["published", "published_settings"]


@pytest.fixture
async def public(shared_database):
    async with shared_database.session(Tier.PUBLIC) as session:
        yield session


async def names_of(session):
    resident = await ResidentPlaces.read(session)
    return PlaceNames.of(resident, await unit_names(session))


@pytest.fixture(scope="session")
async def known(shared_database):
    """Give the names of all places."""
    async with shared_database.session(Tier.PUBLIC) as session:
        return await names_of(session)


def labels(found):
    return [place.label for place in found]


@pytest.mark.every(3, first=1)
@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Cúcuta", "Cúcuta, CO"),
        ("cucuta", "Cúcuta, CO"),
        ("  CUCUTA ", "Cúcuta, CO"),
        ("Cúcuta, CO", "Cúcuta, CO"),
        ("cucuta,co", "Cúcuta, CO"),
        ("Cúcuta, Norte de Santander, CO", "Cúcuta, CO"),
        ("cucuta, santander", "Cúcuta, CO"),
        ("sao paulo", "São Paulo, BR"),
        ("san cristobal", "San Cristóbal, VE"),
        ("San Cristóbal, AR", "San Cristóbal, AR"),
        ("San Cristóbal, Argentina", "San Cristóbal, AR"),
        ("rosario, ar", "Rosario, AR"),
    ],
)
def test_a_place_is_found_as_people_type_it(known, text, label):
    assert labels(known.exact(Typed.of(text)))[0] == label


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("kukuta", "Cúcuta, CO"),
        ("CUCUTTA", "Cúcuta, CO"),
        ("Guakillas", "Huaquillas, EC"),
        ("biyavisensio", "Villavicencio, CO"),
        ("Kuito", None),
        ("kito", "Quito, EC"),
        ("foz do iguasu", "Foz do Iguaçu, BR"),
        ("Foz do Iguazú, Brasil", "Foz do Iguaçu, BR"),
        ("llopal", "Yopal, CO"),
        ("boa bista", "Boa Vista, BR"),
        ("Quetzaltenango", "Quetzaltenango, GT"),
    ],
)
def test_a_place_is_found_as_it_sounds(known, text, label):
    assert labels(known.alike(Typed.of(text)))[:1] == ([] if label is None else [label])


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("bucaram", "Bucaramanga, CO"),
        ("san antonio del t", "San Antonio del Táchira, VE"),
        ("san antonio, tachira", "San Antonio del Táchira, VE"),
        ("antonio tachira", "San Antonio del Táchira, VE"),
        ("bukaram", "Bucaramanga, CO"),
        ("san antonyo de taxira", None),
    ],
)
def test_a_place_is_found_by_how_its_words_begin(known, text, label):
    found = labels(known.beginning(Typed.of(text)))
    assert (label in found) if label else not found


def test_names_that_begin_so_come_before_those_that_hold_it(known):
    found = known.beginning(Typed.of("pamplona"))
    assert all(folded(place.name).startswith("pamplona") for place in found)
    assert len(found) > 1


@pytest.mark.parametrize(
    "text", ["", "   ", "zzzzzz", "%", "_", ".*", "\\", "a\x00b", "'; --", "ΑΒ"]
)
def test_nothing_is_found_for_what_is_no_name(known, text):
    typed = Typed.of(text)
    assert not known.exact(typed) + known.alike(typed) + known.beginning(typed)


@pytest.mark.parametrize("text", ["[" * 5_000, "(" * 5_000, "#," * 5_000, " (" * 99])
def test_a_long_text_is_no_trouble(known, text):
    typed = Typed.of(text)
    assert known.exact(typed) == known.beginning(typed) == ()


def test_a_unit_has_the_name_that_most_of_its_places_lie_in(known):
    (tachira,) = known.exact(Typed.of("San Antonio del Táchira"))
    # Natural Earth has the town across the river.
    assert known.unit_of(tachira) == "Táchira"
    assert known.labels([tachira]) == ("San Antonio del Táchira, Táchira, VE",)


def test_no_two_places_of_a_list_have_one_label_and_each_label_finds_its_own(known):
    """Mexico has thirty-odd San Isidro, several of them in one state."""
    found = known.exact(Typed.of("San Isidro, MX"))[:30]
    told = known.labels(found)
    assert len(set(told)) >= len(told) - 1
    assert any("(" in label for label in told)
    for place, label in zip(found, told, strict=True):
        assert place in known.exact(Typed.of(label)), label


def test_names_sound_as_the_phones_make_them_sound():
    pairs = json.loads(Path("tests/fixtures/sounds.json").read_text("utf-8"))
    assert {name: sounded(name) for name, _ in pairs} == dict(pairs)
    assert sounded("\n".join(name for name, _ in pairs)).split("\n") == [key for _, key in pairs]


def test_the_table_of_sounds_is_read_alike_by_python_and_javascript():
    for pattern, instead in SOUNDS:
        assert not re.search(r"\(\?[^=!]|\\[^bn1]", pattern), pattern
        assert re.fullmatch(r"[a-zC ]?|\\1[a-z]?", instead), instead


# --- misspelt -----------------------------------------------------------------------------------


@pytest.mark.every(3)
@pytest.mark.parametrize(
    ("typed", "label"),
    [
        ("Huaquilas", "Huaquillas, EC"),
        ("Cucota", "Cúcuta, CO"),
        ("Tumbez", "Tumbes, PE"),
        ("porto alegr", "Porto Alegre, BR"),
        ("Foz do Iguasu", "Foz do Iguaçu, BR"),
        ("Guayakil", "Guayaquil, EC"),
        ("Kuito", "Quito, EC"),
        ("Boa Bista", "Boa Vista, BR"),
        ("tachira san antonio", "San Antonio del Táchira, VE"),
        ("San Cristobla, VE", "San Cristóbal, VE"),
        ("San Cristobla, AR", "San Cristóbal, AR"),
        # The country was wrong too.
        ("Huaquilas, PE", "Huaquillas, EC"),
    ],
)
async def test_a_misspelt_place_is_the_first_of_those_like_it(public, typed, label):
    found = await find_similar(public, typed, 5)
    assert found[0].place.label == label
    assert [one.mistakes for one in found] == sorted(one.mistakes for one in found)


@pytest.mark.every(3)
@pytest.mark.parametrize("typed", ["", "   ", "%", "_", ".*", "\\", "a\x00b", "'; --", "[" * 5_000])
async def test_nothing_is_like_what_is_no_name(public, typed):
    assert await find_similar(public, typed, 5) == ()


def trigrams(words: str) -> set[str]:
    """Return what pg_trgm makes of a folded text."""
    parts = re.findall(r"\w+", words)
    return {f"  {part} "[i : i + 3] for part in parts for i in range(len(part) + 1)}


def likeness(mine: set[str], yours: set[str]) -> float:
    """Return pg_trgm's similarity of two texts, from its definition, by their trigrams."""
    return len(mine & yours) / len(mine | yours) if mine and yours else 0.0


@pytest.fixture(scope="session")
async def names(shared_database):
    """Give every place's id, folded name, country and population."""
    async with shared_database.session(Tier.PUBLIC) as session:
        rows = await session.execute(text("select id, name, country, population from places"))
    return [(row.id, folded(row.name), row.country, row.population) for row in rows]


@pytest.fixture(scope="module")
def name_trigrams(names):
    """Give the trigrams of every place's name, which each example looks at."""
    return {name: trigrams(name) for name in {row[1] for row in names}}


@st.composite
def mistyped(draw):
    """Draw what is typed wrong in a name, wherever it is: letters and what happens to them."""
    slips = st.tuples(
        st.integers(0, 10**6),
        st.sampled_from(["drop", "add", "other", "turn"]),
        st.sampled_from(string.ascii_lowercase),
    )
    return draw(st.integers(0, 10**6)), draw(st.lists(slips, min_size=1, max_size=2))


def spoilt(name, slips):
    """Return a name with letters typed wrong."""
    for place, slip, letter in slips:
        at = place % max(1, len(name) - 1)
        name = {
            "drop": name[:at] + name[at + 1 :],
            "add": name[:at] + letter + name[at:],
            "other": name[:at] + letter + name[at + 1 :],
            "turn": name[:at] + name[at : at + 2][::-1] + name[at + 2 :],
        }[slip]
    return folded(name)


@settings(max_examples=examples(40, 10))
@given(mistyped())
async def test_similar_places_are_those_that_looking_at_every_name_gives(
    shared_database, names, name_trigrams, drawn
):
    place, slips = drawn
    typed = spoilt(names[place % len(names)][1], slips)
    # A town in brackets says near what; a few places have brackets in their own names.
    name = Typed.of(typed).name
    if not name:
        return
    typed_trigrams = trigrams(name)
    alike = {one: likeness(typed_trigrams, of) for one, of in name_trigrams.items()}
    weighed = sorted(
        (one for one, like in alike.items() if like >= LEAST_LIKENESS),
        key=lambda one: (-alike[one], one),
    )[:200]
    wrong = {one: strangeness(name, one, alike[one]) for one in weighed}
    expected = sorted(
        (wrong[one], -population, place) for place, one, _, population in names if one in wrong
    )
    async with shared_database.session(Tier.PUBLIC) as session:
        found = await find_similar(session, typed, 20)
    assert [(one.mistakes, one.place.id) for one in found] == [
        (mistakes, place) for mistakes, _, place in expected[:20]
    ]


@given(st.text("abc ", max_size=7), st.text("abc ", max_size=7))
def test_edits_are_a_measure(one, other):
    assert (edits(one, other) == 0) == (one == other)
    assert edits(one, other) == edits(other, one)
    assert abs(len(one) - len(other)) <= edits(one, other) <= max(len(one), len(other))


def test_neighbours_exchanged_are_one_mistake():
    assert edits("cucuta", "cucuat") == edits("cucuta", "cucta") == edits("cucota", "cucuta") == 1


async def test_a_place_that_is_not_public_is_never_named(loaded_database):
    async with loaded_database.session(Tier.WRITER) as session:
        await session.execute(
            text("update amparo.places set visibility = 'restricted' where name = 'Huaquillas'")
        )
    async with loaded_database.session(Tier.PUBLIC) as session:
        names = await names_of(session)
        for typed in ("Huaquillas", "Huaquilas"):
            found = [one.place for one in await find_similar(session, typed, 50)]
            found += names.exact(Typed.of(typed))
            assert "Huaquillas" not in {place.name for place in found}


async def test_a_hidden_spaces_name_is_no_place(published):
    async with published.session(Tier.PUBLIC) as session:
        names = await names_of(session)
        for typed in ("Space hidden", "Hidden", "Spase hidden"):
            assert names.beginning(Typed.of(typed)) == ()
            assert "hidden" not in str(await find_similar(session, typed, 50)).lower()


async def test_names_are_read_from_their_index(public, monkeypatch):
    """Already among the 31,000 towns, and so among more: to read all of them costs the more."""
    asked: list[str] = []
    execute = public.execute

    async def explained(question, values=None):
        if isinstance(question, type(select())):
            # As it is sent, the values apart from it.
            plan = await public.connection()
            compiled = question.compile(
                dialect=plan.dialect, compile_kwargs={"literal_binds": True}
            )
            rows = await execute(text("explain " + str(compiled).replace(":", "\\:")))
            asked.append("\n".join(rows.scalars()))
        return await execute(question, values)

    monkeypatch.setattr(public, "execute", explained)
    await find_similar(public, "Huaquilas", 8)
    (plan,) = asked
    assert "Bitmap Index Scan on ix_places_name_folded" in plan, plan


def test_traps_of_geonames_are_left_out(known):
    ids = {
        place.id
        for name in ("Puerto Quijarro", "Lajas Blancas")
        for place in known.beginning(Typed.of(name))
    }
    assert not ids & {"G3444201", "G7543540"}


async def test_the_nearest_place_and_its_country(public):
    place = await nearest_place(public, -72.508, 7.894)
    assert (place.name, place.country, place.timezone) == ("Cúcuta", "CO", "America/Bogota")
    near, distance_m = await place_near(public, -72.443, 7.815)
    assert (near.name, near.country) == ("San Antonio del Táchira", "VE")
    assert 300 < distance_m < 600
    _, at_sea_m = await place_near(public, -30.0, 0.0)
    assert at_sea_m > 500_000


async def test_points_are_answered_together_as_they_are_alone(public):
    points = [(-72.443, 7.815), (-30.0, 0.0), (-72.508, 7.894), (-72.443, 7.815)]
    assert await places_near(public, points) == tuple(
        [await place_near(public, *point) for point in points]
    )
    assert await places_near(public, []) == ()


async def test_without_places_nothing_is_near(session):
    # The writer's search path has the table itself, under the view's name.
    with pytest.raises(NotFoundError):
        await nearest_place(session, -72.5, 7.9)
    with pytest.raises(NotFoundError):
        await place_near(session, -72.5, 7.9)


@given(st.text(st.sampled_from(ACCENTED + "abcz"), max_size=12))
def test_the_database_folds_as_python_does(name):
    translated = name.translate(str.maketrans(ACCENTED, PLAIN)).lower()
    assert translated == folded(name)


def test_a_pattern_matches_every_spelling():
    pattern = re.compile(spelling_pattern(folded("São José")))
    for name in ("São José", "sao jose", "SÃO JOSÉ", "Sáo Jôsè"):
        assert pattern.fullmatch(name)
    assert not pattern.fullmatch("Sao Jos")
    assert re.fullmatch(spelling_pattern("a.(b"), "A.(B")
