"""``/network/language``: the language in which a person works."""

from fastapi import APIRouter, Response

from app.access.forms import FormDep
from app.access.identity import CONSOLE
from app.console.forms.layout import DeskDep, see
from app.console.forms.returning import return_path
from geo.accounts import people

router = APIRouter(include_in_schema=False)


@router.post(f"{CONSOLE}/language")
async def choose(desk: DeskDep, form: FormDep) -> Response:
    """Keep the language that was chosen in the header, and lead back to the page."""
    await people.change_language(desk.session, desk.actor.id, form.get("language", ""))
    return see(return_path(form, CONSOLE))
