"""``amparo kit …``: make, check and load a country kit."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock, setup
from app.cli.session import written
from app.cli.terminal import explained_failures, fail, out, require_settings, say
from geo.accounts import people
from geo.accounts.permissions import Means
from geo.kits.loading import NOTED, UNCHANGED, KitReport, empty_of, load_kit
from geo.kits.reading import Kit, read_kit
from geo.kits.writing import kit_text, shipped_facts
from geo.records import space_documents

kit_app = typer.Typer(help="Country kits: what one country needs, in one file.")

_Path = Annotated[Path, typer.Argument(exists=True, help="kit.toml, or the folder that holds it.")]


@kit_app.command("new")
def kit_new(
    country: Annotated[str, typer.Argument(help="ISO 3166-1 alpha-2, such as CO.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", dir_okay=False, help="Write it here.")
    ] = None,
) -> None:
    """Write a kit that names every field: filled from shipped data, the rest commented.

    Example: amparo kit new CO -o kit.toml
    """
    with explained_failures():
        text = kit_text(shipped_facts(setup.DATA, country.upper()))
        if output is None:
            say(text)
            return
        if output.exists():
            fail(f"{output} is there already: nothing was written")
        output.write_text(text, encoding="utf-8")
    say(f"written to {output}")


@kit_app.command("check")
def kit_check(path: _Path) -> None:
    """Say what is wrong in a kit, what is empty, and what loading it would do; write nothing.

    Example: amparo kit check data/kits/CO
    """
    _say_report(*_run(path, by=None))
    say("nothing was written: amparo kit load FILE --by E-MAIL")


@kit_app.command("load")
def kit_load(
    path: _Path,
    by: Annotated[str, typer.Option(help="E-mail of the coordinator who proposes it.")],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would happen and write nothing.")
    ] = False,
) -> None:
    """Load a kit, all or nothing; what people call or walk to waits for a second person.

    Example: amparo kit load data/kits/CO --by ana@example.org
    """
    _say_report(*_run(path, by=None if dry_run else by))
    if dry_run:
        say("nothing was written")


def _run(path: Path, by: str | None) -> tuple[Kit, KitReport]:
    settings = require_settings()
    with explained_failures():
        data = (path / "kit.toml" if path.is_dir() else path).read_bytes()

    async def work(session: AsyncSession) -> tuple[Kit, KitReport]:
        now = clock.now()
        actor = None
        if by is not None:
            member = await people.find_person(session, by)
            actor = await people.load_actor(session, member.id, means=Means.PROGRAM)
        report = await load_kit(
            session, data, actor=actor, now=now, allow_mixed=settings.allow_demo_mixed
        )
        said = await space_documents.circumstances(session, now=now, today=now.date())
        return read_kit(data, said), report

    return written(settings, work)


def _say_report(kit: Kit, report: KitReport) -> None:
    for row in report.rows:
        if row.outcome != UNCHANGED or row.note:
            say(f"{row.label}: {row.outcome if row.outcome != NOTED else 'note'}; {row.note}")
    table = Table("entries", "", title=f"{kit.name} ({kit.country})")
    for outcome, count in report.counts().items():
        table.add_row(outcome, f"{count:,}")
    out.print(table)
    for line in empty_of(kit):
        say(f"empty: {line}")
