"""Why a record was refused, in the reader's language: the rules speak English to programs."""

import re

from app.i18n.translation import Words, marked

#: What the rules of `geo.records.row_validation` and `geo.records.space_part_rows` say, and how
#: people say it. The first that matches counts; groups fill the Spanish text.
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
    (r".*is there already", marked("Ya hay otro igual.")),
    (r"is in use", marked("Hay registros que lo usan: retírelo en vez de borrarlo.")),
    (r"is not confirmed", marked("Marque la casilla para confirmar que lo entiende.")),
    (r".*is no e-mail address", marked("Escriba un correo electrónico válido.")),
    (r"an editor works for one", marked("Quien edita necesita una organización.")),
    (r"an approver decides in at least one", marked("Marque al menos un país.")),
    (r"a token that edits acts in somebody's name", marked("Elija en nombre de quién.")),
    (r"nobody changes the own account here", marked("Su cuenta la cambia otra persona.")),
    (r"is not the hash of a head", marked("Son 64 letras y números, como se mostraron.")),
    (r".*may hold letters, digits.*", marked("Use letras, números y guion bajo.")),
    (r"the name in (?P<lang>\w+) has not.*", marked("Escriba el nombre en %(lang)s.")),
    (r"a name in (?P<lang>\w+) is needed", marked("Escriba el nombre en %(lang)s.")),
    (r"is none that you may write about", marked("Ese espacio no está entre los suyos.")),
    (r"is no space that you may know of", marked("No hay un espacio con ese código.")),
    (r"has no checklist in force.*", marked("Para ese tipo de espacio no hay una lista vigente.")),
    (r"is not a reviewed message", marked("Elija un mensaje que ya esté revisado.")),
    (r".*could be a person's", marked("Quite números, direcciones y nombres de personas.")),
    (r".*needs its evidence", marked("Escriba qué lo muestra.")),
    (r".*is not a number to dial", marked("No es un número que se pueda marcar.")),
    (r".*not an https.*", marked("La dirección empieza por https://.")),
    (r".*not an ISO 639 code.*", marked("Escriba el código del idioma, como es o ht.")),
    (r"say who read it in .*", marked("Diga quién lo leyó en ese idioma.")),
    (r".*independent must be true.*", marked("La línea para quejas no la atiende quien opera.")),
    (r".*steps is empty.*", marked("Escriba al menos un paso.")),
    (
        r".*an instruction names its space.*",
        marked("El paso no nombra el espacio: elíjalo al lado."),
    ),
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
