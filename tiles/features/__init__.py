"""Items, pages, tiles, styles and history of a layer, made in the database.

`downloads` imports it; it imports `catalogue` and `cql2`.
"""
