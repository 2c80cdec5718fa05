"""The pages as rendered: rules of protection, languages and the shape of the HTML."""

import json
import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser

import pytest

from app.http.security_headers import SECURITY_HEADERS
from app.i18n import catalogues, labels, route_phrases, translation
from app.i18n.reviewed_texts import ReviewedTexts, use_texts
from app.journeys.route_ends import Choice
from app.page_models import phone_texts, plan_page, plan_views, renderer, view_models
from app.texts.phones import phone_of
from geo import models
from geo.hours.rrule import WEEKDAYS
from geo.text.countries import BOXES
from geo.text.languages import LANGUAGES
from geo.translations.published import PublishedTexts
from tests.conftest import client_of
from tiles.features.style import map_layers

NOW = datetime(2026, 11, 24, 15, 30, tzinfo=UTC)  # 10:30 in Bogotá
NIGHT = datetime(2026, 11, 24, 5, 30, tzinfo=UTC)  # 00:30 in Bogotá, 02:30 in São Paulo
CODES = sorted(LANGUAGES)

NEAREST = view_models.Nearest("S1", "Espacio Uno", "Cúcuta", "CO", 9_300.0)
SPACE = view_models.Space(
    id="S1",
    name="Espacio Uno",
    kind="support_space",
    locality="Cúcuta",
    country="CO",
    timezone="America/Bogota",
    is_open=True,
    changes_at=NOW + timedelta(hours=3),
    confirmed_on=date(2026, 11, 12),
    services=("overnight", "food"),
    languages=("es", "guc"),
    phones=(phone_of({"number": "+57 300 000 0000"}),),
)
CROSSING = view_models.CrossingView(
    id="C1",
    name="Puente Uno",
    countries=("CO", "VE"),
    state="not_known",
    timezone="America/Bogota",
    next_opening=NOW + timedelta(hours=20),
    nearest=(NEAREST,),
)
HAZARD = view_models.HazardView("H1", "landslide", "Derrumbe en el kilómetro 12", is_exclusion=True)
SKETCH = view_models.NetworkView("corridors", "Corredores", "sketch", "Poblaciones: GeoNames.")
NAMES = {
    ("service", "overnight"): {"es": "Dormir", "en": "A place to sleep", "pt": "Dormir"},
    ("service", "food"): {"es": "Comida", "en": "Food", "pt": "Comida"},
    ("service", "charging"): {"es": "Carga de celular", "en": "Charging", "pt": "Recarga"},
    ("service", "haircut"): {"es": "Peluquería"},
    ("space_kind", "shelter"): {"es": "Albergue", "en": "Shelter", "pt": "Abrigo"},
}
FRAME = view_models.PageFrame(
    now=NOW,
    has_demo=False,
    data_as_of=date(2026, 11, 24),
    networks=(SKETCH,),
    layers=map_layers(),
    places=("Cúcuta, CO", "Bucaramanga, CO"),
    hotline="123",
    incident_contact="datos@example.org",
    names=NAMES,
)
HOME = view_models.HomeView(
    FRAME,
    spaces=(SPACE,),
    services=("overnight", "food"),
    languages=("es", "ht"),
    countries={"CO": 1, "VE": 2},
    total=1,
)
OVERNIGHT = view_models.Narrowed(services=("overnight",))
ROUTE = plan_views.RouteView(
    distance_m=195_000,
    walking_days=8,
    walking_days_slow=10,
    ascent_m=3_890,
    highest_m=3_300,
    unknown_m=62_000,
    gap=plan_views.GapView(
        75_000, 47_000, "Pamplona", "Berlín", route_phrases.gap_advice(47_000, 3_300)
    ),
    hazards=(plan_views.RouteHazard("altitude_over_2800_m", 21_000),),
    spaces=(
        plan_views.RouteSpace(
            "S2", "Albergue Dos", "Pamplona", 75_000, "shelter", has_overnight=True
        ),
        plan_views.RouteSpace("S3", "Unidad Tres", "La Laguna", 98_000, "mobile_unit"),
        plan_views.RouteSpace(
            "S4", "Albergue Cuatro", "Berlín", 122_000, "shelter", has_overnight=True
        ),
    ),
    crossings=(replace(CROSSING, state="open", at_m=3_000.0, nearest=()),),
)
PLAN = plan_views.PlanView(
    frame=FRAME,
    form=view_models.RouteForm("Cúcuta, CO", "Bucaramanga, CO", "2026-11-24T08:00"),
    start_name="Cúcuta",
    end_name="Bucaramanga",
    at=datetime(2026, 11, 24, 13, tzinfo=UTC),
    timezone="America/Bogota",
    routes=(ROUTE, replace(ROUTE, distance_m=214_000, hazards=())),
    networks=(SKETCH,),
)
PROBLEM = plan_views.ProblemView(
    frame=FRAME,
    form=view_models.RouteForm("Cúcuta, CO", "Lima, PE", "2026-11-24T08:00"),
    reason="no_route",
    blocked_by=(
        plan_views.BlockerView("crossing", "Puente Uno", "not_known"),
        plan_views.BlockerView("crossing", "Puente Dos", "closed"),
        plan_views.BlockerView("exclusion"),
        plan_views.BlockerView("country"),
        plan_views.BlockerView("no_road"),
    ),
    next_opening=NOW + timedelta(hours=20),
    timezone="America/Bogota",
    nearest=NEAREST,
)
REASONS = (
    "place_unknown",
    "place_ambiguous",
    "side_needed",
    "no_consent",
    "country_unknown",
    "routes_changed",
    "same_place",
    "time_invalid",
    "off_network",
    "no_route",
    "unavailable",
)


