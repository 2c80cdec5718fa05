"""OGC API Features, Tiles and Styles over the catalogue's layers.

`app.pages` imports it; it imports `page_models`, `access` and `http`.
"""
