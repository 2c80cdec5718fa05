"""Translations that two people published at the review desk, as an application knows them (P47).

`app.snapshots.layer_editions` replaces them when the database says that they changed; everything
that words a safety text looks here first. Until the first reading there are none, so that texts
are Spanish and labelled.

Several applications may run in one process, each over a database of its own, as in tests: a request
uses the translations of the application that answers it.
"""

from collections.abc import Callable, Hashable
from contextvars import ContextVar
from functools import lru_cache, wraps
from typing import Final

from geo.translations.published import PublishedTexts

#: Nothing is published, and nothing of the release was withdrawn.
NONE: Final = PublishedTexts({}, frozenset())


class ReviewedTexts:
    """The translations that one application knows, replaced as a whole.

    Parameters
    ----------
    known
        Translations to begin with.

    Attributes
    ----------
    known : PublishedTexts
        The current translations.
    source : Hashable
        What the translations were read as: they are current while the database says the same. None
        if they were never read.
    reading : object
        Tells one replacement from every other, those of other applications included.
    """

    __slots__ = ("known", "reading", "source")

    def __init__(self, known: PublishedTexts = NONE) -> None:
        self.known = known
        self.source: Hashable = None
        self.reading = object()

    def replace(self, known: PublishedTexts, source: Hashable) -> None:
        """Replace all translations; ``source`` tells what they were read as."""
        self.known = known
        self.source = source
        # Last: what was worded before this line is kept under the old reading, and asked for no
        # more.
        self.reading = object()


#: Outside of requests, as on the command line, nothing is published; nobody replaces that.
_IN_USE: Final = ContextVar("reviewed_texts", default=ReviewedTexts())  # noqa: B039 -- see above


def use_texts(texts: ReviewedTexts) -> None:
    """Let safety texts be worded by these translations, in this context and its threads."""
    _IN_USE.set(texts)


def reviewed_text(lang: str, original: str) -> str | None:
    """Return the published translation of a safety text; None if there is none."""
    return _IN_USE.get().known.texts.get((lang, original))


def is_withdrawn(lang: str, original: str, translation: str) -> bool:
    """Return whether a person withdrew these words, which a release may still have."""
    return (lang, original, translation) in _IN_USE.get().known.withdrawn


def kept_wording[*Args, R](maxsize: int) -> Callable[[Callable[[*Args], R]], Callable[[*Args], R]]:
    """Return a decorator that caches what a function words, until translations are replaced."""

    def decorate(word: Callable[[*Args], R]) -> Callable[[*Args], R]:
        @lru_cache(maxsize=maxsize)
        def kept(_reading: object, *args: *Args) -> R:
            return word(*args)

        @wraps(word)
        def current(*args: *Args) -> R:
            return kept(_IN_USE.get().reading, *args)

        return current

    return decorate
