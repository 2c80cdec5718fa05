"""The database itself: cluster, roles, sessions, migrations, change stamps, copies of rows.

Every package above `audit` may import it; it imports `audit`, `models` and `errors`.
"""
