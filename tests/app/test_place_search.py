"""A place by its name, as people write it: what is meant is found, and nothing is guessed."""

import re
from html import unescape

import pytest

HTML = {"Accept": "text/html"}
CHOICES = re.compile(r"<(?:li|li><a [^>]*|button [^>]*_choice[^>]*)>([^<]+, [A-Z]{2})</")


async def home(client, place, lang="es"):
    response = await client.get("/", params={"place": place, "lang": lang}, headers=HTML)
    assert response.status_code == 200
    return unescape(response.text)


@pytest.mark.parametrize(
    ("typed", "label"),
    [("Huaquilas", "Huaquillas, EC"), ("Cucota", "Cúcuta, CO"), ("Tumbez, PE", "Tumbes, PE")],
)
async def test_the_list_is_of_the_place_that_alone_can_be_meant_and_says_so(client, typed, label):
    html = await home(client, typed)
    assert f"Cerca de {label}" in html
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
    assert "¿Cuál de estas poblaciones?" in html
    assert len(set(CHOICES.findall(html))) > 2
    assert '<h2 id="spaces-title">Espacios de apoyo' in html
    assert "data-space=" not in html.partition('id="spaces"')[2].partition("</section>")[0]


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
            {
                "kind": "flood",
                "place": "Bucaramnga",
                "id": "6f1f6d7c-9a0c-4a62-9d0b-0f6a2c1c7e55",
            },
        ),
    ],
)
async def test_where_much_follows_from_it_a_misspelt_place_is_offered_and_not_taken(
    client, path, form
):
    response = await client.post(path, data=form)
    assert response.status_code == 400
    assert CHOICES.findall(unescape(response.text))[:1] == ["Bucaramanga, CO"]
