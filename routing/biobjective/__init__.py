"""Trade-offs of time against exposure: an approximate Pareto front for requests, and the exact one.

The exact front is slow: it is for analysis, and tests compare the approximate one with it. No other
search imports this package.
"""
