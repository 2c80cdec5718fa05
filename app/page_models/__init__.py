"""What templates are filled with, and the renderer that fills them.

`pages`, `console` and `api.collections` import it; it imports `texts` and `journeys`.
"""
