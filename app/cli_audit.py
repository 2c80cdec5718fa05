"""``amparo audit|hide|lift|reader …``: what happened, and what must not be seen."""

import json
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from sqlalchemy.ext.asyncio import AsyncSession

from app.commands import written
from app.console import EXIT_MISUSED, fail, out, require_settings, say
from geo import audit, hiding, pathways, people, restricted

#: Who acts where nobody has signed in: whoever holds the machine.
ACTOR = "cli"

audit_app = typer.Typer(help="The audit chain: who did what, append-only.", no_args_is_help=True)
hide_app = typer.Typer(help="Hide at once, on every worker (P24).", no_args_is_help=True)
lift_app = typer.Typer(help="End a hide.", no_args_is_help=True)
reader_app = typer.Typer(help="Who may read a restricted space (P31).", no_args_is_help=True)

Reason = Annotated[str, typer.Option(help="Why; staff read it.")]
SpaceId = Annotated[str, typer.Argument(help="Id of a space.")]
CrossingId = Annotated[str, typer.Argument(help="Id of a crossing.")]
Who = Annotated[str, typer.Argument(help="E-mail address or id of a person.")]


@audit_app.command("verify")
def audit_verify(
    expect: Annotated[
        str | None,
        typer.Option(help="A head kept elsewhere: notices a chain whose end was cut off."),
    ] = None,
) -> None:
    """Recompute every hash; the exit code is 1 where the chain does not hold.

    Example: amparo audit verify
    """
    expected = None if expect is None else _hash(expect)
    found = written(require_settings(), partial(audit.verify, expect=expected))
    if found.broken is not None:
        fail(
            f"the chain is broken at entry {found.broken.seq}: {found.broken.reason} "
            f"({found.entries} entries before it hold)"
        )
    say(f"{found.entries} entries hold; head {found.head.hex()}")


@audit_app.command("head")
def audit_head() -> None:
    """Print the hash of the last entry: keep it elsewhere, and expect it when verifying.

    Example: amparo audit head
    """
    _, hash_ = written(require_settings(), audit.head)
    say(hash_.hex())


@audit_app.command("list")
def audit_list(
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = 50,
) -> None:
    """Print the newest entries, the newest first.

    Example: amparo audit list --limit 20
    """
    for entry in written(require_settings(), partial(audit.newest, limit=limit)):
        details = json.dumps(dict(entry.details), ensure_ascii=False)
        at = entry.at.isoformat(timespec="seconds")
        record_id = entry.record_id or "-"
        say(f"{entry.seq} {at} {entry.actor} {entry.action} {record_id} {details}")


@hide_app.command("space")
def hide_space(space_id: SpaceId, reason: Reason) -> None:
    """Hide one space.

    Example: amparo hide space DEMO-001 --reason "amenaza a la casa"
    """
    _hide(partial(hiding.hide_space, space_id=space_id, actor=ACTOR, reason=reason))


@hide_app.command("crossing")
def hide_crossing(crossing_id: CrossingId, reason: Reason) -> None:
    """Hide one crossing: no route passes it then.

    Example: amparo hide crossing X-BOLIVAR --reason "enfrentamientos"
    """
    make = partial(hiding.hide_crossing, crossing_id=crossing_id, actor=ACTOR, reason=reason)
    _hide(make)


@hide_app.command("area")
def hide_area(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="GeoJSON.")],
    reason: Reason,
) -> None:
    """Hide every space and crossing in an area, also those that are loaded later.

    Example: amparo hide area area.geojson --reason "operativo armado"
    """
    make = partial(hiding.hide_area, area=_geometry(file), actor=ACTOR, reason=reason)
    _hide(make)


@hide_app.command("list")
def hide_list() -> None:
    """Print what is hidden now.

    Example: amparo hide list
    """
    for hide in written(require_settings(), hiding.active_hides):
        at = hide.hidden_at.isoformat(timespec="seconds")
        say(f"{hide.id} {hide.entity} {hide.record_id or '-'} {at} {hide.reason}")


