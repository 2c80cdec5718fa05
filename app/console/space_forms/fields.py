"""Definition of the space form: fields, groups and controls."""

from dataclasses import dataclass

from app.i18n.translation import marked


@dataclass(frozen=True)
class FormField:
    """One question of the space form.

    Parameters
    ----------
    name
        Name of the document's field; the label is in `app.console.forms.labels`.
    control
        ``text``, ``area``, ``number``, ``date``, ``choice`` (codes of `labels.CODED`), ``term``
        and ``terms`` (of a vocabulary), ``flag`` (yes, no), ``maybe`` (yes, no, not known), or
        the name of a control for this field alone.
    is_needed
        The field is required.
    hint
        Advice on what to write.
    is_short
        Two such fields stand side by side on a phone.
    """

    name: str
    control: str = "text"
    is_needed: bool = False
    hint: str = ""
    is_short: bool = False


@dataclass(frozen=True)
class Group:
    """Fields that belong together; ``name`` is the anchor of the group's heading.

    The group with ``is_usual`` is unfolded at first, the others are folded, so that the usual
    fields fit on three screens of a phone.
    """

    name: str
    title: str
    fields: tuple[FormField, ...]
    is_usual: bool = False


GROUPS = (
    Group(
        "usual",
        marked("Lo de siempre"),
        (
            FormField("name", is_needed=True),
            FormField("kind", "term", is_needed=True, is_short=True),
            FormField("organization", "organization", is_needed=True, is_short=True),
            FormField("position", "position", is_needed=True),
            FormField("country", "country", is_needed=True, is_short=True),
            FormField("admin1", is_short=True),
            FormField("locality", is_short=True),
            FormField("timezone", "timezone", is_needed=True, is_short=True),
            FormField("schedules", "schedules"),
            FormField("public_phones", "phones"),
            FormField("visibility", "choice", is_short=True),
            FormField("confirmed_on", "date", is_needed=True, is_short=True),
        ),
        is_usual=True,
    ),
    Group(
        "offer",
        marked("Qué ofrece"),
        (
            FormField("services", "terms"),
            FormField("amenities", "amenities"),
            FormField("step_free", "maybe"),
            FormField("languages", "languages"),
            FormField("capacity", "number"),
            FormField("available", "number", hint=marked("La hora del conteo se guarda sola.")),
            FormField("maximum_nights", "number"),
            FormField("sectors", "terms"),
        ),
    ),
    Group(
        "who",
        marked("Para quién y cómo se entra"),
        (
            FormField("access", "choice"),
            FormField("referral_points", "referrers"),
            FormField("eligibility", "area", hint=marked("Como lo dice el espacio.")),
            FormField("minimum_age", "number"),
            FormField("maximum_age", "number"),
            FormField("genders", "terms", hint=marked("Sin marcar: todas las personas.")),
            FormField("families_only", "flag"),
            FormField("children_alone", "choice"),
            FormField("documents_required", "documents"),
            FormField("fees", "choice"),
            FormField("cost"),
            FormField(
                "data_shared",
                "area",
                hint=marked("Como lo dice el espacio. Por ejemplo: no comparte datos."),
            ),
        ),
    ),
    Group(
        "where",
        marked("Cómo llegar"),
        (
            FormField("coord_precision", "choice"),
            FormField("address"),
            FormField("landmark", hint=marked("Qué se ve al llegar: un parque, un peaje.")),
            FormField("road"),
            FormField("road_km", "number"),
        ),
    ),
    Group(
        "when",
        marked("Estado, avisos y días con otro horario"),
        (
            FormField("status", "choice"),
            FormField(
                "notice",
                "area",
                hint=marked(
                    "Espera a una segunda persona; un motivo de la lista vale al instante."
                ),
            ),
            FormField("schedule_exceptions", "exceptions"),
            FormField("holidays", "choice"),
            FormField("public_contact", hint=marked("Nunca el correo o el número de una persona.")),
        ),
    ),
    Group(
        "stops",
        marked("Si es una unidad móvil"),
        (FormField("itinerary", "itinerary"),),
    ),
    Group(
        "origin",
        marked("De dónde viene el dato"),
        (
            FormField(
                "expires_on",
                "date",
                hint=marked("Vacío: lo que vale una confirmación de este tipo de espacio."),
            ),
            FormField("confirmed_by"),
            FormField("consent_on", "date"),
            FormField("source"),
            FormField("licence"),
        ),
    ),
)

#: Languages on the region's routes, offered as checkboxes; a record may hold others.
LANGUAGES = ("es", "pt", "en", "fr", "ht", "gn", "guc", "qu", "ay", "wba")

#: Time zones of the countries of the region (IANA tz database 2025b, zone1970.tab).
TIMEZONES = (
    "America/Bogota",
    "America/Caracas",
    "America/Guayaquil",
    "America/Lima",
    "America/Santiago",
    "America/La_Paz",
    "America/Sao_Paulo",
    "America/Manaus",
    "America/Boa_Vista",
    "America/Rio_Branco",
    "America/Argentina/Buenos_Aires",
    "America/Argentina/Jujuy",
    "America/Argentina/Salta",
    "America/Asuncion",
    "America/Montevideo",
    "America/Panama",
    "America/Costa_Rica",
    "America/Managua",
    "America/Tegucigalpa",
    "America/El_Salvador",
    "America/Guatemala",
    "America/Mexico_City",
    "America/Tijuana",
    "America/Guyana",
    "America/Paramaribo",
    "America/Port_of_Spain",
    "America/Curacao",
    "America/Aruba",
)
