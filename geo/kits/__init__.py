"""Country kits: what one country needs, in one file that names every field, and its loading.

Only `app` imports this package; it imports `guidance` and packages below it.
"""
