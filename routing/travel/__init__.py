"""What travel costs: speed, hazards, crossings, hours and rules, as arrays over a graph's edges.

`engine`, `route` and `router` import it; it imports `graph` and the packages below `graph`.
"""
