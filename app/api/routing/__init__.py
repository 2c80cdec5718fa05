"""Routes, coverage and the forms of other routing services.

It imports `journeys`, `texts` and `access`.
"""
