"""The whole Pareto front of time against exposure: exact and slow, the oracle of planning.

It imports `travel` and what is below; no search of a request imports it.
"""
