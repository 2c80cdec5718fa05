"""The desk's tables: one mechanism of columns, filters and files, and what is done from a row.

It imports `console.forms`; pages of the console import it.
"""
