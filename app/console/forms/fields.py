"""The form of a space: which fields it asks for, in which groups, and by which controls."""

from dataclasses import dataclass

from app.i18n.translation import marked


@dataclass(frozen=True)
class Field:
    """One question of the form.

    Parameters
    ----------
    name
        Of the document's field; its label is in `app.console.forms.labels`.
    control
        ``text``, ``area``, ``number``, ``date``, ``choice`` (codes of `labels.CODED`), ``term``
        and ``terms`` (of a vocabulary), ``flag`` (yes, no), ``maybe`` (yes, no, not known), or
        the name of a control of its own.
    is_needed
        No record is stored without it.
    hint
        What to write there.
    """

    name: str
    control: str = "text"
    is_needed: bool = False
    hint: str = ""


@dataclass(frozen=True)
class Group:
    """Fields that belong together; ``name`` is the anchor of its heading."""

    name: str
    title: str
    fields: tuple[Field, ...]


GROUPS = (
    Group(
        "what",
        marked("Qué es"),
        (
            Field("name", is_needed=True),
            Field("kind", "term", is_needed=True),
            Field("organization", "organization", is_needed=True),
            Field("status", "choice"),
            Field(
                "notice",
                "area",
                hint=marked(
                    "Espera a una segunda persona; un motivo de la lista vale al instante."
                ),
            ),
            Field(
                "visibility",
                "choice",
                hint=marked(
                    "Los espacios protegidos quedan restringidos aunque aquí se elija otra cosa."
                ),
            ),
        ),
    ),
    Group(
        "where",
        marked("Dónde"),
        (
            Field("position", "position", is_needed=True),
            Field("coord_precision", "choice"),
            Field("country", "country", is_needed=True),
            Field("admin1"),
            Field("locality"),
            Field("timezone", "timezone", is_needed=True),
            Field("address"),
            Field("landmark", hint=marked("Qué se ve al llegar: un parque, un peaje.")),
            Field("road"),
            Field("road_km", "number"),
        ),
    ),
    Group(
        "when",
        marked("Cuándo"),
        (
            Field("schedules", "schedules"),
            Field("schedule_exceptions", "exceptions"),
            Field("holidays", "choice"),
            Field("maximum_nights", "number"),
        ),
    ),
    Group(
        "who",
        marked("Para quién y cómo se entra"),
        (
            Field("access", "choice"),
            Field(
                "referral_points",
                hint=marked("Identificadores de los espacios que remiten aquí, con comas."),
            ),
            Field("eligibility", "area", hint=marked("Como lo dice el espacio.")),
            Field("minimum_age", "number"),
            Field("maximum_age", "number"),
            Field("genders", "terms", hint=marked("Sin marcar: todas las personas.")),
            Field("families_only", "flag"),
            Field("children_alone", "choice"),
            Field("documents_required", "documents"),
            Field("fees", "choice"),
            Field("cost"),
            Field(
                "data_shared",
                "area",
                hint=marked("Como lo dice el espacio. Por ejemplo: no comparte datos."),
            ),
        ),
    ),
    Group(
        "offer",
        marked("Qué ofrece"),
        (
            Field("services", "terms"),
            Field("sectors", "terms"),
            Field("amenities", "amenities"),
            Field("step_free", "maybe"),
            Field("languages", "languages"),
            Field("capacity", "number"),
            Field("available", "number", hint=marked("La hora del conteo se guarda sola.")),
        ),
    ),
    Group(
        "contact",
        marked("Contacto público"),
        (
            Field("public_phones", "phones"),
            Field("public_contact", hint=marked("Nunca el correo o el número de una persona.")),
        ),
    ),
    Group(
        "stops",
        marked("Si es una unidad móvil"),
        (Field("itinerary", "itinerary"),),
    ),
    Group(
        "origin",
        marked("De dónde viene el dato"),
        (
            Field("confirmed_on", "date", is_needed=True),
            Field(
                "expires_on",
                "date",
                hint=marked("Vacío: lo que vale una confirmación de este tipo de espacio."),
            ),
            Field("confirmed_by"),
            Field("consent_on", "date"),
            Field("source"),
            Field("licence"),
        ),
    ),
)

#: Languages on the routes of the region, offered to be ticked; a record may have others.
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
