"""``amparo spaces …``: import of files of spaces, their mappings, deletion, possible duplicates."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn
from rich.table import Table
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.cli.session import written
from app.cli.terminal import EXIT_FAILED, err, explained_failures, fail, out, require_settings, say
from geo.imports import duplicates, reports
from geo.imports.apply import ImportResult, apply
from geo.imports.check import check_file
from geo.imports.mapping import FieldMapping, parse_mapping
from geo.imports.mapping_suggestion import suggest
from geo.imports.readers.detection import FORMATS, ReadingOptions
from geo.imports.reports import Checked
from geo.oversight import erasure

spaces_app = typer.Typer(help="Records of spaces: import, mappings, duplicates.")
mapping_app = typer.Typer(help="Mapping files: which column is which field.")
duplicates_app = typer.Typer(help="Records that may be one place.")
spaces_app.add_typer(mapping_app, name="mapping")
spaces_app.add_typer(duplicates_app, name="duplicates")

#: Upper limit of the printed problems, and of the printed possible duplicates; the report file has
#: all.
_SHOWN = 20

_NOTHING_CHANGED = "nothing was changed"

_File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The file.")]
_Format = Annotated[
    str | None, typer.Option("--format", help=f"One of {', '.join(FORMATS)}; default: it looks.")
]


@spaces_app.command("import")
def spaces_import(
    file: _File,
    mapping: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="A mapping file (TOML)."),
    ] = None,
    report: Annotated[
        Path | None, typer.Option(dir_okay=False, help="Write the row-by-row report as CSV.")
    ] = None,
    source: Annotated[
        str | None, typer.Option(help="Source of new records that state none.")
    ] = None,
    write: Annotated[
        bool, typer.Option("--apply", help="Write; without it nothing is changed.")
    ] = False,
    only_good: Annotated[
        bool, typer.Option("--only-good", help="Leave bad rows out instead of refusing the file.")
    ] = False,
) -> None:
    """Check a file of spaces row by row, and with --apply write it, all or nothing.

    CSV, XLSX, HXL, HSDS 3 JSON, GeoJSON, GeoPackage, KML/KMZ, Kobo and ODK exports.

    Example: amparo spaces import matriz.xlsx --mapping gifmm.toml --report informe.csv --apply
    """
    settings = require_settings()
    with explained_failures():
        data = file.read_bytes()
        stated = None if mapping is None else parse_mapping(mapping.read_bytes())
    with explained_failures(_NOTHING_CHANGED), _Shown() as show:

        async def work(session: AsyncSession) -> tuple[Checked, ImportResult | None]:
            now = clock.now()
            checked = await check_file(
                session,
                data,
                file.name,
                stated,
                now=now,
                today=now.date(),
                source=source,
                progress=show,
            )
            if not write or (checked.counts()["bad"] and not only_good):
                return checked, None
            done = await apply(
                session,
                checked,
                now=now,
                today=now.date(),
                only_good=only_good,
                allow_mixed=settings.allow_demo_mixed,
            )
            return checked, done

        checked, done = written(settings, work)
    if report is not None:
        with explained_failures():
            report.write_text(reports.as_csv(checked), encoding="utf-8-sig")
    _say_checked(checked, report)
    _say_end(checked, done, write=write)


class _Shown:
    """Progress bar that the check of a file updates; removed from the terminal at the end."""

    def __init__(self) -> None:
        self._bar = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            console=err,
            transient=True,
        )

    def __enter__(self) -> Callable[[int, int], None]:
        self._bar.start()
        task = self._bar.add_task("checking rows", total=None)

        def show(done: int, total: int) -> None:
            self._bar.update(task, completed=done, total=total)
            if done >= total:
                self._bar.update(task, description="comparing and writing", total=None)

        return show

    def __exit__(self, *_: object) -> None:
        self._bar.stop()


def _say_checked(checked: Checked, report: Path | None) -> None:
    for remark in checked.remarks:
        say(remark)
    for line in checked.problems(_SHOWN):
        say(line)
    alike = [row for row in checked.rows if row.alike]
    for row in alike[:_SHOWN]:
        say(f"{checked.name}:{row.number}: may be the same place as {row.alike[0].id}")
    table = Table("rows", "", title=f"{checked.name} ({checked.format})")
    for state, count in checked.counts().items():
        table.add_row(state if state != "alike" else "possible duplicates", f"{count:,}")
    out.print(table)
    if report is not None:
        say(f"the report of every row is in {report}")


def _say_end(checked: Checked, done: ImportResult | None, *, write: bool) -> None:
    if done is not None:
        say(
            f"{done.added:,} spaces added, {done.changed:,} changed, {done.unchanged:,} unchanged, "
            f"{done.left_out:,} rows left out"
        )
    elif write:
        fail("nothing was written: correct the bad rows, or leave them out with --only-good")
    elif checked.counts()["bad"]:
        say("nothing was written (without --apply), and bad rows stand in the way")
        raise typer.Exit(EXIT_FAILED)
    else:
        say("nothing was written: say --apply to write it")


@spaces_app.command("delete")
def spaces_delete(
    space: Annotated[str, typer.Argument(help="Its id.")],
    reason: Annotated[str, typer.Option(help="Why, for the audit; never about a person.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Delete a space for good at its operator's request: record, past and proposals (P29).

    A space that has closed stays, as closed. A file that still has the space brings it back.

    Example: amparo spaces delete CO-0042 --reason "lo pidió quien lo opera"
    """
    if not yes:
        typer.confirm(f"Delete {space} and its whole past? This cannot be undone.", abort=True)

    async def work(session: AsyncSession) -> int:
        now = clock.now()
        return await erasure.erase_space(session, space, actor="cli", reason=reason, now=now)

    count = written(require_settings(), work)
    out.print(f"{space} is deleted, with {count} past states", markup=False)


