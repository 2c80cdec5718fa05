"""``amparo pull|push …``: submissions from KoboToolbox in, links to this Amparo to CKAN out."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from app import clock, setup
from app.cli.session import run
from app.cli.terminal import EXIT_MISUSED, explained_failures, fail, require_settings, say, warn
from app.exchange.declarations import (
    CkanDeclaration,
    Declared,
    KoboDeclaration,
    read_ckan,
    read_kobo,
)
from app.exchange.errors import DeclarationError
from app.exchange.pulling import pull
from app.exchange.pushing import Pushed, push
from app.settings import Settings
from geo.sources.taking import PullResult

pull_app = typer.Typer(help="Forms elsewhere whose submissions become proposals.")

push_app = typer.Typer(help="Catalogues elsewhere that lead to what is published here.")

#: Upper limit of the printed rows that a pull left out.
_SHOWN = 20

_Name = Annotated[str, typer.Argument(help="Name of its file in AMPARO_HOME/exchange.")]
_DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")]


def add_to(app: typer.Typer) -> None:
    """Register the commands of this module with the application's command line."""
    app.add_typer(pull_app, name="pull")
    app.add_typer(push_app, name="push")


@pull_app.callback()
def _pull() -> None:
    """Let `amparo pull` have commands of its own, although there is one."""


@push_app.callback()
def _push() -> None:
    """Let `amparo push` have commands of its own, although there is one."""


@pull_app.command("kobo")
def pull_kobo(name: _Name, dry_run: _DryRun = False) -> None:
    """Propose what the submissions of a KoboToolbox form say; a second person decides.

    The account is refused if it may do more than view this one form. Exit code 1: refused, or the
    server does not answer; 2: the declaration is wrong.

    Example: amparo pull kobo albergues --dry-run
    """
    settings = require_settings()
    declared = _declared(settings, read_kobo, name)
    _say_taken(run(_pulled(settings, declared, dry_run=dry_run)), dry_run=dry_run)


def _declared[T: (KoboDeclaration, CkanDeclaration)](
    settings: Settings, read: Callable[[Path, str], Declared[T]], name: str
) -> Declared[T]:
    """Return a declaration whose token can be read, and start the database."""
    try:
        declared = read(settings.home, name)
        declared.token()
    except DeclarationError as error:
        fail(str(error), EXIT_MISUSED)
    with explained_failures():
        setup.start_database(settings)
    return declared


async def _pulled(
    settings: Settings, declared: Declared[KoboDeclaration], *, dry_run: bool
) -> PullResult:
    async with setup.writing_database(settings) as database:
        return await pull(database, declared, clock.now, dry_run=dry_run)


def _say_taken(taken: PullResult, *, dry_run: bool) -> None:
    for problem in taken.problems[:_SHOWN]:
        say(problem)
    for space_id in taken.gone:
        warn(f"{space_id}: its submission is no longer there; ask, then confirm or close the space")
    result = taken.result
    say(f"{taken.read:,} submissions read, {taken.taken:,} new or edited")
    if dry_run:
        say(f"nothing was written: {result.left_out:,} rows would be left out (--dry-run)")
        return
    say(
        f"{result.proposed:,} changes wait for a second person, {result.at_once:,} hold at once, "
        f"{result.left_out:,} rows left out"
    )


@push_app.command("ckan")
def push_ckan(name: _Name, dry_run: _DryRun = False) -> None:
    """Make or change a dataset of CKAN, such as HDX, that links to what anybody sees here.

    Spaces are never uploaded, because copies cannot forget; released counts are, if the file says
    so. A token that may edit other organisations is refused. Exit codes as of `amparo pull kobo`.

    Example: amparo push ckan hdx --dry-run
    """
    settings = require_settings()
    declared = _declared(settings, read_ckan, name)
    pushed = run(_pushed(settings, declared, dry_run=dry_run))
    for link in pushed.links:
        say(link)
    what = "would be " if dry_run else ""
    say(
        f"the dataset {declared.stated.dataset} {what}{'made' if pushed.is_new else 'changed'}, "
        f"with {len(pushed.links)} links; {pushed.counts:,} released counts {what}uploaded"
    )


async def _pushed(
    settings: Settings, declared: Declared[CkanDeclaration], *, dry_run: bool
) -> Pushed:
    base = None if settings.public_url is None else str(settings.public_url)
    async with setup.writing_database(settings) as database:
        return await push(database, declared, base, clock.now().date(), dry_run=dry_run)
