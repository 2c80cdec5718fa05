"""Searches for sites in the background: they take minutes, and a process runs one at a time."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Any, Final

import anyio
import anyio.to_thread

from app.clock import Clock
from app.planning.siting.ground import SitingGround, SitingQuestion
from app.planning.siting.plan import siting_plan
from geo.db.sessions import Database, Tier
from geo.errors import DatabaseUnavailableError
from geo.planning import siting_runs
from routing.errors import InvalidRequest, SolverFailed
from routing.siting.solver import SolverEffort, SolverProgress

#: Seconds between two updates of a run's row, which show that it is alive: each stores the progress
#: and reads whether the person cancelled the run.
_SIGN_S: Final = 1.0


@dataclass
class _Search:
    """State shared by a search's thread and the coroutine that watches the thread.

    The thread writes ``progress``, and stops soon after ``is_over`` is set.
    """

    progress: SolverProgress | None = None
    is_over: bool = False

    def told(self, progress: SolverProgress) -> None:
        self.progress = progress

    @property
    def written(self) -> Mapping[str, Any] | None:
        return None if self.progress is None else asdict(self.progress)


@dataclass
class SitingRuns:
    """Searches of this process; further ones wait for their turn.

    Parameters
    ----------
    database
        Where runs are kept.
    clock
        Clock for the times of the updates of a run's row.
    """

    database: Database
    clock: Clock
    _turn: anyio.CapacityLimiter = field(default_factory=lambda: anyio.CapacityLimiter(1))
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def start(self, run: str, ground: SitingGround, question: SitingQuestion) -> None:
        """Search in the background for a run that `geo.planning.siting_runs` stored before."""
        task = asyncio.create_task(self._search(run, ground, question))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def stop(self) -> None:
        """End all searches, as when the server ends; their runs have then failed."""
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _search(self, run: str, ground: SitingGround, question: SitingQuestion) -> None:
        search = _Search()
        signing = asyncio.create_task(self._sign(run, search))
        result: Mapping[str, Any] | None = None
        try:
            effort = SolverEffort(
                question.time_limit_s,
                on_progress=search.told,
                is_cancelled=lambda: search.is_over,
            )
            work = partial(siting_plan, ground, question, effort)
            with suppress(SolverFailed, InvalidRequest):
                plan = await anyio.to_thread.run_sync(
                    work, limiter=self._turn, abandon_on_cancel=True
                )
                result = asdict(plan)
        finally:
            # The thread reads this and stops, also when the server ends without waiting for it.
            search.is_over = True
            signing.cancel()
            with suppress(DatabaseUnavailableError):
                async with self.database.session(Tier.WRITER) as session:
                    await siting_runs.end_run(session, run, result, self.clock())

    async def _sign(self, run: str, search: _Search) -> None:
        while not search.is_over:
            with suppress(DatabaseUnavailableError):
                async with self.database.session(Tier.WRITER) as session:
                    goes_on = await siting_runs.sign_run(session, run, search.written, self.clock())
                    search.is_over = not goes_on
            await asyncio.sleep(_SIGN_S)


@asynccontextmanager
async def searching(runs: SitingRuns) -> AsyncIterator[None]:
    """Allow searches during the ``with`` block, and end those still running after it."""
    try:
        yield
    finally:
        await runs.stop()
