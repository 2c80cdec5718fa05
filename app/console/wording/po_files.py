"""Safety texts as gettext files (.po): export for the next release, import as proposals."""

from collections.abc import Iterable, Mapping
from io import BytesIO, StringIO
from typing import Final

from babel.messages.catalog import Catalog
from babel.messages.pofile import PoFileError, read_po, write_po

from app.console.wording.entries import TextEntry
from app.i18n.translation import REVIEW_MARK, SAFETY_CONTEXT
from geo.errors import InvalidRecordError
from geo.reasons import CodedReason
from geo.text.languages import LANGUAGES

#: Largest file, bytes: the catalogue of a release has 200 kB with all other texts.
MOST_BYTES: Final = 400_000


def po_file(lang: str, entries: Iterable[TextEntry]) -> bytes:
    """Return the safety texts of this release as a .po, with the translations that are published.

    A published translation has a comment with `REVIEW_MARK`, so that the next release takes it as
    reviewed. The comment holds the day of the wording, and no person's name.
    """
    catalogue = Catalog(locale=LANGUAGES[lang].locale)
    for entry in entries:
        if entry.text is None:
            continue
        published = next((one for one in entry.wordings if one.is_published), None)
        comments = []
        if published is not None:
            comments = [f"{REVIEW_MARK} review desk, {published.proposed_at:%Y-%m-%d}"]
        catalogue.add(
            entry.original,
            string=entry.shown if published is not None else "",
            locations=[(file, 0) for file in entry.text.files],
            context=SAFETY_CONTEXT,
            user_comments=comments,
        )
    out = BytesIO()
    write_po(out, catalogue, width=0, omit_header=True)
    header = (
        'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n'
        f'"Content-Transfer-Encoding: 8bit\\n"\n"Language: {lang}\\n"\n\n'
    )
    return header.encode() + out.getvalue()


def texts_in_po(content: bytes, entries: Mapping[str, TextEntry]) -> Mapping[str, str]:
    """Return the translations of this release's safety texts that a .po holds, by original.

    Left out are entries without a translation or marked fuzzy, translations that are shown already,
    and other texts than safety texts.

    Raises
    ------
    InvalidRecordError
        The file is too large, or no .po in UTF-8.
    """
    if len(content) > MOST_BYTES:
        raise InvalidRecordError([("file", CodedReason("file_too_large", most=MOST_BYTES))])
    shown = {entry.original: entry.shown for entry in entries.values() if entry.text is not None}
    found = {}
    for message in _read(content):
        is_wanted = message.context == SAFETY_CONTEXT and message.id in shown
        text = message.string
        if is_wanted and isinstance(text, str) and text and not message.fuzzy:
            found[str(message.id)] = text
    return {original: text for original, text in found.items() if text != shown[original]}


def _read(content: bytes) -> Catalog:
    try:
        # Decoded here: given bytes, `read_po` would use whatever codec the file's header names.
        return read_po(StringIO(content.decode("utf-8-sig")), abort_invalid=True)
    except (PoFileError, ValueError, LookupError, AttributeError, TypeError) as error:
        raise InvalidRecordError([("file", CodedReason("not_po"))]) from error