def every_page(lang: str, *, has_demo: bool = False) -> dict[str, str]:
    frame = replace(FRAME, has_demo=has_demo)
    pages = {
        "home": renderer.render_home(replace(HOME, frame=frame), lang),
        "filtered": renderer.render_home(replace(HOME, frame=frame, narrowed=OVERNIGHT), lang),
        "empty": renderer.render_home(view_models.HomeView(frame), lang),
        "offline": renderer.render_offline(frame, lang),
        "crossings": renderer.render_crossings(frame, (CROSSING,), lang),
        "hazards": renderer.render_hazards(frame, (HAZARD,), lang),
        "route form": plan_page.render_form(frame, view_models.RouteForm(at=PLAN.form.at), lang),
        "plan": plan_page.render_plan(replace(PLAN, frame=frame), lang),
    }
    for missing in ("start", "end", None):
        view = plan_views.AskView(frame, PLAN.form, missing)
        pages[f"ask {missing}"] = plan_page.render_ask(view, lang)
    for reason in REASONS:
        view = replace(
            PROBLEM,
            frame=frame,
            reason=reason,
            field="start",
            choices=(Choice("Lima, PE", "place:Lima, PE"),),
        )
        pages[reason] = plan_page.render_problem(view, lang)
    return pages


class Outline(HTMLParser):
    """Collects what the tests below ask about a page, and that its tags nest."""

    VOID = frozenset({"meta", "link", "input", "option", "path", "rect", "br", "hr"})

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in {"script", "style"} and "svg" not in self.open:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


@pytest.mark.parametrize("lang", CODES)
def test_every_page_is_well_formed_and_says_its_language(lang):
    for name, html in every_page(lang, has_demo=True).items():
        outline = Outline(html)
        ids = [attrs["id"] for _, attrs in outline.tags if "id" in attrs]
        assert len(ids) == len(set(ids)), name
        # The document of all pages without a network shows one of them; a space and a town's list
        # are headed by their names.
        named = ("space", "town-list")
        pages = sum("data-page" in attrs and attrs["id"] not in named for _, attrs in outline.tags)
        assert sum(tag == "h1" for tag, _ in outline.tags) == (pages or 1), name
        assert dict(outline.tags)["html"] == {"lang": lang}
        labelled = {attrs.get("for") for tag, attrs in outline.tags if tag == "label"}
        inputs = [attrs for tag, attrs in outline.tags if tag == "input"]
        # A box without a name stands within its label, and shows the original of a draft (P47).
        asked = [a for a in inputs if "name" in a or "id" in a]
        assert all(a.get("type") == "hidden" or a["id"] in labelled for a in asked), name


@pytest.mark.parametrize("lang", CODES)
def test_nothing_inline_and_nothing_from_elsewhere(lang):
    for name, html in every_page(lang).items():
        for tag, attrs in Outline(html).tags:
            assert not [a for a in attrs if a.startswith("on") or a == "style"], (name, tag)
            assert tag != "style", name
            if tag == "script":
                assert "src" in attrs or attrs["type"] == "application/json", name
            for key in ("src", "href", "action"):
                value = attrs.get(key) or "/"
                if tag == "a" and value.startswith(("https://wa.me/?text=", "sms:?body=", "geo:")):
                    continue  # what a person may tap to send on; the page asks for nothing there
                assert value.startswith(("/", "#", "tel:", "about:blank")), (name, value)
                assert not value.startswith("//"), (name, value)
    assert "unsafe" not in SECURITY_HEADERS["Content-Security-Policy"]


def test_p48_links_show_one_picture_that_tells_no_route():
    shown = set()
    for public_url, count in ((None, 0), ("https://amparo.example", 1)):
        frame = replace(FRAME, public_url=public_url)
        plan = plan_page.render_plan(replace(PLAN, frame=frame), "es")
        for html in (renderer.render_home(replace(HOME, frame=frame), "es"), plan):
            metas = [attrs for tag, attrs in Outline(html).tags if tag == "meta"]
            pictures = [m["content"] for m in metas if m.get("property") == "og:image"]
            assert len(pictures) == count
            shown.update(pictures)
            titles = [m["content"] for m in metas if m.get("property") == "og:title"]
            assert len(titles) == 1
            assert "Bucaramanga" not in titles[0]
    assert len(shown) == 1
    assert shown.pop().startswith("https://amparo.example/static/share.png")


