"""Private PostgreSQL server, which Amparo runs itself when no database URL is set.

The server listens on a unix socket in a folder that only its own user may enter, so every login
can be trusted and no port can collide. A killed start does no harm: of any number of simultaneous
starts exactly one starts the server, a half-made data folder never looks finished, and a pid file
counts only if it names a living PostgreSQL of this very folder.
"""

import fcntl
import os
import shlex
import shutil
import signal
import stat
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from urllib.parse import quote

from geo.db.installation import (
    SUPERUSER,
    ClusterError,
    Installation,
    call,
    find_installations,
    server_user,
)

DATABASE = "amparo"
#: Port, which is only a part of the socket's file name: the server does not listen on TCP.
PORT = 5432
#: Maximum length of the socket's path: ``sun_path`` of ``sockaddr_un``, less the closing zero
#: (unix(7)).
SOCKET_PATH_BYTES = 107
#: Timeout of a start in seconds, enough for crash recovery of a busy cluster; a start usually takes
#: 0.2 s.
START_S = 120.0
POLL_S = 0.05
#: Characters that the paths may not contain: those special to the shell that pg_ctl calls, and the
#: comma, which is special to libpq.
NOT_IN_PATHS = frozenset('",$`\\\n')

# Settings of the server. Only messages of errors are logged, neither statements nor rows, which may
# hold people's positions (P48).
_SETTINGS: Mapping[str, str] = MappingProxyType(
    {
        "listen_addresses": "",
        # A worker's pools hold up to 10 connections for each tier (database role), 5 more for each
        # tier with a reader of its own (`sessions.Database.reader`), and 1 for LISTEN.
        "max_connections": "200",
        "port": str(PORT),
        "unix_socket_permissions": "0700",
        "jit": "off",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "log_error_verbosity": "terse",
        "log_min_error_statement": "panic",
        "log_parameter_max_length": "0",
        "log_checkpoints": "off",
    }
)
# Offset in bytes of `state` in the file pg_control (ControlFileData of PostgreSQL's
# catalog/pg_control.h, unchanged since before 9.3), after the system identifier (8 bytes) and two
# version numbers. The values of a server that was shut down are DB_SHUTDOWNED and
# DB_SHUTDOWNED_IN_RECOVERY.
_STATE_AT = 16
_SHUT_DOWN = frozenset({1, 2})

# Settings for throw-away data of tests: a killed server loses committed rows. A test process may
# hold more than 90 connections, so the server allows more of them than usual.
_VOLATILE = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "500",
    # Otherwise each new backend loads the library, which takes 12 ms of CPU; tests start thousands.
    "shared_preload_libraries": "postgis-3",
}

_CREATE_DATABASE = """
SELECT format('CREATE DATABASE %I TEMPLATE %I STRATEGY file_copy', :'name', :'template')
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'name') \\gexec
"""


