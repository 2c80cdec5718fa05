"""View models of the pages, and the renderer that fills templates with them.

`pages`, `console` and `api.collections` import it; it imports `texts` and `journeys`.
"""
