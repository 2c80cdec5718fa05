"""What is true of every request and answer: limits, errors, compression, caching.

It imports `texts` for the words of refusals, `snapshots` and `runtime`.
"""
