"""What an operator's "as listed" says yes to: a digest of the record as it is."""

import hashlib
import json

from geo.subjects.subject import ChangeSubject

#: What a confirmation writes itself, and counts that change by the hour.
_NOT_ASKED = ("confirmed_on", "expires_on", "confirmed_by", "available", "capacity_updated")


def listed_sha256(subject: ChangeSubject) -> bytes:
    """Return a digest of the record, not of when it was confirmed."""
    document = subject.document or {}
    said = {name: value for name, value in document.items() if name not in _NOT_ASKED}
    return hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode()).digest()
