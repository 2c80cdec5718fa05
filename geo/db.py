"""Connections: one engine per access tier, each logged in as that tier's database role."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from enum import StrEnum
from typing import Any

import asyncpg
from sqlalchemy import text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import (
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)

from geo.errors import DatabaseUnavailableError, GeoError, UnsafeRoleError
from geo.reader import WAIT_S, Asks, Reader


class Tier(StrEnum):
    """Who asks: each tier is a LOGIN role of the database and a schema of views."""

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
        """Schemas a session of this tier sees: its own views, then PostGIS' functions.

        The writer works on the tables themselves.
        """
        return "amparo, public" if self is Tier.WRITER else f"tier_{self.value}, public"


_READ_WRITE = text("set transaction read write")
_PROVE = text("select set_config('amparo.proof', :proof, true)")
_SET_PERSON = text("select set_config('amparo.person', :person, true)")


def tier_url(base: str | URL, tier: Tier) -> URL:
    """Return ``base`` as the role of ``tier``, without a password.

    Parameters
    ----------
    base : str or URL
        Any PostgreSQL URL of the database.
    tier : Tier
        Whose role to log in as. Passwords come from the tier's own URL or a ``.pgpass`` file.
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

    Reading tiers run every transaction READ ONLY in the database itself.
    """
    return create_async_engine(
        url,
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_pre_ping=True,
        # An error of SQLAlchemy otherwise quotes the values, positions among them (P48).
        hide_parameters=True,
        pool_timeout=wait_s,
        connect_args={
            "server_settings": server_settings(tier, statement_timeout_ms),
            "timeout": wait_s,
        },
    )


def server_settings(tier: Tier, statement_timeout_ms: int) -> dict[str, str]:
    """Return what the server is told when a connection of a tier is made."""
    told = {
        "application_name": f"amparo-{tier.value}",
        "search_path": tier.search_path,
        "statement_timeout": str(statement_timeout_ms),
        "timezone": "UTC",
        "jit": "off",
    }
    if tier is not Tier.WRITER:
        told["default_transaction_read_only"] = "on"
        # Many ask at once, and each would start processes: 40 ms and more, for a page that takes
        # one process a fraction of a millisecond (measured).
        told["max_parallel_workers_per_gather"] = "0"
    return told


class Database:
    """The engines of all tiers.

    Parameters
    ----------
    urls : mapping of Tier to URL
        One login a tier; tiers without a URL cannot be asked.
    pool_size, statement_timeout_ms : int
        Connections a tier, and the longest time of one statement.
    wait_s : float
        Seconds to connect, and to wait for a connection that is free.
    rules : mapping of str to int or None
        Numbers that are set otherwise than the modules of rules have them, by the name under which
        those look for them in ``session.info``.
    prove : callable or None
        Gives a proof that Amparo writes, for each transaction that may (see `geo.proving`).
    """

    def __init__(
        self,
        urls: Mapping[Tier, URL],
        *,
        pool_size: int = 5,
        statement_timeout_ms: int = 10_000,
        wait_s: float = WAIT_S,
        rules: Mapping[str, int] | None = None,
        prove: Callable[[], str] | None = None,
    ) -> None:
        self._prove = prove
        self._engines = {
            tier: create_tier_engine(
                url,
                tier,
                pool_size=pool_size,
                statement_timeout_ms=statement_timeout_ms,
                wait_s=wait_s,
            )
            for tier, url in urls.items()
        }
        self._readers: dict[Tier, Reader] = {
            tier: Reader(
                url, server_settings(tier, statement_timeout_ms), size=pool_size, wait_s=wait_s
            )
            for tier, url in urls.items()
            if tier in {Tier.PUBLIC, Tier.PARTNER}
        }
        # What readers keep between sessions; `app.knowledge` says what and for how long.
        kept: dict[str, object] = {}
        self._sessions = {
            tier: async_sessionmaker(
                engine, expire_on_commit=False, info={"tier": tier, "kept": kept, **(rules or {})}
            )
            for tier, engine in self._engines.items()
        }

    async def check_roles(self) -> None:
        """Refuse logins that the database would not hold back.

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
            if unsafe:
                msg = (
                    f"the {tier.value} tier logs in as {name}, which sees everything; "
                    f"give it the role {tier.role}"
                )
                raise UnsafeRoleError(msg)

    @asynccontextmanager
    async def session(
        self, tier: Tier, *, person: str | None = None, read_write: bool = False
    ) -> AsyncIterator[AsyncSession]:
        """Open a session of one tier: commits at the end, rolls back on any exception.

        Parameters
        ----------
        tier
            Whose role to log in as.
        person
            Id of who asks, for the rules that name people; it ends with the transaction and
            reads as an empty string afterwards, which is nobody's id.
        read_write
            Lets a reading tier call the functions that record its reading; it gives no right.
        """
        async with translated_errors(), self._sessions[tier]() as session:
            # Files that the caller reads may be missing too: only here it is the database.
            await connected(session)
            if read_write:
                await session.execute(_READ_WRITE)
            if self._prove is not None and (read_write or tier is Tier.WRITER):
                await session.execute(_PROVE, {"proof": self._prove()})
            if person is not None:
                await session.execute(_SET_PERSON, {"person": person})
            yield session
            await session.commit()

    @asynccontextmanager
    async def idle_session(self, tier: Tier) -> AsyncIterator[AsyncSession]:
        """Open a session of a reading tier for who may not need one: `connected` connects it."""
        async with translated_errors(), self._sessions[tier]() as session:
            yield session

    def reader(self, tier: Tier) -> Reader:
        """Return raw connections of the public or the partner tier, for single statements."""
        return self._readers[tier]

    async def dispose(self) -> None:
        """Close every connection."""
        for reader in self._readers.values():
            await reader.close()
        for engine in self._engines.values():
            await engine.dispose()


async def connected(session: AsyncSession) -> AsyncSession:
    """Return a session that has its connection now, if it had none.

    Raises
    ------
    DatabaseUnavailableError
        The database does not answer.
    """
    if not session.in_transaction():
        async with translated_errors(OSError, DBAPIError):
            await session.connection()
    return session


async def raw_connection(session: AsyncSession) -> Asks:
    """Return the driver's connection of a session: statements on it are in its transaction."""
    driver: Any = (await (await session.connection()).get_raw_connection()).driver_connection
    asks: Asks = driver
    return asks


@asynccontextmanager
async def translated_errors(*connecting: type[Exception]) -> AsyncIterator[None]:
    """Turn a driver's connection failures into `DatabaseUnavailableError`; pass the rest on.

    Parameters
    ----------
    *connecting
        What else means an unreachable database where nothing but connecting is done.
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
    except unreachable as error:
        msg = "the database does not answer"
        raise DatabaseUnavailableError(msg) from error
    except asyncpg.QueryCanceledError as error:
        # Of a COPY, which is the driver's own and no statement of SQLAlchemy's.
        msg = "the database answers too late"
        raise DatabaseUnavailableError(msg) from error
    except asyncpg.PostgresConnectionError as error:
        msg = "the database does not answer"
        raise DatabaseUnavailableError(msg) from error
    except DBAPIError as error:
        if error.connection_invalidated or "statement timeout" in str(error.orig):
            msg = "the database answers too late"
            raise DatabaseUnavailableError(msg) from error
        raise
