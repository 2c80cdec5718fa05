"""A place by its name, as people write it: what is meant is found, and nothing is guessed."""

import re
from html import unescape

import pytest

from app.i18n.translation import words
from geo.text.countries import BOXES
from tests.conftest import client_of

HTML = {"Accept": "text/html"}
CHOICES = re.compile(r'<button [^>]*_choice" value="place:([^"]+)"[^>]*>([^<]+)</')
#: Countries stand in Spanish on the page, and by their codes in the form.
CODES = {words("es").country(code): code for code in BOXES}
told = words("es").place
REPORT = {"kind": "flood", "id": "6f1f6d7c-9a0c-4a62-9d0b-0f6a2c1c7e55"}


def choices(html):
    """Return what can be tapped: the label, with the country's code, and the reference."""
    found = [(*text.rpartition(", "), ref) for ref, text in CHOICES.findall(unescape(html))]
    return [(f"{name}, {CODES[country]}", ref) for name, _, country, ref in found]


async def home(client, place="", lang="es", **more):
    """Return the list near a place, asked for as the page asks."""
    sent = {"place": place} | more
    response = await client.post("/", params={"lang": lang}, data=sent, headers=HTML)
    assert response.status_code == 200
    return unescape(response.text)


@pytest.mark.parametrize(
    ("typed", "label"),
    [("Huaquilas", "Huaquillas, EC"), ("Cucota", "Cúcuta, CO"), ("Tumbez, PE", "Tumbes, PE")],
)
async def test_the_list_is_of_the_place_that_alone_can_be_meant_and_says_so(client, typed, label):
    html = await home(client, typed)
    assert f"Cerca de {told(label)}" in html
    assert f"No se conoce «{typed}»" in html
    assert 'data-space="' in html
    assert f"“{typed}” is not known" in await home(client, typed, "en")


@pytest.mark.parametrize("typed", ["porto alegre", "PÔRTO  ALEGRE", "cucuta"])
async def test_accents_case_and_spaces_are_no_mistake(client, typed):
    html = await home(client, typed)
    assert "place-problem" not in html
    assert "Cerca de" in html


async def test_of_several_that_may_be_meant_somebody_chooses(client):
    html = await home(client, "San Antonoi")
    assert "¿Cuál de estos lugares?" in html
    assert len(set(choices(html))) > 2
    assert '<h2 id="spaces-title">Espacios de apoyo' in html
    assert "data-space=" not in html.partition('id="spaces"')[2].partition("</section>")[0]


HELD = re.compile(r'(?:href|action|formaction|src)="([^"]*)"')


@pytest.mark.parametrize("typed", ["Cúcuta", "San Antonio, VE", "Cucota", "xqzwvk"])
async def test_p37_a_place_that_is_looked_for_is_in_no_address(client, typed):
    """A place somebody flees to is not for who reads the browser's history, or a server's log."""
    response = await client.post(
        "/", params={"lang": "en", "service": "food"}, data={"place": typed}, headers=HTML
    )
    assert response.headers["cache-control"] == "no-store"
    html = unescape(response.text)
    assert "<title>Amparo: " in html
    assert typed not in html.partition("<title>")[2].partition("</title>")[0]
    held = HELD.findall(html)
    shared = [address for address in held if "place" in address]
    # One link names the number of a place that was understood, for who chooses to pass it on.
    assert shared in ([], ["/?lang=en&place=G3685533#spaces"])
    assert "/?lang=en&service=food&families=1#spaces" in held
    assert "/?lang=pt&service=food#spaces" in held
    assert '<form method="post" action="/?lang=en&service=food#spaces" class="near"' in html
    plain = unescape((await client.get("/?lang=es", headers=HTML)).text)
    assert '<form method="post" action="/?lang=es#spaces" class="near" id="near-form"' in plain
    assert not [address for address in HELD.findall(plain) if "place" in address]


async def test_a_list_that_somebody_passes_on_names_its_place_by_a_number(client):
    html = await home(client, "Cúcuta")
    link = "/?lang=es&place=G3685533"
    assert f'href="{link}#spaces">Enlace a esta lista' in html
    shown = unescape((await client.get(link, headers=HTML)).text)
    assert "Cerca de Cúcuta, " in shown
    # And goes on as any other.
    assert 'name="place_ref" value="place:G3685533"' in shown
    assert 'formaction="/?lang=es&open=1#spaces"' in shown


