"""Searches over one network: metrics kept in memory, trees, alternatives, paths across regions.

`route` and `router` import it; it imports `travel`, `graph` and `cch`.
"""
