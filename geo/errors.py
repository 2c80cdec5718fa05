"""Errors of this package, without HTTP: one table in the app maps them to responses."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from geo.reasons import ENGLISH, CodedReason, Parameter, as_it_stands


class GeoError(Exception):
    """Base class of every error of this package.

    The message is for developers and is never parsed: decisions depend on the code.

    Attributes
    ----------
    code : str
        Kind of the error, for programs.
    parameters : mapping
        Values that complete the code.
    """

    code: str = "geo"
    parameters: Mapping[str, Parameter] = MappingProxyType({})

    def __init__(self, message: str = "") -> None:
        super().__init__(message)
        if isinstance(message, CodedReason):
            self.code, self.parameters = message.code, message.parameters

    @property
    def reason(self) -> CodedReason:
        """The error as a translatable reason; where the code has no text, the message itself."""
        is_told = self.code in ENGLISH
        return CodedReason(self.code, **self.parameters) if is_told else as_it_stands(str(self))


class NotFoundError(GeoError, LookupError):
    """There is no such record, or the asker may not see it: the error never tells which (P39)."""

    code = "not_found"


class DatabaseUnavailableError(GeoError, ConnectionError):
    """The database cannot be reached or answers too late."""

    code = "database_unavailable"


class DiskFullError(DatabaseUnavailableError):
    """The database has no room to store anything; the reserved space is only for hides (P24)."""

    code = "disk_full"

    def __init__(self) -> None:
        super().__init__("the disk of the database is full")


class OtherVersionError(GeoError):
    """The database was made by another version, and no migration leads from there to this version.

    Parameters
    ----------
    revision : str
        Migration revision of the database.
    can_be_carried : bool
        Whether a file can carry over all of its rows (`geo.db.database_file`).
    """

    code = "other_version"

    def __init__(self, revision: str, *, can_be_carried: bool) -> None:
        found = f"its database is at {revision[:64]}, which this version of Amparo does not have"
        if can_be_carried:
            what = (
                "write all its rows to a file with `amparo database export FILE`, set AMPARO_HOME "
                "to a new folder, and load them there with `amparo database load FILE`; roads are "
                "imported again"
            )
        else:
            what = (
                "with the version that made it, write its spaces to a file with `amparo export "
                "hsds --tier partner -o FILE`; with this one, load them into a new AMPARO_HOME "
                "with `amparo spaces import FILE --apply`; restricted spaces, accounts, proposals, "
                "guidance and the audit chain are not in that file"
            )
        super().__init__(f"this home cannot be upgraded, and nothing was changed: {found}. {what}")
        self.revision = revision


class UnsafeRoleError(GeoError, PermissionError):
    """A tier's login is a superuser or bypasses row-level security."""

    code = "unsafe_role"


class InvalidFileError(GeoError, ValueError):
    """A file cannot be loaded; nothing of it was stored.

    Parameters
    ----------
    problems : sequence of str
        One message for each problem, with file, line and reason; a `CodedReason` where people may
        read it.
    """

    code = "invalid_file"

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = list(problems)


class UnreadableError(GeoError, ValueError):
    """A part of a file, such as a cell or a geometry, cannot be read as its type.

    Parameters
    ----------
    reason : CodedReason
        Without the value (P17).
    """

    code = "unreadable"

    def __init__(self, reason: CodedReason) -> None:
        super().__init__(reason)


class MixedDataError(GeoError, ValueError):
    """Demo and real rows would stand side by side without the setting that allows it (P35)."""

    code = "mixed_data"


class PersonalDataError(GeoError, ValueError):
    """A movement payload contains something about a person; the whole payload is refused (P17)."""

    code = "personal_data"


class ProtectedServiceError(GeoError, ValueError):
    """A protected service was asked for where protected services are never counted (P38)."""

    code = "protected_service"


class InvalidTokenError(GeoError, PermissionError):
    """The access token is unknown, expired, revoked or foreign: the error never tells which."""

    code = "invalid_token"


class UnknownServiceError(GeoError, ValueError):
    """A service code that is not in the vocabulary."""

    code = "unknown_service"

    def __init__(self, code: str, known: tuple[str, ...]) -> None:
        super().__init__(f"unknown service '{code[:64]}'; known are: {', '.join(known)}")
        self.parameters = {"service": code[:64], "known": list(known)}


class InvalidCountError(GeoError, ValueError):
    """An aggregated count is invalid; the message names its place in the payload and the field."""

    code = "invalid_count"


class ForbiddenError(GeoError, PermissionError):
    """An authenticated person lacks the authority; the message says who has it."""

    code = "forbidden"


class SessionNeededError(ForbiddenError):
    """A program asked with a token for an action that needs a person's sign-in (P50)."""

    code = "session_needed"

    def __init__(self) -> None:
        super().__init__("a token proposes, closes and hides; the rest needs a sign-in")


class ConflictError(GeoError, ValueError):
    """A record has changed since the change was made, or the change is decided already."""

    code = "conflict"


class ForeignCountError(GeoError, ValueError):
    """A count of the same subject belongs to another holder, who alone may correct it."""

    code = "foreign_count"

    def __init__(self) -> None:
        super().__init__("one of these counts was sent by another organisation")


class KeyReusedError(GeoError, ValueError):
    """An idempotency key was sent before with other content."""

    code = "key_reused"

    def __init__(self) -> None:
        super().__init__("its id was used before, with something else")


class CopyTooOldError(GeoError, LookupError):
    """A change token of a state that is not kept any more, was replaced whole, or never existed."""

    code = "copy_too_old"

    def __init__(self) -> None:
        super().__init__("its token is too old, or the collection was replaced as a whole")


class LinkError(GeoError, PermissionError):
    """The link was used or revoked, has expired or never existed: the error never tells which."""

    code = "link_not_valid"


class InvalidRecordError(GeoError, ValueError):
    """A record breaks its rules; nothing of it was stored.

    Parameters
    ----------
    problems : sequence of (str, CodedReason)
        Field and reason, at least one.
    """

    code = "invalid_record"

    def __init__(self, problems: list[tuple[str, CodedReason]]) -> None:
        super().__init__("; ".join(f"{field}: {reason}" for field, reason in problems))
        self.problems = problems


class NothingChangesError(InvalidRecordError):
    """A change repeats what the record already states."""

    code = "nothing_changes"

    def __init__(self) -> None:
        super().__init__([("changes", CodedReason("nothing_changes"))])