def test_a_pack_keeps_all_that_the_map_asks_for():
    html = renderer.render_home(HOME, "es")
    (written,) = re.findall(r'id="page-data">(.*?)</script>', html, re.DOTALL)
    data = json.loads(written)
    asked = [data[name] for name in ("map", "style", "landscape", "mapCss", "ol", "olCss")]
    assert {*asked, data["relief"]["url"]} <= {*data["mapFiles"]}


def test_data_cannot_leave_its_place_in_the_page():
    evil = "</script><script>alert(1)</script>\"'<b>"
    space = replace(SPACE, id=evil, name=evil, eligibility=evil, contact=evil)
    space = replace(space, phones=(phone_of({"number": f"+57 {evil}"}),))
    frame = replace(FRAME, places=(evil,), layers=({**map_layers()[1], "attribution": evil},))
    html = renderer.render_home(
        replace(
            HOME, frame=frame, spaces=(space,), narrowed=view_models.Narrowed((evil,), place=evil)
        ),
        "es",
    )
    plan = plan_page.render_plan(replace(PLAN, frame=frame, start_name=evil, end_name=evil), "en")
    for text in (html, plan):
        assert "<script>alert" not in text
        assert '<b>"' not in text


def test_p32_not_known_is_never_worded_as_closed():
    for lang in CODES:
        text = Outline(renderer.render_crossings(FRAME, (CROSSING,), lang)).text
        listed = text[text.index("Puente Uno") : text.index("9")]
        assert not re.search("cerrad|closed|fechad", listed, re.IGNORECASE), lang
        assert translation.words(lang).reviewed("No se sabe si está abierto")[1] in listed
        assert route_phrases.CLOSURE_IS_NOT_THE_END in text, "the original is on the page, too"


@pytest.mark.parametrize("state", ["closed", "not_known"])
def test_p32_a_crossing_that_is_not_open_shows_what_to_do(state):
    crossing = replace(CROSSING, state=state)
    text = Outline(renderer.render_crossings(FRAME, (crossing,), "es")).text
    assert "Próxima apertura conocida: mié 25 nov, 6:30 a. m. (hora local)." in text
    assert "Del lado de Colombia: Espacio Uno , Cúcuta, Colombia (9,3 km en línea recta)" in text
    unknown = replace(crossing, next_opening=None)
    html = renderer.render_crossings(FRAME, (unknown,), "es")
    assert "No se conoce una próxima apertura." in html


def test_p35_demo_is_said_on_every_page_and_never_reads_as_confirmed():
    for lang in CODES:
        for name, html in every_page(lang, has_demo=True).items():
            assert route_phrases.DEMO in html, (lang, name)
        pages = every_page(lang)
        # A pack of a demonstration may lie beside a page that was made without.
        assert '<section class="demo" id="demo" aria-label="DEMO" hidden>' in pages.pop("offline")
        for name, html in pages.items():
            assert "DEMO" not in html, (lang, name)
        demo = renderer.render_home(replace(HOME, spaces=(replace(SPACE, is_demo=True),)), lang)
        assert not re.search("confirm(ad|ed)", Outline(demo).text, re.IGNORECASE)
    assert "DEMO: fecha ficticia" in renderer.render_home(
        replace(HOME, spaces=(replace(SPACE, is_demo=True),)), "es"
    )


def test_p38_the_page_says_what_to_call_for_protected_services():
    # What the public tier reads of the vocabulary has none: tests/geo/test_vocabulary.py.
    assert "Llame al 123." in renderer.render_home(HOME, "es")


def test_every_code_of_the_database_has_a_name():
    hazards = {*models.PHYSICAL_HAZARDS, *models.HUMAN_THREATS}
    assert hazards == {h for h in labels.HAZARDS if not h.startswith("altitude")}
    assert set(models.CROSSING_STATES) == set(labels.CROSSING_STATES)


def test_terms_are_named_by_the_vocabulary_in_the_language_or_else_in_spanish():
    english = translation.words("en")
    assert labels.term(english, NAMES, "service", "food") == "Food"
    assert labels.term(english, NAMES, "service", "haircut") == "Peluquería"
    assert labels.term(english, NAMES, "service", "laundry_room") == "Laundry room"


@pytest.mark.parametrize("lang", CODES)
def test_p46_days_and_nothing_that_promises(lang):
    html = plan_page.render_plan(PLAN, lang)
    # The notice says what is not promised; what remains may not promise it.
    text = Outline(html).text.replace(route_phrases.NOTICE, "")
    assert "%" not in text
    assert not re.search(r"\bhoras?\b(?! local)|\bhours?\b|\bheures?\b(?! locale)|\bmin\b", text)
    assert not re.search(
        r"segur[oa]|\bsafe|segurança|\bsûre?s?\b|sécur|sekirite", text, re.IGNORECASE
    )
    assert re.search(r"8 (a|à|to) 10 (d[ií]as|days|jours|jou)\b", text)
    assert "De 62 km no hay información." in text
    assert route_phrases.NOTICE in html
    one = plan_page.render_plan(
        replace(PLAN, routes=(replace(ROUTE, walking_days=1, walking_days_slow=None),)), "es"
    )
    assert "1 día a pie" in one


