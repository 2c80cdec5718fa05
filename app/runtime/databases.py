"""Choice of the database: the private cluster, or an external database named by the settings."""

from sqlalchemy.engine import URL, make_url

from app.runtime import write_proof
from app.settings import Settings
from geo.accounts import staff_reads
from geo.db.private_cluster import PrivateCluster
from geo.db.sessions import Database, Tier, tier_url
from geo.removals import removal_log


def private_cluster(settings: Settings) -> PrivateCluster | None:
    """Return the private cluster; None if ``AMPARO_DATABASE_URL`` names an external database."""
    if settings.database_url is not None:
        return None
    return PrivateCluster(settings.home / "postgres", settings.socket_dir)


def migration_url(settings: Settings) -> URL:
    """Return the URL, with login, for migrations, which create roles, schemas and extensions."""
    if settings.database_url is not None:
        return make_url(settings.database_url.get_secret_value())
    cluster = PrivateCluster(settings.home / "postgres", settings.socket_dir)
    return make_url(cluster.superuser_url())


def describe(settings: Settings) -> str:
    """Return a text that names the database and its location, without any password."""
    if settings.database_url is None:
        return f"the private database in {settings.home / 'postgres'}"
    url = make_url(settings.database_url.get_secret_value())
    host = url.host or url.query.get("host") or "this machine"
    port = "" if url.port is None else f":{url.port}"
    return f"the database on {host}{port} (AMPARO_DATABASE_URL)"


def tier_urls(settings: Settings) -> dict[Tier, URL]:
    """Return the URL, with login, of each tier; no tier has the login for migrations."""
    base = migration_url(settings)
    stated = {
        Tier.PUBLIC: settings.database_url_public,
        Tier.PARTNER: settings.database_url_partner,
        Tier.STAFF: settings.database_url_staff,
        Tier.WRITER: settings.database_url_writer,
    }
    return {
        tier: tier_url(base, tier)
        if secret is None
        else make_url(secret.get_secret_value()).set(drivername="postgresql+asyncpg")
        for tier, secret in stated.items()
    }


def primary_urls(settings: Settings) -> dict[Tier, URL]:
    """Return URLs at the writer's server for tiers that read from another server (a replica)."""
    urls = tier_urls(settings)
    writer = urls[Tier.WRITER]
    place = _place(writer)
    return {
        tier: writer.set(username=url.username, password=url.password)
        for tier, url in urls.items()
        if _place(url) != place
    }


def _place(url: URL) -> tuple[object, ...]:
    """Return host, port and database of a URL, to compare whether two URLs lead to one server."""
    return url.host or url.query.get("host"), url.port or url.query.get("port"), url.database


def listen_url(settings: Settings) -> URL:
    """Return the URL for notifications of changes: the primary server, with the public role."""
    if settings.database_url_listen is None:
        return primary_urls(settings).get(Tier.PUBLIC) or tier_urls(settings)[Tier.PUBLIC]
    url = make_url(settings.database_url_listen.get_secret_value())
    return url.set(drivername="postgresql+asyncpg")


def open_database(settings: Settings, *, for_command: bool = False) -> Database:
    """Create the database object with engines for all tiers, which connect at the first session.

    Statements of command line commands get a longer time limit, because no request waits for them.
    """
    limit_ms = (
        settings.command_statement_timeout_ms if for_command else settings.statement_timeout_ms
    )
    return Database(
        tier_urls(settings),
        apart=primary_urls(settings),
        pool_size=settings.pool_size,
        statement_timeout_ms=limit_ms,
        wait_s=settings.database_wait_s,
        rules={
            removal_log.LIMIT: settings.removals_per_day,
            staff_reads.RECORDS: settings.reading_records_per_day,
            staff_reads.RESTRICTED: settings.reading_restricted_per_day,
        },
        prove=write_proof.proving(settings.home),
    )
