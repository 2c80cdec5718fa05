"""How far a name as somebody typed it is from a name that there is."""

from rapidfuzz.distance.OSA import distance


def strangeness(typed: str, name: str, likeness: float) -> int:
    """Return how many letters of a name were typed wrong, at least.

    The fewest to insert, drop, replace or exchange with their neighbour (optimal string alignment).
    Words in another order are many edits and hardly a mistake: there the parts in common count.

    Parameters
    ----------
    typed, name : str
        Both folded.
    likeness : float
        Their trigrams in common, 0 to 1, as pg_trgm's ``similarity`` counts them.
    """
    return min(distance(typed, name), round((1 - likeness) * max(len(typed), len(name))))