def test_p46_no_reported_hazard_is_not_good_news():
    html = plan_page.render_plan(replace(PLAN, routes=(replace(ROUTE, hazards=()),)), "es")
    assert "Eso no quiere decir que no los haya." in html


@pytest.mark.parametrize("lang", CODES)
def test_the_card_of_a_route_names_its_ferries(lang):
    boats = (("Balsa del Norte", 1_200.0), (None, 800.0))
    html = plan_page.render_plan(replace(PLAN, routes=(replace(ROUTE, ferries=boats),)), lang)
    text = Outline(html).text
    assert "Balsa del Norte" in text
    assert html.count('class="ferry"') == 2
    if lang == "es":
        assert "Incluye un transbordador, Balsa del Norte: 1,2 km." in text
    else:
        assert "transbordador" not in text
    assert 'class="ferry"' not in plan_page.render_plan(PLAN, lang)


def test_p46_no_green_in_the_styles():
    for name in ("page.css", "plan.css", "style.js"):
        styles = (renderer.STATIC_FOLDER / name).read_text()
        for colour in re.findall(r"#([0-9a-f]{6}|[0-9a-f]{3})\b", styles):
            digits = colour if len(colour) == 6 else "".join(2 * c for c in colour)
            red, green, blue = (int(digits[i : i + 2], 16) for i in (0, 2, 4))
            assert not (green > red + 24 and green > blue + 24), (name, colour)


def test_the_route_names_its_longest_gap_where_it_lies():
    text = Outline(plan_page.render_plan(PLAN, "es")).text
    assert (
        "El tramo más largo sin un lugar abierto para dormir: 47 km De Pamplona a Berlín." in text
    )
    assert "Pregunte por transporte" in text
    assert "47 km sin ningún lugar" not in text, "the line above says so"
    order = ["Puente Uno", "Albergue Dos", "sin un lugar abierto para dormir, hasta Berlín"]
    order += ["Unidad Tres", "Albergue Cuatro"]
    positions = [text.index(words) for words in order]
    assert positions == sorted(positions)
    stops = plan_page.itinerary(ROUTE)
    assert [s.is_in_gap for s in stops] == [False, False, True, True, False]


def test_a_gap_from_the_start_comes_first():
    gap = plan_views.GapView(
        0, 75_000, "Cúcuta", "Pamplona", route_phrases.gap_advice(75_000, None)
    )
    assert [s.kind for s in plan_page.itinerary(replace(ROUTE, gap=gap))][:2] == ["gap", "crossing"]
    assert plan_page.itinerary(replace(ROUTE, gap=None, spaces=(), crossings=())) == []


def test_crossings_without_a_position_are_listed_in_order():
    known = (replace(CROSSING, state="open"), replace(CROSSING, name="Puente Dos", state="open"))
    text = Outline(
        plan_page.render_plan(replace(PLAN, routes=(replace(ROUTE, crossings=known),)), "es")
    ).text
    listed = text[text.index("Pasos oficiales, en orden") :]
    assert listed.index("Puente Uno") < listed.index("Puente Dos")


@pytest.mark.parametrize("reason", REASONS)
def test_a_refusal_keeps_what_was_typed(reason):
    html = plan_page.render_problem(replace(PROBLEM, reason=reason, field="end"), "es")
    assert 'value="Cúcuta, CO"' in html
    assert 'value="Lima, PE"' in html


def test_p11_p32_a_refusal_says_what_blocks_and_where_to_go():
    text = Outline(plan_page.render_problem(PROBLEM, "es")).text
    assert "Paso oficial Puente Uno No se sabe si está abierto" in text
    assert "Paso oficial Puente Dos Cerrado según lo publicado" in text
    assert "Próxima apertura conocida" in text
    assert "El espacio más cercano del mismo lado Espacio Uno" in text
    assert route_phrases.CLOSURE_IS_NOT_THE_END in text


LINE = {
    "id": "L1",
    "kind": "emergency",
    "country": "CO",
    "admin1": None,
    "name": "Emergencias de Colombia",
    "phone": "123",
    "whatsapp": None,
    "hours": None,
    "languages": ["es"],
    "confirmed_on": None,
    "expires_on": None,
    "demo": False,
}
ABROAD = LINE | {"id": "L2", "country": "EC", "name": "Emergencias de Ecuador", "phone": "911"}
OF_A_UNIT = LINE | {"id": "L3", "country": "VE", "admin1": "Táchira", "phone": "171"}
LINED = replace(FRAME, lines=(LINE, ABROAD, OF_A_UNIT), hotline=None)


