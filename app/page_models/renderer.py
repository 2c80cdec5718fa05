"""Rendering of pages from view models to HTML, without database, request or clock."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from types import CodeType, MappingProxyType
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from jinja2 import BytecodeCache, Environment, FileSystemLoader, StrictUndefined, Template
from jinja2.bccache import Bucket
from markupsafe import Markup

from app.drawings import signs
from app.http.assets import STATIC_FOLDER, asset_url, module_urls, vendored_url
from app.http.service_worker import map_files, street_files
from app.i18n import labels, route_phrases, weekly_hours
from app.i18n.translation import Words, words
from app.page_models.frames import PageFrame
from app.page_models.offline_texts import SAFETY_TEXTS, day_forms, offline_texts, pack_names
from app.page_models.phone_texts import (
    aging_texts,
    card_texts,
    names_of,
    nearby_texts,
    status_texts,
)
from app.page_models.view_models import CrossingView, HazardView, HomeView, Narrowed, Space
from app.texts import list_sheet, print_text
from app.texts.list_sheet import Sheet
from geo.hours.space_hours import Hours
from geo.hours.wording import hours_text
from geo.text.languages import LANGUAGES, STAFF_LANGUAGES
from tiles.catalogue.layers import LANDSCAPE
from tiles.features.style import RELIEF_BOX

__all__ = [
    "STATIC_FOLDER",
    "asset_url",
    "confirmed",
    "opening",
    "render_crossings",
    "render_embedded",
    "render_hazards",
    "render_home",
    "render_list",
    "render_network",
    "render_offline",
    "render_open",
    "render_with_map",
    "vendored_url",
]

PLACE_REF = "place:"
"""Prefix of a reference to a place, as in `app.snapshots.place_names.Choice`."""

_TEMPLATES = Path(__file__).parents[1] / "templates"


def render_home(view: HomeView, lang: str) -> str:
    """Render the page `/` in a language of `LANGUAGES`."""
    w = words(lang)
    groups: dict[str, list[Space]] = {}
    if view.place is None:
        for space in view.spaces:
            groups.setdefault(space.country, []).append(space)
    return _template("home.html", lang).render(
        view=view,
        narrowed=view.narrowed,
        frame=view.frame,
        groups=groups,
        at=partial(home_address, view.narrowed),
        shared_address=partial(shared_address, lang),
        **_page(
            view.frame,
            lang,
            view.narrowed,
            aging_texts(w),
            near=view.place_ref if view.narrowed.place else None,
            place_at=view.place_at,
            place_name=w.town(view.place or ""),
        ),
    )


def render_crossings(frame: PageFrame, crossings: Sequence[CrossingView], lang: str) -> str:
    """Render the page `/crossings` in a language of `LANGUAGES`."""
    return render_with_map("crossings", frame, lang, aging_texts(words(lang)), crossings=crossings)


def render_hazards(frame: PageFrame, hazards: Sequence[HazardView], lang: str) -> str:
    """Render the page `/hazards` in a language of `LANGUAGES`."""
    return render_with_map("hazards", frame, lang, aging_texts(words(lang)), hazards=hazards)


def home_address(narrowed: Narrowed, lang: str, /, **changes: Any) -> str:  # noqa: ANN401 - fields of Narrowed
    """Return the URL of page `/` with changed filters, starting at the list's first page.

    The URL never holds the place, because a browser's history keeps URLs (P37). The place is sent
    with the form `near-form` instead.
    """
    asked = replace(narrowed, **{"page": 1, **changes})
    values: list[tuple[str, str | int]] = [("lang", lang)]
    values += [("service", code) for code in asked.services]
    values += [(name, 1) for name, is_on in _switches(asked) if is_on]
    values += [("language", asked.language)] if asked.language else []
    values += [("country", asked.country)] if asked.country else []
    values += [("page", asked.page)] if asked.page > 1 else []
    return f"/?{urlencode(values)}"


def shared_address(lang: str, place_code: str) -> str:
    """Return the URL of the list near a place by the place's number, to be shared on purpose."""
    return f"/?{urlencode([('lang', lang), ('place', place_code)])}"


def _switches(narrowed: Narrowed) -> tuple[tuple[str, bool], ...]:
    return ("open", narrowed.open_now), ("families", narrowed.families)


def render_offline(frame: PageFrame, lang: str) -> str:
    """Render the document that draws every public page from packs without a network."""
    w = words(lang)
    streets = {
        "page": asset_url("street-page.js"),
        "worker": asset_url("street-worker.js"),
        "files": street_files(),
    }
    return _template("offline.html", lang).render(
        frame=frame,
        services=[code for vocabulary, code in frame.names if vocabulary == "service"],
        hazard_kinds=labels.HAZARDS,
        said=SAFETY_TEXTS,
        day_forms=partial(day_forms, w),
        spoken=labels.SPOKEN,
        term=partial(labels.term, w, frame.names),
        modules=module_urls("offline.js")[1:],
        **_page(
            frame,
            lang,
            texts={**offline_texts(w), "streetCode": streets},
            names=pack_names(w, frame),
        ),
    )


