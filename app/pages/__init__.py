"""The public pages, one module per page.

It imports `page_models`, `api`'s links and `access`; `main` imports it.
"""