@pytest.mark.parametrize("reason", ["off_network", "country_unknown", "unavailable"])
def test_p45_where_no_country_is_known_each_number_says_whose_it_is(reason):
    view = replace(PROBLEM, frame=LINED, reason=reason, nearest=None)
    text = Outline(plan_page.render_problem(view, "es")).text
    assert "de la zona" not in text
    assert "Teléfonos de ayuda por país" in text
    assert "Emergencias · Colombia Emergencias de Colombia 123" in text
    assert "Emergencias · Ecuador Emergencias de Ecuador 911" in text
    assert "Emergencias · Venezuela, Táchira" in text
    known = replace(view, nearest=NEAREST)
    text = Outline(plan_page.render_problem(known, "es")).text
    assert "Teléfonos de ayuda de la zona Emergencias · Colombia" in text
    assert "Emergencias · Ecuador" not in text


def test_p45_a_refusal_over_a_border_says_whose_each_number_is():
    view = replace(PROBLEM, frame=LINED, lines=(OF_A_UNIT, LINE))
    text = Outline(plan_page.render_problem(view, "es")).text
    assert text.index("Emergencias · Venezuela, Táchira") < text.index("Emergencias · Colombia")


@pytest.mark.parametrize("lang", CODES)
def test_p45_the_list_of_a_place_in_no_known_country_speaks_of_no_area(lang):
    home = replace(HOME, frame=LINED, place="Puente", place_country=None)
    text = Outline(renderer.render_home(home, lang)).text
    w = translation.words(lang)
    assert w.gettext("Teléfonos de ayuda de la zona") not in text
    assert w.gettext("Teléfonos de ayuda por país") in text
    assert f"· {w.country('EC')}" in text


def test_p45_the_line_of_a_unit_stands_for_no_country_unnamed():
    text = Outline(renderer.render_home(replace(HOME, frame=LINED), "es")).text
    assert "Venezuela, Táchira : 171" in text or "Venezuela, Táchira: 171" in text
    home = replace(HOME, frame=LINED, place="San Antonio", place_country="VE")
    text = Outline(renderer.render_home(home, "es")).text
    assert re.search(r"Emergencias \( ?Táchira ?\) ?: 171", text)


def test_the_next_space_beyond_the_horizon_stands_under_a_heading_of_its_own():
    near = view_models.NearView(distance_m=240_000)
    beyond = replace(SPACE, id="S9", name="Espacio Nueve", near=near)
    home = replace(HOME, place="Cúcuta, CO", beyond=beyond, near_m=100_000.0)
    text = Outline(renderer.render_home(home, "es")).text
    heading = text.index("Más lejos: a más de 100 km")
    assert text.index("Espacio Uno") < heading < text.index("Espacio Nueve")
    text = Outline(renderer.render_home(replace(home, spaces=()), "es")).text
    assert "No hay ninguno a menos de 100 km en línea recta." in text
    assert "Quite algo de lo marcado" not in text


@pytest.mark.parametrize(
    ("days", "call_before", "words"),
    [
        (0, False, "Confirmado hoy"),
        (1, False, "Confirmado hace 1 día"),
        (12, False, "Confirmado hace 12 días"),
        (12, True, "Confirmado hace 12 días: llame antes de ir"),
        (90, False, "Confirmado hace 90 días"),
        (-1, False, "Confirmado hoy"),
    ],
)
def test_confirmed_days_ago(days, call_before, words):
    confirmed_on = date(2026, 11, 24) - timedelta(days=days)
    space = replace(SPACE, confirmed_on=confirmed_on, call_before=call_before)
    assert renderer.confirmed(translation.words("es"), space, FRAME) == words


def test_confirmed_counts_days_of_the_space_not_of_the_server():
    # 02:00 UTC on the 25th is still the 24th in Bogotá.
    frame = replace(FRAME, now=datetime(2026, 11, 25, 2, tzinfo=UTC))
    space = replace(SPACE, confirmed_on=date(2026, 11, 24))
    assert renderer.confirmed(translation.words("es"), space, frame) == "Confirmado hoy"


@pytest.mark.parametrize(
    ("change", "state", "words"),
    [
        ({}, "open", "Abierto hasta la 1:30 p. m., según su horario"),
        ({"timezone": "America/Caracas"}, "open", "Abierto hasta las 2:30 p. m., según su horario"),
        ({"changes_at": None}, "open", "Abierto las 24 horas, según su horario"),
        ({"is_open": False}, "shut", "Cerrado hasta la 1:30 p. m., según su horario"),
        (
            {"is_open": False, "changes_at": NOW + timedelta(days=1)},
            "shut",
            "Cerrado hasta mañana, 10:30 a. m., según su horario",
        ),
        ({"is_open": None}, "unknown", "Horario no conocido: pregunte antes de ir"),
        ({"status": "full"}, "shut", "Lleno por ahora"),
        ({"status": "temporarily_closed"}, "shut", "Cerrado por un tiempo"),
    ],
)
def test_p43_open_by_schedule_in_its_own_zone(change, state, words):
    said = renderer.opening(translation.words("es"), replace(SPACE, **change), FRAME)
    assert (said[0], said[1].replace("\N{NO-BREAK SPACE}", " ")) == (state, words)


