"""One run of a Kobo source: checks its rights, reads submissions, and proposes changes."""

import asyncio
from typing import Final

from app.clock import Clock
from app.exchange.declarations import Declared, KoboDeclaration, mapping_of
from app.exchange.errors import ExchangeError
from app.exchange.json_client import client_of
from app.exchange.kobo import KoboForm
from geo.accounts.people import find_person
from geo.db.sessions import Database, Tier
from geo.sources import ledger
from geo.sources.survey_form import require_readable
from geo.sources.taking import PullResult, Reading, Source, service_account, take

#: Time limit of all requests of a run together, seconds [A].
RUN_S: Final = 180.0


async def pull(
    database: Database,
    declared: Declared[KoboDeclaration],
    clock: Clock,
    *,
    dry_run: bool = False,
) -> PullResult:
    """Read a form's submissions and propose what they say.

    No database connection is held while the other server is asked. A run stores all submissions
    that it read and the new position, or nothing; the next run goes on from the stored position.

    Raises
    ------
    ExchangeError
        The token, the account's rights or the server's answers are not as they should be.
    GeoError
        The mapping, the form or the service account cannot be used.
    """
    mapping, token = mapping_of(declared), declared.token()
    async with database.session(Tier.WRITER) as session:
        person = await find_person(session, declared.stated.person)
        await service_account(session, person.id)
        position = await ledger.read_position(session, declared.name)
    try:
        async with (
            asyncio.timeout(RUN_S),
            client_of(declared.stated.server, f"Token {token}") as client,
        ):
            form = KoboForm(client, declared.stated.asset)
            await form.require_view_only()
            asked = require_readable(declared.name, await form.questions(), mapping)
            reading: Reading = await form.read(asked, position, declared.stated.most)
    except TimeoutError:
        raise ExchangeError("unreachable", "the server answers too slowly") from None
    source = Source(declared.name, mapping, asked, person.id)
    async with database.session(Tier.WRITER) as session:
        # If another run has moved the position meanwhile, that run has stored these submissions
        # already.
        if await ledger.read_position(session, declared.name, lock=True) != position:
            raise ExchangeError("overtaken", "another run took these submissions meanwhile")
        return await take(session, source, reading, now=clock(), dry_run=dry_run)
