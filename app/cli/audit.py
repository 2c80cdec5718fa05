"""``amparo audit|hide|lift|reader …``: the audit chain, hides, readers of restricted records."""

import json
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock, setup
from app.cli.session import run, written
from app.cli.terminal import (
    EXIT_MISUSED,
    explained_failures,
    fail,
    out,
    require_settings,
    say,
    warn,
)
from app.jobs import audit_anchoring
from app.runtime.databases import migration_url
from app.runtime.write_proof import made_key
from geo.accounts import people, restricted_access
from geo.audit import trail
from geo.db.migrations import renew_digests
from geo.errors import InvalidRecordError
from geo.guidance import pathways
from geo.oversight import audit_anchors, row_digests
from geo.oversight.audit_anchors import Anchor
from geo.oversight.row_digests import RowVerdict
from geo.proposals.submission import checked_reason
from geo.removals import hides

#: Actor in audit entries of commands: people at the command line do not sign in.
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
    anchor: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="A file of `amparo audit anchor`."),
    ] = None,
) -> None:
    """Recompute every hash, and compare every row with the chain; exit code 1 where one is wrong.

    Rows are those of spaces and their parts, services, organisations, crossings, contacts,
    people, tokens, hides and flows.

    Example: amparo audit verify --anchor /mnt/elsewhere/anchors.jsonl
    """
    expected = None if expect is None else _hash(expect)
    anchored = {} if anchor is None else _anchors(anchor)

    async def work(session: AsyncSession) -> tuple[trail.ChainVerdict, RowVerdict]:
        chain = await trail.verify(session, expect=expected, anchored=anchored)
        return chain, await row_digests.verify(session)

    chain, rows = written(require_settings(), work)
    if chain.broken is not None:
        fail(
            f"the chain is broken at entry {chain.broken.seq}: {chain.broken.reason} "
            f"({chain.entries} entries before it hold)"
        )
    say(f"{chain.entries} entries hold; head {chain.head.hex()}")
    _report(rows)


def _report(rows: RowVerdict) -> None:
    for fault in rows.faults:
        warn(f"{fault.table} {fault.row_id} {fault.fault}")
    for one in rows.outside:
        told = one.session
        at = one.at.isoformat(timespec="seconds")
        tables = "".join(f" {count} {table}" for table, count in sorted(one.tables.items()))
        warn(
            f"entry {one.seq} {at}: outside Amparo, {one.action}{tables} as {one.actor}"
            f" (login {told['user']}, application {told['application']!r}, pid {told['pid']})"
        )
    if not rows.holds:
        fail(
            f"{len(rows.faults)} rows are not what was last written through Amparo, and "
            f"{len(rows.outside)} entries were written outside it: ask who has the machine; what "
            "was meant is noted by `amparo audit explain` and `amparo audit seal`"
        )
    say(
        f"{rows.compared} rows are as the chain says; of {rows.erased} digests of what was erased "
        "nothing is left to compare"
    )


@audit_app.command("anchor")
def audit_anchor(
    file: Annotated[
        Path | None, typer.Argument(help="Where to; default AMPARO_AUDIT_ANCHOR_FILE.")
    ] = None,
) -> None:
    """Keep the head elsewhere: add a line to a file, and send it to AMPARO_AUDIT_ANCHOR_EMAIL.

    A running server does it by itself once a day.

    Example: amparo audit anchor /mnt/elsewhere/anchors.jsonl
    """
    settings = require_settings()
    if file is not None:
        settings = settings.model_copy(update={"audit_anchor_file": file})

    async def work(session: AsyncSession) -> Anchor:
        for way in audit_anchoring.ways(settings):
            kept = await audit_anchoring.keep(session, way, settings, clock.now())
        return kept

    say(written(settings, work).line())


@audit_app.command("explain")
def audit_explain(
    entry: Annotated[int, typer.Argument(min=1, help="Its number, as `verify` says it.")],
    reason: Annotated[str, typer.Option(help="Why; it stays in the chain.")],
) -> None:
    """Note why an entry was written outside Amparo: `verify` takes it for known then.

    Example: amparo audit explain 812 --reason "restored two phones by hand, with Ana"
    """
    work = partial(row_digests.explain, seq=entry, actor=ACTOR, reason=reason)
    written(require_settings(), work)
    say(f"entry {entry} is explained")


@audit_app.command("seal")
def audit_seal(reason: Annotated[str, typer.Option(help="Why; it stays in the chain.")]) -> None:
    """Take the rows as they are now for right, as who answers for the machine.

    Example: amparo audit seal --reason "restored from the backup of Monday"
    """
    settings = require_settings()
    with explained_failures():
        given = checked_reason(reason)
        setup.start_database(settings)
    key = made_key(settings.home)
    entry = run(renew_digests(migration_url(settings), key=key, reason=given))
    say("every row is as the chain says" if entry is None else f"sealed by entry {entry}")


@audit_app.command("head")
def audit_head() -> None:
    """Print the hash of the last entry: keep it elsewhere, and expect it when verifying.

    Example: amparo audit head
    """
    _, hash_ = written(require_settings(), trail.head)
    say(hash_.hex())


@audit_app.command("list")
def audit_list(
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = 50,
) -> None:
    """Print the newest entries, the newest first.

    Example: amparo audit list --limit 20
    """
    for entry in written(require_settings(), partial(trail.newest, limit=limit)):
        details = json.dumps(dict(entry.details), ensure_ascii=False)
        at = entry.at.isoformat(timespec="seconds")
        record_id = entry.record_id or "-"
        say(f"{entry.seq} {at} {entry.actor} {entry.action} {record_id} {details}")