async def test_what_narrows_the_list_holds_near_a_place(client):
    def spaces(html):
        return set(re.findall(r'data-space="([^"]+)"', html.partition('id="spaces"')[2]))

    near = {"place": "Cúcuta, CO"}
    every = await client.post("/", data=near, headers=HTML)
    some = await client.post("/?service=overnight", data=near, headers=HTML)
    assert spaces(some.text) < spaces(every.text)
    refused = await client.post("/?service=gbv_response", data=near, headers=HTML)
    assert refused.status_code == 422
    # And without one.
    whole, few = [await client.get(path, headers=HTML) for path in ("/", "/?service=overnight")]
    assert 0 < len(spaces(few.text)) < len(spaces(whole.text))
    assert few.text.partition('id="spaces"')[2].count('aria-current="true">Dormir') == 1


@pytest.mark.parametrize(
    ("content", "headers", "status"),
    [
        ("place=x&other=1", {}, 400),
        ("place=x&place=y", {}, 400),
        (f"place={'x' * 121}", {}, 400),
        ("{}", {"Content-Type": "application/json"}, 415),
        ("place=x", {"Sec-Fetch-Site": "cross-site"}, 403),
    ],
)
async def test_what_is_not_the_form_is_refused(client, content, headers, status):
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = await client.post("/", content=content, headers=kind | headers)
    assert answer.status_code == status


async def test_what_is_like_nothing_is_not_known(client):
    html = await home(client, "xqzwvk")
    assert "No se reconoce el lugar" in html


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/plan", {"start": "Cúcuta, CO", "end": "Bucaramnga", "mode": "foot"}),
        ("/match", {"service": "overnight", "place": "Bucaramnga"}),
        (
            "/report",
            REPORT | {"place": "Bucaramnga"},
        ),
    ],
)
async def test_where_much_follows_from_it_a_misspelt_place_is_offered_and_not_taken(
    client, path, form
):
    response = await client.post(path, data=form)
    assert response.status_code == 400
    assert [label for label, _ in choices(response.text)][:1] == ["Bucaramanga, Santander, CO"]


async def asked(client, path, place, chosen=None):
    """Send a form with a place, or with what was tapped of a list."""
    form, field = {
        "/plan": ({"start": "Bucaramanga, CO"}, "end"),
        "/match": ({"service": "overnight"}, "place"),
        "/report": (REPORT, "place"),
    }[path]
    ref = {} if chosen is None else {f"{field}_choice": f"place:{chosen}"}
    return await client.post(path, data=form | {field: place} | ref)


@pytest.mark.parametrize("path", ["/", "/plan", "/match", "/report"])
async def test_san_antonio_offers_the_one_at_the_border_first_and_each_can_be_tapped(client, path):
    if path == "/":
        html = await home(client, "San Antonio")
    else:
        response = await asked(client, path, "San Antonio")
        assert response.status_code == 400
        html = response.text
    offered = choices(html)
    assert offered[0][0] == "San Antonio del Táchira, Táchira, VE"
    assert len(offered) == len({label for label, _ in offered}) == 8
    # Several are called so: the department tells them apart.
    assert len([label for label, _ in offered if label.startswith("San Antonio, ")]) > 1


@pytest.mark.parametrize("path", ["/", "/plan", "/match", "/report"])
async def test_what_is_tapped_is_what_is_meant_although_others_have_its_name(client, path):
    typed = "San Antonio, VE"
    html = await home(client, typed) if path == "/" else (await asked(client, path, typed)).text
    label, ref = choices(html)[1]
    if path == "/":
        near = await home(client, typed, place_choice=f"place:{ref}")
        assert f"Cerca de {told(label)}" in near
        # It stays what is meant when the form is sent again; who writes something else means that.
        again = {"place_ref": f"place:{ref}"}
        assert f'name="place_ref" value="place:{ref}"' in near
        assert f"Cerca de {told(label)}" in await home(client, label, **again)
        assert "Cerca de Cúcuta, Colombia" in await home(client, "Cúcuta", **again)
        assert '<h2 id="spaces-title">Espacios de apoyo' in await home(client, "", **again)
        return
    response = await asked(client, path, typed, ref)
    shown = unescape(response.text)
    assert not choices(shown)
    if path == "/match":
        assert f"Cerca de {told(label)}" in shown
    if path == "/plan":
        # It stands in the form with its reference, and is still meant when that is sent again.
        assert f'value="{label}"' in shown
        assert f'name="end_ref" id="end-ref" value="place:{ref}"' in shown
        again = {"start": "Bucaramanga, CO", "end": label, "end_ref": f"place:{ref}"}
        assert not choices((await client.post("/plan", data=again)).text)


