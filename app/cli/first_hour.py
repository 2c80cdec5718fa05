"""``amparo load|check|welcome``: from the demonstration to own data, and what is still missing."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock, setup
from app.cli.session import written
from app.cli.terminal import explained_failures, out, require_settings, say
from app.runtime.database_copy import last_copy, remember_copy
from app.settings import Settings
from geo.readiness.explanation import explained
from geo.readiness.silent import SilentRecords, silent_records
from geo.readiness.steps import Step, is_complete, read_steps
from geo.records.file_kinds import KINDS

#: Exit code of `welcome` while a needed step is not done, and of `check` while some records have no
#: effect, so that scripts can wait for the end of either. 1 means that the command failed.
EXIT_INCOMPLETE = 4

#: What is printed after Ctrl-C in `load`, which is one transaction.
_NOTHING_CHANGED = "nothing was changed"

#: Name of each step of `welcome`, and the command that does the step, by the step's key.
STEPS: dict[str, tuple[str, str]] = {
    "demo": ("The demonstration is removed", "amparo demo remove"),
    "organization": ("Own organisations: {count}", 'amparo organization add "NAME"'),
    "people": (
        "People: {people}; with a password and the right to decide: {deciders}",
        "amparo person add E-MAIL --name NAME --role coordinator",
    ),
    "second_person": (
        "A second person who decides: {deciders} of 2",
        "amparo person add E-MAIL --name NAME --role approver --country CO",
    ),
    "spaces": (
        "Own spaces: {spaces}; seen by the public: {seen}",
        "amparo spaces import FILE --mapping MAPPING --apply; amparo load --explain spaces",
    ),
    "crossings": (
        "Crossings with a stated state: {known} of {all}; routes over the others are refused",
        "amparo kit new CO -o kit.toml; amparo kit load kit.toml --by E-MAIL",
    ),
    "contacts": (
        "Lines to call in every country with spaces; missing: {missing}",
        "amparo kit check FILE",
    ),
    "messages": ("Reviewed messages: {count}", "/network/guidance, or messages of a kit"),
    "hazards": (
        "Hazards: {hazards}; not approved, so doing nothing: {unapproved}",
        "amparo load --explain hazards; amparo check",
    ),
    "roads": (
        "Imported regions of roads: {regions}; without one, routes follow a sketch",
        "amparo roads import FILE --region NAME --country CO",
    ),
    "queue": ("Changes that wait for a second person: {waiting}", "/network/queue"),
    "copy": (
        "A copy of the database of the last 7 days; the last: {copied_on}",
        "amparo database export FILE; keep it elsewhere",
    ),
}


def add_to(app: typer.Typer) -> None:
    """Register the commands of this module with the application's command line."""
    app.command("load")(load)
    app.command("check")(check)
    app.command("welcome")(welcome)


def note_copy(settings: Settings) -> None:
    """Note in ``AMPARO_HOME``, for `welcome`, that the database was exported to a file today."""
    remember_copy(settings.home, clock.now().date())


def load(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(help="Files or folders; default: the data that comes with Amparo."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check and report, and change nothing.")
    ] = False,
    explain: Annotated[
        str | None,
        typer.Option(help=f"What a file holds: {', '.join(kind.name for kind in KINDS)}."),
    ] = None,
) -> None:
    """Load data files: validated row by row, all or nothing, the same file again is no change.

    Rows that load and then do nothing, such as a hazard without approved_at, are named with what
    to do.

    Example: amparo load data/spaces/demo_spaces.geojson
    """
    if explain is not None:
        _explain(explain)
        return
    settings = require_settings()
    with explained_failures(_NOTHING_CHANGED):
        setup.start_database(settings)
        asyncio.run(setup.load_paths(settings, paths or [], say, is_dry=dry_run))
    if dry_run:
        say("nothing was written")


def _explain(name: str) -> None:
    page = setup.DATA.parent / "docs" / "formats.md"
    with explained_failures():
        found = explained(name, page.read_text(encoding="utf-8"))
    table = Table("field (* needed)", "is", title=f"{name}: {', '.join(found.patterns)}", box=None)
    for field in found.fields:
        table.add_row(field.names, field.what)
    out.print(table)
    for example in found.examples:
        say(f"\n{example}")


def check() -> None:
    """Name the records that do nothing: not approved, over, expired, without hours, unreviewed.

    Exits with 4 where there are some.

    Example: amparo check
    """
    today = clock.now().date()

    async def work(session: AsyncSession) -> tuple[SilentRecords, ...]:
        return await silent_records(session, today)

    found = written(require_settings(), work)
    for records in found:
        more = records.count - len(records.ids)
        named = ", ".join(records.ids) + (f" and {more:,} more" if more else "")
        say(f"{records.table}: {records.count:,}: {records.said}\n  {named}")
    if found:
        raise typer.Exit(EXIT_INCOMPLETE)
    say("every record does something")


def welcome() -> None:
    """Say what is done and what is missing on the way from the demonstration to own data.

    Exits with 4 while a needed step is not done.

    Example: amparo welcome
    """
    settings = require_settings()
    today, copied_on = clock.now().date(), last_copy(settings.home)

    async def work(session: AsyncSession) -> tuple[Step, ...]:
        return await read_steps(session, today=today, copied_on=copied_on)

    steps = written(settings, work)
    for number, step in enumerate(steps, start=1):
        said, command = STEPS[step.key]
        mark = "done" if step.is_done else "missing" if step.is_needed else "not yet"
        say(f"{number:2}. {mark:8} {said.format(**step.shown)}")
        if not step.is_done:
            say(f"             > {command}")
    if not is_complete(steps):
        raise typer.Exit(EXIT_INCOMPLETE)
