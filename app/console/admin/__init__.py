"""Pages of the console for administrators and for one's own account.

It imports `app.console.forms`; `app.main` imports it.
"""
