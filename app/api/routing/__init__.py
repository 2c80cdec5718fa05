"""Routes, coverage, and the interfaces of other routing services (OGC, openrouteservice).

It imports `app.journeys`, `app.texts` and `app.access`.
"""
