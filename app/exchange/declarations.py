"""Declarations of exchanges: TOML files in ``AMPARO_HOME`` with a server and where its token is."""

import os
import re
import stat
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from app.exchange.errors import DeclarationError
from app.settings import is_loopback, secret_of
from geo.imports.mapping import FieldMapping, parse_mapping

#: Folder in ``AMPARO_HOME`` with a folder for each kind of exchange: ``exchange/kobo/NAME.toml``.
FOLDER: Final = "exchange"

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")

#: Upper limit of a declaration's file, bytes [A].
_MOST: Final = 262_144
#: Most characters of a token's file.
_LONGEST_TOKEN: Final = 4_096


class _Declaration(BaseModel):
    """What every exchange declares."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    server: str
    token_variable: str | None = Field(None, pattern=r"^[A-Z][A-Z0-9_]{0,79}$")
    token_file: str | None = None

    @field_validator("token_variable")
    @classmethod
    def _is_no_setting(cls, variable: str | None) -> str | None:
        if variable is not None and variable.startswith("AMPARO_"):
            msg = "does not begin with AMPARO_: those are settings"
            raise ValueError(msg)
        return variable

    @field_validator("server")
    @classmethod
    def _is_safe(cls, server: str) -> str:
        parts = urlsplit(server)
        if parts.username or parts.password or parts.query or parts.fragment or not parts.hostname:
            msg = "is the address of a server, without a name, a query or a fragment"
            raise ValueError(msg)
        if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname)):
            msg = "begins with https:// unless the server is this machine: a token goes there"
            raise ValueError(msg)
        return server.rstrip("/")


class KoboDeclaration(_Declaration):
    """Form of a KoboToolbox server whose submissions become proposals.

    ``person`` is the id or e-mail address of the service account, an editor of the organisation.
    ``every_h`` is the time between two runs of the server, hours; without it `amparo pull` alone
    runs it. ``most`` is the number of submissions that one run reads at most.
    """

    asset: str = Field(pattern=r"^[A-Za-z0-9]{5,64}$")
    person: str = Field(min_length=1, max_length=254)
    every_h: int | None = Field(None, ge=1, le=168)
    most: int = Field(500, ge=1, le=1_000)
    mapping: dict[str, Any]


class CkanDeclaration(_Declaration):
    """Dataset of a CKAN site, such as HDX, that links to this Amparo.

    The members below ``dataset`` are those of CKAN's and HDX's datasets.
    """

    organization: str = Field(pattern=r"^[a-z0-9_-]{2,100}$")
    dataset: str = Field(pattern=r"^[a-z0-9_-]{2,100}$")
    title: str = Field(min_length=1, max_length=300)
    notes: str = Field(min_length=1, max_length=10_000)
    dataset_source: str = Field(min_length=1, max_length=300)
    license_id: str = Field(min_length=1, max_length=60)
    methodology: Literal[
        "Census", "Sample Survey", "Direct Observational Data/Anecdotal Data", "Registry", "Other"
    ]
    methodology_other: str | None = Field(None, max_length=10_000)
    caveats: str = Field(min_length=1, max_length=10_000)
    data_update_frequency: Literal[
        "-2", "-1", "0", "1", "7", "14", "30", "90", "180", "365"
    ]  # HDX: days; 0 live, -1 never, -2 as needed
    maintainer: str = Field(min_length=1, max_length=100)
    groups: list[str] = Field(min_length=1, max_length=60)
    tags: list[str] = Field(default_factory=list, max_length=60)
    tag_vocabulary: str | None = Field(None, max_length=100)
    upload_counts: bool = False


@dataclass(frozen=True)
class Declared[T: _Declaration]:
    """A declaration that was read, with its name and the folder of its file."""

    name: str
    folder: Path
    stated: T

    def token(self) -> str:
        """Return the token, from the environment or from a file that only its owner reads.

        Raises
        ------
        DeclarationError
            There is no token, or others may read its file.
        """
        if self.stated.token_variable is not None:
            found = secret_of(self.stated.token_variable)
            if found is None:
                msg = f"{self.name}: {self.stated.token_variable} is not set in the environment"
                raise DeclarationError("no_token", msg, name=self.name)
            return _checked_token(self.name, found)
        if self.stated.token_file is None:
            msg = f"{self.name}: name where its token is, by token_file or token_variable"
            raise DeclarationError("no_token", msg, name=self.name)
        return _checked_token(self.name, _private_text(self.name, self.folder, self.stated))


def read_kobo(home: Path, name: str) -> Declared[KoboDeclaration]:
    """Return a declared source of submissions.

    Raises
    ------
    DeclarationError
        There is no such file, or a member is wrong; the error names each, without its value.
    """
    return _read(home, "kobo", name, KoboDeclaration)


def read_ckan(home: Path, name: str) -> Declared[CkanDeclaration]:
    """Return a declared dataset; raises the errors of `read_kobo`."""
    return _read(home, "ckan", name, CkanDeclaration)


def kobo_names(home: Path) -> list[str]:
    """Return the names of all declared sources of submissions."""
    files = (home / FOLDER / "kobo").glob("*.toml")
    return sorted(file.stem for file in files if _NAME.fullmatch(file.stem))


def mapping_of(source: Declared[KoboDeclaration]) -> FieldMapping:
    """Return the mapping of a source's questions to fields.

    Raises
    ------
    InvalidFileError
        The mapping has problems.
    """
    return parse_mapping(source.stated.mapping)


def interval_of(source: Declared[KoboDeclaration]) -> timedelta | None:
    """Return the time between two runs, or None for a source that only a command runs."""
    hours = source.stated.every_h
    return None if hours is None else timedelta(hours=hours)


def _read[T: _Declaration](home: Path, kind: str, name: str, model: type[T]) -> Declared[T]:
    folder = home / FOLDER / kind
    where = f"{FOLDER}/{kind}/{name[:40]}.toml"
    if not _NAME.fullmatch(name):
        msg = "a name has small letters, digits and hyphens, 40 at most"
        raise DeclarationError("not_declared", msg)
    try:
        content = (folder / f"{name}.toml").read_bytes()
    except OSError:
        msg = f"there is no {where} in AMPARO_HOME: docs/operations.md says what it holds"
        raise DeclarationError("not_declared", msg, name=name) from None
    if len(content) > _MOST:
        raise DeclarationError("declaration_wrong", f"{where} is too large", name=name)
    try:
        stated: Mapping[str, Any] = tomllib.loads(content.decode("utf-8-sig"))
        return Declared(name, folder, model.model_validate(stated))
    except ValidationError as error:
        lines = [
            f"{where}: {'.'.join(map(str, one['loc']))}: {one['msg'].removeprefix('Value error, ')}"
            for one in error.errors(include_url=False, include_input=False)
        ]
        raise DeclarationError("declaration_wrong", "\n".join(lines), name=name) from None
    except ValueError as error:
        # Only the error's class is named: its message could repeat a line of the file.
        msg = f"{where} is not TOML in UTF-8 ({type(error).__name__})"
        raise DeclarationError("declaration_wrong", msg, name=name) from None


def _private_text(name: str, folder: Path, stated: _Declaration) -> str:
    """Return the text of a token's file.

    The file has to belong to this process's user or to root, and to be closed to everybody else.
    """
    path = folder / str(stated.token_file)
    try:
        # The file is opened once, and not through a symbolic link, so that the file whose owner is
        # checked below is the file that is read.
        opened = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        msg = f"{name}: the file of its token cannot be read ({error.strerror})"
        raise DeclarationError("no_token", msg, name=name) from None
    with os.fdopen(opened, "rb") as file:
        about = os.fstat(file.fileno())
        if not stat.S_ISREG(about.st_mode) or about.st_mode & 0o077:
            msg = f"{name}: others may read the file of its token: chmod 600 it, and make a new one"
            raise DeclarationError("token_not_private", msg, name=name)
        if about.st_uid not in {0, os.geteuid()}:
            msg = f"{name}: the file of its token belongs to somebody else"
            raise DeclarationError("token_not_private", msg, name=name)
        return file.read(_LONGEST_TOKEN + 1).decode("ascii", errors="replace")


def _checked_token(name: str, text: str) -> str:
    token = text.strip()
    if not re.fullmatch(r"[\x21-\x7e]{8,4096}", token, re.ASCII):
        msg = f"{name}: its token is one line of 8 signs or more, without blanks"
        raise DeclarationError("no_token", msg, name=name)
    return token
