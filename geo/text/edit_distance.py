"""Edit distance between a typed name and an existing name."""

from rapidfuzz.distance.OSA import distance


def strangeness(typed: str, name: str, likeness: float) -> int:
    """Return the estimated number of mistyped letters in a name.

    The estimate is the smaller of two values: the optimal string alignment distance (insertions,
    deletions, substitutions and swaps of neighbours), and the share of different trigrams times the
    length of the longer name. The second value is the smaller one for a name whose words are in
    another order: such a name is many edits away although hardly a letter is mistyped.

    Parameters
    ----------
    typed, name : str
        Typed and existing name, both folded (`geo.text.normalize.folded`).
    likeness : float
        Similarity of their trigrams, 0 to 1, by pg_trgm's ``similarity``.
    """
    return min(distance(typed, name), round((1 - likeness) * max(len(typed), len(name))))
