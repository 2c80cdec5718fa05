"""What people who plan keep for themselves: scenarios with a name, and the siting run of each.

It imports `models` and `audit`; `app` imports it.
"""