def render_embedded(
    frame: PageFrame,
    narrowed: Narrowed,
    spaces: Sequence[Space],
    lang: str,
    *,
    pages: int,
    has_map: bool,
) -> str:
    """Render the page `/embed`, which other sites frame; ``pages`` is the number of list pages."""

    def at(page: int) -> str:
        asked = [("lang", lang), *(("service", code) for code in narrowed.services)]
        asked += [("country", narrowed.country)] if narrowed.country else []
        asked += [] if has_map else [("show", "list")]
        return f"/embed?{urlencode([*asked, ('page', page)])}"

    return _template("embed.html", lang).render(
        frame=frame,
        narrowed=narrowed,
        spaces=spaces,
        pages=pages,
        has_map=has_map,
        at=at,
        **_page(frame, lang, narrowed, aging_texts(words(lang))),
    )


def render_with_map(
    name: str, frame: PageFrame, lang: str, texts: Mapping[str, object], /, **values: object
) -> str:
    """Render a page with the map, with page-specific texts for the phone's scripts."""
    return _template(f"{name}.html", lang).render(
        frame=frame, **values, **_page(frame, lang, texts=texts)
    )


def render_list(sheet: Sheet, frame: PageFrame, lang: str, here: Callable[..., str]) -> str:
    """Render the printable list of a municipality.

    ``here`` returns the URL of this list in a language and, optionally, in a format.
    """
    w = words(lang)
    return render_open(
        "list",
        frame,
        lang,
        sheet=sheet,
        here=here,
        nothing=list_sheet.nothing(w),
        help_heading=print_text.help_heading(w),
        complaints_heading=print_text.complaints_heading(w),
        newest=list_sheet.newest(w, sheet),
        originals=print_text.originals(w),
    )


def render_open(name: str, frame: PageFrame, lang: str, /, **values: object) -> str:
    """Render a public page without a map, `templates/<name>.html`."""
    return _template(f"{name}.html", lang).render(frame=frame, **values, **_page(frame, lang))


def render_network(name: str, lang: str, /, **values: object) -> str:
    """Render a page of the console, `templates/network/<name>.html`.

    Every template needs `actor` (the signed-in person, or None) and `csrf` (the token of its
    forms).
    """
    return _template(f"network/{name}.html", lang).render(lang=lang, **values)


def confirmed(w: Words, space: Space, frame: PageFrame) -> str | Markup:
    """Return the text on a space's last confirmation (P22); a demo date is called fictitious."""
    if space.is_demo:
        return w.gettext("DEMO: fecha ficticia")
    if space.confirmed_on is None:
        return w.gettext("Sin confirmar: llame antes de ir")
    today = frame.now.astimezone(ZoneInfo(space.timezone)).date()
    days = max(0, (today - space.confirmed_on).days)
    if days == 0:
        return w.gettext("Confirmado hoy")
    if space.call_before:
        text = w.ngettext(
            "Confirmado hace %(num)s día: llame antes de ir",
            "Confirmado hace %(num)s días: llame antes de ir",
            days,
        )
    else:
        text = w.ngettext("Confirmado hace %(num)s día", "Confirmado hace %(num)s días", days)
    return text % {"num": w.integer(days)}


def opening(w: Words, space: Space, frame: PageFrame) -> tuple[str, str]:
    """Return the text on whether a space is open by its schedule, in the space's timezone (P43).

    Returns
    -------
    tuple of str
        State for the style (`open`, `shut`, `unknown`), and the words.
    """
    texts = status_texts(w)
    by_status = {
        "full": texts["full"],
        "temporarily_closed": texts["temporarilyClosed"],
        "closed": texts["closed"],
    }
    if space.status in by_status:
        return "shut", by_status[space.status]
    if space.is_open is None:
        return "unknown", texts["holidayDoubt" if space.doubt == "holiday" else "hoursNotKnown"]
    if space.changes_at is None:
        return ("open", texts["openAlways"]) if space.is_open else ("shut", texts["shut"])
    values = {"time": w.until(space.changes_at, frame.now, space.timezone)}
    if not space.is_open:
        return "shut", texts["shutUntil"] % values
    if space.last_entry is None:
        return "open", texts["openUntil"] % values
    values["entry"] = w.clock(space.last_entry, space.timezone)
    is_over = space.last_entry < frame.now
    return (
        ("shut", texts["entryIsOver"] % values)
        if is_over
        else ("open", texts["openWithEntry"] % values)
    )


def schedule(w: Words, hours: Hours) -> str | Markup:
    """Write a schedule in the reader's words, or in Spanish with a label if it is not weekly."""
    return weekly_hours.weekly(w, hours) or w.original(hours_text(hours.openings) or "")


