"""Entries of the review desk: each safety text of a language with its wordings and its state."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

from app.console.wording.places import TextPlace, places_of
from app.i18n.gsm7 import in_gsm7, septets
from app.i18n.safety_texts import SafetyText, safety_texts
from app.i18n.translation import marked
from geo.translations.review import Wording

#: States of a text in a language, with their Spanish names, in order of the work.
STATES: Final[Mapping[str, str]] = {
    "missing": marked("sin traducción"),
    "proposed": marked("propuesto, nadie lo aprobó"),
    "once": marked("una persona lo aprobó"),
    "published": marked("publicado"),
    "draft": marked("se muestra sin revisar"),
    "release": marked("revisado en esta versión de Amparo"),
    "outdated": marked("el original cambió"),
}

#: Least similarity (0 to 1, `difflib`) of a new Spanish original to an outdated one at which the
#: page shows the new original as its successor [A].
_ALIKE: Final = 0.6


@dataclass(frozen=True, slots=True)
class TextEntry:
    """A safety text in a language, as the desk shows it.

    Attributes
    ----------
    text
        The text of this release; None if only wordings of an earlier original are left.
    wordings
        Translations that people proposed for the text, the newest first.
    released
        The translation that this release ships; None if there is none or a person withdrew it.
    draft
        The translation of this release that people read as not yet reviewed; None if there is
        none or a person withdrew it.
    became
        If the original is outdated: the most similar text of this release, if one is similar
        enough.
    """

    original: str
    digest: str
    text: SafetyText | None
    wordings: Sequence[Wording]
    released: str | None
    became: SafetyText | None = None
    draft: str | None = None

    @property
    def state(self) -> str:
        """State of the text, a key of `STATES`; a waiting wording decides before published ones."""
        if self.text is None:
            return "outdated"
        waiting = [one for one in self.wordings if not one.is_published]
        if waiting:
            return "once" if any(one.approved_by for one in waiting) else "proposed"
        if self.wordings:
            return "published"
        if self.released is not None:
            return "release"
        return "missing" if self.draft is None else "draft"

    @property
    def in_catalogue(self) -> str | None:
        """The translation of this release, reviewed or not; None if a person withdrew it."""
        return self.draft if self.released is None else self.released

    @property
    def shown(self) -> str | None:
        """The reviewed translation that people read now; None if they read a draft or Spanish."""
        if self.text is None:
            return None
        published = (one.translation for one in self.wordings if one.is_published)
        return next(published, self.released)

    @property
    def places(self) -> Sequence[TextPlace]:
        """Where people read the text."""
        return [] if self.text is None else places_of(self.text.files)

    @property
    def is_sms(self) -> bool:
        """Whether the text goes into text messages."""
        return self.text is not None and self.text.is_sms

    def waits_for(self, person: str) -> bool:
        """Return whether a person can still translate the text, or agree with a wording of it."""
        if self.state in {"missing", "draft"}:
            return True
        waiting = (one for one in self.wordings if not one.is_published)
        return self.text is not None and any(person not in one.approved_by for one in waiting)


def entries_of(lang: str, wordings: Sequence[Wording]) -> Mapping[str, TextEntry]:
    """Return the entries of a language by digest: texts of this release, then earlier originals."""
    current = safety_texts(lang)
    by_digest: dict[str, list[Wording]] = defaultdict(list)
    for one in wordings:
        by_digest[one.digest].append(one)
    entries = {
        digest: TextEntry(
            text.original,
            digest,
            text,
            by_digest.get(digest, ()),
            text.in_release if text.is_released(lang) else None,
            draft=text.draft if text.is_drafted(lang) else None,
        )
        for digest, text in current.items()
    }
    originals = {text.original: text for text in current.values()}
    for digest, found in by_digest.items():
        if digest not in entries:
            original = found[0].original
            alike = get_close_matches(original, originals, 1, _ALIKE)
            became = originals[alike[0]] if alike else None
            entries[digest] = TextEntry(original, digest, None, found, None, became)
    return entries


def counts_of(entries: Mapping[str, TextEntry]) -> Mapping[str, int]:
    """Return the number of texts by state; a state without texts has 0."""
    counted = Counter(one.state for one in entries.values())
    return {state: counted[state] for state in STATES}


def next_for(entries: Mapping[str, TextEntry], digest: str, person: str) -> TextEntry | None:
    """Return the text after that of ``digest`` which waits for the person, or None.

    After the last text, the search goes on with the first, up to the text of ``digest``.
    """
    order = list(entries)
    start = order.index(digest) + 1 if digest in entries else 0
    following = (entries[one] for one in (*order[start:], *order[:start]) if one != digest)
    return next((one for one in following if one.waits_for(person)), None)


def sms_septets(text: str) -> int:
    """Return the septets (GSM 7-bit) of a text in a text message, with placeholders unfilled."""
    return septets(in_gsm7(text))
