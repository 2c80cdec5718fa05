"""Why a record was refused, in the reader's language: the rules speak English to programs."""

import re

from app.web.i18n import Words, marked

#: What the rules of `geo.records` and `geo.space_parts` say, and how people say it. The first
#: that matches counts; groups fill the Spanish text.
_SAID: tuple[tuple[str, str], ...] = (
    (r"is not known", marked("Ninguno coincide. Pruebe con otra palabra o con el código.")),
    (r"the box is empty", marked("El norte va arriba del sur, y el este a la derecha del oeste.")),
    (r"demo and real rows do not mix", marked("Los datos ficticios y los reales no se mezclan.")),
    (r".*opens_at and closes_at are needed", marked("Falta la hora en que abre o cierra.")),
    (r".*no day is ticked", marked("Marque al menos un día.")),
    (r"say what is already so", marked("No hay ningún cambio que enviar.")),
    (r"(.* )?is missing", marked("Falta este dato.")),
    (r".* is needed", marked("Falta este dato.")),
    (
        r".*is not between (?P<low>\S+) and (?P<high>\S+)",
        marked("Escriba un número entre %(low)s y %(high)s."),
    ),
    (r".*is not a whole number", marked("Escriba un número entero.")),
    (r".*is not a number", marked("Escriba un número.")),
    (r".*is not a date.*", marked("Escriba una fecha válida.")),
    (r".*is not a time.*", marked("Escriba una hora válida.")),
    (r".*lies in the future", marked("La fecha está en el futuro.")),
    (r".*is not after.*", marked("La fecha final debe ser posterior a la inicial.")),
    (r".*is before.*", marked("El final está antes del principio.")),
    (r".*is more than maximum_age.*", marked("La edad mínima es mayor que la máxima.")),
    (r".*is more than capacity.*", marked("Hay más cupos libres que cupos en total.")),
    (r".*is not one of.*", marked("Elija una opción de la lista.")),
    (r".*is longer than (?P<most>\d+).*", marked("El texto pasa de %(most)s caracteres.")),
    (r".*has 1 to (?P<most>\d+) characters", marked("Escriba entre 1 y %(most)s caracteres.")),
    (r"1 to (?P<most>\d+) characters", marked("Escriba entre 1 y %(most)s caracteres.")),
    (r".*an exception is closed, or has.*", marked("Ponga las dos horas, o marque cerrado.")),
    (r".*does not refer to itself", marked("Un espacio no remite a sí mismo.")),
    (r".*'(?P<id>[^']+)' is not known", marked("No existe un espacio con el código %(id)s.")),
    (r".*(lies outside|look swapped|out of range).*", marked("La posición no está en ese país.")),
    (r".*telephone.*", marked("No es un número de teléfono.")),
    (r".*time zone.*", marked("Elija una zona horaria de la lista.")),
    (r".*cannot be changed", marked("Este dato no se puede cambiar.")),
)
_PATTERNS = tuple((re.compile(pattern, re.DOTALL), text) for pattern, text in _SAID)


def reason_text(w: Words, reason: str) -> str:
    """Return a reason in words for people; one that nobody has put so stays as it is."""
    for pattern, text in _PATTERNS:
        found = pattern.fullmatch(reason)
        if found:
            said = w.gettext(text)
            return said % found.groupdict() if found.groupdict() else said
    return reason
