"""Steps still missing between the demonstration and own data, for the console's first page."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from app.access.identity import CONSOLE
from app.console.forms.layout import Desk
from app.i18n.translation import marked
from app.runtime.database_copy import last_copy
from app.settings import Settings
from geo.accounts import permissions
from geo.readiness.steps import Step, is_complete, read_steps


@dataclass(frozen=True, slots=True)
class StepWording:
    """Spanish text of a missing step, with the console page or the command that does the step."""

    text: str
    path: str | None = None
    command: str | None = None


#: Wordings by the key of a step; the step's figures fill the placeholders of its text.
WORDINGS: Final[Mapping[str, StepWording]] = {
    "demo": StepWording(
        marked("La demostración sigue cargada: los registros propios no van junto a ella."),
        command="amparo demo remove",
    ),
    "organization": StepWording(
        marked("No hay ninguna organización propia."), f"{CONSOLE}/organizations"
    ),
    "people": StepWording(
        marked("Nadie que decida tiene contraseña todavía."), f"{CONSOLE}/people"
    ),
    "second_person": StepWording(
        marked("Falta una segunda persona que decida: sin ella, ningún cambio se publica."),
        f"{CONSOLE}/people",
    ),
    "spaces": StepWording(
        marked("El público no ve ningún espacio propio (hay %(spaces)s)."), f"{CONSOLE}/imports"
    ),
    "crossings": StepWording(
        marked(
            "De ningún paso fronterizo se sabe si abre (hay %(all)s): no se da ninguna ruta que"
            " cruce."
        ),
        f"{CONSOLE}/crossings",
    ),
    "contacts": StepWording(
        marked("Faltan líneas para llamar en: %(countries)s"), f"{CONSOLE}/guidance"
    ),
    "roads": StepWording(
        marked("Las rutas siguen un esquema: no se importó ninguna región de caminos."),
        command="amparo roads import",
    ),
    "copy": StepWording(
        marked("No hay copia de la base de datos de los últimos siete días."),
        command="amparo database export",
    ),
}


async def missing_steps(desk: Desk, settings: Settings) -> list[tuple[Step, StepWording]]:
    """Return the needed steps that are not done, in order, for administrators and coordinators.

    Others get none: they can do nothing about them.
    """
    if not permissions.can_coordinate(desk.actor):
        return []
    steps = await read_steps(
        desk.session, today=desk.now.date(), copied_on=last_copy(settings.home)
    )
    if is_complete(steps):
        return []
    missing = [step for step in steps if step.is_needed and not step.is_done]
    # The text about help lines names countries with spaces but without a line: if there are no
    # such countries, it is left out.
    told = [step for step in missing if step.key != "contacts" or step.figures["countries"]]
    return [(step, WORDINGS[step.key]) for step in told]