def test_referral_only_names_who_refers():
    space = replace(SPACE, is_referral_only=True, referral_from="Punto Dos")
    assert "Solo con remisión de: Punto Dos" in renderer.render_home(
        replace(HOME, spaces=(space,)), "es"
    )


def test_filters_are_links_that_keep_the_language():
    narrowed = view_models.Narrowed(services=("food",), families=True)
    html = renderer.render_home(replace(HOME, narrowed=narrowed), "pt")
    # What is on is taken off by its chip, what is off is added to the rest.
    assert '<a href="/?lang=pt&amp;families=1#spaces" aria-current="true">Comida</a>' in html
    both = "/?lang=pt&amp;service=food&amp;service=overnight&amp;families=1#spaces"
    assert f'<a href="{both}">Dormir</a>' in html
    assert 'href="/?lang=en&amp;service=food&amp;families=1"' in html


def test_p37_near_a_place_filters_send_the_form_and_no_address_has_the_place():
    narrowed = view_models.Narrowed(services=("food",), place="Cúcuta, CO")
    near = {"place": "Cúcuta, CO", "place_ref": "place:G3685533", "typed": "Cúcuta, CO"}
    near["place_code"] = "G3685533"
    html = renderer.render_home(replace(HOME, narrowed=narrowed, **near), "pt")
    on = 'form="near-form" formaction="/?lang=pt#spaces" aria-current="true">Comida</button>'
    assert on in html
    other = '<button type="submit" formaction="/?lang=en&amp;service=food#spaces" lang="en">'
    assert other in html
    assert "C%C3%BAcuta" not in html
    assert html.count("place=G3685533") == 1
    # Enter in the field presses the first button of its form.
    assert html.index("near-form") < html.index('form="near-form"')


def test_a_long_list_has_pages():
    narrowed = view_models.Narrowed(services=("food",), page=2)
    html = renderer.render_home(replace(HOME, narrowed=narrowed, total=90, pages=3), "es")
    assert 'href="/?lang=es&amp;service=food#spaces" rel="prev"' in html
    assert 'href="/?lang=es&amp;service=food&amp;page=3#spaces" rel="next"' in html
    assert "Página 2 de 3" in html
    assert 'rel="next"' not in renderer.render_home(HOME, "es")


def test_p33_a_space_abroad_says_so_with_the_crossing_on_the_way():
    near = view_models.NearView(distance_m=9_000, is_abroad=True, crossing="Puente Uno")
    home = replace(HOME, spaces=(replace(SPACE, country="VE", near=near),), place="Cúcuta, CO")
    text = Outline(renderer.render_home(home, "es")).text
    assert "9 km en línea recta. En otro país: Venezuela. Por el paso oficial: Puente Uno" in text
    assert "Cerca de Cúcuta, Colombia" in text


def test_places_to_choose_from_are_buttons():
    home = replace(
        HOME,
        narrowed=view_models.Narrowed(place="San José"),
        spaces=(),
        choices=(
            Choice("San José, San José, CR", "place:G1"),
            Choice("San José, UY", "place:San José, UY"),
        ),
        is_place_unknown=True,
    )
    html = renderer.render_home(home, "es")
    choice = 'form="near-form" name="place_choice" value="place:{}">{}</button>'
    assert choice.format("G1", "San José, San José, Costa Rica") in html
    assert choice.format("San José, UY", "San José, Uruguay") in html
    assert 'aria-describedby="place-problem"' in html


def test_the_map_and_its_legend_follow_the_catalogue():
    html = renderer.render_home(HOME, "es")
    legend = html[html.index('<details class="legend"') :].partition("</details>")[0] + "</details>"
    signs = Outline(legend).tags
    for layer in map_layers():
        shown = layer["id"] in labels.SHOWN_LAYERS
        for sign in layer["style"]["values"].values() or [layer["style"]]:
            drawn = [a for _, a in signs if sign["colour"] in (a.get("fill"), a.get("stroke"))]
            assert bool(drawn) or not shown, (layer["id"], sign)
    assert legend.count("<li") == legend.count("<svg")
    assert legend.count("<svg") == legend.count("</svg>")
    # Each sign draws something: an unknown form would leave its picture empty.
    assert not re.search(r"<svg[^>]*>\s*</svg>", legend)


def test_filters_begin_with_what_people_need_first():
    home = replace(HOME, services=("charging", "laundry_room", "food", "overnight"))
    text = Outline(renderer.render_home(home, "es")).text
    assert "Con niñas y niños Dormir Comida Carga de celular Laundry room" in text


def test_spaces_of_a_country_stay_together():
    other = replace(SPACE, id="S9", country="VE")
    html = renderer.render_home(replace(HOME, spaces=(SPACE, other, replace(SPACE, id="S8"))), "es")
    assert html.count('id="country-CO"') == 1
    assert html.index("space-S8") < html.index("space-S9")


# Languages


