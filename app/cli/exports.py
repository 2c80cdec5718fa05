"""``amparo export``: spaces as a file, as one tier sees them."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from app import clock, setup
from app.cli.session import run
from app.cli.terminal import err, explained_failures, fail, require_settings
from app.runtime.databases import open_database
from app.settings import Settings
from geo.db.sessions import Tier
from geo.exports.formats import FORMATS, find_format
from geo.exports.snapshot import Selection, Snapshot, read_snapshot


class ExportTier(StrEnum):
    """Tiers of readers for whom a file can be made; restricted records are in no file."""

    PUBLIC = "public"
    PARTNER = "partner"


def export(
    format: Annotated[  # noqa: A002 -- the parameter's name in the API
        str, typer.Argument(help=f"One of {', '.join(FORMATS)}.")
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="File to write.", dir_okay=False)],
    tier: Annotated[ExportTier, typer.Option(help="Whose eyes.")] = ExportTier.PUBLIC,
    country: Annotated[str | None, typer.Option(help="ISO 3166-1 alpha-2.")] = None,
    admin1: Annotated[str | None, typer.Option(help="Name of the division.")] = None,
    locality: Annotated[str | None, typer.Option(help="Name of the municipality.")] = None,
    service: Annotated[str | None, typer.Option(help="Code of a service.")] = None,
) -> None:
    """Write spaces to a file, as the public or a partner sees them.

    Example: amparo export xlsx --tier partner --country CO -o espacios.xlsx
    """
    if format not in FORMATS:
        fail(f"no such format; known are: {', '.join(FORMATS)}", 2)
    settings = require_settings()
    selection = Selection(country, admin1, locality, service)
    with explained_failures():
        setup.start_database(settings)
    found = find_format(format)
    snapshot = run(_read(settings, found.tier_of(Tier(tier.value)), selection))
    with explained_failures():
        written = found.write(snapshot)
        # A temporary file makes the write atomic: a partial list could be taken for the whole one.
        beside = output.with_name(f".{output.name}.part")
        beside.write_bytes(written)
        beside.replace(output)
    err.print(f"{len(snapshot.records)} spaces, {len(written):,} bytes: {output}", markup=False)


async def _read(settings: Settings, tier: Tier, selection: Selection) -> Snapshot:
    database = open_database(settings, for_command=True)
    try:
        async with database.session(tier) as session:
            return await read_snapshot(session, tier, selection, now=clock.now())
    finally:
        await database.dispose()
