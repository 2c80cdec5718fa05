"""``/network/corridors/scenarios``: what-ifs with a name, each its owner's alone."""

from typing import Final

from fastapi import APIRouter, Request, Response

from app.access.forms import Form, FormDep
from app.console.forms.layout import DeskDep, RecordId, see
from app.console.planning.corridor_question import CORRIDORS
from app.console.planning.what_if import question_of, what_if_answer
from geo.planning import scenarios

router = APIRouter(include_in_schema=False)

SCENARIOS: Final = f"{CORRIDORS}/scenarios"
SCENARIO: Final = f"{SCENARIOS}/{{scenario}}"


@router.get(SCENARIO)
async def scenario_page(request: Request, desk: DeskDep, scenario: RecordId) -> Response:
    """Show a scenario as it is today: the form filled in, and the comparison computed anew."""
    found = await scenarios.read_scenario(desk.session, desk.actor.id, scenario)
    form = Form.of(found.fields)
    return await what_if_answer(request, desk, question_of(form), form, name=found.name)


@router.post(f"{SCENARIO}/delete")
async def delete(desk: DeskDep, scenario: RecordId, form: FormDep) -> Response:  # noqa: ARG001
    """Delete a scenario of one's own."""
    await scenarios.delete_scenario(desk.session, desk.actor.id, scenario)
    return see(CORRIDORS)