@pytest.mark.parametrize(
    ("asked", "header", "lang"),
    [
        (None, None, "es"),
        ("pt", "en", "pt"),
        ("xx", "en-GB,en;q=0.9", "en"),
        (None, "de, pt-BR;q=0.8, en;q=0.5", "pt"),
        (None, "en;q=0, pt;q=0.1", "pt"),
        (None, "ht, fr;q=0.9", "ht"),
        (None, "*", "es"),
        (None, ";;;q=,,\x00", "es"),
        (None, "en;q=" + "9" * 5000, "es"),
    ],
)
def test_negotiation(asked, header, lang):
    assert translation.negotiate(asked, header) == lang


@pytest.fixture(scope="module")
def texts():
    """Give the texts of every catalogue, which are read once."""
    return catalogues.texts_by_language()


@pytest.mark.parametrize("lang", CODES)
def test_catalogues_hold_every_text_and_no_other(texts, lang):
    """Fails after a text changed: run `python -m app.i18n.catalogues`, then translate."""
    path = translation.LOCALE_FOLDER / lang / "messages.po"
    assert path.read_bytes() == catalogues.updated(lang, texts[lang])


@pytest.mark.parametrize("lang", [lang for lang in CODES if lang != "es"])
def test_every_text_is_translated_with_its_plurals_and_values(lang):
    plain = [
        m
        for m in translation.read_catalogue(lang)
        if m.id and m.context != translation.SAFETY_CONTEXT
    ]
    assert len(plain) > 50
    for message in plain:
        sources = message.id if isinstance(message.id, tuple) else (message.id,)
        strings = message.string if isinstance(message.string, tuple) else (message.string,)
        assert all(strings), message.id
        assert len(strings) == len(sources)
        for string in strings:
            assert set(re.findall(r"%\(\w+\)s", string)) == set(
                re.findall(r"%\(\w+\)s", sources[0])
            ), message.id


def test_plural_forms():
    english, portuguese = translation.words("en"), translation.words("pt")
    forms = ("%(num)s día a pie", "%(num)s días a pie")
    assert english.ngettext(*forms, 1) == "%(num)s day on foot"
    assert english.ngettext(*forms, 0) == "%(num)s days on foot"
    assert portuguese.ngettext(*forms, 0) == "%(num)s dia a pé"
    assert translation.words("es").ngettext(*forms, 2) == "%(num)s días a pie"


@pytest.mark.parametrize("lang", ["en", "pt"])
def test_p47_safety_texts_are_labelled_until_reviewed_with_the_original_one_tap_behind(lang):
    safety = [
        m for m in translation.read_catalogue(lang) if m.context == translation.SAFETY_CONTEXT
    ]
    assert {m.id for m in safety} >= {*labels.WORDING, *labels.HAZARDS.values()}
    assert not [m.id for m in safety if m.string and not m.user_comments]
    html = plan_page.render_plan(PLAN, lang)
    own, said = translation.words(lang).reviewed(route_phrases.NOTICE)
    label = translation.words(lang).label(own.code)
    expected = (
        f'{said} <label class="draft"><input type="checkbox"><small>({label})</small>'
        f'<span lang="es"> {route_phrases.NOTICE}</span></label>'
    )
    assert expected in html


def test_p47_a_translation_counts_only_with_its_reviewer(tmp_path, monkeypatch):
    folder = tmp_path / "en"
    folder.mkdir()
    head = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n'
    entry = 'msgctxt "safety"\nmsgid "Frío"\nmsgstr "Cold"\n'
    monkeypatch.setattr(translation, "LOCALE_FOLDER", tmp_path)
    (folder / "messages.po").write_text(head + entry)
    with pytest.raises(translation.CatalogueError, match="no person reviewed"):
        translation.words.__wrapped__("en")
    (folder / "messages.po").write_text(head + "# reviewed-by: Ana Pérez 2026-11-20\n" + entry)
    english = translation.words.__wrapped__("en")
    assert str(english.safety("Frío")) == "Cold"
    assert str(english.safety_word("Frío")) == "Cold"
    assert '<span lang="es">Calor</span>' in english.safety("Calor")
    (folder / "messages.po").write_text(head + "# not-reviewed: 2026-12-07\n" + entry)
    draft = translation.words.__wrapped__("en")
    assert '<span lang="es"> Frío</span>' in draft.safety("Frío")
    assert draft.safety("Frío").startswith("Cold <label")
    try:
        use_texts(ReviewedTexts(PublishedTexts({}, {("en", "Frío", "Cold")})))
        assert draft.safety("Frío").startswith('<span lang="es">Frío</span>')
        use_texts(ReviewedTexts(PublishedTexts({("en", "Frío"): "Cold"}, set())))
        assert str(draft.safety("Frío")) == "Cold"
        use_texts(ReviewedTexts(PublishedTexts({}, {("en", "Frío", "Cold")})))
        assert '<span lang="es">Frío</span>' in english.safety("Frío"), "those words are withdrawn"
        use_texts(ReviewedTexts(PublishedTexts({}, {("en", "Frío", "Chilly")})))
        assert str(english.safety("Frío")) == "Cold"
    finally:
        use_texts(ReviewedTexts())
    with pytest.raises(translation.CatalogueError, match="no language"):
        translation.words.__wrapped__("xx")


