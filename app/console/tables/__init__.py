"""The desk's tables: columns, filters and files of all tables, and actions on their rows.

It imports `console.forms`; pages of the console import it.
"""
