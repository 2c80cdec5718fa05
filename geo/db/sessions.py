"""Database connections: one engine per access tier, logged in as that tier's database role."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable, Mapping
from contextlib import asynccontextmanager, suppress
from enum import StrEnum
from functools import partial
from types import MappingProxyType
from typing import Any

import asyncpg
from sqlalchemy import text
from sqlalchemy.engine import URL, AdaptedConnection, make_url
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import (
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)

from geo.db.compiled_statements import COMPILED
from geo.db.outages import driven, outage_of
from geo.db.primary import CHECK_S, IDLE_S, LOOKING, CheckedReader, Primary, Replica
from geo.db.read_placement import Placing
from geo.db.read_pool import WAIT_S, Asks, ReadPool
from geo.errors import DatabaseUnavailableError, GeoError, UnsafeRoleError


class Tier(StrEnum):
    """An access tier: a LOGIN role of the database and, for readers, a schema of views."""

    PUBLIC = "public"
    PARTNER = "partner"
    STAFF = "staff"
    WRITER = "writer"

    @property
    def role(self) -> str:
        """Name of the database role, for example ``amparo_public``."""
        return f"amparo_{self.value}"

    @property
    def search_path(self) -> str:
        """Search path of the tier's sessions: the tier's views, then the functions of PostGIS.

        For the writer tier the tables take the place of views.
        """
        return "amparo, public" if self is Tier.WRITER else f"tier_{self.value}, public"


_READ_WRITE = text("set transaction read write")
_PROVE = text("select set_config('amparo.proof', :proof, true)")
_SET_PERSON = text("select set_config('amparo.person', :person, true)")


def tier_url(base: str | URL, tier: Tier) -> URL:
    """Return the URL ``base`` with the role of ``tier`` and without a password.

    Parameters
    ----------
    base : str or URL
        Any PostgreSQL URL of the database.
    tier : Tier
        Tier whose role to log in as. Passwords come from the tier's own URL or a ``.pgpass`` file.
    """
    url = make_url(base).set(drivername="postgresql+asyncpg", username=tier.role)
    return URL.create(
        url.drivername, url.username, None, url.host, url.port, url.database, url.query
    )


def create_tier_engine(
    url: URL,
    tier: Tier,
    *,
    pool_size: int = 5,
    statement_timeout_ms: int = 10_000,
    wait_s: float = WAIT_S,
) -> AsyncEngine:
    """Return an engine whose sessions see what ``tier`` may see.

    The database itself runs every transaction of the reading tiers READ ONLY.
    """
    engine = create_async_engine(
        url,
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_pre_ping=True,
        # Prefer the connection used last, which has prepared and planned the usual statements: for
        # a page of the desk, preparing them takes longer than running them.
        pool_use_lifo=True,
        # Keep parameters out of SQLAlchemy's errors, since they may be people's positions (P48).
        hide_parameters=True,
        pool_timeout=wait_s,
        execution_options={"compiled_cache": COMPILED},
        connect_args={
            "server_settings": server_settings(tier, statement_timeout_ms),
            "timeout": wait_s,
        },
    )
    engine.sync_engine.dialect.do_ping = _has_server  # type: ignore[assignment,method-assign]
    return engine


def _has_server(connection: AdaptedConnection) -> bool:
    """Return whether the server of a pooled connection still answers.

    The check takes one round trip, by a statement without parameters in PostgreSQL's simple
    protocol. SQLAlchemy's own ping takes three, because it prepares a statement within a
    transaction.
    """
    try:
        connection.run_async(lambda driver: driver.execute("select"))
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
        return False
    return True


def server_settings(tier: Tier, statement_timeout_ms: int) -> dict[str, str]:
    """Return the server settings of a tier's connections."""
    told = {
        "application_name": f"amparo-{tier.value}",
        "search_path": tier.search_path,
        "statement_timeout": str(statement_timeout_ms),
        "timezone": "UTC",
        "jit": "off",
    }
    if tier is not Tier.WRITER:
        told["default_transaction_read_only"] = "on"
        # Under many concurrent requests, starting parallel workers takes 40 ms and more for a page
        # that one process answers in a fraction of a millisecond (measured).
        told["max_parallel_workers_per_gather"] = "0"
    return told


