"""Translations that two people published at the review desk, as this process knows them (P47).

`app.snapshots.layer_editions` replaces them when the database says that they changed; everything
that words a safety text looks here first. Until the first reading there are none, so that texts
are Spanish and labelled.
"""

from collections.abc import Callable, Hashable
from functools import lru_cache, wraps
from typing import Final

from geo.translations.published import PublishedTexts

#: Nothing is published, and nothing of the release was withdrawn.
NONE: Final = PublishedTexts({}, frozenset())


class _Published:
    """The translations of this process, replaced as a whole."""

    known: PublishedTexts = NONE
    #: What the translations were read as: they are current while the database says the same.
    source: Hashable = None
    #: Rises with every replacement, after it.
    generation: int = 0


def reviewed_text(lang: str, original: str) -> str | None:
    """Return the published translation of a safety text; None if there is none."""
    return _Published.known.texts.get((lang, original))


def is_withdrawn(lang: str, original: str, translation: str) -> bool:
    """Return whether a person withdrew these words, which a release may still have."""
    return (lang, original, translation) in _Published.known.withdrawn


def reviewed_source() -> Hashable:
    """Return what the translations were read as, or None if they were never read."""
    return _Published.source


def replace_reviewed(known: PublishedTexts, source: Hashable) -> None:
    """Replace all translations; ``source`` tells this reading from every other."""
    _Published.known = known
    _Published.source = source
    # Last: what was worded before this line is kept under the old number, and asked for no more.
    _Published.generation += 1


def kept_wording[*Args, R](maxsize: int) -> Callable[[Callable[[*Args], R]], Callable[[*Args], R]]:
    """Return a decorator that caches what a function words, until translations are replaced."""

    def decorate(word: Callable[[*Args], R]) -> Callable[[*Args], R]:
        @lru_cache(maxsize=maxsize)
        def kept(_generation: int, *args: *Args) -> R:
            return word(*args)

        @wraps(word)
        def current(*args: *Args) -> R:
            return kept(_Published.generation, *args)

        return current

    return decorate
