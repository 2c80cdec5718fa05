"""One cell as people write it, made into the value of a field; nothing here knows of columns.

`imports` alone imports it.
"""