@hide_app.command("space")
def hide_space(space_id: SpaceId, reason: Reason) -> None:
    """Hide one space.

    Example: amparo hide space DEMO-001 --reason "amenaza a la casa"
    """
    _hide(hides.hide_space, space_id, reason)


@hide_app.command("crossing")
def hide_crossing(crossing_id: CrossingId, reason: Reason) -> None:
    """Hide one crossing: no route passes it then.

    Example: amparo hide crossing X-BOLIVAR --reason "enfrentamientos"
    """
    _hide(hides.hide_crossing, crossing_id, reason)


@hide_app.command("area")
def hide_area(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="GeoJSON.")],
    reason: Reason,
) -> None:
    """Hide every space and crossing in an area, also those that are loaded later.

    Example: amparo hide area area.geojson --reason "operativo armado"
    """
    _hide(hides.hide_area, _geometry(file), reason)


@hide_app.command("list")
def hide_list() -> None:
    """Print what is hidden now.

    Example: amparo hide list
    """
    for hide in written(require_settings(), hides.active_hides):
        at = hide.hidden_at.isoformat(timespec="seconds")
        say(f"{hide.id} {hide.entity} {hide.record_id or '-'} {at} {hide.reason}")


@lift_app.command("space")
def lift_space(space_id: SpaceId, reason: Reason) -> None:
    """End the hide of one space; in a hidden area it stays hidden.

    Example: amparo lift space DEMO-001 --reason "falsa alarma"
    """
    _lift(hides.lift_record, "space", space_id, reason=reason)


@lift_app.command("crossing")
def lift_crossing(crossing_id: CrossingId, reason: Reason) -> None:
    """End the hide of one crossing; in a hidden area it stays hidden.

    Example: amparo lift crossing X-BOLIVAR --reason "calma"
    """
    _lift(hides.lift_record, "crossing", crossing_id, reason=reason)


@lift_app.command("area")
def lift_area(
    hide_id: Annotated[str, typer.Argument(help="Id of the hide, as `hide list` shows it.")],
    reason: Reason,
) -> None:
    """End the hide of an area; what is hidden by itself stays hidden.

    Example: amparo lift area 0193-7f2c --reason "terminó"
    """
    _lift(hides.lift, hide_id, reason=reason)


@reader_app.command("add")
def reader_add(space_id: SpaceId, person: Who) -> None:
    """Let a person read a restricted space; each reading is audited.

    Example: amparo reader add REFUGIO-7 ana@example.org
    """
    _change_reader(person, partial(restricted_access.name_reader, space_id=space_id))
    say(f"{person} may read {space_id}")


@reader_app.command("pathway")
def reader_pathway(
    pathway_id: Annotated[str, typer.Argument(help="Id of a restricted pathway.")], person: Who
) -> None:
    """Let a person read a restricted pathway; each reading is audited.

    Example: amparo reader pathway RUTA-7 ana@example.org
    """
    _change_reader(person, partial(pathways.name_reader, pathway_id=pathway_id))
    say(f"{person} may read {pathway_id}")


@reader_app.command("remove")
def reader_remove(space_id: SpaceId, person: Who) -> None:
    """Take that right away.

    Example: amparo reader remove REFUGIO-7 ana@example.org
    """
    _change_reader(person, partial(restricted_access.unname_reader, space_id=space_id))
    say(f"{person} may no longer read {space_id}")


@reader_app.command("list")
def reader_list(space_id: SpaceId) -> None:
    """List who may read a restricted space.

    Example: amparo reader list REFUGIO-7
    """
    for name, email in written(
        require_settings(), partial(restricted_access.readers, space_id=space_id)
    ):
        out.print(f"{name} <{email}>", markup=False)


def _hide(hide: Callable[..., Awaitable[str]], target: object, reason: str) -> None:
    async def work(session: AsyncSession) -> str:
        return await hide(session, target, actor=ACTOR, reason=reason)

    say(f"hidden; lift it by {written(require_settings(), work)}")


def _lift(lift: Callable[..., Awaitable[bool]], *target: str, reason: str) -> None:
    async def work(session: AsyncSession) -> bool:
        return await lift(session, *target, actor=ACTOR, reason=reason)

    written(require_settings(), work)
    out.print("lifted")


def _change_reader(person: str, change: Callable[..., Awaitable[None]]) -> None:
    async def work(session: AsyncSession) -> None:
        found = await people.find_person(session, person)
        await change(session, person=found.id, actor=ACTOR)

    written(require_settings(), work)


def _hash(text: str) -> bytes:
    try:
        found = bytes.fromhex(text)
    except ValueError:
        found = b""
    if len(found) != len(trail.NO_HASH):
        fail(
            "--expect is a head as `amparo audit head` prints it: 64 hexadecimal digits",
            EXIT_MISUSED,
        )
    return found


def _anchors(file: Path) -> dict[int, bytes]:
    try:
        return audit_anchors.read_anchors(file.read_text(encoding="utf-8").splitlines())
    except (UnicodeDecodeError, InvalidRecordError) as error:
        fail(f"{file}: {error}", EXIT_MISUSED)


def _geometry(file: Path) -> dict[str, Any]:
    """Return the geometry of a GeoJSON file: bare, of a feature, or of its only feature."""
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
