"""One push of a dataset: checks the token's rights, stores links, uploads counts if declared."""

import asyncio
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from urllib.parse import urlsplit

from app.exchange.ckan import CkanSite
from app.exchange.dataset import dataset_of
from app.exchange.declarations import CkanDeclaration, Declared
from app.exchange.errors import ExchangeError
from app.exchange.json_client import client_of
from app.exchange.released import ReleasedCounts, read_released
from app.settings import is_loopback
from geo.db.sessions import Database, Tier
from geo.records import demo_rows

#: Time limit of all requests of a push together, seconds [A].
PUSH_S: Final = 180.0


@dataclass(frozen=True)
class Pushed:
    """Outcome of a push.

    Attributes
    ----------
    is_new : bool
        Whether the dataset was not there before.
    links : tuple of str
        Addresses that the dataset links to.
    counts : int
        Number of released counts that were uploaded.
    """

    is_new: bool
    links: tuple[str, ...]
    counts: int


async def push(
    database: Database,
    declared: Declared[CkanDeclaration],
    base_url: str | None,
    today: date,
    *,
    dry_run: bool = False,
) -> Pushed:
    """Store a dataset that links here, and upload released counts if the declaration says so.

    Parameters
    ----------
    base_url : str or None
        Public address of this Amparo.
    dry_run : bool
        Check everything, and store nothing.

    Raises
    ------
    ExchangeError
        ``base_url`` is no public https address, fictitious rows are loaded (P35), or the token's
        rights or the site's answers are not as they should be.
    """
    stated, token = declared.stated, declared.token()
    base_url = _checked_base(base_url, stated.server)
    async with database.session(Tier.PUBLIC) as session:
        if await demo_rows.has_demo(session):
            msg = "fictitious rows are loaded: amparo demo remove, before others are led here"
            raise ExchangeError("demo", msg)
    counts = await read_released(database) if stated.upload_counts else ReleasedCounts(())
    try:
        async with asyncio.timeout(PUSH_S), client_of(stated.server, token) as client:
            site = CkanSite(client, stated.organization)
            await site.require_one_organization()
            before = await site.dataset(stated.dataset)
            dataset = dataset_of(stated, base_url, today, before)
            if not dry_run:
                stored = await site.store(dataset)
                if counts.counts:
                    await site.upload(stored, counts)
    except TimeoutError:
        raise ExchangeError("unreachable", "the server answers too slowly") from None
    return Pushed(before is None, _links(dataset, base_url), len(counts.counts))


def _links(dataset: dict[str, Any], base_url: str) -> tuple[str, ...]:
    urls = (str(one.get("url", "")) for one in dataset["resources"])
    return tuple(url for url in urls if url.startswith(f"{base_url}/"))


def _checked_base(base_url: str | None, server: str) -> str:
    parts = urlsplit(base_url or "")
    is_here = is_loopback(parts.hostname or "")
    if is_here and is_loopback(urlsplit(server).hostname or ""):
        return str(base_url).rstrip("/")
    if parts.scheme != "https" or is_here:
        msg = "AMPARO_PUBLIC_URL is not an https:// address by which others reach this Amparo"
        raise ExchangeError("no_public_url", msg)
    return str(base_url).rstrip("/")
