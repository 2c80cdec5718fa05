"""Country kits: what one country needs, in one file that names every field, and its loading.

Nothing imports it but `app`; it imports `guidance` and what is below.
"""
