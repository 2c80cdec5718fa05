"""Itineraries and corridors: computes the figures of a request, and writes files of them.

It imports `texts`, `journeys` and `snapshots`.
"""
