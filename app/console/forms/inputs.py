"""What was typed into a form's plain fields, and what is wrong with it, field by field."""

import re
from collections.abc import Iterable, Mapping
from datetime import date

from app.access.forms import Form
from app.console.forms.error_text import reason_text
from app.i18n.translation import Words
from geo.errors import InvalidRecordError
from geo.reasons import CodedReason


def told(w: Words, problems: Iterable[tuple[str, CodedReason]]) -> dict[str, str]:
    """Return what is wrong in words, by field; several reasons of one field together."""
    found: dict[str, str] = {}
    for field, reason in problems:
        said = reason_text(w, reason)
        found[field] = f"{found[field]} {said}" if field in found else said
    return found


def text_in(form: Mapping[str, str], name: str) -> str | None:
    """Return a text without the blanks around it; None where nothing was typed."""
    # Browsers send line ends as CR LF.
    return form.get(name, "").replace("\r\n", "\n").strip() or None


def day_in(form: Mapping[str, str], name: str) -> date | None:
    """Return a day as a date field sends it; None where it is empty.

    Raises
    ------
    InvalidRecordError
        It is no day.
    """
    written = form.get(name, "").strip()
    if not written:
        return None
    try:
        return date.fromisoformat(written)
    except ValueError:
        raise InvalidRecordError([(name, CodedReason("not_date"))]) from None


def needed_day_in(form: Mapping[str, str], name: str) -> date:
    """Return a day that has to be there.

    Raises
    ------
    InvalidRecordError
        It is missing or no day.
    """
    found = day_in(form, name)
    if found is None:
        raise InvalidRecordError([(name, CodedReason("missing"))])
    return found


def whole_in(form: Mapping[str, str], name: str) -> int | None:
    """Return a whole number; None where nothing was typed.

    Raises
    ------
    InvalidRecordError
        It is none, or has more than nine digits.
    """
    written = form.get(name, "").strip()
    if not written:
        return None
    if not re.fullmatch(r"[0-9]{1,9}", written):
        raise InvalidRecordError([(name, CodedReason("not_whole"))])
    return int(written)


def items_in(form: Mapping[str, str], name: str) -> list[str]:
    """Return the items of a text with commas, blanks or lines between them."""
    return [item for item in re.split(r"[\s,;]+", form.get(name, "")) if item]


def chosen_in(form: Form, name: str) -> list[str]:
    """Return what was ticked."""
    return [value for value in form.lists.get(name, []) if value]
