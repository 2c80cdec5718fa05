"""Choices that people of an organisation made for headers and labels, used for its next file.

Only members of the organisation see, use and delete the choices. They have no effect on files of
other organisations.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from geo.accounts.permissions import Actor, require_staff
from geo.imports.headers.wording import plain
from geo.models import RememberedWord

#: Scope of remembered headers; a remembered label has the name of its field as scope.
_HEADER: Final = ""

#: Most characters of a header or label that is remembered; a longer one is a sentence.
_LONGEST: Final = 200

#: Most remembered headers and labels of an organisation that are used; older ones have no effect
#: [A].
_MOST: Final = 5_000


@dataclass(frozen=True)
class Remembered:
    """Meanings of headers and labels in an organisation's files, as its people chose them.

    Attributes
    ----------
    columns : mapping of str to str
        Field by header in plain words; "" is a column that is not imported.
    labels : mapping of str to mapping of str to str
        By field, the code of each label in plain words.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def among(self, headers: Iterable[str]) -> int:
        """Return how many of a file's headers are remembered."""
        return sum(plain(header) in self.columns for header in headers)


async def recall(session: AsyncSession, actor: Actor) -> Remembered:
    """Return the remembered choices of the actor's organisation (writer session)."""
    rows = await session.execute(
        select(RememberedWord.scope, RememberedWord.wording, RememberedWord.meaning)
        .where(RememberedWord.organization_id == actor.organization_id)
        .order_by(RememberedWord.chosen_at.desc(), RememberedWord.wording)
        .limit(_MOST)
    )
    columns: dict[str, str] = {}
    labels: dict[str, dict[str, str]] = {}
    for row in rows:
        words = columns if row.scope == _HEADER else labels.setdefault(row.scope, {})
        words[row.wording] = row.meaning
    return Remembered(columns, labels)


async def remember(
    session: AsyncSession, actor: Actor, mapping: Mapping[str, Any], *, now: datetime
) -> None:
    """Store the choices for headers and labels in a mapping (writer session).

    Parameters
    ----------
    mapping : mapping
        Mapping as an object (`geo.imports.mapping.as_object`) that a person has checked. If several
        columns are joined to one field, their headers are not stored, so that in another file one
        of these columns alone is not read as the whole field.
    """
    require_staff(actor)
    if actor.organization_id is None:
        return
    words = {
        (scope, wording): meaning
        for scope, said, meaning in _said(mapping)
        if 0 < len(wording := plain(said)) <= _LONGEST
    }
    if not words:
        return
    stated = insert(RememberedWord)
    await session.execute(
        stated.on_conflict_do_update(
            index_elements=["organization_id", "scope", "wording"],
            set_={"meaning": stated.excluded.meaning, "chosen_at": stated.excluded.chosen_at},
        ),
        [
            {
                "organization_id": actor.organization_id,
                "scope": scope,
                "wording": wording,
                "meaning": meaning,
                "chosen_at": now,
            }
            for (scope, wording), meaning in sorted(words.items())
        ],
    )


async def forget(session: AsyncSession, actor: Actor) -> int:
    """Delete the remembered words of the actor's organisation; return their number."""
    require_staff(actor)
    gone = await session.scalars(
        delete(RememberedWord)
        .where(RememberedWord.organization_id == actor.organization_id)
        .returning(RememberedWord.wording)
    )
    return len(gone.all())


def _said(mapping: Mapping[str, Any]) -> Iterable[tuple[str, str, str]]:
    """Yield each choice in a mapping as (scope, header or label, field or code)."""
    for name, columns in mapping.get("fields", {}).items():
        used = [columns] if isinstance(columns, str) else list(columns)
        if len(used) == 1:
            yield _HEADER, used[0], name
    ignored = mapping.get("ignore", [])
    for column in [ignored] if isinstance(ignored, str) else ignored:
        yield _HEADER, column, ""
    for name, labels in mapping.get("values", {}).items():
        # Nobody has decided yet on a label without a code.
        yield from ((name, label, str(code)) for label, code in labels.items() if code)
