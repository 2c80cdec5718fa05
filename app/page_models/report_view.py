"""Page for hazard reports: it works without scripts; with scripts a report takes three taps."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.http.assets import asset_url, vendored_url
from app.i18n.translation import Words, words
from app.page_models import renderer
from app.page_models.frames import PageFrame
from app.snapshots.place_names import Choice
from geo.models import HUMAN_THREATS, PHYSICAL_HAZARDS


@dataclass(frozen=True)
class ReportForm:
    """Values of the report form.

    Attributes
    ----------
    key
        The form's own id (UUID), so that a form sent twice is stored once.
    kind, place
        Kind as chosen, place as typed.
    """

    key: str
    kind: str = ""
    place: str = ""


def render_report(
    frame: PageFrame,
    form: ReportForm,
    lang: str,
    *,
    choices: Sequence[Choice] = (),
    is_wrong: bool = False,
    is_several: bool = False,
) -> str:
    """Render the report form.

    ``is_wrong`` marks the typed place as unknown or, with ``is_several``, as ambiguous.
    """
    return renderer.render_open(
        "report",
        frame,
        lang,
        form=form,
        physical=PHYSICAL_HAZARDS,
        threats=HUMAN_THREATS,
        choices=choices,
        is_wrong=is_wrong,
        is_several=is_several,
        country=None,
        report_data=_data(words(lang), frame),
    )


def render_reported(
    frame: PageFrame, family: str, place: str, country: str | None, lang: str
) -> str:
    """Render the confirmation that a report about a place was received."""
    return renderer.render_open(
        "reported", frame, lang, family=family, place=place, country=country
    )


def _data(w: Words, frame: PageFrame) -> dict[str, object]:
    """Return the data for `report.js`, which contains no texts itself."""
    return {
        "lang": w.lang,
        "pinMap": asset_url("pin-map.js"),
        "style": asset_url("style.js"),
        "ol": vendored_url("ol", ".js"),
        "olCss": vendored_url("ol", ".css"),
        "layers": [layer for layer in frame.layers if layer["is_base"]],
        "threats": list(HUMAN_THREATS),
        "texts": _texts(w),
    }


def _texts(w: Words) -> dict[str, str]:
    return {
        "waiting": w.gettext("Por enviar (%(num)s)"),
        "sent": w.gettext("Enviado. En este teléfono no queda nada de ese aviso."),
        "queued": w.gettext(
            "Sin conexión. El aviso espera en este teléfono y sale solo cuando vuelva la señal. "
            "Puede borrarlo abajo."
        ),
        "unkept": w.gettext(
            "Sin conexión, y este navegador no deja guardar. Deje esta página abierta: el aviso "
            "sale cuando vuelva la señal."
        ),
        "threatFailed": w.gettext(
            "No se envió, y no quedó guardado en este teléfono. Inténtelo cuando haya conexión."
        ),
        "refused": w.gettext("No se aceptó y ya no está en este teléfono: %(reason)s"),
        "refusedPlain": w.gettext("otro dato hace falta"),
        "expired": w.gettext("Un aviso de hace más de una semana se borró sin enviarse."),
        "deleted": w.gettext("Borrado. En este teléfono no queda ningún aviso."),
        "locating": w.gettext("Buscando la posición en este teléfono…"),
        "notLocated": w.gettext(
            "El teléfono no dio la posición. Toque el mapa o escriba el lugar."
        ),
        "needKind": w.gettext("Elija primero qué pasa."),
        "needPlace": w.gettext("Falta el lugar: use su ubicación, toque el mapa o escríbalo."),
        "sending": w.gettext("Enviando…"),
        "willSend": w.gettext(
            "Al tocar Enviar sale esto y nada más: %(kind)s, cerca de %(lat)s, %(lon)s "
            "(unos 100 m), %(day)s."
        ),
        "failedMap": w.gettext("El mapa no cargó. Use su ubicación o escriba el lugar."),
        "pin": w.gettext("Posición: arrástrela, o muévala con las flechas"),
        "zoomIn": w.gettext("Acercar"),
        "zoomOut": w.gettext("Alejar"),
        "sketch": w.gettext("esquema"),
    }