@pytest.mark.parametrize("typed", ["kukuta", "cucuta", "KÚKUTA", "cucutta"])
async def test_a_place_is_found_as_it_sounds(client, typed):
    plan = await client.post("/plan", data={"start": "Bucaramanga, CO", "end": typed})
    assert plan.status_code == 200
    match = await client.post("/match", data={"service": "overnight", "place": typed})
    assert match.status_code == 200
    assert "Cerca de Cúcuta, Colombia" in unescape(match.text)
    assert "Cerca de Cúcuta, Colombia" in await home(client, typed)


async def test_the_list_says_that_it_took_a_place_for_how_it_sounds(client):
    assert "No se conoce «kukuta»" in await home(client, "kukuta")
    assert "No se conoce" not in await home(client, "cucuta")


async def test_who_adds_the_department_means_the_one_there(client):
    assert "Cerca de San Antonio, Chile" in await home(client, "san antonio, valparaiso")
    assert "Cerca de San Antonio, Chile" in await home(client, "San Antonio, Valparaíso, CL")


@pytest.mark.parametrize("typed", ["kukuta", "cucutta"])
async def test_p36_a_hazard_goes_to_no_town_that_only_sounds_like_what_was_typed(client, typed):
    response = await asked(client, "/report", typed)
    assert response.status_code == 400
    (label, ref), *_ = choices(response.text)
    assert label == "Cúcuta, Norte de Santander, CO"
    taken = await asked(client, "/report", typed, ref)
    assert taken.status_code == 200
    assert "Lugar del aviso: Cúcuta, Norte de Santander, Colombia." in unescape(taken.text)


async def test_the_page_after_a_report_names_the_town_that_was_taken(client):
    for typed, label in (
        ("Pamplona, CO", "Pamplona, CO"),
        ("san antonio, valparaiso", "San Antonio, Valparaíso, CL"),
    ):
        taken = await asked(client, "/report", typed)
        assert taken.status_code == 200
        assert f"Lugar del aviso: {told(label)}." in unescape(taken.text)


@pytest.mark.parametrize(
    ("typed", "label"),
    [
        ("El Amparo", "El Amparo, VE"),
        ("el amparo, ve", "El Amparo, VE"),
        ("Girardot", "Girardot, CO"),
        ("Hato Corozal", "Hato Corozal, CO"),
        ("CIUDAD DE PANAMA", "Ciudad de Panamá, PA"),
        ("duran (eloy alfaro)", "Durán (Eloy Alfaro), EC"),
        ("Siudad de Panama", "Ciudad de Panamá, PA"),
        ("Ato Corosal", "Hato Corozal, CO"),
    ],
)
async def test_towns_that_the_sketch_alone_has_are_found_by_name_and_by_sound(client, typed, label):
    assert f"Cerca de {told(label)}" in await home(client, typed)


# Of a name's two in one country none is ten times as populous as the other.
@pytest.mark.parametrize("typed", ["Barbosa, CO", "Lagunillas, VE", "Villanueva, CO"])
async def test_of_two_towns_of_a_name_in_one_country_none_is_taken_unasked(client, typed):
    html = await home(client, typed)
    assert "¿Cuál de estos lugares?" in html
    name, _, country = typed.partition(", ")
    offered = [label for label, _ in choices(html) if label.startswith(f"{name}, ")]
    assert len({label for label in offered if label.endswith(f", {country}")}) > 1
    assert f"<option>{typed}" not in html


async def test_the_list_ends_at_its_horizon_and_tells_what_comes_next(loaded_shared, settings_for):
    async with client_of(settings_for(loaded_shared, near_m=1_000)) as client:
        html = await home(client, "Bucaramanga, CO")
        listed = html.partition('id="spaces"')[2].partition("</section>")[0]
        near, heading, beyond = listed.partition('id="beyond"')
        assert heading
        assert beyond.count("data-space=") == 1
        far = [float(km.replace(",", ".")) for km in re.findall(r"([\d,]+) km en línea", near)]
        assert max(far, default=0.0) <= 1.0
        assert "Más lejos: a más de 1 km" in beyond


@pytest.mark.parametrize("text", ["s", "s (x)", "san (x)", "sa, co"])
async def test_a_short_name_or_one_near_a_town_that_is_none_is_quickly_not_known(client, text):
    html = await home(client, text)
    assert "Cerca de" not in html.partition('id="spaces"')[2].partition("<form")[0]
