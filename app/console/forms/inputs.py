"""Parsing of plain form fields, and texts for the problems of each field."""

import re
from collections.abc import Iterable, Mapping
from datetime import date

from app.access.forms import Form
from app.console.forms.error_text import reason_text
from app.i18n.translation import Words
from geo.errors import InvalidRecordError
from geo.reasons import CodedReason


def error_texts(w: Words, problems: Iterable[tuple[str, CodedReason]]) -> dict[str, str]:
    """Return problem texts by field in the reader's language; reasons of one field are joined."""
    found: dict[str, str] = {}
    for field, reason in problems:
        said = reason_text(w, reason)
        found[field] = f"{found[field]} {said}" if field in found else said
    return found


def text_in(form: Mapping[str, str], name: str) -> str | None:
    """Return the text of a form field without surrounding blanks; None if the field is empty."""
    # Browsers send line ends as CR LF.
    return form.get(name, "").replace("\r\n", "\n").strip() or None


def day_in(form: Mapping[str, str], name: str) -> date | None:
    """Parse the ISO date of a form field; None if the field is empty.

    Raises
    ------
    InvalidRecordError
        If the text is not a date.
    """
    written = form.get(name, "").strip()
    if not written:
        return None
    try:
        return date.fromisoformat(written)
    except ValueError:
        raise InvalidRecordError([(name, CodedReason("not_date"))]) from None


def needed_day_in(form: Mapping[str, str], name: str) -> date:
    """Parse the ISO date of a required form field.

    Raises
    ------
    InvalidRecordError
        If the text is missing or not a date.
    """
    found = day_in(form, name)
    if found is None:
        raise InvalidRecordError([(name, CodedReason("missing"))])
    return found


def whole_in(form: Mapping[str, str], name: str) -> int | None:
    """Parse the whole number of a form field; None if the field is empty.

    Raises
    ------
    InvalidRecordError
        If the text is not a whole number, or has more than nine digits.
    """
    written = form.get(name, "").strip()
    if not written:
        return None
    if not re.fullmatch(r"[0-9]{1,9}", written):
        raise InvalidRecordError([(name, CodedReason("not_whole"))])
    return int(written)


def items_in(form: Mapping[str, str], name: str) -> list[str]:
    """Split the text of a form field at commas, semicolons, blanks and line ends."""
    return [item for item in re.split(r"[\s,;]+", form.get(name, "")) if item]


def chosen_in(form: Form, name: str) -> list[str]:
    """Return the values of a form field's ticked checkboxes."""
    return [value for value in form.lists.get(name, []) if value]
