"""tipg, a server of OGC API Features and tiles that is measured beside ours.

It has an environment of its own, for it takes other versions of what we take too;
requirements-tipg.lock says which. Made anew, with the same names in it:
uv pip compile --universal --python-version 3.12 --generate-hashes --no-header -
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Final

from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import create_async_engine

from benchmarks._server_process import ROOT
from geo.db.sessions import Tier

LOCK: Final = ROOT / "requirements-tipg.lock"

#: Its role: it keeps its functions in a temporary schema, which our own roles may not have.
ROLE: Final = "bench_tipg"

#: It reads what the public may read, as ours does, and no function.
_SETTINGS: Final = {
    "TIPG_DB_SCHEMAS": json.dumps([f"tier_{Tier.PUBLIC.value}"]),
    "TIPG_DB_TABLES": json.dumps(["tier_public.places", "tier_public.roads"]),
    "TIPG_DB_FUNCTIONS": "[]",
}


def installed(folder: Path) -> Path:
    """Return the Python of tipg's environment in a folder, made where it is absent.

    Raises
    ------
    subprocess.CalledProcessError
        It cannot be installed.
    """
    python = folder / "bin" / "python"
    if not (folder / "made").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)  # noqa: S603
        install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        only = ["--require-hashes", "--only-binary", ":all:", "-r", str(LOCK)]
        subprocess.run([*install, *only], check=True)  # noqa: S603
        (folder / "made").touch()
    return python


async def make_role(superuser_url: str) -> str:
    """Make a role that may read what the public may, and return its URL."""
    engine = create_async_engine(superuser_url)
    known = text("select 1 from pg_roles where rolname = :role")
    async with engine.begin() as connection:
        if not await connection.scalar(known, {"role": ROLE}):
            make = f"create role {ROLE} login in role {Tier.PUBLIC.role}"
            await connection.execute(text(make))
        database = make_url(superuser_url).database
        await connection.execute(text(f"grant temporary on database {database} to {ROLE}"))
    await engine.dispose()
    return make_url(superuser_url).set(username=ROLE).render_as_string()


def environment(url: str) -> dict[str, str]:
    """Return its settings: all as it comes, but for the database and what is read of it.

    Parameters
    ----------
    url
        Of `make_role`, over a socket.
    """
    parts = make_url(url)
    socket = str(parts.query["host"]).replace("/", "%2F")
    address = f"postgresql://{parts.username}@{socket}:{parts.query['port']}/{parts.database}"
    return {**_SETTINGS, "DATABASE_URL": address}
