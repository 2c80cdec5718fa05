"""The database itself: server, roles, sessions, migrations, stamps of changes, bulk writing.

Every package above `audit` may import it; it imports `audit`, `models` and `errors`.
"""