@lift_app.command("space")
def lift_space(space_id: SpaceId, reason: Reason) -> None:
    """End the hide of one space; in a hidden area it stays hidden.

    Example: amparo lift space DEMO-001 --reason "falsa alarma"
    """
    _lift(partial(hiding.lift_space, space_id=space_id, actor=ACTOR, reason=reason))


@lift_app.command("crossing")
def lift_crossing(crossing_id: CrossingId, reason: Reason) -> None:
    """End the hide of one crossing; in a hidden area it stays hidden.

    Example: amparo lift crossing X-BOLIVAR --reason "calma"
    """
    work = partial(hiding.lift_crossing, crossing_id=crossing_id, actor=ACTOR, reason=reason)
    _lift(work)


@lift_app.command("area")
def lift_area(
    hide_id: Annotated[str, typer.Argument(help="Id of the hide, as `hide list` shows it.")],
    reason: Reason,
) -> None:
    """End the hide of an area; what is hidden by itself stays hidden.

    Example: amparo lift area 0193-7f2c --reason "terminó"
    """
    _lift(partial(hiding.lift, hide_id=hide_id, actor=ACTOR, reason=reason))


@reader_app.command("add")
def reader_add(space_id: SpaceId, person: Who) -> None:
    """Let a person read a restricted space; each reading is audited.

    Example: amparo reader add REFUGIO-7 ana@example.org
    """

    async def work(session: AsyncSession) -> None:
        found = await people.find_person(session, person)
        await restricted.name_reader(session, space_id, found.id, actor=ACTOR)

    written(require_settings(), work)
    say(f"{person} may read {space_id}")


@reader_app.command("pathway")
def reader_pathway(
    pathway_id: Annotated[str, typer.Argument(help="Id of a restricted pathway.")], person: Who
) -> None:
    """Let a person read a restricted pathway; each reading is audited.

    Example: amparo reader pathway RUTA-7 ana@example.org
    """

    async def work(session: AsyncSession) -> None:
        found = await people.find_person(session, person)
        await pathways.name_reader(session, ACTOR, pathway_id, found.id)

    written(require_settings(), work)
    say(f"{person} may read {pathway_id}")


@reader_app.command("remove")
def reader_remove(space_id: SpaceId, person: Who) -> None:
    """Take that right away.

    Example: amparo reader remove REFUGIO-7 ana@example.org
    """

    async def work(session: AsyncSession) -> None:
        found = await people.find_person(session, person)
        await restricted.unname_reader(session, space_id, found.id, actor=ACTOR)

    written(require_settings(), work)
    say(f"{person} may no longer read {space_id}")


@reader_app.command("list")
def reader_list(space_id: SpaceId) -> None:
    """List who may read a restricted space.

    Example: amparo reader list REFUGIO-7
    """
    for name, email in written(require_settings(), partial(restricted.readers, space_id=space_id)):
        out.print(f"{name} <{email}>", markup=False)


def _hide(make: Callable[[AsyncSession], Awaitable[str]]) -> None:
    say(f"hidden; lift it by {written(require_settings(), make)}")


def _lift(work: Callable[[AsyncSession], Awaitable[bool]]) -> None:
    written(require_settings(), work)
    out.print("lifted")


def _hash(text: str) -> bytes:
    try:
        found = bytes.fromhex(text)
    except ValueError:
        found = b""
    if len(found) != len(audit.NO_HASH):
        fail(
            "--expect is a head as `amparo audit head` prints it: 64 hexadecimal digits",
            EXIT_MISUSED,
        )
    return found


def _geometry(file: Path) -> dict[str, Any]:
    """Return the geometry of a GeoJSON file: itself, of its feature, or of its only feature."""
    try:
        read = json.loads(file.read_text(encoding="utf-8"))
    except ValueError:
        fail(f"{file}: not JSON", EXIT_MISUSED)
    if isinstance(read, dict) and read.get("type") == "FeatureCollection":
        features = read.get("features")
        if not isinstance(features, list) or len(features) != 1:
            fail(f"{file}: give one feature", EXIT_MISUSED)
        read = features[0]
    if isinstance(read, dict) and read.get("type") == "Feature":
        read = read.get("geometry")
    if not isinstance(read, dict):
        fail(f"{file}: not a GeoJSON area", EXIT_MISUSED)
    return read
