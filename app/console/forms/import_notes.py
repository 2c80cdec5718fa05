"""What reading a file found, in the reader's language."""

from collections.abc import Iterable

from app.console.forms.error_text import reason_text
from app.i18n.translation import Words
from geo.reasons import CodedReason

#: The form itself asks for these, one by one.
_ASKED = "label_needs_code"


def notes(w: Words, remarks: Iterable[CodedReason]) -> list[str]:
    """Return remarks about a file in words, each once."""
    said = (reason_text(w, remark) for remark in remarks if remark.code != _ASKED)
    return list(dict.fromkeys(said))
