"""Handling common to all requests and responses: limits, errors, compression, caching.

It imports `texts` for the words of refusals, `snapshots` and `runtime`.
"""
