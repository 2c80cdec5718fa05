"""Trade-offs of time against exposure: a front within a share for requests, and the exact one.

The exact front is slow: the oracle of tests, and for analysis. No other search imports this room.
"""