def _page(
    frame: PageFrame,
    lang: str,
    narrowed: Narrowed = Narrowed(),  # noqa: B008 - frozen
    texts: Mapping[str, object] = MappingProxyType({}),
    *,
    names: Mapping[str, object] = MappingProxyType({}),
    near: str | None = None,
    place_at: tuple[float, float] | None = None,
    place_name: str = "",
) -> dict[str, object]:
    # Data for the modules in static/. Pages hold them as JSON in a script element of a data type,
    # because the content security policy forbids inline scripts.
    w = words(lang)
    has_landscape = any(layer["id"] == LANDSCAPE.name for layer in frame.layers)
    data = {
        "lang": lang,
        "map": asset_url("map.js"),
        "planner": asset_url("planner.js"),
        "crossings": asset_url("crossings.js"),
        "planCss": asset_url("plan.css"),
        "style": asset_url("style.js"),
        "mapCss": asset_url("map.css"),
        "landscape": asset_url("landscape.js") if has_landscape else None,
        "relief": {"url": asset_url("relief.webp"), "box": RELIEF_BOX},
        "ol": vendored_url("ol", ".js"),
        "olCss": vendored_url("ol", ".css"),
        "nearby": "/nearby.json",
        "towns": "/towns.json",
        "made": frame.now.isoformat(),
        # Place reference of the list; "" if the place was not understood, None for the whole list.
        "near": near,
        # Longitude and latitude of the place of the list, for the map.
        "placeAt": place_at,
        "placeName": place_name,
        "nearM": frame.near_m,
        "pmtiles": vendored_url("pmtiles", ".js"),
        "mapFiles": map_files(),
        "names": {**names_of(w, frame), **names},
        "narrowed": {
            "services": narrowed.services,
            "language": narrowed.language,
            "families": narrowed.families,
            "openNow": narrowed.open_now,
            "country": narrowed.country,
        },
        "layers": [layer for layer in frame.layers if layer["id"] in labels.SHOWN_LAYERS],
        "texts": {
            "loading": w.gettext("Cargando el mapa…"),
            "failed": w.gettext("El mapa no cargó. La lista tiene los mismos lugares."),
            "incomplete": w.gettext("Este mapa está incompleto: hay datos que no cargaron."),
            **card_texts(w, has_demo=frame.has_demo),
            **nearby_texts(w),
            **texts,
            "more": w.gettext("Más datos"),
            "onMap": w.gettext("Ver en el mapa"),
            "inList": w.gettext("Ver en la lista"),
            "close": w.gettext("Cerrar"),
            "zoomIn": w.gettext("Acercar"),
            "zoomOut": w.gettext("Alejar"),
            # Label of the straight lines of a sketch network on the map.
            "sketch": w.gettext("esquema"),
        },
    }
    return {
        "data": data,
        "lang": lang,
        "contact_kinds": print_text.KINDS,
        "space_kind": partial(labels.term, w, frame.names, "space_kind"),
        "service_name": partial(labels.term, w, frame.names, "service"),
        "by_need": partial(labels.in_order, frame.names, "service"),
    }


class _SharedCode(BytecodeCache):
    """Cache of compiled templates, shared by the template environments of all languages.

    Compiling takes 10 ms per template, a second for all. The compiled code does not depend on the
    language. The cache key includes a checksum of the template's text, so that changed templates
    are compiled anew during development.
    """

    def __init__(self) -> None:
        self._code: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Load a template's code into a bucket, if an environment of any language compiled it."""
        bucket.code = self._code.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Store the code of a newly compiled template."""
        if bucket.code is not None:
            self._code[bucket.key, bucket.checksum] = bucket.code


_CODE = _SharedCode()


@cache
def _environment(lang: str) -> Environment:
    w = words(lang)
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        bytecode_cache=_CODE,
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    environment.install_gettext_callables(  # type: ignore[attr-defined]  # added by the extension
        w.gettext, w.ngettext, newstyle=True, pgettext=w.pgettext, npgettext=w.npgettext
    )
    environment.globals.update(
        w=w,
        languages={code: one.name for code, one in LANGUAGES.items()},
        staff_languages={code: LANGUAGES[code].name for code in STAFF_LANGUAGES},
        asset_url=asset_url,
        service_icons=defaultdict(str, signs.SERVICES),
        amenity_icons=defaultdict(str, signs.AMENITIES),
        action_icons=signs.ACTIONS,
        icons_credit=signs.CREDIT,
        safety=w.safety,
        original=w.original,
        wording=route_phrases,
        confirmed=partial(confirmed, w),
        opening=partial(opening, w),
        schedule=partial(schedule, w),
        shown_layers=labels.SHOWN_LAYERS,
        profile_names=labels.PROFILES,
        value_name=partial(labels.layer_value, w),
        layer_name=partial(labels.layer, w),
        hazard_kind=partial(labels.hazard, w),
        crossing_state=partial(labels.crossing_state, w),
    )
    return environment


def _template(name: str, lang: str) -> Template:
    return _environment(lang).get_template(name)
