"""Database work of a command: event loop, transaction, and explained failures."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app import setup
from app.cli.terminal import explained_failures
from app.settings import Settings
from geo.db.sessions import Tier


def written[T](settings: Settings, work: Callable[[AsyncSession], Awaitable[T]]) -> T:
    """Start the database, and return the result of ``work``, run in one writer transaction."""

    async def transaction() -> T:
        async with (
            setup.writing_database(settings) as database,
            database.session(Tier.WRITER) as session,
        ):
            return await work(session)

    with explained_failures():
        setup.start_database(settings)
    return run(transaction())


def run[T](work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine; a known failure ends the command with a one-line error."""
    with explained_failures():
        return asyncio.run(work)
