"""Remarks on a file that was read, in the reader's language."""

from collections.abc import Iterable

from app.console.forms.error_text import reason_text
from app.i18n.translation import Words
from geo.reasons import CodedReason

#: Code of the remark that a label has no code yet. It is left out, because the mapping form has a
#: field for each such label.
_ASKED = "label_needs_code"


def notes(w: Words, remarks: Iterable[CodedReason]) -> list[str]:
    """Return remarks on a file in words, without duplicates."""
    said = (reason_text(w, remark) for remark in remarks if remark.code != _ASKED)
    return list(dict.fromkeys(said))
