"""Endpoints for itineraries and for the figures of corridors.

It imports `journeys`, `texts` and `access`.
"""
