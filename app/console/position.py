"""``/network/position``: what lies at a position, for the map of a form. It keeps nothing (P48)."""

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse

from app.access.forms import FormDep
from app.access.identity import CONSOLE
from app.console.forms.layout import DeskDep
from app.console.space_forms.position import position_note

router = APIRouter(include_in_schema=False)


@router.post(f"{CONSOLE}/position")
async def position(desk: DeskDep, form: FormDep) -> Response:
    """Return what the form's note about a position says, in the person's language."""
    note = await position_note(desk, dict(form))
    if note is None:
        return JSONResponse({"fills": {}, "said": "", "questions": [], "take": None})
    take = note.take_label(desk.words)
    said = {"fills": dict(note.fills), "said": note.said, "questions": list(note.questions)}
    return JSONResponse(said | {"take": take})
