"""In-memory copies of database contents and road networks, and their refresh after changes.

`journeys`, `http` and all above import it; it imports `runtime`.
"""
