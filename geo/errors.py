"""Errors of the package ``geo``, without HTTP: a table in ``app`` maps them to responses."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from geo.reasons import ENGLISH, CodedReason, Parameter, as_it_stands


class GeoError(Exception):
    """Base class of every error of the package ``geo``.

    The message is for developers and is never parsed: programs decide by the code.

    Attributes
    ----------
    code : str
        Kind of the error, for programs.
    parameters : mapping
        Values for the placeholders in the text of the code (`geo.reasons.ENGLISH`).
    """

    code: str = "geo"
    parameters: Mapping[str, Parameter] = MappingProxyType({})

    def __init__(self, message: str = "") -> None:
        super().__init__(message)
        if isinstance(message, CodedReason):
            self.code, self.parameters = message.code, message.parameters

    @property
    def reason(self) -> CodedReason:
        """The error as a translatable reason; for a code without a text, the message itself."""
        has_english = self.code in ENGLISH
        return CodedReason(self.code, **self.parameters) if has_english else as_it_stands(str(self))


class NotFoundError(GeoError, LookupError):
    """A record does not exist, or the actor may not know of it; the error hides which (P39)."""

    code = "not_found"


class DatabaseUnavailableError(GeoError, ConnectionError):
    """The database cannot be reached or answers too late."""

    code = "database_unavailable"


class DiskFullError(DatabaseUnavailableError):
    """The disk of the database is full; the reserved space is for emergency hides only (P24)."""

    code = "disk_full"

    def __init__(self) -> None:
        super().__init__("the disk of the database is full")


class OtherVersionError(GeoError):
    """The database was made by another version of Amparo, which has no migration to this one.

    Parameters
    ----------
    revision : str
        Migration revision of the database.
    can_be_carried : bool
        Whether all rows can be moved to a new database by a file (`geo.db.database_file`).
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
    """The database role of a tier is a superuser or bypasses row-level security."""

    code = "unsafe_role"


class InvalidFileError(GeoError, ValueError):
    """A file cannot be loaded; nothing of it was stored.

    Parameters
    ----------
    problems : sequence of str
        One message for each problem, with file, line and reason; a `CodedReason` if the message is
        shown to people.
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
        Reason, which never holds the value of the cell (P17).
    """

    code = "unreadable"

    def __init__(self, reason: CodedReason) -> None:
        super().__init__(reason)


class MixedDataError(GeoError, ValueError):
    """A change would put demo and real rows side by side, which only a setting allows (P35)."""

    code = "mixed_data"


class PersonalDataError(GeoError, ValueError):
    """An upload of movement counts has personal data, so the whole upload is refused (P17)."""

    code = "personal_data"


class ProtectedServiceError(GeoError, ValueError):
    """A request names a protected service; such services are never counted or searched (P38)."""

    code = "protected_service"


class InvalidTokenError(GeoError, PermissionError):
    """A secret is unknown, expired or revoked, or lacks the scope; the error never says which.

    The secret is that of an access token or of a browser session.
    """

    code = "invalid_token"


class UnknownServiceError(GeoError, ValueError):
    """A service code that is not in the vocabulary."""

    code = "unknown_service"

    def __init__(self, code: str, known: tuple[str, ...]) -> None:
        super().__init__(f"unknown service '{code[:64]}'; known are: {', '.join(known)}")
        self.parameters = {"service": code[:64], "known": list(known)}


class InvalidCountError(GeoError, ValueError):
    """An uploaded count is invalid; the message names its place in the upload and the field."""

    code = "invalid_count"


class ForbiddenError(GeoError, PermissionError):
    """An authenticated person lacks the permission; the message names the roles that have it."""

    code = "forbidden"


class SessionNeededError(ForbiddenError):
    """A program with a token requested an action that needs a signed-in person (P50)."""

    code = "session_needed"

    def __init__(self) -> None:
        super().__init__("a token proposes, closes and hides; the rest needs a sign-in")


class ConflictError(GeoError, ValueError):
    """A change conflicts with the stored state, for example because somebody was faster.

    The record has changed meanwhile, exists already or is in use, or the change is decided already.
    """

    code = "conflict"


class ForeignCountError(GeoError, ValueError):
    """An uploaded count was sent by another organisation before, which alone may correct it."""

    code = "foreign_count"

    def __init__(self) -> None:
        super().__init__("one of these counts was sent by another organisation")


class KeyReusedError(GeoError, ValueError):
    """An idempotency key was sent before with other content."""

    code = "key_reused"

    def __init__(self) -> None:
        super().__init__("its id was used before, with something else")


class CopyTooOldError(GeoError, LookupError):
    """A client's change token is unusable: the state it names is no longer kept or never existed.

    Also raised if the collection was replaced as a whole since that state.
    """

    code = "copy_too_old"

    def __init__(self) -> None:
        super().__init__("its token is too old, or the collection was replaced as a whole")


class LinkError(GeoError, PermissionError):
    """A one-time link was used, revoked, expired or never valid; the error never says which."""

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
