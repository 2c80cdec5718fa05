"""Versions of records, and the feed of what was published.

It imports `db` and `audit`.
"""