class Database:
    """Engines, sessions and connection pools of all tiers.

    Parameters
    ----------
    urls : mapping of Tier to URL
        URL of each tier, with its role; tiers without a URL cannot be used.
    apart : mapping of Tier to URL
        For each tier whose URL may lead to a replica, its URL at the primary. If any is given,
        every connection's server is compared with the primary's state before use
        (`geo.db.primary`).
    pool_size, statement_timeout_ms : int
        Number of connections per tier, and the timeout of a statement.
    wait_s : float
        Timeout in seconds for connecting, and for waiting for a free connection.
    rules : mapping of str to int or None
        Settings that override constants such as `geo.removals.removal_log.PER_DAY`, by the key
        under which the module of the constant finds its setting in ``session.info``.
    prove : callable or None
        Returns a proof that Amparo itself writes, for each transaction that may write (see
        `geo.audit.write_proof`).
    """

    def __init__(
        self,
        urls: Mapping[Tier, URL],
        *,
        apart: Mapping[Tier, URL] = MappingProxyType({}),
        pool_size: int = 5,
        statement_timeout_ms: int = 10_000,
        wait_s: float = WAIT_S,
        rules: Mapping[str, int] | None = None,
        prove: Callable[[], str] | None = None,
    ) -> None:
        self._prove = prove
        self._wait_s = wait_s
        # Cache that all sessions share, filled by `app.snapshots.tier_snapshot`.
        self._kept: dict[str, object] = {}
        # None without replicas, when no connection is compared with the primary.
        self._primary = self._primary_at(apart, statement_timeout_ms) if apart else None
        self._replicas: dict[Tier, Replica] = {}
        self._elsewhere: dict[Tier, AsyncEngine] = {}
        self._engines: dict[Tier, AsyncEngine] = {}
        self._readers: dict[Tier, ReadPool] = {}
        self._sessions: dict[Tier, async_sessionmaker[AsyncSession]] = {}
        for tier, url in urls.items():
            make = partial(
                create_tier_engine,
                tier=tier,
                pool_size=pool_size,
                statement_timeout_ms=statement_timeout_ms,
                wait_s=wait_s,
            )
            self._engines[tier] = make(url=apart.get(tier, url))
            told = server_settings(tier, statement_timeout_ms)
            if tier in apart:
                self._elsewhere[tier] = make(url=url)
                # A separate pool whose timeout is shorter than that of requests (`LOOKING`).
                self._replicas[tier] = Replica(ReadPool(url, told, size=1, **LOOKING))
            if tier in {Tier.PUBLIC, Tier.PARTNER}:
                self._readers[tier] = self._reader_of(tier, url, apart.get(tier), told, pool_size)
            info: dict[str, object] = {"tier": tier, "kept": self._kept, **(rules or {})}
            if self._primary is not None:
                info[Placing.KEY] = Placing(
                    self._primary,
                    self._engines[tier],
                    self._elsewhere.get(tier),
                    self._replicas.get(tier),
                )
            self._sessions[tier] = async_sessionmaker(
                self._engines[tier], expire_on_commit=False, info=info
            )

    def _primary_at(self, apart: Mapping[Tier, URL], statement_timeout_ms: int) -> Primary:
        told = server_settings(Tier.PUBLIC, statement_timeout_ms)
        url = apart.get(Tier.PUBLIC) or tier_url(next(iter(apart.values())), Tier.PUBLIC)
        return Primary(ReadPool(url, told, size=2, **LOOKING), self._kept.clear)

    def _reader_of(
        self, tier: Tier, url: URL, primary_url: URL | None, told: dict[str, str], size: int
    ) -> ReadPool:
        if self._primary is None:
            return ReadPool(url, told, size=size, wait_s=self._wait_s)
        at_primary = CheckedReader(
            primary_url or url, told, size=size, wait_s=self._wait_s, primary=self._primary
        )
        if primary_url is None:
            return at_primary
        return CheckedReader(
            url,
            told,
            size=size,
            wait_s=self._wait_s,
            primary=self._primary,
            replica=self._replicas[tier],
            instead=at_primary,
        )

    async def check_roles(self) -> None:
        """Refuse database roles to which row-level security does not apply.

        Raises
        ------
        UnsafeRoleError
            A tier logs in as a superuser or with BYPASSRLS.
        DatabaseUnavailableError
            The database does not answer.
        """
        question = text(
            "select rolname, rolsuper or rolbypassrls from pg_roles where rolname = current_user"
        )
        for tier in self._engines:
            async with self.session(tier) as session:
                name, unsafe = (await session.execute(question)).one()
            _require_safe(tier, name, unsafe=unsafe)
        for tier, engine in self._elsewhere.items():
            # A replica that does not answer is never read, so do not fail because of it.
            with suppress(DatabaseUnavailableError):
                async with translated_errors(OSError, DBAPIError), engine.connect() as connection:
                    name, unsafe = (await connection.execute(question)).one()
                _require_safe(tier, name, unsafe=unsafe)

    @asynccontextmanager
    async def session(
        self, tier: Tier, *, person: str | None = None, read_write: bool = False
    ) -> AsyncIterator[AsyncSession]:
        """Open a session of one tier; commit at the end, roll back on any exception.

        Parameters
        ----------
        tier
            Tier whose role to log in as.
        person
            Id of the signed-in person, for database rules that depend on the person. The database
            keeps the id as a setting of the transaction, which is empty afterwards: no valid id.
        read_write
            Whether the transaction of a reading tier may write, so that it can call the functions
            which log its reads; it grants no further right.
        """
        is_writer = tier is Tier.WRITER
        async with translated_errors(is_writer=is_writer), self._sessions[tier]() as session:
            if read_write:
                Placing.at_primary(session)
            # Connect before the caller's block, where an OSError can only come from the database:
            # the block may raise an OSError about a missing file.
            await connected(session)
            if read_write:
                await session.execute(_READ_WRITE)
            if self._prove is not None and (read_write or tier is Tier.WRITER):
                await session.execute(_PROVE, {"proof": self._prove()})
            if person is not None:
                await session.execute(_SET_PERSON, {"person": person})
            yield session
            await session.commit()
        if is_writer:
            self.doubt()

    @asynccontextmanager
    async def primary_session(self, tier: Tier) -> AsyncIterator[AsyncSession]:
        """Open a session of a reading tier at the primary, for reads on which a write depends.

        A replica lags, and stale data must not be written back.
        """
        if self._primary is None:
            async with self.session(tier) as session:
                yield session
            return
        async with translated_errors(), self._sessions[tier]() as session:
            Placing.at_primary(session)
            yield await connected(session)
            await session.commit()

    @asynccontextmanager
    async def idle_session(self, tier: Tier) -> AsyncIterator[AsyncSession]:
        """Open a session of a reading tier that stays unconnected until `connected` is called."""
        async with translated_errors(), self._sessions[tier]() as session:
            yield session

    def reader(self, tier: Tier) -> ReadPool:
        """Return the pool of raw connections of the public or the partner tier."""
        return self._readers[tier]

    def doubt(self) -> None:
        """Discard the known state of the primary after a commit, so that replicas are rechecked."""
        if self._primary is not None:
            self._primary.doubt()

    async def look[T](self, ask: Callable[[Asks], Awaitable[T]]) -> tuple[T, Hashable]:
        """Run a query at the primary as the public tier.

        Returns
        -------
        tuple
            The result, and the identity of the primary (None without replicas). Every later read of
            this process, in any tier and from any server, is at least as new as the result.

        Raises
        ------
        DatabaseUnavailableError
            The database does not answer.
        """
        if self._primary is None:
            return await ask(self._readers[Tier.PUBLIC]), None
        found, mark = await self._primary.look(ask)
        return found, mark.run

    async def watch_replicas(self) -> None:
        """Probe the replicas in the background while requests come in, until cancelled."""
        while self._primary is not None:
            await asyncio.sleep(CHECK_S)
            if time.monotonic() - self._primary.asked_s < IDLE_S:
                # Ignore the outage: the next request queries the primary and reports the outage.
                with suppress(DatabaseUnavailableError):
                    await self.replicas()

    async def replicas(self) -> dict[Tier, bool]:
        """Return, for each tier with a replica, whether the replica is current enough to be read.

        Raises
        ------
        DatabaseUnavailableError
            No primary answers, so no server can be shown to be current.
        """
        if self._primary is None:
            return {}
        mark = await self._primary.mark(older_s=CHECK_S)
        await asyncio.gather(*(replica.probe(mark) for replica in self._replicas.values()))
        return {tier: replica.is_used for tier, replica in self._replicas.items()}

    async def dispose(self) -> None:
        """Close every connection."""
        for reader in self._readers.values():
            await reader.close()
        for replica in self._replicas.values():
            await replica.close()
        if self._primary is not None:
            await self._primary.close()
        for engine in (*self._engines.values(), *self._elsewhere.values()):
            await engine.dispose()


