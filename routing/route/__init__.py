"""A route and the figures about it: segments, exposure, coverage, timeline, trade-offs.

`router` imports it; it imports `engine` and the packages below `engine`.
"""
