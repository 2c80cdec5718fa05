"""Subjects of proposals, one module per kind of record: how changes are checked, split and stored.

`removals` and `proposals` import it; it imports `records`.
"""
