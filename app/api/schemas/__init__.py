"""Bodies and members that several endpoints take.

`access` and every room of `api` may import it.
"""