def test_safety_texts_escape_the_values_they_take():
    text = translation.words("es").safety("De %(km)s no hay información.", km="<b>")
    assert str(text) == "De &lt;b&gt; no hay información."


@pytest.mark.parametrize(
    ("metres", "words"),
    [(0, "0 km"), (30, "0,1 km"), (940, "0,9 km"), (9_960, "10 km"), (1_234_567, "1.235 km")],
)
def test_kilometres(metres, words):
    assert translation.words("es").km(metres) == words


# Files


def test_ht_dates_are_creole_and_those_of_other_languages_stay():
    creole, wednesday = translation.words("ht"), date(2026, 2, 11)
    night = datetime(2026, 2, 12, 3, 30, tzinfo=UTC)  # 22:30 of Wednesday in Bogotá
    assert creole.day(wednesday) == "11 fev. 2026"
    assert creole.moment(night, "America/Bogota") == "mèk. 11 fev., 22:30"
    assert creole.dated(wednesday, "EEEE d MMM") == "mèkredi 11 fev."
    assert (
        translation.words("fr").moment(night, "America/Bogota")
        == "mer. 11 févr., 22\N{NO-BREAK SPACE}h\N{NO-BREAK SPACE}30"
    )
    assert translation.words("en").day(wednesday) == "11 Feb 2026"


def test_ht_days_of_the_phone_are_those_of_the_pages():
    texts, creole = (
        phone_texts.card_texts(translation.words("ht"), has_demo=False),
        translation.words("ht"),
    )
    for month, name in enumerate(texts["months"], 1):
        assert creole.day(date(2026, month, 1)) == f"1 {name} 2026"
    for day, name in enumerate(texts["weekdays"], 5):  # 5 January 2026 is a Monday
        assert creole.dated(date(2026, 1, day), "EEE") == name


@pytest.mark.parametrize("lang", CODES)
def test_every_language_has_the_months_and_weekdays(lang):
    w = translation.words(lang)
    assert len(set(w.months())) == 12
    assert [code for code, _name in w.weekdays()] == list(WEEKDAYS)


def test_ht_countries_and_languages_are_creole():
    creole, french = translation.words("ht"), translation.words("fr")
    assert creole.country("CO") == "Kolonbi"
    assert creole.language("es") == "panyòl"
    assert french.country("CO") == "Colombie"
    same = {code for code in (*BOXES, "US", "ES") if creole.country(code) == french.country(code)}
    assert same == {"CL", "PA"}  # written the same in both


def test_vendored_bundle_is_there_with_its_licences():
    vendor = renderer.STATIC_FOLDER / "vendor"
    assert len(list(vendor.iterdir())) == 6
    notices = (vendor / "LICENSES.txt").read_text()
    assert "ol 10." in notices
    assert "pmtiles 4." in notices
    assert "leaflet 1." in notices
    assert "BSD" in notices
    for suffix in (".js", ".css"):
        name = renderer.vendored_url("ol", suffix).rsplit("/", 1)[1]
        assert (vendor / name).stat().st_size < 450_000
        assert "//# sourceMappingURL" not in (vendor / name).read_text()


def test_files_of_the_page_carry_their_digest():
    assert re.fullmatch(r"/static/page\.css\?v=[0-9a-f]{12}", renderer.asset_url("page.css"))
    with pytest.raises(LookupError, match=r"nothing\.css is missing"):
        renderer.asset_url("nothing.css")


async def test_p32_the_space_on_the_same_side_of_a_crossing_has_a_page_of_its_own(
    loaded_shared, settings_for
):
    """The list shows forty of them: a place in it is no address."""
    # By day few crossings are shut, and one that is open names no space.
    async with client_of(settings_for(loaded_shared), clock=lambda: NIGHT) as client:
        html = (await client.get("/crossings?lang=es")).text
        near = re.findall(r'Del lado de[^<]*<a href="([^"]+)"', html)
        assert len(near) > 10
        for address in near:
            assert re.fullmatch(r"/spaces/[\w-]+\?lang=es", address)
        for address in sorted(set(near))[:3]:
            answer = await client.get(address, headers={"Accept": "text/html"})
            assert answer.status_code == 200
    anchors = set(re.findall(r'href="#([^"]+)"', html))
    assert anchors <= set(re.findall(r' id="([^"]+)"', html))


@pytest.mark.parametrize("name", ["home.html", "network/space.html"])
def test_a_template_is_compiled_once_and_alike_in_all_languages(name):
    environments = [renderer._environment(lang) for lang in CODES]
    source = environments[0].loader.get_source(environments[0], name)[0]
    assert len({one.compile(source, name, raw=True) for one in environments}) == 1
    codes = [one.get_template(name).root_render_func.__code__ for one in environments]
    assert all(code is codes[0] for code in codes)
