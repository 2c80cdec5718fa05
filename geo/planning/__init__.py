"""Planning data, private to each person: named scenarios, and the latest siting run.

It imports `models` and `audit`; `app` imports it.
"""
