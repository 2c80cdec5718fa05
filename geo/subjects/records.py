"""What a proposal finds of a record of guidance, and how each kind of them is kept (P53)."""

import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from geo.records.row_validation import Circumstances
from geo.subjects.change_rules import ChangeSplit

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class CurrentRecord:
    """A record as a proposal finds it.

    Attributes
    ----------
    document : dict
        What the public has of it now: of a rumour without an answer nothing, of a checklist the
        version that is in force. Of a restricted record only that it is one.
    revision : int
        A digest of all that it holds, of 48 bits.
    country : str or None
        Where it is for; None for the whole region.
    """

    document: Document
    revision: int
    country: str | None = None


@dataclass(frozen=True, slots=True)
class SubjectKind:
    """How one entity is read, checked, cut (P40) and stored.

    Attributes
    ----------
    store : callable
        With the day of the change; refuses with `ConflictError` what is not as proposed.
    """

    read: Callable[[AsyncSession, Sequence[str]], Awaitable[dict[str, CurrentRecord]]]
    check: Callable[[Mapping[str, Any], Circumstances], Document]
    split: Callable[[Mapping[str, Any] | None, Document], ChangeSplit]
    store: Callable[[AsyncSession, str, Document, date], Awaitable[None]]


def revision_of(document: Mapping[str, Any]) -> int:
    """Return the digest of a document by which a change of it is noticed, 48 bits."""
    written = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return int.from_bytes(hashlib.sha256(written.encode()).digest()[:6])