class PrivateCluster:
    """A PostgreSQL with PostGIS in one folder, reached by one socket.

    Parameters
    ----------
    data_dir
        Folder of the data; made by the first start.
    socket_dir
        Folder of the socket; made and kept at mode 0700, owned by the server's user.
    durable
        False for throw-away data (tests): no fsync, and a kill may lose committed rows.

    Notes
    -----
    PostgreSQL refuses to run as root. If the caller is root, the server runs as the system's
    ``postgres`` user, who must be able to enter the folders above `data_dir`.
    """

    def __init__(self, data_dir: Path, socket_dir: Path, *, durable: bool = True) -> None:
        self.data_dir = data_dir.resolve()
        # Do not resolve the last part: a symbolic link planted under this name must be refused.
        self.socket_dir = socket_dir.parent.resolve() / socket_dir.name
        self.durable = durable
        # Cache of the installations, since their search runs four programs.
        self._installations: list[Installation] = []

    @property
    def log_file(self) -> Path:
        """Path of the server's log."""
        return self.data_dir.with_name(f"{self.data_dir.name}.log")

    @property
    def is_running(self) -> bool:
        """Whether a living server of this folder accepts connections."""
        return self._state() == "ready"

    @property
    def was_stopped(self) -> bool:
        """Whether the last server of this folder was shut down, as opposed to killed or crashed."""
        try:
            with (self.data_dir / "global" / "pg_control").open("rb") as control:
                state = control.read(_STATE_AT + 4)[_STATE_AT:]
        except OSError:
            return False
        return int.from_bytes(state, sys.byteorder) in _SHUT_DOWN

    def url(self, role: str, database: str = DATABASE) -> str:
        """Return the SQLAlchemy URL (asyncpg) with which `role` reaches `database`."""
        # State the port, because asyncpg would otherwise take it from PGPORT.
        host = quote(str(self.socket_dir), safe="/")
        return f"postgresql+asyncpg://{quote(role)}@/{quote(database)}?host={host}&port={PORT}"

    def superuser_url(self, database: str = DATABASE) -> str:
        """Return the URL of the superuser: for migrations and tests, never to serve requests."""
        return self.url(SUPERUSER, database)

    def start(self) -> bool:
        """Start the server if it does not run, and create cluster and database if they are missing.

        Returns
        -------
        bool
            True if this call started the server, False if it was running.

        Raises
        ------
        ClusterError
            The server cannot run here: no PostgreSQL, data of another version, a folder that has
            another owner or cannot be entered, or a start that fails.
        """
        if not Path("/proc/self/stat").exists():
            msg = "a private database needs Linux (/proc): set AMPARO_DATABASE_URL instead"
            raise ClusterError(msg)
        if NOT_IN_PATHS & set(f"{self.data_dir}{self.socket_dir}"):
            msg = (
                f"{self.data_dir} or {self.socket_dir} has a comma, quote, $ or \\: set AMPARO_HOME"
            )
            raise ClusterError(msg)
        with self._lock():
            installation = self._fitting_installation()
            started = self._run_server(installation)
            try:
                self._create_database(installation, DATABASE, "template1")
            except ClusterError:
                if self._postmaster() is not None:
                    raise
                # The server ran, but was killed before the database was created: start it again.
                started = self._run_server(installation)
                self._create_database(installation, DATABASE, "template1")
        return started

    def revive(self) -> bool:
        """Start the server of an existing cluster; runs fewer programs than `start`.

        Returns
        -------
        bool
            True if this call started the server.

        Raises
        ------
        ClusterError
            The server does not start.
        """
        with self._lock():
            if self._state() == "ready":
                return False
            # A start fails as long as a process of a killed server still runs, so end these first.
            self._end_orphans()
            return self._run_server(self._fitting_installation())

    def create_database(self, name: str, template: str = "template1") -> None:
        """Create database `name` as a copy of `template`, unless it exists."""
        self._create_database(self._fitting_installation(), name, template)

    def stop(self, *, immediate: bool = False) -> None:
        """Stop the server if it runs, ending its connections.

        Parameters
        ----------
        immediate
            Whether to skip the checkpoint, for data that is thrown away.
        """
        with self._lock():
            deadline = time.monotonic() + START_S
            pid = self._postmaster()
            if pid is not None:
                # SIGINT is PostgreSQL's fast shutdown, SIGQUIT the immediate one (postmaster(1)).
                os.kill(pid, signal.SIGQUIT if immediate else signal.SIGINT)
            while self._postmaster() is not None:
                if time.monotonic() > deadline:
                    msg = f"PostgreSQL (process {pid}) does not stop; see {self.log_file}"
                    raise ClusterError(msg)
                time.sleep(POLL_S)

    # -- lock: one process at a time -----------------------------------------------------

    @contextmanager
    def _lock(self) -> Iterator[None]:
        parent = self.data_dir.parent
        try:
            _make_folders(parent)
            descriptor = os.open(
                self.data_dir.with_name(f"{self.data_dir.name}.lock"),
                os.O_RDWR | os.O_CREAT | os.O_CLOEXEC,
                0o600,
            )
        except OSError as error:
            msg = (
                f"cannot write in {parent} ({error.strerror}): set AMPARO_HOME to a folder of yours"
            )
            raise ClusterError(msg) from error
        try:
            deadline = time.monotonic() + START_S
            while not _try_lock(descriptor):
                if time.monotonic() > deadline:
                    msg = f"another process has been starting {self.data_dir} for {START_S:.0f} s"
                    raise ClusterError(msg)
                time.sleep(POLL_S)
            yield
        finally:
            os.close(descriptor)

    # -- the data folder -----------------------------------------------------------------

    def _fitting_installation(self) -> Installation:
        installations = self._installations = self._installations or find_installations()
        version_file = self.data_dir / "PG_VERSION"
        try:
            made_by = int(version_file.read_text().strip())
        except FileNotFoundError:
            return installations[0]
        except PermissionError as error:
            msg = f"{self.data_dir} belongs to another user: run as that user or set AMPARO_HOME"
            raise ClusterError(msg) from error
        for installation in installations:
            if installation.major == made_by:
                return installation
        has = ", ".join(str(installation.major) for installation in installations)
        msg = (
            f"{self.data_dir} was made by PostgreSQL {made_by}, but PostGIS is here for {has}: "
            f"install postgresql-{made_by}-postgis-3, move the data with pg_upgrade, or set "
            "AMPARO_HOME to a new folder"
        )
        raise ClusterError(msg)

    def _initialise(self, installation: Installation) -> None:
        if self.data_dir.exists() and any(self.data_dir.iterdir()):
            msg = (
                f"{self.data_dir} is not a PostgreSQL data folder: move it away or set AMPARO_HOME"
            )
            raise ClusterError(msg)
        # Use a new folder each time: the initdb of a killed start may still write to the old one.
        parent, name = self.data_dir.parent, self.data_dir.name
        fresh = Path(tempfile.mkdtemp(prefix=f"{name}.new-", dir=parent))
        self._make_own(fresh)
        self._check_reachable(fresh)
        options = ["--data-checksums"] if self.durable else ["--no-sync"]
        installation.run(
            "initdb",
            f"--pgdata={fresh}",
            f"--username={SUPERUSER}",
            "--auth=trust",  # only the server's own user and root reach the socket
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            *options,
        )
        fresh.rename(self.data_dir)
        _sync_folder(parent)

    def _make_own(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, exist_ok=True)
        owner = server_user()
        if owner is not None and folder.lstat().st_uid == 0:
            os.chown(folder, owner.pw_uid, owner.pw_gid, follow_symlinks=False)

    def _check_reachable(self, folder: Path) -> None:
        if call(["/bin/sh", "-c", 'cd "$1"', "sh", folder]).returncode == 0:
            return
        msg = (
            f"PostgreSQL's user '{SUPERUSER}' cannot enter {folder.parent}: set AMPARO_HOME to a "
            "folder outside private homes, such as /var/lib/amparo, or run as an ordinary user"
        )
        raise ClusterError(msg)

    def _prepare_socket_dir(self) -> None:
        if len(os.fsencode(self._socket)) > SOCKET_PATH_BYTES:
            msg = f"{self._socket} is longer than {SOCKET_PATH_BYTES} bytes: use a shorter TMPDIR"
            raise ClusterError(msg)
        _make_folders(self.socket_dir.parent)
        self._make_own(self.socket_dir)
        found = self.socket_dir.lstat()
        owner = server_user()
        wanted = os.geteuid() if owner is None else owner.pw_uid
        # In a shared temporary folder another user may have created this name first.
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != wanted:
            msg = f"{self.socket_dir} is not ours (owner {found.st_uid}): remove it and start again"
            raise ClusterError(msg)
        self.socket_dir.chmod(0o700)

    @property
    def _socket(self) -> Path:
        return self.socket_dir / f".s.PGSQL.{PORT}"

    # -- the server ----------------------------------------------------------------------

    def _run_server(self, installation: Installation) -> bool:
        if not (self.data_dir / "PG_VERSION").exists():
            self._initialise(installation)
        deadline = time.monotonic() + START_S
        while (state := self._state()) != "ready":
            if state is None and self._try_start(installation):
                return True
            if time.monotonic() > deadline:
                found = state or "not running"
                msg = f"PostgreSQL is {found} after {START_S:.0f} s; see {self.log_file}"
                raise ClusterError(msg)
            time.sleep(POLL_S)
        if not self._socket.exists():
            running_in = self._pid_lines()[4]
            msg = (
                f"the server of {self.data_dir} runs, but its socket is in {running_in} and not in "
                f"{self.socket_dir}: use the same TMPDIR, or stop process {self._postmaster()}"
            )
            raise ClusterError(msg)
        return False

    def _try_start(self, installation: Installation) -> bool:
        """Start the stopped server; return False if the caller must wait and retry."""
        self._prepare_socket_dir()
        self._remove_stale_files()
        if not self.log_file.exists():
            self.log_file.touch(mode=0o600)
        owner = server_user()
        if owner is not None:
            os.chown(self.log_file, owner.pw_uid, owner.pw_gid)
        written = self.log_file.stat().st_size
        settings = {**_SETTINGS, **({} if self.durable else _VOLATILE)}
        settings["unix_socket_directories"] = f'"{self.socket_dir}"'
        options = shlex.join(f"--{name}={value}" for name, value in settings.items())
        try:
            installation.run(
                "pg_ctl",
                "start",
                f"--pgdata={self.data_dir}",
                f"--log={self.log_file}",
                f"--timeout={START_S:.0f}",
                "--wait",
                "--silent",
                f"--options={options}",
            )
        except ClusterError as error:
            if self._postmaster() is not None:
                return False  # an earlier pg_ctl, whose caller was killed, has started the server
            with self.log_file.open("rb") as log:
                log.seek(written)
                said = log.read().decode(errors="replace")
            if "shared memory block" in said and "still in use" in said:
                self._end_orphans()
                return False
            msg = f"PostgreSQL does not start: {said.strip() or error}"
            raise ClusterError(msg) from error
        return True

    def _remove_stale_files(self) -> None:
        socket_lock = self._socket.with_name(f"{self._socket.name}.lock")
        for stale in (self.data_dir / "postmaster.pid", self._socket, socket_lock):
            # Check each time: the pg_ctl of a killed start may start the server right now.
            if self._postmaster() is None:
                stale.unlink(missing_ok=True)
        for half_made in self.data_dir.parent.glob(f"{self.data_dir.name}.new-*"):
            shutil.rmtree(half_made, ignore_errors=True)

    def _end_orphans(self) -> None:
        """End processes of a killed server, which would else notice only later that it is gone.

        Sends SIGQUIT, as PostgreSQL itself does after a crash: the processes write nothing more.
        """
        folder = str(self.data_dir)
        for process in Path("/proc").iterdir():
            try:
                is_left = (
                    process.name.isdigit()
                    and str((process / "cwd").readlink()) == folder
                    and (process / "exe").readlink().name.removesuffix(" (deleted)") == "postgres"
                )
                # Check each time: the pg_ctl of a killed start may start the server right now.
                if is_left and self._postmaster() is None:
                    os.kill(int(process.name), signal.SIGQUIT)
            except OSError:
                continue

    def _pid_lines(self) -> list[str]:
        try:
            lines = (self.data_dir / "postmaster.pid").read_text().splitlines()
        except (FileNotFoundError, NotADirectoryError):
            lines = []
        # Lines: pid, data folder, start time, port, socket folder, address, memory key, state.
        return lines + [""] * (8 - len(lines))

    def _postmaster(self) -> int | None:
        """Return the pid of this folder's living server, or None.

        A zombie, or another program that has got the pid, does not count.
        """
        written = self._pid_lines()[0]
        if not written.isdigit():
            return None
        process = Path("/proc") / written
        try:
            state = (process / "stat").read_text().rpartition(")")[2].split()[0]
            command = (process / "cmdline").read_bytes().split(b"\0")
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            return None
        if state in {"Z", "X"} or Path(os.fsdecode(command[0])).name != "postgres":
            return None
        return int(written) if os.fsencode(self.data_dir) in command else None

    def _state(self) -> str | None:
        """Return 'starting', 'ready' or 'stopping' from the pid file; None without a server."""
        if self._postmaster() is None:
            return None
        return self._pid_lines()[7].strip() or "starting"

    # -- programs ------------------------------------------------------------------------

    def _create_database(self, installation: Installation, name: str, template: str) -> None:
        installation.run(
            "psql",
            "--no-psqlrc",
            "--quiet",
            f"--host={self.socket_dir}",
            f"--port={PORT}",
            f"--username={SUPERUSER}",
            "--dbname=postgres",
            "--set=ON_ERROR_STOP=1",
            f"--set=name={name}",
            f"--set=template={template}",
            said=_CREATE_DATABASE,
        )


def _make_folders(folder: Path) -> None:
    """Create the missing parent folders; if root creates them, the server's user may enter them."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    for path in reversed(missing):
        path.mkdir(mode=0o755, exist_ok=True)
        if os.geteuid() == 0:  # set the mode again, regardless of the umask
            path.chmod(0o755)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
