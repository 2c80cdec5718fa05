"""Endpoints for itineraries and for the figures of corridors.

It imports `app.journeys`, `app.texts` and `app.access`.
"""
