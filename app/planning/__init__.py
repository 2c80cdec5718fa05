"""Itineraries and corridors: from a question to figures, and to the files made of them.

It imports `texts`, `journeys` and `snapshots`.
"""
