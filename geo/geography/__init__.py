"""Places, boundaries, official crossings, hazards and gaps of coverage.

`spaces` and every package above that import it.
"""
