"""Safety texts of this release: originals, the files with each text, and reviewed translations."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from app.i18n.reviewed_texts import is_withdrawn
from app.i18n.translation import SAFETY_CONTEXT, drafts_in, read_catalogue
from geo.text.languages import DEFAULT_LANGUAGE
from geo.translations.review import digest_of

#: Module whose texts are sent by SMS, so that translations must not be too long.
_SMS: Final = "journeys/sms.py"


@dataclass(frozen=True, slots=True)
class SafetyText:
    """A safety text of this release.

    Attributes
    ----------
    original
        The Spanish text, with a ``%(name)s`` placeholder for each value.
    files
        Files in which the text stands, as paths below ``app``.
    draft
        The translation in the catalogue of the release that nobody has reviewed; None without one.
    in_release
        The translation that a person reviewed in the catalogue of the release; None without one.
    """

    original: str
    files: tuple[str, ...]
    draft: str | None
    in_release: str | None

    def is_released(self, lang: str) -> bool:
        """Return whether the release's translation is shown if no other one is published.

        The result is False if the release has no translation, or a person withdrew it.
        """
        return self.in_release is not None and not is_withdrawn(
            lang, self.original, self.in_release
        )

    def is_drafted(self, lang: str) -> bool:
        """Return whether the release's unreviewed translation is shown if none is published."""
        return self.draft is not None and not is_withdrawn(lang, self.original, self.draft)

    @property
    def digest(self) -> str:
        """Digest of the original; stored translations refer to the original by its digest."""
        return digest_of(self.original)

    @property
    def is_sms(self) -> bool:
        """Whether the text is sent by SMS, so that translations must not be too long."""
        return _SMS in self.files


@cache
def safety_texts(lang: str) -> Mapping[str, SafetyText]:
    """Return the safety texts in a language's catalogue by digest, in the catalogue's order.

    Raises
    ------
    CatalogueError
        If a catalogue is unusable.
    """
    originals, catalogue = read_catalogue(DEFAULT_LANGUAGE), read_catalogue(lang)
    found, drafts = {}, drafts_in(catalogue)
    for message in catalogue:
        if message.context == SAFETY_CONTEXT:
            source = originals.get(message.id, SAFETY_CONTEXT)
            files = () if source is None else tuple(file for file, _ in source.locations)
            text = str(message.string) or None
            is_draft = message.id in drafts
            draft, released = (text, None) if is_draft else (None, text)
            one = SafetyText(str(message.id), files, draft, released)
            found[one.digest] = one
    return found
