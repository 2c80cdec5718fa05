"""Places, boundaries, official crossings, hazards and gaps of coverage.

It is imported by `spaces` and packages above that.
"""
