"""A route and what is said of it: segments, exposure, coverage, timeline, trade-offs.

`router` imports it; it imports `engine` and what is below.
"""
