"""Steps from demo data to own data: what is done, what is missing, which records do nothing.

Only `app` imports this package; it imports `guidance` and packages below it.
"""
