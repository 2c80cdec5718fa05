"""Rows and documents of files, checked and stored; one reader for each kind of file.

`proposals` and `imports` import this package; it imports `spaces`, `db` and packages below them.
"""