def _require_safe(tier: Tier, name: str, *, unsafe: bool) -> None:
    if unsafe:
        msg = (
            f"the {tier.value} tier logs in as {name}, which sees everything; "
            f"give it the role {tier.role}"
        )
        raise UnsafeRoleError(msg)


async def connected(session: AsyncSession) -> AsyncSession:
    """Connect a session if it has no connection yet, and return it.

    Raises
    ------
    DatabaseUnavailableError
        The database does not answer.
    """
    if not session.in_transaction():
        placing: Placing | None = session.info.get(Placing.KEY)
        async with translated_errors(OSError, DBAPIError):
            if placing is not None:
                await placing.place(session)
            await session.connection()
    return session


async def raw_connection(session: AsyncSession) -> Asks:
    """Return a session's connection of asyncpg, whose statements join the session's transaction."""
    driver: Any = (await (await session.connection()).get_raw_connection()).driver_connection
    asks: Asks = driver
    return asks


@asynccontextmanager
async def translated_errors(
    *connecting: type[Exception], is_writer: bool = False
) -> AsyncIterator[None]:
    """Turn outages of the database into `DatabaseUnavailableError`; leave other errors unchanged.

    Parameters
    ----------
    *connecting
        Further exceptions that mean an unreachable database, for blocks that do nothing but
        connect.
    is_writer
        Whether the connection must be able to write.
    """
    unreachable: tuple[type[Exception], ...] = (
        InterfaceError,
        OperationalError,
        PoolTimeoutError,
        ConnectionError,
        *connecting,
    )
    try:
        yield
    except GeoError:
        raise
    except Exception as error:
        # COPY raises the driver's error, other statements SQLAlchemy's with the driver's inside.
        outage = outage_of(driven(error), is_writer=is_writer)
        if outage is not None:
            raise outage from error
        is_broken = isinstance(error, DBAPIError) and error.connection_invalidated
        if is_broken or isinstance(error, unreachable):
            msg = "the database does not answer"
            raise DatabaseUnavailableError(msg) from error
        raise
