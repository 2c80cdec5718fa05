"""PostgreSQL installations on this machine: search for PostGIS, and calls of their programs."""

import os
import pwd
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from geo.errors import GeoError

#: Name of the user of the operating system as whom root runs the server (as in Debian's packages),
#: and of the superuser role of the database.
SUPERUSER = "postgres"
#: Oldest major version of PostgreSQL that is used: the first with a builtin UTF-8 locale, whose
#: sort order survives upgrades of the system.
MINIMUM_MAJOR = 17

#: Extensions that migrations create. pg_trgm is in Debian's server package, in Red Hat's -contrib.
EXTENSIONS = ("postgis", "pg_trgm")

BIN_DIRS = (
    "/usr/lib/postgresql/*/bin",  # Debian, Ubuntu
    "/usr/pgsql-*/bin",  # Red Hat
    "/usr/local/pgsql/bin",  # built from source
)

# Environment of the programs that are run. The caller's own is not passed on: it may have PG*
# variables, or PROJ_DATA and GDAL_DATA of another installation.
ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC"}


class ClusterError(GeoError):
    """Error: the private PostgreSQL cannot run; the message says what to do."""

    code = "cluster"


@dataclass(frozen=True, order=True)
class Installation:
    """A PostgreSQL on this machine that has PostGIS."""

    major: int
    bin_dir: Path

    def run(self, program: str, *args: str, said: str = "") -> None:
        """Run a program of this installation as the server's user.

        Parameters
        ----------
        program
            Name of the program, for example ``initdb``.
        *args
            Arguments of the program.
        said
            Text that the program reads from standard input.

        Raises
        ------
        ClusterError
            The program fails; the message holds its output.
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
        There is none; the message names each folder that was searched and what it lacks.
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

    # An example of the output: postgres (PostgreSQL) 17.6 (Debian 17.6-0+deb13u1).
    version = said("postgres", "--version")
    major = int(version.split()[2].partition(".")[0])
    folder = Path(said("pg_config", "--sharedir")) / "extension"
    return major, [folder / f"{name}.control" for name in EXTENSIONS]


def call(command: Sequence[str | Path], said: str = "") -> subprocess.CompletedProcess[str]:
    """Run `command` as the server's user, in a clean environment; return exit code and output."""
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
    """Return the user to run the server as: ``postgres`` for root, else None (the current user).

    PostgreSQL refuses to run as root.
    """
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam(SUPERUSER)
    except KeyError as error:
        msg = f"PostgreSQL does not run as root, and user '{SUPERUSER}' is missing"
        raise ClusterError(msg) from error
