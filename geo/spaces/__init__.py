"""Questions about spaces: near a point, along a line, for a need, fresh or stale.

It imports `geography`, `accounts` and what is below.
"""
