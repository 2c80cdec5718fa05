"""The PostgreSQL of this machine: which one has PostGIS, and running its programs."""

import os
import pwd
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from geo.errors import GeoError

SUPERUSER = "postgres"  # of the system, by Debian's packages, and of the database
MINIMUM_MAJOR = 17  # the first with a builtin UTF-8 locale: sorting survives system upgrades

#: What migrations create. Debian has pg_trgm in the server's package, Red Hat in -contrib.
EXTENSIONS = ("postgis", "pg_trgm")

BIN_DIRS = (
    "/usr/lib/postgresql/*/bin",  # Debian, Ubuntu
    "/usr/pgsql-*/bin",  # Red Hat
    "/usr/local/pgsql/bin",  # built from source
)

# A fixed environment: no PG* variable, and no PROJ_DATA or GDAL_DATA of another installation.
ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC"}


class ClusterError(GeoError):
    """The private PostgreSQL cannot run; the message says what to do."""

    code = "cluster"


@dataclass(frozen=True, order=True)
class Installation:
    """A PostgreSQL on this machine that has PostGIS."""

    major: int
    bin_dir: Path

    def run(self, program: str, *args: str, said: str = "") -> None:
        """Run one of its programs as the server's user.

        Parameters
        ----------
        program
            Name of the program, for example ``initdb``.
        *args
            Its arguments.
        said
            What it reads from standard input.

        Raises
        ------
        ClusterError
            If it fails, with what it printed.
        """
        done = call([self.bin_dir / program, *args], said)
        if done.returncode != 0:
            msg = f"{program} failed ({done.returncode}): {(done.stderr or done.stdout).strip()}"
            raise ClusterError(msg)


def find_installations(patterns: Sequence[str] = BIN_DIRS) -> list[Installation]:
    """Return every PostgreSQL >= `MINIMUM_MAJOR` with `EXTENSIONS`, newest first.

    Raises
    ------
    ClusterError
        If there is none; names each folder looked at and what it lacks.
    """
    folders = sorted({path for pattern in patterns for path in Path("/").glob(pattern[1:])})
    found, seen = [], []
    for bin_dir in folders:
        try:
            major, extensions = _inspect(bin_dir)
        except (OSError, subprocess.SubprocessError, ValueError) as error:
            seen.append(f"{bin_dir}: {error}")
            continue
        if major < MINIMUM_MAJOR:
            seen.append(f"{bin_dir}: version {major}, but {MINIMUM_MAJOR} or newer is needed")
        elif lacking := [one for one in extensions if not one.is_file()]:
            seen.append(f"{bin_dir}: no {', '.join(map(str, lacking))}")
        else:
            found.append(Installation(major, bin_dir))
    if not found:
        looked = "; ".join(seen) or f"nothing in {', '.join(patterns)}"
        msg = (
            f"no PostgreSQL {MINIMUM_MAJOR} or newer with PostGIS ({looked}). Install the Debian "
            "packages postgresql-17 and postgresql-17-postgis-3, or set AMPARO_DATABASE_URL."
        )
        raise ClusterError(msg)
    return sorted(found, reverse=True)


def _inspect(bin_dir: Path) -> tuple[int, list[Path]]:
    def said(program: str, option: str) -> str:
        return subprocess.run(  # noqa: S603 - fixed programs of a system folder
            [bin_dir / program, option],
            capture_output=True,
            text=True,
            check=True,
            env=ENVIRONMENT,
        ).stdout.strip()

    version = said("postgres", "--version")  # postgres (PostgreSQL) 17.6 (Debian 17.6-0+deb13u1)
    major = int(version.split()[2].partition(".")[0])
    folder = Path(said("pg_config", "--sharedir")) / "extension"
    return major, [folder / f"{name}.control" for name in EXTENSIONS]


def call(command: Sequence[str | Path], said: str = "") -> subprocess.CompletedProcess[str]:
    """Run `command` as the server's user, in a clean environment, and return what it did."""
    owner = server_user()
    return subprocess.run(  # noqa: S603 - our own arguments, no shell
        command,
        check=False,
        capture_output=True,
        cwd="/",
        env=ENVIRONMENT,
        extra_groups=None if owner is None else [],
        group=None if owner is None else owner.pw_gid,
        input=said,
        text=True,
        umask=0o077,
        user=None if owner is None else owner.pw_uid,
    )


def server_user() -> pwd.struct_passwd | None:
    """Return whom the server runs as: None for ourselves, the postgres user for root."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam(SUPERUSER)
    except KeyError as error:
        msg = f"PostgreSQL does not run as root, and user '{SUPERUSER}' is missing"
        raise ClusterError(msg) from error
