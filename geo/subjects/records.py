"""Types for proposals about guidance (P53): state of a record, functions for a kind of record."""

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
    """The current state of a guidance record, with which a proposal is compared.

    Attributes
    ----------
    document : dict
        Published content: empty for a rumour without an answer, the version in force for a
        checklist, and only id, visibility and country for a restricted record.
    revision : int
        Digest of the whole content in 48 bits, in place of a revision number.
    country : str or None
        Country that the record is for; None for the whole region.
    """

    document: Document
    revision: int
    country: str | None = None


@dataclass(frozen=True, slots=True)
class SubjectKind:
    """Functions that read, check, split and store the guidance records of one kind.

    Attributes
    ----------
    split : callable
        Separates the part of a change that applies at once from the part that waits (P40).
    store : callable
        Takes the day of the change as its last argument; may raise `ConflictError` if the stored
        record is not the proposed one.
    """

    read: Callable[[AsyncSession, Sequence[str]], Awaitable[dict[str, CurrentRecord]]]
    check: Callable[[Mapping[str, Any], Circumstances], Document]
    split: Callable[[Mapping[str, Any] | None, Document], ChangeSplit]
    store: Callable[[AsyncSession, str, Document, date], Awaitable[None]]


def revision_of(document: Mapping[str, Any]) -> int:
    """Return a digest of a document in 48 bits, which serves as its revision."""
    written = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return int.from_bytes(hashlib.sha256(written.encode()).digest()[:6])
