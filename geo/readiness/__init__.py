"""Steps from demo data to own data, each done or missing, and stored records without any effect.

Only `app` imports this package; it imports `guidance` and packages below it.
"""
