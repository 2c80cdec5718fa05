"""Journeys: routes with the support spaces along them, matching of needs, isochrones, SMS.

`texts`, `api` and `pages` import it; it imports `snapshots` and `runtime`.
"""
