"""Places, boundaries, official crossings, hazards and gaps of coverage.

`spaces` and every room above import it.
"""
