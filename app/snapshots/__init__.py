"""What a process holds of the database, and how it hears that it changed.

`journeys`, `http` and all above import it; it imports `runtime`.
"""
