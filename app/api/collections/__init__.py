"""OGC API Features, Tiles and Styles over the catalogue's layers.

`pages` imports its links; it imports `page_models`, `access` and `http`.
"""
