"""CQL2, text and JSON: filters of a client, read into SQL expressions over a layer's columns.

`features` and `downloads` import it; it imports `catalogue`.
"""
