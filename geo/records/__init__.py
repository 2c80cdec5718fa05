"""Rows and documents of files, checked and stored; one reader for each kind of file.

`proposals` and `imports` import it; it imports `spaces`, `db` and what is below.
"""
