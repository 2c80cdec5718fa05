"""Digest of a space's record, by which the answer "as listed" states which content it confirms."""

import hashlib
import json

from geo.subjects.subject import ChangeSubject

#: Fields left out of the digest, because a confirmation sets them itself, or because they change
#: often (counts of free places).
_NOT_ASKED = ("confirmed_on", "expires_on", "confirmed_by", "available", "capacity_updated")


def listed_sha256(subject: ChangeSubject) -> bytes:
    """Return a digest of the record without its confirmation dates and counts of free places."""
    document = subject.document or {}
    said = {name: value for name, value in document.items() if name not in _NOT_ASKED}
    return hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode()).digest()
