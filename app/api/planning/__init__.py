"""Itineraries: days that people can walk.

It imports `journeys`, `texts` and `access`.
"""
