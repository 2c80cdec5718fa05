"""Translations of safety texts that two people published at the review desk (P47), in memory.

`app.snapshots.layer_editions` replaces the translations when those in the database have changed. A
safety text is shown in a published translation, if there is one; else in the release's. Before the
first reading of the database no published translation is known.

Several applications may run in one process, each with its own database, as in tests. A request uses
the translations of the application that answers the request.
"""

from collections.abc import Callable, Hashable
from contextvars import ContextVar
from functools import lru_cache, wraps
from typing import Final

from geo.translations.published import PublishedTexts

#: Empty set: no translation is published, and no translation of the release is withdrawn.
NONE: Final = PublishedTexts({}, frozenset())


class ReviewedTexts:
    """Published translations of one application, always replaced all at once.

    Parameters
    ----------
    known
        Translations to begin with.

    Attributes
    ----------
    known : PublishedTexts
        The current translations.
    source : Hashable
        Version of the translations when they were read; they are current while the database has
        the same version. None if they were never read.
    reading : object
        Key of the current translations in caches. Each replacement sets a new object, which
        differs from those of all other replacements and applications.
    """

    __slots__ = ("known", "reading", "source")

    def __init__(self, known: PublishedTexts = NONE) -> None:
        self.known = known
        self.source: Hashable = None
        self.reading = object()

    def replace(self, known: PublishedTexts, source: Hashable) -> None:
        """Replace all translations; ``source`` is their version in the database."""
        self.known = known
        self.source = source
        # Set `reading` last: texts worded with the former translations are cached under the former
        # key, which nobody looks up from now on.
        self.reading = object()


#: Translations in use. The default, outside of requests as on the command line, is the empty set.
_IN_USE: Final = ContextVar("reviewed_texts", default=ReviewedTexts())  # noqa: B039 -- see above


def use_texts(texts: ReviewedTexts) -> None:
    """Use these translations for safety texts in the current context and the threads it starts."""
    _IN_USE.set(texts)


def reviewed_text(lang: str, original: str) -> str | None:
    """Return the published translation of a safety text; None if there is none."""
    return _IN_USE.get().known.texts.get((lang, original))


def is_withdrawn(lang: str, original: str, translation: str) -> bool:
    """Return whether a person withdrew a translation, which the release may still contain."""
    return (lang, original, translation) in _IN_USE.get().known.withdrawn


def kept_wording[*Args, R](maxsize: int) -> Callable[[Callable[[*Args], R]], Callable[[*Args], R]]:
    """Return a decorator that caches a function's texts until the translations are replaced."""

    def decorate(word: Callable[[*Args], R]) -> Callable[[*Args], R]:
        @lru_cache(maxsize=maxsize)
        def kept(_reading: object, *args: *Args) -> R:
            return word(*args)

        @wraps(word)
        def current(*args: *Args) -> R:
            return kept(_IN_USE.get().reading, *args)

        return current

    return decorate
