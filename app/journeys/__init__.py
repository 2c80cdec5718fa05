"""From a question to routes with help along them.

`texts`, `api` and `pages` import it; it imports `snapshots` and `runtime`.
"""
