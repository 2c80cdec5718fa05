"""Removals from public view by one person: hides, limits, confirmation, and restoration.

`proposals` imports it; it imports `accounts` and `records`.
"""