@mapping_app.command("suggest")
def mapping_suggest(
    file: _File,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", dir_okay=False, help="Write it here.")
    ] = None,
    kind: _Format = None,
    sheet: Annotated[str | None, typer.Option(help="Sheet of a workbook.")] = None,
) -> None:
    """Propose a mapping from headers and values; read it before you use it.

    Example: amparo spaces mapping suggest matriz.xlsx -o gifmm.toml
    """
    if kind is not None and kind not in FORMATS:
        fail(f"--format is one of {', '.join(FORMATS)}")
    with explained_failures():
        found = suggest(
            file.name, file.read_bytes(), reading=ReadingOptions(format=kind, sheet=sheet)
        )
        if output is not None:
            output.write_text(found.toml(), encoding="utf-8")
    if output is None:
        say(found.toml())
        return
    for note in found.notes:
        say(note)
    say(f"written to {output}")


@mapping_app.command("check")
def mapping_check(file: _File) -> None:
    """Check a mapping file without a file to import.

    Example: amparo spaces mapping check gifmm.toml
    """
    with explained_failures():
        mapping: FieldMapping = parse_mapping(file.read_bytes())
    say(f"{len(mapping.fields) + len(mapping.answers)} fields, {len(mapping.constants)} constants")


@duplicates_app.command("find")
def duplicates_find() -> None:
    """Compare every space with every other and keep the pairs that may be one place.

    Example: amparo spaces duplicates find
    """
    say(f"{written(require_settings(), duplicates.find_duplicates):,} pairs may be one place")


@duplicates_app.command("list")
def duplicates_list(
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most so many.")] = 50,
) -> None:
    """List the pairs that somebody should decide, the likeliest first.

    Example: amparo spaces duplicates list --limit 20
    """

    async def work(session: AsyncSession) -> list[duplicates.OpenPair]:
        return await duplicates.open_pairs(session, None, limit=limit)

    for pair in written(require_settings(), work):
        say(f"{pair.score:.2f}  {pair.left} {pair.left_name}  =?  {pair.right} {pair.right_name}")
