"""Routes, coverage, and the interfaces of other routing services (OGC, openrouteservice).

It imports `journeys`, `texts` and `access`.
"""
